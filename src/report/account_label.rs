//! The account, as it is shown above a change and in every question, so that the user cannot mistake it for another.

use dialoguer::console::Style;

use super::Look;
use super::escape::escaped;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AccountLabel<'a> {
    pub(crate) profile: &'a str,
    pub(crate) host: &'a str,
    pub(crate) overrides: &'a [&'static str],
    pub(crate) label: Option<&'a str>,
    /// One of [`crate::account::setting::COLORS`].
    pub(crate) color: Option<&'a str>,
}

impl AccountLabel<'_> {
    /// "profile live, PRODUCTION, secure.fusebill.com".
    pub(crate) fn list(&self, look: Look) -> String {
        format!("{}, {}{}", self.named(look), escaped(self.host), self.by())
    }

    /// "profile live, PRODUCTION (secure.fusebill.com)".
    pub(crate) fn sentence(&self) -> String {
        format!("{} ({}{})", self.named(Look::default()), escaped(self.host), self.by())
    }

    fn by(&self) -> String {
        match self.overrides {
            [] => String::new(),
            overrides => format!(", by {}", overrides.join(" and ")),
        }
    }

    fn named(&self, look: Look) -> String {
        let profile = escaped(self.profile);
        match (self.label, self.badge()) {
            (Some(_), Some(badge)) => format!("profile {profile}, {}", badge.painted(look)),
            (_, Some(badge)) => format!("profile {}", badge.painted(look)),
            (_, None) => format!("profile {profile}"),
        }
    }

    pub(crate) fn badge(&self) -> Option<Badge> {
        let text = self.label.or(self.color.map(|_| self.profile))?;
        let style = Style::from_dotted_str(self.color.unwrap_or_default()).bold().reverse();
        Some(Badge { text: escaped(text).into_owned(), style })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    text: String,
    style: Style,
}

impl Badge {
    pub(crate) fn painted(&self, look: Look) -> String {
        look.painted(self.style.clone(), &self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_or_else_the_profile_name_is_highlighted() {
        let named = |label, color| AccountLabel { profile: "live", host: "h", overrides: &[], label, color };
        let plain = Look::default();
        assert_eq!(named(None, None).list(plain), "profile live, h");
        assert_eq!(named(Some("PROD"), None).list(plain), "profile live, PROD, h");
        assert_eq!(named(Some("PROD"), Some("red")).sentence(), "profile live, PROD (h)");
        assert_eq!(named(None, Some("red")).list(plain), "profile live, h");
        assert_eq!(named(None, None).badge(), None);
        let overridden = AccountLabel { overrides: &["A", "B"], ..named(Some("PROD"), None) };
        assert_eq!(overridden.list(plain), "profile live, PROD, h, by A and B");
        let look = Look { color: true, ..Look::default() };
        assert_eq!(
            named(Some("PROD"), Some("red")).list(look),
            "profile live, \u{1b}[31m\u{1b}[1m\u{1b}[7mPROD\u{1b}[0m, h"
        );
        assert!(named(None, Some("green")).list(look).contains("\u{1b}[32m"));
    }
}
