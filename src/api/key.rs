//! The API key: a secret that cannot be printed.

use std::fmt;

/// A key as the vendor shows it. It is sent after `Basic ` as it stands, never encoded again: the text that the vendor
/// shows already is the encoded form.
#[derive(Clone)]
pub struct ApiKey(String);

/// Why a text cannot be a key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// There is nothing in it.
    Empty,
    /// It has a space or a line break inside.
    Space,
    /// It has a character that a header cannot carry.
    NotPrintable,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::Empty => "the API key is empty",
            KeyError::Space => "the API key has a space or a line break inside",
            KeyError::NotPrintable => "the API key has a character that no key has (not printable ASCII)",
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
        if key.contains([' ', '\t', '\n', '\r']) {
            return Err(KeyError::Space);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NotPrintable);
        }
        Ok(ApiKey(key.to_string()))
    }

    /// The key itself, to be stored for its owner alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A text without the key, should somebody have sent it back.
    pub(super) fn blotted<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        if text.contains(&self.0) { text.replace(&self.0, "[redacted]").into() } else { text.into() }
    }

    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> String {
        format!("Basic {}", self.0)
    }
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
}
