//! The fields with rules of their own because billing hangs on them: status and currency.

use super::{Problem, check};
use crate::document::json::{View, quote};
use crate::field::Field;
use crate::sandbox::behaviour::{
    Behaviour, CurrencyChange, StatusChange, UnchangedCancelled, UnchangedSuspended,
};

/// The currency of the sandbox's account, which a customer gets whose currency is left out.
const ACCOUNT_CURRENCY: &str = "\"USD\"";
/// The vendor's words, from the page "Edit customer".
const SUSPENDED: &str = "Cannot manually suspend customer, the system is in charge of suspending customers.";
const CANCELLED: &str = "A cancelled customer cannot be modified.";
const UNCHANGEABLE: &str = "The status of this customer cannot be changed in this way.";

/// The token that is stored for a status.
pub(crate) fn status(
    field: &Field,
    sent: Option<View<'_>>,
    stored: View<'_>,
    behaviour: &Behaviour,
) -> Result<String, Problem> {
    let sent = sent.filter(|sent| !sent.is_null());
    let sent = sent.ok_or_else(|| Problem::field(field.path, "status is required."))?;
    let token = check::value(field, sent, behaviour)?.into_owned();
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

/// Why an edit that leaves this status as it is may be refused.
fn unchanged(status: &str, behaviour: &Behaviour) -> Option<&'static str> {
    match status {
        "Suspended" if behaviour.unchanged_suspended == UnchangedSuspended::Refuse => Some(SUSPENDED),
        "Cancelled" if behaviour.unchanged_cancelled == UnchangedCancelled::Refuse => Some(CANCELLED),
        _ => None,
    }
}

/// The token that is stored for a currency.
pub(crate) fn currency(
    field: &Field,
    sent: Option<View<'_>>,
    stored: View<'_>,
    behaviour: &Behaviour,
) -> Result<String, Problem> {
    let sent = sent.filter(|sent| !sent.is_null());
    let token = match sent {
        Some(sent) => check::value(field, sent, behaviour)?.into_owned(),
        None => ACCOUNT_CURRENCY.to_string(),
    };
    let Some(held) = stored.member(field.path) else { return Ok(token) };
    let same = held.raw() == token || sent.is_some_and(|sent| sent.as_text() == held.as_text());
    if same || may_change_currency(stored) {
        return Ok(token);
    }
    match behaviour.currency_change {
        CurrencyChange::Allow => Ok(token),
        CurrencyChange::Ignore => Ok(held.raw().to_string()),
        CurrencyChange::Refuse => {
            Err(Problem::field(field.path, "The currency of this customer cannot be changed."))
        }
    }
}

/// A support page says that the currency can change while the customer is Draft; newer documents say so themselves.
fn may_change_currency(stored: View<'_>) -> bool {
    match stored.member("canChangeCurrency").map(View::raw) {
        Some(said) => said == "true",
        None => stored.member("status").is_some_and(|status| status.raw() == "\"Draft\""),
    }
}
