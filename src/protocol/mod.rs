//! The write of one customer as a state machine: events in, actions out, no I/O.
//! The API has no conditional write, answers get lost, and a request whose answer was lost can be applied later. Six
//! rules keep the claims of the program true. The named functions implement them and give the reasons:
//!
//! 1. *Intent first*: the store holds the plan before its PUT leaves. `Write::advance`
//! 2. *Fresh*: a PUT leaves within 1 s of a read, later only if reads are slow. `Write::base_on`, [`compare::refresh`]
//! 3. *Definite answers*: a 2xx was accepted, a 4xx except 408 wrote nothing. `Write::answered`
//! 4. *Open answers*: after no answer, 408 or 5xx the server may still apply the PUT. `Write::answered`, `Write::seen`
//! 5. *True claims*: "not written" is claimed only if no attempt can take effect. `Write::seen`, `Write::stop_sending`
//! 6. *Signals*: a signal stops sending, never the record of the outcome. `Write::signalled`
//!
//! A driver performs each [`Action`] and passes the result to [`Write::step`] as an [`Event`]. tests/protocol explores
//! `step` with every order of faults up to a bound.

pub mod compare;
pub mod resolve;

use std::time::Duration;

use compare::Effect;

/// The age limit of the read that a PUT is based on. The PUT overwrites what another client writes after that read.
const FRESH: Duration = Duration::from_secs(1);
/// The most that the duration of a read can add to [`FRESH`] if the server is slow.
const SLOWEST: Duration = Duration::from_secs(10);
/// The pause after the first attempt; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// When an action began and ended, as time since boot, including suspended time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub began: Duration,
    pub ended: Duration,
}

/// The limits of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The maximum number of PUTs.
    pub attempts: u8,
    /// The maximum number of reads that renew the base of a PUT.
    pub refreshes: u8,
}

/// The next step of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Record [`Write::plan`] durably as the intent of this write; replace the intent if it was recorded before.
    RecordIntent,
    /// No attempt can have taken effect: read the customer and rebase the plan ([`compare::refresh`]).
    Refresh,
    /// An attempt may have taken effect: read the customer and find out ([`compare::effect`]).
    Look,
    /// Send [`Write::plan`] before this deadline, or not at all.
    Put { latest: Duration },
    /// Wait; a signal may end the wait early.
    Wait(Duration),
    /// Record the outcome of the entry.
    RecordOutcome(Claim),
    /// The write has ended with this claim.
    Report(Claim),
}

/// The result of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event<P> {
    /// Whether the store holds the record.
    Stored(bool),
    /// What a [`Action::Refresh`] found.
    Refreshed(Refreshed<P>),
    /// What a [`Action::Look`] found.
    Seen(Effect),
    /// The result of the PUT.
    Answer(Answer),
    /// The wait is over.
    Timer,
    /// The wait would end after the deadline of the command.
    OutOfTime,
    /// The user asked to stop, and the last action was not performed.
    Signal,
}

/// The stored customer as the base of a PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refreshed<P> {
    /// The same text.
    Same,
    /// The customer changed; this plan applies the same changes to it.
    Merged(P),
    /// Every change is stored already.
    Nothing,
    /// A conflict, a precondition that no longer holds, or a customer that could not be read.
    Refused,
}

/// The answer to a PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 2xx, with the effect that its customer shows; `None` if the driver must read the customer.
    Accepted(Option<Effect>),
    /// 4xx other than 408 and 429, or the request cannot be built: nothing was written, and a retry would fail too.
    Refused,
    /// 3xx: the status does not say whether the server applied the change.
    Redirected,
    /// 429: nothing was written. Retry after this pause, if the API named one.
    RateLimited(Option<Duration>),
    /// The request was not sent because of a transient error.
    NotSent,
    /// The request was not sent because its deadline had passed.
    DeadlinePassed,
    /// No answer, 1xx, 408 or 5xx: the server may have applied the change, or may apply it later. A 503 may name a pause.
    Open(Option<Duration>),
}

/// The result of a write, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Every change was already stored when the customer was read again. Nothing was written.
    Unchanged,
    /// What was asked for is stored, and nothing else changed.
    Written {
        /// Whether an earlier attempt may still be applied, over later changes.
        late: bool,
    },
    /// The stored customer is not the one that was sent.
    Differs {
        /// Whether an earlier attempt may still be applied, over later changes.
        late: bool,
    },
    /// No attempt took effect, and none can take effect later.
    NotWritten(Reason),
    /// An attempt may have taken effect, or may take effect later.
    Unknown(Reason),
}

/// Why a write ended without proof that it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The driver's last error is the reason.
    Error,
    /// Every read was too old before the PUT could leave.
    ReadsTooOld,
    /// The customer was modified after the attempt, or its values are neither the plan's old nor its new ones.
    Modified,
    /// The user asked to stop.
    Interrupted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Recording,
    Refreshing,
    Sending,
    Pausing,
    Looking,
    Closing(Claim),
    Ended(Claim),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Intent {
    None,
    Outdated,
    Durable,
}

