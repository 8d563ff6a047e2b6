//! Links where files go, and files and folders that others can write to.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use fusebill::sandbox::KEY;

use super::{JOHN, config, kinds, records, state, wrote_john};
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
fn a_lock_that_is_a_link_leaves_its_target_unchanged() {
    let world = World::new();
    let victim = world.file("victim", "somebody else's");
    fs::create_dir_all(state(&world, "locks")).expect("a folder is made");
    for lock in ["config.lock", "locks/customer-0123"] {
        symlink(&victim, state(&world, lock)).expect("a link is made");
    }
    wrote_john(&world, &world.run(&JOHN));
    assert_eq!(world.run(&["profile", "set", "live", "--label", "x"]).code, 0);
    assert_eq!(fs::read_to_string(&victim).expect("it is there"), "somebody else's");
}

#[test]
fn a_store_that_is_kept_elsewhere_stays_there_when_it_is_pruned() {
    let world = World::new();
    let elsewhere = world.home.path().join("encrypted");
    fs::create_dir(&elsewhere).expect("a folder is made");
    fs::create_dir_all(state(&world, "")).expect("a folder is made");
    symlink(elsewhere.join("store"), state(&world, "fusebill.db")).expect("a link is made");
    wrote_john(&world, &world.run(&JOHN));
    assert_eq!(mode(&elsewhere.join("store")), 0o600);
    let run = world.run(&["customer", "history", "prune", "--older-than", "0h", "--yes"]);
    let forgotten = "Deleted: 1 entry and 0 runs of profile default.\n";
    assert_eq!((run.code, run.stderr.as_str()), (0, forgotten));
    assert!(state(&world, "fusebill.db").is_symlink());
    let again = world.run(&["customer", "update", "123", "--first-name", "Jim"]);
    assert_eq!(again.code, 0, "{again:#?}");
    assert_eq!(kinds(&world), ["intent", "written"]);
    let left = fs::read_dir(&elsewhere).expect("it is there").count();
    assert_eq!(left, 1, "nothing else is left beside it");
}

#[test]
fn files_open_to_other_users_are_warned_about_or_refused() {
    let world = World::new();
    fs::create_dir_all(config(&world, "")).expect("a folder is made");
    set_mode(&config(&world, ""), 0o777);
    let run = world.run(&JOHN);
    wrote_john(&world, &run);
    run.says(&["warning: other users of this machine can", "put another config.toml into", "chmod go-w"]);
    set_mode(&config(&world, ""), 0o755);
    let store = state(&world, "fusebill.db");
    for bits in [0o640, 0o604] {
        set_mode(&store, bits);
        let run = world.run(&["customer", "get", "123", "-o", "json"]);
        let command = format!("run `chmod 600 {}`", store.display());
        run.says(&["can read the customers in", &command]);
        assert_eq!((run.code, mode(&store)), (0, bits));
    }
    let folder = state(&world, "");
    let places =
        [(&store, 0o622, 0o600, "600"), (&folder, 0o777, 0o755, "700"), (&folder, 0o1777, 0o700, "700")];
    for (path, bad, good, command) in places {
        set_mode(path, bad);
        let run = world.run(&["customer", "update", "123", "--first-name", "Jim"]);
        assert_eq!((run.code, world.puts().len()), (1, 1), "{run:#?}");
        run.says(&["can be written to by other users", &format!("chmod {command} "), "Nothing was written."]);
        set_mode(path, good);
    }
    assert_eq!(records(&world).len(), 2);
}

#[test]
fn folders_and_links_of_other_users_are_not_used() {
    let world = World::new();
    let shared = world.home.path().join("shared");
    fs::create_dir(&shared).expect("a folder is made");
    fs::create_dir(shared.join("theirs")).expect("a folder is made");
    set_mode(&shared, 0o1777);
    symlink(shared.join("theirs"), shared.join("fusebill")).expect("a link is made");
    let home = shared.display().to_string();
    let run = world.run_with(&[("XDG_STATE_HOME", &home)], &JOHN);
    assert_eq!((run.code, world.puts().len()), (1, 0), "{run:#?}");
    run.says(&["is a link in a folder that other users can write to", "Nothing was written."]);
    fs::remove_file(shared.join("fusebill")).expect("it is removed");
    fs::create_dir(shared.join("fusebill")).expect("a folder is made");
    // Only root can give files away.
    if std::os::unix::fs::chown(shared.join("fusebill"), Some(12_345), None).is_ok() {
        let run = world.run_with(&[("XDG_STATE_HOME", &home)], &JOHN);
        assert_eq!((run.code, world.puts().len()), (1, 0), "{run:#?}");
        run.says(&["belongs to another user", "chown"]);
    }
    let victim = world.file("victim.csv", "mine");
    symlink(&victim, shared.join("results.csv")).expect("a link is made");
    let file = world.file("rows.csv", "id,middleName\n123,Q\n");
    let results = shared.join("results.csv").display().to_string();
    let run = world.run(&["customer", "bulk", "update", &file, "--yes", "--results", &results]);
    run.fails(2, &["is a link in a folder that other users can write to"]);
    let run = world.run(&["customer", "bulk", "plan", &file, "--out", &results]);
    assert_ne!(run.code, 0, "{run:#?}");
    assert_eq!((fs::read_to_string(victim).expect("it is there").as_str(), world.puts().len()), ("mine", 0));
}
