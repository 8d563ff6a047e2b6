//! Parses the body of a PUT: its JSON, its id and its members.

use std::collections::HashSet;

use super::loose_json;
use crate::document::json::{Json, ValueKind, View};
use crate::sandbox::behaviour::Behaviour;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// None if the problem is not one field's.
    pub(crate) field: Option<String>,
    pub(crate) text: String,
}

impl Problem {
    pub(crate) fn rule(text: impl Into<String>) -> Problem {
        Problem { field: None, text: text.into() }
    }

    pub(crate) fn field(field: &str, text: impl Into<String>) -> Problem {
        Problem { field: Some(field.to_string()), text: text.into() }
    }
}

/// A member of an object that was sent. The vendor matches keys in any case; the last of several wins.
pub(crate) fn member<'a>(object: View<'a>, name: &str) -> Option<View<'a>> {
    let named = object.members().filter(|(key, _)| key.name().eq_ignore_ascii_case(name));
    named.last().map(|(_, value)| value)
}

pub(crate) fn repeated_key(object: View<'_>) -> Option<Problem> {
    let mut seen = HashSet::new();
    let mut names = object.members().map(|(key, _)| key.name());
    let twice = names.find(|name| !seen.insert(name.to_ascii_lowercase()))?;
    Some(Problem::field(&twice, format!("The key {twice} is given more than once.")))
}

pub(crate) fn parse(body: &[u8]) -> Result<Json, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::rule("The body is not UTF-8."))?;
    let json = Json::parse(loose_json::strict(text))
        .map_err(|reason| Problem::rule(format!("The body is refused: {reason}.")))?;
    match json.root().kind() {
        ValueKind::Object => Ok(json),
        other => Err(Problem::rule(format!("The body must be an object, not {other}."))),
    }
}

/// Both id and status are required ("failing to do so will return an error").
pub(crate) fn customer_id(body: &Json, behaviour: &Behaviour) -> Result<u64, Vec<Problem>> {
    let value = |name: &str| member(body.root(), name).filter(|value| !value.is_null());
    let required = |name: &str| Problem::field(name, format!("{name} is required."));
    let number = |name: &str, text: &str| whole(name, text).map_err(|problem| vec![problem]);
    match value("id") {
        Some(id) if behaviour.is("text-id", "accept") => number("id", &id.text_or_token()),
        Some(id) => number("id", id.raw()),
        None if value("status").is_none() => Err(vec![required("id"), required("status")]),
        None => Err(vec![required("id")]),
    }
}

pub(crate) fn whole_number(name: &str, sent: View<'_>) -> Result<u64, Problem> {
    whole(name, sent.raw())
}

fn whole(name: &str, text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::field(name, format!("{name} must be a whole number.")))
}
