//! The faults that hit one request, and what they do at each stage of it.

use std::time::{Duration, Instant, SystemTime};

use super::kind::Kind;
use crate::document::json::{Json, View, quote};
use crate::document::path::Path;
use crate::sandbox::behaviour::Behaviour;
use crate::sandbox::customers::{MODIFIED, splice};
use crate::sandbox::http::answer::{Answer, Delivery};
use crate::sandbox::http::quota::used_up;
use crate::sandbox::store::{Store, Table};

/// By how much the runtime's timer may be late.
const LATE: Duration = Duration::from_millis(2);

/// The faults that hit one request, in the order they were given.
pub(crate) struct Hits {
    kinds: Vec<Kind>,
}

impl Hits {
    pub(super) fn new(kinds: Vec<Kind>) -> Hits {
        Hits { kinds }
    }

    /// Passes the time that is to pass before the request is handled.
    pub(crate) async fn wait(&self) {
        for kind in &self.kinds {
            match kind {
                Kind::Latency(time) => pass(*time).await,
                Kind::Hang => std::future::pending().await,
                _ => {}
            }
        }
    }

    /// Whether the connection ends before the request is handled.
    pub(crate) fn lost_before(&self) -> bool {
        self.kinds.contains(&Kind::LostBefore)
    }

    /// The refusal that comes in place of handling the request.
    pub(crate) fn instead(&self, now: SystemTime, behaviour: &Behaviour) -> Option<Answer> {
        self.kinds.iter().find_map(|kind| refusal(kind, now, behaviour))
    }

    /// Whether another client writes before the request is handled.
    pub(crate) fn other_writer(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind, Kind::OtherWriter(..)))
    }

    /// Lets another client write to this customer, where there is one.
    pub(crate) fn write_between(&self, table: &mut Table, id: u64, timestamp: &str) {
        for kind in &self.kinds {
            if let (Kind::OtherWriter(path, token), Some(document)) = (kind, table.json(id)) {
                let written = splice::set(&document, path, token);
                let moved = splice::set(&written, &Path::of(MODIFIED), &quote(timestamp));
                table.put(id, moved.text().to_string());
            }
        }
    }

    /// What of an edit is stored, where part of it is lost silently.
    pub(crate) fn store_less(&self, before: &Json, after: Json) -> Json {
        self.kinds.iter().fold(after, |after, kind| match kind {
            Kind::Truncate(path, units) => truncated(after, path, *units),
            Kind::Ignore(path) if splice::find(&after, path).is_some() => {
                let kept = splice::find(before, path).map_or("null", View::raw);
                splice::set(&after, path, kept)
            }
            _ => after,
        })
    }

    /// Changes the answer to a request that was handled.
    pub(crate) fn change(&self, answer: &mut Answer, store: &Store) {
        for kind in &self.kinds {
            if answer.is_success() {
                replace(answer, kind, store);
            }
            match kind {
                Kind::Cut => answer.delivery = Delivery::Cut,
                Kind::Slow(time) => answer.delivery = Delivery::Slow(*time),
                Kind::LostAfter => answer.delivery = Delivery::Lost,
                Kind::Close => answer.delivery = Delivery::ThenClose,
                _ => {}
            }
        }
    }
}

/// Passes so much time. The runtime's timer rings up to two milliseconds late, which would be a part of the latency that is
/// asked for: a thread sleeps through what those leave.
async fn pass(time: Duration) {
    let end = Instant::now() + time;
    tokio::time::sleep(time.saturating_sub(LATE)).await;
    let rest = end.saturating_duration_since(Instant::now());
    // It fails only where the sandbox is ending.
    let _ = tokio::task::spawn_blocking(move || std::thread::sleep(rest)).await;
}

fn refusal(kind: &Kind, now: SystemTime, behaviour: &Behaviour) -> Option<Answer> {
    Some(match kind {
        Kind::Status(code) => Answer::refusal(*code, "The sandbox was told to fail."),
        Kind::Message(code) => Answer::message(*code, "The sandbox was told to fail."),
        Kind::Html(code) => Answer::html(*code, page(*code)),
        Kind::Text(code) => Answer::text(*code, "The sandbox was told to fail."),
        Kind::Empty(code) => Answer::empty(*code),
        Kind::Refuse(text) => Answer::refusal(400, text),
        Kind::RateLimit(seconds) => used_up(*seconds, now, behaviour),
        Kind::Redirect(code, location) => {
            let mut answer = Answer::empty(*code);
            answer.header("location", location);
            answer
        }
        _ => return None,
    })
}

fn page(code: u16) -> String {
    format!("<!DOCTYPE html>\n<html><head><title>{code}</title></head><body><h1>{code}</h1></body></html>\n")
}

fn replace(answer: &mut Answer, kind: &Kind, store: &Store) {
    match kind {
        Kind::Null => *answer = Answer::json(200, "null"),
        Kind::NoContent => *answer = Answer::empty(204),
        Kind::Body(text) => *answer = Answer::json(200, text.as_str()),
        Kind::NotUtf8 => *answer = Answer::json(200, b"{\"firstName\":\"\xff\xfe\"}".as_slice()),
        Kind::Huge(bytes) => *answer = Answer::json(200, huge(*bytes)),
        Kind::Swap(id) => {
            let document = store.read(|table| table.get(*id).map(str::to_string));
            *answer = match document {
                Ok(Some(text)) => Answer::json(200, text),
                _ => Answer::refusal(500, &format!("The fault names customer {id}, which does not exist.")),
            };
        }
        _ => {}
    }
}

/// JSON of exactly this size, or the smallest there is.
fn huge(bytes: usize) -> Vec<u8> {
    let around = br#"{"filler":""}"#.len();
    let mut body = br#"{"filler":""#.to_vec();
    body.resize(body.len() + bytes.saturating_sub(around), b'x');
    body.extend_from_slice(b"\"}");
    body
}

fn truncated(document: Json, path: &Path, units: usize) -> Json {
    let text = splice::find(&document, path).and_then(View::as_text);
    let Some(text) = text.filter(|text| text.encode_utf16().count() > units) else { return document };
    let kept: Vec<u16> = text.encode_utf16().take(units).collect();
    let token = quote(&String::from_utf16_lossy(&kept));
    splice::set(&document, path, &token)
}
