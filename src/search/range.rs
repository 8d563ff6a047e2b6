//! Ranges of dates and amounts, with FROM and without TO, as in the vendor's page "Date filtering".

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::QueryError;
use crate::document::decimal::Decimal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range<T> {
    from: Option<Bound<T>>,
    to: Option<Bound<T>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound<T> {
    pub(super) value: T,
    pub(super) spelled: String,
}

/// The two sides of `FROM..TO` or, as the API spells it, `FROM|TO`; none if the text is no range.
pub(super) fn sides(text: &str) -> Option<(&str, &str)> {
    text.split_once("..").or_else(|| text.split_once('|'))
}

impl<T: Ord> Range<T> {
    pub(super) fn between(
        (from, to): (&str, &str),
        read: impl Fn(&str) -> Result<Bound<T>, QueryError>,
    ) -> Result<Range<T>, QueryError> {
        let bound = |text: &str| Some(text).filter(|text| !text.is_empty()).map(&read).transpose();
        let (from, to) = (bound(from)?, bound(to)?);
        match (&from, &to) {
            (None, None) => Err(QueryError::new("the range has neither end")),
            (Some(from), Some(to)) if from.value >= to.value => {
                let (from, to) = (&from.spelled, &to.spelled);
                Err(QueryError::new(format!("nothing is from {from} and below {to}")))
            }
            _ => Ok(Range { from, to }),
        }
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        self.from.as_ref().is_none_or(|from| *value >= from.value)
            && self.to.as_ref().is_none_or(|to| *value < to.value)
    }

    pub(super) fn spelled(&self) -> String {
        [&self.from, &self.to].map(|side| side.as_ref().map_or("", |bound| &bound.spelled)).join("|")
    }
}

impl Range<Timestamp> {
    /// Reads a range of moments in UTC; a single day or second is the range of all its moments.
    pub(super) fn dates(text: &str) -> Result<Range<Timestamp>, QueryError> {
        match sides(text) {
            Some(sides) => Range::between(sides, |text| moment(civil(text)?)),
            None => {
                let from = civil(text)?;
                let length = if text.contains('T') { 1.second() } else { 1.day() };
                let to = from.checked_add(length).map_err(|_| no_date(text))?;
                Ok(Range { from: Some(moment(from)?), to: Some(moment(to)?) })
            }
        }
    }
}

/// Reads `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`; jiff accepts more forms, which the API may not.
fn civil(text: &str) -> Result<DateTime, QueryError> {
    let (shape, read): (_, Option<DateTime>) = match text.len() {
        10 => ("0000-00-00", text.parse::<Date>().ok().map(|date| date.to_datetime(Time::midnight()))),
        _ => ("0000-00-00T00:00:00", text.parse().ok()),
    };
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let shaped = text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits);
    read.filter(|_| shaped).ok_or_else(|| no_date(text))
}

fn moment(civil: DateTime) -> Result<Bound<Timestamp>, QueryError> {
    let spelled = if civil.time() == Time::midnight() { civil.date().to_string() } else { civil.to_string() };
    let value = civil.to_zoned(TimeZone::UTC).map_err(|_| no_date(&spelled))?.timestamp();
    Ok(Bound { value, spelled })
}

fn no_date(text: &str) -> QueryError {
    QueryError::new(format!("`{text}` is no date")).hint(
        "write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC: 2024-01-31 for that day, 2024-01-01..2024-02-01, 2024-01-01.. or ..2024-02-01",
    )
}

pub(super) fn amount(text: &str) -> Result<Bound<Decimal>, QueryError> {
    let plain = !text.contains(['e', 'E']) && !text.ends_with('.') && !text.starts_with('.');
    let value = Decimal::parse(text).filter(|_| plain).ok_or_else(|| {
        QueryError::new(format!("`{text}` is no amount"))
            .hint("write an amount such as 250 or 49.90, or a range: 50..180, 50.. or ..180")
    })?;
    Ok(Bound { value, spelled: text.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::time::timestamp;

    fn dates(text: &str) -> String {
        Range::dates(text).map_or_else(|error| error.reason, |range| range.spelled())
    }

    #[test]
    fn dates_are_spelled_as_the_api_wants_them() {
        for (typed, spelled) in [
            ("2019-01-31", "2019-01-31|2019-02-01"),
            ("2019-01-01..2020-01-01", "2019-01-01|2020-01-01"),
            ("2019-01-01|2020-01-01", "2019-01-01|2020-01-01"),
            ("2019-01-01..", "2019-01-01|"),
            ("..2019-01-01T10:30:00", "|2019-01-01T10:30:00"),
            ("2019-01-01T23:59:59", "2019-01-01T23:59:59|2019-01-02"),
            ("2019-01-01T23:59:60..", "2019-01-01T23:59:59|"),
        ] {
            assert_eq!(dates(typed), spelled, "{typed}");
        }
    }

    #[test]
    fn a_day_is_all_of_it_and_the_end_is_not_in_the_range() {
        let day = Range::dates("2019-01-31").unwrap();
        let within = |text: &str| day.contains(&timestamp(text).unwrap());
        assert!(within("2019-01-31T00:00:00") && within("2019-01-31T23:59:59.9999999Z"));
        assert!(!within("2019-02-01T00:00:00Z") && !within("2019-01-30T23:59:59.99"));
        assert!(within("2019-02-01T00:30:00+02:00"));
    }

    #[test]
    fn an_invalid_date_range_is_refused_with_the_reason() {
        for text in ["", "yesterday", "2019", "2019-1-1", "2019-02-30", "2019-01-01T10:00", "2019-01-01Z"] {
            assert_eq!(dates(text), format!("`{text}` is no date"));
        }
        assert_eq!(dates(".."), "the range has neither end");
        assert_eq!(dates("9999-12-31"), "`9999-12-31` is no date");
        assert_eq!(dates("2019-01-01..2019-01-01"), "nothing is from 2019-01-01 and below 2019-01-01");
    }
}
