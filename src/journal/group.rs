//! Several threads that wait for the disk: one of them has it synced for all that wrote before.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// The longest that others are waited for, however slow the disk was: they may have nothing more to write.
const LONGEST_WAIT: Duration = Duration::from_millis(20);
/// For how many syncs nobody is waited for where it was in vain: who is kept elsewhere, or has no change to write, mostly is so
/// for a while.
const RESTS: u32 = 8;

/// The threads that wait, and whether another one is syncing.
#[derive(Debug, Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    /// As many wait as write.
    complete: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Arc<Waiter>>,
    /// How many threads write; zero where that is not known, and then nobody is waited for.
    writers: usize,
    /// Whether a thread is syncing.
    syncing: bool,
    /// Whether the last sync was for more than one.
    crowded: bool,
    /// How long others are waited for: as long as the last sync took, but at most [`LONGEST_WAIT`].
    patience: Duration,
    /// For how many more syncs nobody is waited for.
    rests: u32,
    /// Why syncing failed, if it ever did. The system may take for written what it lost then, and tells only once.
    broken: Option<String>,
}

/// A thread that waits for its file to be synced. It is woken when something became of it, and never before.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    file: Arc<File>,
    word: Mutex<Option<Word>>,
}

/// What a waiting thread is told.
#[derive(Debug)]
enum Word {
    /// It is the one to sync for all that wait.
    Lead,
    /// Its file is on the disk, or not.
    Ended(Result<(), String>),
}

impl Waiter {
    fn new(file: Arc<File>) -> Waiter {
        Waiter { thread: std::thread::current(), file, word: Mutex::new(None) }
    }

    fn tell(&self, word: Word) {
        *lock(&self.word) = Some(word);
        self.thread.unpark();
    }

    fn wait(&self) -> Word {
        loop {
            if let Some(word) = lock(&self.word).take() {
                return word;
            }
            std::thread::park();
        }
    }
}

impl Group {
    /// From now on so many threads write, each of them one record after the other.
    pub(super) fn written_by(&self, writers: usize) {
        lock(&self.queue).writers = writers;
    }

    /// Waits until a file is on the disk with all that was written to it before, by this thread or another one.
    ///
    /// # Errors
    /// As `sync` has them; from then on every time.
    pub(super) fn sync(&self, file: &Arc<File>, sync: impl Fn(&File) -> io::Result<()>) -> Result<()> {
        let own = Arc::new(Waiter::new(Arc::clone(file)));
        let mut queue = lock(&self.queue);
        queue.waiting.push(Arc::clone(&own));
        if queue.crowded && queue.waiting.len() >= queue.writers {
            self.complete.notify_one();
        }
        let leads = !std::mem::replace(&mut queue.syncing, true);
        drop(queue);
        let word = if leads { Word::Lead } else { own.wait() };
        let ended = match word {
            Word::Lead => self.lead(&own, sync),
            Word::Ended(ended) => ended,
        };
        ended.map_err(|why| anyhow!(why))
    }

    /// Syncs what is waited for, lets the next thread lead, and tells the others how it ended.
    fn lead(&self, own: &Arc<Waiter>, sync: impl Fn(&File) -> io::Result<()>) -> Result<(), String> {
        let (waiting, broken) = self.gather();
        // It is one file, unless another was put in its place just now.
        let mut files: Vec<&Arc<File>> = waiting.iter().map(|waiter| &waiter.file).collect();
        files.dedup_by(|one, other| Arc::ptr_eq(one, other));
        // A panic here would leave everybody waiting.
        let sync_all = || catch_unwind(AssertUnwindSafe(|| files.iter().try_for_each(|file| sync(file))));
        let begun = Instant::now();
        let ended = broken.map_or_else(
            || sync_all().unwrap_or_else(|_| Err(io::Error::other("this program failed while it wrote"))),
            |why| Err(io::Error::other(why)),
        );
        let ended = ended.map_err(|why| why.to_string());
        self.hand_over(ended.as_ref().err(), begun.elapsed());
        let others = waiting.iter().filter(|waiter| !Arc::ptr_eq(waiter, own));
        others.for_each(|waiter| waiter.tell(Word::Ended(ended.clone())));
        ended
    }

    /// Takes all that wait, and why syncing failed before.
    ///
    /// Threads that were synced for together mostly come together again, so all others that write are waited for then: one
    /// sync for all of them costs no more than one for a half of them, and the halves would go on taking turns. Nobody is
    /// waited for longer than a sync takes, so that a record is late by a sync at most, and not again soon where it was in
    /// vain.
    fn gather(&self) -> (Vec<Arc<Waiter>>, Option<String>) {
        let mut queue = lock(&self.queue);
        if queue.rests > 0 {
            queue.rests -= 1;
        } else if queue.crowded {
            let patience = queue.patience;
            let incomplete = |queue: &mut Queue| queue.waiting.len() < queue.writers;
            let waited = self.complete.wait_timeout_while(queue, patience, incomplete);
            let (held, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = held;
            if waited.timed_out() {
                queue.rests = RESTS;
            }
        }
        let waiting = std::mem::take(&mut queue.waiting);
        queue.crowded = waiting.len() > 1;
        (waiting, queue.broken.clone())
    }

    fn hand_over(&self, broken: Option<&String>, took: Duration) {
        let mut queue = lock(&self.queue);
        (queue.broken, queue.patience) = (broken.cloned(), took.min(LONGEST_WAIT));
        match queue.waiting.first() {
            Some(next) => next.tell(Word::Lead),
            None => queue.syncing = false,
        }
    }
}

pub(super) fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn a_file() -> Arc<File> {
        Arc::new(tempfile::tempfile().unwrap())
    }

