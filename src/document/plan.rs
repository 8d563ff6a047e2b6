//! The plan: a customer before and after its edits. One value is shown, consented to, journalled, sent and verified.
//! [`plan`] checks each edit against the field table and the customer; [`rewrite`] sets values that were checked before
//! (undo, merge, a plan file). Both refuse to change a read-only field.

use super::addresses;
use super::codes;
use super::compare::same_or_absent;
use super::customer::{Customer, get};
use super::diff::{Change, diff};
use super::edit::{Action, Edit, EditError, EditProblem, Edits, is_unchanged};
use super::hidden::doubts;
use super::json::{Json, ValueKind, View};
use super::path::Path;
use super::splice::splice;
use crate::field;

#[derive(Debug, Clone)]
pub struct Plan {
    pub before: Customer,
    /// The customer to send: the bytes of `before`, except the values that change.
    pub after: Customer,
    pub changes: Vec<Change>,
    /// The replaced tokens; restoring the old ones gives `before` byte for byte.
    pub replaced: Vec<Change>,
    /// Allowed but doubtful edits.
    pub warnings: Vec<String>,
    pub(crate) consent: Vec<Consent>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Consent {
    Billing(Path),
    /// The value is removed, and no edit is a [`Action::Clear`] of it.
    Clears(Path),
    /// An undo of a value that was not stored as it was sent: the API or another writer altered it.
    Altered(Path),
    /// An undo of a change whose outcome is that nothing was written.
    Unclaimed(Path),
}

impl Consent {
    pub(super) fn path(&self) -> &Path {
        match self {
            Consent::Billing(path)
            | Consent::Clears(path)
            | Consent::Altered(path)
            | Consent::Unclaimed(path) => path,
        }
    }
}

impl Plan {
    /// The text of the value that a field changes to.
    fn new_text(&self, path: &'static str) -> Option<String> {
        let value = self.changes.iter().find(|change| change.path.is(path))?.new_value()?;
        Some(value.as_text().map_or(value.raw().to_string(), std::borrow::Cow::into_owned))
    }

    /// The status that the customer gets.
    pub(crate) fn new_status(&self) -> Option<String> {
        self.new_text("status")
    }

    /// The customer that becomes the parent.
    pub(crate) fn new_parent(&self) -> Option<u64> {
        self.new_text("parentId")?.parse().ok()
    }

