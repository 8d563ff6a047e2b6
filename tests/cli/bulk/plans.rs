//! A plan is looked at and then carried out, on what it was made for and nothing else.

use serde_json::Value;

use super::{FIRST, bulk, bulk_of, count, fleet, held, lines, names, puts_by_customer, same, tokens};
use crate::world::World;

const ROWS: u64 = 12;

/// A world with a plan that names every customer `Planned`, and the plan's path.
fn planned() -> (World, String) {
    let world = fleet(ROWS);
    let path = world.home.path().join("names.plan").display().to_string();
    let run = bulk_of(&world, &["plan", "-", "--jobs", "1", "--out", &path], names(ROWS, "Planned"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let field = run.stdout.lines().nth(2).expect("a line for the field");
    assert!(
        field.contains("firstName") && field.contains("12") && field.contains("Planned"),
        "{}",
        run.stdout
    );
    run.says(&["12 would change, 0 unchanged", "bulk apply", "24 requests"]);
    (world, path)
}

fn applied(world: &World, path: &str) -> (i32, Vec<Value>, String) {
    let run = bulk(world, &["apply", path, "-o", "ndjson"]);
    (run.code, lines(&run.stdout), run.stderr)
}

#[test]
fn a_plan_only_reads_and_apply_writes_its_changes_once() {
    let (world, path) = planned();
    let before = held(&world, ROWS);
    assert!(world.requests().iter().all(|request| request.method == "GET"));
    assert!(world.journal().is_empty() && super::runs(&world).is_empty());
    let (code, rows, stderr) = applied(&world, &path);
    assert_eq!((code, count(&rows, "written")), (0, 12), "{stderr}");
    for (then, now) in before.iter().zip(held(&world, ROWS)) {
        let (mut then, mut now) = (tokens(then), tokens(&now));
        assert_eq!(
            (then.remove("firstName").is_some(), now.remove("firstName")),
            (true, Some("\"Planned\"".into()))
        );
        assert_eq!(then, now);
    }
    let after = held(&world, ROWS);
    let (code, rows, _) = applied(&world, &path);
    assert_eq!((code, count(&rows, "unchanged"), world.puts().len()), (0, 12, 12));
    assert_eq!(held(&world, ROWS), after);
    assert_eq!(bulk(&world, &["undo", &super::runs(&world)[1], "--yes"]).code, 0);
    same(&held(&world, ROWS), &before);
}

#[test]
fn a_plan_on_standard_output_is_the_same_and_can_be_piped() {
    let world = fleet(3);
    let plan = bulk_of(&world, &["plan", "-", "-o", "ndjson"], names(3, "Piped"));
    assert_eq!((plan.code, plan.stdout.lines().count()), (0, 5), "{}", plan.stderr);
    let run = bulk_of(&world, &["apply", "-", "-o", "json"], &plan.stdout);
    assert_eq!((run.code, &run.json()["rows"]["written"]), (0, &3.into()), "{}", run.stderr);
}

#[test]
fn a_field_that_moved_since_the_plan_is_a_conflict_and_another_one_is_kept() {
    let (world, path) = planned();
    let (moved, beside) = (FIRST + 2, FIRST + 5);
    let write = |id: u64, arguments: &[&str]| {
        assert_eq!(world.run(&[&["customer", "update", &id.to_string()], arguments].concat()).code, 0);
    };
    write(moved, &["--first-name", "Theirs"]);
    write(beside, &["--suffix", "Kept"]);
    let theirs = world.stored(moved);
    let (code, rows, stderr) = applied(&world, &path);
    assert_eq!((code, count(&rows, "written"), count(&rows, "conflict")), (10, 11, 1), "{stderr}");
    let conflict = rows.iter().find(|row| row["outcome"] == "conflict").expect("a conflict");
    assert_eq!((&conflict["customer"], &conflict["attempts"]), (&moved.into(), &0.into()));
    assert!(conflict["error"].as_str().expect("it says why").contains("firstName"), "{conflict}");
    assert_eq!(world.stored(moved), theirs);
    let kept = world.stored(beside);
    assert!(kept.contains("\"suffix\":\"Kept\"") && kept.contains("\"firstName\":\"Planned\""), "{kept}");
    assert_eq!(puts_by_customer(&world)[&moved].len(), 1, "the PUT of the other one");
}

#[test]
fn a_plan_is_refused_on_another_host_and_on_another_profile() {
    let (world, path) = planned();
    let other = fleet(ROWS);
    let plan = std::fs::read_to_string(&path).expect("the plan is there");
    bulk_of(&other, &["apply", "-"], &plan).fails(6, &["the plan was made on profile default", "this is"]);
    other.was_left_alone();
    let elsewhere = plan.replacen("\"profile\":\"default\"", "\"profile\":\"eu\"", 1);
    let seen = world.requests().len();
    bulk_of(&world, &["apply", "-"], elsewhere).fails(6, &["profile eu", "add --profile eu"]);
    assert_eq!(world.requests().len(), seen);
}

#[test]
fn an_incomplete_plan_is_refused_before_any_request() {
    let (world, path) = planned();
    let seen = world.requests().len();
    let plan = std::fs::read_to_string(&path).expect("the plan is there");
    let all: Vec<&str> = plan.lines().collect();
    let without = |out: usize| -> String {
        all.iter().enumerate().filter(|(at, _)| *at != out).map(|(_, line)| format!("{line}\n")).collect()
    };
    let twice = plan.replacen(all[1], &format!("{}\n{}", all[1], all[1]), 1).replace(":12}", ":13}");
    for (tampered, message) in [
        (without(all.len() - 1), "cut off"),
        (without(3), "cut off"),
        (without(0), "first line is not the head of a plan"),
        (plan[..plan.len() / 2].to_string(), ""),
        (String::new(), "first line is not the head of a plan"),
        (names(3, "x"), "first line is not the head of a plan"),
        (plan.replacen("\"fusebill_plan\":1", "\"fusebill_plan\":2", 1), "later version"),
        (plan.replacen("\"row\":2,", "\"row\":\"x\",", 1), "line "),
        (twice, "already"),
    ] {
        let run = bulk_of(&world, &["apply", "-"], &tampered);
        run.fails(2, &["cannot be applied", message][usize::from(message == "already")..]);
    }
    assert_eq!(world.requests().len(), seen);
    assert_eq!(super::runs(&world), Vec::<String>::new());
}

#[test]
fn a_plan_with_a_line_that_was_tampered_with_is_refused_before_anything_is_sent() {
    let (world, path) = planned();
    let plan = std::fs::read_to_string(&path).expect("the plan is there");
    for (from, to, message) in [
        ("\"edits\":{\"firstName\"", "\"edits\":{\"id\"", "line 2: "),
        ("\"edits\":{\"firstName\"", "\"edits\":{\"lastName\"", "line 2: its base has `firstName`"),
        ("\"firstName\":\"Planned\"", "\"firstName\":7", "line 2: `firstName` takes text, not a number"),
    ] {
        let seen = world.requests().len();
        bulk_of(&world, &["apply", "-"], plan.replacen(from, to, 1)).fails(2, &["has 1 error", message]);
        assert_eq!(world.requests().len(), seen);
    }
}

#[test]
fn a_row_that_names_another_customer_is_a_conflict() {
    let (world, path) = planned();
    let plan = std::fs::read_to_string(&path).expect("the plan is there");
    let before = world.stored(1016);
    let (id, other) = (format!("\"id\":{FIRST},"), "\"id\":1016,");
    let run = bulk_of(&world, &["apply", "-", "-o", "json"], plan.replacen(&id, other, 1));
    assert_eq!((run.code, &run.json()["rows"]["conflict"]), (10, &1.into()), "{}", run.stderr);
    assert_eq!(world.stored(1016), before);
}

#[test]
fn a_row_has_the_edits_and_their_base_and_no_other_value() {
    let (world, path) = planned();
    let plan = std::fs::read_to_string(&path).expect("the plan is there");
    let row: Value = serde_json::from_str(plan.lines().nth(1).expect("a row")).expect("JSON");
    let old: Value = serde_json::from_str(&tokens(&world.stored(FIRST))["firstName"]).expect("a token");
    assert_eq!(
        row,
        serde_json::json!({
            "row": 1, "id": FIRST, "name": "Jon Smith (Acme Inc.)",
            "edits": {"firstName": "Planned"}, "base": {"firstName": old}
        })
    );
}

#[test]
fn the_rows_of_a_plan_that_failed_are_a_plan() {
    let (world, path) = planned();
    world.fault("put@2*2:refuse=Not now");
    let run = bulk(&world, &["apply", &path, "--jobs", "1", "--limit", "9", "--failures", "failed.plan"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    run.says(&["5 rows that did not succeed: failed.plan"]);
    let failed = std::fs::read_to_string(world.home.path().join("failed.plan")).expect("the plan is there");
    let rows = lines(&failed);
    assert_eq!((rows[0]["fusebill_plan"].as_u64(), rows.len()), (Some(1), 7), "{failed}");
    let reason = rows[1]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("refused: ") && reason.contains("Not now"), "{reason}");
    assert_eq!((&rows[1]["row"], &rows[1]["id"]), (&1.into(), &(FIRST + 1).into()));
    assert_eq!(rows[5]["reason"], "not-reached");
    let shown = bulk(&world, &["show", "failed.plan"]);
    shown.says(&["5 would change"]);
    let again = bulk(&world, &["apply", "failed.plan", "--failures", "none.plan"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(held(&world, ROWS).iter().all(|text| text.contains("\"firstName\":\"Planned\"")));
    let none = std::fs::read_to_string(world.home.path().join("none.plan")).expect("the plan is there");
    assert_eq!(none.lines().count(), 2, "{none}");
}

#[test]
fn resume_of_a_plan_writes_its_failures_too() {
    let (world, path) = planned();
    world.fault("put@2:refuse=Not now");
    let run = bulk(&world, &["apply", &path, "--jobs", "1", "--limit", "4"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    let resumed = bulk(&world, &["resume", "--last", "--failures", "failed.plan"]);
    assert_eq!(resumed.code, 10, "{}", resumed.stderr);
    assert_eq!(bulk(&world, &["apply", "failed.plan"]).code, 0);
    assert!(held(&world, ROWS).iter().all(|text| text.contains("\"firstName\":\"Planned\"")));
}

#[test]
fn row_numbers_that_were_tampered_with_do_no_harm() {
    let (world, path) = planned();
    let plan = std::fs::read_to_string(&path).expect("the plan is there");
    for other in ["\"row\":18446744073709551615,", "\"row\":3,"] {
        let tampered = plan.replacen("\"row\":2,", other, 1);
        let seen = world.requests().len();
        let run = bulk_of(&world, &["apply", "-", "-o", "ndjson"], tampered);
        assert_eq!((run.code, world.requests().len()), (2, seen), "{}", run.stderr);
    }
}

#[test]
fn a_plan_is_shown_by_field_row_by_row_and_as_a_number() {
    let (world, path) = planned();
    let sent = world.requests().len();
    let shown = bulk(&world, &["show", &path]);
    assert!(shown.code == 0 && shown.stdout.contains("firstName"), "{}", shown.stdout);
    shown.says(&["12 would change, 0 unchanged", "on profile default"]);
    let rows = bulk(&world, &["show", &path, "-o", "csv"]).stdout;
    assert_eq!(
        (rows.lines().count(), rows.lines().next()),
        (13, Some("row,customer,name,field,before,after"))
    );
    assert_eq!(bulk(&world, &["show", &path, "-o", "json"]).json()["would_change"], 12);
    assert_eq!(world.requests().len(), sent);
    let plan = |name: &str| bulk_of(&world, &["plan", "-", "--exit-code"], names(1, name)).code;
    let same = tokens(&world.stored(FIRST))["firstName"].trim_matches('"').to_string();
    assert_eq!((plan("Another"), plan(&same)), (12, 0));
}

#[test]
fn refused_rows_are_counted_by_field_and_kind() {
    let world = fleet(5);
    let zeros: String = super::ids(3).map(|id| format!("{id},0000{id}\n")).collect();
    let run = bulk_of(&world, &["update", "-", "--yes"], format!("id,reference\n{zeros}"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let rows: String = super::ids(3).map(|id| format!("{id},{id},\n")).collect();
    let rest = format!("{},,Suspended\n999999999,,Hold\n", FIRST + 3);
    let file = world.file("rows.csv", format!("id,reference,status\n{rows}{rest}"));
    let plan = bulk(&world, &["plan", &file, "--out", "rows.plan", "--jobs", "1"]);
    assert_eq!(plan.code, 10, "{}", plan.stderr);
    for text in [
        "Field      Refused  Customer   Reason\n",
        "reference  3        1000001    planning customer 1000001: a value differs from the stored one only as a \
         spreadsheet respells it; `reference`: `00001000001` → `1000001` (read as a number)\n                    1000002",
        "           1        1000004    ",
        "only the system suspends customers\n",
        "           1        999999999  ",
    ] {
        assert!(plan.stdout.contains(text), "{text:?} is not in {}", plan.stdout);
    }
    let shown = bulk(&world, &["show", "rows.plan"]);
    assert_eq!((shown.code, shown.stdout), (10, plan.stdout));
}
