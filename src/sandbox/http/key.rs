//! The API key of a request.

use hyper::{HeaderMap, header};

use super::answer::Answer;
use crate::sandbox::KEY;
use crate::sandbox::behaviour::{Behaviour, Unauthorized};

/// Characters of a key: the vendor's documented example is the base64 form of `0:` and 64 letters and digits.
const KEY_LENGTH: usize = 88;

/// Refuses a request without the sandbox's key.
///
/// A missing or wrong key is 401, one that cannot be a key 400 (the vendor's page "Errors", which shows its text).
pub(crate) fn check(headers: &HeaderMap, behaviour: &Behaviour) -> Result<(), Answer> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = sent.next() else { return Err(unauthorized(behaviour)) };
    let (scheme, key) = value.to_str().unwrap_or_default().split_once(' ').unwrap_or_default();
    if sent.next().is_some() || !scheme.eq_ignore_ascii_case("basic") || !is_shaped(key) {
        return Err(Answer::refusal(400, "Authorization key is not in the correct format."));
    }
    if key == KEY { Ok(()) } else { Err(unauthorized(behaviour)) }
}

fn is_shaped(key: &str) -> bool {
    // `0:` and a letter or digit is `MDo` or `MDp` in base64; 66 bytes need no padding.
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    key.len() == KEY_LENGTH && (key.starts_with("MDo") || key.starts_with("MDp")) && key.bytes().all(base64)
}

fn unauthorized(behaviour: &Behaviour) -> Answer {
    match behaviour.unauthorized {
        Unauthorized::Envelope => Answer::refusal(401, "Authorization has been denied for this request."),
        Unauthorized::Empty => Answer::empty(401),
    }
}
