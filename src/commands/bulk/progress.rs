//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::api::Pacer;
use crate::bulk::result::Counts;
use crate::terminal::{Notes, Terminal};

/// How many lines are said where there is no bar.
const LINES: u64 = 10;

/// The progress of one run.
pub(super) struct Progress<'a> {
    bar: Option<ProgressBar>,
    notes: Notes,
    pacer: &'a Pacer,
    rows: u64,
    done: u64,
}

impl<'a> Progress<'a> {
    /// Of `rows` rows, `done` ended before.
    pub(super) fn of(rows: u64, done: u64, pacer: &'a Pacer, terminal: &Terminal) -> Progress<'a> {
        let bar = terminal.shows_progress().then(|| bar(rows, done));
        Progress { bar, notes: terminal.notes(), pacer, rows, done }
    }

    /// Shows where it is. `sentence` says what the rows that ended came to.
    pub(super) fn show(&mut self, counts: &Counts, sentence: impl Fn(&Counts) -> String) {
        let done = counts.all();
        match &self.bar {
            Some(bar) => {
                let waits = self
                    .pacer
                    .waits()
                    .map(|wait| format!(", waiting {} s for the limit", wait.as_secs() + 1));
                let failed = match counts.not_succeeded() {
                    0 => String::new(),
                    count => format!(", {count} not succeeded"),
                };
                bar.set_message(format!("{failed}{}", waits.unwrap_or_default()));
                bar.set_position(done);
            }
            None => {
                let step = self.rows.div_ceil(LINES).max(1);
                if done / step > self.done / step {
                    self.notes.say(&format!("{done} of {} rows: {}", self.rows, sentence(counts)));
                }
            }
        }
        self.done = done;
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(rows: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr_with_hz(10));
    let template = "{wide_bar} {pos} of {len} rows, {rate}, {eta} left{msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn Write| {
            // A bar without its rate is still a bar.
            let _ = write!(out, "{:.1}/s", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar.set_position(done);
    bar.reset_eta();
    bar
}
