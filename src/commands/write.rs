//! The driver of the write protocol: each action of [`Write`] becomes a record, a request or a pause.
//! Single edits, bulk rows and undo all use it, so none sends a PUT without a record, except with `--no-journal`.

mod action;
mod report;

use std::time::Duration;

pub(super) use action::{ConfirmedAction, WrittenAction, currency, previewed};

use super::conflict::{conflict, report_carried, unmergeable};
use crate::api::{Client, Failure, FailureClass, Put, clock};
use crate::document::{Customer, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::compare::{Effect, Preconditions, Refresh, effect, refresh};
use crate::protocol::{Action, Answer, Claim, Event, Limits, Refreshed, Span, Write};
use crate::report::outcome::JsonReport;
use crate::signals::{Signals, Writing};
use crate::store::{EntryId, EntryOutcome, Origin, Store};
use crate::terminal::Notes;

/// At most 4 PUTs, and 10 reads that renew their base: enough for a 429 or a slow disk, and a write still ends.
const LIMITS: Limits = Limits { attempts: 4, refreshes: 10 };

pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    /// `None` with `--no-journal`.
    pub(super) store: Option<&'a Store>,
    pub(super) origin: Origin,
    /// Whether the customer is read after the PUT even if its answer shows it.
    pub(super) reads_again: bool,
    pub(super) preconditions: Preconditions<'a>,
    pub(super) signals: &'a Signals,
    pub(super) notes: Notes,
}

pub(super) struct Done {
    /// The plan that was sent: with the changes of other clients merged in.
    pub(super) plan: Plan,
    pub(super) entry: Option<EntryId>,
    /// False if no PUT was needed, because the new values were already stored.
    pub(super) written: bool,
}

impl Writer<'_> {
    /// Writes the plan and verifies it. Fails with `Unknown` if the outcome is not known, with `Differs` if the stored
    /// customer is not the one that was sent. After any other error nothing was written.
    pub(super) fn write(&self, plan: Plan, json: &mut JsonReport) -> Result<Done> {
        let read = self.client.last_reading(plan.before.id()).unwrap_or_default();
        let mut driver = Driver::of(self, plan.before.id(), None);
        let (claim, plan) = driver.drive(plan, read, LIMITS, json);
        driver.report(claim, plan, json)
    }
}

struct Driver<'a> {
    writer: &'a Writer<'a>,
    id: u64,
    /// The status action that is sent instead of a PUT.
    act: Option<&'a ConfirmedAction<'a>>,
    entry: Option<EntryId>,
    error: Option<Error>,
    /// The last read after a PUT, and its effect.
    stored: Option<(Customer, Effect)>,
    /// Whether an attempt has no known outcome, so that the server may apply it late.
    open: bool,
    /// Whether the last request was answered by a web page with a 2xx.
    web_page: bool,
    /// Why the store has no outcome of the entry.
    unrecorded: Option<String>,
    writing: Writing<'a>,
}

impl<'a> Driver<'a> {
    fn of(writer: &'a Writer<'a>, id: u64, act: Option<&'a ConfirmedAction<'a>>) -> Driver<'a> {
        let writing = writer.signals.writing();
        Driver {
            writer,
            id,
            act,
            entry: None,
            error: None,
            stored: None,
            open: false,
            web_page: false,
            unrecorded: None,
            writing,
        }
    }

    /// Performs every action of the protocol. `read` is when the customer was read that the plan was made from.
    fn drive(&mut self, plan: Plan, read: Span, limits: Limits, json: &mut JsonReport) -> (Claim, Plan) {
        let (mut write, mut action) = Write::begin(plan, read, clock::now(), limits);
        let claim = loop {
            if let Action::Report(claim) = action {
                break claim;
            }
            let (took, event) = self.perform(action, write.plan());
            let looked = action == Action::Look;
            action = write.step(took, event);
            if looked && matches!(action, Action::Put { .. }) {
                self.writer.notes.say(&report::sent_again(write.attempts() + 1));
            }
        };
        json.attempts = write.attempts().into();
        json.plan(write.plan());
        json.entry(self.entry.as_ref());
        (claim, write.into_plan())
    }
}

