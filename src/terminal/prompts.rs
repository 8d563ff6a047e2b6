//! Questions on the terminal. dialoguer draws menus and the hidden line, except those of `dumb`. It leaves its terminal modes
//! when a signal ends the program, so `modes` restores them. It counts a wrapped line as one, so texts are cut to the width.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dialoguer::console::{Term, truncate_str};
use dialoguer::{FuzzySelect, Password, Select};

use super::modes::QuestionGuard;
use super::output::tell_wrapped;
use super::{Terminal, line, tell};
use crate::error::{Error, ErrorKind, Result};
use crate::report::escape::escaped;

/// The caller escapes its texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    /// Has to fit on one line.
    pub(crate) prompt: String,
    pub(crate) items: Vec<String>,
    /// The item that Enter chooses at first; if none, the user has to move to one.
    pub(crate) first: Option<usize>,
    pub(crate) search: bool,
}

/// Checks a typed line: an error, or a warning about a line that is accepted.
pub(crate) type Check<'a> = &'a dyn Fn(&str) -> std::result::Result<Option<String>, String>;

/// Rows that a list leaves free, for its prompt and the line below.
const FREE_ROWS: usize = 2;
/// Columns that a prompt leaves free, for the search text.
const FREE_COLUMNS: usize = 12;

impl Terminal {
    /// Without a default. Keys typed before the question do not count. Esc and the end of input mean no.
    /// dialoguer's `Confirm` takes the single key `y`, even one typed before the question.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool> {
        let asking = QuestionGuard::line_by_line();
        let _open = OpenQuestion::show(format!("{} [y/n] ", self.labelled(&escaped(question))));
        loop {
            let line = asking.read_line().map_err(|error| no_answer(error.into()))?;
            if !line.ends_with('\n') {
                tell("\n");
                return Ok(false);
            }
            match line.trim().to_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {
                    tell("type y or n\n");
                    ask_again();
                }
            }
        }
    }

    /// None on Esc.
    pub(crate) fn pick(&self, list: &List) -> Result<Option<usize>> {
        if self.is_dumb {
            return self.pick_by_number(list);
        }
        let (rows, columns) = Term::stderr().size();
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let room = rows.saturating_sub(FREE_ROWS).max(1);
        let prompt =
            cut(&self.labelled(&list.prompt), columns.saturating_sub(FREE_COLUMNS).max(FREE_COLUMNS));
        let items: Vec<String> = list.items.iter().map(|item| cut(item, columns.saturating_sub(3))).collect();
        let _asking = QuestionGuard::key_by_key();
        let picked = if list.search {
            // dialoguer gives the position of the first item with the chosen text.
            let distinct = items.iter().collect::<HashSet<_>>().len() == items.len();
            FuzzySelect::new()
                .with_prompt(prompt)
                .items(if distinct { &items } else { &list.items })
                // dialoguer never shows a default that is out of sight at first.
                .default(list.first.filter(|first| *first < room).unwrap_or(0))
                .max_length(room)
                .highlight_matches(self.error_look.color)
                .report(false)
                .interact_opt()
        } else {
            let mut select = Select::new().with_prompt(prompt).items(items).max_length(room).report(false);
            if let Some(first) = list.first {
                select = select.default(first);
            }
            select.interact_opt()
        };
        picked.map_err(no_answer)
    }

    /// Starts from `text`, except on a dumb terminal; `about` is shown above it. None on Esc.
    pub(crate) fn line(
        &self,
        about: &str,
        prompt: &str,
        text: &str,
        check: Check<'_>,
    ) -> Result<Option<String>> {
        self.print_about(about);
        let mut typed = text.to_string();
        loop {
            let Some(line) = self.typed_line(prompt, &typed)? else { return Ok(None) };
            typed = line;
            if self.accepts(check(&typed)) {
                return Ok(Some(typed));
            }
        }
    }

    fn typed_line(&self, prompt: &str, text: &str) -> Result<Option<String>> {
        if self.is_dumb {
            return self.whole_line(prompt, &QuestionGuard::line_by_line());
        }
        let _asking = QuestionGuard::key_by_key();
        let line = line::edit(&self.labelled(prompt), text, self.error_look.more());
        line.map_err(|error| no_answer(error.into()))
    }

    /// None if the line is empty; `about` is shown above it.
    pub(crate) fn secret(&self, about: &str, prompt: &str, check: Check<'_>) -> Result<Option<String>> {
        self.print_about(about);
        loop {
            let typed = self.typed_secret(prompt)?;
            if typed.is_empty() {
                return Ok(None);
            }
            if self.accepts(check(&typed)) {
                return Ok(Some(typed));
            }
        }
    }

    fn typed_secret(&self, prompt: &str) -> Result<String> {
        let asking = QuestionGuard::unseen();
        if self.is_dumb {
            let cancelled = || Error::new(ErrorKind::Cancelled, "the question got no answer");
            return self.whole_line(prompt, &asking)?.ok_or_else(cancelled);
        }
        let password = Password::new().with_prompt(self.labelled(prompt)).allow_empty_password(true);
        password.report(false).interact().map_err(no_answer)
    }

    fn accepts(&self, checked: std::result::Result<Option<String>, String>) -> bool {
        match checked {
            Err(error) => {
                tell_wrapped(&format!("{}\n", self.error_look.alarm(&escaped(&error))));
                return false;
            }
            Ok(Some(warning)) => self.notes.warn(&warning),
            Ok(None) => {}
        }
        true
    }

    fn print_about(&self, about: &str) {
        if !about.is_empty() {
            tell_wrapped(&format!("{}\n", escaped(about)));
        }
    }

    pub(super) fn labelled(&self, question: &str) -> String {
        match self.badge.get() {
            Some(badge) => format!("{} {question}", badge.painted(self.error_look)),
            None => question.to_string(),
        }
    }
}

/// The question of [`Terminal::confirm`] that waits for its answer.
static OPEN: Mutex<Option<String>> = Mutex::new(None);

struct OpenQuestion;

impl OpenQuestion {
    fn show(question: String) -> OpenQuestion {
        *open() = Some(question);
        ask_again();
        OpenQuestion
    }
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        *open() = None;
    }
}

fn open() -> MutexGuard<'static, Option<String>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows the open question, if there is one: after Ctrl-Z and `fg` it is out of sight.
pub(crate) fn ask_again() {
    let question = open().clone();
    question.iter().for_each(|question| tell_wrapped(question));
}

fn cut(text: &str, columns: usize) -> String {
    truncate_str(text, columns, "…").into_owned()
}

pub(super) fn no_answer(error: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    match error.kind() {
        // dialoguer raises SIGINT too: either the signal thread or this thread ends the program first.
        io::ErrorKind::Interrupted => Error::new(ErrorKind::Interrupted, "interrupted"),
        _ => Error::new(ErrorKind::Cancelled, "the question got no answer").source(error),
    }
}
