//! A search for customers: the query for the API, and the check of every customer in its answer.
//! The vendor documents neither unknown filters nor how a value escapes the filter's own characters. So the query
//! ([`Search::query`]) asks for at least the customers that match, and every customer that the API sends is checked here.
//! Source: the vendor's pages "List customers", "String filtering" and "Date filtering".

pub mod filters;
pub(crate) mod find;
pub mod lookup;
pub mod names;
mod pattern;
mod range;
mod wildcards;

pub use lookup::{CustomerName, Lookup};
pub use names::Name;

use crate::document::View;
use pattern::Pattern;
use wildcards::Wildcards;

#[derive(Debug, Clone, Default)]
pub struct Search {
    conditions: Vec<Condition>,
}

/// Whether a customer that the API sent matches the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMatch {
    Match,
    /// It does not match, but the query includes it, because no query is more precise.
    Extra,
    /// It matches neither the search nor the query.
    Unexpected,
}

/// Why a condition or a field name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct QueryError {
    /// Without a full stop.
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
}

impl QueryError {
    fn new(reason: impl Into<String>) -> QueryError {
        QueryError { reason: reason.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> QueryError {
        QueryError { hint: Some(hint.into()), ..self }
    }
}

impl Search {
    pub fn new(conditions: Vec<Condition>) -> Search {
        Search { conditions }
    }

    /// Customers whose field at a path of the field tables equals this text, without regard to case.
    pub fn exactly(path: &'static str, text: &str) -> Search {
        let pattern = Pattern::Text(Wildcards::literal(text));
        Search::new(vec![Condition { name: Name::at(path), pattern, given: format!("{path}={text}") }])
    }

    /// The value of the list's `query` parameter, encoded for a URL (RFC 3986 section 2.3); empty if every customer
    /// has to be read.
    pub fn query(&self) -> String {
        let asked = self.conditions.iter().filter_map(Condition::query);
        encoded(&asked.collect::<Vec<_>>().join(";"))
    }

    /// Whether the query asks for the customers that match and no others.
    pub fn is_exact(&self) -> bool {
        self.conditions.iter().all(Condition::is_exact)
    }

    /// What may be typed instead, if nothing matches.
    pub(crate) fn wider(&self) -> Vec<String> {
        self.conditions.iter().filter_map(Condition::wider).collect()
    }

    pub(crate) fn conditions_without_filter(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().filter(|condition| condition.query().is_none()).map(Condition::given)
    }

    pub fn holds(&self, document: View<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(document))
    }

    /// Judges a customer that the API sent for [`Search::query`].
    pub fn judge(&self, document: View<'_>) -> SearchMatch {
        if self.holds(document) {
            SearchMatch::Match
        } else if self.conditions.iter().all(|condition| condition.may_be_sent(document)) {
            SearchMatch::Extra
        } else {
            SearchMatch::Unexpected
        }
    }
}

/// A field and the pattern that its value must match.
#[derive(Debug, Clone)]
pub struct Condition {
    name: Name,
    pattern: Pattern,
    given: String,
}

impl Condition {
    pub fn parse(text: &str) -> Result<Condition, QueryError> {
        let (field, pattern) = text.split_once('=').ok_or_else(|| {
            QueryError::new("it takes FIELD=PATTERN")
                .hint("for example status=Active, company-name=Acme* or created-timestamp=2024-01-01..")
        })?;
        let name = names::find(field)?;
        let pattern = Pattern::parse(name.kind, pattern)?;
        Ok(Condition { name, pattern, given: text.to_string() })
    }

    pub(crate) fn containing(path: &'static str, text: &str) -> Condition {
        let pattern = Pattern::Text(Wildcards::containing(text));
        Condition { name: Name::at(path), pattern, given: format!("{path}=*{text}*") }
    }

    /// The same condition for a part of the value, if it is for the whole value.
    pub(crate) fn wider(&self) -> Option<String> {
        let (field, text) = self.given.split_once('=')?;
        let is_whole = matches!(&self.pattern, Pattern::Text(typed) if !text.is_empty() && typed.is_whole());
        is_whole.then(|| format!("{field}=*{text}*"))
    }

