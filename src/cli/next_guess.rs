//! What a user meant who typed something close: tips for clap's errors.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::field::{self, FIELDS};
use crate::search::{lookup, names};

/// Commands by the words that users try.
const COMMANDS: &[(&str, &str)] = &[
    ("get", "customer get"),
    ("show", "customer get"),
    ("list", "customer list"),
    ("find", "customer find"),
    ("search", "customer find"),
    ("update", "customer update"),
    ("set", "customer update"),
    ("change", "customer update"),
    ("edit", "customer edit"),
    ("bulk", "customer bulk"),
    ("import", "customer bulk update"),
    ("history", "customer history"),
    ("log", "customer history"),
    ("undo", "customer undo"),
    ("revert", "customer undo"),
    ("login", "auth login"),
    ("logout", "auth logout"),
];

/// Signs that word processors make of hyphens and quotes.
const DASHES: [char; 7] = ['-', '\u{2010}', '\u{2011}', '–', '—', '―', '−'];
const QUOTES: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];

/// Adds a tip to the error, in place of clap's if this one is certain.
pub(super) fn suggest(error: &mut clap::Error, arguments: &[OsString]) {
    let words: Vec<&str> = arguments.iter().skip(1).map(|word| word.to_str().unwrap_or_default()).collect();
    let text = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => unknown(&text(ContextKind::InvalidArg), &words),
        ErrorKind::InvalidSubcommand => command(&text(ContextKind::InvalidSubcommand), &words),
        ErrorKind::MissingRequiredArgument => missing(&text(ContextKind::InvalidArg), &words),
        _ => None,
    };
    let Some(tip) = tip else { return };
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::Suggested] {
        error.remove(kind);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
}

/// The command that a word means: `update` is `customer update`.
pub(crate) fn meant(word: &str) -> Option<&'static str> {
    let folded = word.to_lowercase();
    COMMANDS.iter().find(|(word, _)| *word == folded).map(|(_, meant)| *meant)
}

fn command(typed: &str, words: &[&str]) -> Option<String> {
    if lookup::CustomerName::parse(typed).is_ok() || typed.contains('@') {
        let name = if typed.contains('@') && !typed.contains(':') { "email:" } else { "" };
        return Some(format!("did you mean `{}`?", program(words, &format!("customer get {name}{typed}"))));
    }
    let meant = meant(typed)?;
    let is_inside = words.first() == Some(&"customer") && !meant.starts_with("customer");
    let meant =
        if meant == "customer undo" && words.last() == Some(&typed) { "customer undo --last" } else { meant };
    (!is_inside).then(|| format!("did you mean `{}`?", program(words, meant)))
}

/// A command on the profile that was typed.
fn program(words: &[&str], command: &str) -> String {
    let apart = words.windows(2).find(|pair| pair[0] == "--profile").map(|pair| pair[1]);
    let profile = apart.or_else(|| words.iter().find_map(|word| word.strip_prefix("--profile=")));
    let profile = profile.map(|profile| format!("--profile {} ", shell_words::quote(profile)));
    format!("fusebill {}{command}", profile.unwrap_or_default())
}

fn missing(what: &str, words: &[&str]) -> Option<String> {
    let shows = |command: &str, what: &str| Some(format!("`{}` shows {what}", program(words, command)));
    if what.contains("<ENTRY>") && words.contains(&"undo") {
        let [last, history] =
            ["undo --last", "history"].map(|name| program(words, &format!("customer {name}")));
        return Some(format!("`{last}` takes back the latest change; `{history}` names the others"));
    }
    match what {
        _ if what.contains("<ENTRY>") => shows("customer history", "the names of entries"),
        _ if what.contains("<RUN>") => {
            shows("customer bulk list", "the names of runs; --last is the latest run")
        }
        _ if what.contains("<CUSTOMER>") => shows("customer find TEXT", "the ids of customers"),
        _ => None,
    }
}

fn unknown(typed: &str, words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| *word == typed || word.split('=').next() == Some(typed));
    if let Some(flag) = flag_in(words) {
        return Some(flag);
    }
    if words.first() == Some(&"customer") && words.get(1) == Some(&"list") && !typed.starts_with('-') {
        let find = format!("customer find {}", shell_words::quote(typed));
        return Some(format!("`{}` looks for words", program(words, &find)));
    }
    if !typed.starts_with('-') {
        return stray(typed, &words[..at?], &words[at?..]);
    }
    if let Some(tip) = part_of_flags(typed.trim_start_matches(DASHES)).filter(|_| words.contains(&"update")) {
        return Some(tip);
    }
    let before = words[..at?].last().filter(|word| word.starts_with("--") && !word.contains('='));
    let is_value = !typed.trim_start_matches('-').starts_with(char::is_alphabetic);
    before
        .filter(|_| is_value)
        .map(|flag| format!("a value that begins with '-' is joined to its flag: {flag}={typed}"))
}

