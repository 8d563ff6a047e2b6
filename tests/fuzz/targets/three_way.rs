//! Our change upon what others changed meanwhile. The input: a customer, our merge patch, theirs, and a digit whose bits
//! resolve conflicts.
//!
//! Held: the merged customer is theirs with our values and nothing else; what is carried along is what they changed; a
//! conflict is told exactly where both changed the same value otherwise; with nobody else it is our plan, and with no
//! change of ours it is theirs; what is resolved for them keeps their bytes.

#![no_main]

use fusebill::document::merge::{Conflict, Merge, merge, resolve_conflicts};
use fusebill::document::plan::{Plan, plan};
use fusebill::document::{Customer, Edits, Json, Path, patch};
use fusebill::field::{self, CODES_PATH};
use fusebill_fuzz::customers::{alike, differing, merge_patch, same};
use fusebill_fuzz::{Plain, parts, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 3) else { return };
    let (Some(ours), Some((theirs, there))) = (ours(parts[0], parts[1]), theirs(parts[0], parts[2])) else {
        return;
    };
    let before = plain::strict(parts[0]).expect("a customer is JSON");
    let read = |json: &Option<Json>| json.as_ref().map(|json| plain::strict(json.text()).expect("JSON"));
    let mine: Vec<Mine> = ours
        .replaced
        .iter()
        .map(|change| Mine { path: change.path.names().to_vec(), after: read(&change.after) })
        .collect();
    let moved: Vec<Vec<String>> =
        differing(&before, &there).into_iter().filter(|path| !is_derived(path)).collect();
    let words = ["title", "status", "currency", "quickBooksLatchType", CODES_PATH];
    if words.iter().any(|path| respelled(path, &before, &there)) {
        return;
    }
    let touched = |mine: &Mine| moved.iter().any(|path| overlap(path, &mine.path));
    // A word in another case may be meant as the same, but which of the two is to stand is not for the merge to say.
    let is_word = |mine: &Mine| words[..4].contains(&mine.path.join(".").as_str());
    let agreed = |mine: &Mine| {
        let (theirs, ours) = (there.at(&mine.path), mine.after.as_ref());
        let to_the_letter = theirs.zip(ours).is_none_or(|(theirs, ours)| theirs.means(ours));
        same(&mine.path, theirs, ours) && (to_the_letter || !is_word(mine))
    };
    let expected: Vec<&Mine> = mine.iter().filter(|mine| touched(mine) && !agreed(mine)).collect();
    let mut whole = there.clone();
    for one in mine.iter().filter(|mine| !touched(mine)) {
        whole.put(&one.path, one.after.clone().unwrap_or(Plain::Null));
    }
    match merge(&ours, &theirs) {
        Ok(Merge::Merged { plan, carried }) => {
            assert!(expected.is_empty(), "{} was overwritten", expected[0].path.join("/"));
            let after = plain::strict(plan.after.text()).expect("JSON");
            assert!(alike(&after, &whole), "{} is not {}", after.spelled(), whole.spelled());
            assert_eq!(plan.before.text(), theirs.text());
            let mut carried: Vec<Vec<String>> =
                carried.iter().map(|change| change.path.names().to_vec()).collect();
            let mut kept: Vec<Vec<String>> = moved
                .iter()
                .filter(|path| !mine.iter().any(|mine| overlap(path, &mine.path)))
                .cloned()
                .collect();
            // Half of a surrogate pair in a name, which no path can spell, reads as this.
            let has_name = |path: &Vec<String>| !path.iter().any(|name| name.contains('\u{fffd}'));
            carried.retain(has_name);
            kept.retain(has_name);
            carried.retain(|path| {
                kept.iter().any(|kept| overlap(kept, path)) || panic!("{path:?} is not theirs")
            });
            kept.retain(|path| !carried.iter().any(|carried| overlap(carried, path)));
            assert!(kept.is_empty(), "{kept:?} was carried in silence");
            if ours.is_empty() {
                assert_eq!(plan.after.text(), theirs.text());
            }
        }
        Ok(Merge::Conflicts(conflicts)) => {
            assert!(!conflicts.is_empty());
            let told: Vec<&[String]> = conflicts.iter().map(|conflict| conflict.path.names()).collect();
            let expected: Vec<&[String]> = expected.iter().map(|mine| mine.path.as_slice()).collect();
            assert_eq!(told, expected, "conflicts");
            settled(
                &ours,
                &theirs,
                &conflicts,
                parts.get(3).and_then(|bits| bits.trim().parse().ok()).unwrap_or(5),
            );
        }
        // Names that differ by case only, one on either side.
        Err(error) => assert!(Customer::parse(whole.spelled()).is_err(), "{error}"),
    }
    nobody_else(&ours);
});

