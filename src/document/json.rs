//! JSON as its text plus the spans of its values.
//! Nothing is converted, so an edit is lossless: new text replaces the spans of the values that change, and every other
//! byte is the server's.

mod scan;
mod view;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{self, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;

pub use view::{Key, View};

/// The deepest nesting that is read. A customer has three levels; the limit keeps recursion over values bounded.
pub const MAX_DEPTH: usize = 256;
/// The most values of one text. A customer has a hundred, a page of a list a thousand times that; each takes more memory
/// than the two bytes that it can be written in.
pub const MAX_VALUES: usize = 1_000_000;

/// One JSON value: its text, unchanged, and the span of each value inside it.
///
/// No object in it has the same key twice, so a name means one member.
#[derive(Clone)]
pub struct Json {
    text: String,
    /// Every value in the order of the text; the first is the outermost.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    kind: ValueKind,
    /// The key's token with its quotes; empty if the value is not a member.
    key: Range<usize>,
    span: Range<usize>,
    /// The index just past the last value inside this one.
    end: usize,
}

/// The type of a JSON value, RFC 8259 section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum ValueKind {
    #[strum(to_string = "null")]
    Null,
    #[strum(to_string = "a boolean")]
    Bool,
    #[strum(to_string = "a number")]
    Number,
    #[strum(to_string = "a string")]
    String,
    #[strum(to_string = "an array")]
    Array,
    #[strum(to_string = "an object")]
    Object,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("not JSON: {reason} at line {line} column {column}")]
    Syntax {
        reason: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// An object has the same key twice; readers of JSON differ in which value counts.
    #[error("the key {key:.100} occurs twice in one object")]
    DuplicateKey {
        /// The key's second token.
        key: String,
        /// The line of the second, counted from 1.
        line: usize,
    },
    #[error("nested deeper than {} levels", MAX_DEPTH)]
    TooDeep,
    #[error("it has more than {} values", MAX_VALUES)]
    TooMany,
}

impl From<serde_json::Error> for JsonError {
    fn from(reason: serde_json::Error) -> JsonError {
        let (line, column) = (reason.line(), reason.column());
        let message = reason.to_string();
        let reason = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        JsonError::Syntax { reason: reason.to_string(), line, column }
    }
}

impl Json {
    /// Reads one JSON value, with nothing but white space around it. A lone surrogate escape (`"\ud800"`) is no error.
    pub fn parse(text: impl Into<String>) -> Result<Json, JsonError> {
        let text = text.into();
        serde_json::from_str::<IgnoredAny>(&text)?;
        let nodes = scan::scan(&text)?;
        let json = Json { text, nodes };
        json.refuse_duplicate_keys()?;
        Ok(json)
    }

    pub fn string(text: &str) -> Json {
        Json::known(quote(text))
    }

    pub fn null() -> Json {
        Json::known("null")
    }

    /// Panics if the text, which this crate wrote, is not JSON.
    pub(crate) fn known(text: impl Into<String>) -> Json {
        Json::parse(text).expect("text that was written as JSON is JSON")
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn root(&self) -> View<'_> {
        View { json: self, at: 0 }
    }

    fn refuse_duplicate_keys(&self) -> Result<(), JsonError> {
        for at in 0..self.nodes.len() {
            let members = View { json: self, at }.members();
            let mut keys: Vec<(Cow<'_, [u8]>, Range<usize>)> =
                members.map(|(key, value)| (key.bytes(), self.nodes[value.at].key.clone())).collect();
            keys.sort_unstable_by(|one, other| (&one.0, one.1.start).cmp(&(&other.0, other.1.start)));
            if let Some(pair) = keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let again = pair[1].1.clone();
                let line = line_of(&self.text, again.start);
                return Err(JsonError::DuplicateKey { key: self.text[again].to_string(), line });
            }
        }
        Ok(())
    }
}

/// A JSON string token for this text (RFC 8259, section 7).
pub fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// Line breaks are only between the tokens of a JSON text, where a space does as well.
pub(crate) fn on_one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// Counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count()
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.text.clone()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Json::parse(raw.get()).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({})", self.text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_the_text_of_their_values() {
        let json = Json::parse(" { \"a\" : [1, \"x]}\\\"\" , {\"b\":null}], \"\\u0063\":1E5 }\n").unwrap();
        let root = json.root();
        assert_eq!(root.member("a").unwrap().raw(), "[1, \"x]}\\\"\" , {\"b\":null}]");
        assert_eq!(root.member("c").unwrap().raw(), "1E5");
        let inside: Vec<&str> = root.member("a").unwrap().children().map(View::raw).collect();
        assert_eq!(inside, ["1", "\"x]}\\\"\"", "{\"b\":null}"]);
    }

    #[test]
    fn a_key_twice_is_refused_however_it_is_spelled_and_however_deep() {
        for text in [r#"{"a":1,"b":2,"a":3}"#, r#"{"a":1,"\u0061":2}"#, r#"[{"x":{"\ud800":1,"\ud800":2}}]"#]
        {
            assert!(matches!(Json::parse(text), Err(JsonError::DuplicateKey { .. })), "{text}");
        }
        assert!(Json::parse(r#"{"\ud800":1,"\ud801":2,"a":{"a":1}}"#).is_ok());
        let again = Json::parse("{\"o\":{\n\"b\":1,\n\"a\":2,\n\"b\":3}}").unwrap_err();
        assert_eq!(again, JsonError::DuplicateKey { key: "\"b\"".to_string(), line: 4 });
    }

    #[test]
    fn a_member_is_found_by_its_decoded_name_only() {
        let json = Json::parse(r#"{"a\/b":1,"c\\":2,"\u0064":3}"#).unwrap();
        let found = |name: &str| json.root().member(name).map(View::raw);
        assert_eq!((found("a/b"), found("c\\"), found("d")), (Some("1"), Some("2"), Some("3")));
        assert_eq!((found("a\\/b"), found("c\\\\"), found("\\u0064")), (None, None, None));
    }

    #[test]
    fn a_lone_surrogate_keeps_its_bytes_and_has_no_text() {
        let json = Json::parse(r#"{"a":"\ud800x"}"#).unwrap();
        let value = json.root().member("a").unwrap();
        assert_eq!((value.raw(), value.as_text()), (r#""\ud800x""#, None));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(MAX_DEPTH)).is_ok());
        assert_eq!(Json::parse(nested(MAX_DEPTH + 1)).unwrap_err(), JsonError::TooDeep);
        assert_eq!(Json::parse(nested(100_000)).unwrap_err(), JsonError::TooDeep);
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
        assert!(Json::parse(list(MAX_VALUES)).is_ok());
        assert_eq!(Json::parse(list(MAX_VALUES + 1)).unwrap_err(), JsonError::TooMany);
    }

    #[test]
    fn invalid_json_is_a_syntax_error() {
        for text in ["", " ", "{", "{'a':1}", "{\"a\":1,}", "\u{feff}{}", "{} x", "{\"a\":1 /* c */}", "nul"]
        {
            assert!(matches!(Json::parse(text), Err(JsonError::Syntax { .. })), "{text}");
        }
    }
}
