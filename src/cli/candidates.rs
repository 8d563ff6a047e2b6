//! Completions of values that need no files: fields, topics, prefixes of customers. Each function gives whole values for the
//! text typed so far.

use clap_complete::CompletionCandidate as Candidate;

use super::topics::TOPICS;
use crate::field::{CODES_PATH, FIELDS, Field, READ_ONLY};
use crate::report::escape::escaped;
use crate::search::filters::MatchKind;
use crate::search::names;

/// `help` is escaped because it may come from a server or a file.
pub(crate) fn candidate(value: impl Into<String>, help: &str) -> Candidate {
    let help = (!help.is_empty()).then(|| escaped(help).into_owned().into());
    Candidate::new(value.into()).help(help)
}

/// Case does not matter.
pub(crate) fn matching(typed: &str, candidates: impl IntoIterator<Item = Candidate>) -> Vec<Candidate> {
    let begins = |candidate: &Candidate| {
        let start = candidate.get_value().to_str().and_then(|value| value.get(..typed.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(typed))
    };
    candidates.into_iter().filter(begins).collect()
}

/// Without the values before the last comma.
pub(crate) fn after_comma(typed: &str, all: impl FnOnce(&str) -> Vec<Candidate>) -> Vec<Candidate> {
    let (before, last) = typed.rfind(',').map_or(("", typed), |at| typed.split_at(at + 1));
    let named: Vec<&str> = before.split(',').map(str::trim).collect();
    let fresh = |candidate: &Candidate| !named.iter().any(|name| candidate.get_value() == *name);
    all(last).into_iter().filter(fresh).map(|candidate| candidate.add_prefix(before)).collect()
}

pub(crate) fn clearable(typed: &str) -> Vec<Candidate> {
    after_comma(typed, |last| field_names(last, |field| field.never_null().is_none(), Vec::new()))
}

pub(crate) fn settable(typed: &str) -> Vec<Candidate> {
    assignments(typed, paths(typed, is_plain), |path, value| matching(value, words(path)))
}

pub(crate) fn settable_json(typed: &str) -> Vec<Candidate> {
    assignments(typed, paths(typed, |_| true), |_, value| matching(value, [candidate("null", "")]))
}

pub(crate) fn expectable(typed: &str) -> Vec<Candidate> {
    let mut all = paths(typed, |_| true);
    all.extend(matching(typed, read_only(|_| true)));
    assignments(typed, all, |path, value| matching(value, words(path)))
}

pub(crate) fn searchable(typed: &str) -> Vec<Candidate> {
    assignments(typed, column(typed), |name, value| {
        let empty = candidate("[empty]", "null or empty");
        after_comma(value, |last| matching(last, words(name).into_iter().chain([empty])))
    })
}

pub(crate) fn sortable(typed: &str) -> Vec<Candidate> {
    let sorts = |path: &str| names::find(path).is_ok_and(|name| name.filter.is_some());
    field_names(typed, |field| is_plain(field) && sorts(field.path), read_only(sorts))
}

pub(crate) fn column(typed: &str) -> Vec<Candidate> {
    field_names(typed, is_plain, read_only(|_| true))
}

pub(crate) fn customers(typed: &str) -> Vec<Candidate> {
    let reference = candidate("reference:", "the customer with this reference");
    matching(typed, [reference, candidate("email:", "the customer with this address")])
}

pub(crate) fn help_words(named: &[&str], typed: &str) -> Vec<Candidate> {
    let root = super::command();
    let command = named.iter().try_fold(&root, |command, name| command.find_subcommand(name));
    let about = |command: &clap::Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let commands = command.into_iter().flat_map(clap::Command::get_subcommands);
    let commands = commands.map(|command| candidate(command.get_name(), &about(command)));
    let topics = TOPICS.iter().filter(|_| named.is_empty()).map(|(name, _)| candidate(*name, "topic"));
    matching(typed, commands.chain(topics))
}

fn is_plain(field: &Field) -> bool {
    field.path != CODES_PATH
}

/// Paths of the fields if neither a flag name nor one of the others matches.
fn field_names(typed: &str, wanted: impl Fn(&Field) -> bool, others: Vec<Candidate>) -> Vec<Candidate> {
    let fields = FIELDS.iter().filter(|field| wanted(field));
    let found = matching(typed, fields.map(|field| candidate(field.flag, field.help)).chain(others));
    if found.is_empty() { paths(typed, wanted) } else { found }
}

/// Paths of fields: dotted, or as JSON Pointers if one is being typed.
fn paths(typed: &str, wanted: impl Fn(&Field) -> bool) -> Vec<Candidate> {
    let spelled = |path: &str| {
        if typed.starts_with('/') { format!("/{}", path.replace('.', "/")) } else { path.to_string() }
    };
    let fields = FIELDS.iter().filter(|field| wanted(field));
    matching(typed, fields.map(|field| candidate(spelled(field.path), field.help)))
}

fn read_only(wanted: impl Fn(&str) -> bool) -> Vec<Candidate> {
    let fields = READ_ONLY.iter().filter(|field| wanted(field.path));
    fields.map(|field| candidate(field.path, "read-only")).collect()
}

/// Names with `=` after them; values once a name is typed.
fn assignments(
    typed: &str,
    names: Vec<Candidate>,
    values: impl FnOnce(&str, &str) -> Vec<Candidate>,
) -> Vec<Candidate> {
    if let Some((name, value)) = typed.split_once('=') {
        return values(name, value).into_iter().map(|value| value.add_prefix(format!("{name}="))).collect();
    }
    let open = |name: Candidate| {
        Candidate::new(format!("{}=", name.get_value().to_string_lossy())).help(name.get_help().cloned())
    };
    names.into_iter().map(open).collect()
}

fn words(name: &str) -> Vec<Candidate> {
    match names::find(name).map(|name| name.kind) {
        Ok(MatchKind::Word(words)) => words.iter().map(|word| candidate(*word, "")).collect(),
        _ => Vec::new(),
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
            assert!(args.edits.request().is_ok(), "{name}");
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
    fn every_offered_search_name_is_valid_and_only_sortable_fields_sort() {
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
