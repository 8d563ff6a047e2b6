//! The signals themselves: the marks they leave, the thread that decides of them, and what follows.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

use super::{
    ASIDE, ENDED, INSISTED, Interrupts, LEAVING, LOOKING, Left, ROWS, SENT, STOPPING, TOLD, WRITING, lock,
};
use crate::terminal::Notes;

/// Nobody decides of signals.
pub(super) const UNWATCHED: u8 = 0;
/// A signal leaves a mark, and nobody waits for one.
pub(super) const UNATTENDED: u8 = 1;
/// A thread decides of every signal as it comes, or is about to.
const ATTENDED: u8 = 2;

/// What is known of signals, and who decides of them.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The signal that came and of which it is not decided yet what follows; zero for none.
    pub(super) arrived: Arc<AtomicUsize>,
    pub(super) attendance: AtomicU8,
    /// What decides, until a thread has it.
    pub(super) decider: Mutex<Option<Decider>>,
}

/// What is told before a signal ends the program, and the exit code that it ends with.
pub(super) type Ended = Box<dyn Fn(Left, Vec<String>) -> u8 + Send>;

/// What it takes to decide what follows from a signal.
pub(super) struct Decider {
    pub(super) signals: Vec<i32>,
    pub(super) notes: Notes,
    pub(super) ended: Ended,
}

impl Interrupts {
    /// Waits until a signal that came is dealt with, which may end the program.
    pub fn heed(&self) {
        let came = || self.state.watch.arrived.load(Ordering::SeqCst) != 0;
        if !came() {
            return;
        }
        self.attend();
        while came() && self.state.watch.attendance.load(Ordering::SeqCst) == ATTENDED {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether signals are watched and nobody waits for one: whoever is about to wait for long lets somebody
    /// [`attend`](Interrupts::attend) before.
    pub fn is_unattended(&self) -> bool {
        self.state.watch.attendance.load(Ordering::SeqCst) == UNATTENDED
    }

    /// Watches for SIGINT, SIGQUIT, SIGTERM and SIGHUP. `ended` tells the user before the program ends by one of them, with
    /// what is uncertain and the hints that were left, and puts the terminal right. Its exit code is the program's where
    /// something is uncertain; else that is 128 and the signal, as a shell has it.
    ///
    /// One that comes is dealt with when somebody [`heed`](Interrupts::heed)s it or [`attend`](Interrupts::attend)s.
    pub fn watch(&self, notes: Notes, ended: impl Fn(Left, Vec<String>) -> u8 + Send + 'static) {
        // Under `nohup` the work goes on when the terminal goes away.
        let signals: Vec<i32> = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|&signal| signal != SIGHUP || !ignored(signal))
            .collect();
        let marked = signals.iter().try_for_each(|&signal| {
            let mark = usize::try_from(signal).unwrap_or(usize::MAX);
            flag::register_usize(signal, Arc::clone(&self.state.watch.arrived), mark).map(drop)
        });
        if marked.is_err() {
            return self.unwatched(&signals, notes);
        }
        *lock(&self.state.watch.decider) = Some(Decider { signals, notes, ended: Box::new(ended) });
        self.state.watch.attendance.store(UNATTENDED, Ordering::SeqCst);
    }

    /// Has a thread decide of every signal from now on, the one that came before included. Where signals are not watched
    /// there is nothing to do.
    pub fn attend(&self) {
        let attendance = &self.state.watch.attendance;
        if attendance.compare_exchange(UNATTENDED, ATTENDED, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        let Some(decider) = lock(&self.state.watch.decider).take() else { return };
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
    fn unwatched(&self, signals: &[i32], notes: Notes) {
        self.state.watch.attendance.store(UNWATCHED, Ordering::SeqCst);
        notes.warn("signals cannot be watched, so Ctrl-C ends the program at any moment");
        for &signal in signals {
            let _ = flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true)));
        }
        match i32::try_from(self.state.watch.arrived.load(Ordering::SeqCst)) {
            Ok(0) | Err(_) => {}
            Ok(signal) => drop(low_level::emulate_default_handler(signal)),
        }
    }

    /// The signals as they come; none where the system does not tell of them.
    fn signals(&self, watched: &[i32]) -> Option<impl Iterator<Item = i32> + use<>> {
        let mut signals = Signals::new(watched).ok()?;
        // One that came before has left nothing but its mark; where it is told as well, it is still one.
        let arrived = self.state.watch.arrived.load(Ordering::SeqCst);
        let missed = i32::try_from(arrived).ok().filter(|signal| *signal != 0);
        let told = missed.into_iter().flat_map(|_| signals.pending()).filter(|told| Some(*told) != missed);
        let first: Vec<i32> = missed.into_iter().chain(told).collect();
        Some(first.into_iter().chain(std::iter::from_fn(move || signals.forever().next())))
    }

    /// Decides what follows from a signal.
    fn decide(&self, signal: i32, decider: &Decider) {
        let keys = matches!(signal, SIGINT | SIGQUIT);
        let said = self.first_of_two();
        if said.is_some() || self.is_no_concern(keys) {
            // Before it is said: who heeds the signal has no reason to wait for the reader of that.
            self.state.watch.arrived.store(0, Ordering::SeqCst);
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

    /// Whether a signal is meant for another program, which has the terminal with its `keys`, or comes too late.
    fn is_no_concern(&self, keys: bool) -> bool {
        match self.state.phase.load(Ordering::SeqCst) {
            ASIDE => keys,
            TOLD => true,
            _ => false,
        }
    }

    /// What is said to the first signal where only a second one ends the program; none where this one does.
    fn first_of_two(&self) -> Option<&'static str> {
        let becomes = |from, to| self.moves(from, to).is_ok();
        if becomes(ROWS, STOPPING) || becomes(LOOKING, LEAVING) {
            return Some("the rows in flight are finished, no other is begun (Ctrl-C again gives that up)");
        }
        becomes(WRITING, INSISTED)
            .then_some("the change is on its way; its outcome is awaited (Ctrl-C again gives that up)")
    }
}

impl std::fmt::Debug for Decider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decider").field("signals", &self.signals).finish_non_exhaustive()
    }
}

/// Nobody waits for a thread that is gone, however it went.
struct Leaving<'a>(&'a Interrupts);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.state.watch.attendance.store(UNWATCHED, Ordering::SeqCst);
    }
}

/// Whether this process was started to ignore a signal. Where the system does not tell, it was not.
fn ignored(signal: i32) -> bool {
    // In one read, where a text that grows takes eight.
    let mut status = String::with_capacity(4096);
    let _ = File::open("/proc/self/status").and_then(|mut file| file.read_to_string(&mut status));
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (signal - 1) != 0
}

/// Makes a file that grows beyond `ulimit -f` an error of the write, which is told and dealt with like a full disk, and
/// not the end of the program in the middle of a change.
pub fn survive_large_files() {
    let _ = flag::register(
        // A handler, because what is ignored would be ignored by the editor too.
        SIGXFSZ,
        Arc::new(AtomicBool::new(false)),
    );
}
