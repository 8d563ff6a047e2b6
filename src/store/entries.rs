//! Journal entries: the intent of a write, the data for its undo, and its outcome.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Transaction, params, params_from_iter};
use strum::{EnumString, IntoStaticStr};

use super::query::{json, optional, paged, parsed};
use super::{EntryId, Store};
use crate::document::{Change, Customer, Json, Path, Plan, View};
use crate::document::{diff::diff, splice::splice};
use crate::error::{Error, ErrorKind, Result};

/// Entries read at a time, so that a long history takes little memory and blocks no other process.
const PAGE: u64 = 200;

/// A recorded change. Its documents are read only on request.
#[derive(Debug, Clone)]
pub struct Entry {
    id: i64,
    /// The entry's id, as the user types it.
    pub entry: EntryId,
    /// When the intent was recorded.
    pub time: Timestamp,
    /// The profile's name.
    pub profile: String,
    /// The host and port that the PUT goes to, or `sandbox`.
    pub host: String,
    /// The command, without values: `customer update`.
    pub command: String,
    /// The vendor's id of the customer.
    pub customer: u64,
    /// The customer's name at the time.
    pub name: String,
    /// The replaced JSON values: path, old and new text.
    pub edits: Vec<Change>,
    /// `None` while the write has not ended.
    pub outcome: Option<EntryOutcome>,
    /// The entry that this one takes back.
    pub undoes: Option<EntryId>,
    pub(crate) undone_by: Option<EntryId>,
    /// The bulk row that this entry writes.
    pub row: Option<RunRow>,
    /// The status action that it is: its name, option, total, currency and preview.
    pub(crate) action: Option<Json>,
}

impl Entry {
    pub(crate) fn state(&self) -> &'static str {
        self.outcome.map_or("unfinished", EntryOutcome::name)
    }

    /// The name of its status action.
    pub(crate) fn action_name(&self) -> Option<String> {
        Some(self.action.as_ref()?.root().member("name")?.text_or_token().into_owned())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    pub run: EntryId,
    pub row: u64,
}

/// The command and the account of a change.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The profile's name.
    pub profile: String,
    /// The host and port of the API, or `sandbox`.
    pub host: String,
    /// The command, without values.
    pub command: &'static str,
    /// The entry that this change undoes.
    pub undoes: Option<EntryId>,
    /// The bulk row that this change writes.
    pub row: Option<RunRow>,
}

/// How an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum EntryOutcome {
    /// What was asked for is stored, and nothing else changed.
    Written,
    /// The API accepted the PUT, but the stored customer is not the one that was sent.
    Differs,
    /// Nothing was written.
    NotWritten,
    /// The PUT was sent, and whether it took effect is not known.
    Unknown,
    /// Not known; later changes of this machine set all of its fields.
    Superseded,
    /// Not known; the customer no longer exists.
    Gone,
    /// Not known, and it can no longer be found out, because the customer was modified since.
    Undecided,
}

impl EntryOutcome {
    /// Its name in the store and in output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The conditions of a history query; `None` matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub(crate) profile: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) customer: Option<u64>,
    pub(crate) path: Option<Path>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) run: Option<EntryId>,
    pub(crate) limit: Option<u64>,
}

impl Filter {
    /// The entries that are older than `before`, the newest first.
    fn query(&self, before: i64, size: u64) -> (String, Vec<Value>) {
        let since = self.since.map(stamp).map(Value::from);
        let (from, id) = match &self.path {
            Some(_) => ("changed c CROSS JOIN entries e ON e.id = c.entry", "c.entry"),
            None => ("entries e", "e.id"),
        };
        let conditions = [
            ("c.path = ?", self.path.as_ref().map(|path| path.to_string().into())),
            ("e.profile = ?", self.profile.clone().map(Value::from)),
            ("e.host = ?", self.host.clone().map(Value::from)),
            ("e.customer = ?", self.customer.map(|id| id.cast_signed().into())),
            ("e.run = ?", self.run.as_ref().map(|run| run.to_string().into())),
            ("e.time >= ?", since.clone()),
            // Also by id: the query walks the ids downwards, and stops at the first older entry.
            ("e.id >= (SELECT min(id) FROM entries INDEXED BY entries_by_time WHERE time >= ?)", since),
        ];
        let mut sql = format!("SELECT {COLUMNS} FROM {from} WHERE {id} < ?");
        let mut values = vec![before.into()];
        for (condition, value) in conditions {
            if let Some(value) = value {
                sql = sql + " AND " + condition;
                values.push(value);
            }
        }
        (format!("{sql} ORDER BY {id} DESC LIMIT {size}"), values)
    }
}

