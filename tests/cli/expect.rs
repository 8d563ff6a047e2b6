//! `--expect`: preconditions.

use crate::world::World;

#[test]
fn an_expectation_that_holds_allows_the_change() {
    for pair in [
        "status=Active",
        "/status=Active",
        "firstName=Jon",
        "middleName=\"B\"",
        "suffix=null",
        "quickBooksId=58",
        "monthlyRecurringRevenue=250",
        "customerReference.reference1=PO-2291",
        "/customerReference/salesTrackingCodes/0/code=NA",
        "isParent=false",
        "primaryEmail=jon.smith@example.com; billing@example.com",
    ] {
        let world = World::new();
        let run = world.update(&["--suffix", "Jr.", "--expect", pair]);
        assert_eq!(run.code, 0, "{pair}: {}", run.stderr);
        assert_eq!(world.puts().len(), 1, "{pair}");
    }
}

#[test]
fn an_expectation_that_fails_writes_nothing_and_shows_the_value() {
    for (pair, says) in [
        ("status=hold", "status: expected Hold, found \"Active\""),
        ("suffix=", "suffix: expected , found null"),
        ("suffix=Jr.", "suffix: expected Jr., found null"),
        ("firstName=null", "firstName: expected null, found \"Jon\""),
        ("quickBooksId=59", "quickBooksId: expected 59, found 58"),
        ("/customerReference/reference3=net 60", "expected net 60, found \"net 30\""),
    ] {
        let world = World::new();
        let before = world.stored(123);
        let run = world.update(&["--first-name", "John", "--expect", pair]);
        run.fails(6, &[says, "checking customer 123", "Nothing was written.", "fusebill customer get 123"]);
        assert_eq!(world.lines(), ["GET /v1/customers/123"], "{pair}");
        assert_eq!(world.stored(123), before);
    }
}

#[test]
fn every_one_of_several_must_hold_and_all_that_do_not_are_named() {
    let world = World::new();
    let expect = ["--expect", "status=Active", "--expect", "title=Dr", "--expect", "currency=CAD"];
    let run = world.update(&[&["--first-name", "John"], expect.as_slice()].concat());
    run.fails(6, &["title: expected Dr", "currency: expected CAD"]);
    assert!(!run.stderr.contains("status:"), "{}", run.stderr);
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn an_expectation_is_checked_even_when_nothing_would_change() {
    let world = World::new();
    world.update(&["--first-name", "Jon", "--expect", "status=Hold"]).fails(6, &["expected Hold"]);
}

#[test]
fn consent_does_not_override_an_expectation() {
    let world = World::new();
    world.update(&["--status", "Hold", "--yes", "--expect", "status=Draft"]).fails(6, &["expected Draft"]);
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_path_that_is_not_there_is_a_usage_error_with_the_nearest_name() {
    let world = World::new();
    let run = world.update(&["--first-name", "John", "--expect", "stauts=Active"]);
    run.fails(2, &["--expect: the customer has no field `stauts`", "did you mean `status`?"]);
    assert!(!run.stderr.contains("--new-field"), "a new field cannot be expected: {}", run.stderr);
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn an_expectation_detects_an_earlier_change_by_another_client() {
    let world = World::new();
    world.fault("get:other-writer=firstName=\"Jane\"");
    world.update(&["--first-name", "John", "--expect", "firstName=Jon"]).fails(6, &["found \"Jane\""]);
    assert_eq!(world.puts(), [""; 0]);
    assert!(world.stored(123).contains("\"firstName\":\"Jane\""));
}
