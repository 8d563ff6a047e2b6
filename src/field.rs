//! The table of a customer's fields: paths, flags, types, limits, help.
//! Source: the request parameters and samples of the vendor's page "Edit customer" (`PUT /v1/customers`). Limits count
//! UTF-16 units, as .NET strings do.

/// A writable field of the customer document.
#[derive(Debug)]
pub struct Field {
    /// Dotted: `customerReference.reference1`.
    pub path: &'static str,
    /// Without dashes in front; also the name for `--clear`.
    pub flag: &'static str,
    pub kind: FieldKind,
    pub section: Section,
    pub help: &'static str,
}

/// The type of a field's values. Every one except [`FieldKind::Codes`] may also be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text {
        /// The vendor's limit, in UTF-16 units.
        max: usize,
        /// Whether a longer text is an error.
        over: OverLimit,
    },
    /// E-mail addresses separated by semicolons.
    Emails {
        /// The vendor's limit for the list, in UTF-16 units.
        max: usize,
    },
    /// One of these words; matched in any case, sent as spelled here.
    Choice(&'static [&'static str]),
    /// An ISO 4217 code, sent in capitals.
    Currency,
    /// The id of a record: a whole number that is not negative.
    Integer,
    /// The array of sales-tracking codes, edited one type at a time.
    Codes,
}

/// The result of a text longer than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverLimit {
    /// An error: the vendor names one limit.
    Refused,
    /// A warning: the vendor's pages differ, so the server decides.
    Warned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
pub enum Section {
    Name,
    Contact,
    References,
    Acquisition,
    Billing,
    Integrations,
    Other,
}

impl Section {
    pub fn heading(self) -> &'static str {
        self.into()
    }
}

/// The most sales-tracking codes of one customer ("a collection of up to 5").
pub const MOST_CODES: usize = 5;
/// The longest `type` or `code` of a sales-tracking code, in UTF-16 units.
pub const CODE_MAX: usize = 255;
pub const CODES_PATH: &str = "customerReference.salesTrackingCodes";

const fn text(max: usize) -> FieldKind {
    FieldKind::Text { max, over: OverLimit::Refused }
}

const fn field(
    path: &'static str,
    flag: &'static str,
    kind: FieldKind,
    section: Section,
    help: &'static str,
) -> Field {
    Field { path, flag, kind, section, help }
}

pub(crate) const TITLES: &[&str] = &["Mr", "Mrs", "Ms", "Miss", "Dr"];
pub(crate) const STATUSES: &[&str] = &["Draft", "Active", "Hold", "Suspended", "Cancelled"];
pub(crate) const LATCHES: &[&str] = &["CreateNew", "LatchExisting", "DoNothing"];

/// Every field that `PUT /v1/customers` documents as a request parameter, except `id`.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    field("title", "title", FieldKind::Choice(TITLES), Section::Name, "Title before the name"),
    field("firstName", "first-name", text(50), Section::Name, "First name"),
    field("middleName", "middle-name", text(50), Section::Name, "Middle name"),
    field("lastName", "last-name", text(50), Section::Name, "Last name"),
    field("suffix", "suffix", text(50), Section::Name, "Name suffix, for example Jr. or Sr."),
    // 50 in the API reference, 255 in the vendor's bulk import documentation.
    field("companyName", "company-name", FieldKind::Text { max: 50, over: OverLimit::Warned }, Section::Name, "Company name"),
    field("primaryEmail", "primary-email", FieldKind::Emails { max: 255 }, Section::Contact, "Addresses invoices are sent to, separated by ';'"),
    field("primaryPhone", "primary-phone", text(50), Section::Contact, "Primary phone number"),
    field("secondaryEmail", "secondary-email", FieldKind::Emails { max: 255 }, Section::Contact, "Addresses nothing is sent to, separated by ';'"),
    field("secondaryPhone", "secondary-phone", text(50), Section::Contact, "Secondary phone number"),
    field("reference", "reference", text(255), Section::References, "Your own id of this customer; not unique"),
    field("customerReference.reference1", "reference1", text(255), Section::References, "Free reference 1"),
    field("customerReference.reference2", "reference2", text(255), Section::References, "Free reference 2"),
    field("customerReference.reference3", "reference3", text(255), Section::References, "Free reference 3"),
    field(CODES_PATH, "sales-tracking-code", FieldKind::Codes, Section::References, "Set the code of one sales-tracking type (repeatable)"),
    field("customerAcquisition.adContent", "ad-content", text(255), Section::Acquisition, "Content of the campaign's ad"),
    field("customerAcquisition.campaign", "campaign", text(255), Section::Acquisition, "Name of the campaign"),
    field("customerAcquisition.keyword", "keyword", text(255), Section::Acquisition, "Search words that led to the site"),
    field("customerAcquisition.landingPage", "landing-page", text(255), Section::Acquisition, "First page of the visit"),
    field("customerAcquisition.medium", "medium", text(255), Section::Acquisition, "Kind of campaign: banner, e-mail, click ad"),
    field("customerAcquisition.source", "source", text(255), Section::Acquisition, "Where the campaign came from"),
    field("status", "status", FieldKind::Choice(STATUSES), Section::Billing, "Status; asks before it is written"),
    field("currency", "currency", FieldKind::Currency, Section::Billing, "ISO 4217 code, changeable while Draft; asks before it is written"),
    field("parentId", "parent-id", FieldKind::Integer, Section::Billing, "Id of the parent customer; asks before it is written"),
    field("quickBooksLatchType", "quickbooks-latch-type", FieldKind::Choice(LATCHES), Section::Integrations, "How the customer is matched in QuickBooks Online"),
    field("quickBooksId", "quickbooks-id", FieldKind::Integer, Section::Integrations, "Name id in QuickBooks Online"),
];

