//! The status actions: activate, hold, un-hold, cancel and un-cancel a customer, with the money that they move.

mod bill;
mod request;

use jiff::Timestamp;

use super::behaviour::Behaviour;
use super::customers::{self, body::Problem};
use super::fault::Effect;
use super::fault_plan::FaultPlan;
use super::ledger::{Ledger, Movement};
use super::money::{percent, spelled};
use super::record::Recorded;
use super::response::Response;
use super::table::{Table, with_values};
use super::timestamp;
use crate::document::json::{Json, View, quote};
use crate::document::path::Path;
use bill::{Bill, Charge};
use request::Action;
pub(crate) use request::Address;

/// One request for an action or its preview.
pub(crate) struct Post<'a> {
    pub(crate) request: &'a Recorded,
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) faults: &'a FaultPlan,
    pub(crate) now: Timestamp,
}

impl Post<'_> {
    pub(crate) fn apply(&self, table: &mut Table) -> Response {
        let (id, action) = match request::read(self.request, self.behaviour) {
            Ok(read) => read,
            Err(Problem { text, .. }) => return Response::error(400, &text),
        };
        self.faults.write_between(table, id, self.now);
        self.act_as_other_client(table, id, &action);
        self.answer(table, id, &action)
    }

    /// What another client does just before.
    fn act_as_other_client(&self, table: &mut Table, id: u64, action: &Action) {
        for effect in &self.faults.effects {
            match effect {
                Effect::DoneFirst => drop(self.answer(table, id, action)),
                Effect::Price(cents) => {
                    let mut ledger = table.ledger(id);
                    ledger.subscriptions.iter_mut().for_each(|item| item.cents += cents);
                    table.keep(ledger);
                }
                _ => {}
            }
        }
    }

    fn answer(&self, table: &mut Table, id: u64, action: &Action) -> Response {
        let Some(document) = table.get(id).cloned() else { return customers::get(table, id, self.behaviour) };
        let status = status(document.root());
        if let Some(reason) = refusal(&status, action, self.behaviour) {
            let code = if self.behaviour.is("action-refusal", "409") { 409 } else { 400 };
            return Response::error(code, &reason);
        }
        let mut ledger = table.ledger(id);
        let bill = bill(&ledger, action, self.behaviour);
        if request::is_preview(self.request) {
            let shows_zero = request::shows_zero(self.request);
            return plus(&document, &bill.members(self.now, shows_zero));
        }
        let after = self.perform(&mut ledger, &status, action, &bill);
        let answered = self.store(table, id, &document, &ledger, &after);
        table.keep(ledger);
        let shows_invoice =
            request::query(self.request, "view").is_some_and(|view| view.eq_ignore_ascii_case("sideeffects"));
        match shows_invoice {
            true => plus(&answered, &bill.members(self.now, false)),
            false => Response::json(200, answered.text()),
        }
    }

    /// Moves the money and the subscriptions; gives the new status.
    fn perform(&self, ledger: &mut Ledger, status: &str, action: &Action, bill: &Bill) -> String {
        let (cents, posts) = match action {
            Action::Activate { posts, .. } | Action::Unhold { posts, .. } => (bill.total(), *posts),
            Action::Cancel { option } => (reversed(ledger, option), true),
            Action::Hold | Action::Uncancel => (0, true),
        };
        if cents != 0 {
            let movement = Movement { action: action.name().to_string(), cents, posted: posts };
            ledger.moves.push(movement);
            if posts && (cents < 0 || self.behaviour.is("collection", "fails")) {
                ledger.balance += cents;
            }
        }
        match action {
            Action::Activate { subscriptions, purchases, .. } => {
                if *subscriptions {
                    ledger.turn(&["Draft"], "Active");
                }
                ledger
                    .purchases
                    .iter_mut()
                    .filter(|_| *purchases)
                    .for_each(|item| item.status = "Purchased".into());
            }
            Action::Hold => {
                ledger.turn(&["Active"], "Suspended");
                ledger.missed = 1;
            }
            Action::Unhold { .. } => ledger.turn(&["Suspended"], "Active"),
            Action::Cancel { .. } => {
                ledger.turn(&["Active", "Suspended"], "Cancelled");
                ledger.previous = Some(status.to_string());
            }
            Action::Uncancel if self.behaviour.is("uncancel-subscriptions", "return") => {
                ledger.turn(&["Cancelled"], "Active");
            }
            Action::Uncancel => {}
        }
        let previous = ledger.previous.clone().filter(|_| self.behaviour.is("uncancel-to", "previous"));
        match action {
            Action::Hold => "Hold".to_string(),
            Action::Cancel { .. } => "Cancelled".to_string(),
            Action::Uncancel => previous.unwrap_or_else(|| "Active".to_string()),
            Action::Activate { .. } | Action::Unhold { .. } => "Active".to_string(),
        }
    }

    /// A GET spells the timestamp otherwise than the answer to a write.
    fn store(&self, table: &mut Table, id: u64, document: &Json, ledger: &Ledger, status: &str) -> Json {
        let mut values = vec![(Path::of("status"), quote(status))];
        // On hold the subscriptions stand still, and the revenue is shown as before.
        if status != "Hold" {
            values.push((Path::of("monthlyRecurringRevenue"), spelled(ledger.revenue())));
            values.push((Path::of("netMonthlyRecurringRevenue"), spelled(ledger.revenue())));
        }
        let after = with_values(document, &values);
        table.put(id, timestamp::with_modified(&after, &timestamp::short(self.now)));
        timestamp::with_modified(&after, &timestamp::long(self.now))
    }
}

