//! The modes of the terminal during a question or an editor; they are restored after it.

use std::io;

use dialoguer::console::Term;
#[cfg(unix)]
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
#[cfg(unix)]
use std::sync::{Mutex, MutexGuard, PoisonError};
#[cfg(unix)]
use zeroize::Zeroizing;

#[cfg(unix)]
use super::keyboard::keyboard;
use crate::account::environment;

/// The modes before the open question or editor. The signal thread restores them too.
#[cfg(unix)]
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Esc, which ends a line as Enter does.
#[cfg(unix)]
const ESC: u8 = 0x1b;

/// A question is open, or an editor, while this lives.
pub(crate) struct QuestionGuard {
    /// Whether what is typed is shown.
    pub(super) shows_keys: bool,
}

impl QuestionGuard {
    /// The terminal edits lines itself; Esc ends one too. Keys typed before are dropped.
    pub(super) fn line_by_line() -> QuestionGuard {
        #[cfg(unix)]
        begin(OptionalActions::Flush, |modes| {
            modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            modes.input_modes |= InputModes::ICRNL;
            modes.special_codes[SpecialCodeIndex::VEOL] = ESC;
        });
        QuestionGuard { shows_keys: true }
    }

    /// Another program sets the modes.
    pub(super) fn editor_guard() -> QuestionGuard {
        #[cfg(unix)]
        begin(OptionalActions::Now, |_| {});
        QuestionGuard { shows_keys: true }
    }

    /// The terminal gives every key at once and echoes none. dialoguer sets this only while it reads a key, so keys between
    /// two reads would be echoed.
    pub(super) fn key_by_key() -> QuestionGuard {
        #[cfg(unix)]
        begin(OptionalActions::Drain, |modes| {
            let output = modes.output_modes;
            modes.make_raw();
            modes.output_modes = output;
        });
        QuestionGuard { shows_keys: true }
    }

    /// The terminal edits a line and does not echo it. Ctrl-Z is off, because the shell would switch the echo on again.
    pub(super) fn unseen() -> QuestionGuard {
        #[cfg(unix)]
        begin(OptionalActions::Drain, |modes| {
            modes.local_modes -= LocalModes::ECHO;
            modes.special_codes[SpecialCodeIndex::VSUSP] = 0;
        });
        QuestionGuard { shows_keys: false }
    }

    /// No line break at its end if Esc or the end of input ended it.
    #[cfg(unix)]
    pub(super) fn read_line(&self) -> io::Result<String> {
        let mut line = Zeroizing::new([0; 4096]);
        let length = rustix::io::retry_on_intr(|| rustix::io::read(keyboard(), &mut line[..]))?;
        Ok(String::from_utf8_lossy(&line[..length]).into_owned())
    }

    #[cfg(not(unix))]
    pub(super) fn read_line(&self) -> io::Result<String> {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    }
}

impl Drop for QuestionGuard {
    fn drop(&mut self) {
        restore();
        #[cfg(unix)]
        before().take();
    }
}

#[cfg(unix)]
fn begin(typed_before: OptionalActions, set: impl FnOnce(&mut Termios)) {
    let Ok(before) = tcgetattr(keyboard()) else { return };
    let mut modes = before.clone();
    set(&mut modes);
    *self::before() = Some(before);
    let _ = tcsetattr(keyboard(), typed_before, &modes);
}

#[cfg(unix)]
fn before() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Restores echo, lines and cursor if a question or an editor is open. It can be called again, because a read of console that
/// a signal ends sets console's own modes once more.
pub(super) fn restore() {
    #[cfg(unix)]
    {
        let before = before();
        let Some(modes) = before.as_ref() else { return };
        let _ = tcsetattr(keyboard(), OptionalActions::Now, modes);
    }
    if !environment::has_dumb_terminal() {
        let _ = Term::stderr().show_cursor();
    }
}
