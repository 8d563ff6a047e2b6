use rusqlite::{Connection, params};

use super::*;
use crate::bulk::result::{Outcome, RowResult};
use crate::store::{Row, RunInfo, RunKind};

fn at(folder: &tempfile::TempDir) -> Store {
    Store::at(folder.path().to_path_buf(), Duration::from_secs(60))
}

fn fill(store: &Store, count: u64, profile: &str, outcome: Option<&str>) {
    let sql = "INSERT INTO entries (entry, time, profile, host, command, customer, name, edits, before, after, outcome)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         SELECT hex(randomblob(8)), '2026-01-01T00:00:00.000Z', ?2, 'host', 'c', i, '', '[]',
             'CONFIDENTIAL' || hex(randomblob(2000)), x'', ?3 FROM n";
    store.write(|transaction| transaction.execute(sql, params![count, profile, outcome])).unwrap();
}

fn run(store: &Store, time: &str) -> EntryId {
    let time: Timestamp = time.parse().unwrap();
    let name = EntryId::new(time, fastrand::u32(..));
    let text = String::new;
    let about = RunInfo {
        run: name.clone(),
        time,
        kind: RunKind::Update,
        undoes: None,
        profile: "live".to_string(),
        host: text(),
        source: text(),
        new_fields: false,
        reads_again: false,
    };
    let mut run = store.begin_run(about).unwrap();
    let row = Row {
        row: 1,
        line: 1,
        customer: Some(1),
        task: "CONFIDENTIAL".to_string(),
        attempt: None,
        action: None,
        agreed: false,
    };
    store.add_rows(&run, &[row]).unwrap();
    run.start("live", "host").unwrap();
    let result =
        RowResult { error: Some("CONFIDENTIAL".to_string()), ..RowResult::ended(1, 1, Outcome::Failed) };
    store.end_row(&run, &result).unwrap();
    name
}

fn all(before: &str) -> PruneFilter {
    PruneFilter { profile: None, before: before.parse().unwrap(), unresolved: true }
}

#[test]
fn prune_deletes_old_resolved_entries_and_runs_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    fill(&store, 450, "live", Some("written"));
    fill(&store, 3, "live", None);
    fill(&store, 2, "live", Some("unknown"));
    fill(&store, 7, "gone", Some("written"));
    let (old, new) = (run(&store, "2026-01-01T00:00:00Z"), run(&store, "2026-03-01T00:00:00Z"));
    let live =
        PruneFilter { profile: Some("live".to_string()), unresolved: false, ..all("2026-02-01T00:00:00Z") };
    let expected = Pruned { entries: 450, runs: 1, unresolved: 5 };
    assert_eq!(store.to_prune(&live).unwrap(), expected);
    assert_eq!(store.prune(&live).unwrap(), expected);
    assert_eq!(store.to_prune(&live).unwrap(), Pruned { unresolved: 5, ..Pruned::default() });
    assert!(store.open_run(&old).unwrap().is_none() && store.open_run(&new).unwrap().is_some());
    assert_eq!(
        store.prune(&all("2026-02-01T00:00:00Z")).unwrap(),
        Pruned { entries: 12, runs: 0, unresolved: 0 }
    );
    let none = store.prune(&all("2025-02-01T00:00:00Z")).unwrap();
    assert_eq!(none, Pruned::default());
}

#[test]
fn pruned_customers_are_erased_from_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    fill(&store, 300, "live", Some("written"));
    run(&store, "2026-01-01T00:00:00Z");
    let files = || {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect::<Vec<u8>>()
    };
    let holds_it = |bytes: &[u8]| bytes.windows(12).any(|window| window == b"CONFIDENTIAL");
    assert!(holds_it(&files()));
    store.prune(&all("2026-02-01T00:00:00Z")).unwrap();
    let left = files();
    assert!(!holds_it(&left));
    assert!(left.len() < 300_000, "{} bytes", left.len());
}

#[test]
fn prune_fails_while_a_reader_keeps_the_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().to_path_buf(), Duration::from_millis(100));
    fill(&store, 3, "live", Some("written"));
    let reader = Connection::open(store.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entries").unwrap();
    let error = store.prune(&all("2026-02-01T00:00:00Z")).unwrap_err();
    assert!(error.message.contains("the write-ahead log still has the deleted entries"), "{error}");
    reader.execute_batch("COMMIT").unwrap();
    store.prune(&all("2026-02-01T00:00:00Z")).unwrap();
    let log = folder.path().join("fusebill.db-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
}

#[test]
fn a_run_that_is_carried_out_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let name = run(&store, "2026-01-01T00:00:00Z");
    let held = store.open_run(&name).unwrap();
    assert_eq!(store.prune(&all("2026-02-01T00:00:00Z")).unwrap().runs, 0);
    drop(held);
    assert_eq!(store.prune(&all("2026-02-01T00:00:00Z")).unwrap().runs, 1);
}

#[test]
fn writes_during_a_large_prune_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    fill(&store, 2_000, "live", Some("written"));
    let (store, other) = (&store, at(&folder));
    std::thread::scope(|scope| {
        let resolved = PruneFilter { unresolved: false, ..all("2026-02-01T00:00:00Z") };
        let pruning = scope.spawn(move || store.prune(&resolved).unwrap());
        let mut written = 0;
        while !pruning.is_finished() {
            fill(&other, 1, "live", None);
            written += 1;
        }
        assert_eq!(pruning.join().unwrap().entries, 2_000);
        assert!(written > 0);
        assert_eq!(other.to_prune(&all("2026-02-01T00:00:00Z")).unwrap().entries, written);
    });
}
