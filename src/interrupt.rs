//! Ctrl-C: before a write nothing has happened and the program ends at once; during one its outcome is awaited.
//!
//! A signal that comes leaves a mark. What follows from it is decided by a thread, which is there from the first wait on that
//! may be long ([`Interrupts::attend`]); a command that never waits long goes without, and looks for a mark wherever it comes
//! to a step that matters. Starting a thread takes as long as a server on the same machine takes to answer.

#[cfg(unix)]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
/// The outcome of a change was told.
const TOLD: u8 = 10;

/// Nobody decides of signals.
const UNWATCHED: u8 = 0;
/// A signal leaves a mark, and nobody waits for one.
const UNATTENDED: u8 = 1;
/// A thread decides of every signal as it comes, or is about to.
const ATTENDED: u8 = 2;

/// What the program is doing, as far as Ctrl-C is concerned.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    parting: Mutex<Vec<String>>,
    /// The signal that came and of which it is not decided yet what follows; zero for none.
    arrived: Arc<AtomicUsize>,
    attendance: AtomicU8,
    /// What decides, until a thread has it.
    decider: Mutex<Option<Decider>>,
}

/// What is told before a signal ends the program, and the exit code that it ends with.
type Ended = Box<dyn Fn(Left, Vec<String>) -> u8 + Send>;

/// What it takes to decide what follows from a signal.
struct Decider {
    signals: Vec<i32>,
    notes: Notes,
    ended: Ended,
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

