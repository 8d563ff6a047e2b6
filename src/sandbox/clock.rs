//! Moments in the forms the vendor uses for them. All are UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment as the answer to a write spells it: seven digits of a second and `Z` (`2019-11-07T15:51:11.1915461Z`).
pub(crate) fn long(moment: SystemTime) -> String {
    let since = since_1970(moment);
    format!("{}.{:07}Z", date_time(since.as_secs()), since.subsec_nanos() / 100)
}

/// The same moment as a later read spells it: fewer digits, no zone (`2018-01-01T03:33:33.02`).
pub(crate) fn short(moment: SystemTime) -> String {
    let since = since_1970(moment);
    let text = format!("{}.{:03}", date_time(since.as_secs()), since.subsec_millis());
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A moment to the second, with its zone (`2019-11-07T15:51:11Z`).
pub(crate) fn seconds(moment: SystemTime) -> String {
    format!("{}Z", date_time(epoch(moment)))
}

/// Whole seconds since 1970.
pub(crate) fn epoch(moment: SystemTime) -> u64 {
    since_1970(moment).as_secs()
}

fn since_1970(moment: SystemTime) -> Duration {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn date_time(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The Gregorian date of a day counted from 1970-01-01 (Howard Hinnant, `civil_from_days`): years begin in March, so
/// that the leap day is the last of its year.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// A date or timestamp in the one form in which texts compare as the moments do; none where it is neither.
///
/// The vendor's timestamps have any number of fraction digits, with and without zone; a date means its midnight.
pub(crate) fn comparable(text: &str) -> Option<String> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let whole = if text.len() == 10 { format!("{text}T00:00:00") } else { text.to_string() };
    let (seconds, fraction) = whole.split_once('.').unwrap_or((&whole, ""));
    let shaped = seconds.len() == 19
        && seconds.bytes().zip("0000-00-00T00:00:00".bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    shaped.then(|| format!("{seconds}.{}", fraction.trim_end_matches('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[test]
    fn a_moment_is_spelled_as_the_vendor_does() {
        let moment = at(1_573_141_871, 191_546_100);
        assert_eq!(long(moment), "2019-11-07T15:51:11.1915461Z");
        assert_eq!(short(moment), "2019-11-07T15:51:11.191");
        assert_eq!(short(at(1_573_141_871, 20_000_000)), "2019-11-07T15:51:11.02");
        assert_eq!(short(at(1_573_141_870, 0)), "2019-11-07T15:51:10");
        assert_eq!(seconds(at(951_782_400, 0)), "2000-02-29T00:00:00Z");
        assert_eq!(seconds(at(4_107_542_399, 0)), "2100-02-28T23:59:59Z");
    }

    #[test]
    fn every_spelling_of_a_timestamp_compares_as_its_moment() {
        let order =
            ["2018-01-01", "2018-01-01T03:33:33.02", "2018-01-01T03:33:33.1915461Z", "2019-11-06T14:19:01"];
        let keys: Vec<_> = order.iter().map(|text| comparable(text).unwrap()).collect();
        assert!(keys.is_sorted());
        assert_eq!(comparable("2018-01-01T00:00:00.00"), comparable("2018-01-01"));
        assert_eq!(comparable("yesterday"), None);
        assert_eq!(comparable("2018-1-1"), None);
    }
}
