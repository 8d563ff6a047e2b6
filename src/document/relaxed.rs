//! Turns JSON with comments and trailing commas into JSON.
//! Both become spaces, so every value keeps its position and its token. (jsonc-parser would refuse lone surrogates, which a
//! customer may hold and an edit must keep.)

/// The text with spaces in place of comments (`//` to the end of the line, `/* */`), of the comma after the last element
/// of an array or object, and of a byte order mark. Length and line breaks stay; the rest is not checked.
/// The error is the byte at which a `/*` begins that has no `*/`.
pub fn strict(text: &str) -> Result<String, usize> {
    let mut out = text.as_bytes().to_vec();
    if text.starts_with('\u{feff}') {
        out[..3].fill(b' ');
    }
    let mut comma = None;
    let mut last = b'{';
    let mut at = 0;
    while at < out.len() {
        match (out[at], out.get(at + 1)) {
            (b'/', Some(b'/')) => at = blank(&mut out, at, end_of_line(text, at)),
            (b'/', Some(b'*')) => {
                let end = text[at + 2..].find("*/").ok_or(at)?;
                at = blank(&mut out, at, at + 2 + end + 2);
            }
            (b' ' | b'\t' | b'\r' | b'\n', _) => at += 1,
            (byte, _) => {
                if let Some(comma) = comma.take()
                    && matches!(byte, b'}' | b']')
                {
                    out[comma] = b' ';
                }
                if byte == b',' && !matches!(last, b'{' | b'[' | b',' | b':') {
                    comma = Some(at);
                }
                last = byte;
                at = if byte == b'"' { end_of_string(&out, at) } else { at + 1 };
            }
        }
    }
    Ok(String::from_utf8(out).expect("whole characters were replaced by spaces"))
}

fn blank(out: &mut [u8], from: usize, to: usize) -> usize {
    out[from..to].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    to
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..].find(['\n', '\r']).map_or(text.len(), |end| from + end)
}

/// Past the closing quote, or at the end of the line: a JSON string has no line break.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_become_spaces() {
        let text = "\u{feff}// é\r\n{\"a\": [1, 2 , /* x, */ ], // \"b\"\n \"u\": \"//,}\", }/**/";
        let blank = |count: usize| " ".repeat(count);
        let expected = format!(
            "{}\r\n{{\"a\": [1, 2{}],{}\n \"u\": \"//,}}\"{}}}{}",
            blank(3 + 5),
            blank(12),
            blank(7),
            blank(2),
            blank(4)
        );
        assert_eq!(expected.len(), text.len());
        assert_eq!(strict(text).unwrap(), expected);
    }

    #[test]
    fn a_comma_without_a_value_stays_for_the_json_parser_to_refuse() {
        for text in ["[,]", "{,}", "[1,,]", "{\"a\":,}", ","] {
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(&strict(text).unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_comment_that_does_not_end_is_found() {
        assert_eq!(strict("{} /* x").unwrap_err(), 3);
        assert_eq!(strict("{\"a\\\"/*\": 1}"), Ok("{\"a\\\"/*\": 1}".to_string()));
        assert_eq!(strict("{\"a\n// b\"}"), Ok("{\"a\n      ".to_string()));
    }
}
