//! What a server says that refuses, as its user reads it. The input: a key, a body in which `{key}` stands for the key, and
//! digits that say how each of the key's characters is written there.
//!
//! Held: the key is in no message, however it was written, and nor is what it stands for; where it was not sent back, the
//! body stays as it is; what is said has no character that steers a terminal, and of an answer in no known shape no more
//! than an excerpt is repeated; known shapes give their words in full.

#![no_main]

use std::borrow::Cow;

use fusebill::api::ApiKey;
use fusebill::api::error_body::words;
use fusebill::error::{Error, ErrorKind};
use fusebill::report::Look;
use fusebill::report::escape::escaped;
use fusebill::report::failure::failure;
use fusebill_fuzz::plain::{self, units};
use fusebill_fuzz::{Plain, parts};
use libfuzzer_sys::fuzz_target;

/// The most characters of an excerpt, and of what stands around it.
const EXCERPT: usize = 300 + "a web page: …".len();

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 2) else { return };
    message(parts[1]);
    let Ok(key) = ApiKey::parse(parts[0]) else { return };
    // Keys are base64. A short one is a word that may stand anywhere.
    let plain = key.reveal();
    if plain.len() < 12 || !plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
        return;
    }
    let digits = parts.get(2).map_or(&b"0"[..], |digits| digits.trim().as_bytes());
    let written = written(plain, digits);
    let body = parts[1].replace("{key}", &written);
    let redacted = key.redacted(&body);
    assert!(!redacted.contains(plain), "the key is in {redacted}");
    assert!(!redacted.contains(&written), "{written} is in {redacted}");
    if !body.contains(plain) && !body.contains(['\\', '%', '&']) && !stands_for_text(plain) {
        assert!(matches!(redacted, Cow::Borrowed(same) if same == body), "{body} became {redacted}");
    }
    for shown in message(&redacted) {
        assert!(!shown.contains(plain), "the key is in {shown}");
    }
});

/// Whether the key can be the encoded form of a text: then what it says is redacted too.
fn stands_for_text(key: &str) -> bool {
    key.len() % 4 == 0
}

/// The key as JSON, URLs or HTML write it, character by character as the digits say.
fn written(key: &str, digits: &[u8]) -> String {
    let digits = if digits.is_empty() { b"0" } else { digits };
    let scheme = digits[0] % 3;
    let one = |(at, byte): (usize, u8)| {
        let plain = char::from(byte).to_string();
        match (scheme, digits[at % digits.len()] % 5) {
            (_, 0) => plain,
            (0, 1) => format!("\\u{byte:04x}"),
            (0, 2) => format!("\\u{byte:04X}"),
            (0, _) if byte == b'/' => "\\/".to_string(),
            (1, 1) => format!("%{byte:02x}"),
            (1, 2) => format!("%{byte:02X}"),
            (1, 3) => format!("%25{byte:02X}"),
            (2, 1) => format!("&#{byte};"),
            (2, 2) => format!("&#x{byte:x};"),
            (2, 3) => format!("&#X{byte:X};"),
            _ => plain,
        }
    };
    key.bytes().enumerate().map(one).collect()
}

/// What a body comes to on the terminal, line by line.
fn message(body: &str) -> Vec<String> {
    let lines = words(body);
    match known(body.trim()) {
        Some(expected) => assert_eq!(lines, expected),
        None => assert!(lines.len() <= 1 && lines.iter().all(|line| line.chars().count() <= EXCERPT)),
    }
    let shown =
        failure(&Error::new(ErrorKind::Refused, "no").detail(lines.iter().cloned()), Look::default(), true);
    for line in &lines {
        let steers = |c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c);
        assert!(!escaped(line).contains(steers));
        assert!(shown.contains(&format!("  {}\n", escaped(line))), "{line:?} is not in {shown:?}");
    }
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
    assert_eq!(shown.matches('\n').count(), lines.len() + 2, "a line of it looks like two");
    shown.lines().map(str::to_string).collect()
}

/// The words of the shapes that are given in full; none for every other body.
fn known(body: &str) -> Option<Vec<String>> {
    let read = plain::strict(body).filter(|read| !read.has_duplicates() && read.depth() <= 256)?;
    let Plain::Object(members) = &read else { return None };
    // Names in several cases: which one counts is not promised.
    let lower = |name: &[u16]| String::from_utf16_lossy(name).to_ascii_lowercase();
    let count = |name: &str| members.iter().filter(|(key, _)| lower(key) == name).count();
    if count("errors") > 1 || count("message") > 1 {
        return None.or_else(|| Some(words(body)));
    }
    if let Some((_, Plain::Array(errors))) = members.iter().find(|(key, _)| lower(key) == "errors")
        && !errors.is_empty()
    {
        let entry = |error: &Plain| {
            let Plain::Object(parts) = error else { return None };
            // Names in several cases here too.
            let once = |name: &str| parts.iter().filter(|(key, _)| lower(key) == name).count() == 1;
            let part =
                |name: &str| match error.member(&units(name)).filter(|_| once(&name.to_ascii_lowercase())) {
                    Some(Plain::Text(units)) => String::from_utf16(units).ok(),
                    _ => None,
                };
            Some(format!("{}: {}", part("Key")?, part("Value")?))
        };
        // Other entries are said as their tokens.
        return errors.iter().map(entry).collect::<Option<Vec<_>>>().or_else(|| Some(words(body)));
    }
    match members.iter().find(|(key, _)| lower(key) == "errors") {
        Some((_, Plain::Object(inner))) if !inner.is_empty() => return Some(words(body)),
        _ => {}
    }
    match members.iter().find(|(key, _)| lower(key) == "message") {
        Some((_, Plain::Text(units))) => String::from_utf16(units).ok().map(|text| vec![text]),
        _ => None,
    }
}
