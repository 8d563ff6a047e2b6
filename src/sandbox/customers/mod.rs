//! Reads and edits one customer by the vendor's page "Edit customer" (`PUT /v1/customers`).

pub(super) mod body;
mod check;
pub(crate) mod codes;
mod loose_json;
mod rules;
mod update;

use jiff::Timestamp;

use super::behaviour::Behaviour;
use super::fault_plan::FaultPlan;
use super::response::Response;
use super::table::{Table, with_values};
use super::timestamp;
use crate::document::json::Json;
use body::Problem;
use update::Update;

pub(crate) fn get(table: &Table, id: u64, behaviour: &Behaviour) -> Response {
    match table.get(id) {
        Some(document) => Response::json(200, document.text()),
        None => not_found(id, behaviour),
    }
}

/// The vendor's documents do not show the body.
fn not_found(id: u64, behaviour: &Behaviour) -> Response {
    let text = format!("Customer {id} does not exist.");
    match behaviour.of("not-found") {
        "message" => Response::message(404, &text),
        "empty" => Response::empty(404),
        _ => Response::error(404, &text),
    }
}

pub(crate) struct Put<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) now: Timestamp,
    pub(crate) faults: &'a FaultPlan,
}

impl Put<'_> {
    pub(crate) fn apply(&self, table: &mut Table) -> Response {
        self.try_apply(table).unwrap_or_else(|problems| self.refused(&problems))
    }

    fn try_apply(&self, table: &mut Table) -> Result<Response, Vec<Problem>> {
        let body = body::parse(self.text()).map_err(|problem| vec![problem])?;
        let id = body::customer_id(&body, self.behaviour)?;
        self.faults.write_between(table, id, self.now);
        let Some(stored) = table.get(id) else { return Ok(not_found(id, self.behaviour)) };
        let values = Update::new(id, stored.root(), body.root(), table, self.behaviour).values()?;
        let after = self.faults.drop_ignored_parts(stored, with_values(stored, &values));
        let is_unchanged = after.text() == stored.text();
        Ok(self.store(table, id, &after, is_unchanged))
    }

    fn text(&self) -> &[u8] {
        match self.body.strip_prefix("\u{feff}".as_bytes()) {
            Some(text) if self.behaviour.is("byte-order-mark", "accept") => text,
            _ => self.body,
        }
    }

    fn store(&self, table: &mut Table, id: u64, after: &Json, is_unchanged: bool) -> Response {
        if is_unchanged && self.behaviour.is("modified", "when-changed") {
            return self.response(after.text());
        }
        let answered = timestamp::with_modified(after, &timestamp::long(self.now));
        let stored = match self.behaviour.of("later-timestamp") {
            "same" => answered.clone(),
            _ => timestamp::with_modified(after, &timestamp::short(self.now)),
        };
        table.put(id, stored);
        self.response(answered.text())
    }

    fn response(&self, document: &str) -> Response {
        match self.behaviour.of("put-answer") {
            "null" => Response::json(200, "null"),
            "empty" => Response::empty(204),
            _ => Response::json(200, document),
        }
    }

    fn refused(&self, problems: &[Problem]) -> Response {
        let errors = problems.iter().map(|problem| match (self.behaviour.of("error-key"), &problem.field) {
            ("field", Some(field)) => (field.as_str(), problem.text.as_str()),
            _ => ("Api Error", problem.text.as_str()),
        });
        Response::errors(400, errors)
    }
}
