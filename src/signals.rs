//! Handles SIGINT, SIGQUIT, SIGTERM and SIGHUP. Before a write a signal ends the program. During a write the first signal
//! stops further sending and waits for the outcome; the second ends the program. One thread receives the signals; the
//! [`Phase`] decides the reaction.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(unix)]
use std::sync::atomic::AtomicBool;

use crate::error::{Error, ErrorKind};
use crate::store::EntryId;
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
#[cfg(unix)]
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
#[cfg(unix)]
use signal_hook::flag;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// No change was sent: a signal ends the program.
    #[default]
    Idle,
    /// The editor has the terminal: Ctrl-C is for the editor.
    InEditor,
    /// A change is being recorded and sent. The first signal keeps it from being sent, or waits for its outcome.
    Writing {
        sent: bool,
        signalled: bool,
    },
    /// The outcome of a change is known and not shown yet.
    Sent,
    /// A bulk run. The first signal lets the rows in flight finish; no new row starts.
    Rows {
        written: bool,
        signalled: bool,
    },
    /// A question among the rows of a run: none is in flight. A signal ends the program.
    RowsAsked,
    /// The result is printed: signals are ignored.
    Done,
    Interrupted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reaction {
    Ignore,
    KeepRunning(&'static str),
    End(ErrorKind, &'static str),
}

const NOT_SENT: Reaction = Reaction::End(ErrorKind::Interrupted, "interrupted");
const SENT: Reaction =
    Reaction::End(ErrorKind::Unknown, "interrupted after the PUT was sent, before the outcome was printed");
const CHANGE_IN_FLIGHT: Reaction =
    Reaction::End(ErrorKind::Unknown, "stopped waiting for the change: it may have been written");
const ROWS_IN_FLIGHT: Reaction =
    Reaction::End(ErrorKind::Partial, "stopped waiting for the rows in flight: they may have been written");
const ROWS_ASKED: Reaction =
    Reaction::End(ErrorKind::Partial, "interrupted at the question: the rows after it were not sent");

impl Phase {
    fn is_signalled(self) -> bool {
        matches!(self, Phase::Writing { signalled: true, .. } | Phase::Rows { signalled: true, .. })
    }

    /// `key`: whether a key press sends this signal (SIGINT, SIGQUIT).
    fn signalled(&mut self, key: bool) -> Reaction {
        match self {
            Phase::Done | Phase::Interrupted => return Reaction::Ignore,
            Phase::InEditor if key => return Reaction::Ignore,
            Phase::Writing { sent, signalled } if !*signalled => {
                *signalled = true;
                return Reaction::KeepRunning(if *sent {
                    "waiting for the outcome of the change (Ctrl-C again stops waiting)"
                } else {
                    "stopping before the change is sent (Ctrl-C again ends at once)"
                });
            }
            Phase::Rows { signalled, .. } if !*signalled => {
                *signalled = true;
                return Reaction::KeepRunning(
                    "finishing the rows in flight; no other row is started (Ctrl-C again stops waiting)",
                );
            }
            _ => {}
        }
        match std::mem::replace(self, Phase::Interrupted) {
            Phase::Writing { sent: true, .. } => CHANGE_IN_FLIGHT,
            Phase::Sent => SENT,
            Phase::Rows { written: true, .. } => ROWS_IN_FLIGHT,
            Phase::RowsAsked => ROWS_ASKED,
            _ => NOT_SENT,
        }
    }
}

pub(crate) struct Handler {
    pub(crate) warn: Box<dyn Fn(&str) + Send>,
    pub(crate) end: Box<dyn Fn(Error) + Send>,
    /// Called when the shell continues the program after Ctrl-Z.
    pub(crate) continued: Box<dyn Fn() + Send>,
    /// Records that the change of an entry was not sent; false if it cannot.
    pub(crate) not_sent: Box<dyn Fn(&EntryId) -> bool + Send>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    phase: Arc<Mutex<Phase>>,
    taken: Arc<Condvar>,
    hints: Arc<Mutex<Vec<String>>>,
    /// The entry of the change that is being written.
    entry: Arc<Mutex<Option<EntryId>>>,
    /// The process id of the program that has the terminal.
    editor_pid: Arc<Mutex<Option<u32>>>,
    /// Notified when that program has ended.
    ended: Arc<Condvar>,
}

/// Marks the phase [`Phase::Writing`] until it is dropped.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    signals: &'a Signals,
    resolve: Option<String>,
    taken: bool,
}

/// Marks the phase [`Phase::InEditor`] until it is dropped.
#[derive(Debug)]
pub(crate) struct InEditor<'a>(&'a Signals);

