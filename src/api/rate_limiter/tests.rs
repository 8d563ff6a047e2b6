use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn state(interval: Duration) -> (State, Instant) {
    let now = Instant::now();
    let mut state = State::new(interval, now);
    state.answered(None, now);
    (state, now)
}

fn told(remaining: u32) -> Option<Quota> {
    Some(Quota { remaining, ends_in: Some(10 * SECOND), ..Quota::default() })
}

fn quota_until(remaining: u32, seconds: u32) -> Option<Quota> {
    Some(Quota { remaining, ends_in: Some(SECOND * seconds), ..Quota::default() })
}

#[test]
fn the_first_request_of_a_window_goes_alone() {
    let now = Instant::now();
    let mut state = State::new(Duration::ZERO, now);
    state.acquire(now, 2).unwrap();
    assert_eq!(state.acquire(now, 1), Err(now + WINDOW));
    state.answered(told(5), now);
    assert!(state.acquire(now, 2).is_ok());
    let end = now + 10 * SECOND;
    assert_eq!(state.acquire(now, 3), Err(end), "of five, three have a permit");
    assert_eq!(state.acquire(end, 1), Err(end + WINDOW), "nothing is known of the next window");
    state.answered(None, end);
    assert!(state.acquire(end, 1).is_ok());
}

#[test]
fn pending_requests_reduce_the_remaining_quota() {
    let (mut state, now) = state(Duration::ZERO);
    (0..4).for_each(|_| state.acquire(now, 1).unwrap());
    state.answered(told(5), now);
    state.answered(told(6), now);
    assert_eq!((state.window.unwrap().0, state.pending), (5, 2), "an older answer allows no more");
    (0..3).for_each(|_| state.acquire(now, 1).unwrap());
    assert_eq!(state.acquire(now, 1), Err(now + 10 * SECOND));
    state.answered(None, now);
    assert_eq!(state.acquire(now, 1), Err(now + 10 * SECOND), "a lost request may have been counted");
    state.give_back(1);
    assert!(state.acquire(now, 1).is_ok(), "one was not made");
}

#[test]
fn a_late_answer_of_the_previous_window_is_ignored() {
    let (mut state, now) = state(Duration::ZERO);
    state.answered(quota_until(7, 2), now);
    state.answered(quota_until(49, 61), now + SECOND);
    assert_eq!(state.window, Some((49, now + 62 * SECOND)));
    state.answered(quota_until(6, 1), now + SECOND);
    assert_eq!(state.window, Some((49, now + 62 * SECOND)));
}

#[test]
fn after_a_429_all_wait_as_long_as_it_says() {
    let (mut state, now) = state(Duration::ZERO);
    state.answered(told(7), now);
    state.answered(Some(Quota { ends_in: Some(SECOND), refused: true, ..Quota::default() }), now);
    state.answered(told(6), now);
    assert_eq!(state.acquire(now, 1), Err(now + 2 * SECOND));
    assert!(state.acquire(now + 2 * SECOND, 1).is_ok());
}

#[test]
fn the_limiter_never_waits_longer_than_a_day() {
    for refused in [true, false] {
        let (mut state, now) = state(Duration::ZERO);
        state.answered(Some(Quota { ends_in: Some(Duration::MAX), refused, ..Quota::default() }), now);
        let until = state.acquire(now, 1).unwrap_err();
        assert!(until >= now + LONGEST && until <= now + LONGEST + TOLERANCE);
    }
}

#[test]
fn a_rate_spaces_requests_evenly() {
    let (mut state, now) = state(2 * SECOND);
    assert!(state.acquire(now, 1).is_ok());
    assert_eq!(state.acquire(now, 1), Err(now + 2 * SECOND));
    assert!(state.acquire(now + 5 * SECOND, 2).is_ok());
    assert_eq!(state.acquire(now + 5 * SECOND, 1), Err(now + 9 * SECOND), "two requests take two turns");
    state.give_back(1);
    assert_eq!(state.acquire(now + 5 * SECOND, 1), Err(now + 7 * SECOND), "one was not made");
}

#[test]
fn a_window_smaller_than_a_read_and_a_write_is_used_all_the_same() {
    let (mut state, now) = state(Duration::ZERO);
    state.limits.per_minute = Some(1);
    state.answered(told(1), now);
    assert!(state.acquire(now, 2).is_ok());
}

#[test]
fn the_limiter_never_exceeds_the_quota_of_a_window() {
    for jobs in [1, 3, 8, 64] {
        let begun = Instant::now();
        let mut state = State::new(Duration::ZERO, begun);
        let (mut now, mut window, mut used, mut most) = (begun, begun, 0_u32, 0_u32);
        let mut in_flight = std::collections::VecDeque::new();
        for _ in 0..2_000 {
            while in_flight.len() < jobs {
                match state.acquire(now, 1) {
                    Err(until) if in_flight.is_empty() => now = until,
                    Err(_) => break,
                    Ok(()) => {
                        if now >= window + 10 * SECOND {
                            (window, used) = (now, 0);
                        }
                        used += 1;
                        most = most.max(used);
                        let ends = window + 10 * SECOND;
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
            state.answered(answer, now);
        }
        assert_eq!(most, 50, "{jobs} jobs");
    }
}

#[test]
fn the_limiter_reports_only_waits_that_the_api_causes() {
    let limiter = Arc::new(RateLimiter::new(Some(60)));
    assert_eq!(limiter.waits(), None);
    let mut permit = limiter.acquire(2, Duration::ZERO).unwrap();
    assert_eq!(limiter.waits(), None, "the user's own rate is no news");
    permit.answered(told(0));
    assert!(limiter.waits().is_some_and(|wait| wait > 5 * SECOND));
    limiter.stop();
    assert!(limiter.acquire(1, Duration::ZERO).is_none(), "a stop ends the wait");
    let (begun, grace) = (Instant::now(), Duration::from_millis(20));
    assert!(limiter.acquire(1, grace).is_none(), "the window ends long after the grace");
    assert!(begun.elapsed() >= grace);
    assert!(!permit.is_used_up());
    drop(limiter.acquire_now());
    drop(permit);
    assert_eq!(limiter.lock().pending, 0);
}
