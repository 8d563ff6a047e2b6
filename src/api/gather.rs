//! A request in one write: what is to be sent waits until an answer is awaited, or until a buffer is full of it.
//!
//! ureq sends the head of a request and then its body: two packets, which wake the other end twice.

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::soon::soon;
use crate::interrupt::Interrupts;

/// A connection whose output is gathered.
#[derive(Debug)]
pub(super) struct Gathering {
    connection: Box<dyn Transport>,
    waiting: Vec<u8>,
    /// Something was read since it was asked whether the connection is open.
    answered: bool,
    interrupts: Interrupts,
}

impl Gathering {
    pub(super) fn of(connection: Box<dyn Transport>, interrupts: Interrupts) -> Gathering {
        Gathering { connection, waiting: Vec::new(), answered: false, interrupts }
    }

    fn send(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let Gathering { connection, waiting, interrupts, .. } = self;
        let room = connection.buffers().output().len();
        if waiting.len() >= room {
            // The other end may take its time to read that much.
            interrupts.attend();
        }
        let sent = waiting.chunks(room).try_for_each(|part| {
            connection.buffers().output()[..part.len()].copy_from_slice(part);
            connection.transmit_output(part.len(), timeout)
        });
        waiting.clear();
        sent
    }

    fn receive(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let Gathering { connection, interrupts, .. } = self;
        interrupts.heed();
        soon(interrupts, timeout, |timeout| connection.await_input(timeout))
    }
}

