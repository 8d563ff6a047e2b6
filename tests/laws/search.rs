//! What the API is asked for is never less than what is meant.

use fusebill::document::Json;
use fusebill::document::json::quote;
use fusebill::field::FIELDS;
use fusebill::search::names::path;
use fusebill::search::{Condition, Search, SearchMatch};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::law;

/// Texts and patterns that meet often, with every character that a filter may read otherwise.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(select("aAbéß:;,|[]*\\ %&=+#".chars().collect::<Vec<_>>()), 0..6)
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
    fn every_match_of_a_pattern_is_requested_from_the_api(value in text(), pattern in text(), literal in any::<bool>()) {
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
        prop_assert_eq!(search.judge(document.root()) == SearchMatch::Unexpected, !expected, "{:?} {:?}", value, typed);
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

    #[test]
    fn a_range_of_dates_has_its_first_moment_and_not_its_last(
        from in option::of(moment()), to in option::of(moment()), at in moment(), form in form(),
    ) {
        let side = |end: &Option<String>| end.clone().unwrap_or_default();
        let typed = format!("createdTimestamp={}..{}", side(&from), side(&to));
        let is_range = match (&from, &to) {
            (Some(from), Some(to)) => from < to,
            (from, to) => from.is_some() || to.is_some(),
        };
        let Ok(condition) = Condition::parse(&typed) else {
            prop_assert!(!is_range, "{}", typed);
            return Ok(());
        };
        prop_assert!(is_range, "{}", typed);
        // Written in one form, moments order as their text does.
        let is_in = from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to);
        prop_assert_eq!(holds(condition, "createdTimestamp", &quote(&form.replace("AT", &at))), is_in, "{} {}", typed, at);
    }

    #[test]
    fn a_day_or_a_second_alone_is_all_of_it(day in day(), at in moment(), fraction in 0..1_000) {
        let stored = quote(&format!("{at}.{fraction:03}"));
        let of_day = Condition::parse(&format!("createdTimestamp={day}")).expect("a day");
        prop_assert_eq!(holds(of_day, "createdTimestamp", &stored), at.starts_with(&day));
        let of_second = Condition::parse(&format!("createdTimestamp={day}T00:00:00")).expect("a second");
        prop_assert_eq!(holds(of_second, "createdTimestamp", &stored), at == format!("{day}T00:00:00"));
    }

    #[test]
    fn amounts_are_compared_as_amounts(from in cents(), to in cents(), at in cents(), exactly in any::<bool>()) {
        let typed = if exactly { from.1.clone() } else { format!("{}..{}", from.1, to.1) };
        let Ok(condition) = Condition::parse(&format!("monthlyRecurringRevenue={typed}")) else {
            prop_assert!(!exactly && from.0 >= to.0, "{}", typed);
            return Ok(());
        };
        let is_in = if exactly { at.0 == from.0 } else { from.0 <= at.0 && at.0 < to.0 };
        prop_assert_eq!(holds(condition, "monthlyRecurringRevenue", &at.1), is_in, "{} {}", typed, at.1);
    }

    #[test]
    fn a_field_is_found_by_its_flag_and_its_path_in_any_case(at in 0..FIELDS.len(), upper in any::<u64>(), dashes in any::<bool>()) {
        let field = &FIELDS[at];
        let in_case = |name: &str| {
            let mixed = |(at, c): (usize, char)| if upper >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            name.chars().enumerate().map(mixed).collect::<String>()
        };
        let flag = if dashes { field.flag.to_string() } else { field.flag.replace('-', "") };
        for name in [in_case(&flag), in_case(field.path)] {
            prop_assert_eq!(path(&name), Some(field.path), "{}", name);
        }
    }
}

/// Days that are few, so that they meet, on both sides of months and of leap days.
fn day() -> impl Strategy<Value = String> {
    select(vec!["2019-12-31", "2020-01-01", "2020-02-28", "2020-02-29", "2020-03-01", "2100-02-28"])
        .prop_map(String::from)
}

fn moment() -> impl Strategy<Value = String> {
    let time = select(vec!["00:00:00", "00:00:01", "11:59:59", "23:59:59"]);
    (day(), time).prop_map(|(day, time)| format!("{day}T{time}"))
}

/// The forms in which the vendor's documents have a moment `AT` of UTC.
fn form() -> impl Strategy<Value = &'static str> {
    select(vec!["AT", "ATZ", "AT+00:00", "AT.0", "AT.000Z"])
}

/// An amount in cents, and one of its spellings.
fn cents() -> impl Strategy<Value = (i64, String)> {
    let amount = (-3_i64..4, 0_i64..100, 0_usize..3);
    amount.prop_map(|(whole, part, zeros)| {
        let cents = whole * 100 + if whole < 0 { -part } else { part };
        let sign = if cents < 0 { "-" } else { "" };
        (cents, format!("{sign}{}.{:02}{}", cents.abs() / 100, cents.abs() % 100, "0".repeat(zeros)))
    })
}

fn holds(condition: Condition, member: &str, stored: &str) -> bool {
    let document = Json::parse(format!(r#"{{"{member}":{stored}}}"#)).expect("a document");
    Search::new(vec![condition]).holds(document.root())
}
