//! `customer history` and `customer undo`: what is noted, and what it takes to go back.

use fusebill::sandbox::seed;
use serde_json::Value;

use crate::world::{World, without_timestamp};

const JOHN: [&str; 5] = ["customer", "update", "123", "--first-name", "John"];

/// A world in which the first name was changed.
fn changed() -> World {
    let world = World::new();
    assert_eq!(world.run(&JOHN).code, 0);
    world
}

fn history(world: &World) -> Vec<Value> {
    let object = world.run(&["customer", "history", "-o", "json"]).json();
    let mut entries = object["entries"].as_array().expect("entries are a list").clone();
    entries.reverse();
    entries
}

/// The outcomes of all entries, the oldest first.
fn outcomes(world: &World) -> Vec<String> {
    history(world).iter().map(|entry| entry["outcome"].as_str().expect("a text").to_string()).collect()
}

#[test]
fn the_intent_is_noted_with_both_documents_before_the_outcome() {
    let world = World::new();
    let before = world.stored(123);
    world.run(&JOHN);
    let journal = world.journal();
    assert_eq!(journal.len(), 2);
    assert_eq!(
        (&journal[0]["record"], &journal[1]["record"]),
        (&Value::from("intent"), &Value::from("outcome"))
    );
    assert_eq!(
        (&journal[0]["before"], &journal[0]["after"]),
        (&Value::from(before), &Value::from(world.put_body()))
    );
    assert_eq!(journal[1]["outcome"], "written");
}

#[test]
fn an_update_without_a_write_makes_no_journal_entry() {
    let world = World::new();
    world.run(&["customer", "update", "123", "--first-name", "Jon"]);
    world.run(&["customer", "update", "123", "--first-name", "John", "--dry-run"]);
    world.run(&["customer", "update", "123", "--status", "hold"]);
    assert!(world.journal().is_empty());
    world.run(&["customer", "history"]).is(0, "", "The journal has no such change.\n");
}

#[test]
fn history_lists_shows_and_forgets() {
    let world = changed();
    let entry = world.entry();
    let list = world.run(&["customer", "history"]);
    assert!(list.code == 0 && list.stdout.contains(&entry) && list.stdout.contains("written"), "{list:?}");
    let other = world.run(&["customer", "history", "1001"]);
    assert_eq!((other.code, other.stdout.as_str()), (0, ""));
    let shown = world.run(&["customer", "history", "show", &entry]);
    assert!(shown.stdout.contains("Jon     John"), "{shown:?}");
    let whole = world.run(&["customer", "history", "show", &entry, "-o", "json"]).json();
    assert_eq!(
        (&whole["before"]["firstName"], &whole["after"]["firstName"]),
        (&"Jon".into(), &"John".into())
    );
    let csv = world.run(&["customer", "history", "-o", "csv"]).stdout;
    assert!(
        csv.lines().nth(1).is_some_and(|row| row.contains(&entry) && row.ends_with("firstName,written,")),
        "{csv}"
    );
    let prune = |age: &str, more: &[&str]| {
        world.run(&[&["customer", "history", "prune", "--older-than", age], more].concat())
    };
    prune("1d", &[]).is(0, "", "Deleted: 0 entries and 0 runs of profile default.\n");
    prune("0d", &[])
        .fails(2, &["this change needs consent", "Delete 1 entry and 0 runs of profile default", "--yes"]);
    assert_eq!(world.journal().len(), 2);
    prune("0d", &["--yes"]).is(0, "", "Deleted: 1 entry and 0 runs of profile default.\n");
    assert!(world.journal().is_empty());
    world.run(&["customer", "history", "show", &entry]).fails(3, &[&entry, "customer history"]);
}

#[test]
fn undo_brings_back_every_seed_customer_byte_for_byte() {
    let world = World::new();
    for text in seed() {
        let customer: Value = serde_json::from_str(text).expect("a customer is JSON");
        let id = customer["id"].as_u64().expect("an id").to_string();
        let before = world.stored(customer["id"].as_u64().expect("an id"));
        let run = world.run(&[
            "customer",
            "update",
            &id,
            "--middle-name",
            "Changed",
            "--clear",
            "last-name,primary-phone",
            "--landing-page",
            "https://changed.example.com/",
            "-o",
            "json",
        ]);
        assert_eq!(run.code, 0, "{id}: {}", run.stderr);
        let undone = world.run(&["customer", "undo", "--last"]);
        assert_eq!(undone.code, 0, "{id}: {}", undone.stderr);
        if customer["customerAcquisition"].is_object() {
            assert_eq!(
                without_timestamp(&world.stored(customer["id"].as_u64().expect("an id"))),
                without_timestamp(&before),
                "{id}"
            );
        }
    }
}