    /// Waits until a signal that came is dealt with, which may end the program.
    pub fn heed(&self) {
        let came = || self.state.arrived.load(Ordering::SeqCst) != 0;
        if !came() {
            return;
        }
        self.attend();
        while came() && self.state.attendance.load(Ordering::SeqCst) == ATTENDED {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// Whether signals are watched and nobody waits for one: whoever is about to wait for long lets somebody
    /// [`attend`](Interrupts::attend) before.
    pub fn is_unattended(&self) -> bool {
        self.state.attendance.load(Ordering::SeqCst) == UNATTENDED
    }

    /// Watches for SIGINT, SIGQUIT, SIGTERM and SIGHUP. `ended` tells the user before the program ends by one of them, with
    /// what is uncertain and the hints that were left, and puts the terminal right. Its exit code is the program's where
    /// something is uncertain; else that is 128 and the signal, as a shell has it.
    ///
    /// One that comes is dealt with when somebody [`heed`](Interrupts::heed)s it or [`attend`](Interrupts::attend)s.
    #[cfg(unix)]
    pub fn watch(&self, notes: Notes, ended: impl Fn(Left, Vec<String>) -> u8 + Send + 'static) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        // Under `nohup` the work goes on when the terminal goes away.
        let signals: Vec<i32> = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|&signal| signal != SIGHUP || !ignored(signal))
            .collect();
        let marked = signals.iter().try_for_each(|&signal| {
            let mark = usize::try_from(signal).unwrap_or(usize::MAX);
            signal_hook::flag::register_usize(signal, Arc::clone(&self.state.arrived), mark).map(drop)
        });
        if marked.is_err() {
            return self.unwatched(&signals, notes);
        }
        *lock(&self.state.decider) = Some(Decider { signals, notes, ended: Box::new(ended) });
        self.state.attendance.store(UNATTENDED, Ordering::SeqCst);
    }

    /// Has a thread decide of every signal from now on, the one that came before included. Where signals are not watched
    /// there is nothing to do.
    #[cfg(unix)]
    pub fn attend(&self) {
        let attendance = &self.state.attendance;
        if attendance.compare_exchange(UNATTENDED, ATTENDED, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        let Some(decider) = lock(&self.state.decider).take() else { return };
        let (signals, notes) = (decider.signals.clone(), decider.notes);
        let own = self.clone();
        let attend = move || {
            let _leaving = Leaving(&own);
            match own.signals(&decider.signals) {
                Some(signals) => signals.for_each(|signal| own.decide(signal, &decider)),
                None => own.unwatched(&decider.signals, decider.notes),
            }
        };
        if std::thread::Builder::new().name("signals".to_string()).spawn(attend).is_err() {
            self.unwatched(&signals, notes);
        }
    }

    /// Leaves signals to the system, which ends the program: also by the one that came already.
    #[cfg(unix)]
    fn unwatched(&self, signals: &[i32], notes: Notes) {
        self.state.attendance.store(UNWATCHED, Ordering::SeqCst);
        notes.warn("signals cannot be watched, so Ctrl-C ends the program at any moment");
        for &signal in signals {
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true)));
        }
        match i32::try_from(self.state.arrived.load(Ordering::SeqCst)) {
            Ok(0) | Err(_) => {}
            Ok(signal) => drop(signal_hook::low_level::emulate_default_handler(signal)),
        }
    }

    /// The signals as they come; none where the system does not tell of them.
    #[cfg(unix)]
    fn signals(&self, watched: &[i32]) -> Option<impl Iterator<Item = i32> + use<>> {
        let mut signals = signal_hook::iterator::Signals::new(watched).ok()?;
        // One that came before has left nothing but its mark; where it is told as well, it is still one.
        let arrived = self.state.arrived.load(Ordering::SeqCst);
        let missed = i32::try_from(arrived).ok().filter(|signal| *signal != 0);
        let told = missed.into_iter().flat_map(|_| signals.pending()).filter(|told| Some(*told) != missed);
        let first: Vec<i32> = missed.into_iter().chain(told).collect();
        Some(first.into_iter().chain(std::iter::from_fn(move || signals.forever().next())))
    }

    /// Decides what follows from a signal.
    #[cfg(unix)]
    fn decide(&self, signal: i32, decider: &Decider) {
        use signal_hook::consts::{SIGINT, SIGQUIT};
        if let Some(said) = self.goes_on(matches!(signal, SIGINT | SIGQUIT)) {
            // Before it is said: who heeds the signal has no reason to wait for the reader of that.
            self.state.arrived.store(0, Ordering::SeqCst);
            return said.into_iter().for_each(|said| decider.notes.warn(said));
        }
        let left = match self.state.phase.swap(ENDED, Ordering::SeqCst) {
            ENDED => return,
            INSISTED => Left::Change("not awaited: whether the change was written is not known"),
            SENT => Left::Change("interrupted after the change was sent, before its outcome was told"),
            STOPPING => Left::Rows("not awaited: whether the rows in flight were written is not known"),
            _ => Left::Nothing,
        };
        let hints = std::mem::take(&mut *self.parting());
        let code = (decider.ended)(left, hints);
        std::process::exit(if left == Left::Nothing { 128 + signal } else { code.into() });
    }

    /// What is said where the program goes on after a signal, if anything; none where it ends. `from_keys` tells whether
    /// keys of the terminal make such a signal.
    #[cfg(unix)]
    fn goes_on(&self, from_keys: bool) -> Option<Option<&'static str>> {
        let becomes = |from, to| self.moves(from, to).is_ok();
        match self.state.phase.load(Ordering::SeqCst) {
            ASIDE if from_keys => return Some(None),
            TOLD => return Some(None),
            _ => {}
        }
        if becomes(ROWS, STOPPING) || becomes(LOOKING, LEAVING) {
            return Some(Some(
                "the rows in flight are finished, no other is begun (Ctrl-C again gives that up)",
            ));
        }
        becomes(WRITING, INSISTED)
            .then_some(Some("the change is on its way; its outcome is awaited (Ctrl-C again gives that up)"))
    }

    /// Elsewhere the platform ends the program by itself.
    #[cfg(not(unix))]
    pub fn watch(&self, _notes: Notes, _ended: impl Fn(Left, Vec<String>) -> u8 + Send + 'static) {}

    /// Nobody is needed who does.
    #[cfg(not(unix))]
    pub fn attend(&self) {}
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Decider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decider").field("signals", &self.signals).finish_non_exhaustive()
    }
}

/// Nobody waits for a thread that is gone, however it went.
#[cfg(unix)]
struct Leaving<'a>(&'a Interrupts);

