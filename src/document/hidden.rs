//! Characters that a reader cannot see, or takes for others. One class, for warnings and for every output
//! ([`crate::report::escape`]).

/// Whether a character is shown as its code: control characters, line separators, bidirectional controls, characters that
/// Unicode calls Default_Ignorable_Code_Point (zero width, soft hyphen, tags, variation selectors, fillers), and every
/// blank but the space. The first three can also control a terminal or reorder a line (Unicode Technical Report 36).
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
            | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Signs that word processors make of quotes.
pub(crate) const TYPOGRAPHIC_QUOTES: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];

/// What a reader of the new text would miss; nothing that the old text had too. Each completes "`firstName` will …".
pub(super) fn doubts(old: &str, new: &str) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut codes: Vec<String> = new
        .chars()
        .filter(|c| is_hidden(*c) && !old.contains(*c))
        .map(|c| format!("U+{:04X}", u32::from(c)))
        .collect();
    codes.sort();
    codes.dedup();
    if !codes.is_empty() {
        doubts.push(format!("hold {}, which cannot be seen", codes.join(", ")));
    }
    let begins = |text: &str| text.starts_with(' ');
    let ends = |text: &str| text.ends_with(' ');
    if begins(new) && !begins(old) {
        doubts.push("begin with a blank".to_string());
    }
    if ends(new) && !ends(old) {
        doubts.push("end with a blank".to_string());
    }
    if new.eq_ignore_ascii_case("null") && new != old {
        doubts.push(format!("hold the text \"{new}\"; --clear sets null"));
    }
    if new.starts_with(TYPOGRAPHIC_QUOTES)
        && new.ends_with(TYPOGRAPHIC_QUOTES)
        && !old.starts_with(TYPOGRAPHIC_QUOTES)
    {
        doubts.push("hold the quotation marks around it, because the shell knows only ' and \"".to_string());
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_new_invisible_or_doubtful_character_gives_one_warning() {
        assert_eq!(doubts("Jon", "Jon\u{200b}\u{200b}\u{ad}"), ["hold U+00AD, U+200B, which cannot be seen"]);
        assert_eq!(doubts("\u{a0}Jon", "\u{a0}John"), [""; 0]);
        assert_eq!(doubts("", " x "), ["begin with a blank", "end with a blank"]);
        assert_eq!(doubts("x ", "y "), [""; 0]);
        assert_eq!(doubts("", "Null"), ["hold the text \"Null\"; --clear sets null"]);
        assert_eq!(doubts("", "“John”").len(), 1);
        assert_eq!(doubts("", "it’s"), [""; 0]);
    }

    #[test]
    fn letters_signs_and_marks_are_seen() {
        assert!(!"é e\u{301} 株 👩🏽 ע״מ ־ — “x” \u{600}".contains(is_hidden));
        assert!("\u{e0041}\u{e0100}\u{fe0f}\u{200d}\u{3000}\u{7f}".chars().all(is_hidden));
    }
}
