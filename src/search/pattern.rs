//! The pattern of a condition: reads what was typed, writes the filter's value, and matches the values of customers.

use jiff::Timestamp;

use super::QueryError;
use super::filters::MatchKind;
use super::range::{Bound, Range, amount, sides};
use super::wildcards::Wildcards;
use crate::document::decimal::Decimal;
use crate::document::time::timestamp;

/// Matches null, a missing member and the empty text.
const EMPTY: &str = "[empty]";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// No value. The vendor documents the filter for text only, so it is not sent if `text` is false.
    Empty {
        text: bool,
    },
    Text(Wildcards),
    OneOf(Vec<&'static str>),
    Integer(Bound<Decimal>),
    /// One amount. The API has ranges only, so the filter is for this amount and more.
    Amount(Bound<Decimal>),
    Amounts(Range<Decimal>),
    Dates(Range<Timestamp>),
}

impl Pattern {
    pub(super) fn parse(kind: MatchKind, text: &str) -> Result<Pattern, QueryError> {
        if text == EMPTY {
            return Ok(Pattern::Empty { text: kind == MatchKind::Text });
        }
        if text.is_empty() {
            return Err(QueryError::new("nothing follows the `=`")
                .hint("write [empty] for customers without a value, * for any value"));
        }
        match kind {
            MatchKind::Text => Wildcards::parse(text).map(Pattern::Text),
            MatchKind::Word(words) => one_of(words, text),
            MatchKind::Integer => integer(text),
            MatchKind::Decimal => match sides(text) {
                Some(sides) => Range::between(sides, amount).map(Pattern::Amounts),
                None => amount(text).map(Pattern::Amount),
            },
            MatchKind::Date => Range::dates(text).map(Pattern::Dates),
        }
    }

    /// The filter's value: this pattern or a wider one; none if the API has no filter for it.
    pub(super) fn asked(&self) -> Option<String> {
        match self {
            Pattern::Empty { text } => text.then(|| EMPTY.to_string()),
            Pattern::Text(typed) => Some(typed.widened()).filter(|it| !it.is_bare()).map(|it| it.spelled()),
            Pattern::OneOf(words) => Some(words.join(",")),
            Pattern::Integer(number) => Some(number.spelled.clone()),
            Pattern::Amount(amount) => Some(format!("{}|", amount.spelled)),
            Pattern::Amounts(range) => Some(range.spelled()),
            Pattern::Dates(range) => Some(range.spelled()),
        }
    }

    /// Whether [`Pattern::asked`] matches no other values.
    pub(super) fn is_exact(&self) -> bool {
        match self {
            Pattern::Text(typed) => !typed.is_bare() && typed.widened() == *typed,
            Pattern::Amount(_) => false,
            other => other.asked().is_some(),
        }
    }

    pub(super) fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Pattern::Empty { .. }) };
        let number = Decimal::parse(value);
        match self {
            Pattern::Empty { .. } => value.is_empty(),
            Pattern::Text(typed) => typed.matches(value),
            Pattern::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Pattern::Integer(wanted) | Pattern::Amount(wanted) => number.as_ref() == Some(&wanted.value),
            Pattern::Amounts(range) => number.is_some_and(|number| range.contains(&number)),
            Pattern::Dates(range) => timestamp(value).is_some_and(|moment| range.contains(&moment)),
        }
    }

    pub(super) fn may_be_sent(&self, value: Option<&str>) -> bool {
        match (self, value) {
            _ if self.asked().is_none() => true,
            (Pattern::Text(typed), Some(value)) => typed.widened().matches(value),
            (Pattern::Amount(least), Some(value)) => {
                Decimal::parse(value).is_some_and(|value| value >= least.value)
            }
            _ => self.holds(value),
        }
    }
}

