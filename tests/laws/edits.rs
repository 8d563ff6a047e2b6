//! What a plan changes, and that it changes nothing else.

use std::collections::BTreeMap;

use fusebill::document::compare::same;
use fusebill::document::diff::diff;
use fusebill::document::plan::plan;
use fusebill::document::undo::{Undo, undo};
use fusebill::document::{Json, Plan, View};
use fusebill::field::{self, CODES_PATH};
use proptest::prelude::*;

use crate::generate::{Asked, Case, Oddity, case, json, shown};
use crate::law;
use crate::spelling::{Text, Value, spell, units};

/// What the edits of a case come to, worked out from what the customer means and where its values were written.
pub(crate) struct Expected<'a> {
    case: &'a Case,
    /// The edits that ask for another value than the one that is there.
    effective: Vec<&'a Asked>,
}

impl<'a> Expected<'a> {
    pub(crate) fn of(case: &'a Case) -> Expected<'a> {
        Expected { case, effective: case.asked.iter().filter(|asked| !is_there(case, asked)).collect() }
    }

    /// What the customer means afterwards.
    pub(crate) fn after(&self) -> Value {
        let mut after = self.case.document.value.clone();
        self.effective.iter().for_each(|asked| after.put(&asked.path, asked.value.clone()));
        after
    }

    /// The text before with the written values in the places of the old ones, new members last in their object.
    fn text(&self) -> String {
        let mut pieces: BTreeMap<(usize, usize), String> = BTreeMap::new();
        for (base, members) in self.by_base() {
            let place = self.case.document.spelled.place(&base).expect("the base is there");
            let is_object = matches!(self.case.document.value.at(&base), Some(Value::Object(_)));
            let (span, new) = match members.as_slice() {
                [([], written)] => (place.span.clone(), (*written).to_string()),
                _ if !is_object => (place.span.clone(), format!("{{{}}}", written_members(&members))),
                _ => match place.last {
                    Some(last) => (last..last, format!(",{}", written_members(&members))),
                    None => (place.span.start + 1..place.span.start + 1, written_members(&members)),
                },
            };
            pieces.insert((span.start, span.end), new);
        }
        let mut text = self.case.document.spelled.text.clone();
        for ((start, end), new) in pieces.into_iter().rev() {
            text.replace_range(start..end, &new);
        }
        text
    }

    /// The edits by the deepest value on their way that is there, with what is left of the way.
    fn by_base(&self) -> BTreeMap<Vec<String>, Vec<(&'a [String], &'a str)>> {
        let mut bases: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for asked in &self.effective {
            let there = |&length: &usize| self.case.document.value.at(&asked.path[..length]).is_some();
            let length = (0..=asked.path.len()).rev().find(there).unwrap_or(0);
            let (base, rest) = asked.path.split_at(length);
            bases.entry(base.to_vec()).or_default().push((rest, asked.written.as_str()));
        }
        bases
    }
}

/// `"name":value` for each first name in the order of asking, deeper ones gathered into objects.
fn written_members(members: &[(&[String], &str)]) -> String {
    let mut names: Vec<&String> = Vec::new();
    members.iter().filter_map(|(rest, _)| rest.first()).for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    let member = |name: &&String| {
        let inside: Vec<_> =
            members.iter().filter(|(rest, _)| rest[0] == **name).map(|(rest, w)| (&rest[1..], *w)).collect();
        let value = match inside.as_slice() {
            [([], written)] => (*written).to_string(),
            inside => format!("{{{}}}", written_members(inside)),
        };
        format!("{}:{value}", serde_json::to_string(name).expect("a name is JSON"))
    };
    names.iter().map(member).collect::<Vec<_>>().join(",")
}

/// Whether the customer already has what is asked for.
fn is_there(case: &Case, asked: &Asked) -> bool {
    let dotted = asked.path.join(".");
    let is_text = asked.path.len() < 3 && field::at(&dotted).is_some_and(field::Field::is_text);
    match (case.document.value.at(&asked.path), &asked.value) {
        (None | Some(Value::Null), Value::Null) => true,
        (None | Some(Value::Null), Value::Array(new)) => dotted == CODES_PATH && new.is_empty(),
        (Some(Value::Number(_)), Value::Text(new)) if is_text => {
            case.document.spelled.raw(&asked.path).is_some_and(|raw| units(raw) == *new)
        }
        (Some(Value::Array(old)), Value::Array(new)) if dotted == CODES_PATH => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same_code(old, new))
        }
        (old, new) => old.is_some_and(|old| old.means(new)),
    }
}

/// Whether two sales-tracking codes agree in what both say.
fn same_code(old: &Value, new: &Value) -> bool {
    let Value::Object(members) = old else { return false };
    // Every generated code has both `type` and `code`.
    members.iter().all(|(key, value)| new.member(key).is_none_or(|new| value.means(new)))
}

