//! The filters of the API's `query` parameter: their names, the paths of their values and how values compare.
//! One table for the client's searches and for the sandbox that answers them. Source: the vendor's page "List customers".

#[derive(Debug)]
pub struct Filter {
    /// The API's name, matched without regard to case.
    pub(crate) name: &'static str,
    /// The dotted path of the value in a customer.
    pub(crate) path: &'static str,
    pub(crate) kind: MatchKind,
}

/// The syntax of a filter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchKind {
    /// `TEXT`, in which `*` is a wildcard, or `[empty]`.
    Text,
    /// `WORD` or `WORD,WORD`, of these words.
    Word(&'static [&'static str]),
    /// `NUMBER`, a whole number.
    Integer,
    /// `FROM|TO`, either side may be missing; TO is not in the range.
    Decimal,
    /// `FROM|TO`, moments in UTC; TO is not in the range.
    Date,
}

use crate::field::{LATCHES, STATUSES, TITLES};
use MatchKind::{Date, Decimal, Integer, Text, Word};

const STATUS: MatchKind = Word(STATUSES);
const ACCOUNT_STATUS: MatchKind = Word(&["Good", "PoorStanding", "Collection"]);
const TITLE: MatchKind = Word(TITLES);
const ACCOUNT_TYPE: MatchKind = Word(&["Company", "Person"]);
const SYNCH_STATUS: MatchKind = Word(&["Enabled", "Disabled"]);
const LATCH_TYPE: MatchKind = Word(LATCHES);

const fn filter(name: &'static str, path: &'static str, kind: MatchKind) -> Filter {
    Filter { name, path, kind }
}

/// The filters whose values a customer holds, except [`sales_tracking_code`], and `CurrencyId`, whose numbers the vendor
/// does not publish. If two filters have the same path, the client sends the first.
#[rustfmt::skip]
pub(crate) static FILTERS: &[Filter] = &[
    filter("CompanyName", "companyName", Text),
    filter("FirstName", "firstName", Text),
    filter("MiddleName", "middleName", Text),
    filter("LastName", "lastName", Text),
    filter("Suffix", "suffix", Text),
    filter("PrimaryEmail", "primaryEmail", Text),
    filter("PrimaryPhone", "primaryPhone", Text),
    filter("SecondaryEmail", "secondaryEmail", Text),
    filter("SecondaryPhone", "secondaryPhone", Text),
    filter("Reference", "reference", Text),
    filter("NetSuiteId", "netsuiteId", Text),
    filter("SalesforceId", "salesforceId", Text),
    filter("CustomerReference.Reference1", "customerReference.reference1", Text),
    filter("CustomerReference.Reference2", "customerReference.reference2", Text),
    filter("CustomerReference.Reference3", "customerReference.reference3", Text),
    filter("CustomerAcquisition.AdContent", "customerAcquisition.adContent", Text),
    filter("CustomerAcquisition.Campaign", "customerAcquisition.campaign", Text),
    filter("CustomerAcquisition.LandingPage", "customerAcquisition.landingPage", Text),
    filter("CustomerAcquisition.Medium", "customerAcquisition.medium", Text),
    filter("CustomerAcquisition.Source", "customerAcquisition.source", Text),
    filter("Status", "status", STATUS),
    filter("AccountStatus", "customerAccountStatus", ACCOUNT_STATUS),
    filter("Title", "title", TITLE),
    filter("SalesforceAccountType", "salesforceAccountType", ACCOUNT_TYPE),
    filter("SalesforceSynchStatus", "salesforceSynchStatus", SYNCH_STATUS),
    filter("NetSuiteSynchStatusId", "netsuiteSynchStatus", SYNCH_STATUS),
    filter("QuickBooksLatchTypeId", "quickBooksLatchType", LATCH_TYPE),
    filter("ParentId", "parentId", Integer),
    filter("QuickBooksId", "quickBooksId", Integer),
    filter("QuickBooksSyncToken", "quickBooksSyncToken", Integer),
    filter("MonthlyRecurringRevenue", "monthlyRecurringRevenue", Decimal),
    filter("CurrentMrr", "monthlyRecurringRevenue", Decimal),
    filter("NetMRR", "netMonthlyRecurringRevenue", Decimal),
    filter("CurrentNetMrr", "netMonthlyRecurringRevenue", Decimal),
    filter("CreatedTimestamp", "createdTimestamp", Date),
    filter("ModifiedTimestamp", "modifiedTimestamp", Date),
];

/// Splits `SalesTrackingCode1.Code` to `SalesTrackingCode5.Name` into the number of the type, counted from 1, and the
/// member (`code` or `name`). Any case is taken; `CustomerReference.` in front of it too.
pub(crate) fn sales_tracking_code(name: &str) -> Option<(usize, &'static str)> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("customerreference.").unwrap_or(&name);
    let (number, member) = name.strip_prefix("salestrackingcode")?.split_once('.')?;
    let number = (1..=crate::field::MOST_CODES).find(|known| known.to_string() == number)?;
    let member = ["code", "name"].into_iter().find(|known| *known == member)?;
    Some((number, member))
}
