//! The lines of the journal. Pure: text in, text out. Described in docs/journal.md.
//!
//! A change is two lines: the intent, written before the PUT leaves, and the outcome, written after. Every line carries
//! the entries that are open at that moment, so the last line alone tells which changes never got an outcome.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::id::EntryId;
use crate::document::json::quote;
use crate::document::{Change, Customer, Path, Plan, View};

/// The version of the format; a line with a higher one is not read.
pub const VERSION: u32 = 1;

/// An entry that has no outcome yet, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The entry.
    pub entry: EntryId,
    /// The profile it was made on.
    pub profile: String,
    /// The vendor's id of the customer.
    pub customer: u64,
}

/// What is about to be written, and all it takes to take it back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Intent {
    /// The entry it begins.
    pub entry: EntryId,
    /// When it was written.
    pub time: Timestamp,
    /// The profile's name.
    pub profile: String,
    /// The host and port that the PUT goes to, or `sandbox`.
    pub host: String,
    /// The command, without values: `customer update`.
    pub command: String,
    /// The entry that this one takes back, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<EntryId>,
    /// The row of a run that it carries out, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<RunRow>,
    /// Which customer.
    pub customer: Who,
    /// The tokens that take the place of others, by path.
    pub edits: Vec<Edited>,
    /// The whole document that was read, byte for byte.
    #[serde(skip_serializing)]
    pub before: String,
    /// The whole document that is sent, byte for byte.
    #[serde(skip_serializing)]
    pub after: String,
}

/// A row of a run over many customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// The run's name.
    pub run: EntryId,
    /// The row's number in its source.
    pub row: u64,
}

/// A customer by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The vendor's id.
    pub id: u64,
    /// The name at the time.
    pub name: String,
}

/// One value that takes the place of another; a side that has no such member is left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edited {
    /// Where, as the program shows paths.
    pub path: String,
    /// The token before.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "token")]
    pub before: Option<Box<RawValue>>,
    /// The token after.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "token")]
    pub after: Option<Box<RawValue>>,
}

/// A token that is there, also where it is `null`: only a member that is left out is none.
fn token<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(input).map(Some)
}

/// How a change ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// The entry it ends.
    pub entry: EntryId,
    /// When it was written.
    pub time: Timestamp,
    /// How it ended.
    pub outcome: Ending,
    /// The document that is stored, where it is not the one that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<String>,
}

/// How a change can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// What was asked for is stored, and nothing else changed.
    Written,
    /// Something was written, but what is stored is not what was asked for.
    Differs,
    /// Nothing was written.
    NotWritten,
    /// The PUT was sent and whether it took effect is not known.
    Unknown,
    /// The same, and a later change of this machine set all of its fields anew, so that it does not matter any more.
    Superseded,
}

impl Ending {
    /// Its name in the journal and in output.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Written => "written",
            Ending::Differs => "differs",
            Ending::NotWritten => "not-written",
            Ending::Unknown => "unknown",
            Ending::Superseded => "superseded",
        }
    }
}

/// A line of the journal.
#[derive(Debug, Clone)]
pub enum Record {
    /// A change is about to be written.
    Intent(Box<Intent>),
    /// A change has ended.
    Outcome(Outcome),
}

/// Why a line is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineError {
    /// It was written by a later version of the program.
    Newer(u32),
    /// It is not a line of a journal.
    Damaged(String),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::Newer(version) => {
                write!(
                    f,
                    "it was written by a later version of fusebill (format {version}, this one reads {VERSION})"
                )
            }
            LineError::Damaged(why) => write!(f, "it is damaged: {why}"),
        }
    }
}

impl std::error::Error for LineError {}

/// What every line begins with.
#[derive(Deserialize)]
struct Head {
    v: u32,
    record: Kind,
    #[serde(default)]
    open: Vec<Open>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Intent,
    Outcome,
}

#[derive(Serialize)]
struct Line<'a, T> {
    v: u32,
    record: Kind,
    #[serde(flatten)]
    content: &'a T,
}

/// A line but for the entries that are open once it is written, which are known only then.
#[derive(Debug)]
pub struct Draft(String);

impl Draft {
    /// The line, with its line break.
    pub fn with(self, open: &[Open]) -> String {
        let Draft(mut line) = self;
        line.push_str(",\"open\":");
        line.push_str(&serde_json::to_string(open).expect("texts and numbers are JSON"));
        line.push_str("}\n");
        line
    }
}

impl Record {
    /// The record as a line, with its line break. `open` are the entries without an outcome once this line is written.
    pub fn line(&self, open: &[Open]) -> String {
        self.draft().with(open)
    }

    /// The record as a line that lacks its end.
    pub fn draft(&self) -> Draft {
        let line = match self {
            Record::Intent(intent) => draft_of_intent(intent),
            Record::Outcome(content) => {
                let line = serde_json::to_string(&Line { v: VERSION, record: Kind::Outcome, content });
                line.map(|mut line| {
                    line.pop();
                    line
                })
            }
        };
        Draft(line.expect("texts and tokens are JSON"))
    }

