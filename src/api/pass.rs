//! A gate as one client passes it: a change goes through with the read that it is made from.
//!
//! What is sent is the whole customer as it was read, so nobody may be kept waiting between the two: what others wrote
//! in that time would be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pace::Pacer;
use super::rate_limit::Quota;

/// What a client is about to do at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// One request.
    Read,
    /// The read of what is changed next: the change is let through with it.
    ReadToChange,
    /// The change. Where it was let through with the read it follows that at once, however long others have to wait.
    Change,
}

/// What came of going through the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The request may be made.
    In,
    /// The work is being stopped.
    Stopped,
    /// The change was let through, and by now there is no room for it: what it is about has to be read again after the
    /// wait.
    Late,
}

/// A gate as one client passes it.
#[derive(Debug)]
pub(super) struct Pass {
    pacer: Arc<Pacer>,
    /// Whether a change was let through with its read, and was not made yet.
    granted: AtomicBool,
}

impl Pass {
    pub(super) fn new(pacer: Arc<Pacer>) -> Pass {
        Pass { pacer, granted: AtomicBool::new(false) }
    }

    /// Waits as [`Pacer::enter`] does, but for a change that was let through. Nobody waits who holds room for a change:
    /// all might, and there would be none.
    pub(super) fn enter(&self, committed: bool, purpose: Purpose) -> Entry {
        let granted = self.granted.swap(false, Ordering::SeqCst);
        let follows_its_read = granted && purpose == Purpose::Change;
        if follows_its_read && self.pacer.has_room() {
            return Entry::In;
        }
        if granted {
            self.pacer.give_back();
        }
        if follows_its_read {
            return Entry::Late;
        }
        let requests = if purpose == Purpose::ReadToChange { 2 } else { 1 };
        if !self.pacer.enter(committed, requests) {
            return Entry::Stopped;
        }
        self.granted.store(requests == 2, Ordering::SeqCst);
        Entry::In
    }

    /// As [`Pacer::leave`].
    pub(super) fn leave(&self, quota: Option<Quota>) {
        self.pacer.leave(quota);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if *self.granted.get_mut() {
            self.pacer.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::rate_limit::Limits;
    use super::*;

    fn told(remaining: u32) -> Option<Quota> {
        Some(Quota { remaining, ends_in: Some(Duration::from_secs(10)), ..Quota::default() })
    }

    /// A gate with room for two, and a pass that has taken both; nobody waits there.
    fn taken() -> (Arc<Pacer>, Pass) {
        let pacer = Arc::new(Pacer::new(None));
        pacer.leave(told(2));
        let pass = Pass::new(Arc::clone(&pacer));
        assert_eq!(pass.enter(false, Purpose::ReadToChange), Entry::In);
        pacer.stop();
        assert!(!pacer.enter(false, 1), "nothing is left for others");
        (pacer, pass)
    }

    #[test]
    fn a_pass_waits_with_the_read_and_not_with_the_change() {
        let (pacer, pass) = taken();
        assert_eq!(pass.enter(false, Purpose::Change), Entry::In);
        drop(pass);
        assert!(!pacer.enter(false, 1), "what was used is not given back");
    }

    #[test]
    fn a_change_that_is_not_made_leaves_its_room_to_others() {
        let (pacer, pass) = taken();
        drop(pass);
        assert!(pacer.enter(false, 1), "one of the two was not needed");
    }

    #[test]
    fn who_waits_holds_no_room_that_others_wait_for() {
        let pacer = Arc::new(Pacer::new(None));
        let passes = [0; 3].map(|_| Pass::new(Arc::clone(&pacer)));
        for pass in &passes {
            assert_eq!(pass.enter(false, Purpose::ReadToChange), Entry::In, "nothing is told yet");
        }
        // The limit is told with the end of its window, and each has to read once more.
        let limits = Limits { per_minute: Some(2), ..Limits::default() };
        let quota = Quota { limits, ends_in: Some(Duration::ZERO), ..Quota::default() };
        passes.iter().for_each(|pass| pass.leave(Some(quota)));
        pacer.stop();
        let entered = passes.each_ref().map(|pass| pass.enter(false, Purpose::ReadToChange));
        assert_eq!(entered, [Entry::Stopped, Entry::Stopped, Entry::In]);
    }

    #[test]
    fn a_change_for_which_there_is_no_room_after_all_is_late() {
        let pacer = Arc::new(Pacer::new(None));
        let passes = [0, 1].map(|_| Pass::new(Arc::clone(&pacer)));
        for pass in &passes {
            assert_eq!(pass.enter(false, Purpose::ReadToChange), Entry::In, "nothing is told yet");
        }
        passes[0].leave(told(2));
        assert_eq!(passes[0].enter(false, Purpose::Change), Entry::Late, "three are under way");
        assert_eq!(passes[1].enter(false, Purpose::Change), Entry::In, "and now two");
        let refused = Pass::new(Arc::new(Pacer::new(None)));
        assert_eq!(refused.enter(false, Purpose::ReadToChange), Entry::In);
        refused.leave(Some(Quota {
            ends_in: Some(Duration::from_secs(10)),
            refused: true,
            ..Quota::default()
        }));
        assert_eq!(refused.enter(false, Purpose::Change), Entry::Late);
    }
}
