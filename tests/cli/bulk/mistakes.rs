//! What is wrong with a file is said with its line and column, all of it, and nothing is sent.

use super::{FIRST, bulk, bulk_of, fleet, names, tokens};
use crate::world::World;

/// Asserts that a file is refused before anything is sent, and what is said of it.
#[track_caller]
fn refused(arguments: &[&str], input: impl AsRef<[u8]>, says: &[&str]) {
    let world = World::new();
    let arguments = [&["update", "-", "--yes"], arguments].concat();
    let run = bulk_of(&world, &arguments, input);
    run.fails(2, says);
    world.was_left_alone();
    let runs = world.home.path().join(".local/state/fusebill/runs");
    assert_eq!(std::fs::read_dir(runs).map_or(0, Iterator::count), 0, "nothing is left behind");
    assert!(world.journal().is_empty());
}

/// Asserts that a file is taken and gives what is stored of the first customer.
#[track_caller]
fn taken(arguments: &[&str], input: impl AsRef<[u8]>) -> std::collections::BTreeMap<String, String> {
    let world = fleet(2);
    let run = bulk_of(&world, &[&["update", "-", "--yes"], arguments].concat(), input);
    assert_eq!(run.code, 0, "{}", run.stderr);
    tokens(&world.stored(FIRST))
}

#[test]
fn every_error_of_a_file_is_shown_with_its_line_and_column() {
    let csv = "id,firstName,status,primaryPhone,parentId\n\
               1,ok,Active,1.61356E+11,5\n\
               x,#REF!,Gone,,1.5\n\
               3,too few\n\
               1,\"two\nlines\",,,\n\
               ,a,,,\n";
    refused(
        &[],
        csv,
        &[
            " errors, so nothing was sent",
            "line 2, column `primaryPhone`: `1.61356E+11`",
            "line 3, column `id`: takes a Fusebill id",
            "line 3, column `firstName`: `#REF!`",
            "line 3, column `status`",
            "line 3, column `parentId`",
            "line 4: has 2 cells, the header has 5",
            "line 7, column `id`: is blank",
        ],
    );
}

#[test]
fn a_customer_named_twice_is_an_error() {
    refused(&[], "id,firstName\n5,a\n6,b\n5,c\n", &["line 4: customer 5 is already on line 2"]);
    refused(&[], "{\"id\":5}\n\n{\"id\":5}\n", &["line 3: customer 5 is already on line 1"]);
    refused(&[], "id,firstName\n5,a\n 05 ,c\n", &["line 3: customer 5 is already on line 2"]);
}

#[test]
fn errors_of_one_kind_are_grouped_by_column_and_json_lists_each() {
    let currencies: String = (0..250).map(|at| format!("{},X{at},1\n", at + 1)).collect();
    let csv = format!("id,currency,parentId\n{currencies}999,USD,1.5E+7\n999,USD,1\n");
    let world = World::new();
    let run = bulk_of(&world, &["update", "-", "--yes"], &csv);
    run.fails(
        2,
        &[
            "standard input has 252 errors, so nothing was sent\n",
            "  column `currency`, 250 cells: line 2: `currency` takes an ISO 4217 code such as USD, not `X0`; \
             also line 3 `X1`, line 4 `X2`, and 247 more\n",
            "  line 252, column `parentId`: `1.5E+7` is a number as a spreadsheet rewrites it",
            "  line 253: customer 999 is already on line 252\n",
        ],
    );
    assert_eq!(run.stderr.lines().count(), 5, "{}", run.stderr);
    let run = bulk_of(&world, &["update", "-", "--yes", "-o", "json"], &csv);
    let error = &run.json()["error"];
    let all = error["errors"].as_array().expect("each error");
    assert_eq!((run.code, all.len()), (2, 252));
    assert_eq!(all[1], "line 3, column `currency`: `currency` takes an ISO 4217 code such as USD, not `X1`");
    world.was_left_alone();
}

#[test]
fn unknown_read_only_and_duplicate_columns_are_errors() {
    refused(
        &[],
        "id,fristName,createdTimestamp,firstName,first-name,salesTrackingCodes\n1,a,b,c,d,e\n",
        &[
            "`fristName`: is no field (did you mean `firstName`",
            "`createdTimestamp`: is read-only",
            "--ignore-column createdTimestamp",
            "`first-name`: sets what an earlier column sets",
            "`salesTrackingCodes`",
        ],
    );
    refused(&[], "firstName,reference\na,1\n", &["no column is `id`"]);
    assert_eq!(taken(&[], format!("FirstName,#mine,STAXBILLID\nKept,7,{FIRST}\n"))["firstName"], "\"Kept\"");
    refused(
        &["--ignore-column", "note"],
        "id,firstName\n1,a\n",
        &["--ignore-column note: there is no such column"],
    );
    let csv = format!("id,note,firstName,uri\n{FIRST},see below,Kept,x\n");
    assert_eq!(taken(&["--ignore-column", "note,uri"], csv)["firstName"], "\"Kept\"");
}

