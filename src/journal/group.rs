//! Records of several threads, written together: one of them writes what all wait for, so that the disk is synced once
//! for many.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, anyhow};

use super::record::{Open, Record};
use super::store::Durability;

/// The records that wait, and what became of those that were written.
#[derive(Debug, Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    written: Condvar,
    tail: Mutex<Option<Tail>>,
}

/// The end of the journal, as this process wrote it last.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    /// Where the last line ends, in bytes.
    pub(super) end: u64,
    /// The entries that are open there.
    pub(super) open: Vec<Open>,
    /// Which file it is.
    pub(super) file: Option<(u64, u64)>,
}

#[derive(Debug, Default)]
struct Queue {
    next: u64,
    waiting: Vec<(u64, (Record, Durability))>,
    /// What became of a record, until its thread has seen it.
    ended: HashMap<u64, Result<(), String>>,
    /// Whether a thread is writing.
    writing: bool,
}

impl Group {
    /// Waits until a record is written, by this thread or another one. `write` writes all that wait, in order.
    pub(super) fn append(
        &self,
        record: Record,
        durability: Durability,
        write: impl Fn(&[(Record, Durability)]) -> Result<()>,
    ) -> Result<()> {
        let mut queue = self.lock();
        let ticket = queue.next;
        queue.next += 1;
        queue.waiting.push((ticket, (record, durability)));
        loop {
            if let Some(ended) = queue.ended.remove(&ticket) {
                return ended.map_err(|why| anyhow!(why));
            }
            if queue.writing {
                queue = self.written.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.writing = true;
            let (tickets, batch): (Vec<u64>, Vec<_>) = std::mem::take(&mut queue.waiting).into_iter().unzip();
            drop(queue);
            // A panic here would leave everybody waiting.
            let ended = catch_unwind(AssertUnwindSafe(|| write(&batch)))
                .unwrap_or_else(|_| Err(anyhow!("this program failed while it wrote")))
                .map_err(|why| format!("{why:#}"));
            queue = self.lock();
            queue.writing = false;
            queue.ended.extend(tickets.into_iter().map(|ticket| (ticket, ended.clone())));
            self.written.notify_all();
        }
    }

    /// What this process knows of the journal's end.
    pub(super) fn known(&self) -> Option<Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the journal's end.
    pub(super) fn remember(&self, tail: Tail) {
        *self.tail.lock().unwrap_or_else(PoisonError::into_inner) = Some(tail);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
                while group.lock().waiting.len() < 7 {
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
        assert!(group.lock().ended.is_empty());
    }
}
