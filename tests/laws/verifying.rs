//! A write holds when what was asked for is stored and everything else is as it was.

use fusebill::document::verify::{Difference, verify};
use fusebill::document::{Customer, Edits, Json, Path, Plan, plan};
use fusebill::field::{CODES_PATH, READ_ONLY};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::edits::Expected;
use crate::generate::{Case, Oddity, case, path_of, value};
use crate::law;
use crate::spelling::{Number, Value, respell, units};

/// The customer that is stored, in a spelling of the server's own.
fn stored(value: &Value, seed: u64) -> Customer {
    Customer::parse(respell(value, seed)).expect("a stored customer is one")
}

fn differences(plan: &Plan, stored: &Value, seed: u64) -> Vec<Difference> {
    let verdict = verify(plan, &self::stored(stored, seed));
    assert_eq!(verdict.holds(), verdict.differences.is_empty());
    verdict.differences
}

/// The paths of all members that are no objects and whose names have a text.
fn leaves(value: &Value) -> Vec<Vec<String>> {
    let Value::Object(members) = value else { return Vec::new() };
    let below = |(name, value): &(Vec<u16>, Value)| {
        let Ok(name) = String::from_utf16(name) else { return Vec::new() };
        match value {
            Value::Object(_) => {
                leaves(value).into_iter().map(|rest| [vec![name.clone()], rest].concat()).collect()
            }
            _ => vec![vec![name]],
        }
    };
    members.iter().flat_map(below).collect()
}

/// The members whose loss counts: the id is not among them, because another id is another customer.
fn watched(value: &Value) -> Vec<Vec<String>> {
    let derived = |path: &Path| READ_ONLY.iter().any(|fixed| fixed.derived && Path::of(fixed.path) == *path);
    leaves(value).into_iter().filter(|names| names[..] != ["id"] && !derived(&path_of(names))).collect()
}

/// What a server might make of a value, never the value itself.
fn altered(path: &[String], old: &Value, at: Index) -> Option<Value> {
    let status = path == ["status"];
    match (old, at.index(4)) {
        (Value::Text(text), 0) if text.len() > 1 => Some(Value::Text(text[..text.len() - 1].to_vec())),
        (Value::Number(number), 0) => {
            Some(Value::Number(Number::new(number.negative, &format!("{}1", number.digits), number.exponent)))
        }
        (Value::Array(elements), 0) if !elements.is_empty() => Some(Value::Array(elements[1..].to_vec())),
        (Value::Array(elements), 1) if path_of(path) == Path::of(CODES_PATH) && !elements.is_empty() => {
            Some(Value::Array(without_its_code(elements)))
        }
        (Value::Bool(yes), _) => Some(Value::Bool(!yes)),
        (Value::Null, _) => Some(Value::text("≠")),
        (_, 1) if !status => None,
        (_, 2) if !status => Some(Value::Null),
        _ => Some(Value::text("≠≠")),
    }
}

fn without_its_code(elements: &[Value]) -> Vec<Value> {
    let mut elements = elements.to_vec();
    elements[0].remove(&["code".to_string()]);
    elements
}

/// Whether a change of this path, or of what is around or inside it, was asked for.
fn is_asked(plan: &Plan, path: &Path) -> bool {
    plan.changes.iter().any(|change| change.path.covers(path) || path.covers(&change.path))
}

/// Members that the customer which was read did not have, put in wherever there is an object.
fn with_more(value: &mut Value, extra: &Value) {
    let Value::Object(members) = value else { return };
    members.iter_mut().for_each(|(_, inside)| with_more(inside, extra));
    members.push((units("zadded"), extra.clone()));
}

fn after(case: &Case) -> Value {
    Expected::of(case).after()
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn a_sent_value_holds_in_every_spelling(case in case(Oddity::Wild), seed in any::<u64>()) {
        let plan = case.plan();
        prop_assert!(verify(&plan, &plan.after).holds());
        let differences = differences(&plan, &after(&case), seed);
        prop_assert!(differences.is_empty(), "{:?}", differences);
    }

    #[test]
    fn one_altered_value_is_the_only_difference(
        case in case(Oddity::Wild), which in any::<Index>(), how in any::<Index>(), seed in any::<u64>(),
    ) {
        let plan = case.plan();
        let mut stored = after(&case);
        let paths = watched(&stored);
        let path = which.get(&paths);
        let old = stored.at(path).cloned().unwrap();
        match altered(path, &old, how) {
            Some(new) => stored.put(path, new),
            None => stored.remove(path),
        }
        let differences = differences(&plan, &stored, seed);
        prop_assert_eq!(differences.len(), 1, "{:?} {:?}", path, differences);
        prop_assert_eq!(differences[0].path.names(), path);
        prop_assert_eq!(differences[0].asked, is_asked(&plan, &path_of(path)));
    }

    #[test]
    fn a_write_without_effect_names_every_requested_change(case in case(Oddity::Wild), seed in any::<u64>()) {
        let plan = case.plan();
        let differences = differences(&plan, &case.document.value, seed);
        let nothing = |value: &Option<Json>| value.as_ref().is_none_or(|json| json.root().is_null());
        let counted = plan.changes.iter().filter(|change| !(nothing(&change.before) && nothing(&change.after)));
        let mut expected: Vec<&Path> = counted.map(|change| &change.path).collect();
        let mut named: Vec<&Path> = differences.iter().map(|difference| &difference.path).collect();
        expected.sort();
        named.sort();
        prop_assert_eq!(named, expected);
        prop_assert!(differences.iter().all(|difference| difference.asked));
    }

    #[test]
    fn derived_added_and_omitted_null_values_are_no_difference(
        case in case(Oddity::Wild), extra in value(Oddity::Tame), seed in any::<u64>(),
    ) {
        let plan = case.plan();
        let mut stored = after(&case);
        prop_assume!(stored.depth() < fusebill::document::json::MAX_DEPTH - 4);
        for fixed in READ_ONLY.iter().filter(|fixed| fixed.derived) {
            stored.put(&[fixed.path.to_string()], extra.clone());
        }
        for path in leaves(&stored) {
            if stored.at(&path) == Some(&Value::Null) {
                stored.remove(&path);
            }
        }
        with_more(&mut stored, &extra);
        let differences = differences(&plan, &stored, seed);
        prop_assert!(differences.is_empty(), "{:?}", differences);
    }

    #[test]
    fn a_text_stored_as_the_number_it_spells_holds(digits in "[1-9][0-9]{0,20}") {
        let text = format!("\"{digits}\"");
        let plan = plan::plan(customer_with_phone(&text), &Edits::default(), false).unwrap();
        prop_assert!(verify(&plan, &customer_with_phone(&digits)).holds());
        for other in [format!("{digits}1"), format!("{digits}.0"), format!("-{digits}"), format!("\"0{digits}\"")] {
            prop_assert!(!verify(&plan, &customer_with_phone(&other)).holds(), "{}", other);
        }
    }
}

fn customer_with_phone(token: &str) -> Customer {
    let text = format!(r#"{{"id":7,"status":"Active","primaryPhone":{token}}}"#);
    Customer::parse(text).expect("a customer")
}
