//! The invoices that a preview shows. Only known members are read; the rest stays as the API sent it.

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::document::json::{Json, ValueKind, View};
use crate::document::splice::splice;
use crate::document::{Customer, Path};
use crate::field::PREVIEW_ONLY;

/// The invoices of an action: what it would charge, or what it charged.
#[derive(Debug, Clone)]
pub struct Preview {
    first: Json,
    more: Option<Json>,
    /// Of all invoices, taxes included.
    pub total: Decimal,
}

/// Why an answer is no preview.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPreview {
    #[error("the answer has no invoice")]
    NoInvoice,
    #[error("the total of an invoice is not a number")]
    NoTotal,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub what: String,
    pub quantity: String,
    pub price: String,
    pub amount: String,
    /// The first and last day of service.
    pub dates: String,
    pub is_total: bool,
}

/// A number exactly as the API spells it; none if it is no number or has more digits than can be added exactly.
pub fn amount(token: &str) -> Option<Decimal> {
    let is_scientific = token.contains(['e', 'E']);
    if is_scientific { Decimal::from_scientific(token).ok() } else { Decimal::from_str_exact(token).ok() }
}

/// An amount that a user types.
pub(crate) fn typed(text: &str) -> Result<Decimal, String> {
    let plain = text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let amount = Decimal::from_str(text).ok().filter(|_| plain && !text.is_empty());
    amount.ok_or_else(|| "an amount is written 125.00, without a currency and without separators".to_string())
}

/// The customer of an answer, without the invoices that may be in it.
pub fn customer(answer: &Json) -> Option<Customer> {
    let invoices: Vec<Path> = PREVIEW_ONLY.iter().copied().map(Path::root).collect();
    let held = |path: &&Path| answer.root().member(path.last()).is_some();
    let removed = invoices.iter().filter(held).map(|path| (path, None)).collect();
    Customer::parse(splice(answer.text(), answer.root(), removed)).ok()
}

impl Preview {
    pub fn parse(answer: &Json) -> Result<Preview, NoPreview> {
        let member = |name: &str| answer.root().member(name).filter(|value| !value.is_null());
        let first = member(PREVIEW_ONLY[0]).ok_or(NoPreview::NoInvoice)?;
        let more = member(PREVIEW_ONLY[1]);
        let mut total = Decimal::ZERO;
        for invoice in std::iter::once(first).chain(more.into_iter().flat_map(View::children)) {
            let token = invoice.member("total").map(View::raw).and_then(amount);
            total = token.and_then(|token| total.checked_add(token)).ok_or(NoPreview::NoTotal)?;
        }
        Ok(Preview { first: first.to_json(), more: more.map(View::to_json), total })
    }

