//! JSON laid out for reading: white space changes, no token does.

/// A text that is known to be JSON, over several lines, indented by two spaces. It is not parsed, so its depth and length
/// are not limited.
pub fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut level, mut opened) = (0_usize, false);
    for token in tokens(json) {
        let closes = matches!(token, "}" | "]");
        level -= usize::from(closes && level > 0);
        if closes != opened {
            new_line(level, &mut out);
        }
        out.push_str(token);
        opened = matches!(token, "{" | "[");
        level += usize::from(opened);
        match token {
            "," => new_line(level, &mut out),
            ":" => out.push(' '),
            _ => {}
        }
    }
    out
}

/// A text that is known to be JSON, on one line without white space between tokens.
pub fn compact(json: &str) -> String {
    tokens(json).collect()
}

fn new_line(level: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&"  ".repeat(level));
}

const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(WHITE_SPACE);
        let length = match rest.as_bytes().first()? {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest.find([' ', '\t', '\n', '\r', ',', ':', '}', ']']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let ends = |byte: u8| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    };
    text.bytes().skip(1).position(ends).map_or(text.len(), |at| at + 2)
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
        assert_eq!(indented(json.text()), laid_out);
        assert_eq!(compact(json.text()), "{\"a\":[1E5,{}],\"\\u0062\":\"\\u00e9\",\"c\":[]}");
    }

    #[test]
    fn punctuation_in_a_string_is_text() {
        let text = r#"["{ \"a\" : [1,2] }\\","é, b"]"#;
        assert_eq!(compact(text), text);
        assert_eq!(indented(text), "[\n  \"{ \\\"a\\\" : [1,2] }\\\\\",\n  \"é, b\"\n]");
    }

    #[test]
    fn depth_has_no_limit() {
        let deep = "[".repeat(1_000) + &"]".repeat(1_000);
        assert_eq!(compact(&indented(&deep)), deep);
    }
}
