//! How a response's body reaches the client: at once, in pieces over time, or only its first half.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

use crate::sandbox::response::Delivery;

/// Pieces of a slow body.
const PIECES: usize = 8;
/// Long enough for the first half of a cut body to be written before the connection ends.
const FLUSH: Duration = Duration::from_millis(1);

enum Step {
    Send(Bytes),
    Wait(Duration),
    Fail,
}

/// A body that is sent step by step. The headers promise its full length, whether or not all of it is sent.
pub(super) struct ScriptedBody {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    left: u64,
    _hang_up: Option<HangUp>,
}

/// Closes the connection when the body is dropped: hyper drops a body after it has taken its last byte, and writes out
/// what it has taken before it closes.
struct HangUp(Arc<Notify>);

impl Drop for HangUp {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl ScriptedBody {
    /// The body of a response; none if no response is sent. `hang_up` closes the connection.
    pub(super) fn new(bytes: Vec<u8>, delivery: Delivery, hang_up: &Arc<Notify>) -> Option<ScriptedBody> {
        let left = bytes.len() as u64;
        let bytes = Bytes::from(bytes);
        let steps = match delivery {
            Delivery::Lost => return None,
            Delivery::Cut => {
                vec![Step::Send(bytes.slice(..bytes.len() / 2)), Step::Wait(FLUSH), Step::Fail]
            }
            Delivery::Slow(time) => slow(&bytes, time),
            Delivery::Whole | Delivery::ThenClose if bytes.is_empty() => Vec::new(),
            Delivery::Whole | Delivery::ThenClose => vec![Step::Send(bytes)],
        };
        let hang_up = (delivery == Delivery::ThenClose).then(|| HangUp(Arc::clone(hang_up)));
        Some(ScriptedBody { steps: steps.into(), waiting: None, left, _hang_up: hang_up })
    }
}

fn slow(bytes: &Bytes, time: Duration) -> Vec<Step> {
    let size = bytes.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> =
        (0..bytes.len()).step_by(size).map(|at| bytes.slice(at..bytes.len().min(at + size))).collect();
    let pause = time / u32::try_from(pieces.len()).unwrap_or(1).max(1);
    pieces.into_iter().flat_map(|piece| [Step::Wait(pause), Step::Send(piece)]).collect()
}

impl Body for ScriptedBody {
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
