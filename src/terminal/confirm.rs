//! A yes-or-no question in which neither answer is a default.

use dialoguer::console::{Key, measure_text_width};

use super::ask::{Question, Size, View, wrapped};

/// The question and the answer that was typed, which Enter makes final.
pub(super) struct Confirm {
    text: String,
    answer: Option<bool>,
}

impl Confirm {
    /// The text is shown as it is.
    pub(super) fn new(text: String) -> Confirm {
        Confirm { text, answer: None }
    }

    /// The question and how it was answered, on one line.
    pub(super) fn line(&self, answer: bool) -> String {
        format!("{} [y/n] {}", self.text, if answer { "yes" } else { "no" })
    }
}

impl Question for Confirm {
    type Answer = bool;

    fn press(&mut self, key: &Key) -> Option<bool> {
        match key {
            Key::Char('y' | 'Y') => self.answer = Some(true),
            Key::Char('n' | 'N') => self.answer = Some(false),
            Key::Backspace => self.answer = None,
            Key::Enter => return self.answer,
            _ => {}
        }
        None
    }

    fn view(&self, size: Size) -> View {
        let typed = match self.answer {
            None => "",
            Some(true) => "yes",
            Some(false) => "no",
        };
        let lines = wrapped(&format!("{} [y/n] {typed}", self.text), size.columns);
        let last = lines.len() - 1;
        let column = measure_text_width(&lines[last]).min(size.columns - 1);
        View { lines, cursor: Some((last, column)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_typed_answer_and_enter_decide() {
        let press = |keys: &[Key]| {
            let mut question = Confirm::new("Sure?".to_string());
            keys.iter().filter_map(|key| question.press(key)).next()
        };
        assert_eq!(press(&[Key::Enter, Key::Char(' '), Key::Char('q'), Key::Enter]), None);
        assert_eq!(press(&[Key::Char('y'), Key::Char('n'), Key::Enter]), Some(false));
        assert_eq!(press(&[Key::Char('n'), Key::Char('Y'), Key::Enter]), Some(true));
        assert_eq!(press(&[Key::Char('y'), Key::Backspace, Key::Enter]), None);
    }
}
