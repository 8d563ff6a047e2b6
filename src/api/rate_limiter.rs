//! Keeps requests within the account's rate limit and `--rate`. It subtracts requests without an answer from the remaining
//! requests that the API reports, because the API may not have counted them yet. Only one request is sent at the start of a
//! window: the quota is not known before its answer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rate_limit::{LONGEST, Limits, Quota};

/// Assumed if the API does not tell when a window ends.
const WINDOW: Duration = Duration::from_secs(60);
/// Window ends that differ by less are the same window, because the API reports them in whole seconds.
const TOLERANCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct RateLimiter {
    state: Mutex<State>,
    changed: Condvar,
}

/// Permission for some requests. Dropping it returns the unused ones.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<RateLimiter>,
    requests: u32,
}

/// Reads no clock: callers pass the time.
#[derive(Debug)]
struct State {
    interval: Duration,
    /// Set by the interval or a 429.
    blocked_until: Instant,
    pending: u32,
    /// The requests that the last answer says are left, and the end of their window.
    window: Option<(u32, Instant)>,
    answered: bool,
    limits: Limits,
    stopped: bool,
}

impl RateLimiter {
    /// `per_minute` limits the requests in addition to the account's limit.
    pub fn new(per_minute: Option<u32>) -> RateLimiter {
        let interval = per_minute.map_or(Duration::ZERO, |count| WINDOW / count.max(1));
        let state = Mutex::new(State::new(interval, Instant::now()));
        RateLimiter { state, changed: Condvar::new() }
    }

    /// Waits for a permit. After [`RateLimiter::stop`] it waits at most `grace` more, then returns `None`. Only rows whose
    /// PUT may have been applied have a grace, because they still have to read the customer.
    pub(crate) fn acquire(self: &Arc<Self>, requests: u32, grace: Duration) -> Option<Permit> {
        let mut state = self.lock();
        let mut last = None;
        loop {
            let now = Instant::now();
            if state.stopped {
                last.get_or_insert(now + grace);
            }
            match state.acquire(now, requests) {
                Ok(()) => return Some(Permit { limiter: Arc::clone(self), requests }),
                Err(_) if last.is_some_and(|last| now >= last) => return None,
                Err(until) => {
                    let wait = last.map_or(until, |last| until.min(last)).saturating_duration_since(now);
                    state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// Takes a permit without waiting. A PUT must follow its read at once; if the limit is used up, the API answers 429 and
    /// writes nothing.
    pub(super) fn acquire_now(self: &Arc<Self>) -> Permit {
        self.lock().take(Instant::now(), 1);
        Permit { limiter: Arc::clone(self), requests: 1 }
    }

    /// Records that a request has ended, and the quota in its answer.
    pub fn answered(&self, quota: Option<Quota>) {
        self.lock().answered(quota, Instant::now());
        self.changed.notify_all();
    }

    /// From now on waits end after their `grace`.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Ends the effect of [`RateLimiter::stop`].
    pub(crate) fn restart(&self) {
        self.lock().stopped = false;
    }

    /// How long workers will wait for the account's limit; `None` if they do not.
    pub fn waits(&self) -> Option<Duration> {
        let state = self.lock();
        let ends = state.window.filter(|(left, _)| *left <= state.pending).map(|(_, ends)| ends);
        let until = ends.map_or(state.blocked_until, |ends| ends.max(state.blocked_until));
        let wait = until.saturating_duration_since(Instant::now());
        // A row takes two requests, so twice the interval is the user's own rate.
        (wait > state.interval * 2).then_some(wait)
    }

    pub(crate) fn limits(&self) -> Limits {
        self.lock().limits
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    pub(super) fn answered(&mut self, quota: Option<Quota>) {
        self.requests -= 1;
        self.limiter.answered(quota);
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.requests == 0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter.lock().give_back(self.requests);
        self.limiter.changed.notify_all();
    }
}

impl State {
    fn new(interval: Duration, now: Instant) -> State {
        State {
            interval,
            blocked_until: now,
            pending: 0,
            window: None,
            answered: false,
            limits: Limits::default(),
            stopped: false,
        }
    }

    fn acquire(&mut self, now: Instant, requests: u32) -> Result<(), Instant> {
        if self.window.is_some_and(|(_, ends)| now >= ends) {
            (self.window, self.answered) = (None, false);
        }
        if !self.answered && self.pending > 0 {
            return Err(now + WINDOW);
        }
        // An account may allow fewer requests a minute than the read and the PUT of one row.
        let needed = requests.min(self.limits.per_minute.unwrap_or(u32::MAX).max(1));
        let used_up = self.window.filter(|(left, _)| *left < self.pending.saturating_add(needed));
        let until = used_up.map_or(self.blocked_until, |(_, ends)| ends.max(self.blocked_until));
        if until > now {
            return Err(until);
        }
        self.take(now, requests);
        Ok(())
    }

    fn take(&mut self, now: Instant, requests: u32) {
        self.pending += requests;
        self.blocked_until = self.blocked_until.max(now) + self.interval * requests;
    }

    fn give_back(&mut self, requests: u32) {
        self.pending = self.pending.saturating_sub(requests);
        self.blocked_until =
            self.blocked_until.checked_sub(self.interval * requests).unwrap_or(self.blocked_until);
    }

    fn answered(&mut self, quota: Option<Quota>, now: Instant) {
        self.pending = self.pending.saturating_sub(1);
        self.answered = true;
        let Some(quota) = quota else {
            // The server may have counted it.
            self.window = self.window.map(|(left, ends)| (left.saturating_sub(1), ends));
            return;
        };
        self.limits.per_minute = quota.limits.per_minute.or(self.limits.per_minute);
        self.limits.per_day = quota.limits.per_day.or(self.limits.per_day);
        let ends = now + quota.ends_in.unwrap_or(WINDOW).min(LONGEST);
        if quota.refused {
            self.blocked_until = self.blocked_until.max(ends + TOLERANCE);
            return;
        }
        let known = self.window.filter(|(_, known_end)| now < *known_end);
        self.window = match known {
            // Answers can arrive out of order. Within a window the smallest remaining number counts. An answer about the
            // previous window is ignored.
            Some((left, known_end)) if ends <= known_end + TOLERANCE => {
                let same = ends + TOLERANCE >= known_end;
                Some(if same { (left.min(quota.remaining), known_end.max(ends)) } else { (left, known_end) })
            }
            _ => Some((quota.remaining, ends)),
        };
    }
}

#[cfg(test)]
mod tests;
