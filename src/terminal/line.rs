//! Typing one line of text, with a word on it while it is typed.

use dialoguer::console::{Key, measure_text_width, truncate_str};

use super::ask::{Question, Size, View, capped, wrapped};
use crate::report::Look;

/// What a line is judged by while it is typed: a word on it, or what is wrong with it.
pub type Judge<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// A line of text that is being typed.
pub(super) struct Line<'a> {
    prompt: String,
    judge: Judge<'a>,
    look: Look,
    text: Vec<char>,
    at: usize,
    hidden: bool,
}

const KEYS: &str = "Enter takes it, Ctrl-U empties it, Esc goes back";
const KEYS_WHEN_WRONG: &str = "Ctrl-U empties it, Esc goes back";

impl<'a> Line<'a> {
    /// The prompt is shown as it is; the text must not hold control characters.
    pub(super) fn new(prompt: String, text: &str, judge: Judge<'a>, look: Look) -> Line<'a> {
        let text: Vec<char> = text.chars().collect();
        let at = text.len();
        Line { prompt, judge, look, text, at, hidden: false }
    }

    /// The same, showing a dot for every character.
    pub(super) fn hidden(self) -> Line<'a> {
        Line { hidden: true, ..self }
    }

    /// The text as it is seen.
    fn seen(&self) -> Vec<char> {
        if self.hidden { vec!['•'; self.text.len()] } else { self.text.clone() }
    }

    fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The part of the text that fits, and the column of the cursor in it.
    fn window(&self, columns: usize) -> (String, usize) {
        let seen = self.seen();
        let width = |from: usize| measure_text_width(&seen[from..self.at].iter().collect::<String>());
        let from = (0..=self.at).find(|&from| width(from) < columns).unwrap_or(self.at);
        let rest: String = seen[from..].iter().collect();
        (truncate_str(&rest, columns, "").into_owned(), width(from))
    }

    fn word_start(&self) -> usize {
        let before = &self.text[..self.at];
        let end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |last| last + 1);
        before[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |space| space + 1)
    }
}

impl Question for Line<'_> {
    type Answer = String;

    fn press(&mut self, key: &Key) -> Option<String> {
        match key {
            Key::Enter => {
                let text = self.text();
                return (self.judge)(&text).is_ok().then_some(text);
            }
            Key::ArrowLeft => self.at = self.at.saturating_sub(1),
            Key::ArrowRight => self.at = (self.at + 1).min(self.text.len()),
            Key::Home => self.at = 0,
            Key::End => self.at = self.text.len(),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            Key::Del if self.at < self.text.len() => drop(self.text.remove(self.at)),
            // Ctrl-U and Ctrl-W, as a shell has them.
            Key::Char('\u{15}') => {
                self.text.clear();
                self.at = 0;
            }
            Key::Char('\u{17}') => {
                let start = self.word_start();
                self.text.drain(start..self.at);
                self.at = start;
            }
            Key::Char(c) if !c.is_control() => {
                self.text.insert(self.at, *c);
                self.at += 1;
            }
            _ => {}
        }
        None
    }

    fn view(&self, size: Size) -> View {
        let mut lines = capped(&self.prompt, size.columns, size.rows.saturating_sub(5));
        let (shown, column) = self.window(size.columns.saturating_sub(2).max(1));
        let cursor = Some((lines.len(), column + 2));
        lines.push(format!("> {shown}"));
        let (word, wrong) = match (self.judge)(&self.text()) {
            Ok(word) => (word, false),
            Err(why) => (why, true),
        };
        let word = wrapped(&word, size.columns).into_iter();
        lines.extend(word.map(|line| if wrong { self.look.alarm(&line) } else { line }));
        let keys = if wrong { KEYS_WHEN_WRONG } else { KEYS };
        lines.push(self.look.dim(&truncate_str(keys, size.columns, "…")));
        View { lines, cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(text: &str) -> Result<String, String> {
        if text.len() <= 5 { Ok(format!("{} of 5", text.len())) } else { Err("too long".to_string()) }
    }

    fn typed(text: &str, keys: &[Key]) -> (Option<String>, View) {
        let mut line = Line::new("Name".to_string(), text, &short, Look::default());
        let answer = keys.iter().filter_map(|key| line.press(key)).next();
        (answer, line.view(Size { rows: 10, columns: 20 }))
    }

    #[test]
    fn text_is_typed_moved_over_and_deleted() {
        let keys = [Key::ArrowLeft, Key::Backspace, Key::Char('é'), Key::Home, Key::Del, Key::Enter];
        assert_eq!(typed("abc", &keys).0.as_deref(), Some("éc"));
        assert_eq!(typed("a b c ", &[Key::Char('\u{17}'), Key::Enter]).0.as_deref(), Some("a b "));
        assert_eq!(typed("abc", &[Key::Char('\u{15}'), Key::Enter]).0.as_deref(), Some(""));
        assert_eq!(typed("ab", &[Key::Char('\u{1b}'), Key::Char('\0'), Key::Enter]).0.as_deref(), Some("ab"));
    }

    #[test]
    fn what_is_wrong_is_said_while_typing_and_is_not_taken() {
        let (answer, view) = typed("abcd", &[Key::Char('e')]);
        assert_eq!((answer, view.lines[2].as_str()), (None, "5 of 5"));
        let (answer, view) = typed("abcde", &[Key::Char('f'), Key::Enter]);
        assert_eq!((answer, view.lines[2].as_str(), view.cursor), (None, "too long", Some((1, 8))));
    }

    #[test]
    fn a_long_text_is_shown_around_the_cursor() {
        let text: String = ('a'..='z').collect();
        assert_eq!(typed(&text, &[]).1.lines[1], "> jklmnopqrstuvwxyz");
        let (_, view) = typed(&text, &[Key::Home]);
        assert_eq!((view.lines[1].as_str(), view.cursor), ("> abcdefghijklmnopqr", Some((1, 2))));
        let wide = typed(&"株".repeat(30), &[]).1;
        assert!(measure_text_width(&wide.lines[1]) <= 20, "{wide:?}");
    }
}
