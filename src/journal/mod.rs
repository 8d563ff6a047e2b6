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

    /// Where the records are.
    pub fn path(&self) -> PathBuf {
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
        if files::has_mode(&path, 0o066) {
            return said("get at the customers in", "600", &path);
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
        self.store.append(Record::Intent(Box::new(intent)), Durability::Synced)?;
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
        self.store.append(Record::Outcome(outcome), Durability::Buffered)
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
mod tests {
    use super::*;
    use crate::document::plan::plan;
    use crate::document::{Action, Edit, Edits, Json, Path};
    use std::io::Write;

    struct World {
        _folder: tempfile::TempDir,
        journal: Journal,
    }

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("deep").join("state"));
        World { _folder: folder, journal }
    }

    fn a_plan(id: u64) -> Plan {
        let text = format!("{{\"id\":{id},\"status\":\"Active\",\"firstName\":\"Jon\"}}");
        let edit = Edit {
            path: Path::root("firstName"),
            action: Action::Set(Json::string("John")),
            given: String::new(),
        };
        plan(Customer::parse(text).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap()
    }

    fn origin() -> Origin {
        Origin { profile: "p".into(), host: "h".into(), command: "customer update", undoes: None, row: None }
    }

    fn states(journal: &Journal) -> Vec<&'static str> {
        journal.entries(|_| true).unwrap().0.iter().map(Entry::state).collect()
    }

    #[test]
    fn an_entry_is_unfinished_until_its_outcome_is_written() {
        let World { journal, .. } = &world();
        assert_eq!(journal.open("p", Some(7)).unwrap(), []);
        let one = journal.begin(&a_plan(7), &origin()).unwrap();
        let two = journal.begin(&a_plan(8), &origin()).unwrap();
        assert_eq!(
            (journal.open("p", Some(7)).unwrap(), journal.open("p", Some(8)).unwrap()),
            (vec![one.clone()], vec![two])
        );
        journal.end(&one, Ending::Written, None).unwrap();
        assert_eq!(
            (journal.open("p", Some(7)).unwrap().len(), states(journal)),
            (0, vec!["written", "unfinished"])
        );
    }

    #[test]
    fn the_latest_entries_come_newest_first_and_are_those_at_the_end() {
        let World { journal, .. } = &world();
        assert!(journal.latest().unwrap().is_empty());
        let names: Vec<EntryId> = (1..4).map(|id| journal.begin(&a_plan(id), &origin()).unwrap()).collect();
        journal.end(&names[2], Ending::Written, None).unwrap();
        let latest = journal.latest().unwrap();
        let shown: Vec<&EntryId> = latest.iter().map(|entry| &entry.intent.entry).collect();
        assert_eq!(shown, [&names[2], &names[1], &names[0]]);
        assert_eq!(latest[0].state(), "written");
        // What begins before the part that is read is passed over, and is no damage.
        let length = std::fs::metadata(journal.path()).unwrap().len();
        let (entries, damaged) = journal.entries_of_last(length - 1, |_| true).unwrap();
        assert_eq!((entries.len(), damaged.len()), (2, 0));
    }

    #[test]
    fn a_line_that_was_cut_off_is_passed_over_and_then_taken_away() {
        let World { journal, .. } = &world();
        let one = journal.begin(&a_plan(7), &origin()).unwrap();
        let whole = std::fs::read(journal.path()).unwrap();
        for cut in [1, whole.len() / 2, whole.len() - 1] {
            let mut file = std::fs::OpenOptions::new().append(true).open(journal.path()).unwrap();
            file.write_all(&whole[..cut]).unwrap();
            assert_eq!((states(journal).len(), journal.open("p", Some(7)).unwrap().len()), (1, 1), "{cut}");
            journal.end(&one, Ending::Unknown, None).unwrap();
            let (entries, damaged) = journal.entries(|_| true).unwrap();
            assert_eq!((entries.len(), damaged.len()), (1, 0), "{cut}");
        }
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_reported_and_hides_no_other() {
        let World { journal, .. } = &world();
        journal.begin(&a_plan(7), &origin()).unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(journal.path()).unwrap();
        file.write_all(b"{\"v\":1,\"record\":\xff}\n{\"v\":1}\n").unwrap();
        assert_eq!(journal.open("p", Some(7)).unwrap().len(), 1);
        journal.begin(&a_plan(8), &origin()).unwrap();
        let (entries, damaged) = journal.entries(|_| true).unwrap();
        assert_eq!((entries.len(), damaged.len()), (2, 2));
        assert_eq!(
            (journal.open("p", Some(7)).unwrap().len(), journal.open("p", Some(8)).unwrap().len()),
            (1, 1)
        );
    }

    #[test]
    fn a_journal_of_a_later_version_is_not_written_to() {
        let World { journal, .. } = &world();
        journal.begin(&a_plan(7), &origin()).unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(journal.path()).unwrap();
        file.write_all(b"{\"v\":2,\"record\":\"intent\"}\n").unwrap();
        let why = journal.begin(&a_plan(7), &origin()).unwrap_err();
        assert!(format!("{why:#}").contains("later version"), "{why:#}");
    }

    #[test]
    fn pruning_forgets_what_ended_and_keeps_what_is_open() {
        let World { journal, .. } = &world();
        let ended = journal.begin(&a_plan(7), &origin()).unwrap();
        let open = journal.begin(&a_plan(8), &origin()).unwrap();
        journal.end(&ended, Ending::Written, None).unwrap();
        let begun = journal.entries(|_| true).unwrap().0[0].intent.time;
        assert_eq!(
            (journal.prune("p", Timestamp::UNIX_EPOCH).unwrap(), journal.prune("p", begun).unwrap()),
            (0, 0)
        );
        assert_eq!(journal.prune("q", Timestamp::MAX).unwrap(), 0, "another profile has nothing");
        assert_eq!(journal.prune("p", Timestamp::MAX).unwrap(), 1);
        assert_eq!((journal.open("p", Some(8)).unwrap(), states(journal)), (vec![open], vec!["unfinished"]));
        assert_eq!(journal.open("p", Some(7)).unwrap(), []);
    }

    #[test]
    fn lines_longer_than_a_chunk_are_found_from_the_end() {
        let World { journal, .. } = &world();
        let mut plan = a_plan(7);
        let long = "x".repeat(200_000);
        plan.before =
            Customer::parse(format!("{{\"id\":7,\"status\":\"Active\",\"l\":\"{long}\"}}")).unwrap();
        let entry = journal.begin(&plan, &origin()).unwrap();
        assert_eq!(journal.open("p", Some(7)).unwrap(), std::slice::from_ref(&entry));
        journal.end(&entry, Ending::Written, None).unwrap();
        assert_eq!(journal.open("p", Some(7)).unwrap(), []);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let World { journal, .. } = &world();
        journal.begin(&a_plan(7), &origin()).unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = journal.path();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn several_writers_never_interleave() {
        let World { journal, .. } = &world();
        std::thread::scope(|scope| {
            for id in 1..=8 {
                scope.spawn(move || {
                    for _ in 0..10 {
                        let entry = journal.begin(&a_plan(id), &origin()).unwrap();
                        journal.end(&entry, Ending::Written, None).unwrap();
                    }
                });
            }
        });
        let (entries, damaged) = journal.entries(|_| true).unwrap();
        assert_eq!((entries.len(), damaged.len()), (80, 0));
        assert!(entries.iter().all(|entry| entry.state() == "written"));
        assert!((1..=8).all(|id| journal.open("p", Some(id)).unwrap().is_empty()));
    }

    #[test]
    fn what_was_stored_instead_is_kept_and_one_at_a_time_has_the_turn() {
        let World { journal, .. } = &world();
        let stored = Customer::parse(r#"{"id":7,"status":"Active","firstName":"JOHN"}"#).unwrap();
        let entry = journal.begin(&a_plan(7), &origin()).unwrap();
        journal.end(&entry, Ending::Differs, Some(&stored)).unwrap();
        let entries = journal.entries(|_| true).unwrap().0;
        assert_eq!(entries[0].stored().unwrap().text(), stored.text());
        let mut records = 0;
        journal.each(|_| records += 1).unwrap();
        assert_eq!(records, 2);
        let turn = journal.turn(7).unwrap();
        assert!(turn.is_some() && journal.turn(7).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn who_else_may_get_at_it_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let World { journal, .. } = &world();
        journal.begin(&a_plan(7), &origin()).unwrap();
        assert_eq!(journal.exposed(), None);
        let open = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(&journal.path(), 0o644);
        assert!(journal.exposed().unwrap().contains("`chmod 600 "));
        open(journal.path().parent().unwrap(), 0o777);
        assert!(journal.exposed().unwrap().contains("`chmod 700 "));
    }
}
