//! The `<CUSTOMER>` of a command: an id, `reference:ACME-7` or `email:a@example.com`.
//! Neither a reference nor an address is unique at the vendor ("Customer object"), and the API's answers are checked here:
//! a reference must be equal; an address must be one of the primary addresses, without regard to case.

use strum::Display;

use super::{Condition, Search, names};
use crate::document::View;
use crate::document::hidden::TYPOGRAPHIC_QUOTES;

#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum CustomerName {
    #[strum(to_string = "{0}")]
    Id(u64),
    /// A search that must find one customer.
    #[strum(to_string = "{0}")]
    Lookup(Lookup),
}

#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum Lookup {
    /// `reference`.
    #[strum(to_string = "reference:{0}")]
    Reference(String),
    /// One of the addresses in `primaryEmail`.
    #[strum(to_string = "email:{0}")]
    Email(String),
}

const REFERENCE: &str = "reference";
const EMAIL: &str = "primaryEmail";

impl CustomerName {
    pub(crate) fn parse(text: &str) -> Result<CustomerName, String> {
        if let Some((by, value)) = text.split_once(':') {
            let lookup = match by.to_ascii_lowercase().as_str() {
                "reference" => Lookup::Reference(value.to_string()),
                "email" => Lookup::Email(value.trim().to_string()),
                _ => return Err(customer_name_help()),
            };
            if value.trim().is_empty() {
                return Err(format!("nothing follows `{by}:`; {}", customer_name_help()));
            }
            return Ok(CustomerName::Lookup(lookup));
        }
        id(text).map(CustomerName::Id).ok_or_else(|| suggest_lookup(text))
    }

    pub(crate) fn id(&self) -> Option<u64> {
        match self {
            CustomerName::Id(id) => Some(*id),
            CustomerName::Lookup(_) => None,
        }
    }
}

/// A customer's id: a positive whole number without a sign.
pub(crate) fn id(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| *id > 0 && digits)
}

/// The lookup that was probably meant.
fn suggest_lookup(text: &str) -> String {
    let is_pasted = text.contains(TYPOGRAPHIC_QUOTES);
    let text = text.trim().trim_matches(TYPOGRAPHIC_QUOTES);
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return customer_name_help();
    }
    if is_entry(text) {
        return format!("{}; `fusebill customer history show {text}` shows an entry", customer_name_help());
    }
    let quotes = if is_pasted { "; the quotes were pasted from a document" } else { "" };
    format!("{}; did you mean {}{quotes}", customer_name_help(), meant(text))
}

fn meant(text: &str) -> String {
    let ids: Vec<&str> = text.split([',', ';']).map(|part| part.trim_start_matches('#')).collect();
    if ids.iter().all(|part| id(part).is_some()) {
        return format!("{}?", ids.join(" "));
    }
    let is_field = text.split_once('=').is_some_and(|(name, _)| names::path(name).is_some());
    if is_field {
        return format!("`fusebill customer list --where {}`?", shell_words::quote(text));
    }
    let by = if text.contains('@') { "email" } else { "reference" };
    let name = format!("{by}:{text}");
    let name = if text.contains(' ') { shell_words::quote(&name) } else { name.as_str().into() };
    let find = shell_words::quote(text);
    format!("{name}? `fusebill customer find {find}` looks for words")
}

/// Whether a text looks like the name of an entry, such as 20261130-144912003-nn6j.
fn is_entry(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 3 && parts.iter().zip([8, 9, 4]).all(|(part, length)| part.len() == length)
}

fn customer_name_help() -> String {
    "name a customer by its Fusebill id, a whole number such as 123, or by reference:TEXT or email:ADDRESS"
        .to_string()
}

impl Lookup {
    pub(crate) fn search(&self) -> Search {
        match self {
            Lookup::Reference(text) => Search::exactly(REFERENCE, text),
            Lookup::Email(address) => Search::new(vec![Condition::containing(EMAIL, address)]),
        }
    }

