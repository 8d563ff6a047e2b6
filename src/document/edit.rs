//! Edits: a list of paths and actions, checked against the field table.
//! A list, not a struct of optional fields: a value without an edit does not change, and empty (`""`) and cleared (null)
//! are different edits.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::check;
use super::json::{Json, ValueKind};
use super::path::Path;
use crate::field::{self, Field};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edit {
    pub path: Path,
    pub action: Action,
    /// The flag or column that asks for it, for messages: `--first-name`, `--patch`.
    pub given: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Set(Json),
    /// Sets null, because the user wrote so; for sales-tracking codes an empty list.
    Clear,
    /// Sets an empty object unless there is an object already (an empty object in a merge patch).
    Object,
    SetCode {
        kind: String,
        code: String,
    },
    RemoveCode {
        kind: String,
    },
}

impl Action {
    pub(crate) fn spells_clearing(&self) -> bool {
        matches!(self, Action::Clear | Action::RemoveCode { .. })
    }

    fn code_type(&self) -> Option<&str> {
        match self {
            Action::SetCode { kind, .. } | Action::RemoveCode { kind } => Some(kind),
            _ => None,
        }
    }
}

/// Edits that were checked against the field table and do not contradict each other.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    list: Vec<Edit>,
    pub(crate) warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditError {
    /// [`Edit::given`].
    pub(crate) given: String,
    pub path: Path,
    pub problem: EditProblem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditProblem {
    ReadOnly(String),
    /// Another edit, given as this, sets the same value or one around it.
    Twice(String),
    Invalid(String),
    /// Similar names, closest first.
    Unknown(Vec<String>),
    /// The customer has the name in this case, and the API ignores case.
    OtherCase(String),
    /// The path is an object of fields: set as a whole, its fields would escape their checks.
    Whole,
    /// The path leads into a value of this type, which has no members.
    NoMembers(ValueKind),
    /// The sales-tracking codes cannot be edited so, or the result would not be a customer.
    Codes(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            EditProblem::Codes(_) | EditProblem::Twice(_) => f.write_str(&self.without_flag()),
            _ => write!(f, "{}: {}", self.given, self.without_flag()),
        }
    }
}

impl std::error::Error for EditError {}

impl EditError {
    pub(super) fn of(edit: &Edit, problem: EditProblem) -> EditError {
        EditError { given: edit.given.clone(), path: edit.path.clone(), problem }
    }

    pub(crate) fn about(&self) -> Option<(&str, &Path)> {
        let codes = matches!(self.problem, EditProblem::Codes(_));
        (!codes).then_some((self.given.as_str(), &self.path))
    }

    pub(crate) fn without_flag(&self) -> String {
        let EditError { given, path, problem } = self;
        match problem {
            EditProblem::ReadOnly(why) => format!("`{path}` is read-only: {why}"),
            EditProblem::Invalid(why) => format!("`{path}` {why}"),
            EditProblem::Unknown(_) => format!("the customer has no field `{path}`"),
            EditProblem::OtherCase(has) => format!("`{path}` is spelled `{has}`"),
            EditProblem::Whole => format!("`{path}` holds several fields: set or clear them one by one"),
            EditProblem::NoMembers(ValueKind::Array) => {
                format!("`{path}` is an array, which is one value: set it whole with --set-json")
            }
            EditProblem::NoMembers(kind) => format!("`{path}` is {kind}, so nothing can be set inside it"),
            EditProblem::Twice(first) if first == given => format!("{given} sets `{path}` twice"),
            EditProblem::Twice(first) => format!("{first} and {given} both set `{path}`"),
            EditProblem::Codes(why) => why.clone(),
        }
    }
}

impl Edits {
    /// Checks edits against the field table and each other, and spells values as the vendor does.
    pub fn check(list: Vec<Edit>) -> Result<Edits, EditError> {
        Edits::check_each(list).map_err(|mut refused| refused.remove(0))
    }

