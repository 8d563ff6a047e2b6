//! The one JSON object that `-o json` prints for a command that writes, and for every failure.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::document::verify::Verdict;
use crate::document::{Change, Customer, Json, Plan};
use crate::error::{Error, Kind};
use crate::journal::EntryId;

/// What a command has found out so far, kept so that a failure can tell it too.
#[derive(Debug, Default)]
pub struct Facts {
    customer: Option<(u64, String)>,
    changes: Vec<Change>,
    warnings: Vec<String>,
    differences: Verdict,
    entry: Option<String>,
}

/// How a command that writes ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The change was written and what is stored was compared with it.
    Updated,
    /// The customer already was as asked; nothing was sent.
    Unchanged,
    /// A dry run: this is what would change.
    Planned,
}

impl Outcome {
    /// Its name in the JSON output.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Planned => "planned",
        }
    }
}

impl Facts {
    /// Notes which customer it is about.
    pub fn customer(&mut self, customer: &Customer) {
        self.customer = Some((customer.id(), customer.name()));
    }

    /// Notes what is to change.
    pub fn plan(&mut self, plan: &Plan) {
        self.changes.clone_from(&plan.changes);
        self.warnings.clone_from(&plan.warnings);
    }

    /// Notes the journal's entry of the change.
    pub fn entry(&mut self, entry: Option<&EntryId>) {
        self.entry = entry.map(ToString::to_string);
    }

    /// The journal's entry of the change, where there is one.
    pub fn entry_name(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// Notes what is stored otherwise than it was sent.
    pub fn verdict(&mut self, verdict: &Verdict) {
        self.differences = verdict.clone();
    }

    /// The object for a good end.
    pub fn success(&self, outcome: Outcome) -> Json {
        self.object(outcome.name(), None)
    }

    /// The object for a failure.
    pub fn failure(&self, error: &Error) -> Json {
        let kind = error.kind.row().name;
        let message = std::iter::once(error.headline()).chain(error.details.iter().cloned());
        let hint = (!error.hints.is_empty()).then(|| error.hints.join("; "));
        let message = message.collect::<Vec<_>>().join("; ");
        self.object(outcome_of(error.kind), Some(Problem { kind, message, hint }))
    }

    fn object(&self, outcome: &str, error: Option<Problem>) -> Json {
        let object = Object {
            outcome,
            customer: self.customer.as_ref().map(|(id, name)| Who { id: *id, name }),
            changes: self.changes.iter().map(Changed::of).collect(),
            warnings: &self.warnings,
            differences: self.differences.differences.iter().map(Different::of).collect(),
            entry: self.entry.as_deref(),
            error,
        };
        let text = serde_json::to_string(&object).expect("an object of texts and tokens is JSON");
        Json::known(text)
    }
}

/// What a failure of this kind means for the customer.
fn outcome_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Unknown | Kind::Differs | Kind::Cancelled | Kind::Interrupted => kind.row().name,
        _ => "failed",
    }
}

/// The members, in the order in which they are printed. Described in docs/json.md.
#[derive(Serialize)]
struct Object<'a> {
    outcome: &'a str,
    customer: Option<Who<'a>>,
    changes: Vec<Changed<'a>>,
    warnings: &'a [String],
    differences: Vec<Different<'a>>,
    entry: Option<&'a str>,
    error: Option<Problem>,
}

#[derive(Serialize)]
struct Who<'a> {
    id: u64,
    name: &'a str,
}

#[derive(Serialize)]
struct Changed<'a> {
    path: String,
    before: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Different<'a> {
    path: String,
    asked: bool,
    sent: Option<&'a RawValue>,
    stored: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct Problem {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl<'a> Changed<'a> {
    fn of(change: &'a Change) -> Changed<'a> {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        Changed { path: change.path.to_string(), before: before.map(token), after: after.map(token) }
    }
}

impl<'a> Different<'a> {
    fn of(difference: &'a crate::document::verify::Difference) -> Different<'a> {
        Different {
            path: difference.path.to_string(),
            asked: difference.asked,
            sent: difference.sent.as_ref().map(token),
            stored: difference.stored.as_ref().map(token),
        }
    }
}

fn token(json: &Json) -> &RawValue {
    serde_json::from_str(json.text()).expect("a JSON value is one")
}

/// The object as it is printed.
pub fn text(object: &Json) -> String {
    format!("{}\n", crate::document::indent::indented(object.root()))
}
