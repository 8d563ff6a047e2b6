//! Turns a finished write into its result, error and warnings.

use super::{Done, Driver, LIMITS, Writer};
use crate::account::command;
use crate::api::error_body::WEB_PAGE_SOURCES;
use crate::document::Plan;
use crate::document::json::Json;
use crate::document::verify::{Difference, verify};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::compare::Effect;
use crate::protocol::{Claim, Reason};
use crate::report::outcome::JsonReport;
use crate::report::value::distinct_displays;
use crate::store::EntryId;

const LATE: &str =
    "an attempt has no known outcome; if the server applies it late, it overwrites later changes";

impl Writer<'_> {
    pub(super) fn command(&self, rest: &str) -> String {
        command(&self.origin.profile, rest)
    }

    pub(super) fn resolve(&self, id: u64, entry: Option<&EntryId>) -> String {
        match entry {
            Some(_) => {
                let history = self.command(&format!("customer history {id} --resolve"));
                format!("`{history}` reads the customer and records the outcome")
            }
            None => format!(
                "look at it with `{}` before you write again",
                self.command(&format!("customer get {id}"))
            ),
        }
    }

    fn undo_hint(&self, id: u64, entry: Option<&EntryId>) -> String {
        match entry {
            Some(entry) => {
                format!("`{}` undoes the change", self.command(&format!("customer undo {entry}")))
            }
            None => format!("look at it with `{}`", self.command(&format!("customer get {id}"))),
        }
    }
}

impl Driver<'_> {
    pub(super) fn report(mut self, claim: Claim, plan: Plan, json: &mut JsonReport) -> Result<Done> {
        if let Claim::NotWritten(_) | Claim::Unchanged = claim {
            self.writing.wrote_nothing();
        }
        if let Claim::Written { late: true } | Claim::Differs { late: true } = claim {
            self.warn_of_a_late_put(json);
        }
        if let Some(warning) = self.unrecorded.take() {
            self.writer.notes.warn(&warning);
            json.warn(warning);
        }
        let (id, entry) = (self.id, self.entry.take());
        // If the claim is `Differs`, old values are a difference; for other claims they only show that nothing was written.
        let differs_claim = matches!(claim, Claim::Differs { .. });
        let differs = self.stored.as_ref().filter(|(_, found)| differs_claim || *found != Effect::OldValues);
        let verdict = differs.map(|(stored, _)| verify(&plan, stored)).unwrap_or_default();
        let error = match claim {
            Claim::Written { .. } => return Ok(Done { plan, entry, written: true }),
            Claim::Unchanged => return Ok(Done { plan, entry: None, written: false }),
            Claim::NotWritten(reason) => return Err(self.reason(reason)),
            Claim::Differs { .. } => self.differs(entry.as_ref(), plan.new_status().is_some()),
            Claim::Unknown(reason) => {
                Error { kind: ErrorKind::Unknown, hints: Vec::new(), ..self.reason(reason) }
                    .detail(self.open.then(|| LATE.to_string()))
                    .hint(self.writer.resolve(id, entry.as_ref()))
            }
        };
        json.verdict(&verdict);
        Err(error.detail(verdict.differences.iter().map(line)))
    }

    /// No undo hint if nothing of the change is stored, or if the status changed: the old word does not undo what that did.
    fn differs(&self, entry: Option<&EntryId>, of_status: bool) -> Error {
        let changed_nothing = self
            .stored
            .as_ref()
            .is_some_and(|(_, found)| matches!(found, Effect::OldValues | Effect::Modified));
        let (message, entry) = if changed_nothing && self.web_page {
            ("the answer to the PUT is a web page, and none of the new values is stored", None)
        } else if changed_nothing {
            ("the API accepted the PUT, but stored none of the new values", None)
        } else {
            ("the stored customer is not the one that was sent", entry)
        };
        let error = Error::new(ErrorKind::Differs, message).step(format!("verifying customer {}", self.id));
        let error = if changed_nothing { self.hint_at_web_page(error) } else { error };
        error.hint(self.writer.undo_hint(self.id, entry.filter(|_| !of_status)))
    }

    pub(super) fn hint_at_web_page(&self, error: Error) -> Error {
        if !self.web_page {
            return error;
        }
        error.hint(format!("{WEB_PAGE_SOURCES}, so the API may never have seen the request"))
    }

    /// The error if the customer cannot be read after a PUT that was accepted or got no answer.
    pub(super) fn unread(&mut self, error: &Error) -> Error {
        let then = match self.error.take() {
            Some(first) => return first.detail([format!("then {}", error.headline())]),
            None if self.web_page => {
                "the answer to the PUT is a web page, and the customer cannot be read to verify it"
            }
            None => "the API accepted the PUT, but the customer cannot be read to verify it",
        };
        Error::new(ErrorKind::Unknown, then).source(anyhow::anyhow!(error.headline()))
    }

    fn warn_of_a_late_put(&self, json: &mut JsonReport) {
        let again = self.writer.command(&format!("customer get {}", self.id));
        let warning = format!("{LATE}; `{again}` shows what is stored");
        self.writer.notes.warn(&warning);
        json.warn(warning);
    }

    fn reason(&mut self, reason: Reason) -> Error {
        let known = |error: Option<Error>| {
            error.unwrap_or_else(|| Error::new(ErrorKind::Failed, "the PUT was not sent"))
        };
        let error = match reason {
            Reason::Error => known(self.error.take()),
            Reason::Interrupted => {
                let reason = self.error.take().map(|reason| reason.headline());
                Error::new(ErrorKind::Interrupted, "interrupted").detail(reason)
            }
            Reason::ReadsTooOld => Error::new(
                ErrorKind::Failed,
                "every read of the customer was too old before the PUT could be sent",
            )
            .hint("this machine, its disk or the network is too slow now; run the same command again"),
            Reason::Modified => known(self.error.take())
                .detail(["a read shows that the customer was modified since, so the PUT is not sent again"
                    .to_string()]),
        };
        let as_before = self.stored.as_ref().is_some_and(|(_, found)| *found == Effect::OldValues);
        let error = error.detail(as_before.then(|| "a read shows the old values".to_string()));
        error.step(format!("writing customer {}", self.id))
    }
}

pub(super) fn sent_again(attempt: u8) -> String {
    let attempts = LIMITS.attempts;
    format!("The customer is unchanged; sending the PUT again (attempt {attempt} of {attempts})")
}

fn line(difference: &Difference) -> String {
    let views = [&difference.sent, &difference.stored].map(|json| json.as_ref().map(Json::root));
    let ([sent, stored], path) = (distinct_displays(views), &difference.path);
    let asked = if difference.asked { "" } else { " (not changed by this command)" };
    format!("`{path}`: sent {sent}, stored {stored}{asked}")
}
