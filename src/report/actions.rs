//! The status actions of a file: how many of each kind, and what they would charge.

use super::Look;
use super::json::{Object, array};
use super::table::{Cell, LongValues, Tone, table as draw};
use crate::action::{Reverse, StatusAction};
use crate::bulk::action::{ActionTotals, Group};

/// A line for each action and currency, and one for all. Empty without an action.
pub(crate) fn table(totals: &ActionTotals, look: Look) -> String {
    let mut rows: Vec<Vec<Cell>> = totals.groups().map(line).collect();
    if totals.done > 0 {
        let done = "nothing: these customers have the status already";
        rows.push(cells("(unchanged)", totals.done, done, Tone::Dim));
    }
    if totals.refused.1 > 0 {
        rows.push(cells("(cannot be sent)", totals.refused.1, "nothing", Tone::Dim));
    }
    if rows.len() > 1 {
        let charges = totals.sentence().unwrap_or_else(|| "nothing".to_string());
        let all = totals.rows() + totals.done + totals.refused.1;
        rows.push(cells("all", all, &charges, Tone::Bold));
    }
    if rows.is_empty() {
        return String::new();
    }
    draw(&["Action", "Rows", "Charges"], &rows, look, LongValues::Wrap)
}

fn line(group: &Group) -> Vec<Cell> {
    let charges = match group.total {
        Some(total) => format!("{total} {}", group.currency),
        None => effect(group.action).to_string(),
    };
    cells(&group.action.to_string(), group.rows, &charges, Tone::Plain)
}

fn cells(action: &str, rows: u64, charges: &str, tone: Tone) -> Vec<Cell> {
    vec![Cell::new(action, tone), Cell::new(rows.to_string(), tone), Cell::new(charges, tone)]
}

/// Of an action without a preview.
fn effect(action: StatusAction) -> &'static str {
    match action {
        StatusAction::Cancel(Reverse::None) => "nothing, and reverses nothing",
        StatusAction::Cancel(_) => "nothing; it reverses, and the API does not say how much",
        _ => "nothing",
    }
}

/// As a member of a JSON object: `[{"action", "rows", "total", "currency"}]`.
pub(crate) fn json(totals: &ActionTotals) -> String {
    let group = |group: &Group| {
        let total = group.total.map_or("null".to_string(), |total| total.to_string());
        let currency = group.total.map(|_| &group.currency);
        Object::default()
            .member("action", &group.action)
            .member("rows", &group.rows)
            .token("total", &total)
            .member("currency", &currency)
            .end()
    };
    array(totals.groups().map(group))
}
