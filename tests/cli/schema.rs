//! What `-o json` prints is what docs/output.schema.json says, for every command, in success and in failure.

use fusebill::bulk::result::OUTCOMES;
use fusebill::error::TABLE;
use serde_json::{Value, json};

use crate::world::World;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/output.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the schema is there")).expect("it is JSON")
}

/// Asserts that an output is of the kind that the schema calls so, and of no other.
#[track_caller]
fn is(kind: &str, output: &str, command: &[&str]) {
    let value: Value =
        serde_json::from_str(output).unwrap_or_else(|error| panic!("{command:?}: {error}\n{output}"));
    let schema = schema();
    let of = |kind: &str| json!({ "$ref": format!("#/$defs/{kind}"), "$defs": schema["$defs"] });
    let validator = jsonschema::validator_for(&of(kind)).expect("the schema is one");
    let wrong: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{command:?} is no {kind}: {wrong:#?}\n{output}");
    for other in schema["anyOf"].as_array().expect("there are kinds") {
        let name =
            other["$ref"].as_str().and_then(|name| name.rsplit('/').next()).expect("a kind has a name");
        let matches = jsonschema::is_valid(&of(name), &value);
        assert_eq!(matches, name == kind, "{command:?} is a {name}: {output}");
    }
}

#[test]
fn every_object_is_as_the_schema_says() {
    let world = World::new();
    let rows = world.file("rows.csv", "id,suffix\n123,Jr\n999999,Jr\n");
    let plan = world.home.path().join("p").display().to_string();
    let check = |kind: &str, command: &[&str]| {
        let run = world.run(&[command, &["-o", "json"]].concat());
        is(kind, &run.stdout, command);
        run
    };
    check("change", &["customer", "update", "123", "--first-name", "Jan", "--set-json", "parentId=null"]);
    check("change", &["customer", "update", "123", "--first-name", "Jan"]);
    check("change", &["customer", "update", "123", "--clear", "suffix,reference1", "--dry-run"]);
    world.fault("put:truncate=lastName,2");
    check("change", &["customer", "update", "123", "--last-name", "Miller"]);
    world.fault("put:status=500");
    check("change", &["customer", "update", "123", "--last-name", "Müller"]);
    check("change", &["customer", "update", "123", "--last-name", "x", "--expect", "status=Hold"]);
    check("change", &["customer", "get", "999999"]);
    check("change", &["customer", "get", "reference:nobody"]);
    check("change", &["customer", "update", "123", "--title", "Sir"]);
    check("change", &["customer", "edit", "123"]);
    check("change", &["customer", "undo", "--last"]);
    check("change", &["customer", "activate", "1017", "--preview"]);
    check("change", &["customer", "activate", "1018", "--all-subscriptions", "--yes", "--max-total", "100"]);
    check("change", &["customer", "cancel", "1019", "--reverse", "full", "--yes"]);
    check("change", &["customer", "hold", "1021", "--yes"]);
    check("change", &["--profile", "nobody", "auth", "status"]);
    check("change", &["profile", "remove", "nobody", "--yes"]);
    check("run", &["customer", "bulk", "update", &rows, "--yes"]);
    check("rehearsal", &["customer", "bulk", "update", &rows, "--dry-run"]);
    assert_eq!(world.run(&["customer", "bulk", "plan", &rows, "--out", &plan]).code, 10);
    check("run", &["customer", "bulk", "apply", &plan]);
    let runs = check("runs", &["customer", "bulk", "list"]).json();
    let run = runs["runs"][1]["run"].as_str().expect("a run has a name");
    check("results", &["customer", "bulk", "list", run]);
    check("run", &["customer", "bulk", "resume", run]);
    check("run", &["customer", "bulk", "undo", run, "--yes"]);
    let actions = world.file("actions.csv", "id,action\n1017,activate:all-purchases\n2005,hold\n");
    check("rehearsal", &["customer", "bulk", "plan", &actions]);
    check("run", &["customer", "bulk", "update", &actions, "--yes", "--max-total", "100"]);
    let acted = world.run(&["customer", "bulk", "list", "-o", "json"]).json();
    check("results", &["customer", "bulk", "list", acted["runs"][0]["run"].as_str().expect("a name")]);
    check("history", &["customer", "history"]);
    check("whole", &["customer", "history", "show", &world.entry()]);
    check("pruned", &["customer", "history", "prune", "--older-than", "90d"]);
    check("profiles", &["profile", "list"]);
    check("done", &["profile", "set", "live", "--label", "L"]);
    check("done", &["profile", "set", "live", "--label", "L"]);
    check("done", &["profile", "set", "live", "--label", "M"]);
    check("profile", &["profile", "show", "live"]);
    check("done", &["profile", "remove", "live", "--yes"]);
    check("status", &["auth", "status"]);
    check("done", &["auth", "logout"]);
    let login =
        world.pipe(&["auth", "login", "--with-key-stdin", "-o", "json"], fusebill::sandbox::KEY.as_bytes());
    is("done", &login.stdout, &["auth", "login"]);
    check("path", &["sandbox", "path"]);
    check("path", &["sandbox", "reset"]);
}

#[test]
fn the_words_of_the_schema_are_the_programs() {
    let schema = schema();
    let words = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer}"));
        let mut words: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_string).collect();
        words.sort();
        words
    };
    let sorted = |names: Vec<&str>| {
        let mut names: Vec<String> = names.into_iter().map(str::to_string).collect();
        names.sort();
        names
    };
    let kinds = TABLE.iter().filter(|row| row.code != 0).map(|row| row.name).collect();
    assert_eq!(words("/$defs/problem/anyOf/1/properties/kind/enum"), sorted(kinds));
    let outcomes = OUTCOMES.iter().map(|outcome| outcome.name()).collect();
    assert_eq!(words("/$defs/counts/propertyNames/enum"), sorted(outcomes));
}
