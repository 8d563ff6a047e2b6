//! Customers named by reference or e-mail address instead of their ids.

use crate::world::{World, without_timestamp};

const TEXT: &str = r#"{"id":901,"firstName":"Ann","lastName":"Lee","companyName":null,"primaryEmail":"ann@example.org; Billing@Example.org","reference":"ZED-7","status":"Active","currency":"CAD","createdTimestamp":"2020-01-01T00:00:00","customerReference":{},"customerAcquisition":{},"modifiedTimestamp":"2020-01-01T00:00:00"}"#;

/// A world in which 901 has the reference ZED-7 and 902 and 903 share another one.
fn world(choices: &[&str]) -> World {
    let world = World::behaving(choices);
    let other =
        |id: &str, reference: &str| TEXT.replace("901", id).replace("ZED-7", reference).replace("ann@", "x@");
    for text in [TEXT.to_string(), other("902", "a;b").replace("Billing", "y"), other("903", "a;b")] {
        world.server.store(&text).expect("it is a customer");
    }
    world
}

fn id_of(run: &crate::world::Run) -> String {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = run.json();
    json["id"].as_u64().or(json["customer"]["id"].as_u64()).expect("there is an id").to_string()
}

#[test]
fn every_command_that_takes_a_customer_takes_a_lookup() {
    let world = world(&[]);
    for name in ["reference:ZED-7", "Reference:ZED-7", "email:ann@example.org", "email: ANN@EXAMPLE.ORG"] {
        assert_eq!(id_of(&world.run(&["customer", "get", name, "-o", "json"])), "901", "{name}");
    }
    let before = world.stored(901);
    let run = world.run(&["customer", "update", "reference:ZED-7", "--first-name", "Anna", "-o", "json"]);
    assert_eq!(id_of(&run), "901");
    assert_eq!(
        without_timestamp(&world.stored(901)),
        without_timestamp(&before.replace("\"Ann\"", "\"Anna\""))
    );
    let edit = ["customer", "edit", "email:ann@example.org", "--yes", "-o", "json"];
    let run = world.run_with(&[("FUSEBILL_EDITOR", "sed -i s/Anna/Anne/")], &edit);
    assert_eq!(id_of(&run), "901");
    let history = world.run(&["customer", "history", "reference:ZED-7", "-o", "csv"]);
    assert_eq!(history.stdout.lines().count(), 3, "{}", history.stdout);
    assert_eq!(world.run(&["customer", "history", "reference:ZED-7", "--resolve"]).code, 0);
    assert_eq!(world.puts().len(), 2);
}

#[test]
fn none_and_several_are_errors_that_show_the_candidates() {
    let world = world(&[]);
    for arguments in [&["get"][..], &["update", "--first-name", "x"], &["edit"], &["history"]] {
        let with = |name: &'static str| {
            let mut all = vec!["customer", arguments[0], name];
            all.extend(&arguments[1..]);
            world.run_with(&[("FUSEBILL_EDITOR", "true")], &all)
        };
        let run = with("reference:nobody");
        run.fails(3, &["looking up reference:nobody: no customer was found", "customer list"]);
        let run = with("reference:zed-7");
        run.fails(
            3,
            &["no customer was found", "901 Ann Lee, reference ZED-7, Active", "name the customer by its id"],
        );
        let run = with("reference:a;b");
        run.fails(3, &["2 customers were found, and one is needed", "902 Ann Lee", "903 Ann Lee"]);
        with("email:billing@example.org").fails(3, &["2 customers were found", "901 Ann Lee", "903 Ann Lee"]);
        with("email:example.org").fails(3, &["no customer was found"]);
    }
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_customer_that_the_api_sends_twice_is_one() {
    let world = world(&[]);
    let text = world.stored(901);
    world.fault(&format!("list:body=[{text},{text}]"));
    assert_eq!(id_of(&world.run(&["customer", "get", "reference:ZED-7", "-o", "json"])), "901");
}

#[test]
fn many_candidates_are_counted_and_the_first_of_them_shown() {
    let world = World::new();
    for id in 910..925 {
        world.server.store(&TEXT.replace("901", &id.to_string())).expect("it is a customer");
    }
    let run = world.run(&["customer", "get", "reference:ZED-7"]);
    run.fails(3, &["15 customers were found", "919 Ann Lee", "and 5 more"]);
    assert!(!run.stderr.contains("920 Ann"));
}

#[test]
fn a_lookup_is_exact_even_if_the_api_ignores_filter_or_case() {
    for choice in ["filter-case=ignore", "filter-case=match"] {
        let world = world(&[choice]);
        assert_eq!(id_of(&world.run(&["customer", "get", "reference:ZED-7", "-o", "json"])), "901");
        world.run(&["customer", "get", "reference:zed-7"]).fails(3, &["no customer was found"]);
    }
    // Every customer is sent where nothing of the text can be asked for.
    let world = world(&[]);
    world.server.store(&TEXT.replace("ZED-7", ";:|")).expect("it is a customer");
    assert_eq!(id_of(&world.run(&["customer", "get", "reference:;:|", "-o", "json"])), "901");
    assert!(world.requests()[0].query.as_ref().is_some_and(|query| !query.contains("query=")));
}

