//! The rows of runs: what each asks for, and how it ended.

use rusqlite::{OptionalExtension, Transaction, params};

use super::query::{SqlRow, json, optional, paged};
use super::runs::{BATCH, MAY_BE_WRITTEN};
use super::{EntryId, Run, Store};
use crate::bulk::action::RowAction;
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::error::Result;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) row: u64,
    pub(crate) line: u64,
    /// The customer id; `None` until the reference is looked up.
    pub(crate) customer: Option<u64>,
    /// What to do: an opaque text that `commands::bulk` writes and reads.
    pub(crate) task: String,
    /// If the run was resumed: the entry of an earlier attempt without a known outcome.
    pub(crate) attempt: Option<EntryId>,
    /// Its status action.
    pub(crate) action: Option<RowAction>,
    /// Whether the user agreed to the action. A new row is not agreed to.
    pub(crate) agreed: bool,
}

/// A row that did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) row: u64,
    /// None if the row was not reached.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) error: Option<String>,
    pub(crate) task: String,
    /// Its status action, as it was last read.
    pub(crate) action: Option<RowAction>,
}

/// A row with the customer, or the row number, of an earlier row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) row: u64,
    /// The customer, if that is the duplicate value; `None` if it is the row number.
    pub(crate) customer: Option<u64>,
    pub(crate) first: u64,
    pub(crate) line: u64,
}

/// An entry whose PUT may have been sent. An action counts even if a later reading showed that it was not done.
const IN_FLIGHT: &str = "(e.outcome IS NOT 'not-written' OR e.action IS NOT NULL AND e.resolved)";

/// The rows `r` of the run `u`; `e` is the last entry of a row that has no outcome, if its PUT may have been sent: the process
/// was killed before it recorded the outcome of the row.
fn rows_and_entries() -> String {
    format!(
        "FROM rows r JOIN runs u ON u.id = r.run
         LEFT JOIN entries e ON e.id = CASE WHEN r.outcome IS NULL
             THEN (SELECT max(id) FROM entries WHERE run = u.run AND row = r.row) END AND {IN_FLIGHT}"
    )
}

/// The outcome of a row of [`rows_and_entries`]: its own, or what the journal knows of its entry.
const OUTCOME: &str = "coalesce(r.outcome, CASE WHEN e.id IS NULL THEN NULL
    WHEN e.outcome IN ('written', 'differs') THEN e.outcome
    WHEN coalesce(e.outcome, 'unknown') = 'unknown' THEN 'unknown' ELSE 'undecided' END)";

impl Store {
    /// The number of rows, and the number of rows per outcome.
    pub(crate) fn counts(&self, run: i64) -> Result<(u64, Counts)> {
        // An index has the outcomes that are recorded; only the other rows need their entries.
        let sql = &format!(
            "SELECT outcome, count(*) FROM rows WHERE run = ?1 AND outcome IS NOT NULL GROUP BY 1 UNION ALL
             SELECT {OUTCOME}, count(*) {} WHERE r.run = ?1 AND r.outcome IS NULL GROUP BY 1",
            rows_and_entries()
        );
        let (mut rows, mut counts) = (0, Counts::default());
        for (outcome, count) in self.all(sql, [run], |row| Ok((optional(row, 0)?, row.get::<_, u64>(1)?)))? {
            rows += count;
            outcome.into_iter().for_each(|outcome| counts.add_many(outcome, count));
        }
        Ok((rows, counts))
    }

