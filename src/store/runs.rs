//! Runs over many customers, so that an interrupted run can be resumed or undone.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::params;
use strum::{EnumString, IntoStaticStr};

use super::entries::stamp;
use super::query::{SqlRow, parsed};
use super::{EntryId, Store, customer_lock};
use crate::bulk::result::Counts;
use crate::error::{Error, ErrorKind, Result};

/// The maximum of rows in a transaction or a query, so that other processes can write in between and memory stays bounded.
pub(super) const BATCH: u64 = 1_000;

#[derive(Debug, Clone)]
pub(crate) struct RunInfo {
    pub(crate) run: EntryId,
    pub(crate) time: Timestamp,
    pub(crate) kind: RunKind,
    /// The run that this run undoes.
    pub(crate) undoes: Option<EntryId>,
    /// Empty until the run starts.
    pub(crate) profile: String,
    pub(crate) host: String,
    /// The source of the rows, for display.
    pub(crate) source: String,
    pub(crate) new_fields: bool,
    pub(crate) reads_again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum RunKind {
    Update,
    Apply,
    Undo,
}

impl RunKind {
    /// Its name in the store and in output.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// A run as it is listed.
#[derive(Debug)]
pub(crate) struct RunRecord {
    pub(crate) about: RunInfo,
    pub(crate) rows: u64,
    pub(crate) counts: Counts,
    pub(crate) is_undone: bool,
    /// Whether another process has rows of it left to write.
    pub(crate) is_running: bool,
}

/// A run that this process has locked. If it is dropped before [`Run::start`], its rows are deleted.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    store: &'a Store,
    pub(crate) id: i64,
    started: bool,
    pub(crate) about: RunInfo,
    _lock: Option<File>,
}

impl Run<'_> {
    /// Marks the run as started: from now on `resume` finds it.
    pub(crate) fn start(&mut self, profile: &str, host: &str) -> Result<()> {
        let sql = "UPDATE runs SET profile = ?, host = ?, started = 1 WHERE id = ?";
        self.store.execute(sql, params![profile, host, self.id])?;
        (self.about.profile, self.about.host) = (profile.to_string(), host.to_string());
        self.started = true;
        Ok(())
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.started && !self.store.is_scratch() {
            // On failure `begin_run` of a later run deletes the rows.
            let _ = self.store.remove_run(self.id, &self.about.run).and_then(|()| self.store.free_pages());
        }
    }
}

/// An entry that `undo` takes back.
pub(super) const MAY_BE_WRITTEN: &str =
    "(e.outcome IS NULL OR e.outcome NOT IN ('not-written', 'gone', 'superseded'))";

const ABOUT: &str =
    "SELECT id, run, time, kind, undoes, profile, host, source, new_fields, reads_again FROM runs";

fn about(row: &SqlRow<'_>) -> rusqlite::Result<(i64, RunInfo)> {
    let about = RunInfo {
        run: row.get(1)?,
        time: parsed(row, 2)?,
        kind: parsed(row, 3)?,
        undoes: row.get(4)?,
        profile: row.get(5)?,
        host: row.get(6)?,
        source: row.get(7)?,
        new_fields: row.get(8)?,
        reads_again: row.get(9)?,
    };
    Ok((row.get(0)?, about))
}

impl Store {
    /// Creates and locks a run. Also deletes runs that were never started because their process died.
    pub(crate) fn begin_run(&self, about: RunInfo) -> Result<Run<'_>> {
        let abandoned = "SELECT id, run FROM runs WHERE started = 0";
        for (id, name) in self.all(abandoned, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
            self.remove_idle_run(id, &name)?;
        }
        let lock = self.hold_run(&about.run)?;
        let id = self.write(|transaction| {
            transaction.execute(
                "INSERT INTO runs (run, time, kind, undoes, profile, host, source, new_fields, reads_again)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    about.run,
                    stamp(about.time),
                    about.kind.name(),
                    about.undoes,
                    about.profile,
                    about.host,
                    about.source,
                    about.new_fields,
                    about.reads_again,
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })?;
        Ok(Run { store: self, id, started: false, about, _lock: lock })
    }

    /// Deletes a run, unless a process has locked it; returns whether it was deleted.
    pub(super) fn remove_idle_run(&self, id: i64, name: &EntryId) -> Result<bool> {
        let held = customer_lock::try_hold(&self.run_lock(name))?;
        held.as_ref().map_or(Ok(()), |_| self.remove_run(id, name))?;
        Ok(held.is_some())
    }

