//! The header of a CSV file: which column sets which field, and which edit a cell asks for.

use super::{MODIFIED, RowError, Spelling};
use crate::document::{Action, Edit, Json, Path, check};
use crate::field::{self, CODES_PATH, FIELDS, Field, FieldKind, nearest};
use crate::search::names;

#[derive(Debug, Clone)]
pub enum Column {
    Id,
    /// The customer's reference, by which the customer is looked up.
    Reference,
    Modified,
    /// `--ignore-column` names it.
    Ignored,
    Field(&'static Field),
    /// It sets the sales-tracking code of this type.
    Code(String),
}

const SPREADSHEET_ERRORS: &[&str] =
    &["#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"];

/// The first is `id` or `reference`. The others are named by flag (`first-name`), by JSON name (`firstName`,
/// `reference1`) or by path (`customerReference.reference1`); `sales-tracking-code:TYPE` sets the code of one type;
/// `modifiedTimestamp` must equal the stored one.
pub fn columns(header: &[String], spelling: &Spelling) -> Result<Vec<Column>, Vec<RowError>> {
    let mut errors = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    for (at, name) in header.iter().enumerate() {
        match column(at, name.trim(), spelling) {
            Ok(column) if repeats(&columns, &column) => {
                errors.push(RowError::of_column(1, name, "sets what an earlier column sets"));
            }
            Ok(column) => columns.push(column),
            Err(why) => errors.push(RowError::of_column(1, name, why)),
        }
    }
    for name in spelling.ignored.iter().filter(|name| !header.iter().any(|column| column.trim() == **name)) {
        errors.push(RowError::of_line(1, format!("--ignore-column {name}: there is no such column")));
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}

fn column(at: usize, name: &str, spelling: &Spelling) -> Result<Column, String> {
    match (at, name.to_ascii_lowercase().as_str()) {
        (0, "id") => return Ok(Column::Id),
        (0, "reference") => return Ok(Column::Reference),
        (0, _) => {
            let why = "the first column must be `id`, the Fusebill id of the customer, or `reference`";
            return Err(why.to_string());
        }
        _ => {}
    }
    if spelling.ignored.iter().any(|ignored| ignored == name) {
        return Ok(Column::Ignored);
    }
    if names::path(name) == Some(MODIFIED) {
        return Ok(Column::Modified);
    }
    if let Some((codes, kind)) = name.split_once(':')
        && names::path(codes) == Some(CODES_PATH)
    {
        return Ok(Column::Code(kind.trim().to_string()));
    }
    match names::path(name).and_then(field::at) {
        Some(field) if field.kind == FieldKind::Codes => {
            Err("sales-tracking codes are set type by type: name the column `sales-tracking-code:TYPE`"
                .to_string())
        }
        Some(field) => Ok(Column::Field(field)),
        None => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    if name.is_empty() {
        return "has no name: delete the column, or ignore it with --ignore-column ''".to_string();
    }
    let ignore = format!("--ignore-column {} ignores it", shell_words::quote(name));
    if let Some(fixed) = names::path(name).and_then(field::read_only) {
        return format!("is read-only: {}; {ignore}", fixed.why);
    }
    let names = FIELDS.iter().flat_map(|field| [field.path, field.flag]);
    match nearest(name, names).first() {
        Some(near) => format!("is no field (did you mean `{near}`?); {ignore}"),
        None => format!("is no field; {ignore}"),
    }
}

fn repeats(columns: &[Column], column: &Column) -> bool {
    columns.iter().any(|other| match (other, column) {
        (Column::Field(other), Column::Field(field)) => other.path == field.path,
        (Column::Code(other), Column::Code(kind)) => other.eq_ignore_ascii_case(kind),
        (Column::Reference, Column::Field(field)) => field.path == "reference",
        (Column::Id, Column::Id) | (Column::Modified, Column::Modified) => true,
        _ => false,
    })
}

pub(super) fn edit(column: &Column, cell: &str, spelling: &Spelling) -> Result<Option<Edit>, String> {
    if cell.trim().is_empty() {
        return Ok(None);
    }
    let (path, action) = match column {
        Column::Field(field) => (field.path, field_action(field, cell, spelling)?),
        Column::Code(kind) => (CODES_PATH, code_action(kind, cell.trim(), spelling)?),
        Column::Id | Column::Reference | Column::Modified | Column::Ignored => return Ok(None),
    };
    Ok(Some(Edit { path: Path::of(path), action, given: String::new() }))
}

fn field_action(field: &Field, cell: &str, spelling: &Spelling) -> Result<Action, String> {
    let trimmed = cell.trim();
    if trimmed == spelling.null {
        return Ok(Action::Clear);
    }
    if trimmed == spelling.empty && field.is_text() {
        return Ok(Action::Set(Json::string("")));
    }
    refuse_error_value(trimmed, spelling)?;
    refuse_rewritten(trimmed)?;
    check::from_text(field, if field.is_text() { cell } else { trimmed }).map(Action::Set)
}

fn code_action(kind: &str, code: &str, spelling: &Spelling) -> Result<Action, String> {
    let kind = kind.to_string();
    if code == spelling.null {
        return Ok(Action::RemoveCode { kind });
    }
    refuse_error_value(code, spelling)?;
    refuse_rewritten(code)?;
    Ok(Action::SetCode { kind, code: code.to_string() })
}

fn refuse_error_value(text: &str, spelling: &Spelling) -> Result<(), String> {
    let tokens = [&spelling.null, &spelling.empty];
    if !text.starts_with('#') || tokens.iter().any(|token| *token == text) {
        return Ok(());
    }
    if let Some(meant) = tokens.into_iter().find(|token| token.eq_ignore_ascii_case(text)) {
        return Err(format!("`{text}` is not `{meant}`: write it in the same case"));
    }
    if SPREADSHEET_ERRORS.contains(&text) {
        return Err(format!("`{text}` is a spreadsheet's error value: a formula failed"));
    }
    if text.len() > 2 && text.bytes().all(|byte| byte == b'#') {
        return Err(format!("`{text}` is a spreadsheet's sign for a column too narrow for its value"));
    }
    Ok(())
}

/// Refuses a number in scientific notation: a spreadsheet rewrites phone numbers and references so.
pub(super) fn refuse_rewritten(text: &str) -> Result<(), String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return Ok(()) };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let exponent_digits = exponent.strip_prefix(['+', '-']);
    let signed = exponent_digits.is_some() || mantissa.contains(['.', ',']);
    if signed && digits(whole) && digits(fraction) && digits(exponent_digits.unwrap_or(exponent)) {
        return Err(format!(
            "`{text}` is a number as a spreadsheet rewrites it, and digits are lost; make the column text there"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(ignored: &[&str]) -> Spelling {
        let ignored = ignored.iter().map(|name| (*name).to_string()).collect();
        Spelling { delimiter: ',', null: "#N/A".to_string(), empty: "#EMPTY".to_string(), ignored }
    }

    fn header(names: &[&str], ignored: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
        let shown = |column: &Column| match column {
            Column::Field(field) => field.path.to_string(),
            other => format!("{other:?}"),
        };
        match columns(&names, &spelling(ignored)) {
            Ok(columns) => Ok(columns.iter().map(shown).collect()),
            Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn columns_are_named_by_flag_name_or_path() {
        let names = [
            "ID",
            "first-name",
            " lastName ",
            "reference1",
            "/customerReference/reference2",
            "note",
            "sales-tracking-code:Region",
        ];
        let expected = [
            "Id",
            "firstName",
            "lastName",
            "customerReference.reference1",
            "customerReference.reference2",
            "Ignored",
            "Code(\"Region\")",
        ];
        assert_eq!(header(&names, &["note"]).unwrap(), expected);
    }

    #[test]
    fn a_column_that_is_left_out_is_named_as_a_shell_takes_it() {
        let said = |name: &str| header(&["id", name], &[]).unwrap_err().join("\n");
        assert!(said("Our Note").contains("--ignore-column 'Our Note' ignores it"), "{}", said("Our Note"));
        assert!(
            said(" ").contains("has no name") && said(" ").contains("--ignore-column ''"),
            "{}",
            said(" ")
        );
        assert!(header(&["id", ""], &[""]).is_ok());
    }

    #[test]
    fn what_is_no_column_is_said() {
        let said =
            header(&["firstName", "fristName", "firstName", "first-name", "createdTimestamp", "id"], &["x"])
                .unwrap_err()
                .join("\n");
        for part in [
            "first column must be `id`",
            "`fristName`: is no field (did you mean `firstName`",
            "earlier column",
            "`createdTimestamp`: is read-only",
            "`id`: is read-only",
            "--ignore-column x: there is no such column",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }

    #[test]
    fn blank_leaves_alone_and_three_nothings_differ() {
        let column = Column::Field(field::at("firstName").unwrap());
        let action = |cell: &str| {
            edit(&column, cell, &spelling(&[])).unwrap().map(|edit| format!("{:?}", edit.action))
        };
        assert_eq!(action("  "), None);
        assert_eq!(action("#N/A").unwrap(), "Clear");
        assert_eq!(action("#EMPTY").unwrap(), "Set(Json(\"\"))");
        assert_eq!(action(" J ").unwrap(), "Set(Json(\" J \"))");
    }

    #[test]
    fn what_a_spreadsheet_damaged_is_refused() {
        let column = Column::Field(field::at("primaryPhone").unwrap());
        for cell in
            ["1.61356E+11", "1E+11", "6,13E10", "1.5e-7", "#REF!", "#DIV/0!", "####", "#n/a", "#Empty"]
        {
            assert!(edit(&column, cell, &spelling(&[])).is_err(), "{cell}");
        }
        for cell in ["12E4", "E5", "1.E5", "PO-1.2E+3", "0613", "1e", "##", "###1", "#N/A", "n/a"] {
            assert!(edit(&column, cell, &spelling(&[])).is_ok(), "{cell}");
        }
    }

    #[test]
    fn no_column_says_what_an_earlier_one_says() {
        let said = |names: &[&str]| header(names, &[]).unwrap_err().join("\n");
        for names in [
            ["id", "sales-tracking-code:Region", "sales-tracking-code:region"],
            ["id", "modifiedTimestamp", "modifiedTimestamp"],
            ["id", "reference1", "customerReference.reference1"],
            ["reference", "first-name", "reference"],
        ] {
            assert!(said(&names).contains("earlier column"), "{names:?}: {}", said(&names));
        }
        let apart =
            ["id", "reference", "sales-tracking-code:A", "sales-tracking-code:B", "modifiedTimestamp"];
        assert_eq!(header(&apart, &[]).unwrap().len(), 5);
        assert_eq!(header(&["reference", "first-name"], &[]).unwrap(), ["Reference", "firstName"]);
        assert!(said(&["id", "sales-tracking-code"]).contains("type by type"));
    }

    #[test]
    fn a_code_is_set_or_taken_out() {
        let column = Column::Code("Region".to_string());
        let action = |cell: &str| edit(&column, cell, &spelling(&[])).unwrap().map(|edit| edit.action);
        assert!(
            matches!(action(" EU "), Some(Action::SetCode { kind, code }) if kind == "Region" && code == "EU")
        );
        assert!(matches!(action("#N/A"), Some(Action::RemoveCode { kind }) if kind == "Region"));
        assert!(action("").is_none());
    }
}
