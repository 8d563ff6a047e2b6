//! Data on standard output; everything else on standard error.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use dialoguer::console::{Term, measure_text_width};

use super::{Terminal, progress};
use crate::error::{Error, ErrorKind, Result};
use crate::report::escape::{escape_hidden_as_json, escaped};
use crate::report::failure::failure;
use crate::report::wrap::wrapped;

impl Terminal {
    /// If the reader left (`fusebill … | head`), that is no failure.
    pub(crate) fn print(&self, text: &str) -> Result<()> {
        self.stream(text).map(|_| ())
    }

    /// False if the reader left.
    pub(crate) fn stream(&self, text: &str) -> Result<bool> {
        let text = if self.escapes { escape_hidden_as_json(text) } else { Cow::Borrowed(text) };
        let write = || write_all(io::stdout().lock(), text.as_bytes());
        match if io::stdout().is_terminal() { progress::beside(write) } else { write() } {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Error::new(ErrorKind::Failed, "the output cannot be written").source(error)),
        }
    }

    /// Whether [`Terminal::print`] needs no wait for a reader.
    pub(crate) fn can_print_now(&self, text: &str) -> bool {
        text.is_empty() || text.len() <= ATOMIC && stdout_is_ready()
    }

    /// Writes only if that needs no wait: another thread may be waiting, with standard output locked.
    pub(crate) fn print_if_ready(&self, text: &str) {
        if stdout_is_ready() {
            let _ = self.print(text);
        }
    }

    pub(crate) fn fail(&self, error: &Error) {
        tell_wrapped(&failure(error, self.error_look, self.may_write));
    }

    /// Text that is drawn for the width of the terminal.
    pub(crate) fn tell(&self, text: &str) {
        tell(text);
    }

    pub(crate) fn tell_wrapped(&self, text: &str) {
        tell_wrapped(text);
    }
}

/// A pipe that polls as writable takes this many bytes without a wait (PIPE_BUF, pipe(7)).
const ATOMIC: usize = 4096;

#[derive(Debug, Clone, Copy, Default)]
pub struct Notes {
    pub(crate) quiet: bool,
    pub(crate) http: bool,
}

impl Notes {
    pub(crate) fn say(self, line: &str) {
        if !self.quiet {
            tell_wrapped(&format!("{}\n", escaped(line)));
        }
    }

    /// A command after its reason, on its own line if the terminal would break it.
    pub(crate) fn say_command(self, reason: &str, command: &str) {
        let line = format!("{reason} {command}");
        let fits = columns().is_none_or(|columns| measure_text_width(&line) <= usize::from(columns));
        if !self.quiet {
            let gap = if fits { " " } else { "\n  " };
            tell(&format!("{}{gap}{}\n", escaped(reason), escaped(command)));
        }
    }

    #[must_use]
    pub(crate) fn with_quiet(self) -> Notes {
        Notes { quiet: true, ..self }
    }

    pub(crate) fn warn(self, line: &str) {
        tell_wrapped(&format!("warning: {}\n", escaped(line)));
    }

    /// A line of the `-v` log. It holds no key and no body.
    pub(crate) fn http(self, line: fmt::Arguments<'_>) {
        if self.http {
            tell(&format!("{}\n", escaped(&line.to_string())));
        }
    }
}

/// Breaks long lines at spaces if they go to a terminal.
pub(super) fn tell_wrapped(text: &str) {
    tell(&wrapped(text, columns()));
}

/// The width of the terminal on standard error, if it is one.
fn columns() -> Option<u16> {
    let is_terminal = io::stderr().is_terminal();
    is_terminal.then(|| Term::stderr().size_checked()).flatten().map(|(_, columns)| columns)
}

/// If this fails, nothing can report it.
pub(super) fn tell(text: &str) {
    let _ = progress::beside(|| write_all(io::stderr().lock(), text.as_bytes()));
}

/// A parent process may have made the descriptor non-blocking.
#[cfg(unix)]
fn write_all(mut out: impl Write + std::os::fd::AsFd, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    while !bytes.is_empty() {
        match rustix::io::write(&out, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                // If a signal ends the wait, the next write fails with AGAIN and waits again.
                let _ = poll(&mut [PollFd::new(&out, PollFlags::OUT)], None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    out.flush()
}

#[cfg(unix)]
fn stdout_is_ready() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&io::stdout(), PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0)
}

#[cfg(not(unix))]
fn write_all(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes).and_then(|()| out.flush())
}

#[cfg(not(unix))]
fn stdout_is_ready() -> bool {
    true
}
