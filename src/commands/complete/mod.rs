//! `COMPLETE=SHELL fusebill -- WORD…`: what could stand in the place of the last word. The scripts of completions/ ask
//! this way while a line is typed.
//!
//! The answer is a candidate a line: the value and, for shells that show it, a tab and a line of help. A line that is a
//! tab alone asks for the names of files, which every shell completes best by itself. No request is sent, no key is
//! looked for, and what goes wrong gives no candidates and not a word.

mod values;

use std::ffi::{OsStr, OsString};

use clap_complete::CompletionCandidate as Candidate;

use crate::cli;
use crate::error::Kind;
use crate::profile::Environment;
use crate::terminal::{Color, Terminal, Verbosity};
use values::Known;

/// The variable that names the shell which asks.
const VARIABLE: &str = "COMPLETE";
/// What the line is that asks for the names of files.
const FILES: &str = "\t";

/// A shell whose script asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Bash,
    Zsh,
    Fish,
}

/// Answers a script, where it is one that runs the program with these arguments.
///
/// `--` comes first only in a question of theirs, so any other run does not even look at the variable; and one that is
/// set to anything else, by whoever means another thing by it, changes nothing.
pub(super) fn answer(arguments: &[OsString]) -> Option<u8> {
    let [_, dashes, words @ ..] = arguments else { return None };
    if dashes != "--" {
        return None;
    }
    let shell = match Environment.lossy(VARIABLE)?.as_str() {
        "bash" => Asking::Bash,
        "zsh" => Asking::Zsh,
        "fish" => Asking::Fish,
        _ => return None,
    };
    let terminal = Terminal::new(Color::Never, Verbosity { quiet: true, http: false }, true, true);
    // Nobody is there to read a failure.
    let _ = terminal.print(&lines(&candidates(words), shell));
    Some(Kind::Done.code())
}

fn lines(candidates: &[Candidate], shell: Asking) -> String {
    candidates.iter().filter_map(|candidate| line(candidate, shell)).collect()
}

/// A candidate as a line; none for one that a shell could not take.
fn line(candidate: &Candidate, shell: Asking) -> Option<String> {
    if values::is_file(candidate) {
        return Some(format!("{FILES}\n"));
    }
    let value = candidate.get_value().to_str().filter(|value| !value.contains(char::is_control))?;
    let help = candidate.get_help().filter(|_| shell != Asking::Bash).map(ToString::to_string);
    Some(match help.as_deref().and_then(|help| help.lines().next()) {
        Some(help) => format!("{value}\t{help}\n"),
        None => format!("{value}\n"),
    })
}

/// What could stand in the place of the last of these words; the first is the program's.
fn candidates(words: &[OsString]) -> Vec<Candidate> {
    let Some(typed) = words.last() else { return Vec::new() };
    let command = cli::command();
    let words = joined(words, &command);
    let known = Known::of(&words);
    let place = words.len() - 1;
    let mut command = values::attached(command, &known);
    // It fails where there is nothing to complete.
    let found = clap_complete::engine::complete(&mut command, words, place, None);
    sifted(found.unwrap_or_default(), typed)
}

/// Leaves out flags where something else can stand and no dash was typed, and the names of files where one was.
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

/// The words with the values of global flags joined to their flags.
///
/// The engine takes a word that is called like a command for one wherever it stands: the `sandbox` of
/// `--profile sandbox customer get`.
fn joined(words: &[OsString], command: &clap::Command) -> Vec<OsString> {
    let takes_value = |arg: &&clap::Arg| arg.is_global_set() && arg.get_action().takes_values();
    let globals: Vec<&clap::Arg> = command.get_arguments().filter(takes_value).collect();
    let sign = |word: &OsStr| {
        let word = word.to_str()?;
        let long =
            |arg: &&&clap::Arg| arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        let is_short = |short: char| word.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4]));
        let short = |arg: &&&clap::Arg| arg.get_short().is_some_and(is_short);
        globals.iter().find(long).map(|_| "=").or_else(|| globals.iter().find(short).map(|_| ""))
    };
    let mut joined = Vec::with_capacity(words.len());
    let mut rest = words.iter().peekable();
    let (mut place, mut escaped) = (0, false);
    while let Some(word) = rest.next() {
        place += 1;
        escaped = escaped || word == "--";
        let mut word = word.clone();
        // The last word is the one that is completed.
        if let Some(sign) = sign(&word).filter(|_| !escaped && place + 1 < words.len())
            && let Some(value) = rest.next()
        {
            place += 1;
            word.push(sign);
            word.push(value);
        }
        joined.push(word);
    }
    joined
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
        let line = |value: &str| line(&cli::candidates::candidate(value, "a\u{1b}[2Jb\nc"), Asking::Fish);
        assert_eq!(line("x"), Some("x\ta\\u{1b}[2Jb\\nc\n".to_string()));
        assert_eq!(line("x\ty"), None);
    }
}
