//! The man pages: one for each command, by clap_mangen from the definitions of the command line.

use std::io::{Result, Write};

use clap::builder::Resettable;
use clap::{Arg, Command};
use clap_mangen::Man;
use fusebill::cli::topics::{TOPICS, VARIABLES};
use fusebill::error::TABLE;

use crate::commands::{self, More, OPTIONS, about, heading, headings, more, usage};
use crate::files::{Generated, MAN};
use crate::mend::{literal, paragraph, section};

/// The date of the pages: the day of the last release, or that of the first page before there was one. A release sets
/// it (docs/releasing.md).
const DATE: &str = "2026-11-23";

/// Files of the user, and what is in them. A test has the program make them.
pub const FILES: &[(&str, &str)] = &[
    ("~/.config/fusebill/config.toml", "The profiles. `fusebill profile set` edits it, and so can you."),
    ("~/.config/fusebill/keys/", "The API keys that `fusebill auth login` stored, a file for each profile."),
    (
        "~/.local/state/fusebill/fusebill.db",
        "The journal: every change and its outcome, for `customer undo`; and the runs of `customer bulk`.",
    ),
    ("~/.local/state/fusebill/locks/", "Locks, so that two commands do not change one customer at once."),
    ("~/.local/state/fusebill/edits/", "Texts of `customer edit` whose change is not written yet."),
    (
        "~/.local/state/fusebill/sandbox/",
        "The customers of the sandbox; `fusebill sandbox reset` renews them.",
    ),
];

/// The page of every command, by its path.
pub fn pages(program: &Command) -> Generated {
    let all = commands::all(program);
    let page = |(words, command): &(String, &Command)| {
        let others = all.iter().map(|(other, _)| other.as_str());
        let related: Vec<String> = others.filter(|other| related(words, other)).map(name).collect();
        (format!("{MAN}/{}.1", name(words)), page(words, command, &related))
    };
    all.iter().map(page).collect()
}

/// The name of a command's page.
fn name(words: &str) -> String {
    words.replace(' ', "-")
}

/// Whether a page points to another: to the first page, the one above, those below and those beside it.
fn related(words: &str, other: &str) -> bool {
    let above = |words: &str| words.rsplit_once(' ').map(|(above, _)| above.to_string());
    let (mine, its) = (above(words), above(other));
    let near = mine.as_deref() == Some(other) || its.as_deref() == Some(words) || mine == its;
    words != other && (its.is_none() || near)
}

fn page(words: &str, command: &Command, related: &[String]) -> String {
    let first = !words.contains(' ');
    let man = man(command.clone().override_usage(usage(command).join("\n")));
    let mut parts = vec![
        ".\\\" Made from the definitions of the command line: tests/generated/man.rs.\n".to_string(),
        title(words),
        part("NAME", |out| man.render_name_section(out)),
        part("SYNOPSIS", |out| man.render_synopsis_section(out)),
        description(command, first),
    ];
    if command.has_subcommands() {
        parts.push(part("COMMANDS", |out| man.render_subcommands_section(out)));
    }
    parts.extend([arguments(command), options(command), below(command)]);
    parts.push(exit_status(first || writes(words, command)));
    if first {
        parts.extend([environment(), files()]);
    }
    parts.push(see_also(related));
    parts.concat()
}

fn man(command: Command) -> Man {
    Man::new(command.subcommand_help_heading("COMMANDS"))
}

/// A section of clap_mangen's.
fn part(heading: &str, render: impl Fn(&mut dyn Write) -> Result<()>) -> String {
    format!(".SH {heading}\n{}", body(heading, render))
}

/// A section of clap_mangen's without its heading.
fn body(heading: &str, render: impl Fn(&mut dyn Write) -> Result<()>) -> String {
    let mut made = Vec::new();
    render(&mut made).expect("memory can be written to");
    section(&String::from_utf8(made).expect("a page is text"), heading)
}

