//! What is looked for in one field, as it is typed, as the API is asked for it, and as it is checked here.

use super::Wrong;
use super::names::MatchKind;
use super::range::{Amounts, Range};
use super::text::Wildcards;
use crate::document::decimal::Decimal;
use crate::document::time::timestamp;
use jiff::Timestamp;

/// What stands for no value: null, a missing member, or the empty text.
const EMPTY: &str = "[empty]";

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// No value. The vendor describes it for text only, so for other fields the API is not asked.
    Empty {
        /// Whether the field holds text.
        text: bool,
    },
    /// A text with wildcards.
    Text {
        /// As it was typed.
        typed: Wildcards,
        /// As the API is asked for it.
        asked: Wildcards,
    },
    /// One of these words, spelled as the vendor does.
    OneOf(Vec<&'static str>),
    /// A whole number.
    Integer(Decimal, String),
    /// An amount or a range of amounts.
    Amounts(Amounts),
    /// A range of moments.
    Dates(Range<Timestamp>),
}

impl Pattern {
    /// Reads what was typed for a field of this kind.
    ///
    /// # Errors
    /// What is wrong with it and what may be typed.
    pub fn parse(kind: MatchKind, text: &str) -> Result<Pattern, Wrong> {
        if text == EMPTY {
            return Ok(Pattern::Empty { text: kind == MatchKind::Text });
        }
        if text.is_empty() {
            return Err(Wrong::new("nothing stands after the `=`")
                .hint("write [empty] for customers without a value, * for any value"));
        }
        match kind {
            MatchKind::Text => Wildcards::parse(text).map(Pattern::text),
            MatchKind::Word(words) => one_of(words, text),
            MatchKind::Integer => integer(text),
            MatchKind::Decimal => Amounts::parse(text).map(Pattern::Amounts),
            MatchKind::Date => Range::dates(text).map(Pattern::Dates),
        }
    }

    /// A text with wildcards.
    pub fn text(typed: Wildcards) -> Pattern {
        let asked = typed.widened();
        Pattern::Text { typed, asked }
    }

    /// As the API's filters spell it, or something wider; none where the API cannot be asked.
    pub fn asked(&self) -> Option<String> {
        match self {
            Pattern::Empty { text } => text.then(|| EMPTY.to_string()),
            Pattern::Text { asked, .. } => Some(asked.spelled()).filter(|_| !asked.is_bare()),
            Pattern::OneOf(words) => Some(words.join(",")),
            Pattern::Integer(_, spelled) => Some(spelled.clone()),
            Pattern::Amounts(amounts) => Some(amounts.spelled()),
            Pattern::Dates(range) => Some(range.spelled()),
        }
    }

    /// Whether [`Pattern::asked`] is just what is looked for.
    pub fn is_exact(&self) -> bool {
        match self {
            Pattern::Text { typed, asked } => typed == asked && !asked.is_bare(),
            Pattern::Amounts(Amounts::Exactly(..)) => false,
            other => other.asked().is_some(),
        }
    }

    /// Whether a value is what is looked for; none stands for null and for a missing member.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Pattern::Empty { .. }) };
        match self {
            Pattern::Empty { .. } => value.is_empty(),
            Pattern::Text { typed, .. } => typed.matches(value),
            Pattern::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Pattern::Integer(number, _) => Decimal::parse(value).as_ref() == Some(number),
            Pattern::Amounts(amounts) => Decimal::parse(value).is_some_and(|value| amounts.contain(&value)),
            Pattern::Dates(range) => timestamp(value).is_some_and(|moment| range.contains(&moment)),
        }
    }

    /// Whether the API may send a customer with this value, being asked as it is.
    pub fn may_be_sent(&self, value: Option<&str>) -> bool {
        match (self, value) {
            _ if self.asked().is_none() => true,
            (Pattern::Text { asked, .. }, Some(value)) => asked.matches(value),
            (Pattern::Amounts(amounts), Some(value)) => {
                Decimal::parse(value).is_some_and(|value| amounts.may_be_sent(&value))
            }
            _ => self.holds(value),
        }
    }
}

/// Words between commas, in any case; `*` stands for any letters.
fn one_of(words: &[&'static str], text: &str) -> Result<Pattern, Wrong> {
    let unknown = |word: &str| {
        Wrong::new(format!("`{word}` is none of its values"))
            .hint(format!("its values are {}", words.join(", ")))
    };
    let patterns: Vec<&str> = text.split(',').map(str::trim).collect();
    let read: Vec<Wildcards> =
        patterns.iter().map(|word| Wildcards::parse(word)).collect::<Result<_, _>>()?;
    let lost = read.iter().position(|pattern| !words.iter().any(|word| pattern.matches(word)));
    if let Some(lost) = lost {
        return Err(unknown(patterns[lost]));
    }
    let is_meant = |word: &&'static str| read.iter().any(|pattern| pattern.matches(word));
    Ok(Pattern::OneOf(words.iter().copied().filter(is_meant).collect()))
}

fn integer(text: &str) -> Result<Pattern, Wrong> {
    let whole = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = Decimal::parse(text).filter(|_| whole).ok_or_else(|| {
        Wrong::new(format!("`{text}` is no whole number")).hint("write a number such as 123, or [empty]")
    })?;
    let digits = text.trim_start_matches('0');
    Ok(Pattern::Integer(number, if digits.is_empty() { "0" } else { digits }.to_string()))
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
        assert_eq!(wrong.why, "`Actve` is none of its values");
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
    fn a_star_alone_asks_nothing_and_wants_a_value() {
        let any = Pattern::parse(MatchKind::Text, "*").unwrap();
        assert_eq!((any.asked(), any.is_exact()), (None, false));
        assert!(any.holds(Some("x")) && any.holds(Some("")) && !any.holds(None) && any.may_be_sent(None));
    }
}
