//! A status action as the write protocol sends it, once, and what the user reads of it.

use std::cell::OnceCell;
use std::time::Duration;

use rust_decimal::Decimal;

use super::{Driver, Writer};
use crate::action::preview::{Preview, customer};
use crate::action::{StatusAction, status, stored};
use crate::api::{Acted, Client, Failure, Put};
use crate::document::{Customer, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::compare::Effect;
use crate::protocol::{Claim, Limits, Reason, Refreshed, Span};
use crate::report::action::{Price, record};
use crate::report::outcome::JsonReport;
use crate::store::EntryId;

/// One POST for each consent. Ten renewals let it wait for a slow disk, and still end.
const LIMITS: Limits = Limits { attempts: 1, refreshes: 10 };

/// An action, and the price that the user agreed to.
pub(in crate::commands) struct ConfirmedAction<'a> {
    pub(in crate::commands) action: StatusAction,
    pub(in crate::commands) client: &'a Client,
    /// None if the vendor has no preview of the action.
    pub(in crate::commands) preview: Option<Preview>,
    pub(in crate::commands) currency: String,
    /// What the answer says that was charged.
    pub(in crate::commands) charged: OnceCell<Decimal>,
}

/// An action that was done.
pub(in crate::commands) struct WrittenAction {
    pub(in crate::commands) plan: Plan,
    /// The customer as it was read afterwards.
    pub(in crate::commands) stored: Option<Customer>,
    pub(in crate::commands) entry: Option<EntryId>,
}

impl ConfirmedAction<'_> {
    pub(super) fn record(&self) -> String {
        record(self.action, self.preview.as_ref(), &self.currency)
    }

    /// Whether the status and the price are still those that the user agreed to. A status that another client reached
    /// meanwhile is a conflict: it may have charged another amount.
    pub(in crate::commands) fn rebase(&self, plan: &Plan, now: &Customer) -> Result<Refreshed<Plan>> {
        let (then, status) = (status(&plan.before), status(now));
        if then != status {
            return Err(self.moved(&then, &status));
        }
        self.refuse_new_price(now)?;
        if now.text() == plan.before.text() {
            return Ok(Refreshed::Same);
        }
        self.action.plan(now.clone()).map(Refreshed::Merged)
    }

    fn moved(&self, then: &str, now: &str) -> Error {
        let name = self.action.name();
        if self.action.reaches(now) {
            return Error::new(
                ErrorKind::Conflict,
                format!("another client did this meanwhile: the customer is {now} now"),
            )
            .detail([format!("this {name} was not sent, and charged and reversed nothing")]);
        }
        Error::new(ErrorKind::Conflict, format!("the customer was {then} and is {now} now"))
            .hint("run the same command again to see what it would do now")
    }

    fn refuse_new_price(&self, now: &Customer) -> Result<()> {
        let Some(agreed) = &self.preview else { return Ok(()) };
        let fresh = previewed(self.action, now, self.client)?;
        let (was, is) = (Price::of(agreed.total, &self.currency), Price::of(fresh.total, &currency(now)));
        if was == is {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!("the price changed meanwhile: it was {was}, and is {is} now"),
        )
        .hint("run the same command again to see the new charges"))
    }

    pub(super) fn send(&self, id: u64, connect: Duration) -> std::result::Result<Put, Failure> {
        let answer = match self.client.act(&self.action.post(id), connect)? {
            Acted::Answered(answer) => answer,
            Acted::Accepted => return Ok(Put::Accepted),
            Acted::WebPage => return Ok(Put::WebPage),
        };
        if let Ok(charged) = Preview::parse(&answer) {
            // There is one answer, because there is one request.
            let _ = self.charged.set(charged.total);
        }
        let stored = customer(&answer).filter(|stored| stored.id() == id);
        Ok(stored.map_or(Put::Accepted, |stored| Put::Stored(Box::new(stored))))
    }

    pub(super) fn effect(&self, plan: &Plan, customer: &Customer) -> Effect {
        match stored::effect(self.action, plan, customer) {
            Effect::NewValues if self.overcharged().is_some() => Effect::NewValuesAndOthers,
            effect => effect,
        }
    }

    /// What was previewed and what was charged, if they differ.
    fn overcharged(&self) -> Option<(Price, Price)> {
        let (previewed, charged) = (self.preview.as_ref()?.total, *self.charged.get()?);
        let price = |amount| Price::of(amount, &self.currency);
        (previewed != charged).then(|| (price(previewed), price(charged)))
    }
}

/// Asks the API for the invoices of an action.
pub(in crate::commands) fn previewed(
    action: StatusAction,
    before: &Customer,
    client: &Client,
) -> Result<Preview> {
    let id = before.id();
    let step = format!("previewing the {} of customer {id}", action.name());
    let Some(post) = action.preview(id) else { return Err(Error::usage("this action has no preview")) };
    let answer = client.preview(&post).map_err(|error| error.step(&step))?;
    if customer(&answer).is_some_and(|after| status(&after) != status(before)) {
        return Err(Error::new(
            ErrorKind::Differs,
            "a preview was asked for, and the API changed the status",
        )
        .step(step)
        .hint("look at the customer and its invoices before anything else is done"));
    }
    Preview::parse(&answer).map_err(|reason| {
        Error::new(ErrorKind::Failed, "the API's answer is no preview, so the price is not known")
            .source(reason)
            .step(step)
    })
}

