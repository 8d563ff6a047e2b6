//! Rows of a table: each cell is an edit of its column's field, unless it is the cell that was exported.

use std::io::Read;

use super::base::Base;
use super::cell::{Cell, TEXT, refuse_rewritten, written};
use super::columns::{Column, MARK, columns, edit, normalized_name};
use super::records::Records;
use super::respelled::respelled;
use super::{
    MODIFIED, Row, RowError, Spelling, UnsettableValue, checked, doubts, quoted, refuse_edits_beside_action,
};
use crate::action::StatusAction;
use crate::document::time::timestamp;
use crate::document::{Edit, Json, Path};
use crate::search::{CustomerName, Lookup, lookup};

/// The delimiter that the first line of a file suggests: the one of `,`, `;` and tab that it has most of.
pub fn delimiter(first_line: &str) -> char {
    let count = |delimiter: char| first_line.matches(delimiter).count();
    let most = [',', ';', '\t'].into_iter().max_by_key(|&delimiter| (count(delimiter), delimiter == ','));
    most.unwrap_or(',')
}

/// The line that each record begins on, counted from 1, and its cells.
pub type Record = (u64, Vec<Cell>);

pub struct Rows<I> {
    records: I,
    spelling: Spelling,
    names: Vec<String>,
    columns: Vec<Column>,
    base: Option<Base>,
    /// Whether errors name cells as a spreadsheet does.
    is_sheet: bool,
    number: u64,
}

impl<R: Read> Rows<Records<R>> {
    /// The rows of a CSV file.
    pub fn new(input: R, spelling: Spelling) -> Result<Rows<Records<R>>, Vec<RowError>> {
        let delimiter = u8::try_from(spelling.delimiter).unwrap_or(b',');
        let records =
            Records::new(input, delimiter).map_err(|error| vec![RowError::of_line(1, error.to_string())])?;
        Rows::of(records, spelling, false)
    }
}

impl<I: Iterator<Item = Result<Record, RowError>>> Rows<I> {
    /// The first record is the header.
    pub fn of(mut records: I, spelling: Spelling, is_sheet: bool) -> Result<Rows<I>, Vec<RowError>> {
        let empty = || RowError::of_line(1, "the file is empty: a header with `id` or `reference` is needed");
        let (_, cells) = records.next().unwrap_or_else(|| Err(empty())).map_err(|error| vec![error])?;
        let names: Vec<String> =
            cells.iter().map(|cell| cell.text(true).unwrap_or_default().to_string()).collect();
        let columns = columns(&names, &spelling)?;
        Ok(Rows { records, spelling, names, columns, base: None, is_sheet, number: 0 })
    }

    /// The name of the export that the table came from, unless its mark was deleted.
    pub fn export(&self) -> Option<&str> {
        self.names.iter().find_map(|name| name.trim().strip_prefix(MARK))
    }

