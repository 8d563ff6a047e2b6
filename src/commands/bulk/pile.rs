//! The jobs that wait for a hand.
//!
//! A channel would do, but wakes whoever fills it each time a job is taken. Here the one who fills it sleeps until half
//! of the pile is gone, and nobody is woken who does not wait.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs that were given and not taken yet, up to a number.
#[derive(Debug)]
pub(super) struct Pile<J> {
    state: Mutex<State<J>>,
    /// A job came, or no more will.
    filled: Condvar,
    /// There is room again, or no more jobs are wanted.
    emptied: Condvar,
    room: usize,
}

#[derive(Debug)]
struct State<J> {
    jobs: VecDeque<J>,
    /// No more jobs come.
    complete: bool,
    /// No more jobs are wanted.
    dropped: bool,
    takers: usize,
    giver_waits: bool,
}

impl<J> Pile<J> {
    /// An empty pile that takes so many jobs, at least one.
    pub(super) fn of(room: usize) -> Pile<J> {
        let state =
            State { jobs: VecDeque::new(), complete: false, dropped: false, takers: 0, giver_waits: false };
        Pile { state: Mutex::new(state), filled: Condvar::new(), emptied: Condvar::new(), room: room.max(1) }
    }

    /// Puts a job on the pile, when there is room; false where no more are wanted. One thread may give.
    pub(super) fn give(&self, job: J) -> bool {
        let mut state = self.lock();
        while state.jobs.len() >= self.room && !state.dropped {
            state.giver_waits = true;
            state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.dropped {
            return false;
        }
        state.jobs.push_back(job);
        if state.takers > 0 {
            self.filled.notify_one();
        }
        true
    }

    /// Takes the job that was given first, when there is one; none where no more come, or none are wanted.
    pub(super) fn take(&self) -> Option<J> {
        let mut state = self.lock();
        while state.jobs.is_empty() && !state.complete {
            state.takers += 1;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.takers -= 1;
        }
        let job = state.jobs.pop_front();
        if state.giver_waits && state.jobs.len() <= self.room / 2 {
            state.giver_waits = false;
            self.emptied.notify_one();
        }
        job
    }

    /// No more jobs come.
    pub(super) fn complete(&self) {
        self.lock().complete = true;
        self.filled.notify_all();
    }

    /// No more jobs are wanted, and those that wait are put away.
    pub(super) fn put_away(&self) {
        let mut state = self.lock();
        state.jobs.clear();
        (state.complete, state.dropped) = (true, true);
        self.filled.notify_all();
        self.emptied.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_taken_in_the_order_in_which_they_were_given() {
        for room in [1, 2, 7, 100] {
            let pile = Pile::of(room);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    assert!((0..50).all(|job| pile.give(job)));
                    pile.complete();
                });
                let taken: Vec<u32> = std::iter::from_fn(|| pile.take()).collect();
                assert_eq!(taken, (0..50).collect::<Vec<_>>(), "room for {room}");
            });
        }
    }

    #[test]
    fn a_pile_that_is_put_away_takes_and_gives_nothing_and_keeps_nobody_waiting() {
        let pile = Pile::of(1);
        std::thread::scope(|scope| {
            let given = scope.spawn(|| (0..3).take_while(|job| pile.give(*job)).count());
            let first = pile.take();
            pile.put_away();
            assert_eq!((first, pile.take()), (Some(0), None));
            assert!(given.join().unwrap() < 3);
        });
        assert!(!pile.give(9));
    }
}
