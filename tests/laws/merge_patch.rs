//! A merge patch does what RFC 7396 says, where the tool takes it.

use fusebill::document::edit::{EditError, EditProblem};
use fusebill::document::plan::{Plan, plan};
use fusebill::document::{Customer, Edits, patch};
use proptest::prelude::*;
use serde_json::{Value as Read, json as read};

use crate::generate::{Case, Oddity, case, json};
use crate::law;
use crate::spelling::{Value, respell};

fn patched(customer: Customer, patch: &str) -> Result<Plan, EditError> {
    let edits = Edits::check(patch::edits(&json(patch), "--patch").expect("the patch is an object"))?;
    plan(customer, &edits, true)
}

/// RFC 7396 section 2, word for word.
fn merge(target: Read, patch: &Read) -> Read {
    let Read::Object(patch) = patch else { return patch.clone() };
    let mut target = if let Read::Object(members) = target { members } else { serde_json::Map::new() };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            let old = target.remove(name).unwrap_or(Read::Null);
            target.insert(name.clone(), merge(old, value));
        }
    }
    Read::Object(target)
}

/// The document without members that are null and objects that hold nothing else: "removed" and null are one to the
/// API, and a patch that only removes creates no object around what it removes.
fn bare(value: Read) -> Read {
    let Read::Object(members) = value else { return value };
    let kept = members.into_iter().map(|(name, value)| (name, bare(value)));
    Read::Object(kept.filter(|(_, value)| !value.is_null() && *value != read!({})).collect())
}

/// Whether the patch would make an object of something else than null, which the tool is stricter about.
fn tramples(target: &Read, patch: &Read) -> bool {
    match (target, patch) {
        (Read::Object(target), Read::Object(patch)) => {
            patch.iter().any(|(name, value)| target.get(name).is_some_and(|old| tramples(old, value)))
        }
        (old, Read::Object(_)) => !old.is_null(),
        _ => false,
    }
}

/// What a case asks for, as one patch.
fn patch_of(case: &Case) -> Value {
    let mut patch = Value::Object(Vec::new());
    case.asked.iter().for_each(|asked| patch.put(&asked.path, asked.value.clone()));
    patch
}

fn parsed(text: &str) -> Read {
    serde_json::from_str(text).expect("a tame document")
}

/// Numbers by value: an edit to `1.0` leaves a `1` as it is.
fn alike(a: &Read, b: &Read) -> bool {
    match (a, b) {
        (Read::Number(a), Read::Number(b)) => a.as_f64() == b.as_f64(),
        (Read::Array(a), Read::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Read::Object(a), Read::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        _ => a == b,
    }
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn a_merge_patch_gives_the_result_of_the_rfc(case in case(Oddity::Tame), seed in any::<u64>()) {
        // Fields have leniencies of their own (a phone stored as a number, the vendor's codes); see `edits`.
        let case = Case { asked: case.asked.into_iter().filter(|asked| !asked.is_field()).collect(), ..case };
        let patch = respell(&patch_of(&case), seed);
        let (target, read_patch) = (parsed(&case.document.spelled.text), parsed(&patch));
        match patched(case.document.parsed(), &patch) {
            Ok(plan) => {
                prop_assert!(!tramples(&target, &read_patch));
                let (got, expected) = (bare(parsed(plan.after.text())), bare(merge(target, &read_patch)));
                prop_assert!(alike(&got, &expected), "{}\n{}\n{}", patch, got, expected);
            }
            Err(EditError { problem: EditProblem::NoMembers(_), .. }) => prop_assert!(tramples(&target, &read_patch), "{}", patch),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_merge_patch_asks_for_the_same_as_flags_do(case in case(Oddity::Wild), seed in any::<u64>()) {
        let scalar = |value: &Value| !matches!(value, Value::Object(_));
        let case = Case { asked: case.asked.into_iter().filter(|asked| scalar(&asked.value)).collect(), ..case };
        let patch = respell(&patch_of(&case), seed);
        let by_patch = patched(case.document.parsed(), &patch).unwrap();
        let difference = fusebill::document::diff::diff(case.plan().after.root(), by_patch.after.root());
        prop_assert!(difference.is_empty(), "{:?}", difference);
    }
}

/// A customer with these members as well, from JSON; and the members of one without what every customer has.
fn customer_with(members: &Read) -> Customer {
    let mut all = read!({"id": 7, "status": "Active"});
    all.as_object_mut().expect("an object").extend(members.as_object().expect("members").clone());
    Customer::parse(all.to_string()).expect("a customer")
}

fn members_of(customer: &Customer) -> Read {
    let mut read = parsed(customer.text());
    let members = read.as_object_mut().expect("an object");
    ["id", "status"].iter().for_each(|name| drop(members.remove(*name)));
    read
}

#[test]
fn the_test_cases_of_the_rfc_hold_with_removed_read_as_null() {
    for (target, patch, result) in [
        (read!({"a":"b"}), read!({"a":"c"}), read!({"a":"c"})),
        (read!({"a":"b"}), read!({"b":"c"}), read!({"a":"b","b":"c"})),
        (read!({"a":"b"}), read!({"a":null}), read!({"a":null})),
        (read!({"a":"b","b":"c"}), read!({"a":null}), read!({"a":null,"b":"c"})),
        (read!({"a":["b"]}), read!({"a":"c"}), read!({"a":"c"})),
        (read!({"a":"c"}), read!({"a":["b"]}), read!({"a":["b"]})),
        (read!({"a":{"b":"c"}}), read!({"a":{"b":"d","c":null}}), read!({"a":{"b":"d"}})),
        (read!({"a":[{"b":"c"}]}), read!({"a":[1]}), read!({"a":[1]})),
        (read!({"e":null}), read!({"a":1}), read!({"e":null,"a":1})),
    ] {
        let plan = patched(customer_with(&target), &patch.to_string()).unwrap();
        assert_eq!(members_of(&plan.after), result, "{target} {patch}");
    }
}

#[test]
fn a_patch_that_only_removes_creates_no_object() {
    // The RFC's last case gives {"a":{"bb":{}}}.
    let plan = patched(customer_with(&read!({})), r#"{"a":{"bb":{"ccc":null}}}"#).unwrap();
    assert!(plan.is_empty());
    let plan = patched(customer_with(&read!({"n": null})), r#"{"a":{"bb":{}},"n":{}}"#).unwrap();
    assert_eq!(members_of(&plan.after), read!({"a":{"bb":{}},"n":{}}));
}

#[test]
fn a_patch_that_the_rfc_would_let_replace_something_else_by_an_object_or_everything_is_refused() {
    for (target, patch) in [
        (read!({"a":[1,2]}), read!({"a":{"b":"c"}})),
        (read!({"a":"foo"}), read!({"a":{"b":"c"}})),
        (read!({"a":"foo"}), read!({"a":{}})),
    ] {
        let refused = patched(customer_with(&target), &patch.to_string());
        assert!(
            matches!(refused, Err(EditError { problem: EditProblem::NoMembers(_), .. })),
            "{target} {patch}"
        );
    }
    for patch in [r#"["c"]"#, "null", r#""bar""#, "1"] {
        assert!(patch::edits(&json(patch), "--patch").is_err(), "{patch}");
    }
}
