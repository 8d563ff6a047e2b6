//! The header of a CSV file: which column sets which field, and which edit a cell asks for.

use super::cell::{Cell, TEXT, refuse_error_value, refuse_rewritten};
use super::{ACTION, MODIFIED, RowError, Spelling};
use crate::document::{Action, Edit, Json, Path, check};
use crate::field::{self, CODES_PATH, FIELDS, Field, FieldKind, nearest};
use crate::search::names;

#[derive(Debug, Clone)]
pub enum Column {
    Id,
    /// The customer's reference, by which the customer is looked up.
    Reference,
    Modified,
    /// It names a status action.
    Action,
    /// `--ignore-column` names it, or its name begins with `#`.
    Ignored,
    /// It has no name, so every cell in it must be blank.
    Nameless,
    Field(&'static Field),
    /// It sets the sales-tracking code of this type.
    Code(String),
}

/// The vendor's own names of the id, in its exports and imports.
const VENDOR_IDS: &[&str] = &["staxbillid", "fusebillid"];

/// The name of an exported file's last column begins so; the name of the export follows.
pub(crate) const MARK: &str = "#fusebill-export ";

/// One is `id`, or the first is `reference`. The others are named by flag (`first-name`), by JSON name (`firstName`,
/// `reference1`), by path (`customerReference.reference1`) or by the vendor's name (`StaxBillId`, `FirstName`), in any case;
/// `sales-tracking-code:TYPE` sets the code of one type; `modifiedTimestamp` must equal the stored one; `action` names a
/// status action. A column whose name begins with `#` is not read.
pub fn columns(header: &[String], spelling: &Spelling) -> Result<Vec<Column>, Vec<RowError>> {
    let mut errors = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let by_reference = at == 0 && name.trim().eq_ignore_ascii_case("reference");
        let column = if by_reference && !header.iter().any(|name| is_id(name)) {
            Ok(Column::Reference)
        } else {
            column(name.trim(), spelling)
        };
        match column {
            Ok(column) if repeats(&columns, &column) => {
                errors.push(RowError::of_column(1, name, "sets what an earlier column sets"));
            }
            Ok(column) => columns.push(column),
            Err(error) => errors.push(RowError::of_column(1, name, error)),
        }
    }
    if !header.iter().any(|name| is_id(name)) && !matches!(columns.first(), Some(Column::Reference)) {
        let error = "no column is `id`, the Fusebill id of the customer; without it the first one must be `reference`";
        errors.insert(0, RowError::of_line(1, error));
    }
    for name in spelling.ignored.iter().filter(|name| !header.iter().any(|column| column.trim() == **name)) {
        errors.push(RowError::of_line(1, format!("--ignore-column {name}: there is no such column")));
    }
    let named = |name: &String| header.iter().any(|column| normalized_name(column) == normalized_name(name));
    for name in spelling.allowed.iter().filter(|name| !named(name)) {
        errors.push(RowError::of_line(1, format!("--allow-respelled {name}: there is no such column")));
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}

/// A name without its case and its punctuation: `First Name`, `first-name` and `FirstName` are one.
pub(super) fn normalized_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_id(name: &str) -> bool {
    let name = name.trim();
    name.eq_ignore_ascii_case("id") || VENDOR_IDS.contains(&normalized_name(name).as_str())
}

fn column(name: &str, spelling: &Spelling) -> Result<Column, String> {
    if name.starts_with('#') || spelling.ignored.iter().any(|ignored| ignored == name) {
        return Ok(Column::Ignored);
    }
    if name.is_empty() {
        return Ok(Column::Nameless);
    }
    if is_id(name) {
        return Ok(Column::Id);
    }
    if name.eq_ignore_ascii_case(MODIFIED) {
        return Ok(Column::Modified);
    }
    if name.eq_ignore_ascii_case(ACTION) {
        return Ok(Column::Action);
    }
    if let Some((flag, kind)) = name.split_once(':')
        && named(flag).is_some_and(|field| field.kind == FieldKind::Codes)
    {
        return Ok(Column::Code(kind.trim().to_string()));
    }
    match named(name) {
        Some(field) if field.kind == FieldKind::Codes => {
            Err("sales-tracking codes are set type by type: name the column `sales-tracking-code:TYPE`"
                .to_string())
        }
        Some(field) => Ok(Column::Field(field)),
        None => Err(unknown(name)),
    }
}

/// The field with this flag, JSON name or path, in any case and punctuation, as vendors and spreadsheets write names.
fn named(name: &str) -> Option<&'static Field> {
    let wanted = normalized_name(name);
    let last =
        |field: &&Field| field.path.rsplit('.').next().is_some_and(|last| normalized_name(last) == wanted);
    let whole = |field: &&Field| [field.flag, field.path].iter().any(|name| normalized_name(name) == wanted);
    let known = names::path(name).and_then(field::at);
    known.or_else(|| FIELDS.iter().find(whole)).or_else(|| FIELDS.iter().find(last))
}

fn unknown(name: &str) -> String {
    let ignore = format!("--ignore-column {} ignores it", shell_words::quote(name));
    if let Some(fixed) = names::path(name).and_then(field::read_only) {
        return format!("is read-only: {}; {ignore}", fixed.reason);
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
        (Column::Id, Column::Id)
        | (Column::Modified, Column::Modified)
        | (Column::Action, Column::Action) => true,
        _ => false,
    })
}

