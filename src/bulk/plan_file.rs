//! The plan file: the changes of a run, to be reviewed and applied later. Described in docs/runs.md.
//! NDJSON: a head, a line for each row, an end. A file without its end was cut off and is not applied.

use std::fmt;
use std::io::BufRead;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::RowError;
use super::action::RowAction;
use super::ndjson::line;
use super::result::Outcome;
use super::tokens::Tokens;
use crate::document::compare::same_or_absent;
use crate::document::json::on_one_line;
use crate::document::merge::{Conflict, Merge};
use crate::document::plan::{Plan, rewrite};
use crate::document::{Change, Customer, Json, Path, View, check};
use crate::field;
use crate::search::CustomerName;

/// The version of the format; a later one is not read.
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub fusebill_plan: u32,
    /// The profile that the customers were read with.
    pub profile: String,
    /// The host and port, or `sandbox`.
    pub host: String,
    pub time: Timestamp,
    pub source: String,
}

/// The change of one customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    pub(crate) row: u64,
    pub id: u64,
    /// At the time of the plan.
    #[serde(default)]
    pub(crate) name: String,
    /// The lookup of a row without an id: `reference:ACME-7`. It must still find the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lookup: Option<String>,
    /// The new tokens by path; empty if nothing changes.
    #[serde(default)]
    pub edits: Tokens,
    /// The tokens that they replace. A path that is not here was absent.
    #[serde(default)]
    pub base: Tokens,
    /// The status action of the row, with the status and the price that were read. Such a row has no edits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<RowAction>,
    /// Why the row has no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Among failures: why the row was not written. It is not read.
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub end_of_plan: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    #[error("a later version of fusebill made it (format {0}; this one reads {VERSION})", VERSION = VERSION)]
    Newer(u32),
    #[error("its first line is not the head of a plan")]
    NoHead,
    /// It has no end, or its end counts other rows.
    #[error("its end is missing or counts other rows: it was cut off, or lines were removed")]
    CutOff,
    #[error("{0}")]
    Damaged(RowError),
}

impl Planned {
    pub fn of(row: u64, plan: &Plan) -> Planned {
        let tokens = |side: fn(&Change) -> &Option<Json>| {
            let token = |change: &Change| Some((change.path.clone(), side(change).clone()?));
            Tokens(plan.replaced.iter().filter_map(token).collect())
        };
        let (edits, base) = (tokens(|change| &change.after), tokens(|change| &change.before));
        Planned { name: plan.before.name(), edits, base, ..Planned::nothing(row, plan.before.id()) }
    }

    pub(crate) fn nothing(row: u64, id: u64) -> Planned {
        let (edits, base) = (Tokens::default(), Tokens::default());
        Planned {
            row,
            id,
            name: String::new(),
            lookup: None,
            edits,
            base,
            action: None,
            error: None,
            reason: None,
        }
    }

    pub(crate) fn changes_something(&self) -> bool {
        !self.edits.0.is_empty()
    }

    /// The customer of such a row need not be read.
    pub(crate) fn needs_no_read(&self) -> bool {
        !self.changes_something() && self.action.is_none() && self.error.is_none()
    }

    /// `Written` if it would change something.
    pub(crate) fn outcome(&self) -> Outcome {
        let acts = self.action.as_ref().is_some_and(|action| !action.is_done());
        match &self.error {
            Some(_) => Outcome::Failed,
            None if acts || self.changes_something() => Outcome::Written,
            None => Outcome::Unchanged,
        }
    }

    fn check_action(&self) -> Result<(), String> {
        let Some(action) = &self.action else { return Ok(()) };
        if self.changes_something() {
            return Err("it has an action and edits".to_string());
        }
        let is_ready = self.error.is_some() || action.is_ready();
        is_ready.then_some(()).ok_or_else(|| "its action has no status or no price".to_string())
    }

    pub(crate) fn customer(&self) -> Result<CustomerName, String> {
        self.lookup.as_ref().map_or(Ok(CustomerName::Id(self.id)), |name| CustomerName::parse(name))
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let change = |(path, after): &(Path, Json)| Change {
            before: self.base.get(path).cloned(),
            after: Some(after.clone()),
            path: path.clone(),
        };
        self.edits.0.iter().map(change)
    }

    /// Checks what can be checked without the customer.
    pub fn check(&self) -> Result<(), String> {
        self.check_action()?;
        refuse_twice(&self.edits)?;
        refuse_twice(&self.base)?;
        self.edits.0.iter().try_for_each(|(path, token)| spelled(path, token).map(drop))?;
        if let Some((path, _)) = self.base.0.iter().find(|(path, _)| self.edits.get(path).is_none()) {
            return Err(format!("its base has `{path}`, which no edit sets"));
        }
        Ok(())
    }

