//! The journal's file: appended to under a lock, so that several processes never interleave.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};

use super::group::{Group, lock};
use super::record::{self, Open, Record};
use crate::files::{CHUNK, last_line, make_folder, private, sync_folder};

/// The folder that holds the journal and its lock.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    path: PathBuf,
    lock_path: PathBuf,
    end: Arc<Mutex<End>>,
    group: Arc<Group>,
}

/// What this process knows of the journal's end, from one append to the next.
#[derive(Debug, Default)]
struct End {
    held: Option<Held>,
    tail: Option<Tail>,
}

/// The files of the journal, kept open. The lock is not held in between.
#[derive(Debug)]
struct Held {
    lock: File,
    journal: Arc<File>,
    /// Which files they are, in this order; none where the platform does not tell.
    ids: Option<(FileId, FileId)>,
}

/// A file, whatever its name: its device and its number there.
type FileId = (u64, u64);

/// The end of the journal, as this process wrote it last.
#[derive(Debug)]
struct Tail {
    /// Where the last line ends, in bytes.
    end: u64,
    /// The entries that are open there.
    open: Vec<Open>,
    /// Which file it is.
    file: Option<FileId>,
}

/// A record in the file, which may not be on the disk yet.
struct Written {
    journal: Arc<File>,
    file: Option<FileId>,
    begins: u64,
    ends: u64,
}

/// Whether a record has to survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On the disk before this returns.
    Synced,
    /// Handed to the operating system.
    Buffered,
}

impl Store {
    /// The journal in this folder, which is made when something is first written.
    pub fn at(folder: PathBuf) -> Store {
        let (path, lock_path) = (folder.join("journal.jsonl"), folder.join("journal.lock"));
        Store { folder, path, lock_path, end: Arc::default(), group: Arc::default() }
    }

    /// From now on so many threads append synced records, each of them one after the other.
    pub(super) fn written_by(&self, threads: usize) {
        self.group.written_by(threads);
    }

    /// The folder it is in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file with the records.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a record.
    ///
    /// Records that several threads append are written one after the other, and the disk is synced once for all that were
    /// written before. A last line that was cut off, by a crash or a full disk, is taken away first: its record never was
    /// complete, and nothing was sent on its strength.
    ///
    /// # Errors
    /// Where the journal cannot be written. Then the record is not in it, but for one that could not be synced and after
    /// which others were written.
    pub fn append(&self, record: &Record, durability: Durability) -> Result<()> {
        let append = || -> Result<()> {
            let written = self.write(record)?;
            if durability == Durability::Buffered {
                return Ok(());
            }
            let synced = self.group.sync(&written.journal, File::sync_data);
            if synced.is_err() {
                self.take_back(&written);
            }
            synced
        };
        append().with_context(|| format!("the journal {} cannot be written", self.path().display()))
    }

    /// Hands a record to the operating system.
    fn write(&self, record: &Record) -> Result<Written> {
        let draft = record.draft();
        let mut end = lock(&self.end);
        let (held, there) = self.hold_journal(&mut end)?;
        let tail = self.tail(&mut end, &held.journal, &there)?;
        let open = record.open_after(tail.open);
        let line = draft.with(&open);
        // The name of a new journal has to be on the disk too, and before it has a line that makes it look like an old one.
        let named = if tail.end == 0 { sync_folder(&self.folder) } else { Ok(()) };
        let written = named.and_then(|()| (&*held.journal).write_all(line.as_bytes()));
        if written.is_err() {
            // A part of a record is worse than none; the next append would take it away as well.
            let _ = held.journal.set_len(tail.end);
        }
        written?;
        let ends = tail.end + line.len() as u64;
        let written = Written { journal: Arc::clone(&held.journal), file: tail.file, begins: tail.end, ends };
        end.tail = Some(Tail { end: ends, open, file: tail.file });
        if held.ids.is_some() && held.lock.unlock().is_ok() {
            end.held = Some(held);
        }
        Ok(written)
    }

    /// Takes a record away that may not be on the disk, unless others stand after it: then its change is unfinished, as if
    /// the program had ended here.
    fn take_back(&self, written: &Written) {
        let mut end = lock(&self.end);
        end.tail = None;
        if let Ok((held, there)) = self.hold_journal(&mut end)
            && (identity(&there), there.len()) == (written.file, written.ends)
        {
            let _ = held.journal.set_len(written.begins);
        }
    }

    /// The journal to append to under its lock, and what it is now. The files of the append before are used again as long
    /// as they are the ones that have their names.
    fn hold_journal(&self, end: &mut End) -> Result<(Held, Metadata)> {
        if let Some(held) = end.held.take() {
            held.lock.lock()?;
            let at = |path: &Path| std::fs::metadata(path).ok();
            let there = at(&self.lock_path).zip(at(&self.path));
            let ids = there.as_ref().and_then(|(lock, journal)| identity(lock).zip(identity(journal)));
            if let Some((_, there)) = there.filter(|_| ids.is_some() && ids == held.ids) {
                return Ok((held, there));
            }
        }
        let lock = self.hold_made()?;
        let journal = private(OpenOptions::new().create(true).read(true).append(true)).open(self.path())?;
        let there = journal.metadata()?;
        let ids = lock.metadata().ok().as_ref().and_then(identity).zip(identity(&there));
        Ok((Held { lock, journal: Arc::new(journal), ids }, there))
    }

