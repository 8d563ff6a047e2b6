//! Taking turns: processes of one user that change the same customer do so one after the other.
//!
//! The API has no precondition, so two that read before either wrote would overwrite each other. On one machine that
//! window can be closed; against other machines it cannot.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files::{make_folder, try_hold};

/// How many locks all customers share. Two that share one wait for each other, which costs time and nothing else.
const LOCKS: u64 = 1024;

/// The right to change a customer; given back when it is dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct Turn {
    _lock: File,
}

/// Takes the turn for a customer; none where another process has it.
///
/// # Errors
/// Where the lock's file cannot be opened.
pub(super) fn take(folder: &Path, customer: u64) -> Result<Option<Turn>> {
    let folder = folder.join("turns");
    let path = folder.join(format!("{:04}.lock", customer % LOCKS));
    let take = || match try_hold(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            make_folder(&folder)?;
            try_hold(&path)
        }
        held => held,
    };
    let turn = take().map(|lock| lock.map(|lock| Turn { _lock: lock }));
    turn.with_context(|| format!("the lock {} cannot be taken", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_the_turn() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("not").join("there");
        let first = take(&state, 7).unwrap();
        assert!(first.is_some());
        assert!(take(&state, 7).unwrap().is_none());
        assert!(take(&state, 8).unwrap().is_some());
        drop(first);
        assert!(take(&state, 7).unwrap().is_some());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let why = take(file.path(), 7).unwrap_err();
        assert!(why.to_string().starts_with("the lock ") && why.to_string().contains("0007.lock"), "{why:#}");
    }
}
