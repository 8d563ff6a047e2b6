//! Text as a JSON string.

/// A JSON string for this text: what RFC 8259 (section 7) demands is escaped, the rest stands as it is.
pub fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// [`quote`] at the end of what is being put together.
///
/// serde_json copies what stands between two escapes, and a document in a line of the journal has one every few bytes: it is
/// put together byte by byte here, in half the time. A text with line breaks or other control characters is left to serde_json.
pub fn quote_onto(out: &mut Vec<u8>, text: &str) {
    let mut quoted = vec![0; 2 * text.len() + 2];
    quoted[0] = b'"';
    let mut end = 1;
    for &byte in text.as_bytes() {
        if byte == b'"' || byte == b'\\' {
            quoted[end] = b'\\';
            end += 1;
        } else if byte < b' ' {
            return out.extend_from_slice(quote(text).as_bytes());
        }
        quoted[end] = byte;
        end += 1;
    }
    quoted[end] = b'"';
    out.extend_from_slice(&quoted[..=end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_serde_json_writes() {
        let all: String = (0..0x250).chain(0x2020..0x2040).filter_map(char::from_u32).collect();
        for text in ["", "Acme \"& Sons\" \\o/", "\"\"\\\\", "株\u{1f600}\u{7f}\u{80}", "two\nlines", &all] {
            let mut out = b"[".to_vec();
            quote_onto(&mut out, text);
            assert_eq!(String::from_utf8(out).unwrap(), format!("[{}", quote(text)));
        }
    }
}
