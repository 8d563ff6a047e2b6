//! Sales-tracking codes: one type is edited, the others keep their bytes.

use std::borrow::Cow;

use fusebill::document::codes::edit;
use fusebill::document::plan::plan;
use fusebill::document::{Action, Customer, Edit, Edits, Json, Path, View};
use fusebill::field::{CODES_PATH, MOST_CODES};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{codes, json};
use crate::law;
use crate::spelling::spell;

fn edited(list: &Json, edits: &[(&str, Option<&str>)]) -> Result<Json, String> {
    edit(Some(list.root()), edits).map(|(list, _)| list)
}

fn elements(list: &Json) -> Vec<&str> {
    list.root().children().map(View::raw).collect()
}

fn kinds(list: &Json) -> Vec<String> {
    let kind = |element: View<'_>| element.member("type").and_then(View::as_text).map(Cow::into_owned);
    list.root().children().filter_map(kind).collect()
}

fn list(least: usize) -> impl Strategy<Value = Json> {
    (codes(least), any::<u64>()).prop_map(|(codes, seed)| json(&spell(&codes, seed).text))
}

fn customer(list: &Json) -> Customer {
    let list = list.text();
    Customer::parse(format!(
        r#"{{ "id":7, "customerReference" : {{"salesTrackingCodes": {list} ,"x":1 }},"status":"Active"}}"#
    ))
    .expect("a customer")
}

fn asked(actions: Vec<Action>) -> Edits {
    let edit = |action| Edit { path: Path::of(CODES_PATH), action, given: "--given".to_string() };
    Edits::check(actions.into_iter().map(edit).collect()).expect("codes may be edited")
}

fn set(kind: &str, code: &str) -> Action {
    Action::SetCode { kind: kind.to_string(), code: code.to_string() }
}

fn remove(kind: &str) -> Action {
    Action::RemoveCode { kind: kind.to_string() }
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn a_set_code_keeps_its_position_and_the_rest_keeps_its_bytes(list in list(1), at in any::<Index>(), code in "n[a-z\"\\\\é]{0,5}") {
        let kinds = kinds(&list);
        let at = at.index(kinds.len());
        let changed = edited(&list, &[(&kinds[at].to_ascii_uppercase(), Some(&code))]).unwrap();
        let (before, after) = (elements(&list), elements(&changed));
        prop_assert_eq!(after.len(), before.len());
        for other in (0..before.len()).filter(|&other| other != at) {
            prop_assert_eq!(after[other], before[other]);
        }
        let read: serde_json::Value = serde_json::from_str(after[at]).unwrap();
        prop_assert_eq!(read, serde_json::json!({ "type": kinds[at], "code": code }));
    }

    #[test]
    fn removing_a_code_keeps_the_bytes_of_the_rest(list in list(1), at in any::<Index>()) {
        let kinds = kinds(&list);
        let at = at.index(kinds.len());
        let changed = edited(&list, &[(&kinds[at], None)]).unwrap();
        let mut expected = elements(&list);
        expected.remove(at);
        prop_assert_eq!(elements(&changed), expected);
    }

    #[test]
    fn setting_a_new_type_and_removing_it_gives_the_list_back(list in list(0), code in "[a-z]{1,5}") {
        let before = elements(&list);
        let longer = edited(&list, &[("New one", Some(&code))]);
        prop_assert_eq!(longer.is_err(), before.len() == MOST_CODES);
        if let Ok(longer) = longer {
            prop_assert_eq!(&elements(&longer)[..before.len()], &before[..]);
            prop_assert_eq!(&kinds(&longer)[before.len()..], ["New one"]);
            let back = edited(&longer, &[("nEW ONE", None)]).unwrap();
            prop_assert_eq!(elements(&back), before);
        }
    }

    #[test]
    fn the_code_that_is_there_and_a_type_that_is_not_change_no_byte(list in list(0), at in any::<Index>()) {
        let customer = customer(&list);
        let mut actions = vec![remove("Nobody has this")];
        if let Some(element) = list.root().children().nth(at.index(MOST_CODES)) {
            let message = |name| element.member(name).and_then(View::as_text).unwrap();
            actions.push(set(&message("type"), &message("code")));
        }
        let same = plan(customer.clone(), &asked(actions), false).unwrap();
        prop_assert!(same.is_empty() && same.warnings.len() == 1);
        prop_assert_eq!(same.after.text(), customer.text());
    }

    #[test]
    fn edits_of_several_types_equal_the_same_edits_one_by_one(list in list(2), one in any::<Index>(), other in any::<Index>(), taken in any::<bool>()) {
        let kinds = kinds(&list);
        let first = one.index(kinds.len());
        let second = (first + 1 + other.index(kinds.len() - 1)) % kinds.len();
        let (one, other) = (&kinds[first], &kinds[second]);
        let second = if taken { remove(other) } else { set(other, "second") };
        let customer = customer(&list);
        let at_once = plan(customer.clone(), &asked(vec![set(one, "first"), second.clone()]), false).unwrap();
        let first = plan(customer, &asked(vec![set(one, "first")]), false).unwrap();
        let in_turn = plan(first.after, &asked(vec![second]), false).unwrap();
        prop_assert_eq!(at_once.after.text(), in_turn.after.text());
    }

    #[test]
    fn only_the_list_changes_in_the_customer(list in list(0), code in "n[a-z]{1,5}") {
        prop_assume!(elements(&list).len() < MOST_CODES);
        let before = customer(&list);
        let after = plan(before.clone(), &asked(vec![set("New one", &code)]), false).unwrap().after;
        let new = elements(&list).into_iter().map(str::to_string).chain([format!(r#"{{"type":"New one","code":"{code}"}}"#)]);
        let new = format!("[{}]", new.collect::<Vec<_>>().join(","));
        prop_assert_eq!(after.text(), before.text().replace(list.root().raw(), &new));
    }
}
