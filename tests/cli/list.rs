//! `customer list`: what is asked for, what is shown, and what never gets out.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use fusebill::document::json::quote;
use fusebill::sandbox::KEY;

use crate::world::{Run, World, compact, finished};

const LIST: &[&str] = &["customer", "list"];
const COUNT: usize = 38;

fn list(world: &World, arguments: &[&str]) -> Run {
    world.run(&[LIST, arguments].concat())
}

/// The ids that are found, in order.
fn ids(world: &World, conditions: &[&str]) -> Vec<u64> {
    let wheres = conditions.iter().flat_map(|condition| ["--where", condition]);
    let run = list(world, &wheres.chain(["-o", "csv", "--columns", "id"]).collect::<Vec<_>>());
    assert_eq!(run.code, 0, "{conditions:?} {}", run.stderr);
    run.stdout.lines().skip(1).map(|line| line.parse().expect("an id")).collect()
}

/// What was asked for, without the order of every list.
fn asked(world: &World) -> Vec<String> {
    let ordered = "&sortOrder=Ascending&sortExpression=CreatedTimestamp";
    let queries = world.requests().into_iter().map(|request| request.query.expect("a query"));
    queries.map(|query| query.strip_suffix(ordered).expect("the usual order").to_string()).collect()
}

/// Stores so many customers whose ids follow each other.
fn store(world: &World, count: u64) {
    for id in 20_000..20_000 + count {
        let text = format!(
            r#"{{"id":{id},"status":"Active","companyName":"Bulk {id}","currency":"USD","createdTimestamp":"2021-01-01T00:00:00"}}"#
        );
        world.server.store(&text).expect("a customer");
    }
}

#[test]
fn every_customer_is_listed_with_one_request() {
    let world = World::new();
    let run = list(&world, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "38 customers.\n"));
    assert_eq!(run.stdout.lines().count(), COUNT + 2);
    let header = run.stdout.lines().next().expect("a header");
    let columns: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(
        columns,
        ["id", "companyName", "firstName", "lastName", "primaryEmail", "reference", "status"]
    );
    assert_eq!(asked(&world), ["pageSize=1000&pageNumber=0"]);
    assert!(list(&world, &["-q"]).stderr.is_empty());
}

#[test]
fn a_list_table_distinguishes_empty_from_absent_values() {
    let world = World::new();
    let run = list(&world, &["--where", "company-name=Empty*", "--columns", "id,suffix,reference1,nothing"]);
    let row = "\n1013  \"\"      \"\"                            (absent)\n";
    assert!(run.stdout.contains(row), "{}", run.stdout);
    assert_eq!(run.stderr, "1 customer.\nwarning: none of these customers has `nothing`\n");
}

#[test]
fn a_field_is_named_in_any_way() {
    for name in ["reference1", "customerReference.reference1", "CustomerReference.Reference1", "REFERENCE1"] {
        let world = World::new();
        assert_eq!(ids(&world, &[&format!("{name}=PO-2291")]), [123], "{name}");
        assert_eq!(
            asked(&world),
            ["query=CustomerReference.Reference1%3APO-2291&pageSize=1000&pageNumber=0"],
            "{name}"
        );
    }
}

#[test]
fn all_conditions_hold_together() {
    let world = World::new();
    assert_eq!(ids(&world, &["last-name=Child", "status=hold"]), [2004]);
    assert_eq!(ids(&world, &["first-name=C*", "first-name=*s"]), [2003]);
    assert_eq!(ids(&world, &["parent-id=2002", "parent-id=7"]), [0_u64; 0]);
    assert_eq!(asked(&world)[0], "query=LastName%3AChild%3BStatus%3AHold&pageSize=1000&pageNumber=0");
}