pub(super) fn edit(column: &Column, cell: &Cell, spelling: &Spelling) -> Result<Option<Edit>, String> {
    if cell.is_blank() {
        return Ok(None);
    }
    let (path, action) = match column {
        Column::Field(field) => {
            let text = cell.text(field.kind == FieldKind::Integer)?;
            (field.path, field_action(field, text, spelling)?)
        }
        Column::Code(kind) => (CODES_PATH, code_action(kind, cell.text(false)?.trim(), spelling)?),
        Column::Nameless => {
            return Err("has no name: name the column, or begin its name with `#`".to_string());
        }
        Column::Id | Column::Reference | Column::Modified | Column::Action | Column::Ignored => {
            return Ok(None);
        }
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
    if let Some(text) = cell.strip_prefix(TEXT) {
        return check::from_text(field, text).map(Action::Set);
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
    let code = match code.strip_prefix(TEXT) {
        Some(text) => text,
        None => {
            refuse_error_value(code, spelling)?;
            refuse_rewritten(code)?;
            code
        }
    };
    Ok(Action::SetCode { kind, code: code.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(ignored: &[&str]) -> Spelling {
        let ignored = ignored.iter().map(|name| (*name).to_string()).collect();
        Spelling { ignored, ..Spelling::default() }
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
    fn the_vendors_names_and_every_case_are_known() {
        let names = ["StaxBillId", "FirstName", "COMPANYNAME", "Primary Email", "quickbooksid", "Reference"];
        let expected = ["Id", "firstName", "companyName", "primaryEmail", "quickBooksId", "reference"];
        assert_eq!(header(&names, &[]).unwrap(), expected);
    }

    #[test]
    fn a_column_that_is_left_out_is_named_as_a_shell_takes_it() {
        let message = |name: &str| header(&["id", name], &[]).unwrap_err().join("\n");
        assert!(
            message("Our Note").contains("--ignore-column 'Our Note' ignores it"),
            "{}",
            message("Our Note")
        );
        assert_eq!(header(&["id", " ", "#our"], &[]).unwrap(), ["Id", "Nameless", "Ignored"]);
    }

    #[test]
    fn a_bad_header_is_refused_with_every_error_and_similar_names() {
        let message =
            header(&["firstName", "fristName", "firstName", "first-name", "createdTimestamp"], &["x"])
                .unwrap_err()
                .join("\n");
        for part in [
            "no column is `id`",
            "`fristName`: is no field (did you mean `firstName`",
            "earlier column",
            "`createdTimestamp`: is read-only",
            "--ignore-column x: there is no such column",
        ] {
            assert!(message.contains(part), "{part} in {message}");
        }
    }

    #[test]
    fn a_blank_a_clear_and_an_empty_cell_are_three_edits() {
        let column = Column::Field(field::at("firstName").unwrap());
        let action = |cell: &str| {
            let cell = Cell::Text(cell.to_string());
            edit(&column, &cell, &spelling(&[])).unwrap().map(|edit| format!("{:?}", edit.action))
        };
        assert_eq!(action("  "), None);
        assert_eq!(action("#CLEAR").unwrap(), "Clear");
        assert_eq!(action("#EMPTY").unwrap(), "Set(Json(\"\"))");
        assert_eq!(action(" J ").unwrap(), "Set(Json(\" J \"))");
        assert_eq!(action("#TEXT:#CLEAR").unwrap(), "Set(Json(\"#CLEAR\"))");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_damaged_is_refused() {
        let column = Column::Field(field::at("primaryPhone").unwrap());
        let read = |cell: &str| edit(&column, &Cell::Text(cell.to_string()), &spelling(&[]));
        for cell in
            ["1.61356E+11", "1E+11", "6,13E10", "1.5e-7", "#REF!", "#DIV/0!", "####", "#N/A", "#Empty"]
        {
            assert!(read(cell).is_err(), "{cell}");
        }
        for cell in ["12E4", "E5", "1.E5", "PO-1.2E+3", "0613", "1e", "##", "###1", "#CLEAR", "n/a"] {
            assert!(read(cell).is_ok(), "{cell}");
        }
    }

    #[test]
    fn two_columns_for_one_field_are_refused() {
        let message = |names: &[&str]| header(names, &[]).unwrap_err().join("\n");
        for names in [
            ["id", "sales-tracking-code:Region", "sales-tracking-code:region"],
            ["id", "modifiedTimestamp", "modifiedTimestamp"],
            ["id", "action", "Action"],
            ["id", "reference1", "customerReference.reference1"],
            ["reference", "first-name", "reference"],
        ] {
            assert!(message(&names).contains("earlier column"), "{names:?}: {}", message(&names));
        }
        let apart =
            ["id", "reference", "sales-tracking-code:A", "sales-tracking-code:B", "modifiedTimestamp"];
        assert_eq!(header(&apart, &[]).unwrap().len(), 5);
        assert_eq!(header(&["reference", "first-name"], &[]).unwrap(), ["Reference", "firstName"]);
        assert_eq!(header(&["reference", "ID"], &[]).unwrap(), ["reference", "Id"]);
        assert!(message(&["id", "sales-tracking-code"]).contains("type by type"));
    }

    #[test]
    fn a_code_is_set_or_taken_out() {
        let column = Column::Code("Region".to_string());
        let action = |cell: &str| {
            let cell = Cell::Text(cell.to_string());
            edit(&column, &cell, &spelling(&[])).unwrap().map(|edit| edit.action)
        };
        assert!(
            matches!(action(" EU "), Some(Action::SetCode { kind, code }) if kind == "Region" && code == "EU")
        );
        assert!(matches!(action("#CLEAR"), Some(Action::RemoveCode { kind }) if kind == "Region"));
        assert!(action("").is_none());
    }
}
