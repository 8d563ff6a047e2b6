//! The changes of a plan, as a table and in the question for consent.

use dialoguer::console::measure_text_width;

use super::Look;
use super::account_label::AccountLabel;
use super::bulk::counted;
use super::escape::escaped;
use super::parts::{Part, cut, parts, short};
use super::table::{Cell, LongValues, Tone, fits, marked, table};
use super::value::values;
use super::wrap::wrapped;
use crate::document::{Change, Json, Plan, View};
use crate::field::{self, FieldKind};

const HEADER: [&str; 3] = ["Field", "Before", "After"];

pub(crate) fn plan(plan: &Plan, account: &AccountLabel<'_>, look: Look) -> String {
    let head = head(plan, account, look);
    let rows: Vec<Vec<Cell>> = plan.changes.iter().map(row).collect();
    if fits(&HEADER, &rows, look) {
        return format!("{head}\n{}", table(&HEADER, &rows, look, LongValues::Wrap));
    }
    let blocks = plan.changes.iter().map(|change| block(change, look));
    format!("{head}\n{}", blocks.collect::<String>())
}

/// Whose change it is, and on which account.
pub(super) fn head(plan: &Plan, account: &AccountLabel<'_>, look: Look) -> String {
    let head = format!("{}  ({})", look.bold(&escaped(&who(plan))), account.list(look));
    wrapped(&head, look.width)
}

/// A change below its path, for a terminal that has no room for the table. Only what did not change is cut.
fn block(change: &Change, look: Look) -> String {
    let [before, after] = changed(change).map(|parts| cut(parts, look.more()));
    let arrow = look.arrow();
    let indented = |parts: &[Part], tone, first: &str| {
        let indent = " ".repeat(first.chars().count());
        format!("{first}{}\n", marked(parts, tone, look).replace('\n', &format!("\n{indent}")))
    };
    let old = indented(&before, Tone::Old, &" ".repeat(3 + arrow.chars().count()));
    let new = indented(&after, new_tone(change), &format!("  {arrow} "));
    format!("{}\n{old}{new}", escaped(&change.path.to_string()))
}

pub(crate) fn who(plan: &Plan) -> String {
    let (id, name) = (plan.before.id(), plan.before.name());
    if name.is_empty() { format!("Customer {id}") } else { format!("Customer {id} {name}") }
}

pub(super) fn row(change: &Change) -> Vec<Cell> {
    let [before, after] = changed(change);
    let path = Cell::plain(change.path.to_string());
    vec![path, Cell::marked(before, Tone::Old), Cell::marked(after, new_tone(change))]
}

fn new_tone(change: &Change) -> Tone {
    if change.clears() { Tone::Dim } else { Tone::New }
}

/// Both values, with what in them changed. A value that is removed is told in words.
fn changed(change: &Change) -> [Vec<Part>; 2] {
    let views = [&change.before, &change.after].map(|json| json.as_ref().map(Json::root));
    let [before, after] = values(&change.path, views);
    let field = field::at(&change.path.dotted());
    let is_list =
        field.is_some_and(|field| matches!(field.kind, FieldKind::Emails { .. } | FieldKind::Codes));
    let [before, mut after] = parts(&before, &after, is_list);
    let removal = match change.new_value().and_then(View::as_text) {
        Some(text) if text.is_empty() => " (empty text)",
        _ if change.clears() => " (cleared)",
        _ => "",
    };
    if !removal.is_empty() {
        after.push(Part { text: removal.to_string(), changed: false });
    }
    [before, after]
}

/// "Jon → John" on one line. On a terminal, both values are cut so that they and the arrow take at most `room` columns.
pub(crate) fn line(change: &Change, room: usize, look: Look) -> String {
    let [before, after] = changed(change);
    let text = |parts: &[Part]| parts.iter().map(|part| escaped(&part.text)).collect::<String>();
    if look.width.is_none() {
        return format!("{} {} {}", text(&before), look.arrow(), text(&after));
    }
    let arrow = format!(" {} ", look.arrow());
    let room = room.saturating_sub(measure_text_width(&arrow));
    let most = (room / 2).max(room.saturating_sub(measure_text_width(&text(&after))));
    let before = short(before, most, look.more());
    let after = short(after, room.saturating_sub(measure_text_width(&before)), look.more());
    format!("{before}{arrow}{after}")
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
    let cleared = match plan.changes.iter().filter(|change| change.clears()).count() {
        0 => String::new(),
        cleared => format!(" ({cleared} cleared)"),
    };
    let changes = counted(plan.changes.len() as u64, "change");
    let who = who(plan).replacen('C', "c", 1);
    format!("Write {changes}{cleared} to {} on {}?", escaped(&who), account.sentence())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Customer;
    use crate::document::Path;
    use crate::document::plan::rewrite;

    #[test]
    fn a_line_shows_the_changed_part_of_long_values() {
        let [old, new] = ["1", "2"].map(|end| Some(Json::string(&format!("{}{end}", "REF-".repeat(60)))));
        let change = Change { path: Path::root("reference"), before: old, after: new };
        let look = Look { width: Some(80), ..Look::default() };
        assert_eq!(line(&change, 17, look), "…1 → …2");
        let change = Change { before: None, ..change };
        assert_eq!(line(&change, 30, look), "(absent) → REF-REF-REF-REF-RE…");
        assert_eq!(line(&change, 30, Look::default()).chars().count(), 252);
    }

    #[test]
    fn a_narrow_terminal_gets_lines() {
        let before = Customer::parse(r#"{"id":7,"status":"Active","suffix":null}"#).unwrap();
        let plan = rewrite(before, vec![(Path::root("suffix"), Some(Json::string("Jr")))]).unwrap();
        let account = AccountLabel { profile: "p", host: "h", overrides: &[], label: None, color: None };
        let look = Look { width: Some(12), ..Look::default() };
        assert_eq!(
            super::plan(&plan, &account, look),
            "Customer 7  (profile p, h)\nsuffix\n    null\n  → Jr\n"
        );
        assert!(super::plan(&plan, &account, Look::default()).ends_with("\nsuffix  null    Jr\n"));
    }
}
