//! Text of others on a terminal. The input is the text.
//!
//! Held: every character is itself, or its escape where Unicode has it among controls, line separators and bidirectional
//! controls; so plain text stays as it is and escaping again changes nothing. What is made of such text (tables, messages)
//! has no such character either, but for its own line breaks, and a table keeps within its width.

#![no_main]

use std::borrow::Cow;

use fusebill::error::{Error, ErrorKind};
use fusebill::report::Look;
use fusebill::report::escape::escaped;
use fusebill::report::failure::failure;
use fusebill::report::table::{Cell, LongValues, Tone, table};
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
    let plain = table(&[text, "x"], &rows, Look::default(), LongValues::Cut);
    assert!(!plain.chars().any(|c| c != '\n' && steers(c)), "{plain:?}");
    let narrow = table(&["f", "v"], &rows, Look { width: Some(60), ..Look::default() }, LongValues::Wrap);
    assert!(!narrow.chars().any(|c| c != '\n' && steers(c)), "{narrow:?}");
    let error = Error::new(ErrorKind::Failed, text).step(text).detail([text.to_string()]).hint(text);
    let message = failure(&error, Look::default(), true);
    assert!(!message.chars().any(|c| c != '\n' && steers(c)), "{message:?}");
    assert_eq!(message.matches('\n').count(), 4, "a text made lines of its own: {message:?}");
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

/// What is not seen: Unicode's Default_Ignorable_Code_Point, White_Space but the space, and the categories Cc, Zl and Zp.
fn steers(c: char) -> bool {
    let ranges = [
        (0x00, 0x1f),
        (0x7f, 0xa0),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x2000, 0x200f),
        (0x2028, 0x202f),
        (0x205f, 0x206f),
        (0xfe00, 0xfe0f),
        (0xfff0, 0xfffb),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
        || "\u{ad}\u{34f}\u{61c}\u{1680}\u{2800}\u{3000}\u{3164}\u{feff}\u{ffa0}".contains(c)
}
