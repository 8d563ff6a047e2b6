//! Three-way merge: applies the changes of a plan to the customer that is stored now.
//! The API has no ETag, so a PUT of a document that was read minutes ago would revert the writes since. *base* is the
//! customer read first, *ours* the plan's after, *theirs* the customer read now. Our values go into their document.

use super::compare::same_or_absent;
use super::customer::Customer;
use super::diff::Change;
use super::edit::EditError;
use super::json::{Json, ValueKind, View};
use super::path::Path;
use super::plan::{Plan, rewrite};
use super::verify::moved;

#[derive(Debug)]
pub enum Merge {
    Merged {
        /// From their document to the merged one. Values that both sides changed alike are not in it.
        plan: Box<Plan>,
        carried: Vec<Change>,
    },
    Conflicts(Vec<Conflict>),
}

#[derive(Debug, Clone)]
pub struct Conflict {
    pub path: Path,
    pub base: Option<Json>,
    pub ours: Option<Json>,
    pub theirs: Option<Json>,
}

/// A value merges as it was edited: an object that was set as a whole is one value. Changes of the same value, or of a value
/// and one inside it, conflict unless both sides have the same result. Fields that the vendor computes
/// ([`crate::field::READ_ONLY`]) are neither carried nor in conflict.
/// Fails if their document no longer has the object that one of our values belongs in.
pub fn merge(ours: &Plan, theirs: &Customer) -> Result<Merge, EditError> {
    let meanwhile = moved(&ours.before, theirs);
    let (kept, conflicts) = divide(ours, theirs, &meanwhile);
    if !conflicts.is_empty() {
        return Ok(Merge::Conflicts(conflicts));
    }
    let plan = apply(ours, theirs, kept)?;
    let is_ours = |other: &Change| ours.replaced.iter().any(|change| other.path.overlaps(&change.path));
    let carried = meanwhile.into_iter().filter(|other| !is_ours(other)).collect();
    Ok(Merge::Merged { plan: Box::new(plan), carried })
}

/// Merges with conflicts: `keeps_ours` decides for each whether our value or theirs stays.
/// An object that both sides made merges member by member, so that keeping ours removes nothing of theirs.
pub fn resolve_conflicts(
    ours: &Plan,
    theirs: &Customer,
    keeps_ours: impl Fn(&Path) -> bool,
) -> Result<Plan, EditError> {
    let (mut kept, conflicts) = divide(ours, theirs, &moved(&ours.before, theirs));
    for Conflict { path, base, ours, theirs: there } in conflicts {
        if !keeps_ours(&path) {
            continue;
        }
        let had_nothing = base.is_none_or(|base| base.root().is_null());
        match (&ours, &there) {
            (Some(new), Some(there)) if had_nothing => members(&path, new.root(), there.root(), &mut kept),
            _ => kept.push((path, ours)),
        }
    }
    apply(ours, theirs, kept)
}

fn apply(ours: &Plan, theirs: &Customer, kept: Vec<(Path, Option<Json>)>) -> Result<Plan, EditError> {
    let mut plan = rewrite(theirs.clone(), kept)?;
    let changes = |path: &Path| plan.changes.iter().any(|change| change.path.overlaps(path));
    plan.consent = ours.consent.iter().filter(|consent| changes(consent.path())).cloned().collect();
    plan.warnings = ours.warnings.clone();
    Ok(plan)
}

/// Divides our values into those to write and conflicts. A value that they changed to ours is in neither.
fn divide(
    ours: &Plan,
    theirs: &Customer,
    meanwhile: &[Change],
) -> (Vec<(Path, Option<Json>)>, Vec<Conflict>) {
    let (mut kept, mut conflicts) = (Vec::new(), Vec::new());
    for change in &ours.replaced {
        let there = theirs.get(&change.path);
        let Change { path, before, after } = change.clone();
        if !meanwhile.iter().any(|other| other.path.overlaps(&path)) {
            kept.push((path, after));
        } else if !same_or_absent(&path, there, change.new_value()) {
            conflicts.push(Conflict { path, base: before, ours: after, theirs: there.map(View::to_json) });
        }
    }
    (kept, conflicts)
}

