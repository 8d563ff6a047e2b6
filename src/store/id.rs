//! Names of entries and runs.

use std::fmt;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// The name of an entry or a run: the moment in UTC to the millisecond, then four random characters. Names sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(String);

impl EntryId {
    /// The name for this moment; `random` makes two of the same millisecond differ.
    pub(crate) fn new(now: Timestamp, random: u32) -> EntryId {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let written = format!("{now:.3}");
        let digits = written.chars().filter(|letter| matches!(letter, '0'..='9' | 'T'));
        let digits = digits.collect::<String>().replace('T', "-");
        let tail = (0..4).map(|at| char::from(LETTERS[(random >> (5 * at)) as usize % 32]));
        EntryId(format!("{digits}-{}", tail.collect::<String>()))
    }

    /// The name as a user typed it; there may be no such entry.
    pub(crate) fn typed(text: &str) -> EntryId {
        EntryId(text.trim().to_string())
    }
}

impl ToSql for EntryId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for EntryId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<EntryId> {
        String::column_result(value).map(EntryId)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_moment_to_the_millisecond() {
        let name = |text: &str| EntryId::new(text.parse().unwrap(), 0).to_string();
        assert_eq!(name("2026-01-03T09:04:08.0079Z"), "20260103-090408007-0000");
        assert_eq!(name("2026-01-03T10:04:08+01:00"), "20260103-090408000-0000");
    }

    #[test]
    fn names_sort_by_time() {
        let at = |text: &str, random| EntryId::new(text.parse().unwrap(), random);
        assert!(at("2026-11-23T09:14:38.999Z", 9) < at("2026-11-23T09:14:39.000Z", 1));
        assert_ne!(at("2026-11-23T09:14:38Z", 1), at("2026-11-23T09:14:38Z", 2));
    }
}
