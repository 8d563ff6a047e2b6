//! The two rate limits and the headers that tell of them (the vendor's page "Rate limits").

use std::time::{Duration, SystemTime};

use super::answer::{Answer, Header};
use crate::sandbox::behaviour::{Behaviour, Reset, TooMany};
use crate::sandbox::{Limits, clock};

/// The requests of this minute and this day; each begins with its first request.
pub(crate) struct Quota {
    minute: Window,
    day: Window,
}

struct Window {
    name: &'static str,
    length: Duration,
    limit: u32,
    used: u32,
    ends: Option<SystemTime>,
}

impl Quota {
    pub(crate) fn new(limits: Limits) -> Quota {
        let window = |name, length, limit| Window { name, length, limit, used: 0, ends: None };
        let day = Duration::from_secs(86_400);
        Quota {
            minute: window("Minute", limits.minute, limits.per_minute),
            day: window("Day", day, limits.per_day),
        }
    }

    /// Counts one request, or says which limit it would exceed.
    pub(crate) fn take(&mut self, now: SystemTime) -> Result<(), &'static str> {
        for window in [&mut self.minute, &mut self.day] {
            window.turn(now);
            if window.used >= window.limit {
                return Err(window.name);
            }
        }
        self.minute.used += 1;
        self.day.used += 1;
        Ok(())
    }

    /// The headers of every response.
    pub(crate) fn headers(&mut self, now: SystemTime, format: Reset) -> Vec<Header> {
        [&mut self.minute, &mut self.day]
            .into_iter()
            .flat_map(|window| {
                window.turn(now);
                window.headers(window.ends.unwrap_or(now + window.length), format)
            })
            .collect()
    }
}

impl Window {
    fn turn(&mut self, now: SystemTime) {
        if self.ends.is_none_or(|end| now >= end) {
            self.ends = Some(now + self.length);
            self.used = 0;
        }
    }

    fn headers(&self, ends: SystemTime, format: Reset) -> Vec<Header> {
        let name = |what: &str| format!("x-rate-limit-{what}-{}", self.name.to_ascii_lowercase());
        let mut headers = vec![
            (name("limit"), self.limit.to_string()),
            (name("remaining"), (self.limit - self.used.min(self.limit)).to_string()),
        ];
        headers.extend(reset(ends, format).map(|moment| (name("reset"), moment)));
        headers
    }
}

/// The moment a limit starts anew, in the chosen format.
fn reset(ends: SystemTime, format: Reset) -> Option<String> {
    match format {
        Reset::Iso => Some(clock::seconds(ends)),
        Reset::Epoch => Some(clock::epoch(ends).to_string()),
        Reset::None => None,
    }
}

/// 429; the vendor says that the body names the limit, but not in which words.
pub(crate) fn too_many(window: &str, behaviour: &Behaviour) -> Answer {
    let text = format!("The limit of requests per {} has been exceeded.", window.to_ascii_lowercase());
    match behaviour.too_many {
        TooMany::Envelope => Answer::refusal(429, &text),
        TooMany::Text => Answer::text(429, text),
    }
}

/// 429 that says that this minute's limit is used up and starts anew in `seconds`.
pub(crate) fn used_up(seconds: u64, now: SystemTime, behaviour: &Behaviour) -> Answer {
    let mut answer = too_many("Minute", behaviour);
    answer.header("x-rate-limit-remaining-minute", "0");
    if let Some(moment) = reset(now + Duration::from_secs(seconds), behaviour.reset) {
        answer.header("x-rate-limit-reset-minute", &moment);
    }
    answer
}
