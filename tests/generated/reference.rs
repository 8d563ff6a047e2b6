//! The command reference: every command with its flags, then the tables of fields, codes and settings.

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use fusebill::account::setting::SETTINGS;
use fusebill::field::Field;

use crate::commands::{self, GLOBAL, about, heading, headings, help, summary, usage};
use crate::markdown::{block, code, list, prose, sentence};
use crate::tables;

const INTRODUCTION: &str = "\
# Command reference

Which commands, flags, fields, exit codes, variables and settings exist? This page is made from the definitions of the program.
`fusebill help COMMAND` and the man pages have examples too. [Finding customers](finding.md) has the patterns of `--where`,
[many customers](bulk.md) the files of `bulk`.
";

/// The title of the flags that several commands have.
const SHARED: &str = "Shared options";

/// The whole reference.
pub fn text(program: &Command, fields: &[Field]) -> String {
    let all = commands::all(program);
    let shared = shared(&all);
    let sections = tables::all(fields);
    let mut text = format!("{INTRODUCTION}\n## Contents\n\n");
    for (words, command) in all.iter().filter(|(_, command)| command.has_subcommands()) {
        text.push_str(&format!("- {words}: {}: {}\n", prose(&summary(command)), links(words, command)));
    }
    for title in [SHARED, GLOBAL].into_iter().chain(sections.iter().map(|(title, _)| *title)) {
        text.push_str(&format!("- [{title}](#{})\n", anchor(title)));
    }
    text.push('\n');
    for (words, command) in all.iter().filter(|(_, command)| has_section(command)) {
        text.push_str(&section(words, command, fields, &shared));
    }
    text.push_str(&format!(
        "## {SHARED}\n\nThe commands above name those that they take.\n\n{}",
        list(shared.clone())
    ));
    let global = flags(program, GLOBAL).into_iter().map(row);
    text.push_str(&format!(
        "## {GLOBAL}\n\nEvery command takes them, before or after its name.\n\n{}",
        list(global)
    ));
    for (title, body) in sections {
        text.push_str(&format!("## {title}\n\n{body}"));
    }
    format!("{}\n", text.trim_end())
}

/// Links to the commands below a command.
fn links(words: &str, command: &Command) -> String {
    let below = command.get_subcommands().filter(|below| has_section(below)).map(|below| {
        let name = below.get_name();
        format!("[{name}](#{})", anchor(&format!("{words} {name}")))
    });
    below.collect::<Vec<_>>().join(", ")
}

/// The contents describe a command that only groups others.
fn has_section(command: &Command) -> bool {
    !command.has_subcommands() || command.get_positionals().next().is_some()
}

/// What a link to a heading is on every page that shows Markdown.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// The flags of a command, without the global ones.
fn own_flags(command: &Command) -> Vec<&Arg> {
    let own = headings(command).into_iter().filter(|title| *title != GLOBAL);
    own.flat_map(|title| flags(command, title)).collect()
}

/// The rows of the flags that more than one command has with the same meaning.
fn shared(all: &[(String, &Command)]) -> Vec<String> {
    let rows: Vec<String> = all.iter().flat_map(|(_, command)| own_flags(command)).map(row).collect();
    let mut shared: Vec<String> = Vec::new();
    for row in &rows {
        if !shared.contains(row) && rows.iter().filter(|other| *other == row).count() > 1 {
            shared.push(row.clone());
        }
    }
    shared
}

fn section(words: &str, command: &Command, fields: &[Field], shared: &[String]) -> String {
    let mut text = format!("## {words}\n\n");
    let arguments = command.get_positionals().map(|arg| format!(" {arg}")).collect::<String>();
    let usage = usage(command);
    // The list of arguments says the same.
    if usage != [format!("{words} [OPTIONS]{arguments}")] {
        text.push_str(&block(&usage));
    }
    for paragraph in about(command) {
        text.push_str(&format!("{}\n\n", prose(&paragraph)));
    }
    let rows = rows(command, fields, shared);
    if !rows.is_empty() {
        text.push_str(&list(rows));
    }
    text
}

/// The arguments and flags of a command; one row links to the shared flags.
fn rows(command: &Command, fields: &[Field], shared: &[String]) -> Vec<String> {
    let (links, own): (Vec<&Arg>, Vec<&Arg>) =
        own_flags(command).into_iter().partition(|arg| shared.contains(&row(arg)));
    let mut rows: Vec<String> = command.get_positionals().map(row).collect();
    for arg in own {
        let row = table_link(arg, fields).unwrap_or_else(|| row(arg));
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    if !links.is_empty() {
        let names = links.iter().filter_map(|arg| arg.get_long()).map(|name| code(&format!("--{name}")));
        let names = names.collect::<Vec<_>>().join(", ");
        rows.push(format!("{names} ([{}](#{}))", SHARED.to_lowercase(), anchor(SHARED)));
    }
    rows
}

/// A link to the table that explains a flag, instead of its own row.
fn table_link(arg: &Arg, fields: &[Field]) -> Option<String> {
    let id = arg.get_id().as_str();
    if fields.iter().any(|field| field.flag == id) {
        return Some("a flag for each of the [fields](#fields)".to_string());
    }
    let is_setting = SETTINGS.iter().any(|setting| setting.flag == id);
    is_setting.then(|| "a flag for each of the [settings](#settings-of-a-profile)".to_string())
}

/// The flags under a heading.
fn flags<'a>(command: &'a Command, title: &str) -> Vec<&'a Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional() && heading(arg) == title).collect()
}

/// An argument and its meaning, as an item of a list.
fn row(arg: &Arg) -> String {
    let name = if arg.is_positional() { arg.to_string() } else { spelling(arg) };
    format!("{}: {}", code(&name), meaning(arg))
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
