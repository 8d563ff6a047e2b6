//! Text of others on a terminal. The input is the text.
//!
//! Held: every character is itself, or its escape where Unicode has it among controls, line separators and bidirectional
//! controls; so plain text stays as it is and escaping again changes nothing. What is made of such text (tables, messages)
//! has no such character either, but for its own line breaks, and a table keeps within its width.

#![no_main]

use std::borrow::Cow;

use fusebill::error::{Error, Kind};
use fusebill::report::Look;
use fusebill::report::escape::escaped;
use fusebill::report::failure::failure;
use fusebill::report::table::{Cell, Tone, table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let shown = escaped(text);
    let expected: String = text.chars().map(as_shown).collect();
    assert_eq!(shown, expected);
    assert_eq!(escaped(&shown), shown, "escaping again changes something");
    if !text.chars().any(steers) {
        assert!(matches!(shown, Cow::Borrowed(same) if same == text));
    }
    let rows = [vec![Cell::new("name", Tone::Bold), Cell::new(text, Tone::New)]];
    let plain = table(&[text, "x"], &rows, Look::default());
    assert!(!plain.chars().any(|c| c != '\n' && steers(c)), "{plain:?}");
    let narrow = table(&["f", "v"], &rows, Look { color: false, width: Some(60) });
    assert!(!narrow.chars().any(|c| c != '\n' && steers(c)), "{narrow:?}");
    let error = Error::new(Kind::Failed, text).at(text).detail([text.to_string()]).hint(text);
    let said = failure(&error, Look::default(), true);
    assert!(!said.chars().any(|c| c != '\n' && steers(c)), "{said:?}");
    assert_eq!(said.matches('\n').count(), 4, "a text made lines of its own: {said:?}");
});

fn as_shown(c: char) -> String {
    match c {
        '\n' => "\\n".to_string(),
        '\r' => "\\r".to_string(),
        '\t' => "\\t".to_string(),
        c if steers(c) => format!("\\u{{{:x}}}", c as u32),
        c => c.to_string(),
    }
}

/// General categories Cc, Zl and Zp, the property Bidi_Control, and the byte order mark.
fn steers(c: char) -> bool {
    let code = c as u32;
    code < 0x20
        || (0x7f..0xa0).contains(&code)
        || [0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff].contains(&code)
        || (0x202a..=0x202e).contains(&code)
        || (0x2066..=0x2069).contains(&code)
}
