//! One row with a status action: the status and the price are read again, and the request is sent once.

use std::cell::OnceCell;

use super::super::customer_history::ACTION_UNDECIDED;
use super::super::write::{ConfirmedAction, Writer, currency, previewed};
use super::worker::Job;
use crate::action::preview::Preview;
use crate::action::status;
use crate::api::clock;
use crate::bulk::action::RowAction;
use crate::bulk::result::{Outcome, RowResult};
use crate::document::Customer;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::Span;
use crate::report::action::Price;
use crate::report::outcome::JsonReport;

/// The end of a row that is not sent at all.
pub(super) fn unsent(job: &Job, row: &RowAction) -> Option<RowResult> {
    let ended = |outcome, reason: &str| {
        let error = Some(reason.to_string());
        RowResult { error, ..RowResult::ended(job.row, job.customer, outcome) }
    };
    if job.attempted.is_some() {
        return Some(ended(Outcome::Undecided, ACTION_UNDECIDED));
    }
    if let Some((outcome, reason)) = &row.refused {
        return Some(ended(*outcome, reason));
    }
    let is_agreed = job.agreed && row.is_ready();
    (!is_agreed).then(|| ended(Outcome::Failed, "its price was not confirmed, so it was not sent"))
}

/// After any error but `Unknown` and `Differs` nothing was done by this row.
pub(super) fn send(
    row: &RowAction,
    before: Customer,
    writer: &Writer<'_>,
    result: &mut RowResult,
) -> Result<Outcome> {
    let (action, id) = (row.action, before.id());
    let step = format!("{} of customer {id}", action.name());
    let began = writer.client.last_reading(id).map_or_else(clock::now, |reading| reading.began);
    refuse_new_status(row, &before).map_err(|error| error.step(&step))?;
    if row.is_done() {
        return Ok(Outcome::Unchanged);
    }
    let preview = action.has_preview().then(|| previewed(action, &before, writer.client)).transpose()?;
    refuse_new_price(row, preview.as_ref(), &before).map_err(|error| error.step(&step))?;
    let (currency, plan) = (currency(&before), action.plan(before)?);
    let act = ConfirmedAction { action, client: writer.client, preview, currency, charged: OnceCell::new() };
    let mut json = JsonReport::default();
    let read = Span { began, ended: clock::now() };
    result.changes = plan.changes.clone();
    let done = writer.act(plan, &act, read, &mut json);
    (result.attempts, result.entry) = (json.attempts, json.entry.take());
    result.changes = done?.plan.changes;
    result.error = json.warning();
    Ok(Outcome::Written)
}

/// A status that another client changed is a conflict, even if it is the wanted one: it may have charged another amount.
fn refuse_new_status(row: &RowAction, now: &Customer) -> Result<()> {
    let (then, now) = (row.status.clone().unwrap_or_default(), status(now));
    if then == now {
        return Ok(());
    }
    let message = format!("the customer was {then} when it was read before, and is {now} now");
    Err(Error::new(ErrorKind::Conflict, message))
}

fn refuse_new_price(row: &RowAction, preview: Option<&Preview>, now: &Customer) -> Result<()> {
    let was = row.price().map(|(amount, currency)| Price::of(amount, currency));
    let is = preview.map(|preview| Price::of(preview.total, &currency(now)));
    if was == is {
        return Ok(());
    }
    let said = |price: Option<Price>| price.map_or("not known".to_string(), |price| price.to_string());
    let message =
        format!("the price changed since it was confirmed: it was {}, and is {} now", said(was), said(is));
    let again = "`customer bulk retry` shows the new charges and asks again".to_string();
    Err(Error::new(ErrorKind::Conflict, message).detail([again]))
}