/// A field of the document that this tool never changes.
#[derive(Debug)]
pub struct ReadOnly {
    /// Dotted.
    pub path: &'static str,
    pub(crate) section: Section,
    /// Why it is read-only.
    pub reason: &'static str,
    /// Whether the vendor may change it between two reads.
    pub derived: bool,
}

const KEY: &str = "it identifies the customer";
const COMPUTED: &str = "the vendor computes it";
const LINKED: &str = "it is set by linking the accounts, which has an endpoint of its own";

const fn fixed(path: &'static str, section: Section, reason: &'static str) -> ReadOnly {
    ReadOnly { path, section, reason, derived: false }
}

const fn derived(path: &'static str, section: Section) -> ReadOnly {
    ReadOnly { path, section, reason: COMPUTED, derived: true }
}

/// Fields seen in the vendor's responses that are not request parameters of the PUT.
/// A `derived` field changes by billing, synchronisation or the write itself: it is sent as it was read, and verification
/// ignores it.
pub static READ_ONLY: &[ReadOnly] = &[
    fixed("id", Section::Name, KEY),
    fixed("uri", Section::Other, KEY),
    fixed("customerReference.id", Section::References, KEY),
    fixed("customerReference.uri", Section::References, KEY),
    fixed("customerReference.classicId", Section::References, KEY),
    fixed("customerAcquisition.id", Section::Acquisition, KEY),
    fixed("customerAcquisition.uri", Section::Acquisition, KEY),
    derived("customerAccountStatus", Section::Billing),
    derived("canChangeCurrency", Section::Billing),
    derived("monthlyRecurringRevenue", Section::Billing),
    derived("netMonthlyRecurringRevenue", Section::Billing),
    derived("isParent", Section::Billing),
    fixed("salesforceId", Section::Integrations, LINKED),
    fixed("salesforceAccountType", Section::Integrations, LINKED),
    derived("salesforceSynchStatus", Section::Integrations),
    fixed("netsuiteId", Section::Integrations, LINKED),
    derived("netsuiteSynchStatus", Section::Integrations),
    fixed("netsuiteCustomerType", Section::Integrations, LINKED),
    derived("quickBooksSyncToken", Section::Integrations),
    fixed("hubSpotId", Section::Integrations, LINKED),
    fixed("hubSpotCompanyId", Section::Integrations, LINKED),
    fixed("geotabId", Section::Integrations, LINKED),
    fixed("digitalRiverId", Section::Integrations, LINKED),
    fixed("portalUserName", Section::Other, "the customer's portal login has an endpoint of its own"),
    derived("modifiedTimestamp", Section::Other),
    derived("createdTimestamp", Section::Other),
    derived("requiresProjectedInvoiceGeneration", Section::Other),
    derived("requiresFinancialCalendarGeneration", Section::Other),
];

/// Members that only an activation preview has; a document with one of them must never be PUT.
pub(crate) static PREVIEW_ONLY: &[&str] = &["invoicePreview", "additionalInvoicesForPreview"];

/// Names by which servers tell versions of a document. Fusebill's page shows none but `modifiedTimestamp`; a member with one
/// of these names that is in no table moves by itself.
static VERSIONS: &[&str] = &["rowversion", "version", "etag", "revision", "lastmodified", "modifieddate"];

pub(crate) fn is_version(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    VERSIONS.contains(&name.as_str())
}

pub fn at(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

/// The writable field with that flag, written without dashes.
pub fn by_flag(flag: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.flag == flag)
}

pub fn read_only(path: &str) -> Option<&'static ReadOnly> {
    READ_ONLY.iter().find(|field| field.path == path)
}

