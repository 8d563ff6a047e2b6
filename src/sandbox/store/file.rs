//! The state file: a header line, then one customer a line.
//!
//! Every write replaces the whole file by way of a temporary one, so a reader sees the old or the new state. A lock on
//! the file `<name>.lock` beside it keeps the writes of several processes apart.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use super::{Table, seed};
use crate::files::{make_folder, private};

/// The first line; the number is the version of the format.
const HEADER: &str = r#"{"fusebillSandbox":1}"#;

/// A state file and its lock.
pub(crate) struct StateFile {
    path: PathBuf,
    lock: PathBuf,
}

/// Writes the seed anew into a state file, whatever it held.
///
/// # Errors
/// Where the folder or the file cannot be written.
pub fn reset(path: &Path) -> anyhow::Result<()> {
    let file = StateFile::at(path)?;
    let _held = file.hold()?;
    file.save(&seed::table()?)
}

impl StateFile {
    /// The state file at this path, seeded where it is missing.
    pub(crate) fn open(path: &Path) -> anyhow::Result<StateFile> {
        let file = StateFile::at(path)?;
        let _held = file.hold()?;
        if !file.path.exists() {
            file.save(&seed::table()?)?;
        }
        Ok(file)
    }

    fn at(path: &Path) -> anyhow::Result<StateFile> {
        let name = path.file_name().ok_or_else(|| anyhow!("{} names no file", path.display()))?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        make_folder(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let mut lock = name.to_os_string();
        lock.push(".lock");
        Ok(StateFile { path: folder.join(name), lock: folder.join(lock) })
    }

    /// The customers as they are.
    pub(crate) fn read(&self) -> anyhow::Result<Table> {
        let text = std::fs::read_to_string(&self.path).with_context(|| self.trouble("cannot be read"))?;
        parse(&text).with_context(|| self.trouble("is damaged"))
    }

    /// Changes the customers while no other process does.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut Table) -> T) -> anyhow::Result<T> {
        let _held = self.hold()?;
        let before = self.read()?;
        let mut table = before.clone();
        let result = change(&mut table);
        if table != before {
            self.save(&table)?;
        }
        Ok(result)
    }

    fn trouble(&self, what: &str) -> String {
        format!("the sandbox's state {} {what}; `fusebill sandbox reset` writes it anew", self.path.display())
    }

    /// The lock is held until the file is dropped.
    fn hold(&self) -> anyhow::Result<File> {
        let open = || -> io::Result<File> {
            let file =
                private(OpenOptions::new().create(true).truncate(false).write(true)).open(&self.lock)?;
            file.lock()?;
            Ok(file)
        };
        open().with_context(|| format!("the lock {} cannot be taken", self.lock.display()))
    }

    fn save(&self, table: &Table) -> anyhow::Result<()> {
        let replace = || -> io::Result<()> {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            // A temporary file is readable by its owner alone, and stays so under its last name.
            let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
            temporary.write_all(render(table).as_bytes())?;
            temporary.as_file().sync_data()?;
            temporary.persist(&self.path)?;
            Ok(())
        };
        replace().with_context(|| format!("the sandbox's state {} cannot be written", self.path.display()))
    }
}

fn render(table: &Table) -> String {
    let mut text = format!("{HEADER}\n");
    for document in table.documents() {
        // A line break stands only between tokens: inside a string JSON has it escaped.
        text.extend(document.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
        text.push('\n');
    }
    text
}

fn parse(text: &str) -> anyhow::Result<Table> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        bail!("its first line is not {HEADER}");
    }
    let mut table = Table::default();
    for (at, line) in lines.enumerate() {
        table.add(line).with_context(|| format!("line {}", at + 2))?;
    }
    Ok(table)
}
