//! The errors of a file of rows, grouped by column and kind for people, and one by one for programs.

use std::collections::BTreeMap;

use super::bulk::counted;
use crate::bulk::RowError;
use crate::bulk::respelled::cut;
use crate::error::{Error, Listed};

/// How many groups are shown.
const SHOWN: usize = 100;
/// How many errors of a group are shown.
const SAMPLES: usize = 3;
/// How many errors are listed for programs.
const LISTED: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct RowErrors {
    groups: BTreeMap<Kind, Group>,
    listed: Vec<RowError>,
    pub(crate) count: u64,
}

/// Whether the value is respelled, the column, and the reason without what it quotes and counts.
type Kind = (bool, Option<String>, String);

#[derive(Debug, Default)]
struct Group {
    first: Vec<RowError>,
    count: u64,
}

impl RowErrors {
    pub(crate) fn add(&mut self, error: RowError) {
        self.count += 1;
        let kind = kind(&error);
        if self.groups.len() < SHOWN || self.groups.contains_key(&kind) {
            self.groups.entry(kind).or_default().add(error.clone());
        }
        if self.listed.len() < LISTED {
            self.listed.push(error);
        }
    }

    pub(crate) fn append(&mut self, other: RowErrors) {
        let known = other.listed.len() as u64;
        other.listed.into_iter().for_each(|error| self.add(error));
        self.count += other.count - known;
    }

    /// Whether more errors would show nothing new to a reader.
    pub(crate) fn is_full(&self) -> bool {
        self.count >= SHOWN as u64
    }

    pub(crate) fn told(mut self, error: Error) -> Error {
        self.listed.sort_by_key(|error| error.line);
        let listed = Listed(self.listed.iter().map(ToString::to_string).collect());
        Error { listed: Some(Box::new(listed)), ..error.detail(self.lines()) }
    }

    fn lines(&self) -> Vec<String> {
        let mut groups: Vec<(&Kind, &Group)> = self.groups.iter().collect();
        groups.sort_by_key(|((is_respelled, ..), group)| (*is_respelled, group.first[0].line));
        let more = self.count - groups.iter().map(|(_, group)| group.count).sum::<u64>();
        let more = (more > 0).then(|| format!("and {more} more"));
        groups.iter().map(|((is_respelled, ..), group)| group.line(*is_respelled)).chain(more).collect()
    }
}

impl Group {
    /// Keeps the samples with the lowest lines, because the errors of lookups come in any order.
    fn add(&mut self, error: RowError) {
        self.count += 1;
        self.first.push(error);
        self.first.sort_by_key(|error| error.line);
        self.first.truncate(SAMPLES);
    }

    fn line(&self, is_respelled: bool) -> String {
        let first = &self.first[0];
        if is_respelled {
            return self.respelled(first.column.as_deref().unwrap_or_default());
        }
        let Some(column) = first.column.as_ref().filter(|_| self.count > 1) else {
            return self.of_lines(first);
        };
        let cells = counted(self.count, "cell");
        format!("column {column}, {cells}: {}: {}{}", place(first), first.reason, self.others())
    }

    fn of_lines(&self, first: &RowError) -> String {
        if self.count == 1 {
            return first.to_string();
        }
        format!("{}: {first}{}", counted(self.count, "line"), self.others())
    }

    /// "; also line 9 `YY`, line 14 `ZZ`, and 9 more".
    fn others(&self) -> String {
        let sample = |error: &RowError| match &error.value {
            Some(value) => format!("{} `{}`", place(error), cut(value)),
            None => place(error),
        };
        let samples: Vec<String> = self.first[1..].iter().map(sample).collect();
        let more = self.count - self.first.len() as u64;
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("; also {}{more}", samples.join(", "))
    }

    fn respelled(&self, column: &str) -> String {
        let values = counted(self.count, "value");
        let samples: Vec<String> =
            self.first.iter().map(|error| format!("{}: {}", place(error), error.reason)).collect();
        let more = if self.count > samples.len() as u64 { ", \u{2026}" } else { "" };
        let name = shell_words::quote(column.trim_matches('`')).into_owned();
        let samples = samples.join(", ");
        format!(
            "column {column}: {values} as a spreadsheet respells them: {samples}{more}; --allow-respelled {name} takes them"
        )
    }
}

fn place(error: &RowError) -> String {
    error.cell.clone().unwrap_or_else(|| format!("line {}", error.line))
}

fn kind(error: &RowError) -> Kind {
    if error.is_respelled {
        return (true, error.column.clone(), String::new());
    }
    (false, error.column.clone(), without_values(&error.reason))
}

/// A reason without what it quotes and counts, which is equal for errors of one kind.
pub(super) fn without_values(reason: &str) -> String {
    let unquoted = reason.split('`').step_by(2);
    unquoted.flat_map(str::chars).filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: u64, column: &str, value: &str) -> RowError {
        let reason = format!("`{column}` takes a currency, not `{value}`");
        RowError { value: Some(value.into()), ..RowError::of_column(line, column, reason) }
    }

    fn told(errors: Vec<RowError>) -> (Vec<String>, Vec<String>) {
        let mut all = RowErrors::default();
        errors.into_iter().for_each(|error| all.add(error));
        let error = all.told(Error::usage("no"));
        (error.details, error.listed.expect("the errors").0)
    }

    #[test]
    fn errors_of_one_column_and_kind_are_one_line_with_the_first_three() {
        let cells = [14, 2, 9, 20].map(|line| error(line, "currency", &format!("X{line}")));
        let others = [error(3, "title", "Sir"), RowError::of_column(5, "currency", "is blank")];
        let (shown, listed) = told(cells.into_iter().chain(others).collect());
        let expected = [
            "column `currency`, 4 cells: line 2: `currency` takes a currency, not `X2`; also line 9 `X9`, line 14 `X14`, and 1 more",
            "line 3, column `title`: `title` takes a currency, not `Sir`",
            "line 5, column `currency`: is blank",
        ];
        assert_eq!(shown, expected);
        assert_eq!(
            (listed.len(), listed[0].as_str()),
            (6, "line 2, column `currency`: `currency` takes a currency, not `X2`")
        );
    }

    #[test]
    fn errors_of_lines_differ_in_their_numbers() {
        let duplicate =
            |line: u64| RowError::of_line(line, format!("customer {line} is already on line {}", line - 1));
        let (shown, _) = told(vec![duplicate(4), duplicate(8)]);
        assert_eq!(shown, ["2 lines: line 4: customer 4 is already on line 3; also line 8"]);
    }

    #[test]
    fn kinds_beyond_a_hundred_are_counted() {
        let letters = |at: u64| "x".repeat(usize::try_from(at).unwrap());
        let (shown, listed) = told((1..=150).map(|at| RowError::of_line(at, letters(at))).collect());
        assert_eq!((shown.len(), shown[100].as_str(), listed.len()), (101, "and 50 more", 150));
    }

    #[test]
    fn a_long_value_is_cut() {
        let (shown, _) = told(vec![error(1, "a", "x"), error(2, "a", &"y".repeat(500))]);
        assert!(shown.len() == 1 && shown[0].len() < 120, "{shown:?}");
    }
}
