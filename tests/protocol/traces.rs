//! Traces that once ended in a false claim or a lost change, step by step.

use fusebill::protocol::resolve::Resolution;
use fusebill::protocol::{Claim, Reason};

use crate::documents::{Documents, Second};
use crate::mutants::Rules;
use crate::world::Move::{self, *};
use crate::world::Reply::*;
use crate::world::{Bounds, World};

const BOUNDS: Bounds = Bounds { refreshes: 4, foreign: 4, crashes: true, signals: true };

/// The world after these moves, each of which must be possible.
fn after(second: Second, trace: &[Move]) -> World {
    let mut documents = Documents::new(second);
    let mut world = World::start(BOUNDS, &mut documents);
    let mut violations = Vec::new();
    for step in trace {
        let mut possible = Vec::new();
        world.moves(BOUNDS, second, &mut possible);
        assert!(possible.contains(step), "{step} is not possible in {world:?}");
        world = world.after(*step, &mut documents, Rules::default(), &mut violations);
    }
    assert!(violations.is_empty(), "{violations:?}");
    world
}

fn claim(second: Second, trace: &[Move]) -> Claim {
    after(second, trace).claim().expect("the write has ended")
}

#[test]
fn an_undisturbed_write_is_one_put() {
    let trace = [Recorded, Stored(Document), Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Written { late: false });
}

#[test]
fn a_put_that_was_dropped_is_sent_again() {
    let trace = [Recorded, Dropped(Open), Waited, Read, Stored(Document), Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Written { late: true });
}

#[test]
fn a_rate_limited_put_is_sent_again_after_a_reading() {
    let trace = [Recorded, Dropped(RateLimited), Waited, Read, Stored(Document), Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Written { late: false });
}

#[test]
fn a_change_during_a_slow_record_is_carried_along() {
    let trace = [ForeignG(1), RecordedSlowly, Read, Recorded, Stored(Document), Recorded, Told];
    let world = after(Second::Value, &trace);
    assert_eq!(world.claim(), Some(Claim::Written { late: false }));
    assert_eq!(world.fields(), (1, 1));
}

#[test]
fn a_change_of_the_same_field_during_a_slow_record_is_a_conflict() {
    let trace = [ForeignF(2), RecordedSlowly, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::NotWritten(Reason::Error));
}

#[test]
fn the_same_change_by_another_client_needs_no_put() {
    let trace = [ForeignF(1), RecordedSlowly, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Unchanged);
}

#[test]
fn a_correction_after_a_lost_answer_is_not_undone() {
    let trace = [Recorded, Stored(Open), ForeignF(0), Waited, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Unknown(Reason::Modified));
}

#[test]
fn an_open_answer_is_never_claimed_as_not_written() {
    let trace = [Recorded, Dropped(Open), Waited, Read, Dropped(Refused), Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Unknown(Reason::Error));
}

#[test]
fn a_put_in_flight_is_reported_even_if_another_client_made_the_change() {
    let trace = [ForeignF(1), Recorded, UnderWay, Waited, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Written { late: true });
    let dropped = [ForeignF(1), Recorded, Dropped(Open), Waited, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &dropped), Claim::Written { late: true });
}

#[test]
fn preconditions_are_checked_again_after_a_wait() {
    for second in [Second::Expected, Second::Derived] {
        let limited = [Recorded, Dropped(RateLimited), ForeignG(1), Waited, Read, Recorded, Told];
        assert_eq!(claim(second, &limited), Claim::NotWritten(Reason::Error));
        let lost = [Recorded, Dropped(Open), ForeignG(1), Waited, Read, Recorded, Told];
        assert_eq!(claim(second, &lost), Claim::Unknown(Reason::Modified));
    }
}

#[test]
fn an_answer_one_version_behind_is_read_once_more() {
    let trace = [Recorded, Stored(Old), Waited, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Written { late: false });
    let ignored = [Recorded, Dropped(Old), Waited, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &ignored), Claim::Differs { late: false });
}

#[test]
fn a_redirect_is_resolved_by_a_reading() {
    let ignored = [Recorded, Dropped(Redirect), Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &ignored), Claim::NotWritten(Reason::Error));
    let stored = [Recorded, Stored(Redirect), Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &stored), Claim::Written { late: false });
}

#[test]
fn ctrl_c_before_the_put_closes_the_entry() {
    let interrupted = Claim::NotWritten(Reason::Interrupted);
    let before = after(Second::Value, &[Signal, Told]);
    assert_eq!((before.claim(), before.has_open_entry()), (Some(interrupted), false));
    let between = after(Second::Value, &[Recorded, Signal, Recorded, Told]);
    assert_eq!((between.claim(), between.has_open_entry()), (Some(interrupted), false));
    let limited = after(Second::Value, &[Recorded, Dropped(RateLimited), Signal, Recorded, Told]);
    assert_eq!((limited.claim(), limited.has_open_entry()), (Some(interrupted), false));
}

#[test]
fn ctrl_c_after_the_put_waits_for_a_reading() {
    let trace = [Recorded, Stored(Open), Signal, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &trace), Claim::Written { late: true });
    let dropped = [Recorded, Dropped(Open), Signal, Read, Recorded, Told];
    assert_eq!(claim(Second::Value, &dropped), Claim::Unknown(Reason::Interrupted));
}

#[test]
fn an_entry_left_by_a_crash_is_resolved_by_a_get() {
    let resolved = |trace: &[Move]| after(Second::Value, trace).resolved().expect("the entry is resolved");
    assert_eq!(resolved(&[Recorded, Crash, Resolve]), Resolution::NotWritten);
    assert_eq!(resolved(&[Recorded, UnderWay, Crash, Late(0), Resolve]), Resolution::Written);
    assert_eq!(resolved(&[Recorded, Stored(Open), Crash, ForeignG(1), Resolve]), Resolution::Differs);
    assert_eq!(resolved(&[Recorded, Stored(Open), Crash, ForeignF(0), Resolve]), Resolution::Unknown);
    assert_eq!(resolved(&[Recorded, Stored(Open), Crash, ResolveGone]), Resolution::Gone);
}