    /// The plan for the customer as it is stored now. A field that is neither as planned from nor as planned is a conflict;
    /// fields without an edit may have any value.
    pub fn merge(&self, now: &Customer) -> Result<Merge, String> {
        let (mut kept, mut conflicts) = (Vec::new(), Vec::new());
        for Change { path, before: base, after: ours } in self.changes() {
            let theirs = now.get(&path);
            let holds = |token: &Option<Json>| same_or_absent(&path, theirs, token.as_ref().map(Json::root));
            if holds(&base) {
                let token = ours.map(|token| spelled(&path, &token)).transpose()?;
                kept.push((path, token));
            } else if !holds(&ours) {
                let theirs = theirs.map(View::to_json);
                conflicts.push(Conflict { path, base, ours, theirs });
            }
        }
        if !conflicts.is_empty() {
            return Ok(Merge::Conflicts(conflicts));
        }
        let plan = rewrite(now.clone(), kept).map_err(|error| error.without_flag())?;
        Ok(Merge::Merged { plan: Box::new(plan), carried: Vec::new() })
    }
}

fn spelled(path: &Path, token: &Json) -> Result<Json, String> {
    let dotted = path.dotted();
    if let Some(fixed) = field::read_only(&dotted) {
        return Err(format!("`{path}` is read-only: {}", fixed.reason));
    }
    match field::at(&dotted).filter(|field| field.kind != field::FieldKind::Codes) {
        Some(field) => check::value(field, token.clone())
            .map(|checked| checked.value)
            .map_err(|error| format!("`{path}` {error}")),
        None => Ok(token.clone()),
    }
}

fn refuse_twice(tokens: &Tokens) -> Result<(), String> {
    let mut paths: Vec<&Path> = tokens.0.iter().map(|(path, _)| path).collect();
    paths.sort_unstable();
    // Sorted, a path precedes the paths that lead into it.
    match paths.windows(2).find(|pair| pair[0].covers(pair[1])) {
        Some(pair) => Err(format!("its edits set `{}` twice", pair[1])),
        None => Ok(()),
    }
}

/// A line of NDJSON.
pub fn json_line<T: Serialize>(content: &T) -> String {
    on_one_line(&serde_json::to_string(content).expect("texts and tokens are JSON")) + "\n"
}

pub struct Lines<R> {
    input: R,
    line: u64,
    rows: u64,
    ended: bool,
}

/// Reads the head, and gives the rows one by one.
pub fn read<R: BufRead>(mut input: R) -> Result<(Head, Lines<R>), PlanFileError> {
    #[derive(Deserialize)]
    struct Version {
        fusebill_plan: u32,
    }
    let first = line(&mut input).ok().flatten().ok_or(PlanFileError::NoHead)?;
    let version: Version = serde_json::from_slice(&first).map_err(|_| PlanFileError::NoHead)?;
    if version.fusebill_plan > VERSION {
        return Err(PlanFileError::Newer(version.fusebill_plan));
    }
    let head = serde_json::from_slice(&first).map_err(|_| PlanFileError::NoHead)?;
    Ok((head, Lines { input, line: 1, rows: 0, ended: false }))
}

impl<R: BufRead> Lines<R> {
    fn damaged(&self, reason: impl fmt::Display) -> PlanFileError {
        PlanFileError::Damaged(RowError::of_line(self.line, reason.to_string()))
    }

    fn read(&mut self) -> Result<Option<Planned>, PlanFileError> {
        self.line += 1;
        let text = line(&mut self.input).map_err(|error| self.damaged(error))?;
        let Some(text) = text else { return if self.ended { Ok(None) } else { Err(PlanFileError::CutOff) } };
        if self.ended {
            return Err(PlanFileError::CutOff);
        }
        // An untagged enum would lose raw tokens, so the kind of the line is read first.
        let raw: std::collections::HashMap<String, &RawValue> =
            serde_json::from_slice(&text).map_err(|error| self.damaged(error))?;
        if raw.contains_key("end_of_plan") {
            let end: End = serde_json::from_slice(&text).map_err(|error| self.damaged(error))?;
            self.ended = true;
            return if end.end_of_plan == self.rows { self.read() } else { Err(PlanFileError::CutOff) };
        }
        self.rows += 1;
        serde_json::from_slice(&text).map(Some).map_err(|error| self.damaged(error))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Planned, PlanFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::edit::{Action, Edit, Edits};
    use crate::document::plan::plan;

    const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"J\u006fn" ,"n":1E5}"#;

    fn a_plan() -> Plan {
        let set = |path: &str, text: &str| Edit {
            path: Path::parse(path).unwrap(),
            action: Action::Set(Json::string(text)),
            given: String::new(),
        };
        let edits = vec![set("firstName", "John"), set("customerAcquisition.source", "web")];
        plan(Customer::parse(BEFORE).unwrap(), &Edits::check(edits).unwrap(), false).unwrap()
    }

