//! A gate as one client passes it: a change goes through with the read that it is made from.
//!
//! What is sent is the whole customer as it was read, so nobody may be kept waiting between the two: what others wrote
//! in that time would be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::pace::Pacer;
use super::rate_limit::Quota;
use super::{Client, Failure};
use crate::error::Result;

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
    /// How many requests were let through and not made yet: the change, or the read and the change.
    held: AtomicU32,
}

impl Pass {
    pub(super) fn new(pacer: Arc<Pacer>) -> Pass {
        Pass { pacer, held: AtomicU32::new(0) }
    }

    /// Waits until there is room for a read and the change after it; false where the work is being stopped.
    pub(super) fn reserve(&self, committed: bool) -> bool {
        self.release();
        let reserved = self.pacer.enter(committed, 2);
        self.held.store(if reserved { 2 } else { 0 }, Ordering::SeqCst);
        reserved
    }

    /// Leaves the room that is held to others.
    pub(super) fn release(&self) {
        match self.held.swap(0, Ordering::SeqCst) {
            0 => {}
            held => self.pacer.give_back(held),
        }
    }

    /// Waits as [`Pacer::enter`] does, but for what was let through before. Nobody waits who holds room: all might, and there
    /// would be none.
    pub(super) fn enter(&self, committed: bool, purpose: Purpose) -> Entry {
        let held = self.held.load(Ordering::SeqCst);
        let follows_its_read = (held, purpose) == (1, Purpose::Change);
        if (follows_its_read || (held, purpose) == (2, Purpose::ReadToChange)) && self.pacer.begin() {
            self.held.store(held - 1, Ordering::SeqCst);
            return Entry::In;
        }
        self.release();
        if follows_its_read {
            return Entry::Late;
        }
        let with_change = purpose == Purpose::ReadToChange;
        if !self.pacer.enter(committed, if with_change { 2 } else { 1 }) {
            return Entry::Stopped;
        }
        self.pacer.begin_at_once();
        self.held.store(u32::from(with_change), Ordering::SeqCst);
        Entry::In
    }

    /// As [`Pacer::leave`].
    pub(super) fn leave(&self, quota: Option<Quota>) {
        self.pacer.leave(quota);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.release();
    }
}

impl Client {
    /// Waits, where there is a gate, until it has room to read a customer and change it; what holds others up is taken after.
    ///
    /// # Errors
    /// `Interrupted` where the work is being stopped.
    pub fn reserve(&self) -> Result<()> {
        let committed = self.committed.load(Ordering::SeqCst);
        let reserved = self.pass.as_ref().is_none_or(|pass| self.not_counting(|| pass.reserve(committed)));
        if reserved { Ok(()) } else { Err(Failure::stopped().into_error()) }
    }

    /// Leaves the room that was reserved to others.
    pub fn release(&self) {
        self.pass.iter().for_each(Pass::release);
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

    /// A gate that was told this by its first answer.
    fn gate(quota: Option<Quota>) -> Arc<Pacer> {
        let pacer = Pacer::new(None);
        pacer.leave(quota);
        Arc::new(pacer)
    }

    /// A gate with room for two, and a pass that has taken both; nobody waits there.
    fn taken() -> (Arc<Pacer>, Pass) {
        let pacer = gate(told(2));
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
        let pacer = gate(None);
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
    fn what_is_reserved_needs_no_further_room_and_is_left_to_others_where_it_is_not_used() {
        let pacer = gate(told(2));
        let pass = Pass::new(Arc::clone(&pacer));
        assert!(pass.reserve(false));
        pacer.stop();
        assert!(!pacer.enter(false, 1), "both are taken");
        pass.release();
        assert!(pass.reserve(false) && pass.reserve(false), "it is reserved once, however often");
        assert_eq!(pass.enter(false, Purpose::ReadToChange), Entry::In);
        assert_eq!(pass.enter(false, Purpose::Change), Entry::In);
        assert!(!pass.reserve(false), "nothing is left");
    }

    #[test]
    fn a_change_for_which_there_is_no_room_after_all_is_late() {
        let pacer = gate(None);
        let passes = [0, 1].map(|_| Pass::new(Arc::clone(&pacer)));
        for pass in &passes {
            assert_eq!(pass.enter(false, Purpose::ReadToChange), Entry::In, "nothing is told yet");
        }
        passes[0].leave(told(2));
        assert_eq!(passes[0].enter(false, Purpose::Change), Entry::Late, "three are under way");
        assert_eq!(passes[1].enter(false, Purpose::Change), Entry::In, "and now two");
        let refused = Pass::new(gate(None));
        assert_eq!(refused.enter(false, Purpose::ReadToChange), Entry::In);
        refused.leave(Some(Quota {
            ends_in: Some(Duration::from_secs(10)),
            refused: true,
            ..Quota::default()
        }));
        assert_eq!(refused.enter(false, Purpose::Change), Entry::Late);
    }
}
