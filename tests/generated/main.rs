//! The files that are made from the program's own definitions: the man pages and the command reference.
//!
//! They are checked in, so that a reader, a package and a reviewer have them without building anything. The tests here
//! hold each of them to the definitions, byte for byte, and write them anew when they are told to.

mod commands;
mod files;
mod man;
mod markdown;
mod mend;
mod reference;
mod tables;

use std::path::Path;
use std::process::{Command, Stdio};

use fusebill::account::KeyStore;
use fusebill::field::{FIELDS, Field};

use crate::files::{Generated, MAN, REFERENCE};

/// What writes the files instead of comparing them.
const REWRITE: &str = "FUSEBILL_UPDATE=1 cargo test --test generated";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every generated file, from these commands and fields.
fn generated(program: &clap::Command, fields: &[Field]) -> Generated {
    let mut program = program.clone();
    program.build();
    let mut files: Generated = man::pages(&program);
    files.insert(REFERENCE.to_string(), reference::text(&program, fields));
    files
}

#[test]
fn the_generated_files_match_the_definitions() {
    let files = generated(&fusebill::cli::command(), FIELDS);
    if std::env::var("FUSEBILL_UPDATE").is_ok_and(|value| value == "1") {
        files::write(root(), &files);
    }
    let stale = files::stale(root(), &files);
    assert!(
        stale.is_empty(),
        "these files are not what the definitions make:\n  {}\nto write them: {REWRITE}",
        stale.join("\n  ")
    );
}

/// The command and those below it, where `--suffix` has another help.
fn with_another_suffix(command: clap::Command) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_string()).collect();
    let command =
        command.mut_args(|flag| if flag.get_id() == "suffix" { flag.help("Another") } else { flag });
    names.iter().fold(command, |command, name| command.mut_subcommand(name, with_another_suffix))
}

#[test]
fn a_change_of_one_field_is_noticed_in_every_file_that_shows_it() {
    let program = with_another_suffix(fusebill::cli::command());
    let copy = |field: &Field| Field {
        help: if field.flag == "suffix" { "Another" } else { field.help },
        ..Field { ..*field }
    };
    let fields: Vec<Field> = FIELDS.iter().map(copy).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    files::write(folder.path(), &generated(&fusebill::cli::command(), FIELDS));
    let stale = |program: &clap::Command, fields: &[Field]| -> Vec<String> {
        let stale = files::stale(folder.path(), &generated(program, fields));
        stale.iter().filter_map(|line| line.split(':').next()).map(str::to_string).collect()
    };
    let page = format!("{MAN}/fusebill-customer-update.1");
    assert_eq!(stale(&program, &fields), [page.as_str(), REFERENCE], "all are named at once");
    assert_eq!(stale(&fusebill::cli::command(), &fields), [REFERENCE], "its table follows the fields");
}

#[test]
fn a_command_that_comes_or_goes_is_noticed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = generated(&fusebill::cli::command(), FIELDS);
    let page = format!("{MAN}/fusebill-customer-undo.1");
    assert_eq!(files::stale(folder.path(), &files).len(), files.len());
    files::write(folder.path(), &files);
    assert!(files::stale(folder.path(), &files).is_empty());

    let mut fewer = files.clone();
    fewer.remove(&page);
    assert_eq!(files::stale(folder.path(), &fewer), [format!("{page}: no command makes it")]);
    files::write(folder.path(), &fewer);
    assert_eq!(files::stale(folder.path(), &files), [format!("{page}: is missing")]);
}

#[test]
fn the_contents_of_the_reference_lead_to_its_headings() {
    let text = generated(&fusebill::cli::command(), FIELDS).remove(REFERENCE).expect("there is a reference");
    let headings: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    let links: Vec<&str> =
        text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap_or(rest)).collect();
    assert!(links.len() > 25, "{links:?}");
    for link in links {
        assert_eq!(headings.iter().filter(|heading| *heading == link).count(), 1, "{link}");
    }
}

#[test]
fn a_generated_page_does_not_depend_on_the_help_width() {
    let narrow = fusebill::cli::command().term_width(40);
    assert_eq!(generated(&narrow, FIELDS), generated(&fusebill::cli::command().term_width(200), FIELDS));
}

#[test]
fn the_files_on_the_first_man_page_exist_after_use() {
    let home = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(home.path().join("rows.csv"), "id,suffix\n123,Sr.\n").expect("the home can be written");
    let run = |line: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fusebill"));
        command.args(line.split(' ')).env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin");
        command.env("FUSEBILL_EDITOR", "sed -i s/Jon/John/").current_dir(home.path()).stdin(Stdio::null());
        command.output().expect("the program starts").status.code()
    };
    assert_eq!(run("profile set audit --read-only"), Some(0));
    assert_eq!(run("--profile sandbox customer bulk update rows.csv --yes"), Some(0));
    assert_eq!(run("--profile sandbox customer edit 123"), Some(2), "nobody consents, so the text is kept");
    let keys = KeyStore::in_folder(&home.path().join(".config/fusebill")).place("live");
    for (file, _) in man::FILES {
        let path = home.path().join(file.trim_start_matches("~/"));
        assert!(path.exists() || keys.starts_with(&path), "{file}");
    }
}