    fn file() -> Vec<String> {
        let time = Timestamp::UNIX_EPOCH;
        let (profile, host, source) = ("p".to_string(), "h".to_string(), "f.csv".to_string());
        let head = json_line(&Head { fusebill_plan: VERSION, profile, host, time, source });
        let rest = json_line(&Planned::of(1, &a_plan())) + &json_line(&End { end_of_plan: 1 });
        (head + &rest).lines().map(str::to_string).collect()
    }

    fn read_all(lines: &[String]) -> Result<Vec<Planned>, PlanFileError> {
        let text = lines.join("\n");
        let (_, lines) = read(text.as_bytes())?;
        lines.collect()
    }

    fn merged(row: &Planned, now: &str) -> Result<String, Vec<String>> {
        match row.merge(&Customer::parse(now).unwrap()).unwrap() {
            Merge::Merged { plan, .. } => Ok(plan.after.text().to_string()),
            Merge::Conflicts(conflicts) => Err(conflicts.iter().map(|it| it.path.to_string()).collect()),
        }
    }

    #[test]
    fn a_row_has_the_edits_and_their_base() {
        let row = r#"{"row":1,"id":7,"name":"J\u006fn","edits":{"customerAcquisition":{"source":"web"},"firstName":"John"},"base":{"firstName":"J\u006fn"}}"#;
        assert_eq!(file()[1].replace("\"name\":\"Jon\"", "\"name\":\"J\\u006fn\""), row);
    }

    #[test]
    fn a_plan_comes_back_as_it_was_byte_for_byte() {
        let rows = read_all(&file()).unwrap();
        assert_eq!((rows.len(), merged(&rows[0], BEFORE).unwrap()), (1, a_plan().after.text().to_string()));
    }

    #[test]
    fn fields_without_an_edit_may_have_any_value_and_others_the_base_or_the_edit() {
        let row = read_all(&file()).unwrap().remove(0);
        let beside = BEFORE.replace("1E5", "2");
        assert_eq!(merged(&row, &beside).unwrap(), a_plan().after.text().replace("1E5", "2"));
        let done = BEFORE.replace("J\\u006fn", "John");
        assert_eq!(merged(&row, &done).unwrap(), a_plan().after.text());
        assert_eq!(merged(&row, &BEFORE.replace("J\\u006fn", "Jim")).unwrap_err(), ["firstName"]);
        let made = BEFORE.replace("1E5", r#"1,"customerAcquisition":{"id":7,"source":null}"#);
        assert_eq!(merged(&row, &made).unwrap_err(), ["customerAcquisition"]);
    }

    #[test]
    fn a_plan_file_that_is_cut_off_damaged_or_newer_is_refused() {
        let whole = file();
        assert_eq!(read_all(&whole[..2]).unwrap_err(), PlanFileError::CutOff);
        assert_eq!(read_all(&[whole[0].clone(), whole[2].clone()]).unwrap_err(), PlanFileError::CutOff);
        assert_eq!(read_all(&[]).unwrap_err(), PlanFileError::NoHead);
        assert_eq!(read_all(&whole[1..]).unwrap_err(), PlanFileError::NoHead);
        let newer = whole[0].replace("\"fusebill_plan\":1", "\"fusebill_plan\":2");
        assert_eq!(read_all(&[newer]).unwrap_err(), PlanFileError::Newer(2));
        let torn = whole[1][..whole[1].len() / 2].to_string();
        assert!(
            matches!(read_all(&[whole[0].clone(), torn]), Err(PlanFileError::Damaged(it)) if it.line == 2)
        );
        let twice = [whole.clone(), vec![whole[2].clone()]].concat();
        assert_eq!(read_all(&twice).unwrap_err(), PlanFileError::CutOff);
    }

    #[test]
    fn a_line_that_was_tampered_with_is_refused() {
        let other = |from: &str, to: &str| {
            let lines: Vec<String> = file().iter().map(|line| line.replacen(from, to, 1)).collect();
            assert_ne!(lines, file(), "{from}");
            read_all(&lines).map_err(|error| error.to_string())?[0].check()
        };
        assert!(other("\"name\"", "\"nickname\"").is_ok());
        let edits = "\"edits\":{\"customerAcquisition\":{\"source\":\"web\"},\"firstName\":\"John\"}";
        let with = |more: &str| edits.replace("John\"}", &format!("John\",{more}}}"));
        for (from, to, says) in [
            ("{\"firstName\":\"J", "{\"lastName\":\"J", "which no edit sets"),
            ("\"firstName\":\"John\"", "\"id\":8", "`id` is read-only"),
            ("\"firstName\":\"John\"", "\"a..b\":8", ""),
            (edits, &with("\"customerAcquisition.source\":\"x\""), "twice"),
            (edits, &with("\"firstName\":\"Jim\""), "twice"),
            ("\"firstName\":\"John\"", "\"firstName\":5", "takes text"),
            ("\"id\":7", "\"id\":\"7\"", "line 2"),
        ] {
            let message = other(from, to).unwrap_err();
            assert!(message.contains(says), "{to}: {message}");
        }
    }
}
