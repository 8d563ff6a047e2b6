//! The fields that a search can name, and the API's filter for each.

use std::borrow::Cow;

use super::QueryError;
use super::filters::{FILTERS, Filter, MatchKind, sales_tracking_code};
use crate::document::customer::get;
use crate::document::{Path, View};
use crate::field::{self, CODES_PATH, FIELDS, FieldKind, MOST_CODES, READ_ONLY};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The syntax of its pattern.
    pub kind: MatchKind,
    /// The name of the API's filter; none if there is no filter for the field.
    pub(crate) filter: Option<String>,
    source: ValueSource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ValueSource {
    Path(&'static str),
    Code(usize, &'static str),
}

/// Filters of the API whose answers cannot be checked, and what to search by instead.
static UNCHECKED: &[(&str, &str)] = &[
    ("Arbalance", "there is no other way to search by the balance"),
    ("NetsuiteEntityType", "search by netsuiteCustomerType"),
    ("CurrencyId", "search by currency, as in currency=CAD"),
];

/// The default order of a list: a new customer is last, so that pages do not shift.
pub(crate) const CREATED: &str = "CreatedTimestamp";

/// Finds a field by flag (`first-name`), path (`customerReference.reference1`), last name of a path, or name of its filter,
/// in any case.
pub fn find(text: &str) -> Result<Name, QueryError> {
    let folded = fold_name(text);
    if let Some(filter) = filter_named(&folded) {
        return Ok(Name::of(filter));
    }
    if let Some((number, member)) = sales_tracking_code(&folded) {
        let spelled = if member == "code" { "Code" } else { "Name" };
        let filter = Some(format!("CustomerReference.SalesTrackingCode{number}.{spelled}"));
        return Ok(Name { kind: MatchKind::Text, filter, source: ValueSource::Code(number, member) });
    }
    match field_named(&folded) {
        Some(CODES_PATH) => Err(QueryError::new(format!("`{text}` holds several codes, each with a type"))
            .hint("search by CustomerReference.SalesTrackingCode1.Code or .Name, and so on up to 5")),
        Some(path) => Ok(Name::at(path)),
        None => Err(unknown(text, &folded)),
    }
}

/// The value in the vendor's spelling, if the field takes words: `active` means `Active`.
pub(crate) fn spelled(path: &'static str, value: &str) -> String {
    if field::at(path).is_some_and(|field| field.kind == FieldKind::Currency) && value != "null" {
        return value.to_ascii_uppercase();
    }
    let MatchKind::Word(words) = Name::at(path).kind else { return value.to_string() };
    let word = words.iter().find(|word| word.eq_ignore_ascii_case(value));
    word.map_or(value, |word| word).to_string()
}

/// The path of a field by any name that [`find`] accepts: the names of `--set`, `--clear`, `--expect`, `--columns`,
/// `--where` and the columns of CSV.
pub fn path(text: &str) -> Option<&'static str> {
    let folded = fold_name(text);
    filter_named(&folded).map(|filter| filter.path).or_else(|| field_named(&folded))
}

fn fold_name(text: &str) -> String {
    fold(&Path::parse(text).map(|path| path.dotted()).unwrap_or_default())
}

/// Drops case and dashes, so that `first-name`, `firstName` and `FirstName` are equal.
fn fold(name: &str) -> String {
    name.replace('-', "").to_lowercase()
}

fn filter_named(folded: &str) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| fold(filter.name) == folded)
}

fn field_named(folded: &str) -> Option<&'static str> {
    let is_path = |path: &&'static str| fold(path) == folded;
    let is_last = |path: &&'static str| path.rsplit('.').next().is_some_and(|last| fold(last) == folded);
    let by_flag = || FIELDS.iter().find(|field| fold(field.flag) == folded).map(|field| field.path);
    paths().find(is_path).or_else(by_flag).or_else(|| paths().find(is_last))
}

fn paths() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.path).chain(READ_ONLY.iter().map(|field| field.path))
}

fn unknown(text: &str, folded: &str) -> QueryError {
    if let Some((name, instead)) = UNCHECKED.iter().find(|(name, _)| fold(name) == folded) {
        let reason = format!("the API can filter by `{name}`, but its answer cannot be checked");
        return QueryError::new(reason).hint(*instead);
    }
    let flags = FIELDS.iter().map(|field| field.flag);
    let names = paths().chain(flags).chain(FILTERS.iter().map(|filter| filter.name));
    let flag = |name: &'static str| {
        let field = path(name).and_then(field::at);
        field.map_or(name, |field| field.flag)
    };
    let mut near: Vec<&str> = Vec::new();
    for name in field::nearest(text, names).into_iter().map(flag) {
        if !near.contains(&name) {
            near.push(name);
        }
    }
    let error = QueryError::new(format!("there is no field `{text}` to search by"));
    if near.is_empty() { error } else { error.hint(format!("did you mean {}?", near.join(" or "))) }
}

