//! Three-way merge: what we change, put upon what others changed meanwhile.

use super::compare::same_or_absent;
use super::customer::{Customer, get};
use super::diff::Change;
use super::edit::EditError;
use super::json::{Json, ValueKind, View};
use super::path::Path;
use super::plan::{Consent, Plan, rewrite};
use super::verify::moved;

/// What comes of merging.
#[derive(Debug)]
pub enum Merge {
    /// Our changes upon their document.
    Merged {
        /// From their document to the merged one; what both sides changed to the same is no change any more.
        plan: Box<Plan>,
        /// What they changed meanwhile, which is kept.
        carried: Vec<Change>,
    },
    /// Both sides changed the same values to different ones.
    Conflicts(Vec<Conflict>),
}

/// A value that both sides changed.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// Where.
    pub path: Path,
    /// What it was.
    pub base: Option<Json>,
    /// What we make of it.
    pub ours: Option<Json>,
    /// What they made of it.
    pub theirs: Option<Json>,
}

/// Merges a plan, which was made from what was read first, with what is there now.
///
/// Values are merged as they were edited: an object that we set as a whole is one value. Changes of the same value, or
/// of a value and one inside it, conflict unless both sides arrive at the same. What the
/// vendor derives by itself ([`crate::field::READ_ONLY`]) is neither carried nor in conflict.
///
/// # Errors
/// Where their document no longer has the object that one of our values belongs in.
pub fn merge(ours: &Plan, theirs: &Customer) -> Result<Merge, EditError> {
    let meanwhile = moved(&ours.before, theirs);
    let (kept, conflicts) = divided(ours, theirs, &meanwhile);
    if !conflicts.is_empty() {
        return Ok(Merge::Conflicts(conflicts));
    }
    let plan = upon(ours, theirs, kept)?;
    let both = |other: &Change| ours.replaced.iter().any(|change| overlap(&other.path, &change.path));
    let carried = meanwhile.into_iter().filter(|other| !both(other)).collect();
    Ok(Merge::Merged { plan: Box::new(plan), carried })
}

/// Merges where both sides changed the same values: `keeps_ours` decides each of them. What it gives up is as they have
/// it. An object that both sides made is merged member by member, so that keeping ours takes nothing of theirs away.
///
/// # Errors
/// Where their document no longer has the object that one of our values belongs in.
pub fn settle(ours: &Plan, theirs: &Customer, keeps_ours: impl Fn(&Path) -> bool) -> Result<Plan, EditError> {
    let (mut kept, conflicts) = divided(ours, theirs, &moved(&ours.before, theirs));
    for conflict in conflicts.iter().filter(|conflict| keeps_ours(&conflict.path)) {
        match (&conflict.base, &conflict.ours, &conflict.theirs) {
            (None, Some(new), Some(_)) => members(&conflict.path, new.root(), theirs, &mut kept),
            (Some(base), Some(new), Some(_)) if base.root().is_null() => {
                members(&conflict.path, new.root(), theirs, &mut kept);
            }
            (_, new, _) => kept.push((conflict.path.clone(), new.clone())),
        }
    }
    upon(ours, theirs, kept)
}

/// Our values upon their document.
fn upon(ours: &Plan, theirs: &Customer, kept: Vec<(Path, Option<Json>)>) -> Result<Plan, EditError> {
    let plan = rewrite(theirs.clone(), kept)?;
    let still = |consent: &&Consent| plan.changes.iter().any(|change| overlap(&change.path, consent.path()));
    let consent = ours.consent.iter().filter(still).cloned().collect();
    Ok(Plan { warnings: ours.warnings.clone(), consent, ..plan })
}

/// Our values that nobody else touched, or that they changed to the same; and the ones they changed otherwise.
fn divided(
    ours: &Plan,
    theirs: &Customer,
    meanwhile: &[Change],
) -> (Vec<(Path, Option<Json>)>, Vec<Conflict>) {
    let (mut kept, mut conflicts) = (Vec::new(), Vec::new());
    for change in &ours.replaced {
        let there = get(theirs.root(), change.path.names());
        let touched = meanwhile.iter().any(|other| overlap(&other.path, &change.path));
        if !touched {
            kept.push((change.path.clone(), change.after.clone()));
        } else if !same_or_absent(&change.path, there, change.after.as_ref().map(Json::root)) {
            conflicts.push(Conflict {
                path: change.path.clone(),
                base: change.before.clone(),
                ours: change.after.clone(),
                theirs: there.map(View::to_json),
            });
        }
    }
    (kept, conflicts)
}

