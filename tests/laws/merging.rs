//! Three-way merge: what both sides did is done, once, and nothing is overwritten in silence.

use fusebill::document::diff::diff;
use fusebill::document::merge::{Merge, merge};
use fusebill::document::plan::rewrite;
use fusebill::document::{Change, Customer, Json, Plan};
use proptest::prelude::*;

use crate::generate::{Oddity, case};
use crate::law;

/// The plan that makes these replacements and no other.
fn part(before: &Customer, replaced: &[Change]) -> Plan {
    let values = replaced.iter().map(|change| (change.path.clone(), change.after.clone()));
    rewrite(before.clone(), values.collect()).expect("a part of a plan is a plan")
}

fn merged(ours: &Plan, theirs: &Customer) -> (Plan, Vec<Change>) {
    match merge(ours, theirs).expect("the objects are still there") {
        Merge::Merged { plan, carried } => (*plan, carried),
        Merge::Conflicts(conflicts) => panic!("{conflicts:?}"),
    }
}

proptest! {
    #![proptest_config(law(2000))]

    #[test]
    fn a_merge_with_an_unchanged_customer_is_the_plan_itself(case in case(Oddity::Wild)) {
        let plan = case.plan();
        let (same, carried) = merged(&plan, &plan.before);
        prop_assert!(carried.is_empty());
        prop_assert!(diff(same.after.root(), plan.after.root()).is_empty());
    }

    #[test]
    fn a_merge_with_the_same_change_changes_nothing(case in case(Oddity::Wild)) {
        let plan = case.plan();
        let (nothing, carried) = merged(&plan, &plan.after);
        prop_assert!(nothing.is_empty() && carried.is_empty());
        prop_assert_eq!(nothing.after.text(), plan.after.text());
    }

    #[test]
    fn two_halves_give_the_whole_whichever_comes_first(case in case(Oddity::Wild), at in 0usize..8) {
        // What both sides had to make an object for is one value, and theirs alone.
        let replaced: Vec<Change> =
            case.plan().replaced.into_iter().filter(|change| change.before.is_some()).collect();
        let whole = part(&case.plan().before, &replaced);
        let (one, other) = replaced.split_at(at.min(replaced.len()));
        let (one, other) = (part(&whole.before, one), part(&whole.before, other));
        let (first, carried) = merged(&one, &other.after);
        let (second, _) = merged(&other, &one.after);
        prop_assert!(diff(first.after.root(), whole.after.root()).is_empty());
        prop_assert!(diff(second.after.root(), whole.after.root()).is_empty());
        prop_assert!(carried.iter().all(|kept| other.changes.iter().any(|change| change.path == kept.path)));
    }

    #[test]
    fn another_value_on_the_other_side_is_a_conflict_that_names_all_three(case in case(Oddity::Wild)) {
        let ours = case.plan();
        let third = Json::parse("[\"neither of the two\"]").unwrap();
        for change in &ours.replaced {
            let Ok(theirs) = rewrite(ours.before.clone(), vec![(change.path.clone(), Some(third.clone()))]) else {
                continue;
            };
            if theirs.after.get(&change.path).is_none_or(|there| there.raw() != third.text()) {
                continue;
            }
            let Merge::Conflicts(conflicts) = merge(&ours, &theirs.after).unwrap() else {
                panic!("{} was overwritten", change.path)
            };
            let found = conflicts.iter().find(|conflict| conflict.path == change.path);
            prop_assert_eq!(found.and_then(|found| found.theirs.as_ref()).map(Json::text), Some(third.text()));
        }
    }
}
