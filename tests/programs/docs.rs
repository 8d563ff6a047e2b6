//! What the README and docs/ show is what happens: every `console` block is run and its output compared, and every `sh`
//! block is run and ends well.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fusebill::sandbox::{KEY, Options, Server};

use libtest_mimic::Trial;

use crate::needs;
use crate::world::{Run, finished};

/// A part of a document.
enum Part {
    /// A line that is only read.
    Text(String),
    /// A command, where it stands, and what the document shows of it.
    Example { line: usize, command: String, output: String },
    /// A script that has to end well, and where it stands.
    Script { line: usize, text: String },
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut fence = "";
    for (at, text) in text.lines().enumerate() {
        let line = at + 1;
        match (fence, text) {
            ("", "```console" | "```sh") => {
                fence = text;
                parts.push(Part::Text(text.to_string()));
                if fence == "```sh" {
                    parts.push(Part::Script { line, text: String::new() });
                }
            }
            (_, "```") => {
                fence = "";
                parts.push(Part::Text(text.to_string()));
            }
            ("```console", text) => match (text.strip_prefix("$ "), parts.last_mut()) {
                (Some(command), _) => {
                    parts.push(Part::Example { line, command: command.to_string(), output: String::new() });
                }
                (None, Some(Part::Example { output, .. })) => output.push_str(&format!("{text}\n")),
                (None, _) => panic!("line {line}: a block begins with a command"),
            },
            ("```sh", line) => {
                if let Some(Part::Script { text, .. }) = parts.last_mut() {
                    text.push_str(&format!("{line}\n"));
                }
            }
            (_, text) => parts.push(Part::Text(text.to_string())),
        }
    }
    parts
}

/// Where the commands of one document are typed: a home, and a Fusebill at `$API` with the key `$KEY`.
struct Place {
    home: tempfile::TempDir,
    server: Server,
}

impl Place {
    fn new() -> Place {
        let server = Server::start(Options::default()).expect("the sandbox starts on a free port");
        let home = tempfile::tempdir().expect("a temporary folder");
        // As in a clone, from where documents copy.
        for folder in ["docs", "completions"] {
            std::os::unix::fs::symlink(root().join(folder), home.path().join(folder))
                .expect("a link is made");
        }
        Place { home, server }
    }

    fn shell(&self, script: &str) -> Command {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_fusebill"));
        let folder = binary.parent().expect("the program is in a folder").display().to_string();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .env_clear()
            .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.home.path())
            .env("API", self.server.base_url())
            .env("KEY", KEY)
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        shell
    }

    /// What a line prints, as a shell would run it, with both outputs in one.
    fn shown(&self, command: &str) -> String {
        let command = command.replace("cargo run --release -- ", "fusebill ");
        let run = finished(&mut self.shell(&format!("{{ {command} ; }} 2>&1")));
        let port = format!("127.0.0.1:{}", self.server.address().port());
        run.stdout
            .replace(&self.home.path().display().to_string(), "/home/you")
            .replace(&port, "127.0.0.1:8123")
    }

    /// Runs a script that stops at the first failure; the account is the Fusebill's.
    fn script(&self, text: &str) -> Run {
        let mut shell = self.shell(&format!("set -eu\n{text}"));
        shell.env("FUSEBILL_BASE_URL", self.server.base_url()).env("FUSEBILL_API_KEY", KEY);
        finished(&mut shell)
    }
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

/// What builds the program shows itself by that it is there, and `.ci/package` installs it.
fn builds_or_installs(script: &str) -> bool {
    script.lines().all(|line| line.starts_with("cargo ") || line.starts_with("sudo "))
}

/// Where this is set, documents are rewritten to show what happens.
const UPDATE: &str = "FUSEBILL_UPDATE";

/// Programs that examples call beside fusebill and the shell's own.
const PROGRAMS: &[&str] = &["curl", "jq"];

pub fn tests() -> Vec<Trial> {
    let mut tests: Vec<Trial> = documents().into_iter().map(examples_of).collect();
    tests.push(needs(
        &[],
        "every_link_of_a_document_leads_somewhere",
        every_link_of_a_document_leads_somewhere,
    ));
    tests.push(needs(
        &[],
        "the_map_names_every_module_of_the_source",
        the_map_names_every_module_of_the_source,
    ));
    tests
}

/// The test of one document's examples.
fn examples_of(document: PathBuf) -> Trial {
    let text = std::fs::read_to_string(&document).expect("a document is text");
    let programs: Vec<&str> = PROGRAMS.iter().copied().filter(|program| calls(&text, program)).collect();
    let file = document.file_name().unwrap_or_default().to_string_lossy();
    needs(&programs, format!("examples_of_{file}"), move || {
        every_example_shows_what_happens(&document, &text);
    })
}

/// Whether an example of a document calls a program.
fn calls(document: &str, program: &str) -> bool {
    parts(document).iter().any(|part| match part {
        Part::Text(_) => false,
        Part::Example { command: script, .. } | Part::Script { text: script, .. } => {
            !builds_or_installs(script)
                && script.split(|c: char| !c.is_alphanumeric()).any(|word| word == program)
        }
    })
}

fn every_example_shows_what_happens(document: &Path, text: &str) {
    let update = std::env::var_os(UPDATE).is_some();
    let place = Place::new();
    let mut fresh = String::new();
    for part in parts(text) {
        let at = |line: usize| format!("{}:{line}", document.display());
        match part {
            Part::Text(text) => fresh.push_str(&format!("{text}\n")),
            Part::Example { line, command, output } => {
                let shown = place.shown(&command);
                let same = timeless(&shown) == timeless(&output);
                let shown = if same { output } else { shown };
                assert!(same || update, "{}: {command}\n{shown}\n{UPDATE}=1 rewrites it", at(line));
                fresh.push_str(&format!("$ {command}\n{shown}"));
            }
            Part::Script { text, .. } if builds_or_installs(&text) => fresh.push_str(&text),
            Part::Script { line, text } => {
                let run = place.script(&text);
                assert_eq!(run.code, 0, "{}:\n{text}\n{}{}", at(line), run.stdout, run.stderr);
                fresh.push_str(&text);
            }
        }
    }
    if update {
        std::fs::write(document, fresh).expect("a document is written");
    } else {
        assert_eq!(fresh, text, "{}", document.display());
    }
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

fn the_map_names_every_module_of_the_source() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    let map: String = text.lines().filter(|line| line.starts_with("| `")).collect();
    for entry in std::fs::read_dir(root().join("src")).expect("there is src/") {
        let entry = entry.expect("src/ can be listed");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let shown = if entry.path().is_dir() { format!("`{name}/`") } else { format!("`{name}`") };
        let is_told_above = ["main.rs", "lib.rs"].contains(&name.as_str());
        assert!(is_told_above || map.contains(&shown), "the map does not name {shown}");
    }
}