    /// The condition as it was typed.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The filter for the API; none if it has no filter for this.
    pub fn query(&self) -> Option<String> {
        Some(format!("{}:{}", self.name.filter.as_ref()?, self.pattern.asked()?))
    }

    fn is_exact(&self) -> bool {
        self.name.filter.is_some() && self.pattern.is_exact()
    }

    fn holds(&self, document: View<'_>) -> bool {
        self.name.values(document).iter().any(|value| self.pattern.holds(value.as_deref()))
    }

    fn may_be_sent(&self, document: View<'_>) -> bool {
        let values = self.name.values(document);
        self.query().is_none() || values.iter().any(|value| self.pattern.may_be_sent(value.as_deref()))
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Json;

    fn search(conditions: &[&str]) -> Search {
        Search::new(conditions.iter().map(|text| Condition::parse(text).unwrap()).collect())
    }

    fn judged(search: &Search, document: &str) -> SearchMatch {
        search.judge(Json::parse(document).unwrap().root())
    }

    #[test]
    fn conditions_are_joined_and_encoded() {
        let query = search(&["first-name=J*n & é", "status=active,DRAFT", "currency=CAD"]).query();
        assert_eq!(query, "FirstName%3AJ%2An%20%26%20%C3%A9%3BStatus%3ADraft%2CActive");
        assert_eq!(search(&[]).query(), "");
    }

    #[test]
    fn an_extra_row_is_distinguished_from_an_unexpected_one() {
        let search = search(&["company-name=a;b", "status=Active"]);
        assert!(!search.is_exact());
        assert_eq!(judged(&search, r#"{"companyName":"A;B","status":"Active"}"#), SearchMatch::Match);
        assert_eq!(judged(&search, r#"{"companyName":"aXb","status":"Active"}"#), SearchMatch::Extra);
        assert_eq!(judged(&search, r#"{"companyName":"a;b","status":"Hold"}"#), SearchMatch::Unexpected);
        assert_eq!(judged(&search, r#"{"companyName":"c","status":"Active"}"#), SearchMatch::Unexpected);
    }

    #[test]
    fn a_condition_without_an_api_filter_is_kept_back() {
        let search = search(&["currency=cad", "company-name=;", "first-name=J"]);
        assert_eq!(
            search.conditions_without_filter().collect::<Vec<_>>(),
            ["currency=cad", "company-name=;"]
        );
        let jon = r#"{"currency":"CAD","companyName":";","firstName":"J"}"#;
        assert_eq!(judged(&search, jon), SearchMatch::Match);
        assert_eq!(judged(&search, &jon.replace("CAD", "USD")), SearchMatch::Extra);
    }

    #[test]
    fn an_exact_search_matches_text_with_special_characters() {
        let search = Search::exactly("reference", "a*b\\[empty]");
        assert_eq!(search.query(), "Reference%3Aa%2Ab%2Aempty%2A");
        assert_eq!(judged(&search, r#"{"reference":"A*b\\[empty]"}"#), SearchMatch::Match);
        assert_eq!(judged(&search, r#"{"reference":"aXb\\[empty]"}"#), SearchMatch::Extra);
        assert_eq!(
            judged(&Search::exactly("reference", "4711"), r#"{"reference":4711}"#),
            SearchMatch::Match
        );
    }

    #[test]
    fn the_first_equals_sign_splits() {
        let condition = Condition::parse("landing-page=/a?b=c").unwrap();
        assert_eq!(condition.query().as_deref(), Some("CustomerAcquisition.LandingPage:/a?b=c"));
        assert_eq!(condition.given(), "landing-page=/a?b=c");
    }

    #[test]
    fn an_invalid_condition_is_refused_with_the_reason() {
        assert!(Condition::parse("status").unwrap_err().reason.contains("FIELD=PATTERN"));
        assert!(Condition::parse("=x").is_err());
        assert!(Condition::parse("parent-id=x").unwrap_err().reason.contains("no whole number"));
    }
}
