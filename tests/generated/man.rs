//! The man pages: one for each command, by clap_mangen from the definitions of the command line.

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

/// Files of the user, and what is in them.
const FILES: &[(&str, &str)] = &[
    ("~/.config/fusebill/config.toml", "The profiles. `fusebill profile set` edits it, and so can you."),
    ("~/.config/fusebill/keys/", "The API keys that `fusebill auth login` stored, a file for each profile."),
    (
        "~/.local/state/fusebill/journal.jsonl",
        "The journal: every change and its outcome, for `customer undo`.",
    ),
    ("~/.local/state/fusebill/runs/", "A folder for each run of `customer bulk`, with its rows and results."),
    ("~/.local/state/fusebill/edits/", "Texts of `customer edit` whose change is not written yet."),
];

/// The page of every command, by its path.
pub fn pages(program: &Command) -> Generated {
    let all = commands::all(program);
    let name = |command: &str| command.replace(' ', "-");
    let page = |(words, command): &(String, &Command)| {
        let related: Vec<String> = all
            .iter()
            .map(|(other, _)| other)
            .filter(|other| related(words, other))
            .map(|other| name(other))
            .collect();
        (format!("{MAN}/{}.1", name(words)), page(words, command, &related))
    };
    all.iter().map(page).collect()
}

/// Whether a page points to another: to the first page, the one above, those below and those beside it.
fn related(words: &str, other: &str) -> bool {
    let above = |words: &str| words.rsplit_once(' ').map(|(above, _)| above.to_string());
    let first = !other.contains(' ');
    let near = above(words).is_some_and(|above_it| other == above_it || above(other) == Some(above_it));
    words != other && (first || near || above(other).is_some_and(|above| above == words))
}

fn page(words: &str, command: &Command, related: &[String]) -> String {
    let first = !words.contains(' ');
    let man = man(command.clone().override_usage(usage(command).join("\n")));
    let mut page =
        ".\\\" Made from the definitions of the command line: tests/generated/man.rs.\n".to_string();
    page.push_str(&title(&words.replace(' ', "-")));
    page.push_str(".SH NAME\n");
    page.push_str(&section(&rendered(|out| man.render_name_section(out)), "NAME"));
    page.push_str(".SH SYNOPSIS\n");
    page.push_str(&section(&rendered(|out| man.render_synopsis_section(out)), "SYNOPSIS"));
    page.push_str(".SH DESCRIPTION\n");
    let paragraphs: Vec<String> = about(command).iter().map(|text| paragraph(text)).collect();
    page.push_str(&format!("{}\n", paragraphs.join("\n.PP\n")));
    if first {
        let topics: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
        let topics = format!("`fusebill help TOPIC` explains {}.", topics.join(", "));
        page.push_str(&format!(".PP\n{}\n", paragraph(&topics)));
    }
    if command.has_subcommands() {
        page.push_str(".SH COMMANDS\n");
        page.push_str(&section(&rendered(|out| man.render_subcommands_section(out)), "COMMANDS"));
    }
    page.push_str(&arguments(command));
    page.push_str(&options(command));
    page.push_str(&blocks(command));
    page.push_str(&exit_status(first || writes(words, command)));
    if first {
        page.push_str(&environment());
        page.push_str(&files());
    }
    page.push_str(&see_also(related));
    page
}

fn man(command: Command) -> Man {
    Man::new(command.subcommand_help_heading("COMMANDS"))
}

/// What one of clap_mangen's functions writes.
fn rendered(render: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut made = Vec::new();
    render(&mut made).expect("memory can be written to");
    String::from_utf8(made).expect("a page is text")
}

fn title(name: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH {} 1 {DATE} \"fusebill {version}\" \"User Commands\"\n", name.to_uppercase())
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
    section(&rendered(|out| man(one.clone()).render_options_section(out)), "OPTIONS")
}

/// Examples, and what else stands below the flags in the help, as it stands there.
fn blocks(command: &Command) -> String {
    let mut text = String::new();
    for part in more(command) {
        match part {
            More::Block(title, lines) => {
                let (head, said) = match title.as_str() {
                    "Examples" | "Patterns" => (title.to_uppercase(), String::new()),
                    _ => ("EXAMPLES".to_string(), format!("{}:\n", paragraph(&title))),
                };
                let lines: String = lines.iter().map(|line| format!("{}\n", literal(line))).collect();
                text.push_str(&format!(".SH {head}\n{said}.nf\n.RS 4\n{lines}.RE\n.fi\n"));
            }
            More::Prose(said) => text.push_str(&format!(".PP\n{}\n", paragraph(&said))),
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
