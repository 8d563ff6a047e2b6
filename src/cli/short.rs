//! The two helps of a command: `-h`, which fits on a screen and names the flags, and `--help` with its examples.

use clap::{Arg, ArgAction, Command};

use super::examples;
use super::global::GLOBAL;

/// A command with more flags than this lists only their names.
const MANY: usize = 9;
/// The narrowest screen that is written for, in columns.
const COLUMNS: usize = 79;

const MORE: &str = "--help explains every flag, with examples.";

/// The program with its own flags for help and version, which every command has.
pub(super) fn flagged(command: Command) -> Command {
    let flag = |name: &'static str, short: char, action: ArgAction, help: &'static str| {
        let flag = Arg::new(name).short(short).long(name).action(action).help(help).help_heading(GLOBAL);
        flag.global(true).hide_short_help(true)
    };
    command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(flag("help", 'h', ArgAction::Help, "Print help: with -h in short"))
        .arg(flag("version", 'V', ArgAction::Version, "Print the version"))
}

/// The program with its short help made short, and that of every command. It parses as [`flagged`] does.
pub(super) fn shortened(command: Command) -> Command {
    let first = command.get_after_help().cloned().unwrap_or_default();
    flagged(each(command, "")).after_help(format!("{}\n\n{first}", everywhere())).after_long_help(first)
}

/// Every command below one, which is at this path.
fn each(command: Command, at: &str) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_string()).collect();
    names.iter().fold(command, |command, name| {
        let path = format!("{at} {name}");
        command.mut_subcommand(name, |command| one(command, path.trim_start()))
    })
}

fn one(command: Command, at: &str) -> Command {
    let command = each(command, at);
    let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_positional()).collect();
    let lists = own.len() > MANY;
    let listing = if lists { listing(&own) } else { String::new() };
    let command = command
        .mut_args(|arg| if lists && !arg.is_positional() { arg.hide_short_help(true) } else { arg })
        .after_help(format!("{listing}{}\n\n{MORE}", everywhere()));
    match examples::of(at) {
        Some(examples) => command.after_long_help(examples),
        None => command
            .after_long_help(format!("`fusebill help {at} COMMAND` explains one of them, with examples.")),
    }
}

/// The flags that every command takes.
fn everywhere() -> String {
    let flags = ["--profile", "--output", "--color", "--no-input", "--timeout", "-q", "-v"];
    line("Everywhere", &flags.map(str::to_string))
}

/// A line for each heading, in the order in which they come.
fn listing(flags: &[&Arg]) -> String {
    let mut headings: Vec<&str> = Vec::new();
    for flag in flags {
        let heading = flag.get_help_heading().unwrap_or("Options");
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    let under = |heading: &str| -> Vec<String> {
        let under = flags.iter().filter(|flag| flag.get_help_heading().unwrap_or("Options") == heading);
        under.filter_map(|flag| Some(format!("--{}", flag.get_long()?))).collect()
    };
    headings.iter().map(|heading| line(heading, &under(heading)) + "\n").collect()
}

/// Words after a heading, over as many lines as they take.
fn line(heading: &str, words: &[String]) -> String {
    const INDENT: usize = 15;
    let mut lines = vec![format!("{:<INDENT$}", format!("{heading}:"))];
    for word in words {
        let last = lines.len() - 1;
        if lines[last].len() + word.len() > COLUMNS {
            lines.push(" ".repeat(INDENT));
        }
        let last = lines.len() - 1;
        lines[last].push_str(word);
        lines[last].push(' ');
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}
