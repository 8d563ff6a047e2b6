//! JSON as text: an object is put together member by member and laid out. What is printed is never parsed again, so no
//! limit for input applies to it.

use serde::Serialize;

use crate::cli::Output;
use crate::document::indent::{compact_text, indented_text};
use crate::document::json::quote;

/// A value of texts, numbers and lists of them as JSON.
pub(crate) fn of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists of them have a form in JSON")
}

/// A JSON object in the making.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    /// With one more member.
    pub(crate) fn member(self, name: &str, value: &impl Serialize) -> Object {
        self.token(name, &of(value))
    }

    /// With one more member whose value is JSON already.
    pub(crate) fn token(mut self, name: &str, json: &str) -> Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quote(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// The object; it has a member.
    pub(crate) fn end(self) -> String {
        self.0 + "}"
    }
}

/// An array of JSON values.
pub(crate) fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// One JSON value as a command prints it: indented, or on one line. The other forms have no place for it.
pub fn printed(json: &str, output: Output) -> String {
    match output {
        Output::Json => indented_text(json) + "\n",
        Output::Ndjson => compact_text(json) + "\n",
        Output::Table | Output::Csv => String::new(),
    }
}
