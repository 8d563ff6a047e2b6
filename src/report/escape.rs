//! Escapes text from servers and files, so that it cannot control the terminal.

use std::borrow::Cow;

use crate::document::hidden::is_hidden;

/// Writes characters that cannot be seen, or that could control a terminal, as `\u{…}`. Every text that the program prints
/// goes through here.
pub fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden, |c, out| match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => *out += &format!("\\u{{{:x}}}", u32::from(c)),
    })
}

/// Writes the same characters in JSON or CSV as JSON's `\uXXXX`, which keeps the meaning of JSON. Line breaks and tabs stay.
pub(crate) fn escape_hidden_as_json(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    replaced(text, hidden, |c, out| {
        c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| *out += &format!("\\u{unit:04x}"));
    })
}

fn replaced(text: &str, which: impl Fn(char) -> bool, replace: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(&which) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if which(c) { replace(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_leaves_no_hidden_character() {
        let text = "a\u{1b}[2J\u{7}\r\n\t\u{7f}\u{9b}31m\u{202e}x\u{2066}\u{200f}\u{61c}\u{2028}é株😀";
        let shown = escaped(text);
        assert!(!shown.contains(is_hidden), "{shown}");
        assert_eq!(&shown[..12], "a\\u{1b}[2J\\u");
        assert!(shown.ends_with("é株😀"));
    }

    #[test]
    fn escaped_json_has_the_same_value() {
        let json = "{\n\t\"a\": \"\u{9b}31m\u{202e}é\u{7f}\u{e0041}\"\n}\n";
        let shown = escape_hidden_as_json(json);
        assert_eq!(shown, "{\n\t\"a\": \"\\u009b31m\\u202eé\\u007f\\udb40\\udc41\"\n}\n");
        let [shown, json] =
            [&shown, json].map(|text| crate::document::Json::parse(text.to_string()).unwrap());
        assert!(crate::document::compare::same(shown.root(), json.root()));
        assert!(matches!(escape_hidden_as_json("{}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn plain_text_is_as_it_was() {
        assert!(matches!(escaped("株式会社 \\n \"x\""), Cow::Borrowed(_)));
    }
}
