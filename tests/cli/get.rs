//! `customer get` in all its forms.

use fusebill::sandbox::seed;
use unicode_width::UnicodeWidthStr;

use crate::world::{World, compact};

/// The ids of the seed.
fn ids() -> Vec<String> {
    let id = |text: &str| {
        text.rsplit("\"id\":").next().map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
    };
    seed().filter_map(id).collect()
}

fn get(world: &World, ids: &[String], form: &str) -> String {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let run = world.run(&[&["customer", "get", "-o", form], ids.as_slice()].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.stdout
}

const HOSTILE: &str = "{\"id\":7003,\"status\":\"Active\",\"firstName\":\"a\\u001b]0;x\\u0007\\u001b[2Jb\",\
    \"lastName\":\"\\u202egnp\\u2066\\u200f\\u061c\",\"companyName\":\"c\\r\\nd\\te\\u009b31m\\u0000\\u007f\\u2028\",\
    \"evil\\u001b[31m\\nkey\":\"x\",\"raw\":\"\u{9b}31m\u{202e}\u{feff}\",\"currency\":\"USD\"}";

/// What could steer a terminal.
fn steering(text: &str) -> Vec<char> {
    let bidi =
        ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}', '\u{feff}'];
    text.chars().filter(|c| (c.is_control() && *c != '\n') || bidi.contains(c)).collect()
}

#[test]
fn the_seed_is_found_whole() {
    assert!(ids().len() > 30 && ids().contains(&"9007199254740993".to_string()));
}

#[test]
fn the_table_has_a_heading_for_each_section_and_every_value() {
    let world = World::new();
    let shown = get(&world, &["123".to_string()], "table");
    assert!(shown.starts_with("Customer 123 Jon Smith (Acme Inc.)\nField "), "{shown}");
    let cells: Vec<&str> = shown.lines().collect();
    let at = |text: &str| {
        cells
            .iter()
            .position(|cell| format!("{cell} ").starts_with(text))
            .unwrap_or_else(|| panic!("{text} is not in {shown}"))
    };
    let headings =
        ["Name ", "Contact ", "References ", "Acquisition ", "Billing ", "Integrations ", "Other "];
    let places: Vec<usize> = headings.iter().map(|heading| at(heading)).collect();
    assert!(places.is_sorted(), "{shown}");
    for (field, value, from, to) in [
        ("  id ", "123", "Name ", "Contact "),
        ("  firstName ", "Jon", "Name ", "Contact "),
        ("  suffix ", "null", "Name ", "Contact "),
        (
            "  customerReference.salesTrackingCodes ",
            "Region=NA; Sales Rep=SR-01",
            "References ",
            "Acquisition ",
        ),
        ("  monthlyRecurringRevenue ", "250.00", "Billing ", "Integrations "),
        ("  netsuiteCustomerType ", "\"\"", "Integrations ", "Other "),
    ] {
        assert!(at(from) < at(field) && at(field) < at(to), "{field} in {shown}");
        assert!(cells[at(field)].ends_with(&format!("  {value}")), "{}", cells[at(field)]);
    }
    assert_eq!(world.lines(), ["GET /v1/customers/123"]);
}

#[test]
fn json_is_the_servers_own_tokens() {
    let world = World::new();
    for id in ids() {
        let text = get(&world, std::slice::from_ref(&id), "json");
        let stored = world.stored(id.parse().expect("an id"));
        assert_eq!(compact(&text), compact(&stored), "{id}");
        assert!(text.starts_with("{\n  \"") && text.ends_with("\n}\n"), "{text}");
    }
}

#[test]
fn several_customers_are_one_array_one_line_each_or_one_csv() {
    let world = World::new();
    let stored: Vec<String> = ids().iter().map(|id| world.stored(id.parse().expect("an id"))).collect();
    let all: Vec<String> = stored.iter().map(|text| compact(text)).collect();
    assert_eq!(compact(&get(&world, &ids(), "json")), format!("[{}]", all.join(",")));
    assert_eq!(get(&world, &ids(), "ndjson"), all.join("\n") + "\n");
}

#[test]
fn csv_reads_back_as_the_values() {
    let world = World::new();
    let text = get(&world, &ids(), "csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    assert_eq!(&header[0], "id");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), ids().len());
    for (row, id) in rows.iter().zip(ids()) {
        let stored: serde_json::Value =
            serde_json::from_str(&world.stored(id.parse().expect("an id"))).expect("JSON");
        assert_eq!(row[0], id);
        for (column, cell) in header.iter().zip(row) {
            let path = if column.starts_with('/') {
                column.to_string()
            } else {
                format!("/{}", column.replace('.', "/"))
            };
            match stored.pointer(&path) {
                None | Some(serde_json::Value::Null) => assert_eq!(cell, "", "{id} {column}"),
                Some(serde_json::Value::String(text)) => assert_eq!(cell, text, "{id} {column}"),
                Some(serde_json::Value::Bool(value)) => assert_eq!(cell, value.to_string()),
                Some(other) => assert!(!cell.is_empty(), "{id} {column} {other}"),
            }
        }
    }
    assert!(
        text.contains("123456789.123456789012345") && text.contains("12345678901234567890123"),
        "numbers are tokens"
    );
}

#[test]
fn several_customers_are_read_on_one_connection_in_order() {
    let world = World::new();
    let run = world.run(&["customer", "get", "1001", "123", "1002"]);
    assert_eq!((run.code, world.server.connections()), (0, 1));
    assert_eq!(world.lines(), ["GET /v1/customers/1001", "GET /v1/customers/123", "GET /v1/customers/1002"]);
    let heads: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("Customer ")).collect();
    assert_eq!(heads.len(), 3);
    assert!(heads[1].starts_with("Customer 123 "));
}

