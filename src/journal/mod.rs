//! What this machine changed: the record before the deed, the outcome after it, and all it takes to undo it.

mod group;
mod id;
pub mod record;
pub mod store;
mod turn;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

pub use id::EntryId;
pub use record::{Ending, Intent, LineError, Open, Origin, Outcome, Record, RunRow};
use store::{Durability, Store};
pub use turn::Turn;

use crate::document::{Customer, Plan};
use crate::files;

/// How much of a journal's end is read where only the latest entries are wanted, in bytes: some hundred of them.
const LATEST: u64 = 1 << 20;

/// The journal of this user on this machine.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
}

/// A change as the journal tells it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was to be written.
    pub intent: Intent,
    /// How it ended; none while it is unfinished.
    pub outcome: Option<Outcome>,
}

impl Entry {
    /// How it ended, or `unfinished`.
    pub fn state(&self) -> &'static str {
        self.outcome.as_ref().map_or("unfinished", |outcome| outcome.outcome.name())
    }

    /// The document that was stored, where it was not the one that was sent.
    pub fn stored(&self) -> Option<Customer> {
        let stored = self.outcome.as_ref()?.stored.as_ref()?;
        Customer::parse(stored.as_str()).ok()
    }

    /// Whether reading the customer could tell more than the journal does.
    pub fn is_open(&self) -> bool {
        self.outcome.as_ref().is_none_or(|outcome| outcome.outcome == Ending::Unknown)
    }
}

impl Journal {
    /// The journal in this folder; nothing is made before something is written.
    pub fn at(folder: PathBuf) -> Journal {
        Journal { store: Store::at(folder) }
    }

    /// Tells that so many threads make changes from now on, each of them one after the other: their records are brought to
    /// the disk together where they come at about the same time.
    pub fn written_by(&self, threads: usize) {
        self.store.written_by(threads);
    }

    /// Where the records are.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// What is to be said where others may read the records, or put others in their place.
    pub fn exposed(&self) -> Option<String> {
        let (path, folder) = (self.path(), self.store.folder());
        let said = |what: &str, mode: &str, place: &Path| {
            let place = place.display().to_string();
            let command = format!("chmod {mode} {}", shell_words::quote(&place));
            Some(format!("other users of this machine can {what} `{place}`; `{command}` ends that"))
        };
        if files::is_folder_open_to_others(folder) {
            return said("put another journal into", "700", folder);
        }
        if files::has_mode(path, 0o066) {
            return said("get at the customers in", "600", path);
        }
        None
    }

    /// Takes the turn to change a customer; none where another process of this user has it.
    ///
    /// # Errors
    /// Where the lock's file cannot be opened.
    pub fn turn(&self, customer: u64) -> Result<Option<Turn>> {
        turn::take(self.store.folder(), customer)
    }

    /// Puts the intent to write a plan on the disk. Nothing may be sent before this returned.
    ///
    /// # Errors
    /// Where the journal cannot be written.
    pub fn begin(&self, plan: &Plan, origin: &Origin) -> Result<EntryId> {
        let now = Timestamp::now();
        let entry = EntryId::new(now, fastrand::u32(..));
        let intent = Intent::of(plan, entry.clone(), now, origin);
        self.store.append(&Record::Intent(Box::new(intent)), Durability::Synced)?;
        Ok(entry)
    }

    /// Notes how a change ended. `stored` is the document where it is not the one that was sent.
    ///
    /// The operating system writes it when it sees fit: should it be lost, the entry is unfinished and can be settled.
    ///
    /// # Errors
    /// Where the journal cannot be written.
    pub fn end(&self, entry: &EntryId, outcome: Ending, stored: Option<&Customer>) -> Result<()> {
        let stored = stored.map(|stored| stored.text().to_string());
        let outcome = Outcome { entry: entry.clone(), time: Timestamp::now(), outcome, stored };
        self.store.append(&Record::Outcome(outcome), Durability::Buffered)
    }

    /// The entries of a customer, or of all, that have no outcome, from the last line alone.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn open(&self, profile: &str, customer: Option<u64>) -> Result<Vec<EntryId>> {
        let open = self.store.open()?.into_iter().filter(|open| open.profile == profile);
        let wanted = open.filter(|open| customer.is_none_or(|id| open.customer == id));
        Ok(wanted.map(|open| open.entry).collect())
    }

    /// Gives every record there is to `each`, oldest first, without keeping any. Lines that cannot be read are passed
    /// over, and so is what is written from now on.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn each(&self, mut each: impl FnMut(Record)) -> Result<()> {
        self.store.read(|record| record.into_iter().for_each(&mut each))
    }

    /// The entries that `wanted` picks by their intent, oldest first, and the lines that cannot be read. It may take out
    /// of an intent what is not needed.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn entries(&self, wanted: impl FnMut(&mut Intent) -> bool) -> Result<(Vec<Entry>, Vec<LineError>)> {
        self.entries_of_last(u64::MAX, wanted)
    }

    /// The latest entries, newest first, as far as the end of a long journal has them.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn latest(&self) -> Result<Vec<Entry>> {
        let (mut entries, _) = self.entries_of_last(LATEST, |_| true)?;
        entries.reverse();
        Ok(entries)
    }

    fn entries_of_last(
        &self,
        bytes: u64,
        mut wanted: impl FnMut(&mut Intent) -> bool,
    ) -> Result<(Vec<Entry>, Vec<LineError>)> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places: HashMap<EntryId, usize> = HashMap::new();
        let mut damaged = Vec::new();
        self.store.read_last(bytes, |record| match record {
            Ok(Record::Intent(mut intent)) => {
                if wanted(&mut intent) {
                    places.insert(intent.entry.clone(), entries.len());
                    entries.push(Entry { intent: *intent, outcome: None });
                }
            }
            Ok(Record::Outcome(outcome)) => {
                if let Some(&place) = places.get(&outcome.entry) {
                    entries[place].outcome = Some(outcome);
                }
            }
            Err(why) => damaged.push(why),
        })?;
        Ok((entries, damaged))
    }

    /// Forgets the entries of a profile that ended before a moment, and gives how many they were, not unfinished ones.
    ///
    /// # Errors
    /// Where the journal cannot be read or rewritten; then it is as it was.
    pub fn prune(&self, profile: &str, before: Timestamp) -> Result<usize> {
        let (entries, _) = self.entries(|intent| {
            intent.forget_documents();
            intent.time < before && intent.profile == profile
        })?;
        let old: HashSet<EntryId> =
            entries.into_iter().filter(|entry| !entry.is_open()).map(|entry| entry.intent.entry).collect();
        if !old.is_empty() {
            self.store.retain(|record| !old.contains(record.entry()))?;
        }
        Ok(old.len())
    }
}

#[cfg(test)]
mod tests;