    /// Whether a column has the Fusebill ids; otherwise the first has references.
    pub fn has_ids(&self) -> bool {
        self.columns.iter().any(|column| matches!(column, Column::Id))
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    #[must_use]
    pub fn with_base(self, base: Base) -> Rows<I> {
        Rows { base: Some(base), ..self }
    }

    fn row(&mut self, line: u64, cells: Vec<Cell>) -> Result<Row, Vec<RowError>> {
        let cells = self.cells(line, cells)?;
        let customer = self.customer(&cells);
        let id = if let Ok(CustomerName::Id(id)) = customer { Some(id) } else { None };
        let exported = self.exported(id).map_err(|reason| vec![RowError::of_line(line, reason)])?;
        let mut read = RowCells::default();
        let key = self.key();
        let customer = customer.map_err(|reason| read.errors.push(self.error(line, key, reason))).ok();
        for (at, cell) in cells.iter().enumerate() {
            self.read(line, at, cell, &exported, &mut read);
        }
        let RowCells { list, action, fixed, base, guarded, blanked, mut errors } = read;
        let refused = action.and_then(|(at, _)| {
            refuse_edits_beside_action(&list).err().map(|reason| self.error(line, at, reason))
        });
        errors.extend(refused);
        let edits = checked(list, line, |given, _| given.to_string());
        let id = customer.as_ref().and_then(CustomerName::id);
        match (customer, edits) {
            (Some(customer), Ok(edits)) if errors.is_empty() => {
                let raw = cells.iter().map(shown).collect();
                let number = self.number;
                return Ok(Row {
                    number,
                    line,
                    customer,
                    edits,
                    action: action.map(|(_, action)| action),
                    fixed,
                    whole: false,
                    base,
                    guarded,
                    blanked,
                    raw,
                });
            }
            (_, Ok(edits)) => errors.extend(doubts(edits.doubts(), &edits, line)),
            (_, Err(more)) => errors.extend(more),
        }
        Err(errors.into_iter().map(|error| RowError { customer: id, ..self.placed(error, &cells) }).collect())
    }

    /// With its cell and what the cell holds, if it is an error of one column.
    fn placed(&self, error: RowError, cells: &[Cell]) -> RowError {
        let is_of = |name: &String| error.column.as_ref().is_some_and(|column| *column == quoted(name));
        let Some(at) = self.names.iter().position(is_of) else { return error };
        let cell = self.is_sheet.then(|| format!("{}{}", letters(at), error.line));
        RowError { cell, value: Some(shown(&cells[at]).into()), ..error }
    }

    /// Blank cells beyond the header are dropped.
    fn cells(&self, line: u64, mut cells: Vec<Cell>) -> Result<Vec<Cell>, Vec<RowError>> {
        let width = self.columns.len();
        if cells.len() > width && cells[width..].iter().all(Cell::is_blank) {
            cells.truncate(width);
        }
        if cells.len() == width {
            return Ok(cells);
        }
        let reason = format!("has {} cells, the header has {width}", cells.len());
        Err(vec![RowError::of_line(line, reason)])
    }

    /// The values that were exported, by field.
    fn exported(&mut self, id: Option<u64>) -> Result<Vec<(Path, Json)>, String> {
        let (Some(base), Some(id)) = (&mut self.base, id) else { return Ok(Vec::new()) };
        let exported = base.get(id).map_err(|error| format!("the base: {error}"))?;
        let cells = exported.map(|exported| exported.cells).unwrap_or_default();
        Ok(base.head.fields.iter().cloned().zip(cells).collect())
    }

    fn read(&self, line: u64, at: usize, cell: &Cell, exported: &[(Path, Json)], read: &mut RowCells) {
        let column = &self.columns[at];
        if matches!(column, Column::Modified) {
            match cell.text(false).and_then(modified) {
                Ok(it) => read.fixed.extend(it),
                Err(reason) => read.errors.push(self.error(line, at, reason)),
            }
            return;
        }
        if matches!(column, Column::Action) {
            match action(cell) {
                Ok(action) => read.action = action.map(|action| (at, action)),
                Err(reason) => read.errors.push(self.error(line, at, reason)),
            }
            return;
        }
        let path = if let Column::Field(field) = column { Some(Path::of(field.path)) } else { None };
        let old = path.as_ref().and_then(|path| exported.iter().find(|(at, _)| at == path));
        if old.is_some_and(|(_, token)| is_exported(token, cell)) {
            return;
        }
        match edit(column, cell, &self.spelling) {
            Ok(None) => read.blanked += u64::from(old.is_some()),
            Err(reason) => read.errors.push(self.error(line, at, reason)),
            Ok(Some(edit)) => {
                if let (Some((_, token)), false) = (old, self.is_allowed(at)) {
                    read.errors.extend(self.respelled(line, at, token, cell));
                }
                read.base.extend(old.cloned());
                read.guarded.extend(path.filter(|_| !self.is_allowed(at)));
                read.list.push(Edit { given: self.names[at].trim().to_string(), ..edit });
            }
        }
    }

    fn is_allowed(&self, at: usize) -> bool {
        self.spelling.allowed.iter().any(|name| normalized_name(name) == normalized_name(&self.names[at]))
    }

    fn respelled(&self, line: u64, at: usize, token: &Json, cell: &Cell) -> Option<RowError> {
        let (old, new) = (token.root().text_or_token(), shown(cell));
        let new = new.strip_prefix(TEXT).unwrap_or(&new);
        let how = respelled(&old, new)?;
        let error = self.error(line, at, super::respelled::shown(&old, new, how));
        Some(RowError { is_respelled: true, ..error })
    }

    fn error(&self, line: u64, at: usize, reason: impl Into<String>) -> RowError {
        RowError::of_column(line, &self.names[at], reason)
    }

    /// The column that names the customer.
    fn key(&self) -> usize {
        let id = self.columns.iter().position(|column| matches!(column, Column::Id));
        id.unwrap_or_default()
    }

    fn customer(&self, cells: &[Cell]) -> Result<CustomerName, String> {
        let key = self.key();
        let is_id = matches!(self.columns[key], Column::Id);
        let cell = cells[key].text(is_id)?;
        let trimmed = cell.trim();
        if trimmed.is_empty() {
            return Err("is blank, so no customer is named".to_string());
        }
        refuse_rewritten(trimmed)?;
        if !is_id {
            return Ok(CustomerName::Lookup(Lookup::Reference(cell.to_string())));
        }
        let id = lookup::id(trimmed).map(CustomerName::Id);
        id.ok_or_else(|| format!("takes a Fusebill id, a whole number such as 123, not `{trimmed}`"))
    }
}

/// What the cells of a row ask for.
#[derive(Default)]
struct RowCells {
    list: Vec<Edit>,
    /// With its column.
    action: Option<(usize, StatusAction)>,
    fixed: Vec<UnsettableValue>,
    base: Vec<(Path, Json)>,
    guarded: Vec<Path>,
    blanked: u64,
    errors: Vec<RowError>,
}

fn is_exported(token: &Json, cell: &Cell) -> bool {
    let (Cell::Text(text) | Cell::Whole(text)) = cell else { return false };
    *text == written(Some(token.root()))
}

fn shown(cell: &Cell) -> String {
    let (Cell::Text(text) | Cell::Whole(text) | Cell::Other(text)) = cell;
    text.clone()
}

/// The name of a column in a spreadsheet, counted from 0: `C`, `AA`.
fn letters(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap_or_default()).to_string();
    if at < 26 { letter(at) } else { letters(at / 26 - 1) + &letter(at) }
}