#[test]
fn every_kind_of_pattern_finds_its_customers() {
    let world = World::new();
    let sorted = |condition: &str| {
        let mut ids = ids(&world, &[condition]);
        ids.sort_unstable();
        ids
    };
    for (condition, expected) in [
        ("company-name=*parent*", &[2001, 2002][..]),
        ("first-name=[empty]", &[1012, 1013]),
        ("status=draft, CANCELLED", &[1017, 1018, 1021]),
        ("status=*ed", &[1020, 1021]),
        ("AccountStatus=Collection", &[1022]),
        ("parent-id=2002", &[2003, 2004]),
        ("monthlyRecurringRevenue=250", &[123, 12_000_750]),
        ("MonthlyRecurringRevenue=75.25..250.0", &[1019]),
        ("NetMRR=10000|", &[1001, 1005, 2001]),
        ("created-timestamp=2018-01-01", &[12_000_750]),
        ("createdTimestamp=..2018-01-01", &[12_000_749]),
        ("CustomerReference.SalesTrackingCode3.Code=DIRECT", &[3002, 3004]),
        ("primary-email=*;c@*", &[1015]),
        ("id=123", &[123]),
        ("quickbooks-id=9007199254740993", &[9_007_199_254_740_993]),
    ] {
        assert_eq!(sorted(condition), expected, "{condition}");
    }
}

#[test]
fn characters_of_the_filters_own_are_asked_for_as_wildcards_and_checked_here() {
    let world = World::new();
    let decoy =
        r#"{"id":7,"status":"Active","reference":"aXb:c,d|e","createdTimestamp":"2022-01-01T00:00:00"}"#;
    world.server.store(decoy).expect("a customer");
    let run = list(&world, &["--where", "reference=a;b:c,d|e", "--columns", "id,reference"]);
    assert!(run.stdout.contains("a;b:c,d|e") && !run.stdout.contains("aXb"), "{}", run.stdout);
    assert_eq!(run.stderr, "1 customer.\n");
    assert_eq!(asked(&world), ["query=Reference%3Aa%2Ab%2Ac%2Ad%2Ae&pageSize=1000&pageNumber=0"]);
    assert_eq!(ids(&world, &["company-name=*Inc; \\*\\[empty]:|"]), [1014]);
}

#[test]
fn a_condition_without_an_api_filter_is_checked_locally() {
    let world = World::new();
    let run =
        list(&world, &["--where", "currency=cad", "--limit", "1", "-o", "ndjson", "--columns", "currency"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "{\"id\":1017,\"currency\":\"CAD\"}\n"));
    run.says(&["The API cannot be asked for `currency=cad`, so every customer is read and checked here."]);
    let run = list(&world, &["--where", "keyword=*", "--where", "status=Active"]);
    run.says(&["cannot be asked for `keyword=*`, so every customer that matches the rest is read"]);
    assert_eq!(asked(&world)[0], "pageSize=1000&pageNumber=0");
    assert_eq!(asked(&world)[1], "query=Status%3AActive&pageSize=1000&pageNumber=0");
}

#[test]
fn rows_that_the_api_failed_to_filter_are_dropped_with_a_warning() {
    for form in ["table", "csv", "json", "ndjson"] {
        let world = World::new();
        let all: Vec<String> = [123, 1019, 1017].iter().map(|id| world.stored(*id)).collect();
        world.fault(&format!("list*all:body=[{}]", all.join(",")));
        let run = list(&world, &["--where", "status=Hold", "-o", form, "--columns", "id"]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("1019") && !run.stdout.contains("123"), "{}", run.stdout);
        assert!(!run.stdout.contains("1017"), "{}", run.stdout);
        run.says(&["warning: the API sent 2 customers that do not match"]);
    }
}

#[test]
fn undocumented_api_behaviours_do_not_change_the_result() {
    let choices: &[&[&str]] = &[
        &[],
        &["unknown-filter=refuse"],
        &["page-size=refuse"],
        &["next-page=one-more", "max-page-index=count"],
    ];
    for choices in choices {
        let world = World::behaving(choices);
        assert_eq!(ids(&world, &["status=hold"]), [1019, 2004], "{choices:?}");
        assert_eq!(ids(&world, &["currency=cad"]), [1017], "{choices:?}");
        assert_eq!(ids(&world, &[]).len(), COUNT, "{choices:?}");
    }
}

#[test]
fn ndjson_and_json_are_the_servers_own_text() {
    let world = World::new();
    let found = ids(&world, &[]);
    let stored: Vec<String> = found.iter().map(|id| compact(&world.stored(*id))).collect();
    assert_eq!(list(&world, &["-o", "ndjson"]).stdout, stored.join("\n") + "\n");
    let json = list(&world, &["-o", "json"]).stdout;
    assert_eq!(compact(&json), format!("[{}]", stored.join(",")));
    assert!(json.starts_with("[\n  {\n    \"") && json.ends_with("\n  }\n]\n"), "{json}");
}

