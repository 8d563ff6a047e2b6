//! One condition: a field and what is looked for in it.

use super::Wrong;
use super::names::{self, Name};
use super::pattern::Pattern;
use super::text::Wildcards;
use crate::document::View;

/// A field and what is looked for in it.
#[derive(Debug, Clone)]
pub struct Condition {
    name: Name,
    pattern: Pattern,
    given: String,
}

impl Condition {
    /// Reads `FIELD=PATTERN`.
    ///
    /// # Errors
    /// There is no such field, or the pattern cannot be looked for in it.
    pub fn parse(text: &str) -> Result<Condition, Wrong> {
        let (field, pattern) = text.split_once('=').ok_or_else(|| {
            Wrong::new("it takes FIELD=PATTERN")
                .hint("for example status=Active, company-name=Acme* or created-timestamp=2024-01-01..")
        })?;
        let name = names::find(field)?;
        let pattern = Pattern::parse(name.kind, pattern)?;
        Ok(Condition { name, pattern, given: text.to_string() })
    }

    /// The field at a path of the field tables, with just this text.
    pub fn exactly(path: &'static str, text: &str) -> Condition {
        let pattern = Pattern::text(Wildcards::literal(text));
        Condition { name: Name::at(path), pattern, given: format!("{path}={text}") }
    }

    /// The field at a path of the field tables, with this text somewhere in it.
    pub fn containing(path: &'static str, text: &str) -> Condition {
        let pattern = Pattern::text(Wildcards::containing(text));
        Condition { name: Name::at(path), pattern, given: format!("{path}=*{text}*") }
    }

    /// As it was typed.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The filter that the API is asked with; none where it cannot be asked.
    pub fn query(&self) -> Option<String> {
        Some(format!("{}:{}", self.name.filter.as_ref()?, self.pattern.asked()?))
    }

    /// Whether the API can be asked for just this.
    pub fn is_exact(&self) -> bool {
        self.name.filter.is_some() && self.pattern.is_exact()
    }

    /// Whether it holds for a customer.
    pub fn holds(&self, document: View<'_>) -> bool {
        self.name.values(document).iter().any(|value| self.pattern.holds(value.as_deref()))
    }

    /// Whether the API may send this customer, being asked as it is.
    pub fn may_be_sent(&self, document: View<'_>) -> bool {
        let values = self.name.values(document);
        self.query().is_none() || values.iter().any(|value| self.pattern.may_be_sent(value.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_splits() {
        let condition = Condition::parse("landing-page=/a?b=c").unwrap();
        assert_eq!(condition.query().as_deref(), Some("CustomerAcquisition.LandingPage:/a?b=c"));
        assert_eq!(condition.given(), "landing-page=/a?b=c");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(Condition::parse("status").unwrap_err().why.contains("FIELD=PATTERN"));
        assert!(Condition::parse("=x").is_err());
        assert!(Condition::parse("parent-id=x").unwrap_err().why.contains("no whole number"));
    }
}
