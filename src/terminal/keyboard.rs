//! Where answers are typed: standard input, or `/dev/tty` if standard input is the input of the command, as ssh(1) and git do.
//! dialoguer chooses in the same way.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};

/// Set if standard input was read as a file; none inside if the process has no terminal.
static TERMINAL: OnceLock<Option<File>> = OnceLock::new();

pub(super) enum Keyboard {
    Stdin(io::Stdin),
    Terminal(&'static File),
}

/// Called when a command reads its input from standard input.
pub(super) fn leave_stdin() {
    if cfg!(unix) && !io::stdin().is_terminal() {
        TERMINAL.get_or_init(|| File::options().read(true).write(true).open("/dev/tty").ok());
    }
}

pub(super) fn exists() -> bool {
    match keyboard() {
        Keyboard::Stdin(stdin) => stdin.is_terminal(),
        Keyboard::Terminal(_) => true,
    }
}

pub(super) fn keyboard() -> Keyboard {
    match TERMINAL.get() {
        Some(Some(terminal)) => Keyboard::Terminal(terminal),
        _ => Keyboard::Stdin(io::stdin()),
    }
}

#[cfg(unix)]
impl AsFd for Keyboard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Keyboard::Stdin(stdin) => stdin.as_fd(),
            Keyboard::Terminal(terminal) => terminal.as_fd(),
        }
    }
}
