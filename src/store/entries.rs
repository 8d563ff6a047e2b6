//! Journal entries: what was to be written, what undo needs, and the outcome.

use std::fmt::Write;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{OptionalExtension, named_params, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{EntryId, Store};
use crate::document::{Change, Customer, Json, Path, Plan, View};
use crate::document::{diff::diff, splice::splice};
use crate::error::{Error, Kind, Result};

/// Entries read at a time, so that a long history takes little memory and blocks no other process.
const PAGE: u64 = 200;

/// A recorded change. Its documents are read only on request.
#[derive(Debug, Clone)]
pub struct Entry {
    id: i64,
    /// Its name.
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
    /// The tokens that replace others, by path.
    pub edits: Vec<Edited>,
    /// How it ended; none while it is unfinished.
    pub outcome: Option<Ending>,
    /// The entry that this one takes back.
    pub undoes: Option<EntryId>,
    pub(crate) undone_by: Option<EntryId>,
    /// The row of a run that it carries out.
    pub row: Option<RunRow>,
}

impl Entry {
    pub(crate) fn state(&self) -> &'static str {
        self.outcome.map_or("unfinished", Ending::name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    pub run: EntryId,
    pub row: u64,
}

/// Where a change comes from and where it goes.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The profile's name.
    pub profile: String,
    /// The host and port that is written to, or `sandbox`.
    pub host: String,
    /// The command, without values.
    pub command: &'static str,
    /// The entry that is taken back.
    pub undoes: Option<EntryId>,
    /// The row that is carried out.
    pub row: Option<RunRow>,
}

/// One value that takes the place of another; a side that has no such member is left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edited {
    /// As the program shows paths.
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "token")]
    pub(crate) before: Option<Box<RawValue>>,
    /// The token that replaced the other; none if the member was removed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "token")]
    pub after: Option<Box<RawValue>>,
}

/// A member that is `null` is a token: only a member that is left out is none.
fn token<'de, D: serde::Deserializer<'de>>(input: D) -> std::result::Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(input).map(Some)
}

impl Edited {
    pub(crate) fn of(change: &Change) -> Edited {
        Edited::exactly(change).on_one_line()
    }

    fn exactly(change: &Change) -> Edited {
        let token =
            |json: &Json| RawValue::from_string(json.text().to_string()).expect("a JSON value is one");
        Edited {
            path: change.path.to_string(),
            before: change.before.as_ref().map(token),
            after: change.after.as_ref().map(token),
        }
    }

    /// Line breaks are only between the tokens inside a value, where a space does as well.
    fn on_one_line(self) -> Edited {
        let joined = |token: Box<RawValue>| {
            if !token.get().contains(['\n', '\r']) {
                return token;
            }
            RawValue::from_string(token.get().replace(['\n', '\r'], " ")).expect("a JSON value is one")
        };
        Edited { path: self.path, before: self.before.map(joined), after: self.after.map(joined) }
    }

