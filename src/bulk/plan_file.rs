//! The plan file: the changes of a run, to be reviewed and applied later. Described in docs/bulk.md.
//! NDJSON: a head, a line for each row, an end. A file without its end was cut off and is not applied.

use std::io::BufRead;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::RowError;
use super::action::RowAction;
use super::ndjson::line;
use super::result::Outcome;
use crate::document::json::on_one_line;
use crate::document::plan::{Plan, rewrite};
use crate::document::{Change, Customer, Json, Path, check};
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
    pub customer: PlannedCustomer,
    /// The lookup of a row without an id: `reference:ACME-7`. It must still find the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lookup: Option<String>,
    /// The tokens that change; empty if nothing does.
    #[serde(default)]
    pub edits: Vec<Change>,
    /// The whole document that was read, byte for byte; left out if nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The status action of the row, with the status and the price that were read. Such a row has no edits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<RowAction>,
    /// Why the row has no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// A customer, with its name at the time of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCustomer {
    pub id: u64,
    pub(crate) name: String,
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
        Planned {
            row,
            customer: PlannedCustomer { id: plan.before.id(), name: plan.before.name() },
            lookup: None,
            edits: plan.replaced.clone(),
            before: (!plan.is_empty()).then(|| plan.before.text().to_string()),
            action: None,
            error: None,
        }
    }

    /// `Written` if it would change something.
    pub(crate) fn outcome(&self) -> Outcome {
        let acts = self.action.as_ref().is_some_and(|action| !action.is_done());
        match &self.error {
            Some(_) => Outcome::Failed,
            None if acts || self.before.is_some() => Outcome::Written,
            None => Outcome::Unchanged,
        }
    }

    /// Checks its action; `plan` checks its edits.
    pub(crate) fn check_action(&self) -> Result<(), String> {
        let Some(action) = &self.action else { return Ok(()) };
        if self.before.is_some() || !self.edits.is_empty() {
            return Err("it has an action and edits".to_string());
        }
        let is_ready = self.error.is_some() || action.is_ready();
        is_ready.then_some(()).ok_or_else(|| "its action has no status or no price".to_string())
    }

    pub(crate) fn name(&self) -> Result<CustomerName, String> {
        self.lookup.as_ref().map_or(Ok(CustomerName::Id(self.customer.id)), |name| CustomerName::parse(name))
    }

    /// The plan of the line; none if nothing changes.
    pub fn plan(&self) -> Result<Option<Plan>, String> {
        let Some(before) = &self.before else {
            return if self.edits.is_empty() { Ok(None) } else { Err("its customer is missing".to_string()) };
        };
        let before = Customer::parse(before.as_str())
            .map_err(|error| format!("its customer cannot be read: {error}"))?;
        if before.id() != self.customer.id {
            let (named, held) = (self.customer.id, before.id());
            return Err(format!("it names customer {named} and holds customer {held}"));
        }
        let values = self.edits.iter().map(new_value).collect::<Result<Vec<_>, _>>()?;
        refuse_twice(&values)?;
        rewrite(before, values).map(Some).map_err(|error| error.without_flag())
    }
}

fn new_value(edit: &Change) -> Result<(Path, Option<Json>), String> {
    let (path, value) = (edit.path.clone(), edit.after.clone().ok_or("an edit of it has no new value")?);
    let value = match field::at(&path.dotted()) {
        Some(field) if field.kind != field::FieldKind::Codes => {
            check::value(field, value).map_err(|error| format!("`{path}` {error}"))?.value
        }
        _ => value,
    };
    Ok((path, Some(value)))
}

fn refuse_twice(values: &[(Path, Option<Json>)]) -> Result<(), String> {
    let mut paths: Vec<&Path> = values.iter().map(|(path, _)| path).collect();
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
    fn damaged(&self, reason: impl std::fmt::Display) -> PlanFileError {
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

    #[test]
    fn a_plan_comes_back_as_it_was_byte_for_byte() {
        let rows = read_all(&file()).unwrap();
        let again = rows[0].plan().unwrap().unwrap();
        assert_eq!((rows.len(), again.after.text()), (1, a_plan().after.text()));
        assert_eq!(again.before.text(), BEFORE);
    }

    #[test]
    fn what_is_cut_off_damaged_or_newer_is_not_read() {
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
            read_all(&lines).map_err(|error| error.to_string())?[0].plan()
        };
        assert!(other("\"customer\":{\"id\":7", "\"customer\":{\"id\":8").is_err());
        assert!(other("\"path\":\"firstName\"", "\"path\":\"id\"").is_err());
        assert!(other("\"path\":\"firstName\"", "\"path\":\"a..b\"").is_err());
        assert!(other("\"path\":\"firstName\"", "\"path\":\"customerAcquisition\"").is_err(), "set twice");
        assert!(other("\"after\":\"John\"", "\"after\":5").is_err());
        assert!(other(",\"after\":\"John\"", "").is_err());
        assert!(other("\"before\":\"{", "\"was\":\"{").is_err());
    }
}
