//! `COMPLETE=SHELL fusebill -- WORD…`: the values that can stand in the place of the last word. The scripts of
//! completions/ ask this while a line is typed.
//!
//! The answer has a candidate a line: the value and, for shells that show it, a tab and a line of help. A line that is only
//! a tab asks the shell for names of files, which every shell completes best by itself. No request is sent and no key is
//! read. An error gives no candidates and no message.

mod values;

use std::ffi::{OsStr, OsString};

use clap_complete::CompletionCandidate as Candidate;

use crate::account::Environment;
use crate::cli;
use crate::error::Kind;
use crate::terminal::{Color, Notes, Terminal};
use values::Known;

/// The environment variable with the name of the shell that asks.
const VARIABLE: &str = "COMPLETE";
/// The line that asks for names of files.
const FILES: &str = "\t";

/// Answers a script, if one runs the program with these arguments.
///
/// Only a script's question begins with `--`, so no other run looks at the variable. A value of the variable that no script
/// sets changes nothing.
pub(super) fn answer(arguments: &[OsString]) -> Option<u8> {
    let [_, dashes, words @ ..] = arguments else { return None };
    if dashes != "--" {
        return None;
    }
    let shows_help = match Environment.lossy(VARIABLE)?.as_str() {
        "bash" => false,
        "zsh" | "fish" => true,
        _ => return None,
    };
    let terminal = Terminal::new(Color::Never, Notes { quiet: true, http: false }, true, true);
    let lines: String =
        candidates(words).iter().filter_map(|candidate| line(candidate, shows_help)).collect();
    // The script shows no errors.
    let _ = terminal.print(&lines);
    Some(Kind::Done.code())
}

/// A candidate as a line; none for one that a shell could not take.
fn line(candidate: &Candidate, shows_help: bool) -> Option<String> {
    if values::is_file(candidate) {
        return Some(format!("{FILES}\n"));
    }
    let value = candidate.get_value().to_str().filter(|value| !value.contains(char::is_control))?;
    let help = candidate.get_help().filter(|_| shows_help).map(ToString::to_string);
    Some(match help.as_deref().and_then(|help| help.lines().next()) {
        Some(help) => format!("{value}\t{help}\n"),
        None => format!("{value}\n"),
    })
}

/// The values that can stand in the place of the last of these words; the first is the program's.
fn candidates(words: &[OsString]) -> Vec<Candidate> {
    let Some(typed) = words.last() else { return Vec::new() };
    let command = cli::command();
    let words = joined(words, &command);
    let known = Known::of(&words);
    let place = words.len() - 1;
    let mut command = values::attached(command, &known);
    // It fails if there is nothing to complete.
    let found = clap_complete::engine::complete(&mut command, words, place, None);
    sifted(found.unwrap_or_default(), typed)
}

/// Leaves out flags if something else can stand here and no dash was typed, and names of files if one was.
fn sifted(mut candidates: Vec<Candidate>, typed: &OsStr) -> Vec<Candidate> {
    let is_flag = |candidate: &Candidate| candidate.get_value().to_string_lossy().starts_with('-');
    if typed.to_string_lossy().starts_with('-') {
        if candidates.iter().any(|candidate| !values::is_file(candidate)) {
            candidates.retain(|candidate| !values::is_file(candidate));
        }
    } else if candidates.iter().any(|candidate| !is_flag(candidate)) {
        candidates.retain(|candidate| !is_flag(candidate));
    }
    candidates
}

/// The words with the values of global flags joined to their flags. The last word, which is completed, stays apart.
///
/// clap_complete takes a word that is named like a command for one wherever it stands: the `sandbox` of
/// `--profile sandbox customer get`.
fn joined(words: &[OsString], command: &clap::Command) -> Vec<OsString> {
    let globals = globals_with_value(command);
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let mut rest = before.iter();
    let mut joined = Vec::new();
    while let Some(word) = rest.next() {
        let mut word = word.clone();
        if word == "--" {
            joined.push(word);
            break;
        }
        let flag = globals.iter().find(|(flag, _)| word == flag.as_str());
        if let Some((_, sign)) = flag
            && let Some(value) = rest.next()
        {
            word.push(sign);
            word.push(value);
        }
        joined.push(word);
    }
    joined.extend(rest.chain([last]).cloned());
    joined
}

/// The global flags that take a value, each with the sign that joins one to it.
fn globals_with_value(command: &clap::Command) -> Vec<(String, &'static str)> {
    let globals =
        command.get_arguments().filter(|arg| arg.is_global_set() && arg.get_action().takes_values());
    let mut names = Vec::new();
    for arg in globals {
        names.extend(arg.get_long().map(|long| (format!("--{long}"), "=")));
        names.extend(arg.get_short().map(|short| (format!("-{short}"), "")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(Into::into).collect()
    }

    #[test]
    fn the_value_of_a_global_flag_is_never_taken_for_a_command() {
        for (line, expected) in [
            ("fusebill --profile sandbox customer get ", "fusebill --profile=sandbox customer get "),
            ("fusebill -o json customer", "fusebill -ojson customer"),
            ("fusebill --profile sa", "fusebill --profile sa"),
            ("fusebill -v customer", "fusebill -v customer"),
            ("fusebill -- --profile x y", "fusebill -- --profile x y"),
        ] {
            assert_eq!(joined(&words(line), &cli::command()), words(expected), "{line}");
        }
    }

    #[test]
    fn flags_come_where_a_dash_was_typed_or_nothing_else_can_stand() {
        let given = || Vec::from(["reference:", "--quiet"].map(Candidate::new));
        let left = |typed: &str| sifted(given(), OsStr::new(typed)).len();
        assert_eq!((left(""), left("-")), (1, 2));
        assert_eq!(sifted(vec![Candidate::new("--quiet")], OsStr::new("")).len(), 1);
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_in_an_answer() {
        let line = |value: &str| line(&cli::candidates::candidate(value, "a\u{1b}[2Jb\nc"), true);
        assert_eq!(line("x"), Some("x\ta\\u{1b}[2Jb\\nc\n".to_string()));
        assert_eq!(line("x\ty"), None);
    }
}
