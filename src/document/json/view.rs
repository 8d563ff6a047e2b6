//! Looking at the values of a [`Json`] without copying them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::Visitor;

use super::{Json, Kind, Node};

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

    /// Its type.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Its token, exactly as the text has it.
    pub fn raw(self) -> &'a str {
        &self.json.text[self.node().span.clone()]
    }

    /// The bytes of its token.
    fn token(self) -> &'a [u8] {
        &self.json.text.as_bytes()[self.node().span.clone()]
    }

    /// Whether the token of another value is the same.
    pub(crate) fn has_token_of(self, other: View<'_>) -> bool {
        self.token() == other.token()
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
        self.children_until(self.node().end)
    }

    fn children_until(self, end: usize) -> impl Iterator<Item = View<'a>> + use<'a> {
        let json = self.json;
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let view = (at < end).then_some(View { json, at })?;
            at = view.node().end;
            Some(view)
        })
    }

    /// The members of an object, in order; nothing for other types.
    pub fn members(self) -> impl Iterator<Item = (Key<'a>, View<'a>)> + use<'a> {
        let end = if self.kind() == Kind::Object { self.node().end } else { 0 };
        self.children_until(end).map(|view| (view.key(), view))
    }

    /// The member of an object by name.
    pub fn member(self, name: &str) -> Option<View<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let (json, end, mark) = (self.json, self.node().end, mark(name.as_bytes()));
        let mut at = self.at + 1;
        while at < end {
            let node = &json.nodes[at];
            if node.mark == mark && (View { json, at }).key().is(name) {
                return Some(View { json, at });
            }
            at = node.end;
        }
        None
    }

    pub(crate) fn key(self) -> Key<'a> {
        Key { of: self }
    }

    /// Where the member begins that this value belongs to: at its key.
    pub fn key_start(self) -> usize {
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

    fn token_bytes(self) -> &'a [u8] {
        &self.of.json.text.as_bytes()[self.of.node().key.clone()]
    }

    /// Whether the token of another key is the same.
    pub(crate) fn has_token_of(self, other: Key<'_>) -> bool {
        self.of.node().mark == other.of.node().mark && self.token_bytes() == other.token_bytes()
    }

    /// Whether it spells this name, however it is escaped.
    pub fn is(self, name: &str) -> bool {
        let token = self.token_bytes();
        let inside = &token[1..token.len() - 1];
        // An escape is longer than what it stands for, so what looks like the name with one in it is another name.
        if inside.len() <= name.len() {
            inside == name.as_bytes() && !name.contains('\\')
        } else {
            *self.bytes() == *name.as_bytes()
        }
    }

    /// The key as text; a lone surrogate, which has none, becomes three U+FFFD, one for each byte of its WTF-8.
    pub fn name(self) -> Cow<'a, str> {
        unquote(self.token())
            .unwrap_or_else(|| Cow::Owned(String::from_utf8_lossy(&self.bytes()).into_owned()))
    }

    /// The key as text; none where it has a lone surrogate.
    pub fn text(self) -> Option<Cow<'a, str>> {
        unquote(self.token())
    }

    /// What it says, in WTF-8: two keys are the same exactly when these bytes are.
    pub(crate) fn bytes(self) -> Cow<'a, [u8]> {
        string_bytes(self.token())
    }
}

/// The mark of a key that says this: the same for keys that are the same, or differ only by the case of ASCII letters. Two
/// others hardly ever have one mark; who looks at marks looks at the keys then.
///
/// It is a multiplicative hash over eight bytes at a time. In those that are ASCII the bit is set that tells small letters
/// from capitals; the highest bit of the others, two places further down, keeps it as it is there.
pub(super) fn mark(bytes: &[u8]) -> u32 {
    let mixed = |mark: u64, eight: u64| {
        let lower = eight | (u64::from_le_bytes([0x20; 8]) & !(eight >> 2));
        let mark = (mark ^ lower).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mark ^ (mark >> 32)
    };
    let (eights, rest) = bytes.as_chunks();
    let mark = eights.iter().fold(bytes.len() as u64, |mark, eight| mixed(mark, u64::from_le_bytes(*eight)));
    let rest = rest.iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    (mixed(mark, rest) >> 32) as u32
}

/// What a string token says, where that is Unicode.
fn unquote(token: &str) -> Option<Cow<'_, str>> {
    match string_bytes(token) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// What a string token says, in WTF-8.
pub(super) fn string_bytes(token: &str) -> Cow<'_, [u8]> {
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
    fn a_mark_is_that_of_a_key_in_any_case_and_of_hardly_any_other() {
        for (one, other) in [("firstName", "FIRSTname"), ("id", "ID"), ("é", "é"), ("", "")] {
            assert_eq!(mark(one.as_bytes()), mark(other.as_bytes()), "{one} {other}");
        }
        let keys = ('\u{21}'..'\u{d7ff}').filter(|letter| !letter.is_ascii_uppercase());
        let keys = keys.flat_map(|letter| [letter.to_string(), format!("a long name with {letter}")]);
        let keys: Vec<String> = keys.filter(|key| !key.contains(['[', '\\', ']', '^', '_', '@'])).collect();
        let mut marks: Vec<u32> = keys.iter().map(|key| mark(key.as_bytes())).collect();
        marks.sort_unstable();
        marks.dedup();
        // Of so many that are drawn at random one or two pairs are the same.
        assert!(keys.len() > 110_000 && keys.len() - marks.len() < 20, "{} of {}", marks.len(), keys.len());
    }
}
