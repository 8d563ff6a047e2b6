//! Reading and editing one customer by the rules of the vendor's page "Edit customer" (`PUT /v1/customers`).

mod billing;
mod check;
mod codes;
mod edit;
mod members;
mod parent;
pub(crate) mod splice;
mod update;

pub(crate) use codes::type_names;
pub(crate) use edit::Edit;

use super::behaviour::{Behaviour, NotFound};
use super::http::answer::Answer;
use super::store::Table;

/// The member that every write moves.
pub(crate) const MODIFIED: &str = "modifiedTimestamp";

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The field it is about, where it is about one.
    pub(crate) field: Option<String>,
    pub(crate) text: String,
}

impl Problem {
    /// A refusal by a rule of the business.
    pub(crate) fn rule(text: impl Into<String>) -> Problem {
        Problem { field: None, text: text.into() }
    }

    /// A value that its field cannot hold.
    pub(crate) fn field(field: &str, text: impl Into<String>) -> Problem {
        Problem { field: Some(field.to_string()), text: text.into() }
    }
}

/// `GET /v1/customers/{id}`: the document as it is stored.
pub(crate) fn read(table: &Table, id: u64, behaviour: &Behaviour) -> Answer {
    match table.get(id) {
        Some(text) => Answer::json(200, text),
        None => not_found(id, behaviour),
    }
}

/// 404; its body is shown nowhere in the vendor's documents.
fn not_found(id: u64, behaviour: &Behaviour) -> Answer {
    let text = format!("Customer {id} does not exist.");
    match behaviour.not_found {
        NotFound::Envelope => Answer::refusal(404, &text),
        NotFound::Message => Answer::message(404, &text),
        NotFound::Empty => Answer::empty(404),
    }
}
