//! The vendor's timestamps.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads a vendor's timestamp: any number of decimals, with a zone or, in UTC, without.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    let zoned: Option<Timestamp> = text.parse().ok();
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    zoned.or_else(civil)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_vendors_is_read_as_utc() {
        let expected = timestamp("2019-11-07T15:51:11.1915461Z").unwrap();
        assert_eq!(timestamp("2019-11-07T15:51:11.1915461"), Some(expected));
        assert_eq!(timestamp("2019-11-07T17:51:11.1915461+02:00"), Some(expected));
        assert!(timestamp("2018-01-01T03:33:33.02").unwrap() < expected);
        assert_eq!((timestamp("yesterday"), timestamp("")), (None, None));
    }
}
