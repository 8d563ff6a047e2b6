//! The API key and the two rate limits (the vendor's pages "Authentication" and "Rate limits").

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use jiff::Timestamp;

use super::behaviour::Behaviour;
use super::response::{Header, Response};

/// The one API key the sandbox accepts, in the vendor's form: base64 of `0:` and 64 letters and digits.
pub const KEY: &str =
    "MDpGdXNlYmlsbFNhbmRib3hLZXlOb3RBUmVhbE9uZUZ1c2ViaWxsU2FuZGJveEtleU5vdEFSZWFsT25lMDAwMDAw";

/// A missing or wrong key is 401, a malformed one 400 (the vendor's page "Errors", which shows the text).
pub(crate) fn check_key(sent: &[&str], behaviour: &Behaviour) -> Result<(), Response> {
    let Some(value) = sent.first() else { return Err(unauthorized(behaviour)) };
    let (scheme, key) = value.split_once(' ').unwrap_or_default();
    if sent.len() > 1 || !scheme.eq_ignore_ascii_case("basic") || !is_well_formed(key) {
        return Err(Response::error(400, "Authorization key is not in the correct format."));
    }
    if key == KEY { Ok(()) } else { Err(unauthorized(behaviour)) }
}

fn is_well_formed(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|text| text.len() == 66 && text.starts_with(b"0:"))
}

/// The vendor's documents do not show the body.
fn unauthorized(behaviour: &Behaviour) -> Response {
    if behaviour.is("unauthorized", "empty") {
        return Response::empty(401);
    }
    Response::error(401, "Authorization has been denied for this request.")
}

/// Requests that are answered before the sandbox answers 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub per_minute: u32,
    pub per_day: u32,
    /// The length of the minute, which tests shorten.
    pub minute: Duration,
}

impl Default for Limits {
    /// The limits of a live account.
    fn default() -> Limits {
        Limits { per_minute: 1_000, per_day: 180_000, minute: Duration::from_secs(60) }
    }
}

/// Each window begins with its first request.
pub(crate) struct Quota {
    windows: [Window; 2],
}

struct Window {
    name: &'static str,
    length: Duration,
    limit: u32,
    used: u32,
    ends: Timestamp,
}

impl Quota {
    pub(crate) fn new(limits: Limits) -> Quota {
        let window = |name, length, limit| Window { name, length, limit, used: 0, ends: Timestamp::MIN };
        let day = Duration::from_secs(86_400);
        Quota {
            windows: [window("minute", limits.minute, limits.per_minute), window("day", day, limits.per_day)],
        }
    }

    pub(crate) fn take(&mut self, now: Timestamp, behaviour: &Behaviour) -> Result<(), Response> {
        self.restart(now);
        if let Some(full) = self.windows.iter().find(|window| window.used >= window.limit) {
            return Err(too_many(full.name, behaviour));
        }
        self.windows.iter_mut().for_each(|window| window.used += 1);
        Ok(())
    }

    pub(crate) fn headers(&mut self, now: Timestamp, format: &str) -> Vec<Header> {
        self.restart(now);
        self.windows.iter().flat_map(|window| window.headers(format)).collect()
    }

    fn restart(&mut self, now: Timestamp) {
        for window in self.windows.iter_mut().filter(|window| now >= window.ends) {
            window.ends = after(now, window.length);
            window.used = 0;
        }
    }
}

impl Window {
    fn headers(&self, format: &str) -> Vec<Header> {
        let name = |what: &str| format!("x-rate-limit-{what}-{}", self.name);
        let mut headers = vec![
            (name("limit"), self.limit.to_string()),
            (name("remaining"), self.limit.saturating_sub(self.used).to_string()),
        ];
        headers.extend(reset(self.ends, format).map(|moment| (name("reset"), moment)));
        headers
    }
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

fn reset(ends: Timestamp, format: &str) -> Option<String> {
    match format {
        "iso" => Some(format!("{ends:.0}")),
        "epoch" => Some(ends.as_second().to_string()),
        _ => None,
    }
}

/// The vendor says that the body names the limit, without its wording.
fn too_many(window: &str, behaviour: &Behaviour) -> Response {
    let text = format!("The limit of requests per {window} has been exceeded.");
    if behaviour.is("too-many", "text") { Response::text(429, text) } else { Response::error(429, &text) }
}

/// A 429 whose headers say that the limit of the minute starts anew in `seconds`.
pub(crate) fn used_up(seconds: u64, now: Timestamp, behaviour: &Behaviour) -> Response {
    let mut response = too_many("minute", behaviour);
    response.header("x-rate-limit-remaining-minute", "0");
    if let Some(moment) = reset(after(now, Duration::from_secs(seconds)), behaviour.of("reset")) {
        response.header("x-rate-limit-reset-minute", &moment);
    }
    response
}
