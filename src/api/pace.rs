//! Keeping within the vendor's limits when several requests are under way at once.
//!
//! What an answer says about the requests that are left is an upper bound: others may be on their way already. So the
//! ones in flight are taken off, the smallest figure of a window counts, and where nothing is left everybody waits for
//! the window's end. Until the first answer nothing is known at all, so the first request goes alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rate_limit::{LONGEST, Limits, Quota};

/// How long a window lasts of which the end is not told.
const WINDOW: Duration = Duration::from_secs(60);
/// By how much the end of one window may seem to move: it is told in whole seconds.
const BLUR: Duration = Duration::from_secs(1);

/// The gate that every request goes through.
#[derive(Debug)]
pub struct Pacer {
    pace: Mutex<Pace>,
    changed: Condvar,
}

/// The state of the gate. Pure: the time is given.
#[derive(Debug)]
struct Pace {
    /// The least time between the beginnings of two requests.
    interval: Duration,
    /// No request begins before this.
    next: Instant,
    /// Requests that were let through and are not answered.
    under_way: u32,
    /// Whether any was answered, or failed; where the limit is not told, in this window.
    answered: bool,
    /// How many more may begin, as far as it is known, and when that ends to count. Below zero where more were let
    /// through than there is room for, before the room was known.
    left: Option<(i64, Instant)>,
    /// The same as far as it matters for what was let through. Answers come in any order, and one may have counted requests
    /// that are under way still: `left` counts those twice, this only what has surely not begun.
    most: i64,
    /// Requests that were let through and are not begun.
    held: u32,
    /// Until when requests are refused.
    refused: Option<Instant>,
    limits: Limits,
    /// How many wait to begin: nobody is woken where nobody waits.
    waiting: u32,
    /// Nobody waits any more, and who would have to is turned away: the work is being stopped.
    stopped: bool,
}

impl Pacer {
    /// A gate that lets at most so many requests begin in a minute, beside what the vendor tells; none for no such
    /// limit.
    pub fn new(per_minute: Option<u32>) -> Pacer {
        let interval = per_minute.map_or(Duration::ZERO, |count| WINDOW / count.max(1));
        let pace = Pace::begun(interval, Instant::now());
        Pacer { pace: Mutex::new(pace), changed: Condvar::new() }
    }

    /// Waits until there is room for so many requests, which are held until they begin; false where they would have to wait and the work is being stopped. What is
    /// `committed`, because it settles a change that was sent, waits all the same.
    pub fn enter(&self, committed: bool, requests: u32) -> bool {
        let mut pace = self.lock();
        loop {
            let now = Instant::now();
            match pace.enter(now, requests) {
                Ok(()) => return true,
                Err(_) if pace.stopped && !committed => return false,
                Err(until) => {
                    let wait = until.saturating_duration_since(now);
                    pace.waiting += 1;
                    pace = self.changed.wait_timeout(pace, wait).unwrap_or_else(PoisonError::into_inner).0;
                    pace.waiting -= 1;
                }
            }
        }
    }

