//! `history prune`: deletes old entries and runs, and overwrites their bytes on disk.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Transaction, named_params};

use super::entries::stamp;
use super::runs::BATCH;
use super::{EntryId, Store};
use crate::error::{Error, ErrorKind, Result};

/// Sleeps between two batches for as long as the last batch took, 5 to 100 ms. SQLite's lock is not fair: without the pause,
/// processes that poll for the lock would starve.
fn rest(begun: Instant) {
    std::thread::sleep(begun.elapsed().clamp(Duration::from_millis(5), Duration::from_millis(100)));
}

/// How long one checkpoint waits for readers. Other processes cannot write during that wait.
const PATIENCE: Duration = Duration::from_millis(200);

const PAGES: u32 = 500;

#[derive(Debug, Clone)]
pub(crate) struct PruneFilter {
    /// `None`: all profiles.
    pub(crate) profile: Option<String>,
    pub(crate) before: Timestamp,
    pub(crate) unresolved: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    pub(crate) entries: u64,
    pub(crate) runs: u64,
    /// Entries that stay because their outcome is not known.
    pub(crate) unresolved: u64,
}

const OF_PROFILE: &str = "time < :before AND (:profile IS NULL OR profile = :profile)";
const IS_OPEN: &str = "(outcome IS NULL OR outcome = 'unknown')";

impl Store {
    pub(crate) fn to_prune(&self, what: &PruneFilter) -> Result<Pruned> {
        let before = stamp(what.before);
        let count = |sql: &str| {
            let params = named_params! {":before": before, ":profile": what.profile};
            let count = self.one(&format!("SELECT count(*) FROM {sql}"), params, |row| row.get::<_, u64>(0));
            count.map(Option::unwrap_or_default)
        };
        let all = count(&format!("entries WHERE {OF_PROFILE}"))?;
        let open = count(&format!("entries WHERE {OF_PROFILE} AND {IS_OPEN}"))?;
        let unresolved = if what.unresolved { 0 } else { open };
        let runs = count(&format!("runs WHERE {OF_PROFILE} AND started = 1"))?;
        Ok(Pruned { entries: all.saturating_sub(unresolved), runs, unresolved })
    }

    /// Deletes the entries and runs, overwrites their bytes and shrinks the file. Keeps runs that a process has locked.
    pub(crate) fn prune(&self, what: &PruneFilter) -> Result<Pruned> {
        let (mut entries, mut after) = (0, 0);
        loop {
            // The search holds no write lock, so only the deletions block other writers.
            let found = self.entries_to_prune(what, after)?;
            let Some(last) = found.last() else { break };
            after = *last;
            let begun = Instant::now();
            entries += self.write(|transaction| {
                let mut delete = transaction.prepare("DELETE FROM entries WHERE id = ?")?;
                found.iter().try_fold(0, |count, id| Ok(count + delete.execute([id])? as u64))
            })?;
            rest(begun);
        }
        let mut runs = 0;
        for (id, name) in self.runs_to_prune(what)? {
            runs += u64::from(self.remove_idle_run(id, &name)?);
        }
        self.free_pages()?;
        Ok(Pruned { entries, runs, unresolved: self.to_prune(what)?.unresolved })
    }

    fn entries_to_prune(&self, what: &PruneFilter, after: i64) -> Result<Vec<i64>> {
        let open = if what.unresolved { "false" } else { IS_OPEN };
        let before = stamp(what.before);
        let sql = format!(
            "SELECT id FROM entries WHERE id > :after AND {OF_PROFILE} AND NOT {open} ORDER BY id LIMIT :size"
        );
        let params =
            named_params! {":after": after, ":before": before, ":profile": what.profile, ":size": BATCH / 5};
        self.all(&sql, params, |row| row.get(0))
    }

    fn runs_to_prune(&self, what: &PruneFilter) -> Result<Vec<(i64, EntryId)>> {
        let params = named_params! {":before": stamp(what.before), ":profile": what.profile};
        self.all(&format!("SELECT id, run FROM runs WHERE {OF_PROFILE}"), params, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// Repeats a write until it changes nothing; returns how much it changed.
    pub(super) fn in_batches(
        &self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<usize>,
    ) -> Result<u64> {
        let mut all = 0;
        loop {
            let begun = Instant::now();
            let changed = self.write(&work)?;
            if changed == 0 {
                return Ok(all);
            }
            all += changed as u64;
            rest(begun);
        }
    }

    /// Returns free pages to the file system, then truncates the WAL, which still has the deleted data.
    pub(super) fn free_pages(&self) -> Result<()> {
        let mut before = i64::MAX;
        loop {
            let begun = Instant::now();
            let free = self.read(|connection| {
                let mut step = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
                let mut pages = step.query([])?;
                while pages.next()?.is_some() {}
                connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0))
            })?;
            if free == 0 || free >= before {
                return self.empty_log();
            }
            before = free;
            rest(begun);
        }
    }

    /// Truncates the WAL; does nothing if there is none. Fails if a reader blocks it until the timeout.
    fn empty_log(&self) -> Result<()> {
        let deadline = Instant::now() + self.timeout;
        loop {
            let begun = Instant::now();
            let is_busy: bool = self.read(|connection| {
                connection.busy_timeout(PATIENCE)?;
                let is_busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
                connection.busy_timeout(self.timeout)?;
                is_busy
            })?;
            if !is_busy {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let path = self.path.display();
                let message = format!(
                    "another process reads {path}, so the write-ahead log still has the deleted entries"
                );
                return Err(Error::new(ErrorKind::Failed, message)
                    .hint("run the same command again to empty the log"));
            }
            rest(begun);
        }
    }
}

#[cfg(test)]
mod tests;
