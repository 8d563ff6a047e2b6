//! The terminal: the only place that reads standard input and writes standard output and error.
//!
//! Data goes to standard output, everything else to standard error. What is not ours is escaped before it gets here
//! ([`crate::report::escape`]).

mod ask;
mod confirm;
mod line;
mod pick;
mod status;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::OnceLock;

use dialoguer::console::Term;

use ask::{Question, ask};
use confirm::Confirm;
pub use line::Judge;
use line::Line;
pub use pick::List;
use pick::Pick;
pub use status::Status;

use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupts;
use crate::report::Look;
use crate::report::escape::{escaped, unsteered};
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

/// A place for data to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input, written `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// The terminal of one run.
#[derive(Debug, Clone)]
pub struct Terminal {
    look: Look,
    error_look: Look,
    may_ask: bool,
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
            escapes: false,
            may_ask: !no_input && err && io::stdin().is_terminal(),
            notes: Notes { verbosity },
            badge: OnceLock::new(),
        }
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

    fn ask<Q: Question>(&self, question: &mut Q) -> Result<Option<Q::Answer>> {
        ask(question, self.badge.get().map(|badge| badge.painted(self.error_look)))
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

    /// Whether somebody is at the terminal, who may be asked or not.
    pub fn is_there(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// A line that shows how far something is; none where it would be seen by nobody, or among other lines.
    pub fn status(&self) -> Option<Status> {
        let verbosity = self.notes.verbosity;
        (io::stderr().is_terminal() && !verbosity.quiet && !verbosity.http).then(Status::new)
    }

    /// Has somebody attend to signals before anything is written that may have to wait for its reader.
    pub fn attended_by(&self, interrupts: Interrupts) {
        if io::stdout().is_terminal() || io::stderr().is_terminal() {
            interrupts.attend();
        }
        // There is one standard output, whoever writes to it. The first to be given stays.
        drop(INTERRUPTS.set(interrupts));
    }

    /// Where notes go.
    pub fn notes(&self) -> Notes {
        self.notes
    }

    /// Writes data. That nobody reads it any more (`fusebill … | head`) is no failure.
    ///
    /// # Errors
    /// `Failed` where it cannot be written, a full disk for one.
    pub fn print(&self, text: &str) -> Result<()> {
        self.stream(text).map(|_| ())
    }

    /// Writes a part of the data, and tells whether anybody still reads it.
    ///
    /// # Errors
    /// As [`Terminal::print`] has them.
    pub fn stream(&self, text: &str) -> Result<bool> {
        let text = if self.escapes { unsteered(text) } else { Cow::Borrowed(text) };
        if status::stands() && io::stdout().is_terminal() {
            status::make_way();
        }
        let mut out = io::stdout().lock();
        attend(&out, text.len());
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(why) => Err(Error::new(Kind::Failed, "the output cannot be written").because(why)),
        }
    }

    /// Writes what is not data: a failure, or what a question is about.
    pub fn tell(&self, text: &str) {
        tell(text);
    }

    /// Asks a yes-or-no question in which neither answer is a default. Esc and Ctrl-D mean no.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` where the terminal goes away, because the end of input is never yes.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        let mut confirm = Confirm::new(escaped(question).into_owned(), self.error_look);
        let answer = self.ask(&mut confirm)?.unwrap_or(false);
        let width = self.error_look.width.map_or(usize::MAX, usize::from);
        tell(&format!("{}\n", ask::wrapped(&confirm.line(answer), width).join("\n")));
        Ok(answer)
    }

    /// Lets one of a list be chosen; none where the user goes back. What is not ours in the list is escaped.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` where the terminal goes away.
    pub fn pick(&self, list: &List) -> Result<Option<usize>> {
        self.ask(&mut Pick::new(list, self.error_look))
    }

    /// Lets a line be typed, beginning with this text; none where the user goes back.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` where the terminal goes away.
    pub fn line(&self, prompt: &str, text: &str, judge: Judge<'_>) -> Result<Option<String>> {
        self.ask(&mut Line::new(escaped(prompt).into_owned(), text, judge, self.error_look))
    }

    /// Lets a line be typed that is not shown; none where the user goes back.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C; `Cancelled` where the terminal goes away.
    pub fn secret(&self, prompt: &str, judge: Judge<'_>) -> Result<Option<String>> {
        self.ask(&mut Line::new(escaped(prompt).into_owned(), "", judge, self.error_look).hidden())
    }

    /// What puts the terminal back as it is now, whatever a question has made of it since: echo, lines, cursor.
    pub fn restore(&self) -> impl Fn() + Send + 'static {
        let may_ask = self.may_ask;
        #[cfg(unix)]
        let modes = if may_ask { rustix::termios::tcgetattr(io::stdin()).ok() } else { None };
        move || {
            if may_ask {
                #[cfg(unix)]
                if let Some(modes) = &modes {
                    let now = rustix::termios::OptionalActions::Now;
                    let _ = rustix::termios::tcsetattr(io::stdin(), now, modes);
                }
                let _ = Term::stderr().show_cursor();
                tell("\n");
            }
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

    /// Opens an input.
    ///
    /// # Errors
    /// `Usage` where it cannot be opened.
    pub fn open(&self, input: &Input) -> Result<Box<dyn Read>> {
        match input {
            Input::Stdin => Ok(Box::new(io::stdin())),
            Input::File(path) => match std::fs::File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(why) => Err(Error::usage(format!("cannot read {input}")).because(why)),
            },
        }
    }

    /// Reads all of an input as text.
    ///
    /// # Errors
    /// `Usage` where it cannot be read or is not UTF-8.
    pub fn read(&self, input: &Input) -> Result<String> {
        let bytes = match input {
            Input::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            Input::File(path) => std::fs::read(path),
        };
        let bytes = bytes.map_err(|why| Error::usage(format!("cannot read {input}")).because(why))?;
        String::from_utf8(bytes).map_err(|why| {
            let line =
                1 + why.as_bytes()[..why.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            Error::usage(format!("{input} is not UTF-8 text (line {line})"))
        })
    }
}

