//! Parses the API's rate-limit headers. Pure: the time is given. The vendor calls the reset a timestamp without saying of
//! which form, so both that are in use are read: ISO 8601 and Unix time. A moment is one of the server's clock, so the time
//! that is given must be the server's too (`clock_offset`).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::document::time::timestamp;

/// A `Date` has whole seconds and took time to arrive, so a smaller difference is no wrong clock.
const DATE_PRECISION: SignedDuration = SignedDuration::from_secs(2);
/// The shortest wait: by this machine's clock a reset may be just past.
const LEAST: Duration = Duration::from_millis(250);
/// The longest wait. No window is longer than a day, and a moment that `Instant` cannot hold would panic.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait after a 429; none if the answer does not tell.
/// `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) is read first: the vendor does not document it, but proxies
/// send it. Then the reset of the window that is used up; if neither is, that of the minute.
pub fn wait<'a>(header: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Duration> {
    if let Some(wait) = header("retry-after").and_then(|value| retry_after(value, now)) {
        return Some(wait);
    }
    let RateLimits { minute, day } = RateLimits::of(header, now);
    let used_up = |window: Window| window.remaining == Some(0);
    let window = if used_up(day) && !used_up(minute) { day } else { minute };
    Some(window.resets?.duration_since(now).try_into().unwrap_or(LEAST).clamp(LEAST, LONGEST))
}

/// How far the server's clock is ahead of this machine's, by the `Date` of an answer (RFC 9110 section 6.6.1) that arrived
/// `now`; zero if it does not tell.
pub(super) fn clock_offset(date: Option<&str>, now: Timestamp) -> SignedDuration {
    let ahead = date.and_then(http_date).map(|date| date.duration_since(now));
    ahead.filter(|ahead| ahead.abs() > DATE_PRECISION).unwrap_or_default()
}

fn http_date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp())
}

/// The wait that a `Retry-After` asks for; none if it cannot be read.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(value)?.duration_since(now).try_into().unwrap_or_default(),
    };
    Some(wait.clamp(LEAST, LONGEST))
}

/// The requests that are left, by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    pub remaining: u32,
    /// How long the window lasts, if the answer says.
    pub ends_in: Option<Duration>,
    /// The account's limits, if the answer says.
    pub limits: Limits,
    /// Whether the answer is a 429.
    pub refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub(crate) per_minute: Option<u32>,
    pub(crate) per_day: Option<u32>,
}

/// One of the account's windows, the minute or the day, by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Window {
    pub(crate) limit: Option<u32>,
    /// Requests that are left.
    pub remaining: Option<u32>,
    pub(crate) resets: Option<Timestamp>,
}

/// The account's windows, by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct RateLimits {
    pub minute: Window,
    pub day: Window,
}

impl RateLimits {
    pub fn of<'a>(header: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> RateLimits {
        let window = |name: &str| {
            let value = |what: &str| header(&format!("x-rate-limit-{what}-{name}")).map(str::trim);
            let number = |what: &str| value(what)?.parse().ok();
            let resets = value("reset").and_then(|reset| instant(reset, now));
            Window { limit: number("limit"), remaining: number("remaining"), resets }
        };
        RateLimits { minute: window("minute"), day: window("day") }
    }

    /// By a clock that is this much behind the server's.
    pub(super) fn earlier(self, by: SignedDuration) -> RateLimits {
        let earlier = |resets: Timestamp| resets.checked_sub(by).unwrap_or(resets);
        let window = |window: Window| Window { resets: window.resets.map(earlier), ..window };
        RateLimits { minute: window(self.minute), day: window(self.day) }
    }
}

/// The window with the fewest requests left; none if the answer has no such headers.
/// A reset without a fraction of a second may have been cut, so a second is added to it.
pub fn quota<'a>(header: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Quota> {
    let RateLimits { minute, day } = RateLimits::of(header, now);
    let left = |window: Window| Some((window.remaining?, window.resets));
    let (remaining, resets) = [minute, day].into_iter().filter_map(left).min_by_key(|(left, _)| *left)?;
    let ends_in = resets.map(|resets| {
        let told = Duration::try_from(resets.duration_since(now)).unwrap_or_default();
        told.min(LONGEST) + Duration::from_secs(1)
    });
    let limits = Limits { per_minute: minute.limit, per_day: day.limit };
    Some(Quota { remaining, ends_in, limits, refused: false })
}

fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        return match number {
            // Too small for a date: seconds from now.
            ..1_000_000 => now.checked_add(SignedDuration::from_secs(number)).ok(),
            1_000_000..100_000_000_000 => Timestamp::from_second(number).ok(),
            _ => Timestamp::from_millisecond(number).ok(),
        };
    }
    timestamp(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(headers: &[(&str, &str)]) -> Option<u64> {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        wait(header, now).map(|wait| wait.as_millis().try_into().unwrap())
    }

    #[test]
    fn the_reset_is_read_in_every_form() {
        for reset in [
            "2026-11-23T10:00:30Z",
            "2026-11-23T10:00:30",
            "2026-11-23T12:00:30.000+02:00",
            "1795428030",
            "1795428030000",
            "30",
        ] {
            assert_eq!(waits(&[("x-rate-limit-reset-minute", reset)]), Some(30_000), "{reset}");
        }
    }

    #[test]
    fn the_window_that_is_used_up_decides() {
        let both = [("x-rate-limit-reset-minute", "10"), ("x-rate-limit-reset-day", "1000")];
        let mut day = both.to_vec();
        day.extend([("x-rate-limit-remaining-day", "0"), ("x-rate-limit-remaining-minute", "7")]);
        assert_eq!((waits(&both), waits(&day)), (Some(10_000), Some(1_000_000)));
    }

    #[test]
    fn the_window_with_the_fewest_requests_left_counts() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let told = |headers: &[(&str, &str)]| {
            let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            quota(header, now).map(|quota| (quota.remaining, quota.ends_in.map(|ends| ends.as_secs())))
        };
        let minute = [("x-rate-limit-remaining-minute", "7"), ("x-rate-limit-reset-minute", "30")];
        let day = [("x-rate-limit-remaining-day", "3")];
        assert_eq!(told(&minute), Some((7, Some(31))));
        assert_eq!(told(&[minute.as_slice(), &day].concat()), Some((3, None)));
        assert_eq!(told(&[("x-rate-limit-remaining-minute", "many")]), None);
    }

    #[test]
    fn unreadable_headers_give_no_wait_and_past_times_the_shortest() {
        assert_eq!(waits(&[]), None);
        assert_eq!(waits(&[("x-rate-limit-reset-minute", "soon")]), None);
        assert_eq!(waits(&[("x-rate-limit-reset-minute", "2026-11-23T09:00:00Z")]), Some(250));
        assert_eq!(waits(&[("retry-after", "2"), ("x-rate-limit-reset-minute", "30")]), Some(2_000));
        assert_eq!(waits(&[("retry-after", "Mon, 23 Nov 2026 10:01:00 GMT")]), Some(60_000));
        assert_eq!(waits(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]), Some(250));
        assert_eq!(waits(&[("retry-after", "soon"), ("x-rate-limit-reset-minute", "30")]), Some(30_000));
    }

    #[test]
    fn the_offset_is_the_difference_to_the_date_of_the_answer() {
        let now: Timestamp = "2026-11-23T10:00:00.9Z".parse().unwrap();
        let offset = |date| clock_offset(Some(date), now).as_millis();
        assert_eq!(offset("Mon, 23 Nov 2026 10:10:00 GMT"), 599_100);
        assert_eq!(offset("Mon, 23 Nov 2026 09:50:00 GMT"), -600_900);
        assert_eq!(offset("Mon, 23 Nov 2026 10:00:00 GMT"), 0, "a date has whole seconds");
        assert_eq!((offset("soon"), clock_offset(None, now)), (0, SignedDuration::ZERO));
    }

    #[test]
    fn a_reset_is_converted_to_this_machines_clock() {
        let header = |name: &str| (name == "x-rate-limit-reset-minute").then_some("2026-11-23T10:10:30Z");
        let limits = RateLimits::of(header, Timestamp::UNIX_EPOCH).earlier(SignedDuration::from_mins(10));
        assert_eq!(limits.minute.resets, Some("2026-11-23T10:00:30Z".parse().unwrap()));
        assert_eq!(limits.day.resets, None);
    }

    #[test]
    fn every_wait_from_a_header_is_capped_at_a_day() {
        let day = Some(24 * 60 * 60 * 1_000);
        for (name, value) in [
            ("retry-after", "18446744073709551615"),
            ("x-rate-limit-reset-minute", "9999-12-30T00:00:00Z"),
            ("x-rate-limit-reset-minute", "99999999999"),
        ] {
            assert_eq!(waits(&[(name, value)]), day, "{value}");
        }
    }
}
