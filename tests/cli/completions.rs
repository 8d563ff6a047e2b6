//! What the scripts for the shells are, and what the program answers when one of them asks. The shells themselves are
//! in shells.rs.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use fusebill::cli::Shell;

use crate::world::{Run, World, finished};

fn file_of(shell: Shell) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(shell.file())
}

/// Asks as the script of a shell does: the words after `fusebill`, the last of them being typed.
fn answer(world: &World, shell: &str, words: &[&str]) -> Run {
    finished(world.command([&["--", "fusebill"], words].concat()).env("COMPLETE", shell))
}

/// The lines of an answer that sent nothing and said nothing.
#[track_caller]
fn asked(world: &World, words: &[&str]) -> Vec<String> {
    let run = answer(world, "fish", words);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{words:?}");
    world.was_left_alone();
    run.stdout.lines().map(str::to_string).collect()
}

/// The values of an answer.
#[track_caller]
fn values(world: &World, words: &[&str]) -> Vec<String> {
    let value = |line: &String| line.split('\t').next().unwrap_or_default().to_string();
    asked(world, words).iter().map(value).collect()
}

/// The values after `customer update 123`.
#[track_caller]
fn update(world: &World, words: &[&str]) -> Vec<String> {
    values(world, &[&["customer", "update", "123"], words].concat())
}

#[test]
fn the_generated_completion_files_match_the_program() {
    let world = World::new();
    for shell in Shell::value_variants() {
        let name = shell.to_possible_value().expect("every shell has a name").get_name().to_string();
        let run = world.run(&["completions", &name]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{name}");
        let file = file_of(*shell);
        if std::env::var_os("FUSEBILL_UPDATE").is_some() {
            std::fs::write(&file, &run.stdout).expect("completions/ can be written");
        }
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            there == run.stdout,
            "{} is not what `fusebill completions {name}` prints; this writes it:\n\
             FUSEBILL_UPDATE=1 cargo test --test cli -- generated",
            file.display()
        );
    }
    world.was_left_alone();
}

#[test]
fn no_script_names_a_place_of_this_machine() {
    for shell in Shell::value_variants() {
        let script = shell.script();
        assert!(script.contains("fusebill"), "{shell:?}");
        for place in [env!("CARGO_MANIFEST_DIR"), "/target/", "/usr/", "/home/", "/tmp/"] {
            assert!(!script.contains(place), "{shell:?}: {place}");
        }
    }
}

#[test]
fn the_static_scripts_know_every_command_and_flag() {
    for shell in [Shell::PowerShell, Shell::Elvish] {
        let script = shell.script();
        for word in ["update", "resume", "prune", "serve", "--first-name", "--profile", "--older-than"] {
            assert!(script.contains(word), "{shell:?}: {word}");
        }
    }
}

#[test]
fn a_shell_that_is_unknown_is_a_usage_error() {
    World::new().run(&["completions", "tcsh"]).fails(2, &["tcsh", "bash, zsh, fish, powershell, elvish"]);
}

#[test]
fn commands_and_flags_are_completed() {
    let world = World::new();
    assert_eq!(asked(&world, &["cust"]), ["customer\tShow and change customers"]);
    assert_eq!(values(&world, &["customer", "upd"]), ["update"]);
    assert_eq!(update(&world, &["--first"]), ["--first-name"]);
    assert_eq!(values(&world, &["completions", "f"]), ["fish"]);
    // What a global flag is given is never taken for a command.
    assert_eq!(values(&world, &["--profile", "sandbox", "customer", "upd"]), ["update"]);
    let run = answer(&world, "bash", &["cust"]);
    assert_eq!(run.stdout, "customer\n");
}

#[test]
fn words_of_few_are_completed_in_any_case() {
    let world = World::new();
    assert_eq!(update(&world, &["--title", ""]), ["Mr", "Mrs", "Ms", "Miss", "Dr"]);
    assert_eq!(update(&world, &["--status", "ca"]), ["Cancelled"]);
    assert_eq!(update(&world, &["--status=Ac"]), ["--status=Active"]);
    assert_eq!(update(&world, &["--verify", ""]), ["answer", "read"]);
    assert_eq!(values(&world, &["-o", ""]), ["table", "json", "ndjson", "csv"]);
    assert_eq!(values(&world, &["--color", "al"]), ["always"]);
    assert_eq!(values(&world, &["profile", "set", "x", "--confirm", ""]), ["always", "needed"]);
}

