//! Preconditions: values that the document must hold before the edit.

use jiff::Timestamp;

use super::compare::{same, same_at};
use super::customer::Customer;
use super::edit::EditError;
use super::json::{Json, ValueKind, View};
use super::path::Path;
use super::plan::unknown;
use super::time::timestamp;
use crate::field;

pub(crate) const EXPECT: &str = "--expect";

/// `--expect PATH=VALUE`.
#[derive(Debug, Clone)]
pub struct Expectation {
    pub path: Path,
    /// The expected value, as it was typed.
    pub value: String,
}

/// An expected value is text, or JSON for other types: `null`, `true`, `12000749`. `null` never means the text "null";
/// `"null"`, with quotes, does. The result is a line for each value that is not the expected one.
pub fn unmet(customer: &Customer, expectations: &[Expectation]) -> Result<Vec<String>, EditError> {
    let null = Json::null();
    let mut unmet = Vec::new();
    for expectation in expectations {
        let found = match customer.get(&expectation.path) {
            Some(found) => found,
            None if field::at(&expectation.path.dotted()).is_some() => null.root(),
            None => return Err(unknown(customer, &expectation.path, EXPECT)),
        };
        if !expectation.holds(found) {
            let Expectation { path, value } = expectation;
            unmet.push(format!("{path}: expected {value}, found {}", found.raw()));
        }
    }
    Ok(unmet)
}

/// Checks the time of the customer's last change. The vendor spells the same moment in several forms, so moments compare.
pub(crate) fn unmet_moment(customer: &Customer, moment: Timestamp) -> Option<String> {
    let path = Path::of("modifiedTimestamp");
    let found = customer.get(&path);
    let there = found.and_then(View::as_text).and_then(|text| timestamp(&text));
    let found = found.map_or("nothing", View::raw);
    (there != Some(moment)).then(|| format!("{path}: expected {moment}, found {found}"))
}

impl Expectation {
    fn holds(&self, found: View<'_>) -> bool {
        let text = Json::string(&self.value);
        let message = found.kind() == ValueKind::String && self.value != "null" && same(found, text.root());
        let json = Json::parse(self.value.as_str());
        message || json.is_ok_and(|json| same_at(&self.path, found, json.root()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(path: &str, value: &str) -> bool {
        let text = r#"{"id":7,"status":"Active","a":"null","n":null,"t":"x \u00e9","f":2.50,"primaryPhone":555,"s":"7"}"#;
        let expectation = Expectation { path: Path::parse(path).unwrap(), value: value.to_string() };
        unmet(&Customer::parse(text).unwrap(), &[expectation]).unwrap().is_empty()
    }

    #[test]
    fn text_is_expected_as_text_and_the_rest_as_json() {
        for (path, value) in [
            ("status", "Active"),
            ("t", "x é"),
            ("n", "null"),
            ("a", "\"null\""),
            ("f", "2.5"),
            ("primaryPhone", "555"),
            ("s", "7"),
            ("customerReference.reference1", "null"),
        ] {
            assert!(holds(path, value), "{path}={value}");
        }
        for (path, value) in [("status", "active"), ("a", "null"), ("n", ""), ("f", "2.51"), ("id", "8")] {
            assert!(!holds(path, value), "{path}={value}");
        }
    }

    #[test]
    fn moments_are_compared_and_not_their_spellings() {
        let at = |stored: &str| {
            let text = format!(r#"{{"id":7,"status":"Active","modifiedTimestamp":{stored}}}"#);
            unmet_moment(&Customer::parse(text).unwrap(), timestamp("2019-11-07T15:51:11.50Z").unwrap())
        };
        assert_eq!((at("\"2019-11-07T15:51:11.5\""), at("\"2019-11-07T15:51:11.500000Z\"")), (None, None));
        assert!(at("null").unwrap().ends_with(", found null"));
        assert!(at("\"2019-11-07T15:51:11.51\"").is_some());
    }

    #[test]
    fn a_path_that_is_not_there_cannot_be_expected() {
        let customer = Customer::parse(r#"{"id":7,"status":"Active"}"#).unwrap();
        let expectation = Expectation { path: Path::root("sttus"), value: "Active".to_string() };
        let reason = unmet(&customer, &[expectation]).unwrap_err();
        assert!(
            matches!(reason, EditError { problem: super::super::edit::EditProblem::Unknown(nearest), .. } if nearest == ["status"])
        );
    }
}
