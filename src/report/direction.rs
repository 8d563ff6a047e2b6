//! Right-to-left text on a terminal. Without isolation (Unicode Standard Annex 9), a terminal that reorders such text reorders
//! what stands beside it too: the next column, the arrow between two values.

use std::borrow::Cow;

use super::Look;

/// First strong isolate: its content is ordered by its first letter, and counts as one neutral sign outside.
const BEGIN: char = '\u{2068}';
const END: char = '\u{2069}';

/// Signs between values in one cell: they keep their place.
const BETWEEN: [&str; 4] = [" → ", " -> ", "; ", ": "];

/// Text with each value that has right-to-left letters isolated, if it goes to a terminal. It is escaped already, so the
/// isolates are the only bidirectional controls in it.
pub(crate) fn isolated(text: &str, look: Look) -> Cow<'_, str> {
    if !is_isolated(text, look) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, sign)) = BETWEEN.iter().filter_map(|sign| Some((rest.find(sign)?, sign))).min() {
        out += &enclosed(&rest[..at]);
        out += sign;
        rest = &rest[at + sign.len()..];
    }
    Cow::Owned(out + &enclosed(rest))
}

/// Whether the text needs isolation, and its reader is a terminal with more than ASCII.
pub(super) fn is_isolated(text: &str, look: Look) -> bool {
    look.width.is_some() && !look.ascii && text.contains(is_right_to_left)
}

pub(super) fn enclosed(text: &str) -> Cow<'_, str> {
    if text.contains(is_right_to_left) { format!("{BEGIN}{text}{END}").into() } else { text.into() }
}

/// The blocks of right-to-left scripts (Bidi_Class R and AL), from Hebrew on.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Look = Look { color: false, width: Some(80), ascii: false };

    #[test]
    fn each_right_to_left_value_is_isolated_on_a_terminal() {
        assert_eq!(
            isolated("lastName: שלום → עולם", TERMINAL),
            "lastName: \u{2068}שלום\u{2069} → \u{2068}עולם\u{2069}"
        );
        assert_eq!(isolated("شركة 7 Ltd", TERMINAL), "\u{2068}شركة 7 Ltd\u{2069}");
        assert!(matches!(isolated("Zoë → 株式会社", TERMINAL), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_is_isolated_off_a_terminal_or_in_ascii() {
        for look in [Look { width: None, ..TERMINAL }, Look { ascii: true, ..TERMINAL }] {
            assert_eq!(isolated("שלום → עולם", look), "שלום → עולם");
        }
    }
}
