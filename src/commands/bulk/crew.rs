//! Several hands at one pile: jobs come from a feed, threads do them, what comes of each is collected in one place.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use super::pile::Pile;
use crate::api::Pacer;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupts;

/// How often it is looked whether the work is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How many jobs wait for each hand.
const JOBS_A_HAND: usize = 8;

/// Threads that do jobs.
pub(super) struct Crew<'a> {
    pub(super) hands: usize,
    pub(super) pacer: &'a Pacer,
    pub(super) interrupts: &'a Interrupts,
}

/// Takes jobs one by one; false where no more are wanted.
pub(super) type Take<'a, J> = &'a mut dyn FnMut(J) -> bool;

/// Where the hands bring what came of their jobs.
struct Table<C> {
    collect: C,
    /// Why collecting failed first, if it did.
    failed: Option<Error>,
    /// How many hands are at work.
    hands: usize,
}

/// What the threads of one piece of work share.
struct Work<'a, J, C> {
    pile: Pile<J>,
    table: Mutex<Table<C>>,
    /// The last hand has gone.
    done: Condvar,
    pacer: &'a Pacer,
}

impl Crew<'_> {
    /// Does every job that `feed` gives. `work` gives none for a job that was not done because the work was stopped.
    /// `collect` is called with what came of each, one at a time, and with none from time to time; it may stop the work.
    ///
    /// Jobs that were begun are finished in any case. A panic of `work` becomes what `panicked` makes of it.
    ///
    /// # Errors
    /// As the feed or the collecting has them.
    pub(super) fn work<J: Send, R>(
        &self,
        feed: impl FnOnce(Take<'_, J>) -> Result<()> + Send,
        work: impl Fn(&J) -> Option<R> + Sync,
        panicked: impl Fn(J) -> R + Sync,
        collect: impl FnMut(Option<R>) -> Result<ControlFlow<()>> + Send,
    ) -> Result<()> {
        let table = Mutex::new(Table { collect, failed: None, hands: self.hands });
        let pile = Pile::of(self.hands * JOBS_A_HAND);
        let shared = Work { pile, table, done: Condvar::new(), pacer: self.pacer };
        let fed = std::thread::scope(|scope| {
            for at in 0..self.hands {
                if let Err(why) = Builder::new().spawn_scoped(scope, || shared.hand(&work, &panicked)) {
                    // Fewer hands do the same work.
                    shared.lock().hands -= self.hands - at;
                    if at == 0 {
                        return Ok(Err(no_threads(why)));
                    }
                    break;
                }
            }
            let feed = || {
                let fed = catch_unwind(AssertUnwindSafe(|| feed(&mut |job| shared.pile.give(job))));
                shared.pile.complete();
                fed
            };
            let feeder = match Builder::new().spawn_scoped(scope, feed) {
                Ok(feeder) => feeder,
                Err(why) => {
                    shared.stop();
                    return Ok(Err(no_threads(why)));
                }
            };
            self.watch(&shared);
            feeder.join().and_then(std::convert::identity)
        });
        let broke = || Err(Error::new(Kind::Failed, "this program failed while it read the rows"));
        let failed = shared.table.into_inner().unwrap_or_else(PoisonError::into_inner).failed;
        failed.map_or(Ok(()), Err).and(fed.unwrap_or_else(|_| broke()))
    }

    /// Waits until the last hand has gone, and looks from time to time whether it is to stop.
    fn watch<J, R, C: FnMut(Option<R>) -> Result<ControlFlow<()>>>(&self, shared: &Work<'_, J, C>) {
        let mut table = shared.lock();
        while table.hands > 0 {
            if self.interrupts.is_stopping() {
                shared.stop();
            }
            let (held, waited) =
                shared.done.wait_timeout(table, LOOK).unwrap_or_else(PoisonError::into_inner);
            table = held;
            if waited.timed_out() {
                shared.collect(&mut table, None);
            }
        }
    }
}

fn no_threads(why: io::Error) -> Error {
    Error::new(Kind::Failed, "the system has no thread for the work")
        .because(why)
        .hint("see what `ulimit -a` says of processes and memory")
}

