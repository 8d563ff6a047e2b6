//! A merge patch on a customer. The input: a customer, a merge patch.
//!
//! Held: what is planned is what RFC 7396 makes of the two, member by member; changes stand where the patch has something
//! and nowhere else; the plan's own verification holds of it; it can be taken back to the very bytes; applied again it
//! changes nothing; and it is refused only for what the tool says it refuses.

#![no_main]

use fusebill::document::edit::{EditError, EditProblem};
use fusebill::document::plan::{Plan, plan, rewrite};
use fusebill::document::undo::{Undo, undo};
use fusebill::document::verify::verify;
use fusebill::document::{Customer, Edits, Json, patch};
use fusebill_fuzz::customers::{alike, bare, differing, merge_patch};
use fusebill_fuzz::{Plain, parts, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 2) else { return };
    let (Ok(customer), Ok(patch)) = (Customer::parse(parts[0]), Json::parse(parts[1])) else { return };
    let Ok(list) = patch::edits(&patch, "--patch") else { return };
    let before = plain::strict(parts[0]).expect("a customer is JSON");
    let patch = plain::strict(parts[1]).expect("the patch is JSON");
    let edits = match Edits::check(list) {
        Ok(edits) => edits,
        Err(error) => {
            return assert!(
                !matches!(error.problem, EditProblem::Twice(_) | EditProblem::Unknown(_)),
                "{error}"
            );
        }
    };
    match plan(customer.clone(), &edits, true) {
        Ok(plan) => {
            assert!(!tramples(&before, &patch), "a value gave way to an object");
            is_as_the_rfc_says(&plan, before, &patch);
            stands(&plan, &edits);
        }
        Err(EditError { problem: EditProblem::NoMembers(_), path, .. }) => {
            let inside_field = fusebill::field::at(&path.dotted()).is_some();
            assert!(tramples(&before, &patch) || inside_field, "{path} was refused");
        }
        Err(error) => {
            assert!(!matches!(error.problem, EditProblem::Twice(_) | EditProblem::Unknown(_)), "{error}")
        }
    }
});

fn is_as_the_rfc_says(plan: &Plan, before: Plain, patch: &Plain) {
    let after = plain::strict(plan.after.text()).expect("a plan is JSON");
    let asked = leaves(patch);
    for path in differing(&before, &after) {
        let is_asked = asked.iter().any(|asked| asked.starts_with(&path) || path.starts_with(asked));
        assert!(is_asked, "{path:?} changed and was not asked for");
    }
    for change in &plan.changes {
        let names = change.path.names();
        assert!(
            asked.iter().any(|asked| asked.starts_with(names) || names.starts_with(asked)),
            "{}",
            change.path
        );
    }
    let expected = merge_patch(before, patch);
    assert!(alike(&bare(&after), &bare(&expected)), "{} is not {}", after.spelled(), expected.spelled());
}

/// The paths of a patch that set something.
fn leaves(patch: &Plain) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut open = vec![(Vec::new(), patch)];
    while let Some((path, value)) = open.pop() {
        match value {
            Plain::Object(members) if !members.is_empty() => {
                let inside = |name: &Vec<u16>| [path.clone(), vec![String::from_utf16_lossy(name)]].concat();
                open.extend(members.iter().map(|(name, value)| (inside(name), value)));
            }
            _ => paths.push(path),
        }
    }
    paths
}

/// Whether the patch would make an object of a value, which the tool refuses.
fn tramples(target: &Plain, patch: &Plain) -> bool {
    match (target, patch) {
        (Plain::Object(_), Plain::Object(members)) => {
            members.iter().any(|(name, value)| target.member(name).is_some_and(|old| tramples(old, value)))
        }
        (old, Plain::Object(_)) => *old != Plain::Null,
        _ => false,
    }
}

fn stands(plan: &Plan, edits: &Edits) {
    assert!(verify(plan, &plan.after).holds(), "the plan is not what it asks for");
    if plan.changes.is_empty() {
        assert_eq!(plan.after.text(), plan.before.text());
    }
    if let Some(again) = once_more(plan, edits) {
        assert_eq!(again.after.text(), plan.after.text(), "asking twice changes twice");
    }
    let old = plan.replaced.iter().map(|change| (change.path.clone(), change.before.clone()));
    let back = rewrite(plan.after.clone(), old.collect()).expect("what was there may return");
    assert_eq!(back.after.text(), plan.before.text(), "the old tokens do not restore the customer");
    match undo(plan, None, &plan.after).expect("a plan can be taken back") {
        Undo::Restored(back) => assert_eq!(back.after.text(), plan.before.text()),
        Undo::Moved(conflicts) => panic!("{conflicts:?}"),
    }
    for change in &plan.changes {
        let side = |json: &Option<Json>| json.as_ref().and_then(|json| plain::strict(json.text()));
        let (old, new) = (side(&change.before), side(&change.after));
        assert!(old.is_none() != new.is_none() || !same_exactly(&old, &new), "{} is no change", change.path);
    }
}

fn same_exactly(one: &Option<Plain>, other: &Option<Plain>) -> bool {
    one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one.means(other))
}

/// None where the patch itself put a name beside another that differs by case alone, which is not guessed at then.
fn once_more(done: &Plan, edits: &Edits) -> Option<Plan> {
    match plan(done.after.clone(), edits, true) {
        Err(EditError { problem: EditProblem::OtherCase(_), .. }) => None,
        again => Some(again.expect("what was planned once can be planned again")),
    }
}