impl Name {
    pub(crate) fn at(path: &'static str) -> Name {
        if let Some(filter) = FILTERS.iter().find(|filter| filter.path == path) {
            return Name::of(filter);
        }
        let kind = match path {
            "id" => MatchKind::Integer,
            "isParent" | "canChangeCurrency" => MatchKind::Word(&["true", "false"]),
            _ => MatchKind::Text,
        };
        Name { kind, filter: None, source: ValueSource::Path(path) }
    }

    fn of(filter: &Filter) -> Name {
        Name {
            kind: filter.kind,
            filter: Some(filter.name.to_string()),
            source: ValueSource::Path(filter.path),
        }
    }

    /// The path of its value; none for a sales-tracking code, whose index in the array varies.
    pub fn path(&self) -> Option<&'static str> {
        match self.source {
            ValueSource::Path(path) => Some(path),
            ValueSource::Code(..) => None,
        }
    }

    /// The text of the value in a document, none if it is null or missing. Several if any of several sales-tracking codes may
    /// belong to the filter.
    pub fn values<'a>(&self, document: View<'a>) -> Vec<Option<Cow<'a, str>>> {
        match self.source {
            ValueSource::Path(path) => vec![get(document, path.split('.')).and_then(text_of)],
            ValueSource::Code(number, member) => codes(document, number)
                .into_iter()
                .map(|code| code.and_then(|code| code.member(member)).and_then(text_of))
                .collect(),
        }
    }
}

fn text_of(view: View<'_>) -> Option<Cow<'_, str>> {
    (!view.is_null()).then(|| view.text_or_token())
}

/// The code of the type with this number. An account may rename its types, so if no code has the type's default name, every
/// code without the default name of another type may be the one.
fn codes(document: View<'_>, number: usize) -> Vec<Option<View<'_>>> {
    let list = get(document, CODES_PATH.split('.'));
    let all: Vec<View<'_>> = list.into_iter().flat_map(View::children).collect();
    let is_called = |code: &View<'_>, number: usize| {
        let called = code.member("type").and_then(View::as_text);
        called.is_some_and(|called| called.eq_ignore_ascii_case(&format!("Sales Tracking Code {number}")))
    };
    match all.iter().find(|code| is_called(code, number)) {
        Some(code) => vec![Some(*code)],
        None => {
            let other = |code: &View<'_>| (1..=MOST_CODES).any(|number| is_called(code, number));
            all.into_iter().filter(|code| !other(code)).map(Some).chain([None]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Json;

    fn found(text: &str) -> (Option<String>, Option<&'static str>) {
        let name = find(text).unwrap();
        (name.filter.clone(), name.path())
    }

    #[test]
    fn a_field_is_found_by_each_of_its_names() {
        for names in [
            &["first-name", "firstName", "FIRSTNAME", "/firstName"][..],
            &["reference1", "customerReference.reference1", "CustomerReference.Reference1"],
            &["AccountStatus", "customerAccountStatus", "customer-account-status"],
            &["created-timestamp", "createdTimestamp"],
            &["SalesTrackingCode2.code", "customerreference.salestrackingcode2.Code"],
            &["keyword", "customerAcquisition.keyword"],
        ] {
            assert!(names.iter().all(|name| found(name) == found(names[0])), "{names:?}");
        }
        assert_eq!(found("id"), (None, Some("id")));
        assert_eq!(found("CurrentMrr"), (Some("CurrentMrr".to_string()), Some("monthlyRecurringRevenue")));
    }

    #[test]
    fn every_flag_and_path_of_the_tables_finds_its_field() {
        for field in FIELDS.iter().filter(|field| field.path != CODES_PATH) {
            assert_eq!((found(field.flag).1, found(field.path).1), (Some(field.path), Some(field.path)));
        }
        assert!(READ_ONLY.iter().all(|field| found(field.path).1 == Some(field.path)));
        assert!(FILTERS.iter().all(|filter| found(filter.name).1 == Some(filter.path)));
        assert!(FILTERS.iter().all(|filter| paths().any(|known| known == filter.path)));
    }

    #[test]
    fn an_unknown_search_name_is_refused_with_similar_names() {
        let hint = |text: &str| find(text).unwrap_err().hint.unwrap_or_default();
        assert!(hint("frist-name").contains("first-name"), "{}", hint("frist-name"));
        assert!(hint("CurrencyId").contains("currency=CAD"));
        assert!(hint("sales-tracking-code").contains("SalesTrackingCode1.Code"));
        for text in ["", "a..b", "qqqq", "SalesTrackingCode6.Code", "SalesTrackingCode1.Id"] {
            assert!(find(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_code_of_a_renamed_type_may_be_any_that_is_not_called_otherwise() {
        let document = Json::parse(
            r#"{"customerReference":{"salesTrackingCodes":[{"type":"Region","code":"NA"},
               {"type":"Sales Tracking Code 2","code":"B"}]}}"#,
        )
        .unwrap();
        let values = |name: &str| {
            let values = find(name).unwrap().values(document.root());
            values.into_iter().map(|value| value.map(Cow::into_owned)).collect::<Vec<_>>()
        };
        assert_eq!(values("SalesTrackingCode2.Code"), [Some("B".to_string())]);
        assert_eq!(values("SalesTrackingCode1.Code"), [Some("NA".to_string()), None]);
    }
}
