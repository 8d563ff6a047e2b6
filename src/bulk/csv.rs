//! Rows of a CSV file (RFC 4180, and what spreadsheets make of it).

use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, Position};

use super::columns::{Column, columns, edit, refuse_rewritten};
use super::{Fixed, MODIFIED, Mistake, Row, Spelling, checked};
use crate::document::time::timestamp;
use crate::document::{Edit, Json, Path};
use crate::search::{CustomerName, Lookup};

/// The delimiter that the first line of a file suggests: the one of `,`, `;` and tab that it has most of.
pub fn delimiter(first_line: &str) -> char {
    let count = |delimiter: char| first_line.matches(delimiter).count();
    let most = [',', ';', '\t'].into_iter().max_by_key(|&delimiter| (count(delimiter), delimiter == ','));
    most.unwrap_or(',')
}

/// A last record that is put after every file: where it does not come out again, a quote before it was never closed.
const AFTER: &[u8] = b"\x01after the last row\x01";

/// A file with [`AFTER`] at its end.
type Ended<R> = std::io::Chain<BufReader<R>, std::io::Chain<&'static [u8], &'static [u8]>>;

/// The rows of a file, one after the other.
pub struct Rows<R> {
    reader: csv::Reader<Ended<R>>,
    /// The last record, whose room serves the next one.
    record: ByteRecord,
    spelling: Spelling,
    names: Vec<String>,
    columns: Vec<Column>,
    number: u64,
}

impl<R: Read> Rows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(input: R, spelling: Spelling) -> Result<Rows<R>, Vec<Mistake>> {
        let mut input = BufReader::new(input);
        // The csv crate passes over the mark as well, and then counts lines one short.
        match input.fill_buf() {
            Ok(begin) if begin.starts_with(b"\xef\xbb\xbf") => input.consume(3),
            Ok(_) => {}
            Err(why) => return Err(vec![Mistake::of_line(1, why.to_string())]),
        }
        let delimiter = u8::try_from(spelling.delimiter).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            // With CRLF as the end of a line the crate counts lines one short, so the CR is taken off here.
            .terminator(csv::Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .from_reader(input.chain(b"\n".chain(AFTER)));
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|why| vec![unreadable(&why)])?;
        if is_after(&record) {
            return Err(vec![Mistake::of_line(
                1,
                "the file is empty: a header with `id` or `reference` is needed",
            )]);
        }
        refuse_open_quote(&record, 1).map_err(|mistake| vec![mistake])?;
        let names = text(&record, 1).map_err(|mistake| vec![mistake])?;
        let names: Vec<String> = names.into_iter().map(str::to_string).collect();
        let columns = columns(&names, &spelling)?;
        Ok(Rows { reader, record, spelling, names, columns, number: 0 })
    }

    /// The row that was read last.
    fn row(&self) -> Result<Row, Vec<Mistake>> {
        let (record, number) = (&self.record, self.number);
        let line = begins_on(self.reader.position(), record);
        refuse_open_quote(record, line).map_err(|mistake| vec![mistake])?;
        let cells = text(record, line).map_err(|mistake| vec![mistake])?;
        if cells.len() != self.columns.len() {
            let why = format!("has {} cells, the header has {}", cells.len(), self.columns.len());
            return Err(vec![Mistake::of_line(line, why)]);
        }
        let at = |name: &str, why: String| Mistake::of_column(line, name, why);
        let customer = self.customer(cells[0]).map_err(|why| at(&self.names[0], why));
        let mut mistakes = Vec::new();
        let mut list: Vec<Edit> = Vec::new();
        for ((column, name), cell) in self.columns.iter().zip(&self.names).zip(&cells) {
            let name = name.trim();
            match edit(column, cell, &self.spelling) {
                Ok(edit) => list.extend(edit.map(|edit| Edit { given: name.to_string(), ..edit })),
                Err(why) => mistakes.push(at(name, why)),
            }
        }
        let fixed = match self.modified(&cells) {
            Ok(fixed) => fixed,
            Err(why) => {
                mistakes.push(at(MODIFIED, why));
                Vec::new()
            }
        };
        let edits = checked(list, line, |given, _| given.to_string());
        match (customer, edits) {
            (Ok(customer), Ok(edits)) if mistakes.is_empty() => {
                Ok(Row { number, line, customer, edits, fixed, whole: false })
            }
            (Ok(customer), edits) => {
                mistakes.extend(edits.err().into_iter().flatten());
                Err(match customer {
                    CustomerName::Id(id) => mistakes.into_iter().map(|mistake| mistake.about(id)).collect(),
                    CustomerName::Lookup(_) => mistakes,
                })
            }
            (Err(unnamed), edits) => {
                mistakes.insert(0, unnamed);
                mistakes.extend(edits.err().into_iter().flatten());
                Err(mistakes)
            }
        }
    }
}

