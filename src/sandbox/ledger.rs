//! What a customer pays for, beside its document: subscriptions, purchases, and every amount that moved.

use serde::{Deserialize, Serialize};

use super::money::cents_of;
use crate::document::json::View;

/// Ledgers of seeded customers; every other customer has one subscription of its monthly revenue.
static SEED: &str = include_str!("ledgers.ndjson");

/// The member by which a line of the state file is a ledger.
pub(crate) const OF: &str = "ledgerOf";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ledger {
    pub(crate) ledger_of: u64,
    #[serde(default)]
    pub(crate) subscriptions: Vec<Item>,
    #[serde(default)]
    pub(crate) purchases: Vec<Item>,
    /// Periods that went by on hold.
    #[serde(default)]
    pub(crate) missed: i64,
    /// The status before the customer was cancelled.
    #[serde(default)]
    pub(crate) previous: Option<String>,
    /// What the customer owes, in cents.
    #[serde(default)]
    pub(crate) balance: i64,
    #[serde(default)]
    pub(crate) moves: Vec<Movement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) cents: i64,
    pub(crate) status: String,
}

/// An amount that a status action charged or reversed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    pub action: String,
    /// Taxes included; negative if it was reversed.
    pub cents: i64,
    /// False if the invoice stays a draft, so that nothing is collected.
    pub posted: bool,
}

impl Ledger {
    pub(crate) fn seeded() -> impl Iterator<Item = &'static str> {
        SEED.lines()
    }

    /// The ledger of a customer that has none yet.
    pub(crate) fn of(id: u64, document: View<'_>) -> Ledger {
        let revenue = document.member("monthlyRecurringRevenue").map_or(0, |value| cents_of(value.raw()));
        let status = document.member("status").and_then(View::as_text).unwrap_or_default();
        let status = if matches!(&*status, "Hold" | "Suspended") { "Suspended" } else { &status };
        let plan = Item {
            id: 500_000 + id % 1_000,
            name: "Monthly plan".into(),
            cents: revenue,
            status: status.into(),
        };
        let subscriptions = if revenue > 0 { vec![plan] } else { Vec::new() };
        Ledger {
            ledger_of: id,
            subscriptions,
            purchases: Vec::new(),
            missed: 1,
            previous: None,
            balance: 0,
            moves: Vec::new(),
        }
    }

    /// The sum of the active subscriptions.
    pub(crate) fn revenue(&self) -> i64 {
        self.subscriptions.iter().filter(|item| item.status == "Active").map(|item| item.cents).sum()
    }

    pub(crate) fn turn(&mut self, from: &[&str], to: &str) {
        for item in self.subscriptions.iter_mut().filter(|item| from.contains(&item.status.as_str())) {
            item.status = to.to_string();
        }
    }
}
