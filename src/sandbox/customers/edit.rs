//! `PUT /v1/customers`: from the body that was sent to the document that is stored and answered.

use std::time::SystemTime;

use super::members::Members;
use super::{MODIFIED, Problem, not_found, splice, update};
use crate::document::json::{Json, ValueKind, quote};
use crate::document::path::Path;
use crate::sandbox::behaviour::{Behaviour, ErrorKey, LaterTimestamp, Modified, PutAnswer};
use crate::sandbox::clock;
use crate::sandbox::fault::Hits;
use crate::sandbox::http::answer::Answer;
use crate::sandbox::store::Table;

/// An edit that was asked for.
pub(crate) struct Edit<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) now: SystemTime,
    pub(crate) hits: &'a Hits,
}

impl Edit<'_> {
    /// Makes the edit and says what came of it.
    pub(crate) fn apply(&self, table: &mut Table) -> Answer {
        let body = match parse(self.body) {
            Ok(body) => body,
            Err(problem) => return self.refuse(&[problem]),
        };
        let id = match named(&body) {
            Ok(id) => id,
            Err(problems) => return self.refuse(&problems),
        };
        self.hits.write_between(table, id, &clock::short(self.now));
        let Some(stored) = table.json(id) else { return not_found(id, self.behaviour) };
        match update::update(id, &stored, body.root(), table, self.behaviour) {
            Ok(after) => self.store(table, id, &stored, after),
            Err(problems) => self.refuse(&problems),
        }
    }

    fn store(&self, table: &mut Table, id: u64, before: &Json, after: Json) -> Answer {
        let after = self.hits.store_less(before, after);
        let unchanged = after.text() == before.text();
        if unchanged && self.behaviour.modified == Modified::WhenChanged {
            return self.answer(after.text());
        }
        let path = Path::of(MODIFIED);
        let answered = splice::set(&after, &path, &quote(&clock::long(self.now)));
        let stored = match self.behaviour.later_timestamp {
            LaterTimestamp::Same => answered.clone(),
            LaterTimestamp::Short => splice::set(&after, &path, &quote(&clock::short(self.now))),
        };
        table.put(id, stored.text().to_string());
        self.answer(answered.text())
    }

    fn answer(&self, document: &str) -> Answer {
        match self.behaviour.put_answer {
            PutAnswer::Document => Answer::json(200, document),
            PutAnswer::Null => Answer::json(200, "null"),
            PutAnswer::Empty => Answer::empty(204),
        }
    }

    fn refuse(&self, problems: &[Problem]) -> Answer {
        let errors = problems.iter().map(|problem| match (self.behaviour.error_key, &problem.field) {
            (ErrorKey::Field, Some(field)) => (field.as_str(), problem.text.as_str()),
            _ => ("Api Error", problem.text.as_str()),
        });
        Answer::envelope(400, errors)
    }
}

fn parse(body: &[u8]) -> Result<Json, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::rule("The body is not UTF-8."))?;
    let json = Json::parse(text).map_err(|why| Problem::rule(format!("The body is refused: {why}.")))?;
    match json.root().kind() {
        ValueKind::Object => Ok(json),
        other => Err(Problem::rule(format!("The body must be an object, not {other}."))),
    }
}

/// The customer a body names. Both id and status are required ("failing to do so will return an error").
fn named(body: &Json) -> Result<u64, Vec<Problem>> {
    let sent = Members::of(body.root());
    let given = |name: &str| sent.get(name).filter(|value| !value.is_null());
    let missing = |name: &str| Problem::field(name, format!("{name} is required."));
    match given("id").map(|id| id.raw().parse::<u64>()) {
        Some(Ok(id)) => Ok(id),
        Some(Err(_)) => Err(vec![Problem::field("id", "id must be a whole number.")]),
        None if given("status").is_none() => Err(vec![missing("id"), missing("status")]),
        None => Err(vec![missing("id")]),
    }
}