/// A value, or the ones inside it as deep as both it and theirs are objects.
fn members(path: &Path, new: View<'_>, theirs: &Customer, kept: &mut Vec<(Path, Option<Json>)>) {
    let both =
        [Some(new), theirs.get(path)].into_iter().all(|view| view.map(View::kind) == Some(ValueKind::Object));
    if !both {
        return kept.push((path.clone(), Some(new.to_json())));
    }
    for (key, value) in new.members() {
        members(&path.join(key.name()), value, theirs, kept);
    }
}

fn overlap(one: &Path, other: &Path) -> bool {
    one.covers(other) || other.covers(one)
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
    fn what_others_changed_elsewhere_is_carried_along() {
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

    fn settled(theirs: &str, values: &[(&str, &str)], keeps_ours: bool) -> (String, usize) {
        settled_from(BASE, theirs, values, keeps_ours)
    }

    fn settled_from(base: &str, theirs: &str, values: &[(&str, &str)], keeps_ours: bool) -> (String, usize) {
        let set = |(path, text): &(&str, &str)| Edit {
            path: Path::parse(path).unwrap(),
            action: Action::Set(Json::string(text)),
            given: String::new(),
        };
        let edits = Edits::check(values.iter().map(set).collect()).unwrap();
        let ours = plan(Customer::parse(base).unwrap(), &edits, false).unwrap();
        let theirs = Customer::parse(theirs).unwrap();
        assert!(matches!(merge(&ours, &theirs).unwrap(), Merge::Conflicts(_)));
        let plan = settle(&ours, &theirs, |_| keeps_ours).unwrap();
        (plan.after.text().to_string(), plan.consent.len())
    }

    #[test]
    fn a_conflict_is_settled_for_either_side_and_for_that_value_only() {
        let theirs = BASE.replace("Jon", "Jim").replace("\"b\"", "\"B\"").replace("Active", "Hold");
        let values = [("firstName", "John"), ("lastName", "Y"), ("status", "Draft")];
        let ours = theirs.replace("\"X\"", "\"Y\"");
        assert_eq!(settled(&theirs, &values, false), (ours.clone(), 0));
        let kept = ours.replace("Jim", "John").replace("Hold", "Draft");
        assert_eq!(settled(&theirs, &values, true), (kept, 1));
    }

    #[test]
    fn an_object_that_both_sides_made_keeps_what_theirs_has_in_it() {
        let made = BASE.replace("\"suffix\"", r#""customerAcquisition":{"id":7,"medium":"ad"},"suffix""#);
        let values = [("customerAcquisition.source", "web")];
        assert_eq!(settled(&made, &values, false).0, made);
        let kept = made.replace("\"ad\"", r#""ad","source":"web""#);
        assert_eq!(settled(&made, &values, true).0, kept);
        let null = BASE.replace("\"suffix\"", r#""customerAcquisition":null,"suffix""#);
        assert_eq!(settled_from(&null, &made, &values, true).0, kept);
        let reference = [("customerReference.reference1", "z")];
        assert_eq!(
            settled(&BASE.replace("\"a\"", "\"A\""), &reference, true).0,
            BASE.replace("\"a\"", "\"z\"")
        );
    }

    #[test]
    fn an_object_that_went_away_conflicts_with_a_value_inside_it() {
        let gone = BASE.replace(r#"{"reference1":"a","reference2":"b"}"#, "null");
        assert_eq!(merged(&gone).unwrap_err(), ["customerReference.reference1"]);
    }

    #[test]
    fn what_was_warned_of_is_still_said_of_what_is_settled() {
        let edits = Edits::check(vec![Edit {
            path: Path::root("companyName"),
            action: Action::Set(Json::string(&"x".repeat(51))),
            given: String::new(),
        }]);
        let ours = plan(Customer::parse(BASE).unwrap(), &edits.unwrap(), true).unwrap();
        let theirs = Customer::parse(BASE.replace("Jon", "Jim")).unwrap();
        assert_eq!(settle(&ours, &theirs, |_| true).unwrap().warnings.len(), 1);
    }
}
