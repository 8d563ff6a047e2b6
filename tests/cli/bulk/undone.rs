//! A run is taken back: byte for byte where nobody else wrote, and not where somebody did.

use crate::world::World;

use super::{FIRST, bulk, bulk_of, count, fleet, held, latest, lines, names, same};

const ROWS: u64 = 30;

const NDJSON: &str = "ndjson";

#[test]
fn undo_brings_every_customer_back_byte_for_byte_and_can_be_undone_itself() {
    let world = fleet(ROWS);
    let before = held(&world, ROWS);
    let rows: String = (0..ROWS).map(|at| format!("{},N{at},#CLEAR,#EMPTY,R{at}\n", FIRST + at)).collect();
    let csv = format!("id,first-name,reference,primary-phone,reference1\n{rows}");
    let run = bulk_of(&world, &["update", "-", "--yes", "-o", NDJSON], csv);
    assert_eq!((run.code, count(&lines(&run.stdout), "written")), (0, 30), "{}", run.stderr);
    let after = held(&world, ROWS);
    let name = latest(&world);
    assert_eq!(run.undo.as_deref(), Some(format!("fusebill customer bulk undo {name}").as_str()));

    bulk(&world, &["undo", &name]).fails(2, &["needs consent", "--yes", "30 customers"]);
    let undone = bulk(&world, &["undo", &name, "--yes", "-o", NDJSON]);
    assert_eq!((undone.code, count(&lines(&undone.stdout), "written")), (0, 30), "{}", undone.stderr);
    same(&held(&world, ROWS), &before);

    let again = bulk(&world, &["undo", &name, "--yes", "-o", NDJSON]);
    assert_eq!((again.code, count(&lines(&again.stdout), "unchanged")), (0, 30), "{}", again.stderr);

    let names = super::runs(&world);
    let redone = bulk(&world, &["undo", &names[1], "--yes", "-o", NDJSON]);
    assert_eq!((redone.code, count(&lines(&redone.stdout), "written")), (0, 30), "{}", redone.stderr);
    same(&held(&world, ROWS), &after);
}

#[test]
fn undo_leaves_rows_that_the_run_did_not_write() {
    let world = fleet(3);
    world.fault("put@2:refuse=No.");
    let run = bulk_of(&world, &["update", "-", "--yes", "--jobs", "1", "-o", NDJSON], names(3, "Ours"));
    let rows = lines(&run.stdout);
    assert_eq!((count(&rows, "written"), count(&rows, "refused")), (2, 1), "{}", run.stderr);
    let refused = rows.iter().find(|row| row["outcome"] == "refused").expect("a refusal");
    let id = refused["customer"].as_u64().expect("an id");
    let value = refused["changes"][0]["after"].as_str().expect("what it was to be");
    assert_eq!(world.run(&["customer", "update", &id.to_string(), "--first-name", value]).code, 0);
    let by_hand = world.stored(id);
    bulk(&world, &["undo", &latest(&world)]).fails(2, &["2 customers"]);
    let undone = bulk(&world, &["undo", &latest(&world), "--yes", "-o", NDJSON]);
    assert_eq!((undone.code, count(&lines(&undone.stdout), "written")), (0, 2), "{}", undone.stderr);
    assert_eq!(world.stored(id), by_hand);
}

#[test]
fn undo_reports_a_later_change_as_a_conflict_and_restores_the_rest() {
    let world = fleet(ROWS);
    let before = held(&world, ROWS);
    assert_eq!(bulk_of(&world, &["update", "-", "--yes"], names(ROWS, "Ours")).code, 0);
    let (theirs, beside) = (FIRST + 4, FIRST + 9);
    let write = |id: u64, arguments: &[&str]| {
        let id = id.to_string();
        assert_eq!(world.run(&[&["customer", "update", &id], arguments].concat()).code, 0);
    };
    write(theirs, &["--first-name", "Theirs"]);
    write(beside, &["--suffix", "Kept"]);
    let kept = world.stored(theirs);
    let undone = bulk(&world, &["undo", &latest(&world), "--yes", "-o", NDJSON]);
    let rows = lines(&undone.stdout);
    assert_eq!((undone.code, count(&rows, "written"), count(&rows, "conflict")), (10, 29, 1));
    let conflict = rows.iter().find(|row| row["outcome"] == "conflict").expect("a conflict");
    assert_eq!(conflict["customer"], theirs);
    let error = conflict["error"].as_str().expect("it says why");
    assert!(error.contains("firstName") && error.contains("Theirs"), "{error}");
    assert_eq!(world.stored(theirs), kept);
    assert!(world.stored(beside).contains("\"suffix\":\"Kept\""));
    let rest = |all: Vec<String>| -> Vec<String> {
        let out = [4, 9];
        all.into_iter().enumerate().filter(|(at, _)| !out.contains(at)).map(|(_, text)| text).collect()
    };
    same(&rest(held(&world, ROWS)), &rest(before));
}

#[test]
fn undo_of_a_partly_refused_run_restores_its_written_rows() {
    let world = fleet(6);
    let before = held(&world, 6);
    world.fault("put@2:refuse=No");
    world.fault("put@4:lost-before");
    world.fault("put@5*4:status=500");
    let run = bulk_of(&world, &["update", "-", "--yes", "--jobs", "1", "-o", NDJSON], names(6, "Half"));
    assert_eq!(run.code, 10, "{}", run.stderr);
    let undone = bulk(&world, &["undo", &latest(&world), "--yes", "-o", NDJSON]);
    assert_eq!(undone.code, 0, "{}{}", run.stdout, undone.stderr);
    same(&held(&world, 6), &before);
}