/// Whether a word is another one by its case only, or no codes are null: that may be asked for either way and is one, but
/// in what the API stores it is a change.
fn respelled(path: &str, before: &Plain, there: &Plain) -> bool {
    let path: Vec<String> = path.split('.').map(str::to_string).collect();
    let (old, new) = (before.at(&path), there.at(&path));
    let lists = matches!((old, new), (Some(Plain::Array(_)), Some(Plain::Array(_))));
    !lists && old != new && same(&path, old, new)
}

/// A value that we set.
struct Mine {
    path: Vec<String>,
    after: Option<Plain>,
}

fn ours(customer: &str, changes: &str) -> Option<Plan> {
    let edits = patch::edits(&Json::parse(changes).ok()?, "--patch").ok()?;
    plan(Customer::parse(customer).ok()?, &Edits::check(edits).ok()?, true).ok()
}

/// Theirs may do what we may not: change what is read-only, and lay the customer out anew.
fn theirs(customer: &str, changes: &str) -> Option<(Customer, Plain)> {
    let there = merge_patch(plain::strict(customer)?, &plain::strict(changes)?);
    Some((Customer::parse(there.spelled()).ok()?, there))
}

fn is_derived(path: &[String]) -> bool {
    !path.iter().any(|name| name.contains('.'))
        && field::read_only(&path.join(".")).is_some_and(|fixed| fixed.derived)
}

fn overlap(one: &[String], other: &[String]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn settled(ours: &Plan, theirs: &Customer, conflicts: &[Conflict], bits: u64) {
    let place = |path: &Path| conflicts.iter().position(|conflict| conflict.path == *path);
    let keeps = |path: &Path| place(path).is_some_and(|place| bits >> (place % 64) & 1 == 1);
    let Ok(plan) = resolve_conflicts(ours, theirs, keeps) else { return };
    let raw = |customer: &Customer, path: &Path| customer.get(path).map(|view| view.raw().to_string());
    for conflict in conflicts {
        if !keeps(&conflict.path) {
            assert_eq!(raw(&plan.after, &conflict.path), raw(theirs, &conflict.path), "{}", conflict.path);
        }
    }
    for change in &plan.changes {
        let is_ours = ours.replaced.iter().any(|one| overlap(one.path.names(), change.path.names()));
        assert!(is_ours, "{} changed", change.path);
    }
}

fn nobody_else(ours: &Plan) {
    let merged = merge(ours, &ours.before).unwrap_or_else(|error| panic!("{error}"));
    let Merge::Merged { plan, carried } = merged else { panic!("a conflict with nobody") };
    assert!(carried.is_empty());
    // Several new members come in the order of their paths then.
    let read = |plan: &Plan| plain::strict(plan.after.text()).expect("JSON");
    assert!(read(&plan).means(&read(ours)), "alone it is not our plan");
    if ours.replaced.iter().filter(|change| change.before.is_none()).count() < 2 {
        assert_eq!(plan.after.text(), ours.after.text(), "alone it is not our plan");
    }
}
