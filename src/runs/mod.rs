//! Runs over many customers: a folder for each, with the rows it was given and what became of every one, so that a run
//! that was cut off can go on.

mod customers;
mod export;
mod finished;
pub mod seen;

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use customers::Customers;
pub use export::Export;
pub use finished::Finished;

use crate::bulk::Format;
use crate::bulk::ndjson::line;
use crate::bulk::result::{Counts, Outcome, RowResult};
use crate::files::{cut_torn_line, make_folder, private, replace, sync_folder, try_hold};
use crate::journal::EntryId;

/// The runs of this user on this machine.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

/// What a run does, and where. Kept as `about.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// The version of this format.
    pub v: u32,
    /// The run's name.
    pub run: EntryId,
    /// When it began.
    pub time: Timestamp,
    /// What it does with each row.
    pub kind: Kind,
    /// The profile's name.
    pub profile: String,
    /// What the journal knows the host by.
    pub host: String,
    /// Where the rows came from, for people.
    pub source: String,
    /// How many rows there are.
    pub rows: u64,
    /// Whether fields may be added that a customer does not have.
    pub new_fields: bool,
    /// Whether a customer is read again after the write.
    pub reads_again: bool,
    /// What became of the rows, when the run last ended; none while it never did.
    #[serde(default)]
    pub counts: Option<Counts>,
}

/// What a run does with each row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It edits the customer as the row says.
    Update(Format),
    /// It carries out a plan file.
    Apply,
    /// It takes back what another run wrote.
    Undo(EntryId),
}

impl Kind {
    /// Its name for people.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Update(_) => "update",
            Kind::Apply => "apply",
            Kind::Undo(_) => "undo",
        }
    }
}

/// A run that has a folder and a name, and is nothing more yet. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct NewRun {
    runs: PathBuf,
    folder: PathBuf,
    name: EntryId,
    lock: Option<File>,
}

impl NewRun {
    /// Its name.
    pub fn name(&self) -> &EntryId {
        &self.name
    }

    /// Where its rows are copied to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes it a run. From here on it can go on after whatever happens.
    ///
    /// # Errors
    /// Where it cannot be written; then nothing is left of it.
    pub fn keep(mut self, about: About) -> Result<Run> {
        let keep = || -> Result<Run> {
            let lock = self.lock.as_ref().context("it is kept already")?.try_clone()?;
            let run =
                Run { folder: self.folder.clone(), about, results: results(&self.folder)?, _lock: lock };
            run.note()?;
            sync_folder(&self.runs)?;
            Ok(run)
        };
        let run = keep().with_context(|| format!("the run cannot be kept in {}", self.folder.display()))?;
        self.lock = None;
        Ok(run)
    }
}

impl Drop for NewRun {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // What is left otherwise is swept away by the next run.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The version of `about.json` that is written.
pub const VERSION: u32 = 1;

/// A run that this process and no other carries out.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    /// What it does.
    pub about: About,
    results: File,
    _lock: File,
}

/// The rows that were copied, to be read.
pub type Kept = BufReader<File>;

impl Runs {
    /// The runs in this folder; it is made when there is one.
    pub fn at(folder: PathBuf) -> Runs {
        Runs { folder }
    }

    /// A folder for a new run. Folders that never became runs, because their process died, are swept away.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn begin(&self, name: EntryId) -> Result<NewRun> {
        let folder = self.folder.join(name.to_string());
        let begin = || -> Result<NewRun> {
            make_folder(&folder)?;
            let lock = try_hold(&folder.join(LOCK))?.context("another process has it")?;
            Ok(NewRun { runs: self.folder.clone(), folder: folder.clone(), name, lock: Some(lock) })
        };
        let new = begin().with_context(|| format!("{} cannot be made", folder.display()))?;
        self.sweep();
        Ok(new)
    }

    fn sweep(&self) {
        let folders = fs::read_dir(&self.folder).into_iter().flatten().filter_map(io::Result::ok);
        for folder in folders.map(|entry| entry.path()).filter(|folder| !folder.join(ABOUT).exists()) {
            // One without a lock is being made at this moment, or is no run's.
            let held = folder.join(LOCK).exists().then(|| try_hold(&folder.join(LOCK)));
            // It may have become a run, and ended, while it was looked at.
            if matches!(held, Some(Ok(Some(_)))) && !folder.join(ABOUT).exists() {
                let _ = fs::remove_dir_all(&folder);
            }
        }
    }

    /// Takes a run up that was cut off; none where there is no such run.
    ///
    /// # Errors
    /// Where another process carries it out, or it cannot be read.
    pub fn open(&self, run: &str) -> Result<Option<Run>> {
        let plain = run.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let folder = self.folder.join(run);
        if !plain || run.is_empty() || !folder.join(ABOUT).exists() {
            return Ok(None);
        }
        let open = || -> Result<Run> {
            let about = about(&folder)?;
            let lock = try_hold(&folder.join(LOCK))?.context("another process is carrying it out")?;
            let results = results(&folder)?;
            cut_torn_line(&results)?;
            Ok(Run { results, folder: folder.clone(), about, _lock: lock })
        };
        open().map(Some).with_context(|| format!("the run {run} cannot be taken up"))
    }

    /// Every run, the oldest first.
    ///
    /// # Errors
    /// Where the folder cannot be read. What is no run is passed over.
    pub fn list(&self) -> Result<Vec<About>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| format!("{} cannot be read", self.folder.display()))?,
        };
        let mut runs: Vec<About> =
            entries.filter_map(io::Result::ok).filter_map(|entry| about(&entry.path()).ok()).collect();
        runs.sort_unstable_by(|one, other| one.run.cmp(&other.run));
        Ok(runs)
    }

    /// The run that took this one back, where that was not taken back in its turn.
    ///
    /// # Errors
    /// Where the runs cannot be read.
    pub fn taken_back(&self, run: &EntryId) -> Result<Option<EntryId>> {
        let mut undone = HashSet::new();
        // A run is taken back by later ones only, so each is looked at when all of those are known that could undo it.
        for about in self.list()?.into_iter().rev() {
            let Kind::Undo(target) = &about.kind else { continue };
            if undone.contains(&about.run) || !self.may_have_written(&about)? {
                continue;
            }
            if target == run {
                return Ok(Some(about.run));
            }
            undone.insert(target.clone());
        }
        Ok(None)
    }

    fn may_have_written(&self, about: &About) -> Result<bool> {
        let counts = self.counts(about)?;
        let wrote = [Outcome::Written, Outcome::Differs, Outcome::Unknown];
        Ok(wrote.into_iter().any(|outcome| counts.of(outcome) > 0))
    }

    /// What became of the rows of a run so far.
    ///
    /// # Errors
    /// Where that cannot be read.
    pub fn counts(&self, about: &About) -> Result<Counts> {
        if let Some(counts) = &about.counts {
            return Ok(counts.clone());
        }
        let mut counts = Counts::default();
        each_result(&self.folder.join(about.run.to_string()), |result| counts.add(result.outcome))?;
        Ok(counts)
    }
}

