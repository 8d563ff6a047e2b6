//! Text as a JSON string.

use super::plain::{EIGHT, plain_of, plain_until};

/// A JSON string for this text: what RFC 8259 (section 7) demands is escaped, the rest stands as it is.
pub fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// [`quote`] at the end of what is being put together.
///
/// A document in a line of the journal has something to escape every few bytes: eight bytes are copied together and counted as
/// far as they stand as they are. A text with line breaks or other control characters is left to serde_json.
pub fn quote_onto(out: &mut Vec<u8>, text: &str) {
    let mut quoted = vec![0; longest_quoted(text) + EIGHT];
    quoted[0] = b'"';
    let (mut rest, mut end) = (text.as_bytes(), 1);
    loop {
        let plain = match (rest.first_chunk(), quoted[end..].first_chunk_mut()) {
            (Some(eight), Some(room)) => {
                *room = *eight;
                plain_of(*eight)
            }
            _ => {
                let plain = plain_until(rest, 0);
                quoted[end..end + plain].copy_from_slice(&rest[..plain]);
                plain
            }
        };
        (rest, end) = (&rest[plain..], end + plain);
        match rest {
            [] => break,
            _ if plain == EIGHT => {}
            [escaped @ (b'"' | b'\\'), after @ ..] => {
                quoted[end..end + 2].copy_from_slice(&[b'\\', *escaped]);
                (rest, end) = (after, end + 2);
            }
            _ => return out.extend_from_slice(quote(text).as_bytes()),
        }
    }
    quoted[end] = b'"';
    out.extend_from_slice(&quoted[..=end]);
}

/// How many bytes a text without control characters takes as a JSON string at most.
pub fn longest_quoted(text: &str) -> usize {
    2 * text.len() + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_serde_json_writes() {
        let all: String = (0..0x250).chain(0x2020..0x2040).filter_map(char::from_u32).collect();
        for length in 0..40 {
            let (plain, escaped) = ("a".repeat(length), "\"".repeat(length));
            let text = format!("{plain}\\{escaped}{plain}{escaped}{plain}");
            for text in [text.as_str(), &text[length..], &plain, &escaped] {
                let mut out = Vec::new();
                quote_onto(&mut out, text);
                assert_eq!(String::from_utf8(out).unwrap(), quote(text));
            }
        }
        for text in ["", "Acme \"& Sons\" \\o/", "\"\"\\\\", "株\u{1f600}\u{7f}\u{80}", "two\nlines", &all] {
            let mut out = b"[".to_vec();
            quote_onto(&mut out, text);
            assert_eq!(String::from_utf8(out).unwrap(), format!("[{}", quote(text)));
        }
    }
}
