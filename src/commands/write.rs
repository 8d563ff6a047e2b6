//! The driver of the write protocol: each action of [`Write`] becomes a record, a request or a pause.
//! Single edits, rows of a run and undo write through here, so none can send without a record.

use std::cell::Cell;
use std::time::Duration;

use super::conflict::{conflict, tell_carried, unmergeable};
use crate::account::command;
use crate::api::{Client, Failure, FailureClass, Put, clock};
use crate::document::json::Json;
use crate::document::verify::{Difference, verify};
use crate::document::{Customer, Plan};
use crate::error::{Error, Kind, Result};
use crate::protocol::compare::{Effect, Preconditions, Refresh, effect, refresh};
use crate::protocol::{Action, Answer, Claim, Event, Limits, Reason, Refreshed, Span, Write};
use crate::report::outcome::Facts;
use crate::report::table::values;
use crate::signals::{Signals, Writing};
use crate::store::{Ending, EntryId, Origin, Store};
use crate::terminal::Notes;

/// Each PUT is based on a reading of its own. Ten let a write through a rate limit and a slow disk, and still end.
const LIMITS: Limits = Limits { attempts: 4, refreshes: 10 };

const LATE: &str =
    "an attempt has no known outcome; if the server applies it late, it overwrites later changes";

pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    /// None if the user wants no record.
    pub(super) store: Option<&'a Store>,
    pub(super) origin: Origin,
    /// Whether the customer is read after the PUT even if its answer shows it.
    pub(super) reads_again: bool,
    pub(super) preconditions: Preconditions<'a>,
    pub(super) signals: &'a Signals,
    pub(super) notes: Notes,
    pub(super) attempts: Cell<u32>,
}

pub(super) struct Done {
    /// The changes on what was stored at the time of the write.
    pub(super) plan: Plan,
    pub(super) entry: Option<EntryId>,
    /// False if every change was stored already.
    pub(super) written: bool,
}

impl Writer<'_> {
    /// `Unknown` if it cannot be told whether it was written; `Differs` if what is stored is not what was asked for.
    /// After any other error nothing was written.
    pub(super) fn write(&self, plan: Plan, facts: &mut Facts) -> Result<Done> {
        let id = plan.before.id();
        let read = self.client.last_reading(id).unwrap_or_default();
        let (mut write, mut action) = Write::begin(plan, read, clock::now(), LIMITS);
        let writing = self.signals.writing();
        let mut run = Run {
            writer: self,
            id,
            entry: None,
            error: None,
            stored: None,
            open: false,
            unrecorded: None,
            writing,
        };
        let claim = loop {
            if let Action::Report(claim) = action {
                break claim;
            }
            let (took, event) = run.perform(action, write.plan());
            let looked = action == Action::Look;
            action = write.step(took, event);
            if looked && matches!(action, Action::Put { .. }) {
                let (attempt, attempts) = (write.attempts() + 1, LIMITS.attempts);
                self.notes.say(&format!(
                    "The customer is as it was before; trying again (attempt {attempt} of {attempts})"
                ));
            }
            self.attempts.set(write.attempts().into());
        };
        facts.plan(write.plan());
        facts.entry(run.entry.as_ref());
        run.report(claim, write.into_plan(), facts)
    }

    fn command(&self, rest: &str) -> String {
        command(&self.origin.profile, rest)
    }

    fn settle(&self, id: u64, entry: Option<&EntryId>) -> String {
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

struct Run<'a> {
    writer: &'a Writer<'a>,
    id: u64,
    entry: Option<EntryId>,
    error: Option<Error>,
    /// The customer as it was last seen after a PUT, and what that shows.
    stored: Option<(Customer, Effect)>,
    /// Whether an attempt has no known outcome, so that the server may apply it late.
    open: bool,
    /// Why the store has no outcome of the entry.
    unrecorded: Option<String>,
    writing: Writing<'a>,
}

