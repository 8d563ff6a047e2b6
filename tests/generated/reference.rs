//! The command reference: every command with its flags and examples, then the tables of fields, codes and settings.

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use fusebill::field::Field;

use crate::commands::{self, GLOBAL, More, about, heading, headings, help, more, summary, usage};
use crate::markdown::{block, code, prose, sentence, table};
use crate::tables;

const INTRODUCTION: &str = "\
# Command reference

Every command with its flags, and the tables behind them. It is made from the program's own definitions, as the man pages
are; `fusebill help COMMAND` says the same on a terminal. [editing.md](editing.md), [finding.md](finding.md),
[bulk.md](bulk.md) and [accounts.md](accounts.md) explain how the commands are used.
";

/// The whole reference.
pub fn text(program: &Command, fields: &[Field]) -> String {
    let all = commands::all(program);
    let sections = tables::all(fields);
    let mut text = format!("{INTRODUCTION}\n## Contents\n\n");
    for (words, command) in &all {
        let depth = words.matches(' ').count();
        let said = prose(&summary(command));
        text.push_str(&format!("{}- [{words}](#{}): {said}\n", "  ".repeat(depth), anchor(words)));
    }
    for title in std::iter::once(GLOBAL).chain(sections.iter().map(|(title, _)| *title)) {
        text.push_str(&format!("- [{title}](#{})\n", anchor(title)));
    }
    text.push('\n');
    for (words, command) in &all {
        text.push_str(&one(words, command));
    }
    text.push_str(&format!("## {GLOBAL}\n\nEvery command takes them, before or after its name.\n\n"));
    text.push_str(&flags(program, GLOBAL));
    for (title, body) in sections {
        text.push_str(&format!("## {title}\n\n{body}"));
    }
    format!("{}\n", text.trim_end())
}

/// What a link to a heading is on every page that shows Markdown.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

fn one(words: &str, command: &Command) -> String {
    let mut text = format!("## {words}\n\n{}", block(&usage(command)));
    for paragraph in about(command) {
        text.push_str(&format!("{}\n\n", prose(&paragraph)));
    }
    let row = |below: &Command| {
        let name = format!("{words} {}", below.get_name());
        vec![format!("[{name}](#{})", anchor(&name)), prose(&summary(below))]
    };
    let below: Vec<Vec<String>> = command.get_subcommands().map(row).collect();
    if !below.is_empty() {
        text.push_str(&table(&["command", "what it does"], &below));
    }
    let arguments: Vec<Vec<String>> =
        command.get_positionals().map(|arg| vec![code(&arg.to_string()), meaning(arg)]).collect();
    if !arguments.is_empty() {
        text.push_str(&table(&["argument", "what it is"], &arguments));
    }
    for title in headings(command).into_iter().filter(|title| *title != GLOBAL) {
        text.push_str(&format!("**{title}**\n\n{}", flags(command, title)));
    }
    for part in more(command) {
        text.push_str(&match part {
            More::Block(title, lines) => {
                format!("{}:\n\n{}", prose(&title), block(&lines))
            }
            More::Prose(text) => format!("{}\n\n", prose(&text)),
        });
    }
    text
}

/// The flags under a heading.
fn flags(command: &Command, title: &str) -> String {
    let under = command.get_arguments().filter(|arg| !arg.is_positional() && heading(arg) == title);
    let row = |arg: &Arg| vec![code(&spelling(arg)), meaning(arg)];
    table(&["flag", "what it does"], &under.map(row).collect::<Vec<_>>())
}

/// How a flag is typed.
fn spelling(arg: &Arg) -> String {
    let long = arg.to_string();
    arg.get_short().map_or(long.clone(), |short| format!("-{short}, {long}"))
}

/// What an argument is, what it may be, and what it is where it is not given.
fn meaning(arg: &Arg) -> String {
    let mut text = sentence(&help(arg));
    let takes = arg.get_num_args().is_some_and(|count| count.takes_values());
    let values: Vec<PossibleValue> = if takes { arg.get_possible_values() } else { Vec::new() };
    let value = |value: &PossibleValue| match value.get_help() {
        Some(help) => format!("{} ({})", code(value.get_name()), prose(&help.to_string())),
        None => code(value.get_name()),
    };
    let values: Vec<String> = values.iter().filter(|value| !value.is_hide_set()).map(value).collect();
    let end = |text: &mut String| {
        if !text.ends_with('.') {
            text.push('.');
        }
    };
    if !values.is_empty() {
        end(&mut text);
        text.push_str(&format!(" One of {}.", values.join(", ")));
    }
    let usual: Vec<String> =
        arg.get_default_values().iter().map(|value| code(&value.to_string_lossy())).collect();
    if takes && !usual.is_empty() {
        end(&mut text);
        text.push_str(&format!(" Default: {}.", usual.join(", ")));
    }
    text
}
