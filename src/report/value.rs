//! Values as people read them, on one line.

use unicode_security::confusable_detection::skeleton;

use super::escape::escaped;
use crate::document::indent::compact;
use crate::document::json::ValueKind;
use crate::document::{Json, Path, View};
use crate::field;

/// Texts that name something else than a text.
const RESERVED: &[&str] = &["null", "true", "false", ABSENT];
const ABSENT: &str = "(absent)";

/// A value in a table, so that empty, null, absent and the text "null" look different: text bare, or in quotes if it could be taken for
/// another value; the rest as JSON.
pub(crate) fn value(path: &Path, view: Option<View<'_>>) -> String {
    match view.and_then(View::as_text) {
        Some(text) if is_bare(path, &text) => text.into_owned(),
        _ => display(view),
    }
}

/// A value in a sentence, where every text has quotes.
pub(crate) fn display(view: Option<View<'_>>) -> String {
    let Some(view) = view else { return ABSENT.to_string() };
    match view.as_text() {
        Some(text) => quoted(&text),
        None => codes(view).unwrap_or_else(|| compact(view.raw())),
    }
}

/// Values of one field as `value` shows them. If two different ones would look the same, their texts are spelled out.
pub fn values<const N: usize>(path: &Path, views: [Option<View<'_>>; N]) -> [String; N] {
    distinct(views, |view| value(path, view))
}

/// Values as `said` shows them; different ones never look the same.
pub fn distinct_displays<const N: usize>(views: [Option<View<'_>>; N]) -> [String; N] {
    distinct(views, display)
}

fn distinct<const N: usize>(
    views: [Option<View<'_>>; N],
    value: impl Fn(Option<View<'_>>) -> String,
) -> [String; N] {
    let full = |view: Option<View<'_>>| view.map_or_else(|| ABSENT.to_string(), |view| compact(view.raw()));
    let short = views.map(&value);
    let looks: Vec<String> = short.iter().map(|text| skeleton(text).collect()).collect();
    let alike = |same: &dyn Fn(usize, usize) -> bool| {
        (0..N).any(|one| (0..one).any(|other| same(one, other) && full(views[one]) != full(views[other])))
    };
    if alike(&|one, other| short[one] == short[other]) {
        views.map(full)
    } else if alike(&|one, other| looks[one] == looks[other]) {
        views.map(|view| view.and_then(View::as_text).map_or_else(|| value(view), |text| spelled(&text)))
    } else {
        short
    }
}

/// A text in the field of a text needs no quotes for its digits: the number and its digits are the same value there.
fn is_bare(path: &Path, text: &str) -> bool {
    let is_number = || Json::parse(text).is_ok_and(|json| json.root().kind() == ValueKind::Number);
    let is_text_field = || field::at(&path.dotted()).is_some_and(field::Field::is_text);
    !text.is_empty()
        && !text.starts_with(['"', '[', '{', ' '])
        && !text.ends_with(' ')
        && !["  ", "…", "...", " → ", " -> "].iter().any(|mark| text.contains(mark))
        && !RESERVED.contains(&text)
        && !spells_an_escape(text)
        && escaped(text) == text
        && (is_text_field() || !is_number())
}

fn spells_an_escape(text: &str) -> bool {
    ["\\n", "\\r", "\\t", "\\u"].iter().any(|escape| text.contains(escape))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// In quotes, with the code of every character that is not ASCII.
fn spelled(text: &str) -> String {
    let spell = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) };
    quoted(text).chars().map(spell).collect()
}

/// Sales-tracking codes as `TYPE=CODE`, which their flag takes; none for any other value.
fn codes(list: View<'_>) -> Option<String> {
    if list.kind() != ValueKind::Array || list.children().next().is_none() {
        return None;
    }
    let part = |code: View<'_>, name: &str| Some(code.member(name)?.as_text()?.into_owned());
    let pair = |code| Some(format!("{}={}", part(code, "type")?, part(code, "code")?));
    list.children().map(pair).collect::<Option<Vec<String>>>().map(|pairs| pairs.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, json: &str) -> String {
        value(&Path::parse(path).unwrap(), Some(Json::parse(json).unwrap().root()))
    }

    fn pair(one: &str, other: &str) -> [String; 2] {
        let [one, other] = [one, other].map(|text| Json::parse(text).unwrap());
        values(&Path::root("lastName"), [Some(one.root()), Some(other.root())])
    }

    #[test]
    fn values_that_are_different_look_different() {
        let all = [
            "null",
            "\"null\"",
            "\"\"",
            "[]",
            "\"[]\"",
            "{}",
            "\"(absent)\"",
            "1",
            "\"1\"",
            "\" x\"",
            "true",
        ];
        assert!(all.iter().all(|json| shown("x", json) == *json));
        assert_eq!(value(&Path::root("x"), None), "(absent)");
        for (json, bare) in
            [("\"Jon\"", "Jon"), ("\"\\u00e9\"", "é"), ("1E5", "1E5"), ("\"\\ud800\"", "\"\\ud800\"")]
        {
            assert_eq!(shown("x", json), bare);
        }
        assert_eq!(shown("x", r#""O\"Brien""#), "O\"Brien");
        assert_eq!(shown("x", r#""\"x\"""#), r#""\"x\"""#);
        assert_eq!(shown("x", r#""C:\\new""#), r#""C:\\new""#);
        assert_eq!(shown("x", r#""a\nb""#), "\"a\nb\"");
        assert_eq!(shown("x", "\"cut…\""), "\"cut…\"");
    }

    #[test]
    fn digits_in_the_field_of_a_text_need_no_quotes() {
        assert_eq!(
            [shown("primaryPhone", "5551234"), shown("primaryPhone", "\"5551234\"")],
            ["5551234", "5551234"]
        );
        assert_eq!([shown("parentId", "7"), shown("parentId", "\"7\"")], ["7", "\"7\""]);
    }

    #[test]
    fn two_values_that_differ_never_look_the_same() {
        let code = |name: &str| format!(r#"[{{"type":"A","code":"1","name":"{name}"}}]"#);
        assert_eq!(pair(&code("x"), &code("y")), [code("x"), code("y")]);
        assert_eq!(pair(&code("x"), "null"), ["A=1", "null"]);
        assert_eq!(pair("\"Zo\u{e9}\"", "\"Zoe\u{301}\""), ["\"Zo\\u{e9}\"", "\"Zoe\\u{301}\""]);
        assert_eq!(pair("\"Jon\"", "\"J\u{43e}n\""), ["\"Jon\"", "\"J\\u{43e}n\""]);
        assert_eq!(pair("\"Jon\"", "\"Jon\u{200b}\""), ["Jon", "\"Jon\u{200b}\""]);
        assert_eq!(pair("\"José\"", "\"Jose\""), ["José", "Jose"]);
    }

    #[test]
    fn tracking_codes_read_as_their_flag_takes_them() {
        assert_eq!(
            shown("x", r#"[{"type":"Region","code":"NA","id":1},{"type":"Rep","code":"7"}]"#),
            "Region=NA; Rep=7"
        );
        assert_eq!(shown("x", "[{\"type\":1}, 2]"), "[{\"type\":1},2]");
    }
}
