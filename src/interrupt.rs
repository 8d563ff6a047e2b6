//! Ctrl-C: before a write nothing has happened and the program ends at once; during one its outcome is awaited.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::terminal::Notes;

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

/// What the program is doing, as far as Ctrl-C is concerned.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    phase: Arc<AtomicU8>,
    parting: Arc<Mutex<Vec<String>>>,
    /// The signal that came and of which it is not decided yet what follows; zero for none.
    arrived: Arc<AtomicUsize>,
    /// Signals are to be watched.
    begun: Arc<AtomicBool>,
    /// Whether somebody decides, once that is known.
    watched: Arc<OnceLock<bool>>,
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
        self.ready();
        self.parting().extend(settle.clone());
        if self.phase.compare_exchange(IDLE, WRITING, Ordering::SeqCst, Ordering::SeqCst) == Err(ENDED) {
            await_the_end();
        }
        Writing { own: self.clone(), settle, then: IDLE }
    }

    /// Marks that rows are carried out until the program ends: a signal stops it between two of them.
    pub fn rows(&self) {
        self.ready();
        let _ = self.phase.compare_exchange(IDLE, ROWS, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The same for rows of which none is written, so that nothing is uncertain whenever it ends.
    pub fn rows_unwritten(&self) {
        self.ready();
        let _ = self.phase.compare_exchange(IDLE, LOOKING, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Whether no further row is to be begun.
    pub fn is_stopping(&self) -> bool {
        matches!(self.phase.load(Ordering::SeqCst), STOPPING | LEAVING)
    }

    /// Marks that another program has the terminal: the keys that interrupt are meant for that one.
    pub fn aside(&self) -> Aside {
        self.ready();
        let _ = self.phase.compare_exchange(IDLE, ASIDE, Ordering::SeqCst, Ordering::SeqCst);
        Aside { own: self.clone() }
    }

    /// What the user is to be told should a signal end the program from here on.
    pub fn on_parting(&self, hints: Vec<String>) {
        *self.parting() = hints;
    }

    fn parting(&self) -> MutexGuard<'_, Vec<String>> {
        self.parting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks that the program is ending by itself. Where a signal ends it already, this does not return.
    pub fn end(&self) {
        self.decided();
        if self.phase.swap(ENDED, Ordering::SeqCst) == ENDED {
            await_the_end();
        }
    }

    /// Waits until signals are watched, where they are to be.
    pub fn ready(&self) {
        if self.begun.load(Ordering::SeqCst) {
            self.watched.wait();
        }
    }

    /// Waits until a signal that came is dealt with, which may end the program.
    fn decided(&self) {
        self.ready();
        while self.watched.get() == Some(&true) && self.arrived.load(Ordering::SeqCst) != 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// Watches for SIGINT, SIGQUIT, SIGTERM and SIGHUP, soon: whoever is about to do what must not be cut off waits until
    /// it is [`ready`](Interrupts::ready). `ended` tells the user before the program ends by one of them, with what is
    /// uncertain and the hints that were left, and puts the terminal right. Its exit code is the program's where something
    /// is uncertain; else that is 128 and the signal, as a shell has it.
    #[cfg(unix)]
    pub fn watch(&self, notes: Notes, ended: impl Fn(Left, Vec<String>) -> u8 + Send + 'static) {
        self.begun.store(true, Ordering::SeqCst);
        let own = self.clone();
        // All of it takes as long as reading the configuration, which another processor does meanwhile.
        let watch = move || {
            let _told = Told(&own);
            match own.signals() {
                Some(signals) => own.decide(signals, notes, ended),
                None => own.unwatched(notes),
            }
        };
        if std::thread::Builder::new().name("signals".to_string()).spawn(watch).is_err() {
            self.unwatched(notes);
        }
    }

    #[cfg(unix)]
    fn unwatched(&self, notes: Notes) {
        let _ = self.watched.set(false);
        notes.warn("signals cannot be watched, so Ctrl-C ends the program at any moment");
    }

    /// The signals as they come; none where the system does not tell of them, and lets them end the program.
    #[cfg(unix)]
    fn signals(&self) -> Option<impl Iterator<Item = i32> + use<>> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        // Under `nohup` the work goes on when the terminal goes away.
        let watched: Vec<i32> = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|&it| it != SIGHUP || !ignored(it))
            .collect();
        // Before the thread can hear of a signal, so that it is the thread that takes the mark away.
        for &signal in &watched {
            let mark = usize::try_from(signal).unwrap_or(usize::MAX);
            // Where this cannot be had, only the order of two endings is less certain.
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&self.arrived), mark);
        }
        let Ok(mut signals) = signal_hook::iterator::Signals::new(&watched) else {
            defaults(&watched);
            return None;
        };
        // One that came in between may have left nothing but its mark; where it is told as well, it is still one.
        let missed = i32::try_from(self.arrived.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0);
        let told = missed.into_iter().flat_map(|_| signals.pending()).filter(|told| Some(*told) != missed);
        let first: Vec<i32> = missed.into_iter().chain(told).collect();
        Some(first.into_iter().chain(std::iter::from_fn(move || signals.forever().next())))
    }

    /// Decides of every signal what follows.
    #[cfg(unix)]
    fn decide(
        &self,
        signals: impl Iterator<Item = i32>,
        notes: Notes,
        ended: impl Fn(Left, Vec<String>) -> u8,
    ) {
        use signal_hook::consts::{SIGINT, SIGQUIT};
        let _ = self.watched.set(true);
        for signal in signals {
            if self.goes_on(matches!(signal, SIGINT | SIGQUIT), notes) {
                self.arrived.store(0, Ordering::SeqCst);
                continue;
            }
            let left = match self.phase.swap(ENDED, Ordering::SeqCst) {
                ENDED => continue,
                INSISTED => Left::Change("not awaited: whether the change was written is not known"),
                SENT => Left::Change("interrupted after the change was sent, before its outcome was told"),
                STOPPING => Left::Rows("not awaited: whether the rows in flight were written is not known"),
                _ => Left::Nothing,
            };
            let hints = std::mem::take(&mut *self.parting());
            let code = ended(left, hints);
            std::process::exit(if left == Left::Nothing { 128 + signal } else { code.into() });
        }
    }

    /// Whether the program goes on after a signal. `from_keys` tells whether keys of the terminal make such a signal.
    #[cfg(unix)]
    fn goes_on(&self, from_keys: bool, notes: Notes) -> bool {
        let becomes =
            |from, to| self.phase.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if from_keys && self.phase.load(Ordering::SeqCst) == ASIDE {
            return true;
        }
        if becomes(ROWS, STOPPING) || becomes(LOOKING, LEAVING) {
            notes.warn("the rows in flight are finished, no other is begun (Ctrl-C again gives that up)");
            return true;
        }
        if becomes(WRITING, INSISTED) {
            notes.warn("the change is on its way; its outcome is awaited (Ctrl-C again gives that up)");
            return true;
        }
        false
    }

    /// Elsewhere the platform ends the program by itself.
    #[cfg(not(unix))]
    pub fn watch(&self, _notes: Notes, _ended: impl Fn(Left, Vec<String>) -> u8 + Send + 'static) {}
}

/// Nobody waits for a thread that is gone, however it went.
#[cfg(unix)]
struct Told<'a>(&'a Interrupts);

