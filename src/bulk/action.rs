//! The status action of a row, what a user agrees to before it is sent, and the totals of many.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::result::Outcome;
use crate::action::StatusAction;
use crate::action::preview::amount;
use crate::document::Json;
use crate::error::Error;

/// How many rows that cannot be sent are listed.
const TOLD: usize = 5;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowAction {
    pub action: StatusAction,
    /// The status of the customer when it was read; none until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    /// Of the preview; none if the vendor has none of this action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    /// Why it cannot be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<(Outcome, String)>,
}

impl RowAction {
    /// An action before its customer is read.
    pub(crate) fn unread(action: StatusAction) -> RowAction {
        RowAction { action, status: None, total: None, currency: None, refused: None }
    }

    pub(crate) fn read(
        action: StatusAction,
        status: String,
        total: Option<Decimal>,
        currency: String,
    ) -> RowAction {
        let total = total.and_then(|total| Json::parse(total.to_string()).ok());
        let (status, currency) = (Some(status), Some(currency));
        RowAction { status, total, currency, ..RowAction::unread(action) }
    }

    pub(crate) fn refused(action: StatusAction, error: &Error) -> RowAction {
        RowAction { refused: Some((Outcome::of(error.kind), error.headline())), ..RowAction::unread(action) }
    }

    /// Whether the customer had the status already when it was read.
    pub(crate) fn is_done(&self) -> bool {
        self.status.as_ref().is_some_and(|status| self.action.is_done(status))
    }

    /// The amount and the currency of the preview.
    pub(crate) fn price(&self) -> Option<(Decimal, &str)> {
        amount(self.total.as_ref()?.text()).zip(self.currency.as_deref())
    }

    /// Whether it was read, and its price if the vendor has a preview.
    pub(crate) fn is_ready(&self) -> bool {
        let is_priced = !self.action.has_preview() || self.price().is_some();
        self.refused.is_none() && self.status.is_some() && (is_priced || self.is_done())
    }
}

/// The actions of a file, counted by action and currency.
#[derive(Debug, Default)]
pub(crate) struct ActionTotals {
    groups: BTreeMap<(String, String), Group>,
    /// Customers that have the status already.
    pub(crate) done: u64,
    /// Rows that cannot be sent: the first few, and how many.
    pub(crate) refused: (Vec<String>, u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) action: StatusAction,
    pub(crate) currency: String,
    pub(crate) rows: u64,
    /// None if the vendor has no preview of the action.
    pub(crate) total: Option<Decimal>,
}

/// Why the totals are not within `--max-total`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unbounded {
    #[error("the actions would charge {0}, more than --max-total {1}")]
    Exceeds(String, Decimal),
    #[error("the actions would charge {0}, and --max-total bounds one currency")]
    Currencies(String),
}