/// How long the program waits for the editor to exit after SIGTERM. vim and nano then restore the terminal modes. If the
/// editor kept running, it and the shell would read the same keys.
#[cfg(unix)]
const ENDS_WITHIN: Duration = Duration::from_secs(2);

impl Signals {
    /// Begins a single write. Does nothing in a bulk run, where the first signal never stops a row in flight.
    /// Does not return if a signal is ending the program, because the user has read that nothing was written.
    pub(crate) fn writing(&self) -> Writing<'_> {
        let mut phase = self.running();
        if *phase == Phase::Idle {
            *phase = Phase::Writing { sent: false, signalled: false };
        }
        drop(phase);
        Writing { signals: self, resolve: None, taken: false }
    }

    /// Begins a bulk run, until the program ends. `written`: whether its rows write; a plan only reads.
    pub(crate) fn rows(&self, written: bool) {
        *self.running() = Phase::Rows { written, signalled: false };
    }

    /// Begins a question among the rows; [`Signals::rows`] ends it. False if a signal stops the run.
    pub(crate) fn asks_among_rows(&self) -> bool {
        let mut phase = self.running();
        let goes_on = !phase.is_signalled();
        if goes_on {
            *phase = Phase::RowsAsked;
        }
        goes_on
    }

    pub(crate) fn is_stopping(&self) -> bool {
        matches!(*lock(&self.phase), Phase::Rows { signalled: true, .. })
    }

    pub(crate) fn give_terminal_to_editor(&self) -> InEditor<'_> {
        self.moves(Phase::Idle, Phase::InEditor);
        InEditor(self)
    }

    /// If a signal is ending the program, this does not return.
    pub(crate) fn done(&self) {
        *self.running() = Phase::Done;
    }

    /// Sets the hints that are printed if a signal ends the program.
    pub(crate) fn set_hints(&self, hints: Vec<String>) {
        *lock(&self.hints) = hints;
    }

    fn moves(&self, from: Phase, to: Phase) {
        let mut phase = lock(&self.phase);
        if *phase == from {
            *phase = to;
        }
    }

    /// If a signal is ending the program, this does not return.
    fn running(&self) -> MutexGuard<'_, Phase> {
        loop {
            let phase = lock(&self.phase);
            if *phase != Phase::Interrupted {
                return phase;
            }
            drop(phase);
            std::thread::park();
        }
    }

    /// Starts the signal thread. A signal that ends the program gives exit code 128 + signal if nothing was sent, else the
    /// code of the error. Fails if the system has no thread or pipe left; then the default signal actions stay.
    #[cfg(unix)]
    pub(crate) fn watch(&self, handler: Handler) -> io::Result<()> {
        let mut signals = signal_hook::iterator::Signals::new(std::iter::empty::<i32>())?;
        let (own, handle) = (self.clone(), signals.handle());
        let take = move || signals.forever().for_each(|signal| own.take(signal, &handler));
        std::thread::Builder::new().name("signals".to_string()).spawn(take)?;
        [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCONT]
            .into_iter()
            // `nohup` ignores SIGHUP: keep it ignored, so that the run survives the terminal.
            .filter(|&signal| signal != SIGHUP || !is_ignored(signal))
            .try_for_each(|signal| handle.add_signal(signal))
    }

    #[cfg(not(unix))]
    pub(crate) fn watch(&self, _handler: Handler) -> io::Result<()> {
        Ok(())
    }

    /// Ends the program that has the terminal, and waits for it.
    #[cfg(unix)]
    fn end_editor(&self) {
        let editor_pid = lock(&self.editor_pid);
        let Some(process) = editor_pid.and_then(|id| Pid::from_raw(id.try_into().ok()?)) else { return };
        // If it cannot be signalled, it has ended.
        let _ = kill_process(process, Signal::TERM);
        drop(self.ended.wait_timeout_while(editor_pid, ENDS_WITHIN, |editor_pid| editor_pid.is_some()));
    }

    #[cfg(unix)]
    fn take(&self, signal: i32, handler: &Handler) {
        if signal == SIGCONT {
            return (handler.continued)();
        }
        let reaction = lock(&self.phase).signalled(matches!(signal, SIGINT | SIGQUIT));
        self.taken.notify_all();
        match reaction {
            Reaction::Ignore => {}
            Reaction::KeepRunning(message) => (handler.warn)(message),
            Reaction::End(kind, message) => {
                self.end_editor();
                let mut hints = std::mem::take(&mut *lock(&self.hints));
                let entry = lock(&self.entry).take().filter(|_| kind == ErrorKind::Interrupted);
                if entry.is_some_and(|entry| (handler.not_sent)(&entry)) {
                    hints.clear();
                }
                (handler.end)(hints.into_iter().fold(Error::new(kind, message), Error::hint));
                let code = if kind == ErrorKind::Interrupted { 128 + signal } else { kind.code().into() };
                std::process::exit(code);
            }
        }
    }
}

