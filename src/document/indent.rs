//! A document laid out for reading: white space changes, no token does.

use super::json::{ValueKind, View};

/// The value over several lines, two spaces a level, every scalar and key as the text has it.
pub fn indented(view: View<'_>) -> String {
    let mut out = String::new();
    write(view, Some(0), &mut out);
    out
}

/// The value on one line without white space between tokens.
pub fn compact(view: View<'_>) -> String {
    let mut out = String::new();
    write(view, None, &mut out);
    out
}

/// `level` is none for one line.
fn write(view: View<'_>, level: Option<usize>, out: &mut String) {
    let (open, close) = match view.kind() {
        ValueKind::Object => ('{', '}'),
        ValueKind::Array => ('[', ']'),
        _ => return out.push_str(view.raw()),
    };
    let inner = level.map(|level| level + 1);
    out.push(open);
    let mut empty = true;
    for child in view.children() {
        if !empty {
            out.push(',');
        }
        new_line(inner, out);
        if view.kind() == ValueKind::Object {
            out.push_str(child.key().token());
            out.push_str(if level.is_some() { ": " } else { ":" });
        }
        write(child, inner, out);
        empty = false;
    }
    if !empty {
        new_line(level, out);
    }
    out.push(close);
}

fn new_line(level: Option<usize>, out: &mut String) {
    if let Some(level) = level {
        out.push('\n');
        (0..level).for_each(|_| out.push_str("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    #[test]
    fn only_white_space_changes() {
        let text = "{\"a\" :[ 1E5,{ }], \"\\u0062\":\"\\u00e9\" ,\"c\":[ ]}";
        let json = Json::parse(text).unwrap();
        let laid_out = "{\n  \"a\": [\n    1E5,\n    {}\n  ],\n  \"\\u0062\": \"\\u00e9\",\n  \"c\": []\n}";
        assert_eq!(indented(json.root()), laid_out);
        assert_eq!(compact(json.root()), "{\"a\":[1E5,{}],\"\\u0062\":\"\\u00e9\",\"c\":[]}");
    }
}
