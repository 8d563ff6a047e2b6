use std::time::Duration;

use super::*;
use crate::bulk::plan_file::json_line;
use crate::bulk::result::{Outcome, RowResult};
use crate::document::{Action, Customer, Edit, Edits, Json, Path, plan::plan};
use crate::store::{Duplicate, EntryOutcome, Origin, Row, RunRow};

fn at(folder: &tempfile::TempDir) -> Store {
    Store::at(folder.path().to_path_buf(), Duration::from_secs(60))
}

fn about_of(kind: RunKind) -> RunInfo {
    let time = Timestamp::now();
    RunInfo {
        run: EntryId::new(time, fastrand::u32(..)),
        time,
        kind,
        undoes: None,
        profile: "live".to_string(),
        host: "host".to_string(),
        source: "customers.csv".to_string(),
        new_fields: true,
        reads_again: false,
    }
}

fn row(row: u64, line: u64, customer: Option<u64>) -> Row {
    Row { row, line, customer, task: format!("task {row}"), attempt: None, action: None, agreed: false }
}

fn rows(range: std::ops::RangeInclusive<u64>) -> Vec<Row> {
    range.map(|at| row(at, at + 1, Some(at * 10))).collect()
}

fn started(store: &Store, count: u64) -> Run<'_> {
    let mut run = store.begin_run(about_of(RunKind::Update)).unwrap();
    assert!(store.add_rows(&run, &rows(1..=count)).unwrap().is_empty());
    run.start("live", "host").unwrap();
    run
}

fn entry(store: &Store, run: &EntryId, row: u64, outcome: Option<EntryOutcome>) -> EntryId {
    let before =
        Customer::parse(format!("{{\"id\":{},\"status\":\"Active\",\"firstName\":\"a\"}}", row * 10))
            .unwrap();
    let edit =
        Edit { path: Path::root("firstName"), action: Action::Set(Json::string("b")), given: String::new() };
    let plan = plan(before, &Edits::check(vec![edit]).unwrap(), false).unwrap();
    let (profile, host) = ("live".to_string(), "host".to_string());
    let row = Some(RunRow { run: run.clone(), row });
    let name = store
        .begin(&plan, &Origin { profile, host, command: "customer bulk update", undoes: None, row })
        .unwrap();
    outcome.into_iter().for_each(|outcome| store.end(&name, outcome, None).unwrap());
    name
}

fn to_do(store: &Store, run: &Run<'_>) -> Vec<u64> {
    store.rows_to_do(run.id).map(|row| row.unwrap().row).collect()
}

#[test]
fn a_run_continues_after_its_last_finished_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let run = started(&store, 250);
    assert_eq!(to_do(&store, &run), (1..=250).collect::<Vec<_>>());
    for row in 1..=120 {
        let outcome = if row % 2 == 0 { Outcome::Written } else { Outcome::Failed };
        store.end_row(&run, &RowResult { attempts: 1, ..RowResult::ended(row, row * 10, outcome) }).unwrap();
    }
    let name = run.about.run.clone();
    let error = at(&folder).open_run(&name).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
    drop(run);
    let store = at(&folder);
    assert!(store.open_run(&EntryId::typed("none")).unwrap().is_none());
    let run = store.open_run(&name).unwrap().unwrap();
    let (count, counts) = store.counts(run.id).unwrap();
    assert_eq!((count, counts.of(Outcome::Written), counts.of(Outcome::Failed)), (250, 60, 60));
    let row = store.rows_to_do(run.id).next().unwrap().unwrap();
    assert_eq!((row.row, row.line, row.customer, row.task.as_str()), (121, 122, Some(1_210), "task 121"));
    store.reopen(&run, Outcome::is_open).unwrap();
    assert_eq!(to_do(&store, &run).len(), 190);
    let outcome = |result: RowResult| (result.row, result.customer, result.outcome.name());
    let outcomes: Vec<_> = store.results(run.id).map(|result| outcome(result.unwrap())).collect();
    assert_eq!(outcomes[..2], [(1, 10, "not-reached"), (2, 20, "written")]);
    assert_eq!(outcomes.len(), 250);
}

#[test]
fn a_result_reads_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let run = started(&store, 1);
    let error = Error::new(ErrorKind::Differs, "no").detail(["twice".to_string()]);
    let result = RowResult { attempts: 3, entry: Some("e".to_string()), ..RowResult::failed(1, 10, &error) };
    store.end_row(&run, &result).unwrap();
    let lines: Vec<_> = store.results(run.id).map(|result| json_line(&result.unwrap())).collect();
    assert_eq!(lines, [json_line(&result)]);
}

#[test]
fn a_repeated_customer_or_row_number_is_reported_with_both_lines() {
    for store in [at(&tempfile::tempdir().unwrap()), Store::scratch().unwrap()] {
        let run = &store.begin_run(about_of(RunKind::Apply)).unwrap();
        store.add_rows(run, &rows(1..=3)).unwrap();
        let again = [row(4, 5, Some(20)), row(3, 6, None), row(5, 7, None), row(6, 8, None)];
        let told = store.add_rows(run, &again).unwrap();
        let expected = [(4, Some(20), 3, 5), (3, None, 4, 6)];
        assert_eq!(
            told,
            expected.map(|(row, customer, first, line)| Duplicate { row, customer, first, line })
        );
        assert_eq!(store.set_customer(run, 5, 99).unwrap(), None);
        assert_eq!(store.set_customer(run, 6, 99).unwrap(), Some(7));
        assert_eq!(store.set_customer(run, 6, 98).unwrap(), None);
    }
}

