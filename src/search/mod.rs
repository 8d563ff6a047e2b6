//! Which customers are meant: conditions, what the API is asked for them, and the check of what it answers.
//!
//! The vendor says neither what an unknown filter does nor how a value with the filter's own characters is escaped. So
//! the API is asked for at least the customers that are meant ([`Search::query`]), and every customer it sends is
//! checked here ([`Search::judge`]). Source of names and grammar: the vendor's pages "List customers", "String filtering"
//! and "Date filtering".

pub mod condition;
pub mod lookup;
pub mod names;
pub mod pattern;
pub mod range;
pub mod text;

use std::fmt;

pub use condition::Condition;
pub use lookup::{CustomerName, Lookup};
pub use names::Name;

use crate::document::View;

/// Conditions that must all hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    conditions: Vec<Condition>,
}

/// What a customer that the API sent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One of those that are meant.
    Meant,
    /// Another one, as was to be expected: the API could not be asked so precisely.
    Beside,
    /// Another one that the API was asked to leave out.
    Unasked,
}

/// What is wrong with a condition or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Why it cannot be taken, without a full stop.
    pub why: String,
    /// What to type instead.
    pub hint: Option<String>,
}

impl Wrong {
    fn new(why: impl Into<String>) -> Wrong {
        Wrong { why: why.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Wrong {
        Wrong { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Search {
    /// Customers of whom all these hold.
    pub fn new(conditions: Vec<Condition>) -> Search {
        Search { conditions }
    }

    /// Customers whose text at a path of the field table is this one; upper and lower case count as the same.
    pub fn exactly(path: &'static str, text: &str) -> Search {
        Search::new(vec![Condition::exactly(path, text)])
    }

    /// The value of the list's `query` parameter, encoded for a URL (RFC 3986 section 2.3); empty where every customer
    /// is to be read.
    pub fn query(&self) -> String {
        let asked = self.conditions.iter().filter_map(Condition::query);
        encoded(&asked.collect::<Vec<_>>().join(";"))
    }

    /// Whether the API can be asked for just the customers that are meant.
    pub fn is_exact(&self) -> bool {
        self.conditions.iter().all(Condition::is_exact)
    }

    /// The conditions that the API cannot be asked for at all, as they were typed.
    pub fn kept_back(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().filter(|condition| condition.query().is_none()).map(Condition::given)
    }

    /// Whether a customer is one of those that are meant.
    pub fn holds(&self, document: View<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(document))
    }

    /// What a customer is that the API sent.
    pub fn judge(&self, document: View<'_>) -> Verdict {
        if self.holds(document) {
            Verdict::Meant
        } else if self.conditions.iter().all(|condition| condition.may_be_sent(document)) {
            Verdict::Beside
        } else {
            Verdict::Unasked
        }
    }
}

/// Everything but the unreserved characters as `%XX`.
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

    fn judged(search: &Search, document: &str) -> Verdict {
        search.judge(Json::parse(document).unwrap().root())
    }

    #[test]
    fn conditions_are_joined_and_encoded() {
        let query = search(&["first-name=J*n & é", "status=active,DRAFT", "currency=CAD"]).query();
        assert_eq!(query, "FirstName%3AJ%2An%20%26%20%C3%A9%3BStatus%3ADraft%2CActive");
        assert_eq!(search(&[]).query(), "");
    }

    #[test]
    fn a_row_that_was_to_be_expected_is_told_from_one_that_was_not() {
        let search = search(&["company-name=a;b", "status=Active"]);
        assert!(!search.is_exact());
        assert_eq!(judged(&search, r#"{"companyName":"A;B","status":"Active"}"#), Verdict::Meant);
        assert_eq!(judged(&search, r#"{"companyName":"aXb","status":"Active"}"#), Verdict::Beside);
        assert_eq!(judged(&search, r#"{"companyName":"a;b","status":"Hold"}"#), Verdict::Unasked);
        assert_eq!(judged(&search, r#"{"companyName":"c","status":"Active"}"#), Verdict::Unasked);
    }

    #[test]
    fn what_the_api_has_no_filter_for_is_kept_back() {
        let search = search(&["currency=cad", "company-name=;", "first-name=J"]);
        assert_eq!(search.kept_back().collect::<Vec<_>>(), ["currency=cad", "company-name=;"]);
        let jon = r#"{"currency":"CAD","companyName":";","firstName":"J"}"#;
        assert_eq!(judged(&search, jon), Verdict::Meant);
        assert_eq!(judged(&search, &jon.replace("CAD", "USD")), Verdict::Beside);
    }

    #[test]
    fn one_exact_text_is_searched_for_whatever_it_holds() {
        let search = Search::exactly("reference", "a*b\\[empty]");
        assert_eq!(search.query(), "Reference%3Aa%2Ab%2Aempty%2A");
        assert_eq!(judged(&search, r#"{"reference":"A*b\\[empty]"}"#), Verdict::Meant);
        assert_eq!(judged(&search, r#"{"reference":"aXb\\[empty]"}"#), Verdict::Beside);
        assert_eq!(judged(&Search::exactly("reference", "4711"), r#"{"reference":4711}"#), Verdict::Meant);
    }
}
