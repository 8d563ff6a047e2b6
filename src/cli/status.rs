//! The flags of the status actions.

use clap::Args;
use rust_decimal::Decimal;

use crate::action::preview::typed;
use crate::action::{Charge, Reverse, StatusAction};
use crate::search::CustomerName;

#[derive(Debug, Args)]
pub struct ActivateArgs {
    /// Activate all draft subscriptions with the customer
    #[arg(long)]
    all_subscriptions: bool,
    /// Finalize all draft purchases with the customer
    #[arg(long)]
    all_purchases: bool,
    /// Leave the invoice a draft, so that nothing is collected
    #[arg(long)]
    no_auto_post: bool,
    #[command(flatten)]
    pub(crate) common: StatusArgs,
    #[command(flatten)]
    pub(crate) price: PriceArgs,
}

#[derive(Debug, Args)]
pub struct UnholdArgs {
    /// What to charge for the time on hold
    #[arg(long, value_enum, value_name = "WHAT")]
    charge: Charge,
    /// Leave the invoice a draft, so that nothing is collected
    #[arg(long)]
    no_auto_post: bool,
    #[command(flatten)]
    pub(crate) common: StatusArgs,
    #[command(flatten)]
    pub(crate) price: PriceArgs,
}

#[derive(Debug, Args)]
pub struct CancelArgs {
    /// What to reverse of the current period
    #[arg(long, value_enum, value_name = "WHAT")]
    reverse: Reverse,
    #[command(flatten)]
    pub(crate) common: StatusArgs,
}

/// For a hold and an un-cancel, which have no flag of their own.
#[derive(Debug, Args)]
pub struct PlainArgs {
    #[command(flatten)]
    pub(crate) common: StatusArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Fusebill id of the customer, or reference:TEXT or email:ADDRESS
    #[arg(value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customer: CustomerName,
    /// Show the customer and the charges, and stop
    #[arg(long, alias = "dry-run")]
    pub(crate) preview: bool,
    /// Confirm without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// The bound of an action whose charges the vendor previews.
#[derive(Debug, Clone, Args)]
pub(crate) struct PriceArgs {
    /// Send it only if the preview's total is this amount; --yes needs this or --max-total
    #[arg(long, value_name = "AMOUNT", value_parser = typed, allow_negative_numbers = true)]
    pub(crate) expect_total: Option<Decimal>,
    /// Send it only if the preview's total is at most this amount
    #[arg(long, value_name = "AMOUNT", value_parser = typed, conflicts_with = "expect_total")]
    pub(crate) max_total: Option<Decimal>,
}

impl ActivateArgs {
    pub(crate) fn action(&self) -> StatusAction {
        let (subscriptions, purchases) = (self.all_subscriptions, self.all_purchases);
        StatusAction::Activate { subscriptions, purchases, auto_post: !self.no_auto_post }
    }
}

impl UnholdArgs {
    pub(crate) fn action(&self) -> StatusAction {
        StatusAction::Unhold { charge: self.charge, auto_post: !self.no_auto_post }
    }
}

impl CancelArgs {
    pub(crate) fn action(&self) -> StatusAction {
        StatusAction::Cancel(self.reverse)
    }
}
