//! Where a run stops by itself, what needs consent, and what is said and written of it.

use super::{FIRST, bulk, bulk_of, count, fleet, latest, lines, names};
use crate::world::World;

const NDJSON: [&str; 2] = ["-o", "ndjson"];

fn update(world: &World, arguments: &[&str], rows: &str) -> crate::world::Run {
    bulk_of(world, &[&["update", "-"], arguments].concat(), rows)
}

#[test]
fn no_output_replaces_a_file_that_is_read() {
    let world = fleet(2);
    let rows = names(2, "Kept");
    let file = world.file("rows.csv", &rows);
    let base = world.file("rows.csv.base", "a base");
    let other = world.file("other.base", "a base");
    let empty = "{\"fusebill_plan\":1,\"profile\":\"default\",\"host\":\"h\",\"time\":\"2026-01-01T00:00:00Z\",\"source\":\"x\"}\n\
                 {\"end_of_plan\":0}\n";
    let plan = world.file("rows.plan", empty);
    let update = ["update", &file, "--yes", "--no-base"];
    let with = |more: &[&'static str]| [&update[..], more].concat();
    for arguments in [
        with(&["--results", "./rows.csv"]),
        with(&["--failures", "rows.csv"]),
        with(&["--failures", "rows.csv.base"]),
        vec!["plan", &file, "--out", "rows.csv"],
        vec!["plan", &file, "--out", "other.base", "--base", &other],
        vec!["apply", &plan, "--failures", "rows.plan"],
    ] {
        bulk(&world, &arguments).fails(2, &["would replace ", ", which is read"]);
    }
    bulk(&world, &with(&["--results", "a", "--failures", "./a"])).fails(2, &["name one file"]);
    for (path, text) in [(&file, rows.as_str()), (&base, "a base"), (&other, "a base"), (&plan, empty)] {
        assert_eq!(std::fs::read_to_string(path).expect("it is there"), text);
    }
    assert!(world.puts().is_empty());
}

#[test]
fn failures_of_a_resumed_run_do_not_replace_its_file() {
    let world = fleet(2);
    let file = world.file("rows.csv", names(2, "Kept"));
    assert_eq!(bulk(&world, &["update", &file, "--yes", "--limit", "1"]).code, 0);
    bulk(&world, &["resume", "--last", "--failures", "rows.csv"]).fails(2, &["would replace "]);
    assert_eq!(world.puts().len(), 1);
}

#[test]
fn a_bulk_update_without_consent_sends_nothing_and_keeps_no_run() {
    let world = fleet(3);
    update(&world, &[], &names(3, "No"))
        .fails(2, &["needs consent", "add --yes", "Change firstName of 3 customers"]);
    world.was_left_alone();
    assert!(super::runs(&world).is_empty());
    let runs = world.home.path().join(".local/state/fusebill/runs");
    assert_eq!(std::fs::read_dir(runs).map_or(0, Iterator::count), 0);
}

#[test]
fn a_dry_run_only_reads_and_shows_what_would_change() {
    let world = fleet(4);
    let same = world.run(&["customer", "update", &FIRST.to_string(), "--first-name", "Dry"]);
    assert_eq!(same.code, 0);
    let seen = world.requests().len();
    let run = update(&world, &["--dry-run"], &names(4, "Dry"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&["3 would change, 1 unchanged", "nothing was written"]);
    let shown: Vec<&str> = run.stdout.split_whitespace().collect();
    assert!(shown.windows(2).any(|words| words == ["firstName", "3"]), "{}", run.stdout);
    assert!(world.requests()[seen..].iter().all(|request| request.method == "GET"));
    assert_eq!(world.requests().len(), seen + 4);
    assert!(super::runs(&world).is_empty());
}

#[test]
fn a_run_stops_after_max_failures_in_a_row_and_resume_continues_it() {
    let world = fleet(20);
    world.fault("put@3*all:refuse=Not today");
    let arguments = [&["--yes", "--jobs", "1", "--max-failures", "3"], &NDJSON[..]].concat();
    let run = update(&world, &arguments, &names(20, "Max"));
    let rows = lines(&run.stdout);
    let failed = count(&rows, "refused");
    assert_eq!((run.code, count(&rows, "written"), rows.len()), (10, 2, 2 + failed), "{}", run.stderr);
    // What was begun meanwhile is finished.
    assert!((3..=6).contains(&failed), "{}", run.stderr);
    run.says(&["rows in a row did not succeed", &format!("{} not-reached", 18 - failed), "bulk resume"]);
    assert!(rows[2]["error"].as_str().is_some_and(|reason| reason.contains("Not today")), "{}", rows[2]);
    super::killed::take_faults_back(&world);
    let resumed = bulk(&world, &["resume", &latest(&world), "-o", "json"]);
    let object = resumed.json();
    assert_eq!((resumed.code, &object["outcome"]), (10, &"partial".into()), "{}", resumed.stderr);
    assert_eq!(object["error"]["kind"], "partial");
    assert_eq!(object["rows"], serde_json::json!({"written": 20 - failed, "refused": failed}));
}

#[test]
fn a_refused_key_stops_a_run_at_once() {
    let world = fleet(20);
    world.fault("any@5*all:status=401");
    let run = update(&world, &["--yes", "--jobs", "1", "-o", "json"], &names(20, "Key"));
    let object = run.json();
    // Exit code 4 would say that nothing was written.
    assert_eq!((run.code, &object["outcome"]), (10, &"partial".into()), "{}", run.stderr);
    let refused = object["rows"]["credentials"].as_u64().expect("a count");
    // What was begun meanwhile is finished.
    assert!((1..=4).contains(&refused) && world.requests().len() as u64 == 4 + refused, "{}", run.stderr);
    let rows = serde_json::json!({"written": 2, "credentials": refused, "not-reached": 18 - refused});
    assert_eq!(object["rows"], rows);
    run.says(&["the API refused the key"]);
}

#[test]
fn a_run_whose_key_is_refused_at_the_first_row_exits_with_4() {
    let world = fleet(3);
    world.fault("any*all:status=401");
    let run = update(&world, &["--yes", "--jobs", "1", "-o", "json"], &names(3, "Key"));
    assert_eq!((run.code, &run.json()["outcome"]), (4, &"credentials".into()), "{}", run.stderr);
}

#[test]
fn a_limit_is_a_rehearsal_and_resume_does_the_rest() {
    let world = fleet(9);
    let file = world.home.path().join("done.ndjson").display().to_string();
    let run = update(&world, &["--yes", "--limit", "4", "--results", &file], &names(9, "Limit"));
    assert_eq!((run.code, world.puts().len()), (0, 4), "{}", run.stderr);
    run.says(&["bulk resume"]);
    let read = || lines(&std::fs::read_to_string(&file).expect("the results are written"));
    assert_eq!((read().len(), count(&read(), "written"), count(&read(), "not-reached")), (9, 4, 5));
    let name = latest(&world);
    let resumed = bulk(&world, &["resume", &name, "--results", &file]);
    assert_eq!((resumed.code, world.puts().len()), (0, 9), "{}", resumed.stderr);
    let rows: Vec<(u64, String)> = (1..=9).map(|row| (row, "written".to_string())).collect();
    assert_eq!(super::outcomes(&read()), rows);
    let listed = bulk(&world, &["list"]);
    assert_eq!(listed.code, 0);
    assert!(listed.stdout.contains(&name) && listed.stdout.contains("9 written"), "{}", listed.stdout);
}

#[test]
fn results_as_csv_have_every_row_and_read_back() {
    let world = fleet(5);
    world.fault("put@2:refuse=No, \"never\"");
    let file = world.home.path().join("done.csv").display().to_string();
    let arguments = ["--yes", "--jobs", "1", "--limit", "3", "--results", &file, "-o", "csv"];
    let run = update(&world, &arguments, &names(5, "Csv"));
    assert_eq!(run.code, 10, "{}", run.stderr);
    let text = std::fs::read_to_string(&file).expect("the results are written");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_string).collect();
    let plain = ["row", "customer", "outcome", "changes", "error", "attempts", "entry"];
    assert_eq!(header, [&plain[..], &["action", "total", "currency"]].concat());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let column = |at: usize| rows.iter().map(|row| row[at].to_string()).collect::<Vec<_>>();
    assert_eq!(column(0), ["1", "2", "3", "4", "5"]);
    assert_eq!(column(2), ["written", "refused", "written", "not-reached", "not-reached"]);
    assert!(column(4)[1].contains("No, \"never\""), "{text}");
    assert!(column(3)[0].starts_with("firstName: ") && !column(6)[0].is_empty(), "{text}");
    // Printed are the rows that ended.
    assert_eq!(run.stdout.lines().count(), 4, "{}", run.stdout);
    assert!(text.starts_with(&run.stdout), "{text}\n{}", run.stdout);
}

#[test]
fn missing_and_refused_customers_have_different_outcomes() {
    let world = fleet(2);
    let csv = format!("id,firstName\n{FIRST},A\n999999999,B\n{},C\n", FIRST + 1);
    world.fault("put:refuse=Not you");
    let run = update(&world, &[&["--yes", "--jobs", "1"], &NDJSON[..]].concat(), &csv);
    let rows = lines(&run.stdout);
    let ends: Vec<&str> = rows.iter().filter_map(|row| row["outcome"].as_str()).collect();
    assert_eq!((run.code, ends), (10, vec!["refused", "not-found", "written"]), "{}", run.stderr);
    assert_eq!(rows[2]["changes"][0]["after"], "C");
}

#[test]
fn the_hint_of_the_object_names_the_command_that_tries_the_rows_again() {
    for (fault, command) in
        [("put:refuse=Not you", "customer bulk retry"), ("put*4:status=500", "customer bulk resume")]
    {
        let world = fleet(1);
        world.fault(fault);
        let run = update(&world, &["--yes", "-o", "json"], &names(1, "Hint"));
        let object: serde_json::Value = serde_json::from_str(&run.stdout).expect("one object");
        let hint = object["error"]["hint"].as_str().expect("a hint");
        assert!(run.code == 10 && hint.contains(command), "{fault}: {hint}\n{}", run.stderr);
    }
}

#[test]
fn every_row_well_done_is_exit_zero_and_one_object() {
    let world = fleet(2);
    let run = update(&world, &["--yes", "-o", "json"], &names(2, "One"));
    let object = run.json();
    assert_eq!((run.code, &object["outcome"]), (0, &"done".into()), "{}", run.stderr);
    assert_eq!(object["rows"], serde_json::json!({"written": 2}));
    assert_eq!((&object["run"], &object["command"]), (&latest(&world).into(), &"update".into()));
}

#[test]
fn resume_resolves_unknown_rows_and_undo_restores_written_ones() {
    let world = fleet(2);
    let before = super::held(&world, 2);
    world.fault("put:lost-after");
    world.fault("get@2*4:status=500");
    let run = update(&world, &["--yes", "--jobs", "1", "-o", "json"], &names(2, "Lost"));
    let rows = serde_json::json!({"unknown": 1, "written": 1});
    assert_eq!((run.code, &run.json()["rows"]), (10, &rows), "{}", run.stderr);
    let name = latest(&world);
    let puts = world.puts().len();
    let resumed = bulk(&world, &["resume", &name, "-o", "json"]);
    let rows = serde_json::json!({"written": 2});
    assert_eq!((resumed.code, &resumed.json()["rows"]), (0, &rows), "{}", resumed.stderr);
    assert_eq!(world.puts().len(), puts, "it was resolved by reading");
    assert_eq!(bulk(&world, &["undo", &name, "--yes"]).code, 0);
    super::same(&super::held(&world, 2), &before);
}

#[test]
fn rows_that_failed_before_anything_was_written_are_tried_again_by_resume() {
    let world = fleet(3);
    world.fault("get*4:status=500");
    let run = update(&world, &["--yes", "--jobs", "1", "-o", "json"], &names(3, "Later"));
    let rows = serde_json::json!({"failed": 1, "written": 2});
    assert_eq!((run.code, &run.json()["rows"]), (10, &rows), "{}", run.stderr);
    let puts = world.puts().len();
    let resumed = bulk(&world, &["resume", &latest(&world), "-o", "json"]);
    let rows = serde_json::json!({"written": 3});
    assert_eq!((resumed.code, &resumed.json()["rows"]), (0, &rows), "{}", resumed.stderr);
    assert_eq!(world.puts().len(), puts + 1);
}

#[test]
fn a_run_is_resumed_and_undone_only_on_its_own_host() {
    let world = fleet(3);
    assert_eq!(update(&world, &["--yes", "--limit", "1"], &names(3, "Here")).code, 0);
    let (name, seen) = (latest(&world), world.requests().len());
    let other = fleet(3);
    for command in [&["resume", &name][..], &["undo", &name, "--yes"]] {
        let mut elsewhere = world.command([&["customer", "bulk"], command].concat());
        elsewhere.env("FUSEBILL_BASE_URL", other.server.base_url()).stdin(std::process::Stdio::null());
        crate::world::finished(&mut elsewhere).fails(6, &["the run was made on profile default"]);
    }
    other.was_left_alone();
    assert_eq!(world.requests().len(), seen);
}

#[test]
fn the_question_names_billing_fields_and_cleared_fields() {
    let world = fleet(3);
    let rows = format!("id,status,first-name\n{FIRST},hold,\n{},hold,#CLEAR\n{},,Jo\n", FIRST + 1, FIRST + 2);
    let billing = "`status`, which affects billing, is set in 2 rows";
    update(&world, &[], &rows).fails(2, &[" of 3 customers as", billing, "fields are cleared in 1 row\n"]);
    world.was_left_alone();
}

#[test]
fn bulk_list_shows_the_open_rows_and_resume_last_finishes_them() {
    let world = fleet(3);
    assert_eq!(update(&world, &["--yes", "--limit", "1"], &names(3, "Cut")).code, 0);
    let listed = bulk(&world, &["list"]);
    assert!(listed.stdout.contains("1 written, 2 not-reached (resume continues)"), "{}", listed.stdout);
    assert_eq!(bulk(&world, &["resume", "--last"]).code, 0);
    let listed = bulk(&world, &["list"]);
    assert!(listed.stdout.contains("3 written\n"), "{}", listed.stdout);
    let rows = bulk(&world, &["list", &latest(&world), "-o", "csv"]).stdout;
    assert_eq!((rows.lines().count(), rows.matches(",written,").count()), (4, 3), "{rows}");
    let json = bulk(&world, &["list", &latest(&world), "-o", "json"]).json();
    assert_eq!((&json["rows"][2]["row"], &json["rows"][2]["outcome"]), (&3.into(), &"written".into()));
    bulk(&world, &["list", "20260101-000000000-none"]).fails(3, &["there is no run"]);
    assert_eq!(bulk(&world, &["undo", "--last", "--yes"]).code, 0);
    assert!(!world.stored(FIRST).contains("\"Cut\""));
    world
        .run(&["--profile", "sandbox", "customer", "bulk", "undo", "--last", "--yes"])
        .fails(3, &["no run on profile"]);
}

#[test]
fn rows_that_were_refused_are_tried_again_by_retry_and_not_by_resume() {
    let world = fleet(3);
    world.fault("put@2:refuse=Not you");
    let run = update(&world, &["--yes", "--jobs", "1", "-o", "json"], &names(3, "Later"));
    assert_eq!((run.code, &run.json()["rows"]["refused"]), (10, &1.into()), "{}", run.stderr);
    let puts = world.puts().len();
    let resumed = bulk(&world, &["resume", "--last", "-o", "json"]);
    assert_eq!((resumed.code, &resumed.json()["rows"]["refused"]), (10, &1.into()), "{}", resumed.stderr);
    assert_eq!(world.puts().len(), puts);
    let retried = bulk(&world, &["retry", "--last", "-o", "json"]);
    assert_eq!((retried.code, &retried.json()["rows"]["written"]), (0, &3.into()), "{}", retried.stderr);
    assert_eq!(world.puts().len(), puts + 1);
}

#[test]
fn a_customer_that_cannot_be_read_does_not_keep_a_run_from_going_on() {
    let world = fleet(3);
    world.fault("put:lost-after");
    world.fault("get@2*4:status=500");
    let run = update(&world, &["--yes", "--jobs", "1", "--limit", "1"], &names(3, "Lost"));
    assert_eq!(run.code, 10, "{}", run.stderr);
    world.fault("get*4:status=500");
    let resumed = bulk(&world, &["resume", "--last", "--jobs", "1", "-o", "json"]);
    let rows = serde_json::json!({"unknown": 1, "written": 2});
    assert_eq!((resumed.code, &resumed.json()["rows"]), (10, &rows), "{}", resumed.stderr);
    let resumed = bulk(&world, &["resume", "--last", "-o", "json"]);
    assert_eq!((resumed.code, &resumed.json()["rows"]["written"]), (0, &3.into()), "{}", resumed.stderr);
}

#[test]
fn a_damaged_entry_keeps_no_other_row_from_being_resolved() {
    let world = fleet(2);
    ["put*2:lost-after", "get@2*4:status=500", "get@7*4:status=500"]
        .iter()
        .for_each(|fault| world.fault(fault));
    let run = update(&world, &["--yes", "--jobs", "1", "-o", "json"], &names(2, "Open"));
    assert_eq!(run.json()["rows"], serde_json::json!({"unknown": 2}), "{}", run.stderr);
    let store = rusqlite::Connection::open(world.store().path()).expect("the store opens");
    let damage = "UPDATE entries SET before = replace(before, 'Active', 'Actove') WHERE row = 1";
    assert_eq!(store.execute(damage, []), Ok(1));
    let resumed = bulk(&world, &["resume", &latest(&world), "-o", "json"]);
    assert_eq!(resumed.json()["rows"], serde_json::json!({"written": 1, "unknown": 1}), "{}", resumed.stderr);
}

#[test]
fn a_row_with_an_undecided_outcome_is_not_offered_again() {
    let world = fleet(1);
    ["put:lost-after", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(update(&world, &["--yes"], &names(1, "Lost")).code, 10);
    let corrected = world.stored(FIRST).replacen("\"Lost\"", "\"Theirs\"", 1);
    world.server.store(&corrected).expect("another client changes it");
    let resumed = bulk(&world, &["resume", "--last"]);
    assert_eq!((resumed.code, world.puts().len()), (10, 1), "{resumed:#?}");
    resumed.says(&["its outcome is undecided"]);
    assert!(!resumed.stderr.contains("To go on"), "{resumed:#?}");
    let asked = world.requests().len();
    let again = bulk(&world, &["resume", "--last"]);
    again.says(&[
        "No row of this run is left to write.\n",
        "Rows are undecided: `fusebill customer bulk list ",
    ]);
    let failures = world.home.path().join("failures.csv").display().to_string();
    bulk(&world, &["resume", "--last", "--failures", &failures]);
    assert_eq!((again.code, world.requests().len()), (10, asked), "{again:#?}");
    assert_eq!(bulk(&world, &["update", &failures, "--yes"]).code, 0);
    assert!(world.stored(FIRST).contains("\"Lost\""));
}

#[test]
fn a_row_that_was_not_written_is_not_sent_again_if_the_customer_was_modified_since() {
    let world = fleet(1);
    ["put:lost-before", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(update(&world, &["--yes"], &names(1, "Lost")).code, 10);
    world.fault("get@2:other-writer=suffix=\"Jr.\"");
    let resumed = bulk(&world, &["resume", "--last", "-o", "json"]);
    let rows = serde_json::json!({"undecided": 1});
    assert_eq!((resumed.code, &resumed.json()["rows"], world.puts().len()), (10, &rows, 1), "{resumed:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_cannot_be_written_do_not_make_a_run_fail_whose_rows_succeeded() {
    let world = fleet(2);
    for flag in ["--results", "--failures"] {
        let run = update(&world, &["--yes", flag, "/dev/full"], &names(2, &format!("For{flag}")));
        assert_eq!(run.code, 13, "{}", run.stderr);
        run.says(&["all 2 rows were written and verified; /dev/full cannot be written: "]);
        assert!(!run.stderr.contains("may have been written") && !run.stderr.contains("resume"), "{run:#?}");
    }
    world.fault("put:refuse=No.");
    let run = update(&world, &["--yes", "--jobs", "1", "--results", "/dev/full"], &names(2, "Refused"));
    run.fails(10, &["/dev/full cannot be written", "until then: 1 written, 1 refused", "takes it back"]);
    assert!(!run.stderr.contains("goes on"), "{}", run.stderr);
}