    /// Why the API would refuse it, as far as its own page tells.
    pub(crate) fn known_refusal(&self) -> Option<String> {
        let new = |path| self.new_text(path);
        let fixed =
            self.before.get(&Path::of("canChangeCurrency")).is_some_and(|value| value.raw() == "false");
        if self.new_status().is_some_and(|status| status == "Suspended") {
            return Some("only the system suspends customers".to_string());
        }
        if self.new_parent() == Some(self.before.id()) {
            return Some("a customer cannot be its own parent".to_string());
        }
        (fixed && new("currency").is_some())
            .then(|| "its currency cannot be changed any more (`canChangeCurrency` is false)".to_string())
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// An edit to the value that is there changes nothing, not even its spelling. `new_fields` allows paths that the customer
/// does not have.
pub fn plan(before: Customer, edits: &Edits, new_fields: bool) -> Result<Plan, EditError> {
    let mut warnings = Vec::new();
    let mut values: Vec<(Path, Option<Json>)> = Vec::new();
    for edit in edits.iter() {
        if let Some(value) = value(&before, edit, new_fields, &mut warnings)? {
            values.push((edit.path.clone(), Some(value)));
        }
    }
    values.extend(tracking_codes(&before, edits, &mut warnings)?);
    let given = |path: &Path| edits.covering(path).map(|edit| edit.given.clone()).unwrap_or_default();
    let plan = build(before, &values, given)?;
    warnings.extend(plan.changes.iter().flat_map(doubtful));
    let consent = consent(&plan.changes, |path| {
        edits.covering(path).is_some_and(|edit| edit.action.is_explicit_clear())
    });
    Ok(Plan { warnings, consent, ..plan })
}

/// Sets values without checking them against the field table. None removes the member.
pub fn rewrite(before: Customer, values: Vec<(Path, Option<Json>)>) -> Result<Plan, EditError> {
    let changes = |(path, value): &(Path, Option<Json>)| {
        !same_or_absent(path, before.get(path), value.as_ref().map(Json::root))
            || (value.is_none() && before.get(path).is_some())
    };
    let values: Vec<_> = values.into_iter().filter(changes).collect();
    let plan = build(before, &values, Path::to_string)?;
    let consent = consent(&plan.changes, |_| true);
    Ok(Plan { consent, ..plan })
}

fn build(
    before: Customer,
    values: &[(Path, Option<Json>)],
    given: impl Fn(&Path) -> String,
) -> Result<Plan, EditError> {
    let tokens = values.iter().map(|(path, value)| (path, value.as_ref().map(|value| value.text().trim())));
    let after = Customer::parse(splice(before.text(), before.root(), tokens.collect()))
        .map_err(|error| codes_error(format!("the result would not be a customer: {error}")))?;
    let changes = diff(before.root(), after.root());
    refuse_read_only(&changes, given)?;
    let replaced = replaced(&before, &after, values.iter().map(|(path, _)| path));
    Ok(Plan { before, after, changes, replaced, warnings: Vec::new(), consent: Vec::new() })
}

/// The replaced tokens. If an object was made for a value, the object is the new token.
fn replaced<'a>(before: &Customer, after: &Customer, paths: impl Iterator<Item = &'a Path>) -> Vec<Change> {
    let mut paths: Vec<Path> = paths.map(|path| first_missing_path(before, path)).collect();
    paths.sort_unstable();
    paths.dedup();
    let token = |customer: &Customer, path: &Path| customer.get(path).map(View::to_json);
    let change = |path: Path| Change { before: token(before, &path), after: token(after, &path), path };
    paths.into_iter().map(change).collect()
}

/// The path up to the first name that is not in an object of the customer.
fn first_missing_path(before: &Customer, path: &Path) -> Path {
    let mut view = Some(before.root());
    let held = path.names().iter().take_while(|name| {
        let object = view.filter(|view| view.kind() == ValueKind::Object);
        view = object.and_then(|object| object.member(name));
        object.is_some()
    });
    path.outermost(held.count()).unwrap_or_else(|| path.clone())
}

/// A value that the customer has already is not checked.
fn value(
    before: &Customer,
    edit: &Edit,
    new_fields: bool,
    warnings: &mut Vec<String>,
) -> Result<Option<Json>, EditError> {
    let old = find(before, edit, new_fields)?;
    let new = match &edit.action {
        Action::SetCode { .. } | Action::RemoveCode { .. } => return Ok(None),
        Action::Object => return object(edit, old),
        Action::Set(_) if edit.is_stored(before) => return Ok(None),
        Action::Set(value) => {
            let spelled = edit.spelled(value)?;
            warnings.extend(spelled.warning);
            spelled.value
        }
        Action::Clear if edit.path.is(field::CODES_PATH) => Json::known("[]"),
        Action::Clear => Json::null(),
    };
    Ok((!is_unchanged(&edit.path, old, new.root())).then_some(new))
}

fn object(edit: &Edit, old: Option<View<'_>>) -> Result<Option<Json>, EditError> {
    match old.map(View::kind) {
        Some(ValueKind::Object) => Ok(None),
        None | Some(ValueKind::Null) => Ok(Some(Json::known("{}"))),
        Some(kind) => Err(EditError::of(edit, EditProblem::NoMembers(kind))),
    }
}

/// The value at the path of an edit; none if it may be added.
fn find<'a>(before: &'a Customer, edit: &Edit, new_fields: bool) -> Result<Option<View<'a>>, EditError> {
    let mut view = before.root();
    for (depth, name) in edit.path.names().iter().enumerate() {
        view = match (view.kind(), view.member(name)) {
            (ValueKind::Object, Some(member)) => member,
            (ValueKind::Object | ValueKind::Null, _) => {
                return may_add(before, view, name, edit, new_fields).map(|()| None);
            }
            (kind, _) => {
                let path = edit.path.outermost(depth).unwrap_or_else(|| edit.path.clone());
                return Err(EditError { path, ..EditError::of(edit, EditProblem::NoMembers(kind)) });
            }
        };
    }
    Ok(Some(view))
}

fn may_add(
    before: &Customer,
    object: View<'_>,
    name: &str,
    edit: &Edit,
    new_fields: bool,
) -> Result<(), EditError> {
    if let Some(path) = inside_field(&edit.path) {
        return Err(EditError { path, ..EditError::of(edit, EditProblem::NoMembers(ValueKind::Null)) });
    }
    let other_case =
        object.members().map(|(key, _)| key.name()).find(|key| key.to_lowercase() == name.to_lowercase());
    if let Some(has) = other_case {
        return Err(EditError::of(edit, EditProblem::OtherCase(has.into_owned())));
    }
    if new_fields || field::at(&edit.path.dotted()).is_some() {
        return Ok(());
    }
    Err(unknown(before, &edit.path, &edit.given))
}

