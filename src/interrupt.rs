//! Ctrl-C: before a write nothing has happened and the program ends at once; during one its outcome is awaited.
//!
//! A signal that comes leaves a mark. What follows from it is decided by a thread, which is there from the first wait on that
//! may be long ([`Interrupts::attend`]); a command that never waits long goes without, and looks for a mark wherever it comes
//! to a step that matters. Starting a thread takes as long as a server on the same machine takes to answer.

#[cfg(unix)]
mod watch;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use watch::Watch;
#[cfg(unix)]
pub use watch::survive_large_files;

/// Nothing was sent that could be lost.
const IDLE: u8 = 0;
/// A change is on its way.
const WRITING: u8 = 1;
/// A change is on its way, and Ctrl-C was pressed.
const INSISTED: u8 = 2;
/// The program is ending.
const ENDED: u8 = 3;
/// Another program has the terminal, and Ctrl-C is meant for it.
const ASIDE: u8 = 4;
/// Rows of a file are being carried out.
const ROWS: u8 = 5;
/// Rows are being carried out, Ctrl-C was pressed, and those in flight are finished.
const STOPPING: u8 = 6;
/// A change was sent, and what came of it is noted and being told.
const SENT: u8 = 7;
/// Rows are looked at, and none of them is written.
const LOOKING: u8 = 8;
/// Rows are looked at, and Ctrl-C was pressed: nothing is lost with those in flight.
const LEAVING: u8 = 9;
/// The outcome of a change was told.
const TOLD: u8 = 10;

/// What the program is doing, as far as Ctrl-C is concerned.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    parting: Mutex<Vec<String>>,
    #[cfg(unix)]
    watch: Watch,
}

/// What is uncertain where a signal ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing: no change was sent.
    Nothing,
    /// A change that was sent; in a sentence.
    Change(&'static str),
    /// The rows that were being carried out; in a sentence.
    Rows(&'static str),
}

/// A change is on its way while this lives.
#[derive(Debug)]
pub struct Writing {
    own: Interrupts,
    settle: Option<String>,
    /// What the program does afterwards.
    then: u8,
}

impl Writing {
    /// Marks that something may have been written: that nothing was is not to be said any more.
    pub fn sent(&mut self) {
        self.then = SENT;
    }
}

/// Another program has the terminal while this lives.
#[derive(Debug)]
pub struct Aside {
    own: Interrupts,
}

impl Interrupts {
    /// Marks that a change is on its way. Among rows it changes nothing: those in flight are finished in any case.
    ///
    /// Where a signal ends the program already, this does not return: it was said that nothing was written. `settle` is
    /// what the user is to be told should nobody wait for the outcome.
    pub fn writing(&self, settle: Option<String>) -> Writing {
        self.heed();
        self.parting().extend(settle.clone());
        if self.moves(IDLE, WRITING) == Err(ENDED) {
            await_the_end();
        }
        Writing { own: self.clone(), settle, then: IDLE }
    }

    /// Marks that rows are carried out until the program ends: a signal stops it between two of them.
    pub fn rows(&self) {
        self.attend();
        let _ = self.moves(IDLE, ROWS);
    }

    /// The same for rows of which none is written, so that nothing is uncertain whenever it ends.
    pub fn rows_unwritten(&self) {
        self.attend();
        let _ = self.moves(IDLE, LOOKING);
    }

    /// Whether no further row is to be begun.
    pub fn is_stopping(&self) -> bool {
        matches!(self.state.phase.load(Ordering::SeqCst), STOPPING | LEAVING)
    }

    /// Marks that another program has the terminal: the keys that interrupt are meant for that one.
    pub fn aside(&self) -> Aside {
        self.heed();
        self.attend();
        let _ = self.moves(IDLE, ASIDE);
        Aside { own: self.clone() }
    }

    /// Marks that the outcome of what was sent is told: there is nothing left to interrupt.
    pub fn told(&self) {
        let _ = self.moves(SENT, TOLD);
    }

    /// What the user is to be told should a signal end the program from here on.
    pub fn on_parting(&self, hints: Vec<String>) {
        *self.parting() = hints;
    }

    fn parting(&self) -> MutexGuard<'_, Vec<String>> {
        lock(&self.state.parting)
    }

    /// Goes from one phase to another; the error is the phase it is in instead.
    fn moves(&self, from: u8, to: u8) -> Result<u8, u8> {
        self.state.phase.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
    }

    /// Marks that the program is ending by itself. Where a signal ends it already, this does not return.
    pub fn end(&self) {
        self.heed();
        if self.state.phase.swap(ENDED, Ordering::SeqCst) == ENDED {
            await_the_end();
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Elsewhere the platform ends the program by itself.
#[cfg(not(unix))]
mod elsewhere {
    use super::{Interrupts, Left};
    use crate::terminal::Notes;

    impl Interrupts {
        /// No signal is told of.
        pub fn watch(&self, _notes: Notes, _ended: impl Fn(Left, Vec<String>) -> u8 + Send + 'static) {}

        /// Nobody is needed who does.
        pub fn attend(&self) {}

        /// Nothing came.
        pub fn heed(&self) {}

        /// Nothing is watched.
        pub fn is_unattended(&self) -> bool {
            false
        }
    }
}

/// No file is too large.
#[cfg(not(unix))]
pub fn survive_large_files() {}

/// Another thread is ending the program.
fn await_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.own.heed();
        let _ = self.own.moves(ASIDE, IDLE);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // The outcome is known by now, to whoever insists from here on as well.
        let _ = self.own.moves(INSISTED, self.then);
        // One that came while it was awaited is told so.
        self.own.heed();
        let _ = self.own.moves(WRITING, self.then);
        let _ = self.own.moves(INSISTED, self.then);
        if let Some(settle) = self.settle.as_ref().filter(|_| self.then == IDLE) {
            self.own.parting().retain(|hint| hint != settle);
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
