//! JSON as the vendor's samples write it: keys without quotes, texts in single quotes.

/// Tokens that RFC 8259 allows stay as they were sent, and text that is no JSON still is none.
pub(crate) fn strict(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token_end(rest, first));
        let is_key = is_word(first) && after.trim_start().starts_with(':');
        match first {
            '\'' => out.push_str(&double_quoted(token)),
            _ if is_key => out.push_str(&format!("\"{token}\"")),
            _ => out.push_str(token),
        }
        rest = after;
    }
    out
}

fn token_end(rest: &str, first: char) -> usize {
    match first {
        '"' | '\'' => text_end(rest, first),
        _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        _ => first.len_utf8(),
    }
}

/// A text without a closing quote ends with the body.
fn text_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

fn double_quoted(token: &str) -> String {
    let Some(inner) = token[1..].strip_suffix('\'') else { return token.to_string() };
    let mut out = String::from("\"");
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => match rest.next() {
                Some('\'') => out.push('\''),
                escaped => out.extend(std::iter::once('\\').chain(escaped)),
            },
            plain => out.push(plain),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_texts_get_their_quotes() {
        for (loose, expected) in [
            ("{id:123,title:'Mr',Status : 'Active'}", r#"{"id":123,"title":"Mr","Status" : "Active"}"#),
            (r#"{'a':'say "x" and \'y\' \u00e9 \\'}"#, r#"{"a":"say \"x\" and 'y' \u00e9 \\"}"#),
            ("{'a':[true,null,-1.50E+3],b_1:{}}", r#"{"a":[true,null,-1.50E+3],"b_1":{}}"#),
        ] {
            assert_eq!(strict(loose), expected);
        }
    }

    #[test]
    fn strict_json_keeps_its_bytes() {
        for text in [r#"{ "a:b" : "c'd\"e':", "n":1E5,"l":[ "x" ,null] }"#, "", "'", "\"\\", "['", "é'\\"] {
            assert_eq!(strict(text), text);
        }
    }
}
