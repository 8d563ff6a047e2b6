//! Many customers from a file: its rows and their errors, the plan file, the results. Pure: it reads an input that it is
//! given and writes lines; the rows of a run are in [`crate::store`].

pub mod action;
pub mod base;
pub mod cell;
pub mod columns;
pub mod ndjson;
pub mod plan_file;
mod records;
pub mod respelled;
pub mod result;
pub mod sheet;
pub mod table;
pub mod task;
pub mod tokens;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::StatusAction;
use crate::document::compare::same_or_absent;
use crate::document::time::timestamp;
use crate::document::{Action, Customer, Edit, EditError, Edits, Json, Path, View};
use crate::search::CustomerName;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// The character between cells.
    pub delimiter: char,
    /// The cell that clears a field.
    pub null: String,
    /// The cell that sets a field to empty text.
    pub empty: String,
    /// Columns that are not read.
    pub ignored: Vec<String>,
    /// Columns in which a value may differ from the old one only as a spreadsheet respells it.
    pub allowed: Vec<String>,
}

impl Default for Spelling {
    fn default() -> Spelling {
        let (null, empty) = (cell::CLEAR.to_string(), cell::EMPTY.to_string());
        Spelling { delimiter: ',', null, empty, ignored: Vec::new(), allowed: Vec::new() }
    }
}

/// The edits of one customer.
#[derive(Debug, Clone)]
pub struct Row {
    /// Counted from 1, blank lines not counted.
    pub number: u64,
    /// The line it begins on, counted from 1.
    pub line: u64,
    pub customer: CustomerName,
    pub edits: Edits,
    /// A row with an action has no edits.
    pub action: Option<StatusAction>,
    /// Values that the customer must hold already, because they cannot be set.
    pub fixed: Vec<UnsettableValue>,
    /// Whether it is a whole customer, most of whose values are the stored ones.
    pub(crate) whole: bool,
    /// The exported values of the fields that are edited: the base of a three-way merge. Empty without an export.
    pub base: Vec<(Path, Json)>,
    /// Fields whose new value must not be the stored one as a spreadsheet respells it.
    pub guarded: Vec<Path>,
    /// Cells that are blank and were not when they were exported.
    pub(crate) blanked: u64,
    /// The cells, or the line of NDJSON, as they were read.
    pub raw: Vec<String>,
}

/// The time of a customer's last change: a row that has it is written only if the customer was not changed since.
pub(crate) const MODIFIED: &str = "modifiedTimestamp";

/// The column, or the member of a line, that names a status action.
pub(crate) const ACTION: &str = "action";

/// Refuses edits beside an action: the vendor's action changes the customer too, and undo takes back only edits.
fn refuse_edits_beside_action(list: &[Edit]) -> Result<(), String> {
    let Some(edit) = list.first() else { return Ok(()) };
    let name = if edit.given.is_empty() { edit.path.to_string() } else { edit.given.clone() };
    Err(format!("a row has an action or changes fields, not both; it sets `{name}`"))
}

/// A value in a row that cannot be set: the customer must hold it already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnsettableValue {
    pub path: Path,
    pub value: Json,
    pub(crate) reason: String,
}

impl UnsettableValue {
    /// Whether a customer holds the value. Timestamps compare as moments: the vendor writes the same moment in several
    /// forms, and spreadsheets cut off fractions of a second.
    pub(crate) fn holds(&self, customer: &Customer) -> bool {
        let (wanted, found) = (self.value.root(), customer.get(&self.path));
        let moment = |view: View<'_>| view.as_text().and_then(|text| timestamp(&text));
        let moments = moment(wanted).zip(found.and_then(moment));
        let is_whole = |moment: Timestamp| moment.subsec_nanosecond() == 0;
        let same = |(wanted, found): (Timestamp, Timestamp)| {
            wanted == found || (is_whole(wanted) && wanted.as_second() == found.as_second())
        };
        moments.is_some_and(same) || same_or_absent(&self.path, Some(wanted), found)
    }

    /// `whole` is what holds the value: a row or a patch.
    pub(crate) fn moved(&self, whole: &str, customer: &Customer) -> String {
        let wanted = self.value.text();
        let found = customer.get(&self.path).map_or("(absent)", View::raw);
        if self.path.dotted() == MODIFIED {
            return format!("it was changed since the {whole} was made: then modified {wanted}, now {found}");
        }
        format!("{wanted} in the {whole}, {found} now: {}", self.reason)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {reason}", .cell.as_ref().map_or_else(|| format!("line {line}"), |cell| format!("cell {cell}")),
    .column.as_ref().map_or(String::new(), |name| format!(", column {name}")))]
