//! Checks values against the field table. The server checks the rest.
//! Every error completes a sentence that begins with the field: "`firstName` is 51 characters long, …".

use std::borrow::Cow;
use std::str::FromStr;

use iso_currency::Currency;

use super::json::{Json, ValueKind, View};
use crate::field::{CODE_MAX, Field, FieldKind, MOST_CODES, OverLimit};

/// A value in the vendor's spelling.
#[derive(Debug)]
pub struct Checked {
    pub value: Json,
    /// Why it is doubtful.
    pub warning: Option<String>,
}

/// The JSON value of a flag's text: a number if the field holds one, else a string.
pub(crate) fn from_text(field: &Field, text: &str) -> Result<Json, String> {
    match field.kind {
        FieldKind::Integer => integer(text).map(Json::known),
        _ => Ok(Json::string(text)),
    }
}

pub fn value(field: &Field, value: Json) -> Result<Checked, String> {
    let root = value.root();
    if root.is_null() {
        return null(field).map(plain);
    }
    match field.kind {
        FieldKind::Text { max, over } => match (within(&text(root)?, max), over) {
            (Err(error), OverLimit::Refused) => Err(error),
            (length, _) => {
                let warning = length.err().map(|error| doubtful_length(field, &error));
                Ok(Checked { value, warning })
            }
        },
        FieldKind::Emails { max } => {
            let given = text(root)?;
            let list = addresses(&given)?;
            within(&list, max)?;
            let warning = doubtful_address(&list).map(|address| doubtful(field, address));
            let value = if list == given { value } else { Json::string(&list) };
            Ok(Checked { value, warning })
        }
        FieldKind::Choice(words) => choice(words, &text(root)?).map(|word| plain(Json::string(word))),
        FieldKind::Currency => currency(&text(root)?).map(|code| plain(Json::string(&code))),
        FieldKind::Integer => whole_number(root).map(plain),
        FieldKind::Codes => codes(root).map(|()| plain(value)),
    }
}

fn plain(value: Json) -> Checked {
    Checked { value, warning: None }
}

fn null(field: &Field) -> Result<Json, String> {
    match field.never_null() {
        Some(reason) => Err(format!("cannot be null: {reason}")),
        None if field.kind == FieldKind::Codes => Ok(Json::known("[]")),
        None => Ok(Json::null()),
    }
}

fn doubtful_length(field: &Field, reason: &str) -> String {
    let path = field.path;
    format!(
        "`{path}` {reason} in the API reference; the vendor's import page allows 255, so the server decides"
    )
}

