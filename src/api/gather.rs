//! A request in one write: what is to be sent waits until an answer is awaited, or until a buffer is full of it.
//!
//! ureq sends the head of a request and then its body: two packets, which wake the other end twice.

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// A connection whose output is gathered.
#[derive(Debug)]
pub(super) struct Gathering {
    connection: Box<dyn Transport>,
    waiting: Vec<u8>,
    /// Something was read since it was asked whether the connection is open.
    answered: bool,
}

impl Gathering {
    pub(super) fn of(connection: Box<dyn Transport>) -> Gathering {
        Gathering { connection, waiting: Vec::new(), answered: false }
    }

    fn send(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let Gathering { connection, waiting, .. } = self;
        let room = connection.buffers().output().len();
        let sent = waiting.chunks(room).try_for_each(|part| {
            connection.buffers().output()[..part.len()].copy_from_slice(part);
            connection.transmit_output(part.len(), timeout)
        });
        waiting.clear();
        sent
    }

    fn receive(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.connection.await_input(timeout)
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

    use super::*;

    /// What was sent, write by write.
    type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

    /// A connection that has the answers it is told to have, and is closed.
    #[derive(Debug)]
    struct Mute {
        buffers: LazyBuffers,
        sent: Sent,
        tls: bool,
        answers: bool,
    }

    impl Mute {
        fn new(sent: &Sent) -> Mute {
            Mute { buffers: LazyBuffers::new(8, 8), sent: Arc::clone(sent), tls: false, answers: false }
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

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
            Ok(self.answers)
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
        Gathering::of(Box::new(Mute { tls, ..Mute::new(sent) }))
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
        let mut closed = Gathering::of(Box::new(mute));
        assert!(!closed.is_open(), "nothing was read");
        for _ in 0..2 {
            assert!(closed.await_input(NextTimeout::default()).unwrap());
            assert!(closed.is_open() && !closed.is_open());
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