/// The state of one write. `P` is the plan: [`crate::document::Plan`] in the program, a small model in the explorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Write<P> {
    plan: P,
    limits: Limits,
    state: State,
    intent: Intent,
    fresh_until: Duration,
    quickest: Option<Duration>,
    attempts: u8,
    refreshes: u8,
    /// Whether an attempt got no definite answer: it may have taken effect, or may take effect later.
    open: bool,
    /// Whether the API answered an attempt with 2xx.
    accepted: bool,
    /// Whether the customer was read twice after the 2xx.
    read_twice: bool,
    stopped: Option<Reason>,
}

impl<P> Write<P> {
    /// Begins the write of a confirmed plan. `read` is when the plan's customer was read.
    pub fn begin(plan: P, read: Span, now: Duration, limits: Limits) -> (Write<P>, Action) {
        let mut write = Write {
            plan,
            limits,
            state: State::Refreshing,
            intent: Intent::None,
            fresh_until: Duration::ZERO,
            quickest: None,
            attempts: 0,
            refreshes: 0,
            open: false,
            accepted: false,
            read_twice: false,
            stopped: None,
        };
        write.base_on(read);
        let action = write.advance(now);
        (write, action)
    }

    /// The plan to record, to send and to compare with.
    pub fn plan(&self) -> &P {
        &self.plan
    }

    pub(crate) fn into_plan(self) -> P {
        self.plan
    }

    pub(crate) fn attempts(&self) -> u8 {
        self.attempts
    }

    fn has_entry(&self) -> bool {
        self.intent != Intent::None
    }

    /// Consumes the result of the last action; returns the next action.
    pub fn step(&mut self, took: Span, event: Event<P>) -> Action {
        match (self.state, event) {
            (_, Event::Signal) => self.signalled(),
            (State::Recording, Event::Stored(true)) => {
                self.intent = Intent::Durable;
                self.advance(took.ended)
            }
            (State::Recording, Event::Stored(false)) => self.finish(Claim::NotWritten(Reason::Error)),
            (State::Refreshing, Event::Refreshed(now)) => self.refreshed(took, now),
            (State::Sending, Event::Answer(answer)) => self.answered(answer),
            (State::Pausing, Event::Timer) => self.read_again(),
            (State::Pausing, Event::OutOfTime) if self.accepted => self.look(),
            (State::Pausing, Event::OutOfTime) => self.stop_sending(Reason::Error),
            (State::Looking, Event::Seen(effect)) if self.accepted => self.proven(effect),
            (State::Looking, Event::Seen(effect)) => self.seen(took, effect),
            (State::Closing(claim), Event::Stored(_)) => self.report(claim),
            // The event does not belong to the current action: return that action again.
            _ => self.action(),
        }
    }

    fn action(&self) -> Action {
        match self.state {
            State::Refreshing => Action::Refresh,
            State::Recording => Action::RecordIntent,
            State::Sending => Action::Put { latest: self.fresh_until },
            State::Pausing => Action::Wait(FIRST_PAUSE),
            State::Looking => Action::Look,
            State::Closing(claim) => Action::RecordOutcome(claim),
            State::Ended(claim) => Action::Report(claim),
        }
    }

    /// Rule 2, *fresh*: a PUT replaces the whole customer, so it leaves only while its read is fresh ([`Write::base_on`]).
    /// Locks, slow disks, rate limits, SIGSTOP and a suspended machine all cost time between the read and the PUT.
    ///
    /// Rule 1, *intent first*: a PUT leaves only if the store holds exactly this plan, so that after a crash at any
    /// moment the journal can resolve and undo the change.
    fn advance(&mut self, now: Duration) -> Action {
        if now > self.fresh_until {
            return self.read_again();
        }
        if self.intent != Intent::Durable {
            self.state = State::Recording;
            return Action::RecordIntent;
        }
        self.state = State::Sending;
        self.action()
    }

    /// Counts the age of a reading from the moment it was asked for, because the process may be suspended while the
    /// answer waits in a buffer. From the second read on, the duration of the quickest read is added, up to [`SLOWEST`].
    fn base_on(&mut self, read: Span) {
        let time = read.ended.saturating_sub(read.began).min(SLOWEST);
        let slow = self.quickest.map_or(Duration::ZERO, |quickest| quickest.min(time));
        self.fresh_until = read.began + FRESH + slow;
        self.quickest = Some(self.quickest.map_or(time, |quickest| quickest.min(time)));
    }

    fn read_again(&mut self) -> Action {
        if self.accepted {
            return self.look();
        }
        if self.refreshes == self.limits.refreshes {
            return self.stop_sending(Reason::ReadsTooOld);
        }
        self.refreshes += 1;
        if self.open {
            return self.look();
        }
        self.state = State::Refreshing;
        Action::Refresh
    }

    fn look(&mut self) -> Action {
        self.state = State::Looking;
        Action::Look
    }

