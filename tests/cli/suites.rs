//! Public test suites through the binary. Their files are not part of this repository: `FUSEBILL_SUITES` names a folder with
//! checkouts of nst/JSONTestSuite, max-mapper/csv-spectrum and minimaxir/big-list-of-naughty-strings (docs/testing.md).

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::world::World;

const UPDATE: &[&str] = &["customer", "update", "123"];

fn suite(path: &str) -> PathBuf {
    let folder = std::env::var_os("FUSEBILL_SUITES").expect("FUSEBILL_SUITES names the folder of the suites");
    PathBuf::from(folder).join(path)
}

fn files(path: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(suite(path)).expect("the suite is there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read(&path).expect("a file"),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
#[ignore = "needs FUSEBILL_SUITES"]
fn json_test_suite() {
    let world = World::new();
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for (name, text) in files("JSONTestSuite/test_parsing") {
        let patch = [b"{\"firstName\":\"J\",\"extra\":".as_slice(), &text, b"}"].concat();
        let run =
            world.pipe(&[UPDATE, &["--patch", "-", "--new-field", "--dry-run", "--yes"]].concat(), &patch);
        match run.code {
            0 => taken += 1,
            2 => refused += 1,
            _ => wrong.push(format!("{name}: {} {}", run.code, run.stderr)),
        }
        // A key twice has no one meaning (RFC 8259 section 4), so it is refused.
        let must = match &name[..2] {
            "y_" if name.contains("duplicated_key") => Some(2),
            "y_" => Some(0),
            "n_" => Some(2),
            _ => None,
        };
        if must.is_some_and(|code| code != run.code) {
            wrong.push(format!("{name}: {} {}", run.code, run.stderr));
        }
    }
    println!("JSONTestSuite: {taken} taken, {refused} refused, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Puts a cell before the first of each record; a record ends at a line break outside of quotes.
fn with_ids(csv: &str, ids: &mut impl Iterator<Item = u64>, columns: &str) -> String {
    let (mut quotes, mut out) = (0, String::new());
    for (at, line) in csv.split_inclusive('\n').enumerate() {
        match quotes % 2 {
            _ if at == 0 => out.push_str(&format!("{columns}{}", &line[line.trim_end().len()..])),
            0 => out.push_str(&format!("{},{line}", ids.next().expect("an id"))),
            _ => out.push_str(line),
        }
        quotes += line.matches('"').count();
    }
    out
}

#[test]
#[ignore = "needs FUSEBILL_SUITES"]
fn csv_spectrum() {
    const PATHS: [&str; 6] = ["firstName", "middleName", "lastName", "suffix", "companyName", "primaryPhone"];
    let (mut same, mut wrong) = (0, Vec::new());
    for (name, bytes) in files("csv-spectrum/csvs") {
        // Its two files hold different telephone numbers.
        if name == "location_coordinates.csv" {
            continue;
        }
        let csv = String::from_utf8(bytes).expect("UTF-8");
        let stem = name.trim_end_matches(".csv");
        let expected =
            fs::read_to_string(suite(&format!("csv-spectrum/json/{stem}.json"))).expect("the rows");
        let expected: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&expected)
            .or_else(|_| serde_json::from_str(&format!("[{expected}]")))
            .expect("rows");
        let header: Vec<&str> =
            csv.lines().next().expect("a header").split(',').map(|name| name.trim_matches('"')).collect();
        let world = World::new();
        let ids: Vec<u64> = (700_001..).take(expected.len()).collect();
        for id in &ids {
            world.server.store(&format!(r#"{{"id":{id},"status":"Active"}}"#)).expect("a customer");
        }
        let columns = format!("id,{}", PATHS[..header.len()].join(","));
        let rows = with_ids(&csv, &mut ids.iter().copied(), &columns);
        let run = world.pipe(&["customer", "bulk", "plan", "-", "-o", "ndjson"], rows.as_bytes());
        let planned: Vec<Value> =
            run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let mut found: Vec<Vec<String>> = planned
            .iter()
            .filter_map(|line| line["edits"].as_array())
            .map(|edits| edits.iter().map(|edit| edit["after"].to_string()).collect())
            .collect();
        let cells = |row: &serde_json::Map<String, Value>| {
            let cells = header.iter().map(|name| &row[*name]);
            cells.filter(|cell| **cell != json!("")).map(ToString::to_string).collect::<Vec<_>>()
        };
        let mut wanted: Vec<Vec<String>> = expected.iter().map(cells).collect();
        found.iter_mut().chain(&mut wanted).for_each(|row| row.sort());
        found.sort();
        wanted.sort();
        if run.code == 0 && found == wanted {
            same += 1;
        } else {
            wrong.push(format!("{name}: {found:?} {wanted:?} {}", run.stderr));
        }
    }
    println!("csv-spectrum: {same} as they must be, {} not", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs FUSEBILL_SUITES"]
fn naughty_strings() {
    let text = fs::read_to_string(suite("big-list-of-naughty-strings/blns.json")).expect("the list is there");
    let strings: Vec<String> = serde_json::from_str(&text).expect("JSON");
    let (world, mut stored, mut refused, mut wrong) = (World::new(), 0, 0, Vec::new());
    let mut rows = String::new();
    for (at, string) in strings.iter().enumerate() {
        let id = 700_001 + at;
        world.server.store(&format!(r#"{{"id":{id},"status":"Active"}}"#)).expect("a customer");
        if string.encode_utf16().count() > 255 {
            refused += 1;
            continue;
        }
        rows.push_str(&format!("{}\n", json!({ "id": id, "reference": string })));
    }
    let run = world.pipe(&["customer", "bulk", "update", "-", "--yes"], rows.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    for (at, string) in strings.iter().enumerate().filter(|(_, string)| string.encode_utf16().count() <= 255)
    {
        let id = 700_001 + at as u64;
        let found: Value = serde_json::from_str(&world.stored(id)).expect("JSON");
        let shown = world.run(&["customer", "get", &id.to_string()]).stdout;
        let steers = shown.chars().any(|c| c.is_control() && c != '\n');
        let same = found["reference"] == json!(string);
        if same && !steers { stored += 1 } else { wrong.push(format!("{string:?}: {found} {shown}")) }
    }
    println!("naughty strings: {stored} stored and shown, {refused} too long, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// RFC 7396 appendix A: original, patch, result.
const VECTORS: [[&str; 3]; 15] = [
    [r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#],
    [r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#],
    [r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#],
    [r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#],
    [r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#],
    [r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#],
    [r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#],
    [r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#],
    [r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#],
    [r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#],
    [r#"{"a":"foo"}"#, "null", "null"],
    [r#"{"a":"foo"}"#, "\"bar\"", "\"bar\""],
    [r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#],
    [r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#],
    [r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#],
];

/// To the API null is the same as a missing member: null is set where RFC 7396 removes a member, and no object is made to hold
/// nothing but nulls.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let plain = members.into_iter().map(|(name, value)| (name, without_nulls(value)));
            Value::Object(plain.filter(|(_, value)| !value.is_null() && *value != json!({})).collect())
        }
        other => other,
    }
}

#[test]
fn merge_patch_vectors_of_rfc_7396() {
    let (mut same, mut refused) = (0, 0);
    for [original, patch, result] in VECTORS {
        let world = World::behaving(&["unknown-keys=store"]);
        world
            .server
            .store(&format!(r#"{{"id":700001,"status":"Active","x":{original}}}"#))
            .expect("a customer");
        let arguments = ["customer", "update", "700001", "--patch", "-", "--new-field", "--yes"];
        let run = world.pipe(&arguments, format!(r#"{{"x":{patch}}}"#).as_bytes());
        let found: Value = serde_json::from_str(&world.stored(700_001)).expect("JSON");
        let wanted: Value = serde_json::from_str(result).expect("JSON");
        match run.code {
            0 => {
                assert_eq!(without_nulls(found["x"].clone()), without_nulls(wanted), "{original} {patch}");
                same += 1;
            }
            // An object does not replace an array: that would lose values that nobody named.
            2 => refused += 1,
            code => panic!("{original} {patch}: {code} {}", run.stderr),
        }
    }
    println!("RFC 7396: {same} as they must be, {refused} refused");
    assert_eq!((same, refused), (14, 1));
}
