//! The spellings of a timestamp that the vendor's responses use. All are UTC.

use jiff::Timestamp;

use super::table::with_values;
use crate::document::json::{Json, quote};
use crate::document::path::Path;

pub(crate) fn with_modified(document: &Json, spelled: &str) -> Json {
    with_values(document, &[(Path::of("modifiedTimestamp"), quote(spelled))])
}

/// As the response to a write spells it: seven decimals and `Z` (`2019-11-07T15:51:11.1915461Z`).
pub(crate) fn long(moment: Timestamp) -> String {
    format!("{moment:.7}")
}

/// As a later read spells it: fewer decimals, no zone (`2018-01-01T03:33:33.02`).
pub(crate) fn short(moment: Timestamp) -> String {
    let text = format!("{moment:.3}");
    text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.').to_string()
}

/// As the `Date` header spells it (RFC 9110 section 5.6.7).
pub(crate) fn http_date(moment: Timestamp) -> String {
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_spelled_as_the_vendor_does() {
        let at = |seconds: i64, nanos: i32| Timestamp::new(seconds, nanos).unwrap();
        let moment = at(1_573_141_871, 191_546_199);
        assert_eq!(long(moment), "2019-11-07T15:51:11.1915461Z");
        assert_eq!(short(moment), "2019-11-07T15:51:11.191");
        assert_eq!(short(at(1_573_141_871, 20_000_000)), "2019-11-07T15:51:11.02");
        assert_eq!(short(at(1_573_141_870, 0)), "2019-11-07T15:51:10");
        assert_eq!(http_date(moment), "Thu, 07 Nov 2019 15:51:11 GMT");
    }
}