impl Run<'_> {
    fn perform(&mut self, action: Action, plan: &Plan) -> (Span, Event<Plan>) {
        let began = clock::now();
        let event = match action {
            // Rows in flight finish, unless they have to wait.
            _ if self.writer.origin.row.is_none() && self.writing.takes_signal() => Event::Signal,
            Action::RecordIntent => Event::Stored(self.record_intent(plan)),
            Action::Refresh => self.refresh(plan),
            Action::Look => self.look(plan),
            Action::Put { latest } if clock::now() > latest => Event::Answer(Answer::TooLate),
            Action::Put { .. } if !self.writing.may_send() => Event::Signal,
            Action::Put { latest } => Event::Answer(self.put(plan, latest)),
            Action::Wait(pause) => self.wait(pause),
            Action::RecordOutcome(claim) => Event::Stored(self.record_outcome(claim)),
            Action::Report(_) => Event::Timer,
        };
        let took = Span { began, ended: clock::now() };
        let read = matches!(event, Event::Refreshed(_) | Event::Seen(_));
        let reading = self.writer.client.last_reading(self.id).filter(|_| read);
        (reading.unwrap_or(took), event)
    }

    fn record_intent(&mut self, plan: &Plan) -> bool {
        let Some(store) = self.writer.store else { return true };
        let recorded = match &self.entry {
            // Changes of other writers are part of what is sent now.
            Some(entry) => store.replace(entry, plan),
            None => store.begin(plan, &self.writer.origin).map(|entry| self.entry = Some(entry)),
        };
        let failed = |why: Error| {
            let message = format!("without a record of the change nothing is sent: {}", why.message);
            Error { message, ..why }
                .at(format!("before writing customer {}", self.id))
                .hint("--no-journal writes without a record; it cannot be undone then")
        };
        self.error = recorded.map_err(failed).err();
        // Rows of a run are settled by the run.
        if self.writer.origin.row.is_none() {
            self.writing.settle_with(self.writer.settle(self.id, self.entry.as_ref()));
        }
        self.error.is_none()
    }

    fn record_outcome(&mut self, claim: Claim) -> bool {
        let (Some(store), Some(entry)) = (self.writer.store, &self.entry) else { return true };
        let (ending, stored) = match claim {
            Claim::Written { .. } => (Ending::Written, None),
            Claim::Differs { .. } => (Ending::Differs, self.stored.as_ref().map(|(stored, _)| stored)),
            Claim::Unknown(_) => (Ending::Unknown, None),
            Claim::NotWritten(_) | Claim::Unchanged => (Ending::NotWritten, None),
        };
        let recorded = store.end(entry, ending, stored);
        let unrecorded = |why: Error| format!("the outcome of entry {entry} is not recorded: {why}");
        self.unrecorded = recorded.map_err(unrecorded).err();
        self.unrecorded.is_none()
    }

    /// Waits until the rate limit has room for a PUT too.
    fn get(&self) -> Result<Customer> {
        self.writer.client.acquire()?;
        self.writer.client.get(self.id)
    }

    fn refresh(&mut self, plan: &Plan) -> Event<Plan> {
        let found = match self.get() {
            Ok(now) => self.rebase(plan, &now),
            Err(why) if why.kind == Kind::Interrupted => return Event::Signal,
            Err(why) => Err(why),
        };
        Event::Refreshed(found.unwrap_or_else(|why| {
            self.error = Some(why);
            Refreshed::Refused
        }))
    }

    fn rebase(&self, plan: &Plan, now: &Customer) -> Result<Refreshed<Plan>> {
        match refresh(plan, now, self.writer.preconditions) {
            Refresh::Same => Ok(Refreshed::Same),
            Refresh::Nothing => Ok(Refreshed::Nothing),
            Refresh::Merged { plan, carried } => {
                tell_carried(&carried, self.writer.notes);
                Ok(Refreshed::Merged(*plan))
            }
            Refresh::Unmet(why) => Err(why),
            Refresh::Unmergeable(why) => Err(unmergeable(&why, plan)),
            Refresh::Conflicts(conflicts) => {
                Err(Error::new(Kind::Conflict, "the customer changed while the write had to wait")
                    .detail(conflicts.iter().map(conflict))
                    .hint("run the same command again to see the change against what is there now"))
            }
        }
    }

    fn look(&mut self, plan: &Plan) -> Event<Plan> {
        if let Some(why) = &self.error {
            let said = format!("{}; reading the customer to see what came of it", why.headline());
            self.writer.notes.say(&said);
        }
        match self.get() {
            Ok(stored) => {
                let found = effect(plan, &stored, self.writer.preconditions);
                self.stored = Some((stored, found));
                Event::Seen(found)
            }
            Err(why) => {
                let then = format!("then {}", why.headline());
                self.error = Some(match self.error.take() {
                    Some(first) => first.detail([then]),
                    None => Error::new(
                        Kind::Unknown,
                        "the API took the change, but what it stored cannot be read",
                    )
                    .because(anyhow::anyhow!(why.headline())),
                });
                Event::Seen(Effect::Unreadable)
            }
        }
    }

    fn put(&mut self, plan: &Plan, latest: Duration) -> Answer {
        let sent = self.writer.client.put(&plan.after, latest.saturating_sub(clock::now()));
        // What an earlier attempt met says nothing about this one.
        self.error = None;
        match sent {
            Ok(Put::Accepted) => Answer::Accepted(None),
            Ok(Put::Stored(stored)) => {
                let found = effect(plan, &stored, self.writer.preconditions);
                self.stored = Some((*stored, found));
                Answer::Accepted((!self.writer.reads_again).then_some(found))
            }
            Err(Failure { class, error }) => {
                self.error = Some(*error);
                match class {
                    FailureClass::NotSent => Answer::NotSent,
                    FailureClass::Impossible | FailureClass::Refused => Answer::Refused,
                    FailureClass::RateLimited(pause) => Answer::NotNow(pause),
                    FailureClass::Redirected => Answer::Redirected,
                    FailureClass::Lost => {
                        self.open = true;
                        Answer::Open
                    }
                }
            }
        }
    }

    fn wait(&mut self, pause: Duration) -> Event<Plan> {
        if !self.writer.client.has_time_for(pause) {
            return Event::OutOfTime;
        }
        if let Some(why) = self.error.as_ref().filter(|_| pause >= Duration::from_secs(1)) {
            let seconds = pause.as_secs_f64();
            self.writer.notes.say(&format!("{}; trying again in {seconds:.1} s", why.headline()));
        }
        self.writing.wait(pause);
        if self.writing.takes_signal() { Event::Signal } else { Event::Timer }
    }

    fn report(mut self, claim: Claim, plan: Plan, facts: &mut Facts) -> Result<Done> {
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
            Claim::Differs { .. } => Error::new(Kind::Differs, "what is stored is not what was asked for")
                .at(format!("verifying customer {id}"))
                .hint(self.writer.take_back(id, entry.as_ref())),
            Claim::Unknown(reason) => Error { kind: Kind::Unknown, hints: Vec::new(), ..self.why(reason) }
                .detail(self.open.then(|| LATE.to_string()))
                .hint(self.writer.settle(id, entry.as_ref())),
        };
        facts.verdict(&verdict);
        Err(error.detail(verdict.differences.iter().map(line)))
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

fn line(difference: &Difference) -> String {
    let views = [&difference.sent, &difference.stored].map(|json| json.as_ref().map(Json::root));
    let ([sent, stored], path) = (values(views), &difference.path);
    let asked = if difference.asked { "" } else { " (its change was not asked for)" };
    format!("`{path}`: sent {sent}, stored {stored}{asked}")
}
