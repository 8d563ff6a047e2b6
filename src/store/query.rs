//! Queries of one statement, and columns that are text as what they say.

use std::str::FromStr;

pub(super) use rusqlite::Row as SqlRow;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Params};
use serde::de::DeserializeOwned;

use super::Store;
use crate::error::Result;

impl Store {
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.read(|connection| connection.query_row(sql, params, map).optional())
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.read(|connection| connection.prepare(sql)?.query_map(params, map)?.collect())
    }

    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.write(|transaction| transaction.execute(sql, params))
    }
}

/// Reads page after page, each after the last item of the one before: memory does not grow with their number, and other
/// processes can write in between. Ends after an error.
pub(super) fn paged<T: Clone>(
    page: impl Fn(Option<&T>) -> Result<Vec<T>>,
) -> impl Iterator<Item = Result<T>> {
    let (mut last, mut items, mut ended) = (None, Vec::new().into_iter(), false);
    std::iter::from_fn(move || {
        if items.len() == 0 && !ended {
            match page(last.as_ref()) {
                Ok(next) => {
                    ended = next.is_empty();
                    last = next.last().cloned();
                    items = next.into_iter();
                }
                Err(error) => {
                    ended = true;
                    return Some(Err(error));
                }
            }
        }
        items.next().map(Ok)
    })
}

/// A column of text as what it says.
pub(super) fn parsed<T: FromStr>(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    optional(row, column)?
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(column, String::new(), Type::Null))
}

pub(super) fn optional<T: FromStr>(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse()).transpose().map_err(|reason| unreadable(column, reason))
}

/// A column of JSON; NULL reads as nothing.
pub(super) fn json<T: DeserializeOwned + Default>(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<T> {
    let text: Option<String> = row.get(column)?;
    text.map_or(Ok(T::default()), |text| {
        serde_json::from_str(&text).map_err(|error| unreadable(column, error))
    })
}

fn unreadable(column: usize, reason: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(reason))
}