const COLUMNS: &str = "e.id, e.entry, e.time, e.profile, e.host, e.command, e.customer, e.name, e.edits, e.outcome, \
    e.undoes, e.run, e.row, (SELECT u.entry FROM entries u WHERE u.undoes = e.entry AND u.outcome IN ('written', 'differs') \
    ORDER BY u.id DESC LIMIT 1), e.action";

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    let run: Option<EntryId> = row.get(11)?;
    Ok(Entry {
        id: row.get(0)?,
        entry: row.get(1)?,
        time: parsed(row, 2)?,
        profile: row.get(3)?,
        host: row.get(4)?,
        command: row.get(5)?,
        customer: row.get(6)?,
        name: row.get(7)?,
        edits: json(row, 8)?,
        outcome: optional(row, 9)?,
        undoes: row.get(10)?,
        undone_by: row.get(13)?,
        row: run.zip(row.get(12)?).map(|(run, row)| RunRow { run, row }),
        action: row.get::<_, Option<String>>(14)?.and_then(|text| Json::parse(text).ok()),
    })
}

/// Formats a time for the database: it sorts as text, and SQLite's date functions parse it.
pub(super) fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn digest(text: &str) -> ring::digest::Digest {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes())
}

fn text_after(before: &Customer, edits: &[Change]) -> String {
    let tokens = edits.iter().map(|edit| (&edit.path, edit.after.as_ref().map(Json::text)));
    splice(before.text(), before.root(), tokens.collect())
}

/// The edits as JSON, in the order of the new text, so that replaying them adds new members in the same order.
fn recordable(plan: &Plan) -> Result<String> {
    let mut edits = plan.replaced.clone();
    edits.sort_by_key(|change| plan.after.get(&change.path).map(|token| token.span().start));
    if text_after(&plan.before, &edits) != plan.after.text() {
        let message = "internal error: replaying the recorded edits does not give the document to send";
        return Err(Error::new(ErrorKind::Failed, message));
    }
    Ok(serde_json::to_string(&edits).expect("paths and tokens are JSON"))
}

/// Indexes the changed paths for `history --field`.
fn record_paths(transaction: &Transaction<'_>, id: i64, plan: &Plan) -> rusqlite::Result<()> {
    let mut changed = transaction.prepare("INSERT OR IGNORE INTO changed (path, entry) VALUES (?, ?)")?;
    plan.changes.iter().try_for_each(|change| changed.execute(params![change.path.to_string(), id]).map(drop))
}

impl Store {
    /// Records the intent durably. Send the PUT only after this has returned.
    pub fn begin(&self, plan: &Plan, origin: &Origin) -> Result<EntryId> {
        self.begin_action(plan, origin, None)
    }

