//! How far a run is: a bar on a terminal, otherwise a line now and then; at the end the first rows that did not succeed.

use std::time::Duration;

use crate::api::RateLimiter;
use crate::bulk::result::Counts;
use crate::terminal::{Bar, Notes, Terminal};

/// How many lines are printed if there is no bar.
const LINES: u64 = 10;
/// A wait for the rate limit that is worth a line of its own if there is no bar.
const LONG: Duration = Duration::from_secs(5);
/// How many failed rows are listed at the end; the results have all of them.
const TOLD: usize = 5;

pub(super) struct Progress<'a> {
    bar: Option<Bar>,
    notes: Notes,
    limiter: &'a RateLimiter,
    rows: u64,
    done: u64,
    /// The latest line, if it was not printed.
    unsaid: Option<String>,
    wait_reported: bool,
    reasons: Vec<String>,
    failed: usize,
}

impl<'a> Progress<'a> {
    /// `done` of the `rows` were finished earlier.
    pub(super) fn of(rows: u64, done: u64, limiter: &'a RateLimiter, terminal: &Terminal) -> Progress<'a> {
        let (bar, notes) = (terminal.bar(rows, done), terminal.notes());
        Progress {
            bar,
            notes,
            limiter,
            rows,
            done,
            unsaid: None,
            wait_reported: false,
            reasons: Vec::new(),
            failed: 0,
        }
    }

    pub(super) fn failed(&mut self, row: u64, customer: u64, reason: &str) {
        self.failed += 1;
        if self.reasons.len() < TOLD {
            self.reasons.push(format!("row {row}, customer {customer}: {reason}"));
        }
    }

    pub(super) fn show(&mut self, counts: &Counts, sentence: impl Fn(&Counts) -> String) {
        let (done, wait) = (counts.all(), self.limiter.waits());
        let outcomes = if done == 0 { String::new() } else { format!(": {}", sentence(counts)) };
        if let Some(bar) = &mut self.bar {
            let wait = wait.map(|wait| format!("waiting {} for the limit, ", rounded(wait)));
            bar.show(done, wait.unwrap_or_default(), outcomes);
            return;
        }
        let step = self.rows.div_ceil(LINES).max(1);
        let line = format!("{done} of {} rows{outcomes}", self.rows);
        if done / step > self.done / step {
            self.notes.say(&line);
            self.unsaid = None;
        } else if done > self.done {
            self.unsaid = Some(line);
        }
        self.done = done;
        // A log without this line looks as if the program hangs.
        if let Some(wait) = wait.filter(|wait| *wait >= LONG && !self.wait_reported) {
            let wait = rounded(wait);
            self.notes.say(&format!("{done} of {} rows: waiting {wait} for the API's limit", self.rows));
            self.wait_reported = true;
        }
        self.wait_reported &= wait.is_some();
    }

    pub(super) fn end(mut self) {
        self.bar = None;
        self.unsaid.iter().for_each(|line| self.notes.say(line));
        self.reasons.iter().for_each(|line| self.notes.warn(line));
        if self.failed > self.reasons.len() {
            self.notes.warn(&format!("and {} more rows did not succeed", self.failed - self.reasons.len()));
        }
    }
}

/// In one unit, rounded up.
pub(super) fn rounded(time: Duration) -> String {
    match time.as_secs() + 1 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
    }
}
