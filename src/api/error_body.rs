//! Parses the bodies of API errors, in every shape that the API is known to send. Pure.

use crate::document::json::{Json, ValueKind, View};

/// In characters.
const EXCERPT: usize = 300;
/// In characters, for one error.
const SENTENCE: usize = 2_000;
const SENTENCES: usize = 20;
pub(crate) const WEB_PAGE_SOURCES: &str =
    "a web page comes from a proxy, a captive portal or a wrong base URL";
/// How much of a body is parsed, in bytes. A longer one is no error, and takes long to parse.
const PARSED: usize = 256 * 1024;

pub(super) fn beginning(body: &str) -> &str {
    &body[..body.floor_char_boundary(PARSED)]
}

/// The API's own words in the body of an error, one line each.
/// Known shapes: the vendor's envelope `{"ErrorId", "HttpStatusCode", "Errors": [{"Key", "Value"}]}`, where `Errors`
/// may be null; the web framework's `{"Message"}`, also in lower case; a page of HTML; `null`; nothing at all.
pub fn words(body: &str) -> Vec<String> {
    let trimmed = body.trim();
    if trimmed.is_empty() || trimmed == "null" {
        return Vec::new();
    }
    match Json::parse(trimmed) {
        Ok(json) => from_json(json.root()).unwrap_or_else(|| vec![excerpt(trimmed, EXCERPT)]),
        Err(_) if is_web_page(trimmed) => {
            vec![format!("a web page: {}", excerpt(&text_of_html(trimmed), EXCERPT))]
        }
        Err(_) => vec![excerpt(trimmed, EXCERPT)],
    }
}

/// Whether a body is HTML; JSON never begins like it.
pub(super) fn is_web_page(body: &str) -> bool {
    let trimmed = body.trim();
    trimmed.starts_with('<') && trimmed.contains('>')
}

fn from_json(root: View<'_>) -> Option<Vec<String>> {
    if root.kind() == ValueKind::String {
        return root.as_text().map(|text| vec![excerpt(&text, EXCERPT)]);
    }
    let mut entries = member(root, "Errors").into_iter().flat_map(View::children);
    let mut errors: Vec<String> =
        entries.by_ref().take(SENTENCES).map(|error| excerpt(&entry(error), SENTENCE)).collect();
    let more = entries.count();
    if more > 0 {
        errors.push(format!("… and {more} more"));
    }
    if !errors.is_empty() {
        return Some(errors);
    }
    member(root, "Message").and_then(View::as_text).map(|message| vec![excerpt(&message, SENTENCE)])
}

fn entry(error: View<'_>) -> String {
    let part = |name: &str| member(error, name).map(text);
    match (part("Key"), part("Value")) {
        (Some(key), Some(value)) => format!("{key}: {value}"),
        (None, Some(only)) | (Some(only), None) => only,
        (None, None) => text(error),
    }
}

fn text(value: View<'_>) -> String {
    value.as_text().map_or_else(|| value.raw().to_string(), std::borrow::Cow::into_owned)
}

fn member<'a>(object: View<'a>, name: &str) -> Option<View<'a>> {
    object.members().find(|(key, _)| key.name().eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text_of_html(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        text.push(' ');
        rest = &rest[open..];
        let lower = rest.get(..7).unwrap_or(rest).to_ascii_lowercase();
        let close = if lower.starts_with("<style") {
            "</style>"
        } else if lower.starts_with("<script") {
            "</script>"
        } else {
            ">"
        };
        rest = rest.find(close).map_or("", |at| &rest[at + close.len()..]);
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn excerpt(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_shape_gives_its_words() {
        let envelope = r#"{"ErrorId":0,"HttpStatusCode":400,"Errors":[{"Key":"Api Error","Value":"No."},{"Key":"firstName","Value":"Too long"}]}"#;
        for (body, expected) in [
            (envelope, vec!["Api Error: No.", "firstName: Too long"]),
            (r#"{"Message":"No such thing."}"#, vec!["No such thing."]),
            (r#"{"message":"nope","Errors":null}"#, vec!["nope"]),
            (r#""just text""#, vec!["just text"]),
            (r#"{"Errors":["plain"]}"#, vec!["plain"]),
            (r#"{"Errors":[{"Value":5}]}"#, vec!["5"]),
            (r#"{"other":1}"#, vec![r#"{"other":1}"#]),
            ("null", vec![]),
            (" ", vec![]),
            ("upstream timed out", vec!["upstream timed out"]),
            (
                "<html><head><style>b{}</style><title>502 Bad Gateway</title></head><body><h1>Oh</h1></body></html>",
                vec!["a web page: 502 Bad Gateway Oh"],
            ),
        ] {
            assert_eq!(words(body), expected, "{body}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_body_is_searched() {
        assert_eq!(beginning("é"), "é");
        let long = format!("x{}", "é".repeat(PARSED));
        assert_eq!(beginning(&long), &long[..PARSED - 1]);
    }

    #[test]
    fn a_long_answer_is_cut() {
        assert_eq!(words(&"é".repeat(1000))[0].chars().count(), EXCERPT + 1);
        let long = "é".repeat(SENTENCE + 1);
        let many = vec![format!(r#"{{"Value":"{long}"}}"#); SENTENCES + 7].join(",");
        let errors = words(&format!(r#"{{"Errors":[{many}]}}"#));
        assert_eq!((errors.len(), errors[SENTENCES].as_str()), (SENTENCES + 1, "… and 7 more"));
        assert!(errors[..SENTENCES].iter().all(|error| error.chars().count() == SENTENCE + 1));
        assert_eq!(words(&format!(r#"{{"Message":"{long}"}}"#))[0].chars().count(), SENTENCE + 1);
    }
}
