//! Runs over many customers: what each row is to do, and what became of it, so that a run that was cut off can go on.

use std::fs::File;
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::entries::{stamp, time, unreadable};
use super::{EntryId, Store, customer_lock};
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::error::{Error, Kind as ErrorKind, Result};

/// How many rows one transaction writes, and one query reads: other processes get their turn in between, and memory does not
/// grow with the run.
pub(super) const BATCH: u64 = 1_000;

/// What a run does, and where.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) run: EntryId,
    pub(crate) time: Timestamp,
    pub(crate) kind: Kind,
    /// The profile's name; empty until it is started.
    pub(crate) profile: String,
    pub(crate) host: String,
    /// Where the rows came from, for people.
    pub(crate) source: String,
    /// Whether fields may be added that a customer does not have.
    pub(crate) new_fields: bool,
    /// Whether a customer is read again after the write.
    pub(crate) reads_again: bool,
}

/// What a run does with each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It edits the customer as the row says.
    Update,
    /// It carries out a plan file.
    Apply,
    /// It takes back what another run wrote.
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

/// A row as it enters the store.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) row: u64,
    pub(crate) line: u64,
    /// The vendor's id of the customer; none if it has to be looked up.
    pub(crate) customer: Option<u64>,
    /// What is to be done, in the words of whoever does it.
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

/// A row that is to be carried out.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) row: u64,
    pub(crate) line: u64,
    /// The vendor's id of the customer; none while it was not looked up.
    pub(crate) customer: Option<u64>,
    pub(crate) task: String,
}

/// A run that this process and no other carries out.
#[derive(Debug)]
pub(crate) struct Run {
    id: i64,
    pub(crate) about: About,
    _lock: Option<File>,
}

impl Run {
    /// Its number in the store.
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
    /// The run, to add rows to.
    pub(crate) fn run(&self) -> &Run {
        self.run.as_ref().expect("it is taken only when this is consumed")
    }

    /// Makes it a run of this account that can go on after whatever happens.
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
            // What cannot be removed now is swept by the next run.
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
    /// Begins a run, whose rows come next. Runs that were never started, because their process died, are swept away.
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

    /// Keeps other processes from the run; a store for one command has no others.
    fn hold_run(&self, run: &EntryId) -> Result<Option<File>> {
        if self.is_scratch() {
            return Ok(None);
        }
        let held = customer_lock::try_hold(&self.run_lock(run))?;
        held.map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Conflict, format!("another process is carrying out the run {run}"))
        })
    }

    /// Takes up a run that was started; none if there is no such run.
    pub(crate) fn open_run(&self, name: &EntryId) -> Result<Option<Run>> {
        let sql = format!("SELECT {ABOUT} FROM runs WHERE run = ? AND started = 1");
        let found = self.read(|connection| connection.query_row(&sql, [name], about).optional())?;
        let Some((id, about)) = found else { return Ok(None) };
        let lock = self.hold_run(name)?;
        Ok(Some(Run { id, about, _lock: lock }))
    }

    /// The number of a run that was started, which another process may carry out.
    pub(crate) fn run_id(&self, name: &EntryId) -> Result<Option<i64>> {
        let sql = "SELECT id FROM runs WHERE run = ? AND started = 1";
        self.read(|connection| connection.query_row(sql, [name], |row| row.get(0)).optional())
    }

    /// The latest run that was started on a profile, whatever it did.
    pub(crate) fn last_run(&self, profile: &str) -> Result<Option<About>> {
        let sql =
            format!("SELECT {ABOUT} FROM runs WHERE profile = ? AND started = 1 ORDER BY id DESC LIMIT 1");
        let found = self.read(|connection| connection.query_row(&sql, [profile], about).optional())?;
        Ok(found.map(|(_, about)| about))
    }

    /// Every run that was started with the number of its rows and what became of them, the newest first.
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

    /// How many rows a run has, and what became of those that were reached.
    pub(crate) fn counts(&self, run: &Run) -> Result<(u64, Counts)> {
        self.read(|connection| tally(connection, run.id))
    }

    /// Adds rows to a run, and gives those that an earlier row is in the way of.
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

    /// Adds a row for each customer that another run wrote to, or may have, and gives their number. Of a row that was
    /// recorded again the last entry counts, because the ones before came to nothing.
    pub(crate) fn add_rows_of(&self, undone: &EntryId, run: &Run) -> Result<u64> {
        let (mut count, mut after) = (0, 0_u64);
        loop {
            let (added, last) = self.write(|transaction| {
                let added = transaction.execute(
                    "INSERT INTO rows (run, row, line, customer, task)
                     SELECT ?1, e.row, e.row, e.customer, e.entry FROM entries e
                     WHERE e.run = ?2 AND e.row > ?3
                     AND e.id = (SELECT max(id) FROM entries o WHERE o.run = e.run AND o.row = e.row
                         AND (o.outcome IS NULL OR o.outcome NOT IN ('not-written', 'gone')))
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

    /// Records which customer a row means, or gives the line of the row that means the same one.
    pub(crate) fn set_customer(&self, run: &Run, row: u64, customer: u64) -> Result<Option<u64>> {
        self.write(|transaction| {
            let sql = "UPDATE OR IGNORE rows SET customer = ? WHERE run = ? AND row = ?";
            if transaction.prepare(sql)?.execute(params![customer, run.id, row])? == 1 {
                return Ok(None);
            }
            line_of(transaction, run, "customer", customer)
        })
    }

    /// The next rows that were not reached, after this one.
    pub(crate) fn rows_to_do(&self, run: &Run, after: u64) -> Result<Vec<Row>> {
        self.read(|connection| {
            let mut rows = connection.prepare(
                "SELECT row, line, customer, task FROM rows WHERE run = ? AND outcome IS NULL AND row > ? ORDER BY row LIMIT ?",
            )?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok(Row { row: row.get(0)?, line: row.get(1)?, customer: row.get(2)?, task: row.get(3)? })
            };
            let rows = rows.query_map(params![run.id, after, BATCH / 10], row)?;
            rows.collect()
        })
    }

    /// Records what became of a row.
    pub(crate) fn end_row(&self, run: &Run, result: &RowResult) -> Result<()> {
        let changes = serde_json::to_string(&result.changes).expect("texts and tokens are JSON");
        self.write(|transaction| {
            let sql = "UPDATE rows SET outcome = ?, changes = ?, error = ?, attempts = ?, entry = ? WHERE run = ? AND row = ?";
            let RowResult { outcome, error, attempts, entry, row, .. } = result;
            transaction.prepare(sql)?.execute(params![outcome, changes, error, attempts, entry, run.id, row])
        })?;
        Ok(())
    }

    /// Gives the result of every row to `each`, in the order of the source; rows that were not reached too.
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

    /// Makes rows that ended so rows that were not reached, so that they are carried out again.
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

    /// The first row after this one that was not reached as far as its result tells, but has an entry that may have written
    /// something: the last entry of it.
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
                     WHERE rows.run = runs.id AND outcome IN ('written', 'differs', 'unknown')) ORDER BY id DESC",
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

    /// Removes a run with its rows, a batch at a time.
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

/// The line of the row with this customer or number.
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