#[test]
fn a_null_that_became_a_value_is_put_back_as_null_and_not_left_out() {
    let world = World::new();
    let before = world.stored(123);
    assert!(before.contains("\"suffix\":null"), "{before}");
    assert_eq!(world.update(&["--suffix", "Jr"]).code, 0);
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    assert_eq!(without_timestamp(&world.puts()[1]), without_timestamp(&before));
}

#[test]
fn undoing_an_undo_brings_the_change_back() {
    let world = changed();
    let after = world.stored(123);
    let first = world.entry();
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    assert!(world.stored(123).contains("\"Jon\""));
    assert_eq!(history(&world)[1]["undoes"], Value::from(first));
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    assert_eq!(without_timestamp(&world.stored(123)), without_timestamp(&after));
}

#[test]
fn undo_keeps_later_changes_or_refuses_to_overwrite_them() {
    let world = changed();
    let entry = world.entry();
    let elsewhere = world.stored(123).replacen("\"PO-2291\"", "\"PO-1\"", 1);
    world.server.store(&elsewhere).expect("another writer");
    assert_eq!(world.run(&["customer", "undo", &entry]).code, 0);
    assert_eq!(
        without_timestamp(&world.stored(123)),
        without_timestamp(&elsewhere.replacen("\"John\"", "\"Jon\"", 1))
    );

    let world = changed();
    let same = world.stored(123).replacen("\"John\"", "\"Jim\"", 1);
    world.server.store(&same).expect("another writer");
    let run = world.run(&["customer", "undo", "--last"]);
    run.fails(
        6,
        &["`firstName`: was \"John\", is now \"Jim\", would become \"Jon\"", "Nothing was written."],
    );
    assert_eq!(world.stored(123), same);
}

#[test]
fn an_entry_of_another_host_or_profile_is_not_undone_here() {
    let (here, there) = (changed(), World::new());
    let entry = here.entry();
    let elsewhere = [("FUSEBILL_BASE_URL", there.server.base_url())];
    let elsewhere: Vec<(&str, &str)> = elsewhere.iter().map(|(name, url)| (*name, url.as_str())).collect();
    here.run_with(&elsewhere, &["customer", "undo", &entry])
        .fails(6, &["it was made on profile default", "Nothing"]);
    here.run(&["--profile", "sandbox", "customer", "undo", &entry]).fails(6, &["made on profile default"]);
    assert!(there.requests().is_empty());
    assert!(here.stored(123).contains("\"John\""));
}

#[test]
fn an_entry_that_wrote_nothing_cannot_be_undone() {
    let world = World::new();
    world.fault("put:refuse=No.");
    assert_eq!(world.run(&JOHN).code, 5);
    assert_eq!(outcomes(&world), ["not-written"]);
    let entry = world.entry();
    world.run(&["customer", "undo", &entry]).fails(6, &["it wrote nothing"]);
    world.run(&["customer", "undo", "--last"]).fails(3, &["the journal has no change"]);
}

