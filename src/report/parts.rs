//! What in a value changed: words, members of a list, digits.

use dialoguer::console::{measure_text_width, truncate_str};
use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::escape::escaped;

/// A run of a text, and whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) changed: bool,
}

/// Columns of an unchanged run that are shown beside a change.
const CONTEXT: usize = 12;
/// From this length on, a changed word shows what in it changed.
const LONG: usize = 32;

/// Both texts in parts. If they have nothing in common, each is one unchanged part: there is nothing to mark in it.
pub(super) fn parts(before: &str, after: &str, is_list: bool) -> [Vec<Part>; 2] {
    let [old, new] = [before, after].map(|text| tokens(text, is_list));
    let mut sides = [Vec::new(), Vec::new()];
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let changed = op.tag() != DiffTag::Equal;
        for (side, tokens, range) in [(0, &old, op.old_range()), (1, &new, op.new_range())] {
            add(&mut sides[side], tokens[range].concat(), changed);
        }
    }
    let is_word = |part: &Part| !part.changed && part.text.contains(char::is_alphanumeric);
    if sides[0].iter().any(is_word) {
        return sides;
    }
    inside_a_word(before, after)
        .unwrap_or_else(|| [before, after].map(|text| vec![Part { text: text.to_string(), changed: false }]))
}

/// Two long words that begin and end alike: what is between differs.
fn inside_a_word(before: &str, after: &str) -> Option<[Vec<Part>; 2]> {
    let alike = |one: &str, other: &str| one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    let [old, new] = [before, after].map(|text| text.chars().collect::<Vec<_>>());
    let (shorter, longer) = (old.len().min(new.len()), old.len().max(new.len()));
    let head = alike(before, after);
    let tail = alike(&reversed(before), &reversed(after)).min(shorter - head);
    if longer < LONG || 2 * (head + tail) < longer {
        return None;
    }
    Some([old, new].map(|text| {
        let mut parts = Vec::new();
        add(&mut parts, text[..head].iter().collect(), false);
        add(&mut parts, text[head..text.len() - tail].iter().collect(), true);
        add(&mut parts, text[text.len() - tail..].iter().collect(), false);
        parts
    }))
}

fn add(parts: &mut Vec<Part>, text: String, changed: bool) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.changed == changed => last.text += &text,
        _ => parts.push(Part { text, changed }),
    }
}

/// Words and single other characters; members and separators of a list.
fn tokens(text: &str, is_list: bool) -> Vec<&str> {
    let joins = |c: char| {
        if is_list { !";, ".contains(c) } else { c.is_alphabetic() || ('\u{300}'..'\u{370}').contains(&c) }
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|c| !joins(c)) {
            Some(0) => first.len_utf8(),
            length => length.unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Cuts unchanged runs that are longer than their context. A change is never cut.
pub(super) fn cut(parts: Vec<Part>, more: &str) -> Vec<Part> {
    if !parts.iter().any(|part| part.changed) {
        return parts;
    }
    let last = parts.len() - 1;
    let cut = |(at, part): (usize, Part)| {
        let letters: Vec<char> = part.text.chars().collect();
        let (head, tail) = (if at > 0 { CONTEXT } else { 0 }, if at < last { CONTEXT } else { 0 });
        if part.changed || letters.len() <= head + tail + more.len() {
            return part;
        }
        let ends =
            [&letters[..head], &letters[letters.len() - tail..]].map(|end| end.iter().collect::<String>());
        Part { text: ends.join(more), ..part }
    };
    parts.into_iter().enumerate().map(cut).collect()
}

/// The text within so many columns, escaped, with the first change in sight.
pub(super) fn short(parts: Vec<Part>, columns: usize, more: &str) -> String {
    let mut parts = cut(parts, more);
    let text = |parts: &[Part]| parts.iter().map(|part| escaped(&part.text)).collect::<String>();
    let first = parts.iter().position(|part| part.changed).unwrap_or_default();
    if first > 0 && measure_text_width(&text(&parts)) > columns {
        parts[first - 1].text = more.to_string();
        parts.drain(..first - 1);
    }
    truncate_str(&text(&parts), columns, more).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What changed, in brackets.
    fn marked(before: &str, after: &str, is_list: bool) -> [String; 2] {
        parts(before, after, is_list).map(|parts| bracketed(&parts))
    }

    fn bracketed(parts: &[Part]) -> String {
        let mark = |part: &Part| if part.changed { format!("[{}]", part.text) } else { part.text.clone() };
        parts.iter().map(mark).collect()
    }

    #[test]
    fn words_digits_and_members_are_marked() {
        assert_eq!(marked("613-555-0124", "613-555-0199", false), ["613-555-01[24]", "613-555-01[99]"]);
        assert_eq!(marked("Acme Inc.", "Acme Ltd.", false), ["Acme [Inc].", "Acme [Ltd]."]);
        assert_eq!(marked("Jon", "John", false), ["Jon", "John"]);
        assert_eq!(
            marked("a@x.org; b@x.org;c@x.org", "a@x.org; bb@x.org;c@x.org", true),
            ["a@x.org; [b@x.org];c@x.org", "a@x.org; [bb@x.org];c@x.org"]
        );
    }

    #[test]
    fn in_a_long_word_the_changed_letters_are_marked() {
        let long = "abcdefgh".repeat(8);
        assert_eq!(
            marked(&format!("{long}x{long}"), &format!("{long}yz{long}"), false),
            [format!("{long}[x]{long}"), format!("{long}[yz]{long}")]
        );
        assert_eq!(marked(&format!("{long}h"), &long, false), [format!("{long}[h]"), long.clone()]);
        let other = "z".repeat(64);
        assert_eq!(marked(&long, &other, false), [long.clone(), other]);
    }

    #[test]
    fn a_short_room_begins_where_the_change_is() {
        let long = "REF-".repeat(60);
        let [before, after] = parts(&format!("{long}1"), &format!("{long}2"), false);
        assert_eq!([short(before, 10, "…"), short(after, 10, "…")], ["…1", "…2"]);
        let [_, after] = parts(&format!("1{long}"), &format!("2{long}"), false);
        assert_eq!(short(after, 10, "…"), "2REF-REF-…");
        let [before, _] = parts("Acme Inc.", "Acme Ltd.", false);
        assert_eq!(short(before, 10, "…"), "Acme Inc.");
    }

    #[test]
    fn only_unchanged_text_is_cut() {
        let long = "0123456789".repeat(10);
        let [before, after] = parts(&format!("{long}a"), &format!("{long}b"), false);
        assert_eq!(
            [cut(before, "…"), cut(after, "…")].map(|parts| bracketed(&parts)),
            ["…890123456789[a]", "…890123456789[b]"]
        );
        let [_, after] = parts("x 1", &format!("x 1{long}"), false);
        assert!(bracketed(&cut(after, "…")).contains(&long[..50]));
    }
}
