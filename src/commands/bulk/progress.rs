//! How far a run is: a line that moves on a terminal, a line now and then elsewhere.

use std::time::Duration;

use crate::api::Pacer;
use crate::bulk::result::Counts;
use crate::report::progress::{Way, short};
use crate::terminal::{Notes, Status, Terminal};

/// How many lines are said where none can move.
const LINES: u64 = 10;
/// A wait that is worth a line of its own there.
const LONG: Duration = Duration::from_secs(5);

/// The progress of one run.
pub(super) struct Progress<'a> {
    status: Option<Status>,
    notes: Notes,
    pacer: &'a Pacer,
    rows: u64,
    before: u64,
    done: u64,
    /// Whether it was said that everybody waits.
    waits: bool,
}

impl<'a> Progress<'a> {
    /// Of `rows` rows, `done` ended before.
    pub(super) fn of(rows: u64, done: u64, pacer: &'a Pacer, terminal: &Terminal) -> Progress<'a> {
        let (status, notes) = (terminal.status(), terminal.notes());
        Progress { status, notes, pacer, rows, before: done, done, waits: false }
    }

    /// Shows where it is. `sentence` says what the rows that ended came to.
    pub(super) fn show(&mut self, counts: &Counts, sentence: impl Fn(&Counts) -> String) {
        let (rows, done, waits) = (self.rows, counts.all(), self.pacer.waits());
        let not_succeeded = counts.not_succeeded();
        match &mut self.status {
            Some(status) => status.show(|columns, time| {
                Way { rows, done, before: self.before, not_succeeded, time, waits }.line(columns)
            }),
            None => {
                let step = rows.div_ceil(LINES).max(1);
                if done / step > self.done / step {
                    self.notes.say(&format!("{done} of {rows} rows: {}", sentence(counts)));
                }
                self.say_that_it_waits(waits, done);
            }
        }
        self.done = done;
    }

    /// Says once of every long wait that there is one: whoever reads a log would think that it hangs.
    fn say_that_it_waits(&mut self, waits: Option<Duration>, done: u64) {
        match waits {
            Some(wait) if wait >= LONG && !self.waits => {
                let wait = short(wait.as_secs() + 1);
                self.notes.say(&format!("{done} of {} rows: waiting {wait} for the API's limit", self.rows));
                self.waits = true;
            }
            Some(_) => {}
            None => self.waits = false,
        }
    }
}