    pub(crate) fn add_rows(&self, run: &Run<'_>, rows: &[Row]) -> Result<Vec<Duplicate>> {
        self.write(|transaction| {
            let mut duplicates = Vec::new();
            let mut add = transaction.prepare(
                "INSERT INTO rows (run, row, line, customer, task, action) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?;
            for row in rows {
                let action = row.action.as_ref().map(|action| serde_json::to_string(action).expect("it is JSON"));
                if add.execute(params![run.id, row.row, row.line, row.customer, row.task, action])? == 0 {
                    duplicates.push(duplicate(transaction, run.id, row)?);
                }
            }
            Ok(duplicates)
        })
    }

    /// Adds a row for each row of `undone` that was written or may have been written. It takes the last such entry of a row,
    /// because the entries before it wrote nothing. It skips superseded rows, whose fields a later change has set, and
    /// status actions.
    pub(crate) fn add_rows_of(&self, undone: &EntryId, run: &Run<'_>) -> Result<u64> {
        let sql = format!(
            "INSERT INTO rows (run, row, line, customer, task)
             SELECT ?1, o.row, o.row, o.customer, o.entry FROM entries o
             WHERE o.run = ?2 AND o.action IS NULL AND o.row > (SELECT coalesce(max(row), 0) FROM rows WHERE run = ?1)
             AND o.id = (SELECT max(e.id) FROM entries e WHERE e.run = ?2 AND e.row = o.row AND {MAY_BE_WRITTEN})
             ORDER BY o.row LIMIT ?3"
        );
        self.in_batches(|transaction| transaction.execute(&sql, params![run.id, undone, BATCH]))
    }

    /// The rows of an undo up to this one whose change was not stored as it was sent.
    pub(crate) fn count_altered(&self, undo: &Run<'_>, last: u64) -> Result<u64> {
        let sql = "SELECT count(*) FROM rows r JOIN entries e ON e.entry = r.task
             WHERE r.run = ? AND r.row <= ? AND e.stored IS NOT NULL";
        Ok(self.one(sql, params![undo.id, last], |row| row.get(0))?.unwrap_or_default())
    }

    /// Returns the line of another row with the same customer, if there is one.
    pub(crate) fn set_customer(&self, run: &Run<'_>, row: u64, customer: u64) -> Result<Option<u64>> {
        self.write(|transaction| {
            let sql = "UPDATE OR IGNORE rows SET customer = ? WHERE run = ? AND row = ?";
            if transaction.execute(sql, params![customer, run.id, row])? == 1 {
                return Ok(None);
            }
            line_of(transaction, "customer", run.id, customer)
        })
    }

    /// The rows without an outcome, in the order of the source.
    pub(crate) fn rows_to_do(&self, run: i64) -> impl Iterator<Item = Result<Row>> + Send {
        paged(move |last: Option<&Row>| {
            self.all(
                "SELECT row, line, customer, task, entry, action, agreed FROM rows
                 WHERE run = ? AND outcome IS NULL AND row > ? ORDER BY row LIMIT ?",
                params![run, last.map_or(0, |row| row.row), BATCH / 10],
                row_to_do,
            )
        })
    }

    pub(crate) fn end_row(&self, run: &Run<'_>, result: &RowResult) -> Result<()> {
        let changes = serde_json::to_string(&result.changes).expect("paths and tokens are JSON");
        let RowResult { outcome, error, attempts, entry, row, .. } = result;
        let sql = "UPDATE rows SET outcome = ?, changes = ?, error = ?, attempts = ?, entry = ? WHERE run = ? AND row = ?";
        self.execute(sql, params![outcome.name(), changes, error, attempts, entry, run.id, row]).map(drop)
    }

    /// Records that an earlier attempt of the row has no known outcome, so that a later `resume` does not overwrite a
    /// correction by another client.
    pub(crate) fn note_attempt(&self, run: &Run<'_>, row: u64, entry: &EntryId) -> Result<()> {
        let sql = "UPDATE rows SET entry = ? WHERE run = ? AND row = ?";
        self.execute(sql, params![entry, run.id, row]).map(drop)
    }

    /// The results of all rows in order; `NotReached` for a row without an outcome that was not sent.
    pub(crate) fn results(&self, run: i64) -> impl Iterator<Item = Result<RowResult>> {
        let sql = format!(
            "SELECT r.row, r.customer, {OUTCOME}, r.changes,
             CASE WHEN e.id IS NOT NULL AND coalesce(e.outcome, 'unknown') = 'unknown' THEN 'in flight' ELSE r.error END,
             coalesce(r.attempts, e.id IS NOT NULL), coalesce(e.entry, r.entry), r.action {}
             WHERE r.run = ? AND r.row > ? ORDER BY r.row LIMIT ?",
            rows_and_entries()
        );
        paged(move |last: Option<&RowResult>| {
            self.all(&sql, params![run, last.map_or(0, |result| result.row), BATCH], result)
        })
    }

    /// The rows that did not succeed, in the order of the source.
    pub(crate) fn failures(&self, run: i64) -> impl Iterator<Item = Result<Failure>> {
        let sql = format!(
            "SELECT r.row, {OUTCOME} AS shown, r.error, r.task, r.action {} WHERE r.run = ? AND r.row > ?
             AND (shown IS NULL OR shown NOT IN ('written', 'unchanged')) ORDER BY r.row LIMIT ?",
            rows_and_entries()
        );
        paged(move |last: Option<&Failure>| {
            self.all(&sql, params![run, last.map_or(0, |failure| failure.row), BATCH / 10], |row| {
                let (error, task) = (row.get(2)?, row.get(3)?);
                Ok(Failure {
                    row: row.get(0)?,
                    outcome: optional(row, 1)?,
                    error,
                    task,
                    action: json(row, 4)?,
                })
            })
        })
    }

    pub(crate) fn first_task(&self, run: i64) -> Result<Option<String>> {
        self.one("SELECT task FROM rows WHERE run = ? ORDER BY row LIMIT 1", [run], |row| row.get(0))
    }

    /// Clears the outcome of the rows for which `again` is true, so that the run tries them again. After a conflict or a
    /// refusal, the user has to agree to an action again.
    pub(crate) fn reopen(&self, run: &Run<'_>, again: impl Fn(Outcome) -> bool) -> Result<()> {
        let sql =
            "UPDATE rows SET outcome = NULL, changes = NULL, error = NULL, attempts = NULL, entry = NULL,
             agreed = agreed AND outcome NOT IN ('conflict', 'refused', 'not-found')
             WHERE run = ?1 AND row IN (SELECT row FROM rows WHERE run = ?1 AND outcome = ?2 LIMIT ?3)";
        OUTCOMES.iter().filter(|outcome| again(**outcome)).try_for_each(|outcome| {
            let params = params![run.id, outcome.name(), BATCH];
            self.in_batches(|transaction| transaction.execute(sql, params)).map(drop)
        })
    }

    /// The last entry of the next row after `after` that has no outcome, but an entry that may have been written.
    pub(crate) fn next_in_flight(&self, run: &Run<'_>, after: u64) -> Result<Option<EntryId>> {
        let sql = format!(
            "SELECT e.entry FROM rows r JOIN entries e ON e.run = ?1 AND e.row = r.row
             WHERE r.run = ?2 AND r.outcome IS NULL AND r.row > ?3
             AND {IN_FLIGHT} AND e.id = (SELECT max(id) FROM entries WHERE run = ?1 AND row = r.row)
             ORDER BY r.row LIMIT 1"
        );
        self.one(&sql, params![run.about.run, run.id, after], |row| row.get(0))
    }
}

pub(super) fn row_to_do(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let (line, customer, task) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let (attempt, action, agreed) = (row.get(4)?, json(row, 5)?, row.get(6)?);
    Ok(Row { row: row.get(0)?, line, customer, task, attempt, action, agreed })
}

fn result(row: &SqlRow<'_>) -> rusqlite::Result<RowResult> {
    let customer = row.get::<_, Option<u64>>(1)?.unwrap_or_default();
    let outcome = optional(row, 2)?.unwrap_or(Outcome::NotReached);
    let action: Option<RowAction> = json(row, 7)?;
    Ok(RowResult {
        changes: json(row, 3)?,
        error: row.get(4)?,
        attempts: row.get::<_, Option<u32>>(5)?.unwrap_or_default(),
        entry: row.get(6)?,
        ..RowResult::ended(row.get(0)?, customer, outcome)
    }
    .of_action(action.as_ref()))
}

fn duplicate(transaction: &Transaction<'_>, run: i64, row: &Row) -> rusqlite::Result<Duplicate> {
    let same = |column, value| line_of(transaction, column, run, value);
    let same_customer = row.customer.map(|customer| same("customer", customer)).transpose()?.flatten();
    let first = same_customer.map_or_else(|| same("row", row.row), |line| Ok(Some(line)))?;
    let customer = row.customer.filter(|_| same_customer.is_some());
    Ok(Duplicate { row: row.row, customer, first: first.unwrap_or_default(), line: row.line })
}

fn line_of(
    transaction: &Transaction<'_>,
    column: &str,
    run: i64,
    value: u64,
) -> rusqlite::Result<Option<u64>> {
    let sql = format!("SELECT line FROM rows WHERE run = ? AND {column} = ?");
    transaction.query_row(&sql, params![run, value], |row| row.get(0)).optional()
}
