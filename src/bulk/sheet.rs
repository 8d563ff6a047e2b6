//! Tables of XLSX and ODS files: read as text wherever a cell is text, and written with cells of text only.

use std::io::Cursor;

use calamine::{Data, Range, Reader, SheetVisible, Sheets, open_workbook_auto_from_rs};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, Format, Formula, Workbook, Worksheet, XlsxError,
};

use super::cell::Cell;
use super::table::Record;
use crate::field::Field;

/// The very hidden sheet with the lines of the base.
const BASE: &str = "fusebill base";
/// A cell holds 32,767 characters at most; a longer line of the base goes on in the next cell.
const PIECE: usize = 30_000;
/// The numbers that a spreadsheet holds exactly have at most 15 digits.
const EXACT: f64 = 1e15;

/// A workbook's table.
pub struct Sheet {
    pub name: String,
    pub records: Vec<Record>,
    /// The lines of its base, if it was exported.
    pub base: Option<String>,
    /// The other visible sheets, which are not read.
    pub others: Vec<String>,
}

/// The first visible sheet.
pub fn read(bytes: Vec<u8>) -> Result<Sheet, calamine::Error> {
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes))?;
    let visible = book.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    let mut names: Vec<String> =
        visible.map(|sheet| sheet.name.clone()).filter(|name| name != BASE).collect();
    let base = if book.sheet_names().iter().any(|name| name == BASE) { Some(base(&mut book)?) } else { None };
    if names.is_empty() {
        return Err(calamine::Error::Msg("it has no visible sheet"));
    }
    let name = names.remove(0);
    let records = records(&book.worksheet_range(&name)?);
    Ok(Sheet { name, records, base, others: names })
}

fn base(book: &mut Sheets<Cursor<Vec<u8>>>) -> Result<String, calamine::Error> {
    let range = book.worksheet_range(BASE)?;
    let piece = |cell: &Data| if let Data::String(text) = cell { text.clone() } else { String::new() };
    Ok(range.rows().map(|row| row.iter().map(piece).collect::<String>() + "\n").collect())
}

fn records(range: &Range<Data>) -> Vec<Record> {
    let (top, left) = range.start().unwrap_or_default();
    let record = |(line, row): (u64, &[Data])| {
        let margin = (0..left).map(|_| Cell::Text(String::new()));
        (line, margin.chain(row.iter().map(cell)).collect())
    };
    (u64::from(top) + 1..).zip(range.rows()).map(record).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "a whole number below 10^15 fits")]
fn cell(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Text(String::new()),
        Data::String(text) => Cell::Text(text.clone()),
        Data::Int(number) if number.unsigned_abs() < EXACT as u64 => Cell::Whole(number.to_string()),
        Data::Int(number) => Cell::Other(format!("the number {number}")),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            Cell::Whole((*number as i64).to_string())
        }
        Data::Float(number) => Cell::Other(format!("the number {number}")),
        Data::Bool(value) => Cell::Other(value.to_string().to_uppercase()),
        Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => Cell::Other("a date".to_string()),
        Data::Error(error) => Cell::Other(format!("the error value `{error}` of a formula that failed")),
    }
}

/// An exported table as a workbook.
pub(crate) struct Writer {
    book: Workbook,
    row: u32,
    base_row: u32,
}

/// A column of an exported table.
pub(crate) struct Heading {
    pub(crate) name: String,
    pub(crate) field: Option<&'static Field>,
    /// Whether it names the customer, and must not be edited.
    pub(crate) is_key: bool,
}

const TABLE: &str = "customers";
const WIDTH: f64 = 18.0;
/// The last row of a sheet, counted from 0.
const LAST_ROW: u32 = 1_048_575;

impl Writer {
    pub(crate) fn new(headings: &[Heading]) -> Result<Writer, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name(TABLE)?;
        sheet.set_freeze_panes(1, 1)?;
        for (at, heading) in (0..).zip(headings) {
            let text = Format::new().set_num_format("@");
            let text = if heading.is_key { text.set_locked() } else { text.set_unlocked() };
            sheet.set_column_format(at, &text)?;
            sheet.set_column_width(at, WIDTH)?;
            sheet.write_string_with_format(0, at, &heading.name, &text.set_bold())?;
            if let Some(rule) = rule(heading)? {
                sheet.add_data_validation(1, at, LAST_ROW, at, &rule)?;
            }
        }
        book.add_worksheet().set_name(BASE)?.set_very_hidden(true);
        Ok(Writer { book, row: 0, base_row: 0 })
    }

    pub(crate) fn row(&mut self, cells: &[String]) -> Result<(), XlsxError> {
        self.row += 1;
        let row = self.row;
        let sheet = self.book.worksheet_from_index(0)?;
        for (at, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, at, cell)?;
        }
        Ok(())
    }

    /// Adds a line of the base.
    pub(crate) fn base(&mut self, line: &str) -> Result<(), XlsxError> {
        let sheet = self.book.worksheet_from_index(1)?;
        write_pieces(sheet, self.base_row, line.trim_end())?;
        self.base_row += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, XlsxError> {
        self.book.save_to_buffer()
    }
}

