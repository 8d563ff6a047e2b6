//! Notes and failures fitted to a terminal: lines are broken at spaces. A command in backticks, an id, an entry and a date
//! stay whole, so that they can be copied.

use dialoguer::console::measure_text_width;

/// Text is hard to read on lines that are longer than this.
const MOST: usize = 80;
/// A terminal narrower than this breaks lines itself: an indent would cost rows that a question needs.
const LEAST: usize = 30;
/// Columns by which the next lines of a note are indented.
const HANG: usize = 2;

/// The text with each line broken at spaces; unchanged if it goes to no terminal.
pub(crate) fn wrapped(text: &str, columns: Option<u16>) -> String {
    let Some(columns) = columns.map(usize::from).filter(|columns| *columns >= LEAST) else {
        return text.to_string();
    };
    text.split('\n').map(|line| wrapped_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, columns: usize) -> String {
    let room = columns.min(MOST);
    if measure_text_width(line.trim_end()) <= room {
        return line.to_string();
    }
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let mut out = " ".repeat(indent);
    let mut used = indent;
    for (at, chunk) in chunks(text, columns).into_iter().enumerate() {
        let width = measure_text_width(chunk);
        let is_first = at == 0;
        if !is_first && used + 1 + width > room {
            out = format!("{}\n{}{chunk}", out.trim_end(), " ".repeat(indent + HANG));
            used = indent + HANG + width;
        } else {
            out += if is_first { "" } else { " " };
            out += chunk;
            used += usize::from(!is_first) + width;
        }
    }
    out
}

/// The parts between the spaces at which a line may be broken.
fn chunks(text: &str, columns: usize) -> Vec<&str> {
    let commands = commands(text, columns);
    let mut chunks = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(' ') {
        let is_inside = commands.iter().any(|(start, end)| (start..end).contains(&&at));
        if !is_inside && !is_inside_date(&text[from..at], &text[at + 1..]) {
            chunks.push(&text[from..at]);
            from = at + 1;
        }
    }
    chunks.push(&text[from..]);
    chunks
}

/// The texts in backticks that fit on a line of the terminal.
fn commands(text: &str, columns: usize) -> Vec<(usize, usize)> {
    let ticks: Vec<usize> = text.match_indices('`').map(|(at, _)| at).collect();
    let pairs = ticks.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    pairs.filter(|(start, end)| measure_text_width(&text[*start..=*end]) + HANG <= columns).collect()
}

/// Whether a space separates the parts of "2026-11-30 14:49:12 UTC".
fn is_inside_date(before: &str, after: &str) -> bool {
    let [last, next] = [before.rsplit(' ').next(), after.split(' ').next()].map(Option::unwrap_or_default);
    let has = |text: &str, sign: char, count: usize| {
        text.starts_with(|c: char| c.is_ascii_digit()) && text.matches(sign).count() == count
    };
    has(last, '-', 2) && has(next, ':', 2)
        || has(last, ':', 2) && next.starts_with(|c: char| c.is_ascii_uppercase() || "+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_broken_at_its_spaces() {
        let note = "warning: the customer was changed by another client while this edit was open, and kept";
        assert_eq!(
            wrapped(&format!("{note}\nshort\n"), Some(40)),
            "warning: the customer was changed by\n  another client while this edit was\n  open, and kept\nshort\n"
        );
        assert_eq!([wrapped(note, None), wrapped(note, Some(20))], [note, note]);
        assert!(wrapped(note, Some(300)).lines().all(|line| line.len() <= MOST));
    }

    #[test]
    fn commands_and_dates_are_never_broken() {
        let command = "`fusebill customer update 123 --first-name John`";
        let shown = wrapped(&format!("hint: what was sent is known by {command}; type it"), Some(60));
        assert_eq!(shown, format!("hint: what was sent is known by\n  {command}; type it"));
        let shown = wrapped("Planned at 2026-11-30 14:49:12 UTC.", Some(30));
        assert_eq!(shown, "Planned at\n  2026-11-30 14:49:12 UTC.");
        assert_eq!(wrapped(command, Some(30)).lines().count(), 2);
    }

    #[test]
    fn a_word_longer_than_the_line_is_left_to_the_terminal() {
        let word = "x".repeat(50);
        assert_eq!(wrapped(&format!("  a {word} b"), Some(30)), format!("  a\n    {word}\n    b"));
    }

    #[test]
    fn the_place_of_the_answer_stays_behind_the_question() {
        assert_eq!(
            wrapped("Write 1 change to customer 7? [y/n] ", Some(35)),
            "Write 1 change to customer 7? [y/n] "
        );
        assert_eq!(
            wrapped("Write 22 changes to customer 7? [y/n] ", Some(35)),
            "Write 22 changes to customer 7?\n  [y/n] "
        );
    }
}