    /// No attempt can have taken effect, so the changes are merged into the stored customer. Then the intent must be
    /// recorded again, because undo restores the document in the journal.
    fn refreshed(&mut self, took: Span, now: Refreshed<P>) -> Action {
        match now {
            Refreshed::Same => {}
            Refreshed::Merged(plan) => {
                self.plan = plan;
                if self.has_entry() {
                    self.intent = Intent::Outdated;
                }
            }
            Refreshed::Nothing => return self.finish(Claim::Unchanged),
            Refreshed::Refused => return self.finish(Claim::NotWritten(Reason::Error)),
        }
        self.base_on(took);
        self.advance(took.ended)
    }

    /// Rule 3, *definite answers*: 2xx means accepted; 4xx except 408, and a request that was not sent, mean that
    /// this attempt wrote nothing. Only the status code decides, never the body.
    ///
    /// Rule 4, *open answers*: the server may apply an open attempt at any later time. A read can show that it was
    /// applied, but never that it will not be.
    fn answered(&mut self, answer: Answer) -> Action {
        self.attempts += u8::from(answer != Answer::DeadlinePassed);
        match answer {
            Answer::Accepted(effect) => {
                self.accepted = true;
                match effect {
                    Some(effect) => self.proven(effect),
                    None => self.look(),
                }
            }
            Answer::Refused => self.stop_sending(Reason::Error),
            Answer::Redirected => {
                self.stopped.get_or_insert(Reason::Error);
                self.look()
            }
            Answer::RateLimited(pause) => self.pause(pause),
            Answer::NotSent => self.pause(None),
            Answer::DeadlinePassed => self.read_again(),
            Answer::Open(pause) => {
                self.open = true;
                self.pause(pause)
            }
        }
    }

    fn pause(&mut self, asked: Option<Duration>) -> Action {
        let doubled = 2u32.saturating_pow(u32::from(self.attempts).saturating_sub(1));
        let pause = asked.unwrap_or(FIRST_PAUSE * doubled);
        if self.attempts == self.limits.attempts {
            return self.stop_sending(Reason::Error);
        }
        self.state = State::Pausing;
        Action::Wait(pause)
    }

    /// Rule 5, *true claims*: the machine claims "not written" only if no attempt can take effect. Otherwise it reads the
    /// customer once more.
    fn stop_sending(&mut self, reason: Reason) -> Action {
        self.stopped.get_or_insert(reason);
        if self.open { self.look() } else { self.finish(Claim::NotWritten(reason)) }
    }

    /// Rule 4: after an open answer, never after a redirect, the plan is sent again only if nothing was written since the
    /// reading it was made from, the timestamp included. If the values are as before but the timestamp moved, the attempt
    /// may have taken effect and been reverted: sending it again would undo a correction.
    ///
    /// Rule 5: `late` is set if the server may still apply an earlier attempt.
    fn seen(&mut self, took: Span, effect: Effect) -> Action {
        match (effect, self.stopped) {
            (Effect::NewValues, _) => self.finish(Claim::Written { late: self.open }),
            (Effect::NewValuesAndOthers, _) => self.finish(Claim::Differs { late: self.open }),
            (Effect::OldValues, None) => {
                self.base_on(took);
                self.advance(took.ended)
            }
            (Effect::OldValues, Some(reason)) if self.open => self.finish(Claim::Unknown(reason)),
            (Effect::OldValues, Some(reason)) => self.finish(Claim::NotWritten(reason)),
            (Effect::Unreadable, _) => self.finish(Claim::Unknown(Reason::Error)),
            (Effect::Modified | Effect::Other, _) => self.finish(Claim::Unknown(Reason::Modified)),
        }
    }

    /// Decides the claim after a 2xx. If the old values are stored, it reads once more, because a read can lag one version
    /// behind the store.
    fn proven(&mut self, effect: Effect) -> Action {
        let late = self.open;
        match effect {
            Effect::NewValues => self.finish(Claim::Written { late }),
            Effect::Unreadable => self.finish(Claim::Unknown(Reason::Error)),
            Effect::OldValues | Effect::Modified if !self.read_twice => {
                self.read_twice = true;
                self.state = State::Pausing;
                Action::Wait(FIRST_PAUSE)
            }
            _ => self.finish(Claim::Differs { late }),
        }
    }

    /// Rule 6, *signals*: before the intent, the write ends without a record. Between intent and PUT, it records "not
    /// written". After an attempt that may have taken effect, it reads the customer and does not send again.
    fn signalled(&mut self) -> Action {
        self.stopped.get_or_insert(Reason::Interrupted);
        match self.state {
            State::Closing(_) | State::Ended(_) => self.action(),
            State::Looking => self.action(),
            _ if self.accepted => self.look(),
            _ => self.stop_sending(Reason::Interrupted),
        }
    }

    fn finish(&mut self, claim: Claim) -> Action {
        if !self.has_entry() {
            return self.report(claim);
        }
        self.state = State::Closing(claim);
        Action::RecordOutcome(claim)
    }

    fn report(&mut self, claim: Claim) -> Action {
        self.state = State::Ended(claim);
        Action::Report(claim)
    }
}

#[cfg(test)]
mod tests;
