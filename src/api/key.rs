//! The API key: a secret that cannot be printed.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// The fewest letters and digits in a row that may be a key: the vendor's have 88.
const LEAST_KEY: usize = 32;
/// Shorter parts of the decoded key may be common words, so they are not redacted.
const LEAST_SECRET: usize = 16;

/// The vendor shows the key in its encoded form, so it is sent after `Basic ` unchanged.
#[derive(Clone)]
pub struct ApiKey {
    key: Zeroizing<String>,
    /// The decoded credentials (RFC 7617): the whole, and the password behind the colon.
    decoded: Vec<Zeroizing<String>>,
}

/// In bytes. The vendor's keys have about a hundred; servers take headers of some 8 KB.
const LONGEST: usize = 4096;
pub(crate) const EMPTY: &str = "the API key is empty";

impl ApiKey {
    /// Drops the space around a pasted key and a leading `Basic `. The error never repeats the text.
    pub fn parse(pasted: &str) -> Result<ApiKey, &'static str> {
        let trimmed = pasted.trim();
        let key = match trimmed.split_once(char::is_whitespace) {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("Basic") => key.trim_start(),
            None if trimmed.eq_ignore_ascii_case("Basic") => "",
            _ => trimmed,
        };
        if key.is_empty() {
            return Err(EMPTY);
        }
        if key.contains([' ', '\t', '\n', '\r']) {
            return Err("the API key has a space or a line break inside");
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the API key has a character that no key has (not printable ASCII)");
        }
        if key.len() > LONGEST {
            return Err("the API key is too long: no key has more than 4096 characters");
        }
        Ok(ApiKey { key: Zeroizing::new(key.to_string()), decoded: decoded(key) })
    }

    pub fn reveal(&self) -> &str {
        &self.key
    }

    /// A text without the key, which a server may send back plain, or escaped as in JSON, URLs and HTML.
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

    fn secret_at(&self, text: &[u8]) -> Option<usize> {
        self.decoded.iter().find(|secret| text.starts_with(secret.as_bytes())).map(|secret| secret.len())
    }

    fn length_at(&self, text: &[u8]) -> Option<usize> {
        if text.starts_with(self.key.as_bytes()) {
            return Some(self.key.len());
        }
        self.key.bytes().try_fold(0, |at, byte| Some(at + written(byte, &text[at..])?))
    }

    pub(super) fn header(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Basic {}", *self.key))
    }
}

/// Redacts every word with the shape of a key. The vendor's keys are the base64 of ASCII text, which has no slash.
pub(crate) fn without_keys(text: &str) -> Cow<'_, str> {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '+';
    let mut redacted = Cow::Borrowed(text);
    for word in text.split(is_separator).filter(|word| is_key_shaped(word)) {
        redacted = redacted.replace(word, "[redacted]").into();
    }
    redacted
}

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

fn decoded(key: &str) -> Vec<Zeroizing<String>> {
    let decoded = BASE64_STANDARD.decode(key).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(decoded) = decoded else { return Vec::new() };
    let password = decoded.split_once(':').map(|(_, password)| password.to_string());
    let parts = [Some(decoded), password].into_iter().flatten().map(Zeroizing::new);
    parts.filter(|part| part.len() >= LEAST_SECRET).collect()
}

/// The length of this printable byte at the start of a text, plain or escaped.
fn written(byte: u8, text: &[u8]) -> Option<usize> {
    if let Some(first) = text.first().filter(|first| !matches!(first, b'\\' | b'%' | b'&')) {
        return (*first == byte).then_some(1);
    }
    // JSON inside of JSON has more than one backslash.
    let slashes = text.iter().take_while(|&&c| c == b'\\').count();
    if byte == b'\\' && slashes > 0 {
        return Some(slashes);
    }
    let rest = &text[slashes..];
    let begins = |escape: &String| {
        rest.get(..escape.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(escape.as_bytes()))
    };
    let json = Some(format!("u{byte:04x}")).filter(|_| slashes > 0);
    let escape = json.into_iter().chain(escapes(byte)).find(begins);
    let length = escape.map(|escape| escape.len()).or_else(|| (rest.first() == Some(&byte)).then_some(1));
    length.map(|length| slashes + length)
}

fn escapes(byte: u8) -> impl Iterator<Item = String> {
    let name = match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\'' => "&apos;",
        _ => "",
    };
    let numbers = [
        format!("%{byte:02x}"),
        format!("%25{byte:02x}"),
        format!("&#x{byte:x};"),
        format!("&#{byte};"),
        format!("&#{byte:03};"),
    ];
    numbers.into_iter().chain((!name.is_empty()).then(|| name.to_string()))
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_accepted_with_spaces_and_its_basic_scheme() {
        for pasted in ["MDpr", " MDpr\n", "Basic MDpr", "basic   MDpr ", "\tMDpr\r\n"] {
            assert_eq!(ApiKey::parse(pasted).unwrap().header().as_str(), "Basic MDpr", "{pasted:?}");
        }
    }

    #[test]
    fn an_invalid_key_is_refused_with_a_reason_and_not_repeated() {
        for (pasted, reason) in [
            ("", "empty"),
            (" \n", "empty"),
            ("Basic ", "empty"),
            ("MD pr", "a space"),
            ("MD\nX-Evil: 1", "a space"),
            ("MD\u{0}pr", "not printable"),
            ("MDé", "not printable"),
            ("MD\u{7f}", "not printable"),
            (&"MD".repeat(LONGEST), "too long"),
        ] {
            let error = ApiKey::parse(pasted).unwrap_err();
            assert!(error.contains(reason) && !error.contains("MD"), "{pasted:?}: {error}");
        }
    }

    #[test]
    fn every_copy_of_a_key_is_overwritten_when_it_is_dropped() {
        fn is_overwritten(_: &impl zeroize::ZeroizeOnDrop) {}
        let key = ApiKey::parse("MDpzZWNyZXQ=").unwrap();
        is_overwritten(&key.header());
        let ApiKey { key, decoded } = key;
        is_overwritten(&key);
        decoded.iter().for_each(is_overwritten);
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
            let message = format!("é Basic {written}, {written}.");
            assert_eq!(key.redacted(&message), "é Basic [redacted], [redacted].", "{written}");
        }
        for other in ["a/b+c=", "é%", "", "\\u00", "&#", "a/b+c=\"&\\8"] {
            assert!(matches!(key.redacted(other), Cow::Borrowed(same) if same == other));
        }
    }
}
