//! What the API is asked for is never less than what is meant.

use fusebill::document::Json;
use fusebill::document::json::quote;
use fusebill::search::{Condition, Search, Verdict};
use proptest::prelude::*;

use crate::law;

/// Texts and patterns that meet often, with every character that a filter may read otherwise.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        proptest::sample::select("aAbéß:;,|[]*\\ %&=+#".chars().collect::<Vec<_>>()),
        0..6,
    )
    .prop_map(String::from_iter)
}

/// The pattern that means just this text.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*").replace('[', "\\[")
}

fn decoded(query: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = query.bytes();
    while let Some(byte) = rest.next() {
        let mut digit =
            || rest.next().and_then(|c| char::from(c).to_digit(16)).expect("two digits after %") as u8;
        bytes.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
    }
    String::from_utf8(bytes).expect("a query is text")
}

/// Whether a text matches a filter of the vendor's, as "String filtering" tells it; case does not count.
fn passes(text: &[char], filter: &[char]) -> bool {
    match (text, filter) {
        (_, ['*', filter @ ..]) => (0..=text.len()).any(|cut| passes(&text[cut..], filter)),
        ([one, text @ ..], [other, filter @ ..]) => one == other && passes(text, filter),
        (text, filter) => text.is_empty() && filter.is_empty(),
    }
}

fn served(value: &str, query: &str) -> bool {
    let letters = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    match decoded(query).strip_prefix("FirstName:") {
        None => query.is_empty(),
        Some("[empty]") => value.is_empty(),
        Some(filter) => {
            assert!(!filter.contains([':', ';', ',', '|', '[', ']', '\\']), "{filter}");
            passes(&letters(value), &letters(filter))
        }
    }
}

proptest! {
    #![proptest_config(law(4_000))]

    #[test]
    fn what_is_meant_is_asked_for(value in text(), pattern in text(), literal in any::<bool>()) {
        let typed = if literal { escaped(&pattern) } else { pattern };
        let Ok(condition) = Condition::parse(&format!("first-name={typed}")) else { return Ok(()) };
        let search = Search::new(vec![condition]);
        let document = Json::parse(format!(r#"{{"firstName":{}}}"#, quote(&value))).expect("a document");
        let query = search.query();
        let meant = search.holds(document.root());
        prop_assert!(!meant || served(&value, &query), "{:?} {:?} {}", value, typed, query);
        if search.is_exact() {
            prop_assert_eq!(meant, served(&value, &query), "{:?} {:?} {}", value, typed, query);
        }
        let expected = served(&value, &query);
        prop_assert_eq!(search.judge(document.root()) == Verdict::Unasked, !expected, "{:?} {:?}", value, typed);
    }

    #[test]
    fn one_exact_text_is_found_and_no_other(value in text(), other in text()) {
        let search = Search::exactly("firstName", &value);
        let holds = |value: &str| {
            let document = Json::parse(format!(r#"{{"firstName":{}}}"#, quote(value))).expect("a document");
            (search.holds(document.root()), served(value, &search.query()))
        };
        prop_assert_eq!(holds(&value), (true, true));
        let same = other.to_lowercase() == value.to_lowercase();
        prop_assert_eq!(holds(&other).0, same);
    }
}
