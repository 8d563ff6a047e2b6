//! Errors: a kind, the step that failed, a message, its source and hints. One table turns kinds into exit codes.

use std::fmt;

/// How a command ended. [`TABLE`] says what each kind means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Done,
    Failed,
    Usage,
    NotFound,
    Credentials,
    Refused,
    Conflict,
    Network,
    Unknown,
    Differs,
    Partial,
    Cancelled,
    Changes,
    Unshown,
    Interrupted,
}

/// A row of the table of exit codes.
#[derive(Debug)]
pub struct ExitCode {
    pub kind: ErrorKind,
    pub code: u8,
    /// The kind's name in the JSON output.
    pub name: &'static str,
    pub meaning: &'static str,
}

const fn row(kind: ErrorKind, code: u8, name: &'static str, meaning: &'static str) -> ExitCode {
    ExitCode { kind, code, name, meaning }
}

/// Every kind with its exit code; `fusebill help exit-codes` prints it.
#[rustfmt::skip]
pub static TABLE: &[ExitCode] = &[
    row(ErrorKind::Done, 0, "done", "done, or nothing to change (no PUT is sent)"),
    row(ErrorKind::Failed, 1, "failed", "failed, nothing was written"),
    row(ErrorKind::Usage, 2, "usage", "usage: bad flag, bad value, bad file, or consent missing; nothing was written"),
    row(ErrorKind::NotFound, 3, "not-found", "not found, or a lookup matched several"),
    row(ErrorKind::Credentials, 4, "credentials", "credentials missing or refused"),
    row(ErrorKind::Refused, 5, "refused", "the API refused the change (its own words are shown); nothing was written"),
    row(ErrorKind::Conflict, 6, "conflict", "conflict: the customer changed meanwhile, or --expect failed; nothing was written"),
    row(ErrorKind::Network, 7, "network", "network, server or rate limit; nothing was written"),
    row(ErrorKind::Unknown, 8, "unknown", "unknown: the PUT was sent and whether it took effect cannot be told"),
    row(ErrorKind::Differs, 9, "differs", "written, but what is stored differs from what was asked"),
    row(ErrorKind::Partial, 10, "partial", "bulk: some rows did not succeed"),
    row(ErrorKind::Cancelled, 11, "cancelled", "cancelled by the user; nothing was written"),
    row(ErrorKind::Changes, 12, "changes", "--exit-code: there would be changes"),
    row(ErrorKind::Unshown, 13, "unshown", "written and verified, but the result could not be printed"),
    row(ErrorKind::Interrupted, 130, "interrupted", "interrupted by Ctrl-C; one customer: nothing was written"),
];

impl ErrorKind {
    pub(crate) fn row(self) -> &'static ExitCode {
        TABLE.iter().find(|row| row.kind == self).unwrap_or(&TABLE[1])
    }

    pub fn code(self) -> u8 {
        self.row().code
    }

    /// The sentence about what was written, for a failure of this kind.
    pub fn written(self) -> &'static str {
        match self {
            ErrorKind::Unknown => "The change was sent; it is not known whether the API applied it.",
            ErrorKind::Differs => "The change was sent, and the result is not the one that was asked for.",
            ErrorKind::Partial => "Rows may have been written.",
            ErrorKind::Unshown => "The change was written and verified.",
            _ => "Nothing was written.",
        }
    }
}

#[derive(Debug)]
pub struct Error {
    pub kind: ErrorKind,
    /// For example "reading customer 123".
    pub step: Option<String>,
    /// One sentence without a full stop.
    pub message: String,
    /// Lines that belong to the message: the API's own words, the values that conflict.
    pub details: Vec<String>,
    pub(crate) listed: Option<Box<Listed>>,
    pub source: Option<anyhow::Error>,
    pub hints: Vec<String>,
}

/// The errors of a file one by one, for programs; [`Error::details`] groups them. In a box, so that an error stays small.
#[derive(Debug)]
pub(crate) struct Listed(pub(crate) Vec<String>);

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        let message = message.into();
        Error {
            kind,
            step: None,
            message,
            details: Vec::new(),
            listed: None,
            source: None,
            hints: Vec::new(),
        }
    }

    /// An error on the command line or in a file named on it.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message)
    }

    /// Names the step that failed; the innermost name wins.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Error {
        self.step.get_or_insert_with(|| step.into());
        self
    }

    #[must_use]
    pub(crate) fn source(mut self, source: impl Into<anyhow::Error>) -> Error {
        self.source = Some(source.into());
        self
    }

    /// Adds lines that belong to the message.
    #[must_use]
    pub fn detail(mut self, lines: impl IntoIterator<Item = String>) -> Error {
        self.details.extend(lines);
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn headline(&self) -> String {
        let mut line = match &self.step {
            Some(step) => format!("{step}: {}", self.message),
            None => self.message.clone(),
        };
        for source in self.source.iter().flat_map(anyhow::Error::chain) {
            line.push_str(": ");
            line.push_str(&source.to_string());
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_and_name_is_listed_once() {
        let mut codes = HashSet::new();
        let mut names = HashSet::new();
        assert!(TABLE.iter().all(|row| codes.insert(row.code) && names.insert(row.name)));
    }

    #[test]
    fn causes_are_part_of_the_headline() {
        let source = anyhow::anyhow!("disk full").context("writing");
        let error = Error::new(ErrorKind::Failed, "it failed").source(source).step("storing").step("outside");
        assert_eq!(error.headline(), "storing: it failed: writing: disk full");
    }
}