    /// Where the lines end and what is open there, without reading what this process has written itself. A line that
    /// was cut off is taken away.
    fn tail(&self, known: &mut End, journal: &File, there: &Metadata) -> Result<Tail> {
        let (length, identity) = (there.len(), identity(there));
        let same = |known: &Tail| known.end == length && known.file == identity && identity.is_some();
        if let Some(known) = known.tail.take().filter(same) {
            return Ok(known);
        }
        let (end, line) = last_line(journal)?;
        if end < length {
            journal.set_len(end)?;
        }
        Ok(Tail { end, open: self.open_after(line)?, file: identity })
    }

    /// The entries that have no outcome.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn open(&self) -> Result<Vec<Open>> {
        let read = || -> Result<Vec<Open>> {
            let file = match File::open(self.path()) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                file => file?,
            };
            self.open_after(last_line(&file)?.1)
        };
        read().with_context(|| self.unreadable())
    }

    /// Gives every record to `each`, oldest first, or why its line cannot be read. A last line that was cut off is
    /// passed over, and so is what others append meanwhile.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn read(&self, each: impl FnMut(Result<Record, record::LineError>)) -> Result<()> {
        self.read_last(u64::MAX, each)
    }

    /// [`Store::read`] for the lines that lie as a whole in the last so many bytes.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn read_last(
        &self,
        bytes: u64,
        mut each: impl FnMut(Result<Record, record::LineError>),
    ) -> Result<()> {
        let mut read = || -> Result<()> {
            let mut file = match File::open(self.path()) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
                file => file?,
            };
            let end = file.metadata()?.len();
            let start = file.seek(SeekFrom::Start(end.saturating_sub(bytes)))?;
            let mut lines = BufReader::with_capacity(CHUNK as usize, file.take(end - start));
            let mut line = Vec::new();
            if start > 0 {
                lines.read_until(b'\n', &mut line)?;
                line.clear();
            }
            while lines.read_until(b'\n', &mut line)? > 0 {
                if line.pop() == Some(b'\n') {
                    each(parse(&line));
                }
                line.clear();
            }
            Ok(())
        };
        read().with_context(|| self.unreadable())
    }

    /// Writes the journal anew with the lines that `keep` holds on to; every other line is gone for good.
    ///
    /// # Errors
    /// Where it cannot be read or written; then it is as it was.
    pub fn retain(&self, mut keep: impl FnMut(&Record) -> bool) -> Result<()> {
        let mut rewrite = || -> Result<()> {
            if !self.path().exists() {
                return Ok(());
            }
            let _held = self.hold()?;
            // A link stays a link: whoever put the journal elsewhere wants its customers there.
            let place = self.path().canonicalize()?;
            let folder = place.parent().unwrap_or(&self.folder);
            let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
            let mut open = Vec::new();
            let mut lines = BufReader::new(File::open(&place)?);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                match parse(line.strip_suffix(b"\n").unwrap_or_default()) {
                    Ok(record) if keep(&record) => {
                        open = record.open_after(open);
                        fresh.write_all(record.line(&open).as_bytes())?;
                    }
                    Ok(_) => {}
                    // A line that cannot be read is nobody's to throw away.
                    Err(_) => fresh.write_all(&line)?,
                }
                line.clear();
            }
            // Others may be meant to read it.
            fresh.as_file().set_permissions(std::fs::metadata(&place)?.permissions())?;
            fresh.as_file().sync_all()?;
            fresh.persist(&place)?;
            Ok(sync_folder(folder)?)
        };
        rewrite().with_context(|| format!("the journal {} cannot be rewritten", self.path().display()))
    }

    /// The entries that are open after the last line; where that line is damaged, all others are asked.
    fn open_after(&self, line: Option<Vec<u8>>) -> Result<Vec<Open>> {
        match line.map(|line| record::open(&String::from_utf8_lossy(&line))) {
            None => Ok(Vec::new()),
            Some(Err(record::LineError::Damaged(_))) => {
                let mut open = Vec::new();
                self.read(|record| {
                    if let Ok(record) = record {
                        open = record.open_after(std::mem::take(&mut open));
                    }
                })?;
                Ok(open)
            }
            Some(open) => Ok(open?),
        }
    }

    fn unreadable(&self) -> String {
        format!("the journal {} cannot be read", self.path().display())
    }

    /// [`Store::hold`], making the folder where it is not there yet.
    fn hold_made(&self) -> io::Result<File> {
        match self.hold() {
            Err(why) if is_missing(&why) => {
                make_folder(&self.folder)?;
                self.hold()
            }
            held => held,
        }
    }

    /// The lock is a file of its own, because the journal's file is replaced when it is pruned. It is held until the
    /// file is dropped.
    fn hold(&self) -> io::Result<File> {
        let file =
            private(OpenOptions::new().create(true).truncate(false).write(true)).open(&self.lock_path)?;
        file.lock()?;
        Ok(file)
    }
}

/// Which file it is, whatever its name; none where the platform does not tell.
#[cfg(unix)]
fn identity(there: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    Some((there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn identity(_there: &Metadata) -> Option<FileId> {
    None
}

fn is_missing(why: &io::Error) -> bool {
    why.kind() == io::ErrorKind::NotFound
}

fn parse(line: &[u8]) -> Result<Record, record::LineError> {
    let text = std::str::from_utf8(line).map_err(|why| record::LineError::Damaged(why.to_string()))?;
    Record::parse(text)
}

#[cfg(test)]
mod tests;
