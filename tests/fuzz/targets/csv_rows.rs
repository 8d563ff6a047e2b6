//! Rows of a CSV file. The input: a byte that chooses the delimiter, then the file.
//!
//! Held: rows, their lines and their cells are those of a plain reading (quotes, line breaks in cells, CR, CRLF, blank
//! lines); a cell becomes the edit of its column with exactly its text, a blank one and one of no column becomes none; a row
//! that cannot be read is told with one of its own lines, and none is passed over. The file is read up to the first error
//! of quoting, which is not read as text.

#![no_main]

use fusebill::bulk::columns::{Column, columns};
use fusebill::bulk::{Row, Spelling, table};
use fusebill::document::Action;
use fusebill::field::{CODES_PATH, Field};
use fusebill::search::{CustomerName, Lookup};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, file)) = data.split_first() else { return };
    let start = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let start = start.strip_prefix(b"\"").unwrap_or(start);
    if start.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"sep=")) {
        return;
    }
    let delimiter = b",;\t"[usize::from(*choice) % 3];
    let spelling = Spelling { delimiter: char::from(delimiter), ..Spelling::default() };
    let unmarked = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut records = records(unmarked, delimiter).into_iter();
    let header = records.next();
    let Ok(mut rows) = table::Rows::new(file, spelling.clone()) else { return };
    let Some(header) = header else { return assert!(rows.next().is_none(), "rows out of nothing") };
    assert!(!header.is_misquoted);
    let names: Vec<String> =
        header.cells.into_iter().map(|cell| String::from_utf8(cell).expect("UTF-8")).collect();
    let columns = columns(&names, &spelling).expect("the header was taken");
    let mut number = 0;
    for record in records {
        number += 1;
        let row = rows.next().unwrap_or_else(|| panic!("the row of line {} was passed over", record.line));
        if record.is_misquoted {
            return assert!(row.is_err_and(|mistakes| mistakes[0].line >= record.line));
        }
        match row {
            Ok(row) => is_row(&row, number, &record, &columns),
            Err(mistakes) => {
                assert!(!mistakes.is_empty());
                let lines = record.line..=record.last_line;
                assert!(
                    mistakes.iter().all(|mistake| lines.contains(&mistake.line)),
                    "{mistakes:?} of {lines:?}"
                );
            }
        }
    }
    assert!(rows.next().is_none(), "there is one row too many");
});

/// A record as a plain reading has it.
struct Record {
    line: u64,
    last_line: u64,
    cells: Vec<Vec<u8>>,
    /// Whether a quote in it is never closed, or has text after it or blanks before it.
    is_misquoted: bool,
}

/// The records of a file up to one that is misquoted, but for those of one empty cell: blank lines.
fn records(file: &[u8], delimiter: u8) -> Vec<Record> {
    let (mut records, mut line, mut rest) = (Vec::new(), 1, file);
    while !rest.is_empty() {
        let mut record = Record { line, last_line: line, cells: Vec::new(), is_misquoted: false };
        while cell(&mut rest, delimiter, &mut record) {}
        line = record.last_line + line_end(&mut rest);
        let blank = |cell: &Vec<u8>| std::str::from_utf8(cell).is_ok_and(|cell| cell.trim().is_empty());
        let is_header = records.is_empty();
        let is_blank = record.cells == [b""] || (!is_header && record.cells.iter().all(blank));
        let is_last = record.is_misquoted;
        if !is_blank || is_last {
            records.push(record);
        }
        if is_last {
            break;
        }
    }
    records
}