#[test]
fn files_that_are_no_rows_are_refused() {
    refused(&[], "", &["line 1: the file is empty"]);
    refused(&[], "\u{feff}", &["line 1: the file is empty"]);
    refused(&[], "id,firstName\n", &["line 1: there are no rows"]);
}

#[test]
fn bytes_that_are_no_text_are_found_on_their_line() {
    refused(&[], b"id,firstName\n1,a\n2,b\xe9\n", &["line 3: not UTF-8", "CSV UTF-8"]);
    refused(&[], b"{\"id\":1}\n{\"id\":2,\"firstName\":\"\xe9\"}\n", &["line 2: not UTF-8"]);
    let utf16: Vec<u8> = "id,firstName\n1,a\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&[], &utf16, &["line 1"]);
}

#[test]
fn errors_of_ndjson_input_have_their_line_and_field() {
    refused(
        &[],
        "{\"id\":1,\"firstName\":5,\"uri\":\"x\"}\n[]\n{\"id\":\"7\"}\n{\"id\":7,}\n{\"firstName\":\"a\"}\n\
         {\"id\":8,\"firstName\":\"a\",\"firstName\":\"b\"}\n{\"id\":1.0}\n",
        &[
            "line 1, column `firstName`",
            "line 1, column `uri`: `uri` is read-only",
            "line 2: a row is an object",
            "3 lines: line 3: a row names its customer",
            "; also line 5, line 7\n",
            "line 4: not JSON",
            "line 6",
        ],
    );
}

#[test]
fn delimiters_marks_and_line_ends_of_spreadsheets_are_read() {
    for (arguments, csv) in [
        (&[][..], format!("id;firstName;companyName\n{FIRST};Semi;\"a;b\nc\"\n")),
        (&[], format!("\u{feff}id\tfirstName\tcompanyName\r\n{FIRST}\tSemi\t\"a;b\nc\"\r\n")),
        (&[], format!("\u{feff}id,firstName,companyName\r\n\r\n{FIRST},Semi,\"a;b\nc\"")),
        (&[], format!("id,firstName,companyName\r\r\n{FIRST},Semi,\"a;b\nc\"\r\r\n")),
        (&[], format!("sep=;\r\nid;firstName;companyName\r\n{FIRST};Semi;\"a;b\nc\"\r\n")),
        (&[], format!("id,firstName,companyName,,\n,,,,\n{FIRST},Semi,\"a;b\nc\",,\n,,,,\n")),
        (&["--delimiter", "tab"], format!("id\tfirstName\tcompanyName\n{FIRST}\tSemi\t\"a;b\nc\"\n")),
        (&["--delimiter", ";"], format!("id;firstName;companyName\n{FIRST};Semi;\"a;b\nc\"\n")),
    ] {
        let stored = taken(arguments, &csv);
        assert_eq!((&*stored["firstName"], &*stored["companyName"]), ("\"Semi\"", "\"a;b\\nc\""), "{csv:?}");
    }
    let text = format!("\u{feff}id\tfirstName\r\n{FIRST}\tZoë\r\n");
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
        assert_eq!(taken(&[], utf16)["firstName"], "\"Zoë\"");
    }
    refused(&["--delimiter", ","], "id;firstName\n1;a\n", &["`id;firstName`"]);
}

#[test]
fn blank_null_and_empty_cells_store_three_different_values() {
    let before = tokens(&fleet(1).stored(FIRST));
    let header = "id,firstName,lastName,companyName,reference1\n";
    let stored = taken(&[], format!("{header}{FIRST}, ,#CLEAR,#EMPTY,\n"));
    assert_eq!(stored["firstName"], before["firstName"]);
    assert_eq!((&*stored["lastName"], &*stored["companyName"]), ("null", "\"\""));
    assert_eq!(stored["customerReference.reference1"], before["customerReference.reference1"]);
    let arguments = ["--null-token", " NULL ", "--empty-token", "-"];
    let stored = taken(&arguments, format!("{header}{FIRST},NULL,-,#TEXT:#EMPTY,\n"));
    let [first, last, company] = ["firstName", "lastName", "companyName"].map(|name| stored[name].as_str());
    assert_eq!([first, last, company], ["null", "\"\"", "\"#EMPTY\""]);
    let patch = format!("{{\"id\":{FIRST},\"firstName\":null,\"lastName\":\"\"}}\n");
    let stored = taken(&[], patch);
    assert_eq!((&*stored["firstName"], &*stored["lastName"]), ("null", "\"\""));
}

#[test]
fn a_row_without_edits_sends_no_request() {
    let world = fleet(2);
    let run = bulk_of(&world, &["update", "-", "--yes", "-o", "json"], format!("id,firstName\n{FIRST},\n"));
    assert_eq!((run.code, &run.json()["rows"]["unchanged"]), (0, &1.into()), "{}", run.stderr);
    world.was_left_alone();
}

