//! An action as one word: `unhold:none`, `activate:all-subscriptions+no-auto-post`. Cells of a table, plans and the journal
//! have it; the options are those of the command line.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::StatusAction;

const SUBSCRIPTIONS: &str = "all-subscriptions";
const PURCHASES: &str = "all-purchases";
const NO_AUTO_POST: &str = "no-auto-post";

/// Why a word names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAction {
    #[error("takes `activate`, `hold`, `unhold:none`, `cancel:unearned` or `uncancel`, not `{0}`")]
    Name(String),
    #[error("`{0}` needs what to {1}: {2}")]
    Missing(&'static str, &'static str, String),
    #[error("`{0}` has no option `{1}`")]
    Option(&'static str, String),
}

impl StatusAction {
    /// In any case; `+` is between options.
    pub fn spelled(word: &str) -> Result<StatusAction, NoAction> {
        let lower = word.trim().to_lowercase();
        let (name, options) = lower.split_once(':').unwrap_or((&lower, ""));
        let mut options = Options(options.split('+').map(str::trim).filter(|it| !it.is_empty()).collect());
        let (action, name) = match name.trim() {
            "activate" => (options.activate(), "activate"),
            "hold" => (StatusAction::Hold, "hold"),
            "unhold" => (options.unhold()?, "unhold"),
            "cancel" => (StatusAction::Cancel(options.one_of("cancel", "reverse")?), "cancel"),
            "uncancel" => (StatusAction::Uncancel, "uncancel"),
            _ => return Err(NoAction::Name(word.trim().to_string())),
        };
        match options.0.first() {
            Some(unknown) => Err(NoAction::Option(name, (*unknown).to_string())),
            None => Ok(action),
        }
    }

    /// The values of its options on the command line, with `+` between them.
    pub(crate) fn option(self) -> Option<String> {
        let options: Vec<String> = match self {
            StatusAction::Activate { subscriptions, purchases, auto_post } => {
                let flags =
                    [(subscriptions, SUBSCRIPTIONS), (purchases, PURCHASES), (!auto_post, NO_AUTO_POST)];
                flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_string()).collect()
            }
            StatusAction::Unhold { charge, auto_post } => {
                let flag = (!auto_post).then(|| NO_AUTO_POST.to_string());
                std::iter::once(value(&charge)).chain(flag).collect()
            }
            StatusAction::Cancel(reverse) => vec![value(&reverse)],
            StatusAction::Hold | StatusAction::Uncancel => Vec::new(),
        };
        (!options.is_empty()).then(|| options.join("+"))
    }
}

/// The options of a word that are not read yet.
struct Options<'a>(Vec<&'a str>);

impl Options<'_> {
    fn take(&mut self, flag: &str) -> bool {
        let at = self.0.iter().position(|option| *option == flag);
        at.map(|at| self.0.remove(at)).is_some()
    }

    fn activate(&mut self) -> StatusAction {
        let (subscriptions, purchases) = (self.take(SUBSCRIPTIONS), self.take(PURCHASES));
        StatusAction::Activate { subscriptions, purchases, auto_post: !self.take(NO_AUTO_POST) }
    }

    fn unhold(&mut self) -> Result<StatusAction, NoAction> {
        let auto_post = !self.take(NO_AUTO_POST);
        Ok(StatusAction::Unhold { charge: self.one_of("unhold", "charge")?, auto_post })
    }

    /// The value that has no default, because it decides about money.
    fn one_of<T: ValueEnum>(&mut self, name: &'static str, what: &'static str) -> Result<T, NoAction> {
        let found = self.0.iter().position(|option| T::from_str(option, false).is_ok());
        let value = found.and_then(|at| T::from_str(self.0.remove(at), false).ok());
        value.ok_or_else(|| match self.0.first() {
            Some(unknown) => NoAction::Option(name, (*unknown).to_string()),
            None => NoAction::Missing(name, what, values::<T>(name)),
        })
    }
}

fn value<T: ValueEnum>(of: &T) -> String {
    of.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
}

fn values<T: ValueEnum>(name: &str) -> String {
    let all: Vec<String> = T::value_variants().iter().map(|it| format!("`{name}:{}`", value(it))).collect();
    all.join(", ")
}

impl fmt::Display for StatusAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.option() {
            Some(option) => write!(f, "{}:{option}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

impl Serialize for StatusAction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StatusAction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<StatusAction, D::Error> {
        let word = String::deserialize(deserializer)?;
        StatusAction::spelled(&word).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads_back_from_its_word() {
        for word in [
            "activate",
            "activate:all-subscriptions",
            "activate:all-subscriptions+all-purchases+no-auto-post",
            "hold",
            "unhold:all-missed",
            "unhold:last-missed",
            "unhold:none+no-auto-post",
            "unhold:current-full",
            "cancel:none",
            "cancel:unearned",
            "cancel:full",
            "uncancel",
        ] {
            assert_eq!(StatusAction::spelled(word).unwrap().to_string(), word);
        }
        let loose = StatusAction::spelled(" Activate: all-purchases + ALL-subscriptions ").unwrap();
        assert_eq!(loose.to_string(), "activate:all-subscriptions+all-purchases");
    }

    #[test]
    fn a_word_that_leaves_the_money_open_is_refused() {
        let refused = |word: &str| StatusAction::spelled(word).unwrap_err().to_string();
        assert_eq!(
            refused("unhold"),
            "`unhold` needs what to charge: `unhold:all-missed`, `unhold:last-missed`, `unhold:none`, `unhold:current-full`"
        );
        assert_eq!(
            refused("cancel:"),
            "`cancel` needs what to reverse: `cancel:none`, `cancel:unearned`, `cancel:full`"
        );
        assert_eq!(refused("cancel:all"), "`cancel` has no option `all`");
        assert_eq!(refused("hold:none"), "`hold` has no option `none`");
        assert_eq!(refused("unhold:none+full"), "`unhold` has no option `full`");
        assert_eq!(
            refused("activate:all-subscriptions+all-subscriptions"),
            "`activate` has no option `all-subscriptions`"
        );
        assert!(refused("pause").ends_with("or `uncancel`, not `pause`"));
    }
}
