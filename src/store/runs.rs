//! Runs over many customers: the task and the outcome of each row, so that an interrupted run can be resumed.

use std::fs::File;
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::entries::{stamp, time, unreadable};
use super::{EntryId, Store, customer_lock};
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::error::{Error, Kind as ErrorKind, Result};

/// Rows in a transaction or a query: other processes write in between, and memory does not grow with the run.
pub(super) const BATCH: u64 = 1_000;

#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) run: EntryId,
    pub(crate) time: Timestamp,
    pub(crate) kind: Kind,
    /// Empty until the run starts.
    pub(crate) profile: String,
    pub(crate) host: String,
    /// The source of the rows, for display.
    pub(crate) source: String,
    pub(crate) new_fields: bool,
    pub(crate) reads_again: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Update,
    Apply,
    Undo(EntryId),
}

impl Kind {
    /// Its name in the store and in output.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Update => "update",
            Kind::Apply => "apply",
            Kind::Undo(_) => "undo",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) row: u64,
    pub(crate) line: u64,
    /// The vendor's id of the customer; none if it has to be looked up.
    pub(crate) customer: Option<u64>,
    /// In the caller's format.
    pub(crate) task: String,
}

/// A row that names a customer, or has a number, that an earlier row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) row: u64,
    /// The customer, if that is what both have.
    pub(crate) customer: Option<u64>,
    pub(crate) first: u64,
    pub(crate) line: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) row: u64,
    pub(crate) line: u64,
    /// The vendor's id of the customer; none while it was not looked up.
    pub(crate) customer: Option<u64>,
    pub(crate) task: String,
    /// The entry of an attempt that had no known outcome, if the run was resumed since.
    pub(crate) attempt: Option<EntryId>,
}

/// No other process carries this run out while this lives.
#[derive(Debug)]
pub(crate) struct Run {
    id: i64,
    pub(crate) about: About,
    _lock: Option<File>,
}

impl Run {
    pub(crate) fn id(&self) -> i64 {
        self.id
    }
}

/// A run whose rows are still being checked. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct NewRun<'a> {
    store: &'a Store,
    run: Option<Run>,
}

impl NewRun<'_> {
    pub(crate) fn run(&self) -> &Run {
        self.run.as_ref().expect("it is taken only when this is consumed")
    }

    /// From here on the run can be resumed.
    pub(crate) fn start(mut self, profile: &str, host: &str) -> Result<Run> {
        let id = self.run().id;
        self.store.write(|transaction| {
            let sql = "UPDATE runs SET profile = ?, host = ?, started = 1 WHERE id = ?";
            transaction.execute(sql, params![profile, host, id])
        })?;
        let run = self.run.take().expect("it is taken only when this is consumed");
        let about = About { profile: profile.to_string(), host: host.to_string(), ..run.about.clone() };
        Ok(Run { about, ..run })
    }
}

impl Drop for NewRun<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.run.take().filter(|_| !self.store.is_scratch()) {
            // The next run removes what cannot be removed now.
            let _ = self.store.remove_run(run.id).and_then(|()| self.store.free_pages());
            let _ = std::fs::remove_file(self.store.run_lock(&run.about.run));
        }
    }
}

impl ToSql for Outcome {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Outcome {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Outcome> {
        let name = value.as_str()?;
        OUTCOMES.iter().copied().find(|outcome| outcome.name() == name).ok_or(FromSqlError::InvalidType)
    }
}

const ABOUT: &str = "id, run, time, kind, undoes, profile, host, source, new_fields, reads_again";

fn about(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, About)> {
    let (kind, undoes): (String, Option<EntryId>) = (row.get(3)?, row.get(4)?);
    let kind = match (kind.as_str(), undoes) {
        ("update", None) => Kind::Update,
        ("apply", None) => Kind::Apply,
        ("undo", Some(run)) => Kind::Undo(run),
        _ => return Err(unreadable(3, FromSqlError::InvalidType)),
    };
    let about = About {
        run: row.get(1)?,
        time: time(row, 2)?,
        kind,
        profile: row.get(5)?,
        host: row.get(6)?,
        source: row.get(7)?,
        new_fields: row.get(8)?,
        reads_again: row.get(9)?,
    };
    Ok((row.get(0)?, about))
}

impl Store {
    /// Also removes runs that were never started, because their process died.
    pub(crate) fn begin_run(&self, about: About) -> Result<NewRun<'_>> {
        self.sweep_runs()?;
        let lock = self.hold_run(&about.run)?;
        let undoes = match &about.kind {
            Kind::Undo(run) => Some(run),
            Kind::Update | Kind::Apply => None,
        };
        let id = self.write(|transaction| {
            transaction.execute(
                "INSERT INTO runs (run, time, kind, undoes, profile, host, source, new_fields, reads_again)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    about.run,
                    stamp(about.time),
                    about.kind.name(),
                    undoes,
                    about.profile,
                    about.host,
                    about.source,
                    about.new_fields,
                    about.reads_again,
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })?;
        Ok(NewRun { store: self, run: Some(Run { id, about, _lock: lock }) })
    }