    /// [`Edits::check`] with every error: one for each edit that is refused alone; if there is none, the first value that
    /// is set twice.
    pub(crate) fn check_each(list: Vec<Edit>) -> Result<Edits, Vec<EditError>> {
        let mut edits = Edits::default();
        let refused: Vec<EditError> = list.into_iter().filter_map(|edit| edits.add(edit).err()).collect();
        if !refused.is_empty() {
            return Err(refused);
        }
        edits.refuse_twice().map_err(|why| vec![why])?;
        Ok(edits)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Edit> {
        self.list.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The edit of the value at this path or of one around it.
    pub fn covering(&self, path: &Path) -> Option<&Edit> {
        self.list.iter().find(|edit| edit.path.covers(path))
    }

    fn add(&mut self, mut edit: Edit) -> Result<(), EditError> {
        let dotted = edit.path.dotted();
        if let Some(field) = field::at(&dotted) {
            let (action, warning) = allowed(field, &edit.action)
                .map_err(|why| EditError::of(&edit, EditProblem::Invalid(why)))?;
            edit.action = action;
            self.warnings.extend(warning);
        } else if let Some(problem) = unwritten(&edit, &dotted) {
            return Err(EditError::of(&edit, problem));
        }
        self.list.push(edit);
        Ok(())
    }

    /// Sorted, a path precedes the paths that lead into it, so neighbours show every overlap.
    fn refuse_twice(&self) -> Result<(), EditError> {
        let mut sorted: Vec<&Edit> = self.list.iter().collect();
        sorted.sort_by_key(|edit| (&edit.path, edit.action.code_type().map(str::to_lowercase)));
        for pair in sorted.windows(2) {
            let (one, other) = (pair[0], pair[1]);
            let two_codes = match (one.action.code_type(), other.action.code_type()) {
                (Some(one), Some(other)) => one.to_lowercase() != other.to_lowercase(),
                _ => false,
            };
            if one.path.covers(&other.path) && !two_codes {
                return Err(EditError::of(other, EditProblem::Twice(one.given.clone())));
            }
        }
        Ok(())
    }
}

/// The action in the vendor's spelling, and a warning if the value is doubtful.
fn allowed(field: &Field, action: &Action) -> Result<(Action, Option<String>), String> {
    match action {
        Action::Set(value) => {
            let checked = check::value(field, value.clone())?;
            return Ok((Action::Set(checked.value), checked.warning));
        }
        Action::Clear => {
            if let Some(why) = field.never_null() {
                return Err(format!("cannot be cleared: {why}"));
            }
        }
        Action::Object => return Err("takes no object".to_string()),
        Action::SetCode { kind, code } => {
            check::code_part("type", kind)?;
            check::code_part("code", code)?;
        }
        Action::RemoveCode { kind } => check::code_part("type", kind)?,
    }
    Ok((action.clone(), None))
}

/// Why a path that is no writable field is refused; none if it may be a field that the table does not know.
fn unwritten(edit: &Edit, dotted: &str) -> Option<EditProblem> {
    if let Some(has) = field::other_case(dotted) {
        return Some(EditProblem::OtherCase(has.to_string()));
    }
    if let Some(fixed) = field::read_only(dotted) {
        return Some(EditProblem::ReadOnly(fixed.why.to_string()));
    }
    let is_whole = field::is_object(dotted) && !matches!(edit.action, Action::Object);
    is_whole.then_some(EditProblem::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(path: &str, json: &str) -> Edit {
        let action = Action::Set(Json::parse(json).unwrap());
        Edit { path: Path::parse(path).unwrap(), action, given: format!("--set-json {path}") }
    }

    #[test]
    fn the_same_value_twice_is_refused() {
        for (one, other) in [("firstName", "/firstName"), ("extra", "extra.more"), ("x.y", "x")] {
            let edits = Edits::check(vec![set("zzz", "1"), set(one, "\"a\""), set(other, "\"b\"")]);
            assert!(matches!(edits, Err(EditError { problem: EditProblem::Twice(_), .. })), "{one} {other}");
        }
        assert!(Edits::check(vec![set("a", "1"), set("a.b", "1"), set("ab", "1")]).is_err());
        assert!(Edits::check(vec![set("a.b", "1"), set("a.c", "1"), set("ab", "1")]).is_ok());
        let said = |one: Edit, other: Edit| Edits::check(vec![one, other]).unwrap_err().to_string();
        assert_eq!(said(set("x", "1"), set("x", "2")), "--set-json x sets `x` twice");
        let clear = Edit { action: Action::Clear, given: "--clear x".to_string(), ..set("x", "1") };
        assert_eq!(said(set("x", "1"), clear), "--set-json x and --clear x both set `x`");
    }

    #[test]
    fn every_edit_that_is_refused_is_told_and_what_it_is_about() {
        let about = |list: Vec<Edit>| {
            let refused = Edits::check_each(list).map(|edits| edits.iter().count());
            refused.map_err(|refused| {
                let about = refused.iter().map(|why| why.about().unwrap());
                about.map(|(given, path)| format!("{given}|{path}")).collect::<Vec<_>>()
            })
        };
        let id = || set("id", "1");
        let expected = ["--set-json id|id", "--set-json FirstName|FirstName"];
        assert_eq!(about(vec![id(), set("x", "1"), set("FirstName", "1")]).unwrap_err(), expected);
        assert_eq!(about(vec![set("x", "1"), set("x.y", "1")]).unwrap_err(), ["--set-json x.y|x.y"]);
        assert_eq!(about(vec![set("x", "1"), set("x", "1"), id()]).unwrap_err(), ["--set-json id|id"]);
        assert_eq!(about(vec![set("x", "1"), set("y", "1")]), Ok(2));
    }

    #[test]
    fn what_was_asked_for_is_counted_and_its_warnings_are_kept() {
        let edits = |list: Vec<Edit>| Edits::check(list).unwrap();
        assert!(edits(Vec::new()).is_empty() && !edits(vec![set("firstName", "\"a\"")]).is_empty());
        assert_eq!(edits(vec![set("firstName", "\"a\"")]).warnings, [""; 0]);
        let long = format!("\"{}\"", "x".repeat(51));
        assert_eq!(edits(vec![set("companyName", &long)]).warnings.len(), 1);
    }

    #[test]
    fn codes_of_different_types_stand_side_by_side() {
        let code = |kind: &str| Edit {
            path: Path::of(field::CODES_PATH),
            action: Action::SetCode { kind: kind.to_string(), code: "1".to_string() },
            given: "--sales-tracking-code".to_string(),
        };
        assert!(Edits::check(vec![code("A"), code("B")]).is_ok());
        assert!(Edits::check(vec![code("A"), code("C"), code("a")]).is_err());
        assert!(
            Edits::check(vec![code("k"), code("\u{212a}"), code("K")]).is_err(),
            "the Kelvin sign is no k"
        );
        assert!(Edits::check(vec![code("A"), set(field::CODES_PATH, "[]")]).is_err());
    }

    #[test]
    fn fields_are_neither_set_in_a_lump_nor_in_another_case() {
        for (path, json) in [("customerReference", r#"{"reference1":{}}"#), ("customerAcquisition", "null")] {
            assert!(
                matches!(
                    Edits::check(vec![set(path, json)]),
                    Err(EditError { problem: EditProblem::Whole, .. })
                ),
                "{path}"
            );
        }
        for path in ["FirstName", "customerReference.Reference1", "customerreference", "customerReference.ID"]
        {
            assert!(
                matches!(
                    Edits::check(vec![set(path, "1")]),
                    Err(EditError { problem: EditProblem::OtherCase(_), .. })
                ),
                "{path}"
            );
        }
    }

    #[test]
    fn read_only_fields_are_refused() {
        for path in ["id", "/uri", "customerReference.id", "modifiedTimestamp", "salesforceId"] {
            let edits = Edits::check(vec![set(path, "1")]);
            assert!(matches!(edits, Err(EditError { problem: EditProblem::ReadOnly(_), .. })), "{path}");
        }
    }
}
