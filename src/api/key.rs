//! The API key: a secret that cannot be printed.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The fewest letters and digits in a row that may be a key: the vendor's have 88.
const LEAST_KEY: usize = 32;

/// Shorter parts of what a key stands for are words that may stand anywhere.
const LEAST_SECRET: usize = 16;

/// A key as the vendor shows it. It is sent after `Basic ` as it stands, never encoded again: the text that the vendor
/// shows already is the encoded form.
#[derive(Clone)]
pub struct ApiKey {
    key: String,
    /// What the key stands for, as Basic authentication reads it (RFC 7617): the whole, and what follows the colon.
    decoded: Vec<String>,
}

/// The longest key that is sent, in bytes. Those of the vendor have about a hundred; servers take headers of some 8 KB.
const LONGEST: usize = 4096;

/// Why a text cannot be a key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// There is nothing in it.
    Empty,
    /// It has a space or a line break inside.
    Space,
    /// It has a character that a header cannot carry.
    NotPrintable,
    /// It is longer than any key.
    TooLong,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::Empty => "the API key is empty",
            KeyError::Space => "the API key has a space or a line break inside",
            KeyError::NotPrintable => "the API key has a character that no key has (not printable ASCII)",
            KeyError::TooLong => "the API key is too long: no key has more than 4096 characters",
        })
    }
}

impl std::error::Error for KeyError {}

impl ApiKey {
    /// Takes a key as it was pasted: space around it and a leading `Basic ` are dropped.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn parse(pasted: &str) -> Result<ApiKey, KeyError> {
        let trimmed = pasted.trim();
        let key = match trimmed.split_once(char::is_whitespace) {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("Basic") => key.trim_start(),
            None if trimmed.eq_ignore_ascii_case("Basic") => "",
            _ => trimmed,
        };
        if key.is_empty() {
            return Err(KeyError::Empty);
        }
        if key.bytes().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            return Err(KeyError::Space);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NotPrintable);
        }
        if key.len() > LONGEST {
            return Err(KeyError::TooLong);
        }
        Ok(ApiKey { key: key.to_string(), decoded: decoded(key) })
    }

    /// The key itself, to be stored for its owner alone.
    pub fn reveal(&self) -> &str {
        &self.key
    }

    /// A text without the key, in case a server sends it back: as it is, or escaped as in JSON, URLs and HTML.
    pub fn redacted<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let (mut redacted, mut kept, mut at) = (String::new(), 0, 0);
        let bytes = text.as_bytes();
        while at < bytes.len() {
            match self.length_at(&bytes[at..]).or_else(|| self.secret_at(&bytes[at..])) {
                Some(length) => {
                    redacted.push_str(&text[kept..at]);
                    redacted.push_str("[redacted]");
                    at += length;
                    kept = at;
                }
                None => at += 1,
            }
        }
        if kept == 0 { text.into() } else { (redacted + &text[kept..]).into() }
    }

    /// The length of the secret behind the key that a text begins with.
    fn secret_at(&self, text: &[u8]) -> Option<usize> {
        self.decoded.iter().find(|secret| text.starts_with(secret.as_bytes())).map(String::len)
    }

    /// How many bytes the key takes at the start of a text; none where something else stands there.
    fn length_at(&self, text: &[u8]) -> Option<usize> {
        if text.starts_with(self.key.as_bytes()) {
            return Some(self.key.len());
        }
        self.key.bytes().try_fold(0, |at, byte| Some(at + written(byte, &text[at..])?))
    }

    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> String {
        format!("Basic {}", self.key)
    }
}

/// A text in which every word that has the shape of a key is redacted, for messages about what may be a key in the wrong
/// place. The vendor's keys are the base64 form of ASCII text, which has no slash.
pub(crate) fn without_keys(text: &str) -> Cow<'_, str> {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '+';
    let mut redacted = Cow::Borrowed(text);
    for word in text.split(is_separator).filter(|word| is_key_shaped(word)) {
        redacted = redacted.replace(word, "[redacted]").into();
    }
    redacted
}

/// Whether a text has a word with the shape of a key in it.
pub(crate) fn has_key(text: &str) -> bool {
    matches!(without_keys(text), Cow::Owned(_))
}

