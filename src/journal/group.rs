//! Records of several threads, written together: one of them writes what all wait for, so that the disk is synced once
//! for many.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use anyhow::{Result, anyhow};

use super::record::{Open, Record};
use super::store::Durability;

/// The records that wait, and whether a thread is writing others.
#[derive(Debug, Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    tail: Mutex<Option<Tail>>,
    held: Mutex<Option<Held>>,
}

/// The files of the journal, kept open from one append to the next. The lock is not held in between.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) lock: File,
    pub(super) journal: File,
    /// Which files they are, in this order; none where the platform does not tell.
    pub(super) ids: Option<(FileId, FileId)>,
}

/// A file, whatever its name: its device and its number there.
pub(super) type FileId = (u64, u64);

/// The end of the journal, as this process wrote it last.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    /// Where the last line ends, in bytes.
    pub(super) end: u64,
    /// The entries that are open there.
    pub(super) open: Vec<Open>,
    /// Which file it is.
    pub(super) file: Option<FileId>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<(Arc<Waiter>, (Record, Durability))>,
    /// Whether a thread is writing.
    writing: bool,
}

/// A thread that waits for its record to be written. It is woken when something became of it, and never before.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    word: Mutex<Option<Word>>,
}

/// What a waiting thread is told.
#[derive(Debug)]
enum Word {
    /// It is the one to write what waits.
    Lead,
    /// Its record is written, or not.
    Ended(Result<(), String>),
}

impl Waiter {
    fn new() -> Waiter {
        Waiter { thread: std::thread::current(), word: Mutex::new(None) }
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
    /// Waits until a record is written, by this thread or another one. `write` writes all that wait, in order.
    pub(super) fn append(
        &self,
        record: Record,
        durability: Durability,
        write: impl Fn(&[(Record, Durability)]) -> Result<()>,
    ) -> Result<()> {
        let own = Arc::new(Waiter::new());
        let mut queue = lock(&self.queue);
        queue.waiting.push((Arc::clone(&own), (record, durability)));
        let leads = !std::mem::replace(&mut queue.writing, true);
        drop(queue);
        let word = if leads { Word::Lead } else { own.wait() };
        let ended = match word {
            Word::Lead => self.lead(&own, write),
            Word::Ended(ended) => ended,
        };
        ended.map_err(|why| anyhow!(why))
    }

    /// Writes what waits, lets the next thread lead, and tells the others how it ended.
    fn lead(
        &self,
        own: &Arc<Waiter>,
        write: impl Fn(&[(Record, Durability)]) -> Result<()>,
    ) -> Result<(), String> {
        let waiting = std::mem::take(&mut lock(&self.queue).waiting);
        let (waiters, batch): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        // A panic here would leave everybody waiting.
        let ended = catch_unwind(AssertUnwindSafe(|| write(&batch)))
            .unwrap_or_else(|_| Err(anyhow!("this program failed while it wrote")))
            .map_err(|why| format!("{why:#}"));
        self.hand_over();
        let others = waiters.iter().filter(|waiter| !Arc::ptr_eq(waiter, own));
        others.for_each(|waiter| waiter.tell(Word::Ended(ended.clone())));
        ended
    }

    fn hand_over(&self) {
        let mut queue = lock(&self.queue);
        match queue.waiting.first() {
            Some((next, _)) => next.tell(Word::Lead),
            None => queue.writing = false,
        }
    }

    /// The files of the append before; whoever takes them gives them back.
    pub(super) fn held(&self) -> Option<Held> {
        lock(&self.held).take()
    }

    /// Keeps the files for the next append.
    pub(super) fn keep(&self, held: Held) {
        *lock(&self.held) = Some(held);
    }

    /// What this process knows of the journal's end.
    pub(super) fn known(&self) -> Option<Tail> {
        lock(&self.tail).clone()
    }

    /// Notes the journal's end.
    pub(super) fn remember(&self, tail: Tail) {
        *lock(&self.tail) = Some(tail);
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::id::EntryId;
    use super::super::record::{Ending, Outcome};
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn outcome(name: &str) -> Record {
        let time = jiff::Timestamp::UNIX_EPOCH;
        Record::Outcome(Outcome { entry: EntryId::typed(name), time, outcome: Ending::Written, stored: None })
    }

    #[test]
    fn what_waits_while_one_writes_is_written_at_once_and_each_learns_how_it_ended() {
        let group = Group::default();
        let (calls, records) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let first = std::sync::Barrier::new(2);
        let write = |batch: &[(Record, Durability)]| {
            if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                first.wait();
                // The others are let in before this write ends.
                while lock(&group.queue).waiting.len() < 7 {
                    std::thread::yield_now();
                }
            }
            records.fetch_add(batch.len(), Ordering::SeqCst);
            let full = batch.iter().any(|(record, _)| record.entry().to_string() == "bad");
            if full { Err(anyhow!("full")) } else { Ok(()) }
        };
        std::thread::scope(|scope| {
            let one = scope.spawn(|| group.append(outcome("one"), Durability::Synced, write));
            first.wait();
            let rest: Vec<_> = (0..7)
                .map(|at| if at == 3 { "bad" } else { "good" })
                .map(|name| {
                    let group = &group;
                    scope.spawn(move || group.append(outcome(name), Durability::Synced, write))
                })
                .collect();
            assert!(one.join().unwrap().is_ok());
            assert!(rest.into_iter().all(|thread| thread.join().unwrap().unwrap_err().to_string() == "full"));
        });
        assert_eq!((calls.into_inner(), records.into_inner()), (2, 8));
        let queue = lock(&group.queue);
        assert!(queue.waiting.is_empty() && !queue.writing);
    }
}
