//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::time::Duration;

use crate::api::RateLimiter;
use crate::bulk::result::Counts;
use crate::terminal::{Bar, Notes, Terminal};

/// How many lines are said if there is no bar.
const LINES: u64 = 10;
/// A wait that is worth a line of its own there.
const LONG: Duration = Duration::from_secs(5);

/// The progress of one run.
pub(super) struct Progress<'a> {
    bar: Option<Bar>,
    notes: Notes,
    limiter: &'a RateLimiter,
    rows: u64,
    done: u64,
    /// Whether the present wait for the rate limit was said.
    wait_said: bool,
}

impl<'a> Progress<'a> {
    /// Of `rows` rows, `done` were worked on earlier.
    pub(super) fn of(rows: u64, done: u64, limiter: &'a RateLimiter, terminal: &Terminal) -> Progress<'a> {
        let (bar, notes) = (terminal.bar(rows, done), terminal.notes());
        Progress { bar, notes, limiter, rows, done, wait_said: false }
    }

    /// Shows how far the run is. `sentence` says what the rows came to.
    pub(super) fn show(&mut self, counts: &Counts, sentence: impl Fn(&Counts) -> String) {
        let (done, waits) = (counts.all(), self.limiter.waits());
        let said = if done == 0 { String::new() } else { format!(": {}", sentence(counts)) };
        match &mut self.bar {
            Some(bar) => {
                let wait = waits.map(|wait| format!("waiting {} for the limit, ", short(wait)));
                bar.show(done, wait.unwrap_or_default(), said);
            }
            None => {
                let step = self.rows.div_ceil(LINES).max(1);
                if done / step > self.done / step {
                    self.notes.say(&format!("{done} of {} rows{said}", self.rows));
                }
                self.say_wait(waits, done);
            }
        }
        self.done = done;
    }

    /// Says once of every long wait that there is one: a log without it looks as if the program hangs.
    fn say_wait(&mut self, waits: Option<Duration>, done: u64) {
        match waits {
            Some(wait) if wait >= LONG && !self.wait_said => {
                let rows = self.rows;
                let wait = short(wait);
                self.notes.say(&format!("{done} of {rows} rows: waiting {wait} for the API's limit"));
                self.wait_said = true;
            }
            Some(_) => {}
            None => self.wait_said = false,
        }
    }
}

/// A wait in one unit, rounded up.
fn short(wait: Duration) -> String {
    match wait.as_secs() + 1 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
    }
}
