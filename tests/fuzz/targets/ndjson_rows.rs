//! Rows of NDJSON. The input is the file.
//!
//! Held: every line with something on it is one row, with its number and line; a line that a plain reading takes for no
//! object with an id is refused; the edits of a row and what it fixes are together the members of the object, each with its
//! value, and nothing else.

#![no_main]

use fusebill::bulk::{Row, ndjson};
use fusebill::document::Action;
use fusebill::search::CustomerName;
use fusebill_fuzz::customers::same;
use fusebill_fuzz::plain::units;
use fusebill_fuzz::{Plain, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut rows = ndjson::Rows::new(data);
    let (mut number, mut line) = (0, 0);
    for bytes in data.split_inclusive(|&byte| byte == b'\n') {
        line += 1;
        let text = std::str::from_utf8(bytes).ok();
        let text = text.map(|text| if line == 1 { text.trim_start_matches('\u{feff}') } else { text });
        if text.is_some_and(|text| text.trim().is_empty()) {
            continue;
        }
        number += 1;
        let object = text.and_then(plain::strict).filter(|read| id(read).is_some() && !read.has_duplicates());
        match rows.next().unwrap_or_else(|| panic!("line {line} was passed over")) {
            Ok(row) => {
                assert_eq!((row.number, row.line), (number, line));
                is_row(&row, &object.unwrap_or_else(|| panic!("line {line} is no row")));
            }
            Err(mistakes) => {
                assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| mistake.line == line))
            }
        }
    }
    assert!(rows.next().is_none(), "there is one row too many");
});

fn id(object: &Plain) -> Option<u64> {
    match object.member(&units("id"))? {
        Plain::Number(token) => token.parse().ok().filter(|id| *id > 0),
        _ => None,
    }
}

fn is_row(row: &Row, object: &Plain) {
    match row.customer {
        CustomerName::Id(customer) => assert_eq!(Some(customer), id(object)),
        ref other => panic!("{other:?}"),
    }
    let mut asked: Vec<(Vec<String>, &Plain)> = Vec::new();
    leaves(&mut Vec::new(), object, &mut asked);
    asked.retain(|(path, _)| *path != ["id"]);
    let edits = row.edits.iter().map(|edit| match &edit.action {
        Action::Set(value) => (edit.path.names().to_vec(), plain::strict(value.text()).expect("JSON")),
        Action::Object => (edit.path.names().to_vec(), Plain::Object(Vec::new())),
        other => panic!("{other:?}"),
    });
    let fixed = row
        .fixed
        .iter()
        .map(|fixed| (fixed.path.names().to_vec(), plain::strict(fixed.value.text()).expect("JSON")));
    let found: Vec<(Vec<String>, Plain)> = edits.chain(fixed).collect();
    assert_eq!(found.len(), asked.len(), "{found:?} {asked:?}");
    for (path, value) in asked {
        let there = found.iter().find(|(other, _)| *other == path);
        let (_, there) = there.unwrap_or_else(|| panic!("{path:?} was left out"));
        assert!(
            same(&path, Some(there), Some(value)),
            "{path:?} is {}, not {}",
            there.spelled(),
            value.spelled()
        );
    }
}

/// The members of an object, down to what is no object, or an empty one.
fn leaves<'a>(path: &mut Vec<String>, object: &'a Plain, out: &mut Vec<(Vec<String>, &'a Plain)>) {
    let Plain::Object(members) = object else { return };
    for (name, value) in members {
        path.push(String::from_utf16(name).expect("a row that was taken has names"));
        match value {
            Plain::Object(inner) if !inner.is_empty() => leaves(path, value, out),
            _ => out.push((path.clone(), value)),
        }
        path.pop();
    }
}
