//! A clock that was wrong, or was put back: what counts is the order in which the journal was written.

use super::{JOHN, edit_store, is_accounted_for, kinds, records};
use crate::world::World;

/// Moves the year of every moment in the store, in names and times; documents stay as they are.
fn move_to(world: &World, year: &str) {
    edit_store(
        world,
        &format!(
            "UPDATE entries SET entry = '{year}' || substr(entry, 5), time = '{year}' || substr(time, 5)"
        ),
    );
}

/// The years of the entries, the newest first.
fn entries(world: &World) -> Vec<String> {
    let listed = world.run(&["customer", "history", "-o", "json"]).json();
    let entries = listed["entries"].as_array().expect("a list").clone();
    entries.iter().map(|entry| entry["entry"].as_str().expect("a name")[..4].to_string()).collect()
}

#[test]
fn undo_last_follows_the_order_of_writes_and_not_the_clock() {
    for year in ["2999", "1999"] {
        let world = World::new();
        assert_eq!(world.run(&JOHN).code, 0);
        move_to(&world, year);
        let run = world.run(&["customer", "update", "123", "--title", "dr"]);
        assert_eq!((run.code, run.stderr.contains("warning")), (0, false), "{run:#?}");
        let listed = entries(&world);
        assert!(listed.len() == 2 && listed[1] == year && listed[0] != year, "{listed:?}");
        let undone = world.run(&["customer", "undo", "--last", "-o", "json"]);
        assert_eq!(undone.code, 0, "{undone:#?}");
        assert!(world.stored(123).contains("\"John\""), "the title was changed last");
        let first = records(&world)[0]["entry"].as_str().expect("a name").to_string();
        let undone = world.run(&["customer", "undo", &first]);
        assert_eq!(undone.code, 0, "{undone:#?}");
        assert!(world.stored(123).contains("\"Jon\""));
        is_accounted_for(&world);
    }
}

#[test]
fn prune_goes_by_the_recorded_time_and_keeps_unfinished_entries() {
    let world = World::new();
    assert_eq!(world.run(&JOHN).code, 0);
    move_to(&world, "1999");
    assert_eq!(world.run(&["customer", "update", "123", "--title", "dr"]).code, 0);
    let prune = ["customer", "history", "prune", "--older-than", "90d", "--yes"];
    world.run(&prune).is(0, "", "Deleted: 1 entry and 0 runs of profile default.\n");
    assert_eq!(kinds(&world), ["intent", "written"]);
    move_to(&world, "2999");
    world.run(&prune).is(0, "", "Deleted: 0 entries and 0 runs of profile default.\n");
    edit_store(&world, "UPDATE entries SET outcome = NULL");
    move_to(&world, "1999");
    let run = world.run(&prune);
    run.says(&["Kept: 1 entry without a known outcome", "Deleted: 0 entries and 0 runs"]);
    assert_eq!(kinds(&world), ["intent"]);
}

#[test]
fn a_later_change_resolves_an_earlier_one_by_the_order_of_the_journal() {
    for year in ["2999", "1999"] {
        let world = World::new();
        world.fault("put:lost-before");
        world.fault("get@2*all:status=500");
        let lost = world.run(&[&JOHN[..], &["--timeout", "2"]].concat());
        assert_eq!(lost.code, 8, "{lost:#?}");
        crate::bulk::take_faults_back(&world);
        move_to(&world, year);
        let later = world.run(&["customer", "update", "123", "--first-name", "Jim"]);
        assert_eq!(later.code, 0, "{later:#?}");
        later.says(&["has no known outcome"]);
        let run = world.run(&["customer", "history", "--resolve"]);
        assert_eq!(run.code, 0, "{year}: {run:#?}");
        run.says(&["superseded"]);
    }
}

#[test]
fn an_earlier_change_never_resolves_a_later_one() {
    let world = World::new();
    assert_eq!(world.run(&JOHN).code, 0);
    move_to(&world, "2999");
    world.fault("put:lost-before");
    world.fault("get@2*all:status=500");
    let lost = world.run(&["customer", "update", "123", "--first-name", "Jim", "--timeout", "2"]);
    assert_eq!(lost.code, 8, "{lost:#?}");
    crate::bulk::take_faults_back(&world);
    world.server.store(&world.stored(123).replace("\"John\"", "\"Theirs\"")).expect("it is stored");
    let run = world.run(&["customer", "history", "--resolve"]);
    run.fails(8, &["the customer was modified since"]);
    assert!(!kinds(&world).contains(&"superseded".to_string()));
}
