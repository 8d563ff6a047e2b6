//! On a terminal the first rows of a run are written and shown, and a question follows before the others.

use std::process::Command;

use expectrl::process::unix::Signal;

use super::{FIRST, bulk, fleet, held, latest, names, puts_by_customer, same};
use crate::terminal::Terminal;
use crate::world::World;

const ROWS: u64 = 9;

/// The first question names this many customers, and is answered with yes.
fn agreed(world: &World, arguments: &[&str], customers: u64) -> Terminal {
    let mut terminal = start(world, arguments);
    terminal.until(&format!("of {customers} customers"));
    terminal.until("[y/n] ");
    terminal.send("y\r");
    terminal
}

/// The first question is answered, and the second is open.
fn rehearsed(world: &World, arguments: &[&str]) -> Terminal {
    let mut terminal = agreed(world, arguments, ROWS);
    terminal.until("Write 6 other");
    terminal.until("[y/n] ");
    assert_eq!(world.puts().len(), 3);
    terminal
}

fn command(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command([&["customer", "bulk"], arguments].concat());
    command.env("NO_COLOR", "1");
    command
}

fn start(world: &World, arguments: &[&str]) -> Terminal {
    Terminal::sized(&command(world, arguments), 100, 24)
}

fn planned(world: &World) -> String {
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let run = bulk(world, &["plan", &file, "--out", "names.plan"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    "names.plan".to_string()
}

#[test]
fn three_rows_are_shown_verified_before_the_others_are_written() {
    let world = fleet(ROWS);
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let mut terminal = rehearsed(&world, &["update", &file]);
    let shown = terminal.shown().to_string();
    for text in [
        "1000001   written  firstName  Jon",
        "1000003   written",
        "Rehearsed",
        "First rows, verified: 3 written.",
    ] {
        assert!(shown.contains(text), "{text} is not in {shown}");
    }
    terminal.send("y\r");
    terminal.finish().says(0, &["written  9", "bulk undo"]);
    assert!(puts_by_customer(&world).values().all(|puts| puts.len() == 1));
    assert_eq!(world.puts().len(), 9);
}

#[test]
fn no_stops_the_run_which_can_go_on_or_be_taken_back() {
    let world = fleet(ROWS);
    let before = held(&world, ROWS);
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let mut terminal = rehearsed(&world, &["update", &file, "--results", "done.csv"]);
    terminal.send("n\r");
    let run = latest(&world);
    let [resume, undo] = ["resume", "undo"].map(|name| format!("fusebill customer bulk {name} {run}"));
    terminal.finish().says(10, &["written      3", "not-reached  6", "were not confirmed", &resume, &undo]);
    assert_eq!(world.puts().len(), 3);
    let results =
        std::fs::read_to_string(world.home.path().join("done.csv")).expect("the results are written");
    assert_eq!(results.matches("not-reached").count(), 6, "{results}");
    assert_eq!(bulk(&world, &["resume", &run]).code, 0);
    assert_eq!(world.puts().len(), 9);
    assert_eq!(bulk(&world, &["undo", &run, "--yes"]).code, 0);
    same(&held(&world, ROWS), &before);
}

#[test]
fn ctrl_c_at_the_question_names_resume_and_undo() {
    let world = fleet(ROWS);
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let mut terminal = rehearsed(&world, &["update", &file]);
    terminal.signal(Signal::SIGINT);
    let run = latest(&world);
    let [resume, undo] = ["resume", "undo"].map(|name| format!("fusebill customer bulk {name} {run}"));
    let ended = terminal.finish();
    ended.says(10, &["interrupted at the question", "Rows may have been written.", &resume, &undo]);
    ended.left_the_terminal_right();
    assert_eq!(world.puts().len(), 3);
    assert_eq!(bulk(&world, &["resume", &run]).code, 0);
    assert_eq!(world.puts().len(), 9);
}

#[test]
fn a_plan_is_rehearsed_too() {
    let world = fleet(ROWS);
    let plan = planned(&world);
    let mut terminal = start(&world, &["apply", &plan]);
    terminal.until("Write 6 other customers");
    terminal.until("[y/n] ");
    assert_eq!(world.puts().len(), 3);
    terminal.send("n\r");
    terminal.finish().says(10, &["not-reached  6", "bulk resume", "bulk undo"]);
    assert_eq!(world.puts().len(), 3);
}

#[test]
fn rows_that_change_nothing_are_no_part_of_it() {
    let world = fleet(ROWS);
    let three = world.file("three.csv", names(3, "Rehearsed"));
    assert_eq!(bulk(&world, &["update", &three, "--yes"]).code, 0);
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let mut terminal = agreed(&world, &["update", &file], 9);
    terminal.until("Write 3 other customers");
    terminal.until("[y/n] ");
    assert_eq!(world.puts().len(), 6);
    terminal.send("y\r");
    terminal.finish().says(0, &["written    6", "unchanged  3"]);
}

#[test]
fn rows_that_fail_count_and_are_named_before_the_question() {
    let world = fleet(ROWS);
    world.fault("put@2:refuse=Not today");
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let mut terminal = agreed(&world, &["update", &file], 9);
    terminal.until("warning: row 2, customer 1000002: refused: ");
    terminal.until("First rows: 2 written, 1 refused. Write 6 other customers");
    terminal.until("[y/n] ");
    terminal.send("n\r");
    terminal.finish().says(10, &["written      2", "refused      1", "not-reached  6"]);
}

#[test]
fn the_other_rows_are_written_at_a_limited_rate_too() {
    let world = fleet(ROWS);
    let file = world.file("rows.csv", names(ROWS, "Rehearsed"));
    let mut terminal = rehearsed(&world, &["update", &file, "--rate", "600"]);
    terminal.send("y\r");
    terminal.finish().says(0, &["written  9"]);
    assert_eq!(world.puts().len(), 9);
}

#[test]
fn rows_without_an_edit_after_the_first_rows_end_the_run_without_a_question() {
    let world = fleet(8);
    let blanks: String = (4..8).map(|at| format!("{},\n", FIRST + at)).collect();
    let file = world.file("rows.csv", names(4, "Rehearsed") + &blanks);
    let update = ["customer", "update", &FIRST.to_string(), "--first-name", "Rehearsed"];
    assert_eq!(world.run(&update).code, 0);
    let terminal = agreed(&world, &["update", &file], 4);
    let ended = terminal.finish();
    ended.says(0, &["written    3", "unchanged  5"]);
    assert!(!ended.shown.contains("other customer"), "{}", ended.shown);
}

#[test]
fn rows_without_a_plan_are_not_counted_as_customers_to_write() {
    let world = fleet(8);
    let unknown = "9000001,Nobody\n9000002,Nobody\n";
    let rows = names(8, "Rehearsed").replacen('\n', &format!("\n{unknown}"), 1);
    let file = world.file("rows.csv", rows);
    assert_eq!(bulk(&world, &["plan", &file, "--out", "some.plan"]).code, 10);
    let mut terminal = start(&world, &["apply", "some.plan"]);
    terminal.until("First rows: 1 written, 2 ");
    terminal.until("Write 7 other customers");
    terminal.until("[y/n] ");
    terminal.send("y\r");
    terminal.finish().says(10, &["written    8"]);
}

#[test]
fn there_is_no_second_question_for_three_rows_with_yes_or_off_a_terminal() {
    let world = fleet(ROWS);
    let three = world.file("three.csv", names(3, "Few"));
    let nine = world.file("rows.csv", names(ROWS, "Limited"));
    for arguments in [&["update", &three][..], &["update", &nine, "--limit", "3"]] {
        let terminal = agreed(&world, arguments, 3);
        let ended = terminal.finish();
        ended.says(0, &["3"]);
        assert!(!ended.shown.contains("First rows"), "{}", ended.shown);
    }
    let ended = start(&world, &["update", &nine, "--yes"]).finish();
    assert!(ended.code == 0 && !ended.shown.contains("[y/n]"), "{}", ended.shown);
    let plan = planned(&world);
    assert_eq!(bulk(&world, &["apply", &plan]).code, 0);
    assert!(world.stored(FIRST).contains("\"Rehearsed\""));
}

#[test]
fn the_sandbox_has_no_rehearsal() {
    let world = World::new();
    let file = world.file("rows.csv", "id,first-name\n123,A\n1001,A\n1002,A\n1003,A\n1016,A\n");
    let mut command = world.command(["--profile", "sandbox", "customer", "bulk", "update", &file]);
    command.env("NO_COLOR", "1").env_remove("FUSEBILL_BASE_URL").env_remove("FUSEBILL_API_KEY");
    let mut terminal = Terminal::sized(&command, 100, 24);
    terminal.until("of 5 customers");
    terminal.until("[y/n] ");
    terminal.send("y\r");
    let ended = terminal.finish();
    ended.says(0, &["written  5"]);
    assert!(!ended.shown.contains("First rows"), "{}", ended.shown);
}
