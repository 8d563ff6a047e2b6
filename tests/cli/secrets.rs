//! The key in everything that a run shows, sends on and leaves behind: it is nowhere but where its owner put it.

mod echoes;
mod everywhere;
mod shapes;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fusebill::sandbox::KEY;

use crate::accounts::configured;
use crate::world::{Run, World, finished};

/// Where the system's tools are.
const TOOLS: &str = "/usr/bin:/bin";

/// Everything below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(content: &[u8], text: &str) -> bool {
    content.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Asserts that no text and no file of a world holds the key, but for these files.
#[track_caller]
fn is_nowhere(world: &World, key: &str, message: &[&str], but: &[&Path]) {
    // What a URL or JSON makes of the end is found as well.
    let key = key.trim_end_matches('=');
    for message in message {
        assert!(!message.contains(key), "the key is shown:\n{message}");
    }
    for file in files(world.home.path()) {
        let content = fs::read(&file).expect("a file");
        let may = but.contains(&file.as_path());
        assert!(may || !holds(&content, key), "the key is in {}", file.display());
        assert!(!file.display().to_string().contains(key), "the key is the name of a file");
    }
}

#[track_caller]
fn run_is_clean(world: &World, key: &str, run: &Run, but: &[&Path]) {
    is_nowhere(world, key, &[&run.stdout, &run.stderr, run.undo.as_deref().unwrap_or_default()], but);
}

/// A file that only its owner may read.
fn private(world: &World, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(world.file(name, content));
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("the file is ours");
    path
}

/// An editor, or another program, that is a script.
fn script(world: &World, name: &str, body: &str) -> String {
    let path = world.file(name, format!("#!/bin/sh\n{body}\n"));
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("the script is ours");
    path
}

/// Where a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Variable,
    VariableFile,
    Command,
    File,
    Stored,
}

const SOURCES: [From; 5] = [From::Variable, From::VariableFile, From::Command, From::File, From::Stored];

/// A world in which the key comes from one place.
struct Place {
    world: World,
    from: From,
    /// The files that may hold the key.
    but: Vec<PathBuf>,
}

impl Place {
    fn new(from: From) -> Place {
        Place::holding(from, KEY.as_bytes())
    }

    /// A world in which this is the key, exactly as it stands.
    fn holding(from: From, key: &[u8]) -> Place {
        let setting = match from {
            From::Command => "api_key_command = ['cat', 'the key']\n",
            From::File => "api_key_file = '~/the key'\n",
            _ => "",
        };
        let world = configured(&format!("[profiles.default]\nbase_url = 'URL'\n{setting}"));
        let but = match from {
            From::Variable => Vec::new(),
            From::VariableFile | From::Command | From::File => vec![private(&world, "the key", key)],
            From::Stored => {
                let folder = world.home.path().join(".config/fusebill/keys");
                fs::create_dir(&folder).expect("a folder");
                fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).expect("it is ours");
                vec![private(&world, ".config/fusebill/keys/default", key)]
            }
        };
        Place { world, from, but }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.bare_command(&[("PATH", TOOLS)], arguments);
        match self.from {
            From::Variable => command.env("FUSEBILL_API_KEY", KEY),
            From::VariableFile => command.env("FUSEBILL_API_KEY_FILE", "the key"),
            _ => &mut command,
        };
        command
    }

    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        finished(self.command(arguments).envs(variables.iter().copied()).stdin(Stdio::null()))
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&[], arguments)
    }

    /// The files that may hold the key.
    fn but(&self) -> Vec<&Path> {
        self.but.iter().map(PathBuf::as_path).collect()
    }

    #[track_caller]
    fn is_clean(&self, run: &Run) {
        run_is_clean(&self.world, KEY, run, &self.but());
    }
}