#[test]
fn columns_are_a_merge_patch_in_json_and_cells_in_csv() {
    let world = World::new();
    let columns = ["--where", "last-name=Smith", "--columns", "last-name,reference1,AccountStatus", "-o"];
    let run = |form| list(&world, &[&columns[..], &[form]].concat()).stdout;
    assert_eq!(
        run("ndjson"),
        "{\"id\":123,\"lastName\":\"Smith\",\"customerAccountStatus\":\"Good\",\
         \"customerReference\":{\"reference1\":\"PO-2291\"}}\n"
    );
    assert_eq!(
        run("csv"),
        "lastName,customerReference.reference1,customerAccountStatus\nSmith,PO-2291,Good\n"
    );
    assert!(run("json").starts_with("[\n  {\n    \"id\": 123,\n"));
}

#[test]
fn a_list_without_matches_is_empty_and_succeeds() {
    let world = World::new();
    let none = |form: &str| list(&world, &["--where", "first-name=Nobody", "-o", form, "--columns", "id"]);
    let wider = "A pattern is for the whole value; a part is found with --where 'first-name=*Nobody*'.\n";
    none("table").is(0, "", &format!("No customer matches.\n{wider}"));
    none("json").is(0, "[]\n", "");
    none("ndjson").is(0, "", "");
    none("csv").is(0, "id\n", "");
}

#[test]
fn a_limit_asks_for_one_page() {
    let world = World::new();
    let note = |arguments: &[&str]| list(&world, arguments).stderr;
    assert_eq!(note(&["--limit", "2"]), "The first 2 customers; more match.\n");
    assert_eq!(note(&["--limit", "1", "--where", "status=hold"]), "The first customer; more match.\n");
    assert_eq!(note(&["--limit", "2", "--where", "status=hold"]), "2 customers.\n");
    assert_eq!(note(&["--limit", "5000"]), "38 customers.\n");
    let sizes = ["pageSize=100&pageNumber=0", "query=Status%3AHold&pageSize=100&pageNumber=0"];
    assert_eq!(asked(&world)[..2], sizes);
    assert_eq!(asked(&world).len(), 4);
    note(&["--limit", "500"]);
    assert!(asked(&world)[4].starts_with("pageSize=500&"));
    let local = note(&["--limit", "1", "--where", "currency=USD"]);
    assert!(local.ends_with("The first customer; more match.\n"), "{local}");
}

