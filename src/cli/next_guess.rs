//! What a user meant who typed something close: tips for clap's errors.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::action::{Charge, Reverse};
use crate::document::hidden::TYPOGRAPHIC_QUOTES;
use crate::field::{self, FIELDS};
use crate::search::{lookup, names};

/// Commands by the words that users try.
const COMMANDS: &[(&str, &str)] = &[
    ("get", "customer get"),
    ("show", "customer get"),
    ("list", "customer list"),
    ("export", "customer list --out customers.csv"),
    ("find", "customer find"),
    ("search", "customer find"),
    ("update", "customer update"),
    ("set", "customer update"),
    ("change", "customer update"),
    ("edit", "customer edit"),
    ("bulk", "customer bulk"),
    ("import", "customer bulk update"),
    ("plan", "customer bulk plan"),
    ("hold", "customer hold"),
    ("suspend", "customer hold"),
    ("pause", "customer hold"),
    ("unhold", "customer unhold"),
    ("activate", "customer activate"),
    ("cancel", "customer cancel"),
    ("uncancel", "customer uncancel"),
    ("version", "--version"),
    ("history", "customer history"),
    ("log", "customer history"),
    ("undo", "customer undo"),
    ("revert", "customer undo"),
    ("login", "auth login"),
    ("logout", "auth logout"),
];

/// Signs that word processors make of hyphens.
const DASHES: [char; 7] = ['-', '\u{2010}', '\u{2011}', '–', '—', '―', '−'];

/// Flags of every command that take a value.
const GLOBAL: [&str; 5] = ["--profile", "--output", "-o", "--color", "--timeout"];
/// Words for what the program does not do.
const NOT_DONE: [&str; 6] = ["create", "new", "add", "delete", "remove", "rm"];
/// Endings of the files that `customer bulk` reads.
const FILES: [&str; 4] = [".csv", ".xlsx", ".ods", ".ndjson"];