impl<J, C> Work<'_, J, C> {
    /// The hands finish what they have and take no more; who would have to wait for the limit is turned away.
    fn stop(&self) {
        self.pile.put_away();
        self.pacer.stop();
    }

    fn collect<R>(&self, table: &mut Table<C>, result: Option<R>)
    where
        C: FnMut(Option<R>) -> Result<ControlFlow<()>>,
    {
        let go_on = match (table.collect)(result) {
            Ok(go_on) => go_on.is_continue(),
            // What was finished counts all the same, and why it went wrong is known after the first time.
            Err(why) => {
                table.failed.get_or_insert(why);
                false
            }
        };
        if !go_on {
            self.stop();
        }
    }

    fn hand<R>(&self, work: &impl Fn(&J) -> Option<R>, panicked: &impl Fn(J) -> R)
    where
        C: FnMut(Option<R>) -> Result<ControlFlow<()>>,
    {
        let _at_work = AtWork(self);
        while let Some(job) = self.pile.take() {
            let result =
                catch_unwind(AssertUnwindSafe(|| work(&job))).unwrap_or_else(|_| Some(panicked(job)));
            if result.is_some() {
                self.collect(&mut self.lock(), result);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table<C>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hand that is counted until it goes, however it goes.
struct AtWork<'a, 'b, J, C>(&'a Work<'b, J, C>);

impl<J, C> Drop for AtWork<'_, '_, J, C> {
    fn drop(&mut self) {
        let mut table = self.0.lock();
        table.hands -= 1;
        if table.hands == 0 {
            self.0.done.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn worked(stop_after: Option<usize>) -> (Vec<u32>, usize) {
        let (pacer, interrupts) = (Pacer::new(None), Interrupts::default());
        let crew = Crew { hands: 4, pacer: &pacer, interrupts: &interrupts };
        let given = AtomicUsize::new(0);
        let mut results = Vec::new();
        let feed = |take: Take<'_, u32>| {
            for job in 0..1_000 {
                if !take(job) {
                    break;
                }
                given.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        };
        let work = |job: &u32| {
            assert!(*job != 13, "an unlucky job");
            Some(*job * 2)
        };
        let collect = |result: Option<u32>| {
            results.extend(result);
            Ok(match stop_after {
                Some(count) if results.len() >= count => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        };
        crew.work(feed, work, |job| job, collect).unwrap();
        results.sort_unstable();
        (results, given.into_inner())
    }

    #[test]
    fn every_job_is_done_once_and_a_panic_is_one_result() {
        let mut expected: Vec<u32> = (0..1_000).map(|job| if job == 13 { 13 } else { job * 2 }).collect();
        expected.sort_unstable();
        assert_eq!(worked(None), (expected, 1_000));
    }

    #[test]
    fn what_was_finished_counts_though_collecting_failed_and_nobody_waits_for_the_limit() {
        let (pacer, interrupts) = (Pacer::new(Some(1)), Interrupts::default());
        let crew = Crew { hands: 4, pacer: &pacer, interrupts: &interrupts };
        let (begun, mut seen) = (AtomicUsize::new(0), 0);
        assert!(pacer.enter(false, 1));
        let work = |&job: &u32| {
            begun.fetch_add(1, Ordering::SeqCst);
            // Half of them would have to wait for a minute.
            (job < 4 || pacer.enter(false, 1)).then_some(job)
        };
        let failed = |_| Err(Error::new(Kind::Failed, "full"));
        let collect = |result: Option<u32>| {
            seen += usize::from(result.is_some());
            if result.is_some() { failed(result) } else { Ok(ControlFlow::Continue(())) }
        };
        let feed = |take: Take<'_, u32>| {
            (0..100).map(|job| job * 2 % 7).all(&mut *take);
            Ok(())
        };
        assert!(crew.work(feed, work, |job| job, collect).is_err());
        assert!(seen >= 1 && seen <= begun.into_inner());
    }

    #[test]
    fn a_feed_that_panics_is_an_error() {
        let (pacer, interrupts) = (Pacer::new(None), Interrupts::default());
        let crew = Crew { hands: 2, pacer: &pacer, interrupts: &interrupts };
        let feed = |_: Take<'_, u32>| panic!("no feed");
        assert!(crew.work(feed, |&job| Some(job), |job| job, |_| Ok(ControlFlow::Continue(()))).is_err());
    }

    #[test]
    fn stopped_it_finishes_what_was_begun_and_takes_no_more() {
        let (results, given) = worked(Some(20));
        assert!(results.len() >= 20 && given < 100, "{} results of {given} jobs", results.len());
    }
}
