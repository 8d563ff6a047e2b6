//! `customer edit` where there is no terminal: which editor is started, what is made of the text that it leaves, what
//! is sent, and what is left on the disk.

mod fields;
mod kept;
mod layout;
mod starting;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::world::{JON, Run, World, table};

/// Where the system's tools are; the world has no search path of its own.
const TOOLS: &str = "/usr/bin:/bin";
const GET: &str = "GET /v1/customers/123";
const PUT: &str = "PUT /v1/customers";
/// What a written edit asks of the server: others may have changed the customer while the editor was open.
const WRITTEN: [&str; 3] = [GET, GET, PUT];
const NO_CHANGES: &str = "No changes: customer 123 already has these values. Nothing was written.\n";
const WRITTEN_ONE: &str = "Written and verified: 1 changed.\n";
const JOHN: &str = "sed -i 's/\"Jon\"/\"John\"/'";

/// Runs `customer edit` on 123 with this editor.
fn edit(world: &World, editor: &str, arguments: &[&str]) -> Run {
    edit_of(world, "123", editor, arguments)
}

fn edit_of(world: &World, id: &str, editor: &str, arguments: &[&str]) -> Run {
    let variables = [("PATH", TOOLS), ("FUSEBILL_EDITOR", editor)];
    let run = world.run_with(&variables, &[&["customer", "edit", id], arguments].concat());
    without_hurry(run)
}

/// Takes out what is said of an editor that returned at once, which depends on the machine's speed.
fn without_hurry(run: Run) -> Run {
    let hurry = |line: &&str| line.contains("returned at once");
    let stderr = run.stderr.split_inclusive('\n').filter(|line| !hurry(line)).collect();
    Run { stderr, ..run }
}

/// An editor that is a script; `$1` is the file.
fn script(world: &World, name: &str, body: &str) -> String {
    let path = world.file(name, format!("#!/bin/sh\n{body}\n"));
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("the script is ours");
    format!("'{path}'")
}

/// An editor that puts this text in the place of the one it is given.
fn types(world: &World, text: impl AsRef<[u8]>) -> String {
    let typed = world.file("typed", text);
    script(world, "editor", &format!("cat '{typed}' > \"$1\""))
}

/// The text that is laid out for a customer.
fn sheet_of(world: &World, id: &str, arguments: &[&str]) -> String {
    let copy = world.home.path().join("sheet");
    let editor = script(world, "copy", &format!("cat \"$1\" > '{}'", copy.display()));
    let run = edit_of(world, id, &editor, arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, NO_CHANGES.replace("123", id).as_str()));
    fs::read_to_string(copy).expect("the script copied the text")
}

fn sheet(world: &World) -> String {
    sheet_of(world, "123", &[])
}

/// The sheet with one text, which stands in it once, in the place of another.
#[track_caller]
fn with(sheet: &str, from: &str, to: &str) -> String {
    assert_eq!(sheet.matches(from).count(), 1, "{from} in {sheet}");
    sheet.replacen(from, to, 1)
}

fn edits(world: &World) -> PathBuf {
    world.home.path().join(".local/state/fusebill/edits")
}

/// The folders of the texts that are kept, the oldest first.
fn folders(world: &World) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(edits(world)) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    folders
}

fn text_in(folder: &Path) -> PathBuf {
    let is_text = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonc");
    let paths =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    paths.into_iter().find(is_text).expect("there is a text")
}

#[track_caller]
fn nothing_is_kept(world: &World) {
    assert_eq!(folders(world), Vec::<PathBuf>::new());
}

/// The one text that is kept, after asserting that standard error says where it is and how to go on.
#[track_caller]
fn kept(world: &World, run: &Run) -> String {
    let folders = folders(world);
    assert_eq!(folders.len(), 1, "{}", run.stderr);
    let path = text_in(&folders[0]);
    assert!(run.stderr.ends_with(&hints(&path)), "{}", run.stderr);
    fs::read_to_string(path).expect("a text")
}

fn hints(path: &Path) -> String {
    format!(
        "hint: your text is kept in {}\nhint: `fusebill customer edit 123 --recover` goes on with it\n",
        path.display()
    )
}

/// The notes in a text, each with the line below it that is no note.
fn notes(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let about = |at: usize| lines[at..].iter().find(|line| !line.starts_with("//! ")).copied().unwrap_or("");
    let note =
        |(at, line): (usize, &&str)| Some((line.strip_prefix("//! ")?.to_string(), about(at).to_string()));
    lines.iter().enumerate().filter_map(note).collect()
}

fn name_change(after: &str) -> String {
    table(JON, &[["firstName", "\"Jon\"", after]])
}

/// Nothing was sent but a question, and the server has what it had.
#[track_caller]
fn only_read(world: &World, before: &str) {
    assert_eq!(world.lines(), [GET]);
    assert_eq!(world.stored(123), before);
    assert!(world.journal().is_empty());
}
