//! A command line that names its command first, read with the definitions of that command and no others.
//!
//! Every other command would have to be told the flags of all, though none of them is run.

use std::ffi::OsString;

use clap::{Args, Command as Definition, FromArgMatches};

use super::edits::only_typed;
use super::{Cli, Command, CustomerCommand, Deferred, Global};

/// The command line, where it is one of `customer COMMAND …` and nothing is wrong with it: else it takes all definitions
/// to say what is.
pub(super) fn read(arguments: &[OsString]) -> Option<Cli> {
    let [_, customer, command, rest @ ..] = arguments else { return None };
    if customer != "customer" {
        return None;
    }
    match command.to_str()? {
        "get" => with(rest, CustomerCommand::Get),
        "list" => with(rest, CustomerCommand::List),
        "update" => with(rest, CustomerCommand::Update),
        "edit" => with(rest, CustomerCommand::Edit),
        "undo" => with(rest, CustomerCommand::Undo),
        _ => None,
    }
}

fn with<T: Args>(arguments: &[OsString], command: fn(Deferred<T>) -> CustomerCommand) -> Option<Cli> {
    let program = Definition::new("fusebill").no_binary_name(true);
    let program = program.disable_help_flag(true).disable_version_flag(true);
    // A flag that is not defined is one too many, and all definitions are taken then.
    let has_global = arguments.iter().any(|argument| Global::may_have(&argument.to_string_lossy()));
    let program = if has_global { Global::augment_args(program) } else { program };
    let mut definition = only_typed(arguments, || T::augment_args(program));
    let matches = definition.try_get_matches_from_mut(arguments);
    // As in `parse`.
    std::mem::forget(definition);
    let mut matches = matches.ok()?;
    let global =
        if has_global { Global::from_arg_matches_mut(&mut matches).ok()? } else { Global::default() };
    let arguments = Deferred::from_arg_matches_mut(&mut matches).ok()?;
    Some(Cli { global, command: Command::Customer(command(arguments)) })
}

#[cfg(test)]
mod tests {
    use super::super::short;
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn with_all(line: &str) -> Option<Cli> {
        let mut matches = short::flagged(<Cli as clap::CommandFactory>::command())
            .try_get_matches_from(words(line))
            .ok()?;
        Cli::from_arg_matches_mut(&mut matches).ok()
    }

    #[test]
    fn a_command_alone_means_what_it_means_among_all() {
        let lines = [
            "fusebill customer get 1 reference:A -o json --no-input",
            "fusebill customer get -- 1",
            "fusebill customer list --where status=Active --limit 5 -ocsv",
            "fusebill customer update 123 --first-name get --yes --profile p",
            "fusebill customer update --profile=p 123 --clear last-name --set a=b --timeout 5 -q",
            "fusebill customer update 123 --set-json a=1 --dry-run --exit-code --verify read --color never",
            "fusebill customer update 123 --expect a=1 --source=--patch --new-field --reference=--set=1 --status=active",
            "fusebill customer update --patch - 123 --expect-modified 2026-01-02T03:04:05 --suffix Jr. --set a=--title",
            "fusebill customer update 123 --sales-tracking-code A=1 --sales-tracking-code=B=2 --remove-sales-tracking-code C",
            "fusebill customer edit 123 --prompt --no-journal",
            "fusebill customer undo --last --yes -v",
            "fusebill customer undo entry",
            "fusebill customer undo -yq entry",
            "fusebill customer undo -yojson entry",
            "fusebill customer update 123 --suffix=-q --set=a=--profile",
            "fusebill customer update --suffix q -- 123",
        ];
        for line in lines {
            let alone = read(&words(line)).map(|cli| format!("{cli:?}"));
            assert!(alone.is_some(), "{line}");
            assert_eq!(alone, with_all(line).map(|cli| format!("{cli:?}")), "{line}");
        }
    }

    #[test]
    fn whatever_else_there_is_to_say_takes_all_definitions() {
        let lines = [
            "fusebill",
            "fusebill customer",
            "fusebill customer update",
            "fusebill customer update --help",
            "fusebill customer update 123 -V",
            "fusebill customer update 123 --frist-name John",
            "fusebill customer update 123 -q -v",
            "fusebill customer undo --last entry",
            "fusebill customer history",
            "fusebill customer bulk list",
            "fusebill --profile p customer get 1",
            "fusebill customer --profile p get 1",
            "fusebill auth status",
        ];
        for line in lines {
            assert!(read(&words(line)).is_none(), "{line}");
        }
    }
}
