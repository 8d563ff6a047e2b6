//! A plan for people: how many customers change in which field, with samples.

use std::collections::BTreeMap;

use super::Look;
use super::csv::{cell, csv};
use super::table::{Cell, LongValues, Tone, table};
use super::value::values;
use crate::bulk::plan_file::Planned;
use crate::document::{Change, Json};
use crate::field;

/// How many samples of a field are shown.
const SAMPLES: usize = 2;
const HEADER: [&str; 6] = ["row", "customer", "name", "field", "before", "after"];

/// The changes of a plan by field.
#[derive(Debug, Default)]
pub(crate) struct Overview(BTreeMap<String, Field>);

#[derive(Debug, Default)]
struct Field {
    rows: u64,
    cleared: u64,
    samples: Vec<(u64, Change)>,
}

impl Overview {
    pub(crate) fn add(&mut self, planned: &Planned) {
        for change in planned.changes() {
            let field = self.0.entry(change.path.to_string()).or_default();
            field.rows += 1;
            field.cleared += u64::from(change.clears());
            if field.samples.len() < SAMPLES {
                field.samples.push((planned.id, change));
            }
        }
    }

    pub(crate) fn table(&self, look: Look) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let rows: Vec<Vec<Cell>> = self.0.iter().flat_map(|(path, field)| lines(path, field)).collect();
        table(&["Field", "Rows", "Cleared", "Customer", "Before", "After"], &rows, look, LongValues::Wrap)
    }
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
    csv(planned.changes().map(row))
}