impl InEditor<'_> {
    /// Names the program that has the terminal, so that it ends with this one.
    pub(crate) fn to(&self, process: u32) {
        *lock(&self.0.editor_pid) = Some(process);
    }
}

impl Writing<'_> {
    /// `hint` is printed if a second signal ends the program before the outcome is known.
    pub(crate) fn hint_if_killed(&mut self, entry: Option<EntryId>, hint: String) {
        *lock(&self.signals.entry) = entry;
        let mut hints = lock(&self.signals.hints);
        hints.retain(|other| Some(other) != self.resolve.as_ref());
        hints.push(hint.clone());
        self.resolve = Some(hint);
    }

    /// True at the first call after a signal, then false.
    pub(crate) fn takes_signal(&mut self) -> bool {
        let asked = lock(&self.signals.phase).is_signalled();
        asked && !std::mem::replace(&mut self.taken, true)
    }

    /// Sleeps; a signal ends the sleep early.
    pub(crate) fn wait(&self, time: Duration) {
        let phase = lock(&self.signals.phase);
        let goes_on = |phase: &mut Phase| self.taken || !phase.is_signalled();
        drop(self.signals.taken.wait_timeout_while(phase, time, goes_on));
    }

    /// Marks the change as sent and returns true; false if a signal arrived that [`Writing::takes_signal`] has not returned.
    /// If a signal is ending the program, this does not return.
    pub(crate) fn may_send(&mut self) -> bool {
        match &mut *self.signals.running() {
            Phase::Writing { signalled: true, .. } if !std::mem::replace(&mut self.taken, true) => false,
            Phase::Writing { sent, .. } => {
                *sent = true;
                true
            }
            _ => true,
        }
    }

    pub(crate) fn wrote_nothing(&self) {
        if let Phase::Writing { sent, .. } = &mut *lock(&self.signals.phase) {
            *sent = false;
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        *lock(&self.signals.entry) = None;
        let mut phase = lock(&self.signals.phase);
        if let Phase::Writing { sent, .. } = *phase {
            *phase = if sent { Phase::Sent } else { Phase::Idle };
        }
        if let Some(resolve) = self.resolve.as_ref().filter(|_| *phase != Phase::Sent) {
            lock(&self.signals.hints).retain(|hint| hint != resolve);
        }
    }
}

impl Drop for InEditor<'_> {
    fn drop(&mut self) {
        *lock(&self.0.editor_pid) = None;
        self.0.ended.notify_all();
        self.0.moves(Phase::InEditor, Phase::Idle);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process ignores the signal; false if /proc is not readable.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (signal - 1) != 0
}