    /// None if the texts are not a change of a document.
    pub(crate) fn change(&self) -> Option<Change> {
        let json = |token: &Option<Box<RawValue>>| match token {
            None => Some(None),
            Some(token) => Json::parse(token.get()).ok().map(Some),
        };
        Some(Change {
            path: Path::parse(&self.path).ok()?,
            before: json(&self.before)?,
            after: json(&self.after)?,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// What was asked for is stored, and nothing else changed.
    Written,
    /// Something was written, but what is stored is not what was asked for.
    Differs,
    NotWritten,
    /// The PUT was sent, and whether it took effect is not known.
    Unknown,
    /// The same, and later changes of this machine set all of its fields, so that it does not matter any more.
    Superseded,
    /// The same, and the customer does not exist any more.
    Gone,
    /// The same, and the customer was modified since, so that the outcome cannot be found out any more.
    Undecided,
}

impl Ending {
    const ALL: [Ending; 7] = [
        Ending::Written,
        Ending::Differs,
        Ending::NotWritten,
        Ending::Unknown,
        Ending::Superseded,
        Ending::Gone,
        Ending::Undecided,
    ];

    /// Its name in the store and in output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Ending::Written => "written",
            Ending::Differs => "differs",
            Ending::NotWritten => "not-written",
            Ending::Unknown => "unknown",
            Ending::Superseded => "superseded",
            Ending::Gone => "gone",
            Ending::Undecided => "undecided",
        }
    }
}

impl ToSql for Ending {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Ending {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Ending> {
        let name = value.as_str()?;
        Ending::ALL.into_iter().find(|ending| ending.name() == name).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for EntryId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for EntryId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<EntryId> {
        value.as_str().map(EntryId::typed)
    }
}

/// Which entries are wanted.
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
    fn sql(&self) -> String {
        let named = [
            (self.profile.is_some(), "e.profile = :profile"),
            (self.host.is_some(), "e.host = :host"),
            (self.customer.is_some(), "e.customer = :customer"),
            (self.run.is_some(), "e.run = :run"),
            // By id as well, so that a walk from the newest ends there.
            (
                self.since.is_some(),
                "e.time >= :since \
                 AND e.id >= (SELECT min(id) FROM entries INDEXED BY entries_by_time WHERE time >= :since)",
            ),
        ];
        let (from, id) = match &self.path {
            Some(_) => ("changed c CROSS JOIN entries e ON e.id = c.entry WHERE c.path = :path", "c.entry"),
            None => ("entries e WHERE true", "e.id"),
        };
        let mut sql = format!("SELECT {COLUMNS} FROM {from} AND {id} < :before");
        for (_, condition) in named.iter().filter(|(is_named, _)| *is_named) {
            write!(sql, " AND {condition}").expect("text is written to");
        }
        write!(sql, " ORDER BY {id} DESC LIMIT :size").expect("text is written to");
        sql
    }
}

const COLUMNS: &str = "e.id, e.entry, e.time, e.profile, e.host, e.command, e.customer, e.name, e.edits, e.outcome, \
    e.undoes, e.run, e.row, (SELECT u.entry FROM entries u WHERE u.undoes = e.entry AND u.outcome IN ('written', 'differs') \
    ORDER BY u.id DESC LIMIT 1)";

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    let run: Option<EntryId> = row.get(11)?;
    Ok(Entry {
        id: row.get(0)?,
        entry: row.get(1)?,
        time: time(row, 2)?,
        profile: row.get(3)?,
        host: row.get(4)?,
        command: row.get(5)?,
        customer: row.get(6)?,
        name: row.get(7)?,
        edits: edits(row, 8)?.into_iter().map(Edited::on_one_line).collect(),
        outcome: row.get(9)?,
        undoes: row.get(10)?,
        undone_by: row.get(13)?,
        row: run.zip(row.get(12)?).map(|(run, row)| RunRow { run, row }),
    })
}

fn edits(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Vec<Edited>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|why| unreadable(column, why))
}

pub(super) fn time(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    text.parse().map_err(|why| unreadable(column, why))
}

pub(super) fn unreadable(
    column: usize,
    why: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(why))
}

/// Stored times sort as text, and SQLite's functions read them.
pub(super) fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn digest(text: &str) -> ring::digest::Digest {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes())
}

/// Added members are in the order of the new text, because they are added in that order again.
fn replacing(plan: &Plan) -> Vec<Edited> {
    let mut replaced: Vec<&Change> = plan.replaced.iter().collect();
    replaced.sort_by_key(|change| plan.after.get(&change.path).map(|token| token.span().start));
    replaced.into_iter().map(Edited::exactly).collect()
}

fn text_after(before: &Customer, edits: &[Edited]) -> Option<String> {
    let paths =
        edits.iter().map(|edit| Path::parse(&edit.path)).collect::<std::result::Result<Vec<_>, _>>().ok()?;
    let tokens = edits.iter().map(|edit| edit.after.as_deref().map(RawValue::get));
    Some(splice(before.text(), before.root(), paths.iter().zip(tokens).collect()))
}

fn recordable(plan: &Plan) -> Result<(String, ring::digest::Digest)> {
    let edits = replacing(plan);
    let after = text_after(&plan.before, &edits).filter(|text| text == plan.after.text());
    let after = after.ok_or_else(|| {
        Error::new(Kind::Failed, "the change does not follow from its edits, so it cannot be recorded")
    })?;
    Ok((serde_json::to_string(&edits).expect("texts and tokens are JSON"), digest(&after)))
}

