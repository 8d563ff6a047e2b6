use super::*;

/// A gate that was told nothing by the first answer.
fn pace(interval: Duration) -> (Pace, Instant) {
    let now = Instant::now();
    let mut pace = Pace::begun(interval, now);
    pace.leave(None, now);
    (pace, now)
}

#[test]
fn the_first_request_goes_alone() {
    let now = Instant::now();
    let mut pace = Pace::begun(Duration::ZERO, now);
    pace.enter(now, 2).unwrap();
    assert_eq!(pace.enter(now, 1), Err(now + WINDOW));
    pace.leave(told(5), now);
    assert!(pace.enter(now, 2).is_ok());
    assert_eq!(pace.left.unwrap().0, 2, "of five the change to come and these two");
}

fn told(remaining: u32) -> Option<Quota> {
    Some(Quota { remaining, ends_in: Some(Duration::from_secs(10)), ..Quota::default() })
}

#[test]
fn what_is_under_way_is_taken_off_what_is_left() {
    let (mut pace, now) = pace(Duration::ZERO);
    (0..4).for_each(|_| pace.enter(now, 1).unwrap());
    pace.leave(told(5), now);
    assert_eq!(pace.left.unwrap().0, 2);
    pace.leave(told(6), now);
    assert_eq!(pace.left.unwrap().0, 2, "an answer that was counted earlier allows no more");
    assert!(pace.enter(now, 1).is_ok() && pace.enter(now, 1).is_ok());
    let end = now + Duration::from_secs(10);
    assert_eq!(pace.enter(now, 1), Err(end));
    assert_eq!(pace.enter(end, 1), Err(end + WINDOW), "of a new window nothing is known before an answer");
    pace.limits.per_minute = Some(60);
    pace.leave(None, end);
    assert!(pace.enter(end, 1).is_ok() && pace.enter(end, 1).is_ok(), "a new window");
}

#[test]
fn what_was_left_of_a_window_is_not_all_there_is_of_the_next() {
    let (mut pace, now) = pace(Duration::ZERO);
    let told = |remaining, seconds| {
        Some(Quota { remaining, ends_in: Some(Duration::from_secs(seconds)), ..Quota::default() })
    };
    pace.leave(told(3, 1), now);
    pace.leave(told(999, 60), now);
    (0..900).for_each(|_| pace.enter(now, 1).unwrap());
    pace.leave(told(2, 1), now);
    assert!(pace.enter(now, 1).is_ok(), "a late answer of the window before");
}

#[test]
fn a_new_window_is_not_mistaken_for_the_old_one() {
    let (mut pace, now) = pace(Duration::ZERO);
    let seconds = Duration::from_secs;
    let told = |remaining, ends| Some(Quota { remaining, ends_in: Some(seconds(ends)), ..Quota::default() });
    pace.leave(told(7, 2), now);
    pace.leave(told(49, 61), now + seconds(1));
    assert_eq!(pace.left, Some((49, now + seconds(62))));
    pace.leave(told(6, 1), now + seconds(1));
    assert_eq!(pace.left, Some((49, now + seconds(62))), "an answer of the old window that came late");
}

#[test]
fn after_a_refusal_everybody_waits_as_long_as_it_says() {
    let (mut pace, now) = pace(Duration::ZERO);
    pace.leave(told(7), now);
    pace.leave(Some(Quota { ends_in: Some(BLUR), refused: true, ..Quota::default() }), now);
    pace.leave(told(6), now);
    assert_eq!(pace.enter(now, 1), Err(now + 2 * BLUR));
    assert!(pace.enter(now + 2 * BLUR, 1).is_ok());
}

#[test]
fn nobody_waits_longer_than_a_day_whatever_an_answer_says() {
    for refused in [true, false] {
        let (mut pace, now) = pace(Duration::ZERO);
        pace.leave(Some(Quota { ends_in: Some(Duration::MAX), refused, ..Quota::default() }), now);
        assert!(
            pace.enter(now, 1).is_err_and(|until| until >= now + LONGEST && until <= now + LONGEST + BLUR)
        );
    }
}

#[test]
fn a_rate_spaces_requests_evenly() {
    let (mut pace, now) = pace(Duration::from_secs(2));
    assert!(pace.enter(now, 1).is_ok());
    assert_eq!(pace.enter(now, 1), Err(now + Duration::from_secs(2)));
    assert!(pace.enter(now + Duration::from_secs(5), 1).is_ok());
    assert_eq!(pace.enter(now + Duration::from_secs(5), 1), Err(now + Duration::from_secs(7)));
}