const ABOUT: &str = "about.json";
const RESULTS: &str = "results.ndjson";
const INPUT: &str = "input";
const LOCK: &str = "lock";

impl Run {
    /// Where everything of it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The rows it was given.
    ///
    /// # Errors
    /// Where they cannot be opened.
    pub fn input(&self) -> Result<Kept> {
        open_input(&self.folder)
    }

    /// Notes what became of a row, and gives the line that says it.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn note_result(&mut self, result: &RowResult) -> Result<String> {
        let line = result.line();
        let written = self.results.write_all(line.as_bytes());
        if written.is_err() {
            // The next line must not go on in the middle of this one.
            let _ = cut_torn_line(&self.results);
        }
        written.with_context(|| format!("{} cannot be written", self.folder.join(RESULTS).display()))?;
        Ok(line)
    }

    /// Gives every result to `each`, in the order in which the rows ended.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn each_result(&self, each: impl FnMut(RowResult)) -> Result<()> {
        each_result(&self.folder, each)
    }

    /// Forgets the results that are not final, so that their rows are carried out or settled again.
    ///
    /// # Errors
    /// Where the results cannot be read or replaced; then they are as they were.
    pub fn reopen(&mut self, again: impl Fn(&RowResult) -> bool) -> Result<()> {
        let path = self.folder.join(RESULTS);
        let mut fresh = BufWriter::new(tempfile::NamedTempFile::new_in(&self.folder)?);
        let mut written = Ok(());
        let mut count = 0_u64;
        self.each_result(|result| {
            if again(&result) {
                count += 1;
            } else if written.is_ok() {
                let line = serde_json::to_writer(&mut fresh, &result).map_err(io::Error::from);
                written = line.and_then(|()| fresh.write_all(b"\n"));
            }
        })?;
        written?;
        if count == 0 {
            return Ok(());
        }
        let fresh = fresh.into_inner().map_err(io::IntoInnerError::into_error)?;
        fresh.as_file().sync_all()?;
        fresh.persist(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        self.results = results(&self.folder)?;
        Ok(())
    }

    /// Notes that it goes on, so that what it added up to before no longer counts.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn begin(&mut self) -> Result<()> {
        if self.about.counts.take().is_some() { self.note() } else { Ok(()) }
    }

    /// Notes what the results add up to.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn end(&mut self, counts: Counts) -> Result<()> {
        self.results.sync_data().context("the results cannot be synced")?;
        self.about.counts = Some(counts);
        self.note()
    }

    fn note(&self) -> Result<()> {
        replace(&self.folder.join(ABOUT), &serde_json::to_vec(&self.about)?)?;
        Ok(sync_folder(&self.folder)?)
    }
}

/// Copies the rows of a run into its folder.
///
/// # Errors
/// Where they cannot be read or written.
pub fn spool(mut input: impl Read, folder: &Path) -> Result<()> {
    let path = folder.join(INPUT);
    let file = private(OpenOptions::new().create(true).write(true).truncate(true)).open(&path)?;
    let mut out = BufWriter::new(file);
    io::copy(&mut input, &mut out).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
}

/// The rows that were copied into a folder.
///
/// # Errors
/// Where they cannot be opened.
pub fn open_input(folder: &Path) -> Result<Kept> {
    let path = folder.join(INPUT);
    File::open(&path).map(BufReader::new).with_context(|| format!("{} cannot be read", path.display()))
}

fn about(folder: &Path) -> Result<About> {
    let about: About = serde_json::from_slice(&fs::read(folder.join(ABOUT))?)?;
    anyhow::ensure!(about.v <= VERSION, "it was made by a later version of fusebill");
    Ok(about)
}

fn results(folder: &Path) -> io::Result<File> {
    private(OpenOptions::new().create(true).read(true).append(true)).open(folder.join(RESULTS))
}

fn each_result(folder: &Path, mut each: impl FnMut(RowResult)) -> Result<()> {
    let mut input = match File::open(folder.join(RESULTS)) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => BufReader::new(file?),
    };
    while let Some(text) = line(&mut input)? {
        // A last line that was cut off belongs to a row that has no end then.
        if let Ok(result) = serde_json::from_slice(&text) {
            each(result);
        }
    }
    Ok(())
}
