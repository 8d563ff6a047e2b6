use std::sync::Barrier;

use super::super::id::EntryId;
use super::super::record::{Ending, Outcome};
use super::*;

fn outcome(entry: &str) -> Record {
    let (entry, time) = (EntryId::typed(entry), jiff::Timestamp::UNIX_EPOCH);
    Record::Outcome(Outcome { entry, time, outcome: Ending::Written, stored: None })
}

/// A journal with one record, and the file it is.
fn begun() -> (tempfile::TempDir, Store, Arc<File>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().to_path_buf());
    store.append(&outcome("first"), Durability::Synced).unwrap();
    let file = Arc::new(File::open(store.path()).unwrap());
    (folder, store, file)
}

fn entries(store: &Store) -> Vec<String> {
    let mut entries = Vec::new();
    store.read(|record| entries.push(record.unwrap().entry().to_string())).unwrap();
    entries
}

#[test]
fn who_only_writes_does_not_wait_for_the_disk_of_others() {
    let (_folder, store, file) = begun();
    let (begins, ends) = (Barrier::new(2), Barrier::new(2));
    let slow = |_: &File| {
        begins.wait();
        ends.wait();
        Ok(())
    };
    std::thread::scope(|scope| {
        let syncing = scope.spawn(|| store.group.sync(&file, slow));
        begins.wait();
        store.append(&outcome("second"), Durability::Buffered).unwrap();
        assert_eq!(entries(&store), ["first", "second"]);
        ends.wait();
        syncing.join().unwrap().unwrap();
    });
}

#[test]
fn a_record_that_cannot_be_synced_is_taken_away_again() {
    let (_folder, store, file) = begun();
    store.group.sync(&file, |_| Err(io::Error::other("the disk is gone"))).unwrap_err();
    for _ in 0..2 {
        let why = store.append(&outcome("second"), Durability::Synced).unwrap_err();
        assert!(format!("{why:#}").ends_with("cannot be written: the disk is gone"), "{why:#}");
        assert_eq!(entries(&store), ["first"]);
    }
}

#[test]
fn a_record_is_not_taken_away_from_under_others() {
    let (_folder, store, _) = begun();
    let written = store.write(&outcome("second")).unwrap();
    store.append(&outcome("third"), Durability::Buffered).unwrap();
    store.take_back(&written);
    assert_eq!(entries(&store), ["first", "second", "third"]);
    std::fs::rename(store.path(), store.folder().join("old.jsonl")).unwrap();
    let written = store.write(&outcome("fourth")).unwrap();
    std::fs::copy(store.path(), store.folder().join("copy.jsonl")).unwrap();
    std::fs::rename(store.folder().join("copy.jsonl"), store.path()).unwrap();
    store.take_back(&written);
    assert_eq!(entries(&store), ["fourth"], "it is another file");
}
