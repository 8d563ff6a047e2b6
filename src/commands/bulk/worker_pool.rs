//! A worker pool: one thread reads jobs, several work on them, and the result of each is collected before its worker takes
//! another job.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use super::super::session::Session;
use crate::api::{Client, RateLimiter};
use crate::cli::bulk::PaceArgs;
use crate::error::{Error, ErrorKind, Result};
use crate::signals::Signals;

/// How often the pool looks whether a signal stops it.
const TICK: Duration = Duration::from_millis(50);
const JOBS_PER_WORKER: usize = 8;

pub(super) struct WorkerPool<'a> {
    workers: usize,
    pub(super) limiter: Arc<RateLimiter>,
    signals: &'a Signals,
}

struct Shared<'a, C> {
    collect: Mutex<C>,
    failed: OnceLock<Error>,
    stopping: AtomicBool,
    limiter: &'a RateLimiter,
}

impl<'a> WorkerPool<'a> {
    pub(super) fn new(pace: &PaceArgs, session: &'a Session<'_>) -> WorkerPool<'a> {
        let settings = &session.account.settings;
        let limiter = Arc::new(RateLimiter::new(pace.rate(settings)));
        WorkerPool { workers: pace.jobs(settings), limiter, signals: &session.signals }
    }

    /// A pool that has one job in flight.
    pub(super) fn with_one_worker(&self) -> WorkerPool<'a> {
        WorkerPool { workers: 1, limiter: Arc::clone(&self.limiter), signals: self.signals }
    }

    /// Each job has the whole `--timeout`.
    pub(super) fn client(&self, session: &Session<'_>) -> Client {
        let notes = session.terminal.notes().with_quiet();
        session.client.limited(session.global.timeout, notes, Arc::clone(&self.limiter))
    }

    /// `collect` gets each job with its result, one at a time, and `None` every [`TICK`]; it may stop the pool.
    /// Jobs that were begun are finished. One that ends with `Interrupted`, because the pool was stopped, is not collected.
    /// A panic of `work` is a result of the kind `Failed`.
    pub(super) fn run<J: Send, R>(
        &self,
        jobs: impl Iterator<Item = Result<J>> + Send,
        work: impl Fn(&J) -> Result<R> + Sync,
        collect: impl FnMut(Option<(J, Result<R>)>) -> Result<ControlFlow<()>> + Send,
    ) -> Result<()> {
        // An earlier pass over the same limiter, a rehearsal, ended by stopping it.
        self.limiter.restart();
        let (queue, queued) = sync_channel(self.workers * JOBS_PER_WORKER);
        // Each worker keeps a clone of both: the feeder ends when no worker is left to take jobs, and this thread when all ended.
        let (queued, (alive, all_gone)) = (Arc::new(Mutex::new(queued)), channel::<()>());
        let (collect, limiter) = (Mutex::new(collect), &*self.limiter);
        let shared = Shared { collect, failed: OnceLock::new(), stopping: AtomicBool::new(false), limiter };
        let (pool, work) = (&shared, &work);
        let fed = std::thread::scope(|scope| {
            for number in 0..self.workers {
                let (queued, alive) = (Arc::clone(&queued), alive.clone());
                let worker = move || {
                    let _alive = alive;
                    pool.work_on(&queued, work);
                };
                match Builder::new().spawn_scoped(scope, worker) {
                    Ok(_) => {}
                    Err(error) if number == 0 => return Err(no_threads(error)),
                    // Fewer workers do the same work.
                    Err(_) => break,
                }
            }
            drop((queued, alive));
            let feed = move || {
                for job in jobs {
                    let job = job?;
                    if pool.is_stopping() || queue.send(job).is_err() {
                        break;
                    }
                }
                Ok(())
            };
            let feeder = Builder::new().spawn_scoped(scope, feed).map_err(no_threads)?;
            while all_gone.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                if self.signals.is_stopping() {
                    pool.stop();
                }
                pool.collect(None);
            }
            let panicked =
                |_| Err(Error::new(ErrorKind::Failed, "this program failed while it read the rows"));
            feeder.join().unwrap_or_else(panicked)
        });
        shared.failed.into_inner().map_or(fed, Err)
    }
}

