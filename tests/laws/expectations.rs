//! `--expect`: a value meets its own expectation and no other's.

use fusebill::document::expect::{Expectation, unmet};
use fusebill::document::{Customer, Path};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::comparison::change;
use crate::generate::{Oddity, document, message, path_of, value};
use crate::law;
use crate::spelling::{Value, respell, spell};

fn holds(customer: &Customer, path: &Path, value: &str) -> bool {
    let expectation = Expectation { path: path.clone(), value: value.to_string() };
    let unmet = unmet(customer, &[expectation]).expect("the path is there");
    assert!(unmet.iter().all(|unmet| unmet.starts_with(&format!("{path}: expected {value}, found "))));
    unmet.is_empty()
}

/// A customer with this value in a member that the table does not know, and where that is.
fn customer_with(value: &Value, seed: u64) -> (Customer, Path) {
    let text = spell(value, seed).text;
    let customer = Customer::parse(format!(r#"{{"id":7,"status":"Active","x": {{"it":{text}}} }}"#));
    (customer.expect("a customer"), Path::parse("x.it").expect("a path"))
}

/// How a person types a value: text as it is, anything else and what is no text as JSON.
fn typed(value: &Value, seed: u64) -> String {
    match value {
        Value::Text(text) if String::from_utf16_lossy(text) != "null" => {
            String::from_utf16(text).unwrap_or_else(|_| respell(value, seed))
        }
        other => respell(other, seed),
    }
}

/// What is typed, and what it means: text always means itself, and its JSON where it was spelled as such.
fn typed_and_meant() -> impl Strategy<Value = (String, Vec<Value>)> {
    let of_value = (value(Oddity::Wild), any::<u64>()).prop_map(|(value, seed)| {
        let json = respell(&value, seed);
        let text = Value::text(&json);
        (json, vec![value, text])
    });
    // A text that is no JSON, because JSON has no plus sign in front.
    let of_text = message().prop_map(|text| (format!("+{text}"), vec![Value::text(&format!("+{text}"))]));
    prop_oneof![of_value, of_text]
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn every_value_of_a_customer_meets_its_own_expectation(document in document(Oddity::Wild), seed in any::<u64>()) {
        let customer = document.parsed();
        for names in document.paths(|path, _| !path.is_empty()) {
            // A number is typed as its token: in a text field it is compared digit by digit.
            let typed = match document.value.at(&names) {
                Some(Value::Number(_)) => document.spelled.raw(&names).unwrap().to_string(),
                other => typed(other.unwrap(), seed),
            };
            prop_assert!(holds(&customer, &path_of(&names), &typed), "{:?} {}", names, typed);
        }
    }

    #[test]
    fn an_expectation_is_met_by_its_own_value_and_no_other(
        (typed, meant) in typed_and_meant(), other in value(Oddity::Wild), at in any::<Index>(), seed in any::<u64>(),
    ) {
        let mut near = at.get(&meant).clone();
        change(&mut near, at);
        for found in meant.iter().chain([&near, &other]) {
            let null_as_text = typed == "null" && *found == Value::text("null");
            let expected = meant.iter().any(|meant| meant.means(found)) && !null_as_text;
            let (customer, path) = customer_with(found, seed);
            prop_assert_eq!(holds(&customer, &path, &typed), expected, "{} {:?}", typed, found);
        }
    }
}
