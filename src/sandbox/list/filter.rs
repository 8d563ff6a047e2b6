//! The filter of a list: `name:pattern;name:pattern`, all of which must hold.

use super::names::{self, Kind, Name};
use crate::document::decimal::Decimal;
use crate::document::json::View;
use crate::sandbox::behaviour::{Behaviour, FilterCase};
use crate::sandbox::clock;

/// Conditions that must all hold.
pub(crate) struct Filter {
    conditions: Vec<Condition>,
}

struct Condition {
    name: Name,
    pattern: Pattern,
}

enum Pattern {
    /// `[empty]`: null, missing or the empty text.
    Empty,
    /// Parts with anything between them; one part is the whole text.
    Parts(Vec<String>, FilterCase),
    /// One of these words.
    OneOf(Vec<String>, FilterCase),
    Number(Decimal),
    /// From the first, below the second.
    Numbers(Option<Decimal>, Option<Decimal>),
    Moment(String),
    Moments(Option<String>, Option<String>),
}

impl Filter {
    pub(crate) fn read(text: &str, behaviour: &Behaviour) -> Result<Filter, String> {
        let mut conditions = Vec::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) =
                part.split_once(':').ok_or_else(|| format!("The filter {part} is not name:value."))?;
            if let Some(name) = names::find(name.trim(), behaviour)? {
                let pattern = Pattern::read(name.kind, value, behaviour.filter_case)?;
                conditions.push(Condition { name, pattern });
            }
        }
        Ok(Filter { conditions })
    }

    pub(crate) fn takes_all(&self) -> bool {
        self.conditions.is_empty()
    }

    pub(crate) fn takes(&self, document: View<'_>) -> bool {
        self.conditions.iter().all(|condition| {
            let value = condition.name.value(document);
            condition.pattern.takes(value.as_deref())
        })
    }
}

impl Pattern {
    fn read(kind: Kind, text: &str, case: FilterCase) -> Result<Pattern, String> {
        if text == "[empty]" {
            return Ok(Pattern::Empty);
        }
        let fold = |text: &str| folded(text, case);
        Ok(match (kind, text.split_once('|')) {
            (Kind::Text, _) => Pattern::Parts(text.split('*').map(fold).collect(), case),
            (Kind::Word, _) => Pattern::OneOf(text.split(',').map(fold).collect(), case),
            (Kind::Date, None) => Pattern::Moment(moment(text)?),
            (Kind::Date, Some((from, below))) => {
                Pattern::Moments(bound(from, moment)?, bound(below, moment)?)
            }
            (Kind::Decimal, Some((from, below))) => {
                Pattern::Numbers(bound(from, decimal)?, bound(below, decimal)?)
            }
            (Kind::Decimal | Kind::Integer | Kind::Currency, _) => Pattern::Number(decimal(text)?),
        })
    }

    fn takes(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Pattern::Empty) };
        match self {
            Pattern::Empty => value.is_empty(),
            Pattern::Parts(parts, case) => like(&folded(value, *case), parts),
            Pattern::OneOf(words, case) => words.contains(&folded(value, *case)),
            Pattern::Number(number) => Decimal::parse(value).as_ref() == Some(number),
            Pattern::Numbers(from, below) => within(Decimal::parse(value), from.as_ref(), below.as_ref()),
            Pattern::Moment(moment) => clock::comparable(value).as_ref() == Some(moment),
            Pattern::Moments(from, below) => within(clock::comparable(value), from.as_ref(), below.as_ref()),
        }
    }
}

fn folded(text: &str, case: FilterCase) -> String {
    if case == FilterCase::Ignore { text.to_lowercase() } else { text.to_string() }
}

/// Whether the parts stand in the text in order, the first at its beginning and the last at its end.
fn like(text: &str, parts: &[String]) -> bool {
    let (Some((first, rest)), Some(last)) = (parts.split_first(), parts.last()) else { return false };
    if rest.is_empty() {
        return text == first;
    }
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    for part in &rest[..rest.len() - 1] {
        match left.find(part.as_str()) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}

/// The lower bound is included, the upper one is not ("Date filtering").
fn within<T: Ord>(value: Option<T>, from: Option<&T>, below: Option<&T>) -> bool {
    value.is_some_and(|value| {
        from.is_none_or(|from| value >= *from) && below.is_none_or(|below| value < *below)
    })
}

fn bound<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn moment(text: &str) -> Result<String, String> {
    clock::comparable(text)
        .ok_or_else(|| format!("{text} is no date: write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS."))
}

fn decimal(text: &str) -> Result<Decimal, String> {
    Decimal::parse(text).ok_or_else(|| format!("{text} is no number."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let like = |text: &str, pattern: &str| {
            like(text, &pattern.split('*').map(str::to_string).collect::<Vec<_>>())
        };
        assert!(
            like("5551234", "555*") && like("5551234", "*12*") && like("5551234", "*34") && like("", "*")
        );
        assert!(like("abcabc", "a*c*c") && like("abc", "abc") && like("aXbXc", "a*b*c"));
        assert!(!like("aba", "ab*ba") && !like("abc", "ab") && !like("abc", "*b") && !like("ac", "a*b*c"));
    }
}