/// Catches SIGXFSZ, so that a write beyond `ulimit -f` fails with an error instead of killing the program.
pub(crate) fn survive_large_files() {
    // A handler, not SIG_IGN: the editor would inherit SIG_IGN.
    #[cfg(unix)]
    let _ = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// A core dump would hold the key and customers.
pub(crate) fn forbid_core_dumps() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    // The editor inherits this limit.
    #[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit { current: Some(0), maximum: Some(0) },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: bool = true;

    #[test]
    fn before_and_after_a_write_the_first_signal_ends_the_program() {
        for (phase, reaction) in [(Phase::Idle, NOT_SENT), (Phase::Sent, SENT)] {
            let mut now = phase;
            assert_eq!(now.signalled(KEY), reaction);
            assert_eq!((now, now.clone().signalled(KEY)), (Phase::Interrupted, Reaction::Ignore));
        }
        assert_eq!(Phase::Done.signalled(!KEY), Reaction::Ignore, "everything was shown");
    }

    #[test]
    fn during_a_write_and_among_rows_only_the_second_signal_ends_the_program() {
        for (mut phase, reaction) in [
            (Phase::Writing { sent: true, signalled: false }, CHANGE_IN_FLIGHT),
            (Phase::Writing { sent: false, signalled: false }, NOT_SENT),
            (Phase::Rows { written: true, signalled: false }, ROWS_IN_FLIGHT),
            (Phase::Rows { written: false, signalled: false }, NOT_SENT),
        ] {
            assert!(matches!(phase.signalled(KEY), Reaction::KeepRunning(_)), "{phase:?}");
            assert_eq!(phase.signalled(KEY), reaction);
        }
    }

    #[test]
    fn keys_are_meant_for_the_program_that_has_the_terminal() {
        let signals = Signals::default();
        let editor_guard = signals.give_terminal_to_editor();
        assert_eq!(lock(&signals.phase).signalled(KEY), Reaction::Ignore);
        drop(editor_guard);
        assert_eq!(*lock(&signals.phase), Phase::Idle);
        assert_eq!(Phase::InEditor.signalled(!KEY), NOT_SENT);
    }

    #[test]
    fn a_write_returns_to_idle_unless_the_change_was_sent() {
        let signals = Signals::default();
        let state = || (*lock(&signals.phase), lock(&signals.hints).len());
        let mut refused = signals.writing();
        refused.hint_if_killed(None, "resolve it".to_string());
        assert_eq!(state(), (Phase::Writing { sent: false, signalled: false }, 1));
        drop(refused);
        assert_eq!(state(), (Phase::Idle, 0));
        let mut stopped = signals.writing();
        lock(&signals.phase).signalled(KEY);
        assert_eq!((stopped.may_send(), stopped.takes_signal()), (false, false), "the signal is taken once");
        drop(stopped);
        let mut sent = signals.writing();
        sent.hint_if_killed(None, "resolve it".to_string());
        assert!(sent.may_send());
        drop(sent);
        assert_eq!(state(), (Phase::Sent, 1));
        signals.done();
        assert_eq!(state().0, Phase::Done);
    }

    #[test]
    fn a_change_among_rows_leaves_the_rows_as_they_are() {
        let signals = Signals::default();
        signals.rows(true);
        drop(signals.writing());
        assert!(!signals.is_stopping());
        lock(&signals.phase).signalled(KEY);
        assert!(signals.is_stopping());
    }

    #[test]
    fn at_a_question_among_rows_the_first_signal_ends_the_program() {
        let signals = Signals::default();
        signals.rows(true);
        assert!(signals.asks_among_rows());
        assert_eq!(lock(&signals.phase).signalled(KEY), ROWS_ASKED);
        let stopping = Signals::default();
        stopping.rows(true);
        lock(&stopping.phase).signalled(KEY);
        assert!(!stopping.asks_among_rows() && stopping.is_stopping());
    }
}
