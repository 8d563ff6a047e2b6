//! A plan for people: how many customers change in which field, with samples.

use std::collections::BTreeMap;

use super::Look;
use super::actions;
use super::csv::{cell, csv};
use super::table::{Cell, LongValues, Tone, table};
use super::value::values;
use crate::bulk::action::ActionTotals;
use crate::bulk::plan_file::Planned;
use crate::document::{Change, Json};
use crate::field;

/// How many samples of a field are shown.
const SAMPLES: usize = 2;
const HEADER: [&str; 6] = ["row", "customer", "name", "field", "before", "after"];

/// The changes of a plan by field, and its status actions.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    fields: BTreeMap<String, Field>,
    pub(crate) actions: ActionTotals,
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
            self.actions.add(planned.row, planned.customer.id, action);
        }
        for change in &planned.edits {
            let field = self.fields.entry(change.path.to_string()).or_default();
            field.rows += 1;
            field.cleared += u64::from(change.clears());
            if field.samples.len() < SAMPLES {
                field.samples.push((planned.customer.id, change.clone()));
            }
        }
    }

    pub(crate) fn table(&self, look: Look) -> String {
        let rows: Vec<Vec<Cell>> = self.fields.iter().flat_map(|(path, field)| lines(path, field)).collect();
        let titles = ["Field", "Rows", "Cleared", "Customer", "Before", "After"];
        let fields =
            if rows.is_empty() { String::new() } else { table(&titles, &rows, look, LongValues::Wrap) };
        fields + &actions::table(&self.actions, look)
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
    let row = |change: &Change| {
        let (id, name) = (planned.customer.id.to_string(), planned.customer.name.clone());
        let (before, after) = (value(&change.before), value(&change.after));
        [planned.row.to_string(), id, name, change.path.to_string(), before, after]
    };
    csv(planned.edits.iter().map(row)) + &csv(action_rows(planned))
}

/// The status action of a row, and its price.
fn action_rows(planned: &Planned) -> Vec<[String; 6]> {
    let Some(action) = planned.action.as_ref().filter(|action| !action.is_done()) else { return Vec::new() };
    let row = |field: &str, before: String, after: String| {
        let (id, name) = (planned.customer.id.to_string(), planned.customer.name.clone());
        [planned.row.to_string(), id, name, field.to_string(), before, after]
    };
    let price = action.price().map(|(amount, currency)| format!("{amount} {currency}"));
    let price = price.map(|price| row("total", String::new(), price));
    let word = row("action", action.status.clone().unwrap_or_default(), action.action.to_string());
    std::iter::once(word).chain(price).collect()
}
