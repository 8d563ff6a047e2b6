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
    plan.before = Customer::parse(format!("{{\"id\":7,\"status\":\"Active\",\"l\":\"{long}\"}}")).unwrap();
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
    assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn several_writers_never_interleave() {
    // Whether it is told how many there are, and also where one of them never comes.
    for told in [0, 8, 9] {
        let World { journal, .. } = &world();
        journal.written_by(told);
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
        assert_eq!((entries.len(), damaged.len()), (80, 0), "{told}");
        assert!(entries.iter().all(|entry| entry.state() == "written"), "{told}");
        assert!((1..=8).all(|id| journal.open("p", Some(id)).unwrap().is_empty()), "{told}");
    }
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
fn what_was_put_in_the_place_of_the_journal_or_its_lock_is_what_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::at(folder.path().to_path_buf());
    let count = || journal.entries(|_| true).unwrap().0.len();
    journal.begin(&a_plan(7), &origin()).unwrap();
    journal.begin(&a_plan(8), &origin()).unwrap();
    std::fs::rename(journal.path(), folder.path().join("old.jsonl")).unwrap();
    journal.begin(&a_plan(9), &origin()).unwrap();
    assert_eq!(count(), 1, "the old one is left alone");
    let lock = folder.path().join("journal.lock");
    std::fs::remove_file(&lock).unwrap();
    journal.begin(&a_plan(10), &origin()).unwrap();
    assert!(lock.exists() && count() == 2);
    std::fs::remove_dir_all(folder.path()).unwrap();
    journal.begin(&a_plan(11), &origin()).unwrap();
    assert_eq!(count(), 1);
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
    open(journal.path(), 0o644);
    assert!(journal.exposed().unwrap().contains("`chmod 600 "));
    open(journal.path().parent().unwrap(), 0o777);
    assert!(journal.exposed().unwrap().contains("`chmod 700 "));
}
