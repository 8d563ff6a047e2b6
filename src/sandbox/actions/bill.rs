//! What an action charges: invoices priced from the ledger, and their JSON.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::document::json::quote;
use crate::sandbox::ledger::Item;
use crate::sandbox::money::{percent, spelled};

const TAX: i64 = 13;

pub(super) struct Charge {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) periods: i64,
    pub(super) cents: i64,
}

impl Charge {
    pub(super) fn of(item: &Item, periods: i64) -> Charge {
        Charge { id: item.id, name: item.name.clone(), periods, cents: item.cents }
    }

    fn amount(&self) -> i64 {
        self.periods * self.cents
    }
}

/// The invoices of an action; the first is the one that the vendor calls `invoicePreview`.
pub(super) struct Bill {
    pub(super) invoices: Vec<Vec<Charge>>,
}

impl Bill {
    pub(super) fn total(&self) -> i64 {
        self.invoices.iter().map(|charges| total(charges)).sum()
    }

    /// Members to be added to the customer of the answer.
    pub(super) fn members(&self, now: Timestamp, shows_zero: bool) -> String {
        let invoices: Vec<String> =
            self.invoices.iter().map(|charges| invoice(charges, now, shows_zero)).collect();
        let more = invoices.get(1..).unwrap_or_default().join(",");
        let first = invoices.first().map_or("null", String::as_str);
        format!(r#""invoicePreview":{first},"additionalInvoicesForPreview":[{more}]"#)
    }
}

fn subtotal(charges: &[Charge]) -> i64 {
    charges.iter().map(Charge::amount).sum()
}

fn total(charges: &[Charge]) -> i64 {
    subtotal(charges) + percent(subtotal(charges), TAX)
}

fn invoice(charges: &[Charge], now: Timestamp, shows_zero: bool) -> String {
    let lines: Vec<String> = charges
        .iter()
        .filter(|charge| shows_zero || charge.amount() != 0)
        .map(|charge| line(charge, now))
        .collect();
    let (lines, subtotal) = (lines.join(","), subtotal(charges));
    let tax = percent(subtotal, TAX);
    let (total, subtotal, tax) = (spelled(subtotal + tax), spelled(subtotal), spelled(tax));
    let moment = stamp(today(now));
    let of_tax = format!(r#"{{"name":"HST","registrationCode":"123456789","percent":{TAX},"total":{tax}}}"#);
    format!(
        r#"{{"draftCharges":[{lines}],"subtotal":{subtotal},"total":{total},"totalTaxes":{tax},"draftTaxes":[{of_tax}],"poNumber":null,"notes":null,"shippingInstructions":null,"status":"Ready","effectiveTimestamp":{moment},"draftChargeGroups":[]}}"#
    )
}

fn line(charge: &Charge, now: Timestamp) -> String {
    let start = today(now);
    let end = start.checked_add(charge.periods.max(1).months()).and_then(Date::yesterday).unwrap_or(start);
    let (id, name, quantity) = (charge.id, quote(&charge.name), charge.periods);
    let (price, amount) = (spelled(charge.cents), spelled(charge.amount()));
    let (start, end) = (stamp(start), stamp(end));
    format!(
        r#"{{"transactionId":0,"chargeTypeId":"1","name":{name},"description":null,"status":"Active","quantity":{quantity},"unitPrice":{price},"amount":{amount},"taxableAmount":{amount},"proratedUnitPrice":null,"rangeQuantity":null,"effectiveTimestamp":{start},"startServiceDate":{start},"endServiceDate":{end},"draftDiscounts":[],"id":{id}}}"#
    )
}

fn today(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn stamp(date: Date) -> String {
    quote(&format!("{date}T00:00:00"))
}
