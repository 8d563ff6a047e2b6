//! The names a search may use: the API's filters and where in a customer their values stand, and the other fields.

use std::borrow::Cow;

use super::Wrong;
use crate::document::customer::get;
use crate::document::json::ValueKind;
use crate::document::{Path, View};
use crate::field::{self, CODES_PATH, FIELDS, MOST_CODES, READ_ONLY};

/// A field that can be searched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// How values are matched.
    pub kind: MatchKind,
    /// The API's name of the filter; none where it has no filter for the field.
    pub filter: Option<String>,
    place: Place,
}

/// How the values of a field are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchKind {
    /// By wildcards.
    Text,
    /// As one of these words.
    Word(&'static [&'static str]),
    /// As a whole number.
    Integer,
    /// As an amount or a range of amounts.
    Decimal,
    /// As a day, a second or a range of moments.
    Date,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    At(&'static str),
    /// A member of the sales-tracking code of this type; types are counted from 1.
    Code(usize, &'static str),
}

const STATUS: MatchKind = MatchKind::Word(&["Draft", "Active", "Cancelled", "Hold", "Suspended"]);
const STANDING: MatchKind = MatchKind::Word(&["Good", "PoorStanding", "Collection"]);
const TITLE: MatchKind = MatchKind::Word(&["Mr", "Mrs", "Ms", "Miss", "Dr"]);
const ACCOUNT_TYPE: MatchKind = MatchKind::Word(&["Company", "Person"]);
const SYNCH: MatchKind = MatchKind::Word(&["Enabled", "Disabled"]);
const LATCH: MatchKind = MatchKind::Word(&["CreateNew", "LatchExisting", "DoNothing"]);

/// The filters of the vendor's page "List customers" whose values a customer holds. Where a field has two names, the
/// first is the one that is sent.
#[rustfmt::skip]
static FILTERS: &[(&str, &str, MatchKind)] = &[
    ("CompanyName", "companyName", MatchKind::Text),
    ("FirstName", "firstName", MatchKind::Text),
    ("MiddleName", "middleName", MatchKind::Text),
    ("LastName", "lastName", MatchKind::Text),
    ("Suffix", "suffix", MatchKind::Text),
    ("PrimaryEmail", "primaryEmail", MatchKind::Text),
    ("PrimaryPhone", "primaryPhone", MatchKind::Text),
    ("SecondaryEmail", "secondaryEmail", MatchKind::Text),
    ("SecondaryPhone", "secondaryPhone", MatchKind::Text),
    ("Reference", "reference", MatchKind::Text),
    ("NetSuiteId", "netsuiteId", MatchKind::Text),
    ("SalesforceId", "salesforceId", MatchKind::Text),
    ("CustomerReference.Reference1", "customerReference.reference1", MatchKind::Text),
    ("CustomerReference.Reference2", "customerReference.reference2", MatchKind::Text),
    ("CustomerReference.Reference3", "customerReference.reference3", MatchKind::Text),
    ("CustomerAcquisition.AdContent", "customerAcquisition.adContent", MatchKind::Text),
    ("CustomerAcquisition.Campaign", "customerAcquisition.campaign", MatchKind::Text),
    ("CustomerAcquisition.LandingPage", "customerAcquisition.landingPage", MatchKind::Text),
    ("CustomerAcquisition.Medium", "customerAcquisition.medium", MatchKind::Text),
    ("CustomerAcquisition.Source", "customerAcquisition.source", MatchKind::Text),
    ("Status", "status", STATUS),
    ("AccountStatus", "customerAccountStatus", STANDING),
    ("Title", "title", TITLE),
    ("SalesforceAccountType", "salesforceAccountType", ACCOUNT_TYPE),
    ("SalesforceSynchStatus", "salesforceSynchStatus", SYNCH),
    ("NetSuiteSynchStatusId", "netsuiteSynchStatus", SYNCH),
    ("QuickBooksLatchTypeId", "quickBooksLatchType", LATCH),
    ("ParentId", "parentId", MatchKind::Integer),
    ("QuickBooksId", "quickBooksId", MatchKind::Integer),
    ("QuickBooksSyncToken", "quickBooksSyncToken", MatchKind::Integer),
    ("MonthlyRecurringRevenue", "monthlyRecurringRevenue", MatchKind::Decimal),
    ("CurrentMrr", "monthlyRecurringRevenue", MatchKind::Decimal),
    ("NetMRR", "netMonthlyRecurringRevenue", MatchKind::Decimal),
    ("CurrentNetMrr", "netMonthlyRecurringRevenue", MatchKind::Decimal),
    ("CreatedTimestamp", "createdTimestamp", MatchKind::Date),
    ("ModifiedTimestamp", "modifiedTimestamp", MatchKind::Date),
];

/// Filters of that page whose answers could not be checked, and what to search by instead.
static UNCHECKED: &[(&str, &str)] = &[
    ("Arbalance", "there is no other way to search by the balance"),
    ("NetsuiteEntityType", "search by netsuiteCustomerType"),
    ("CurrencyId", "search by currency, as in currency=CAD"),
];

/// What the default order is by: a new customer comes last, so that pages do not shift.
pub const CREATED: &str = "CreatedTimestamp";

/// The field that is meant by a flag (`first-name`), a path (`customerReference.reference1`), the last part of one, or
/// the API's name of its filter, in any case.
///
/// # Errors
/// No field is called so, with those that are called nearly so.
pub fn find(text: &str) -> Result<Name, Wrong> {
    let meant = meant(text);
    if let Some((filter, path, kind)) = filter(&meant) {
        return Ok(Name { kind: *kind, filter: Some((*filter).to_string()), place: Place::At(path) });
    }
    if let Some(code) = code(&meant) {
        return Ok(code);
    }
    match field_at(&meant) {
        Some(CODES_PATH) => Err(Wrong::new(format!("`{text}` holds several codes, each with a type"))
            .hint("search by CustomerReference.SalesTrackingCode1.Code or .Name, and so on up to 5")),
        Some(path) => Ok(Name::at(path)),
        None => Err(unknown(text, &meant)),
    }
}

/// The path of the field that is meant by one of the names that [`find`] knows; none where there is no such field.
pub fn path(text: &str) -> Option<&'static str> {
    let meant = meant(text);
    filter(&meant).map(|(_, path, _)| *path).or_else(|| field_at(&meant))
}