/// Reads one cell and the delimiter after it; whether there was one.
fn cell(rest: &mut &[u8], delimiter: u8, record: &mut Record) -> bool {
    let ends = |byte: u8| byte == delimiter || byte == b'\r' || byte == b'\n';
    let mut text = Vec::new();
    if let Some(inside) = rest.strip_prefix(b"\"") {
        *rest = inside;
        loop {
            match rest {
                [b'"', b'"', after @ ..] => {
                    text.push(b'"');
                    *rest = after;
                }
                [b'"', after @ ..] => {
                    *rest = after;
                    record.is_misquoted = after.first().is_some_and(|&byte| !ends(byte));
                    break;
                }
                [byte, after @ ..] => {
                    text.push(*byte);
                    *rest = after;
                }
                [] => {
                    record.is_misquoted = true;
                    break;
                }
            }
        }
    } else {
        let end = rest.iter().position(|&byte| ends(byte)).unwrap_or(rest.len());
        text.extend_from_slice(&rest[..end]);
        *rest = &rest[end..];
        record.is_misquoted = text.trim_ascii_start().starts_with(b"\"");
    }
    record.last_line += text.iter().filter(|&&byte| byte == b'\n').count() as u64;
    record.cells.push(text);
    let delimited = rest.first() == Some(&delimiter) && !record.is_misquoted;
    if delimited {
        *rest = &rest[1..];
    }
    delimited
}

/// Reads what ends a line, and gives how many lines it ends.
fn line_end(rest: &mut &[u8]) -> u64 {
    let returns = rest.iter().take_while(|&&byte| byte == b'\r').count();
    *rest = &rest[returns..];
    match rest.strip_prefix(b"\n") {
        Some(after) => {
            *rest = after;
            1
        }
        None => returns as u64,
    }
}

fn is_row(row: &Row, number: u64, record: &Record, columns: &[Column]) {
    assert_eq!((row.number, row.line), (number, record.line));
    assert!(record.cells.len() >= columns.len());
    let cells: Vec<&str> = record
        .cells
        .iter()
        .map(|cell| std::str::from_utf8(cell).expect("a row that was taken is UTF-8"))
        .collect();
    let key = columns.iter().position(|column| matches!(column, Column::Id)).unwrap_or_default();
    match &row.customer {
        CustomerName::Id(id) => assert_eq!(id.to_string(), cells[key].trim().trim_start_matches('0')),
        CustomerName::Lookup(Lookup::Reference(reference)) => assert_eq!(reference, cells[key]),
        other => panic!("{other:?}"),
    }
    let mut edits = row.edits.iter();
    for (column, cell) in columns.iter().zip(cells) {
        let trimmed = cell.trim();
        let (path, expected) = match column {
            _ if trimmed.is_empty() => continue,
            Column::Id
            | Column::Reference
            | Column::Ignored
            | Column::Modified
            | Column::Nameless
            | Column::Action => {
                continue;
            }
            Column::Field(field) => (field.path, in_field(field, cell)),
            Column::Code(kind) if trimmed == "#CLEAR" => {
                (CODES_PATH, format!("{:?}", Action::RemoveCode { kind: kind.clone() }))
            }
            Column::Code(kind) => {
                let code = trimmed.strip_prefix("#TEXT:").unwrap_or(trimmed);
                let (kind, code) = (kind.clone(), code.to_string());
                (CODES_PATH, format!("{:?}", Action::SetCode { kind, code }))
            }
        };
        let edit = edits.next().unwrap_or_else(|| panic!("no edit of {path}"));
        assert_eq!(edit.path.dotted(), path);
        let found = match &edit.action {
            Action::Set(value) if is_word(column) => value.text().to_ascii_lowercase(),
            Action::Set(value) => {
                value.root().as_text().map_or(value.text().to_string(), |text| format!("text {text}"))
            }
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected);
    }
    assert!(edits.next().is_none(), "an edit of no column");
}

/// What the edit of a field's cell is: the text as it stands, or the token of a word or a number.
fn in_field(field: &Field, cell: &str) -> String {
    let trimmed = cell.trim();
    match trimmed {
        "#CLEAR" => format!("{:?}", Action::Clear),
        "#EMPTY" if field.is_text() => "text ".to_string(),
        _ if field.is_text() => format!("text {}", cell.strip_prefix("#TEXT:").unwrap_or(cell)),
        number if field.kind == fusebill::field::FieldKind::Integer => number.to_string(),
        word => format!("\"{}\"", word.to_ascii_lowercase()),
    }
}

fn is_word(column: &Column) -> bool {
    let kind = if let Column::Field(field) = column { Some(field.kind) } else { None };
    matches!(kind, Some(fusebill::field::FieldKind::Choice(_) | fusebill::field::FieldKind::Currency))
}
