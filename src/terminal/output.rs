//! What is written: data to standard output, everything else to standard error.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};

use super::{Terminal, Verbosity, progress};
use crate::error::{Error, Kind, Result};
use crate::report::escape::{escaped, unsteered};
use crate::report::failure::failure;

impl Terminal {
    /// Writes data. If its reader left (`fusebill … | head`), that is no failure.
    ///
    /// # Errors
    /// `Failed` if it cannot be written, because the disk is full for one.
    pub fn print(&self, text: &str) -> Result<()> {
        self.stream(text).map(|_| ())
    }

    /// Writes a part of the data, and tells whether it still has a reader.
    ///
    /// # Errors
    /// As [`Terminal::print`] has them.
    pub fn stream(&self, text: &str) -> Result<bool> {
        let text = if self.escapes { unsteered(text) } else { Cow::Borrowed(text) };
        let write = || write_all(io::stdout().lock(), text.as_bytes());
        match if io::stdout().is_terminal() { progress::beside(write) } else { write() } {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(why) => Err(Error::new(Kind::Failed, "the output cannot be written").because(why)),
        }
    }

    /// Writes data unless its reader would have to be waited for. Another thread may be waiting for it already, and has
    /// standard output then.
    #[cfg(unix)]
    pub fn print_at_once(&self, text: &str) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let out = io::stdout();
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&out, PollFlags::OUT)], Some(&now));
        if ready.is_ok_and(|ready| ready > 0) {
            let _ = self.print(text);
        }
    }

    /// Writes data unless its reader would have to be waited for.
    #[cfg(not(unix))]
    pub fn print_at_once(&self, text: &str) {
        let _ = self.print(text);
    }

    /// Says why the command failed.
    pub(crate) fn fail(&self, error: &Error) {
        tell(&failure(error, self.error_look, self.may_write));
    }

    /// Writes what is not data, such as what a question is about.
    pub fn tell(&self, text: &str) {
        tell(text);
    }
}

/// What is said beside the data, line by line on standard error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notes {
    pub(super) verbosity: Verbosity,
}

impl Notes {
    /// Says something that `-q` leaves out.
    pub fn say(&self, line: &str) {
        if !self.verbosity.quiet {
            tell(&format!("{}\n", escaped(line)));
        }
    }

    /// The same, but saying only what is said in any case.
    #[must_use]
    pub fn hushed(self) -> Notes {
        Notes { verbosity: Verbosity { quiet: true, ..self.verbosity } }
    }

    /// Says something that is said in any case.
    pub fn warn(&self, line: &str) {
        tell(&format!("warning: {}\n", escaped(line)));
    }

    /// Whether `-v` asks for the HTTP log.
    pub fn has_http_log(&self) -> bool {
        self.verbosity.http
    }

    /// A line of the HTTP log, which `-v` asks for. It holds no key and no body.
    pub fn http(&self, line: fmt::Arguments<'_>) {
        if self.verbosity.http {
            tell(&format!("{}\n", escaped(&line.to_string())));
        }
    }
}

/// If standard error is closed, there is nobody to tell.
pub(super) fn tell(text: &str) {
    let _ = progress::beside(|| write_all(io::stderr().lock(), text.as_bytes()));
}

/// Writes all of it, also to a descriptor that does not block: a parent process may have made it so.
#[cfg(unix)]
fn write_all(mut out: impl Write + std::os::fd::AsFd, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    while !bytes.is_empty() {
        match rustix::io::write(&out, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                // A signal may end the wait; it is tried again then.
                let _ = poll(&mut [PollFd::new(&out, PollFlags::OUT)], None);
            }
            Err(why) => return Err(why.into()),
        }
    }
    out.flush()
}

#[cfg(not(unix))]
fn write_all(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes).and_then(|()| out.flush())
}