/// `phone` is a part of --primary-phone and --secondary-phone.
fn part_of_flags(part: &str) -> Option<String> {
    const LEAST: usize = 4;
    let flags =
        FIELDS.iter().map(|field| field.flag).filter(|flag| part.len() >= LEAST && flag.contains(part));
    let flags: Vec<String> = flags.take(3).map(|flag| format!("--{flag}")).collect();
    (!flags.is_empty()).then(|| format!("did you mean {}?", flags.join(" or ")))
}

/// A word that names a flag in another spelling: another case, a single or a pasted dash.
fn flag_in(words: &[&str]) -> Option<String> {
    words.iter().find_map(|word| {
        let name = word.split('=').next().unwrap_or_default();
        let bare = name.trim_start_matches(DASHES);
        let flag = FIELDS.iter().find(|field| names::path(bare) == Some(field.path) && bare.len() > 2)?.flag;
        let dashes = &name[..name.len() - bare.len()];
        if dashes.is_empty() || name == format!("--{flag}") {
            return None;
        }
        let reason = if dashes.is_ascii() { "" } else { " The dash was pasted from a document." };
        Some(format!("did you mean --{flag}?{reason}"))
    })
}

/// A word that belongs to no flag.
fn stray(typed: &str, before: &[&str], from: &[&str]) -> Option<String> {
    if let Some((name, value)) = typed.split_once('=')
        && let Some(field) = names::path(name).and_then(field::at)
    {
        return Some(format!("did you mean `--{} {}`?", field.flag, shell_words::quote(value)));
    }
    let at = before.iter().rposition(|word| word.starts_with("--"))?;
    let (flag, first) =
        before[at].split_once('=').map_or((before[at], None), |(flag, value)| (flag, Some(value)));
    let rest = from.iter().take_while(|word| !word.starts_with('-'));
    let values: Vec<&str> =
        first.into_iter().chain(before[at + 1..].iter().copied()).chain(rest.copied()).collect();
    match flag {
        _ if values.len() < 2 => None,
        "--clear" => Some(format!("several fields have commas between them: `--clear {}`", values.join(","))),
        _ => {
            let value = values.join(" ");
            let value = value.trim_matches(QUOTES);
            Some(format!(
                "a value of several words needs quotes (' or \"): `{flag} {}`",
                shell_words::quote(value)
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    /// The tip for a command line.
    fn tip(line: &str) -> String {
        let arguments: Vec<_> = shell_words::split(line).unwrap().into_iter().map(Into::into).collect();
        let mut error = super::super::parse(&arguments).unwrap_err();
        super::suggest(&mut error, &arguments);
        let text = error.to_string();
        let tips = text.lines().filter_map(|line| line.trim_start().strip_prefix("tip: "));
        tips.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_next_guess_is_answered() {
        for (line, expected) in [
            ("update 123", "did you mean `fusebill customer update`?"),
            ("customer search acme", "did you mean `fusebill customer find`?"),
            ("customer Show 123", "did you mean `fusebill customer get`?"),
            ("login", "did you mean `fusebill auth login`?"),
            (
                "customer undo",
                "`fusebill customer undo --last` takes back the latest change; `fusebill customer history` names the \
                 others",
            ),
            ("undo", "did you mean `fusebill customer undo --last`?"),
            ("undo 20261130-144912003-nn6j", "did you mean `fusebill customer undo`?"),
            ("customer 123", "did you mean `fusebill customer get 123`?"),
            ("--profile sandbox 123", "did you mean `fusebill --profile sandbox customer get 123`?"),
            ("customer a@example.org", "did you mean `fusebill customer get email:a@example.org`?"),
            ("--profile=sandbox show 123", "did you mean `fusebill --profile sandbox customer get`?"),
            ("customer history show", "`fusebill customer history` shows the names of entries"),
            (
                "customer bulk undo",
                "`fusebill customer bulk list` shows the names of runs; --last is the latest run",
            ),
            ("customer get", "`fusebill customer find TEXT` shows the ids of customers"),
            (
                "customer update 123 --company-name Acme Limited --title Mr",
                "a value of several words needs quotes (' or \"): `--company-name 'Acme Limited'`",
            ),
            (
                "customer update 123 --company-name “Acme Limited”",
                "a value of several words needs quotes (' or \"): `--company-name 'Acme Limited'`",
            ),
            (
                "customer update 123 —company-name Acme",
                "did you mean --company-name? The dash was pasted from a document.",
            ),
            ("customer update 123 -company-name Acme", "did you mean --company-name?"),
            ("customer update 123 --Company-Name Acme", "did you mean --company-name?"),
            ("customer update 123 --companyName=Acme", "did you mean --company-name?"),
            ("customer update 123 --phone 555", "did you mean --primary-phone or --secondary-phone?"),
            ("customer list acme", "`fusebill customer find acme` looks for words"),
            ("customer update 123 companyName=Acme", "did you mean `--company-name Acme`?"),
            (
                "customer update 123 --clear title suffix",
                "several fields have commas between them: `--clear title,suffix`",
            ),
            (
                "customer update 123 --reference --1",
                "a value that begins with '-' is joined to its flag: --reference=--1",
            ),
        ] {
            assert_eq!(tip(&format!("fusebill {line}")), expected, "{line}");
        }
        assert!(tip("fusebill customer update 123 --frist-name x").contains("--first-name"));
    }
}