fn title(words: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH {} 1 {DATE} \"fusebill {version}\" \"User Commands\"\n", name(words).to_uppercase())
}

fn description(command: &Command, first: bool) -> String {
    let mut paragraphs = about(command);
    if first {
        let topics: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
        paragraphs.push(format!("`fusebill help TOPIC` explains {}.", topics.join(", ")));
    }
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| paragraph(text)).collect();
    format!(".SH DESCRIPTION\n{}\n", paragraphs.join("\n.PP\n"))
}

fn arguments(command: &Command) -> String {
    if command.get_positionals().next().is_none() {
        return String::new();
    }
    format!(".SH ARGUMENTS\n{}", group(command, Arg::is_positional))
}

/// The flags under the headings that the help has.
fn options(command: &Command) -> String {
    let mut text = ".SH OPTIONS\n".to_string();
    for title in headings(command) {
        if title != OPTIONS {
            text.push_str(&format!(".SS {}\n", literal(title)));
        }
        text.push_str(&group(command, |arg| !arg.is_positional() && heading(arg) == title));
    }
    text
}

/// Some of the arguments. clap_mangen shows what is not hidden, and leaves the help of some flags out that are hidden
/// in the short help only.
fn group(command: &Command, chosen: impl Fn(&Arg) -> bool) -> String {
    let one = command.clone().mut_args(|arg| {
        let hidden = !chosen(&arg);
        arg.hide(hidden).help_heading(Resettable::Reset).hide_short_help(false)
    });
    body("OPTIONS", |out| man(one.clone()).render_options_section(out))
}

/// Examples, and what else stands below the flags in the help, as it stands there.
fn below(command: &Command) -> String {
    let mut text = String::new();
    for part in more(command) {
        match part {
            More::Block(title, lines) => {
                let (head, message) = match title.as_str() {
                    "Examples" | "Patterns" => (title.to_uppercase(), String::new()),
                    _ => ("EXAMPLES".to_string(), format!("{}:\n", paragraph(&title))),
                };
                let lines: String = lines.iter().map(|line| format!("{}\n", literal(line))).collect();
                text.push_str(&format!(".SH {head}\n{message}.nf\n.RS 4\n{lines}.RE\n.fi\n"));
            }
            More::Prose(message) => text.push_str(&format!(".PP\n{}\n", paragraph(&message))),
        }
    }
    text
}

/// Whether a command changes customers.
fn writes(words: &str, command: &Command) -> bool {
    words.starts_with("fusebill customer ") && command.get_arguments().any(|arg| arg.get_id() == "yes")
}

fn exit_status(whole: bool) -> String {
    let mut text = ".SH EXIT STATUS\n".to_string();
    if !whole {
        text.push_str("0 where it did what was asked.\n.BR fusebill (1)\nlists the others.\n");
        return text;
    }
    for row in TABLE {
        text.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", row.code, paragraph(row.meaning)));
    }
    text
}

fn environment() -> String {
    let mut text = ".SH ENVIRONMENT\n".to_string();
    for (names, meaning) in VARIABLES {
        let names: Vec<String> = names.split(", ").map(|name| format!("\\fB{}\\fR", literal(name))).collect();
        text.push_str(&format!(".TP\n{}\n{}\n", names.join(", "), paragraph(meaning)));
    }
    text
}

fn files() -> String {
    let mut text = ".SH FILES\n".to_string();
    for (file, meaning) in FILES {
        text.push_str(&format!(".TP\n\\fI{}\\fR\n{}\n", literal(file), paragraph(meaning)));
    }
    let elsewhere = "They are elsewhere where `XDG_CONFIG_HOME` and `XDG_STATE_HOME` say so.";
    text.push_str(&format!(".PP\n{}\n", paragraph(elsewhere)));
    text
}

fn see_also(related: &[String]) -> String {
    let pages: Vec<String> = related.iter().map(|name| format!(".BR {} (1)", literal(name))).collect();
    format!(".SH SEE ALSO\n{}\n", pages.join(",\n"))
}