#[test]
fn a_column_that_no_customer_has_gives_a_warning() {
    let world = World::new();
    let run = list(&world, &["--columns", "id,satus", "-o", "csv", "--limit", "1"]);
    assert!(run.code == 0 && run.stdout.starts_with("id,satus\n"), "{}", run.stdout);
    run.says(&["warning: none of these customers has `satus` (did you mean `status`?)"]);
    let run = list(&world, &["--columns", "id,uri,status", "-o", "csv"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn the_order_is_the_apis() {
    let world = World::new();
    let run = list(
        &world,
        &["--where", "last-name=Child", "--sort", "first-name", "--desc", "-o", "csv", "--columns", "id"],
    );
    assert_eq!(run.stdout, "id\n2003\n2004\n");
    let query = world.requests()[0].query.clone().expect("a query");
    assert!(query.ends_with("&sortOrder=Descending&sortExpression=FirstName"), "{query}");
}

#[test]
fn many_customers_are_read_page_by_page_on_one_connection() {
    let world = World::new();
    store(&world, 2_100);
    let run = list(&world, &["-o", "ndjson", "--columns", "id"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let lines: HashSet<&str> = run.stdout.lines().collect();
    assert_eq!((lines.len(), run.stdout.lines().count()), (2_100 + COUNT, 2_100 + COUNT));
    let pages = [0, 1, 2].map(|page| format!("pageSize=1000&pageNumber={page}"));
    assert_eq!((asked(&world), world.server.connections()), (pages.to_vec(), 1));
    let run = list(&world, &["--limit", "1500", "-o", "csv", "--columns", "id"]);
    assert_eq!((run.stdout.lines().count(), world.requests().len()), (1_501, 5));
}

#[test]
fn a_list_piped_into_head_reads_no_more_pages() {
    let world = World::new();
    store(&world, 3_000);
    let mut command = world.command(["customer", "list", "-o", "ndjson"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(line.starts_with('{') && world.requests().len() == 1, "{:?}", world.lines());
}

#[test]
fn a_list_that_changes_during_reading_gives_a_warning() {
    for second in ["[]".to_string(), format!("[{}]", World::new().stored(123))] {
        let world = World::new();
        store(&world, 1_000);
        world.fault(&format!("list@2:body={second}"));
        let run = list(&world, &["-o", "csv", "--columns", "id"]);
        let ids: HashSet<&str> = run.stdout.lines().collect();
        assert_eq!((run.code, ids.len()), (0, run.stdout.lines().count()), "no customer comes twice");
        run.says(&["warning: the list changed while it was read"]);
    }
}

#[test]
fn a_customer_that_moved_by_many_pages_is_listed_once() {
    let world = World::new();
    store(&world, 3_000);
    world.fault(&format!("list@4:body=[{}]", world.stored(123)));
    let run = list(&world, &["-o", "csv", "--columns", "id"]);
    assert_eq!(run.stdout.lines().filter(|line| *line == "123").count(), 1);
    run.says(&["warning: the list changed while it was read"]);
}

#[test]
fn a_bad_list_flag_is_refused_before_any_request() {
    for (arguments, says) in [
        (&["--where", "status"][..], &["--where status: it takes FIELD=PATTERN", "status=Active"][..]),
        (&["--where", "frist-name=J"], &["no field `frist-name`", "did you mean first-name?"]),
        (&["--where", "status=Actve"], &["--where status=Actve: `Actve` is none", "Draft, Active, Hold"]),
        (&["--where", "first-name="], &["nothing follows the `=`", "[empty]"]),
        (&["--where", "created-timestamp=yesterday"], &["`yesterday` is no date", "YYYY-MM-DD"]),
        (&["--where", "created-timestamp=2024-02-01..2024-01-01"], &["nothing is from 2024-02-01"]),
        (&["--where", "NetMRR=1e3"], &["`1e3` is no amount", "50..180"]),
        (&["--where", "parent-id=x"], &["`x` is no whole number"]),
        (&["--where", "CurrencyId=3"], &["cannot be checked", "currency=CAD"]),
        (&["--where", "sales-tracking-code=x"], &["several codes", "SalesTrackingCode1.Code"]),
        (&["--where", "company-name=a\\b"], &["a backslash escapes only"]),
        (&["--sort", "currency"], &["--sort currency: the API cannot sort by it"]),
        (&["--sort", "nmae"], &["--sort nmae: there is no field"]),
        (&["--desc"], &["--sort"]),
        (&["--limit", "0"], &["--limit"]),
        (&["--columns", "a..b"], &["--columns: `a..b` is not a path"]),
    ] {
        let world = World::new();
        list(&world, arguments).fails(2, says);
        world.was_left_alone();
        let run = list(&world, &[arguments, &["-o", "json"]].concat());
        assert_eq!(run.json()["error"]["kind"], "usage", "{arguments:?}");
    }
}

#[test]
fn failures_of_the_api_are_those_of_a_read() {
    for (faults, code, says) in [
        (
            &["list*all:status=503"][..],
            7,
            &["reading page 1 of the list: the API failed", "attempt 4 of 4"][..],
        ),
        (&["list:body={}"], 1, &["not a list of customers"]),
        (&["list:null"], 1, &["not a list of customers"]),
        (&["list:html=404"], 1, &["HTTP 404"]),
        (&["list:body=[{\"id\":1,\"status\":\"Active\"},{\"status\":\"Active\"}]"], 1, &["row 2", "no `id`"]),
        (&["list:body=[7]"], 1, &["row 1 of the API's answer is not a customer"]),
        (&["list:status=401"], 4, &["refused the key"]),
        (&["list:refuse=No."], 4, &["malformed key", "No."]),
        (&["list:redirect=302"], 7, &["redirects"]),
    ] {
        let world = World::new();
        faults.iter().for_each(|fault| world.fault(fault));
        list(&world, &[]).fails(code, says);
        let world = World::new();
        faults.iter().for_each(|fault| world.fault(fault));
        let run = list(&world, &["-o", "json"]);
        assert_eq!((run.code, run.json()["outcome"].as_str()), (code, Some("failed")), "{faults:?}");
    }
}

#[test]
fn a_filter_refused_by_the_api_fails_with_its_message() {
    let world = World::new();
    world.fault("list:refuse=No such filter.");
    list(&world, &["--where", "first-name=J"]).fails(1, &["filter or the key (HTTP 400)", "No such filter."]);
}

#[test]
fn transient_errors_are_retried_within_the_timeout() {
    let world = World::new();
    ["list:status=500", "list:rate-limit=1", "list:cut"].iter().for_each(|fault| world.fault(fault));
    assert_eq!(list(&world, &["-o", "ndjson"]).stdout.lines().count(), COUNT);
    let world = World::new();
    world.fault("list*all:hang");
    list(&world, &["--timeout", "0.5"]).fails(7, &["reading page 1 of the list", "--timeout"]);
}

#[test]
fn a_failed_page_exits_with_7_after_printing_earlier_pages() {
    let world = World::new();
    store(&world, 1_500);
    world.fault("list@2*all:status=500");
    let run = list(&world, &["-o", "ndjson", "--columns", "id"]);
    assert_eq!((run.code, run.stdout.lines().count()), (7, 1_000));
    run.says(&["reading page 2 of the list"]);
    let world = World::new();
    store(&world, 1_500);
    world.fault("list@2*all:status=500");
    let run = list(&world, &[]);
    assert_eq!((run.code, run.stdout.lines().count()), (7, 1_002));
    run.says(&["reading page 2 of the list"]);
}

#[test]
fn a_printed_list_used_as_a_bulk_update_changes_nothing() {
    let world = World::new();
    let forms = [("csv", None), ("ndjson", Some("last-name,reference1,quickbooks-id"))];
    for (form, columns) in forms {
        let columns: &[&str] = &columns.map_or(vec![], |columns| vec!["--columns", columns]);
        let listed = list(&world, &[&["-o", form], columns].concat());
        let file = world.file(&format!("listed.{form}"), &listed.stdout);
        let run = world.run(&["customer", "bulk", "update", &file, "--dry-run", "-o", "json", "--yes"]);
        assert_eq!(run.code, 0, "{form} {}{}", run.stdout, run.stderr);
        run.says(&["0 would change"]);
    }
}

#[test]
fn listed_values_cannot_control_the_terminal() {
    let world = World::new();
    let name = "a\u{1b}[2J\u{202e}";
    let text = format!(r#"{{"id":7,"status":"Active","companyName":{},"currency":"USD"}}"#, quote(name));
    world.server.store(&text).expect("a customer");
    let run = list(&world, &["--columns", "id,companyName,x\u{1b}[31m", "-v"]);
    assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']) && !run.stderr.contains('\u{1b}'), "{}", run.stdout);
    let run = list(&world, &["--where", "x\u{1b}[31m=y"]);
    assert!(run.code == 2 && !run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn the_examples_of_the_help_work() {
    let world = World::new();
    let help = world.run(&["customer", "list", "--help"]).stdout;
    let examples: Vec<&str> =
        help.lines().map(str::trim).filter(|line| line.starts_with("fusebill customer list")).collect();
    assert_eq!(examples.len(), 5, "{help}");
    for example in examples {
        let command = example.replacen("fusebill", env!("CARGO_BIN_EXE_fusebill"), 1);
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &command])
            .env_clear()
            .env("HOME", world.home.path())
            .current_dir(world.home.path());
        shell.env("FUSEBILL_BASE_URL", world.server.base_url()).env("FUSEBILL_API_KEY", KEY);
        let run = finished(shell.stdin(Stdio::null()));
        assert_eq!(run.code, 0, "{example}\n{}", run.stderr);
    }
}

#[test]
fn a_file_in_a_missing_folder_is_named_as_the_user_typed_it() {
    let world = World::new();
    let run = world.run(&["customer", "list", "--out", "/nosuch/x.csv"]);
    run.fails(2, &["/nosuch/x.csv cannot be written: No such file or directory"]);
    assert!(!run.stderr.contains("partial"), "{}", run.stderr);
}