fn one_of(words: &[&'static str], text: &str) -> Result<Pattern, QueryError> {
    let mut patterns = Vec::new();
    for typed in text.split(',').map(str::trim) {
        let pattern = Wildcards::parse(typed)?;
        if !words.iter().any(|word| pattern.matches(word)) {
            return Err(QueryError::new(format!("`{typed}` is none of its values"))
                .hint(format!("its values are {}", words.join(", "))));
        }
        patterns.push(pattern);
    }
    let is_meant = |word: &&'static str| patterns.iter().any(|pattern| pattern.matches(word));
    Ok(Pattern::OneOf(words.iter().copied().filter(is_meant).collect()))
}

fn integer(text: &str) -> Result<Pattern, QueryError> {
    let whole = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = Decimal::parse(text).filter(|_| whole).ok_or_else(|| {
        QueryError::new(format!("`{text}` is no whole number")).hint("write a number such as 123, or [empty]")
    })?;
    let digits = text.trim_start_matches('0');
    let spelled = if digits.is_empty() { "0" } else { digits }.to_string();
    Ok(Pattern::Integer(Bound { value, spelled }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: MatchKind = MatchKind::Word(&["Draft", "Active", "Dr"]);

    fn asked(kind: MatchKind, text: &str) -> Option<String> {
        Pattern::parse(kind, text).unwrap().asked()
    }

    #[test]
    fn words_are_sent_in_the_vendors_spelling_and_stars_are_expanded_here() {
        assert_eq!(asked(WORDS, "active, DRAFT").as_deref(), Some("Draft,Active"));
        assert_eq!(asked(WORDS, "D*").as_deref(), Some("Draft,Dr"));
        let wrong = Pattern::parse(WORDS, "Active,Actve").unwrap_err();
        assert_eq!(wrong.reason, "`Actve` is none of its values");
        assert_eq!(wrong.hint.as_deref(), Some("its values are Draft, Active, Dr"));
        assert!(Pattern::parse(WORDS, "Active,").is_err() && Pattern::parse(WORDS, "x*").is_err());
    }

    #[test]
    fn no_value_is_null_missing_or_empty_text() {
        let empty = Pattern::parse(MatchKind::Text, "[empty]").unwrap();
        assert!(empty.holds(None) && empty.holds(Some("")) && !empty.holds(Some(" ")));
        assert_eq!(asked(MatchKind::Text, "[empty]").as_deref(), Some("[empty]"));
        for kind in [WORDS, MatchKind::Integer, MatchKind::Decimal, MatchKind::Date] {
            assert_eq!(asked(kind, "[empty]"), None);
        }
        assert!(Pattern::parse(MatchKind::Text, "").unwrap_err().hint.unwrap().contains("[empty]"));
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let number = Pattern::parse(MatchKind::Integer, "007").unwrap();
        assert_eq!((number.asked().as_deref(), number.is_exact()), (Some("7"), true));
        assert!(number.holds(Some("7")) && number.holds(Some("7.0")) && !number.holds(Some("70")));
        for text in ["-1", "1.0", "x", "1..2", "1*"] {
            assert!(Pattern::parse(MatchKind::Integer, text).is_err(), "{text}");
        }
        let amount = Pattern::parse(MatchKind::Decimal, "250").unwrap();
        assert!(!amount.is_exact() && amount.holds(Some("250.00")) && amount.may_be_sent(Some("1E5")));
    }

    #[test]
    fn a_star_alone_sends_no_filter_and_needs_a_value() {
        let any = Pattern::parse(MatchKind::Text, "*").unwrap();
        assert_eq!((any.asked(), any.is_exact()), (None, false));
        assert!(any.holds(Some("x")) && any.holds(Some("")) && !any.holds(None) && any.may_be_sent(None));
    }

    #[test]
    fn amounts_are_exact_or_half_open() {
        let amounts = |text: &str| Pattern::parse(MatchKind::Decimal, text).unwrap();
        for (typed, sent) in [("250", "250|"), ("50.00..180", "50.00|180"), ("|-1.5", "|-1.5")] {
            assert_eq!(amounts(typed).asked().as_deref(), Some(sent));
        }
        assert!(amounts("250").holds(Some("250.00")) && !amounts("250").holds(Some("250.01")));
        assert!(amounts("250").may_be_sent(Some("251")) && !amounts("250").may_be_sent(Some("249")));
        assert!(amounts("50..180").holds(Some("50")) && !amounts("50..180").holds(Some("180.0")));
        for text in ["", "x", "1e3", "1,5", "5.", "180..50", "5..5", "..", "1..2..3", "1|2|3"] {
            assert!(Pattern::parse(MatchKind::Decimal, text).is_err(), "{text}");
        }
    }
}
