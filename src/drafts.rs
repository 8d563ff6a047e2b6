//! Texts that are being edited: each in a folder of its own, from before the editor opens until the change is written
//! and verified, so that nothing that was typed is lost.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::{make_folder, replace, try_hold};
use crate::journal::EntryId;

/// The folders of all texts.
#[derive(Debug, Clone)]
pub struct Drafts {
    folder: PathBuf,
}

/// What a text was laid out from, and where it belongs. Written beside the text as `about.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// The version of this format.
    pub v: u32,
    /// The profile's name.
    pub profile: String,
    /// What the journal knows the host by.
    pub host: String,
    /// The customer's id.
    pub customer: u64,
    /// When the text was first laid out.
    pub time: Timestamp,
    /// Whether read-only fields were laid out too.
    pub all: bool,
    /// The customer that the text is compared with, as the server sent it.
    pub shown: String,
}

/// The version that is written.
pub const VERSION: u32 = 1;

/// A text that is being edited by this process and no other.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
    /// What it is about.
    pub about: About,
    /// Held for as long as this lives, so that no other process takes the text up.
    _lock: File,
}

const ABOUT: &str = "about.json";
const LOCK: &str = "lock";
/// There where a window of an editor may still show the text.
const OPEN: &str = "open";

impl Drafts {
    /// The texts in this folder; it is made when there is one.
    pub fn at(folder: PathBuf) -> Drafts {
        Drafts { folder }
    }

    /// Keeps a new text.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, about: About, text: &str) -> Result<Draft> {
        let name = EntryId::new(about.time, fastrand::u32(..));
        let folder = self.folder.join(format!("{}-{name}", about.customer));
        let keep = || -> Result<Draft> {
            make_folder(&folder)?;
            let lock = try_hold(&folder.join(LOCK))?.context("another process has it")?;
            let draft = Draft { folder: folder.clone(), about, _lock: lock };
            draft.note()?;
            draft.write(text)?;
            Ok(draft)
        };
        keep().with_context(|| format!("the text cannot be kept in {}", folder.display()))
    }

    /// The texts of a customer that no running process has, the latest first.
    ///
    /// # Errors
    /// Where the folder cannot be read. A text whose `about.json` is damaged or of a later version is passed over.
    pub fn of(&self, profile: &str, host: &str, customer: u64) -> Result<Vec<Draft>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| format!("{} cannot be read", self.folder.display()))?,
        };
        let prefix = format!("{customer}-");
        let mut folders: Vec<PathBuf> = entries
            .filter_map(io::Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path())
            .collect();
        folders.sort_unstable_by(|one, other| other.cmp(one));
        let ours = |draft: &Draft| {
            let about = &draft.about;
            about.v == VERSION && about.customer == customer && about.profile == profile && about.host == host
        };
        Ok(folders.into_iter().filter_map(|folder| taken_up(folder).ok().flatten()).filter(ours).collect())
    }
}

impl Draft {
    /// The file that the editor opens.
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("customer-{}.jsonc", self.about.customer))
    }

    /// The text as it is now, whatever an editor has made of it; nothing where the file is gone. The file is for its
    /// owner alone again.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(&self) -> Result<Vec<u8>> {
        let path = self.path();
        let read = || -> io::Result<Vec<u8>> {
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            fs::read(&path)
        };
        match read() {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            text => text.with_context(|| format!("the text {} cannot be read", path.display())),
        }
    }

    /// Puts a text in the place of the one there is, whole or not at all.
    ///
    /// # Errors
    /// Where it cannot be written; then the old one is there.
    pub fn write(&self, text: &str) -> Result<()> {
        replace(&self.path(), text.as_bytes())
            .with_context(|| format!("{} cannot be written", self.path().display()))
    }

    /// Notes that a window of an editor may still show the text, and save it at any time: it is not to be forgotten because
    /// it is as it was.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn keep_open(&self) -> Result<()> {
        let path = self.folder.join(OPEN);
        File::create(&path).map(drop).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Whether [`Draft::keep_open`] was said of it.
    pub fn may_be_open(&self) -> bool {
        self.folder.join(OPEN).exists()
    }

    /// Notes the customer that the text is compared with from now on.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn rebase(&mut self, shown: &str) -> Result<()> {
        self.about.shown = shown.to_string();
        self.note()
    }

    /// Forgets the text, and whatever the editor left beside it.
    ///
    /// # Errors
    /// Where the folder cannot be removed.
    pub fn forget(self) -> Result<()> {
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("{} cannot be removed", self.folder.display()))
    }

    fn note(&self) -> Result<()> {
        let path = self.folder.join(ABOUT);
        let about = serde_json::to_vec(&self.about)?;
        replace(&path, &about).with_context(|| format!("{} cannot be written", path.display()))
    }
}

fn taken_up(folder: PathBuf) -> Result<Option<Draft>> {
    let about = serde_json::from_slice(&fs::read(folder.join(ABOUT))?)?;
    Ok(try_hold(&folder.join(LOCK))?.map(|lock| Draft { folder, about, _lock: lock }))
}
