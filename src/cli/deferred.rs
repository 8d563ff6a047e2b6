//! Definitions that are made when their command is the one in use.
//!
//! A run takes one command and is asked for the flags of no other, so making those would be most of what reading the
//! command line takes. Help, man pages and completions are about all of them and ask for [`whole`].

use std::cell::Cell;
use std::ops::Deref;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id, Subcommand};

/// The flags of a command, or the commands below one.
///
/// clap puts the flags of every command before those that are deferred, and the description of their type in the place of
/// the command's. So what is deferred parses the same and reads worse, and nothing is shown of it.
#[derive(Debug)]
pub struct Deferred<T>(Box<T>);

thread_local! {
    /// Whether nothing is deferred just now: clap hands nothing to what it defers that could say so.
    static WHOLE: Cell<bool> = const { Cell::new(false) };
}

/// What `define` defines, with nothing left out.
pub(super) fn whole(define: impl FnOnce() -> Command) -> Command {
    let before = WHOLE.replace(true);
    let command = define();
    WHOLE.set(before);
    command
}

fn later(command: Command, define: fn(Command) -> Command) -> Command {
    if WHOLE.get() { define(command) } else { command.defer(define) }
}

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Deferred<T>, Error> {
        T::from_arg_matches(matches).map(|read| Deferred(Box::new(read)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Deferred<T>, Error> {
        T::from_arg_matches_mut(matches).map(|read| Deferred(Box::new(read)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Deferred<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        later(command, T::augment_args)
    }

    fn augment_args_for_update(command: Command) -> Command {
        later(command, T::augment_args_for_update)
    }
}

impl<T: Subcommand> Subcommand for Deferred<T> {
    fn augment_subcommands(command: Command) -> Command {
        later(command, T::augment_subcommands)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        later(command, T::augment_subcommands_for_update)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::{Cli, command, short};
    use super::*;

    /// What can be typed after each command, by its path.
    fn typed(command: &Command, at: &str, all: &mut Vec<(String, Vec<String>)>) {
        let mut flags: Vec<String> = command
            .get_arguments()
            .map(|arg| format!("{} {:?} {}", arg, arg.get_num_args(), arg.is_required_set()))
            .collect();
        flags.sort();
        all.push((at.to_string(), flags));
        for below in command.get_subcommands() {
            typed(below, &format!("{at} {}", below.get_name()), all);
        }
    }

    #[test]
    fn what_is_deferred_can_be_typed_as_help_shows_it() {
        let all = |mut command: Command| {
            let mut all = Vec::new();
            command.build();
            typed(&command, "", &mut all);
            all
        };
        let deferred = all(short::flagged(Cli::command()));
        assert!(
            deferred.iter().any(|(at, flags)| at == " customer update" && flags.len() > 30),
            "{deferred:?}"
        );
        assert_eq!(deferred, all(command()));
    }

    #[test]
    fn only_what_is_used_is_made() {
        let flags = |command: &Command| {
            let update =
                command.find_subcommand("customer").and_then(|command| command.find_subcommand("update"));
            update.map_or(0, |command| command.get_arguments().count())
        };
        assert_eq!(flags(&Cli::command()), 0);
        assert!(flags(&whole(Cli::command)) > 30);
        assert_eq!(flags(&Cli::command()), 0, "nothing is left behind");
    }
}