#[test]
fn an_unknown_run_is_not_found() {
    let world = fleet(1);
    bulk(&world, &["undo", "20260101T000000Z-00000000", "--yes"]).fails(3, &["there is no run", "bulk list"]);
    bulk(&world, &["resume", "../../etc"]).fails(3, &["there is no run", "bulk list"]);
    world.was_left_alone();
}

#[test]
fn rows_that_the_api_cut_are_taken_back_too() {
    let world = World::new();
    let before = world.stored(123);
    world.fault("put:truncate=firstName,4");
    let run = bulk_of(&world, &["update", "-", "--yes"], "id,first-name\n123,Johannes\n");
    assert_eq!(run.code, 10, "{}", run.stderr);
    let list = world.run(&["customer", "bulk", "list", "-o", "json"]).json();
    let name = list["runs"][0]["run"].as_str().expect("a run has a name").to_string();
    let undo = world.run(&["customer", "bulk", "undo", &name, "--yes"]);
    assert_eq!(undo.code, 0, "{}", undo.stderr);
    assert_eq!(crate::world::without_timestamp(&world.stored(123)), crate::world::without_timestamp(&before));
}

#[test]
fn a_run_that_was_taken_back_does_not_go_on_unless_that_was_taken_back_too() {
    let world = fleet(5);
    let file = world.file("rows.csv", names(5, "Ours"));
    assert_eq!(bulk(&world, &["update", &file, "--yes", "--limit", "2"]).code, 0);
    let run = latest(&world);
    assert_eq!(bulk(&world, &["undo", &run, "--yes"]).code, 0);
    let undo = latest(&world);
    let puts = world.puts().len();
    let again = format!("fusebill customer bulk undo {undo}");
    bulk(&world, &["resume", &run]).fails(6, &[&format!("taken back by the run {undo}"), &again]);
    assert_eq!(world.puts().len(), puts);
    assert_eq!(bulk(&world, &["undo", &undo, "--yes"]).code, 0);
    let resumed = bulk(&world, &["resume", &run, "-o", "json"]);
    assert_eq!((resumed.code, &resumed.json()["rows"]["written"]), (0, &5.into()), "{}", resumed.stderr);
    assert!((FIRST..FIRST + 5).all(|id| world.stored(id).contains("Ours")));
}

#[test]
fn a_run_with_rows_that_failed_names_the_command_that_tries_them_again() {
    let world = fleet(3);
    world.fault("get@2:status=418");
    let run = bulk_of(&world, &["update", "-", "--yes", "--jobs", "1"], names(3, "Ours"));
    let resume =
        format!("To go on with the rows that are failed: fusebill customer bulk resume {}", latest(&world));
    assert_eq!((run.code, run.stderr.contains(&resume)), (10, true), "{}", run.stderr);
    let resumed = bulk(&world, &["resume", &latest(&world)]);
    assert_eq!((resumed.code, resumed.stderr.contains("go on")), (0, false), "{}", resumed.stderr);
}

#[test]
fn the_question_says_how_many_rows_were_not_stored_as_they_were_sent() {
    let world = fleet(2);
    let before = held(&world, 2);
    world.fault("put:truncate=firstName,2");
    assert_eq!(bulk_of(&world, &["update", "-", "--yes", "--jobs", "1"], names(2, "Ours")).code, 10);
    let undo = ["undo", &latest(&world)];
    let altered = "in 1 row the API or another client stored other values than were sent";
    bulk(&world, &undo).fails(2, &["2 customers", altered]);
    assert_eq!(bulk(&world, &[&undo[..], &["--yes"]].concat()).code, 0);
    same(&held(&world, 2), &before);
}

#[test]
fn undo_last_takes_back_the_latest_run_that_wrote_something() {
    let world = fleet(2);
    bulk(&world, &["undo", "--last"]).fails(3, &["no run on profile default wrote anything"]);
    assert_eq!(bulk_of(&world, &["update", "-", "--yes"], names(2, "Ours")).code, 0);
    let wrote = latest(&world);
    assert_eq!(bulk_of(&world, &["update", "-", "--yes"], names(2, "Ours")).code, 0);
    let unchanged = latest(&world);
    bulk(&world, &["undo", &unchanged]).fails(3, &["wrote nothing, so there is nothing to take back"]);
    world.fault("put*all:refuse=No.");
    assert_eq!(bulk(&world, &["undo", "--last", "--yes"]).code, 10);
    super::take_faults_back(&world);
    let asked = bulk(&world, &["undo", "--last"]);
    asked.fails(2, &["has nothing to take back", &format!("Take back what the run {wrote} wrote")]);
    assert_eq!(bulk(&world, &["undo", "--last", "--yes"]).code, 0);
    assert!(!world.stored(FIRST).contains("\"Ours\""));
}

#[test]
fn the_question_of_an_undo_counts_the_rows_up_to_its_limit() {
    let world = fleet(3);
    world.fault("put@3:truncate=firstName,2");
    assert_eq!(bulk_of(&world, &["update", "-", "--yes", "--jobs", "1"], names(3, "Ours")).code, 10);
    let asked = bulk(&world, &["undo", "--last", "--limit", "2"]);
    asked.fails(2, &["to 2 of 3 customers on"]);
    assert!(!asked.stderr.contains("stored other values"), "{}", asked.stderr);
    bulk(&world, &["undo", "--last", "--limit", "3"]).fails(2, &["to 3 customers on", "in 1 row"]);
}

#[test]
fn bulk_list_says_that_a_run_was_undone() {
    let world = fleet(3);
    assert_eq!(bulk_of(&world, &["update", "-", "--yes", "--limit", "1"], names(3, "Ours")).code, 0);
    assert_eq!(bulk(&world, &["undo", "--last", "--yes"]).code, 0);
    let listed = bulk(&world, &["list"]).stdout;
    assert!(listed.contains("1 written, 2 not-reached (undone)\n"), "{listed}");
}
