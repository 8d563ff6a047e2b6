//! The terminal: the only place that reads standard input and writes standard output and error.
//!
//! Data goes to standard output, everything else to standard error. What is not ours is escaped before it gets here
//! ([`crate::report::escape`]).

mod input;
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
pub use progress::Bar;
pub use prompts::{Check, List};

use crate::report::Look;
use crate::report::place::Badge;

/// When to colour.
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

/// How much is said beside the data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Verbosity {
    /// Leave out what is not an error, a warning or a question.
    pub quiet: bool,
    /// Show every request and answer.
    pub http: bool,
}

/// The terminal of one run.
#[derive(Debug, Clone)]
pub struct Terminal {
    look: Look,
    error_look: Look,
    may_ask: bool,
    /// Whether the command may write, so that its failures say whether it did.
    may_write: bool,
    /// Whether data for programs would be shown to a person.
    escapes: bool,
    notes: Notes,
    /// What stands above every question.
    badge: OnceLock<Badge>,
}

impl Terminal {
    /// The terminal as this process has it. `no_input` forbids every question.
    pub fn new(color: Color, verbosity: Verbosity, no_input: bool, plain: bool) -> Terminal {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let look = |terminal: bool, term: &Term| Look {
            color: match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && !plain,
            },
            width: terminal.then(|| term.size_checked().map(|(_, columns)| columns)).flatten(),
        };
        Terminal {
            look: look(out, &Term::stdout()),
            error_look: look(err, &Term::stderr()),
            may_write: false,
            escapes: false,
            may_ask: !no_input && err && io::stdin().is_terminal(),
            notes: Notes { verbosity },
            badge: OnceLock::new(),
        }
    }

    /// The same for a command that may write.
    #[must_use]
    pub(crate) fn for_writes(self) -> Terminal {
        Terminal { may_write: true, ..self }
    }

    /// The same, whose data is in a form for programs, without colour: where a person sees it on a terminal, nothing in it
    /// steers that.
    #[must_use]
    pub fn for_programs(self) -> Terminal {
        let look = Look { color: false, ..self.look };
        Terminal { look, escapes: io::stdout().is_terminal(), ..self }
    }

    /// Shows this above every question from now on.
    pub fn show_badge(&self, badge: Option<Badge>) {
        badge.into_iter().for_each(|badge| drop(self.badge.set(badge)));
    }

    /// How standard output looks.
    pub fn look(&self) -> Look {
        self.look
    }

    /// How standard error looks.
    pub fn error_look(&self) -> Look {
        self.error_look
    }

    /// Whether a question may be asked: a person is there and may be asked.
    pub fn may_ask(&self) -> bool {
        self.may_ask
    }

    /// Whether standard input is a terminal, whether questions are allowed or not.
    pub fn is_there(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// A progress bar for `rows` rows, `done` of which were worked on earlier. None off a terminal, with `-q`, and with `-v`,
    /// whose lines tell the progress.
    pub fn bar(&self, rows: u64, done: u64) -> Option<Bar> {
        let verbosity = self.notes.verbosity;
        let shown = io::stderr().is_terminal() && !verbosity.quiet && !verbosity.http;
        shown.then(|| Bar::new(rows, done))
    }

    /// Where notes go.
    pub fn notes(&self) -> Notes {
        self.notes
    }

    /// Restores the terminal when a signal ends the program: no bar, no question, and a line of its own for what is said
    /// next.
    pub fn restore(&self) {
        progress::take_away();
        modes::restore();
        if self.may_ask {
            tell("\n");
        }
    }

    /// A moment in the time zone of this machine, to the second.
    pub fn local(&self, moment: jiff::Timestamp) -> String {
        let here = jiff::tz::TimeZone::system();
        let clock = format!("{:.0}", here.to_datetime(moment)).replace('T', " ");
        format!("{clock} {}", here.to_offset_info(moment).abbreviation())
    }

    /// The moment it is.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}
