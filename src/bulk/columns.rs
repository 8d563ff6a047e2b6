//! The header of a CSV file: which column sets what.

use super::{MODIFIED, Mistake, Spelling};
use crate::document::{Action, Edit, Path, check};
use crate::field::{self, CODES_PATH, FIELDS, Field, FieldKind, nearest};

/// What a column is for.
#[derive(Debug, Clone)]
pub enum Column {
    /// It names the customer by id.
    Id,
    /// It names the customer by reference.
    Reference,
    /// It says when the customer was changed last.
    Modified,
    /// It is passed over.
    Ignored,
    /// It sets a field.
    Field(&'static Field),
    /// It sets the sales-tracking code of one type.
    Code(String),
}

/// What spreadsheets write for a formula that failed.
const SPREADSHEET_ERRORS: &[&str] =
    &["#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"];

/// The columns of a header.
///
/// The first is `id`, or `reference`, by which customers are looked up then. The others are named by flag (`first-name`),
/// by JSON name (`firstName`, `reference1`) or by path (`customerReference.reference1`); `sales-tracking-code:TYPE` is the
/// code of one type; what `modifiedTimestamp` says must be so still.
///
/// # Errors
/// Every column that is none of these, stands there twice, or is not to be written.
pub fn columns(header: &[String], spelling: &Spelling) -> Result<Vec<Column>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    for (at, name) in header.iter().enumerate() {
        match column(at, name.trim(), spelling) {
            Ok(column) if repeats(&columns, &column) => {
                mistakes.push(mistake(name, "sets what an earlier column sets"));
            }
            Ok(column) => columns.push(column),
            Err(why) => mistakes.push(mistake(name, &why)),
        }
    }
    let missing =
        spelling.ignored.iter().filter(|name| !header.iter().any(|there| there.trim() == name.as_str()));
    mistakes.extend(
        missing.map(|name| Mistake::of_line(1, format!("--ignore-column {name}: there is no such column"))),
    );
    if mistakes.is_empty() { Ok(columns) } else { Err(mistakes) }
}

fn mistake(column: &str, why: &str) -> Mistake {
    Mistake::of_column(1, column, why)
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
    if name == MODIFIED {
        return Ok(Column::Modified);
    }
    if let Some((flag, kind)) = name.split_once(':')
        && field::by_flag(flag).is_some_and(|field| field.kind == FieldKind::Codes)
    {
        return Ok(Column::Code(kind.trim().to_string()));
    }
    let dotted = Path::parse(name).map(|path| path.dotted()).unwrap_or_default();
    let last = |path: &str| path.rsplit('.').next() == Some(name);
    let field = field::by_flag(name)
        .or_else(|| field::at(&dotted))
        .or_else(|| FIELDS.iter().find(|field| last(field.path)));
    match field {
        Some(field) if field.kind == FieldKind::Codes => {
            Err("sales-tracking codes are set type by type: name the column `sales-tracking-code:TYPE`"
                .to_string())
        }
        Some(field) => Ok(Column::Field(field)),
        None => Err(unknown(name, &dotted)),
    }
}

fn unknown(name: &str, dotted: &str) -> String {
    if name.is_empty() {
        return "has no name: take the column out, or pass it over with --ignore-column ''".to_string();
    }
    if name.contains('\r') {
        return "has a line break in it: the lines of the file end with CR alone; save it with LF or CRLF"
            .to_string();
    }
    let pass = format!("--ignore-column {} passes it over", shell_words::quote(name));
    if let Some(fixed) = field::READ_ONLY.iter().find(|fixed| fixed.path == dotted) {
        return format!("is read-only: {}; {pass}", fixed.why);
    }
    let names = FIELDS.iter().flat_map(|field| [field.path, field.flag]);
    match nearest(name, names).first() {
        Some(near) => format!("is no field (did you mean `{near}`?); {pass}"),
        None => format!("is no field; {pass}"),
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

/// What a cell asks for; none where it is blank.
///
/// # Errors
/// What is wrong with it.
pub fn edit(column: &Column, cell: &str, spelling: &Spelling) -> Result<Option<Edit>, String> {
    let trimmed = cell.trim();
    let nothing = trimmed.is_empty() || !matches!(column, Column::Field(_) | Column::Code(_));
    if nothing {
        return Ok(None);
    }
    refuse_sign(trimmed, spelling)?;
    let edit = |path, action| Ok(Some(Edit { path: Path::of(path), action, given: String::new() }));
    match column {
        Column::Id | Column::Reference | Column::Modified | Column::Ignored => Ok(None),
        Column::Field(field) if trimmed == spelling.null => edit(field.path, Action::Clear),
        Column::Field(field) if trimmed == spelling.empty && field.is_text() => {
            edit(field.path, Action::Set(crate::document::Json::string("")))
        }
        Column::Field(field) => {
            refuse_rewritten(trimmed)?;
            edit(
                field.path,
                Action::Set(check::from_text(field, if field.is_text() { cell } else { trimmed })?),
            )
        }
        Column::Code(kind) if trimmed == spelling.null => {
            edit(CODES_PATH, Action::RemoveCode { kind: kind.clone() })
        }
        Column::Code(kind) => {
            refuse_rewritten(trimmed)?;
            edit(CODES_PATH, Action::SetCode { kind: kind.clone(), code: trimmed.to_string() })
        }
    }
}

/// Refuses a sign of a spreadsheet that something went wrong there, and a spelling of nothing that is not quite one.
fn refuse_sign(text: &str, spelling: &Spelling) -> Result<(), String> {
    let nothings = [&spelling.null, &spelling.empty];
    if !text.starts_with('#') || nothings.iter().any(|nothing| *nothing == text) {
        return Ok(());
    }
    if let Some(meant) = nothings.into_iter().find(|nothing| nothing.eq_ignore_ascii_case(text)) {
        return Err(format!("`{text}` is not `{meant}`, which has to be written as it stands there"));
    }
    if SPREADSHEET_ERRORS.contains(&text) {
        return Err(format!("`{text}` is what a spreadsheet writes for a formula that failed"));
    }
    if text.len() > 2 && text.bytes().all(|byte| byte == b'#') {
        return Err(format!(
            "`{text}` is what a spreadsheet shows of a cell that is too narrow for its value"
        ));
    }
    Ok(())
}

/// Refuses a number in scientific notation: a spreadsheet took a phone number or a reference for one and rewrote it.
///
/// # Errors
/// That, in words.
pub fn refuse_rewritten(text: &str) -> Result<(), String> {
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
            Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect()),
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
        assert!(
            said("Our Note").contains("--ignore-column 'Our Note' passes it over"),
            "{}",
            said("Our Note")
        );
        assert!(
            said("first-name\r123").contains("end with CR alone")
                && said(" ").contains("has no name")
                && said(" ").contains("--ignore-column ''"),
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