    fn sweep_runs(&self) -> Result<()> {
        let abandoned: Vec<(i64, EntryId)> = self.read(|connection| {
            let mut runs = connection.prepare("SELECT id, run FROM runs WHERE started = 0")?;
            let runs = runs.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            runs.collect()
        })?;
        for (id, name) in abandoned {
            let path = self.run_lock(&name);
            if let Some(_held) = customer_lock::try_hold(&path)? {
                self.remove_run(id)?;
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    pub(super) fn run_lock(&self, run: &EntryId) -> PathBuf {
        self.folder.join("locks").join(format!("run-{run}"))
    }

    /// No other process sees a store for one command.
    fn hold_run(&self, run: &EntryId) -> Result<Option<File>> {
        if self.is_scratch() {
            return Ok(None);
        }
        let held = customer_lock::try_hold(&self.run_lock(run))?;
        held.map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Conflict, format!("another process is carrying out the run {run}"))
        })
    }

    /// None if no such run was started.
    pub(crate) fn open_run(&self, name: &EntryId) -> Result<Option<Run>> {
        let sql = format!("SELECT {ABOUT} FROM runs WHERE run = ? AND started = 1");
        let found = self.read(|connection| connection.query_row(&sql, [name], about).optional())?;
        let Some((id, about)) = found else { return Ok(None) };
        let lock = self.hold_run(name)?;
        Ok(Some(Run { id, about, _lock: lock }))
    }

    /// Another process may be carrying it out.
    pub(crate) fn run_id(&self, name: &EntryId) -> Result<Option<i64>> {
        let sql = "SELECT id FROM runs WHERE run = ? AND started = 1";
        self.read(|connection| connection.query_row(sql, [name], |row| row.get(0)).optional())
    }

    pub(crate) fn last_run(&self, profile: &str) -> Result<Option<About>> {
        let sql =
            format!("SELECT {ABOUT} FROM runs WHERE profile = ? AND started = 1 ORDER BY id DESC LIMIT 1");
        let found = self.read(|connection| connection.query_row(&sql, [profile], about).optional())?;
        Ok(found.map(|(_, about)| about))
    }

    /// The newest first.
    pub(crate) fn runs(&self) -> Result<Vec<(About, u64, Counts)>> {
        self.read(|connection| {
            let mut runs = connection
                .prepare(&format!("SELECT {ABOUT} FROM runs WHERE started = 1 ORDER BY id DESC"))?;
            let runs = runs.query_map([], about)?;
            runs.map(|found| {
                let (id, about) = found?;
                let (rows, counts) = tally(connection, id)?;
                Ok((about, rows, counts))
            })
            .collect()
        })
    }

    pub(crate) fn counts(&self, run: &Run) -> Result<(u64, Counts)> {
        self.read(|connection| tally(connection, run.id))
    }

