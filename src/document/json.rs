//! JSON as the text it came in plus the spans of its values.
//!
//! serde_json judges the text, so the grammar is not written again here; a flat scan then notes where each value
//! begins and ends. Nothing is converted: a number is its token, a string its escapes. The scan does not recurse and
//! costs one pass, whatever the depth.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::Visitor;
use serde_json::value::RawValue;

/// The deepest nesting that is read. A customer has three levels; the limit keeps recursion over values bounded.
pub const MAX_DEPTH: usize = 256;

/// One JSON value: its text, unchanged, and where each value inside it stands.
///
/// Objects in it have no duplicate keys, so a name means one member.
#[derive(Clone)]
pub struct Json {
    text: String,
    /// Every value in the order of the text; the first is the whole.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    /// The key's token with its quotes; empty where the value is no member.
    key: Range<usize>,
    span: Range<usize>,
    /// The index just past the last value inside this one.
    end: usize,
}

/// The type of a JSON value, RFC 8259 section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        })
    }
}

/// Why a text is not taken as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// It is not JSON by RFC 8259; the words and the position are serde_json's.
    Syntax(String),
    /// An object has the same key twice, so what it means depends on who reads it.
    DuplicateKey(String),
    /// It nests deeper than [`MAX_DEPTH`].
    TooDeep,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonError::Syntax(why) => write!(f, "not JSON: {why}"),
            JsonError::DuplicateKey(key) => write!(f, "the key {key} occurs twice in one object"),
            JsonError::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
        }
    }
}

impl std::error::Error for JsonError {}

impl Json {
    /// Reads one JSON value, with nothing but white space around it.
    ///
    /// # Errors
    /// See [`JsonError`]. A lone surrogate escape (`"\ud800"`) is no error: the text is kept, whatever it means.
    pub fn parse(text: impl Into<String>) -> Result<Json, JsonError> {
        let text = text.into();
        let value: &RawValue =
            serde_json::from_str(&text).map_err(|why| JsonError::Syntax(why.to_string()))?;
        let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
        let nodes = Scan::new(&text, start).run()?;
        let json = Json { text, nodes };
        json.refuse_duplicate_keys()?;
        Ok(json)
    }

    /// The JSON string that stands for this text.
    pub fn string(text: &str) -> Json {
        Json::known(quote(text))
    }

    /// `null`.
    pub fn null() -> Json {
        Json::known("null".to_string())
    }

    /// A text that this crate itself wrote as JSON.
    pub(crate) fn known(text: String) -> Json {
        Json::parse(text).expect("text that was written as JSON is JSON")
    }

    /// The whole text, as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The outermost value.
    pub fn root(&self) -> View<'_> {
        View { json: self, at: 0 }
    }

    fn refuse_duplicate_keys(&self) -> Result<(), JsonError> {
        let mut keys: Vec<(Cow<'_, [u8]>, &str)> = Vec::new();
        for at in 0..self.nodes.len() {
            let view = View { json: self, at };
            if view.kind() != Kind::Object {
                continue;
            }
            keys.clear();
            keys.extend(view.members().map(|(key, _)| (key.bytes(), key.token())));
            keys.sort_unstable();
            if let Some(pair) = keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(JsonError::DuplicateKey(pair[1].1.to_string()));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({})", self.text.trim())
    }
}

/// One pass over text that is known to be JSON, with a stack of the containers that are open.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    open: Vec<usize>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str, start: usize) -> Scan<'a> {
        Scan { text: text.as_bytes(), at: start, nodes: Vec::new(), open: Vec::new() }
    }

    fn run(mut self) -> Result<Vec<Node>, JsonError> {
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':'));
            if self.text[self.at] == b']' || self.text[self.at] == b'}' {
                self.close();
            } else {
                self.value()?;
            }
            if self.open.is_empty() {
                return Ok(self.nodes);
            }
        }
    }

    /// A value or, directly inside an object, a key and its value.
    fn value(&mut self) -> Result<(), JsonError> {
        let mut key = self.at..self.at;
        if self.open.last().is_some_and(|&parent| self.nodes[parent].kind == Kind::Object) {
            key = self.string();
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b':'));
        }
        let start = self.at;
        let kind = match self.text[start] {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => Kind::Number,
        };
        let end = self.nodes.len() + 1;
        match kind {
            Kind::Object | Kind::Array => {
                if self.open.len() == MAX_DEPTH {
                    return Err(JsonError::TooDeep);
                }
                self.at += 1;
                self.open.push(self.nodes.len());
            }
            Kind::String => drop(self.string()),
            _ => self.skip(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}')),
        }
        self.nodes.push(Node { kind, key, span: start..self.at, end });
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(parent) = self.open.pop() {
            self.nodes[parent].span.end = self.at;
            self.nodes[parent].end = self.nodes.len();
        }
    }

    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while self.text[self.at] != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        start..self.at
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        while self.text.get(self.at).is_some_and(|&byte| what(byte)) {
            self.at += 1;
        }
    }
}

