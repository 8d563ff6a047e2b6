//! A request in one write: what is to be sent waits until an answer is awaited, or until a buffer is full of it.
//!
//! ureq sends the head of a request and then its body: two packets, which wake the other end twice.

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// A connection whose output is gathered.
#[derive(Debug)]
pub(super) struct Gathering {
    connection: Box<dyn Transport>,
    waiting: Vec<u8>,
}

impl Gathering {
    pub(super) fn of(connection: Box<dyn Transport>) -> Gathering {
        Gathering { connection, waiting: Vec::new() }
    }

    fn send(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let waiting = std::mem::take(&mut self.waiting);
        let room = self.connection.buffers().output().len();
        waiting.chunks(room).try_for_each(|part| {
            self.connection.buffers().output()[..part.len()].copy_from_slice(part);
            self.connection.transmit_output(part.len(), timeout)
        })
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
        self.connection.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.waiting.is_empty() && self.connection.is_open()
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

    /// A connection that never has an answer.
    #[derive(Debug)]
    struct Mute {
        buffers: LazyBuffers,
        sent: Sent,
        tls: bool,
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
            Ok(false)
        }

        fn is_open(&mut self) -> bool {
            true
        }

        fn is_tls(&self) -> bool {
            self.tls
        }
    }

    /// A connection with a buffer of 8 bytes.
    fn mute(sent: &Sent, tls: bool) -> Gathering {
        Gathering::of(Box::new(Mute { buffers: LazyBuffers::new(8, 8), sent: Arc::clone(sent), tls }))
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