impl Transport for Gathering {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let output = self.connection.buffers().output();
        self.waiting.extend_from_slice(&output[..amount]);
        if self.waiting.len() < output.len() { Ok(()) } else { self.send(timeout) }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.send(timeout)?;
        self.answered = self.receive(timeout)?;
        Ok(self.answered)
    }

    /// ureq asks when an answer was read, and again before the next request is sent. Only then it matters, and what came
    /// after the answer is there then as well; each look takes three calls of the system.
    fn is_open(&mut self) -> bool {
        self.waiting.is_empty() && (std::mem::take(&mut self.answered) || self.connection.is_open())
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ureq::unversioned::transport::LazyBuffers;
    use ureq::unversioned::transport::time::Duration;

    use super::super::soon::SOON;
    use super::*;

    /// What was sent, write by write.
    type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

    /// How long it was waited for an answer, each time.
    type Waits = Arc<Mutex<Vec<Duration>>>;

    /// A connection that has the answers it is told to have, and is closed.
    #[derive(Debug)]
    struct Mute {
        buffers: LazyBuffers,
        sent: Sent,
        waits: Waits,
        tls: bool,
        answers: bool,
    }

    impl Mute {
        fn new(sent: &Sent) -> Mute {
            let (buffers, waits) = (LazyBuffers::new(8, 8), Waits::default());
            Mute { buffers, sent: Arc::clone(sent), waits, tls: false, answers: false }
        }
    }

    impl Transport for Mute {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
            let written = self.buffers.output()[..amount].to_vec();
            self.sent.lock().unwrap().push(written);
            Ok(())
        }

        fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
            self.waits.lock().unwrap().push(timeout.after);
            let soon = !self.answers && timeout.after == Duration::from_millis(SOON);
            if soon { Err(ureq::Error::Timeout(timeout.reason)) } else { Ok(self.answers) }
        }

        fn is_open(&mut self) -> bool {
            !self.answers
        }

        fn is_tls(&self) -> bool {
            self.tls
        }
    }

    /// A connection with a buffer of 8 bytes.
    fn mute(sent: &Sent, tls: bool) -> Gathering {
        Gathering::of(Box::new(Mute { tls, ..Mute::new(sent) }), Interrupts::default())
    }

    /// What is sent of parts before an answer is awaited, and then.
    fn sent(parts: &[&str]) -> [Vec<Vec<u8>>; 2] {
        let sent = Sent::default();
        let timeout = NextTimeout::default();
        let mut gathering = mute(&sent, false);
        for part in parts {
            gathering.buffers().output()[..part.len()].copy_from_slice(part.as_bytes());
            gathering.transmit_output(part.len(), timeout).unwrap();
        }
        let early = std::mem::take(&mut *sent.lock().unwrap());
        assert_eq!(gathering.is_open(), gathering.waiting.is_empty());
        assert!(!gathering.await_input(timeout).unwrap() && gathering.is_open());
        let late = std::mem::take(&mut *sent.lock().unwrap());
        [early, late]
    }

    #[test]
    fn head_and_body_are_sent_at_once_when_an_answer_is_awaited() {
        for (parts, whole) in [(vec!["PUT", " {}"], "PUT {}"), (vec!["GET"], "GET")] {
            let [early, late] = sent(&parts);
            assert!(early.is_empty(), "{early:?}");
            assert_eq!(late, [whole.as_bytes()]);
        }
        assert!(sent(&[]).concat().is_empty());
    }

    #[test]
    fn whether_it_is_open_is_looked_at_before_the_next_request_and_not_after_an_answer() {
        let mute = Mute { answers: true, ..Mute::new(&Sent::default()) };
        let mut closed = Gathering::of(Box::new(mute), Interrupts::default());
        assert!(!closed.is_open(), "nothing was read");
        for _ in 0..2 {
            assert!(closed.await_input(NextTimeout::default()).unwrap());
            assert!(closed.is_open() && !closed.is_open());
        }
    }

    #[cfg(unix)]
    #[test]
    fn somebody_attends_to_signals_where_an_answer_does_not_come_soon() {
        let millis = Duration::from_millis;
        let waited = |interrupts: &Interrupts, answers, limit| {
            let mute = Mute { answers, ..Mute::new(&Sent::default()) };
            let waits = Arc::clone(&mute.waits);
            let mut gathering = Gathering::of(Box::new(mute), interrupts.clone());
            let timeout = NextTimeout { after: limit, ..NextTimeout::default() };
            assert_eq!(gathering.await_input(timeout).unwrap(), answers);
            std::mem::take(&mut *waits.lock().unwrap())
        };
        let interrupts = Interrupts::unattended();
        assert_eq!(waited(&interrupts, true, millis(3000)), [millis(SOON)]);
        assert_eq!(waited(&interrupts, true, millis(SOON - 1)), [millis(SOON - 1)], "there is less time");
        assert!(interrupts.is_unattended());
        assert_eq!(waited(&interrupts, false, millis(3000)), [millis(SOON), millis(3000 - SOON)]);
        assert!(!interrupts.is_unattended());
        assert_eq!(waited(&interrupts, false, millis(3000)), [millis(3000)]);
        let interrupts = Interrupts::unattended();
        let never = Duration::NotHappening;
        assert_eq!(waited(&interrupts, false, never), [millis(SOON), never]);
    }

    #[cfg(unix)]
    #[test]
    fn somebody_attends_to_signals_where_much_is_sent() {
        for (length, attended) in [(7, false), (8, true)] {
            let interrupts = Interrupts::unattended();
            let mute = Mute { answers: true, ..Mute::new(&Sent::default()) };
            let mut gathering = Gathering::of(Box::new(mute), interrupts.clone());
            gathering.transmit_output(length, NextTimeout::default()).unwrap();
            gathering.await_input(NextTimeout::default()).unwrap();
            assert_eq!(!interrupts.is_unattended(), attended, "{length}");
        }
    }

    #[test]
    fn it_is_what_the_connection_is() {
        assert_eq!([true, false].map(|tls| mute(&Sent::default(), tls).is_tls()), [true, false]);
    }

    #[test]
    fn what_does_not_fit_is_sent_before_that_and_in_order() {
        let [early, late] = sent(&["head", "abcdefgh", "ijklmnop", "qr"]);
        assert_eq!(early, [b"headabcd".to_vec(), b"efgh".to_vec(), b"ijklmnop".to_vec()]);
        assert_eq!(late, [b"qr".to_vec()]);
    }
}
