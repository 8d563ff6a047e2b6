//! The filter of a list: `name:pattern;name:pattern`, all of which must hold. The names are those of the vendor's page
//! "List customers", except `Arbalance`, which is no member of a customer, and `NetsuiteEntityType`, whose numbers no
//! document explains.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::document::customer::get;
use crate::document::decimal::Decimal;
use crate::document::json::{ValueKind, View};
use crate::document::time::timestamp;
use crate::field::CODES_PATH;
use crate::sandbox::behaviour::Behaviour;
use crate::sandbox::customers::codes;
use crate::search::filters::{FILTERS, MatchKind, sales_tracking_code};

/// The currencies of a support page, in its order. The vendor does not publish their numbers, so the sandbox counts from 1.
const CURRENCIES: [&str; 24] = [
    "AUD", "BRL", "GBP", "CAD", "COP", "DKK", "EUR", "HKD", "INR", "ILS", "JPY", "MYR", "MXN", "NZD", "NOK",
    "CNY", "RUB", "SGD", "ZAR", "KRW", "SEK", "CHF", "TRY", "USD",
];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Name {
    Field(&'static str, MatchKind),
    CurrencyId,
    /// Types are counted from 1.
    Code(usize, &'static str),
}

/// Texts are in lower case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Number(Decimal),
    Moment(Timestamp),
    Text(String),
}

impl Name {
    /// None if the name is unknown and unknown names are ignored.
    pub(crate) fn find(name: &str, behaviour: &Behaviour) -> Result<Option<Name>, String> {
        let found = match FILTERS.iter().find(|filter| filter.name.eq_ignore_ascii_case(name)) {
            Some(filter) => Some(Name::Field(filter.path, filter.kind)),
            None if name.eq_ignore_ascii_case("CurrencyId") => Some(Name::CurrencyId),
            None => sales_tracking_code(name).map(|(number, member)| Name::Code(number, member)),
        };
        if found.is_none() && behaviour.is("unknown-filter", "refuse") {
            return Err(format!("There is no filter {name}."));
        }
        Ok(found)
    }

    fn kind(self) -> MatchKind {
        match self {
            Name::Field(_, kind) => kind,
            Name::CurrencyId => MatchKind::Integer,
            Name::Code(..) => MatchKind::Text,
        }
    }

    fn text(self, document: View<'_>) -> Option<Cow<'_, str>> {
        let view = match self {
            Name::Field(path, _) => get(document, path.split('.'))?,
            Name::CurrencyId => document.member("currency")?,
            Name::Code(number, member) => code_of(document, number)?.member(member)?,
        };
        let text = match view.kind() {
            ValueKind::Null => return None,
            ValueKind::String => view.as_text()?,
            _ => Cow::Borrowed(view.raw()),
        };
        if !matches!(self, Name::CurrencyId) {
            return Some(text);
        }
        let at = CURRENCIES.iter().position(|known| *known == text)?;
        Some(Cow::Owned((at + 1).to_string()))
    }

    fn read(self, text: &str) -> Option<Value> {
        match self.kind() {
            MatchKind::Integer | MatchKind::Decimal => Decimal::parse(text).map(Value::Number),
            MatchKind::Date => timestamp(text).map(Value::Moment),
            MatchKind::Text | MatchKind::Word(_) => Some(Value::Text(text.to_lowercase())),
        }
    }

    /// None, which comes first, if the value is null or missing.
    pub(crate) fn sort_key(self, document: View<'_>) -> Option<Value> {
        self.read(&self.text(document)?)
    }
}

fn code_of(document: View<'_>, number: usize) -> Option<View<'_>> {
    get(document, CODES_PATH.split('.'))?.children().find(|code| {
        let name = code.member("type").and_then(View::as_text);
        name.is_some_and(|name| codes::is_called(number, &name))
    })
}

pub(crate) struct Filter {
    conditions: Vec<(Name, Pattern)>,
    ignores_case: bool,
}

enum Pattern {
    /// `[empty]`: null, missing or the empty text.
    Empty,
    /// Parts with any text between them; one part is the whole text.
    Parts(Vec<String>),
    OneOf(Vec<String>),
    Exactly(Value),
    /// From the first, below the second ("Date filtering").
    Between(Option<Value>, Option<Value>),
}

impl Filter {
    pub(crate) fn parse(text: &str, behaviour: &Behaviour) -> Result<Filter, String> {
        let ignores_case = behaviour.is("filter-case", "ignore");
        let mut conditions = Vec::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, pattern) =
                part.split_once(':').ok_or_else(|| format!("The filter {part} is not name:value."))?;
            if let Some(name) = Name::find(name.trim(), behaviour)? {
                conditions.push((name, Pattern::parse(name, pattern, ignores_case)?));
            }
        }
        Ok(Filter { conditions, ignores_case })
    }

    pub(crate) fn matches(&self, document: View<'_>) -> bool {
        self.conditions.iter().all(|(name, pattern)| match name.text(document) {
            Some(text) => pattern.matches(*name, &text, self.ignores_case),
            None => matches!(pattern, Pattern::Empty),
        })
    }
}

impl Pattern {
    fn parse(name: Name, text: &str, ignores_case: bool) -> Result<Pattern, String> {
        let value = |text: &str| {
            let wrong = || format!("{text} is no number, and no date YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS.");
            name.read(text).ok_or_else(wrong)
        };
        let bound = |text: &str| if text.is_empty() { Ok(None) } else { value(text).map(Some) };
        let fold = |text: &str| folded(text, ignores_case);
        Ok(match (name.kind(), text.split_once('|')) {
            _ if text == "[empty]" => Pattern::Empty,
            (MatchKind::Text, _) => Pattern::Parts(text.split('*').map(fold).collect()),
            (MatchKind::Word(_), _) => Pattern::OneOf(text.split(',').map(fold).collect()),
            (MatchKind::Date | MatchKind::Decimal, Some((from, to))) => {
                Pattern::Between(bound(from)?, bound(to)?)
            }
            _ => Pattern::Exactly(value(text)?),
        })
    }

    fn matches(&self, name: Name, text: &str, ignores_case: bool) -> bool {
        match self {
            Pattern::Empty => text.is_empty(),
            Pattern::Parts(parts) => is_like(&folded(text, ignores_case), parts),
            Pattern::OneOf(words) => words.contains(&folded(text, ignores_case)),
            Pattern::Exactly(value) => name.read(text).as_ref() == Some(value),
            Pattern::Between(from, to) => name.read(text).is_some_and(|value| {
                from.as_ref().is_none_or(|from| value >= *from) && to.as_ref().is_none_or(|to| value < *to)
            }),
        }
    }
}

fn folded(text: &str, ignores_case: bool) -> String {
    if ignores_case { text.to_lowercase() } else { text.to_string() }
}

fn is_like(text: &str, parts: &[String]) -> bool {
    let [first, middle @ .., last] = parts else { return parts.first().is_some_and(|whole| whole == text) };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match left.find(part.as_str()) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_text() {
        let like = |text: &str, pattern: &str| {
            is_like(text, &pattern.split('*').map(str::to_string).collect::<Vec<_>>())
        };
        assert!(
            like("5551234", "555*") && like("5551234", "*12*") && like("5551234", "*34") && like("", "*")
        );
        assert!(like("abcabc", "a*c*c") && like("abc", "abc") && like("aXbXc", "a*b*c"));
        assert!(!like("aba", "ab*ba") && !like("abc", "ab") && !like("abc", "*b") && !like("ac", "a*b*c"));
    }
}
