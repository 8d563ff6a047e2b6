//! The short help, `-h`: it fits on a screen and names every flag. `--help` explains the flags, with examples.

use clap::{Arg, ArgAction, Command};

/// A command with more flags than this lists only their names.
const MANY: usize = 5;
/// The columns of a line: one less than a usual terminal has.
const COLUMNS: usize = 79;
const HEADING: usize = 14;

const MORE: &str = "--help explains every flag, with examples.";

pub(super) fn add(program: Command) -> Command {
    let everywhere = line("Everywhere", program.get_arguments().filter_map(global_name));
    let below = program.get_after_help().cloned().unwrap_or_default();
    let program = program.mut_args(|arg| arg.hide_short_help(true));
    each(program, "", &everywhere).after_help(format!("{everywhere}\n\n{below}")).after_long_help(below)
}

/// `path` ends with a space unless it is empty.
fn each(command: Command, path: &str, everywhere: &str) -> Command {
    command.mut_subcommands(|command| {
        let command_path = format!("{path}{}", command.get_name());
        each(one(command, &command_path, everywhere), &format!("{command_path} "), everywhere)
    })
}

fn one(command: Command, path: &str, everywhere: &str) -> Command {
    let flags: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_positional()).collect();
    let only_names = flags.len() > MANY;
    let names = if only_names { names(&flags) } else { String::new() };
    let command = command
        .after_help(format!("{names}{everywhere}\n\n{MORE}"))
        .mut_args(|arg| if arg.is_positional() { arg } else { arg.hide_short_help(only_names) });
    if command.get_after_long_help().is_some() {
        return command;
    }
    command.after_long_help(format!("`fusebill help {path} COMMAND` explains one of them, with examples."))
}

/// The letter of a switch; none for help and version.
fn global_name(flag: &Arg) -> Option<String> {
    match (flag.get_action(), flag.get_short()) {
        (ArgAction::Help | ArgAction::Version, _) => None,
        (ArgAction::SetTrue, Some(letter)) => Some(format!("-{letter}")),
        _ => long_name(flag),
    }
}

fn long_name(flag: &Arg) -> Option<String> {
    flag.get_long().map(|name| format!("--{name}"))
}

fn names(flags: &[&Arg]) -> String {
    let heading = |flag: &Arg| flag.get_help_heading().unwrap_or("Options").to_string();
    let mut headings: Vec<String> = Vec::new();
    for flag in flags {
        if !headings.contains(&heading(flag)) {
            headings.push(heading(flag));
        }
    }
    let mut lines = String::new();
    for name in headings {
        let under = flags.iter().filter(|flag| heading(flag) == name);
        lines.push_str(&line(&name, under.filter_map(|flag| long_name(flag))));
        lines.push('\n');
    }
    lines
}

fn line(heading: &str, words: impl Iterator<Item = String>) -> String {
    let mut text = format!("{:<HEADING$}", format!("{heading}:"));
    let mut column = HEADING;
    for word in words {
        if column + 1 + word.len() > COLUMNS {
            text.push_str(&format!("\n{:HEADING$}", ""));
            column = HEADING;
        }
        text.push_str(&format!(" {word}"));
        column += 1 + word.len();
    }
    text
}
