//! Borrowed values of a [`Json`].

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::Visitor;

use super::{Json, Node, ValueKind};

/// One value inside a [`Json`].
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(super) json: &'a Json,
    pub(super) at: usize,
}

impl<'a> View<'a> {
    fn node(self) -> &'a Node {
        &self.json.nodes[self.at]
    }

    pub fn kind(self) -> ValueKind {
        self.node().kind
    }

    pub fn raw(self) -> &'a str {
        &self.json.text[self.node().span.clone()]
    }

    pub fn span(self) -> Range<usize> {
        self.node().span.clone()
    }

    pub fn is_null(self) -> bool {
        self.kind() == ValueKind::Null
    }

    pub(crate) fn is_empty_array(self) -> bool {
        self.kind() == ValueKind::Array && self.children().next().is_none()
    }

    /// The text of a string; none for other types and for a string with a lone surrogate, which is not Unicode.
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        if self.kind() == ValueKind::String { unquote(self.raw()) } else { None }
    }

    pub(crate) fn text_or_token(self) -> Cow<'a, str> {
        self.as_text().unwrap_or(Cow::Borrowed(self.raw()))
    }

    /// The text of a string in WTF-8, which encodes lone surrogates too; none for other types.
    pub(crate) fn string_bytes(self) -> Option<Cow<'a, [u8]>> {
        (self.kind() == ValueKind::String).then(|| string_bytes(self.raw()))
    }

    pub fn children(self) -> impl Iterator<Item = View<'a>> + use<'a> {
        let json = self.json;
        let end = self.node().end;
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let view = (at < end).then_some(View { json, at })?;
            at = view.node().end;
            Some(view)
        })
    }

    /// The members of an object, in order; nothing for other types.
    pub fn members(self) -> impl Iterator<Item = (Key<'a>, View<'a>)> + use<'a> {
        let object = (self.kind() == ValueKind::Object).then_some(self);
        object.into_iter().flat_map(View::children).map(|view| (view.key(), view))
    }

    pub fn member(self, name: &str) -> Option<View<'a>> {
        self.members().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    pub(crate) fn key(self) -> Key<'a> {
        Key { of: self }
    }

    pub(crate) fn key_start(self) -> usize {
        self.node().key.start
    }

    pub(crate) fn to_json(self) -> Json {
        Json::known(self.raw().to_string())
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

#[derive(Clone, Copy)]
pub struct Key<'a> {
    of: View<'a>,
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

impl<'a> Key<'a> {
    /// The key as the text has it, with quotes and escapes.
    pub fn token(self) -> &'a str {
        &self.of.json.text[self.of.node().key.clone()]
    }

    /// Whether it is this name, in any escaping.
    pub fn is(self, name: &str) -> bool {
        *self.bytes() == *name.as_bytes()
    }

    /// The key as text; a lone surrogate becomes three U+FFFD, one for each byte of its WTF-8.
    pub fn name(self) -> Cow<'a, str> {
        unquote(self.token())
            .unwrap_or_else(|| Cow::Owned(String::from_utf8_lossy(&self.bytes()).into_owned()))
    }

    /// The key as text; none if it has a lone surrogate.
    pub fn text(self) -> Option<Cow<'a, str>> {
        unquote(self.token())
    }

    /// The key in WTF-8: two keys are the same exactly if these bytes are.
    pub(crate) fn bytes(self) -> Cow<'a, [u8]> {
        string_bytes(self.token())
    }
}

fn unquote(token: &str) -> Option<Cow<'_, str>> {
    match string_bytes(token) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

pub(super) fn string_bytes(token: &str) -> Cow<'_, [u8]> {
    let inside = &token.as_bytes()[1..token.len() - 1];
    if !inside.contains(&b'\\') {
        return Cow::Borrowed(inside);
    }
    let mut deserializer = serde_json::Deserializer::from_str(token);
    let bytes = serde::Deserializer::deserialize_bytes(&mut deserializer, Wtf8);
    Cow::Owned(bytes.expect("a string token of valid JSON"))
}

/// Asks serde_json for a string's bytes: only there it accepts lone surrogates, as WTF-8.
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
