//! The faults that can still hit, and what those that hit one request do at each stage of it.

use std::time::Duration;

use jiff::Timestamp;

use super::access::used_up;
use super::behaviour::Behaviour;
use super::fault::{Fault, Kind, Operation};
use super::response::{Delivery, Response};
use super::table::{Table, value_at, with_values};
use super::timestamp::MODIFIED;
use crate::document::json::{Json, View, quote};
use crate::document::path::Path;

const TEXT: &str = "The sandbox was told to fail.";

/// The faults that can still hit.
#[derive(Default)]
pub(crate) struct Faults {
    active: Vec<Active>,
}

struct Active {
    fault: Fault,
    /// Requests that it concerned.
    seen: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push(Active { fault, seen: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    pub(crate) fn pending(&self) -> impl Iterator<Item = &Fault> {
        self.active.iter().map(|active| &active.fault)
    }

    /// Counts a request and gives the faults that hit it.
    pub(crate) fn plan(&mut self, operation: &Operation) -> FaultPlan {
        let mut kinds = Vec::new();
        for active in self.active.iter_mut().filter(|active| active.fault.concerns(operation)) {
            active.seen += 1;
            if active.seen >= active.fault.from {
                kinds.push(active.fault.kind.clone());
            }
        }
        self.active.retain(|active| active.fault.to.is_none_or(|to| active.seen < to));
        FaultPlan { kinds }
    }
}

/// The faults that hit one request, in the order they were given.
pub(crate) struct FaultPlan {
    kinds: Vec<Kind>,
}

impl FaultPlan {
    /// The time that passes before the request is handled.
    pub(crate) fn latency(&self) -> Duration {
        let time = |kind: &Kind| if let Kind::Latency(time) = kind { *time } else { Duration::ZERO };
        self.kinds.iter().map(time).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Whether the request is never answered.
    pub(crate) fn hangs(&self) -> bool {
        self.kinds.contains(&Kind::Hang)
    }

    /// Whether the connection ends before the request is handled.
    pub(crate) fn lost_before(&self) -> bool {
        self.kinds.contains(&Kind::LostBefore)
    }

    /// How long after the connection ended the request is handled.
    pub(crate) fn late(&self) -> Option<Duration> {
        self.kinds.iter().find_map(|kind| if let Kind::Late(time) = kind { Some(*time) } else { None })
    }

    /// The response that is sent instead of handling the request.
    pub(crate) fn instead(&self, now: Timestamp, behaviour: &Behaviour) -> Option<Response> {
        self.kinds.iter().find_map(|kind| refusal(kind, now, behaviour))
    }

    /// Whether another client writes before the request is handled.
    pub(crate) fn has_other_writer(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind, Kind::OtherWriter(..)))
    }

    /// Lets another client write to this customer, if it exists.
    pub(crate) fn write_between(&self, table: &mut Table, id: u64, timestamp: &str) {
        for kind in &self.kinds {
            if let (Kind::OtherWriter(path, token), Some(document)) = (kind, table.json(id)) {
                let written = with_values(&document, &[(path.clone(), token.clone())]);
                let moved = with_values(&written, &[(Path::of(MODIFIED), quote(timestamp))]);
                table.put(id, moved.text().to_string());
            }
        }
    }

    /// What of an edit is stored, if a fault drops part of it silently.
    pub(crate) fn store_less(&self, before: &Json, after: Json) -> Json {
        self.kinds.iter().fold(after, |after, kind| {
            let stored = match kind {
                Kind::Truncate(path, units) => truncated(&after, path, *units).map(|token| (path, token)),
                Kind::Ignore(path) => value_at(&after, path)
                    .map(|_| (path, value_at(before, path).map_or("null", View::raw).to_string())),
                _ => None,
            };
            stored.map_or(after.clone(), |(path, token)| with_values(&after, &[(path.clone(), token)]))
        })
    }

    /// The customer whose document is sent in place of the right one.
    pub(crate) fn swap(&self) -> Option<u64> {
        self.kinds.iter().find_map(|kind| if let Kind::Swap(id) = kind { Some(*id) } else { None })
    }

    /// Changes the response to a request that was handled. `swapped` is the document of [`FaultPlan::swap`].
    pub(crate) fn change(&self, response: &mut Response, swapped: Option<&str>) {
        for kind in &self.kinds {
            if response.is_success() {
                replace(response, kind, swapped);
            }
            match kind {
                Kind::Cut => response.delivery = Delivery::Cut,
                Kind::Slow(time) => response.delivery = Delivery::Slow(*time),
                Kind::LostAfter => response.delivery = Delivery::Lost,
                Kind::Close => response.delivery = Delivery::ThenClose,
                _ => {}
            }
        }
    }
}

fn refusal(kind: &Kind, now: Timestamp, behaviour: &Behaviour) -> Option<Response> {
    Some(match kind {
        Kind::Status(code) => Response::error(*code, TEXT),
        Kind::Message(code) => Response::message(*code, TEXT),
        Kind::Html(code) => Response::html(*code, page(*code)),
        Kind::Text(code) => Response::text(*code, TEXT),
        Kind::Empty(code) => Response::empty(*code),
        Kind::Refuse(text) => Response::error(400, text),
        Kind::RateLimit(seconds) => used_up(*seconds, now, behaviour),
        Kind::Redirect(code, location) => {
            let mut response = Response::empty(*code);
            response.header("location", location);
            response
        }
        _ => return None,
    })
}

fn page(code: u16) -> String {
    format!("<!DOCTYPE html>\n<html><head><title>{code}</title></head><body><h1>{code}</h1></body></html>\n")
}

fn replace(response: &mut Response, kind: &Kind, swapped: Option<&str>) {
    *response = match kind {
        Kind::Null => Response::json(200, "null"),
        Kind::NoContent => Response::empty(204),
        Kind::Body(text) => Response::json(200, text.as_str()),
        Kind::NotUtf8 => Response::json(200, b"{\"firstName\":\"\xff\xfe\"}".as_slice()),
        Kind::Huge(bytes) => Response::json(200, huge(*bytes)),
        Kind::StatusAfter(code) => Response::error(*code, TEXT),
        Kind::Swap(id) => match swapped {
            Some(text) => Response::json(200, text),
            None => Response::error(500, &format!("The fault names customer {id}, which does not exist.")),
        },
        _ => return,
    };
}

/// JSON of exactly this size, or the smallest there is.
fn huge(bytes: usize) -> Vec<u8> {
    let around = br#"{"filler":""}"#.len();
    let mut body = br#"{"filler":""#.to_vec();
    body.resize(body.len() + bytes.saturating_sub(around), b'x');
    body.extend_from_slice(b"\"}");
    body
}

/// The token of a text that is longer than this, cut.
fn truncated(document: &Json, path: &Path, units: usize) -> Option<String> {
    let text = value_at(document, path)?.as_text()?;
    let all: Vec<u16> = text.encode_utf16().collect();
    all.get(..units).filter(|kept| kept.len() < all.len()).map(|kept| quote(&String::from_utf16_lossy(kept)))
}
