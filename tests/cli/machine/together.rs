//! Several at once: on one customer, on two, and with a journal that is pruned meanwhile.

use super::{JOHN, ended, is_accounted_for, kinds, records, signal, start, stop, until, until_seen};
use crate::world::World;

#[test]
fn a_wait_for_the_customer_lock_times_out_without_a_request() {
    let world = World::new();
    world.fault("put:hang");
    let mut first = start(world.command(JOHN));
    until_seen(&world, "PUT");
    let second = world.run(&["customer", "update", "123", "--title", "dr", "--timeout", "1"]);
    second.fails(
        6,
        &["Waiting: another fusebill process", "still holds the lock", "Nothing was written.", "--timeout"],
    );
    assert_eq!((world.lines().len(), kinds(&world)), (2, vec!["intent".to_string()]));
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    let third = world.run(&["customer", "update", "123", "--title", "dr"]);
    assert_eq!(third.code, 0, "{third:#?}");
    third.says(&["has no known outcome"]);
    is_accounted_for(&world);
}

#[test]
fn an_update_of_another_customer_does_not_wait() {
    let world = World::new();
    world.fault("put:hang");
    let mut first = start(world.command(JOHN));
    until_seen(&world, "PUT");
    let second = world.run(&["customer", "update", "1016", "--title", "dr"]);
    assert_eq!(second.code, 0, "{second:#?}");
    assert!(!second.stderr.contains("Waiting"), "{}", second.stderr);
    assert_eq!(kinds(&world), ["intent", "intent", "written"]);
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    is_accounted_for(&world);
}

#[test]
fn prune_during_a_change_keeps_its_entry_and_its_outcome() {
    let world = World::new();
    assert_eq!(world.run(&["customer", "update", "1016", "--title", "dr"]).code, 0);
    world.fault("put:latency=1s");
    let first = start(world.command(JOHN));
    until("its PUT", || world.puts().len() == 2);
    // However long the prune takes, the change does not end before it.
    stop(&first);
    let prune = world.run(&["customer", "history", "prune", "--older-than", "0h", "--yes"]);
    prune.says(&["Kept: 1 entry without a known outcome", "Deleted: 1 entry and 0 runs of profile default."]);
    assert_eq!(kinds(&world), ["intent"]);
    signal(&first, "CONT");
    let first = ended(first);
    assert_eq!(first.code, 0, "{first:#?}");
    let all = records(&world);
    let names: Vec<&str> = all.iter().filter_map(|record| record["entry"].as_str()).collect();
    assert_eq!((names.len(), names[0]), (2, names[1]), "the other entry is forgotten");
    assert_eq!(kinds(&world), ["intent", "written"]);
    let undone = world.run(&["customer", "undo", "--last"]);
    assert_eq!(undone.code, 0, "{undone:#?}");
}

#[test]
fn twelve_simultaneous_changes_of_twelve_customers_are_all_recorded() {
    let world = World::new();
    let ids: Vec<u64> = fusebill::sandbox::seed()
        .filter_map(|text| {
            let customer: serde_json::Value = serde_json::from_str(text).expect("a seed is JSON");
            customer["id"].as_u64()
        })
        .take(12)
        .collect();
    let children: Vec<_> = ids
        .iter()
        .map(|id| start(world.command(["customer", "update", &id.to_string(), "--middle-name", "Q"])))
        .collect();
    let runs: Vec<_> = children.into_iter().map(ended).collect();
    assert!(runs.iter().all(|run| run.code == 0), "{runs:#?}");
    assert_eq!((world.journal().len(), world.puts().len()), (2 * ids.len(), ids.len()));
    is_accounted_for(&world);
}