/// `history --field` finds an entry by these.
fn record_paths(transaction: &rusqlite::Transaction<'_>, id: i64, plan: &Plan) -> rusqlite::Result<()> {
    let mut changed = transaction.prepare("INSERT OR IGNORE INTO changed (path, entry) VALUES (?, ?)")?;
    for change in &plan.changes {
        changed.execute(params![change.path.to_string(), id])?;
    }
    Ok(())
}

impl Store {
    /// Records the intent to write a plan. Nothing may be sent before this returned.
    pub fn begin(&self, plan: &Plan, origin: &Origin) -> Result<EntryId> {
        let (edits, after) = recordable(plan)?;
        let now = Timestamp::now();
        let name = EntryId::new(now, fastrand::u32(..));
        self.write(|transaction| {
            transaction
                .prepare(
                    "INSERT INTO entries (entry, time, profile, host, command, customer, name, edits, before, after, undoes, run, row)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    name,
                    stamp(now),
                    origin.profile,
                    origin.host,
                    origin.command,
                    plan.before.id(),
                    plan.before.name(),
                    edits,
                    plan.before.text(),
                    after.as_ref(),
                    origin.undoes,
                    origin.row.as_ref().map(|row| &row.run),
                    origin.row.as_ref().map(|row| row.row),
                ])?;
            record_paths(transaction, transaction.last_insert_rowid(), plan)
        })?;
        Ok(name)
    }

    /// Used if the customer was read again before anything was sent.
    pub(crate) fn replace(&self, entry: &EntryId, plan: &Plan) -> Result<()> {
        let (edits, after) = recordable(plan)?;
        self.write(|transaction| {
            let id: i64 = transaction
                .prepare("UPDATE entries SET name = ?, edits = ?, before = ?, after = ? WHERE entry = ? RETURNING id")?
                .query_row(
                    params![plan.before.name(), edits, plan.before.text(), after.as_ref(), entry],
                    |row| row.get(0),
                )?;
            transaction.execute("DELETE FROM changed WHERE entry = ?", [id])?;
            record_paths(transaction, id, plan)
        })
    }

    /// `stored` is the document if it is not the one that was sent.
    pub(crate) fn end(&self, entry: &EntryId, outcome: Ending, stored: Option<&Customer>) -> Result<()> {
        let changed = self.write(|transaction| {
            transaction
                .prepare("UPDATE entries SET outcome = ?, ended = ?, stored = ? WHERE entry = ?")?
                .execute(params![outcome, stamp(Timestamp::now()), stored.map(Customer::text), entry])
        })?;
        if changed == 1 {
            return Ok(());
        }
        Err(Error::new(Kind::Failed, format!("the store has no entry {entry} any more")))
    }

    /// The entry with this name.
    pub fn entry(&self, name: &EntryId) -> Result<Option<Entry>> {
        self.one(&format!("SELECT {COLUMNS} FROM entries e WHERE e.entry = ?"), [name])
    }

    pub(crate) fn last_written(&self, profile: &str, host: &str) -> Result<Option<Entry>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entries e INDEXED BY entries_written WHERE e.profile = ? AND e.host = ? \
             AND e.outcome IN ('written', 'differs') ORDER BY e.id DESC LIMIT 1"
        );
        self.one(&sql, [profile, host])
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
        self.one(&sql, params![profile, customer, after.map_or(0, |entry| entry.id)])
    }

    fn one(&self, sql: &str, params: impl rusqlite::Params) -> Result<Option<Entry>> {
        self.read(|connection| connection.prepare(sql)?.query_row(params, entry).optional())
    }

    /// Gives entries to `each`, the newest first. Memory does not grow with their number; other processes can write meanwhile.
    pub fn history(&self, filter: &Filter, mut each: impl FnMut(Entry) -> Result<()>) -> Result<()> {
        let (mut left, mut before) = (filter.limit.unwrap_or(u64::MAX), i64::MAX);
        while left > 0 {
            let page = self.page(filter, before, left.min(PAGE))?;
            let Some(last) = page.last() else { return Ok(()) };
            before = last.id;
            left -= page.len() as u64;
            page.into_iter().try_for_each(&mut each)?;
        }
        Ok(())
    }

    fn page(&self, filter: &Filter, before: i64, size: u64) -> Result<Vec<Entry>> {
        let sql = filter.sql();
        let since = filter.since.map(stamp);
        let path = filter.path.as_ref().map(ToString::to_string);
        self.read(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let named: &[(&str, &dyn ToSql)] = named_params! {
                ":profile": filter.profile, ":host": filter.host, ":customer": filter.customer, ":run": filter.run,
                ":since": since, ":path": path, ":before": before, ":size": size,
            };
            let mut bound = Vec::new();
            for (name, value) in named {
                if statement.parameter_index(name)?.is_some() {
                    bound.push((*name, *value));
                }
            }
            let rows = statement.query_map(bound.as_slice(), entry)?;
            rows.collect()
        })
    }

    /// The plan of an entry; `Failed` if its parts do not fit together.
    pub fn plan(&self, entry: &Entry) -> Result<Plan> {
        let read = self.read(|connection| {
            let sql = "SELECT edits, before, after FROM entries WHERE id = ?";
            let read = |row: &rusqlite::Row<'_>| {
                Ok((edits(row, 0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
            };
            connection.prepare(sql)?.query_row([entry.id], read).optional()
        })?;
        let plan = read.and_then(|(edits, before, digest)| plan(&edits, before, &digest));
        plan.ok_or_else(|| {
            let message = "what the store holds of it does not fit together";
            Error::new(Kind::Failed, message).at(format!("reading entry {}", entry.entry))
        })
    }

    /// The document that was stored, if it was not the one that was sent.
    pub fn stored(&self, entry: &Entry) -> Result<Option<Customer>> {
        let text: Option<String> = self.read(|connection| {
            connection.query_row("SELECT stored FROM entries WHERE id = ?", [entry.id], |row| row.get(0))
        })?;
        Ok(text.and_then(|text| Customer::parse(text).ok()))
    }

    /// The paths whose stored value may come from a later change of the same account: it was written, or it is open and
    /// asks for the value that this entry asks for.
    pub(crate) fn written_after(&self, entry: &Entry) -> Result<Vec<Path>> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT DISTINCT json_extract(edit.value, '$.path') FROM entries e, json_each(e.edits) AS edit
                 WHERE e.customer = ?1 AND e.id > ?2 AND e.profile = ?3 AND e.host = ?4 AND (e.outcome IN ('written', 'differs')
                     OR (e.outcome IS NULL OR e.outcome IN ('unknown', 'undecided', 'superseded')) AND EXISTS (
                         SELECT 1 FROM entries own, json_each(own.edits) AS asked
                         WHERE own.id = ?2 AND asked.value -> '$.path' = edit.value -> '$.path'
                         AND asked.value -> '$.after' IS edit.value -> '$.after'))",
            )?;
            let params = params![entry.customer, entry.id, entry.profile, entry.host];
            let paths = statement.query_map(params, |row| row.get::<_, String>(0))?;
            let paths = paths.collect::<rusqlite::Result<Vec<String>>>()?;
            Ok(paths.iter().filter_map(|path| Path::parse(path).ok()).collect())
        })
    }
}

fn plan(edits: &[Edited], before: String, expected: &[u8]) -> Option<Plan> {
    let before = Customer::parse(before).ok()?;
    let after = text_after(&before, edits).filter(|after| digest(after).as_ref() == expected)?;
    let after = Customer::parse(after).ok()?;
    let token = |customer: &Customer, path: &Path| customer.get(path).map(View::to_json);
    let replaced = |edit: &Edited| {
        let path = Path::parse(&edit.path).ok()?;
        Some(Change { before: token(&before, &path), after: token(&after, &path), path })
    };
    let replaced = edits.iter().map(replaced).collect::<Option<Vec<_>>>()?;
    let changes = diff(before.root(), after.root());
    Some(Plan { before, after, changes, replaced, warnings: Vec::new(), consent: Vec::new() })
}

#[cfg(test)]
mod tests;