impl Input {
    /// What it is called where it stands alone: a path, or standard input.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_string(),
            Input::File(path) => path.display().to_string(),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Stdin => f.write_str("standard input"),
            Input::File(path) => write!(f, "`{}`", path.display()),
        }
    }
}

/// What is said beside the data, line by line on standard error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notes {
    verbosity: Verbosity,
}

impl Notes {
    /// Says something that `-q` leaves out.
    pub fn say(&self, line: &str) {
        if !self.verbosity.quiet {
            tell(&format!("{}\n", escaped(line)));
        }
    }

    /// The same, but saying only what is said in any case.
    #[must_use]
    pub fn hushed(self) -> Notes {
        Notes { verbosity: Verbosity { quiet: true, ..self.verbosity } }
    }

    /// Says something that is said in any case.
    pub fn warn(&self, line: &str) {
        tell(&format!("warning: {}\n", escaped(line)));
    }

    /// Whether `-v` asks for the HTTP log.
    pub fn has_http_log(&self) -> bool {
        self.verbosity.http
    }

    /// A line of the HTTP log, which `-v` asks for. It holds no key and no body.
    pub fn http(&self, line: fmt::Arguments<'_>) {
        if self.verbosity.http {
            tell(&format!("{}\n", escaped(&line.to_string())));
        }
    }
}

/// So much goes into a pipe that has room at all, in bytes (PIPE_BUF in POSIX, as Linux has it).
const AT_ONCE: usize = 4096;

/// Who is to be attended to before output waits for its reader.
static INTERRUPTS: OnceLock<Interrupts> = OnceLock::new();

/// Has somebody attend to signals, unless so much can be written at once.
#[cfg(unix)]
fn attend(out: &impl std::os::fd::AsFd, length: usize) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Some(interrupts) = INTERRUPTS.get().filter(|interrupts| interrupts.is_unattended()) else { return };
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(out, PollFlags::OUT)], Some(&now));
    // It may be interrupted by the very signal.
    if length > AT_ONCE || !ready.is_ok_and(|ready| ready > 0) {
        interrupts.attend();
    }
}

#[cfg(not(unix))]
fn attend<T>(_out: &T, _length: usize) {}

/// That standard error is closed cannot be told to anyone.
fn tell(text: &str) {
    status::make_way();
    let mut err = io::stderr().lock();
    attend(&err, text.len());
    let _ = err.write_all(text.as_bytes());
}
