//! `COMPLETE=SHELL fusebill -- WORD…`: completes the last word for the scripts of completions/.
//! A candidate is a line: the value and, for shells that show it, a tab and help. A line of only a tab means names of files.
//! No request is sent and no key is read. An error gives no candidates and no message.

mod values;

use std::ffi::{OsStr, OsString};

use clap_complete::CompletionCandidate as Candidate;

use crate::account::environment;
use crate::cli;
use crate::error::ErrorKind;
use crate::terminal::{Color, Notes, Terminal};
use values::CompletionContext;

const VARIABLE: &str = "COMPLETE";
const FILES: &str = "\t";

/// Only scripts put `--` first, so other runs ignore the variable.
pub(super) fn answer(arguments: &[OsString]) -> Option<u8> {
    let [_, dashes, words @ ..] = arguments else { return None };
    if dashes != "--" {
        return None;
    }
    let shows_help = match environment::lossy(VARIABLE)?.as_str() {
        "bash" => false,
        "zsh" | "fish" => true,
        _ => return None,
    };
    let terminal = Terminal::new(Color::Never, Notes { quiet: true, http: false }, true, true);
    let lines: String =
        candidates(words).iter().filter_map(|candidate| line(candidate, shows_help)).collect();
    // Scripts show no errors.
    let _ = terminal.print(&lines);
    Some(ErrorKind::Done.code())
}

/// None for a value with control characters.
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

/// The first word is the program; the last one is completed.
fn candidates(words: &[OsString]) -> Vec<Candidate> {
    let Some(typed) = words.last() else { return Vec::new() };
    let command = cli::command();
    let words = joined(words, &command);
    let known = CompletionContext::of(&words);
    let place = words.len() - 1;
    let mut command = values::attached(command, &known);
    // An error means that there is nothing to complete.
    let found = clap_complete::engine::complete(&mut command, words, place, None);
    filtered_by_dash(found.unwrap_or_default(), typed)
}

/// Drops names of files if a dash was typed, else flags, unless nothing else is left.
fn filtered_by_dash(mut candidates: Vec<Candidate>, typed: &OsStr) -> Vec<Candidate> {
    let is_flag = |candidate: &Candidate| candidate.get_value().to_string_lossy().starts_with('-');
    let typed_dash = typed.to_string_lossy().starts_with('-');
    let fits = |candidate: &Candidate| {
        if typed_dash { !values::is_file(candidate) } else { !is_flag(candidate) }
    };
    if candidates.iter().any(fits) {
        candidates.retain(fits);
    }
    candidates
}

/// clap_complete takes any word with the name of a command for the command, even the `sandbox` of
/// `--profile sandbox customer get`. So values are joined to their flags, except in the last word.
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

/// Each flag with the sign that joins its value.
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
    fn flags_are_offered_after_a_dash_or_without_other_candidates() {
        let given = || Vec::from(["reference:", "--quiet"].map(Candidate::new));
        let left = |typed: &str| filtered_by_dash(given(), OsStr::new(typed)).len();
        assert_eq!((left(""), left("-")), (1, 2));
        assert_eq!(filtered_by_dash(vec![Candidate::new("--quiet")], OsStr::new("")).len(), 1);
    }

    #[test]
    fn completion_candidates_contain_no_control_characters() {
        let line = |value: &str| line(&cli::candidates::candidate(value, "a\u{1b}[2Jb\nc"), true);
        assert_eq!(line("x"), Some("x\ta\\u{1b}[2Jb\\nc\n".to_string()));
        assert_eq!(line("x\ty"), None);
    }
}
