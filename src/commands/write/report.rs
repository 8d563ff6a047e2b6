//! What the user reads of a write that has ended.

use super::{Done, LIMITS, Run, Writer};
use crate::account::command;
use crate::document::Plan;
use crate::document::json::Json;
use crate::document::verify::{Difference, verify};
use crate::error::{Error, Kind, Result};
use crate::protocol::compare::Effect;
use crate::protocol::{Claim, Reason};
use crate::report::outcome::Facts;
use crate::report::value::all_said;
use crate::store::EntryId;

const LATE: &str =
    "an attempt has no known outcome; if the server applies it late, it overwrites later changes";

impl Writer<'_> {
    fn command(&self, rest: &str) -> String {
        command(&self.origin.profile, rest)
    }

    pub(super) fn settle(&self, id: u64, entry: Option<&EntryId>) -> String {
        match entry {
            Some(_) => {
                let history = self.command(&format!("customer history {id} --resolve"));
                format!("`{history}` reads the customer and settles it")
            }
            None => format!(
                "look at it with `{}` before you write again",
                self.command(&format!("customer get {id}"))
            ),
        }
    }

    fn take_back(&self, id: u64, entry: Option<&EntryId>) -> String {
        match entry {
            Some(entry) => {
                format!("`{}` takes the change back", self.command(&format!("customer undo {entry}")))
            }
            None => format!("look at it with `{}`", self.command(&format!("customer get {id}"))),
        }
    }
}

impl Run<'_> {
    pub(super) fn report(mut self, claim: Claim, plan: Plan, facts: &mut Facts) -> Result<Done> {
        if let Claim::NotWritten(_) | Claim::Unchanged = claim {
            self.writing.wrote_nothing();
        }
        if let Claim::Written { late: true } | Claim::Differs { late: true } = claim {
            self.warn_of_a_late_put(facts);
        }
        if let Some(warning) = self.unrecorded.take() {
            self.writer.notes.warn(&warning);
            facts.warn(warning);
        }
        let (id, entry) = (self.id, self.entry.take());
        // After an accepted PUT the old values are a difference; otherwise they show that nothing was written.
        let accepted = matches!(claim, Claim::Differs { .. });
        let differs = self.stored.as_ref().filter(|(_, found)| accepted || *found != Effect::AsBefore);
        let verdict = differs.map(|(stored, _)| verify(&plan, stored)).unwrap_or_default();
        let error = match claim {
            Claim::Written { .. } => return Ok(Done { plan, entry, written: true }),
            Claim::Unchanged => return Ok(Done { plan, entry: None, written: false }),
            Claim::NotWritten(reason) => return Err(self.why(reason)),
            Claim::Differs { .. } => self.differs(entry.as_ref()),
            Claim::Unknown(reason) => Error { kind: Kind::Unknown, hints: Vec::new(), ..self.why(reason) }
                .detail(self.open.then(|| LATE.to_string()))
                .hint(self.writer.settle(id, entry.as_ref())),
        };
        facts.verdict(&verdict);
        Err(error.detail(verdict.differences.iter().map(line)))
    }

    /// A change of which nothing is stored cannot be taken back.
    fn differs(&self, entry: Option<&EntryId>) -> Error {
        let changed_nothing = self
            .stored
            .as_ref()
            .is_some_and(|(_, found)| matches!(found, Effect::AsBefore | Effect::Modified));
        let (said, entry) = if changed_nothing {
            ("the API took the change, but stored nothing of it", None)
        } else {
            ("what is stored is not what was asked for", entry)
        };
        let error = Error::new(Kind::Differs, said).at(format!("verifying customer {}", self.id));
        error.hint(self.writer.take_back(self.id, entry))
    }

    fn warn_of_a_late_put(&self, facts: &mut Facts) {
        let again = self.writer.command(&format!("customer get {}", self.id));
        let warning = format!("{LATE}; `{again}` shows what is stored");
        self.writer.notes.warn(&warning);
        facts.warn(warning);
    }

    fn why(&mut self, reason: Reason) -> Error {
        let known =
            |error: Option<Error>| error.unwrap_or_else(|| Error::new(Kind::Failed, "it was not sent"));
        let error = match reason {
            Reason::Error => known(self.error.take()),
            Reason::Interrupted => {
                let why = self.error.take().map(|why| why.headline());
                Error::new(Kind::Interrupted, "interrupted").detail(why)
            }
            Reason::NeverFresh => {
                Error::new(Kind::Failed, "the change could not be sent within a second of a reading")
                    .hint("this machine or its disk is too slow now; run the same command again")
            }
            Reason::Modified => known(self.error.take())
                .detail(["read again: the customer was modified since, so it is not sent again".to_string()]),
        };
        let as_before = self.stored.as_ref().is_some_and(|(_, found)| *found == Effect::AsBefore);
        let error =
            error.detail(as_before.then(|| "read again: the customer is as it was before".to_string()));
        error.at(format!("writing customer {}", self.id))
    }
}

pub(super) fn sent_again(attempt: u8) -> String {
    let attempts = LIMITS.attempts;
    format!("The customer is as it was before; trying again (attempt {attempt} of {attempts})")
}

/// The API accepted the change or did not answer it, and then the customer could not be read.
pub(super) fn unread(first: Option<Error>, why: &Error) -> Error {
    let accepted = || {
        let message = "the API took the change, but what it stored cannot be read";
        Error::new(Kind::Unknown, message).because(anyhow::anyhow!(why.headline()))
    };
    first.map_or_else(accepted, |first| first.detail([format!("then {}", why.headline())]))
}

fn line(difference: &Difference) -> String {
    let views = [&difference.sent, &difference.stored].map(|json| json.as_ref().map(Json::root));
    let ([sent, stored], path) = (all_said(views), &difference.path);
    let asked = if difference.asked { "" } else { " (its change was not asked for)" };
    format!("`{path}`: sent {sent}, stored {stored}{asked}")
}