#[test]
fn a_run_that_never_starts_leaves_no_rows_and_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let rows_left = || {
        store.read(|connection| {
            connection.query_row("SELECT count(*) FROM rows", [], |row| row.get::<_, u64>(0))
        })
    };
    let new = store.begin_run(about_of(RunKind::Update)).unwrap();
    store.add_rows(&new, &rows(1..=5)).unwrap();
    drop(new);
    assert_eq!(rows_left().unwrap(), 0);
    // A process that dies runs no destructors, and gives its lock back.
    let mut killed = store.begin_run(about_of(RunKind::Update)).unwrap();
    store.add_rows(&killed, &rows(1..=5)).unwrap();
    let alive = at(&folder).begin_run(about_of(RunKind::Update)).unwrap().about.run.clone();
    assert_eq!(rows_left().unwrap(), 5, "it is still held");
    killed.started = true;
    drop(killed);
    drop(store.begin_run(about_of(RunKind::Update)).unwrap());
    assert_eq!(rows_left().unwrap(), 0);
    assert!(store.open_run(&alive).unwrap().is_none());
    assert!(store.runs().unwrap().is_empty());
    let locks = std::fs::read_dir(folder.path().join("locks")).unwrap();
    let runs = locks.filter(|lock| lock.as_ref().unwrap().file_name().to_string_lossy().starts_with("run-"));
    assert_eq!(runs.count(), 0);
}

#[test]
fn runs_are_listed_newest_first_and_the_last_of_a_profile_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    assert!(store.last_run("live").unwrap().is_none());
    let (first, second) = (started(&store, 1), started(&store, 2));
    let listed = store.runs().unwrap();
    let names: Vec<_> = listed.iter().map(|run| (run.about.run.clone(), run.rows)).collect();
    assert_eq!(names, [(second.about.run.clone(), 2), (first.about.run.clone(), 1)]);
    assert_eq!(store.last_run("live").unwrap().unwrap(), second.about.run);
    assert!(store.last_run("test").unwrap().is_none());
}

#[test]
fn a_row_is_in_flight_if_its_last_entry_may_have_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let run = started(&store, 6);
    let name = &run.about.run;
    entry(&store, name, 1, Some(EntryOutcome::NotWritten));
    entry(&store, name, 2, Some(EntryOutcome::NotWritten));
    let second = entry(&store, name, 2, None);
    let third = entry(&store, name, 3, Some(EntryOutcome::Unknown));
    entry(&store, name, 4, Some(EntryOutcome::Written));
    store.end_row(&run, &RowResult::ended(4, 40, Outcome::Written)).unwrap();
    let fifth = entry(&store, name, 5, Some(EntryOutcome::Written));
    let found = [0, 2, 3, 5].map(|after| store.next_in_flight(&run, after).unwrap());
    assert_eq!(found, [Some(second), Some(third), Some(fifth), None]);
}

#[test]
fn an_undo_has_the_rows_that_the_run_may_have_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let count = BATCH + 5;
    let run = started(&store, count);
    let name = run.about.run.clone();
    store
        .write(|transaction| {
            // As many entries as rows, without as many syncs.
            transaction.execute(
                "INSERT INTO entries (entry, time, profile, host, command, customer, name, edits, before, after, outcome, run, row)
                 SELECT 'e' || row, '2026', 'live', 'host', 'c', customer, '', '[]', '', x'', 'written', ?, row FROM rows WHERE row > 4",
                [&name],
            )
        })
        .unwrap();
    entry(&store, &name, 1, Some(EntryOutcome::NotWritten));
    entry(&store, &name, 2, Some(EntryOutcome::Gone));
    let third = entry(&store, &name, 3, None);
    entry(&store, &name, 3, Some(EntryOutcome::NotWritten));
    entry(&store, &name, 4, Some(EntryOutcome::Superseded));
    drop(run);
    let undo_of = |run: &EntryId| RunInfo { undoes: Some(run.clone()), ..about_of(RunKind::Undo) };
    let mut undo = store.begin_run(undo_of(&name)).unwrap();
    assert_eq!(store.add_rows_of(&name, &undo).unwrap(), count - 3);
    undo.start("live", "host").unwrap();
    let first = store.rows_to_do(undo.id).next().unwrap().unwrap();
    assert_eq!((first.row, first.customer, first.task), (3, Some(30), third.to_string()));
    assert_eq!(store.undone_by(&name).unwrap(), None);
    store.end_row(&undo, &RowResult::ended(5, 50, Outcome::Written)).unwrap();
    assert_eq!(store.undone_by(&name).unwrap(), Some(undo.about.run.clone()));
    let mut redo = store.begin_run(undo_of(&undo.about.run)).unwrap();
    store.add_rows(&redo, &rows(1..=1)).unwrap();
    redo.start("live", "host").unwrap();
    store.end_row(&redo, &RowResult::ended(1, 10, Outcome::Unknown)).unwrap();
    assert_eq!(store.undone_by(&name).unwrap(), None);
}
