//! The commands as a document needs them: in order, with their flags under the headings of the help and with what the
//! help says below them.

use clap::{Arg, Command};

/// The heading of flags that have none of their own.
pub const OPTIONS: &str = "Options";
/// The heading of the flags of every command.
pub const GLOBAL: &str = "Global options";

/// What stands below the flags in the long help.
#[derive(Debug)]
pub enum More {
    /// Lines to be kept as they are, below a title such as `Examples`.
    Block(String, Vec<String>),
    /// A paragraph.
    Prose(String),
}

/// The command and every one below it, each with its whole name, such as `fusebill customer update`.
pub fn all(command: &Command) -> Vec<(String, &Command)> {
    fn add<'a>(command: &'a Command, before: &str, found: &mut Vec<(String, &'a Command)>) {
        let name = format!("{before} {}", command.get_name()).trim_start().to_string();
        found.push((name.clone(), command));
        for below in command.get_subcommands() {
            add(below, &name, found);
        }
    }
    let mut found = Vec::new();
    add(command, "", &mut found);
    found
}

/// How it is typed; most commands have one form, some have two.
pub fn usage(command: &Command) -> Vec<String> {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").lines().map(|line| line.trim().to_string()).collect()
}

/// What it does, in paragraphs: the long description where there is one.
pub fn about(command: &Command) -> Vec<String> {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let ended = |text: &str| format!("{}.", text.trim().trim_end_matches('.'));
    about.split("\n\n").map(ended).collect()
}

/// What it does, in one line.
pub fn summary(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// What an argument is: the long help where there is one.
pub fn help(arg: &Arg) -> String {
    arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default()
}

/// The headings of the flags, in the order in which the help has them.
pub fn headings(command: &Command) -> Vec<&str> {
    let mut headings = Vec::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_positional()) {
        let heading = heading(arg);
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings.sort_by_key(|heading| (*heading != OPTIONS, *heading == GLOBAL));
    headings
}

/// The heading of a flag.
pub fn heading(arg: &Arg) -> &str {
    arg.get_help_heading().unwrap_or(OPTIONS)
}

/// What the long help says below the flags, without the lines that only lead to other helps: a document has links.
pub fn more(command: &Command) -> Vec<More> {
    let own = command.get_after_long_help().or(command.get_after_help());
    let text = own.map(ToString::to_string).unwrap_or_default();
    let leads = |text: &&str| {
        ["`fusebill help", "Topics of", "Everywhere:"].iter().any(|start| text.starts_with(start))
    };
    text.split("\n\n").filter(|text| !text.is_empty() && !leads(text)).map(part).collect()
}

fn part(text: &str) -> More {
    match text.split_once(":\n") {
        Some((title, lines)) if lines.lines().all(|line| line.starts_with("  ")) => {
            More::Block(title.to_string(), lines.lines().map(|line| line[2..].to_string()).collect())
        }
        _ => More::Prose(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}