impl<R> Rows<R> {
    /// When the customer was changed last, where the row says so.
    fn modified(&self, cells: &[&str]) -> Result<Vec<Fixed>, String> {
        let said = self.columns.iter().zip(cells).filter(|(column, _)| matches!(column, Column::Modified));
        let fixed = |cell: &str| {
            timestamp(cell)
                .ok_or_else(|| format!("takes a timestamp as `customer list` prints it, not `{cell}`"))?;
            Ok(Fixed { path: Path::root(MODIFIED), value: Json::string(cell), why: String::new() })
        };
        let cells = said.map(|(_, cell)| cell.trim()).filter(|cell| !cell.is_empty());
        cells.map(fixed).collect()
    }

    /// The customer that the first cell names.
    fn customer(&self, cell: &str) -> Result<CustomerName, String> {
        if cell.trim().is_empty() {
            return Err("is blank, so no customer is named".to_string());
        }
        refuse_rewritten(cell.trim())?;
        match self.columns[0] {
            Column::Reference => Ok(CustomerName::Lookup(Lookup::Reference(cell.to_string()))),
            _ => id(cell.trim()).map(CustomerName::Id),
        }
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Vec<Mistake>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(false) => return None,
                Ok(true) if is_after(&self.record) => return None,
                // One empty cell is how a blank line may be written, and with CRLF they cannot be told apart.
                Ok(true) if self.record.len() == 1 && matches!(self.record.as_slice(), b"" | b"\r") => {}
                Ok(true) => {
                    self.number += 1;
                    return Some(self.row());
                }
                Err(why) => return Some(Err(vec![unreadable(&why)])),
            }
        }
    }
}

fn is_after(record: &ByteRecord) -> bool {
    record.len() == 1 && record.as_slice() == AFTER
}

/// The line that a record begins on which ends here. The crate's own figure is that of the blank lines before it.
fn begins_on(end: &Position, record: &ByteRecord) -> u64 {
    let breaks = record.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
    let ended = u64::from(!record.as_slice().ends_with(AFTER));
    end.line().saturating_sub(breaks + ended)
}

/// What follows a quote that is never closed would all be taken for one cell.
fn refuse_open_quote(record: &ByteRecord, line: u64) -> Result<(), Mistake> {
    if !record.as_slice().ends_with(AFTER) {
        return Ok(());
    }
    Err(Mistake::of_line(line, "a quote (\") is opened in this row and never closed"))
}

/// A customer's id as a cell has it.
fn id(cell: &str) -> Result<u64, String> {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let id: Option<u64> = cell.parse().ok().filter(|id| *id > 0 && digits);
    id.ok_or_else(|| format!("takes a Fusebill id, a whole number such as 123, not `{cell}`"))
}

/// The cells as text. The line of a byte that is none counts the line breaks inside the cells before it.
fn text(record: &ByteRecord, line: u64) -> Result<Vec<&str>, Mistake> {
    let breaks = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let mut before = line;
    let mut cells = Vec::with_capacity(record.len());
    for (at, cell) in record.iter().enumerate() {
        let cell = if at + 1 == record.len() { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell };
        match std::str::from_utf8(cell) {
            Ok(text) => cells.push(text),
            Err(why) => {
                let line = before + breaks(&cell[..why.valid_up_to()]);
                return Err(Mistake::of_line(line, "not UTF-8 text; save the file as \"CSV UTF-8\""));
            }
        }
        before += breaks(cell);
    }
    Ok(cells)
}