#[test]
fn an_error_in_the_middle_names_its_customer_and_no_json_is_half_printed() {
    for form in ["table", "json", "ndjson", "csv"] {
        let world = World::new();
        let run = world.run(&["customer", "get", "123", "99", "1001", "-o", form]);
        assert_eq!(run.code, 3, "{form}");
        run.says(&["reading customer 99", "check the id 99"]);
        assert_eq!(world.lines(), ["GET /v1/customers/123", "GET /v1/customers/99"]);
        match form {
            "table" => assert!(run.stdout.starts_with("Customer 123 ") && !run.stdout.contains("1001")),
            "json" => assert_eq!(run.json()["error"]["kind"], "not-found"),
            "ndjson" => assert_eq!(run.stdout, compact(&world.stored(123)) + "\n"),
            _ => assert_eq!(run.stdout, ""),
        }
    }
}

#[test]
fn customer_data_cannot_control_the_terminal() {
    let world = World::new();
    world.server.store(HOSTILE).expect("a customer");
    let hostile = ["7003".to_string(), "1011".to_string()];
    assert_eq!(steering(&get(&world, &hostile, "table")), []);
    let run = world.run(&["customer", "update", "7003", "--first-name", "John"]);
    assert_eq!(
        (run.code, steering(&run.stdout), steering(&run.stderr)),
        (0, vec![], vec![]),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("a\\u{1b}]0;x\\u{7}\\u{1b}[2Jb"), "{}", run.stdout);
    assert!(world.put_body() == HOSTILE.replacen("\"a\\u001b]0;x\\u0007\\u001b[2Jb\"", "\"John\"", 1));
}

#[test]
fn an_api_error_cannot_control_the_terminal() {
    for fault in [
        "put:refuse=No \u{1b}[2J\u{202e}way",
        "get:body=\u{1b}[2J\u{202e}",
        "get:redirect=302,http://x.invalid/\u{9b}2J",
    ] {
        let world = World::new();
        world.fault(fault);
        let run = world.update(&["--first-name", "John", "-v"]);
        assert_ne!(run.code, 0, "{fault}");
        assert_eq!(
            (steering(&run.stdout), steering(&run.stderr)),
            (vec![], vec![]),
            "{fault}\n{}",
            run.stderr
        );
    }
}

#[test]
fn json_stays_exact_for_hostile_data() {
    let world = World::new();
    world.server.store(HOSTILE).expect("a customer");
    assert_eq!(compact(&get(&world, &["7003".to_string()], "json")), HOSTILE);
    assert_eq!(get(&world, &["7003".to_string()], "ndjson"), format!("{HOSTILE}\n"));
}

#[test]
fn wide_characters_keep_the_columns_straight() {
    let world = World::new();
    let shown = world.run(&["customer", "list", "--columns", "company-name,currency"]).stdout;
    let column = |line: &str| line.rsplit_once(' ').map(|(before, _)| before.width());
    let columns: Vec<_> = shown.lines().skip(2).map(column).collect();
    assert!(columns.len() > 30 && columns.iter().all(|at| *at == columns[0]), "{shown}");
}

#[test]
fn an_unknown_customer_exits_with_3_for_every_404_body() {
    for choice in ["not-found=envelope", "not-found=message", "not-found=empty"] {
        World::behaving(&[choice])
            .run(&["customer", "get", "99"])
            .fails(3, &["there is no such customer (HTTP 404)"]);
    }
}

#[test]
fn a_web_page_is_told_from_an_answer_of_the_api() {
    let world = World::new();
    let url = world.server.base_url();
    let elsewhere = url.replace("/v1", "/v2");
    for (read, arguments) in [
        ("get", &["customer", "get", "123"][..]),
        ("list", &["customer", "list"]),
        ("list", &["auth", "status"]),
    ] {
        world.fault(&format!("{read}:html=200"));
        let run = world.run(arguments);
        run.fails(
            1,
            &[
                ": the answer is a web page, not the API's\n  a web page: 200 200\n",
                "hint: a web page comes from a proxy, a captive portal or a wrong base URL\n",
            ],
        );
        assert!(!run.stderr.contains("JSON") && !run.stderr.contains("the base URL is"), "{}", run.stderr);
    }
    world.fault("any:html=200");
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &elsewhere)], &["customer", "get", "123"]);
    run.fails(1, &["is a web page", "the vendor's ends in /v1"]);
}

#[test]
fn a_time_limit_that_ends_the_reads_is_named() {
    let world = World::new();
    world.fault("get*all:hang");
    let run = world.run(&["customer", "get", "123", "--timeout", "0.3"]);
    run.fails(7, &["the time limit of 0.3 s was used up in attempt 1\n", "--timeout SECONDS"]);
    assert!(!run.stderr.contains("was the last"), "{}", run.stderr);
    let world = World::new();
    world.fault("get*all:rate-limit=60");
    let run = world.run(&["customer", "get", "123", "--timeout", "20"]);
    run.fails(7, &["the time limit of 20 s leaves no time to try again after attempt 1 of 4\n"]);
}
