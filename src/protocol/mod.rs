//! The write of one customer as a state machine: events in, actions out, no I/O.
//! The API has no conditional write, answers get lost, and a request whose answer was lost can be applied later. Six
//! rules keep what the program claims true all the same. Each is decided in one place below, with its reason:
//!
//! 1. *Intent first.* `Write::advance`
//! 2. *Fresh.* `Write::advance`, `Write::base_on` and [`compare::refresh`]
//! 3. *Definite answers.* `Write::answered`
//! 4. *Open answers.* `Write::answered` and `Write::seen`
//! 5. *True claims.* `Write::seen`, `Write::stop_sending`
//! 6. *Signals.* `Write::signalled`
//!
//! A driver performs each [`Action`] and returns its result as an [`Event`]. tests/protocol drives the
//! same `step` through every order of faults up to a bound.

pub mod compare;
pub mod settle;

use std::time::Duration;

use compare::Effect;

/// How old a reading may be when a PUT based on it leaves: what another client writes in between is overwritten.
const FRESH: Duration = Duration::from_secs(1);
/// The longest that a reading may take to be the base of a PUT, beside [`FRESH`].
const SLOWEST: Duration = Duration::from_secs(10);
/// The pause after the first attempt; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// When an action began and ended, as time since the start of the machine; suspended time counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// When the action began.
    pub began: Duration,
    /// When its event was known.
    pub ended: Duration,
}

/// The limits of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The most PUTs.
    pub attempts: u8,
    /// The most readings to renew the base of a PUT.
    pub refreshes: u8,
}

/// The next step of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Make [`Write::plan`] durable as the intent of this write; a second time, in the place of the first.
    RecordIntent,
    /// Read the customer and compare it by [`compare::refresh`].
    Refresh,
    /// Read the customer and compare it by [`compare::effect`].
    Look,
    /// Send [`Write::plan`], unless this moment has passed.
    Put {
        /// The last moment at which the request may leave.
        latest: Duration,
    },
    /// Wait for this long, or less.
    Wait(Duration),
    /// Record the outcome of the entry.
    RecordOutcome(Claim),
    /// Tell the user; the write has ended.
    Report(Claim),
}

/// The result of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event<P> {
    /// Whether the store took the record.
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
    /// Other text, and this plan makes our changes on it.
    Merged(P),
    /// Every change is stored already.
    Nothing,
    /// A conflict, a precondition that no longer holds, or a customer that could not be read.
    Refused,
}

/// The answer to a PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 2xx, and what the customer in it shows; none if the customer is to be read.
    Accepted(Option<Effect>),
    /// 4xx other than 408 and 429, or it cannot be sent at all: nothing was written, and sending it again is no use.
    Refused,
    /// 3xx: this server did nothing more with it, but does not say whether it did.
    Redirected,
    /// 429: nothing was written, and it may be sent again after the pause that the API named.
    NotNow(Option<Duration>),
    /// It never left, for a reason that passes.
    NotSent,
    /// It was not sent because its moment had passed.
    TooLate,
    /// No answer, 408, 5xx, 101 or one that is not understood: it may have taken effect, and may yet. A 503 may name a pause.
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
    /// What is stored is not what was asked for.
    Differs {
        /// Whether an earlier attempt may still be applied, over later changes.
        late: bool,
    },
    /// No attempt took effect or can.
    NotWritten(Reason),
    /// An attempt may have taken effect, or may yet.
    Unknown(Reason),
}

/// Why a write ended without proof that it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The last error of the driver says why.
    Error,
    /// The customer could not be sent within a second of a reading.
    NeverFresh,
    /// The customer was modified since the attempt, or is in neither of the plan's states.
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

/// One write. `P` is the plan, [`crate::document::Plan`] in the program; the machine only keeps it.
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
    /// Whether an attempt may have taken effect without an answer that says so, or may yet.
    open: bool,
    /// Whether the API accepted an attempt, and whether that is already read a second time.
    accepted: bool,
    read_twice: bool,
    stopped: Option<Reason>,
}

