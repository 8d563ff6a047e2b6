//! Homes that are missing, no folders, or not to be written to.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{JOHN, config, files, is_accounted_for, state, wrote_john, wrote_nothing};
use crate::world::{World, finished};

#[test]
fn a_relative_home_is_refused_and_creates_no_file() {
    for home in ["home", "./home", "../home"] {
        let world = World::new();
        for arguments in
            [&JOHN[..], &["customer", "history"], &["customer", "bulk", "list"], &["profile", "list"]]
        {
            let run = world.run_with(&[("HOME", home)], arguments);
            let says = ["the home directory is not an absolute path", "set HOME"];
            run.fails(1, &says);
        }
        assert_eq!(files(&world), [""; 0]);
        world.was_left_alone();
    }
}

#[test]
fn folders_that_are_named_take_the_place_of_a_home() {
    let world = World::new();
    let (config, state) = (world.home.path().join("c"), world.home.path().join("s"));
    for (home, name) in [(None, "Ann"), (Some(""), "Bo"), (Some("relative"), "Cy")] {
        let mut command = world.command(["customer", "update", "123", "--first-name", name]);
        command.env_remove("HOME").env("XDG_CONFIG_HOME", &config).env("XDG_STATE_HOME", &state);
        let run = finished(home.into_iter().fold(&mut command, |command, home| command.env("HOME", home)));
        assert_eq!(run.code, 0, "{home:?}: {run:#?}");
    }
    assert!(state.join("fusebill/fusebill.db").exists() && world.puts().len() == 3);
    assert!(files(&world).iter().all(|name| name.starts_with("s/fusebill/")), "{:?}", files(&world));
}

#[test]
fn folders_of_the_environment_that_are_relative_or_empty_are_passed_over() {
    for value in ["", "state", "./state"] {
        let world = World::new();
        let run = world.run_with(&[("XDG_STATE_HOME", value), ("XDG_CONFIG_HOME", value)], &JOHN);
        wrote_john(&world, &run);
    }
}

#[test]
fn a_home_that_is_a_file_or_is_not_there_is_named_or_made() {
    let world = World::new();
    let file = world.file("file", "");
    let run = world.run_with(&[("HOME", &file)], &JOHN);
    wrote_nothing(&world, &run, 2, &["cannot read", "file/.config/fusebill/config.toml", "Not a directory"]);
    world.was_left_alone();
    let fresh = world.home.path().join("not/there/yet");
    let run = world.run_with(&[("HOME", &fresh.display().to_string())], &JOHN);
    assert_eq!((run.code, world.puts().len()), (0, 1), "{run:#?}");
    let mode = |name: &str| fs::metadata(fresh.join(name)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(
        [mode(""), mode(".local/state/fusebill"), mode(".local/state/fusebill/fusebill.db")],
        [0o700, 0o700, 0o600]
    );
}

#[test]
fn a_folder_in_place_of_a_file_stops_every_write_and_is_named() {
    for (name, code, says) in [
        ("fusebill.db", 1, "fusebill.db cannot be opened"),
        ("locks/customer-0123", 10, "cannot lock customer 123"),
    ] {
        let world = World::new();
        fs::create_dir_all(state(&world, name)).expect("a folder is made");
        wrote_nothing(&world, &world.run(&JOHN), 1, &[says, "Is a directory", "--no-journal"]);
        let file = world.file("rows.csv", "id,firstName\n123,John\n");
        let run = world.run(&["customer", "bulk", "update", &file, "--yes", "-o", "json"]);
        assert_eq!((run.code, world.puts().len()), (code, 0), "{name}: {run:#?}");
    }
}

#[test]
fn a_file_in_place_of_a_folder_stops_every_write_and_is_named() {
    let rows = |world: &World| world.file("rows.csv", "id,firstName\n123,John\n");
    for (name, arguments) in [
        ("locks", vec!["customer", "update", "123", "--first-name", "John"]),
        ("locks", vec!["customer", "bulk", "update", "rows.csv", "--yes"]),
        ("edits", vec!["customer", "edit", "123", "--yes"]),
    ] {
        let world = World::new();
        rows(&world);
        fs::create_dir_all(state(&world, "")).expect("a folder is made");
        fs::write(state(&world, name), "no folder").expect("a file is written");
        let run = world.run_with(&[("EDITOR", "false"), ("PATH", "/usr/bin:/bin")], &arguments);
        wrote_nothing(&world, &run, 1, &[&format!("fusebill/{name}"), "set XDG_STATE_HOME to"]);
    }
    let world = World::new();
    fs::create_dir_all(config(&world, "config.toml")).expect("a folder is made");
    wrote_nothing(&world, &world.run(&JOHN), 2, &["cannot read", "config.toml", "Is a directory"]);
    world.was_left_alone();
}

#[test]
fn plan_and_dry_run_need_no_state_folder() {
    let world = World::new();
    let rows = world.file("rows.csv", "id,firstName\n123,John\n");
    let file = world.file("no-folder", "");
    for arguments in [
        &[&JOHN[..], &["--dry-run"]].concat()[..],
        &["customer", "bulk", "plan", &rows],
        &["customer", "bulk", "update", &rows, "--dry-run"],
    ] {
        let run = world.run_with(&[("XDG_STATE_HOME", &file)], arguments);
        assert_eq!((run.code, world.puts().len()), (0, 0), "{arguments:?} {run:#?}");
    }
}

#[test]
fn folders_that_may_only_be_read_keep_everything_from_being_sent() {
    let world = World::new();
    let (state, config) = (state(&world, ""), config(&world, ""));
    for folder in [&state, &config] {
        fs::create_dir_all(folder).expect("a folder is made");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o500)).expect("it has a mode");
    }
    if fs::write(state.join("probe"), "").is_ok() {
        eprintln!("modes do not bind this user: the other tests here put files where folders should be");
        return;
    }
    wrote_nothing(&world, &world.run(&JOHN), 1, &["cannot lock customer 123", "Permission denied"]);
    world.run(&["profile", "set", "live", "--label", "x"]).fails(1, &["cannot write", "Permission denied"]);
    let run = world.run(&["customer", "get", "123"]);
    assert_eq!(run.code, 0, "{run:#?}");
    is_accounted_for(&world);
    for folder in [&state, &config] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("it has a mode");
    }
}
