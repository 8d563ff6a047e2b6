//! The one JSON object that `-o json` prints for a command that writes, and for every failure.

use serde::Serialize;

use super::json::{self, Object};
use crate::api::key::without_keys;
use crate::document::verify::{Difference, Verdict};
use crate::document::{Change, Customer, Json, Plan};
use crate::error::{Error, ErrorKind};
use crate::store::EntryId;

#[derive(Debug, Default)]
pub(crate) struct JsonReport {
    customer: Option<CustomerRef>,
    changes: Vec<Change>,
    warnings: Vec<String>,
    differences: Verdict,
    pub(crate) entry: Option<String>,
    /// The status action, as JSON.
    action: Option<String>,
    /// How many times the PUT was sent.
    pub(crate) attempts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Updated,
    Unchanged,
    Planned,
}

impl Outcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Planned => "planned",
        }
    }
}

impl JsonReport {
    pub(crate) fn customer(&mut self, customer: &Customer) {
        self.customer = Some(CustomerRef { id: customer.id(), name: customer.name() });
    }

    pub(crate) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// The last one.
    pub(crate) fn warning(&self) -> Option<String> {
        self.warnings.last().cloned()
    }

    pub(crate) fn plan(&mut self, plan: &Plan) {
        self.changes.clone_from(&plan.changes);
        self.warnings.clone_from(&plan.warnings);
    }

    pub(crate) fn entry(&mut self, entry: Option<&EntryId>) {
        self.entry = entry.map(ToString::to_string);
    }

    pub(crate) fn action(&mut self, action: String) {
        self.action = Some(action);
    }

    pub(crate) fn verdict(&mut self, verdict: &Verdict) {
        self.differences = verdict.clone();
    }

    pub(crate) fn success(&self, outcome: Outcome) -> String {
        self.object(outcome.name(), None)
    }

    pub(crate) fn failure(&self, error: &Error) -> String {
        let kind = error.kind.row().name;
        let message = std::iter::once(error.headline()).chain(error.details.iter().cloned());
        let message = without_keys(&message.collect::<Vec<_>>().join("; ")).into_owned();
        let hint = (!error.hints.is_empty()).then(|| without_keys(&error.hints.join("; ")).into_owned());
        let listed = error.listed.iter().flat_map(|listed| &listed.0);
        let errors = listed.map(|line| without_keys(line).into_owned()).collect();
        self.object(outcome_of(error.kind), Some(&Problem { kind, message, hint, errors }))
    }

    fn object(&self, outcome: &str, error: Option<&Problem>) -> String {
        let object = Object::default()
            .member("outcome", &outcome)
            .member("customer", &self.customer)
            .token("changes", &json::array(self.changes.iter().map(changed)))
            .member("warnings", &self.warnings)
            .token("differences", &json::array(self.differences.differences.iter().map(different)))
            .member("entry", &self.entry)
            .member("error", &error);
        match &self.action {
            Some(action) => object.token("action", action).end(),
            None => object.end(),
        }
    }
}

fn outcome_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unknown | ErrorKind::Differs | ErrorKind::Cancelled | ErrorKind::Interrupted => {
            kind.row().name
        }
        _ => "failed",
    }
}

#[derive(Debug, Serialize)]
struct CustomerRef {
    id: u64,
    name: String,
}

#[derive(Serialize)]
pub(super) struct Problem {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<String>,
}

fn changed(change: &Change) -> String {
    Object::default()
        .member("path", &change.path.to_string())
        .token("before", token(&change.before))
        .token("after", token(&change.after))
        .end()
}

fn different(difference: &Difference) -> String {
    Object::default()
        .member("path", &difference.path.to_string())
        .member("asked", &difference.asked)
        .token("sent", token(&difference.sent))
        .token("stored", token(&difference.stored))
        .end()
}

fn token(json: &Option<Json>) -> &str {
    json.as_ref().map_or("null", Json::text)
}

#[cfg(test)]
mod tests {
    use super::super::json::printed;
    use super::*;
    use crate::cli::Output;
    use crate::document::Path;
    use crate::document::json::MAX_DEPTH;
    use crate::document::plan::rewrite;

    #[test]
    fn a_change_of_the_deepest_value_that_is_read_is_printed() {
        let deep = "[".repeat(MAX_DEPTH - 1) + &"]".repeat(MAX_DEPTH - 1);
        let before = format!(r#"{{"id":7,"status":"Active","deep":{deep}}}"#);
        let plan = rewrite(Customer::parse(before).unwrap(), vec![(Path::root("deep"), Some(Json::null()))])
            .unwrap();
        let mut json = JsonReport::default();
        json.plan(&plan);
        let text = printed(&json.success(Outcome::Updated), Output::Ndjson);
        let changes = format!(r#""changes":[{{"path":"deep","before":{deep},"after":null}}]"#);
        assert!(text.contains(&changes), "{text}");
    }
}
