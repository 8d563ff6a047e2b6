//! `customer find`: words that a user remembers of a customer.

use super::{Condition, Search};
use crate::document::View;
use crate::document::customer::get;

/// The fields that are looked into.
const PATHS: [&str; 5] = ["companyName", "firstName", "lastName", "primaryEmail", "reference"];

/// Every word is part of one of the fields, in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// None without a word.
    pub(crate) fn of(text: &str) -> Option<Words> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        (!words.is_empty()).then_some(Words(words))
    }

    /// One search for each field, because the API has no "or": together they find every customer that has the longest word.
    pub(crate) fn searches(&self) -> Vec<Search> {
        let longest = self.0.iter().max_by_key(|word| word.len()).map_or("", String::as_str);
        PATHS.iter().map(|path| Search::new(vec![Condition::containing(path, longest)])).collect()
    }

    pub(crate) fn hold(&self, document: View<'_>) -> bool {
        let value = |path: &&str| {
            let value = get(document, path.split('.')).filter(|value| !value.is_null());
            value.map(|value| value.text_or_token().to_lowercase())
        };
        let values: Vec<String> = PATHS.iter().filter_map(value).collect();
        self.0.iter().all(|word| values.iter().any(|value| value.contains(word.as_str())))
    }

    /// The id of a customer, if that is what was typed.
    pub(crate) fn id(&self) -> Option<u64> {
        match self.0.as_slice() {
            [word] => super::lookup::id(word),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Json;

    #[test]
    fn every_word_is_in_one_of_the_fields() {
        let jon = Json::parse(
            r#"{"companyName":"Acme Inc.","firstName":"Jon","lastName":"Smith","reference":4711,"primaryPhone":"555"}"#,
        )
        .unwrap();
        let holds = |text: &str| Words::of(text).unwrap().hold(jon.root());
        assert!(holds("jon smith") && holds("ACME") && holds("smi 471 inc"));
        assert!(!holds("jon smythe") && !holds("555"));
        assert!(Words::of("  ").is_none());
    }

    #[test]
    fn the_api_is_asked_for_the_longest_word_in_each_field() {
        let searches = Words::of("of Acme").unwrap().searches();
        assert_eq!((searches.len(), searches[0].query()), (5, "CompanyName%3A%2Aacme%2A".to_string()));
        assert_eq!((Words::of("123").unwrap().id(), Words::of("1 2").unwrap().id()), (Some(123), None));
    }
}