/// A command line without its global flags.
struct Line<'a> {
    words: Vec<&'a str>,
    profile: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(arguments: &'a [OsString]) -> Line<'a> {
        let mut line = Line { words: Vec::new(), profile: None };
        let mut all = arguments.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
        while let Some(word) = all.next() {
            let (flag, joined) =
                word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
            if !GLOBAL.contains(&flag) {
                line.words.push(word);
                continue;
            }
            let value = joined.or_else(|| all.next());
            line.profile = if flag == "--profile" { value } else { line.profile };
        }
        line
    }

    fn starts_with(&self, words: &[&str]) -> bool {
        self.words.starts_with(words)
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// What was typed after a word, as a shell takes it.
    fn after(&self, word: &str) -> String {
        let rest = self.words.iter().skip_while(|typed| **typed != word).skip(1);
        rest.map(|word| format!(" {}", shell_words::quote(word))).collect()
    }

    /// A command on the profile that was typed.
    fn program(&self, command: &str) -> String {
        let profile = self.profile.map(|profile| format!("--profile {} ", shell_words::quote(profile)));
        format!("`fusebill {}{command}`", profile.unwrap_or_default())
    }

    fn did_you_mean(&self, command: &str) -> String {
        format!("did you mean {}?", self.program(command))
    }
}

/// The `--profile` of a command line that cannot be parsed.
pub(crate) fn typed_profile(arguments: &[OsString]) -> Option<&str> {
    Line::of(arguments).profile
}

/// Adds a tip to the error, in place of clap's if this one is certain.
pub(super) fn suggest(error: &mut clap::Error, arguments: &[OsString]) {
    let line = Line::of(arguments);
    let text = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => unknown(&text(ContextKind::InvalidArg), &line),
        ErrorKind::InvalidSubcommand => command(&text(ContextKind::InvalidSubcommand), &line),
        ErrorKind::MissingRequiredArgument => missing(&text(ContextKind::InvalidArg), &line),
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

fn command(typed: &str, line: &Line<'_>) -> Option<String> {
    if NOT_DONE.contains(&typed) && line.starts_with(&["customer"]) {
        return Some("fusebill changes existing customers; it does not create or delete them".to_string());
    }
    if FILES.iter().any(|end| typed.ends_with(end)) {
        return Some(line.did_you_mean(&format!("customer bulk plan {}", shell_words::quote(typed))));
    }
    if typed.contains('@') && !typed.contains(':') {
        return Some(line.did_you_mean(&format!("customer get email:{typed}")));
    }
    if lookup::CustomerName::parse(typed).is_ok() {
        return Some(line.did_you_mean(&format!("customer get {}", shell_words::quote(typed))));
    }
    let meant = meant(typed)?;
    let is_elsewhere = line.starts_with(&["customer"]) && !meant.starts_with("customer");
    let rest = match line.after(typed) {
        rest if rest.is_empty() && meant == "customer undo" => " --last".to_string(),
        rest => rest,
    };
    (!is_elsewhere).then(|| line.did_you_mean(&format!("{meant}{rest}")))
}

fn missing(what: &str, line: &Line<'_>) -> Option<String> {
    let shows = |command: &str, what: &str| Some(format!("{} shows {what}", line.program(command)));
    if what.contains("<ENTRY>") && line.has("undo") {
        let [last, history] =
            ["undo --last", "history"].map(|name| line.program(&format!("customer {name}")));
        return Some(format!("{last} takes back the latest change; {history} names the others"));
    }
    let choices = [("--charge", values::<Charge>()), ("--reverse", values::<Reverse>())];
    if let Some((flag, choices)) = choices.into_iter().find(|(flag, _)| what.contains(flag)) {
        return Some(format!("{flag} is {choices}; {} explains them", line.program("help status")));
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

/// "none, unearned or full".
fn values<T: ValueEnum>() -> String {
    let named = |value: &T| value.to_possible_value().map(|value| value.get_name().to_string());
    let all: Vec<String> = T::value_variants().iter().filter_map(named).collect();
    all.split_last().map(|(last, all)| format!("{} or {last}", all.join(", "))).unwrap_or_default()
}

fn unknown(typed: &str, line: &Line<'_>) -> Option<String> {
    let words = line.words.as_slice();
    let at = words.iter().position(|word| *word == typed || word.split('=').next() == Some(typed));
    if line.starts_with(&["auth", "login"]) && !typed.starts_with('-') {
        let login = line.program("auth login");
        return Some(format!("{login} asks for the key; on a command line it stays in the shell's history"));
    }
    if ["--id", "--customer", "--customer-id"].contains(&typed) {
        return Some("a customer is named without a flag, as in `fusebill customer get 123`".to_string());
    }
    if let Some(flag) = flag_in(words) {
        return Some(flag);
    }
    if line.starts_with(&["customer", "list"]) && !typed.starts_with('-') {
        return Some(in_list(typed, line));
    }
    if !typed.starts_with('-') {
        return stray_word_tip(typed, &words[..at?], &words[at?..]);
    }
    if let Some(tip) = part_of_flags(typed.trim_start_matches(DASHES)).filter(|_| line.has("update")) {
        return Some(tip);
    }
    let before = words[..at?].last().filter(|word| word.starts_with("--") && !word.contains('='));
    let is_value = !typed.trim_start_matches('-').starts_with(char::is_alphabetic);
    before
        .filter(|_| is_value)
        .map(|flag| format!("a value that begins with '-' is joined to its flag: {flag}={typed}"))
}

/// A word that belongs to no flag of `customer list`.
fn in_list(typed: &str, line: &Line<'_>) -> String {
    let word = shell_words::quote(typed);
    if typed.split_once('=').is_some_and(|(name, _)| names::find(name).is_ok()) {
        return line.did_you_mean(&format!("customer list --where {word}"));
    }
    format!("{} looks for words", line.program(&format!("customer find {word}")))
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
        let name = word.split('=').next().unwrap_or_default().trim_matches(TYPOGRAPHIC_QUOTES);
        let bare = name.trim_start_matches(DASHES);
        let flag = FIELDS.iter().find(|field| names::path(bare) == Some(field.path) && bare.len() > 2)?.flag;
        let dashes = &name[..name.len() - bare.len()];
        if dashes.is_empty() || word.starts_with(name) && name == format!("--{flag}") {
            return None;
        }
        let reason = if dashes.is_ascii() { "" } else { " The dash was pasted from a document." };
        Some(format!("did you mean --{flag}?{reason}"))
    })
}

/// A word that belongs to no flag.
fn stray_word_tip(typed: &str, before: &[&str], from: &[&str]) -> Option<String> {
    if let Some((name, value)) = typed.split_once('=')
        && let Some(field) = names::path(name).and_then(field::at)
    {
        return Some(format!("did you mean `--{} {}`?", field.flag, shell_words::quote(value)));
    }
    let clears = before.iter().rfind(|word| word.starts_with("--")) == Some(&"--clear");
    if let Some(field) = names::path(typed).and_then(field::at).filter(|_| !clears) {
        let value = from.get(1).map(|value| format!(" {}", shell_words::quote(value)));
        return Some(format!("did you mean `--{}{}`?", field.flag, value.unwrap_or_default()));
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
            let value = value.trim_matches(TYPOGRAPHIC_QUOTES);
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
            ("update 123", "did you mean `fusebill customer update 123`?"),
            ("customer search 'acme inc'", "did you mean `fusebill customer find 'acme inc'`?"),
            ("customer Show 123", "did you mean `fusebill customer get 123`?"),
            ("login", "did you mean `fusebill auth login`?"),
            (
                "customer undo",
                "`fusebill customer undo --last` takes back the latest change; `fusebill customer history` names the \
                 others",
            ),
            ("undo", "did you mean `fusebill customer undo --last`?"),
            ("undo --last --yes", "did you mean `fusebill customer undo --last --yes`?"),
            ("customer 123", "did you mean `fusebill customer get 123`?"),
            ("--profile sandbox 123", "did you mean `fusebill --profile sandbox customer get 123`?"),
            ("customer a@example.org", "did you mean `fusebill customer get email:a@example.org`?"),
            ("--profile=sandbox show 123", "did you mean `fusebill --profile sandbox customer get 123`?"),
            ("customer create", "fusebill changes existing customers; it does not create or delete them"),
            ("customer bulk rows.csv", "did you mean `fusebill customer bulk plan rows.csv`?"),
            ("customer suspend 123", "did you mean `fusebill customer hold 123`?"),
            (
                "customer cancel 123",
                "--reverse is none, unearned or full; `fusebill help status` explains them",
            ),
            (
                "auth login x",
                "`fusebill auth login` asks for the key; on a command line it stays in the shell's history",
            ),
            (
                "customer update --id 123",
                "a customer is named without a flag, as in `fusebill customer get 123`",
            ),
            (
                "--profile sandbox customer list companyName=X",
                "did you mean `fusebill --profile sandbox customer list --where 'companyName=X'`?",
            ),
            ("--profile sandbox customer update 123 firstName Jo", "did you mean `--first-name Jo`?"),
            ("customer update 123 “--first-name” Jo", "did you mean --first-name?"),
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