fn status(document: View<'_>) -> String {
    document.member("status").map(|status| status.text_or_token().into_owned()).unwrap_or_default()
}

/// The document of an answer with more members.
fn plus(document: &Json, members: &str) -> Response {
    let text = document.text().trim_end().trim_end_matches('}');
    Response::json(200, format!("{text},{members}}}"))
}

/// The texts are not the vendor's, which are not published.
fn refusal(status: &str, action: &Action, behaviour: &Behaviour) -> Option<String> {
    let holds_more = behaviour.is("hold-from", "active+draft+suspended");
    let is_possible = match action {
        Action::Activate { .. } => status == "Draft",
        Action::Hold => status == "Active" || holds_more && matches!(status, "Draft" | "Suspended"),
        Action::Unhold { .. } => status == "Hold",
        Action::Cancel { .. } => status != "Cancelled",
        Action::Uncancel => status == "Cancelled",
    };
    (!is_possible).then(|| format!("The customer is {status}; {} is not possible.", action.name()))
}

fn bill(ledger: &Ledger, action: &Action, behaviour: &Behaviour) -> Bill {
    let items = |is_wanted: bool, items: &[super::ledger::Item], status: &str, periods: i64| -> Vec<Charge> {
        items
            .iter()
            .filter(|item| is_wanted && item.status == status)
            .map(|item| Charge::of(item, periods))
            .collect()
    };
    match action {
        Action::Activate { subscriptions, purchases, .. } => {
            let charges = items(*subscriptions, &ledger.subscriptions, "Draft", 1);
            let bought = items(*purchases, &ledger.purchases, "Draft", 1);
            if behaviour.is("preview-extra", "additional") && !bought.is_empty() {
                return Bill { invoices: vec![charges, bought] };
            }
            Bill { invoices: vec![charges.into_iter().chain(bought).collect()] }
        }
        Action::Unhold { option, .. } => {
            let periods = match option.as_str() {
                "ChargeForAllMissedPeriods" => ledger.missed,
                "NoChargesForMissedPeriods" => 0,
                _ => 1,
            };
            Bill { invoices: vec![items(true, &ledger.subscriptions, "Suspended", periods)] }
        }
        Action::Hold | Action::Cancel { .. } | Action::Uncancel => Bill { invoices: Vec::new() },
    }
}

/// Half of the current period is not earned yet.
fn reversed(ledger: &Ledger, option: &str) -> i64 {
    let running =
        ledger.subscriptions.iter().filter(|item| matches!(item.status.as_str(), "Active" | "Suspended"));
    let period: i64 = running.map(|item| item.cents).sum();
    match option {
        "Unearned" => -percent(period, 50),
        "Full" => -period,
        _ => 0,
    }
}

/// `GET /v1/customers/{id}/overview`. That it has balances is documented; the names of its members are not all.
pub(crate) fn overview(table: &Table, id: u64, behaviour: &Behaviour) -> Response {
    let Some(document) = table.get(id) else { return customers::get(table, id, behaviour) };
    let token = |name: &str| document.root().member(name).map_or("null", View::raw).to_string();
    let copied =
        ["firstName", "lastName", "companyName", "primaryEmail", "primaryPhone", "reference", "currency"];
    let copied = copied.map(|name| format!("{}:{}", quote(name), token(name))).join(",");
    let (status, account) = (token("status"), token("customerAccountStatus"));
    let (revenue, uri, owed) =
        (token("monthlyRecurringRevenue"), token("uri"), spelled(table.ledger(id).balance));
    Response::json(
        200,
        format!(
            r#"{{{copied},"status":{status},"customerAccountStatus":{account},"monthlyRecurringRevenue":{revenue},"arBalance":{owed},"availableFunds":0.00,"id":{id},"uri":{uri}}}"#
        ),
    )
}