    pub(crate) fn names(&self, document: View<'_>) -> bool {
        self.held(document).iter().any(|held| match self {
            Lookup::Reference(text) => held == text,
            Lookup::Email(address) => held.to_lowercase() == address.to_lowercase(),
        })
    }

    pub(crate) fn names_ignoring_case(&self, document: View<'_>) -> bool {
        let (Lookup::Reference(text) | Lookup::Email(text)) = self;
        self.held(document).iter().any(|held| held.to_lowercase() == text.to_lowercase())
    }

    fn held(&self, document: View<'_>) -> Vec<String> {
        let path = match self {
            Lookup::Reference(_) => REFERENCE,
            Lookup::Email(_) => EMAIL,
        };
        let Some(value) = document.member(path) else { return Vec::new() };
        let text = value.text_or_token();
        match self {
            _ if value.is_null() => Vec::new(),
            Lookup::Reference(_) => vec![text.into_owned()],
            Lookup::Email(_) => text.split([';', ',']).map(|address| address.trim().to_string()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Json;

    fn lookup(text: &str) -> Lookup {
        match CustomerName::parse(text) {
            Ok(CustomerName::Lookup(lookup)) => lookup,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_customer_name_is_an_id_or_has_a_prefix() {
        assert_eq!(CustomerName::parse("123"), Ok(CustomerName::Id(123)));
        assert_eq!(lookup("Reference: A:b "), Lookup::Reference(" A:b ".to_string()));
        assert_eq!(lookup("email: a@b.example "), Lookup::Email("a@b.example".to_string()));
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            "abc",
            "123 ",
            "99999999999999999999",
            "ref:1",
            "reference:",
            "email: ",
        ] {
            assert!(CustomerName::parse(text).is_err(), "{text}");
        }
        assert_eq!(lookup("reference:A").to_string(), "reference:A");
    }

    #[test]
    fn an_error_names_what_was_probably_meant() {
        for (text, meant) in [
            ("Acme", "reference:Acme?"),
            ("a@x.org", "email:a@x.org?"),
            ("companyName=Acme", "`fusebill customer list --where 'companyName=Acme'`?"),
            ("A=7", "reference:A=7?"),
            ("Acme Limited", "'reference:Acme Limited'?"),
            (
                "“Acme”",
                "reference:Acme? `fusebill customer find Acme` looks for words; the quotes were pasted",
            ),
            ("123,#124", "123 124?"),
        ] {
            let error = CustomerName::parse(text).unwrap_err();
            assert!(error.contains(&format!("did you mean {meant}")), "{text}: {error}");
        }
        let entry = CustomerName::parse("20261130-144912003-nn6j").unwrap_err();
        assert!(entry.contains("history show 20261130-144912003-nn6j"), "{entry}");
    }

    #[test]
    fn a_reference_is_the_same_letter_by_letter_and_an_address_is_one_of_a_list() {
        let named = |name: &str, document: &str| {
            let document = Json::parse(document).unwrap();
            let lookup = lookup(name);
            (lookup.names(document.root()), lookup.names_ignoring_case(document.root()))
        };
        assert_eq!(named("reference:A1", r#"{"reference":"A1"}"#), (true, true));
        assert_eq!(named("reference:A1", r#"{"reference":"a1"}"#), (false, true));
        assert_eq!(named("reference:42", r#"{"reference":42}"#), (true, true));
        assert_eq!(named("reference:null", r#"{"reference":null}"#), (false, false));
        assert_eq!(named("email:A@x.org", r#"{"primaryEmail":"b@x.org; a@X.org"}"#), (true, true));
        assert_eq!(named("email:a@x.org", r#"{"primaryEmail":"aa@x.org,b@x.org"}"#), (false, false));
        assert_eq!(named("email:a@x.org", r#"{"id":1}"#), (false, false));
    }

    #[test]
    fn a_lookup_sends_a_filter_wide_enough_for_every_match() {
        assert_eq!(lookup("reference:A;1").search().query(), "Reference%3AA%2A1");
        assert_eq!(lookup("email:a@x.org").search().query(), "PrimaryEmail%3A%2Aa%40x.org%2A");
    }
}
