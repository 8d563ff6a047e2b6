//! Edits: a list of paths and actions, checked against the field table.
//! A list, not a struct of optional fields: a value without an edit does not change, and empty (`""`) and cleared (null)
//! are different edits.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::check;
use super::compare::same_or_absent;
use super::customer::Customer;
use super::json::{Json, ValueKind, View};
use super::path::Path;
use crate::field;

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
    pub(crate) fn is_explicit_clear(&self) -> bool {
        matches!(self, Action::Clear | Action::RemoveCode { .. })
    }

    fn code_type(&self) -> Option<&str> {
        match self {
            Action::SetCode { kind, .. } | Action::RemoveCode { kind } => Some(kind),
            _ => None,
        }
    }
}

/// Edits that were checked against the field table and do not contradict each other. The values are as they were given:
/// [`plan`](super::plan::plan) compares them with the stored ones before it spells them as the vendor does.
#[derive(Debug, Clone, Default)]
pub struct Edits(Vec<Edit>);

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
            EditProblem::ReadOnly(reason) => format!("`{path}` is read-only: {reason}"),
            EditProblem::Invalid(reason) => format!("`{path}` {reason}"),
            EditProblem::Unknown(_) => format!("the customer has no field `{path}`"),
            EditProblem::OtherCase(has) => format!("`{path}` is spelled `{has}`"),
            EditProblem::Whole => format!("`{path}` holds several fields: set or clear them one by one"),
            EditProblem::NoMembers(ValueKind::Array) => {
                format!("`{path}` is an array, which is one value: set it whole with --set-json")
            }
            EditProblem::NoMembers(kind) => format!("`{path}` is {kind}, so nothing can be set inside it"),
            EditProblem::Twice(first) if first == given => format!("{given} sets `{path}` twice"),
            EditProblem::Twice(first) => format!("{first} and {given} both set `{path}`"),
            EditProblem::Codes(reason) => reason.clone(),
        }
    }
}

impl Edits {
    /// Checks edits against the field table and each other.
    pub fn check(list: Vec<Edit>) -> Result<Edits, EditError> {
        let edits = Edits::check_unless_stored(list).map_err(|mut refused| refused.remove(0))?;
        edits.doubts().next().map_or(Ok(()), Err)?;
        Ok(edits)
    }

    /// [`Edits::check`] for documents and rows, which repeat stored values: a value that the field table refuses may be the
    /// stored one, and then it is no error. Gives every error: one for each edit that is refused alone; if there is none, the
    /// first value that is set twice.
    pub fn check_unless_stored(list: Vec<Edit>) -> Result<Edits, Vec<EditError>> {
        if list.iter().any(|edit| allowed(edit).is_err()) {
            let refused = list.iter().filter_map(|edit| allowed(edit).err().or_else(|| edit.doubt()));
            return Err(refused.collect());
        }
        let edits = Edits(list);
        edits.refuse_twice().map_err(|error| vec![error])?;
        Ok(edits)
    }

    /// The values that are refused unless the customer has them already.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = EditError> {
        self.iter().filter_map(Edit::doubt)
    }

    /// The doubts that the customer does not resolve.
    pub(crate) fn refused(&self, customer: &Customer) -> impl Iterator<Item = EditError> {
        self.iter().filter(|edit| !edit.is_stored(customer)).filter_map(Edit::doubt)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Edit> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edit of the value at this path or of one around it.
    pub fn covering(&self, path: &Path) -> Option<&Edit> {
        self.iter().find(|edit| edit.path.covers(path))
    }

    /// Sorted, a path precedes the paths that lead into it, so neighbours show every overlap.
    fn refuse_twice(&self) -> Result<(), EditError> {
        let mut sorted: Vec<&Edit> = self.iter().collect();
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

impl Edit {
    /// The value in the vendor's spelling.
    pub(super) fn spelled(&self, value: &Json) -> Result<check::Checked, EditError> {
        match field::at(&self.path.dotted()) {
            Some(field) => check::value(field, value.clone())
                .map_err(|error| EditError::of(self, EditProblem::Invalid(error))),
            None => Ok(check::Checked { value: value.clone(), warning: None }),
        }
    }

    /// Whether the customer has exactly the value that it sets.
    pub(super) fn is_stored(&self, customer: &Customer) -> bool {
        let Action::Set(value) = &self.action else { return false };
        is_unchanged(&self.path, customer.get(&self.path), value.root())
    }

    fn doubt(&self) -> Option<EditError> {
        match &self.action {
            Action::Set(value) => self.spelled(value).err(),
            _ => None,
        }
    }
}

/// An empty list of codes equals no list.
pub(super) fn is_unchanged(path: &Path, old: Option<View<'_>>, new: View<'_>) -> bool {
    let no_codes = path.is(field::CODES_PATH) && old.is_none_or(View::is_null) && new.is_empty_array();
    no_codes || same_or_absent(path, old, Some(new))
}

/// Whether it may be made, apart from the value that it sets.
fn allowed(edit: &Edit) -> Result<(), EditError> {
    let dotted = edit.path.dotted();
    let Some(field) = field::at(&dotted) else {
        return unwritable_reason(edit, &dotted).map_or(Ok(()), |problem| Err(EditError::of(edit, problem)));
    };
    let invalid = |reason: String| EditError::of(edit, EditProblem::Invalid(reason));
    match &edit.action {
        Action::Set(_) => Ok(()),
        Action::Clear => match field.never_null() {
            Some(reason) => Err(invalid(format!("cannot be cleared: {reason}"))),
            None => Ok(()),
        },
        Action::Object => Err(invalid("takes no object".to_string())),
        Action::SetCode { kind, code } => {
            check::code_part("type", kind).and_then(|()| check::code_part("code", code)).map_err(invalid)
        }
        Action::RemoveCode { kind } => check::code_part("type", kind).map_err(invalid),
    }
}

/// Why a path that is no writable field is refused; none if it may be a field that the table does not know.
fn unwritable_reason(edit: &Edit, dotted: &str) -> Option<EditProblem> {
    if let Some(has) = field::other_case(dotted) {
        return Some(EditProblem::OtherCase(has.to_string()));
    }
    if let Some(fixed) = field::read_only(dotted) {
        return Some(EditProblem::ReadOnly(fixed.reason.to_string()));
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
        let message = |one: Edit, other: Edit| Edits::check(vec![one, other]).unwrap_err().to_string();
        assert_eq!(message(set("x", "1"), set("x", "2")), "--set-json x sets `x` twice");
        let clear = Edit { action: Action::Clear, given: "--clear x".to_string(), ..set("x", "1") };
        assert_eq!(message(set("x", "1"), clear), "--set-json x and --clear x both set `x`");
    }

    #[test]
    fn every_refused_edit_is_reported_with_its_flag_and_path() {
        let about = |list: Vec<Edit>| {
            let refused = Edits::check_unless_stored(list).map(|edits| edits.iter().count());
            refused.map_err(|refused| {
                let about = refused.iter().map(|error| error.about().unwrap());
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
    fn codes_of_different_types_may_be_set_together() {
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