impl Driver<'_> {
    fn perform(&mut self, action: Action, plan: &Plan) -> (Span, Event<Plan>) {
        let began = clock::now();
        let event = match action {
            // A bulk row ignores the first signal, except while it waits.
            _ if self.writer.origin.row.is_none() && self.writing.takes_signal() => Event::Signal,
            Action::RecordIntent => Event::Stored(self.record_intent(plan)),
            Action::Refresh => self.refresh(plan),
            Action::Look => self.look(plan),
            Action::Put { latest } if clock::now() > latest => Event::Answer(Answer::DeadlinePassed),
            Action::Put { .. } if !self.writing.may_send() => Event::Signal,
            Action::Put { latest } => Event::Answer(self.put(plan, latest)),
            Action::Wait(pause) => self.wait(pause),
            Action::RecordOutcome(claim) => Event::Stored(self.record_outcome(claim)),
            Action::Report(_) => Event::Timer,
        };
        let took = Span { began, ended: clock::now() };
        let read = matches!(event, Event::Refreshed(_) | Event::Seen(_));
        // An action is based on its preview too, which is asked for after the customer.
        let reading = self.writer.client.last_reading(self.id).filter(|_| read && self.act.is_none());
        (reading.unwrap_or(took), event)
    }

    fn record_intent(&mut self, plan: &Plan) -> bool {
        let Some(store) = self.writer.store else { return true };
        let recorded = match &self.entry {
            // The plan was merged with another client's changes after it was recorded.
            Some(entry) => store.replace(entry, plan),
            None => {
                let action = self.act.map(ConfirmedAction::record);
                let begun = store.begin_action(plan, &self.writer.origin, action.as_deref());
                begun.map(|entry| self.entry = Some(entry))
            }
        };
        let failed = |reason: Error| {
            let message = format!("cannot record the change, so nothing was sent: {}", reason.message);
            Error { message, ..reason }
                .step(format!("before writing customer {}", self.id))
                .hint("--no-journal writes without a record; then the change cannot be undone")
        };
        self.error = recorded.map_err(failed).err();
        // `customer bulk resume` resolves the rows of a run.
        if self.writer.origin.row.is_none() {
            let hint = self.writer.resolve(self.id, self.entry.as_ref());
            self.writing.hint_if_killed(self.entry.clone(), hint);
        }
        self.error.is_none()
    }

    fn record_outcome(&mut self, claim: Claim) -> bool {
        let (Some(store), Some(entry)) = (self.writer.store, &self.entry) else { return true };
        let (ending, stored) = match claim {
            Claim::Written { .. } => (EntryOutcome::Written, None),
            Claim::Differs { .. } => (EntryOutcome::Differs, self.stored.as_ref().map(|(stored, _)| stored)),
            Claim::Unknown(_) => (EntryOutcome::Unknown, None),
            Claim::NotWritten(_) | Claim::Unchanged => (EntryOutcome::NotWritten, None),
        };
        let recorded = store.end(entry, ending, stored);
        let unrecorded = |error: Error| format!("the outcome of entry {entry} is not recorded: {error}");
        self.unrecorded = recorded.map_err(unrecorded).err();
        self.unrecorded.is_none()
    }

    /// Reads the customer, with a permit for the GET and the PUT after it.
    fn get(&self) -> Result<Customer> {
        self.writer.client.acquire()?;
        self.writer.client.get(self.id)
    }

    fn refresh(&mut self, plan: &Plan) -> Event<Plan> {
        let found = match self.get() {
            Ok(now) => match self.act {
                Some(act) => act.rebase(plan, &now),
                None => self.rebase(plan, &now),
            },
            Err(reason) if reason.kind == ErrorKind::Interrupted => return Event::Signal,
            Err(reason) => Err(reason),
        };
        Event::Refreshed(found.unwrap_or_else(|reason| {
            self.error = Some(reason);
            Refreshed::Refused
        }))
    }

    fn rebase(&self, plan: &Plan, now: &Customer) -> Result<Refreshed<Plan>> {
        match refresh(plan, now, self.writer.preconditions) {
            Refresh::Same => Ok(Refreshed::Same),
            Refresh::Nothing => Ok(Refreshed::Nothing),
            Refresh::Merged { plan, carried } => {
                report_carried(&carried, self.writer.notes);
                Ok(Refreshed::Merged(*plan))
            }
            Refresh::Unmet(error) => Err(error),
            Refresh::Unmergeable(error) => Err(unmergeable(&error, plan)),
            Refresh::Conflicts(conflicts) => Err(Error::new(
                ErrorKind::Conflict,
                "another client changed the same fields before the PUT was sent",
            )
            .detail(conflicts.iter().map(conflict))
            .hint("run the same command again to see the change against the stored values")),
        }
    }

    fn look(&mut self, plan: &Plan) -> Event<Plan> {
        if let Some(reason) = &self.error {
            let message =
                format!("{}; reading the customer to find out whether it was written", reason.headline());
            self.writer.notes.say(&message);
        }
        match self.get() {
            Ok(stored) => {
                let found = self.effect(plan, &stored);
                self.stored = Some((stored, found));
                Event::Seen(found)
            }
            Err(reason) => {
                self.error = Some(self.unread(&reason));
                Event::Seen(Effect::Unreadable)
            }
        }
    }

    fn effect(&self, plan: &Plan, stored: &Customer) -> Effect {
        match self.act {
            Some(act) => act.effect(plan, stored),
            None => effect(plan, stored, self.writer.preconditions),
        }
    }

    fn put(&mut self, plan: &Plan, latest: Duration) -> Answer {
        let connect = latest.saturating_sub(clock::now());
        let sent = match self.act {
            Some(act) => act.send(self.id, connect),
            None => self.writer.client.put(&plan.after, connect),
        };
        // The error of an earlier attempt does not apply to this one.
        self.error = None;
        self.web_page = matches!(sent, Ok(Put::WebPage));
        match sent {
            Ok(Put::Accepted | Put::WebPage) => Answer::Accepted(None),
            Ok(Put::Stored(stored)) => {
                let found = self.effect(plan, &stored);
                self.stored = Some((*stored, found));
                Answer::Accepted((!self.writer.reads_again).then_some(found))
            }
            Err(Failure { class, error }) => {
                self.error = Some(*error);
                self.failed(class)
            }
        }
    }

    fn failed(&mut self, class: FailureClass) -> Answer {
        let answer = match class {
            FailureClass::NotSent => Answer::NotSent,
            FailureClass::Impossible | FailureClass::Refused => Answer::Refused,
            FailureClass::RateLimited(pause) => Answer::RateLimited(pause),
            FailureClass::Redirected => Answer::Redirected,
            FailureClass::Lost(pause) => Answer::Open(pause),
        };
        self.open |= matches!(answer, Answer::Open(_));
        if !self.open && answer != Answer::Redirected {
            self.writing.wrote_nothing();
        }
        answer
    }

    fn wait(&mut self, pause: Duration) -> Event<Plan> {
        if !self.writer.client.has_time_for(pause) {
            return Event::OutOfTime;
        }
        if let Some(reason) = self.error.as_ref().filter(|_| pause >= Duration::from_secs(1)) {
            let seconds = pause.as_secs_f64();
            self.writer.notes.say(&format!("{}; trying again in {seconds:.1} s", reason.headline()));
        }
        self.writing.wait(pause);
        if self.writing.takes_signal() { Event::Signal } else { Event::Timer }
    }
}
