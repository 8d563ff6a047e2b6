//! Rows of a CSV file: each cell is an edit of its column's field.

use std::io::Read;

use super::columns::{Column, columns, edit, refuse_rewritten};
use super::records::Records;
use super::{Fixed, MODIFIED, Row, RowError, Spelling, checked, doubts};
use crate::document::time::timestamp;
use crate::document::{Edit, Json, Path};
use crate::search::{CustomerName, Lookup, lookup};

/// The delimiter that the first line of a file suggests: the one of `,`, `;` and tab that it has most of.
pub fn delimiter(first_line: &str) -> char {
    let count = |delimiter: char| first_line.matches(delimiter).count();
    let most = [',', ';', '\t'].into_iter().max_by_key(|&delimiter| (count(delimiter), delimiter == ','));
    most.unwrap_or(',')
}

pub struct Rows<R: Read> {
    records: Records<R>,
    spelling: Spelling,
    names: Vec<String>,
    columns: Vec<Column>,
    number: u64,
}

impl<R: Read> Rows<R> {
    pub fn new(input: R, spelling: Spelling) -> Result<Rows<R>, Vec<RowError>> {
        let delimiter = u8::try_from(spelling.delimiter).unwrap_or(b',');
        let mut records =
            Records::new(input, delimiter).map_err(|why| vec![RowError::of_line(1, why.to_string())])?;
        let empty = || RowError::of_line(1, "the file is empty: a header with `id` or `reference` is needed");
        let (_, names) = records.next().unwrap_or_else(|| Err(empty())).map_err(|error| vec![error])?;
        let columns = columns(&names, &spelling)?;
        Ok(Rows { records, spelling, names, columns, number: 0 })
    }

    fn row(&self, line: u64, cells: &[String]) -> Result<Row, Vec<RowError>> {
        let number = self.number;
        if cells.len() != self.columns.len() {
            let why = format!("has {} cells, the header has {}", cells.len(), self.columns.len());
            return Err(vec![RowError::of_line(line, why)]);
        }
        let (mut list, mut fixed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let customer = self.customer(&cells[0]);
        let customer =
            customer.map_err(|why| errors.push(RowError::of_column(line, &self.names[0], why))).ok();
        for ((column, name), cell) in self.columns.iter().zip(&self.names).zip(cells) {
            let given = || name.trim().to_string();
            let read = match column {
                Column::Modified => modified(cell).map(|it| fixed.extend(it)),
                _ => edit(column, cell, &self.spelling)
                    .map(|edit| list.extend(edit.map(|edit| Edit { given: given(), ..edit }))),
            };
            errors.extend(read.err().map(|why| RowError::of_column(line, name, why)));
        }
        let edits = checked(list, line, |given, _| given.to_string());
        let id = customer.as_ref().and_then(CustomerName::id);
        match (customer, edits) {
            (Some(customer), Ok(edits)) if errors.is_empty() => {
                return Ok(Row { number, line, customer, edits, fixed, whole: false });
            }
            (_, Ok(edits)) => errors.extend(doubts(edits.doubts(), line)),
            (_, Err(more)) => errors.extend(more),
        }
        Err(errors.into_iter().map(|error| RowError { customer: id, ..error }).collect())
    }

    fn customer(&self, cell: &str) -> Result<CustomerName, String> {
        let trimmed = cell.trim();
        if trimmed.is_empty() {
            return Err("is blank, so no customer is named".to_string());
        }
        refuse_rewritten(trimmed)?;
        if matches!(self.columns[0], Column::Reference) {
            return Ok(CustomerName::Lookup(Lookup::Reference(cell.to_string())));
        }
        let id = lookup::id(trimmed).map(CustomerName::Id);
        id.ok_or_else(|| format!("takes a Fusebill id, a whole number such as 123, not `{trimmed}`"))
    }
}

fn modified(cell: &str) -> Result<Option<Fixed>, String> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    timestamp(cell).ok_or_else(|| format!("takes a timestamp as `customer list` prints it, not `{cell}`"))?;
    Ok(Some(Fixed { path: Path::root(MODIFIED), value: Json::string(cell), why: String::new() }))
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Vec<RowError>>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        self.number += 1;
        Some(record.map_err(|error| vec![error]).and_then(|(line, cells)| self.row(line, &cells)))
    }
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
            |errors: Vec<RowError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        let rows = match Rows::new(text, spelling) {
            Ok(rows) => rows,
            Err(errors) => return vec![shown(errors)],
        };
        rows.map(|row| match row {
            Ok(row) => {
                let edits: Vec<String> =
                    row.edits.iter().map(|edit| format!("{} {:?}", edit.path, edit.action)).collect();
                format!("{}@{} {}: {}", row.number, row.line, row.customer, edits.join(", "))
            }
            Err(errors) => shown(errors),
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
    fn an_error_of_quoting_has_its_line_and_its_character() {
        for end in ["", "\n", "\r\n", "\""] {
            let text = format!("id,firstName\n6,x\n7,\"Jo\n8,Bo\"\"{end}");
            let read = read(text.as_bytes(), ',');
            let open = "line 3: character 3: a quote (\") is opened and never closed";
            let last = if end == "\"" { "2@3 7: firstName Set(Json(\"Jo\\n8,Bo\\\"\"))" } else { open };
            assert!(read.len() == 2 && read[1] == last, "{read:?}");
        }
        let after = "text after a closing quote (\"): write a quote inside a cell twice";
        let before = "blanks before a quote (\"): remove them";
        let text = "id,firstName,suffix\n7,é,\"J\"o\n8, \"J\no\",x\n9,5\" pipe,\"a\n\" ,\"\n6,a,b\n";
        let expected = [
            format!("line 2: character 8: {after}"),
            format!("line 3: character 4: {before}"),
            "line 4: has 2 cells, the header has 3".to_string(),
            format!("line 6: character 2: {after}"),
            "5@7 6: firstName Set(Json(\"a\")), suffix Set(Json(\"b\"))".to_string(),
        ];
        assert_eq!(read(text.as_bytes(), ','), expected);
        let open = "line 1: character 4: a quote (\") is opened and never closed";
        assert_eq!(read(b"id,\"firstName\n7,Jo\n", ','), [open]);
        assert_eq!(
            read(b"", ','),
            ["line 1: the file is empty: a header with `id` or `reference` is needed"]
        );
        assert!(read(b"id,firstName", ',').is_empty());
    }

    #[test]
    fn every_line_end_of_a_spreadsheet_or_a_script_ends_a_line() {
        for (end, lines) in [("\n", 1), ("\r\n", 1), ("\r", 1), ("\r\r\n", 1), ("\r\r", 2)] {
            let text = ["id,firstName", "7,a", "", "8,\"b\"", ""].join(end);
            let expected = [
                format!("1@{} 7: firstName Set(Json(\"a\"))", 1 + lines),
                format!("2@{} 8: firstName Set(Json(\"b\"))", 1 + 3 * lines),
            ];
            assert_eq!(read(text.as_bytes(), ','), expected, "{end:?}");
        }
    }

    #[test]
    fn an_error_of_the_disk_is_reported_once() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("disk"))
            }
        }
        let spelling = Spelling { delimiter: ',', null: "#".into(), empty: "-".into(), ignored: Vec::new() };
        let file = b"id,firstName\n7,a\n8,\"b".as_slice().chain(Failing);
        let rows = Rows::new(file, spelling).unwrap();
        let said: Vec<String> = rows.take(9).filter_map(|row| Some(row.err()?[0].to_string())).collect();
        assert_eq!(said, ["line 3: disk"]);
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