fn text(value: View<'_>) -> Result<Cow<'_, str>, String> {
    match value.kind() {
        ValueKind::String => value.as_text().ok_or_else(|| "holds half of a surrogate pair".to_string()),
        other => Err(format!("takes text, not {other}")),
    }
}

/// Lengths count UTF-16 units: the vendor's server is .NET, whose strings are made of them.
fn within(text: &str, max: usize) -> Result<(), String> {
    let length = text.encode_utf16().count();
    if length <= max {
        return Ok(());
    }
    let unit = if text.chars().count() == length { "characters" } else { "UTF-16 units" };
    Err(format!("is {length} {unit} long, the limit is {max}"))
}

/// The API reference separates addresses by `;`, the vendor's import page by `,`.
const SEPARATORS: [char; 2] = [';', ','];

/// The list without line breaks around its addresses and blanks at its ends. Spaces between addresses stay, because they are
/// part of what was typed or stored.
fn addresses(list: &str) -> Result<String, String> {
    if list.is_empty() {
        return Ok(String::new());
    }
    let mut clean = String::new();
    let mut separators = list.matches(SEPARATORS);
    for piece in list.trim().split(SEPARATORS) {
        let address = piece.trim();
        if address.is_empty() {
            return Err("has an empty address in its list".to_string());
        }
        if address.contains(char::is_control) {
            let shown = address.escape_debug();
            return Err(format!(
                "holds `{shown}`, which has a control character in it; addresses are separated by `;`"
            ));
        }
        clean.push_str(without_line_breaks(piece));
        clean.push_str(separators.next().unwrap_or_default());
    }
    Ok(clean)
}

fn without_line_breaks(piece: &str) -> &str {
    let only_spaces = |around: &str| around.chars().all(|c| c == ' ');
    let start = piece.trim_start();
    let piece = if only_spaces(&piece[..piece.len() - start.len()]) { piece } else { start };
    let end = piece.trim_end();
    if only_spaces(&piece[end.len()..]) { piece } else { end }
}

/// The first address that may be none. The rules of RFC 5321, RFC 6531 and of real servers differ, so it is a warning only.
fn doubtful_address(list: &str) -> Option<&str> {
    let is_usual = |address: &&str| {
        address.rsplit_once('@').is_some_and(|(local, domain)| {
            let quoted = local.starts_with('"') && local.ends_with('"');
            let plain = !local.is_empty() && (quoted || !local.contains('@'));
            plain && domain.contains('.') && domain.split('.').all(|label| !label.is_empty())
        }) && !address.contains(char::is_whitespace)
    };
    list.split(SEPARATORS).map(str::trim).find(|address| !list.is_empty() && !is_usual(address))
}

fn doubtful(field: &Field, address: &str) -> String {
    let path = field.path;
    format!("`{path}` holds `{address}`, which does not look like an e-mail address; the server decides")
}

fn choice(words: &[&'static str], text: &str) -> Result<&'static str, String> {
    let matching = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    matching.copied().ok_or_else(|| format!("takes one of {}, not `{text}`", words.join(", ")))
}

fn currency(text: &str) -> Result<String, String> {
    let code = text.to_ascii_uppercase();
    match Currency::from_str(&code) {
        Ok(_) => Ok(code),
        Err(_) => Err(format!("takes an ISO 4217 code such as USD, not `{text}`")),
    }
}

fn whole_number(value: View<'_>) -> Result<Json, String> {
    match value.kind() {
        ValueKind::Number => integer(value.raw()).map(Json::known),
        other => Err(format!("takes a whole number, not {other}")),
    }
}

fn integer(text: &str) -> Result<String, String> {
    let number: Option<i64> = text.parse().ok().filter(|number| *number >= 0);
    let token = number.map(|number| number.to_string()).filter(|token| token == text);
    token.ok_or_else(|| format!("takes a whole number, not `{text}`"))
}

pub(super) fn code_part(part: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("needs a {part}"));
    }
    within(text, CODE_MAX).map_err(|error| format!("has a {part} that {error}"))
}

fn codes(list: View<'_>) -> Result<(), String> {
    if list.kind() != ValueKind::Array {
        return Err(format!("takes an array of {{\"type\", \"code\"}} objects, not {}", list.kind()));
    }
    let mut types: Vec<String> = Vec::new();
    for element in list.children() {
        let part = |name: &str| {
            let text = element.member(name).and_then(View::as_text);
            let text = text.ok_or_else(|| format!("has an element without a `{name}` text"))?;
            code_part(name, &text).map(|()| text.to_lowercase())
        };
        types.push(part("type")?);
        part("code")?;
    }
    let count = types.len();
    types.sort_unstable();
    types.dedup();
    if types.len() < count {
        return Err("has two codes of one type".to_string());
    }
    if count > MOST_CODES { Err(format!("holds {count} codes, the limit is {MOST_CODES}")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{at, by_flag};

    fn given(flag: &str, json: &str) -> Result<(String, bool), String> {
        let checked = value(by_flag(flag).unwrap(), Json::parse(json).unwrap())?;
        Ok((checked.value.text().to_string(), checked.warning.is_some()))
    }

    fn ok(flag: &str, json: &str) -> String {
        given(flag, json).unwrap().0
    }

    #[test]
    fn lengths_count_utf_16_units() {
        assert!(given("first-name", &format!("\"{}\"", "é".repeat(50))).is_ok());
        let long = given("first-name", &format!("\"{}\"", "😀".repeat(26))).unwrap_err();
        assert_eq!(long, "is 52 UTF-16 units long, the limit is 50");
    }

    #[test]
    fn a_long_company_name_is_a_warning_only() {
        assert!(!given("company-name", &format!("\"{}\"", "x".repeat(50))).unwrap().1);
        assert!(given("company-name", &format!("\"{}\"", "x".repeat(51))).unwrap().1);
        let reason = doubtful_length(by_flag("company-name").unwrap(), "is long");
        assert!(reason.starts_with("`companyName` is long in the API reference; "), "{reason}");
    }

    #[test]
    fn words_are_sent_in_the_vendors_spelling() {
        assert_eq!(ok("title", "\"mRS\""), "\"Mrs\"");
        assert_eq!(ok("currency", "\"cad\""), "\"CAD\"");
        assert!(given("title", "\"Sir\"").unwrap_err().contains("Mr, Mrs, Ms, Miss, Dr"));
        assert!(given("currency", "\"XYZ\"").is_err());
        assert!(given("status", "\"\"").is_err());
    }

    #[test]
    fn a_malformed_address_list_is_refused() {
        for list in
            ["a@x.org;", ";a@x.org", "a@x.org;;b@x.org", " ", ",", r"a@x.org\nb@x.org", r"a\u0000@x.org"]
        {
            assert!(given("primary-email", &format!("\"{list}\"")).is_err(), "{list}");
        }
    }

    #[test]
    fn the_server_judges_addresses_and_doubtful_ones_are_warned_of() {
        for list in [
            "",
            "a@example.com",
            "a@example.com;b@example.org",
            "a@b.co,c@d.co",
            "राम@मोहन.ईन्फो",
            r#"\"a@b\"@x.org"#,
        ] {
            let token = format!("\"{list}\"");
            assert_eq!(given("primary-email", &token), Ok((token, false)));
        }
        for list in
            ["a", "a@b", "@x.org", "a@x..org", "a@x.org.", "a@b@x.org", "A <a@x.org>", "a@x.org b@x.co"]
        {
            let token = format!("\"{list}\"");
            assert_eq!(given("primary-email", &token), Ok((token, true)));
        }
    }

    #[test]
    fn blanks_and_line_breaks_around_addresses_are_dropped() {
        assert_eq!(ok("primary-email", r#""a@x.org\r\n""#), "\"a@x.org\"");
        assert_eq!(ok("primary-email", r#"" a@x.org ;\n b@x.org\u00a0""#), "\"a@x.org ;b@x.org\"");
        assert_eq!(ok("primary-email", r#""a@x.org; b@x.org""#), "\"a@x.org; b@x.org\"");
        let longest = format!("{}@x.org", "a".repeat(249));
        assert_eq!(ok("primary-email", &format!("\" {longest} \"")), format!("\"{longest}\""));
    }

    #[test]
    fn ids_are_whole_numbers_without_dress() {
        assert_eq!(from_text(at("parentId").unwrap(), "12000749").unwrap().text(), "12000749");
        for text in ["", "-1", "1.0", "1e3", "007", "+7", "0x1", "99999999999999999999"] {
            assert!(from_text(at("parentId").unwrap(), text).is_err(), "{text}");
        }
        assert!(given("parent-id", "\"7\"").is_err());
        assert_eq!(ok("quickbooks-id", "0"), "0");
    }

    #[test]
    fn text_fields_take_text_or_null() {
        assert_eq!(ok("first-name", "null"), "null");
        assert_eq!(ok("first-name", "\"\""), "\"\"");
        assert!(given("first-name", "5").unwrap_err().contains("takes text, not a number"));
        assert!(given("first-name", "\"\\ud800\"").is_err());
        assert!(given("status", "null").is_err() && given("currency", "null").is_err());
    }

    #[test]
    fn codes_are_a_list_of_distinct_types() {
        assert_eq!(ok("sales-tracking-code", "null"), "[]");
        assert!(given("sales-tracking-code", r#"[{"type":"A","code":"1","id":3}]"#).is_ok());
        for list in [
            "{}",
            "[1]",
            r#"[{"type":"A"}]"#,
            r#"[{"type":"A","code":" "}]"#,
            r#"[{"type":"A","code":"1"},{"type":"a","code":"2"}]"#,
        ] {
            assert!(given("sales-tracking-code", list).is_err(), "{list}");
        }
        let six: Vec<String> = (0..6).map(|n| format!(r#"{{"type":"{n}","code":"1"}}"#)).collect();
        assert!(given("sales-tracking-code", &format!("[{}]", six.join(","))).is_err());
    }
}