pub(in crate::commands) fn currency(customer: &Customer) -> String {
    customer.text_at("currency").unwrap_or_default()
}

impl Writer<'_> {
    /// `Unknown` if it cannot be told whether it was done; `Differs` if another amount was charged than was previewed.
    /// After any other error nothing was done by this command.
    pub(in crate::commands) fn act(
        &self,
        plan: Plan,
        act: &ConfirmedAction<'_>,
        read: Span,
        json: &mut JsonReport,
    ) -> Result<WrittenAction> {
        let mut driver = Driver::of(self, plan.before.id(), Some(act));
        let (claim, plan) = driver.drive(plan, read, LIMITS, json);
        driver.acted(claim, plan, act, json)
    }
}

impl Driver<'_> {
    fn acted(
        mut self,
        claim: Claim,
        plan: Plan,
        act: &ConfirmedAction<'_>,
        json: &mut JsonReport,
    ) -> Result<WrittenAction> {
        if let Claim::NotWritten(_) | Claim::Unchanged = claim {
            self.writing.wrote_nothing();
        }
        if let Some(warning) = self.unrecorded.take() {
            self.writer.notes.warn(&warning);
            json.warn(warning);
        }
        if let Claim::Written { late: true } | Claim::Differs { late: true } = claim {
            let warning = "the answer was lost, so another client may have done it; look at the invoices for the amount";
            self.writer.notes.warn(warning);
            json.warn(warning.to_string());
        }
        match claim {
            Claim::Written { .. } | Claim::Unchanged => {
                let stored = self.stored.take().map(|(stored, _)| stored);
                Ok(WrittenAction { plan, stored, entry: self.entry.take() })
            }
            Claim::Differs { .. } => Err(self.overcharged(act)),
            Claim::NotWritten(reason) => Err(self.not_done(reason, act)),
            Claim::Unknown(reason) => Err(self.unknown(reason, act)),
        }
    }

    fn step(&self, act: &ConfirmedAction<'_>) -> String {
        format!("{} of customer {}", act.action.name(), self.id)
    }

    fn overcharged(&self, act: &ConfirmedAction<'_>) -> Error {
        let found = match act.overcharged() {
            Some((previewed, charged)) => format!("it charged {charged}, and the preview said {previewed}"),
            None if self.web_page => {
                "the answer is a web page, and the status of the customer did not change".to_string()
            }
            None => "the API took it, and the status of the customer did not change".to_string(),
        };
        let look = self.writer.command(&format!("customer get {}", self.id));
        self.hint_at_web_page(Error::new(ErrorKind::Differs, found).step(self.step(act))).hint(format!(
            "it cannot be undone; `{look}` shows the customer, and its invoices are in Fusebill"
        ))
    }

    fn not_done(&mut self, reason: Reason, act: &ConfirmedAction<'_>) -> Error {
        let error = match reason {
            Reason::Interrupted => Error::new(ErrorKind::Interrupted, "interrupted"),
            Reason::ReadsTooOld => {
                Error::new(ErrorKind::Failed, "it could not be sent within a second of its preview")
                    .hint("this machine or its disk is too slow now; run the same command again")
            }
            Reason::Error | Reason::Modified => {
                self.error.take().unwrap_or_else(|| Error::new(ErrorKind::Failed, "it was not sent"))
            }
        };
        self.explain_refusal(error, act).step(self.step(act))
    }

    /// A refusal is told as what it is if another client did the same first.
    fn explain_refusal(&self, error: Error, act: &ConfirmedAction<'_>) -> Error {
        if error.kind != ErrorKind::Refused {
            return error;
        }
        let Ok(now) = self.writer.client.get(self.id) else { return error };
        let now = status(&now);
        if !act.action.reaches(&now) {
            return error;
        }
        Error::new(ErrorKind::Conflict, format!("another client did this first: the customer is {now} now"))
            .detail(["this request was refused, and charged and reversed nothing".to_string()])
            .detail(error.details)
    }

    fn unknown(&mut self, reason: Reason, act: &ConfirmedAction<'_>) -> Error {
        let first = self.error.take();
        let message = match reason {
            Reason::Modified => {
                "the answer was lost, and another client changed the customer since".to_string()
            }
            _ => first.as_ref().map_or("the answer was lost".to_string(), |first| first.message.clone()),
        };
        let seen = self.stored.as_ref().map(|(stored, _)| {
            format!("read again: the customer is {}; that does not show that it was not done", status(stored))
        });
        let details = first.map(|first| first.details).unwrap_or_default();
        Error::new(ErrorKind::Unknown, message)
            .step(self.step(act))
            .detail(details)
            .detail(seen)
            .detail(self.open.then(|| LATE_ACTION.to_string()))
            .hint(self.writer.resolve(self.id, self.entry.as_ref()))
            .hint("it was sent once, and is never sent again; look at the invoices before you run the command again")
    }
}

const LATE_ACTION: &str = "the request may still be on its way, and may yet charge";