pub struct RowError {
    /// The line, counted from 1.
    pub line: u64,
    /// The cell of a spreadsheet: `C17`.
    pub(crate) cell: Option<String>,
    /// Whether the value differs from the old one only as a spreadsheet respells it.
    pub(crate) is_respelled: bool,
    /// The column's name, if one cell is wrong.
    pub(crate) column: Option<String>,
    pub(crate) reason: String,
    /// What the cell holds, if it is known.
    pub(crate) value: Option<Box<str>>,
    pub(crate) customer: Option<u64>,
}

impl RowError {
    pub(crate) fn of_line(line: u64, reason: impl Into<String>) -> RowError {
        RowError {
            line,
            cell: None,
            is_respelled: false,
            column: None,
            reason: reason.into(),
            value: None,
            customer: None,
        }
    }

    pub(crate) fn of_column(line: u64, column: &str, reason: impl Into<String>) -> RowError {
        RowError { column: Some(quoted(column)), ..RowError::of_line(line, reason) }
    }

    fn about(self, customer: u64) -> RowError {
        RowError { customer: Some(customer), ..self }
    }
}

fn quoted(column: &str) -> String {
    format!("`{}`", column.trim())
}

/// Checks the edits of a row. `column` names the column of a refused edit, from its `given` and its path.
fn checked(
    list: Vec<Edit>,
    line: u64,
    column: impl Fn(&str, &Path) -> String,
) -> Result<Edits, Vec<RowError>> {
    let error = |reason: EditError| refused(&reason, line, &column);
    Edits::check_unless_stored(list).map_err(|refused| refused.into_iter().map(error).collect())
}

fn refused(error: &EditError, line: u64, column: impl Fn(&str, &Path) -> String) -> RowError {
    match error.about() {
        Some((given, path)) => RowError::of_column(line, &column(given, path), error.without_flag()),
        None => RowError::of_line(line, error.without_flag()),
    }
}

/// Refused values of a row that was read before; the rows of NDJSON have no columns.
pub(crate) fn doubts(
    refused_values: impl Iterator<Item = EditError>,
    edits: &Edits,
    line: u64,
) -> impl Iterator<Item = RowError> {
    let column =
        |given: &str, path: &Path| if given.is_empty() { path.to_string() } else { given.to_string() };
    let value = |path: &Path| match &edits.covering(path)?.action {
        Action::Set(value) => Some(Box::from(value.root().text_or_token())),
        _ => None,
    };
    refused_values.map(move |error| RowError { value: value(&error.path), ..refused(&error, line, column) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(path: &str, value: &str) -> UnsettableValue {
        let value = Json::parse(value).unwrap();
        UnsettableValue { path: Path::parse(path).unwrap(), value, reason: "the vendor sets it".to_string() }
    }

    fn customer() -> Customer {
        let text = r#"{"id":7,"status":"Active","x":"2026-01-02T03:04:05.678","n":1.0,"none":null}"#;
        Customer::parse(text).unwrap()
    }

    #[test]
    fn a_fixed_value_holds_if_the_customer_has_the_same_value() {
        let holds = |path: &str, value: &str| fixed(path, value).holds(&customer());
        assert!(holds("status", "\"Active\"") && !holds("status", "\"Draft\""));
        assert!(holds("n", "1") && !holds("n", "2"));
        assert!(holds("none", "null") && holds("absent", "null") && !holds("absent", "1"));
    }

    #[test]
    fn a_moment_holds_in_another_form_and_without_its_fraction() {
        let holds = |moment: &str| fixed("x", &format!("\"{moment}\"")).holds(&customer());
        assert!(holds("2026-01-02T03:04:05.678Z") && holds("2026-01-02T04:04:05.678+01:00"));
        assert!(holds("2026-01-02T03:04:05"));
        for other in ["2026-01-02T03:04:05.677", "2026-01-02T03:04:06", "2026-01-02T03:04:04", "status"] {
            assert!(!holds(other), "{other}");
        }
        assert!(!fixed("status", "\"2026-01-02T03:04:05\"").holds(&customer()));
    }

    #[test]
    fn a_moved_value_is_reported_with_both_values() {
        let moved = |path: &str, value: &str| fixed(path, value).moved("row", &customer());
        assert_eq!(moved("status", "\"Draft\""), r#""Draft" in the row, "Active" now: the vendor sets it"#);
        let since = moved(MODIFIED, "\"2026\"");
        assert!(
            since.starts_with("it was changed since the row was made: then modified \"2026\", now "),
            "{since}"
        );
    }

    #[test]
    fn a_row_error_names_its_line_column_and_customer() {
        let error = RowError::of_column(3, " id ", "is blank").about(7);
        assert_eq!((error.to_string().as_str(), error.customer), ("line 3, column `id`: is blank", Some(7)));
        assert_eq!(RowError::of_line(2, "is empty").to_string(), "line 2: is empty");
    }
}
