//! A yes-or-no question in which neither answer is a default.

use dialoguer::console::{Key, measure_text_width, truncate_str};

use super::ask::{Question, Size, View, wrapped};
use crate::report::Look;

/// The question and what was typed, which Enter makes the answer where it is one.
pub(super) struct Confirm {
    text: String,
    typed: String,
    look: Look,
}

/// More than any answer takes.
const LONGEST: usize = 12;

impl Confirm {
    /// The text is shown as it is.
    pub(super) fn new(text: String, look: Look) -> Confirm {
        Confirm { text, typed: String::new(), look }
    }

    /// What was typed as an answer: the whole of it is one, or none is.
    fn answer(&self) -> Option<bool> {
        match self.typed.trim().to_lowercase().as_str() {
            "y" | "yes" => Some(true),
            "n" | "no" => Some(false),
            _ => None,
        }
    }

    /// The question and how it was answered, on one line.
    pub(super) fn line(&self, answer: bool) -> String {
        format!("{} [y/n] {}", self.text, if answer { "yes" } else { "no" })
    }
}

impl Question for Confirm {
    type Answer = bool;

    const FRESH: bool = true;

    fn press(&mut self, key: &Key) -> Option<bool> {
        match key {
            Key::Enter => return self.answer(),
            Key::Backspace => drop(self.typed.pop()),
            // Ctrl-U and Ctrl-W, as a shell has them.
            Key::Char('\u{15}' | '\u{17}') => self.typed.clear(),
            Key::Char(c) if !c.is_control() && self.typed.len() < LONGEST => self.typed.push(*c),
            _ => {}
        }
        None
    }

    fn view(&self, size: Size) -> View {
        let mut lines = wrapped(&format!("{} [y/n] {}", self.text, self.typed), size.columns);
        let last = lines.len() - 1;
        let column = measure_text_width(&lines[last]).min(size.columns - 1);
        let keys = match self.answer() {
            _ if self.typed.is_empty() || lines.len() >= size.rows => "",
            Some(_) => "Enter takes it",
            None => "only y or n answers; Ctrl-U empties it",
        };
        lines.extend((!keys.is_empty()).then(|| self.look.dim(&truncate_str(keys, size.columns, "…"))));
        View { lines, cursor: Some((last, column)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_typed_answer_and_enter_decide() {
        let press = |keys: &str| {
            let mut question = Confirm::new("Sure?".to_string(), Look::default());
            let key = |c| match c {
                '\r' => Key::Enter,
                '<' => Key::Backspace,
                c => Key::Char(c),
            };
            keys.chars().filter_map(|c| question.press(&key(c))).next()
        };
        for (keys, answer) in
            [("y\r", true), ("Yes \r", true), ("n\r", false), ("x<n\r", false), ("yn\u{15}no\r", false)]
        {
            assert_eq!(press(keys), Some(answer), "{keys}");
        }
        assert_eq!(press("\u{1}y\r"), Some(true), "a key that is no text is none of it");
        for keys in ["\r", " q\r", "y", "y<\r", "yn\r", "history\r", "history\ry\r", "yyyyyyyyyyyyyyyyy\r"] {
            assert_eq!(press(keys), None, "{keys}");
        }
    }

    #[test]
    fn what_is_typed_is_shown_with_what_it_comes_to() {
        let mut question = Confirm::new("Sure?".to_string(), Look::default());
        let size = Size { rows: 3, columns: 20 };
        assert_eq!(question.view(size).lines, ["Sure? [y/n] "]);
        question.press(&Key::Char('y'));
        let view = question.view(size);
        assert_eq!(
            (view.lines, view.cursor),
            (vec!["Sure? [y/n] y".to_string(), "Enter takes it".to_string()], Some((0, 13)))
        );
        question.press(&Key::Char('x'));
        assert_eq!(question.view(size).lines, ["Sure? [y/n] yx", "only y or n answers…"]);
        assert_eq!(question.view(Size { rows: 1, ..size }).lines, ["Sure? [y/n] yx"]);
        assert!((0..20).all(|_| question.press(&Key::Char('x')).is_none()));
        assert_eq!(
            question.view(Size { columns: 40, ..size }).lines[0],
            format!("Sure? [y/n] y{}", "x".repeat(11))
        );
        assert_eq!(question.line(true) + &question.line(false), "Sure? [y/n] yesSure? [y/n] no");
        let narrow = Confirm::new("Sure?".to_string(), Look::default()).view(Size { columns: 11, ..size });
        assert_eq!(narrow.cursor, Some((0, 10)), "the last column there is");
    }
}
