//! A line that is edited with the keys of a shell. dialoguer's `Input` has no Ctrl-W, Ctrl-U or Ctrl-K, and misplaces the
//! cursor in wide characters and in text longer than the line. Text that does not fit is shown around the cursor.

use std::io;

use dialoguer::console::{Key, Term, measure_text_width, truncate_str};

use super::output::tell;
use crate::report::escape::escaped;

/// Columns that are left for the text if the prompt is long.
const LEAST: usize = 8;
/// What ends a prompt.
const SIGN: &str = ": ";

/// The text on both sides of the cursor.
#[derive(Debug, Default)]
struct Line {
    before: String,
    after: String,
}

/// None on Esc. The caller sets the terminal's modes.
pub(super) fn edit(prompt: &str, text: &str, more: &str) -> io::Result<Option<String>> {
    let term = Term::stderr();
    let mut line = Line { before: text.to_string(), after: String::new() };
    let taken = loop {
        tell(&line.drawn(prompt, usize::from(term.size().1), more));
        match term.read_key()? {
            Key::Enter => break true,
            Key::Escape => break false,
            Key::UnknownEscSeq(keys) => line.escape(&keys, || term.read_key())?,
            key => line.press(&key),
        }
    };
    tell("\n");
    Ok(taken.then(|| line.before + &line.after))
}

impl Line {
    fn press(&mut self, key: &Key) {
        match key {
            Key::ArrowLeft => self.back(),
            Key::ArrowRight => self.forth(),
            Key::Home => self.after.insert_str(0, &std::mem::take(&mut self.before)),
            Key::End => self.before += &std::mem::take(&mut self.after),
            Key::Backspace => drop(self.before.split_off(last(&self.before))),
            Key::Del => drop(self.after.drain(..first(&self.after))),
            Key::Char(c) => self.take(*c),
            _ => {}
        }
    }

    fn take(&mut self, c: char) {
        match c {
            '\u{2}' => self.back(),
            '\u{6}' => self.forth(),
            '\u{b}' => self.after.clear(),
            '\u{15}' => self.before.clear(),
            '\u{17}' => self.erase_word(),
            c if c.is_control() => {}
            c => self.before.push(c),
        }
    }

    /// Alt-Backspace erases a word. The rest of a sequence that console does not know, such as Ctrl-Left's `ESC [1;5D`, is not
    /// text.
    fn escape(&mut self, keys: &[char], mut next: impl FnMut() -> io::Result<Key>) -> io::Result<()> {
        if keys == ['\u{7f}'] {
            self.erase_word();
        }
        let mut last = keys.last().copied();
        while keys.len() > 2 && last.is_some_and(|c| c.is_ascii_digit() || c == ';') {
            last = if let Key::Char(c) = next()? { Some(c) } else { None };
        }
        Ok(())
    }

    fn back(&mut self) {
        let moved = self.before.split_off(last(&self.before));
        self.after.insert_str(0, &moved);
    }

    fn forth(&mut self) {
        self.before.extend(self.after.drain(..first(&self.after)));
    }

    fn erase_word(&mut self) {
        let words = self.before.trim_end();
        let kept = words
            .rfind(char::is_whitespace)
            .map_or(0, |at| words[at..].chars().next().map_or(0, char::len_utf8) + at);
        self.before.truncate(kept);
    }

    /// Draws the line over the old one and leaves the cursor in its place, without an escape sequence.
    fn drawn(&self, prompt: &str, columns: usize, more: &str) -> String {
        let text = measure_text_width(&self.before) + measure_text_width(&self.after) + 1;
        let most = columns.saturating_sub(text.min(LEAST) + SIGN.len());
        let prompt = format!("{}{SIGN}", truncate_str(prompt, most, more));
        // The last column stays free, so that the terminal does not begin a new line.
        let room = columns.saturating_sub(measure_text_width(&prompt) + 1);
        let (before, after) = self.view(room, more);
        let blank = " ".repeat(room.saturating_sub(measure_text_width(&before) + measure_text_width(&after)));
        format!("\r{prompt}{before}{after}{blank}\r{prompt}{before}")
    }

    /// What fits into the room, with the cursor in sight.
    fn view(&self, room: usize, more: &str) -> (String, String) {
        let [before, after] = [&self.before, &self.after].map(|text| escaped(text));
        let beside = room.saturating_sub(measure_text_width(&after)).max(room / 2);
        let before = end(&before, beside, more);
        let beside = room.saturating_sub(measure_text_width(&before));
        (before, truncate_str(&after, beside, more).into_owned())
    }
}