    /// Reads a line.
    ///
    /// # Errors
    /// See [`LineError`].
    pub fn parse(line: &str) -> Result<Record, LineError> {
        let head = head(line)?;
        Ok(match head.record {
            Kind::Intent => Record::Intent(serde_json::from_str(line).map_err(damaged)?),
            Kind::Outcome => Record::Outcome(serde_json::from_str(line).map_err(damaged)?),
        })
    }

    /// The entry it belongs to.
    pub fn entry(&self) -> &EntryId {
        match self {
            Record::Intent(intent) => &intent.entry,
            Record::Outcome(outcome) => &outcome.entry,
        }
    }

    /// The entries without an outcome once this record is written, from those before it.
    pub fn open_after(&self, mut open: Vec<Open>) -> Vec<Open> {
        match self {
            Record::Intent(intent) => {
                let (entry, profile) = (intent.entry.clone(), intent.profile.clone());
                open.push(Open { entry, profile, customer: intent.customer.id });
            }
            Record::Outcome(outcome) if outcome.outcome != Ending::Unknown => {
                open.retain(|open| open.entry != outcome.entry);
            }
            Record::Outcome(_) => {}
        }
        open
    }
}

/// `flatten` cannot carry raw tokens, so the members of an intent are joined by hand.
fn draft_of_intent(intent: &Intent) -> serde_json::Result<String> {
    let content = serde_json::to_string(intent)?;
    let inside = &content[1..content.len() - 1];
    let (before, after) = (quote(&intent.before), quote(&intent.after));
    Ok(format!("{{\"v\":{VERSION},\"record\":\"intent\",{inside},\"before\":{before},\"after\":{after}"))
}

/// The entries that were open when a line was written.
///
/// # Errors
/// See [`LineError`].
pub fn open(line: &str) -> Result<Vec<Open>, LineError> {
    head(line).map(|head| head.open)
}

fn head(line: &str) -> Result<Head, LineError> {
    let head: Head = serde_json::from_str(line).map_err(damaged)?;
    if head.v > VERSION { Err(LineError::Newer(head.v)) } else { Ok(head) }
}

#[allow(clippy::needless_pass_by_value)]
fn damaged(why: serde_json::Error) -> LineError {
    LineError::Damaged(why.to_string())
}

impl Edited {
    /// A value that a plan replaces. It is to stand on one line, so line breaks between its tokens become spaces.
    pub fn of(change: &Change) -> Edited {
        let token = |json: &crate::document::Json| {
            RawValue::from_string(json.text().replace(['\n', '\r'], " ")).expect("a JSON value is one")
        };
        Edited {
            path: change.path.to_string(),
            before: change.before.as_ref().map(token),
            after: change.after.as_ref().map(token),
        }
    }

    /// As a change of a document; none where the line was tampered with.
    pub fn change(&self) -> Option<Change> {
        let json = |token: &Option<Box<RawValue>>| match token {
            None => Some(None),
            Some(token) => crate::document::Json::parse(token.get()).ok().map(Some),
        };
        Some(Change {
            path: Path::parse(&self.path).ok()?,
            before: json(&self.before)?,
            after: json(&self.after)?,
        })
    }
}

impl Intent {
    /// Takes the two documents out: they are nearly all there is of it.
    pub fn forget_documents(&mut self) {
        (self.before, self.after) = (String::new(), String::new());
    }

    /// The intent to write a plan.
    pub fn of(plan: &Plan, entry: EntryId, time: Timestamp, origin: &Origin) -> Intent {
        Intent {
            entry,
            time,
            profile: origin.profile.clone(),
            host: origin.host.clone(),
            command: origin.command.to_string(),
            undoes: origin.undoes.clone(),
            row: origin.row.clone(),
            customer: Who { id: plan.before.id(), name: plan.before.name() },
            edits: plan.replaced.iter().map(Edited::of).collect(),
            before: plan.before.text().to_string(),
            after: plan.after.text().to_string(),
        }
    }

    /// The plan it was made of; none where the line was tampered with.
    pub fn plan(&self) -> Option<Plan> {
        let before = Customer::parse(self.before.as_str()).ok()?;
        let after = Customer::parse(self.after.as_str()).ok()?;
        let changes = crate::document::diff::diff(before.root(), after.root());
        let replaced = self.edits.iter().map(Edited::change).collect::<Option<Vec<_>>>()?;
        // As the documents have them, byte for byte.
        let token = |customer: &Customer, path: &Path| customer.get(path).map(View::to_json);
        let exact = |Change { path, .. }: Change| Change {
            before: token(&before, &path),
            after: token(&after, &path),
            path,
        };
        let replaced = replaced.into_iter().map(exact).collect();
        Some(Plan { before, after, changes, replaced, warnings: Vec::new(), consent: Vec::new() })
    }
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

#[cfg(test)]
mod tests;
