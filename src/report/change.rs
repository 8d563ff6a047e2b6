//! What a plan changes, and what a write came to.

use super::Look;
use super::escape::escaped;
use super::table::{Text, Tone, table, value};
use crate::document::{Change, Json, Plan};

/// Which customer of which account is about to change.
#[derive(Debug)]
pub struct Place<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// The host that is written to.
    pub host: &'a str,
}

/// Head and before/after table of a plan.
pub fn plan(plan: &Plan, place: &Place<'_>, look: Look) -> String {
    let rows: Vec<Vec<Text>> = plan.changes.iter().map(row).collect();
    format!("{}\n{}", head(plan, place, look), table(&["Field", "Before", "After"], &rows, look))
}

fn head(plan: &Plan, place: &Place<'_>, look: Look) -> String {
    let who = who(plan);
    format!("{}  (profile {}, {})", look.bold(&escaped(&who)), escaped(place.profile), escaped(place.host))
}

/// The customer as a person knows it: id and name.
pub fn who(plan: &Plan) -> String {
    let (id, name) = (plan.before.id(), plan.before.name());
    if name.is_empty() { format!("Customer {id}") } else { format!("Customer {id} {name}") }
}

fn row(change: &Change) -> Vec<Text> {
    let new = if change.clears() { Tone::Dim } else { Tone::New };
    vec![
        Text::new(&change.path.to_string(), Tone::Plain),
        Text::new(&shown(change.before.as_ref()), Tone::Old),
        Text::new(&shown(change.after.as_ref()), new),
    ]
}

fn shown(json: Option<&Json>) -> String {
    value(json.map(Json::root))
}

/// "2 changed, 1 cleared".
pub fn counts(plan: &Plan) -> String {
    let counts = plan.counts();
    match (counts.changed, counts.cleared) {
        (changed, 0) => format!("{changed} changed"),
        (0, cleared) => format!("{cleared} cleared"),
        (changed, cleared) => format!("{changed} changed, {cleared} cleared"),
    }
}

/// The question that a plan needs an answer to.
pub fn question(plan: &Plan, place: &Place<'_>) -> String {
    format!(
        "Write to {} on profile {} ({}): {}?",
        escaped(&who(plan)),
        escaped(place.profile),
        escaped(place.host),
        counts(plan)
    )
}
