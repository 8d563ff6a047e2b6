//! Links where files go, and files and folders that others can write to.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use fusebill::sandbox::KEY;

use super::{JOHN, config, journal_text, kinds, records, state, wrote_john};
use crate::world::World;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it has a mode");
}

#[test]
fn a_key_is_never_written_through_a_link() {
    let world = World::new();
    let victim = world.file("victim", "somebody else's");
    set_mode(Path::new(&victim), 0o644);
    fs::create_dir_all(config(&world, "keys")).expect("a folder is made");
    symlink(&victim, config(&world, "keys/default")).expect("a link is made");
    let mut login = world.command(["auth", "login", "--with-key-stdin"]);
    login.env_remove("FUSEBILL_API_KEY").stdin(fs::File::open(world.file("in", KEY)).expect("it is there"));
    let run = crate::world::finished(&mut login);
    assert_eq!(run.code, 0, "{run:#?}");
    assert_eq!(fs::read_to_string(&victim).expect("it is there"), "somebody else's");
    let stored = config(&world, "keys/default");
    assert!(!stored.is_symlink() && fs::read_to_string(&stored).expect("it is there").starts_with(KEY));
    assert_eq!((mode(&stored), mode(Path::new(&victim))), (0o600, 0o644));
    let run = crate::world::finished(world.command(["auth", "logout"]).env_remove("FUSEBILL_API_KEY"));
    assert_eq!((run.code, stored.exists()), (0, false), "{run:#?}");
    assert!(Path::new(&victim).exists());
}

#[test]
fn a_key_that_is_a_link_to_nowhere_is_an_error_and_no_other_key_is_taken() {
    let world = World::new();
    fs::create_dir_all(config(&world, "keys")).expect("a folder is made");
    symlink("/no/such/key", config(&world, "keys/default")).expect("a link is made");
    let run = crate::world::finished(world.command(JOHN).env_remove("FUSEBILL_API_KEY"));
    run.fails(4, &["keys/default", "No such file", "Nothing was written."]);
    world.was_left_alone();
}

#[test]
fn locks_leave_whatever_they_lead_to_as_it_is() {
    let world = World::new();
    let victim = world.file("victim", "somebody else's");
    fs::create_dir_all(state(&world, "turns")).expect("a folder is made");
    for lock in ["journal.lock", "config.lock", "turns/0123.lock"] {
        symlink(&victim, state(&world, lock)).expect("a link is made");
    }
    // One lock at two places would wait for itself.
    fs::remove_file(state(&world, "journal.lock")).expect("it is removed");
    wrote_john(&world, &world.run(&JOHN));
    assert_eq!(world.run(&["profile", "set", "live", "--label", "x"]).code, 0);
    assert_eq!(fs::read_to_string(&victim).expect("it is there"), "somebody else's");
}

#[test]
fn a_journal_that_is_kept_elsewhere_stays_there_when_it_is_pruned() {
    let world = World::new();
    let elsewhere = world.home.path().join("encrypted");
    fs::create_dir(&elsewhere).expect("a folder is made");
    fs::create_dir_all(state(&world, "")).expect("a folder is made");
    symlink(elsewhere.join("journal"), state(&world, "journal.jsonl")).expect("a link is made");
    wrote_john(&world, &world.run(&JOHN));
    assert_eq!(mode(&elsewhere.join("journal")), 0o600);
    let run = world.run(&["customer", "history", "prune", "--older-than", "0h"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "1 entry of profile default is forgotten.\n"));
    assert!(state(&world, "journal.jsonl").is_symlink());
    assert_eq!(fs::read_to_string(elsewhere.join("journal")).expect("it is there"), "");
    let again = world.run(&["customer", "update", "123", "--first-name", "Jim"]);
    assert_eq!(again.code, 0, "{again:#?}");
    assert_eq!(kinds(&world), ["intent", "written"]);
    let left = fs::read_dir(&elsewhere).expect("it is there").count();
    assert_eq!(left, 1, "nothing else is left beside it");
}

#[test]
fn what_others_can_read_or_change_is_warned_of_with_what_ends_it() {
    for (place, bits, says, ends) in [
        (state as fn(&World, &str) -> _, 0o777, "put another journal into", "chmod 700"),
        (config, 0o777, "put another config.toml into", "chmod go-w"),
    ] {
        let world = World::new();
        let folder = place(&world, "");
        fs::create_dir_all(&folder).expect("a folder is made");
        set_mode(&folder, bits);
        let run = world.run(&JOHN);
        wrote_john(&world, &run);
        run.says(&["warning: other users of this machine can", says, ends]);
        set_mode(&folder, 0o755);
        let run = world.run(&["customer", "get", "123", "-o", "json"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    }
    let world = World::new();
    assert_eq!(world.run(&JOHN).code, 0);
    for bits in [0o640, 0o604, 0o622] {
        let journal = state(&world, "journal.jsonl");
        set_mode(&journal, bits);
        let run = world.run(&["customer", "get", "123", "-o", "json"]);
        let command = format!("`chmod 600 {}` ends that", journal.display());
        run.says(&["can get at the customers in", &command]);
        assert_eq!((run.code, mode(&journal)), (0, bits));
    }
    assert_eq!((records(&world).len(), journal_text(&world).lines().count()), (2, 2));
}