impl<P> Write<P> {
    /// Begins the write of a plan that was consented to, made from the reading that took this time.
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

    /// Takes the result of the last action and gives the next action.
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
            // No other event answers the action that is under way: the action is given again.
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

    /// Rule 2, *fresh*: a PUT replaces the whole customer, so it leaves only within a second of a reading. Locks, slow
    /// disks, rate limits, SIGSTOP and a sleeping laptop all come between; the clock counts suspended time.
    ///
    /// Rule 1, *intent first*: a PUT leaves only if the store holds exactly this plan, so that a crash at any moment
    /// leaves a record to settle and to take back.
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
    /// answer waits in a buffer. A server that takes longer than a second twice is slow, and is given that time.
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
            return self.stop_sending(Reason::NeverFresh);
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

    /// No attempt can have taken effect, so our changes may be made on what is stored now. The intent must then be
    /// recorded again: undo restores from what the store holds.
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

    /// Rule 3, *definite answers*: 2xx says that the change was taken; 4xx, 429 and a request that never left say that
    /// this attempt wrote nothing. The class comes from the status line alone.
    ///
    /// Rule 4, *open answers*: from this moment on, before anything is read, the attempt may take effect at any time. A
    /// later reading can show that it did, but never that it will not.
    fn answered(&mut self, answer: Answer) -> Action {
        self.attempts += u8::from(answer != Answer::TooLate);
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
            Answer::NotNow(pause) => self.pause(pause),
            Answer::NotSent => self.pause(None),
            Answer::TooLate => self.read_again(),
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

    /// Rule 5, *true claims*: "nothing was written" is said only if no attempt can have taken effect. If one can, a
    /// last reading decides.
    fn stop_sending(&mut self, reason: Reason) -> Action {
        self.stopped.get_or_insert(reason);
        if self.open { self.look() } else { self.finish(Claim::NotWritten(reason)) }
    }

    /// Rule 4: after an open answer or a redirect the same plan is sent again only if nothing was written since the
    /// reading it was made from, the timestamp included. If the values are as before but the timestamp moved, the attempt
    /// may have taken effect and been reverted: sending it again would undo a correction.
    ///
    /// Rule 5: "written" says so if an earlier attempt may still be applied.
    fn seen(&mut self, took: Span, effect: Effect) -> Action {
        match (effect, self.stopped) {
            (Effect::AsAsked, _) => self.finish(Claim::Written { late: self.open }),
            (Effect::AsAskedAndMore, _) => self.finish(Claim::Differs { late: self.open }),
            (Effect::AsBefore, None) => {
                self.base_on(took);
                self.advance(took.ended)
            }
            (Effect::AsBefore, Some(reason)) if self.open => self.finish(Claim::Unknown(reason)),
            (Effect::AsBefore, Some(reason)) => self.finish(Claim::NotWritten(reason)),
            (Effect::Unreadable, _) => self.finish(Claim::Unknown(Reason::Error)),
            (Effect::Modified | Effect::Other, _) => self.finish(Claim::Unknown(Reason::Modified)),
        }
    }

    /// What is stored after the API accepted an attempt. One more reading is made if it shows the old values: an answer
    /// can be one version behind what is stored.
    fn proven(&mut self, effect: Effect) -> Action {
        let late = self.open;
        match effect {
            Effect::AsAsked => self.finish(Claim::Written { late }),
            Effect::Unreadable => self.finish(Claim::Unknown(Reason::Error)),
            Effect::AsBefore | Effect::Modified if !self.read_twice => {
                self.read_twice = true;
                self.state = State::Pausing;
                Action::Wait(FIRST_PAUSE)
            }
            _ => self.finish(Claim::Differs { late }),
        }
    }

    /// Rule 6, *signals*: before the intent nothing is left behind; between intent and PUT the outcome is recorded; once
    /// an attempt may have taken effect, the write finishes without sending again.
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
