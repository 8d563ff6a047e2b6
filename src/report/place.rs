//! The account as it is shown above a change and in every question, so that no account is taken for another.

use dialoguer::console::{Color, Style};

use super::Look;
use super::escape::escaped;

/// An account as it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// The host that is written to.
    pub host: &'a str,
    /// The variables of the environment that override the profile.
    pub overrides: &'a [&'static str],
    /// The profile's label.
    pub label: Option<&'a str>,
    /// The profile's colour: one of [`crate::account::setting::COLORS`].
    pub color: Option<&'a str>,
}

impl Place<'_> {
    /// "profile live, PRODUCTION, secure.fusebill.com".
    pub fn list(&self, look: Look) -> String {
        format!("{}, {}{}", self.named(look), escaped(self.host), self.by())
    }

    /// "profile live, PRODUCTION (secure.fusebill.com)".
    pub fn sentence(&self) -> String {
        format!("{} ({}{})", self.named(Look::default()), escaped(self.host), self.by())
    }

    /// Names the variables that override the profile.
    fn by(&self) -> String {
        if self.overrides.is_empty() {
            String::new()
        } else {
            format!(", by {}", self.overrides.join(" and "))
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

    /// The word above every question; none if the profile has neither label nor colour.
    pub fn badge(&self) -> Option<Badge> {
        let color = self.color.map(|name| match name {
            "red" => Color::Red,
            "yellow" => Color::Yellow,
            "green" => Color::Green,
            "cyan" => Color::Cyan,
            "blue" => Color::Blue,
            _ => Color::Magenta,
        });
        let text = self.label.or(color.map(|_| self.profile))?;
        Some(Badge { text: escaped(text).into_owned(), color })
    }
}

/// A word that tells one account from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    text: String,
    color: Option<Color>,
}

impl Badge {
    /// The word, in the profile's colour if there is colour.
    pub fn painted(&self, look: Look) -> String {
        let style = Style::new().bold().reverse();
        look.painted(self.color.map_or(style.clone(), |color| style.fg(color)), &self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_or_else_the_name_stands_out() {
        let place = |label, color| Place { profile: "live", host: "h", overrides: &[], label, color };
        let plain = Look::default();
        assert_eq!(place(None, None).list(plain), "profile live, h");
        assert_eq!(place(Some("PROD"), None).list(plain), "profile live, PROD, h");
        assert_eq!(place(Some("PROD"), Some("red")).sentence(), "profile live, PROD (h)");
        assert_eq!(place(None, Some("red")).list(plain), "profile live, h");
        assert_eq!(place(None, None).badge(), None);
        let overridden = Place { overrides: &["A", "B"], ..place(Some("PROD"), None) };
        assert_eq!(overridden.list(plain), "profile live, PROD, h, by A and B");
        let look = Look { color: true, width: None };
        assert_eq!(
            place(Some("PROD"), Some("red")).list(look),
            "profile live, \u{1b}[31m\u{1b}[1m\u{1b}[7mPROD\u{1b}[0m, h"
        );
        assert!(place(None, Some("green")).list(look).contains("\u{1b}[32m"));
    }
}
