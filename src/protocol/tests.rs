use super::*;

const LIMITS: Limits = Limits { attempts: 4, refreshes: 2 };

fn span(began: u64, ended: u64) -> Span {
    Span { began: Duration::from_millis(began), ended: Duration::from_millis(ended) }
}

fn begin(read: Span) -> (Write<u8>, Action) {
    Write::begin(1, read, read.ended, LIMITS)
}

fn sending() -> Write<u8> {
    let (mut write, _) = begin(span(0, 100));
    let action = write.step(span(100, 100), Event::Stored(true));
    assert_eq!(action, Action::Put { latest: Duration::from_secs(1) });
    write
}

#[test]
fn a_slow_server_is_given_its_time() {
    let (mut write, action) = begin(span(0, 1500));
    assert_eq!(action, Action::Refresh);
    let action = write.step(span(1500, 3100), Event::Refreshed(Refreshed::Same));
    assert_eq!(action, Action::RecordIntent);
    let latest = Duration::from_millis(1500 + 1000 + 1500);
    assert_eq!(write.step(span(3100, 3200), Event::Stored(true)), Action::Put { latest });
}

#[test]
fn a_reading_during_which_the_machine_slept_is_not_fresh() {
    let hour = 3_600_000;
    let (mut write, action) = begin(span(0, hour));
    assert_eq!(action, Action::Refresh);
    write.step(span(hour, hour + 50), Event::Refreshed(Refreshed::Same));
    let action = write.step(span(hour + 50, hour + 1100), Event::Stored(true));
    assert_eq!(action, Action::Refresh);
}

#[test]
fn a_customer_that_is_never_read_in_time_is_not_written() {
    let (mut write, action) = begin(span(0, 0));
    assert_eq!(action, Action::RecordIntent);
    let late = span(2000, 2000);
    let refreshed = span(0, 0);
    for _ in 0..LIMITS.refreshes {
        assert_eq!(write.step(late, Event::Stored(true)), Action::Refresh);
        assert_eq!(write.step(refreshed, Event::Refreshed(Refreshed::Merged(2))), Action::RecordIntent);
    }
    let claim = Claim::NotWritten(Reason::ReadsTooOld);
    assert_eq!(write.step(late, Event::Stored(true)), Action::RecordOutcome(claim));
}

#[test]
fn pauses_double_and_attempts_end() {
    let mut write = sending();
    for pause in [100, 200, 400] {
        let action = write.step(span(100, 200), Event::Answer(Answer::Open(None)));
        assert_eq!(action, Action::Wait(Duration::from_millis(pause)));
        assert_eq!(write.step(span(200, 300), Event::Timer), Action::Look);
        write.refreshes = 0;
        let action = write.step(span(300, 300), Event::Seen(Effect::OldValues));
        assert_eq!(action, Action::Put { latest: Duration::from_millis(1300) });
    }
    assert_eq!(write.step(span(300, 400), Event::Answer(Answer::Open(None))), Action::Look);
    let action = write.step(span(400, 500), Event::Seen(Effect::OldValues));
    assert_eq!(action, Action::RecordOutcome(Claim::Unknown(Reason::Error)));
    assert_eq!(write.attempts(), 4);
}

#[test]
fn a_put_is_not_resent_if_no_time_is_left_for_the_pause() {
    let mut write = sending();
    let pause = Duration::from_secs(60);
    let answer = Event::Answer(Answer::RateLimited(Some(pause)));
    assert_eq!(write.step(span(100, 200), answer), Action::Wait(pause));
    let claim = Claim::NotWritten(Reason::Error);
    assert_eq!(write.step(span(200, 200), Event::OutOfTime), Action::RecordOutcome(claim));
}

#[test]
fn an_event_that_answers_another_action_gives_the_action_again() {
    let mut write = sending();
    let again = write.step(span(100, 200), Event::Timer);
    assert_eq!(again, Action::Put { latest: Duration::from_secs(1) });
}