#[test]
fn resolve_ignores_later_changes_of_the_same_journal() {
    let world = World::new();
    ["put:lost-after", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(world.run(&JOHN).code, 8);
    let entry = world.entry();
    assert_eq!(world.run(&["customer", "update", "123", "--last-name", "Next"]).code, 0);
    let resolved = world.run(&["customer", "history", "--resolve"]);
    assert_eq!((resolved.code, resolved.stderr), (0, format!("{entry}: written\n")));
}

#[test]
fn the_history_of_another_profile_is_not_pruned() {
    let world = changed();
    let run = world.run(&["--profile", "sandbox", "customer", "history", "prune", "--older-than", "0d"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "Deleted: 0 entries and 0 runs of profile sandbox.\n"));
    assert_eq!(world.run(&["customer", "undo", &world.entry()]).code, 0);
}

#[test]
fn a_late_write_is_undone_only_with_yes() {
    let world = World::new();
    world.fault("put*4:status=500");
    assert_eq!(world.run(&JOHN).code, 8);
    assert_eq!(world.run(&["customer", "history", "123", "--resolve"]).code, 0);
    assert_eq!(outcomes(&world), ["not-written"]);
    let (entry, before) = (world.entry(), world.stored(123));
    let late = before.replacen("\"Jon\"", "\"John\"", 1);
    world.server.store(&late).expect("it arrives late");
    let run = world.run(&["customer", "undo", &entry]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    run.says(&[
        "`firstName` has the value of this entry, although the journal records that the entry wrote nothing",
        "--yes",
    ]);
    assert_eq!(world.stored(123), late);
    assert_eq!(world.run(&["customer", "undo", &entry, "--yes"]).code, 0);
    assert_eq!(without_timestamp(&world.stored(123)), without_timestamp(&before));
}

#[test]
fn a_missing_customer_does_not_block_resolving_other_entries() {
    let world = World::new();
    for id in ["123", "1001"] {
        world.fault("put:lost-before");
        world.fault("get@2*4:status=500");
        assert_eq!(world.run(&["customer", "update", id, "--first-name", "Other"]).code, 8);
    }
    assert_eq!(outcomes(&world), ["unknown", "unknown"]);
    world.fault("get:status=404");
    let run = world.run(&["customer", "history", "--resolve"]);
    assert_eq!(run.code, 0, "{run:#?}");
    run.says(&[": gone", ": not-written"]);
    assert_eq!(outcomes(&world), ["gone", "not-written"]);
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 3);
}

#[test]
fn an_unknown_outcome_is_shown_and_resolved_by_a_get() {
    for (faults, expected) in [
        (["put:lost-after", "get@2*4:status=500"], "written"),
        (["put:lost-before", "get@2*4:status=500"], "not-written"),
    ] {
        let world = World::new();
        faults.iter().for_each(|fault| world.fault(fault));
        assert_eq!(world.run(&JOHN).code, 8);
        assert_eq!(outcomes(&world), ["unknown"]);
        let entry = world.entry();
        let get = world.run(&["customer", "get", "123", "-o", "json"]);
        get.says(&[&entry, "no known outcome", "`fusebill customer history 123 --resolve`"]);
        let resolved = world.run(&["customer", "history", "--resolve"]);
        assert_eq!((resolved.code, resolved.stderr), (0, format!("{entry}: {expected}\n")));
        assert_eq!(outcomes(&world), [expected]);
        assert_eq!(world.run(&["customer", "get", "123"]).stderr, "");
    }
}

#[test]
fn a_change_modified_by_another_client_is_resolved_as_undecided() {
    let world = World::new();
    ["put:lost-after", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(world.run(&JOHN).code, 8);
    world.server.store(&world.stored(123).replacen("\"John\"", "\"Jim\"", 1)).expect("another writer");
    let run = world.run(&["customer", "history", "--resolve"]);
    run.fails(8, &["the customer was modified since, so it cannot be told whether this change was written"]);
    assert_eq!(outcomes(&world), ["undecided"]);
    assert_eq!(world.run(&["customer", "history", "--resolve"]).code, 0, "nothing is left open");
}

#[test]
fn an_unusable_journal_stops_the_write_unless_no_journal_is_given() {
    let world = World::new();
    world.file("taken", "a file where a folder is needed");
    let state = [("XDG_STATE_HOME", world.home.path().join("taken").display().to_string())];
    let state: Vec<(&str, &str)> = state.iter().map(|(name, path)| (*name, path.as_str())).collect();
    let run = world.run_with(&state, &JOHN);
    assert_eq!(run.code, 1, "{run:?}");
    run.says(&["cannot lock customer 123", "Not a directory", "--no-journal", "Nothing was written."]);
    assert!(world.requests().iter().all(|request| request.method == "GET"));
    let run = world.run_with(&state, &[&JOHN[..], &["--no-journal"]].concat());
    assert_eq!((run.code, run.undo), (0, None), "{}", run.stderr);
}

#[test]
fn verify_read_reads_the_customer_once_more() {
    let world = World::new();
    assert_eq!(world.run(&[&JOHN[..], &["--verify", "read"]].concat()).code, 0);
    assert_eq!(world.lines(), ["GET /v1/customers/123", "PUT /v1/customers", "GET /v1/customers/123"]);
}

#[test]
fn expect_modified_guards_by_the_moment() {
    let world = World::new();
    let object = world.run(&["customer", "get", "123", "-o", "json"]).json();
    let moment = object["modifiedTimestamp"].as_str().expect("a text").to_string();
    world
        .run(&[&JOHN[..], &["--expect-modified", "2001-01-01T00:00:00"]].concat())
        .fails(6, &["modifiedTimestamp"]);
    let zoned = format!("{}Z", moment.trim_end_matches('Z'));
    assert_eq!(world.run(&[&JOHN[..], &["--expect-modified", &zoned]].concat()).code, 0);
    world
        .run(&[&JOHN[..], &["--expect-modified", &moment]].concat())
        .fails(6, &["does not meet --expect or --expect-modified"]);
}

#[test]
fn undo_restores_a_value_that_the_api_altered() {
    for fault in ["put:truncate=firstName,4", "put:ignore=firstName"] {
        let world = World::new();
        let before = world.stored(123);
        world.fault(fault);
        assert_eq!(world.update(&["--first-name", "Johannes", "--suffix", "Jr"]).code, 9);
        // Where it already is as it was before, there is nothing to ask about.
        let asks = if fault.contains("truncate") { 2 } else { 0 };
        let run = world.run(&["customer", "undo", "--last"]);
        assert_eq!(run.code, asks, "{fault} {}", run.stderr);
        if asks == 2 {
            run.says(&["the stored value of `firstName` is not the one that was sent; the API or another client changed it"]);
            assert_eq!(world.run(&["customer", "undo", "--last", "--yes"]).code, 0, "{fault}");
        }
        assert_eq!(without_timestamp(&world.stored(123)), without_timestamp(&before), "{fault}");
    }
    let world = World::new();
    // What somebody else made of it since is theirs.
    world.fault("put:truncate=firstName,4");
    assert_eq!(world.update(&["--first-name", "Johannes"]).code, 9);
    let cut = world.entry();
    assert_eq!(world.update(&["--first-name", "Theirs"]).code, 0);
    world.run(&["customer", "undo", &cut]).fails(6, &["what it changed was changed again since"]);
}

#[test]
fn resolve_without_open_entries_needs_no_key() {
    let world = World::new();
    let run = world.bare(&[], &["customer", "history", "--resolve"]);
    run.is(0, "", "This account has no change to resolve.\nThe journal has no such change.\n");
}

#[test]
fn an_open_entry_is_superseded_if_its_fields_are_set_again() {
    let world = World::new();
    world.fault("put:lost-before");
    world.fault("get@2:other-writer=lastName=\"Theirs\"");
    assert_eq!(world.update(&["--last-name", "Mine"]).code, 8);
    let entry = world.entry();
    assert_eq!(world.update(&["--last-name", "Decided"]).code, 0);
    let run = world.run(&["customer", "history", "--resolve"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&[&format!("{entry}: superseded")]);
    let run = world.run(&["customer", "history", "--resolve"]);
    run.says(&["This account has no change to resolve."]);
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    assert!(world.stored(123).contains("\"lastName\":\"Theirs\""));
}

#[test]
fn old_values_alone_do_not_prove_that_nothing_was_written() {
    let world = World::new();
    ["put:lost-after", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(world.run(&JOHN).code, 8);
    let corrected = world.stored(123).replacen("\"John\"", "\"Jon\"", 1);
    world.server.store(&corrected).expect("another client sets it back");
    let run = world.run(&["customer", "history", "--resolve"]);
    run.fails(8, &["the customer was modified since"]);
    assert_eq!(outcomes(&world), ["undecided"]);
}

#[test]
fn undo_keeps_a_change_made_while_the_answer_was_lost() {
    let world = World::new();
    let before = world.stored(123);
    world.fault("put:lost-after");
    world.fault("get@2:other-writer=lastName=\"Theirs\"");
    assert_eq!(world.update(&["--first-name", "John"]).code, 9);
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    let expected = before.replace("\"lastName\":\"Smith\"", "\"lastName\":\"Theirs\"");
    assert_eq!(without_timestamp(&world.stored(123)), without_timestamp(&expected));
}

#[test]
fn history_is_filtered_and_of_one_profile_and_a_terminal_is_not_flooded() {
    let world = World::new();
    for (id, flag, value) in [
        ("123", "--first-name", "A"),
        ("1001", "--first-name", "B"),
        ("123", "--reference1", "C"),
        ("123", "--first-name", "D"),
    ] {
        assert_eq!(world.run(&["customer", "update", id, flag, value]).code, 0);
    }
    let values = |arguments: &[&str]| -> Vec<String> {
        let run = world.run(&[&["customer", "history", "-o", "json"], arguments].concat());
        assert_eq!(run.code, 0, "{run:#?}");
        let entries = run.json()["entries"].as_array().expect("a list").clone();
        entries.iter().map(|entry| entry["edits"][0]["after"].as_str().expect("a text").to_string()).collect()
    };
    assert_eq!(values(&[]), ["D", "C", "B", "A"], "the newest first");
    assert_eq!(values(&["--limit", "2"]), ["D", "C"]);
    assert_eq!(values(&["--field", "first-name"]), ["D", "B", "A"]);
    assert_eq!(values(&["--field", "customerReference.reference1", "123"]), ["C"]);
    assert_eq!(values(&["1001"]), ["B"]);
    assert_eq!(values(&["--since", "1h", "--limit", "1"]), ["D"]);
    assert_eq!(values(&["--since", "2999-01-01"]), [""; 0]);
    assert_eq!(values(&["--since", "2001-01-01T00:00:00Z"]).len(), 4);
    assert_eq!(values(&["--profile", "sandbox"]), [""; 0]);
    assert_eq!(values(&["--profile", "sandbox", "--all-profiles"]).len(), 4);
    assert_eq!(values(&["--since", "yesterday"]).len(), 4);
    world.run(&["customer", "history", "--since", "monday"]).fails(2, &["today", "36h", "2026-11-30"]);
    let table = world.run(&["customer", "history", "--limit", "1"]).stdout;
    assert!(table.contains("firstName: A → D"), "{table}");
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    let entries = history(&world);
    assert_eq!(entries[3]["undone_by"], entries[4]["entry"]);
}

#[test]
fn history_of_more_than_one_batch_is_one_object_and_a_table_names_every_entry() {
    let world = changed();
    let columns = "time, profile, host, command, customer, name, edits, before, after, outcome";
    let many = format!(
        "INSERT INTO entries (entry, {columns}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
         SELECT 'copy-' || i, {columns} FROM n, (SELECT * FROM entries LIMIT 1)"
    );
    let store = rusqlite::Connection::open(world.store().path()).expect("the store opens");
    store.execute_batch(&many).expect("entries are copied");
    assert_eq!(history(&world).len(), 2_501);
    let table = world.run(&["customer", "history"]).stdout;
    assert_eq!((table.matches("copy-").count(), table.matches("Outcome").count()), (2_500, 3));
    let lines = world.run(&["customer", "history", "-o", "ndjson"]).stdout;
    assert_eq!(lines.lines().count(), 2_501);
    let csv = world.run(&["customer", "history", "-o", "csv"]).stdout;
    assert_eq!((csv.lines().count(), csv.matches("undone_by").count()), (2_502, 1));
}

#[test]
fn an_unreadable_customer_does_not_block_resolving_other_entries() {
    let world = World::new();
    for id in ["123", "1001"] {
        world.fault("put:lost-before");
        world.fault("get@2*4:status=500");
        assert_eq!(world.run(&["customer", "update", id, "--first-name", "Other"]).code, 8);
    }
    world.fault("get*4:status=500");
    let run = world.run(&["customer", "history", "--resolve"]);
    run.fails(8, &["not every entry could be resolved", "HTTP 500", ": not-written"]);
    assert_eq!(outcomes(&world), ["unknown", "not-written"]);
    assert_eq!(world.run(&["customer", "history", "--resolve"]).code, 0);
    assert_eq!(outcomes(&world), ["not-written", "not-written"]);
}

#[test]
fn undo_last_refuses_while_a_later_change_has_no_known_outcome() {
    let world = changed();
    ["put:lost-after", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(world.run(&["customer", "update", "1001", "--first-name", "Later"]).code, 8);
    let entry = world.entry();
    let puts = world.puts().len();
    world.run(&["customer", "undo", "--last"]).fails(6, &[&entry, "has no known outcome", "--resolve"]);
    assert_eq!(world.puts().len(), puts);
    assert_eq!(world.run(&["customer", "history", "--resolve"]).code, 0);
    assert_eq!(world.run(&["customer", "undo", "--last"]).code, 0);
    assert!(!world.stored(1001).contains("\"Later\"") && world.stored(123).contains("\"John\""));
}

#[test]
fn undo_last_says_that_a_change_was_the_row_of_a_run() {
    let world = World::new();
    let file = world.file("rows.csv", "id,firstName\n123,Ann\n1001,Bo\n");
    assert_eq!(world.run(&["customer", "bulk", "update", &file, "--yes", "--jobs", "1"]).code, 0);
    let run = world.run(&["customer", "undo", "--last"]);
    assert_eq!(run.code, 0, "{run:#?}");
    run.says(&[
        "This takes back row 2 of the run",
        "fusebill customer bulk undo 2",
        "takes back the whole run",
    ]);
    assert!(world.stored(123).contains("\"Ann\"") && !world.stored(1001).contains("\"Bo\""));
}

#[test]
fn prune_erases_entries_and_runs_of_a_removed_profile() {
    let world = World::new();
    let live = ["--profile", "live"];
    assert_eq!(world.run(&["profile", "set", "live", "--label", "x"]).code, 0);
    let file = world.file("rows.csv", "id,firstName\n123,Confidential\n");
    let bulk = ["customer", "bulk", "update", &file, "--yes", "-o", "json"];
    assert_eq!(world.run(&[&live[..], &bulk].concat()).code, 0);
    world.fault("put:lost-before");
    world.fault("get@2*4:status=500");
    let update = ["customer", "update", "1001", "--first-name", "Confidential"];
    assert_eq!(world.run(&[&live[..], &update].concat()).code, 8);
    assert_eq!(world.run(&["profile", "remove", "live", "--yes"]).code, 0);
    let prune = |more: &[&str]| {
        let prune = ["customer", "history", "prune", "--older-than", "0h", "--yes", "-o", "json"];
        world.run(&[&live[..], &prune, more].concat()).json()
    };
    assert_eq!(prune(&[]), serde_json::json!({"deleted": 1, "runs": 1, "unresolved": 1}));
    assert_eq!(prune(&["--unresolved"]), serde_json::json!({"deleted": 1, "runs": 0, "unresolved": 0}));
    let folder = world.home.path().join(".local/state/fusebill");
    for file in std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()) {
        let bytes = if file.is_file() { std::fs::read(&file).expect("it is there") } else { Vec::new() };
        assert!(!bytes.windows(12).any(|window| window == b"Confidential"), "{}", file.display());
    }
}

#[test]
fn of_two_open_entries_that_ask_the_same_only_the_later_is_resolved_as_written() {
    let world = World::new();
    for _ in 0..2 {
        ["put:lost-before", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
        assert_eq!(world.run(&JOHN).code, 8);
    }
    let written = world.stored(123).replacen("\"Jon\"", "\"John\"", 1);
    world.server.store(&written).expect("one of the two takes effect late");
    assert_eq!(world.run(&["customer", "history", "--resolve"]).code, 0);
    assert_eq!(outcomes(&world), ["superseded", "written"]);
}

#[test]
fn a_stored_value_proves_an_open_entry_if_the_later_one_asks_for_another() {
    let world = World::new();
    for name in ["John", "Jim"] {
        ["put:lost-before", "get@2*4:status=500"].iter().for_each(|fault| world.fault(fault));
        assert_eq!(world.update(&["--first-name", name]).code, 8);
    }
    let written = world.stored(123).replacen("\"Jon\"", "\"John\"", 1);
    world.server.store(&written).expect("the first takes effect late");
    assert_eq!(world.run(&["customer", "history", "--resolve"]).code, 8);
    assert_eq!(outcomes(&world), ["written", "undecided"]);
}

#[test]
fn an_unknown_field_brings_up_a_similar_one() {
    let run = World::new().run(&["customer", "history", "--field", "phone"]);
    run.is(0, "", "The journal has no such change.\nDid you mean --field primaryPhone?\n");
}

#[test]
fn several_entries_without_an_outcome_are_one_warning() {
    let world = World::new();
    for name in ["A", "B"] {
        world.fault("put:lost-before");
        world.fault("get@2*4:status=500");
        assert_eq!(world.update(&["--first-name", name]).code, 8);
    }
    let get = world.run(&["customer", "get", "123"]);
    assert_eq!(get.stderr.matches("no known outcome").count(), 1, "{}", get.stderr);
    get.says(&["and others of this customer"]);
}
