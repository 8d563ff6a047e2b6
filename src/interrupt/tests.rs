use super::watch::{Decider, Ended, UNATTENDED, UNWATCHED};
use super::*;
use crate::terminal::Notes;

impl Interrupts {
    /// Watches for no signal at all, so that the tests can be interrupted; a mark can be left all the same.
    pub(crate) fn unattended() -> Interrupts {
        let own = Interrupts::default();
        let ended: Ended = Box::new(|left, _| panic!("{left:?}"));
        let decider = Decider { signals: Vec::new(), notes: Notes::default(), ended };
        *lock(&own.state.watch.decider) = Some(decider);
        own.state.watch.attendance.store(UNATTENDED, Ordering::SeqCst);
        own
    }

    fn marked(self) -> Interrupts {
        let signal = usize::try_from(signal_hook::consts::SIGINT).expect("a small number");
        self.state.watch.arrived.store(signal, Ordering::SeqCst);
        self
    }
}

fn phase(of: &Interrupts) -> u8 {
    of.state.phase.load(Ordering::SeqCst)
}

fn mark(of: &Interrupts) -> usize {
    of.state.watch.arrived.load(Ordering::SeqCst)
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
    assert_eq!(interrupts.state.watch.attendance.load(Ordering::SeqCst), UNWATCHED);
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
