//! A worker pool: one thread feeds jobs, several work on them, and the result of each is collected before its worker takes
//! another job.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crate::api::RateLimiter;
use crate::error::{Error, Kind, Result};
use crate::signals::Signals;

/// How often the pool looks whether a signal stops it.
const TICK: Duration = Duration::from_millis(50);
/// How many jobs are queued for each worker.
const JOBS_A_WORKER: usize = 8;

/// Threads that work on jobs.
pub(super) struct WorkerPool<'a> {
    pub(super) workers: usize,
    pub(super) limiter: &'a RateLimiter,
    pub(super) signals: &'a Signals,
}

/// Takes jobs one by one; false if no more are wanted.
pub(super) type Take<'a, J> = &'a mut dyn FnMut(J) -> bool;

/// What the threads of one pool share.
struct Shared<'a, C> {
    collected: Mutex<Collected<C>>,
    stopping: AtomicBool,
    limiter: &'a RateLimiter,
}

struct Collected<C> {
    collect: C,
    /// The first error of collecting.
    failed: Option<Error>,
}

impl WorkerPool<'_> {
    /// Works on every job that `feed` gives. `work` gives none for a job that was not done because the pool was stopped.
    /// `collect` is called with each result, one at a time, and with none from time to time; it may stop the pool.
    ///
    /// Jobs that were begun are finished in any case. A panic of `work` becomes the result that `panicked` makes of the job.
    ///
    /// # Errors
    /// Those of the feed and of collecting; `Failed` if the system has no thread.
    pub(super) fn run<J: Send, R>(
        &self,
        feed: impl FnOnce(Take<'_, J>) -> Result<()> + Send,
        work: impl Fn(&J) -> Option<R> + Sync,
        panicked: impl Fn(J) -> R + Sync,
        collect: impl FnMut(Option<R>) -> Result<ControlFlow<()>> + Send,
    ) -> Result<()> {
        let (queue, jobs) = sync_channel(self.workers * JOBS_A_WORKER);
        // Each worker keeps a clone of both: the feed ends when no worker is left to take jobs, and this thread when none is
        // left at all.
        let (jobs, (alive, all_gone)) = (Arc::new(Mutex::new(jobs)), channel::<()>());
        let shared = Shared {
            collected: Mutex::new(Collected { collect, failed: None }),
            stopping: AtomicBool::new(false),
            limiter: self.limiter,
        };
        let (shared, work, panicked) = (&shared, &work, &panicked);
        let fed = std::thread::scope(|scope| {
            for number in 0..self.workers {
                let (jobs, alive) = (Arc::clone(&jobs), alive.clone());
                let worker = move || {
                    let _alive = alive;
                    shared.work_on(&jobs, work, panicked);
                };
                match Builder::new().spawn_scoped(scope, worker) {
                    Ok(_) => {}
                    Err(why) if number == 0 => return Err(no_threads(why)),
                    // Fewer workers do the same work.
                    Err(_) => break,
                }
            }
            drop((jobs, alive));
            let take = move || feed(&mut |job| !shared.is_stopping() && queue.send(job).is_ok());
            let feeder = Builder::new().spawn_scoped(scope, take).map_err(no_threads)?;
            while all_gone.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                if self.signals.is_stopping() {
                    shared.stop();
                }
                shared.collect(None);
            }
            let broke = |_| Err(Error::new(Kind::Failed, "this program failed while it read the rows"));
            feeder.join().unwrap_or_else(broke)
        });
        let failed = shared.lock().failed.take();
        failed.map_or(Ok(()), Err).and(fed)
    }
}

fn no_threads(why: io::Error) -> Error {
    Error::new(Kind::Failed, "the system has no thread for the work")
        .because(why)
        .hint("see what `ulimit -a` says of processes and memory")
}

impl<C> Shared<'_, C> {
    /// The workers finish the jobs they have and take no more; a job that would have to wait for the rate limit is given up.
    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.limiter.stop();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn work_on<J, R>(
        &self,
        jobs: &Mutex<Receiver<J>>,
        work: &impl Fn(&J) -> Option<R>,
        panicked: &impl Fn(J) -> R,
    ) where
        C: FnMut(Option<R>) -> Result<ControlFlow<()>>,
    {
        while let Some(job) = self.next(jobs) {
            let result =
                catch_unwind(AssertUnwindSafe(|| work(&job))).unwrap_or_else(|_| Some(panicked(job)));
            if result.is_some() {
                self.collect(result);
            }
        }
    }

    fn next<J>(&self, jobs: &Mutex<Receiver<J>>) -> Option<J> {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        job.filter(|_| !self.is_stopping())
    }

    fn collect<R>(&self, result: Option<R>)
    where
        C: FnMut(Option<R>) -> Result<ControlFlow<()>>,
    {
        let mut collected = self.lock();
        match (collected.collect)(result) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.stop(),
            // Results of jobs that are in flight are still collected; the first error tells why it failed.
            Err(why) => {
                collected.failed.get_or_insert(why);
                self.stop();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Collected<C>> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn worked(stop_after: Option<usize>) -> (Vec<u32>, usize) {
        let (limiter, signals) = (RateLimiter::new(None), Signals::default());
        let pool = WorkerPool { workers: 4, limiter: &limiter, signals: &signals };
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
        pool.run(feed, work, |job| job, collect).unwrap();
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
    fn what_was_finished_counts_though_collecting_failed_and_no_job_waits_for_the_limit() {
        let (limiter, signals) = (Arc::new(RateLimiter::new(Some(1))), Signals::default());
        let pool = WorkerPool { workers: 4, limiter: &limiter, signals: &signals };
        let (begun, mut seen) = (AtomicUsize::new(0), 0);
        let first = limiter.acquire(1, false);
        assert!(first.is_some());
        let work = |&job: &u32| {
            begun.fetch_add(1, Ordering::SeqCst);
            // Half of them would have to wait for a minute.
            (job < 4 || limiter.acquire(1, false).is_some()).then_some(job)
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
        assert!(pool.run(feed, work, |job| job, collect).is_err());
        assert!(seen >= 1 && seen <= begun.into_inner());
    }

    #[test]
    fn a_feed_that_panics_is_an_error() {
        let (limiter, signals) = (RateLimiter::new(None), Signals::default());
        let pool = WorkerPool { workers: 2, limiter: &limiter, signals: &signals };
        let feed = |_: Take<'_, u32>| panic!("no feed");
        assert!(pool.run(feed, |&job| Some(job), |job| job, |_| Ok(ControlFlow::Continue(()))).is_err());
    }

    #[test]
    fn stopped_it_finishes_what_was_begun_and_takes_no_more() {
        let (results, given) = worked(Some(20));
        assert!(results.len() >= 20 && given < 100, "{} results of {given} jobs", results.len());
    }
}
