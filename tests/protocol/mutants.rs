//! The rules of the protocol, each of which can be switched off.
//!
//! A rule is switched off between the world and the program's own `step`: what it guards against is hidden from it, or
//! what it asks for is not done. So the program has no switch, and the machine that is explored is the one that ships.

use std::time::{Duration, Instant};

use fusebill::protocol::compare::Effect;
use fusebill::protocol::{Action, Answer, Claim, Event, Refreshed, Span};

use crate::documents::{Doc, Documents, Second};
use crate::explorer::Explorer;
use crate::world::{Bounds, Violation};

/// Which rules are off; none in the program.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) no_intent: bool,
    pub(crate) no_second_intent: bool,
    pub(crate) store_errors_ignored: bool,
    pub(crate) never_stale: bool,
    pub(crate) no_merge: bool,
    pub(crate) no_preconditions: bool,
    pub(crate) open_is_refused: bool,
    pub(crate) refused_is_open: bool,
    pub(crate) open_is_not_sent: bool,
    pub(crate) blind: bool,
    pub(crate) timestamp_ignored: bool,
    pub(crate) no_late_warning: bool,
    pub(crate) unknown_is_not_written: bool,
    pub(crate) signal_ends_at_once: bool,
    pub(crate) signal_ignored: bool,
}

impl Rules {
    /// Whether a record reaches the store.
    pub(crate) fn stores(self, action: Action, has_entry: bool) -> bool {
        match action {
            Action::RecordIntent => !(self.no_intent || self.no_second_intent && has_entry),
            _ => true,
        }
    }

    pub(crate) fn event(self, took: Span, event: Event<Doc>, action: Action) -> (Span, Event<Doc>) {
        let took =
            if self.never_stale { Span { began: Duration::ZERO, ended: Duration::ZERO } } else { took };
        let event = match event {
            Event::Stored(_) if self.store_errors_ignored => Event::Stored(true),
            Event::Answer(Answer::Open(_)) if self.open_is_refused => Event::Answer(Answer::Refused),
            Event::Answer(Answer::Open(_)) if self.open_is_not_sent => Event::Answer(Answer::NotSent),
            Event::Answer(Answer::Refused) if self.refused_is_open => Event::Answer(Answer::Open(None)),
            Event::Signal if self.signal_ignored => ignored(action),
            event => event,
        };
        (took, event)
    }

    pub(crate) fn action(self, action: Action, signalled: bool) -> Action {
        match action {
            Action::RecordOutcome(claim) if self.signal_ends_at_once && signalled => Action::Report(claim),
            Action::Report(claim) => Action::Report(self.claim(claim)),
            action => action,
        }
    }

    fn claim(self, claim: Claim) -> Claim {
        match claim {
            Claim::Written { .. } if self.no_late_warning => Claim::Written { late: false },
            Claim::Unknown(reason) if self.unknown_is_not_written => Claim::NotWritten(reason),
            claim => claim,
        }
    }

    pub(crate) fn effect(self, effect: Effect, base: Doc, now: Doc) -> Effect {
        let same = (base.f, base.g) == (now.f, now.g);
        let hidden = self.timestamp_ignored && same || self.no_preconditions && base.version == now.version;
        if hidden && effect == Effect::Modified { Effect::OldValues } else { effect }
    }

    pub(crate) fn refreshed(
        self,
        found: Refreshed<Doc>,
        base: Doc,
        now: Doc,
        documents: &mut Documents,
    ) -> Refreshed<Doc> {
        match found {
            Refreshed::Merged(_) if self.no_merge => Refreshed::Same,
            Refreshed::Refused if self.no_preconditions && now.f == base.f => {
                documents.merged_unchecked(base, now)
            }
            found => found,
        }
    }
}

const SMALL: Bounds = Bounds { refreshes: 2, foreign: 2, crashes: true, signals: true };

/// Explores without a rule until it finds this violation.
fn is_caught(violation: Violation, second: Second, rules: Rules) {
    let began = Instant::now();
    let explored = Explorer::until(violation, SMALL, second, rules);
    println!("{:.2} s, {}", began.elapsed().as_secs_f32(), explored.told());
    assert!(explored.violations.iter().any(|(found, _)| *found == violation), "the mutant is not caught");
}

#[test]
fn without_the_intent_a_put_leaves_without_a_record() {
    let unrecorded = "a PUT leaves without a durable record of exactly this change";
    is_caught(unrecorded, Second::Value, Rules { no_intent: true, ..Rules::default() });
    is_caught(unrecorded, Second::Value, Rules { store_errors_ignored: true, ..Rules::default() });
}

#[test]
fn a_merge_without_a_second_record_sends_an_unrecorded_change() {
    let unrecorded = "a PUT leaves without a durable record of exactly this change";
    is_caught(unrecorded, Second::Value, Rules { no_second_intent: true, ..Rules::default() });
}

#[test]
fn without_freshness_or_a_merge_another_clients_change_is_overwritten() {
    let overwritten = "another client's change is overwritten outside the last round trip";
    is_caught(overwritten, Second::Value, Rules { never_stale: true, ..Rules::default() });
    is_caught(overwritten, Second::Value, Rules { no_merge: true, ..Rules::default() });
}

#[test]
fn without_a_second_check_a_precondition_is_passed_over() {
    let unmet = "a PUT leaves although a precondition does not hold any more";
    for second in [Second::Expected, Second::Derived] {
        is_caught(unmet, second, Rules { no_preconditions: true, ..Rules::default() });
    }
}

#[test]
fn an_open_answer_that_counts_as_definite_makes_false_claims() {
    let denied = "the user is told that nothing was written, and it was";
    is_caught(denied, Second::Value, Rules { open_is_refused: true, ..Rules::default() });
    is_caught(denied, Second::Value, Rules { open_is_not_sent: true, ..Rules::default() });
}

#[test]
fn a_definite_answer_that_counts_as_open_is_reported_as_unknown() {
    let vague = "the user is told that it is unknown, and every answer was definite";
    is_caught(vague, Second::Value, Rules { refused_is_open: true, ..Rules::default() });
}

#[test]
fn without_a_reading_or_its_timestamp_a_change_is_applied_over_its_correction() {
    let again = "a change is applied again over a correction of it";
    is_caught(again, Second::Value, Rules { blind: true, ..Rules::default() });
    is_caught(again, Second::Value, Rules { timestamp_ignored: true, ..Rules::default() });
}

#[test]
fn without_the_warning_the_user_does_not_know_of_a_put_under_way() {
    let silent = "the user is not warned of a PUT that is under way";
    is_caught(silent, Second::Value, Rules { no_late_warning: true, ..Rules::default() });
}

#[test]
fn unknown_must_not_be_reported_as_not_written() {
    let denied = "the user is told that nothing was written, and it was";
    is_caught(denied, Second::Value, Rules { unknown_is_not_written: true, ..Rules::default() });
}

#[test]
fn without_the_rule_for_signals_an_entry_stays_open_or_a_put_leaves() {
    let open = "an entry is left without an outcome";
    is_caught(open, Second::Value, Rules { signal_ends_at_once: true, ..Rules::default() });
    let sent = "a PUT leaves after Ctrl-C";
    is_caught(sent, Second::Value, Rules { signal_ignored: true, ..Rules::default() });
}

/// A signal that is not heeded: the action is given again.
fn ignored(action: Action) -> Event<Doc> {
    match action {
        Action::Wait(_) => Event::Stored(true),
        _ => Event::Timer,
    }
}