fn unreadable(why: &csv::Error) -> Mistake {
    Mistake::of_line(why.position().map_or(1, Position::line), why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], delimiter: char) -> Vec<String> {
        let spelling = Spelling {
            delimiter,
            null: "#N/A".to_string(),
            empty: "#EMPTY".to_string(),
            ignored: Vec::new(),
        };
        let shown =
            |mistakes: Vec<Mistake>| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        let rows = match Rows::new(text, spelling) {
            Ok(rows) => rows,
            Err(mistakes) => return vec![shown(mistakes)],
        };
        rows.map(|row| match row {
            Ok(row) => {
                let edits: Vec<String> =
                    row.edits.iter().map(|edit| format!("{} {:?}", edit.path, edit.action)).collect();
                format!("{}@{} {}: {}", row.number, row.line, row.customer, edits.join(", "))
            }
            Err(mistakes) => shown(mistakes),
        })
        .collect()
    }

    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        let text = "\u{feff}id;firstName;companyName\r\n7;Jo;\"Two\nLines; Inc.\"\r\n\r\n8;#N/A;\r\n";
        assert_eq!(
            read(text.as_bytes(), ';'),
            [
                "1@2 7: firstName Set(Json(\"Jo\")), companyName Set(Json(\"Two\\nLines; Inc.\"))",
                "2@5 8: firstName Clear"
            ]
        );
        assert_eq!(
            (delimiter("id,a;b,c"), delimiter("id;a"), delimiter("id\ta"), delimiter("id")),
            (',', ';', '\t', ',')
        );
    }

    #[test]
    fn blank_lines_are_no_rows_and_count_as_lines() {
        let read = read(b"id,firstName\n\n7,a\n\r\n\n8,\"b\nc\"\n\n\n9\n\n10,d", ',');
        let expected = [
            "1@3 7: firstName Set(Json(\"a\"))",
            "2@6 8: firstName Set(Json(\"b\\nc\"))",
            "line 10: has 1 cells, the header has 2",
            "4@12 10: firstName Set(Json(\"d\"))",
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn every_mistake_has_its_line_and_column() {
        let text = "id,firstName,status,parentId\nx,ok,Active,5\n7,ok\n8,\"a\nb\",Gone,1.5E+7\n,,,\n";
        let read = read(text.as_bytes(), ',');
        assert_eq!(read.len(), 4);
        assert!(read[0].starts_with("line 2, column `id`: takes a Fusebill id"), "{read:?}");
        assert_eq!(read[1], "line 3: has 2 cells, the header has 4");
        assert!(
            read[2].contains("line 4, column `parentId`: `1.5E+7` is a number as a spreadsheet"),
            "{read:?}"
        );
        assert!(read[2].contains("line 4, column `status`: `status` takes one of Draft"), "{read:?}");
        assert!(read[3].contains("column `id`: is blank"), "{read:?}");
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_take_the_rows_after_it_along() {
        let open = "a quote (\") is opened in this row and never closed";
        for end in ["", "\n", "\r\n", "\""] {
            let text = format!("id,firstName\n6,x\n7,\"Jo\n8,Bo\"\"{end}");
            let read = read(text.as_bytes(), ',');
            let last = if end == "\"" { "2@3 7: firstName Set(Json(\"Jo\\n8,Bo\\\"\"))" } else { open };
            assert!(read.len() == 2 && read[1].ends_with(last), "{read:?}");
        }
        assert_eq!(read(b"id,\"firstName\n7,Jo\n", ','), [format!("line 1: {open}")]);
        assert_eq!(
            read(b"", ','),
            ["line 1: the file is empty: a header with `id` or `reference` is needed"]
        );
        assert!(read(b"id,firstName", ',').is_empty());
    }

    #[test]
    fn a_byte_that_is_no_text_is_found_on_its_line() {
        let read = read(b"id,firstName\n7,\"a\nb\xe9\"\n8,x\n", ',');
        assert_eq!(read[0], "line 3: not UTF-8 text; save the file as \"CSV UTF-8\"");
        assert!(read[1].starts_with("2@4 8"), "{read:?}");
        let later = self::read(b"id,firstName,lastName\n7,\"a\nb\",\xe9\n", ',');
        assert!(later[0].starts_with("line 3: not UTF-8"), "{later:?}");
    }

    #[test]
    fn one_cell_that_is_wrong_is_enough() {
        let read = read(b"id,firstName,parentId\n8,a,1.5E+7\n9,a,5\n", ',');
        assert!(read[0].starts_with("line 2, column `parentId`: "), "{read:?}");
        assert!(read[1].starts_with("2@3 9: "), "{read:?}");
    }

    #[test]
    fn a_customer_is_named_by_its_id_or_its_reference() {
        assert!(read(b"id,firstName\n0,a\n", ',')[0].contains("takes a Fusebill id"));
        assert!(read(b"id,firstName\n+7,a\n", ',')[0].contains("takes a Fusebill id"));
        assert_eq!(
            read(b"reference,firstName\nAB-1,a\n7,b\n", ','),
            ["1@2 reference:AB-1: firstName Set(Json(\"a\"))", "2@3 reference:7: firstName Set(Json(\"b\"))"]
        );
    }

    #[test]
    fn a_row_says_when_its_customer_was_changed_last() {
        let read = |text: &str| {
            let spelling =
                Spelling { delimiter: ',', null: "#".into(), empty: "-".into(), ignored: Vec::new() };
            let row = Rows::new(text.as_bytes(), spelling).unwrap().next().unwrap();
            row.map(|row| {
                row.fixed.iter().map(|it| format!("{} {}", it.path, it.value.text())).collect::<Vec<_>>()
            })
        };
        let row = |moment: &str| read(&format!("id,firstName,modifiedTimestamp\n7,a,{moment}\n"));
        assert_eq!(row("2026-01-02T03:04:05").unwrap(), [r#"modifiedTimestamp "2026-01-02T03:04:05""#]);
        assert_eq!(row(" ").unwrap(), [""; 0]);
        let said = row("yesterday").unwrap_err()[0].to_string();
        assert!(said.starts_with("line 2, column `modifiedTimestamp`: takes a timestamp"), "{said}");
    }
}
