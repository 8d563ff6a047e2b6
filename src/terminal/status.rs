//! One line that is written anew while something goes on, and makes way for whatever else is shown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dialoguer::console::{Term, truncate_str};

/// How long the line stands at least before it is written anew.
const PAUSE: Duration = Duration::from_millis(100);

/// The columns kept free: for the `^C` that a terminal shows where Ctrl-C is pressed, and the last one, after which some begin
/// another line.
const KEPT_FREE: usize = 3;

/// Whether the line stands. There is one standard error, whoever writes to it.
static STANDS: AtomicBool = AtomicBool::new(false);

/// The line, at the bottom of what standard error shows. It goes away with this.
#[derive(Debug)]
pub struct Status {
    term: Term,
    begun: Instant,
    written: Option<Instant>,
}

impl Status {
    pub(super) fn new() -> Status {
        Status { term: Term::buffered_stderr(), begun: Instant::now(), written: None }
    }

    /// Writes the line that is made for so many columns, so long after the beginning, unless one was written just now.
    pub fn show(&mut self, line: impl FnOnce(usize, Duration) -> String) {
        if self.written.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        self.written = Some(Instant::now());
        if !in_foreground() {
            // The terminal is the shell's, and what stands there by now too.
            STANDS.store(false, Ordering::SeqCst);
            return;
        }
        let columns = usize::from(self.term.size().1).saturating_sub(KEPT_FREE);
        let line = line(columns, self.begun.elapsed());
        // A line that cannot be shown is missed by nobody.
        let _ = self.term.clear_line();
        let _ = self.term.write_str(&truncate_str(&line, columns, ""));
        STANDS.store(true, Ordering::SeqCst);
        let _ = self.term.flush();
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        make_way();
    }
}

/// Whether the terminal is this program's, and not that of a shell which has it in the background. Where that cannot be told
/// it is.
#[cfg(unix)]
fn in_foreground() -> bool {
    rustix::termios::tcgetpgrp(std::io::stderr()).map_or(true, |group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn in_foreground() -> bool {
    true
}

/// Whether the line stands.
pub(super) fn stands() -> bool {
    STANDS.load(Ordering::SeqCst)
}

/// Takes the line away, where it stands: what is shown next begins in its place.
pub(super) fn make_way() {
    if STANDS.swap(false, Ordering::SeqCst) {
        let _ = Term::stderr().clear_line();
    }
}
