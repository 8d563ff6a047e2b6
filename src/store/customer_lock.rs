//! Locks on customers: processes of one user that change the same customer take turns. The API has no precondition, so two
//! processes that read before either wrote would overwrite each other. Other machines are not covered.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::secure_folder;
use crate::error::{Error, ErrorKind, Result};
use crate::files;

/// How many locks all customers share, so that their files stay few. Two customers that share one wait for each other.
const LOCKS: u64 = 1024;

/// Released when it is dropped, and by the system when the process dies.
#[derive(Debug)]
pub(crate) struct CustomerLock {
    _file: File,
}

pub(crate) fn try_acquire(folder: &Path, customer: u64) -> Result<Option<CustomerLock>> {
    let file = try_hold(&place(folder, customer)).map_err(|error| Error {
        message: format!("cannot lock customer {customer}: {}", error.message),
        ..error
    })?;
    Ok(file.map(|file| CustomerLock { _file: file }))
}

fn place(folder: &Path, customer: u64) -> PathBuf {
    folder.join("locks").join(format!("customer-{:04}", customer % LOCKS))
}

pub(super) fn try_hold(path: &Path) -> Result<Option<File>> {
    secure_folder::make(path.parent().unwrap_or(path))?;
    files::try_hold(path).map_err(|error| {
        Error::new(ErrorKind::Failed, format!("the lock {} cannot be taken", path.display())).source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_has_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("not").join("there");
        let first = try_acquire(&state, 7).unwrap();
        assert!(first.is_some());
        assert!(try_acquire(&state, 7).unwrap().is_none());
        assert!(try_acquire(&state, 8).unwrap().is_some());
        drop(first);
        assert!(try_acquire(&state, 7).unwrap().is_some());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = try_acquire(file.path(), 7).unwrap_err();
        assert!(error.message.starts_with("cannot lock customer 7: "), "{error}");
    }
}
