//! Reads and edits one customer by the vendor's page "Edit customer" (`PUT /v1/customers`).

mod body;
mod check;
pub(crate) mod codes;
mod loose_json;
mod rules;
mod update;

use jiff::Timestamp;

use super::behaviour::{Behaviour, ErrorKey, LaterTimestamp, Modified, NotFound, PutAnswer};
use super::fault_plan::FaultPlan;
use super::response::Response;
use super::table::Table;
use super::timestamp;
use crate::document::json::Json;
use body::Problem;

pub(crate) fn get(table: &Table, id: u64, behaviour: &Behaviour) -> Response {
    match table.get(id) {
        Some(document) => Response::json(200, document.text()),
        None => not_found(id, behaviour),
    }
}

/// The vendor's documents do not show the body.
fn not_found(id: u64, behaviour: &Behaviour) -> Response {
    let text = format!("Customer {id} does not exist.");
    match behaviour.not_found {
        NotFound::Envelope => Response::error(404, &text),
        NotFound::Message => Response::message(404, &text),
        NotFound::Empty => Response::empty(404),
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
        let body = body::parse(self.body).map_err(|problem| vec![problem])?;
        let id = body::customer_id(&body)?;
        self.faults.write_between(table, id, self.now);
        let Some(stored) = table.get(id) else { return Ok(not_found(id, self.behaviour)) };
        let after = update::update(id, stored, body.root(), table, self.behaviour)?;
        let after = self.faults.store_less(stored, after);
        let is_unchanged = after.text() == stored.text();
        Ok(self.store(table, id, &after, is_unchanged))
    }

    fn store(&self, table: &mut Table, id: u64, after: &Json, is_unchanged: bool) -> Response {
        if is_unchanged && self.behaviour.modified == Modified::WhenChanged {
            return self.response(after.text());
        }
        let answered = timestamp::with_modified(after, &timestamp::long(self.now));
        let stored = match self.behaviour.later_timestamp {
            LaterTimestamp::Same => answered.clone(),
            LaterTimestamp::Short => timestamp::with_modified(after, &timestamp::short(self.now)),
        };
        table.put(id, stored);
        self.response(answered.text())
    }

    fn response(&self, document: &str) -> Response {
        match self.behaviour.put_answer {
            PutAnswer::Document => Response::json(200, document),
            PutAnswer::Null => Response::json(200, "null"),
            PutAnswer::Empty => Response::empty(204),
        }
    }

    fn refused(&self, problems: &[Problem]) -> Response {
        let errors = problems.iter().map(|problem| match (self.behaviour.error_key, &problem.field) {
            (ErrorKey::Field, Some(field)) => (field.as_str(), problem.text.as_str()),
            _ => ("Api Error", problem.text.as_str()),
        });
        Response::errors(400, errors)
    }
}