fn meant(text: &str) -> String {
    folded(&Path::parse(text).map(|path| path.dotted()).unwrap_or_default())
}

fn filter(meant: &str) -> Option<&'static (&'static str, &'static str, MatchKind)> {
    FILTERS.iter().find(|(filter, ..)| folded(filter) == meant)
}

fn field_at(meant: &str) -> Option<&'static str> {
    let is_path = |path: &&'static str| folded(path) == meant;
    let is_last = |path: &&'static str| path.rsplit('.').next().is_some_and(|last| folded(last) == meant);
    let by_flag = || FIELDS.iter().find(|field| folded(field.flag) == meant).map(|field| field.path);
    paths().find(is_path).or_else(by_flag).or_else(|| paths().find(is_last))
}

/// Every path that the field tables have.
fn paths() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.path).chain(READ_ONLY.iter().map(|field| field.path))
}

/// Names are told apart without regard to case and dashes, so that `first-name`, `firstName` and `FirstName` are one.
fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect()
}

/// `customerreference.salestrackingcode1.code` to `…5.name`.
fn code(meant: &str) -> Option<Name> {
    let meant = meant.strip_prefix("customerreference.").unwrap_or(meant);
    let (number, member) = meant.strip_prefix("salestrackingcode")?.split_once('.')?;
    let number: usize = number.parse().ok().filter(|number| (1..=MOST_CODES).contains(number))?;
    let (member, spelled) =
        [("code", "Code"), ("name", "Name")].into_iter().find(|known| known.0 == member)?;
    let filter = Some(format!("CustomerReference.SalesTrackingCode{number}.{spelled}"));
    Some(Name { kind: MatchKind::Text, filter, place: Place::Code(number, member) })
}

fn unknown(text: &str, meant: &str) -> Wrong {
    if let Some((name, instead)) = UNCHECKED.iter().find(|(name, _)| folded(name) == *meant) {
        let why = format!("the API can filter by `{name}`, but what it answers could not be checked");
        return Wrong::new(why).hint(*instead);
    }
    let flags = FIELDS.iter().map(|field| field.flag);
    let names = paths().chain(flags).chain(FILTERS.iter().map(|(filter, ..)| *filter));
    let mut near = field::nearest(text, names);
    near.dedup_by_key(|name| folded(name));
    let wrong = Wrong::new(format!("there is no field `{text}` to search by"));
    if near.is_empty() { wrong } else { wrong.hint(format!("did you mean {}?", near.join(", "))) }
}

impl Name {
    /// The field at a path of the field tables.
    pub fn at(path: &'static str) -> Name {
        let known = FILTERS.iter().find(|(_, known, _)| *known == path);
        let unfiltered = match path {
            "id" => MatchKind::Integer,
            "isParent" | "canChangeCurrency" => MatchKind::Word(&["true", "false"]),
            _ => MatchKind::Text,
        };
        let (kind, filter) = known.map_or((unfiltered, None), |(filter, _, kind)| (*kind, Some(*filter)));
        Name { kind, filter: filter.map(str::to_string), place: Place::At(path) }
    }

    /// The path of its value; none for a sales-tracking code, whose place in the array is not known.
    pub fn path(&self) -> Option<&'static str> {
        match self.place {
            Place::At(path) => Some(path),
            Place::Code(..) => None,
        }
    }

    /// The text of the value in a document, and none where it is null or missing; all that it may be, where the
    /// document does not tell.
    pub fn values<'a>(&self, document: View<'a>) -> Vec<Option<Cow<'a, str>>> {
        match self.place {
            Place::At(path) => vec![get(document, path.split('.')).and_then(said)],
            Place::Code(number, member) => codes(document, number)
                .into_iter()
                .map(|code| code.and_then(|code| code.member(member)).and_then(said))
                .collect(),
        }
    }
}

fn said(view: View<'_>) -> Option<Cow<'_, str>> {
    match view.kind() {
        ValueKind::Null => None,
        ValueKind::String => view.as_text().or(Some(Cow::Borrowed(view.raw()))),
        _ => Some(Cow::Borrowed(view.raw())),
    }
}

/// The code of the type with this number. An account may call its types as it likes, so one that is not called by the
/// vendor's name of another type may be it, or not.
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
        assert!(FILTERS.iter().all(|(filter, path, _)| found(filter).1 == Some(*path)));
        assert!(FILTERS.iter().all(|(_, path, _)| paths().any(|known| known == *path)));
    }

    #[test]
    fn what_cannot_be_searched_by_is_told_with_what_can() {
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