#[test]
fn names_of_fields_are_completed() {
    let world = World::new();
    assert_eq!(
        asked(&world, &["customer", "update", "123", "--clear", "suf"]),
        ["suffix\tName suffix, for example Jr. or Sr."]
    );
    assert_eq!(update(&world, &["--clear", "middle"]), ["middle-name"]);
    assert_eq!(update(&world, &["--clear", "suffix,last"]), ["suffix,last-name"]);
    assert_eq!(update(&world, &["--clear", "suffix,customerReference.r"]).len(), 3);
    assert_eq!(update(&world, &["--clear", "firstN"]), ["firstName"]);
    assert_eq!(update(&world, &["--set", "customerReference.r"]).len(), 3);
    assert_eq!(update(&world, &["--set", "title=d"]), ["title=Dr"]);
    assert_eq!(update(&world, &["--set-json", "comp"]), ["companyName="]);
    assert_eq!(update(&world, &["--expect", "customerAcc"]), ["customerAccountStatus="]);
    let list = |words: &[&str]| values(&world, &[&["customer", "list"], words].concat());
    assert_eq!(list(&["--where", "last"]), ["last-name="]);
    assert_eq!(list(&["--where", "status=Active,ho"]), ["status=Active,Hold"]);
    assert_eq!(list(&["--sort", "created"]), ["createdTimestamp"]);
    assert_eq!(list(&["--columns", "id,last"]), ["id,last-name"]);
    assert_eq!(values(&world, &["profile", "set", "x", "--unset", "label,jo"]), ["label,jobs"]);
}

#[test]
fn a_value_that_can_be_anything_has_no_candidates() {
    let world = World::new();
    for flag in ["--first-name", "--sales-tracking-code", "--remove-sales-tracking-code", "--timeout"] {
        assert_eq!(update(&world, &[flag, ""]), [""; 0], "{flag}");
    }
}

#[test]
fn a_customer_argument_completes_to_the_lookup_prefixes() {
    let world = World::new();
    for command in ["get", "update", "edit"] {
        assert_eq!(values(&world, &["customer", command, ""]), ["reference:", "email:"], "{command}");
    }
    assert_eq!(values(&world, &["customer", "get", "123", "em"]), ["email:"]);
}

#[test]
fn names_of_files_are_left_to_the_shell() {
    let world = World::new();
    for words in [
        &["customer", "bulk", "plan", ""][..],
        &["customer", "bulk", "apply", "x"],
        &["customer", "bulk", "update", "--results", ""],
        &["customer", "update", "123", "--patch", ""],
        &["customer", "update", "123", "--patch=x"],
        &["profile", "set", "x", "--api-key-file", ""],
    ] {
        assert_eq!(asked(&world, words), ["\t"], "{words:?}");
    }
    assert!(!asked(&world, &["customer", "bulk", "plan", "-"]).contains(&"\t".to_string()));
}

#[test]
fn help_completes_commands_and_topics() {
    let world = World::new();
    assert_eq!(values(&world, &["help", "exit"]), ["exit-codes"]);
    assert_eq!(values(&world, &["help", "cust"]), ["customer"]);
    assert_eq!(values(&world, &["help", "customer", "bulk", "res"]), ["resume"]);
}

#[test]
fn faults_and_behaviours_are_completed() {
    let world = World::new();
    let serve = |words: &[&str]| values(&world, &[&["sandbox", "serve"], words].concat());
    assert_eq!(serve(&["--fault", ""]), ["get:", "put:", "list:", "post:", "preview:", "overview:", "any:"]);
    assert_eq!(serve(&["--fault", "put@2:stat"]), ["put@2:status=", "put@2:status-after="]);
    assert_eq!(serve(&["--fault", "get:cu"]), ["get:cut"]);
    assert_eq!(serve(&["--behaviour", "put-"]), ["put-answer="]);
    assert_eq!(serve(&["--behaviour", "put-answer=nu"]), ["put-answer=null"]);
}

/// A world whose file of profiles says this.
fn with_config(text: &str) -> World {
    let world = World::new();
    std::fs::create_dir_all(world.home.path().join(".config/fusebill")).expect("the home can be written");
    world.file(".config/fusebill/config.toml", text);
    world
}

#[test]
fn profiles_are_completed_and_no_key_is_asked_for() {
    let world = with_config(
        "[profiles.live]\nlabel = \"LIVE\"\napi_key_command = \"touch asked\"\n[profiles.test]\nread_only = true\n",
    );
    assert_eq!(asked(&world, &["--profile", ""]), ["default", "sandbox", "live\tLIVE", "test"]);
    assert_eq!(values(&world, &["--profile=l"]), ["--profile=live"]);
    for command in ["show", "set", "remove"] {
        assert_eq!(values(&world, &["profile", command, "te"]), ["test"], "{command}");
    }
    assert_eq!(values(&world, &["--profile", "live", "customer", "get", "r"]), ["reference:"]);
    assert!(!world.home.path().join("asked").exists());
}