    pub(crate) fn add_rows(&self, run: &Run, rows: &[NewRow]) -> Result<Vec<Duplicate>> {
        self.write(|transaction| {
            let mut duplicates = Vec::new();
            let mut add = transaction.prepare(
                "INSERT INTO rows (run, row, line, customer, task) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?;
            for row in rows {
                if add.execute(params![run.id, row.row, row.line, row.customer, row.task])? == 0 {
                    duplicates.push(duplicate(transaction, run, row)?);
                }
            }
            Ok(duplicates)
        })
    }

    /// Also of rows that may have been written. The last entry of a row counts, because those before it wrote nothing. A
    /// superseded row stays as it is: its fields hold what a later change wrote.
    pub(crate) fn add_rows_of(&self, undone: &EntryId, run: &Run) -> Result<u64> {
        let (mut count, mut after) = (0, 0_u64);
        loop {
            let (added, last) = self.write(|transaction| {
                let added = transaction.execute(
                    "INSERT INTO rows (run, row, line, customer, task)
                     SELECT ?1, e.row, e.row, e.customer, e.entry FROM entries e
                     WHERE e.run = ?2 AND e.row > ?3
                     AND e.id = (SELECT max(id) FROM entries o WHERE o.run = e.run AND o.row = e.row
                         AND (o.outcome IS NULL OR o.outcome NOT IN ('not-written', 'gone', 'superseded')))
                     ORDER BY e.row LIMIT ?4",
                    params![run.id, undone, after, BATCH],
                )?;
                let last = "SELECT coalesce(max(row), 0) FROM rows WHERE run = ?";
                Ok((added as u64, transaction.query_row(last, [run.id], |row| row.get(0))?))
            })?;
            (count, after) = (count + added, last);
            if added < BATCH {
                return Ok(count);
            }
        }
    }

    /// The rows of an undo whose change was not stored as it was sent.
    pub(crate) fn count_altered(&self, undo: &Run) -> Result<u64> {
        let sql = "SELECT count(*) FROM rows r JOIN entries e ON e.entry = r.task
             WHERE r.run = ? AND e.stored IS NOT NULL";
        self.read(|connection| connection.query_row(sql, [undo.id], |row| row.get(0)))
    }

    /// Returns the line of another row with the same customer, if there is one.
    pub(crate) fn set_customer(&self, run: &Run, row: u64, customer: u64) -> Result<Option<u64>> {
        self.write(|transaction| {
            let sql = "UPDATE OR IGNORE rows SET customer = ? WHERE run = ? AND row = ?";
            if transaction.prepare(sql)?.execute(params![customer, run.id, row])? == 1 {
                return Ok(None);
            }
            line_of(transaction, run, "customer", customer)
        })
    }

    pub(crate) fn rows_to_do(&self, run: &Run, after: u64) -> Result<Vec<Row>> {
        self.read(|connection| {
            let mut rows = connection.prepare(
                "SELECT row, line, customer, task, entry FROM rows WHERE run = ? AND outcome IS NULL AND row > ? ORDER BY row LIMIT ?",
            )?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok(Row {
                    row: row.get(0)?,
                    line: row.get(1)?,
                    customer: row.get(2)?,
                    task: row.get(3)?,
                    attempt: row.get(4)?,
                })
            };
            let rows = rows.query_map(params![run.id, after, BATCH / 10], row)?;
            rows.collect()
        })
    }

    pub(crate) fn end_row(&self, run: &Run, result: &RowResult) -> Result<()> {
        let changes = serde_json::to_string(&result.changes).expect("texts and tokens are JSON");
        self.write(|transaction| {
            let sql = "UPDATE rows SET outcome = ?, changes = ?, error = ?, attempts = ?, entry = ? WHERE run = ? AND row = ?";
            let RowResult { outcome, error, attempts, entry, row, .. } = result;
            transaction.prepare(sql)?.execute(params![outcome, changes, error, attempts, entry, run.id, row])
        })?;
        Ok(())
    }

    /// Survives a crash, so that the row is not sent again over a correction.
    pub(crate) fn note_attempt(&self, run: &Run, row: u64, entry: &EntryId) -> Result<()> {
        let sql = "UPDATE rows SET entry = ? WHERE run = ? AND row = ?";
        self.write(|transaction| transaction.execute(sql, params![entry, run.id, row])).map(drop)
    }

    /// In the order of the source, with rows that were not reached.
    pub(crate) fn results(&self, run: i64, mut each: impl FnMut(RowResult) -> Result<()>) -> Result<()> {
        let mut after = 0;
        loop {
            let page = self.read(|connection| {
                let mut rows = connection.prepare(
                    "SELECT row, customer, outcome, changes, error, attempts, entry FROM rows
                     WHERE run = ? AND row > ? ORDER BY row LIMIT ?",
                )?;
                let rows = rows.query_map(params![run, after, BATCH], result)?;
                rows.collect::<rusqlite::Result<Vec<RowResult>>>()
            })?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.row;
            page.into_iter().try_for_each(&mut each)?;
        }
    }

    /// Rows with these outcomes become rows that were not reached.
    pub(crate) fn reopen(&self, run: &Run, again: impl Fn(Outcome) -> bool) -> Result<()> {
        for outcome in OUTCOMES.iter().filter(|outcome| again(**outcome)) {
            self.in_batches(|transaction| {
                let sql = "UPDATE rows SET outcome = NULL, changes = NULL, error = NULL, attempts = NULL, entry = NULL
                     WHERE run = ?1 AND row IN (SELECT row FROM rows WHERE run = ?1 AND outcome = ?2 LIMIT ?3)";
                transaction.execute(sql, params![run.id, outcome, BATCH])
            })?;
        }
        Ok(())
    }