    /// The invoices with the API's own tokens, as a JSON object.
    pub fn tokens(&self) -> String {
        let more = self.more.as_ref().map(|more| format!(r#","{}":{}"#, PREVIEW_ONLY[1], more.text()));
        format!(r#"{{"{}":{}{}}}"#, PREVIEW_ONLY[0], self.first.text(), more.unwrap_or_default())
    }

    fn invoices(&self) -> impl Iterator<Item = View<'_>> {
        let more = self.more.iter().flat_map(|more| more.root().children());
        std::iter::once(self.first.root()).chain(more)
    }

    /// Charges, discounts, taxes and totals of every invoice.
    pub fn lines(&self) -> Vec<Line> {
        let several = self.invoices().count() > 1;
        let mut lines = Vec::new();
        for (number, invoice) in self.invoices().enumerate() {
            for charge in charges(invoice) {
                lines.push(charge_line(charge));
                lines.extend(discounts(charge));
            }
            lines.extend(invoice.member("draftTaxes").into_iter().flat_map(View::children).map(tax_line));
            let what = if several { format!("Total of invoice {}", number + 1) } else { "Total".to_string() };
            lines.push(Line { what, amount: text(invoice, "total"), is_total: true, ..Line::default() });
        }
        if several {
            let amount = self.total.to_string();
            lines.push(Line { what: "Total".to_string(), amount, is_total: true, ..Line::default() });
        }
        lines
    }
}

/// Grouped charges are not listed a second time if they are beside the groups too.
fn charges(invoice: View<'_>) -> Vec<View<'_>> {
    let plain: Vec<_> = listed(invoice).collect();
    if !plain.is_empty() {
        return plain;
    }
    invoice.member("draftChargeGroups").into_iter().flat_map(View::children).flat_map(listed).collect()
}

fn listed<'a>(of: View<'a>) -> impl Iterator<Item = View<'a>> + use<'a> {
    of.member("draftCharges").into_iter().flat_map(View::children)
}

fn charge_line(charge: View<'_>) -> Line {
    let day = |name: &str| text(charge, name).chars().take(10).collect::<String>();
    let dates = [day("startServiceDate"), day("endServiceDate")];
    let dates = dates.into_iter().filter(|day| !day.is_empty()).collect::<Vec<_>>().join(" – ");
    Line {
        what: text(charge, "name"),
        quantity: text(charge, "quantity"),
        price: text(charge, "unitPrice"),
        amount: text(charge, "amount"),
        dates,
        is_total: false,
    }
}

fn discounts(charge: View<'_>) -> impl Iterator<Item = Line> {
    let one = charge.member("draftDiscount").filter(|one| one.kind() == ValueKind::Object);
    let several = charge.member("draftDiscounts").into_iter().flat_map(View::children);
    one.into_iter().chain(several).map(|discount| {
        let message = text(discount, "description");
        let what = if message.is_empty() { "Discount".to_string() } else { format!("Discount: {message}") };
        Line { what, amount: text(discount, "amount"), ..Line::default() }
    })
}

fn tax_line(tax: View<'_>) -> Line {
    let what = format!("Tax {} {} %", text(tax, "name"), text(tax, "percent"));
    Line { what, amount: text(tax, "total"), ..Line::default() }
}

/// Empty if it is null or not there.
fn text(object: View<'_>, name: &str) -> String {
    let value = object.member(name).filter(|value| !value.is_null());
    value.map(View::text_or_token).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Preview, NoPreview> {
        Preview::parse(&Json::parse(text).unwrap())
    }

    #[test]
    fn totals_are_added_exactly() {
        let preview = parse(
            r#"{"invoicePreview":{"total":0.10, "x":1E5},"additionalInvoicesForPreview":[{"total":0.2},{"total":1E2}]}"#,
        )
        .unwrap();
        assert_eq!(preview.total.to_string(), "100.30");
        assert_eq!(
            preview.tokens(),
            r#"{"invoicePreview":{"total":0.10, "x":1E5},"additionalInvoicesForPreview":[{"total":0.2},{"total":1E2}]}"#
        );
        assert_eq!(preview.lines().last().unwrap().amount, "100.30");
    }

    #[test]
    fn an_answer_without_a_total_is_no_preview() {
        for (text, reason) in [
            ("{}", NoPreview::NoInvoice),
            (r#"{"invoicePreview":null}"#, NoPreview::NoInvoice),
            (r#"{"invoicePreview":{}}"#, NoPreview::NoTotal),
            (r#"{"invoicePreview":{"total":"12"}}"#, NoPreview::NoTotal),
            (r#"{"invoicePreview":{"total":1},"additionalInvoicesForPreview":[{}]}"#, NoPreview::NoTotal),
        ] {
            assert_eq!(parse(text).unwrap_err(), reason, "{text}");
        }
    }

    #[test]
    fn a_line_for_each_charge_discount_and_tax() {
        let preview = parse(
            r#"{"invoicePreview":{"draftChargeGroups":[{"draftCharges":[{"name":"Plan","quantity":1,"unitPrice":100.00,"amount":100.00,
            "startServiceDate":"2026-11-30T00:00:00","endServiceDate":"2026-12-29T00:00:00","draftDiscounts":[{"description":"10 %","amount":-10}]}]}],
            "draftTaxes":[{"name":"HST","percent":13,"total":11.70}],"total":101.70}}"#,
        )
        .unwrap();
        let lines: Vec<(String, String)> =
            preview.lines().into_iter().map(|line| (line.what, line.amount)).collect();
        let expected =
            [("Plan", "100.00"), ("Discount: 10 %", "-10"), ("Tax HST 13 %", "11.70"), ("Total", "101.70")];
        assert_eq!(lines, expected.map(|(what, amount)| (what.to_string(), amount.to_string())));
        assert_eq!(preview.lines()[0].dates, "2026-11-30 – 2026-12-29");
    }

    #[test]
    fn an_amount_is_typed_plainly() {
        for text in ["125.00", "0", "-12.5"] {
            assert!(typed(text).is_ok(), "{text}");
        }
        for text in ["", "1,250.00", "125 USD", "1e3", "$5"] {
            assert!(typed(text).is_err(), "{text}");
        }
    }
}
