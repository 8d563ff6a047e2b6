//! JSON output, built member by member and indented. The program never parses it again, so no limit for input applies.

use serde::Serialize;

use crate::cli::Output;
use crate::document::indent::{compact, indented};
use crate::document::json::quote;

pub(crate) fn of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("its maps have text as keys")
}

#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn member(self, name: &str, value: &impl Serialize) -> Object {
        self.token(name, &of(value))
    }

    pub(crate) fn token(mut self, name: &str, json: &str) -> Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quote(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// Needs at least one member.
    pub(crate) fn end(self) -> String {
        self.0 + "}"
    }
}

pub(crate) fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

pub(crate) fn printed(json: &str, output: Output) -> String {
    match output {
        Output::Json => indented(json) + "\n",
        Output::Ndjson => compact(json) + "\n",
        Output::Table | Output::Csv => String::new(),
    }
}
