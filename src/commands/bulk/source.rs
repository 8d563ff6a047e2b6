//! Where the rows of a run come from: a file, a plan, or what another run noted in the journal.

use std::collections::{HashMap, HashSet};

use super::rows::{feed, feed_plan, not_kept};
use super::worker::{Job, Task};
use super::worker_pool::Take;
use crate::error::Result;
use crate::journal::{Ending, EntryId, Intent, Journal, Record};
use crate::runs::{Customers, Finished, Kept, Kind, Run};

/// The rows of a run.
pub(super) struct Source<'a> {
    kind: Kind,
    input: Option<Kept>,
    customers: Option<Customers>,
    journal: &'a Journal,
}

impl<'a> Source<'a> {
    /// The rows of a run, from the first.
    ///
    /// # Errors
    /// Where the kept copy cannot be opened.
    pub(super) fn of(run: &Run, journal: &'a Journal) -> Result<Source<'a>> {
        let input = match run.about.kind {
            Kind::Undo(_) => None,
            Kind::Update(_) | Kind::Apply => Some(run.input().map_err(not_kept)?),
        };
        let customers = Customers::open(run.folder()).map_err(|why| not_kept(why.into()))?;
        Ok(Source { kind: run.about.kind.clone(), input, customers, journal })
    }

    /// Gives the rows that have no end yet, at most so many.
    ///
    /// # Errors
    /// Where the kept copy or the journal cannot be read.
    pub(super) fn feed(self, finished: &Finished, limit: u64, take: Take<'_, Job>) -> Result<()> {
        let mut left = limit;
        let mut limited = |job: Job| {
            let wanted = left > 0;
            left = left.saturating_sub(1);
            wanted && take(job)
        };
        match (self.kind, self.input) {
            (Kind::Update(format), Some(input)) => {
                feed(input, self.customers, &format, finished, &mut limited)
            }
            (Kind::Apply, Some(input)) => feed_plan(input, finished, &mut limited),
            (Kind::Undo(run), _) => feed_entries(&run, finished, self.journal, &mut limited),
            (_, None) => Ok(()),
        }
    }
}

/// The rows that a run wrote, or may have written, by the journal.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// How many there are.
    pub(super) rows: u64,
    once: Finished,
    /// Rows that were noted again, after the run was cut off.
    again: Finished,
    /// Entries of which nothing was written: there is nothing to take back.
    unwritten: HashSet<EntryId>,
    /// What was stored of the few rows where that was not what was sent.
    stored: HashMap<EntryId, String>,
}

impl Noted {
    fn count(&mut self, row: u64) {
        if self.once.contains(row) {
            self.again.insert(row);
        } else {
            self.once.insert(row);
            self.rows += 1;
        }
    }
}

/// Looks through the journal for the rows of a run.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn noted(run: &EntryId, journal: &Journal) -> Result<Noted> {
    let mut noted = Noted::default();
    let mut open: HashMap<EntryId, u64> = HashMap::new();
    let read = journal.each(|record| match record {
        Record::Intent(intent) => {
            if let Some(row) = row_of(&intent, run) {
                open.insert(intent.entry, row);
            }
        }
        Record::Outcome(outcome) => {
            // What is not known may be settled later.
            if outcome.outcome == Ending::Unknown {
                return;
            }
            let Some(row) = open.remove(&outcome.entry) else { return };
            if outcome.outcome == Ending::NotWritten {
                noted.unwritten.insert(outcome.entry);
                return;
            }
            noted.count(row);
            if let Some(stored) = outcome.stored {
                noted.stored.insert(outcome.entry, stored);
            }
        }
    });
    read.map_err(not_kept)?;
    open.into_values().for_each(|row| noted.count(row));
    Ok(noted)
}

/// Of a row that was noted again the last note counts, because the one before came to nothing.
fn feed_entries(run: &EntryId, finished: &Finished, journal: &Journal, take: Take<'_, Job>) -> Result<()> {
    let mut noted = noted(run, journal)?;
    let mut stored = std::mem::take(&mut noted.stored);
    let mut last: HashMap<u64, Box<Intent>> = HashMap::new();
    let mut wanted = true;
    let mut give = |row: u64, intent: Box<Intent>| {
        let customer = intent.customer.id;
        let stored = stored.remove(&intent.entry);
        wanted = wanted && take(Job::of(row, customer, Task::Undo(intent, stored)));
    };
    each(run, journal, |intent, row| {
        if finished.contains(row) || noted.unwritten.contains(&intent.entry) {
        } else if noted.again.contains(row) {
            last.insert(row, intent);
        } else {
            give(row, intent);
        }
    })?;
    last.into_iter().for_each(|(row, intent)| give(row, intent));
    Ok(())
}

/// The row of a run that an intent is of.
fn row_of(intent: &Intent, run: &EntryId) -> Option<u64> {
    intent.row.as_ref().filter(|row| row.run == *run).map(|row| row.row)
}

fn each(run: &EntryId, journal: &Journal, mut each: impl FnMut(Box<Intent>, u64)) -> Result<()> {
    let read = journal.each(|record| {
        if let Record::Intent(intent) = record
            && let Some(row) = row_of(&intent, run)
        {
            each(intent, row);
        }
    });
    read.map_err(not_kept)
}
