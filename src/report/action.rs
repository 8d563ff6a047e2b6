//! A status action: what is there before, what it would charge, and its JSON.

use std::fmt;

use rust_decimal::Decimal;

use super::Look;
use super::account_label::AccountLabel;
use super::change::{self, who};
use super::escape::escaped;
use super::json::Object;
use super::table::{Cell, LongValues, Tone, table};
use crate::action::preview::{Line, Preview, amount};
use crate::action::{Charge, Reverse, StatusAction, status};
use crate::document::json::{Json, ValueKind, View};
use crate::document::{Customer, Plan};

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Price {
    amount: Decimal,
    currency: String,
}

impl Price {
    pub(crate) fn of(amount: Decimal, currency: &str) -> Price {
        Price { amount, currency: currency.to_string() }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, escaped(&self.currency))
    }
}

/// The action as the journal keeps it and as `-o json` prints it: `{"name", "option", "total", "currency", "preview"}`.
pub(crate) fn record(action: StatusAction, preview: Option<&Preview>, currency: &str) -> String {
    let total = preview.map_or("null".to_string(), |preview| preview.total.to_string());
    let tokens = preview.map_or("null".to_string(), Preview::tokens);
    Object::default()
        .member("name", &action.name())
        .member("option", &action.option())
        .token("total", &total)
        .member("currency", &currency)
        .token("preview", &tokens)
        .end()
}

/// The customer before the action, and its charges.
pub(crate) fn shown(
    action: StatusAction,
    plan: &Plan,
    overview: Option<&Json>,
    preview: Option<&Preview>,
    account: &AccountLabel<'_>,
    look: Look,
) -> String {
    let head = change::head(plan, account, look);
    let mut text = format!("{head}\n{}", before(action, &plan.before, overview, look));
    if let Some(preview) = preview {
        let currency = plan.before.text_at("currency").unwrap_or_default();
        text += &charges(&preview.lines(), &currency, look);
    }
    text + &format!("{}\n", effect(action))
}

fn before(action: StatusAction, customer: &Customer, overview: Option<&Json>, look: Look) -> String {
    let status = format!("{} {} {}", status(customer), look.arrow(), action.target());
    let mut rows = vec![vec![Cell::plain("Status"), Cell::new(status, Tone::New)]];
    let named = [("customerAccountStatus", "Account status"), ("monthlyRecurringRevenue", "Monthly revenue")];
    for (name, title) in named {
        if let Some(value) = customer.root().member(name).filter(|value| !value.is_null()) {
            rows.push(vec![Cell::plain(title), Cell::plain(value.text_or_token())]);
        }
    }
    let is_balance = |(name, _): &(String, String)| customer.root().member(name).is_none();
    rows.extend(
        balances(overview)
            .filter(is_balance)
            .map(|(name, token)| vec![Cell::plain(name), Cell::plain(token)]),
    );
    table(&["Customer", "Before"], &rows, look, LongValues::Wrap)
}

/// The vendor's page shows an overview "with balances"; their names are not all published, so every number counts.
pub(crate) fn balances(overview: Option<&Json>) -> impl Iterator<Item = (String, String)> {
    let members = overview.into_iter().flat_map(|overview| overview.root().members());
    members.filter_map(|(key, value)| {
        let name = key.name().into_owned();
        let is_known = ["id", "monthlyRecurringRevenue", "netMonthlyRecurringRevenue", "parentId"]
            .contains(&name.as_str());
        let is_balance = value.kind() == ValueKind::Number && !is_known;
        is_balance.then(|| (name, value.raw().to_string()))
    })
}

pub(crate) fn owed(overview: &Json) -> Option<Decimal> {
    overview.root().member("arBalance").map(View::raw).and_then(amount)
}

pub(crate) fn charges(lines: &[Line], currency: &str, look: Look) -> String {
    let cells = |line: &Line| {
        let tone = if line.is_total { Tone::Bold } else { Tone::Plain };
        let amount = if line.is_total { format!("{} {currency}", line.amount) } else { line.amount.clone() };
        vec![
            Cell::new(&line.what, tone),
            Cell::plain(&line.quantity),
            Cell::plain(&line.price),
            Cell::new(amount, tone),
            Cell::plain(&line.dates),
        ]
    };
    let rows: Vec<Vec<Cell>> = lines.iter().map(cells).collect();
    table(&["Preview", "Quantity", "Price", "Amount", "Service"], &rows, look, LongValues::Wrap)
}

/// One sentence about what the action does beside its charges.
pub(crate) fn effect(action: StatusAction) -> &'static str {
    match action {
        StatusAction::Activate { auto_post: false, .. } => {
            "Activation starts billing; its invoice stays a draft.\nThe customer cannot become a draft again."
        }
        StatusAction::Activate { .. } => {
            "Activation starts billing; its invoice may be posted and collected.\nThe customer cannot become a draft again."
        }
        StatusAction::Hold => {
            "Hold suspends the subscriptions and stops invoices.\nOld invoices are still collected."
        }
        StatusAction::Unhold { charge: Charge::None, .. } => {
            "Unhold starts billing again, without a charge for the time on hold."
        }
        StatusAction::Unhold { auto_post: false, .. } => {
            "Unhold starts billing again, and charges as shown; its invoice stays a draft."
        }
        StatusAction::Unhold { .. } => "Unhold starts billing again, and charges as shown.",
        StatusAction::Cancel(Reverse::None) => "Cancel ends all subscriptions and reverses nothing.",
        StatusAction::Cancel(Reverse::Unearned) => {
            "Cancel ends all subscriptions and reverses the unearned part of the period.\nThe API does not say how much that is."
        }
        StatusAction::Cancel(Reverse::Full) => {
            "Cancel ends all subscriptions and reverses all of the current period.\nThe API does not say how much that is."
        }
        StatusAction::Uncancel => {
            "Uncancel makes the customer active.\nWhether its subscriptions return is not documented."
        }
    }
}

pub(crate) fn question(
    action: StatusAction,
    plan: &Plan,
    price: Option<&Price>,
    account: &AccountLabel<'_>,
) -> String {
    let what = match (action, price) {
        (_, Some(price)) => format!("charge {price}"),
        (StatusAction::Cancel(Reverse::None), None) => "reverse nothing".to_string(),
        (StatusAction::Cancel(Reverse::Unearned), None) => {
            "reverse the unearned part of the period".to_string()
        }
        (StatusAction::Cancel(_), None) => "reverse all of the current period".to_string(),
        (StatusAction::Hold, None) => "suspend its subscriptions".to_string(),
        (_, None) => "make it active again".to_string(),
    };
    format!("{} {} on {}: {what}?", capital(action.name()), escaped(&lower(&who(plan))), account.sentence())
}

pub(crate) fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

fn lower(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_lowercase() + rest
}

/// The charges of a recorded action; none if it had no preview.
pub(crate) fn recorded(action: &Json, look: Look) -> Option<String> {
    let member = |name: &str| action.root().member(name).filter(|value| !value.is_null());
    let preview = Preview::parse(&member("preview")?.to_json()).ok()?;
    let currency = member("currency").map(View::text_or_token).unwrap_or_default();
    Some(charges(&preview.lines(), &currency, look))
}
