//! Several hands at one pile: jobs come from a feed, threads do them, what comes of each is collected in one place.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crate::api::Pacer;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupts;

/// How often it is looked whether the work is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Threads that do jobs.
pub(super) struct Crew<'a> {
    pub(super) hands: usize,
    pub(super) pacer: &'a Pacer,
    pub(super) interrupts: &'a Interrupts,
}

/// Takes jobs one by one; false where no more are wanted.
pub(super) type Take<'a, J> = &'a mut dyn FnMut(J) -> bool;

impl Crew<'_> {
    /// Does every job that `feed` gives. `work` gives none for a job that was not done because the work was stopped.
    /// `collect` is called here with what came of each, and with none from time to time; it may stop the work.
    ///
    /// Jobs that were begun are finished in any case. A panic of `work` becomes what `panicked` makes of it.
    ///
    /// # Errors
    /// As the feed or the collecting has them.
    pub(super) fn work<J: Send + Clone, R: Send>(
        &self,
        feed: impl FnOnce(Take<'_, J>) -> Result<()> + Send,
        work: impl Fn(J) -> Option<R> + Sync,
        panicked: impl Fn(J) -> R + Sync,
        mut collect: impl FnMut(Option<R>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let stopped = AtomicBool::new(false);
        let (give, jobs) = sync_channel::<J>(self.hands);
        let (done, results) = sync_channel::<R>(self.hands);
        let jobs = Mutex::new(jobs);
        std::thread::scope(|scope| {
            let is_stopped = || stopped.load(Ordering::SeqCst);
            for at in 0..self.hands {
                let (done, jobs, work, panicked) = (done.clone(), &jobs, &work, &panicked);
                let hand = move || hand(jobs, &done, &is_stopped, work, panicked);
                match Builder::new().spawn_scoped(scope, hand) {
                    Ok(_) => {}
                    Err(why) if at == 0 => return Err(no_threads(why)),
                    // Fewer hands do the same work.
                    Err(_) => break,
                }
            }
            drop(done);
            let feed = move || feed(&mut |job| !is_stopped() && give.send(job).is_ok());
            // The hands end when there is nobody who gives.
            let feeder = Builder::new().spawn_scoped(scope, feed).map_err(no_threads)?;
            let collected = self.collect(&results, &stopped, &mut collect);
            // Whatever happened, the hands put down what they have, and what they finished counts.
            stopped.store(true, Ordering::SeqCst);
            self.pacer.stop();
            while let Ok(result) = results.recv() {
                // Why it went wrong is known already.
                let _ = collect(Some(result));
            }
            let broke = || Err(Error::new(Kind::Failed, "this program failed while it read the rows"));
            let fed = feeder.join().unwrap_or_else(|_| broke());
            collected.and(fed)
        })
    }

    fn collect<R>(
        &self,
        results: &Receiver<R>,
        stopped: &AtomicBool,
        collect: &mut impl FnMut(Option<R>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        loop {
            if self.interrupts.is_stopping() && !stopped.swap(true, Ordering::SeqCst) {
                self.pacer.stop();
            }
            let result = match results.recv_timeout(LOOK) {
                Ok(result) => Some(result),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if collect(result)?.is_break() && !stopped.swap(true, Ordering::SeqCst) {
                self.pacer.stop();
            }
        }
    }
}

fn no_threads(why: io::Error) -> Error {
    Error::new(Kind::Failed, "the system has no thread for the work")
        .because(why)
        .hint("see what `ulimit -a` says of processes and memory")
}

fn hand<J: Clone, R>(
    jobs: &Mutex<Receiver<J>>,
    done: &SyncSender<R>,
    is_stopped: &impl Fn() -> bool,
    work: &impl Fn(J) -> Option<R>,
    panicked: &impl Fn(J) -> R,
) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if is_stopped() {
            continue;
        }
        let kept = job.clone();
        let result = catch_unwind(AssertUnwindSafe(|| work(job))).unwrap_or_else(|_| Some(panicked(kept)));
        if let Some(result) = result
            && done.send(result).is_err()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worked(stop_after: Option<usize>) -> (Vec<u32>, usize) {
        let (pacer, interrupts) = (Pacer::new(None), Interrupts::default());
        let crew = Crew { hands: 4, pacer: &pacer, interrupts: &interrupts };
        let given = std::sync::atomic::AtomicUsize::new(0);
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
        let work = |job: u32| {
            assert!(job != 13, "an unlucky job");
            Some(job * 2)
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
        let (begun, mut seen) = (std::sync::atomic::AtomicUsize::new(0), 0);
        assert!(pacer.enter(false));
        let work = |job: u32| {
            begun.fetch_add(1, Ordering::SeqCst);
            // Half of them would have to wait for a minute.
            (job < 4 || pacer.enter(false)).then_some(job)
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
        assert!(crew.work(feed, Some, |job| job, |_| Ok(ControlFlow::Continue(()))).is_err());
    }

    #[test]
    fn stopped_it_finishes_what_was_begun_and_takes_no_more() {
        let (results, given) = worked(Some(20));
        assert!(results.len() >= 20 && given < 100, "{} results of {given} jobs", results.len());
    }
}
