//! What is taken as JSON, and that its parts are the parts of its text.

use std::borrow::Cow;

use fusebill::document::indent::{compact, indented};
use fusebill::document::json::{JsonError, MAX_DEPTH, MAX_VALUES, ValueKind};
use fusebill::document::{Json, View};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;

use crate::generate::{Oddity, document, json, value};
use crate::law;
use crate::spelling::{Text, Value, respell, spell, units};

/// Text that is seldom JSON but looks like it.
fn json_like() -> impl Strategy<Value = String> {
    let pieces = vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"a\"",
        "\"\\u0061\"",
        "\"\\ud800\"",
        "null",
        "true",
        "-",
        "0",
        "1.5",
        "1e5",
        "E+",
        " ",
        "\n",
        "\u{feff}",
        "/*",
        "{\"a\":",
        "é",
    ];
    vec(select(pieces), 0..12).prop_map(|pieces| pieces.concat())
}

/// JSON with a few chars taken out, doubled or put in.
fn damaged() -> impl Strategy<Value = String> {
    let damage = vec(
        (any::<Index>(), select(vec!["", "", "\"", "\\", ",", "}", "]", "0", "\0", ":null", "😀"])),
        1..3,
    );
    (value(Oddity::Wild), any::<u64>(), damage).prop_map(|(value, seed, damage)| {
        let mut chars: Vec<char> = spell(&value, seed).text.chars().collect();
        for (at, put) in damage {
            let at = at.index(chars.len());
            chars.splice(at..=at, put.chars());
            chars.push(' ');
        }
        chars.into_iter().collect()
    })
}

/// Checks a verdict against serde_json's, and what was read against the text.
fn judge(text: &str) {
    let is_json = serde_json::from_str::<Box<RawValue>>(text).is_ok();
    match Json::parse(text) {
        Ok(json) => {
            assert!(is_json && text.trim_matches([' ', '\t', '\r', '\n']) == json.root().raw());
            assert_ne!(repeats_a_key(text), Some(true), "{text}");
            check_parts(json.root());
        }
        Err(JsonError::Syntax { reason, .. }) => assert!(!is_json, "{reason}: {text}"),
        Err(JsonError::DuplicateKey { .. }) => {
            assert!(is_json && repeats_a_key(text) != Some(false), "{text}");
        }
        Err(JsonError::TooDeep) => assert!(is_json && depth(text) > MAX_DEPTH, "{text}"),
        Err(JsonError::TooMany) => assert!(is_json && text.len() > MAX_VALUES, "{} bytes", text.len()),
    }
}

/// The nesting of what is known to be JSON, counted by brackets outside strings.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for token in tokens(text) {
        match token {
            "{" | "[" => open += 1,
            "}" | "]" => open -= 1,
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// Whether some object has a key twice, as serde_json reads keys; none where it cannot read them.
fn repeats_a_key(text: &str) -> Option<bool> {
    serde_json::from_str::<Keys>(text).ok().map(|keys| keys.repeated)
}

/// A value of which nothing is kept but whether a key occurs twice in one object of it.
struct Keys {
    repeated: bool,
}

impl<'de> serde::Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Keys, D::Error> {
        from.deserialize_any(Keys { repeated: false })
    }
}

macro_rules! scalars {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Keys, E> { Ok(self) })*
    };
}

