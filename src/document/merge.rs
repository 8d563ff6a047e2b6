//! Three-way merge: what we change, put upon what others changed meanwhile.

use super::compare::same_or_absent;
use super::customer::{Customer, get};
use super::diff::Change;
use super::edit::EditError;
use super::json::{Json, View};
use super::path::Path;
use super::plan::{Plan, rewrite};
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
    let mut conflicts = Vec::new();
    let mut kept: Vec<(Path, Option<Json>)> = Vec::new();
    for change in &ours.replaced {
        let there = get(theirs.root(), &change.path);
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
    if !conflicts.is_empty() {
        return Ok(Merge::Conflicts(conflicts));
    }
    let plan = Plan {
        warnings: ours.warnings.clone(),
        consent: ours.consent.clone(),
        ..rewrite(theirs.clone(), kept)?
    };
    let both = |other: &Change| ours.replaced.iter().any(|change| overlap(&other.path, &change.path));
    let carried = meanwhile.into_iter().filter(|other| !both(other)).collect();
    Ok(Merge::Merged { plan: Box::new(plan), carried })
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

    #[test]
    fn an_object_that_went_away_conflicts_with_a_value_inside_it() {
        let gone = BASE.replace(r#"{"reference1":"a","reference2":"b"}"#, "null");
        assert_eq!(merged(&gone).unwrap_err(), ["customerReference.reference1"]);
    }
}