#[cfg(unix)]
impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.state.attendance.store(UNWATCHED, Ordering::SeqCst);
    }
}

/// Whether this process was started to ignore a signal. Where the system does not tell, it was not.
#[cfg(unix)]
fn ignored(signal: i32) -> bool {
    // In one read, where a text that grows takes eight.
    let mut status = String::with_capacity(4096);
    let file = std::fs::File::open("/proc/self/status");
    let _ = file.and_then(|mut file| std::io::Read::read_to_string(&mut file, &mut status));
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
impl Interrupts {
    /// Watches for no signal at all, so that the tests can be interrupted; a mark can be left all the same.
    pub(crate) fn unattended() -> Interrupts {
        let own = Interrupts::default();
        let ended: Ended = Box::new(|left, _| panic!("{left:?}"));
        let decider = Decider { signals: Vec::new(), notes: Notes::default(), ended };
        *lock(&own.state.decider) = Some(decider);
        own.state.attendance.store(UNATTENDED, Ordering::SeqCst);
        own
    }

    fn marked(self) -> Interrupts {
        let signal = usize::try_from(signal_hook::consts::SIGINT).expect("a small number");
        self.state.arrived.store(signal, Ordering::SeqCst);
        self
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn phase(of: &Interrupts) -> u8 {
        of.state.phase.load(Ordering::SeqCst)
    }

    fn mark(of: &Interrupts) -> usize {
        of.state.arrived.load(Ordering::SeqCst)
    }

    #[test]
    fn a_mark_that_is_heeded_is_dealt_with() {
        let interrupts = Interrupts::unattended();
        let writing = interrupts.writing(None);
        interrupts.heed();
        assert!(interrupts.is_unattended(), "nothing came");
        let interrupts = interrupts.marked();
        interrupts.heed();
        assert_eq!((phase(&interrupts), mark(&interrupts)), (INSISTED, 0));
        drop(writing);
        assert_eq!(phase(&interrupts), IDLE);
    }

    #[test]
    fn a_mark_from_before_a_write_ended_is_told_as_one_of_the_write() {
        let interrupts = Interrupts::unattended();
        let mut writing = interrupts.writing(None);
        let interrupts = interrupts.marked();
        writing.sent();
        drop(writing);
        assert_eq!((phase(&interrupts), mark(&interrupts)), (SENT, 0));
    }

    #[test]
    fn once_the_outcome_is_told_there_is_nothing_left_to_interrupt() {
        let interrupts = Interrupts::unattended();
        interrupts.writing(None).sent();
        interrupts.told();
        let interrupts = interrupts.marked();
        interrupts.end();
        assert_eq!((phase(&interrupts), mark(&interrupts)), (ENDED, 0));
    }

    #[test]
    fn who_attends_deals_with_the_mark_that_was_left_before() {
        let interrupts = Interrupts::unattended();
        interrupts.moves(IDLE, ROWS).unwrap();
        let interrupts = interrupts.marked();
        interrupts.attend();
        assert!(!interrupts.is_unattended());
        interrupts.heed();
        assert!(interrupts.is_stopping() && mark(&interrupts) == 0);
    }

    #[test]
    fn nobody_attends_where_signals_are_left_to_the_system() {
        let interrupts = Interrupts::default();
        interrupts.attend();
        interrupts.heed();
        assert_eq!(interrupts.state.attendance.load(Ordering::SeqCst), UNWATCHED);
    }

    #[test]
    fn after_a_change_was_sent_it_is_not_said_that_nothing_was_written() {
        let interrupts = Interrupts::default();
        let refused = interrupts.writing(Some("settle it".to_string()));
        assert_eq!((phase(&interrupts), interrupts.parting().len()), (WRITING, 1));
        drop(refused);
        assert_eq!((phase(&interrupts), interrupts.parting().len()), (IDLE, 0));
        let mut sent = interrupts.writing(Some("settle it".to_string()));
        sent.sent();
        drop(sent);
        assert_eq!((phase(&interrupts), interrupts.parting().len()), (SENT, 1));
    }
}
