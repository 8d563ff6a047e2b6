//! Attempts of a request, and the pauses between them.

use std::time::Duration;

pub(crate) const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Attempts count from 1. The pause doubles each time, at random between half and all of it, so that clients that
/// failed together do not come back together.
pub(crate) fn backoff(attempt: u32) -> Duration {
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
}
