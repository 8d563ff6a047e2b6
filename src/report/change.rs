//! The changes of a plan, as a table and in the question for consent.

use super::Look;
use super::account_label::AccountLabel;
use super::escape::escaped;
use super::table::{Cell, Tone, table, values};
use crate::document::{Change, Json, Plan};

/// A terminal narrower than this has no room for a table.
const NARROW: u16 = 40;

pub(crate) fn plan(plan: &Plan, account: &AccountLabel<'_>, look: Look) -> String {
    let head = format!("{}  ({})", look.bold(&escaped(&who(plan))), account.list(look));
    if look.width.is_some_and(|width| width < NARROW) {
        let lines = plan.changes.iter().map(|change| {
            let [before, after] = shown(change);
            let path = change.path.to_string();
            format!("{}\n  {}\n  → {}\n", escaped(&path), escaped(&before), escaped(&after))
        });
        return format!("{head}\n{}", lines.collect::<String>());
    }
    let rows: Vec<Vec<Cell>> = plan.changes.iter().map(row).collect();
    format!("{head}\n{}", table(&["Field", "Before", "After"], &rows, look))
}

pub(crate) fn who(plan: &Plan) -> String {
    let (id, name) = (plan.before.id(), plan.before.name());
    if name.is_empty() { format!("Customer {id}") } else { format!("Customer {id} {name}") }
}

fn row(change: &Change) -> Vec<Cell> {
    let new = if change.clears() { Tone::Dim } else { Tone::New };
    let [before, after] = shown(change);
    vec![Cell::plain(change.path.to_string()), Cell::new(before, Tone::Old), Cell::new(after, new)]
}

fn shown(change: &Change) -> [String; 2] {
    values([&change.before, &change.after].map(|json| json.as_ref().map(Json::root)))
}

/// "2 changed, 1 cleared".
pub(crate) fn counts(plan: &Plan) -> String {
    let cleared = plan.changes.iter().filter(|change| change.clears()).count();
    match (plan.changes.len() - cleared, cleared) {
        (changed, 0) => format!("{changed} changed"),
        (0, cleared) => format!("{cleared} cleared"),
        (changed, cleared) => format!("{changed} changed, {cleared} cleared"),
    }
}

pub(crate) fn question(plan: &Plan, account: &AccountLabel<'_>) -> String {
    format!("Write to {} on {}: {}?", escaped(&who(plan)), account.sentence(), counts(plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Customer;
    use crate::document::Path;
    use crate::document::plan::rewrite;

    #[test]
    fn a_narrow_terminal_gets_lines() {
        let before = Customer::parse(r#"{"id":7,"status":"Active","suffix":null}"#).unwrap();
        let plan = rewrite(before, vec![(Path::root("suffix"), Some(Json::string("Jr")))]).unwrap();
        let account = AccountLabel { profile: "p", host: "h", overrides: &[], label: None, color: None };
        let look = Look { color: false, width: Some(20) };
        assert_eq!(
            super::plan(&plan, &account, look),
            "Customer 7  (profile p, h)\nsuffix\n  null\n  → \"Jr\"\n"
        );
        assert!(super::plan(&plan, &account, Look::default()).contains("┆"));
    }
}
