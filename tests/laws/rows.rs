//! Rows of a file: what was written is what is read, whatever is read is no panic, and what a run keeps of its rows is
//! what it was given.

use std::collections::BTreeMap;

use fusebill::bulk::plan_file::{End, Head, Planned, VERSION, json_line, read as read_plan};
use fusebill::bulk::{Row, RowError, Spelling, ndjson, table as csv_rows};
use fusebill::document::diff::diff;
use fusebill::document::merge::Merge;
use fusebill::document::{Action, Change, Json, Plan};
use fusebill::field::{CODES_PATH, FIELDS, Field, FieldKind};
use fusebill::search::CustomerName;
use fusebill::store::{Origin, Store};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::generate::{Oddity, case, fitting, message};
use crate::law;
use crate::spelling::{Value, spell};

const NULL: &str = "#CLEAR";
const EMPTY: &str = "#EMPTY";

fn spelling(delimiter: char) -> Spelling {
    Spelling { delimiter, ignored: vec!["note".to_string()], ..Spelling::default() }
}

/// A cell, and the edit that it is to become: the path and the action, as text.
#[derive(Debug, Clone)]
struct Cell {
    text: String,
    becomes: Option<String>,
}

/// A column: its name in the header, and its cells.
#[derive(Debug, Clone)]
enum Column {
    Field(&'static Field),
    Code(&'static str),
    Note,
}

fn set(text: &str) -> String {
    format!("{:?}", Action::Set(Json::string(text)))
}

fn blank() -> BoxedStrategy<Cell> {
    select(vec!["", " ", "\t "]).prop_map(|text| Cell { text: text.to_string(), becomes: None }).boxed()
}

fn cell(column: &Column) -> BoxedStrategy<Cell> {
    let field = match column {
        Column::Note => return message().prop_map(|text| Cell { text, becomes: None }).boxed(),
        Column::Code(kind) => {
            let kind = (*kind).to_string();
            let code = "[a-z]{1,5}".prop_map(move |code| {
                let action = Action::SetCode { kind: kind.clone(), code: code.clone() };
                Cell { text: format!(" {code}"), becomes: Some(format!("{CODES_PATH} {action:?}")) }
            });
            return prop_oneof![3 => code, 1 => blank()].boxed();
        }
        Column::Field(field) => *field,
    };
    let path = field.path;
    let fits = fitting(field).prop_map(move |value| match &value {
        Value::Text(units) => {
            let text = String::from_utf16(units).expect("tame text");
            let nothing = text.trim().is_empty();
            Cell { becomes: (!nothing).then(|| format!("{path} {}", set(&text))), text }
        }
        Value::Number(_) => {
            let text = spell(&value, 0).text.parse::<u64>().unwrap_or(7).to_string();
            let json = Json::parse(&text).expect("a number");
            Cell { becomes: Some(format!("{path} {:?}", Action::Set(json))), text }
        }
        other => panic!("no cell for {other:?}"),
    });
    let clear =
        Just(Cell { text: format!(" {NULL} "), becomes: Some(format!("{path} {:?}", Action::Clear)) });
    let clear = if field.never_null().is_none() { clear.boxed() } else { blank() };
    let empty = Just(Cell { text: EMPTY.to_string(), becomes: Some(format!("{path} {}", set(""))) });
    let plain = matches!(field.kind, FieldKind::Text { .. });
    let empty = if plain { empty.boxed() } else { blank() };
    prop_oneof![4 => fits, 2 => blank(), 1 => clear, 1 => empty].boxed()
}

/// A file: its columns by name, and its rows.
#[derive(Debug, Clone)]
struct File {
    header: Vec<String>,
    rows: Vec<(u64, Vec<Cell>)>,
}

fn file() -> impl Strategy<Value = File> {
    let settable = || FIELDS.iter().filter(|field| field.kind != FieldKind::Codes).collect::<Vec<_>>();
    let fields = proptest::sample::subsequence(settable(), 0..5);
    let codes = proptest::sample::subsequence(vec!["Region", "Sales Rep"], 0..=2);
    (fields, codes, any::<bool>(), any::<bool>()).prop_flat_map(|(fields, codes, note, flags)| {
        let mut columns: Vec<Column> = fields.into_iter().map(Column::Field).collect();
        columns.extend(codes.into_iter().map(Column::Code));
        columns.push(Column::Note);
        if note {
            columns.rotate_right(1);
        }
        let name = |column: &Column| match column {
            Column::Field(field) if flags => field.flag.to_string(),
            Column::Field(field) => format!(" {}", field.path),
            Column::Code(kind) => format!("sales-tracking-code:{kind}"),
            Column::Note => "note".to_string(),
        };
        let header: Vec<String> = std::iter::once("id".to_string()).chain(columns.iter().map(name)).collect();
        let cells: Vec<BoxedStrategy<Cell>> = columns.iter().map(cell).collect();
        vec((1..=u64::MAX, cells), 0..5).prop_map(move |rows| File { header: header.clone(), rows })
    })
}

/// What is read, row by row: the number, the line, the customer and the edits as text.
type Said = (u64, u64, u64, Vec<String>);

fn said_by(rows: impl Iterator<Item = Result<Row, Vec<RowError>>>) -> Result<Vec<Said>, TestCaseError> {
    rows.map(|row| {
        let row = row.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let edits = row.edits.iter().map(|edit| format!("{} {:?}", edit.path, edit.action)).collect();
        let CustomerName::Id(customer) = row.customer else {
            return Err(TestCaseError::fail("a row of these files names its customer by id"));
        };
        Ok((row.number, row.line, customer, edits))
    })
    .collect()
}

/// The edits of a row: those of its cells, except that values which the vendor spells in one way may come back so.
fn asked(cells: &[Cell]) -> Vec<String> {
    cells.iter().filter_map(|cell| cell.becomes.clone()).collect()
}

#[derive(Debug, Clone, Copy)]
struct Dialect {
    delimiter: u8,
    crlf: bool,
    mark: bool,
    style: csv::QuoteStyle,
    last_break: bool,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let style =
        select(vec![csv::QuoteStyle::Necessary, csv::QuoteStyle::Always, csv::QuoteStyle::NonNumeric]);
    (select(vec![b',', b';', b'\t']), any::<bool>(), any::<bool>(), style, any::<bool>()).prop_map(
        |(delimiter, crlf, mark, style, last_break)| Dialect { delimiter, crlf, mark, style, last_break },
    )
}

/// A file in a dialect, and the line that each of its rows begins on.
fn written(file: &File, dialect: Dialect) -> (Vec<u8>, Vec<u64>) {
    let mut bytes = if dialect.mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    let mut lines = Vec::new();
    let record = |cells: Vec<&str>| {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .terminator(if dialect.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(dialect.style)
            .from_writer(Vec::new());
        writer.write_record(cells).expect("memory is written to");
        writer.into_inner().expect("memory is written to")
    };
    bytes.extend(record(file.header.iter().map(String::as_str).collect()));
    for (id, cells) in &file.rows {
        lines.push(1 + bytes.iter().filter(|&&byte| byte == b'\n').count() as u64);
        let id = id.to_string();
        let cells = cells.iter().map(|cell| cell.text.as_str());
        bytes.extend(record(std::iter::once(id.as_str()).chain(cells).collect()));
    }
    if !dialect.last_break {
        bytes.truncate(bytes.len() - if dialect.crlf { 2 } else { 1 });
    }
    (bytes, lines)
}

/// The store gives a plan back byte for byte.
fn store_keeps(store: &Store, plan: &Plan) -> Result<(), TestCaseError> {
    let text = |text: &str| text.to_string();
    let origin = Origin { profile: text("p"), host: text("h"), command: "c", undoes: None, row: None };
    let failed = |reason: fusebill::error::Error| TestCaseError::fail(reason.to_string());
    if i64::try_from(plan.before.id()).is_err() {
        // SQLite's integers end there, and what cannot be recorded is not sent.
        prop_assert!(store.begin(plan, &origin).is_err());
        return Ok(());
    }
    let name = store.begin(plan, &origin).map_err(failed)?;
    let entry = store.entry(&name).map_err(failed)?.ok_or_else(|| TestCaseError::fail("no entry"))?;
    let again = store.plan(&entry).map_err(failed)?;
    prop_assert_eq!(again.before.text(), plan.before.text());
    prop_assert_eq!(again.after.text(), plan.after.text());
    let tokens = |plan: &Plan| {
        let text = |json: &Option<Json>| json.as_ref().map(|json| json.text().to_string());
        let tokens = plan.replaced.iter();
        tokens
            .map(|change| (change.path.to_string(), (text(&change.before), text(&change.after))))
            .collect::<BTreeMap<_, _>>()
    };
    prop_assert_eq!(tokens(&again), tokens(plan));
    Ok(())
}

fn plan_bytes(plans: &[Plan]) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |text: &str| text.to_string();
    let (profile, host, source) = (text("p\n"), text("h"), text("\"f\".csv"));
    let head = Head { fusebill_plan: VERSION, profile, host, time: Timestamp::UNIX_EPOCH, source };
    out.extend(json_line(&head).into_bytes());
    for (row, plan) in (1..).zip(plans) {
        out.extend(json_line(&Planned::of(row, plan)).into_bytes());
    }
    out.extend(json_line(&End { end_of_plan: plans.len() as u64 }).into_bytes());
    out
}

proptest! {
    #![proptest_config(law(1500))]

    #[test]
    fn a_csv_file_reads_as_it_was_written(file in file(), dialect in dialect()) {
        let (bytes, lines) = written(&file, dialect);
        let rows = csv_rows::Rows::new(bytes.as_slice(), spelling(char::from(dialect.delimiter)));
        let rows = rows.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let expected: Vec<Said> = (1..)
            .zip(&file.rows)
            .zip(lines)
            .map(|((number, (id, cells)), line)| (number, line, *id, asked(cells)))
            .collect();
        prop_assert_eq!(said_by(rows)?, expected, "{:?}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn ndjson_reads_as_it_was_written(
        rows in vec((1..=u64::MAX, option::of("[a-z\"\\\\é\n]{1,8}"), 0..3_usize), 0..6),
        crlf in any::<bool>(),
        mark in any::<bool>(),
    ) {
        let mut text = if mark { "\u{feff}".to_string() } else { String::new() };
        let (mut expected, mut line) = (Vec::new(), 1);
        for (number, (id, name, gap)) in (1..).zip(&rows) {
            text.push_str(&"\n".repeat(*gap));
            line += *gap as u64;
            let edit = match name {
                Some(name) => format!(",\"firstName\":{}", serde_json::to_string(name).expect("text is JSON")),
                None => ",\"customerReference\":{\"reference1\":null}".to_string(),
            };
            text.push_str(&format!(" {{\"id\":{id}{edit}}}{}", if crlf { "\r\n" } else { "\n" }));
            let edits = match name {
                Some(name) => format!("firstName {}", set(name)),
                None => format!("customerReference.reference1 {:?}", Action::Set(Json::null())),
            };
            expected.push((number, line, *id, edits));
            line += 1;
        }
        let read = said_by(ndjson::Rows::new(text.as_bytes()))?;
        let read: Vec<_> = read.into_iter().map(|(n, line, id, edits)| (n, line, id, edits.concat())).collect();
        // The token of a text may be spelled in another way; what it means may not.
        let meaning = |edit: &str| edit.replace("\\u00e9", "é");
        let same = read.len() == expected.len()
            && read.iter().zip(&expected).all(|(one, other)| {
                (one.0, one.1, one.2) == (other.0, other.1, other.2) && meaning(&one.3) == meaning(&other.3)
            });
        prop_assert!(same, "{:?} {:?}", read, expected);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        begin in select(vec!["", "id\n", "id,firstName,note\n", "\u{feff}\"id\";parentId;note\r\n", "{\"id\":7"]),
        parts in vec(prop_oneof![
            vec(any::<u8>(), 0..6),
            select(vec!["\"", ",", ";", "\n", "\r", "\r\n", "\0", "7", "1e3", "#N/A", "{\"id\":7}", "\u{1}"])
                .prop_map(|part| part.as_bytes().to_vec()),
        ], 0..12),
        delimiter in select(vec![',', ';', '\t']),
    ) {
        let bytes = [begin.as_bytes().to_vec(), parts.concat()].concat();
        let most = bytes.len() + 1;
        if let Ok(rows) = csv_rows::Rows::new(bytes.as_slice(), spelling(delimiter)) {
            prop_assert!(rows.take(most + 1).count() <= most);
        }
        prop_assert!(ndjson::Rows::new(bytes.as_slice()).take(most + 1).count() <= most);
        if let Ok((_, lines)) = read_plan(bytes.as_slice()) {
            lines.take(most).for_each(drop);
        }
        csv_rows::delimiter(&String::from_utf8_lossy(&bytes));
    }
}

proptest! {
    #![proptest_config(law(300))]

    #[test]
    fn a_plan_file_gives_the_plans_back(cases in vec(case(Oddity::Wild), 0..4), cut in any::<Index>()) {
        let plans: Vec<Plan> = cases.iter().map(crate::generate::Case::plan).collect();
        let bytes = plan_bytes(&plans);
        let (head, lines) = read_plan(bytes.as_slice()).expect("a head");
        prop_assert_eq!(head.profile, "p\n");
        let lines: Vec<Planned> = lines.collect::<Result<_, _>>().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(lines.len(), plans.len());
        let store = Store::scratch().expect("a store in memory");
        for (line, plan) in lines.iter().zip(&plans) {
            store_keeps(&store, plan)?;
            line.check().map_err(TestCaseError::fail)?;
            let merged = line.merge(&plan.before).map_err(TestCaseError::fail)?;
            let Merge::Merged { plan: again, .. } = merged else { panic!("a conflict with the plan's own base") };
            prop_assert_eq!(again.before.text(), plan.before.text());
            prop_assert!(diff(again.after.root(), plan.after.root()).is_empty());
            // A new value is put on one line, and several new members come in the order of their paths.
            let rewritten = |change: &Change| {
                let broken = |json: &Json| json.text().contains(['\n', '\r']);
                change.after.as_ref().is_some_and(broken)
            };
            let added = plan.replaced.iter().filter(|change| change.before.is_none()).count();
            if added < 2 && !plan.replaced.iter().any(rewritten) {
                prop_assert_eq!(again.after.text(), plan.after.text());
            }
        }
        // All but its last line break is needed.
        let cut = cut.index(bytes.len() - 1);
        let whole = read_plan(&bytes[..cut]).is_ok_and(|(_, lines)| lines.collect::<Result<Vec<_>, _>>().is_ok());
        prop_assert!(!whole, "cut at {} of {}", cut, bytes.len());
    }
}
