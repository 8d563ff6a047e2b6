use std::fs;
use std::sync::Barrier;

use super::*;

const NO_WAIT: Duration = Duration::ZERO;
const WAIT: Duration = Duration::from_secs(60);

fn note(store: &Store, name: &str) -> Result<()> {
    let sql = "INSERT INTO runs (run, time, kind, profile, host, source, new_fields, reads_again) VALUES (?, '', '', '', '', '', 0, 0)";
    store.write(|transaction| transaction.execute(sql, [name])).map(drop)
}

fn noted(store: &Store) -> Result<Vec<String>> {
    store.read(|connection| {
        let mut names = connection.prepare("SELECT run FROM runs ORDER BY id")?;
        let names = names.query_map([], |row| row.get(0))?;
        names.collect()
    })
}

fn pragma(store: &Store, name: &str) -> String {
    let value = store.read(|connection| {
        connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).map(Some)
    });
    match value.unwrap() {
        Some(rusqlite::types::Value::Integer(number)) => number.to_string(),
        Some(rusqlite::types::Value::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_read_creates_no_file_and_a_write_creates_a_private_synced_one() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("state");
    let store = Store::at(folder.clone(), WAIT);
    assert!(noted(&store).unwrap().is_empty() && !folder.exists());
    note(&store, "a").unwrap();
    assert_eq!(noted(&store).unwrap(), ["a"]);
    let pragmas =
        ["journal_mode", "synchronous", "secure_delete", "auto_vacuum", "temp_store", "user_version"];
    assert_eq!(pragmas.map(|name| pragma(&store, name)), ["wal", "3", "1", "2", "2", "1"]);
    #[cfg(unix)]
    for name in ["fusebill.db", "fusebill.db-wal", "fusebill.db-shm"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_database_without_shared_memory_works_with_a_rollback_journal() {
    for made_with_it in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let open = || Store::at(home.path().to_path_buf(), WAIT);
        if made_with_it {
            note(&open(), "a").unwrap();
        }
        // A link to nowhere has the effect of a file system without shared memory: in both cases the file cannot be mapped.
        std::os::unix::fs::symlink("/nowhere/shm", home.path().join("fusebill.db-shm")).unwrap();
        note(&open(), "b").unwrap();
        let store = open();
        note(&store, "c").unwrap();
        let expected: &[&str] = if made_with_it { &["a", "b", "c"] } else { &["b", "c"] };
        assert_eq!(noted(&store).unwrap(), expected);
        assert_eq!(pragma(&store, "journal_mode"), "delete");
        assert_eq!(pragma(&store, "synchronous"), "3");
    }
}

#[test]
fn a_newer_a_foreign_and_a_damaged_file_are_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("fusebill.db");
    let refused = || {
        let before = fs::read(&path).unwrap();
        let errors = [noted(&Store::at(home.path().to_path_buf(), WAIT)).unwrap_err(), {
            note(&Store::at(home.path().to_path_buf(), WAIT), "x").unwrap_err()
        }];
        assert!(errors[0].message == errors[1].message && fs::read(&path).unwrap() == before);
        assert!(!errors[0].hints.is_empty());
        let [error, _] = errors;
        error
    };
    fs::write(&path, "a diary, and no database, of some length").unwrap();
    assert!(refused().message.ends_with("is not a store of fusebill"));
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE diary (day)").unwrap();
    assert!(refused().message.ends_with("is not a store of fusebill"));
    fs::remove_file(&path).unwrap();
    note(&Store::at(home.path().to_path_buf(), WAIT), "a").unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let error = refused();
    assert!(error.message.ends_with("was written by a newer version of fusebill"), "{error}");
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let roots: Vec<usize> = connection
        .prepare("SELECT rootpage FROM sqlite_schema")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(|root| root.unwrap())
        .collect();
    drop(connection);
    let mut bytes = fs::read(&path).unwrap();
    for root in roots {
        bytes[(root - 1) * 4096..][..40].fill(0xff);
    }
    fs::write(&path, bytes).unwrap();
    let error = refused();
    assert!(
        error.message.ends_with("is damaged") && !error.details.is_empty(),
        "{error} {:?}",
        error.details
    );
    assert!(error.hints[0].contains(".recover"), "{:?}", error.hints);
}

#[test]
fn migrations_go_forward_from_any_version_all_or_none() {
    let versions = [
        "CREATE TABLE a (x)",
        "ALTER TABLE a ADD COLUMN y; INSERT INTO a VALUES (1, 2)",
        "CREATE TABLE a (twice)",
    ];
    for known in 0..=2 {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, &versions[..known]).unwrap();
        migrate(&connection, &versions[..2]).unwrap();
        let sum = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(sum("SELECT sum(x + y) FROM a"), 3);
        migrate(&connection, &versions).unwrap_err();
        assert_eq!(sum("PRAGMA user_version"), 2);
        assert_eq!(sum("SELECT count(*) FROM a"), 1);
    }
}

#[test]
fn a_wait_for_another_writer_is_bounded_and_reported() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(home.path().to_path_buf(), NO_WAIT);
    note(&store, "a").unwrap();
    let other = Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = note(&store, "b").unwrap_err();
    assert!(error.message.starts_with("another fusebill has been writing to the store"), "{error}");
    assert_eq!(noted(&store).unwrap(), ["a"], "readers do not wait");
    other.execute_batch("ROLLBACK").unwrap();
    note(&store, "b").unwrap();
}

#[test]
fn many_can_make_the_database_at_once() {
    let home = tempfile::tempdir().unwrap();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for name in 0..8 {
            let store = Store::at(home.path().to_path_buf(), WAIT);
            let start = &start;
            scope.spawn(move || {
                start.wait();
                (0..5).for_each(|time| note(&store, &format!("{name}.{time}")).unwrap());
            });
        }
    });
    assert_eq!(noted(&Store::at(home.path().to_path_buf(), WAIT)).unwrap().len(), 40);
}

#[cfg(unix)]
#[test]
fn a_store_that_other_users_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let open = || Store::at(home.path().to_path_buf(), WAIT);
    note(&open(), "a").unwrap();
    for (path, mode) in [(home.path().to_path_buf(), 0o777), (home.path().join("fusebill.db"), 0o666)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = noted(&open()).unwrap_err();
        assert!(error.message.contains("can be written to by other users"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// What is on the disk after a power cut: of the log at least what was synced, and any part of what came after it.
#[test]
fn a_completed_write_survives_a_power_cut_at_any_log_length() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(home.path().to_path_buf(), WAIT);
    note(&store, "first").unwrap();
    let log = store.beside("-wal");
    let mut synced = fs::read(&log).unwrap().len();
    for round in 0..5 {
        let returned = noted(&store).unwrap().len();
        note(&store, &format!("later {round}")).unwrap();
        let whole = fs::read(&log).unwrap();
        for length in (synced..=whole.len()).step_by(512).chain([whole.len()]) {
            let copy = tempfile::tempdir().unwrap();
            fs::copy(store.path(), copy.path().join("fusebill.db")).unwrap();
            fs::write(copy.path().join("fusebill.db-wal"), &whole[..length]).unwrap();
            let survived = noted(&Store::at(copy.path().to_path_buf(), WAIT)).unwrap();
            let all = if length == whole.len() { returned + 1 } else { returned };
            assert_eq!(survived.len(), all, "{length} of {} bytes", whole.len());
        }
        synced = whole.len();
    }
}
