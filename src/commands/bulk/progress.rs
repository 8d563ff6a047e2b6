//! How far a run is: a line that moves on a terminal, a line now and then elsewhere.

use crate::api::Pacer;
use crate::bulk::result::Counts;
use crate::report::progress::Way;
use crate::terminal::{Notes, Status, Terminal};

/// How many lines are said where none can move.
const LINES: u64 = 10;

/// The progress of one run.
pub(super) struct Progress<'a> {
    status: Option<Status>,
    notes: Notes,
    pacer: &'a Pacer,
    rows: u64,
    before: u64,
    done: u64,
}

impl<'a> Progress<'a> {
    /// Of `rows` rows, `done` ended before.
    pub(super) fn of(rows: u64, done: u64, pacer: &'a Pacer, terminal: &Terminal) -> Progress<'a> {
        let (status, notes) = (terminal.status(), terminal.notes());
        Progress { status, notes, pacer, rows, before: done, done }
    }

    /// Shows where it is. `sentence` says what the rows that ended came to.
    pub(super) fn show(&mut self, counts: &Counts, sentence: impl Fn(&Counts) -> String) {
        let done = counts.all();
        match &mut self.status {
            Some(status) => {
                let (rows, before) = (self.rows, self.before);
                let way = |time| Way { rows, done, before, time };
                status.show(|columns, time| way(time).line(&more(counts, self.pacer), columns));
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
}

/// What there is to say beside how far it is.
fn more(counts: &Counts, pacer: &Pacer) -> String {
    let failed = match counts.not_succeeded() {
        0 => String::new(),
        count => format!(", {count} not succeeded"),
    };
    let waits = pacer.waits().map(|wait| format!(", waiting {} s for the limit", wait.as_secs() + 1));
    failed + &waits.unwrap_or_default()
}
