//! The completer of each argument: values of the command line itself, and those from profiles, journal and runs.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::{Arg, Command};
use clap_complete::{ArgValueCompleter, CompletionCandidate as Candidate};

use crate::account::setting::Key;
use crate::account::{Config, DEFAULT, VARIABLE, environment};
use crate::cli::candidates::{
    candidate, clearable, column, customers, expectable, help_words, matching, searchable, settable,
    settable_json, sortable,
};
use crate::error::Result;
use crate::report::history;
use crate::store::{EntryId, EntryOutcome, Filter, RunRecord, Store};

const LATEST: u64 = 200;

#[derive(Debug, Clone)]
pub(super) struct CompletionContext {
    profile: String,
    /// The words without flags: commands and arguments.
    path: Vec<String>,
}

impl CompletionContext {
    /// The values of global flags are joined to their flags in these words.
    pub(super) fn of(words: &[OsString]) -> CompletionContext {
        let before = words.split_last().map_or(&[][..], |(_, before)| before);
        let before: Vec<&str> = before.iter().skip(1).filter_map(|word| word.to_str()).collect();
        let flag = before.iter().rev().find_map(|word| word.strip_prefix("--profile="));
        let variable = || environment::non_empty(VARIABLE).ok().flatten();
        let profile = flag.map(str::to_string).or_else(variable).unwrap_or_else(|| DEFAULT.to_string());
        let path = before.iter().filter(|word| !word.starts_with('-')).map(ToString::to_string).collect();
        CompletionContext { profile, path }
    }
}

const FILE_TAG: &str = "files";

pub(super) fn is_file(candidate: &Candidate) -> bool {
    candidate.get_tag().is_some_and(|tag| tag.to_string() == FILE_TAG)
}

pub(super) fn attached(command: Command, known: &CompletionContext) -> Command {
    command.mut_subcommands(|command| attached(command, known)).mut_args(|arg| match completer(&arg, known) {
        Some(completer) => arg.add(completer),
        None => arg,
    })
}

/// The completer of an argument; none if clap knows its words, or if it takes any text.
fn completer(arg: &Arg, known: &CompletionContext) -> Option<ArgValueCompleter> {
    let takes = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let known = known.clone();
    Some(match (arg.get_id().as_str(), takes.as_deref()) {
        ("customer" | "customers", _) => of(customers),
        ("clear", _) => of(clearable),
        ("set", _) => of(settable),
        ("set_json", _) => of(settable_json),
        ("expect", _) => of(expectable),
        ("conditions", _) => of(searchable),
        ("sort", _) => of(sortable),
        ("columns", _) => of(column),
        ("profile", _) | ("name", Some("NAME")) => listed(profiles),
        ("entry", _) => listed(move || entries(&known)),
        ("name", Some("RUN")) => listed(move || runs(&known)),
        ("words", _) => of(move |typed| {
            let named: Vec<&str> = known.path.iter().skip(1).map(String::as_str).collect();
            help_words(&named, typed)
        }),
        #[cfg(feature = "sandbox")]
        ("fault", _) => of(super::super::sandbox::fault_candidates),
        #[cfg(feature = "sandbox")]
        ("behaviour", _) => of(super::super::sandbox::behaviour_candidates),
        (_, Some("FILE" | "PLAN")) => of(|_| vec![Candidate::new("").tag(Some(FILE_TAG.into()))]),
        _ if arg.is_ignore_case_set() => {
            let words = arg.get_possible_values();
            let words: Vec<String> = words.iter().map(|word| word.get_name().to_string()).collect();
            of(move |typed| matching(typed, words.iter().map(|word| candidate(word, ""))))
        }
        _ => return None,
    })
}

fn of(all: impl Fn(&str) -> Vec<Candidate> + Send + Sync + 'static) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| typed.to_str().map(&all).unwrap_or_default())
}

/// If the file cannot be read, there are no candidates.
fn listed(all: impl Fn() -> Result<Vec<Candidate>> + Send + Sync + 'static) -> ArgValueCompleter {
    of(move |typed| matching(typed, all().unwrap_or_default()))
}

fn profiles() -> Result<Vec<Candidate>> {
    let config = Config::load()?;
    let help = |name: &str| {
        let settings = config.settings(name);
        let message = [settings.text(Key::Label), settings.text(Key::BaseUrl)];
        message.into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    Ok(config.names().into_iter().map(|name| candidate(name, &help(name))).collect())
}

/// The latest entries, newest first; for `undo` those of its profile that may have written something.
fn entries(known: &CompletionContext) -> Result<Vec<Candidate>> {
    let undo = known.path.iter().any(|word| word == "undo");
    let profile = undo.then(|| known.profile.clone());
    let mut candidates = Vec::new();
    for entry in store()?.history(&Filter { profile, limit: Some(LATEST), ..Filter::default() }) {
        let entry = entry?;
        let name = plain(&entry.entry).filter(|_| !undo || entry.outcome != Some(EntryOutcome::NotWritten));
        candidates.extend(name.map(|name| candidate(name, &history::line(&entry))));
    }
    Ok(candidates)
}

fn runs(known: &CompletionContext) -> Result<Vec<Candidate>> {
    let runs = store()?.runs()?;
    let runs = runs.iter().filter(|run| run.about.profile == known.profile);
    let help = |RunRecord { about, rows, .. }: &RunRecord| {
        format!("{} {}: {rows} rows", about.kind.name(), about.source)
    };
    Ok(runs.filter_map(|run| Some(candidate(plain(&run.about.run)?, &help(run)))).collect())
}

/// Without a timeout, because a shell must not wait for another process.
fn store() -> Result<Store> {
    environment::state_folder().map(|folder| Store::at(folder, Duration::ZERO))
}

/// None for a name that this program did not generate, because a shell may not take it as one word.
fn plain(name: &EntryId) -> Option<String> {
    let name = name.to_string();
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-').then_some(name)
}
