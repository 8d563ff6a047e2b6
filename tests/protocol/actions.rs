//! Status actions, explored: the program's own state machine with one attempt, against a server that moves money, another
//! client that does the same action or changes the price, lost and late answers, and a crash anywhere.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use fusebill::action::StatusAction;
use fusebill::action::stored::{effect, resolve};
use fusebill::document::Customer;
use fusebill::protocol::compare::Effect;
use fusebill::protocol::resolve::Resolution;
use fusebill::protocol::{Action, Answer, Claim, Event, Limits, Refreshed, Span, Write};

const STATUSES: [&str; 3] = ["Active", "Hold", "Cancelled"];
const LATER: Duration = Duration::from_secs(5);
const IN_TIME: Span = Span { began: Duration::ZERO, ended: Duration::ZERO };
const SLOW: Span = Span { began: Duration::ZERO, ended: LATER };
/// What other clients do; a mutant is caught within less.
const FOREIGN: u8 = 3;
const FEW: u8 = 2;

/// What an action is based on: the status as an index of [`STATUSES`], the price, and the version of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Deal {
    status: u8,
    price: u8,
    version: u8,
}

/// Which rules are off; none in the program.
#[derive(Debug, Clone, Copy, Default)]
struct Rules {
    sent_again: bool,
    open_is_refused: bool,
    price_ignored: bool,
    never_stale: bool,
    no_intent: bool,
    unknown_is_not_written: bool,
    no_late_warning: bool,
    charge_ignored: bool,
    resolved_at_once: bool,
    signal_ignored: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Running(Write<Deal>, Action),
    Crashed,
    Ended(Claim),
    Resolved,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Entry {
    None,
    Open(Deal),
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    now: Deal,
    under_way: u8,
    foreign: u8,
    client: Client,
    entry: Entry,
    /// The last reading, and whether over a second passed since.
    read: Deal,
    old: bool,
    sent: u8,
    /// How often a request of ours took effect, and at what price.
    applied: u8,
    charged: u8,
    /// The price that an answer told.
    told: Option<u8>,
    open: bool,
    accepted: bool,
    unseen: bool,
    signalled: bool,
    record_failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    OtherDoes,
    OtherReverts,
    OtherCancels,
    OtherEdits,
    PriceChanges,
    Late,
    Crash,
    Signal,
    Recorded,
    RecordedSlowly,
    RecordFails,
    Read,
    ReadSlowly,
    ReadFails,
    Done(Reply),
    Dropped(Reply),
    UnderWay,
    DeadlinePassed,
    Waited,
    OutOfTime,
    Told,
    ResolveSoon,
    ResolveLater,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Customer,
    Empty,
    Open,
    Refused,
    RateLimited,
    NotSent,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

type Violation = &'static str;

const TWICE: Violation = "one consent sends a second request";
const UNRECORDED: Violation = "a request leaves without a durable record";
const PRICE: Violation = "a request leaves at a price or from a status that was not seen within a second";
const DENIED: Violation = "the user is told that nothing was done, and it was, or may yet be";
const UNPROVEN: Violation = "the user is told that it was done, and no reading showed that";
const SILENT: Violation = "the user is not warned of a request that may still be on its way";
const CHARGED: Violation = "another amount was charged, and the user is told that all is as agreed";
const VAGUE: Violation = "the user is told that it is unknown, and every answer was definite";
const LEFT_OPEN: Violation = "an entry is left without an outcome";
const SIGNALLED: Violation = "a request leaves after Ctrl-C";
const MONEY: Violation = "one consent took effect twice";

fn customer(deal: Deal) -> Customer {
    let (status, version) = (STATUSES[usize::from(deal.status)], deal.version);
    let text =
        format!(r#"{{"id":7,"status":"{status}","modifiedTimestamp":"2026-01-01T00:00:{version:02}"}}"#);
    Customer::parse(text).expect("it is a customer")
}

/// What the program's own functions say, computed once for each pair.
#[derive(Default)]
struct Documents(HashMap<(Deal, Deal), Shown>);

/// The effect, and how an entry is resolved soon and later.
type Shown = (Effect, Option<Resolution>, Option<Resolution>);

impl Documents {
    fn of(&mut self, base: Deal, now: Deal) -> Shown {
        *self.0.entry((base, now)).or_insert_with(|| {
            let plan = StatusAction::Hold.plan(customer(base)).expect("a status can be planned");
            let stored = customer(now);
            let resolved = |is_old| resolve(&plan, Some(&stored), &[], is_old);
            (effect(StatusAction::Hold, &plan, &stored), resolved(false), resolved(true))
        })
    }
}

impl World {
    fn start(rules: Rules, foreign: u8) -> World {
        let deal = Deal { status: 0, price: 0, version: 0 };
        let attempts = if rules.sent_again { 3 } else { 1 };
        let (write, action) = Write::begin(deal, IN_TIME, Duration::ZERO, Limits { attempts, refreshes: 2 });
        World {
            now: deal,
            under_way: 0,
            foreign,
            client: Client::Running(write, action),
            entry: Entry::None,
            read: deal,
            old: false,
            sent: 0,
            applied: 0,
            charged: 0,
            told: None,
            open: false,
            accepted: false,
            unseen: false,
            signalled: false,
            record_failed: false,
        }
    }

    fn moves(&self) -> Vec<Move> {
        use Move::*;
        if self.client == Client::Resolved {
            return Vec::new();
        }
        let mut moves = Vec::new();
        if self.foreign > 0 {
            match self.now.status {
                0 => moves.extend([OtherDoes, OtherCancels, OtherEdits, PriceChanges]),
                _ => moves.extend([OtherReverts, PriceChanges]),
            }
        }
        if self.under_way > 0 {
            moves.push(Late);
        }
        match self.client {
            Client::Running(_, action) => self.moves_of(action, &mut moves),
            Client::Crashed | Client::Ended(_) if matches!(self.entry, Entry::Open(_)) => {
                moves.push(ResolveSoon);
                // Servers give a request up within minutes.
                moves.extend((self.under_way == 0).then_some(ResolveLater));
            }
            _ => {}
        }
        moves
    }

    fn moves_of(&self, action: Action, moves: &mut Vec<Move>) {
        use Move::*;
        moves.push(Crash);
        if !self.signalled && !matches!(action, Action::Report(_)) {
            moves.push(Signal);
        }
        match action {
            Action::RecordIntent => moves.extend([Recorded, RecordedSlowly, RecordFails]),
            Action::RecordOutcome(_) => moves.extend([Recorded, RecordFails]),
            Action::Refresh | Action::Look => moves.extend([Read, ReadSlowly, ReadFails]),
            Action::Wait(_) => moves.extend([Waited, OutOfTime]),
            Action::Report(_) => moves.push(Told),
            Action::Put { .. } => {
                if self.now.status == 0 {
                    moves.extend([Reply::Customer, Reply::Empty, Reply::Open].map(Done));
                }
                moves.extend([Reply::Open, Reply::Refused, Reply::RateLimited, Reply::NotSent].map(Dropped));
                moves.extend([UnderWay, DeadlinePassed]);
            }
        }
    }

    /// The server does it only for a customer that is in the first status.
    fn apply(&mut self) {
        if self.now.status == 0 {
            self.now = Deal { status: 1, version: self.now.version + 1, ..self.now };
            self.applied += 1;
            self.charged = self.now.price;
        }
    }

    fn foreign(&mut self, change: impl FnOnce(Deal) -> Deal) {
        self.foreign -= 1;
        self.now = change(self.now);
        self.now.version += 1;
    }

    fn after(
        mut self,
        step: Move,
        documents: &mut Documents,
        rules: Rules,
        found: &mut Vec<Violation>,
    ) -> World {
        match (step, self.client) {
            (Move::OtherDoes, _) => self.foreign(|now| Deal { status: 1, ..now }),
            (Move::OtherReverts, _) => self.foreign(|now| Deal { status: 0, ..now }),
            (Move::OtherCancels, _) => self.foreign(|now| Deal { status: 2, ..now }),
            (Move::OtherEdits, _) => self.foreign(|now| now),
            // A price is not part of the customer, so its version stays.
            (Move::PriceChanges, _) => {
                self.foreign -= 1;
                self.now.price ^= 1;
            }
            (Move::Late, _) => {
                self.under_way -= 1;
                self.apply();
            }
            (Move::Crash, _) => self.client = Client::Crashed,
            (Move::ResolveSoon | Move::ResolveLater, _) => self.resolve(step, documents, rules, found),
            (Move::Told, Client::Running(_, Action::Report(claim))) => {
                self.client = Client::Ended(claim);
                self.judge(claim, found);
            }
            (_, Client::Running(write, action)) => {
                self.client_moves(step, write, action, documents, rules, found);
            }
            _ => {}
        }
        if self.applied > 1 {
            found.push(MONEY);
        }
        self
    }

    fn client_moves(
        &mut self,
        step: Move,
        mut write: Write<Deal>,
        action: Action,
        documents: &mut Documents,
        rules: Rules,
        found: &mut Vec<Violation>,
    ) {
        let deal = *write.plan();
        let leaves = !matches!(step, Move::Signal | Move::DeadlinePassed | Move::Dropped(Reply::NotSent));
        if matches!(action, Action::Put { .. }) && leaves {
            self.judge_post(deal, found);
        }
        let (took, event) = self.event(step, deal, action, documents, rules);
        let took = if rules.never_stale { IN_TIME } else { took };
        let action = match write.step(took, event) {
            Action::Report(claim) => Action::Report(rules.claim(claim)),
            action => action,
        };
        self.client = Client::Running(write, action);
    }

    fn judge_post(&mut self, deal: Deal, found: &mut Vec<Violation>) {
        self.sent += 1;
        self.unseen = true;
        if self.sent > 1 {
            found.push(TWICE);
        }
        if self.entry != Entry::Open(deal) {
            found.push(UNRECORDED);
        }
        if self.old || self.read.price != 0 || self.read.status != 0 {
            found.push(PRICE);
        }
        if self.signalled {
            found.push(SIGNALLED);
        }
    }

    fn event(
        &mut self,
        step: Move,
        deal: Deal,
        action: Action,
        documents: &mut Documents,
        rules: Rules,
    ) -> (Span, Event<Deal>) {
        match step {
            Move::Signal => {
                self.signalled = true;
                let ignored =
                    if matches!(action, Action::Wait(_)) { Event::Stored(true) } else { Event::Timer };
                (IN_TIME, if rules.signal_ignored { ignored } else { Event::Signal })
            }
            Move::Waited => {
                self.old = true;
                (SLOW, Event::Timer)
            }
            Move::OutOfTime => (IN_TIME, Event::OutOfTime),
            Move::Recorded | Move::RecordedSlowly => {
                self.record(deal, action, rules);
                self.old |= step == Move::RecordedSlowly;
                (if step == Move::RecordedSlowly { SLOW } else { IN_TIME }, Event::Stored(true))
            }
            Move::RecordFails => {
                self.record_failed = true;
                (IN_TIME, Event::Stored(false))
            }
            Move::Read | Move::ReadSlowly => {
                self.read = self.now;
                self.old = false;
                self.unseen = false;
                let event = match action {
                    Action::Refresh => Event::Refreshed(rebased(deal, self.now, rules)),
                    _ => Event::Seen(self.seen(deal, documents, rules)),
                };
                (IN_TIME, event)
            }
            Move::ReadFails if action == Action::Look => (IN_TIME, Event::Seen(Effect::Unreadable)),
            Move::ReadFails => (IN_TIME, Event::Refreshed(Refreshed::Refused)),
            _ => (IN_TIME, Event::Answer(self.post(step, rules))),
        }
    }

    fn record(&mut self, deal: Deal, action: Action, rules: Rules) {
        self.entry = match (action, self.entry) {
            (Action::RecordIntent, entry) if rules.no_intent => entry,
            (Action::RecordOutcome(Claim::Unknown(_)), entry) => entry,
            (Action::RecordOutcome(_), _) => Entry::Closed,
            _ => Entry::Open(deal),
        };
    }

    /// A status that is reached at another price than the one agreed to is more than was asked for.
    fn seen(&self, deal: Deal, documents: &mut Documents, rules: Rules) -> Effect {
        let effect = documents.of(deal, self.now).0;
        let other = self.told.is_some_and(|told| told != deal.price) && !rules.charge_ignored;
        if effect == Effect::NewValues && other { Effect::NewValuesAndOthers } else { effect }
    }

    fn post(&mut self, step: Move, rules: Rules) -> Answer {
        let reply = match step {
            Move::Done(reply) => {
                self.apply();
                if reply == Reply::Customer {
                    self.told = Some(self.charged);
                }
                reply
            }
            Move::UnderWay => {
                self.under_way += 1;
                Reply::Open
            }
            Move::Dropped(reply) => reply,
            _ => return Answer::DeadlinePassed,
        };
        match reply {
            // The program reads the customer after every answer.
            Reply::Customer | Reply::Empty => {
                self.accepted = true;
                Answer::Accepted(None)
            }
            Reply::Refused => Answer::Refused,
            Reply::RateLimited => Answer::RateLimited(None),
            Reply::NotSent => Answer::NotSent,
            Reply::Open => {
                self.open = true;
                if rules.open_is_refused { Answer::Refused } else { Answer::Open(None) }
            }
        }
    }

    fn judge(&self, claim: Claim, found: &mut Vec<Violation>) {
        match claim {
            Claim::NotWritten(_) | Claim::Unchanged if self.applied > 0 || self.under_way > 0 => {
                found.push(DENIED);
            }
            Claim::Written { .. } if self.unseen || self.read.status != 1 => found.push(UNPROVEN),
            Claim::Written { late: false } | Claim::Differs { late: false } if self.under_way > 0 => {
                found.push(SILENT);
            }
            Claim::Written { .. } if self.told.is_some_and(|told| told != 0) => found.push(CHARGED),
            // What an accepted request led to can be unknown too, if it cannot be read.
            Claim::Unknown(_) if !self.open && !self.accepted => found.push(VAGUE),
            _ => {}
        }
        if !matches!(claim, Claim::Unknown(_)) && matches!(self.entry, Entry::Open(_)) && !self.record_failed
        {
            found.push(LEFT_OPEN);
        }
    }

    fn resolve(&mut self, step: Move, documents: &mut Documents, rules: Rules, found: &mut Vec<Violation>) {
        let Entry::Open(deal) = self.entry else { return };
        let (_, soon, later) = documents.of(deal, self.now);
        let is_late = step == Move::ResolveLater || rules.resolved_at_once;
        let Some(resolved) = (if is_late { later } else { soon }) else { return };
        if resolved == Resolution::NotWritten && (self.applied > 0 || self.under_way > 0) {
            found.push(DENIED);
        }
        if resolved == Resolution::Written && self.now.status != 1 {
            found.push(UNPROVEN);
        }
        self.entry = Entry::Closed;
        self.client = Client::Resolved;
    }
}

/// As `Act::rebase` does it.
fn rebased(deal: Deal, now: Deal, rules: Rules) -> Refreshed<Deal> {
    match now {
        now if now.status != deal.status => Refreshed::Refused,
        now if now.price != deal.price && !rules.price_ignored => Refreshed::Refused,
        now if now.version == deal.version => Refreshed::Same,
        now => Refreshed::Merged(Deal { price: deal.price, ..now }),
    }
}

impl Rules {
    fn claim(self, claim: Claim) -> Claim {
        match claim {
            Claim::Unknown(reason) if self.unknown_is_not_written => Claim::NotWritten(reason),
            Claim::Written { .. } if self.no_late_warning => Claim::Written { late: false },
            claim => claim,
        }
    }
}

/// Breadth first, so that the first trace to a violation is a shortest one.
fn explore(rules: Rules, foreign: u8) -> (usize, HashMap<Violation, Vec<Move>>) {
    let mut documents = Documents::default();
    let start = World::start(rules, foreign);
    let mut worlds = vec![(start, 0, None)];
    let mut seen = HashMap::from([(start, 0)]);
    let mut violations: HashMap<Violation, Vec<Move>> = HashMap::new();
    let (mut at, mut found) = (0, Vec::new());
    while at < worlds.len() {
        let world: World = worlds[at].0;
        for step in world.moves() {
            let next = world.after(step, &mut documents, rules, &mut found);
            if seen.insert(next, worlds.len()).is_none() {
                assert!(worlds.len() < 3_000_000, "it does not end");
                worlds.push((next, at, Some(step)));
            }
            for violation in found.drain(..) {
                violations.entry(violation).or_insert_with(|| trace(&worlds, at, step));
            }
        }
        at += 1;
    }
    (worlds.len(), violations)
}

fn trace(worlds: &[(World, usize, Option<Move>)], mut at: usize, last: Move) -> Vec<Move> {
    let mut trace = vec![last];
    while let (_, parent, Some(step)) = worlds[at] {
        trace.push(step);
        at = parent;
    }
    trace.reverse();
    trace
}

#[test]
fn one_consent_is_at_most_one_request_and_every_claim_is_true() {
    let (states, violations) = explore(Rules::default(), FOREIGN);
    println!("{states} states");
    assert!(violations.is_empty(), "{states} states: {violations:#?}");
    assert!(states > 1_000, "{states}");
}

fn is_caught(violation: Violation, rules: Rules) {
    let (_, violations) = explore(rules, FEW);
    let trace = violations.get(violation);
    assert!(trace.is_some(), "the mutant is not caught: {violations:#?}");
    println!("{violation}: {trace:?}");
}

#[test]
fn a_second_attempt_is_caught() {
    is_caught(TWICE, Rules { sent_again: true, ..Rules::default() });
    is_caught(MONEY, Rules { sent_again: true, ..Rules::default() });
}

#[test]
fn an_action_without_its_rules_is_caught() {
    is_caught(UNRECORDED, Rules { no_intent: true, ..Rules::default() });
    is_caught(PRICE, Rules { price_ignored: true, ..Rules::default() });
    is_caught(PRICE, Rules { never_stale: true, ..Rules::default() });
    is_caught(SIGNALLED, Rules { signal_ignored: true, ..Rules::default() });
}

#[test]
fn a_false_claim_of_an_action_is_caught() {
    is_caught(DENIED, Rules { open_is_refused: true, ..Rules::default() });
    is_caught(DENIED, Rules { unknown_is_not_written: true, ..Rules::default() });
    is_caught(DENIED, Rules { resolved_at_once: true, ..Rules::default() });
    is_caught(SILENT, Rules { no_late_warning: true, ..Rules::default() });
    is_caught(CHARGED, Rules { charge_ignored: true, ..Rules::default() });
}
