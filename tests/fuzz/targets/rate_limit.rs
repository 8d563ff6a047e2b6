//! The headers of a rate limit. The input: a line for each header, `NAME: VALUE`; names without `x-rate-limit-`.
//!
//! Held: whatever a server says, a wait is no shorter than the least and no longer than the longest; a reset that is told as
//! seconds, Unix time or a date means the same moment; a later reset never shortens the wait; the window with the fewest
//! requests left counts; and the rate limiter takes every such quota.

#![no_main]

use std::time::Duration;

use fusebill::api::RateLimiter;
use fusebill::api::rate_limit::{LONGEST, Quota, RateLimits, quota, wait};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const LEAST: Duration = Duration::from_millis(250);
/// 2026-11-23T10:00:00Z.
const NOW: i64 = 1_795_428_000;

fuzz_target!(|text: &str| {
    let message: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    let told = |name: &str| {
        let name = name.strip_prefix("x-rate-limit-").unwrap_or(name);
        message.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    };
    let now = Timestamp::from_second(NOW).expect("a moment");
    let pause = wait(told, now);
    assert!(pause.is_none_or(|pause| (LEAST..=LONGEST).contains(&pause)), "{pause:?}");
    if let Some(seconds) = told("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
        let expected = Duration::from_secs(seconds).clamp(LEAST, LONGEST);
        assert_eq!(pause, Some(expected));
    } else if told("retry-after").is_none() {
        resets(told, pause, now);
    }
    let limiter = RateLimiter::new(Some(60));
    let standing = RateLimits::of(told, now);
    let quota = quota(told, now);
    let left = [standing.minute.remaining, standing.day.remaining];
    assert_eq!(quota.map(|quota| quota.remaining), left.into_iter().flatten().min());
    for name in ["minute", "day"] {
        let number = told(&format!("remaining-{name}")).and_then(|value| value.trim().parse::<u32>().ok());
        assert_eq!(if name == "day" { left[1] } else { left[0] }, number);
    }
    if let Some(quota) = quota {
        assert!(
            quota.ends_in.is_none_or(
                |ends| (Duration::from_secs(1)..=LONGEST + Duration::from_secs(1)).contains(&ends)
            )
        );
        limiter.answered(Some(quota));
    }
    limiter.answered(Some(Quota { ends_in: pause, refused: true, ..Quota::default() }));
    limiter.stop();
    let waits = limiter.waits();
    assert!(waits.is_none_or(|waits| waits <= LONGEST + Duration::from_secs(10)), "{waits:?}");
});

/// The wait is until the reset, whichever way it is told, and a later one is no shorter.
fn resets<'a>(told: impl Fn(&str) -> Option<&'a str>, pause: Option<Duration>, now: Timestamp) {
    let used_up =
        |name: &str| told(&format!("remaining-{name}")).is_some_and(|left| left.trim().parse() == Ok(0_u32));
    let name = if used_up("day") && !used_up("minute") { "reset-day" } else { "reset-minute" };
    let Some(reset) = told(name) else { return assert_eq!(pause, None) };
    let Ok(number) = reset.trim().parse::<i64>() else { return };
    let seconds = match number {
        ..1_000_000 => i128::from(number) * 1000,
        1_000_000..100_000_000_000 => (i128::from(number) - i128::from(NOW)) * 1000,
        _ => i128::from(number) - i128::from(NOW) * 1000,
    };
    let expected =
        Duration::from_millis(u64::try_from(seconds.max(0)).unwrap_or(u64::MAX)).clamp(LEAST, LONGEST);
    assert!(pause.is_none_or(|pause| pause == expected), "{reset}: {pause:?}, not {expected:?}");
    let spell = |at: i64| Timestamp::from_second(at).ok().map(|at| at.to_string());
    let (Some(date), true) = (spell(NOW.saturating_add(number)), (0..999_999).contains(&number)) else {
        return;
    };
    let only = |value: &str| wait(|asked| asked.ends_with("reset-minute").then_some(value), now);
    assert_eq!(only(&date), pause, "a date means another moment");
    assert!(only(&(number + 1).to_string()) >= only(&number.to_string()), "later is sooner");
}