/// The field of the table that the path leads into; its values have no members.
fn inside_field(path: &Path) -> Option<Path> {
    let around = |field: &field::Field| Some(Path::of(field.path)).filter(|around| around.covers(path));
    field::FIELDS.iter().filter_map(around).find(|around| around != path)
}

pub(super) fn unknown(customer: &Customer, path: &Path, given: &str) -> EditError {
    let known = paths(customer);
    let names = known.iter().map(String::as_str).chain(field::FIELDS.iter().map(|field| field.path));
    let nearest = field::nearest(&path.to_string(), names).into_iter().map(str::to_string).collect();
    EditError { given: given.to_string(), path: path.clone(), problem: EditProblem::Unknown(nearest) }
}

fn paths(customer: &Customer) -> Vec<String> {
    let mut paths = Vec::new();
    let mut open: Vec<(Option<Path>, View<'_>)> = vec![(None, customer.root())];
    while let Some((at, object)) = open.pop() {
        for (key, value) in object.members() {
            let path = Path::below(at.as_ref(), key.name());
            paths.push(path.to_string());
            open.push((Some(path), value));
        }
    }
    paths
}

fn tracking_codes(
    before: &Customer,
    edits: &Edits,
    warnings: &mut Vec<String>,
) -> Result<Option<(Path, Option<Json>)>, EditError> {
    let asked: Vec<_> = edits.iter().filter_map(code_edit).collect();
    if asked.is_empty() {
        return Ok(None);
    }
    let path = Path::of(field::CODES_PATH);
    let old = before.get(&path);
    let (list, doubts) = codes::edit(old, &asked).map_err(codes_error)?;
    warnings.extend(doubts);
    let unchanged = is_unchanged(&path, old, list.root());
    Ok((!unchanged).then_some((path, Some(list))))
}

fn codes_error(reason: String) -> EditError {
    let path = Path::of(field::CODES_PATH);
    EditError { given: path.to_string(), path, problem: EditProblem::Codes(reason) }
}

fn code_edit(edit: &Edit) -> Option<(&str, Option<&str>)> {
    match &edit.action {
        Action::SetCode { kind, code } => Some((kind, Some(code))),
        Action::RemoveCode { kind } => Some((kind, None)),
        _ => None,
    }
}

/// An object that is set whole may omit or change a read-only field inside it (`customerReference.id`).
fn refuse_read_only(changes: &[Change], given: impl Fn(&Path) -> String) -> Result<(), EditError> {
    let mut pairs =
        changes.iter().flat_map(|change| field::READ_ONLY.iter().map(move |fixed| (change, fixed)));
    let Some((change, fixed)) = pairs.find(|(change, fixed)| is_inside(change, fixed)) else {
        return Ok(());
    };
    let problem = EditProblem::ReadOnly(fixed.reason.to_string());
    Err(EditError { given: given(&change.path), path: Path::of(fixed.path), problem })
}

fn is_inside(change: &Change, fixed: &field::ReadOnly) -> bool {
    let fixed = Path::of(fixed.path);
    if fixed.covers(&change.path) {
        return true;
    }
    let below = &fixed.names()[change.path.names().len().min(fixed.names().len())..];
    let holds = |value: View<'_>| get(value, below).is_some_and(|held| !held.is_null());
    change.path.covers(&fixed) && [change.old_value(), change.new_value()].into_iter().flatten().any(holds)
}

/// Why a new text may not be what was meant.
fn doubtful(change: &Change) -> Vec<String> {
    let text = |view: Option<View<'_>>| view.and_then(View::as_text).unwrap_or_default().into_owned();
    let (old, new) = (text(change.old_value()), text(change.new_value()));
    let shrinks = addresses::shrinks(&change.path, &old, &new);
    doubts(&old, &new)
        .into_iter()
        .chain(shrinks)
        .map(|error| format!("`{}` will {error}", change.path))
        .collect()
}

fn consent(changes: &[Change], spelled: impl Fn(&Path) -> bool) -> Vec<Consent> {
    let mut reasons = Vec::new();
    for change in changes {
        if field::at(&change.path.dotted()).is_some_and(field::Field::affects_billing) {
            reasons.push(Consent::Billing(change.path.clone()));
        }
        if change.clears() && !spelled(&change.path) {
            reasons.push(Consent::Clears(change.path.clone()));
        }
    }
    reasons
}

#[cfg(test)]
mod tests;
