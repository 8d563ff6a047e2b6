//! How a body reaches the client: at once, in pieces over time, or only its first half.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

use super::answer::Delivery;
use super::door::Connection;

/// Pieces of a slow body.
const PIECES: usize = 8;
/// Long enough for what was already given to be written out before the connection ends.
const FLUSH: Duration = Duration::from_millis(1);

/// The body of a response that is delivered this way; none where none is sent.
pub(crate) fn body(bytes: Vec<u8>, delivery: Delivery, connection: &Connection) -> Option<Script> {
    let promised = bytes.len() as u64;
    let bytes = Bytes::from(bytes);
    let (steps, hang_up) = match delivery {
        Delivery::Lost => return None,
        Delivery::Whole => (whole(bytes), None),
        Delivery::Cut => (cut(&bytes), None),
        Delivery::Slow(time) => (drip(&bytes, time), None),
        Delivery::ThenClose => (whole(bytes), Some(HangUp(Arc::clone(&connection.hang_up)))),
    };
    Some(Script { steps: steps.into(), waiting: None, left: promised, _hang_up: hang_up })
}

fn whole(bytes: Bytes) -> Vec<Step> {
    if bytes.is_empty() { Vec::new() } else { vec![Step::Send(bytes)] }
}

fn cut(bytes: &Bytes) -> Vec<Step> {
    vec![Step::Send(bytes.slice(..bytes.len() / 2)), Step::Wait(FLUSH), Step::Fail]
}

fn drip(bytes: &Bytes, time: Duration) -> Vec<Step> {
    let size = bytes.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> =
        (0..bytes.len()).step_by(size).map(|at| bytes.slice(at..bytes.len().min(at + size))).collect();
    let pause = time / u32::try_from(pieces.len()).unwrap_or(1).max(1);
    pieces.into_iter().flat_map(|piece| [Step::Wait(pause), Step::Send(piece)]).collect()
}

enum Step {
    Send(Bytes),
    Wait(Duration),
    Fail,
}

/// A body that is played step by step. Its length is promised in the headers, whatever comes of it.
pub(crate) struct Script {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    left: u64,
    _hang_up: Option<HangUp>,
}

/// Closes the connection when the body is done with: hyper drops a body after it has taken its last byte, and writes
/// out what it has taken before it closes.
struct HangUp(Arc<Notify>);

impl Drop for HangUp {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                std::task::ready!(waiting.as_mut().poll(context));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                Some(Step::Wait(time)) => self.waiting = Some(Box::pin(sleep(time))),
                Some(Step::Send(bytes)) => {
                    self.left = self.left.saturating_sub(bytes.len() as u64);
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Fail) => return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_none()
    }
}
