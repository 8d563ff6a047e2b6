//! Notes in an edited text: each error, above its line.

/// How a note begins, and no other line of the text: so notes can be removed again.
const MARK: &str = "//! ";

/// An error in a line of the edited text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Counted from 1.
    pub line: usize,
    /// Line breaks in it become spaces.
    pub text: String,
}

/// The text with each note above its line, and the new number of each note's line.
/// A line beyond the last counts as the last. Every other byte of the text stays.
pub fn annotate(text: &str, notes: &[Note]) -> (String, Vec<usize>) {
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line_of = |note: &Note| note.line.clamp(1, lines.len().max(1));
    let mut out = String::with_capacity(text.len() + 64 * notes.len());
    for (number, line) in (1..).zip(if lines.is_empty() { vec![""] } else { lines.clone() }) {
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        for note in notes.iter().filter(|note| line_of(note) == number) {
            let message: String = note.text.split(['\n', '\r']).collect::<Vec<_>>().join(" ");
            out.push_str(&format!("{indent}{MARK}{message}{ending}"));
        }
        out.push_str(line);
    }
    let moved = |note: &Note| {
        let line = line_of(note);
        line + notes.iter().filter(|other| line_of(other) <= line).count()
    };
    (out, notes.iter().map(moved).collect())
}

/// The text without the lines that are notes.
pub fn without_notes(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !line.trim_start_matches([' ', '\t']).starts_with(MARK))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(line: usize, text: &str) -> Note {
        Note { line, text: text.to_string() }
    }

    #[test]
    fn notes_are_above_their_lines_and_can_be_removed() {
        let text = "{\r\n  \"a\": 1,\r\n\t\"b\": 2\r\n}";
        let (noted, lines) =
            annotate(text, &[note(3, "no\nway"), note(2, "one"), note(2, "two"), note(99, "end")]);
        let expected =
            "{\r\n  //! one\r\n  //! two\r\n  \"a\": 1,\r\n\t//! no way\r\n\t\"b\": 2\r\n//! end\r\n}";
        assert_eq!((noted.as_str(), lines), (expected, vec![6, 4, 4, 8]));
        assert_eq!(without_notes(&noted), text);
    }

    #[test]
    fn an_empty_text_can_be_noted_too() {
        assert_eq!(annotate("", &[note(1, "x")]), ("//! x\n".to_string(), vec![2]));
    }
}