fn write_pieces(sheet: &mut Worksheet, row: u32, line: &str) -> Result<(), XlsxError> {
    let characters: Vec<char> = line.chars().collect();
    for (at, piece) in (0..).zip(characters.chunks(PIECE)) {
        sheet.write_string(row, at, piece.iter().collect::<String>())?;
    }
    Ok(())
}

/// A list of a field's words; of the id nothing may be typed. The sheet itself is not protected, because a protected sheet
/// cannot be sorted.
fn rule(heading: &Heading) -> Result<Option<DataValidation>, XlsxError> {
    if heading.is_key {
        let rule = DataValidation::new()
            .allow_custom(Formula::new("=FALSE"))
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_title("Not editable")?
            .set_error_message("This column says which customer the row is.")?;
        return Ok(Some(rule));
    }
    let words = heading.field.map(Field::choices).unwrap_or_default();
    if words.is_empty() {
        return Ok(None);
    }
    // A cell may also hold the word that clears, so another text is only warned of.
    let list = DataValidation::new().allow_list_strings(words)?;
    let list = list.set_error_style(DataValidationErrorStyle::Warning);
    list.set_error_message("This is not one of the field's words.").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[&[&str]], base: &[&str]) -> Vec<u8> {
        let heading = |name: &str| Heading {
            name: name.to_string(),
            field: crate::field::at(name),
            is_key: name == "id",
        };
        let mut writer = Writer::new(&["id", "firstName", "status"].map(heading)).unwrap();
        for row in cells {
            writer.row(&row.iter().map(|cell| (*cell).to_string()).collect::<Vec<_>>()).unwrap();
        }
        base.iter().for_each(|line| writer.base(line).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn every_text_comes_back_and_the_base_with_it() {
        let nasty = [
            "007",
            "=1+1",
            " x ",
            "a\nb",
            "a\rb",
            "a\r\nb",
            "_x000D_",
            "_x005F_",
            "\u{1}\u{7f}",
            "\t",
            "<&>\"'",
            "é\u{300}😀",
            "\u{200b}",
            "\u{fffd}",
            "'x",
            "1E5",
            "TRUE",
            "\u{b}\u{1f}",
            "_x0041_",
            "&#10;",
            "]]>",
        ];
        let rows: Vec<[&str; 3]> = nasty.iter().map(|text| ["7", *text, ""]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 3]>::as_slice).collect();
        let long = "é".repeat(70_001);
        let sheet = read(written(&rows, &["{}", &long])).unwrap();
        let texts: Vec<&Cell> = sheet.records.iter().skip(1).map(|(_, cells)| &cells[1]).collect();
        let expected: Vec<Cell> = nasty.iter().map(|text| Cell::Text((*text).to_string())).collect();
        assert_eq!(texts, expected.iter().collect::<Vec<_>>());
        assert_eq!(sheet.base.unwrap(), format!("{{}}\n{long}\n"));
        assert_eq!((sheet.name.as_str(), sheet.records[0].0, sheet.others.len()), (TABLE, 1, 0));
    }

    #[test]
    fn a_cell_that_is_no_text_is_named() {
        assert_eq!(cell(&Data::Float(7.0)), Cell::Whole("7".to_string()));
        assert_eq!(cell(&Data::Float(1.5)), Cell::Other("the number 1.5".to_string()));
        assert!(matches!(cell(&Data::Float(1e15)), Cell::Other(_)));
        assert!(matches!(cell(&Data::Int(i64::MIN)), Cell::Other(_)));
        assert_eq!(cell(&Data::Bool(true)), Cell::Other("TRUE".to_string()));
        let error = cell(&Data::Error(calamine::CellErrorType::NA));
        assert_eq!(error, Cell::Other("the error value `#N/A` of a formula that failed".to_string()));
    }
}
