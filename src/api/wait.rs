//! Time: the deadline that bounds a command, and the pauses between attempts.

use std::time::{Duration, Instant};

/// How often a read is attempted before it is given up.
pub const ATTEMPTS: u32 = 4;

const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The moment by which a command is to be done with the network.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// That long from now.
    pub fn after(time: Duration) -> Deadline {
        Deadline(Instant::now() + time)
    }

    /// Moved by the time a person took to answer.
    #[must_use]
    pub fn moved_by(self, time: Duration) -> Deadline {
        Deadline(self.0 + time)
    }

    /// What is left; none when it has passed.
    pub fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Whether so long a wait ends before it.
    pub fn allows(self, pause: Duration) -> bool {
        self.left().is_some_and(|left| left > pause)
    }

    /// Waits, unless that would miss the deadline.
    pub fn sleep(self, pause: Duration) -> bool {
        let fits = self.allows(pause);
        if fits {
            std::thread::sleep(pause);
        }
        fits
    }
}

/// The pause after the given failed attempt, the first being 1: doubled each time, at random between half and all of
/// it, so that clients that failed together do not come back together.
pub fn backoff(attempt: u32) -> Duration {
    let whole = FIRST_PAUSE * 2u32.saturating_pow(attempt.saturating_sub(1));
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_their_jitter() {
        for attempt in 1..=ATTEMPTS {
            let whole = FIRST_PAUSE * 2u32.pow(attempt - 1);
            let pause = backoff(attempt);
            assert!(pause >= whole / 2 && pause <= whole, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn a_pause_beyond_the_deadline_is_not_begun() {
        assert!(!Deadline::after(Duration::from_secs(60)).sleep(Duration::from_secs(3600)));
        assert_eq!(Deadline::after(Duration::ZERO).left(), None);
    }
}