/// One value inside a [`Json`].
#[derive(Clone, Copy)]
pub struct View<'a> {
    json: &'a Json,
    at: usize,
}

impl<'a> View<'a> {
    fn node(self) -> &'a Node {
        &self.json.nodes[self.at]
    }

    /// Its type.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Its token, exactly as the text has it.
    pub fn raw(self) -> &'a str {
        &self.json.text[self.node().span.clone()]
    }

    /// Where in the text it stands, in bytes.
    pub fn span(self) -> Range<usize> {
        self.node().span.clone()
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// What a string says; none for other types and for a string with a lone surrogate, which says nothing in Unicode.
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        if self.kind() == Kind::String { unquote(self.raw()) } else { None }
    }

    /// The bytes a string says in WTF-8, which has a form for lone surrogates too; none for other types.
    pub(crate) fn string_bytes(self) -> Option<Cow<'a, [u8]>> {
        (self.kind() == Kind::String).then(|| string_bytes(self.raw()))
    }

    /// The values inside an array or object, in order.
    pub fn children(self) -> impl Iterator<Item = View<'a>> + use<'a> {
        let (json, end) = (self.json, self.node().end);
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let view = (at < end).then_some(View { json, at })?;
            at = view.node().end;
            Some(view)
        })
    }

    /// The members of an object, in order; nothing for other types.
    pub fn members(self) -> impl Iterator<Item = (Key<'a>, View<'a>)> + use<'a> {
        let object = self.kind() == Kind::Object;
        self.children().filter(move |_| object).map(|view| (view.key(), view))
    }

    /// The member of an object by name.
    pub fn member(self, name: &str) -> Option<View<'a>> {
        self.members().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    pub(crate) fn key(self) -> Key<'a> {
        Key { token: &self.json.text[self.node().key.clone()] }
    }

    /// Where the member begins that this value belongs to: at its key.
    pub(crate) fn key_start(self) -> usize {
        self.node().key.start
    }

    /// A copy of this value alone.
    pub fn to_json(self) -> Json {
        Json::known(self.raw().to_string())
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// The key of a member.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    token: &'a str,
}

impl<'a> Key<'a> {
    /// The key as the text has it, with quotes and escapes.
    pub fn token(self) -> &'a str {
        self.token
    }

    /// Whether it spells this name, however it is escaped.
    pub fn is(self, name: &str) -> bool {
        *self.bytes() == *name.as_bytes()
    }

    /// The key as text; a lone surrogate, which has none, becomes three U+FFFD, one for each byte of its WTF-8.
    pub fn name(self) -> Cow<'a, str> {
        unquote(self.token).unwrap_or_else(|| Cow::Owned(String::from_utf8_lossy(&self.bytes()).into_owned()))
    }

    /// The key as text; none where it has a lone surrogate.
    pub fn text(self) -> Option<Cow<'a, str>> {
        unquote(self.token)
    }

    /// What it says, in WTF-8: two keys are the same exactly when these bytes are.
    pub(crate) fn bytes(self) -> Cow<'a, [u8]> {
        string_bytes(self.token)
    }
}

/// A JSON string for this text: what RFC 8259 demands is escaped, the rest stands as it is.
pub fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// What a string token says, where that is Unicode.
fn unquote(token: &str) -> Option<Cow<'_, str>> {
    match string_bytes(token) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

fn string_bytes(token: &str) -> Cow<'_, [u8]> {
    let inside = &token.as_bytes()[1..token.len() - 1];
    if !inside.contains(&b'\\') {
        return Cow::Borrowed(inside);
    }
    let mut deserializer = serde_json::Deserializer::from_str(token);
    let bytes = serde::Deserializer::deserialize_bytes(&mut deserializer, Wtf8);
    Cow::Owned(bytes.expect("a string token of judged JSON"))
}

/// Asks serde_json for a string's bytes, which is the form in which it gives lone surrogates (as WTF-8).
struct Wtf8;

impl Visitor<'_> for Wtf8 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
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
            assert!(matches!(Json::parse(text), Err(JsonError::DuplicateKey(_))), "{text}");
        }
        assert!(Json::parse(r#"{"\ud800":1,"\ud801":2,"a":{"a":1}}"#).is_ok());
    }

    #[test]
    fn a_lone_surrogate_is_kept_but_says_nothing() {
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
    fn what_is_no_json_is_refused() {
        for text in ["", " ", "{", "{'a':1}", "{\"a\":1,}", "\u{feff}{}", "{} x", "{\"a\":1 /* c */}", "nul"]
        {
            assert!(matches!(Json::parse(text), Err(JsonError::Syntax(_))), "{text}");
        }
    }
}