#[test]
fn entries_come_newest_first_and_undo_takes_those_of_its_profile() {
    let world = World::new();
    assert_eq!(world.update(&["--first-name", "A"]).code, 0);
    let older = world.entry();
    assert_eq!(world.update(&["--first-name", "B", "--suffix", "Jr."]).code, 0);
    let newer = world.entry();
    world.fault("put:refuse=no");
    assert_eq!(world.update(&["--first-name", "C"]).code, 5);
    let refused = world.entry();
    let sent = world.requests().len();
    let lines = |words: &[&str]| answer(&world, "zsh", words).stdout;
    let (first, second) = (
        format!("{newer}\t123 A Smith (Acme Inc.): firstName, suffix (written)\n"),
        format!("{older}\t123 Jon Smith (Acme Inc.): firstName (written)\n"),
    );
    assert_eq!(lines(&["customer", "undo", ""]), format!("{first}{second}"));
    assert_eq!(lines(&["--profile", "default", "customer", "undo", &older[..18]]).lines().count(), 1);
    assert_eq!(lines(&["customer", "undo", "--verify", "read", ""]), format!("{first}{second}"));
    let shown = lines(&["customer", "history", "show", ""]);
    assert!(shown.starts_with(&refused) && shown.ends_with(&format!("{first}{second}")), "{shown}");
    assert!(!lines(&["--profile", "sandbox", "customer", "undo", ""]).contains(&newer));
    assert!(!lines(&["--profile=sandbox", "customer", "undo", "2"]).contains(&newer));
    assert_eq!(world.requests().len(), sent);
}

#[test]
fn journal_text_in_completions_is_escaped_and_never_executed() {
    let world = World::new();
    assert_eq!(world.update(&["--last-name", "x\u{1b}[2J\u{202e}y"]).code, 0);
    assert_eq!(world.update(&["--suffix", "Jr."]).code, 0);
    let shown = answer(&world, "zsh", &["customer", "undo", ""]).stdout;
    assert!(shown.contains("x\\u{1b}[2J\\u{202e}y"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    let store = rusqlite::Connection::open(world.store().path()).expect("the store opens");
    let spoil = "UPDATE entries SET entry = '$(touch x)' WHERE id = (SELECT max(id) FROM entries)";
    store.execute_batch(spoil).expect("it can be written");
    assert_eq!(answer(&world, "bash", &["customer", "undo", ""]).stdout.lines().count(), 1);
}

#[test]
fn runs_are_completed() {
    let world = World::new();
    let rows = world.file("rows.csv", "id,last-name\n123,Doe\n");
    assert_eq!(world.run(&["customer", "bulk", "update", &rows, "--yes"]).code, 0);
    for command in ["resume", "retry", "undo", "list"] {
        let shown = answer(&world, "fish", &["customer", "bulk", command, ""]).stdout;
        assert!(shown.contains("\tupdate ") && shown.ends_with("rows.csv: 1 rows\n"), "{command}: {shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
    }
}

#[test]
fn a_damaged_config_or_store_gives_no_candidates_and_no_message() {
    let world = with_config("[profiles.live\n");
    assert_eq!(asked(&world, &["--profile", ""]), [""; 0]);
    assert_eq!(values(&world, &["customer", "upd"]), ["update"]);
    std::fs::create_dir_all(world.home.path().join(".local/state/fusebill"))
        .expect("the home can be written");
    world.file(".local/state/fusebill/fusebill.db", b"no database at all, and of some length");
    assert_eq!(asked(&world, &["customer", "history", "show", "2"]), [""; 0]);
    std::fs::remove_file(world.home.path().join(".local/state/fusebill/fusebill.db")).expect("it is there");
    std::fs::create_dir(world.home.path().join(".local/state/fusebill/fusebill.db")).expect("it is gone");
    assert_eq!(asked(&world, &["customer", "history", "show", "2"]), [""; 0]);
    assert_eq!(asked(&world, &["no", "such", "command", ""]), asked(&world, &[""]));
    finished(world.command(["--"]).env("COMPLETE", "bash")).is(0, "", "");
}

#[test]
fn a_complete_variable_of_another_program_changes_nothing() {
    let world = World::new();
    let usual = world.run(&["customer", "get", "123", "-o", "json"]);
    for value in ["bash", "1", "", "/bin/zsh"] {
        let run = world.run_with(&[("COMPLETE", value)], &["customer", "get", "123", "-o", "json"]);
        run.is(0, &usual.stdout, "");
    }
    let usual = world.run(&["--", "customer", "upd"]);
    assert_eq!(usual.code, 2);
    let run = world.run_with(&[("COMPLETE", "1")], &["--", "customer", "upd"]);
    run.is(usual.code, &usual.stdout, &usual.stderr);
}
