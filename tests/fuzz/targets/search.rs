//! Conditions of a search. The input: a document, then conditions `FIELD=PATTERN`, one a part.
//!
//! Held: the query is well formed, whatever was typed; the API, filtering as the vendor's pages say, sends every customer
//! that is meant; where the search says that the query is exact, it sends no other; and a customer that it would not send
//! is told as one that was not asked for.

#![no_main]

use fusebill::document::decimal::Decimal;
use fusebill::document::time::timestamp;
use fusebill::document::{Json, View};
use fusebill::search::{Condition, Search, SearchMatch, filters, names};
use fusebill_fuzz::parts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 2) else { return };
    let Ok(document) = Json::parse(parts[0]) else { return };
    // A name that is near to many takes long to be told.
    let typed = parts[1..].iter().take(6).filter(|text| text.len() < 200);
    let conditions: Vec<Condition> = typed.filter_map(|text| Condition::parse(text).ok()).collect();
    let mut all_served = true;
    for condition in &conditions {
        let search = Search::new(vec![condition.clone()]);
        let served = is_served(&search.query(), condition.given(), document.root());
        let meant = search.holds(document.root());
        assert!(!meant || served, "{} is meant and {} leaves it out", condition.given(), search.query());
        assert!(!search.is_exact() || meant == served, "{} is not exact", search.query());
        let verdict = search.judge(document.root());
        assert_eq!(verdict == SearchMatch::Match, meant);
        assert_eq!(verdict == SearchMatch::Unexpected, !served, "{} {verdict:?}", condition.given());
        all_served &= served;
    }
    let search = Search::new(conditions.clone());
    let asked: Vec<String> = conditions.iter().filter_map(Condition::query).collect();
    assert_eq!(decoded(&search.query()), asked.join(";"));
    assert_eq!(search.judge(document.root()) == SearchMatch::Unexpected, !all_served);
});

fn decoded(query: &str) -> String {
    assert!(query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{query}");
    let (mut bytes, mut rest) = (Vec::new(), query);
    while let Some(first) = rest.bytes().next() {
        if first == b'%' {
            bytes.push(u8::from_str_radix(&rest[1..3], 16).expect("two digits"));
            rest = &rest[3..];
        } else {
            bytes.push(first);
            rest = &rest[1..];
        }
    }
    String::from_utf8(bytes).expect("a query is text")
}

/// Whether the API sends a customer that it is asked for with this query.
fn is_served(query: &str, given: &str, document: View<'_>) -> bool {
    let query = decoded(query);
    if query.is_empty() {
        return true;
    }
    assert!(!query.contains(';'), "one condition became two: {query}");
    let (_, filter) = query.split_once(':').expect("FILTER:VALUE");
    let (field, _) = given.split_once('=').expect("FIELD=PATTERN");
    let name = names::find(field).expect("the field was taken");
    name.values(document).iter().any(|value| passes(name.kind, value.as_deref(), filter))
}

fn passes(kind: filters::MatchKind, value: Option<&str>, filter: &str) -> bool {
    let Some(value) = value else { return filter == "[empty]" };
    if filter == "[empty]" {
        return value.is_empty();
    }
    let (from, to) = filter.split_once('|').unwrap_or((filter, ""));
    match kind {
        filters::MatchKind::Text => {
            assert!(
                !filter.contains([':', ',', '|', '[', ']', '\\']),
                "{filter} has characters of the filter's own"
            );
            let letters = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
            like(&letters(value), &letters(filter))
        }
        filters::MatchKind::Word(_) => filter.split(',').any(|word| word.eq_ignore_ascii_case(value)),
        filters::MatchKind::Integer => {
            Decimal::parse(value).is_some_and(|value| Some(value) == Decimal::parse(filter))
        }
        filters::MatchKind::Decimal => {
            let Some(value) = Decimal::parse(value) else { return false };
            let bound = |text: &str| Decimal::parse(text).expect("an amount");
            (from.is_empty() || value >= bound(from)) && (to.is_empty() || value < bound(to))
        }
        filters::MatchKind::Date => {
            let Some(value) = timestamp(value) else { return false };
            let bound = |text: &str| timestamp(text).expect("a date");
            (from.is_empty() || value >= bound(from)) && (to.is_empty() || value < bound(to))
        }
    }
}

/// Whether a text matches a filter, in which `*` stands for any characters: by the table of both.
fn like(text: &[char], filter: &[char]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for one in filter {
        if *one == '*' {
            let first = reached.iter().position(|it| *it).unwrap_or(reached.len());
            reached[first..].fill(true);
        } else {
            for at in (0..text.len()).rev() {
                reached[at + 1] = reached[at] && text[at] == *one;
            }
            reached[0] = false;
        }
    }
    reached[text.len()]
}
