//! One client, one server and one other writer, as a value: what can happen next, and which property that breaks.
//!
//! The client is the program's own state machine. Everything around it is the worst that can be: answers are lost before
//! or after the change is stored, requests are applied later or never, the process dies between any two steps.

use std::fmt;
use std::time::Duration;

use fusebill::protocol::compare::Effect;
use fusebill::protocol::resolve::Resolution;
use fusebill::protocol::{Action, Answer, Claim, Event, Limits, Refreshed, Span, Write};

use crate::documents::{Doc, Documents, Second};
use crate::mutants::Rules;

/// The values that a field can have.
const VALUES: u8 = 3;
const NOW: Duration = Duration::ZERO;
/// Later than a reading may be, when it was made at [`NOW`].
const LATER: Duration = Duration::from_secs(5);

/// The most PUTs of one write.
const MOST_PUTS: u8 = 3;

/// How much can happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) refreshes: u8,
    /// Writes of the other client.
    pub(crate) foreign: u8,
    pub(crate) crashes: bool,
    pub(crate) signals: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// What the server stores.
    doc: Doc,
    /// PUTs of ours that may still be applied, by the `g` that they carry.
    under_way: [u8; VALUES as usize],
    foreign: u8,
    signals: u8,
    client: Client,
    entry: Entry,
    truth: Truth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Running(Write<Doc>, Action),
    Crashed,
    Ended(Claim),
    Resolved(Resolution),
}

/// What the store holds and keeps through a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Entry {
    None,
    /// Without an outcome, or with one that says "unknown".
    Open(Doc),
    Closed(Doc, Claim),
}

/// What happened in truth, as far as the properties need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Truth {
    /// The last reading of the client, and what it showed.
    read: Option<(Doc, Effect)>,
    /// Whether over a second passed since.
    old: bool,
    /// Whether a PUT of ours took effect.
    applied: bool,
    /// Whether another client changed our field since, and whether after the last reading.
    undone: bool,
    undone_unseen: bool,
    /// Whether an answer left open what happened.
    open: bool,
    signalled: bool,
    /// How many PUTs left, and whether the customer was not seen since the last.
    sent: u8,
    unseen: bool,
    /// Whether the store failed to take a record, or said so.
    record_failed: bool,
}

/// One thing that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    ForeignF(u8),
    ForeignG(u8),
    Late(u8),
    Crash,
    Signal,
    Recorded,
    RecordedSlowly,
    RecordFails,
    RecordedButFails,
    Read,
    ReadFails,
    Stored(Reply),
    Dropped(Reply),
    UnderWay,
    Altered,
    DeadlinePassed,
    Waited,
    OutOfTime,
    Told,
    Resolve,
    ResolveGone,
}

/// How a PUT is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// 200 with what is stored, with nothing, or with what was stored before.
    Document,
    Empty,
    Old,
    /// Lost, 408, 5xx.
    Open,
    Refused,
    RateLimited,
    NotSent,
    Redirect,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Move::ForeignF(value) => write!(f, "another client sets f={value}"),
            Move::ForeignG(value) => write!(f, "another client sets g={value}"),
            Move::Late(g) => write!(f, "an earlier PUT (1,{g}) takes effect"),
            Move::Crash => write!(f, "the process dies"),
            Move::Signal => write!(f, "Ctrl-C"),
            Move::Recorded => write!(f, "record stored"),
            Move::RecordedSlowly => write!(f, "record stored, after over a second"),
            Move::RecordFails => write!(f, "record not stored"),
            Move::RecordedButFails => write!(f, "record stored, but reported as failed"),
            Move::Read => write!(f, "customer read"),
            Move::ReadFails => write!(f, "reading fails"),
            Move::Stored(reply) => write!(f, "PUT stored, answer: {reply:?}"),
            Move::Dropped(reply) => write!(f, "PUT not stored, answer: {reply:?}"),
            Move::UnderWay => write!(f, "PUT under way, no answer"),
            Move::Altered => write!(f, "PUT stored with another value, answered"),
            Move::DeadlinePassed => write!(f, "PUT not sent: its moment has passed"),
            Move::Waited => write!(f, "waited"),
            Move::OutOfTime => write!(f, "no time left to wait"),
            Move::Told => write!(f, "reported"),
            Move::Resolve => write!(f, "--resolve reads the customer"),
            Move::ResolveGone => write!(f, "--resolve finds no such customer"),
        }
    }
}