/// Where the last character of a text begins, with the marks on it.
fn last(text: &str) -> usize {
    text.char_indices().rfind(|(_, c)| !is_mark(*c)).map_or(0, |(at, _)| at)
}

/// Where the first character of a text ends, with the marks on it.
fn first(text: &str) -> usize {
    text.char_indices().skip(1).find(|(_, c)| !is_mark(*c)).map_or(text.len(), |(at, _)| at)
}

/// Whether a character takes no column of its own.
fn is_mark(c: char) -> bool {
    measure_text_width(c.encode_utf8(&mut [0; 4])) == 0
}

/// The end of a text that is too long.
fn end(text: &str, columns: usize, more: &str) -> String {
    if measure_text_width(text) <= columns {
        return text.to_string();
    }
    let room = columns.saturating_sub(measure_text_width(more));
    let starts = text.char_indices().map(|(at, _)| at);
    let fits = |at: &usize| measure_text_width(&text[*at..]) <= room;
    let at = starts.chain([text.len()]).find(fits).unwrap_or(text.len());
    format!("{more}{}", &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line after these keys, with `|` at the cursor.
    fn typed(text: &str, keys: &[Key]) -> String {
        let mut line = Line { before: text.to_string(), after: String::new() };
        keys.iter().for_each(|key| line.press(key));
        format!("{}|{}", line.before, line.after)
    }

    const CTRL_K: Key = Key::Char('\u{b}');
    const CTRL_U: Key = Key::Char('\u{15}');
    const CTRL_W: Key = Key::Char('\u{17}');

    #[test]
    fn keys_edit_the_line_as_in_a_shell() {
        use Key::{ArrowLeft, ArrowRight, Backspace, Char, Del, End, Home};
        for (keys, line) in [
            (&[CTRL_W][..], "Acme |"),
            (&[CTRL_W, CTRL_W, CTRL_W], "|"),
            (&[CTRL_U, Char('x')], "x|"),
            (&[Home, Del, Char('a')], "a|cme Inc."),
            (&[Home, ArrowRight, CTRL_K], "A|"),
            (&[Home, End, Backspace], "Acme Inc|"),
            (&[ArrowLeft, Backspace], "Acme In|."),
            (&[Char('\u{1a}'), Key::Escape, Key::Tab, Key::ArrowUp], "Acme Inc.|"),
        ] {
            assert_eq!(typed("Acme Inc.", keys), line, "{keys:?}");
        }
        assert_eq!(typed("Acme Inc.  ", &[CTRL_W]), "Acme |");
        assert_eq!(typed("株式\u{3000}会社", &[CTRL_W]), "株式\u{3000}|");
        assert_eq!(typed("e\u{301}", &[Backspace, Backspace]), "|");
        assert_eq!(typed("xe\u{301}", &[ArrowLeft]), "x|e\u{301}");
    }

    #[test]
    fn the_rest_of_an_unknown_sequence_is_not_text() {
        let mut line = Line { before: "Acme Inc.".to_string(), after: String::new() };
        let mut rest = ['5', 'D', 'x'].into_iter();
        line.escape(&['[', '1', ';'], || Ok(Key::Char(rest.next().unwrap()))).unwrap();
        assert_eq!((line.before.as_str(), rest.next()), ("Acme Inc.", Some('x')));
        line.escape(&['\u{7f}'], || panic!("nothing follows")).unwrap();
        assert_eq!(line.before, "Acme ");
    }

    #[test]
    fn the_cursor_stays_in_sight_and_the_line_within_the_terminal() {
        for text in ["株式会社".repeat(20), "REF-".repeat(60), "e\u{301}".repeat(60), "\u{200d}x".repeat(60)]
        {
            let mut line = Line { before: text, after: String::new() };
            while !line.before.is_empty() {
                line.back();
                let drawn = line.drawn("reference", 40, "…");
                let lines: Vec<&str> = drawn.split('\r').collect();
                assert!(lines.iter().all(|line| measure_text_width(line) < 40), "{drawn:?}");
                assert!(lines[1].starts_with(lines[2]), "{drawn:?}");
            }
        }
        let line = Line { before: "Jo".to_string(), after: "n".to_string() };
        assert_eq!(line.drawn("n", 12, "…"), "\rn: Jon     \rn: Jo");
        assert_eq!(line.drawn("PROD firstName", 20, "…"), "\rPROD firstName: Jon\rPROD firstName: Jo");
        assert_eq!(line.drawn("PROD firstName", 12, "…"), "\rPROD …: Jon\rPROD …: Jo");
    }
}