fn objects() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter_map(|field| Some(field.path.rsplit_once('.')?.0))
}

pub(crate) fn is_object(path: &str) -> bool {
    objects().any(|object| object == path)
}

/// The spelling of a dotted path in the tables, if it differs by case only.
pub(crate) fn other_case(path: &str) -> Option<&'static str> {
    let paths = FIELDS.iter().map(|field| field.path).chain(READ_ONLY.iter().map(|field| field.path));
    let same = |known: &&str| known.eq_ignore_ascii_case(path);
    paths.chain(objects()).find(same).filter(|known| *known != path)
}

pub(crate) fn section(path: &str) -> Section {
    let known = at(path).map(|field| field.section).or_else(|| read_only(path).map(|field| field.section));
    known.unwrap_or(Section::Other)
}

impl Field {
    /// Whether a change of it affects billing, so that it needs consent even if a flag names it.
    pub fn affects_billing(&self) -> bool {
        matches!(self.path, "status" | "currency" | "parentId")
    }

    /// Why it cannot be cleared; none if it can.
    pub fn never_null(&self) -> Option<&'static str> {
        match self.path {
            "status" => Some("the API refuses a customer without a status"),
            "currency" => Some("the API would set the account's default currency"),
            _ => None,
        }
    }

    /// Whether it holds free text, which some of the vendor's documents show as a number.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, FieldKind::Text { .. } | FieldKind::Emails { .. })
    }

    /// The words of a [`FieldKind::Choice`].
    pub fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            FieldKind::Choice(words) => words,
            _ => &[],
        }
    }
}

const LEAST_LIKENESS: f64 = 0.75;
/// The shortest part of a name that means it.
const LEAST_PART: usize = 4;

/// The path of the tables that is most similar to `meant`.
pub(crate) fn nearest_path(meant: &str) -> Option<&'static str> {
    let paths = FIELDS.iter().map(|field| field.path).chain(READ_ONLY.iter().map(|field| field.path));
    nearest(meant, paths).first().copied()
}

/// The names most similar to `meant`, at most three, closest first.
pub(crate) fn nearest<'a>(meant: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let meant = meant.to_lowercase();
    let mut close: Vec<(f64, &str)> =
        names.into_iter().map(|name| (likeness(&meant, &name.to_lowercase()), name)).collect();
    // `phone` means primaryPhone or secondaryPhone.
    let is_part = |name: &str| meant.len() >= LEAST_PART && name.to_lowercase().contains(&meant);
    close
        .iter_mut()
        .filter(|(_, name)| is_part(name))
        .for_each(|(score, _)| *score = score.max(LEAST_LIKENESS));
    close.retain(|(score, _)| *score >= LEAST_LIKENESS);
    close.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    close.dedup_by(|a, b| a.1 == b.1);
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Jaro similarity with the name or, weighted a little less, with its last part: `reference1` means
/// `customerReference.reference1`.
fn likeness(meant: &str, name: &str) -> f64 {
    let last = name.rsplit('.').next().unwrap_or(name);
    strsim::jaro(meant, name).max(strsim::jaro(meant, last) * 0.99)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_path_and_no_flag_is_listed_twice() {
        let mut paths = HashSet::new();
        let all = FIELDS.iter().map(|f| f.path).chain(READ_ONLY.iter().map(|f| f.path));
        assert!(all.clone().all(|path| paths.insert(path)), "{all:?}", all = all.collect::<Vec<_>>());
        let mut flags = HashSet::new();
        assert!(FIELDS.iter().all(|field| flags.insert(field.flag)));
    }

    #[test]
    fn a_field_is_spelled_in_one_way_and_has_no_fields_in_it() {
        assert!(FIELDS.iter().all(|field| other_case(field.path).is_none() && !is_object(field.path)));
    }

    #[test]
    fn the_nearest_name_is_found_by_likeness_and_by_ending() {
        let names = || FIELDS.iter().map(|field| field.path);
        assert_eq!(nearest("fristName", names()).first(), Some(&"firstName"));
        assert_eq!(nearest("FirstName", names()).first(), Some(&"firstName"));
        assert_eq!(nearest("reference1", names()).first(), Some(&"customerReference.reference1"));
        assert!(nearest("zzz", names()).is_empty());
        assert_eq!(nearest("phone", names()), ["primaryPhone", "secondaryPhone"]);
        assert_eq!(nearest("status", ["account.status", "status"]), ["status", "account.status"]);
    }

    #[test]
    fn every_section_has_a_heading_of_its_own() {
        let headings: HashSet<&str> = FIELDS.iter().map(|field| field.section.heading()).collect();
        assert!(
            headings.contains("Billing") && headings.contains("Contact") && headings.len() >= 6,
            "{headings:?}"
        );
    }
}