    fn remove_run(&self, id: i64, name: &EntryId) -> Result<()> {
        self.in_batches(|transaction| {
            let sql =
                "DELETE FROM rows WHERE run = ?1 AND row IN (SELECT row FROM rows WHERE run = ?1 LIMIT ?2)";
            transaction.execute(sql, params![id, BATCH])
        })?;
        self.execute("DELETE FROM runs WHERE id = ?", [id])?;
        let _ = std::fs::remove_file(self.run_lock(name));
        Ok(())
    }

    fn run_lock(&self, run: &EntryId) -> PathBuf {
        self.folder.join("locks").join(format!("run-{run}"))
    }

    /// Locks a run; `None` for a scratch store, which no other process can open.
    fn hold_run(&self, run: &EntryId) -> Result<Option<File>> {
        if self.is_scratch() {
            return Ok(None);
        }
        let held = customer_lock::try_hold(&self.run_lock(run))?;
        held.map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Conflict, format!("another process is running or undoing the run {run}"))
        })
    }

    /// Finds a started run, without locking it.
    pub(crate) fn find_run(&self, name: &EntryId) -> Result<Option<(i64, RunInfo)>> {
        self.one(&format!("{ABOUT} WHERE run = ? AND started = 1"), [name], about)
    }

    pub(crate) fn open_run(&self, name: &EntryId) -> Result<Option<Run<'_>>> {
        let Some((id, about)) = self.find_run(name)? else { return Ok(None) };
        let lock = self.hold_run(name)?;
        Ok(Some(Run { store: self, id, started: true, about, _lock: lock }))
    }

    pub(crate) fn last_run(&self, profile: &str) -> Result<Option<EntryId>> {
        let sql = "SELECT run FROM runs WHERE profile = ? AND started = 1 ORDER BY id DESC LIMIT 1";
        self.one(sql, [profile], |row| row.get(0))
    }

    /// The latest run that wrote something, or may have, and was not undone.
    pub(crate) fn last_run_to_undo(&self, profile: &str) -> Result<Option<EntryId>> {
        let sql = format!(
            "SELECT run FROM runs WHERE profile = ? AND started = 1 AND EXISTS (SELECT 1 FROM entries e
                 WHERE e.run = runs.run AND {MAY_BE_WRITTEN}) ORDER BY id DESC"
        );
        for run in self.all(&sql, [profile], |row| row.get(0))? {
            if self.undone_by(&run)?.is_none() {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// Whether an undo of the run would take back fields.
    pub(crate) fn can_undo(&self, run: &EntryId) -> Result<bool> {
        let sql = format!(
            "SELECT 1 FROM entries e WHERE e.run = ? AND e.action IS NULL AND {MAY_BE_WRITTEN} LIMIT 1"
        );
        Ok(self.one(&sql, [run], |row| row.get::<_, i64>(0))?.is_some())
    }

    /// The newest first.
    pub(crate) fn runs(&self) -> Result<Vec<RunRecord>> {
        let runs = self.all(&format!("{ABOUT} WHERE started = 1 ORDER BY id DESC"), [], about)?;
        runs.into_iter().map(|(id, about)| self.record(id, about)).collect()
    }

    fn record(&self, id: i64, about: RunInfo) -> Result<RunRecord> {
        let (rows, counts) = self.counts(id)?;
        let is_undone = self.undone_by(&about.run)?.is_some();
        let is_running = counts.all() < rows && self.is_held(&about.run);
        Ok(RunRecord { about, rows, counts, is_undone, is_running })
    }

    /// Whether a process has locked the run. Nothing is created, so that a read-only store can be listed.
    fn is_held(&self, run: &EntryId) -> bool {
        let lock = File::open(self.run_lock(run));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// The run that undid this run, unless that undo was itself undone.
    pub(crate) fn undone_by(&self, run: &EntryId) -> Result<Option<EntryId>> {
        let undoing: Vec<EntryId> = self.all(
            "SELECT run FROM runs WHERE undoes = ? AND EXISTS (SELECT 1 FROM rows
                 WHERE rows.run = runs.id AND outcome IN ('written', 'differs', 'unknown', 'undecided')) ORDER BY id DESC",
            [run],
            |row| row.get(0),
        )?;
        for undo in undoing {
            if self.undone_by(&undo)?.is_none() {
                return Ok(Some(undo));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
