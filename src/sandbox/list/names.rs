//! The names a list can be filtered and sorted by: the vendor's page "List customers".
//!
//! Two of them are left out: `Arbalance` is no member of a customer, and no document says what the numbers of
//! `NetsuiteEntityType` stand for.

use std::borrow::Cow;

use crate::document::decimal::Decimal;
use crate::document::json::{ValueKind, View};
use crate::document::path::Path;
use crate::sandbox::behaviour::{Behaviour, UnknownFilter};
use crate::sandbox::clock;
use crate::sandbox::customers::type_names;

/// A name and where the value stands that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) kind: Kind,
    place: Place,
}

/// How values of a name are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Word,
    Integer,
    Decimal,
    Date,
    Currency,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Member(&'static str),
    /// A member of the code of this type; types are counted from 1.
    Code(usize, &'static str),
}

#[rustfmt::skip]
static NAMES: &[(&str, &str, Kind)] = &[
    ("CompanyName", "companyName", Kind::Text),
    ("FirstName", "firstName", Kind::Text),
    ("MiddleName", "middleName", Kind::Text),
    ("LastName", "lastName", Kind::Text),
    ("Suffix", "suffix", Kind::Text),
    ("PrimaryEmail", "primaryEmail", Kind::Text),
    ("PrimaryPhone", "primaryPhone", Kind::Text),
    ("SecondaryEmail", "secondaryEmail", Kind::Text),
    ("SecondaryPhone", "secondaryPhone", Kind::Text),
    ("Reference", "reference", Kind::Text),
    ("NetSuiteId", "netsuiteId", Kind::Text),
    ("SalesforceId", "salesforceId", Kind::Text),
    ("CustomerReference.Reference1", "customerReference.reference1", Kind::Text),
    ("CustomerReference.Reference2", "customerReference.reference2", Kind::Text),
    ("CustomerReference.Reference3", "customerReference.reference3", Kind::Text),
    ("CustomerAcquisition.AdContent", "customerAcquisition.adContent", Kind::Text),
    ("CustomerAcquisition.Campaign", "customerAcquisition.campaign", Kind::Text),
    ("CustomerAcquisition.LandingPage", "customerAcquisition.landingPage", Kind::Text),
    ("CustomerAcquisition.Medium", "customerAcquisition.medium", Kind::Text),
    ("CustomerAcquisition.Source", "customerAcquisition.source", Kind::Text),
    ("Status", "status", Kind::Word),
    ("AccountStatus", "customerAccountStatus", Kind::Word),
    ("Title", "title", Kind::Word),
    ("SalesforceAccountType", "salesforceAccountType", Kind::Word),
    ("SalesforceSynchStatus", "salesforceSynchStatus", Kind::Word),
    ("NetSuiteSynchStatusId", "netsuiteSynchStatus", Kind::Word),
    ("QuickBooksLatchTypeId", "quickBooksLatchType", Kind::Word),
    ("CurrencyId", "currency", Kind::Currency),
    ("ParentId", "parentId", Kind::Integer),
    ("QuickBooksId", "quickBooksId", Kind::Integer),
    ("QuickBooksSyncToken", "quickBooksSyncToken", Kind::Integer),
    ("CurrentMrr", "monthlyRecurringRevenue", Kind::Decimal),
    ("MonthlyRecurringRevenue", "monthlyRecurringRevenue", Kind::Decimal),
    ("CurrentNetMrr", "netMonthlyRecurringRevenue", Kind::Decimal),
    ("NetMRR", "netMonthlyRecurringRevenue", Kind::Decimal),
    ("CreatedTimestamp", "createdTimestamp", Kind::Date),
    ("ModifiedTimestamp", "modifiedTimestamp", Kind::Date),
];

/// The currencies a support page lists, in its order. The vendor's own numbering of them is not published, so the
/// sandbox counts them from 1 in this order.
const CURRENCIES: [&str; 24] = [
    "AUD", "BRL", "GBP", "CAD", "COP", "DKK", "EUR", "HKD", "INR", "ILS", "JPY", "MYR", "MXN", "NZD", "NOK",
    "CNY", "RUB", "SGD", "ZAR", "KRW", "SEK", "CHF", "TRY", "USD",
];

/// What a name means; none where it is unknown and an unknown name means everything.
pub(crate) fn find(name: &str, behaviour: &Behaviour) -> Result<Option<Name>, String> {
    let plain = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
    let found = match plain {
        Some((_, path, kind)) => Some(Name { kind: *kind, place: Place::Member(path) }),
        None => code(&name.to_ascii_lowercase()),
    };
    match (found, behaviour.unknown_filter) {
        (None, UnknownFilter::Refuse) => Err(format!("There is no filter {name}.")),
        (found, _) => Ok(found),
    }
}

/// `CustomerReference.SalesTrackingCode1.Code` to `…5.Name`.
fn code(name: &str) -> Option<Name> {
    let (number, member) = name.strip_prefix("customerreference.salestrackingcode")?.split_once('.')?;
    let number = number.parse().ok().filter(|number| type_names(*number).is_some())?;
    let member = ["code", "name"].into_iter().find(|known| *known == member)?;
    Some(Name { kind: Kind::Text, place: Place::Code(number, member) })
}

/// What values of one name are ordered by: null, then numbers, then texts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    Null,
    Number(Decimal),
    Text(String),
}

impl Name {
    /// The text of the value in a document; none where it is null or missing.
    pub(crate) fn value<'a>(&self, document: View<'a>) -> Option<Cow<'a, str>> {
        let view = match self.place {
            Place::Member(path) => {
                Path::of(path).names().iter().try_fold(document, |view, name| view.member(name))?
            }
            Place::Code(number, member) => of_type(document, number)?.member(member)?,
        };
        let text = match view.kind() {
            ValueKind::Null => return None,
            ValueKind::String => view.as_text()?,
            _ => Cow::Borrowed(view.raw()),
        };
        let currency = |code: &str| CURRENCIES.iter().position(|known| *known == code);
        if self.kind == Kind::Currency {
            return currency(&text).map(|at| Cow::Owned((at + 1).to_string()));
        }
        Some(text)
    }

    /// What the document is ordered by: numbers by value, timestamps by moment, text without regard to case.
    pub(crate) fn sort_key(&self, document: View<'_>) -> SortKey {
        let Some(text) = self.value(document) else { return SortKey::Null };
        match self.kind {
            Kind::Integer | Kind::Decimal | Kind::Currency => {
                Decimal::parse(&text).map_or(SortKey::Null, SortKey::Number)
            }
            Kind::Date => SortKey::Text(clock::comparable(&text).unwrap_or_default()),
            Kind::Text | Kind::Word => SortKey::Text(text.to_lowercase()),
        }
    }
}

fn of_type(document: View<'_>, number: usize) -> Option<View<'_>> {
    let names = type_names(number)?;
    document.member("customerReference")?.member("salesTrackingCodes")?.children().find(|code| {
        let called = code.member("type").and_then(View::as_text);
        called.is_some_and(|called| names.iter().any(|name| name.eq_ignore_ascii_case(&called)))
    })
}