    /// The same for a status action, which is recorded as JSON.
    pub(crate) fn begin_action(&self, plan: &Plan, origin: &Origin, action: Option<&str>) -> Result<EntryId> {
        let edits = recordable(plan)?;
        let now = Timestamp::now();
        let name = EntryId::new(now, fastrand::u32(..));
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO entries (entry, time, profile, host, command, customer, name, edits, before, after, undoes, run, row, action)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    name,
                    stamp(now),
                    origin.profile,
                    origin.host,
                    origin.command,
                    plan.before.id(),
                    plan.before.name(),
                    edits,
                    plan.before.text(),
                    digest(plan.after.text()).as_ref(),
                    origin.undoes,
                    origin.row.as_ref().map(|row| &row.run),
                    origin.row.as_ref().map(|row| row.row),
                    action,
                ],
            )?;
            record_paths(transaction, transaction.last_insert_rowid(), plan)
        })?;
        Ok(name)
    }

    /// Replaces the intent after a merge; no attempt may be able to take effect.
    pub(crate) fn replace(&self, entry: &EntryId, plan: &Plan) -> Result<()> {
        let edits = recordable(plan)?;
        let (before, after) = (&plan.before, digest(plan.after.text()));
        self.write(|transaction| {
            let id: i64 = transaction.query_row(
                "UPDATE entries SET name = ?, edits = ?, before = ?, after = ? WHERE entry = ? RETURNING id",
                params![before.name(), edits, before.text(), after.as_ref(), entry],
                |row| row.get(0),
            )?;
            transaction.execute("DELETE FROM changed WHERE entry = ?", [id])?;
            record_paths(transaction, id, plan)
        })
    }

    /// Records the outcome. `stored` is the stored document, if it is not the one that was sent.
    pub(crate) fn end(
        &self,
        entry: &EntryId,
        outcome: EntryOutcome,
        stored: Option<&Customer>,
    ) -> Result<()> {
        self.record_end(entry, outcome, stored, false)
    }

    /// The same for an outcome that a later reading told.
    pub(crate) fn resolve(
        &self,
        entry: &EntryId,
        outcome: EntryOutcome,
        stored: Option<&Customer>,
    ) -> Result<()> {
        self.record_end(entry, outcome, stored, true)
    }

    fn record_end(
        &self,
        entry: &EntryId,
        outcome: EntryOutcome,
        stored: Option<&Customer>,
        is_resolved: bool,
    ) -> Result<()> {
        let sql = "UPDATE entries SET outcome = ?, ended = ?, stored = ?, resolved = ? WHERE entry = ?";
        let (ended, stored) = (stamp(Timestamp::now()), stored.map(Customer::text));
        match self.execute(sql, params![outcome.name(), ended, stored, is_resolved, entry])? {
            1 => Ok(()),
            _ => Err(Error::new(ErrorKind::Failed, format!("the store has no entry {entry} any more"))),
        }
    }

    pub fn entry(&self, name: &EntryId) -> Result<Option<Entry>> {
        self.one(&format!("SELECT {COLUMNS} FROM entries e WHERE e.entry = ?"), [name], entry)
    }

    pub(crate) fn last_written(&self, profile: &str, host: &str) -> Result<Option<Entry>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entries e INDEXED BY entries_written WHERE e.profile = ? AND e.host = ? \
             AND e.outcome IN ('written', 'differs') ORDER BY e.id DESC LIMIT 1"
        );
        self.one(&sql, [profile, host], entry)
    }

    /// The first entry of a profile without a known outcome, after this one; of one customer or of all.
    pub(crate) fn next_open(
        &self,
        profile: &str,
        customer: Option<u64>,
        after: Option<&Entry>,
    ) -> Result<Option<Entry>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entries e INDEXED BY entries_open WHERE e.profile = ?1 AND e.id > ?3 \
             AND (?2 IS NULL OR e.customer = ?2) AND (e.outcome IS NULL OR e.outcome = 'unknown') ORDER BY e.id LIMIT 1"
        );
        self.one(&sql, params![profile, customer, after.map_or(0, |entry| entry.id)], entry)
    }

    /// The entries that match, newest first.
    pub fn history(&self, filter: &Filter) -> impl Iterator<Item = Result<Entry>> {
        let limit = filter.limit.unwrap_or(u64::MAX);
        let page = move |last: Option<&Entry>| {
            let (sql, values) = filter.query(last.map_or(i64::MAX, |entry| entry.id), limit.min(PAGE));
            self.all(&sql, params_from_iter(values), entry)
        };
        paged(page).take(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Rebuilds the plan of an entry; fails if the edits, the document and the SHA-256 do not match.
    pub fn plan(&self, entry: &Entry) -> Result<Plan> {
        let sql = "SELECT edits, before, after FROM entries WHERE id = ?";
        let read =
            self.one(sql, [entry.id], |row| Ok((json::<Vec<Change>>(row, 0)?, row.get(1)?, row.get(2)?)))?;
        read.and_then(|(edits, before, digest)| plan(&edits, before, digest)).ok_or_else(|| {
            let message = "the recorded document, edits and SHA-256 do not match";
            Error::new(ErrorKind::Failed, message).step(format!("reading entry {}", entry.entry))
        })
    }

    /// The document that was stored, if it was not the one that was sent.
    pub fn stored(&self, entry: &Entry) -> Result<Option<Customer>> {
        let text: Option<Option<String>> =
            self.one("SELECT stored FROM entries WHERE id = ?", [entry.id], |row| row.get(0))?;
        Ok(text.flatten().and_then(|text| Customer::parse(text).ok()))
    }

    /// The paths whose stored value may come from a later entry of the same account: one that was written, or one without a
    /// known outcome that sets the same value.
    pub(crate) fn paths_written_later(&self, entry: &Entry) -> Result<Vec<Path>> {
        let paths = self.all(
            "SELECT DISTINCT edit.value ->> '$.path' FROM entries e, json_each(e.edits) AS edit
             WHERE e.customer = ?1 AND e.id > ?2 AND e.profile = ?3 AND e.host = ?4 AND (e.outcome IN ('written', 'differs')
                 OR (e.outcome IS NULL OR e.outcome IN ('unknown', 'undecided', 'superseded')) AND EXISTS (
                     SELECT 1 FROM entries own, json_each(own.edits) AS asked
                     WHERE own.id = ?2 AND asked.value -> '$.path' = edit.value -> '$.path'
                     AND asked.value -> '$.after' IS edit.value -> '$.after'))",
            params![entry.customer, entry.id, entry.profile, entry.host],
            |row| row.get::<_, String>(0),
        )?;
        Ok(paths.iter().filter_map(|path| Path::parse(path).ok()).collect())
    }
}

fn plan(edits: &[Change], before: String, expected: [u8; 32]) -> Option<Plan> {
    let before = Customer::parse(before).ok()?;
    let after = Customer::parse(text_after(&before, edits)).ok()?;
    let token = |customer: &Customer, path: &Path| customer.get(path).map(View::to_json);
    let replaced =
        |path: &Path| Change { path: path.clone(), before: token(&before, path), after: token(&after, path) };
    let replaced = edits.iter().map(|edit| replaced(&edit.path)).collect();
    let changes = diff(before.root(), after.root());
    (digest(after.text()).as_ref() == expected).then(|| Plan {
        before,
        after,
        changes,
        replaced,
        warnings: Vec::new(),
        consent: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
