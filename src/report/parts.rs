//! What in a value changed: words, members of a list, digits.

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// A run of a text, and whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) changed: bool,
}

/// Columns of an unchanged run that are shown beside a change.
const CONTEXT: usize = 12;

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
    if !sides[0].iter().any(is_word) {
        return [before, after].map(|text| vec![Part { text: text.to_string(), changed: false }]);
    }
    sides
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
    fn only_what_did_not_change_is_cut() {
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
