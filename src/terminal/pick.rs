//! Choosing one of a list, by moving over it or, in a long one, by typing a part of the name.

use dialoguer::console::{Key, measure_text_width, truncate_str};

use super::ask::{Question, Size, View, capped};
use crate::report::Look;

/// What is chosen from. All texts are shown as they are.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// What is asked.
    pub prompt: String,
    /// The choices.
    pub items: Vec<String>,
    /// The choice that Enter takes at first; none where each is to be taken on purpose.
    pub first: Option<usize>,
    /// Whether typing searches.
    pub search: bool,
    /// How many of the first choices are not searched, and are out of sight while something is typed.
    pub pinned: usize,
}

/// A list, what was typed to search it, and the choice that stands out.
pub(super) struct Pick<'a> {
    list: &'a List,
    look: Look,
    query: String,
    /// The choice that stands out, by its place in the whole list.
    at: Option<usize>,
}

const KEYS: &str = "Up and Down move, Enter chooses, Esc goes back";
const SEARCH_KEYS: &str = "type to search, Up and Down move, Enter chooses, Esc goes back";

impl<'a> Pick<'a> {
    pub(super) fn new(list: &'a List, look: Look) -> Pick<'a> {
        Pick { list, look, query: String::new(), at: list.first }
    }

    /// The choices that hold every word that was typed.
    fn found(&self) -> Vec<usize> {
        let query = self.query.to_lowercase();
        let holds = |item: &String| query.split_whitespace().all(|word| item.to_lowercase().contains(word));
        let first = if query.is_empty() { 0 } else { self.list.pinned };
        (first..self.list.items.len()).filter(|&item| holds(&self.list.items[item])).collect()
    }

    fn step(&mut self, by: isize) {
        let found = self.found();
        let count = found.len() as isize;
        if count == 0 {
            return;
        }
        let place = self.at.and_then(|at| found.iter().position(|&item| item == at));
        let next = match place {
            Some(place) => (place as isize + by).rem_euclid(count),
            None if by > 0 => 0,
            None => count - 1,
        };
        self.at = Some(found[next as usize]);
    }

    fn search(&mut self) {
        let found = self.found();
        if self.at.is_none_or(|at| !found.contains(&at)) {
            self.at = found.first().copied();
        }
    }
}

impl Question for Pick<'_> {
    type Answer = usize;

    fn press(&mut self, key: &Key) -> Option<usize> {
        match key {
            Key::ArrowDown | Key::Tab => self.step(1),
            Key::ArrowUp | Key::BackTab => self.step(-1),
            Key::Enter => return self.at.filter(|at| self.found().contains(at)),
            Key::Backspace if self.list.search => {
                self.query.pop();
                self.search();
            }
            Key::Char(c) if self.list.search && !c.is_control() => {
                self.query.push(*c);
                self.search();
            }
            Key::Char('j') => self.step(1),
            Key::Char('k') => self.step(-1),
            _ => {}
        }
        None
    }

    fn view(&self, size: Size) -> View {
        let mut lines = capped(&self.list.prompt, size.columns, size.rows.saturating_sub(6));
        let mut cursor = None;
        if self.list.search {
            let line = truncate_str(&format!("search: {}", self.query), size.columns - 1, "").into_owned();
            cursor = Some((lines.len(), measure_text_width(&line)));
            lines.push(line);
        }
        let found = self.found();
        let room = size.rows.saturating_sub(lines.len() + 2).max(1);
        let place = found.iter().position(|&item| Some(item) == self.at).unwrap_or(0);
        let skip = (place + 1).saturating_sub(room);
        for &item in found.iter().skip(skip).take(room) {
            let chosen = Some(item) == self.at;
            let line = format!("{} {}", if chosen { '>' } else { ' ' }, self.list.items[item]);
            let line = truncate_str(&line, size.columns, "…").into_owned();
            lines.push(if chosen { self.look.bold(&line) } else { line });
        }
        if found.is_empty() {
            lines.push(truncate_str("  nothing matches", size.columns, "").into_owned());
        }
        let keys = if self.list.search { SEARCH_KEYS } else { KEYS };
        lines.push(self.look.dim(&truncate_str(keys, size.columns, "…")));
        View { lines, cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(search: bool, first: Option<usize>) -> List {
        let items = ["firstName \"Jon\"", "lastName \"Smith\"", "status Active"].map(str::to_string).to_vec();
        List { prompt: "Which?".to_string(), items, first, search, pinned: 0 }
    }

    fn pressed(list: &List, keys: &[Key]) -> Option<usize> {
        let mut pick = Pick::new(list, Look::default());
        keys.iter().filter_map(|key| pick.press(key)).next()
    }

    fn typed(text: &str) -> Vec<Key> {
        text.chars().map(Key::Char).chain([Key::Enter]).collect()
    }

    #[test]
    fn the_choice_moves_around_the_list() {
        let plain = list(false, Some(0));
        assert_eq!(pressed(&plain, &[Key::Enter]), Some(0));
        assert_eq!(pressed(&plain, &[Key::ArrowUp, Key::Enter]), Some(2));
        assert_eq!(pressed(&plain, &[Key::ArrowDown, Key::Char('j'), Key::Tab, Key::Enter]), Some(0));
        let on_purpose = list(false, None);
        assert_eq!(pressed(&on_purpose, &[Key::Enter, Key::Enter]), None);
        assert_eq!(pressed(&on_purpose, &[Key::ArrowUp, Key::Enter]), Some(2));
    }

    #[test]
    fn every_word_that_is_typed_must_be_there() {
        let search = list(true, Some(0));
        assert_eq!(pressed(&search, &typed("name SMI")), Some(1));
        assert_eq!(pressed(&search, &typed("name active")), None);
        let mut keys = typed("nothing");
        keys.pop();
        keys.extend(std::iter::repeat_n(Key::Backspace, 7));
        keys.extend(typed("stat"));
        assert_eq!(pressed(&search, &keys), Some(2));
        let pinned = List { pinned: 1, ..list(true, Some(0)) };
        assert_eq!(
            pressed(&pinned, &typed("name")),
            Some(1),
            "the pinned choice is not what is searched for"
        );
        assert_eq!(pressed(&pinned, &[Key::Enter]), Some(0));
    }

    #[test]
    fn every_line_keeps_within_the_terminal_and_the_choice_is_in_sight() {
        let items: Vec<String> = (0..50).map(|n| format!("item {n} {}", "株".repeat(40))).collect();
        let list = List {
            prompt: "a long question to ask ".repeat(5),
            items,
            first: Some(40),
            search: true,
            pinned: 0,
        };
        let view = Pick::new(&list, Look::default()).view(Size { rows: 12, columns: 40 });
        assert!(view.lines.len() <= 12, "{view:?}");
        assert!(view.lines.iter().all(|line| measure_text_width(line) <= 40), "{view:?}");
        assert!(view.lines.iter().any(|line| line.starts_with("> item 40")), "{view:?}");
    }
}
