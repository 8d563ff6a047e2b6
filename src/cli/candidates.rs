//! What may stand where a value is completed, as far as the command line itself knows: fields, topics, prefixes.
//!
//! Each function is given the text so far and gives whole values. What a journal or a file of profiles holds is added
//! by `commands::complete`.

use clap_complete::CompletionCandidate as Candidate;

use super::topics::TOPICS;
use crate::field::{CODES_PATH, FIELDS, Field, READ_ONLY};
use crate::report::escape::escaped;
use crate::search::filters::MatchKind;
use crate::search::names;

/// A value with a line of help, which may be what a server or a file says.
pub fn candidate(value: impl Into<String>, help: &str) -> Candidate {
    let help = (!help.is_empty()).then(|| escaped(help).into_owned().into());
    Candidate::new(value.into()).help(help)
}

/// Those that go on from the text, in any case.
pub fn matching(typed: &str, candidates: impl IntoIterator<Item = Candidate>) -> Vec<Candidate> {
    let begins = |candidate: &Candidate| {
        let start = candidate.get_value().to_str().and_then(|value| value.get(..typed.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(typed))
    };
    candidates.into_iter().filter(begins).collect()
}

/// Those after the last comma that are not named before it.
pub fn after_comma(typed: &str, all: impl FnOnce(&str) -> Vec<Candidate>) -> Vec<Candidate> {
    let (before, last) = typed.rfind(',').map_or(("", typed), |at| typed.split_at(at + 1));
    let named: Vec<&str> = before.split(',').map(str::trim).collect();
    let fresh = |candidate: &Candidate| !named.iter().any(|name| candidate.get_value() == *name);
    all(last).into_iter().filter(fresh).map(|candidate| candidate.add_prefix(before)).collect()
}

/// The first of two lists that is not empty.
fn first_of(one: Vec<Candidate>, other: impl FnOnce() -> Vec<Candidate>) -> Vec<Candidate> {
    if one.is_empty() { other() } else { one }
}

/// Names for `--clear`: the flags, or the paths where no flag begins so. Each field is offered once that way.
pub fn clearable(typed: &str) -> Vec<Candidate> {
    let fields = || FIELDS.iter().filter(|field| field.never_null().is_none());
    let flags = fields().map(|field| candidate(field.flag, field.help));
    let paths = fields().map(|field| candidate(spelled(typed, field.path), field.help));
    after_comma(typed, |last| first_of(matching(last, flags), || matching(last, paths)))
}

/// Paths of fields for `--set`, with what the field may hold once the path is there.
pub fn settable(typed: &str) -> Vec<Candidate> {
    let text = |field: &&Field| field.path != CODES_PATH;
    assignments(typed, FIELDS.iter().filter(text).map(writable), |path| words_at(path).to_vec())
}

/// Paths of fields for `--set-json`, with the tokens that are words of JSON.
pub fn settable_json(typed: &str) -> Vec<Candidate> {
    assignments(typed, FIELDS.iter().map(writable), |_| vec!["null"])
}

/// Paths of fields for `--expect`, with what the field may hold once the path is there.
pub fn expectable(typed: &str) -> Vec<Candidate> {
    let read_only = READ_ONLY.iter().map(|field| (field.path, "read-only"));
    assignments(typed, FIELDS.iter().map(writable).chain(read_only), |path| words_at(path).to_vec())
}

/// Names of fields for `--where`, with what the field may hold once the name is there.
pub fn searchable(typed: &str) -> Vec<Candidate> {
    let Some((name, value)) = typed.split_once('=') else {
        return field_names(typed, |_| true).iter().map(|name| open(name, "=")).collect();
    };
    let words: Vec<&str> = match names::find(name).map(|name| name.kind) {
        Ok(MatchKind::Word(words)) => words.to_vec(),
        _ => Vec::new(),
    };
    let words =
        || words.iter().map(|word| candidate(*word, "")).chain([candidate("[empty]", "null or empty")]);
    let values = after_comma(value, |last| matching(last, words()));
    values.into_iter().map(|value| value.add_prefix(format!("{name}="))).collect()
}

/// Names of fields for `--sort`: those that the API can sort by.
pub fn sortable(typed: &str) -> Vec<Candidate> {
    field_names(typed, |name| names::find(name).is_ok_and(|name| name.filter.is_some()))
}

/// Names of fields for `--columns`, one of them.
pub fn column(typed: &str) -> Vec<Candidate> {
    field_names(typed, |_| true)
}

/// What a customer that is not named by a number begins with.
pub fn customers(typed: &str) -> Vec<Candidate> {
    let prefixes = [
        candidate("reference:", "the customer with this reference"),
        candidate("email:", "the customer with this address"),
    ];
    matching(typed, prefixes)
}

/// Commands below the one that the words name, and topics beside the first of them.
pub fn help_words(named: &[&str], typed: &str) -> Vec<Candidate> {
    let root = super::command();
    let command = named.iter().try_fold(&root, |command, name| command.find_subcommand(name));
    let about = |command: &clap::Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let commands = command.into_iter().flat_map(clap::Command::get_subcommands);
    let commands = commands.map(|command| candidate(command.get_name(), &about(command)));
    let topics = TOPICS.iter().filter(|_| named.is_empty()).map(|(name, _)| candidate(*name, "topic"));
    matching(typed, commands.chain(topics))
}

/// The flag's name of every field that has one and the path of every other; the paths of those too, where none of
/// these begins so.
fn field_names(typed: &str, wanted: impl Fn(&str) -> bool) -> Vec<Candidate> {
    let fields = || FIELDS.iter().filter(|field| field.path != CODES_PATH && wanted(field.path));
    let read_only = READ_ONLY.iter().filter(|field| wanted(field.path));
    let read_only = read_only.map(|field| candidate(field.path, "read-only"));
    let flags = fields().map(|field| candidate(field.flag, field.help)).chain(read_only);
    let paths = fields().map(|field| candidate(field.path, field.help));
    first_of(matching(typed, flags), || matching(typed, paths))
}

fn writable(field: &Field) -> (&'static str, &'static str) {
    (field.path, field.help)
}

/// Paths with `=` after them; once that is there, the words that the value may be.
fn assignments(
    typed: &str,
    fields: impl Iterator<Item = (&'static str, &'static str)>,
    words: impl FnOnce(&str) -> Vec<&'static str>,
) -> Vec<Candidate> {
    match typed.split_once('=') {
        None => matching(typed, fields.map(|(path, help)| open(&candidate(spelled(typed, path), help), "="))),
        Some((path, value)) => {
            let words = matching(value, words(path).into_iter().map(|word| candidate(word, "")));
            words.into_iter().map(|word| word.add_prefix(format!("{path}="))).collect()
        }
    }
}

/// A candidate that more is to follow.
fn open(candidate: &Candidate, sign: &str) -> Candidate {
    let value = candidate.get_value().to_string_lossy().into_owned() + sign;
    Candidate::new(value).help(candidate.get_help().cloned())
}

/// A path as it is being typed: dotted, or as a JSON Pointer.
fn spelled(typed: &str, path: &str) -> String {
    let last = typed.rsplit(',').next().unwrap_or(typed);
    if last.starts_with('/') { format!("/{}", path.replace('.', "/")) } else { path.to_string() }
}

/// The words that the field at a path may hold.
fn words_at(path: &str) -> &'static [&'static str] {
    let dotted = path.trim_start_matches('/').replace('/', ".");
    match names::find(&dotted).map(|name| name.kind) {
        Ok(MatchKind::Word(words)) => words,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(candidates: impl IntoIterator<Item = Candidate>) -> Vec<String> {
        let value = |candidate: Candidate| candidate.get_value().to_string_lossy().into_owned();
        candidates.into_iter().map(value).collect()
    }

    #[test]
    fn everything_that_is_offered_to_clear_can_be_cleared() {
        let flags = values(clearable(""));
        assert!(flags.contains(&"first-name".to_string()) && !flags.contains(&"status".to_string()));
        let paths = ["customer", "firstN", "companyN", "/parent"].map(|typed| values(clearable(typed)));
        assert!(paths.iter().all(|paths| !paths.is_empty()), "{paths:?}");
        let all: Vec<String> = flags.into_iter().chain(paths.concat()).collect();
        for name in all {
            let line = ["fusebill", "customer", "update", "1", "--clear", &name].map(Into::into);
            let cli = crate::cli::parse(&line).unwrap();
            let crate::cli::Command::Customer(crate::cli::CustomerCommand::Update(args)) = cli.command else {
                panic!("it is an update")
            };
            assert!(args.request().is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_after_a_comma_is_another_one() {
        assert_eq!(values(clearable("suffix,middle")), ["suffix,middle-name"]);
        assert_eq!(values(clearable("suffix,middleN")), ["suffix,middleName"]);
        assert_eq!(values(clearable("suffix,suf")), [""; 0]);
        assert_eq!(values(clearable("/customerReference/reference1")), ["/customerReference/reference1"]);
    }

    #[test]
    fn a_path_is_followed_by_its_value() {
        assert_eq!(values(settable("tit")), ["title="]);
        assert_eq!(values(settable("title=m")), ["title=Mr", "title=Mrs", "title=Ms", "title=Miss"]);
        assert_eq!(values(settable("/customerAcq"))[0], "/customerAcquisition/adContent=");
        assert_eq!(values(settable("firstName=")), [""; 0]);
        assert_eq!(values(settable_json("firstName=n")), ["firstName=null"]);
        assert_eq!(values(expectable("customerAccountStatus=g")), ["customerAccountStatus=Good"]);
        assert_eq!(values(searchable("status=Active,d")), ["status=Active,Draft"]);
        assert_eq!(values(searchable("last")), ["last-name="]);
        assert_eq!(values(searchable("lastN")), ["lastName="]);
    }

    #[test]
    fn what_is_offered_to_search_and_sort_by_is_known() {
        for name in values(searchable("")) {
            assert!(names::find(name.trim_end_matches('=')).is_ok(), "{name}");
        }
        let sortable = values(sortable(""));
        assert!(sortable.contains(&"createdTimestamp".to_string()));
        assert!(!sortable.contains(&"currency".to_string()));
        assert!(values(column("")).contains(&"currency".to_string()));
    }

    #[test]
    fn help_goes_down_the_commands() {
        assert_eq!(values(help_words(&[], "saf")), ["safety"]);
        assert!(values(help_words(&[], "")).contains(&"customer".to_string()));
        assert_eq!(values(help_words(&["customer"], "up")), ["update"]);
        assert_eq!(values(help_words(&["nope"], "")), [""; 0]);
    }
}
