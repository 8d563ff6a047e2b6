//! The rules of the fields that billing depends on: status, currency and parent.

use super::body::{Problem, whole_number};
use super::check;
use crate::document::json::{View, quote};
use crate::field::Field;
use crate::sandbox::behaviour::{
    Behaviour, CurrencyChange, NullParent, ParentRules, StatusChange, UnchangedCancelled, UnchangedSuspended,
};
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

/// `sent` is not null here and below.
pub(crate) fn status(
    field: &Field,
    sent: Option<View<'_>>,
    stored: View<'_>,
    behaviour: &Behaviour,
) -> Result<String, Problem> {
    let sent = sent.ok_or_else(|| Problem::field(field.path, "status is required."))?;
    let token = check::value(field, sent, behaviour)?;
    let held = stored.member(field.path).and_then(View::as_text).unwrap_or_default();
    if token == quote(&held) || sent.as_text().as_ref() == Some(&held) {
        return unchanged(&held, behaviour).map_or(Ok(token), |why| Err(Problem::rule(why)));
    }
    match behaviour.status_change {
        _ if sent.as_text().is_some_and(|status| status.eq_ignore_ascii_case("Suspended")) => {
            Err(Problem::rule(SUSPENDED))
        }
        StatusChange::Allow => Ok(token),
        StatusChange::Ignore => Ok(quote(&held)),
        StatusChange::Refuse => Err(Problem::rule(UNCHANGEABLE)),
    }
}

fn unchanged(status: &str, behaviour: &Behaviour) -> Option<&'static str> {
    match status {
        "Suspended" if behaviour.unchanged_suspended == UnchangedSuspended::Refuse => Some(SUSPENDED),
        "Cancelled" if behaviour.unchanged_cancelled == UnchangedCancelled::Refuse => Some(CANCELLED),
        _ => None,
    }
}

pub(crate) fn currency(
    field: &Field,
    sent: Option<View<'_>>,
    stored: View<'_>,
    behaviour: &Behaviour,
) -> Result<String, Problem> {
    let Some(sent) = sent else { return Ok(ACCOUNT_CURRENCY.to_string()) };
    let token = check::value(field, sent, behaviour)?;
    let changed = stored.member(field.path).filter(|held| held.as_text() != sent.as_text());
    match (changed, behaviour.currency_change) {
        (Some(held), CurrencyChange::Ignore) if !may_change_currency(stored) => Ok(held.raw().to_string()),
        (Some(_), CurrencyChange::Refuse) if !may_change_currency(stored) => {
            Err(Problem::field(field.path, "The currency of this customer cannot be changed."))
        }
        _ => Ok(token),
    }
}

/// A support page says that the currency can change while the customer is Draft; newer documents have a member for it.
fn may_change_currency(stored: View<'_>) -> bool {
    match stored.member("canChangeCurrency").map(View::raw) {
        Some(said) => said == "true",
        None => stored.member("status").is_some_and(|status| status.raw() == "\"Draft\""),
    }
}

pub(crate) fn parent(
    id: u64,
    sent: Option<View<'_>>,
    stored: View<'_>,
    table: &Table,
    behaviour: &Behaviour,
) -> Result<String, Problem> {
    let held = stored.member(PARENT).map_or("null", View::raw).to_string();
    match sent {
        Some(sent) if sent.raw() == held => Ok(held),
        Some(sent) => {
            let parent = whole_number(PARENT, sent)?;
            check_parent(id, parent, table, behaviour).map_err(|why| Problem::field(PARENT, why))?;
            Ok(parent.to_string())
        }
        None if held == "null" => Ok(held),
        None => match behaviour.null_parent {
            NullParent::Detach => Ok("null".to_string()),
            NullParent::Keep => Ok(held),
            NullParent::Refuse => {
                Err(Problem::field(PARENT, "The customer cannot be taken from its parent."))
            }
        },
    }
}

fn check_parent(id: u64, parent: u64, table: &Table, behaviour: &Behaviour) -> Result<(), String> {
    let document =
        table.get(parent).ok_or_else(|| format!("The parent customer {parent} does not exist."))?;
    let line = ancestry(parent, table);
    if line.contains(&id) {
        return Err(format!("Customer {parent} is customer {id} itself or below it."));
    }
    if behaviour.parent_rules == ParentRules::Loose {
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