    #[test]
    fn what_was_written_while_one_syncs_is_synced_at_once_and_each_learns_how_it_ended() {
        let (group, calls) = (Group::default(), AtomicUsize::new(0));
        let (file, other) = (a_file(), a_file());
        let first = std::sync::Barrier::new(2);
        let sync = |synced: &File| {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            if call == 0 {
                first.wait();
                // The others are let in before this one ends.
                while lock(&group.queue).waiting.len() < 7 {
                    std::thread::yield_now();
                }
            }
            if std::ptr::eq(synced, &*other) { Err(io::Error::other("full")) } else { Ok(()) }
        };
        std::thread::scope(|scope| {
            let one = scope.spawn(|| group.sync(&file, sync));
            first.wait();
            let rest: Vec<_> = (0..7)
                .map(|at| if at == 6 { &other } else { &file })
                .map(|file| scope.spawn(|| group.sync(file, sync)))
                .collect();
            assert!(one.join().unwrap().is_ok());
            assert!(rest.into_iter().all(|thread| thread.join().unwrap().unwrap_err().to_string() == "full"));
        });
        assert!(calls.into_inner() <= 4, "for each file and not for each thread");
        let queue = lock(&group.queue);
        assert!(queue.waiting.is_empty() && !queue.syncing);
    }

    /// Longer than any of this takes.
    const LONG: Duration = Duration::from_secs(60);

    /// A group in which so many write and are waited for that long, and where the last sync was for several.
    fn crowded(writers: usize, patience: Duration) -> Group {
        let queue = Queue { writers, patience, crowded: true, ..Queue::default() };
        Group { queue: Mutex::new(queue), ..Group::default() }
    }

    #[test]
    fn where_the_last_sync_was_for_several_the_next_is_for_all_that_write() {
        let (group, file, calls) = (crowded(5, LONG), a_file(), AtomicUsize::new(0));
        let sync = |_: &File| {
            assert_eq!(lock(&group.queue).waiting.len(), 0);
            calls.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let threads = [(); 5].map(|()| scope.spawn(|| group.sync(&file, sync)));
            threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        });
        assert!(begun.elapsed() < LONG, "who came last wakes the first");
        assert_eq!(calls.into_inner(), 1);
        let queue = lock(&group.queue);
        assert!(queue.crowded && queue.rests == 0);
    }

    #[test]
    fn who_does_not_come_is_not_waited_for_again_soon() {
        let (group, file) = (crowded(3, Duration::ZERO), a_file());
        let sync_for_two = || {
            lock(&group.queue).waiting.push(Arc::new(Waiter::new(a_file())));
            group.sync(&file, |_| Ok(())).unwrap();
            let mut queue = lock(&group.queue);
            queue.patience = LONG;
            (queue.crowded, queue.rests)
        };
        assert_eq!(sync_for_two(), (true, RESTS), "the third did not come");
        for left in (0..RESTS).rev() {
            assert_eq!(sync_for_two(), (true, left));
        }
    }

    #[test]
    fn others_are_waited_for_as_long_as_the_last_sync_took_within_limits() {
        let (group, file) = (Group::default(), a_file());
        let patience = || lock(&group.queue).patience;
        let (begun, some) = (Instant::now(), Duration::from_millis(1));
        let slow = |_: &File| {
            while begun.elapsed() < some {
                std::thread::yield_now();
            }
            Ok(())
        };
        group.sync(&file, slow).unwrap();
        assert!(patience() > Duration::ZERO && patience() <= LONGEST_WAIT);
        for (took, patient) in [(some, some), (LONG, LONGEST_WAIT)] {
            group.hand_over(None, took);
            assert_eq!(patience(), patient);
        }
    }

    #[test]
    fn nobody_is_waited_for_where_it_is_not_known_how_many_write() {
        let (group, file) = (crowded(0, LONG), a_file());
        let begun = Instant::now();
        group.sync(&file, |_| Ok(())).unwrap();
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn it_is_known_whether_the_last_sync_was_for_several() {
        let (group, file) = (Group::default(), a_file());
        let crowded = || lock(&group.queue).crowded;
        group.sync(&file, |_| Ok(())).unwrap();
        assert!(!crowded());
        let begun = std::sync::Barrier::new(2);
        let until_two_wait = |_: &File| {
            begun.wait();
            while lock(&group.queue).waiting.len() < 2 {
                std::thread::yield_now();
            }
            Ok(())
        };
        let for_both = |_: &File| {
            assert!(crowded());
            Ok(())
        };
        std::thread::scope(|scope| {
            let one = scope.spawn(|| group.sync(&file, until_two_wait));
            begun.wait();
            let others = [0, 1].map(|_| scope.spawn(|| group.sync(&file, for_both)));
            [one].into_iter().chain(others).for_each(|thread| thread.join().unwrap().unwrap());
        });
        group.sync(&file, |_| Ok(())).unwrap();
        assert!(!crowded());
    }

    #[test]
    fn after_it_failed_once_nothing_is_taken_for_synced_any_more() {
        let (group, file) = (Group::default(), a_file());
        group.sync(&file, |_| Ok(())).unwrap();
        let why = |result: Result<()>| result.unwrap_err().to_string();
        assert_eq!(why(group.sync(&file, |_| Err(io::Error::other("the disk is gone")))), "the disk is gone");
        for _ in 0..2 {
            assert_eq!(why(group.sync(&file, |_| panic!("it is not tried"))), "the disk is gone");
        }
    }
}
