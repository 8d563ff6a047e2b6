//! Checks one value against the table of fields.

use iso_currency::Currency;

use super::body::{Problem, whole_number};
use crate::document::json::{ValueKind, View, quote};
use crate::field::{Field, FieldKind};
use crate::sandbox::behaviour::Behaviour;

/// The longest companyName by the vendor's bulk import documentation; its API page says 50.
const LONG_COMPANY_NAME: usize = 255;

pub(crate) fn value(field: &Field, sent: View<'_>, behaviour: &Behaviour) -> Result<String, Problem> {
    if sent.is_null() {
        return Ok("null".to_string());
    }
    match field.kind {
        FieldKind::Text { .. } if field.path == "companyName" && behaviour.is("company-name", "255") => {
            text(field.path, sent, LONG_COMPANY_NAME, behaviour)
        }
        FieldKind::Text { max, .. } | FieldKind::Emails { max } => text(field.path, sent, max, behaviour),
        FieldKind::Choice(words) => word(field.path, sent, words, behaviour),
        FieldKind::Currency => currency(field.path, sent),
        FieldKind::Integer => whole_number(field.path, sent).map(|number| number.to_string()),
        FieldKind::Codes => {
            Err(Problem::field(field.path, "The sales tracking codes are checked by themselves."))
        }
    }
}

/// A number passes because the vendor's samples show phones and references as numbers.
pub(crate) fn text(name: &str, sent: View<'_>, max: usize, behaviour: &Behaviour) -> Result<String, Problem> {
    let length = match sent.kind() {
        ValueKind::String => {
            length(&sent.string_bytes().unwrap_or_default(), behaviour.is("length-unit", "utf16"))
        }
        ValueKind::Number => sent.raw().len(),
        other => return Err(Problem::field(name, format!("{name} must be text, not {other}."))),
    };
    if length > max {
        let text = format!("{name} cannot be longer than {max} characters; it has {length}.");
        return Err(Problem::field(name, text));
    }
    let quoted = sent.kind() == ValueKind::Number && behaviour.is("numeric-text", "string");
    Ok(if quoted { quote(sent.raw()) } else { sent.raw().to_string() })
}

/// In WTF-8, a character of four bytes is two UTF-16 units.
fn length(bytes: &[u8], in_utf16: bool) -> usize {
    let characters = bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    let pairs = bytes.iter().filter(|byte| **byte >= 0xF0).count();
    if in_utf16 { characters + pairs } else { characters }
}

/// The vendor answers the empty word for a title that is not set.
fn word(name: &str, sent: View<'_>, words: &[&str], behaviour: &Behaviour) -> Result<String, Problem> {
    let message = sent.as_text().unwrap_or_default();
    if name == "title" && sent.kind() == ValueKind::String && message.is_empty() {
        return Ok(if behaviour.is("empty-title", "null") { "null" } else { sent.raw() }.to_string());
    }
    if words.contains(&message.as_ref()) {
        return Ok(sent.raw().to_string());
    }
    Err(Problem::field(name, format!("{name} must be one of {}.", words.join(", "))))
}

fn currency(name: &str, sent: View<'_>) -> Result<String, Problem> {
    let known = sent.as_text().is_some_and(|code| Currency::from_code(&code).is_some());
    let problem = || Problem::field(name, format!("{name} must be a 3 character ISO currency code."));
    if known { Ok(sent.raw().to_string()) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json::Json;

    #[test]
    fn a_length_is_counted_in_the_chosen_unit() {
        for (token, utf16, points) in
            [("\"é\u{301}\"", 2, 2), ("\"\\ud83d\\ude00x\"", 3, 2), (r#""\ud800x""#, 2, 2)]
        {
            let json = Json::parse(token).unwrap();
            let bytes = json.root().string_bytes().unwrap();
            assert_eq!(length(&bytes, true), utf16, "{token}");
            assert_eq!(length(&bytes, false), points, "{token}");
        }
    }
}
