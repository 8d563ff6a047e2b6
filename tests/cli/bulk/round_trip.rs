//! A table is exported, edited and read again: only what was edited is sent, and nothing that a colleague wrote is taken back.

use std::path::{Path, PathBuf};

use super::{FIRST, boundless, bulk, fleet, fleet_in, ids, tokens};
use crate::world::{Run, World};

const NAMES: [&str; 2] = ["customers.csv", "customers.xlsx"];

pub(super) fn export(world: &World, name: &str) -> PathBuf {
    let path = world.home.path().join(name);
    let run = world.run(&["customer", "list", "--out", &path.display().to_string()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    path
}

/// The lines of an exported CSV file, without the byte order mark.
pub(super) fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("the export can be read");
    text.trim_start_matches('\u{feff}').lines().map(str::to_string).collect()
}

/// Puts a value into the cell of a customer.
pub(super) fn edit(path: &Path, id: u64, column: &str, value: &str) {
    let text = std::fs::read_to_string(path).expect("the export can be read");
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("CSV").iter().map(str::to_string).collect()).collect();
    let at = rows[0].iter().position(|name| name == column).expect("the column");
    let row = rows.iter_mut().find(|row| row[0] == id.to_string()).expect("the row");
    row[at] = value.to_string();
    let mut writer = csv::Writer::from_path(path).expect("the export can be written");
    rows.iter().for_each(|row| writer.write_record(row).expect("a row"));
    writer.flush().expect("the export can be written");
}

fn update(world: &World, path: &Path, more: &[&str]) -> Run {
    bulk(world, &[&["update", &path.display().to_string(), "--yes"], more].concat())
}

pub(super) fn colleague(world: &World, id: u64, from: &str, to: &str) {
    let text = world.stored(id);
    assert!(text.contains(from), "{from} in {text}");
    world.server.store(&text.replacen(from, to, 1)).expect("the sandbox takes a customer");
}

#[test]
fn an_unedited_export_sends_no_request_as_csv_or_xlsx() {
    for name in NAMES {
        let world = World::with(boundless());
        let path = export(&world, name);
        let before = world.requests().len();
        let run = update(&world, &path, &[]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains(": 0 of 38 rows edited since."), "{}", run.stderr);
        assert_eq!(world.requests().len(), before, "{name}");
    }
}

#[test]
fn requests_grow_with_the_edited_rows() {
    let world = fleet_in(World::with(boundless()), 5_000);
    let path = export(&world, "customers.csv");
    let pages = world.requests().len();
    let text = std::fs::read_to_string(&path).expect("the export can be read");
    let mut edited = 0;
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("10000") {
            Some(_) if edited < 50 && line.contains("Active") => {
                edited += 1;
                line.replacen("Active", "Hold", 1)
            }
            _ => line.to_string(),
        })
        .collect();
    std::fs::write(&path, lines.join("\n")).expect("the export can be written");
    let run = update(&world, &path, &[]);
    assert_eq!((run.code, edited), (0, 50), "{}", run.stderr);
    let requests = world.requests().len() - pages;
    assert!(requests <= 100 && pages <= 6, "{requests} requests after {pages} pages");
    assert_eq!(world.puts().len(), 50);
}

#[test]
fn every_edited_row_is_counted_although_a_limit_leaves_some_for_later() {
    let world = fleet(2);
    let path = export(&world, "customers.csv");
    for id in [FIRST, FIRST + 1] {
        edit(&path, id, "lastName", "Edited");
    }
    let run = update(&world, &path, &["--limit", "1"]);
    assert!(run.stderr.contains(": 2 of 40 rows edited since."), "{}", run.stderr);
    assert!(world.puts().len() <= 1);
}