impl<'de> serde::de::Visitor<'de> for Keys {
    type Value = Keys;

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Keys, E> {
        Ok(self)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(mut self, mut seq: A) -> Result<Keys, A::Error> {
        while let Some(element) = seq.next_element::<Keys>()? {
            self.repeated |= element.repeated;
        }
        Ok(self)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(mut self, mut map: A) -> Result<Keys, A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, Keys>()? {
            self.repeated |= value.repeated | !seen.insert(key);
        }
        Ok(self)
    }
}

/// Every part is JSON by itself, stands inside the part around it, and after the one before it.
fn check_parts(whole: View<'_>) {
    assert_eq!(json(whole.raw()).root().raw(), whole.raw());
    let mut free = whole.span().start + 1;
    for part in whole.children() {
        assert!(part.span().start >= free && part.span().end < whole.span().end, "{part:?} in {whole:?}");
        free = part.span().end;
        check_parts(part);
    }
}

/// Whether a view reads as the value that was spelled.
fn check_reading(view: View<'_>, value: &Value) {
    let kind = match value {
        Value::Null => ValueKind::Null,
        Value::Bool(_) => ValueKind::Bool,
        Value::Number(_) => ValueKind::Number,
        Value::Text(_) => ValueKind::String,
        Value::Array(_) => ValueKind::Array,
        Value::Object(_) => ValueKind::Object,
    };
    assert_eq!(view.kind(), kind);
    match value {
        Value::Text(text) => {
            let message = view.as_text().map(Cow::into_owned);
            assert_eq!(message, String::from_utf16(text).ok());
        }

        Value::Array(elements) => {
            assert_eq!(view.children().count(), elements.len());
            view.children().zip(elements).for_each(|(view, value)| check_reading(view, value));
        }
        Value::Object(members) => check_members(view, members),
        _ => {}
    }
}

fn check_members(view: View<'_>, members: &[(Text, Value)]) {
    assert_eq!(view.members().count(), members.len());
    for ((key, view_inside), (name, value)) in view.members().zip(members) {
        if let Ok(name) = String::from_utf16(name) {
            assert!(key.is(&name) && key.name() == name, "{key:?}");
            assert_eq!(view.member(&name).map(View::span), Some(view_inside.span()));
        }
        check_reading(view_inside, value);
    }
}

/// The tokens of what is known to be JSON.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(rest.len()),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start_matches([' ', '\t', '\r', '\n']);
    }
    tokens
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn any_text_is_judged_as_serde_json_judges_it(text in ".{0,60}", bytes in any::<Vec<u8>>()) {
        judge(&text);
        judge(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn json_like_text_is_judged_as_serde_json_judges_it(text in json_like()) {
        judge(&text);
    }

    #[test]
    fn damaged_json_is_judged_as_serde_json_judges_it(text in damaged()) {
        judge(&text);
    }

    #[test]
    fn a_spelled_value_reads_as_itself(value in value(Oddity::Wild), seed in any::<u64>()) {
        let spelled = spell(&value, seed);
        judge(&spelled.text);
        check_reading(json(&spelled.text).root(), &value);
    }

    #[test]
    fn every_member_of_a_customer_has_its_written_span(document in document(Oddity::Wild)) {
        let customer = document.parsed();
        check_reading(customer.root(), &document.value);
        for place in &document.spelled.places {
            let Ok(names) = place.path.iter().map(|name| String::from_utf16(name)).collect::<Result<Vec<_>, _>>() else {
                continue;
            };
            let found = names.iter().try_fold(customer.root(), |view, name| view.member(name));
            prop_assert_eq!(found.map(View::span), Some(place.span.clone()));
        }
    }

    #[test]
    fn a_key_twice_is_refused_wherever_it_is(mut document in document(Oddity::Wild), at in any::<Index>(), seed in any::<u64>()) {
        double_a_member(&mut document.value, at);
        let text = respell(&document.value, seed);
        let refused = matches!(Json::parse(text), Err(JsonError::DuplicateKey { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn nesting_is_read_down_to_the_limit(kinds in vec(any::<bool>(), MAX_DEPTH - 3..MAX_DEPTH + 4), seed in any::<u64>()) {
        let inside = |inside, object: &bool| if *object { Value::Object(vec![(units("d"), inside)]) } else { Value::Array(vec![inside]) };
        let text = spell(&kinds.iter().fold(Value::Null, inside), seed).text;
        match Json::parse(text.as_str()) {
            Ok(_) => prop_assert!(kinds.len() <= MAX_DEPTH),
            Err(error) => prop_assert!(kinds.len() > MAX_DEPTH && error == JsonError::TooDeep, "{error}"),
        }
    }

    #[test]
    fn layout_changes_white_space_only(value in value(Oddity::Wild), seed in any::<u64>()) {
        let json = json(&spell(&value, seed).text);
        let laid_out = indented(json.text());
        let on_one_line = compact(json.text());
        prop_assert_eq!(tokens(&laid_out), tokens(json.text()));
        prop_assert_eq!(&on_one_line, &tokens(json.text()).concat());
        prop_assert_eq!(&compact(crate::generate::json(&laid_out).text()), &on_one_line);
        prop_assert_eq!(indented(crate::generate::json(&on_one_line).text()), laid_out);
    }
}

/// Writes some member of the value, or of an object below, a second time.
fn double_a_member(value: &mut Value, at: Index) {
    let Value::Object(members) = value else { return };
    let at_member = at.index(members.len());
    match &mut members[at_member] {
        (_, inside @ Value::Object(_)) if !inside.is_empty_object() => double_a_member(inside, at),
        (key, inside) => {
            let twin = (key.clone(), if at_member == 0 { inside.clone() } else { Value::Null });
            members.push(twin);
        }
    }
}