impl ActionTotals {
    pub(crate) fn add(&mut self, row: u64, customer: u64, action: &RowAction) {
        if let Some((outcome, reason)) = &action.refused {
            self.refused.1 += 1;
            if self.refused.0.len() < TOLD {
                self.refused.0.push(format!("row {row}, customer {customer}: {}: {reason}", outcome.name()));
            }
            return;
        }
        if action.is_done() {
            self.done += 1;
            return;
        }
        let price = action.price();
        let currency = price.map(|(_, currency)| currency.to_string()).unwrap_or_default();
        let none = Group {
            action: action.action,
            currency: currency.clone(),
            rows: 0,
            total: price.map(|_| Decimal::ZERO),
        };
        let group = self.groups.entry((action.action.to_string(), currency)).or_insert(none);
        group.rows += 1;
        // A negative invoice of one customer does not pay for another one.
        let charge = price.map_or(Decimal::ZERO, |(amount, _)| amount.max(Decimal::ZERO));
        group.total = group.total.map(|total| total.saturating_add(charge));
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The rows that would be sent.
    pub(crate) fn rows(&self) -> u64 {
        self.groups().map(|group| group.rows).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows() + self.done + self.refused.1 == 0
    }

    pub(crate) fn has_price(&self) -> bool {
        self.groups().any(|group| group.total.is_some())
    }

    /// The sum of all previews by currency.
    pub(crate) fn charges(&self) -> BTreeMap<&str, Decimal> {
        let mut charges = BTreeMap::new();
        for group in self.groups() {
            if let Some(total) = group.total {
                let sum: &mut Decimal = charges.entry(group.currency.as_str()).or_default();
                *sum = sum.saturating_add(total);
            }
        }
        charges
    }

    /// "389.85 CAD and 170.06 GBP"; none if nothing was previewed.
    pub(crate) fn sentence(&self) -> Option<String> {
        let charges: Vec<String> =
            self.charges().iter().map(|(currency, sum)| format!("{sum} {currency}")).collect();
        (!charges.is_empty()).then(|| charges.join(" and "))
    }

    /// How many requests sending them takes: a read, a preview if there is one, the action, and a read.
    pub(crate) fn requests(&self) -> u64 {
        self.groups().map(|group| group.rows * if group.total.is_some() { 4 } else { 3 }).sum()
    }

    pub(crate) fn within(&self, most: Decimal) -> Result<(), Unbounded> {
        let charges = self.charges();
        let said = self.sentence().unwrap_or_default();
        if charges.values().filter(|sum| !sum.is_zero()).count() > 1 {
            return Err(Unbounded::Currencies(said));
        }
        match charges.values().any(|sum| *sum > most) {
            true => Err(Unbounded::Exceeds(said, most)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn read(word: &str, status: &str, total: Option<&str>, currency: &str) -> RowAction {
        let action = StatusAction::spelled(word).unwrap();
        RowAction::read(action, status.to_string(), total.and_then(amount), currency.to_string())
    }

    fn totals(rows: &[RowAction]) -> ActionTotals {
        let mut totals = ActionTotals::default();
        rows.iter().for_each(|row| totals.add(1, 7, row));
        totals
    }

    #[test]
    fn previews_are_added_by_action_and_currency() {
        let totals = totals(&[
            read("activate", "Draft", Some("0.10"), "CAD"),
            read("activate", "Draft", Some("0.2"), "CAD"),
            read("activate", "Draft", Some("5"), "GBP"),
            read("unhold:none", "Hold", Some("1.00"), "CAD"),
            read("hold", "Active", None, "CAD"),
            read("hold", "Hold", None, "CAD"),
        ]);
        assert_eq!((totals.rows(), totals.done), (5, 1));
        assert_eq!(totals.sentence().unwrap(), "1.30 CAD and 5 GBP");
        let groups: Vec<_> = totals.groups().map(|it| (it.action.to_string(), it.rows, it.total)).collect();
        assert_eq!(groups.len(), 4);
        assert_eq!(groups[2], ("hold".to_string(), 1, None));
    }

    #[test]
    fn a_bound_holds_for_one_currency_and_the_sum_of_its_charges() {
        let row = |total: &str, currency: &str| read("activate", "Draft", Some(total), currency);
        let bound = |rows: &[RowAction], most: &str| totals(rows).within(amount(most).unwrap());
        assert!(bound(&[row("60", "CAD"), row("40.00", "CAD"), row("0", "GBP")], "100").is_ok());
        assert_eq!(
            bound(&[row("60", "CAD"), row("40.01", "CAD")], "100").unwrap_err().to_string(),
            "the actions would charge 100.01 CAD, more than --max-total 100"
        );
        // A credit of one customer hides no charge of another.
        assert!(bound(&[row("60", "CAD"), row("-50", "CAD")], "59").is_err());
        assert!(matches!(bound(&[row("1", "CAD"), row("1", "GBP")], "100"), Err(Unbounded::Currencies(_))));
        assert!(bound(&[row("0.00", "CAD")], "0").is_ok());
    }

    #[test]
    fn an_action_is_ready_when_its_status_and_its_price_were_read() {
        assert!(!RowAction::unread(StatusAction::Hold).is_ready());
        assert!(read("hold", "Active", None, "CAD").is_ready());
        assert!(!read("activate", "Draft", None, "CAD").is_ready());
        assert!(read("activate", "Draft", Some("1"), "CAD").is_ready());
        assert!(read("activate", "Active", None, "CAD").is_ready());
        let error = Error::new(ErrorKind::Refused, "no");
        assert!(!RowAction::refused(StatusAction::Hold, &error).is_ready());
    }

    #[test]
    fn it_reads_back_from_its_json() {
        let row = read("unhold:last-missed", "Hold", Some("85.030"), "GBP");
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(
            text,
            r#"{"action":"unhold:last-missed","status":"Hold","total":85.030,"currency":"GBP"}"#
        );
        let again: RowAction = serde_json::from_str(&text).unwrap();
        assert_eq!((again.action, again.price()), (row.action, row.price()));
    }
}
