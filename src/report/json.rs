//! JSON output, built member by member and indented. The program never parses it again, so no limit for input applies.

use serde::Serialize;

use crate::cli::Output;
use crate::document::indent::{compact, indented};
use crate::document::json::quote;

/// A serializable value, whose maps have text as keys.
pub(crate) fn of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("its maps have text as keys")
}

/// Builds a JSON object.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn member(self, name: &str, value: &impl Serialize) -> Object {
        self.token(name, &of(value))
    }

    /// Adds a member whose value is JSON already.
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

pub(crate) fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// A JSON value: indented, on one line, or not at all in the other forms of output.
pub(crate) fn printed(json: &str, output: Output) -> String {
    match output {
        Output::Json => indented(json) + "\n",
        Output::Ndjson => compact(json) + "\n",
        Output::Table | Output::Csv => String::new(),
    }
}