    /// The last entry of the next row that has no result, but may have written something.
    pub(crate) fn next_in_flight(&self, run: &Run, after: u64) -> Result<Option<EntryId>> {
        self.read(|connection| {
            connection
                .prepare(
                    "SELECT e.entry FROM rows r JOIN entries e ON e.run = ?1 AND e.row = r.row
                     WHERE r.run = ?2 AND r.outcome IS NULL AND r.row > ?3
                     AND e.outcome IS NOT 'not-written' AND e.id = (SELECT max(id) FROM entries WHERE run = ?1 AND row = r.row)
                     ORDER BY r.row LIMIT 1",
                )?
                .query_row(params![run.about.run, run.id, after], |row| row.get(0))
                .optional()
        })
    }

    /// The run that took this one back, unless that was taken back in its turn.
    pub(crate) fn taken_back(&self, run: &EntryId) -> Result<Option<EntryId>> {
        let undoing: Vec<EntryId> = self.read(|connection| {
            let mut runs = connection.prepare(
                "SELECT run FROM runs WHERE undoes = ? AND EXISTS (SELECT 1 FROM rows
                     WHERE rows.run = runs.id AND outcome IN ('written', 'differs', 'unknown', 'undecided')) ORDER BY id DESC",
            )?;
            let runs = runs.query_map([run], |row| row.get(0))?;
            runs.collect()
        })?;
        for undo in undoing {
            if self.taken_back(&undo)?.is_none() {
                return Ok(Some(undo));
            }
        }
        Ok(None)
    }

    pub(super) fn remove_run(&self, id: i64) -> Result<()> {
        self.in_batches(|transaction| {
            let sql =
                "DELETE FROM rows WHERE run = ?1 AND row IN (SELECT row FROM rows WHERE run = ?1 LIMIT ?2)";
            transaction.execute(sql, params![id, BATCH])
        })?;
        self.write(|transaction| transaction.execute("DELETE FROM runs WHERE id = ?", [id])).map(drop)
    }
}

fn result(row: &rusqlite::Row<'_>) -> rusqlite::Result<RowResult> {
    let changes: Option<String> = row.get(3)?;
    let changes =
        changes.map(|text| serde_json::from_str(&text)).transpose().map_err(|why| unreadable(3, why))?;
    Ok(RowResult {
        row: row.get(0)?,
        customer: row.get::<_, Option<u64>>(1)?.unwrap_or_default(),
        outcome: row.get::<_, Option<Outcome>>(2)?.unwrap_or(Outcome::NotReached),
        changes: changes.unwrap_or_default(),
        error: row.get(4)?,
        attempts: row.get::<_, Option<u32>>(5)?.unwrap_or_default(),
        entry: row.get(6)?,
    })
}

fn tally(connection: &Connection, run: i64) -> rusqlite::Result<(u64, Counts)> {
    let mut counted =
        connection.prepare("SELECT outcome, count(*) FROM rows WHERE run = ? GROUP BY outcome")?;
    let counted =
        counted.query_map([run], |row| Ok((row.get::<_, Option<Outcome>>(0)?, row.get::<_, u64>(1)?)))?;
    let (mut rows, mut counts) = (0, Counts::default());
    for group in counted {
        let (outcome, count) = group?;
        rows += count;
        if let Some(outcome) = outcome {
            counts.add_many(outcome, count);
        }
    }
    Ok((rows, counts))
}

fn duplicate(transaction: &Transaction<'_>, run: &Run, row: &NewRow) -> rusqlite::Result<Duplicate> {
    let same_customer = match row.customer {
        Some(customer) => line_of(transaction, run, "customer", customer)?,
        None => None,
    };
    let customer = row.customer.filter(|_| same_customer.is_some());
    let first = match same_customer {
        Some(first) => Some(first),
        None => line_of(transaction, run, "row", row.row)?,
    };
    Ok(Duplicate { row: row.row, customer, first: first.unwrap_or_default(), line: row.line })
}

fn line_of(
    transaction: &Transaction<'_>,
    run: &Run,
    column: &str,
    value: u64,
) -> rusqlite::Result<Option<u64>> {
    let sql = format!("SELECT line FROM rows WHERE run = ? AND {column} = ?");
    transaction.prepare(&sql)?.query_row(params![run.id, value], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests;