#[test]
fn sales_tracking_codes_have_a_column_for_each_type() {
    let world = World::with(super::boundless());
    let codes = |world: &World| tokens(&world.stored(123))["customerReference.salesTrackingCodes"].clone();
    let set = "id,sales-tracking-code:Region,sales-tracking-code:Sales Tracking Code 4\n123,APAC,Q1-2024\n";
    let run = bulk_of(&world, &["update", "-", "--yes"], set);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let now = codes(&world);
    assert!(now.contains("\"APAC\"") && now.contains("\"Q1-2024\""), "{now}");
    let run = bulk_of(&world, &["update", "-", "--yes"], "id,sales-tracking-code:Region\n123,#CLEAR\n");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let now = codes(&world);
    assert!(!now.contains("\"APAC\"") && now.contains("\"Q1-2024\""), "{now}");
    refused(
        &[],
        "id,sales-tracking-code:Region,sales-tracking-code:region\n1,a,b\n",
        &["sets what an earlier column sets"],
    );
}

#[test]
fn a_dash_for_standard_output_makes_no_file_of_that_name() {
    let world = fleet(1);
    let file = world.file("rows.csv", names(1, "Dash"));
    bulk(&world, &["update", &file, "--yes", "--results", "-"]).fails(2, &["'--results <FILE>'", "`./-`"]);
    bulk(&world, &["plan", &file, "--out", "-"]).fails(2, &["'--out <FILE>'", "`./-`"]);
    assert!(world.requests().is_empty());
}

/// Two customers; the first has values that no flag could set.
fn with_old_values() -> World {
    let world = fleet(2);
    let mut customer: serde_json::Value = serde_json::from_str(&world.stored(FIRST)).expect("JSON");
    customer["primaryEmail"] = "billing@example.com;".into();
    customer["title"] = "Sir".into();
    world.server.store(&customer.to_string()).expect("a customer");
    world
}

#[test]
fn a_stored_value_that_does_not_change_is_no_error() {
    let cells = format!("{FIRST},billing@example.com;,Sir");
    let object = format!(r#"{{"id":{FIRST},"primaryEmail":"billing@example.com;","title":"Sir"}}"#);
    for input in [format!("id,primary-email,title\n{cells}\n"), object] {
        let world = with_old_values();
        let run = bulk_of(&world, &["update", "-", "--yes"], &input);
        assert_eq!((run.code, world.puts()), (0, vec![]), "{}", run.stderr);
        let run = bulk_of(&world, &["plan", "-"], &input);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let world = with_old_values();
    let patch = r#"{"primaryEmail":"billing@example.com;","title":"Sir","firstName":"New"}"#;
    let run = world
        .pipe(&["customer", "update", &FIRST.to_string(), "--patch", "-", "--dry-run"], patch.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("New") && !run.stdout.contains("Sir"), "{}", run.stdout);
}

#[test]
fn a_refused_value_that_is_not_the_stored_one_stops_the_file_before_its_first_write() {
    let world = with_old_values();
    let second = FIRST + 1;
    let csv =
        format!("id,primary-email,first-name\n{second},b@example.com;,B\n{FIRST},billing@example.com;,A\n");
    let run = bulk_of(&world, &["update", "-", "--yes"], csv);
    run.fails(
        2,
        &[
            "standard input has 1 error, so nothing was written",
            "line 2, column `primary-email`: `primaryEmail` has an empty address",
        ],
    );
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_formula_error_value_is_refused_in_any_language() {
    for value in ["#N/A", "#NV", "#WERT!", "#REF!", "#¿NOMBRE?", "Err:502"] {
        let file = format!("id,first-name,primary-phone\n1,a,{value}\n");
        refused(&[], file, &["line 2, column `primary-phone`: `", "error value", "`#CLEAR` clears"]);
    }
    assert_eq!(taken(&[], format!("id,firstName\n{FIRST},#TEXT:#N/A\n"))["firstName"], "\"#N/A\"");
}

#[test]
fn a_value_beyond_the_named_columns_is_an_error() {
    refused(&[], "id,firstName,\n1,a,x\n", &["line 2, column ``: has no name"]);
    refused(&[], "id,firstName\n1,a,,x\n", &["line 2: has 4 cells, the header has 2"]);
}

#[test]
fn without_a_base_a_value_that_is_stored_in_another_spelling_is_not_written() {
    let world = fleet(1);
    let rows = |value: &str| format!("id,reference\n{FIRST},{value}\n");
    let update = |arguments: &[&str], value: &str| {
        bulk_of(&world, &[&["update", "-", "--yes"], arguments].concat(), rows(value))
    };
    assert_eq!(update(&[], "00007").code, 0);
    let puts = world.puts().len();
    let run = update(&[], "7");
    let reason = "only as a spreadsheet respells it; `reference`: `00007` → `7` (read as a number)";
    assert!(run.code == 10 && run.stderr.contains(reason), "{}", run.stderr);
    assert_eq!(world.puts().len(), puts);
    assert_eq!(update(&["--allow-respelled", "Reference"], "7").code, 0);
    assert_eq!(tokens(&world.stored(FIRST))["reference"], "\"7\"");
    update(&["--allow-respelled", "title"], "7")
        .fails(2, &["--allow-respelled title: there is no such column"]);
}