#[test]
fn a_malformed_customer_name_is_refused_before_any_request() {
    let world = World::new();
    for name in ["zed", "ref:x", "reference:", "email: ", "12a", "0"] {
        let run = world.run(&["customer", "get", name]);
        run.fails(2, &["<CUSTOMER>"]);
    }
    world.run(&["customer", "get", "zed"]).says(&["or by reference:TEXT or email:ADDRESS"]);
    world.was_left_alone();
}

#[test]
fn a_customer_that_lost_its_reference_meanwhile_is_not_changed() {
    let world = world(&[]);
    world.fault("get:other-writer=reference=\"OTHER\"");
    let run = world.run(&["customer", "update", "reference:ZED-7", "--first-name", "x"]);
    run.fails(6, &["customer 901 is no longer reference:ZED-7", "Nothing was written."]);
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn rows_of_a_file_may_name_their_customers_by_reference() {
    let world = world(&[]);
    let rows = world.file("rows.csv", "Reference,suffix\nZED-7,Jr\n007,Sr\n");
    let (before, other) = (world.stored(901), reference(&world, "007"));
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes", "-o", "csv"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&["Looking up 2 customers."]);
    assert!(world.stored(901).contains("\"suffix\":\"Jr\"") && !before.contains("Jr"));
    assert!(world.stored(other).contains("\"suffix\":\"Sr\""));
    let undo = world.run(&["customer", "bulk", "undo", &last_run(&world), "--yes"]);
    assert_eq!(undo.code, 0, "{}", undo.stderr);
    assert_eq!(
        without_timestamp(&world.stored(901)).replace(",\"suffix\":null", ""),
        without_timestamp(&before)
    );
}

/// The id of the customer of the seed with this reference.
fn reference(world: &World, reference: &str) -> u64 {
    let run = world.run(&["customer", "get", &format!("reference:{reference}"), "-o", "json"]);
    id_of(&run).parse().expect("an id is a number")
}

fn last_run(world: &World) -> String {
    let list = world.run(&["customer", "bulk", "list", "-o", "json"]).json();
    list["runs"].as_array().and_then(|runs| runs.first()).expect("there is a run")["run"]
        .as_str()
        .expect("it has a name")
        .to_string()
}

#[test]
fn rows_that_match_no_single_customer_are_listed_before_any_write() {
    let world = world(&[]);
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\nnobody,Sr\na;b,X\n,Y\n");
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes"]);
    run.fails(2, &["line 5, column `reference`: is blank"]);
    world.was_left_alone();
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\nnobody,Sr\na;b,X\n");
    for command in ["update", "plan"] {
        let yes: &[&str] = if command == "update" { &["--yes"] } else { &[] };
        let run = world.run(&[&["customer", "bulk", command, &rows], yes].concat());
        run.fails(
            3,
            &[
                "2 rows of `",
                "could not be matched to one customer, so nothing was written",
                "line 3, column `reference`: reference:nobody: no customer was found",
                "line 4, column `reference`: reference:a;b: 2 customers were found, and one is needed; 902 Ann Lee",
            ],
        );
    }
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\nZED-7,Sr\n");
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes"]);
    run.fails(2, &["names a customer twice", "line 3: customer 901 is already on line 2"]);
    let rows = world.file("rows.csv", "reference,reference\nZED-7,Jr\n");
    world
        .run(&["customer", "bulk", "update", &rows, "--yes"])
        .fails(2, &["sets what an earlier column sets"]);
    assert_eq!((world.puts(), world.run(&["customer", "bulk", "list"]).stdout), (Vec::new(), String::new()));
}

#[test]
fn a_row_whose_customer_changed_its_reference_is_not_written() {
    let world = world(&[]);
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\n");
    world.fault("get:other-writer=reference=\"OTHER\"");
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes", "-o", "csv"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    assert!(run.stdout.contains("no longer reference:ZED-7"), "{}", run.stdout);
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_run_by_reference_that_is_cut_short_goes_on_without_looking_up_again() {
    let world = world(&[]);
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\n007,Sr\n");
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes", "--limit", "1"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lists = || {
        world
            .requests()
            .iter()
            .filter(|request| request.path == "/v1/customers" && request.method == "GET")
            .count()
    };
    let before = lists();
    let run = world.run(&["customer", "bulk", "resume", &last_run(&world)]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!((world.puts().len(), lists()), (2, before));
}

#[test]
fn an_ndjson_list_is_valid_bulk_input_and_detects_later_changes() {
    let world = World::new();
    let list = world.run(&["customer", "list", "-o", "ndjson"]);
    assert_eq!(list.code, 0);
    let all = world.file("all.ndjson", &list.stdout);
    let run = world.run(&["customer", "bulk", "update", &all, "--dry-run"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&[" 0 would change, "]);
    let line = list.stdout.lines().find(|line| line.contains("\"id\":123,")).expect("123 is in the list");
    let row = world.file("row.ndjson", line.replace("\"Jon\"", "\"John\""));
    let run = world.pipe(&["customer", "bulk", "update", "-"], line.as_bytes());
    run.fails(2, &["the changes of 1 row with a whole customer are not known yet"]);
    // Somebody else changes the customer after it was listed.
    assert_eq!(world.update(&["--suffix", "Jr"]).code, 0);
    let run = world.run(&["customer", "bulk", "update", &row, "--yes", "-o", "csv"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    for part in ["conflict", "the customer is not as the row has it", "it was changed since the row was made"]
    {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert_eq!(world.puts().len(), 1);
    let line = world
        .run(&["customer", "list", "--where", "first-name=Jon", "--where", "last-name=Smith", "-o", "ndjson"])
        .stdout;
    let run = world
        .pipe(&["customer", "bulk", "update", "-", "--yes"], line.replace("\"Jon\"", "\"John\"").as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        world.stored(123).contains("\"firstName\":\"John\"")
            && world.stored(123).contains("\"suffix\":\"Jr\"")
    );
}

#[test]
fn a_csv_list_as_bulk_input_detects_later_changes() {
    let world = World::new();
    let list = world.run(&["customer", "list", "--where", "reference=ACME-7", "-o", "csv"]).stdout;
    let rows = world.file("rows.csv", &list);
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes"]);
    assert!(run.code == 0 && run.stdout.contains("unchanged"), "{}{}", run.stdout, run.stderr);
    assert_eq!(world.update(&["--primary-phone", "999"]).code, 0);
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes"]);
    assert_eq!((run.code, world.puts().len()), (10, 1));
    run.says(&["row 1, customer 123: conflict: ", "it was changed since the row was made: then modified "]);
    let run = world.run(&["customer", "bulk", "plan", &rows, "--out", "p"]);
    assert_eq!(run.code, 10);
    run.says(&["row 1, customer 123: planning customer 123: the customer is not as the row has it"]);
    let damaged = world.file("damaged.csv", "id,modifiedTimestamp,suffix\n123,yesterday,Jr\n");
    let run = world.run(&["customer", "bulk", "update", &damaged, "--yes"]);
    run.fails(2, &["line 2, column `modifiedTimestamp`: takes a timestamp as `customer list` prints it, not `yesterday`"]);
}

#[test]
fn a_plan_by_reference_is_carried_out_on_the_customer_that_has_it_still() {
    let world = world(&[]);
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\n");
    let plan = world.home.path().join("it's a.plan").display().to_string();
    let run = world.run(&["customer", "bulk", "plan", &rows, "--out", &plan]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&["customer bulk apply '", "it'\\''s a.plan'"]);
    assert!(std::fs::read_to_string(&plan).expect("a plan").contains("\"lookup\":\"reference:ZED-7\""));
    assert_eq!(world.run(&["customer", "update", "901", "--reference", "OTHER"]).code, 0);
    let run = world.run(&["customer", "bulk", "apply", &plan]);
    assert_eq!((run.code, world.puts().len()), (10, 1), "{}", run.stdout);
    run.says(&["row 1, customer 901: conflict: ", "customer 901 is no longer reference:ZED-7"]);
}

#[test]
fn a_json_array_as_bulk_input_is_refused_with_a_hint() {
    let world = World::new();
    let all = world.run(&["customer", "list", "-o", "json", "--limit", "1"]).stdout;
    let run = world.pipe(&["customer", "bulk", "update", "-", "--yes"], all.as_bytes());
    run.fails(2, &["standard input is a JSON array, not one object a line", "jq -c '.[]'"]);
}

#[test]
fn a_rehearsal_is_one_object_too() {
    let world = World::new();
    let rows = world.file("rows.csv", "id,suffix\n123,Jr\n999999,Jr\n");
    let run = world.run(&["customer", "bulk", "update", &rows, "--dry-run", "-o", "json"]);
    let json = run.json();
    assert_eq!((run.code, json["outcome"].as_str()), (10, Some("planned")));
    assert_eq!(
        (json["rows"].as_u64(), json["would_change"].as_u64(), json["failed"].as_u64()),
        (Some(2), Some(1), Some(1))
    );
    run.says(&["row 2, customer 999999: "]);
}

#[test]
fn an_api_that_cannot_be_asked_stops_the_lookups() {
    let world = world(&[]);
    let rows = world.file("rows.csv", "reference,suffix\nZED-7,Jr\n");
    world.fault("list*99:status=503");
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes"]);
    run.fails(7, &["this was looking up reference:ZED-7", "Nothing was written."]);
    assert_eq!(world.puts(), [""; 0]);
}
