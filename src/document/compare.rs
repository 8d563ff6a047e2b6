//! Compares values by meaning, not by spelling.

use super::decimal::Decimal;
use super::json::{Key, ValueKind, View};
use super::path::Path;
use crate::field::{self, FieldKind};

/// Whether two values mean the same: `10.0` equals `10.00`, `"é"` equals `"\u00e9"`, and the order of members does not
/// count.
pub fn same(a: View<'_>, b: View<'_>) -> bool {
    if a.raw() == b.raw() {
        return true;
    }
    match (a.kind(), b.kind()) {
        (ValueKind::Number, ValueKind::Number) => {
            Decimal::parse(a.raw()).is_some_and(|a| Decimal::parse(b.raw()) == Some(a))
        }
        (ValueKind::String, ValueKind::String) => a.string_bytes() == b.string_bytes(),
        (ValueKind::Array, ValueKind::Array) => {
            a.children().count() == b.children().count()
                && a.children().zip(b.children()).all(|(a, b)| same(a, b))
        }
        (ValueKind::Object, ValueKind::Object) => {
            let (a, b) = (sorted_members(a), sorted_members(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        _ => false,
    }
}

/// [`same`] for the values of a field.
/// In a text field `5551234` equals `"5551234"`: the vendor's samples show phones and references as numbers.
/// Sales-tracking codes compare by `type`, `code` and the other members that both sides have, because the vendor adds
/// `name`, `id` and `uri`.
pub(crate) fn same_at(path: &Path, a: View<'_>, b: View<'_>) -> bool {
    if same(a, b) {
        return true;
    }
    let Some(field) = field::at(&path.dotted()) else { return false };
    match (a.kind(), b.kind()) {
        (ValueKind::Number, ValueKind::String) | (ValueKind::String, ValueKind::Number) => {
            field.is_text() && a.text_or_token() == b.text_or_token()
        }
        (ValueKind::Array, ValueKind::Array) => field.kind == FieldKind::Codes && same_codes(a, b),
        _ => false,
    }
}

/// [`same_at`], but an absent value equals null, as in the API.
pub(crate) fn same_or_absent(path: &Path, a: Option<View<'_>>, b: Option<View<'_>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_at(path, a, b),
        (Some(one), None) | (None, Some(one)) => one.is_null(),
        (None, None) => true,
    }
}

fn same_codes(a: View<'_>, b: View<'_>) -> bool {
    let same_code = |a: View<'_>, b: View<'_>| {
        let shared =
            |(key, value): (Key<'_>, View<'_>)| b.member(&key.name()).is_none_or(|other| same(value, other));
        let complete = |code: View<'_>| code.member("type").is_some() && code.member("code").is_some();
        complete(a) && complete(b) && a.members().all(shared)
    };
    a.children().count() == b.children().count()
        && a.children().zip(b.children()).all(|(a, b)| same(a, b) || same_code(a, b))
}

fn sorted_members(object: View<'_>) -> Vec<(std::borrow::Cow<'_, [u8]>, View<'_>)> {
    let mut members: Vec<_> = object.members().map(|(key, value)| (key.bytes(), value)).collect();
    members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    members
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    fn same_text(a: &str, b: &str) -> bool {
        same(Json::parse(a).unwrap().root(), Json::parse(b).unwrap().root())
    }

    #[test]
    fn numbers_compare_as_exact_decimals() {
        for (a, b) in [
            ("10.0", "10.00"),
            ("1E5", "100000"),
            ("0", "-0.0e7"),
            ("1.50e3", "1500"),
            ("12e-1", "1.2"),
            ("1e400", "10E399"),
        ] {
            assert!(same_text(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("12345678901234567890123", "12345678901234567890124"),
            ("9007199254740993", "9007199254740992"),
            ("1", "-1"),
            ("1e99999999999999999999", "2e99999999999999999999"),
            ("0.1", "0.10000000000000001"),
        ] {
            assert!(!same_text(a, b), "{a} {b}");
        }
    }

    #[test]
    fn strings_compare_by_their_decoded_text() {
        assert!(same_text(r#""é""#, r#""\u00e9""#));
        assert!(same_text(r#""\/\ud83d\ude00""#, r#""/😀""#));
        assert!(same_text(r#""\ud800""#, r#""\uD800""#));
        assert!(!same_text(r#""\ud800""#, r#""\ud801""#));
        assert!(!same_text(r#""1""#, "1"));
        assert!(!same_text(r#""""#, "null"));
    }

    #[test]
    fn objects_compare_in_any_order_and_arrays_in_theirs() {
        assert!(same_text(r#"{"a":1,"b":[1.0]}"#, r#"{"b":[1],"\u0061":1}"#));
        assert!(!same_text(r#"{"a":null}"#, "{}"));
        assert!(!same_text("[1,2]", "[2,1]"));
    }

    #[test]
    fn a_text_field_stored_as_a_number_equals_its_digits() {
        let (number, text) = (Json::parse("5551234").unwrap(), Json::string("5551234"));
        let at = |path| same_at(&Path::parse(path).unwrap(), number.root(), text.root());
        assert!(at("primaryPhone"));
        assert!(!at("parentId"));
        assert!(!at("unheardOf"));
    }

    #[test]
    fn codes_compare_by_type_and_code_only() {
        let asked = Json::parse(r#"[{"type":"A","code":"1"}]"#).unwrap();
        let path = Path::of(field::CODES_PATH);
        let at = |stored: &str| same_at(&path, asked.root(), Json::parse(stored).unwrap().root());
        assert!(at(r#"[{"type":"A","code":"1","name":"One","id":7}]"#));
        assert!(!at(r#"[{"type":"A","code":"2","name":"One","id":7}]"#));
        assert!(!at(r#"[{"type":"A","code":"1"},{"type":"B","code":"1"}]"#));
        assert!(!at("[{}]"));
        assert!(!at(r#"[{"type":"A"}]"#));
    }
}