type Differences = Vec<(Vec<Text>, Option<Value>, Option<Value>)>;

/// Every member that differs, objects walked and arrays taken whole, in the order of `before`, then of `after`.
fn differences(at: &[Text], before: &Value, after: &Value, found: &mut Differences) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return };
    for (key, old) in old {
        let path = [at, std::slice::from_ref(key)].concat();
        match (old, after.member(key)) {
            (Value::Object(_), Some(new @ Value::Object(_))) => differences(&path, old, new, found),
            (old, Some(new)) if old.means(new) => {}
            (old, new) => found.push((path, Some(old.clone()), new.cloned())),
        }
    }
    for (key, new) in new.iter().filter(|(key, _)| before.member(key).is_none()) {
        found.push(([at, std::slice::from_ref(key)].concat(), None, Some(new.clone())));
    }
}

fn means(found: Option<&Json>, value: Option<&Value>) -> bool {
    match (found, value) {
        (Some(found), Some(value)) => same(found.root(), json(&spell(value, 7).text).root()),
        (found, value) => found.is_none() && value.is_none(),
    }
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn every_byte_outside_the_edited_values_stays(case in case(Oddity::Wild)) {
        let plan = case.plan();
        prop_assert_eq!(plan.before.text(), &case.document.spelled.text);
        prop_assert_eq!(plan.after.text(), Expected::of(&case).text());
    }

    #[test]
    fn a_plan_changes_the_requested_values_and_nothing_else(case in case(Oddity::Wild)) {
        let plan = case.plan();
        let mut expected = Vec::new();
        differences(&[], &case.document.value, &Expected::of(&case).after(), &mut expected);
        let again = diff(plan.before.root(), plan.after.root());
        for changes in [&plan.changes, &again] {
            prop_assert_eq!(changes.len(), expected.len(), "{:?} {:?}", changes, expected);
            for (change, (path, before, after)) in changes.iter().zip(&expected) {
                let path: Vec<String> = path.iter().map(shown).collect();
                prop_assert_eq!(change.path.names(), path);
                prop_assert!(means(change.before.as_ref(), before.as_ref()), "{:?}", change);
                prop_assert!(means(change.after.as_ref(), after.as_ref()), "{:?}", change);
            }
        }
        prop_assert_eq!(plan.is_empty(), plan.before.text() == plan.after.text());
    }

    #[test]
    fn planning_the_same_edits_again_changes_nothing(case in case(Oddity::Wild)) {
        let after = case.plan().after;
        let again = plan(after.clone(), &case.edits(), true).unwrap();
        prop_assert!(again.is_empty(), "{:?}", again.changes);
        prop_assert_eq!(again.after.text(), after.text());
    }

    #[test]
    fn serde_json_reads_the_new_values_and_the_rest_unchanged(case in case(Oddity::Tame)) {
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let mut expected = read(&case.document.spelled.text);
        for asked in Expected::of(&case).effective {
            *at_names(&mut expected, &asked.path) = read(&asked.written);
        }
        prop_assert_eq!(read(case.plan().after.text()), expected);
    }
}

/// The value at a path; whatever is no object on the way becomes one.
fn at_names<'a>(value: &'a mut serde_json::Value, path: &[String]) -> &'a mut serde_json::Value {
    path.iter().fold(value, |value, name| {
        if !value.is_object() {
            *value = serde_json::Value::Object(serde_json::Map::new());
        }
        &mut value[name.as_str()]
    })
}

/// Lone surrogates have no text, so no path leads to a key that has one.
fn can_be_named(plan: &Plan) -> bool {
    plan.replaced.iter().all(|change| {
        let found = [&plan.before, &plan.after].map(|customer| customer.get(&change.path).map(View::raw));
        found == [&change.before, &change.after].map(|value| value.as_ref().map(|json| json.text().trim()))
    })
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn undoing_gives_back_the_document_byte_for_byte(case in case(Oddity::Wild)) {
        let done = case.plan();
        prop_assert!(can_be_named(&done));
        let Undo::Restored(undone) = undo(&done, None, &done.after).unwrap() else { panic!("nothing moved") };
        prop_assert_eq!(undone.after.text(), done.before.text());
        let Undo::Restored(redone) = undo(&undone, None, &undone.after).unwrap() else { panic!("nothing moved") };
        prop_assert!(diff(done.after.root(), redone.after.root()).is_empty());
        let Undo::Restored(nothing) = undo(&done, None, &done.before).unwrap() else { panic!("nothing moved") };
        prop_assert_eq!(nothing.after.text(), done.before.text());
    }
}
