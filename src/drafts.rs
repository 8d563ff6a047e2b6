//! Drafts: the texts that users edit. Each has a folder from before the editor opens until the change is written and
//! verified, so nothing that the user typed is lost.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::{replace, try_hold};
use crate::store::{EntryId, secure_folder};

/// Kept beside the text as `about.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DraftInfo {
    pub(crate) v: u32,
    pub(crate) profile: String,
    /// The journal's name of the host.
    pub(crate) host: String,
    pub(crate) customer: u64,
    pub(crate) time: Timestamp,
    /// Whether the text has the read-only fields too.
    pub(crate) all: bool,
    /// Exactly as the server sent it.
    pub(crate) shown: String,
}

pub(crate) const VERSION: u32 = 1;

/// A draft that no other process edits.
#[derive(Debug)]
pub(crate) struct Draft {
    folder: PathBuf,
    pub(crate) about: DraftInfo,
    _lock: File,
}

const ABOUT: &str = "about.json";
const LOCK: &str = "lock";
/// Exists if an editor window may still show the text.
const OPEN: &str = "open";

impl Draft {
    pub(crate) fn keep(folder: &Path, about: DraftInfo, text: &str) -> Result<Draft> {
        let name = EntryId::new(about.time, fastrand::u32(..));
        let folder = folder.join(format!("{}-{name}", about.customer));
        let keep = || -> Result<Draft> {
            secure_folder::make(&folder).map_err(|error| anyhow::anyhow!(error))?;
            let lock = try_hold(&folder.join(LOCK))?.context("another process has it")?;
            let draft = Draft { folder: folder.clone(), about, _lock: lock };
            draft.note()?;
            draft.write(text)?;
            Ok(draft)
        };
        keep().with_context(|| format!("the text cannot be kept in {}", folder.display()))
    }

    /// The drafts that no running process edits, the latest first. A draft is left out if its `about.json` is damaged or
    /// of a later version.
    pub(crate) fn left(folder: &Path, profile: &str, host: &str, customer: u64) -> Result<Vec<Draft>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| format!("{} cannot be read", folder.display()))?,
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
        Ok(folders.into_iter().filter_map(|folder| take(folder).ok().flatten()).filter(ours).collect())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(format!("customer-{}.jsonc", self.about.customer))
    }

    /// Empty if there is no file. Some editors write a new file, so the mode is set again.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let path = self.path();
        let read = || -> io::Result<Vec<u8>> {
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            fs::read(&path)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            text => text.with_context(|| format!("the text {} cannot be read", path.display())),
        }
    }

    pub(crate) fn write(&self, text: &str) -> Result<()> {
        replace(&self.path(), text.as_bytes())
            .with_context(|| format!("{} cannot be written", self.path().display()))
    }

    /// An open editor window may save the text later, so such a draft is kept even if the text is unchanged.
    pub(crate) fn keep_open(&self) -> Result<()> {
        let path = self.folder.join(OPEN);
        File::create(&path).map(drop).with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(crate) fn may_be_open(&self) -> bool {
        self.folder.join(OPEN).exists()
    }

    pub(crate) fn rebase(&mut self, shown: &str) -> Result<()> {
        self.about.shown = shown.to_string();
        self.note()
    }

    pub(crate) fn delete(self) -> Result<()> {
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("{} cannot be removed", self.folder.display()))
    }

    fn note(&self) -> Result<()> {
        let path = self.folder.join(ABOUT);
        let about = serde_json::to_vec(&self.about)?;
        replace(&path, &about).with_context(|| format!("{} cannot be written", path.display()))
    }
}

fn take(folder: PathBuf) -> Result<Option<Draft>> {
    let about = serde_json::from_slice(&fs::read(folder.join(ABOUT))?)?;
    Ok(try_hold(&folder.join(LOCK))?.map(|lock| Draft { folder, about, _lock: lock }))
}
