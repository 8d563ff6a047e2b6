//! The command reference: every command with its flags and examples, then the tables of fields, codes and settings.

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use fusebill::account::setting::SETTINGS;
use fusebill::field::Field;

use crate::commands::{self, GLOBAL, More, about, heading, headings, help, more, summary, usage};
use crate::markdown::{block, code, prose, sentence};
use crate::tables;

const INTRODUCTION: &str = "\
# Command reference

Which commands, flags, fields, exit codes, variables and settings exist? `fusebill help COMMAND` and the man pages say the
same. Both are made from the definitions of the program.
";

/// The title of the flags that several commands have.
const SHARED: &str = "Shared options";

/// The whole reference.
pub fn text(program: &Command, fields: &[Field]) -> String {
    let all = commands::all(program);
    let shared = shared(&all);
    let sections = tables::all(fields);
    let mut text = format!("{INTRODUCTION}\n## Contents\n\n");
    for (words, command) in &all {
        let depth = words.matches(' ').count();
        let name = if is_told(command) { format!("[{words}](#{})", anchor(words)) } else { words.clone() };
        text.push_str(&format!("{}- {name}: {}\n", "  ".repeat(depth), prose(&summary(command))));
    }
    for title in [SHARED, GLOBAL].into_iter().chain(sections.iter().map(|(title, _)| *title)) {
        text.push_str(&format!("- [{title}](#{})\n", anchor(title)));
    }
    text.push('\n');
    for (words, command) in all.iter().filter(|(_, command)| is_told(command)) {
        text.push_str(&one(words, command, fields, &shared));
    }
    text.push_str(&format!(
        "## {SHARED}\n\nThe commands above name those that they take.\n\n{}",
        list(&shared)
    ));
    let global: Vec<String> = flags(program, GLOBAL).into_iter().map(row).collect();
    text.push_str(&format!(
        "## {GLOBAL}\n\nEvery command takes them, before or after its name.\n\n{}",
        list(&global)
    ));
    for (title, body) in sections {
        text.push_str(&format!("## {title}\n\n{body}"));
    }
    format!("{}\n", text.trim_end())
}

/// Whether a command has a section: the contents say all about one that only groups others.
fn is_told(command: &Command) -> bool {
    !command.has_subcommands() || command.get_positionals().next().is_some()
}

/// What a link to a heading is on every page that shows Markdown.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// The rows of the flags that more than one command has with the same meaning.
fn shared(all: &[(String, &Command)]) -> Vec<String> {
    let own = |command: &Command| {
        let headings = headings(command).into_iter().filter(|title| *title != GLOBAL);
        headings.flat_map(|title| flags(command, title)).map(row).collect::<Vec<_>>()
    };
    let rows: Vec<String> = all.iter().flat_map(|(_, command)| own(command)).collect();
    let mut shared: Vec<String> = Vec::new();
    for row in &rows {
        if !shared.contains(row) && rows.iter().filter(|other| *other == row).count() > 1 {
            shared.push(row.clone());
        }
    }
    shared
}

fn one(words: &str, command: &Command, fields: &[Field], shared: &[String]) -> String {
    let mut text = format!("## {words}\n\n{}", block(&usage(command)));
    for paragraph in about(command) {
        text.push_str(&format!("{}\n\n", prose(&paragraph)));
    }
    let arguments = command.get_positionals().map(row);
    let mut rows: Vec<String> = arguments.collect();
    let mut also: Vec<String> = Vec::new();
    for arg in
        headings(command).into_iter().filter(|title| *title != GLOBAL).flat_map(|title| flags(command, title))
    {
        if shared.contains(&row(arg)) {
            also.push(code(&format!("--{}", arg.get_id().as_str().replace('_', "-"))));
        } else if let Some(link) = told_by_a_table(arg, fields) {
            if !rows.contains(&link) {
                rows.push(link);
            }
        } else {
            rows.push(row(arg));
        }
    }
    if !also.is_empty() {
        rows.push(format!("{} ([{}](#{}))", also.join(", "), SHARED.to_lowercase(), anchor(SHARED)));
    }
    if !rows.is_empty() {
        text.push_str(&list(&rows));
    }
    for part in more(command) {
        text.push_str(&match part {
            More::Block(title, lines) => format!("{}:\n\n{}", prose(&title), block(&lines)),
            More::Prose(text) => format!("{}\n\n", prose(&text)),
        });
    }
    text
}

/// A link to the table that explains a flag, instead of its own row.
fn told_by_a_table(arg: &Arg, fields: &[Field]) -> Option<String> {
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

fn list(rows: &[String]) -> String {
    let items: String = rows.iter().map(|row| format!("- {row}\n")).collect();
    format!("{items}\n")
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
