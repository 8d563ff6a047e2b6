//! The terminal: the only place that reads standard input and writes standard output and error.
//! Data goes to standard output, everything else to standard error. Callers escape text from servers and files
//! ([`crate::report::escape`]).

mod dumb;
mod input;
mod keyboard;
mod line;
mod modes;
mod output;
mod progress;
mod prompts;

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use dialoguer::console::Term;

pub use input::Input;
pub use output::Notes;
use output::tell;
pub(crate) use progress::Bar;
pub(crate) use prompts::{Check, List, ask_again};

use crate::account::environment;
use crate::report::Look;
use crate::report::account_label::Badge;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    look: Look,
    error_look: Look,
    /// Whether questions are allowed and would be seen.
    shows_questions: bool,
    /// Whether the terminal cannot move its cursor.
    is_dumb: bool,
    /// Whether the command may write, so that its failures say whether it did.
    may_write: bool,
    /// Whether data is escaped, because it is in a form for programs and goes to a terminal.
    escapes: bool,
    notes: Notes,
    badge: OnceLock<Badge>,
}

impl Terminal {
    /// `no_input` forbids every question; `plain` forbids colour if it is chosen automatically.
    pub(crate) fn new(color: Color, notes: Notes, no_input: bool, plain: bool) -> Terminal {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let look = |terminal: bool, term: &Term| Look {
            color: match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && !plain,
            },
            ascii: environment::wants_ascii(),
            width: terminal.then(|| term.size_checked().map(|(_, columns)| columns)).flatten(),
        };
        Terminal {
            look: look(out, &Term::stdout()),
            error_look: look(err, &Term::stderr()),
            shows_questions: !no_input && err,
            is_dumb: environment::has_dumb_terminal(),
            may_write: false,
            escapes: false,
            notes,
            badge: OnceLock::new(),
        }
    }

    #[must_use]
    pub(crate) fn for_writes(self) -> Terminal {
        Terminal { may_write: true, ..self }
    }

    /// Without colour, and escaped on a terminal.
    #[must_use]
    pub(crate) fn for_programs(self) -> Terminal {
        let look = Look { color: false, ..self.look };
        Terminal { look, escapes: io::stdout().is_terminal(), ..self }
    }

    pub(crate) fn show_badge(&self, badge: Option<Badge>) {
        badge.into_iter().for_each(|badge| drop(self.badge.set(badge)));
    }

    pub(crate) fn look(&self) -> Look {
        self.look
    }

    pub(crate) fn error_look(&self) -> Look {
        self.error_look
    }

    /// Whether the user sees standard output.
    pub(crate) fn shows_output(&self) -> bool {
        io::stdout().is_terminal()
    }

    pub(crate) fn may_ask(&self) -> bool {
        self.shows_questions && keyboard::exists()
    }

    /// Whether standard input is a terminal, even if questions are forbidden.
    pub(crate) fn is_there(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// None off a terminal, on a dumb one, with `-q`, and with `-v`, whose lines show the progress. `done` rows were finished earlier.
    pub(crate) fn bar(&self, rows: u64, done: u64) -> Option<Bar> {
        let shown = io::stderr().is_terminal() && !self.is_dumb && !self.notes.quiet && !self.notes.http;
        shown.then(|| Bar::new(rows, done))
    }

    pub(crate) fn notes(&self) -> Notes {
        self.notes
    }

    /// Called when a signal ends the program: removes the bar, ends the question, starts a new line.
    pub(crate) fn restore(&self) {
        progress::remove();
        modes::restore();
        if self.may_ask() {
            tell("\n");
        }
    }

    /// The last thing before the program ends by a signal.
    pub(crate) fn restore_modes(&self) {
        modes::restore();
    }

    /// Keeps the modes of the terminal while an editor has it.
    pub(crate) fn guard_modes(&self) -> modes::QuestionGuard {
        modes::QuestionGuard::editor_guard()
    }

    /// In the time zone of this machine, to the second.
    pub(crate) fn local(&self, moment: jiff::Timestamp) -> String {
        let here = jiff::tz::TimeZone::system();
        let clock = format!("{:.0}", here.to_datetime(moment)).replace('T', " ");
        format!("{clock} {}", here.to_offset_info(moment).abbreviation())
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}
