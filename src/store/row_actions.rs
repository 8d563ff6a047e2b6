//! The status actions of a run's rows, and whether the user agreed to them.

use rusqlite::params;

use super::query::paged;
use super::rows::row_to_do;
use super::runs::BATCH;
use super::{EntryId, Row, Run, Store};
use crate::bulk::action::RowAction;
use crate::error::Result;

impl Store {
    /// Records what was read for the action of a row. It is not agreed to yet.
    pub(crate) fn set_action(&self, run: &Run<'_>, row: u64, action: &RowAction) -> Result<()> {
        let action = serde_json::to_string(action).expect("texts and tokens are JSON");
        let sql = "UPDATE rows SET action = ?, agreed = 0 WHERE run = ? AND row = ?";
        self.execute(sql, params![action, run.id, row]).map(drop)
    }

    /// The last row that a command with `--limit` reaches; none have a higher number than `i64::MAX`.
    pub(crate) fn last_row_to_do(&self, run: &Run<'_>, limit: Option<u64>) -> Result<u64> {
        let Some(limit) = limit else { return Ok(i64::MAX as u64) };
        let sql = "SELECT max(row) FROM (SELECT row FROM rows WHERE run = ? AND outcome IS NULL ORDER BY row LIMIT ?)";
        let last: Option<Option<u64>> = self.one(sql, params![run.id, limit], |row| row.get(0))?;
        Ok(last.flatten().unwrap_or_default())
    }

    /// The rows up to this one with an action that the user did not agree to yet.
    pub(crate) fn rows_to_agree(&self, run: i64, to: u64) -> impl Iterator<Item = Result<Row>> + Send {
        let is_open = |row: &Result<Row>| row.as_ref().map_or(true, |row| !row.agreed);
        self.rows_to_act(run, to).filter(is_open)
    }

    /// The rows up to this one with an action and without an outcome.
    pub(crate) fn rows_to_act(&self, run: i64, to: u64) -> impl Iterator<Item = Result<Row>> + Send {
        paged(move |last: Option<&Row>| {
            self.all(
                "SELECT row, line, customer, task, entry, action, agreed FROM rows INDEXED BY rows_by_action
                 WHERE run = ? AND action IS NOT NULL AND outcome IS NULL AND row > ? AND row <= ?
                 ORDER BY row LIMIT ?",
                params![run, last.map_or(0, |row| row.row), to, BATCH / 10],
                row_to_do,
            )
        })
    }

    /// Records that the user agreed to the actions of all rows up to this one. A row that cannot be sent is asked for again.
    pub(crate) fn agree(&self, run: &Run<'_>, last: u64) -> Result<()> {
        let sql = "UPDATE rows SET agreed = 1 WHERE run = ?1 AND row IN (SELECT row FROM rows INDEXED BY rows_by_action
             WHERE run = ?1 AND row <= ?2 AND action IS NOT NULL AND agreed = 0 AND outcome IS NULL
             AND json_extract(action, '$.refused') IS NULL LIMIT ?3)";
        self.in_batches(|transaction| transaction.execute(sql, params![run.id, last, BATCH])).map(drop)
    }

    /// Records that the user does not want the actions sent that are left.
    pub(crate) fn disagree(&self, run: &Run<'_>) -> Result<()> {
        let sql = "UPDATE rows SET agreed = 0 WHERE run = ?1 AND row IN (SELECT row FROM rows INDEXED BY rows_by_action
             WHERE run = ?1 AND action IS NOT NULL AND agreed = 1 AND outcome IS NULL LIMIT ?2)";
        self.in_batches(|transaction| transaction.execute(sql, params![run.id, BATCH])).map(drop)
    }

    /// The status actions that a run sent or may have sent, counted by name.
    pub(crate) fn actions_of(&self, run: &EntryId) -> Result<Vec<(String, u64)>> {
        self.all(
            "SELECT json_extract(e.action, '$.name'), count(*) FROM runs u
             JOIN rows r INDEXED BY rows_by_action ON r.run = u.id AND r.action IS NOT NULL
             JOIN entries e ON e.run = u.run AND e.row = r.row
             WHERE u.run = ? AND e.action IS NOT NULL AND e.outcome IS NOT 'not-written' GROUP BY 1 ORDER BY 1",
            [run],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