fn members(path: &Path, ours: View<'_>, theirs: View<'_>, kept: &mut Vec<(Path, Option<Json>)>) {
    if ours.kind() != ValueKind::Object || theirs.kind() != ValueKind::Object {
        return kept.push((path.clone(), Some(ours.to_json())));
    }
    for (key, value) in ours.members() {
        let path = path.join(key.name());
        match theirs.member(&key.name()) {
            Some(there) => members(&path, value, there, kept),
            None => kept.push((path, Some(value.to_json()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::edit::{Action, Edit, Edits};
    use super::super::plan::plan;
    use super::*;

    const BASE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","suffix":null,
        "customerReference":{"reference1":"a","reference2":"b"},"modifiedTimestamp":"1"}"#;

    fn merged(theirs: &str) -> Result<(String, Vec<String>), Vec<String>> {
        let set = |path: &str, text: &str| Edit {
            path: Path::parse(path).unwrap(),
            action: Action::Set(Json::string(text)),
            given: String::new(),
        };
        let edits = vec![set("firstName", "John"), set("customerReference.reference1", "z")];
        let ours = plan(Customer::parse(BASE).unwrap(), &Edits::check(edits).unwrap(), false).unwrap();
        match merge(&ours, &Customer::parse(theirs).unwrap()).unwrap() {
            Merge::Merged { plan, carried } => {
                let carried = carried.iter().map(|change| change.path.to_string()).collect();
                Ok((plan.after.text().to_string(), carried))
            }
            Merge::Conflicts(conflicts) => {
                Err(conflicts.iter().map(|conflict| conflict.path.to_string()).collect())
            }
        }
    }

    #[test]
    fn a_merge_carries_changes_of_other_fields_along() {
        let theirs = BASE.replace("\"b\"", "\"B\"").replace("\"1\"", "\"2\"").replace("\"suffix\":null,", "");
        let (after, carried) = merged(&theirs).unwrap();
        assert_eq!(after, theirs.replace("\"Jon\"", "\"John\"").replace("\"a\"", "\"z\""));
        assert_eq!(carried, ["customerReference.reference2"]);
    }

    #[test]
    fn the_same_value_changed_on_both_sides_is_a_conflict_unless_both_agree() {
        assert_eq!(merged(&BASE.replace("Jon", "Jim")).unwrap_err(), ["firstName"]);
        let agreed = BASE.replace("Jon", "John");
        assert_eq!(merged(&agreed).unwrap(), (agreed.replace("\"a\"", "\"z\""), vec![]));
    }

    fn resolved(theirs: &str, values: &[(&str, &str)], keeps_ours: bool) -> (String, usize) {
        resolved_from(BASE, theirs, values, keeps_ours)
    }

    fn resolved_from(base: &str, theirs: &str, values: &[(&str, &str)], keeps_ours: bool) -> (String, usize) {
        let set = |(path, text): &(&str, &str)| Edit {
            path: Path::parse(path).unwrap(),
            action: Action::Set(Json::string(text)),
            given: String::new(),
        };
        let edits = Edits::check(values.iter().map(set).collect()).unwrap();
        let ours = plan(Customer::parse(base).unwrap(), &edits, false).unwrap();
        let theirs = Customer::parse(theirs).unwrap();
        assert!(matches!(merge(&ours, &theirs).unwrap(), Merge::Conflicts(_)));
        let plan = resolve_conflicts(&ours, &theirs, |_| keeps_ours).unwrap();
        (plan.after.text().to_string(), plan.consent.len())
    }

    #[test]
    fn a_conflict_is_resolved_for_either_side_and_for_that_value_only() {
        let theirs = BASE.replace("Jon", "Jim").replace("\"b\"", "\"B\"").replace("Active", "Hold");
        let values = [("firstName", "John"), ("lastName", "Y"), ("status", "Draft")];
        let ours = theirs.replace("\"X\"", "\"Y\"");
        assert_eq!(resolved(&theirs, &values, false), (ours.clone(), 0));
        let kept = ours.replace("Jim", "John").replace("Hold", "Draft");
        assert_eq!(resolved(&theirs, &values, true), (kept, 1));
    }

    #[test]
    fn an_object_created_by_both_sides_keeps_the_members_of_theirs() {
        let made = BASE.replace("\"suffix\"", r#""customerAcquisition":{"id":7,"medium":"ad"},"suffix""#);
        let values = [("customerAcquisition.source", "web")];
        assert_eq!(resolved(&made, &values, false).0, made);
        let kept = made.replace("\"ad\"", r#""ad","source":"web""#);
        assert_eq!(resolved(&made, &values, true).0, kept);
        let null = BASE.replace("\"suffix\"", r#""customerAcquisition":null,"suffix""#);
        assert_eq!(resolved_from(&null, &made, &values, true).0, kept);
        let reference = [("customerReference.reference1", "z")];
        assert_eq!(
            resolved(&BASE.replace("\"a\"", "\"A\""), &reference, true).0,
            BASE.replace("\"a\"", "\"z\"")
        );
    }

    #[test]
    fn an_object_that_went_away_conflicts_with_a_value_inside_it() {
        let gone = BASE.replace(r#"{"reference1":"a","reference2":"b"}"#, "null");
        assert_eq!(merged(&gone).unwrap_err(), ["customerReference.reference1"]);
    }

    #[test]
    fn a_resolved_conflict_keeps_the_warnings_of_the_plan() {
        let edits = Edits::check(vec![Edit {
            path: Path::root("companyName"),
            action: Action::Set(Json::string(&"x".repeat(51))),
            given: String::new(),
        }]);
        let ours = plan(Customer::parse(BASE).unwrap(), &edits.unwrap(), true).unwrap();
        let theirs = Customer::parse(BASE.replace("Jon", "Jim")).unwrap();
        assert_eq!(resolve_conflicts(&ours, &theirs, |_| true).unwrap().warnings.len(), 1);
    }
}
