//! Questions on the terminal. dialoguer draws menus, lists and lines; the question of consent is asked here.
//!
//! dialoguer leaves three things to its caller: it leaves the terminal as it was drawn last when a signal ends the program,
//! so the modes are saved and restored here; it counts lines that wrap as one, so texts are cut to the width; and its line
//! starts again from the first text after an error, so what was typed is given back to it here.

use std::collections::HashSet;
use std::io::ErrorKind;

use dialoguer::console::{Term, truncate_str};
use dialoguer::{FuzzySelect, Input, Password, Select};

use super::modes::Asking;
use super::{Terminal, tell};
use crate::error::{Error, Kind, Result};
use crate::report::escape::escaped;

/// What is chosen from. All texts are shown as they are.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// What is asked, in a few words: it has to fit on one line.
    pub prompt: String,
    /// The choices.
    pub items: Vec<String>,
    /// The choice that Enter takes if no key is pressed before. None: one has to be moved to.
    pub first: Option<usize>,
    /// Whether typing searches.
    pub search: bool,
}

/// Says what is wrong with a line that was typed, or gives a warning about one that is taken.
pub type Check<'a> = &'a dyn Fn(&str) -> std::result::Result<Option<String>, String>;

/// Rows that a list leaves free, for its prompt and the line below.
const FREE_ROWS: usize = 2;
/// Columns that a prompt leaves free, for what is typed to search.
const FREE_COLUMNS: usize = 12;

impl Terminal {
    /// Asks a yes-or-no question in which neither answer is a default. Keys typed before it do not count. Esc and the end of
    /// input mean no.
    ///
    /// dialoguer's `Confirm` takes the single key `y`, also one that was typed before the question was there.
    ///
    /// # Errors
    /// `Cancelled` if the terminal cannot be read.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        let asking = Asking::line_by_line();
        let question = self.labelled(&escaped(question));
        loop {
            tell(&format!("{question} [y/n] "));
            let line = asking.read_line().map_err(|why| no_answer(why.into()))?;
            if !line.ends_with('\n') {
                // Esc or the end of input.
                tell("\n");
                return Ok(false);
            }
            match line.trim().to_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => tell("only y or n answers\n"),
            }
        }
    }

    /// Lets one of a list be chosen; none if the user pressed Esc. Texts of the server in it are escaped by the caller.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` if the terminal goes away.
    pub fn pick(&self, list: &List) -> Result<Option<usize>> {
        let (rows, columns) = Term::stderr().size();
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let room = rows.saturating_sub(FREE_ROWS).max(1);
        let prompt =
            cut(&self.labelled(&list.prompt), columns.saturating_sub(FREE_COLUMNS).max(FREE_COLUMNS));
        let items: Vec<String> = list.items.iter().map(|item| cut(item, columns.saturating_sub(3))).collect();
        let _asking = Asking::key_by_key();
        let picked = if list.search {
            // dialoguer gives the place of the first item with the text that was chosen.
            let distinct = items.iter().collect::<HashSet<_>>().len() == items.len();
            FuzzySelect::new()
                .with_prompt(prompt)
                .items(if distinct { &items } else { &list.items })
                // One that is out of sight at first is never shown.
                .default(list.first.filter(|first| *first < room).unwrap_or(0))
                .max_length(room)
                .highlight_matches(self.error_look.color)
                .report(false)
                .interact_opt()
        } else {
            let select = Select::new().with_prompt(prompt).items(items).max_length(room).report(false);
            let select = if let Some(first) = list.first { select.default(first) } else { select };
            select.interact_opt()
        };
        picked.map_err(no_answer)
    }

    /// Lets a line be typed, beginning with `text`, until `check` takes it. `about` is said above it.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` if the terminal goes away.
    pub fn line(&self, about: &str, prompt: &str, text: &str, check: Check<'_>) -> Result<String> {
        self.say_about(about);
        let mut typed = text.to_string();
        loop {
            let asking = Asking::key_by_key();
            let input = Input::new().with_prompt(self.labelled(prompt)).with_initial_text(typed);
            typed = input.allow_empty(true).report(false).interact_text().map_err(no_answer)?;
            drop(asking);
            if self.takes(&check(&typed)) {
                return Ok(typed);
            }
        }
    }

    /// Lets a line be typed that is not shown, until `check` takes it; none if nothing is typed. `about` is said above it.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` if the terminal goes away.
    pub fn secret(&self, about: &str, prompt: &str, check: Check<'_>) -> Result<Option<String>> {
        self.say_about(about);
        loop {
            let asking = Asking::unseen();
            let password = Password::new().with_prompt(self.labelled(prompt)).allow_empty_password(true);
            let typed = password.report(false).interact().map_err(no_answer)?;
            drop(asking);
            if typed.is_empty() {
                return Ok(None);
            }
            if self.takes(&check(&typed)) {
                return Ok(Some(typed));
            }
        }
    }

    fn takes(&self, checked: &std::result::Result<Option<String>, String>) -> bool {
        match checked {
            Ok(Some(warning)) => self.notes.warn(warning),
            Ok(None) => {}
            Err(why) => tell(&format!("{}\n", self.error_look.alarm(&escaped(why)))),
        }
        checked.is_ok()
    }

    fn say_about(&self, about: &str) {
        if !about.is_empty() {
            tell(&format!("{}\n", escaped(about)));
        }
    }

    /// A question behind the label of the profile, if that has one.
    fn labelled(&self, question: &str) -> String {
        match self.badge.get() {
            Some(badge) => format!("{} {question}", badge.painted(self.error_look)),
            None => question.to_string(),
        }
    }
}

fn cut(text: &str, columns: usize) -> String {
    truncate_str(text, columns, "…").into_owned()
}

fn no_answer(why: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(why) = why;
    match why.kind() {
        // dialoguer sends the signal as well, so the signal thread ends the program, unless this thread is first.
        ErrorKind::Interrupted => Error::new(Kind::Interrupted, "interrupted"),
        _ => Error::new(Kind::Cancelled, "the question got no answer").because(why),
    }
}
