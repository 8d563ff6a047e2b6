//! Help, version and topics.

use fusebill::cli::topics::{TOPICS, VARIABLES};
use fusebill::error::TABLE;
use fusebill::field::FIELDS;

use crate::world::{World, finished};

/// What a command prints, as one line of words.
fn help(arguments: &[&str]) -> String {
    let world = World::new();
    let run = world.run(arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    world.was_left_alone();
    run.stdout
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn help_lists_the_commands_and_a_first_step() {
    for arguments in [&["--help"][..], &["-h"], &["help"]] {
        let text = help(arguments);
        for part in
            ["customer", "sandbox", "--profile", "--output", "fusebill --profile sandbox customer find smith"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn every_flag_of_the_field_table_is_in_the_help_under_its_section() {
    for arguments in [&["help", "customer", "update"][..], &["customer", "update", "--help"]] {
        let text = help(arguments);
        for field in FIELDS {
            let lines: Vec<&str> = text.lines().collect();
            let flag = format!("--{} <", field.flag);
            let at = lines.iter().position(|line| line.trim_start().starts_with(&flag));
            let at = at.unwrap_or_else(|| panic!("{flag} in {text}"));
            let heading = lines[..at].iter().rev().find(|line| !line.is_empty() && !line.starts_with(' '));
            assert_eq!(heading, Some(&format!("{}:", field.section.heading()).as_str()), "{flag}");
            assert!(words(&text).contains(&words(field.help)), "{} in {text}", field.help);
            let choices = field.choices();
            assert!(choices.iter().all(|word| text.contains(word)), "{flag} {choices:?}");
        }
    }
}

/// The paths of all commands: `customer`, `customer update` and so on.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, at: &[String], all: &mut Vec<Vec<String>>) {
        for command in command.get_subcommands() {
            let path = [at, &[command.get_name().to_string()]].concat();
            below(command, &path, all);
            all.push(path);
        }
    }
    let mut all = Vec::new();
    below(&fusebill::cli::command(), &[], &mut all);
    all
}

#[test]
fn the_short_help_of_every_command_fits_on_a_screen_and_names_every_flag() {
    let world = World::new();
    let mut root = fusebill::cli::command();
    root.build();
    assert!(commands().len() > 20);
    for path in commands().into_iter().chain([Vec::new()]) {
        let run = finished(world.command(&path).arg("-h").env("COLUMNS", "80"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{path:?}");
        let text = run.stdout;
        assert!(text.lines().count() <= 24, "{path:?}\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{path:?}\n{text}");
        let command = path.iter().fold(&root, |command, name| {
            command.find_subcommand(name).unwrap_or_else(|| panic!("there is {path:?}"))
        });
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            let shown = text.contains(&format!("--{flag}"));
            assert!(
                shown || ["help", "version", "quiet", "verbose"].contains(&flag),
                "{path:?}: --{flag}\n{text}"
            );
        }
    }
}

#[test]
fn the_short_help_of_update_names_the_fields_under_their_sections() {
    let text = help(&["customer", "update", "-h"]);
    for field in FIELDS {
        let listed = text.split(&format!("\n{}:", field.section.heading())).nth(1).unwrap_or_default();
        let under = listed.split(":  ").next().unwrap_or_default();
        let flags: Vec<&str> = under.split_whitespace().collect();
        assert!(flags.contains(&format!("--{}", field.flag).as_str()), "--{} in {text}", field.flag);
    }
}

#[test]
fn the_flags_beside_the_fields_are_in_the_help_too() {
    let text = help(&["help", "customer", "update"]);
    for flag in [
        "--clear",
        "--set",
        "--set-json",
        "--patch",
        "--new-field",
        "--expect",
        "--dry-run",
        "--exit-code",
        "--yes",
        "--remove-sales-tracking-code",
    ] {
        assert!(text.contains(flag), "{flag}");
    }
    assert!(text.contains("Examples:\n  fusebill customer update 123 --first-name John"));
}

#[test]
fn the_exit_codes_are_every_row_of_the_table() {
    let text = help(&["help", "exit-codes"]);
    for row in TABLE {
        assert!(text.contains(&format!("{:>5}  {}\n", row.code, row.meaning)), "{}", row.name);
    }
}

#[test]
fn the_environment_is_every_variable() {
    let text = help(&["help", "environment"]);
    for (name, meaning) in VARIABLES {
        assert!(text.contains(name) && text.contains(meaning), "{name}");
    }
}

#[test]
fn the_help_names_every_topic_and_each_topic_has_text() {
    let text = help(&["--help"]);
    for (name, _) in TOPICS {
        assert!(text.contains(name), "{name}");
        assert!(!help(&["help", name]).is_empty());
    }
}

#[test]
fn every_command_has_help() {
    for command in [
        "customer",
        "customer get",
        "customer list",
        "customer update",
        "sandbox",
        "sandbox serve",
        "sandbox reset",
        "sandbox path",
    ] {
        let path: Vec<&str> = command.split(' ').collect();
        let by_help = help(&[&["help"], path.as_slice()].concat());
        let by_flag = help(&[path.as_slice(), &["--help"]].concat());
        assert_eq!(by_help, by_flag, "{command}");
        assert!(by_help.contains("Usage: fusebill"), "{by_help}");
    }
}

#[test]
fn help_for_an_unknown_name_is_a_usage_error_with_the_topics() {
    let world = World::new();
    for words in
        [&["help", "exit-code"][..], &["help", "customer", "delete"], &["help", "customer", "exit-codes"]]
    {
        let run = world.run(words);
        run.fails(
            2,
            &[
                "there is no command or topic",
                &words[1..].join(" "),
                "exit-codes, environment",
                "fusebill --help",
            ],
        );
    }
}

#[test]
fn the_version_is_the_packages() {
    for arguments in [&["--version"][..], &["-V"], &["customer", "--version"]] {
        assert!(help(arguments).ends_with(&format!(" {}\n", env!("CARGO_PKG_VERSION"))), "{arguments:?}");
    }
}

#[test]
fn no_arguments_at_all_show_the_help_as_a_usage_error() {
    let world = World::new();
    let run = world.run(&[]);
    run.fails(2, &["Usage: fusebill", "Commands:", "fusebill --profile sandbox customer find smith"]);
    world.run(&["customer"]).fails(2, &["Usage: fusebill customer", "update"]);
}

#[test]
fn help_needs_no_home_and_no_settings() {
    let world = World::new();
    let mut command = world.command(["help", "customer", "update"]);
    let run =
        finished(command.env_clear().env("FUSEBILL_PROFILE", "nope").env("FUSEBILL_BASE_URL", "ftp://x"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}