#[test]
fn a_colleagues_change_elsewhere_stays_and_of_the_same_field_is_a_conflict() {
    let world = fleet(3);
    let path = export(&world, "customers.csv");
    let [one, two, three] = [FIRST, FIRST + 1, FIRST + 2];
    for id in [one, two] {
        edit(&path, id, "lastName", "Edited");
    }
    let name = |id: u64| tokens(&world.stored(id))["firstName"].clone();
    colleague(&world, one, &format!("\"firstName\":{}", name(one)), "\"firstName\":\"Theirs\"");
    colleague(&world, three, &format!("\"firstName\":{}", name(three)), "\"firstName\":\"Theirs\"");
    let before = tokens(&world.stored(two))["lastName"].clone();
    colleague(&world, two, &format!("\"lastName\":{before}"), "\"lastName\":\"Theirs\"");
    let failures = world.home.path().join("failures.csv");
    let run = update(&world, &path, &["--failures", &failures.display().to_string()]);
    assert!(run.code == 10 && run.stderr.contains("fields of it changed since the export"), "{}", run.stderr);
    let held = |id: u64| {
        let all = tokens(&world.stored(id));
        (all["firstName"].clone(), all["lastName"].clone())
    };
    assert_eq!(held(one), ("\"Theirs\"".to_string(), "\"Edited\"".to_string()));
    assert_eq!(held(two).1, "\"Theirs\"");
    assert_eq!(held(three).0, "\"Theirs\"");
    let failed = lines(&failures);
    assert!(failed.len() == 2 && failed[0].ends_with(",#reason"), "{failed:?}");
    assert!(failed[1].starts_with(&format!("{two},")) && failed[1].contains("conflict: "), "{failed:?}");
    let base = path.with_extension("csv.base").display().to_string();
    let last = tokens(&world.stored(two))["lastName"].clone();
    colleague(&world, two, &format!("\"lastName\":{last}"), &format!("\"lastName\":{before}"));
    let again = update(&world, &failures, &["--base", &base, "--failures", "none.csv"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(held(two).1, "\"Edited\"");
    assert_eq!(lines(&world.home.path().join("none.csv")).len(), 1);
}

#[test]
fn the_order_of_rows_and_columns_is_free_and_so_are_more_columns() {
    let world = fleet(4);
    let path = export(&world, "customers.csv");
    edit(&path, FIRST, "lastName", "Edited");
    edit(&path, FIRST, "firstName", "");
    let text = std::fs::read_to_string(&path).expect("the export can be read");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("CSV").iter().rev().map(str::to_string).collect()).collect();
    rows[1..].reverse();
    rows[0].push("#note".to_string());
    rows[1..].iter_mut().for_each(|row| row.push("mine".to_string()));
    rows.remove(2);
    let mut writer = csv::Writer::from_path(&path).expect("the export can be written");
    rows.iter().for_each(|row| writer.write_record(row).expect("a row"));
    writer.flush().expect("the export can be written");
    let plan = bulk(&world, &["plan", &path.display().to_string()]);
    plan.says(&["1 cell blank now but not when exported", "1 would change"]);
    let run = update(&world, &path, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!((world.puts().len(), tokens(&world.stored(FIRST))["lastName"].as_str()), (1, "\"Edited\""));
}

#[test]
fn values_that_a_spreadsheet_respelled_are_counted_by_column_and_refused() {
    let world = fleet(3);
    for (at, id) in (7..).zip(ids(3)) {
        let old = tokens(&world.stored(id))["reference"].clone();
        colleague(&world, id, &format!("\"reference\":{old}"), &format!("\"reference\":\"0000{at}\""));
    }
    let path = export(&world, "customers.csv");
    for (at, id) in (7..).zip(ids(3)) {
        edit(&path, id, "reference", &format!("{at}"));
    }
    let before = world.requests().len();
    update(&world, &path, &[]).fails(
        2,
        &[
            "column `reference`: 3 values as a spreadsheet respells them: line ",
            "`00007` → `7` (read as a number)",
            "--allow-respelled reference takes them",
        ],
    );
    assert_eq!(world.requests().len(), before);
    assert_eq!(update(&world, &path, &["--allow-respelled", "reference"]).code, 0);
    assert_eq!(world.puts().len(), 3);
}

#[test]
fn a_base_that_is_missing_damaged_or_of_another_export_or_account_is_refused() {
    let world = fleet(1);
    let path = export(&world, "customers.csv");
    let base = world.home.path().join("customers.csv.base");
    let whole = std::fs::read_to_string(&base).expect("the base can be read");
    edit(&path, FIRST, "lastName", "Edited");
    let before = world.requests().len();
    let refused = |says: &str| update(&world, &path, &[]).fails(2, &[says, "--no-base"]);
    std::fs::write(&base, whole.replacen("firstName", "fristName", 1)).expect("written");
    refused("it is damaged");
    export(&world, "other.csv");
    let other = world.home.path().join("other.csv.base");
    std::fs::copy(&other, &base).expect("copied");
    refused("belongs to another export");
    std::fs::remove_file(&base).expect("removed");
    refused("is missing");
    let kept = world.home.path().join("kept");
    std::fs::write(&kept, whole.replacen("\"profile\":\"", "\"profile\":\"un", 1)).expect("written");
    update(&world, &path, &["--base", &kept.display().to_string()]).fails(2, &["it is damaged"]);
    assert_eq!(world.requests().len(), before + 1);
    std::fs::write(&kept, &whole).expect("written");
    assert_eq!(update(&world, &path, &["--base", &kept.display().to_string()]).code, 0);
    assert_eq!(world.puts().len(), 1);
    let elsewhere = World::new();
    let run = elsewhere.run(&[
        "customer",
        "bulk",
        "update",
        &path.display().to_string(),
        "--yes",
        "--base",
        &kept.display().to_string(),
    ]);
    run.fails(6, &["the file was exported on profile"]);
    elsewhere.was_left_alone();
}

#[test]
fn every_cell_counts_without_a_base_and_ids_that_were_not_exported_are_ordinary_rows() {
    let world = fleet(2);
    let path = export(&world, "customers.csv");
    let header = lines(&path)[0].clone();
    let name = tokens(&world.stored(FIRST))["lastName"].clone();
    world.file(
        "customers.csv",
        format!(
            "id,lastName,{}\n{FIRST},{},\n",
            header.rsplit(',').next().expect("a mark"),
            name.trim_matches('"')
        ),
    );
    colleague(&world, FIRST, &format!("\"lastName\":{name}"), "\"lastName\":\"Theirs\"");
    assert_eq!(update(&world, &path, &[]).code, 0);
    assert!(world.puts().is_empty());
    assert_eq!(update(&world, &path, &["--no-base"]).code, 0);
    assert_eq!(tokens(&world.stored(FIRST))["lastName"], name);
    world.server.store(&super::with_id(&world.stored(FIRST), 77)).expect("a customer");
    world.file("customers.csv", "id,lastName\n77,New\n");
    assert_eq!(update(&world, &path, &[]).code, 0);
    assert_eq!(tokens(&world.stored(77))["lastName"], "\"New\"");
}

#[test]
fn a_file_is_exported_to_csv_or_xlsx_and_every_path_is_tried_first() {
    let world = World::new();
    for (out, says) in [("a.ods", "must end in .csv or .xlsx"), ("no/a.csv", "--out"), ("-", "`./-`")] {
        world.run(&["customer", "list", "--out", out]).fails(2, &[says]);
    }
    std::fs::create_dir(world.home.path().join("b.csv.base")).expect("a folder");
    world.run(&["customer", "list", "--out", "b.csv"]).fails(2, &["b.csv.base"]);
    world.was_left_alone();
    let run = world.run(&[
        "customer",
        "list",
        "--columns",
        "lastName,customerAccountStatus",
        "--out",
        "c.csv",
        "-o",
        "json",
    ]);
    assert_eq!((run.code, run.json()["customers"].as_u64()), (0, Some(38)), "{}", run.stderr);
    let header = lines(&world.home.path().join("c.csv")).swap_remove(0);
    assert!(header.starts_with("id,lastName,#customerAccountStatus,#fusebill-export "), "{header}");
}

/// Texts that spreadsheets, CSV and this program read as something else.
const NASTY: &[&str] = &[
    "",
    " ",
    "  x",
    "x  ",
    "\u{a0}",
    "\u{200b}",
    "007",
    "+1",
    "1E5",
    "1.5E+7",
    "1/2",
    "=1+1",
    "-1",
    "@x",
    "'x",
    "#N/A",
    "#CLEAR",
    "#empty",
    "#TEXT:x",
    "####",
    "Err:502",
    "TRUE",
    "null",
    "a,b;c\td",
    "\"",
    "\"\"",
    "a\nb",
    "a\rb",
    "a\r\nb",
    "x\r",
    "\u{1}",
    "\u{7f}",
    "_x000D_",
    "&lt;",
    "José",
    "JosÃ©",
    "😀",
    "e\u{301}",
    "\u{202e}abc",
    "\u{feff}x",
    "\u{fffd}",
    "sep=;",
    "id",
    "undefined",
    "NaN",
    "0x1F",
    "1,000",
];

#[test]
fn an_export_of_hostile_texts_sends_no_request_as_csv_or_xlsx() {
    let count = u64::try_from(NASTY.len()).expect("a count");
    let world = fleet(count);
    for (id, text) in ids(count).zip(NASTY) {
        let old = tokens(&world.stored(id))["lastName"].clone();
        let new = serde_json::to_string(text).expect("text is JSON");
        colleague(&world, id, &format!("\"lastName\":{old}"), &format!("\"lastName\":{new}"));
    }
    for name in NAMES {
        let path = export(&world, name);
        let before = world.requests().len();
        let run = update(&world, &path, &[]);
        assert_eq!((run.code, world.requests().len() - before), (0, 0), "{name}: {}", run.stderr);
    }
}

#[test]
fn an_exported_table_without_its_ids_is_refused() {
    let world = World::with(boundless());
    let path = export(&world, "customers.csv");
    let base = path.with_file_name("customers.csv.base");
    std::fs::write(&path, "reference,firstName\nACME-7,Jon\n").expect("the export can be written");
    let (requests, base) = (world.requests().len(), base.display().to_string());
    for more in [&[][..], &["--base", &base]] {
        update(&world, &path, more).fails(2, &["its base finds customers by id", "put the column `id` back"]);
    }
    assert_eq!(world.requests().len(), requests);
    assert_eq!(update(&world, &path, &["--no-base"]).code, 0);
}
