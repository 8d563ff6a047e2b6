//! Rows as a table, JSON, NDJSON or CSV. All but the table, whose columns fit their widest cell, are printed row by row.
//! A table is in memory until it is printed, so after many rows the next one begins.

use super::Look;
use super::csv::csv;
use super::json::printed;
use super::table::{Cell, LongValues, table};
use crate::cli::Output;
use crate::document::indent::indented;
use crate::document::json::quote;

const TABLE_ROWS: usize = 1_000;

#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    Array,
    Member(&'static str),
}

#[derive(Debug)]
pub(crate) struct Rows {
    output: Output,
    look: Look,
    list: List,
    titles: Vec<String>,
    names: Vec<String>,
    count: usize,
    long: LongValues,
    table: Vec<Vec<Cell>>,
}

impl Rows {
    pub(crate) fn new<T: ToString>(
        output: Output,
        look: Look,
        list: List,
        titles: &[T],
        names: &[T],
    ) -> Rows {
        let [titles, names] = [titles, names].map(|all| all.iter().map(ToString::to_string).collect());
        Rows { output, look, list, titles, names, count: 0, long: LongValues::Cut, table: Vec::new() }
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Shows long values whole, on several lines.
    #[must_use]
    pub(crate) fn wrapped(self) -> Rows {
        Rows { long: LongValues::Wrap, ..self }
    }

    /// Adds a row with a cell for each column, and gives the text that can be printed now.
    pub(crate) fn add(&mut self, cells: impl FnOnce() -> Vec<Cell>, json: impl FnOnce() -> String) -> String {
        let mut text = self.head();
        match self.output {
            Output::Table => {
                self.table.push(kept(cells(), &self.titles));
                if self.table.len() == TABLE_ROWS {
                    text += &self.table();
                }
            }
            Output::Csv => {
                let cells = kept(cells(), &self.names);
                text += &csv([cells.iter().map(Cell::exact).collect::<Vec<_>>()]);
            }
            Output::Ndjson => text += &printed(&json(), Output::Ndjson),
            Output::Json => text += &self.item(&json()),
        }
        self.count += 1;
        text
    }

    pub(crate) fn end(mut self) -> String {
        match self.output {
            Output::Table if self.table.is_empty() => String::new(),
            Output::Table => self.table(),
            Output::Json => self.head() + &self.foot(),
            Output::Csv | Output::Ndjson => self.head(),
        }
    }

    fn table(&mut self) -> String {
        let titles: Vec<&str> = kept(self.titles.iter().map(String::as_str).collect(), &self.titles);
        table(&titles, &std::mem::take(&mut self.table), self.look, self.long)
    }

    fn head(&self) -> String {
        match (self.output, self.list) {
            _ if self.count > 0 => String::new(),
            (Output::Csv, _) => csv([kept(self.names.clone(), &self.names)]),
            (Output::Json, List::Array) => "[".to_string(),
            (Output::Json, List::Member(name)) => format!("{{\n  {}: [", quote(name)),
            (Output::Table | Output::Ndjson, _) => String::new(),
        }
    }

    fn item(&self, json: &str) -> String {
        let comma = if self.count > 0 { "," } else { "" };
        let line = self.line(1);
        format!("{comma}{line}{}", indented(json).replace('\n', &line))
    }

    fn foot(&self) -> String {
        let line = if self.count > 0 { self.line(0) } else { String::new() };
        match self.list {
            List::Array => format!("{line}]\n"),
            List::Member(_) => format!("{line}]\n}}\n"),
        }
    }

    fn line(&self, levels: usize) -> String {
        let above = usize::from(matches!(self.list, List::Member(_)));
        format!("\n{}", "  ".repeat(above + levels))
    }
}

fn kept<T>(values: Vec<T>, names: &[String]) -> Vec<T> {
    values.into_iter().zip(names).filter(|(_, name)| !name.is_empty()).map(|(value, _)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json::MAX_VALUES;

    fn shown(output: Output, list: List, numbers: &[u32]) -> String {
        let mut rows = Rows::new(output, Look::default(), list, &["N", "T", ""], &["n", "t", "c"]);
        let cells = |n: &u32| {
            vec![Cell::plain(n.to_string()), Cell::plain("\u{1b}").meaning("exact"), Cell::plain("more")]
        };
        let json = |n: &u32| format!("{{\"n\":{n}, \"t\":[]}}");
        let text: String = numbers.iter().map(|n| rows.add(|| cells(n), || json(n))).collect();
        text + &rows.end()
    }

    #[test]
    fn every_form_has_the_same_rows() {
        let of = |output| shown(output, List::Array, &[1, 2]);
        assert_eq!(of(Output::Csv), "n,t,c\n1,exact,more\n2,exact,more\n");
        assert_eq!(of(Output::Ndjson), "{\"n\":1,\"t\":[]}\n{\"n\":2,\"t\":[]}\n");
        let json = "[\n  {\n    \"n\": 1,\n    \"t\": []\n  },\n  {\n    \"n\": 2,\n    \"t\": []\n  }\n]\n";
        assert_eq!(of(Output::Json), json);
        assert!(of(Output::Table).contains("\n2  \\u{1b}\n"), "{}", of(Output::Table));
    }

    #[test]
    fn rows_that_are_a_member_are_laid_out_as_the_whole_object_is() {
        let json = shown(Output::Json, List::Member("all"), &[1]);
        assert_eq!(json, indented("{\"all\":[{\"n\":1,\"t\":[]}]}") + "\n");
    }

    #[test]
    fn a_table_is_printed_when_it_has_many_rows() {
        let mut rows = Rows::new(Output::Table, Look::default(), List::Array, &["N"], &["n"]);
        let texts: Vec<String> =
            (0..=TABLE_ROWS).map(|n| rows.add(|| vec![Cell::plain(n.to_string())], String::new)).collect();
        let printed = texts.iter().position(|text| !text.is_empty());
        assert_eq!((printed, texts[TABLE_ROWS - 1].lines().count()), (Some(TABLE_ROWS - 1), TABLE_ROWS + 2));
        assert!(rows.end().ends_with("\n1000\n"));
    }

    #[test]
    fn no_rows_are_an_empty_list_or_a_header() {
        for (output, list, expected) in [
            (Output::Json, List::Array, "[]\n"),
            (Output::Json, List::Member("all"), "{\n  \"all\": []\n}\n"),
            (Output::Csv, List::Array, "n,t,c\n"),
            (Output::Ndjson, List::Array, ""),
            (Output::Table, List::Array, ""),
        ] {
            assert_eq!(shown(output, list, &[]), expected);
        }
    }

    #[test]
    fn rows_may_print_more_values_than_one_document_may_have() {
        let row = format!("[{}0]", "0,".repeat(9_999));
        let mut rows = Rows::new::<&str>(Output::Json, Look::default(), List::Array, &[], &[]);
        let count = 1 + MAX_VALUES / 10_000;
        let json: String = (0..count).map(|_| rows.add(Vec::new, || row.clone())).collect();
        assert_eq!(json.matches('0').count(), count * 10_000);
    }
}
