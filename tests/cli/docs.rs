//! What the README and docs/ show is what happens: every `console` block is run and its output compared.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fusebill::error::TABLE;
use fusebill::profile::setting::{Kind, SETTINGS, Setting};

use crate::world::{Run, finished};

/// A command of a document and what the document shows of it.
struct Example {
    line: usize,
    command: String,
    output: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for (line, text) in text.lines().enumerate() {
        match (inside, text) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, text) => match text.strip_prefix("$ ") {
                Some(command) => {
                    let (command, output) = (command.to_string(), String::new());
                    examples.push(Example { line: line + 1, command, output });
                }
                None => {
                    let example = examples.last_mut().expect("a block begins with a command");
                    example.output.push_str(text);
                    example.output.push('\n');
                }
            },
            _ => {}
        }
    }
    examples
}

/// Runs a line as a shell would, with the program on the path and both outputs in one.
fn run(command: &str, home: &Path) -> Run {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_fusebill"));
    let folder = binary.parent().expect("the program is in a folder").display().to_string();
    let command = command.replace("cargo run --release -- ", "fusebill ");
    finished(
        Command::new("sh")
            .args(["-c", &format!("{{ {command} ; }} 2>&1")])
            .env_clear()
            .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", home)
            .current_dir(home)
            .stdin(Stdio::null()),
    )
}

/// The text with a 0 for every digit of a moment, and for the random end of an entry's name.
fn timeless(text: &str) -> String {
    let is_moment = |word: &str| word.len() >= 8 && word.starts_with("20") && word.contains(['-', ':']);
    let is_time = |word: &str| word.len() == 8 && word.as_bytes()[2] == b':' && word.as_bytes()[5] == b':';
    let parts = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !"-:".contains(c));
    let word = |part: &str| part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_string();
    parts
        .map(|part| {
            let timed = is_moment(&word(part)) || is_time(&word(part));
            if timed { part.replace(|c: char| c.is_ascii_alphanumeric(), "0") } else { part.to_string() }
        })
        .collect()
}

#[test]
fn every_example_of_a_document_shows_what_happens() {
    let mut count = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).expect("a document is text");
        let home = tempfile::tempdir().expect("a temporary folder");
        for example in examples(&text) {
            let shown = run(&example.command, home.path()).stdout;
            let shown = shown.replace(&home.path().display().to_string(), "/home/you");
            let place = format!("{}:{}: {}", document.display(), example.line, example.command);
            assert_eq!(timeless(&shown), timeless(&example.output), "{place}");
            count += 1;
        }
    }
    assert!(count >= 4, "the README alone has four examples, {count} were found");
}

fn documents() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).expect("there is docs/");
    let docs = docs.map(|entry| entry.expect("docs/ can be listed").path());
    let mut found: Vec<PathBuf> =
        docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    found.push(root().join("README.md"));
    found.sort();
    found
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    for document in documents() {
        let text = std::fs::read_to_string(&document).expect("a document is text");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or(link);
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target = document.parent().expect("a document is in a folder").join(file);
            assert!(target.exists(), "{}: {link}", document.display());
        }
    }
}

#[test]
fn the_table_of_settings_is_the_programs() {
    let text = std::fs::read_to_string(root().join("docs/accounts.md")).expect("docs/accounts.md");
    let row = |setting: &Setting| match setting.kind {
        Kind::Choice(words) => format!("| `{}` | {}: {} |", setting.name, setting.help, words.join(", ")),
        _ => format!("| `{}` | {} |", setting.name, setting.help),
    };
    let rows: Vec<String> = SETTINGS.iter().map(row).collect();
    let after = text.split("| setting | what it says |").nth(1).expect("there is a table");
    let shown: Vec<&str> = after.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(shown, rows);
}

#[test]
fn the_table_of_exit_codes_is_the_programs() {
    let text = std::fs::read_to_string(root().join("docs/json.md")).expect("docs/json.md");
    let rows: Vec<String> = TABLE
        .iter()
        .filter(|row| row.code != 0)
        .map(|row| format!("| {} | `{}` | {} |", row.code, row.name, row.meaning))
        .collect();
    let shown: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect();
    assert_eq!(shown, rows);
}
