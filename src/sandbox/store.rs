//! Stores the customers in memory, or in a file that several sandboxes share: a header line, then one customer a line, then
//! one ledger a line.
//! Every write replaces the file, so a reader sees the old or the new state. A lock on the file `<name>.lock` beside it
//! serializes the writes of several processes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, anyhow, bail};

use super::table::Table;
use crate::files::{hold, make_folder, replace};

/// The first line; the number is the version of the format.
const HEADER: &str = r#"{"fusebillSandbox":1}"#;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In memory: every start begins with the seed.
    Memory,
    /// In this file, shared with every sandbox that uses it; seeded if it is missing.
    File(PathBuf),
}

/// Replaces the content of a state file by the seed.
pub fn reset(path: &Path) -> anyhow::Result<()> {
    let file = StateFile::at(path)?;
    let _lock = file.lock()?;
    file.save(&render(&Table::seeded()?))
}

pub(crate) enum Store {
    Memory(Mutex<Table>),
    File(StateFile),
}

impl Store {
    /// A file is read once, so that a damaged one fails the start.
    pub(crate) fn open(state: &State) -> anyhow::Result<Store> {
        Ok(match state {
            State::Memory => Store::Memory(Mutex::new(Table::seeded()?)),
            State::File(path) => {
                let file = StateFile::at(path)?;
                let _lock = file.lock()?;
                if !file.path.exists() {
                    file.save(&render(&Table::seeded()?))?;
                }
                file.read()?;
                Store::File(file)
            }
        })
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Table) -> T) -> anyhow::Result<T> {
        match self {
            Store::Memory(table) => Ok(look(&lock(table))),
            Store::File(file) => Ok(look(&file.read()?)),
        }
    }

    /// No other writer comes in between.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut Table) -> T) -> anyhow::Result<T> {
        match self {
            Store::Memory(table) => Ok(change(&mut lock(table))),
            Store::File(file) => file.write(change),
        }
    }
}

/// A panic leaves nothing half done: every holder writes in one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct StateFile {
    path: PathBuf,
    lock: PathBuf,
}

impl StateFile {
    fn at(path: &Path) -> anyhow::Result<StateFile> {
        let folder = path.parent().ok_or_else(|| anyhow!("{} names no file", path.display()))?;
        make_folder(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        Ok(StateFile { path: path.to_path_buf(), lock: lock.into() })
    }

    fn lock(&self) -> anyhow::Result<File> {
        hold(&self.lock).with_context(|| format!("the lock {} cannot be taken", self.lock.display()))
    }

    fn read(&self) -> anyhow::Result<Table> {
        let text =
            std::fs::read_to_string(&self.path).with_context(|| self.damage_message("cannot be read"))?;
        parse(&text).with_context(|| self.damage_message("is damaged"))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Table) -> T) -> anyhow::Result<T> {
        let _lock = self.lock()?;
        let mut table = self.read()?;
        let before = render(&table);
        let result = change(&mut table);
        let after = render(&table);
        if after != before {
            self.save(&after)?;
        }
        Ok(result)
    }

    fn save(&self, text: &str) -> anyhow::Result<()> {
        replace(&self.path, text.as_bytes())
            .with_context(|| format!("the sandbox's state {} cannot be written", self.path.display()))
    }

    fn damage_message(&self, what: &str) -> String {
        format!("the sandbox's state {} {what}; `fusebill sandbox reset` restores it", self.path.display())
    }
}

fn render(table: &Table) -> String {
    let mut text = format!("{HEADER}\n");
    for document in table.documents() {
        // Inside a string JSON escapes line breaks, so these are between tokens.
        text.push_str(&document.text().replace(['\n', '\r'], " "));
        text.push('\n');
    }
    for ledger in table.ledgers() {
        text.push_str(&serde_json::to_string(ledger).unwrap_or_default());
        text.push('\n');
    }
    text
}

fn parse(text: &str) -> anyhow::Result<Table> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        bail!("its first line is not {HEADER}");
    }
    Table::read(lines)
}
