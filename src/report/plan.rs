//! A plan for people: how many customers change in which field and how many cannot be written, with samples.

use std::collections::BTreeMap;

use super::Look;
use super::actions;
use super::csv::{cell, csv};
use super::row_errors::without_values;
use super::table::{Cell, LongValues, Tone, table};
use super::value::values;
use crate::bulk::action::ActionTotals;
use crate::bulk::plan_file::Planned;
use crate::document::{Change, Json};
use crate::field;

/// How many samples of a field are shown.
const SAMPLES: usize = 2;
const HEADER: [&str; 6] = ["row", "customer", "name", "field", "before", "after"];

/// How many kinds of errors are shown.
const KINDS: usize = 20;

/// The changes of a plan by field, its status actions, and its rows that have none because of an error.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    fields: BTreeMap<String, Field>,
    pub(crate) actions: ActionTotals,
    errors: BTreeMap<(String, String), Errors>,
    /// Rows with an error of another kind.
    unlisted: u64,
}

#[derive(Debug, Default)]
struct Errors {
    rows: u64,
    samples: Vec<(u64, String)>,
}

#[derive(Debug, Default)]
struct Field {
    rows: u64,
    cleared: u64,
    samples: Vec<(u64, Change)>,
}

impl Overview {
    pub(crate) fn add(&mut self, planned: &Planned) {
        if let Some(action) = planned.action.as_ref().filter(|_| planned.error.is_none()) {
            self.actions.add(planned.row, planned.id, action);
        }
        for change in planned.changes() {
            let field = self.fields.entry(change.path.to_string()).or_default();
            field.rows += 1;
            field.cleared += u64::from(change.clears());
            if field.samples.len() < SAMPLES {
                field.samples.push((planned.id, change));
            }
        }
        if let Some(error) = &planned.error {
            self.add_error(planned.id, error);
        }
    }

    fn add_error(&mut self, customer: u64, error: &str) {
        let kind = kind(error);
        if self.errors.len() >= KINDS && !self.errors.contains_key(&kind) {
            self.unlisted += 1;
            return;
        }
        let errors = self.errors.entry(kind).or_default();
        errors.rows += 1;
        if errors.samples.len() < SAMPLES {
            errors.samples.push((customer, error.to_string()));
        }
    }

    pub(crate) fn table(&self, look: Look) -> String {
        let fields: Vec<Vec<Cell>> =
            self.fields.iter().flat_map(|(path, field)| lines(path, field)).collect();
        let listed = self.errors.iter().flat_map(|((field, _), errors)| error_lines(field, errors));
        let others = [String::new(), self.unlisted.to_string(), String::new(), "other errors".to_string()];
        let others = (self.unlisted > 0).then(|| others.map(Cell::plain).to_vec());
        let errors: Vec<Vec<Cell>> = listed.chain(others).collect();
        let drawn = |header: &[&str], rows: &[Vec<Cell>]| {
            if rows.is_empty() { String::new() } else { table(header, rows, look, LongValues::Wrap) }
        };
        let changes = drawn(&["Field", "Rows", "Cleared", "Customer", "Before", "After"], &fields);
        changes
            + &actions::table(&self.actions, look)
            + &drawn(&["Field", "Refused", "Customer", "Reason"], &errors)
    }
}

/// Errors of one kind name the same field first, and differ in what they quote and count after it.
fn kind(error: &str) -> (String, String) {
    let field = error.split('`').nth(1).filter(|name| field::at(name).is_some()).unwrap_or_default();
    (field.to_string(), without_values(error))
}

fn error_lines(field: &str, errors: &Errors) -> Vec<Vec<Cell>> {
    let line = |(at, (customer, reason)): (usize, &(u64, String))| {
        let first = |text: &str| Cell::plain(if at == 0 { text } else { "" });
        let (rows, customer) = (first(&errors.rows.to_string()), Cell::plain(customer.to_string()));
        vec![first(field), rows, customer, Cell::new(reason.clone(), Tone::Old)]
    };
    errors.samples.iter().enumerate().map(line).collect()
}

fn lines(path: &str, field: &Field) -> Vec<Vec<Cell>> {
    let billing = field::at(path).is_some_and(field::Field::affects_billing);
    let name = if billing { format!("{path} (billing)") } else { path.to_string() };
    let line = |(at, (customer, change)): (usize, &(u64, Change))| {
        let first = |text: String| Cell::plain(if at == 0 { text } else { String::new() });
        let cleared = if field.cleared == 0 { String::new() } else { field.cleared.to_string() };
        let [before, after] = values(&change.path, [change.old_value(), change.new_value()]);
        vec![
            first(name.clone()),
            first(field.rows.to_string()),
            first(cleared),
            Cell::plain(customer.to_string()),
            Cell::new(before, Tone::Old),
            Cell::new(after, Tone::New),
        ]
    };
    field.samples.iter().enumerate().map(line).collect()
}

pub(crate) fn csv_head() -> String {
    csv([HEADER])
}

/// A line of CSV for each changed field of a row.
pub(crate) fn csv_rows(planned: &Planned) -> String {
    let value = |json: &Option<Json>| cell(json.as_ref().map(Json::root));
    let row = |change: Change| {
        let (id, name) = (planned.id.to_string(), planned.name.clone());
        let (before, after) = (value(&change.before), value(&change.after));
        [planned.row.to_string(), id, name, change.path.to_string(), before, after]
    };
    csv(planned.changes().map(row)) + &csv(action_rows(planned))
}

/// The status action of a row, and its price.
fn action_rows(planned: &Planned) -> Vec<[String; 6]> {
    let Some(action) = planned.action.as_ref().filter(|action| !action.is_done()) else { return Vec::new() };
    let row = |field: &str, before: String, after: String| {
        let (id, name) = (planned.id.to_string(), planned.name.clone());
        [planned.row.to_string(), id, name, field.to_string(), before, after]
    };
    let price = action.price().map(|(amount, currency)| format!("{amount} {currency}"));
    let price = price.map(|price| row("total", String::new(), price));
    let word = row("action", action.status.clone().unwrap_or_default(), action.action.to_string());
    std::iter::once(word).chain(price).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_further_kinds_are_counted() {
        let mut overview = Overview::default();
        for at in 0..KINDS as u64 + 2 {
            let kind = "x".repeat(1 + usize::try_from(at).unwrap());
            overview.add(&Planned { error: Some(kind), ..Planned::nothing(at, at) });
        }
        let table = overview.table(Look::default());
        assert!(table.trim_end().ends_with("other errors"), "{table}");
        assert!(table.lines().last().unwrap().contains(" 2 "), "{table}");
    }
}
