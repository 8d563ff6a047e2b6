//! Waiting for what nearly always is there at once, and for what takes longer.

use ureq::unversioned::transport::NextTimeout;
use ureq::unversioned::transport::time::Duration;

use crate::interrupt::Interrupts;

/// How long something is waited for without anybody who attends to signals, in milliseconds: to a person, what follows on a
/// key so much later follows at once.
pub(super) const SOON: u64 = 100;

/// Waits at most that long. Somebody attends to signals where it takes longer than [`SOON`]; `wait` is called again then.
///
/// # Errors
/// As `wait` has them.
pub(super) fn soon<T>(
    interrupts: &Interrupts,
    timeout: NextTimeout,
    mut wait: impl FnMut(NextTimeout) -> Result<T, ureq::Error>,
) -> Result<T, ureq::Error> {
    let soon = Duration::from_millis(SOON);
    if !interrupts.is_unattended() || *timeout.after <= *soon {
        return wait(timeout);
    }
    match wait(NextTimeout { after: soon, ..timeout }) {
        Err(ureq::Error::Timeout(_)) => {}
        waited => return waited,
    }
    interrupts.attend();
    wait(less(timeout, *soon))
}

/// What is left of the time when so much was spent.
pub(super) fn less(timeout: NextTimeout, spent: std::time::Duration) -> NextTimeout {
    let after = match timeout.after {
        Duration::Exact(limit) => Duration::Exact(limit.saturating_sub(spent)),
        Duration::NotHappening => Duration::NotHappening,
    };
    NextTimeout { after, ..timeout }
}