    /// Notes that a request was answered, and what the answer said about the limits; none where nothing came.
    pub fn leave(&self, quota: Option<Quota>) {
        let mut pace = self.lock();
        pace.leave(quota, Instant::now());
        if pace.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// Begins a request that was let through before; false where by now it is known that there is no room for it.
    pub(super) fn begin(&self) -> bool {
        let mut pace = self.lock();
        let has_room = pace.has_room(Instant::now());
        pace.held = pace.held.saturating_sub(u32::from(has_room));
        has_room
    }

    /// Begins a request that was let through just now.
    pub(super) fn begin_at_once(&self) {
        let mut pace = self.lock();
        pace.held = pace.held.saturating_sub(1);
    }

    /// Notes that so many requests which were let through are not made.
    pub(super) fn give_back(&self, requests: u32) {
        let mut pace = self.lock();
        (0..requests).for_each(|_| pace.give_back());
        if pace.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// Turns away whoever would have to wait, now and from here on.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// How long the vendor's limit makes everybody wait; none while it does not.
    pub fn waits(&self) -> Option<Duration> {
        let pace = self.lock();
        // The last one is none for those who need two.
        let used_up = |left: i64| left <= 0 || (left == 1 && pace.waiting > 0);
        let ends = pace.left.and_then(|(left, ends)| used_up(left).then_some(ends));
        let until = ends.map_or(pace.next, |ends| ends.max(pace.next));
        let wait = until.saturating_duration_since(Instant::now());
        (wait > pace.interval).then_some(wait)
    }

    /// What the account is allowed, as far as it was told.
    pub fn limits(&self) -> Limits {
        self.lock().limits
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// A gate that nothing was told yet.
    fn begun(interval: Duration, now: Instant) -> Pace {
        let limits = Limits::default();
        let (left, refused) = (None, None);
        let (answered, stopped) = (false, false);
        let (under_way, held, waiting, most) = (0, 0, 0, 0);
        Pace { interval, next: now, under_way, held, answered, left, most, refused, limits, waiting, stopped }
    }

    /// Lets so many requests begin, or tells when to ask again.
    fn enter(&mut self, now: Instant, requests: u32) -> Result<(), Instant> {
        // Where no window has room for them together they begin one after the other all the same.
        let most = self.limits.per_minute.unwrap_or(u32::MAX).max(1);
        let needed = requests.min(most);
        if self.left.is_some_and(|(_, ends)| now >= ends) {
            self.left = None;
            self.answered = self.limits.per_minute.is_some();
        }
        let used_up = self.left.and_then(|(left, ends)| (left < i64::from(needed)).then_some(ends));
        let until = used_up.map_or(self.next, |ends| ends.max(self.next));
        if until > now {
            return Err(until);
        }
        // Of a new window nothing is told before its first answer, but no more than the limit can be under way in it.
        let full = self.left.is_none() && self.under_way > most - needed;
        if full || (!self.answered && self.under_way > 0) {
            return Err(now + WINDOW);
        }
        if let Some((left, _)) = &mut self.left {
            *left -= i64::from(requests);
        }
        self.most -= i64::from(requests);
        self.held += requests;
        self.under_way += requests;
        self.next = self.next.max(now) + self.interval * requests;
        Ok(())
    }

    /// Whether there is room for what was let through, as far as it is known by now.
    fn has_room(&self, now: Instant) -> bool {
        self.left.is_none_or(|(_, ends)| self.most >= 0 || now >= ends)
            && self.refused.is_none_or(|until| now >= until)
    }

    fn give_back(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.held = self.held.saturating_sub(1);
        if let Some((left, _)) = &mut self.left {
            *left += 1;
        }
        self.most += 1;
        self.next = self.next.checked_sub(self.interval).unwrap_or(self.next);
    }

    fn leave(&mut self, quota: Option<Quota>, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.answered = true;
        let Some(quota) = quota else { return };
        self.limits.per_minute = quota.limits.per_minute.or(self.limits.per_minute);
        self.limits.per_day = quota.limits.per_day.or(self.limits.per_day);
        let left = i64::from(quota.remaining) - i64::from(self.under_way);
        let ends = now + quota.ends_in.unwrap_or(WINDOW).min(LONGEST);
        if quota.refused {
            // What another answer says of a later window does not take it back.
            self.next = self.next.max(ends + BLUR);
            self.refused = Some(self.next);
            return;
        }
        let told = quota.ends_in.is_some();
        let most = i64::from(quota.remaining) - i64::from(self.held);
        (self.left, self.most) = match self.left {
            Some((_, known_end)) if told && ends > known_end + BLUR => (Some((left, ends)), left),
            // Of the window before.
            Some(known) if told && now < known.1 && ends + BLUR < known.1 => (Some(known), self.most),
            Some((known, known_end)) if now < known_end => {
                (Some((known.min(left), known_end.max(ends))), self.most.min(most))
            }
            _ => (Some((left, ends)), left),
        };
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            pace.enter(end, 1),
            Err(end + WINDOW),
            "of a new window nothing is known before an answer"
        );
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
        let told =
            |remaining, ends| Some(Quota { remaining, ends_in: Some(seconds(ends)), ..Quota::default() });
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
                pace.enter(now, 1)
                    .is_err_and(|until| until >= now + LONGEST && until <= now + LONGEST + BLUR)
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
}
