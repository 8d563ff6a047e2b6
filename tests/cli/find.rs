//! `customer find`: what is found by words, and what is asked for it.

use crate::world::{Run, World};

fn find(world: &World, arguments: &[&str]) -> Run {
    world.run(&[&["customer", "find"], arguments].concat())
}

/// The ids that are found.
fn ids(world: &World, arguments: &[&str]) -> Vec<u64> {
    let run = find(world, &[arguments, &["-o", "json"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let found: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).expect("an array");
    found.iter().filter_map(|one| one["id"].as_u64()).collect()
}

#[test]
fn words_are_found_in_name_company_address_and_reference() {
    let world = World::new();
    assert_eq!(ids(&world, &["acme"]), [123]);
    assert_eq!(ids(&world, &["jon", "SMITH"]), [123]);
    assert_eq!(ids(&world, &["billing@example.com"]), [123]);
    assert_eq!(ids(&world, &["ACME-7"]), [123]);
    assert_eq!(ids(&world, &["株式会社"]), [1005]);
    assert_eq!(ids(&world, &["smith", "nobody"]), [0; 0]);
    assert_eq!(ids(&world, &["123"])[0], 123);
    world.requests().iter().for_each(|request| assert_eq!(request.method, "GET"));
}

#[test]
fn a_customer_that_several_fields_find_is_listed_once() {
    let world = World::new();
    let found = ids(&world, &["child"]);
    assert_eq!(found.iter().filter(|id| **id == 2003).count(), 1, "{found:?}");
    assert_eq!(world.lines().len(), 5);
}

#[test]
fn find_counts_its_matches_and_suggests_list_if_there_are_none() {
    let world = World::new();
    let run = find(&world, &["acme", "--columns", "id,company-name"]);
    run.is(0, "id   companyName\n──── ───────────\n123  Acme Inc.\n", "1 customer.\n");
    let run = find(&world, &["example", "--limit", "2", "--columns", "id"]);
    assert_eq!(
        (run.stdout.lines().count(), run.stderr.as_str()),
        (4, "The first 2 customers; more match.\n")
    );
    let run = find(&world, &["nothing-like-it"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    run.says(&["No customer has these words", "`fusebill customer list --where`"]);
    find(&world, &[" "]).fails(2, &["needs a word"]);
}