#[test]
fn a_server_that_told_its_limit_is_never_asked_beyond_it() {
    for jobs in [1, 3, 8, 64] {
        let begun = Instant::now();
        let mut pace = Pace::begun(Duration::ZERO, begun);
        let (mut now, mut window, mut used, mut most) = (begun, begun, 0_u32, 0_u32);
        let mut in_flight = std::collections::VecDeque::new();
        for _ in 0..2_000 {
            while in_flight.len() < jobs {
                match pace.enter(now, 1) {
                    Err(until) if in_flight.is_empty() => now = until,
                    Err(_) => break,
                    Ok(()) => {
                        if now >= window + Duration::from_secs(10) {
                            (window, used) = (now, 0);
                        }
                        used += 1;
                        most = most.max(used);
                        let ends = window + Duration::from_secs(10);
                        in_flight.push_back(Quota {
                            remaining: 50_u32.saturating_sub(used),
                            ends_in: Some(ends.saturating_duration_since(now)),
                            ..Quota::default()
                        });
                    }
                }
            }
            now += Duration::from_millis(7);
            let answer = in_flight.pop_front();
            pace.leave(answer, now);
        }
        assert_eq!(most, 50, "{jobs} jobs");
    }
}

#[test]
fn a_change_goes_through_with_its_read_and_counts_from_then_on() {
    let (mut pace, now) = pace(Duration::from_secs(1));
    pace.enter(now, 2).unwrap();
    assert_eq!(pace.enter(now, 2), Err(now + Duration::from_secs(2)), "two requests take two turns");
    pace.leave(told(5), now);
    assert_eq!(pace.left.unwrap().0, 4, "the change is still to come");
    pace.give_back();
    assert_eq!((pace.left.unwrap().0, pace.under_way), (5, 0), "it was not needed");
    let later = now + Duration::from_secs(1);
    pace.leave(told(1), later);
    assert!(pace.enter(later, 2).is_err_and(|until| until > later + Duration::from_secs(5)));
    assert!(pace.enter(later, 1).is_ok(), "one alone has room");
}

#[test]
fn an_answer_that_overtakes_others_takes_no_room_from_what_was_let_through() {
    let now = Instant::now();
    let mut pace = Pace::begun(Duration::ZERO, now);
    let begin = |pace: &mut Pace| {
        let has_room = pace.has_room(now);
        pace.held -= u32::from(has_room);
        has_room
    };
    pace.enter(now, 2).unwrap();
    assert!(begin(&mut pace));
    pace.leave(told(5), now);
    (0..2).for_each(|_| pace.enter(now, 2).unwrap());
    assert!((0..3).all(|_| begin(&mut pace)), "the first change and two reads");
    pace.leave(told(2), now);
    assert!(pace.left.unwrap().0 < 0, "for all that is known");
    assert!(pace.has_room(now), "a change that was let through");
    pace.leave(told(4), now);
    pace.leave(told(3), now);
    assert!(begin(&mut pace) && begin(&mut pace));
    assert!(pace.enter(now, 1).is_err());
    pace.leave(told(0), now);
    assert!(pace.has_room(now));
}

#[test]
fn where_others_used_the_room_up_a_change_that_was_let_through_has_none() {
    let (mut pace, now) = pace(Duration::ZERO);
    pace.leave(told(4), now);
    (0..2).for_each(|_| pace.enter(now, 2).unwrap());
    pace.held -= 2;
    pace.leave(told(1), now);
    assert!(!pace.has_room(now), "two changes, and room for one");
    pace.give_back();
    assert!(pace.has_room(now));
}

#[test]
fn where_one_request_a_minute_is_allowed_there_is_room_for_one() {
    let (mut pace, now) = pace(Duration::ZERO);
    pace.limits.per_minute = Some(1);
    assert!(pace.enter(now, 2).is_ok());
}

#[test]
fn only_a_wait_that_the_vendor_makes_is_told() {
    let pacer = Pacer::new(Some(60));
    assert_eq!(pacer.waits(), None);
    assert!(pacer.enter(false, 1));
    assert_eq!(pacer.waits(), None, "its own pace is no news");
    pacer.leave(told(0));
    assert!(pacer.waits().is_some_and(|wait| wait > Duration::from_secs(5)));
    pacer.stop();
    assert!(!pacer.enter(false, 1), "who would have to wait is turned away");
}