#[cfg(unix)]
impl Drop for Told<'_> {
    fn drop(&mut self) {
        let _ = self.0.watched.set(false);
    }
}

/// Lets signals end the program as if nobody had asked for them.
#[cfg(unix)]
fn defaults(signals: &[i32]) {
    for &signal in signals {
        let _ = signal_hook::flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true)));
    }
}

/// Whether this process was started to ignore a signal. Where the system does not tell, it was not.
#[cfg(unix)]
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (signal - 1) != 0
}

/// Makes a file that grows beyond `ulimit -f` an error of the write, which is told and dealt with like a full disk, and
/// not the end of the program in the middle of a change.
pub fn survive_large_files() {
    #[cfg(unix)]
    let _ = signal_hook::flag::register(
        // A handler, because what is ignored would be ignored by the editor too.
        signal_hook::consts::SIGXFSZ,
        Arc::new(AtomicBool::new(false)),
    );
}

/// Another thread is ending the program.
fn await_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.own.decided();
        let _ = self.own.phase.compare_exchange(ASIDE, IDLE, Ordering::SeqCst, Ordering::SeqCst);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let phase = &self.own.phase;
        let _ = phase.compare_exchange(WRITING, self.then, Ordering::SeqCst, Ordering::SeqCst);
        let _ = phase.compare_exchange(INSISTED, self.then, Ordering::SeqCst, Ordering::SeqCst);
        if let Some(settle) = self.settle.as_ref().filter(|_| self.then == IDLE) {
            self.own.parting().retain(|hint| hint != settle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_change_was_sent_it_is_not_said_that_nothing_was_written() {
        let interrupts = Interrupts::default();
        let phase = || interrupts.phase.load(Ordering::SeqCst);
        let refused = interrupts.writing(Some("settle it".to_string()));
        assert_eq!((phase(), interrupts.parting().len()), (WRITING, 1));
        drop(refused);
        assert_eq!((phase(), interrupts.parting().len()), (IDLE, 0));
        let mut sent = interrupts.writing(Some("settle it".to_string()));
        sent.sent();
        drop(sent);
        assert_eq!((phase(), interrupts.parting().len()), (SENT, 1));
    }
}
