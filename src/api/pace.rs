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

    /// Waits until there is room for so many requests, which are held until they begin; false where they would have to
    /// wait and the work is being stopped. What is `committed`, because it settles a change that was sent, waits all the
    /// same.
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
mod tests;
