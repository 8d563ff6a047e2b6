//! A progress bar at the bottom of the terminal. Other output hides it and draws it again below.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const TEMPLATE: &str = "{prefix}[{wide_bar}] {pos} of {len} rows{msg}, {rate}, {eta} left";

/// The process has one standard error, so it has one bar.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    drawn: bool,
}

impl Bar {
    pub(super) fn new(rows: u64, done: u64) -> Bar {
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::hidden());
        bar.set_style(style.progress_chars("##-").with_key("rate", rate));
        bar.set_position(done);
        // The rate counts the rows of this run only.
        bar.reset_eta();
        *shown() = Some(bar.clone());
        Bar { bar, drawn: false }
    }

    /// Shows how many rows are done, with `before` before the bar and `counts` after it.
    pub(crate) fn show(&mut self, done: u64, before: String, counts: String) {
        let foreground = in_foreground();
        if foreground != self.drawn {
            // In the background the terminal belongs to the shell.
            let hidden = ProgressDrawTarget::hidden;
            self.bar.set_draw_target(if foreground { ProgressDrawTarget::stderr() } else { hidden() });
            self.drawn = foreground;
        }
        self.bar.set_prefix(before);
        self.bar.set_message(counts);
        self.bar.set_position(done);
        self.bar.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        remove();
    }
}

fn rate(state: &ProgressState, to: &mut dyn Write) {
    let _ = write!(to, "{:.1}/s", state.per_sec());
}

pub(super) fn remove() {
    let bar = shown().take();
    bar.inspect(ProgressBar::finish_and_clear);
}

pub(super) fn beside<T>(write: impl FnOnce() -> T) -> T {
    let bar = shown().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Yes if the system does not tell.
#[cfg(unix)]
fn in_foreground() -> bool {
    rustix::termios::tcgetpgrp(std::io::stderr()).map_or(true, |group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn in_foreground() -> bool {
    true
}