/// A property that does not hold.
pub(crate) type Violation = &'static str;

const IN_TIME: Span = Span { began: NOW, ended: NOW };
const SLOW: Span = Span { began: NOW, ended: LATER };

impl World {
    pub(crate) fn start(bounds: Bounds, documents: &mut Documents) -> World {
        let doc = Doc { f: 0, g: 0, version: 0 };
        let limits = Limits { attempts: MOST_PUTS, refreshes: bounds.refreshes };
        let (write, action) = Write::begin(doc, IN_TIME, NOW, limits);
        let read = Some((doc, documents.effect(doc, doc)));
        World {
            doc,
            under_way: [0; VALUES as usize],
            foreign: bounds.foreign,
            signals: u8::from(bounds.signals),
            client: Client::Running(write, action),
            entry: Entry::None,
            truth: Truth { read, ..Truth::default() },
        }
    }

    /// Everything that can happen next.
    pub(crate) fn moves(&self, bounds: Bounds, second: Second, into: &mut Vec<Move>) {
        if let Client::Resolved(_) = self.client {
            return;
        }
        if self.foreign > 0 {
            let others = |own: u8| (0..VALUES).filter(move |value| *value != own);
            into.extend(others(self.doc.f).map(Move::ForeignF));
            // The precondition is met or it is not; a third value adds nothing.
            let values = if second == Second::Value { VALUES } else { 2 };
            into.extend(others(self.doc.g).filter(|value| *value < values).map(Move::ForeignG));
        }
        into.extend((0..VALUES).filter(|g| self.under_way[usize::from(*g)] > 0).map(Move::Late));
        match self.client {
            Client::Running(_, action) => self.moves_of(action, bounds, into),
            Client::Crashed | Client::Ended(_) if matches!(self.entry, Entry::Open(_)) => {
                into.extend([Move::Resolve, Move::ResolveGone]);
            }
            _ => {}
        }
    }

    fn moves_of(&self, action: Action, bounds: Bounds, into: &mut Vec<Move>) {
        if bounds.crashes {
            into.push(Move::Crash);
        }
        if self.signals > 0 && !matches!(action, Action::Report(_)) {
            into.push(Move::Signal);
        }
        match action {
            Action::RecordIntent => {
                into.extend([
                    Move::Recorded,
                    Move::RecordedSlowly,
                    Move::RecordFails,
                    Move::RecordedButFails,
                ]);
            }
            Action::RecordOutcome(_) => into.extend([Move::Recorded, Move::RecordFails]),
            Action::Refresh | Action::Look => into.extend([Move::Read, Move::ReadFails]),
            Action::Wait(_) => into.extend([Move::Waited, Move::OutOfTime]),
            Action::Report(_) => into.push(Move::Told),
            Action::Put { .. } => {
                use Reply as R;
                into.extend([R::Document, R::Empty, R::Old, R::Open, R::Redirect].map(Move::Stored));
                into.extend(
                    [R::Old, R::Open, R::Refused, R::RateLimited, R::NotSent, R::Redirect].map(Move::Dropped),
                );
                into.extend([Move::UnderWay, Move::Altered, Move::DeadlinePassed]);
            }
        }
    }