fn action(cell: &Cell) -> Result<Option<StatusAction>, String> {
    if cell.is_blank() {
        return Ok(None);
    }
    StatusAction::spelled(cell.text(false)?).map(Some).map_err(|reason| reason.to_string())
}

fn modified(cell: &str) -> Result<Option<UnsettableValue>, String> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    timestamp(cell).ok_or_else(|| format!("takes a timestamp as `customer list` prints it, not `{cell}`"))?;
    Ok(Some(UnsettableValue { path: Path::root(MODIFIED), value: Json::string(cell), reason: String::new() }))
}

impl<I: Iterator<Item = Result<Record, RowError>>> Iterator for Rows<I> {
    type Item = Result<Row, Vec<RowError>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let record = self.records.next()?;
            if record.as_ref().is_ok_and(|(_, cells)| cells.iter().all(Cell::is_blank)) {
                continue;
            }
            self.number += 1;
            return Some(match record {
                Ok((line, cells)) => self.row(line, cells),
                Err(error) => Err(vec![error]),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], delimiter: char) -> Vec<String> {
        let spelling = Spelling { delimiter, ..Spelling::default() };
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
        let text = "\u{feff}id;firstName;companyName\r\n7;Jo;\"Two\nLines; Inc.\"\r\n\r\n8;#CLEAR;\r\n";
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
    fn every_csv_error_has_its_line_and_column() {
        let text = "id,firstName,status,parentId\nx,ok,Active,5\n7,ok\n8,\"a\nb\",Gone,1.5E+7\n,a,,\n";
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
        let file = b"id,firstName\n7,a\n8,\"b".as_slice().chain(Failing);
        let rows = Rows::new(file, Spelling::default()).unwrap();
        let message: Vec<String> = rows.take(9).filter_map(|row| Some(row.err()?[0].to_string())).collect();
        assert_eq!(message, ["line 3: disk"]);
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
    fn one_bad_cell_refuses_its_row_only() {
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
    fn a_row_has_an_action_or_edits() {
        let text = b"id,first-name,action\n7,,Hold\n8,,\n9,a,\n10,a,hold\n11,,unhold\n12,,#CLEAR\n";
        let rows = Rows::new(text.as_slice(), Spelling::default()).unwrap();
        let read: Vec<String> = rows
            .map(|row| match row {
                Ok(row) => format!("{} {:?}", row.customer, row.action.map(|action| action.to_string())),
                Err(errors) => errors[0].to_string(),
            })
            .collect();
        assert_eq!(read[..3], ["7 Some(\"hold\")", "8 None", "9 None"]);
        assert_eq!(
            read[3],
            "line 5, column `action`: a row has an action or changes fields, not both; it sets `first-name`"
        );
        assert!(read[4].starts_with("line 6, column `action`: `unhold` needs what to charge"), "{read:?}");
        assert!(read[5].starts_with("line 7, column `action`: takes `activate`"), "{read:?}");
    }

    #[test]
    fn a_row_says_when_its_customer_was_changed_last() {
        let read = |text: &str| {
            let row = Rows::new(text.as_bytes(), Spelling::default()).unwrap().next().unwrap();
            row.map(|row| {
                row.fixed.iter().map(|it| format!("{} {}", it.path, it.value.text())).collect::<Vec<_>>()
            })
        };
        let row = |moment: &str| read(&format!("id,firstName,modifiedTimestamp\n7,a,{moment}\n"));
        assert_eq!(row("2026-01-02T03:04:05").unwrap(), [r#"modifiedTimestamp "2026-01-02T03:04:05""#]);
        assert_eq!(row(" ").unwrap(), [""; 0]);
        let message = row("yesterday").unwrap_err()[0].to_string();
        assert!(message.starts_with("line 2, column `modifiedTimestamp`: takes a timestamp"), "{message}");
    }
}