fn is_key_shaped(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    word.len() >= LEAST_KEY
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

fn decoded(key: &str) -> Vec<String> {
    let decoded = BASE64_STANDARD.decode(key).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(decoded) = decoded else { return Vec::new() };
    let password = decoded.split_once(':').map(|(_, password)| password.to_string());
    let parts = [Some(decoded), password].into_iter().flatten();
    parts.filter(|part| part.len() >= LEAST_SECRET).collect()
}

/// How many bytes a text begins with that stand for this printable one; none where it begins with something else.
fn written(byte: u8, text: &[u8]) -> Option<usize> {
    // What no escape begins with stands for itself.
    if let Some(first) = text.first().filter(|first| !matches!(first, b'\\' | b'%' | b'&')) {
        return (*first == byte).then_some(1);
    }
    // JSON inside of JSON has more than one.
    let slashes = text.iter().take_while(|&&c| c == b'\\').count();
    let (escape, rest) = (&text[..slashes], &text[slashes..]);
    if byte == b'\\' && !escape.is_empty() {
        return Some(slashes);
    }
    let number = |begin: &str, digits: usize, end: &str, radix: u32| {
        let digits_at = begin.len()..begin.len() + digits;
        let text = rest.get(..digits_at.end + end.len())?;
        let fits = text.starts_with(begin.as_bytes()) && text.ends_with(end.as_bytes());
        let code = std::str::from_utf8(&text[digits_at]).ok()?;
        (fits && u32::from_str_radix(code, radix) == Ok(u32::from(byte))).then_some(slashes + text.len())
    };
    let named = |(name, meant): &(&str, u8)| {
        (*meant == byte && rest.starts_with(name.as_bytes())).then_some(slashes + name.len())
    };
    number("u", 4, "", 16)
        .filter(|_| slashes > 0)
        .or_else(|| number("%", 2, "", 16))
        .or_else(|| number("%25", 2, "", 16))
        .or_else(|| number("&#x", 2, ";", 16).or_else(|| number("&#X", 2, ";", 16)))
        .or_else(|| number("&#", 2, ";", 10).or_else(|| number("&#", 3, ";", 10)))
        .or_else(|| ENTITIES.iter().find_map(named))
        .or_else(|| (rest.first() == Some(&byte)).then_some(slashes + 1))
}

/// Characters that HTML has names for.
const ENTITIES: [(&str, u8); 5] =
    [("&amp;", b'&'), ("&lt;", b'<'), ("&gt;", b'>'), ("&quot;", b'"'), ("&apos;", b'\'')];

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_accepted() {
        for pasted in ["MDpr", " MDpr\n", "Basic MDpr", "basic   MDpr ", "\tMDpr\r\n"] {
            assert_eq!(ApiKey::parse(pasted).unwrap().header(), "Basic MDpr", "{pasted:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_header_is_refused_without_repeating_it() {
        for (pasted, why) in [
            ("", KeyError::Empty),
            (" \n", KeyError::Empty),
            ("Basic ", KeyError::Empty),
            ("MD pr", KeyError::Space),
            ("MD\nX-Evil: 1", KeyError::Space),
            ("MD\u{0}pr", KeyError::NotPrintable),
            ("MDé", KeyError::NotPrintable),
            ("MD\u{7f}", KeyError::NotPrintable),
            (&"MD".repeat(LONGEST), KeyError::TooLong),
        ] {
            let error = ApiKey::parse(pasted).unwrap_err();
            assert_eq!(error, why, "{pasted:?}");
            assert!(!error.to_string().contains("MD"));
        }
    }

    #[test]
    fn a_key_cannot_be_printed() {
        assert_eq!(format!("{:?}", ApiKey::parse("MDpr").unwrap()), "ApiKey([redacted])");
    }

    #[test]
    fn a_word_with_the_shape_of_a_key_is_redacted() {
        let key = BASE64_STANDARD.encode(format!("0:{}", "aB3dE6gH".repeat(8)));
        let base = key.trim_end_matches('=');
        for (text, shown) in [
            (format!("https://0:{base}@host/v1"), "https://0:[redacted]@host/v1"),
            (format!("unexpected argument '--key={base}'"), "unexpected argument '--key=[redacted]'"),
            (format!("Basic {base}\n{base}"), "Basic [redacted]\n[redacted]"),
            (format!("`/home/me/.config/{}`", &base[..40]), "`/home/me/.config/[redacted]`"),
        ] {
            assert_eq!(without_keys(&text), shown);
        }
        for other in [
            "netMonthlyRecurringRevenueOfAllCustomers",
            "20261123-101502317-k3fd",
            "/home/User1/customers/List2024",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ] {
            assert!(matches!(without_keys(other), Cow::Borrowed(_)), "{other}");
        }
    }

    #[test]
    fn a_key_that_is_sent_back_is_redacted_however_it_is_written() {
        let key = ApiKey::parse(r#"a/b+c="&\9"#).unwrap();
        for written in [
            r#"a/b+c="&\9"#,
            r#"a\/b\u002Bc\u003d\"\u0026\\9"#,
            r#"a\\\/b\\u002bc=\\\"&\\\\9"#,
            "a%2Fb%2bc%3D%22%26%5C9",
            "a%252Fb%252bc%253D%2522%2526%255C%39",
            "&#97;/b&#43;c&#x3d;&quot;&amp;\\9",
        ] {
            let said = format!("é Basic {written}, {written}.");
            assert_eq!(key.redacted(&said), "é Basic [redacted], [redacted].", "{written}");
        }
        for other in ["a/b+c=", "é%", "", "\\u00", "&#", "a/b+c=\"&\\8"] {
            assert!(matches!(key.redacted(other), Cow::Borrowed(same) if same == other));
        }
    }
}