    /// What happens if nothing goes wrong from here on.
    pub(crate) fn calm_move(&self) -> Option<Move> {
        match self.client {
            Client::Running(_, Action::RecordIntent | Action::RecordOutcome(_)) => Some(Move::Recorded),
            Client::Running(_, Action::Refresh | Action::Look) => Some(Move::Read),
            Client::Running(_, Action::Put { .. }) => Some(Move::Stored(Reply::Document)),
            Client::Running(_, Action::Wait(_)) => Some(Move::Waited),
            Client::Running(_, Action::Report(_)) => Some(Move::Told),
            Client::Crashed | Client::Ended(_) if matches!(self.entry, Entry::Open(_)) => Some(Move::Resolve),
            _ => None,
        }
    }

    /// As much of the world as decides what happens if nothing goes wrong.
    pub(crate) fn calm(&self) -> World {
        World { under_way: [0; VALUES as usize], foreign: 0, signals: 0, truth: Truth::default(), ..*self }
    }

    pub(crate) fn has_open_entry(&self) -> bool {
        matches!(self.entry, Entry::Open(_))
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.client, Client::Ended(_) | Client::Resolved(_) | Client::Crashed)
    }

    pub(crate) fn claim(&self) -> Option<Claim> {
        match self.client {
            Client::Ended(claim) | Client::Running(_, Action::Report(claim)) => Some(claim),
            _ => None,
        }
    }

    /// The two fields as the server stores them.
    pub(crate) fn fields(&self) -> (u8, u8) {
        (self.doc.f, self.doc.g)
    }

    pub(crate) fn resolved(&self) -> Option<Resolution> {
        match self.client {
            Client::Resolved(resolved) => Some(resolved),
            _ => None,
        }
    }

    /// The world after a move, and the properties that it breaks.
    pub(crate) fn after(
        mut self,
        step: Move,
        documents: &mut Documents,
        rules: Rules,
        violations: &mut Vec<Violation>,
    ) -> World {
        match (step, self.client) {
            (Move::ForeignF(value), _) => self.foreign_f(value),
            (Move::ForeignG(value), _) => self.foreign_g(value, documents.second),
            (Move::Late(g), _) => {
                self.under_way[usize::from(g)] -= 1;
                self.apply(g, 1, documents.second);
            }
            (Move::Crash, _) => self.client = Client::Crashed,
            (Move::Resolve | Move::ResolveGone, _) => self.resolve(step, documents, violations),
            (Move::Told, Client::Running(_, Action::Report(claim))) => {
                self.client = Client::Ended(claim);
                self.judge(claim, violations);
            }
            (_, Client::Running(write, action)) => {
                self.client_moves(step, write, action, documents, rules, violations);
            }
            _ => {}
        }
        self
    }

    fn foreign_f(&mut self, value: u8) {
        self.foreign -= 1;
        self.doc = Doc { f: value, version: self.doc.version + 1, ..self.doc };
        if self.truth.applied && value != 1 {
            self.truth.undone = true;
            self.truth.undone_unseen = true;
        }
    }

    fn foreign_g(&mut self, value: u8, second: Second) {
        self.foreign -= 1;
        self.doc.g = value;
        self.doc.version += u8::from(second != Second::Derived);
    }

    /// The server replaces the customer, but for what it computes itself.
    fn apply(&mut self, g: u8, f: u8, second: Second) {
        let g = if second == Second::Derived { self.doc.g } else { g };
        self.doc = Doc { f, g, version: self.doc.version + 1 };
        self.truth.applied = true;
        self.truth.undone = false;
    }

    fn client_moves(
        &mut self,
        step: Move,
        mut write: Write<Doc>,
        action: Action,
        documents: &mut Documents,
        rules: Rules,
        violations: &mut Vec<Violation>,
    ) {
        let base = *write.plan();
        if matches!(action, Action::Put { .. })
            && !matches!(step, Move::Signal | Move::DeadlinePassed | Move::Dropped(Reply::NotSent))
        {
            self.judge_put(base, documents, violations);
            self.truth.sent += 1;
            self.truth.unseen = true;
        }
        let (took, event) = self.event(step, base, action, documents, rules);
        let (took, event) = rules.event(took, event, action);
        let action = rules.action(write.step(took, event), self.truth.signalled);
        self.client = Client::Running(write, action);
    }

    /// What the client is told of a move, and what the move does to the server and the store.
    fn event(
        &mut self,
        step: Move,
        base: Doc,
        action: Action,
        documents: &mut Documents,
        rules: Rules,
    ) -> (Span, Event<Doc>) {
        match step {
            Move::Signal => {
                self.signals -= 1;
                self.truth.signalled = true;
                (IN_TIME, Event::Signal)
            }
            Move::Waited => {
                self.truth.old = true;
                (SLOW, Event::Timer)
            }
            Move::OutOfTime => (IN_TIME, Event::OutOfTime),
            Move::Recorded | Move::RecordedSlowly | Move::RecordedButFails => {
                if rules.stores(action, self.entry != Entry::None) {
                    self.record(base, action);
                }
                let slow = step == Move::RecordedSlowly;
                self.truth.old |= slow;
                self.truth.record_failed |= step == Move::RecordedButFails;
                (if slow { SLOW } else { IN_TIME }, Event::Stored(step != Move::RecordedButFails))
            }
            Move::RecordFails => {
                self.truth.record_failed = true;
                (IN_TIME, Event::Stored(false))
            }
            Move::Read => (IN_TIME, self.read(base, action, documents, rules)),
            Move::ReadFails if action == Action::Look => (IN_TIME, Event::Seen(Effect::Unreadable)),
            Move::ReadFails => (IN_TIME, Event::Refreshed(Refreshed::Refused)),
            _ => self.put(step, base, documents),
        }
    }

    fn record(&mut self, base: Doc, action: Action) {
        self.entry = match (action, self.entry) {
            (Action::RecordOutcome(Claim::Unknown(_)), Entry::Open(base)) => Entry::Open(base),
            (Action::RecordOutcome(claim), Entry::Open(base)) => Entry::Closed(base, claim),
            _ => Entry::Open(base),
        };
    }

    fn read(&mut self, base: Doc, action: Action, documents: &mut Documents, rules: Rules) -> Event<Doc> {
        let effect = documents.effect(base, self.doc);
        if rules.blind && action == Action::Look {
            return Event::Seen(Effect::OldValues);
        }
        self.sees(self.doc, effect);
        self.truth.old = false;
        match action {
            Action::Look => Event::Seen(rules.effect(effect, base, self.doc)),
            _ => Event::Refreshed(rules.refreshed(
                documents.refresh(base, self.doc),
                base,
                self.doc,
                documents,
            )),
        }
    }

    fn sees(&mut self, doc: Doc, effect: Effect) {
        self.truth.read = Some((doc, effect));
        self.truth.undone_unseen = false;
        self.truth.unseen = false;
    }

    fn put(&mut self, step: Move, base: Doc, documents: &mut Documents) -> (Span, Event<Doc>) {
        let old = self.doc;
        let reply = match step {
            Move::Stored(reply) => {
                self.apply(base.g, 1, documents.second);
                reply
            }
            Move::Altered => {
                self.apply(base.g, 2, documents.second);
                Reply::Document
            }
            Move::UnderWay => {
                self.under_way[usize::from(base.g)] += 1;
                Reply::Open
            }
            Move::DeadlinePassed => {
                self.truth.old = true;
                return (SLOW, Event::Answer(Answer::DeadlinePassed));
            }
            Move::Dropped(reply) => reply,
            _ => unreachable!("no answer to a PUT: {step}"),
        };
        let shown = match reply {
            Reply::Document => Some(self.doc),
            Reply::Old => Some(old),
            _ => None,
        };
        let effect = shown.map(|doc| (doc, documents.effect(base, doc)));
        if let Some((doc, effect)) = effect {
            self.sees(doc, effect);
        }
        let answer = match reply {
            Reply::Document | Reply::Old | Reply::Empty => Answer::Accepted(effect.map(|(_, effect)| effect)),
            Reply::Open => Answer::Open(None),
            Reply::Refused => Answer::Refused,
            Reply::RateLimited => Answer::RateLimited(Some(Duration::from_secs(2))),
            Reply::NotSent => Answer::NotSent,
            Reply::Redirect => Answer::Redirected,
        };
        self.truth.open |= matches!(answer, Answer::Accepted(_) | Answer::Open(_) | Answer::Redirected);
        self.truth.old = true;
        (SLOW, Event::Answer(answer))
    }

    /// The properties of a PUT that leaves now.
    fn judge_put(&self, base: Doc, documents: &Documents, violations: &mut Vec<Violation>) {
        let truth = &self.truth;
        let Some((read, _)) = truth.read else { return };
        let (now, moved) = (self.doc, |is: u8, was: u8, ours: bool| is != was && !ours);
        if self.entry != Entry::Open(base) {
            violations.push("a PUT leaves without a durable record of exactly this change");
        }
        if documents.second != Second::Derived
            && (moved(read.g, base.g, false) || truth.old && moved(now.g, read.g, false))
            || moved(read.f, base.f, read.f == 1)
            || truth.old && moved(now.f, read.f, now.f == 1)
        {
            violations.push("another client's change is overwritten outside the last round trip");
        }
        if truth.undone && (truth.old || !truth.undone_unseen) {
            violations.push("a change is applied again over a correction of it");
        }
        if documents.second != Second::Value && (read.g != 0 || truth.old && now.g != 0) {
            violations.push("a PUT leaves although a precondition does not hold any more");
        }
        if truth.sent == MOST_PUTS {
            violations.push("one consent is sent more often than the limit allows");
        }
        if truth.signalled {
            violations.push("a PUT leaves after Ctrl-C");
        }
    }

    /// The properties of what the user is told.
    fn judge(&self, claim: Claim, violations: &mut Vec<Violation>) {
        let truth = &self.truth;
        let under_way = self.under_way.iter().any(|count| *count > 0);
        let seen = truth.read.map(|(_, effect)| effect);
        match claim {
            Claim::Unchanged | Claim::NotWritten(_) if truth.applied => {
                violations.push("the user is told that nothing was written, and it was");
            }
            Claim::Unchanged | Claim::NotWritten(_) if under_way => {
                violations.push("the user is told that nothing was written, and a PUT is under way");
            }
            Claim::Written { late: false } | Claim::Differs { late: false } if under_way => {
                violations.push("the user is not warned of a PUT that is under way");
            }
            Claim::Written { .. } if seen != Some(Effect::NewValues) => {
                violations.push("the user is told that it is written, and no reading showed that");
            }
            Claim::Written { .. } | Claim::Differs { .. } if truth.unseen => {
                violations
                    .push("the user is told what is stored, and the customer was not read since the PUT");
            }
            Claim::Unknown(_) if !truth.open => {
                violations.push("the user is told that it is unknown, and every answer was definite");
            }
            _ => {}
        }
        if !matches!(claim, Claim::Unknown(_)) && self.has_open_entry() && !truth.record_failed {
            violations.push("an entry is left without an outcome");
        }
    }

    fn resolve(&mut self, step: Move, documents: &mut Documents, violations: &mut Vec<Violation>) {
        let Entry::Open(base) = self.entry else { return };
        let resolved = match step {
            Move::ResolveGone => Resolution::Gone,
            _ => documents.resolve(base, self.doc),
        };
        if resolved == Resolution::NotWritten && self.truth.applied {
            violations.push("--resolve says that nothing was written, and it was");
        }
        if matches!(resolved, Resolution::Written | Resolution::Differs) && self.doc.f != 1 {
            violations.push("--resolve says that it is written, and it is not stored");
        }
        self.entry = Entry::Closed(base, Claim::Unchanged);
        self.client = Client::Resolved(resolved);
    }
}
