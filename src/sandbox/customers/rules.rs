//! The rules of the fields that billing depends on: status, currency and parent.

use super::body::{Problem, whole_number};
use super::update::Update;
use crate::document::json::{View, quote};
use crate::field::Field;
use crate::sandbox::table::Table;

/// The currency of the sandbox's account, to which a currency that is left out falls back (the page "Edit customer").
const ACCOUNT_CURRENCY: &str = "\"USD\"";
/// The vendor's words, from the page "Edit customer".
const SUSPENDED: &str = "Cannot manually suspend customer, the system is in charge of suspending customers.";
const CANCELLED: &str = "A cancelled customer cannot be modified.";
const UNCHANGEABLE: &str = "The status of this customer cannot be changed in this way.";
/// The limit of the vendor's support pages on hierarchies.
const GENERATIONS: usize = 4;
const PARENT: &str = "parentId";

impl Update<'_> {
    /// `sent` is not null here and below.
    pub(super) fn status(&self, field: &Field, sent: Option<View<'_>>) -> Result<String, Problem> {
        let sent = sent.ok_or_else(|| Problem::field(field.path, "status is required."))?;
        let token = self.value(field, sent)?;
        let held = self.stored.member(field.path).and_then(View::as_text).unwrap_or_default();
        if token == quote(&held) || sent.as_text().as_ref() == Some(&held) {
            return self.unchanged(&held).map_or(Ok(token), |error| Err(Problem::rule(error)));
        }
        if sent.as_text().is_some_and(|status| status.eq_ignore_ascii_case("Suspended")) {
            return Err(Problem::rule(SUSPENDED));
        }
        match self.behaviour.of("status-change") {
            "refuse" => Err(Problem::rule(UNCHANGEABLE)),
            "ignore" => Ok(quote(&held)),
            _ => Ok(token),
        }
    }

    fn unchanged(&self, status: &str) -> Option<&'static str> {
        match status {
            "Suspended" if self.behaviour.is("unchanged-suspended", "refuse") => Some(SUSPENDED),
            "Cancelled" if self.behaviour.is("unchanged-cancelled", "refuse") => Some(CANCELLED),
            _ => None,
        }
    }

    pub(super) fn currency(&self, field: &Field, sent: Option<View<'_>>) -> Result<String, Problem> {
        let Some(sent) = sent else { return Ok(ACCOUNT_CURRENCY.to_string()) };
        let token = self.value(field, sent)?;
        let changed = self.stored.member(field.path).filter(|held| held.as_text() != sent.as_text());
        match (changed, self.behaviour.of("currency-change")) {
            (Some(held), "ignore") if !may_change_currency(self.stored) => Ok(held.raw().to_string()),
            (Some(_), "refuse") if !may_change_currency(self.stored) => {
                Err(Problem::field(field.path, "The currency of this customer cannot be changed."))
            }
            _ => Ok(token),
        }
    }

    pub(super) fn parent(&self, sent: Option<View<'_>>) -> Result<String, Problem> {
        let held = self.stored.member(PARENT).map_or("null", View::raw).to_string();
        match (sent, self.behaviour.of("null-parent")) {
            (Some(sent), _) if sent.raw() == held => Ok(held),
            (Some(sent), _) => {
                let parent = whole_number(PARENT, sent)?;
                self.check_parent(parent).map_err(|error| Problem::field(PARENT, error))?;
                Ok(parent.to_string())
            }
            (None, "refuse") if held != "null" => {
                Err(Problem::field(PARENT, "The customer cannot be taken from its parent."))
            }
            (None, "keep") => Ok(held),
            (None, _) => Ok("null".to_string()),
        }
    }

    fn check_parent(&self, parent: u64) -> Result<(), String> {
        let (id, table) = (self.id, self.table);
        let document =
            table.get(parent).ok_or_else(|| format!("The parent customer {parent} does not exist."))?;
        let line = ancestry(parent, table);
        if line.contains(&id) {
            return Err(format!("Customer {parent} is customer {id} itself or below it."));
        }
        if self.behaviour.is("parent-rules", "loose") {
            return Ok(());
        }
        if document.root().member("status").is_none_or(|status| status.raw() != "\"Active\"") {
            return Err(format!("The parent customer {parent} is not Active."));
        }
        if line.len() + generations_below(id, table) > GENERATIONS {
            return Err(format!("A hierarchy has at most {GENERATIONS} generations."));
        }
        Ok(())
    }
}

/// A support page says that the currency can change while the customer is Draft; newer documents have a member for it.
fn may_change_currency(stored: View<'_>) -> bool {
    match stored.member("canChangeCurrency").map(View::raw) {
        Some(message) => message == "true",
        None => stored.member("status").is_some_and(|status| status.raw() == "\"Draft\""),
    }
}

/// The customer comes first.
fn ancestry(id: u64, table: &Table) -> Vec<u64> {
    let mut line = vec![id];
    while let Some(next) = line.last().and_then(|last| parent_of(*last, table)) {
        if line.contains(&next) {
            break;
        }
        line.push(next);
    }
    line
}

fn parent_of(id: u64, table: &Table) -> Option<u64> {
    table.get(id)?.root().member(PARENT)?.raw().parse().ok()
}

/// Includes this customer.
fn generations_below(id: u64, table: &Table) -> usize {
    let below = |other: u64| ancestry(other, table).iter().position(|above| *above == id);
    table.ids().filter_map(below).max().map_or(1, |below| below + 1)
}
