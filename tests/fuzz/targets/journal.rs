//! The journal's file. The input: two digits that say where the file is cut and which entry is pruned, then its text.
//!
//! Held: every line that is a record is read and every other complete one is reported, in order; a record that is written
//! again is the same line; appending keeps every complete line byte for byte and takes away a torn one only, after which
//! the open entries are those without an end; a cut loses the last line at most; pruning throws nothing away that cannot
//! be read.

#![no_main]

use std::cell::RefCell;
use std::path::Path;

use fusebill::journal::store::{Durability, Store};
use fusebill::journal::{Ending, EntryId, LineError, Open, Outcome, Record, record};
use libfuzzer_sys::fuzz_target;

thread_local! {
    /// One folder for all inputs: making one takes longer than an input does.
    static FOLDER: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().expect("a temporary folder"));
}

fuzz_target!(|data: &[u8]| {
    let [cut, prune, file @ ..] = data else { return };
    FOLDER.with_borrow(|folder| {
        lines(file);
        appended(folder.path(), file);
        let cut = file.len() * usize::from(cut.wrapping_sub(b'0') % 10) / 9;
        is_cut(folder.path(), file, cut);
        pruned(folder.path(), file, usize::from(prune.wrapping_sub(b'0') % 10));
    });
});

/// The complete lines of a file and what they are.
fn complete(file: &[u8]) -> Vec<(&[u8], Result<Record, LineError>)> {
    let lines = file.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let read = |line: &[u8]| {
        let text = std::str::from_utf8(&line[..line.len() - 1]);
        text.map_err(|why| LineError::Damaged(why.to_string())).and_then(Record::parse)
    };
    lines.map(|line| (line, read(line))).collect()
}

fn lines(file: &[u8]) {
    for (line, read) in complete(file) {
        let Ok(record) = read else { continue };
        let text = std::str::from_utf8(line).expect("a record is text");
        let open = record::open(text.trim_end_matches('\n')).expect("a record says what is open");
        let written = record.line(&open);
        assert_eq!(written.find('\n'), Some(written.len() - 1), "a record is one line");
        let again = Record::parse(written.trim_end_matches('\n')).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(again.line(&open), written, "a record is read another way than it was written");
        assert_eq!((again.entry(), record::open(written.trim_end())), (record.entry(), Ok(open)));
        if let (Record::Intent(one), Record::Intent(other)) = (&record, &again) {
            assert_eq!((&one.before, &one.after), (&other.before, &other.after));
            assert_eq!(one.edits.len(), other.edits.len());
        }
    }
}

/// A journal with this text, read by a process that knows nothing of it yet.
fn store(folder: &Path, file: &[u8]) -> Store {
    let store = Store::at(folder.to_path_buf());
    std::fs::write(store.path(), file).expect("a temporary file");
    store
}

fn read(store: &Store) -> Vec<Result<String, LineError>> {
    let mut found = Vec::new();
    store.read(|record| found.push(record.map(|record| record.line(&[])))).expect("a file that can be read");
    found
}

fn expected(file: &[u8]) -> Vec<Result<String, LineError>> {
    complete(file).into_iter().map(|(_, read)| read.map(|record| record.line(&[]))).collect()
}

fn an_end(entry: &str) -> Record {
    let (entry, time) = (EntryId::typed(entry), jiff::Timestamp::UNIX_EPOCH);
    Record::Outcome(Outcome { entry, time, outcome: Ending::Written, stored: None })
}

fn appended(folder: &Path, file: &[u8]) {
    let store = store(folder, file);
    assert_eq!(read(&store), expected(file));
    let end = file.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let before = store.open();
    if let Ok(open) = &before {
        is_open(file, open);
    }
    let done = before
        .as_ref()
        .ok()
        .and_then(|open| open.first())
        .map_or("none".to_string(), |it| it.entry.to_string());
    let added = store.append(&an_end(&done), Durability::Buffered);
    let now = std::fs::read(store.path()).expect("a temporary file");
    assert_eq!(&now[..end], &file[..end], "a complete line changed");
    let Ok(()) = added else {
        assert!(now.len() == end || now == file, "a part of a record was left");
        // Only a line of a later version stands in the way.
        let last = complete(file)
            .pop()
            .map(|(line, _)| record::open(&String::from_utf8_lossy(&line[..line.len() - 1])));
        return assert!(matches!(last, Some(Err(LineError::Newer(_)))), "{added:?}");
    };
    assert!(before.is_ok());
    let records = complete(&now);
    assert_eq!(records.len(), complete(file).len() + 1);
    let (last, read) = records.last().expect("one was added");
    assert_eq!(now.len(), end + last.len(), "something stands after the record");
    assert_eq!(read.as_ref().expect("a record").entry().to_string(), EntryId::typed(&done).to_string());
    let left: Vec<Open> =
        before.expect("it was read").into_iter().filter(|open| open.entry.to_string() != done).collect();
    if EntryId::typed(&done).to_string() == done {
        assert_eq!(store.open().expect("it can be read"), left, "the entry is open still");
        let fresh = Store::at(folder.to_path_buf());
        assert_eq!(fresh.open().expect("it can be read"), left, "another process is told otherwise");
    }
}

/// What is open is what the last line says; where that cannot be read, what all others come to.
fn is_open(file: &[u8], open: &[Open]) {
    let lines = complete(file);
    let Some((last, _)) = lines.last() else { return assert!(open.is_empty()) };
    match record::open(&String::from_utf8_lossy(&last[..last.len() - 1])) {
        Ok(told) => assert_eq!(open, told),
        Err(_) => {
            let mut all: Vec<Open> = Vec::new();
            for record in lines.into_iter().filter_map(|(_, read)| read.ok()) {
                match record {
                    Record::Intent(intent) => all.push(Open {
                        entry: intent.entry,
                        profile: intent.profile,
                        customer: intent.customer.id,
                    }),
                    Record::Outcome(it) if it.outcome == Ending::Unknown => {}
                    Record::Outcome(it) => all.retain(|open| open.entry != it.entry),
                }
            }
            assert_eq!(open, all);
        }
    }
}

fn is_cut(folder: &Path, file: &[u8], cut: usize) {
    let (whole, left) = (expected(file), read(&store(folder, &file[..cut])));
    let complete = file[..cut].iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(left, whole[..complete], "a cut takes more than the line it is in");
}

fn pruned(folder: &Path, file: &[u8], which: usize) {
    let store = store(folder, file);
    let records = complete(file);
    let entries: Vec<String> =
        records.iter().filter_map(|(_, read)| Some(read.as_ref().ok()?.entry().to_string())).collect();
    let Some(gone) = entries.get(which) else { return };
    store.retain(|record| record.entry().to_string() != *gone).expect("it can be rewritten");
    let kept: Vec<Result<String, LineError>> = records
        .iter()
        .filter(|(_, read)| read.as_ref().ok().is_none_or(|record| record.entry().to_string() != *gone))
        .map(|(_, read)| read.clone().map(|record| record.line(&[])))
        .collect();
    assert_eq!(read(&store), kept);
    let now = std::fs::read(store.path()).expect("a temporary file");
    for (line, _) in records.iter().filter(|(_, read)| read.is_err()) {
        assert!(
            now.windows(line.len()).any(|part| part == *line),
            "a line that cannot be read was thrown away"
        );
    }
}