fn no_threads(error: io::Error) -> Error {
    Error::new(ErrorKind::Failed, "the system has no thread for the work")
        .source(error)
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

    fn work_on<J, R>(&self, jobs: &Mutex<Receiver<J>>, work: &impl Fn(&J) -> Result<R>)
    where
        C: FnMut(Option<(J, Result<R>)>) -> Result<ControlFlow<()>>,
    {
        while let Some(job) = self.next(jobs) {
            let panicked =
                |_| Err(Error::new(ErrorKind::Failed, "this program failed in the middle of the row"));
            match catch_unwind(AssertUnwindSafe(|| work(&job))).unwrap_or_else(panicked) {
                Err(error) if error.kind == ErrorKind::Interrupted => {}
                result => self.collect(Some((job, result))),
            }
        }
    }

    fn next<J>(&self, jobs: &Mutex<Receiver<J>>) -> Option<J> {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        job.filter(|_| !self.is_stopping())
    }

    fn collect<D>(&self, done: Option<D>)
    where
        C: FnMut(Option<D>) -> Result<ControlFlow<()>>,
    {
        let mut collect = self.collect.lock().unwrap_or_else(PoisonError::into_inner);
        match collect(done) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.stop(),
            // Jobs in flight are still collected; the first error tells why it failed.
            Err(reason) => {
                let _ = self.failed.set(reason);
                self.stop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn pool<'a>(workers: usize, rate: Option<u32>, signals: &'a Signals) -> WorkerPool<'a> {
        WorkerPool { workers, limiter: Arc::new(RateLimiter::new(rate)), signals }
    }

    fn worked(stop_after: Option<usize>) -> (Vec<u32>, usize) {
        let (signals, given) = (Signals::default(), AtomicUsize::new(0));
        let mut results = Vec::new();
        let jobs = (0..1_000).map(|job| {
            given.fetch_add(1, Ordering::SeqCst);
            Ok(job)
        });
        let work = |job: &u32| {
            assert!(*job != 13, "an unlucky job");
            Ok(*job * 2)
        };
        let collect = |done: Option<(u32, Result<u32>)>| {
            results.extend(done.map(|(job, result)| result.unwrap_or(job)));
            Ok(match stop_after {
                Some(count) if results.len() >= count => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        };
        pool(4, None, &signals).run(jobs, work, collect).unwrap();
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
    fn a_collect_error_ends_the_pool_without_a_wait_for_the_limit() {
        let signals = Signals::default();
        let pool = pool(4, Some(1), &signals);
        let (begun, mut seen) = (AtomicUsize::new(0), 0);
        let first = pool.limiter.acquire(1, Duration::ZERO);
        assert!(first.is_some());
        let work = |&job: &u32| {
            begun.fetch_add(1, Ordering::SeqCst);
            // Half of them would have to wait for a minute.
            let granted = job < 4 || pool.limiter.acquire(1, Duration::ZERO).is_some();
            granted.then_some(()).ok_or_else(|| Error::new(ErrorKind::Interrupted, "stopped"))
        };
        let collect = |done: Option<(u32, Result<()>)>| match done {
            Some(_) => {
                seen += 1;
                Err(Error::new(ErrorKind::Failed, "full"))
            }
            None => Ok(ControlFlow::Continue(())),
        };
        let jobs = (0..100).map(|job| Ok(job * 2 % 7));
        assert!(pool.run(jobs, work, collect).is_err());
        assert!(seen >= 1 && seen <= begun.into_inner());
    }

    #[test]
    fn jobs_that_cannot_be_read_are_an_error() {
        let signals = Signals::default();
        let refused = |jobs: &mut (dyn Iterator<Item = Result<u32>> + Send)| {
            pool(2, None, &signals).run(jobs, |_| Ok(()), |_| Ok(ControlFlow::Continue(()))).is_err()
        };
        assert!(refused(&mut std::iter::from_fn(|| panic!("no jobs"))));
        assert!(refused(&mut [Ok(1), Err(Error::new(ErrorKind::Failed, "damaged"))].into_iter()));
    }

    #[test]
    fn a_stopped_pool_finishes_started_jobs_and_takes_no_more() {
        let (results, given) = worked(Some(20));
        assert!(results.len() >= 20 && given < 100, "{} results of {given} jobs", results.len());
    }
}
