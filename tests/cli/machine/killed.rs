//! Killed where `crash.rs` does not kill: while a change is taken back, the journal pruned, a profile changed.

use std::time::{Duration, Instant};

use super::{JOHN, config, edit_store, is_accounted_for, kinds, records, start};
use crate::world::{World, without_timestamp};

/// Runs a command in a fresh world once to its end, then again and again until it is killed at another moment each time.
fn killed_at_many_moments(
    times: u32,
    prepare: impl Fn() -> World,
    arguments: &[&str],
    check: impl Fn(&World),
) {
    let world = prepare();
    let begun = Instant::now();
    assert_eq!(world.run(arguments).code, 0);
    let whole = begun.elapsed();
    check(&world);
    for at in 0..times {
        let world = prepare();
        let begun = Instant::now();
        let mut child = start(world.command(arguments));
        let moment: Duration = whole * (at + 1) / times;
        while begun.elapsed() < moment {
            std::thread::yield_now();
        }
        // Where it ended by itself already, that is one more moment that is survived.
        child.kill().expect("a process that was not waited for can be killed");
        child.wait().expect("the process ends");
        check(&world);
    }
}

fn changed() -> World {
    let world = World::new();
    assert_eq!(world.run(&JOHN).code, 0);
    world
}

#[test]
fn an_undo_killed_at_any_moment_can_be_resolved_and_undone() {
    let before = without_timestamp(&World::new().stored(123));
    killed_at_many_moments(60, changed, &["customer", "undo", "--last"], |world| {
        // The server works on one thread: when it answers, it has read what was on its way before.
        for _ in 0..2 {
            assert_eq!(world.run(&["customer", "get", "123"]).code, 0);
        }
        is_accounted_for(world);
        let resolving = world.run(&["customer", "history", "--resolve"]);
        assert_eq!(resolving.code, 0, "{resolving:#?}");
        if without_timestamp(&world.stored(123)) != before {
            assert!(world.stored(123).contains("\"John\""));
            let again = world.run(&["customer", "undo", "--last"]);
            assert_eq!(again.code, 0, "{again:#?}");
        }
        assert_eq!(without_timestamp(&world.stored(123)), before);
        assert_ne!(kinds(world).last().map(String::as_str), Some("intent"));
    });
}

#[test]
fn a_kill_during_prune_leaves_the_old_or_the_new_journal() {
    let prepare = || {
        let world = changed();
        assert_eq!(world.run(&["customer", "update", "1016", "--title", "dr"]).code, 0);
        // An entry that has no outcome: the first one again, under another name.
        let columns = "time, profile, host, command, customer, name, edits, before, after";
        let again = format!(
            "INSERT INTO entries (entry, {columns}) SELECT '20200101-000000000-0000', {columns} FROM entries LIMIT 1"
        );
        edit_store(&world, &again);
        world
    };
    let prune = ["customer", "history", "prune", "--older-than", "0h", "--yes"];
    killed_at_many_moments(40, prepare, &prune, |world| {
        let kinds = kinds(world);
        assert!([1, 5].contains(&kinds.len()), "{kinds:?}");
        assert!(records(world).iter().any(|record| record["entry"] == "20200101-000000000-0000"));
        let next = world.run(&["customer", "update", "1020", "--title", "dr"]);
        assert_eq!(next.code, 0, "{next:#?}");
    });
}

#[test]
fn a_kill_during_a_profile_change_leaves_the_old_or_the_new_file() {
    const OLD: &str = "# mine\n[profiles.live]\nlabel = \"OLD\"\n";
    let prepare = || {
        let world = World::new();
        std::fs::create_dir_all(config(&world, "")).expect("a folder is made");
        std::fs::write(config(&world, "config.toml"), OLD).expect("a file is written");
        world
    };
    killed_at_many_moments(40, prepare, &["profile", "set", "live", "--label", "NEW"], |world| {
        let text = std::fs::read_to_string(config(world, "config.toml")).expect("it is there");
        assert!([OLD, &OLD.replace("OLD", "NEW")].contains(&text.as_str()), "{text}");
        assert_eq!(world.run(&["profile", "set", "live", "--label", "NEXT"]).code, 0, "no lock is left");
        world.was_left_alone();
    });
}
