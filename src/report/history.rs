//! The journal's entries as they are printed.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Look;
use super::escape::escaped;
use super::json::Object;
use super::rows::{List, Rows};
use super::table::{Cell, Tone};
use crate::cli::Output;
use crate::document::Plan;
use crate::journal::record::Edited;
use crate::journal::{Ending, Entry};

/// The rows of entries.
pub(crate) fn rows(output: Output) -> Rows {
    let titles = ["Entry", "When", "Profile", "", "", "Customer", "", "", "Changed", "Outcome"];
    let names = ["entry", "time", "profile", "host", "command", "", "customer", "name", "fields", "outcome"];
    Rows::new(output, List::Member("entries"), &titles, &names)
}

/// An entry in these rows.
pub(crate) fn add(rows: &mut Rows, entry: &Entry, local: impl Fn(Timestamp) -> String) -> String {
    rows.add(|| cells(entry, local), || summary(entry))
}

fn cells(entry: &Entry, local: impl Fn(Timestamp) -> String) -> Vec<Cell> {
    let intent = &entry.intent;
    let tone = match entry.outcome.as_ref().map(|outcome| outcome.outcome) {
        Some(Ending::Written) => Tone::Plain,
        Some(Ending::NotWritten | Ending::Superseded) => Tone::Dim,
        _ => Tone::Old,
    };
    vec![
        Cell::new(intent.entry.to_string(), Tone::Bold),
        Cell::plain(local(intent.time)).meaning(intent.time.to_string()),
        Cell::plain(&intent.profile),
        Cell::plain(&intent.host),
        Cell::plain(&intent.command),
        Cell::plain(who(entry)),
        Cell::plain(intent.customer.id.to_string()),
        Cell::plain(&intent.customer.name),
        Cell::plain(fields(entry)),
        Cell::new(entry.state(), tone),
    ]
}

/// The customer's id and name.
fn who(entry: &Entry) -> String {
    let customer = &entry.intent.customer;
    format!("{} {}", customer.id, customer.name).trim().to_string()
}

fn fields(entry: &Entry) -> String {
    let paths: Vec<&str> = entry.intent.edits.iter().map(|edit| edit.path.as_str()).collect();
    paths.join(", ")
}

/// An entry in a few words: the customer, the fields and the outcome.
pub(crate) fn line(entry: &Entry) -> String {
    format!("{}: {} ({})", who(entry), fields(entry), entry.state())
}

/// The lines above the changes of one entry.
pub(crate) fn head(entry: &Entry, when: &str, look: Look) -> String {
    let intent = &entry.intent;
    let name = look.bold(&format!("Entry {}", escaped(&intent.entry.to_string())));
    let undoes = intent.undoes.as_ref().map(|undone| format!(", undoes {undone}")).unwrap_or_default();
    let line = format!("{when}, {}{undoes}: {}", intent.command, entry.state());
    format!("{name}\n{}\n", escaped(&line))
}

/// An entry as JSON; the members are described in docs/json.md.
fn summary(entry: &Entry) -> String {
    let intent = &entry.intent;
    let customer = Object::default().member("id", &intent.customer.id).member("name", &intent.customer.name);
    let edits: Vec<Edit<'_>> = intent.edits.iter().map(Edit::of).collect();
    let object = Object::default()
        .member("entry", &intent.entry.to_string())
        .member("time", &intent.time)
        .member("profile", &intent.profile)
        .member("host", &intent.host)
        .member("command", &intent.command)
        .member("undoes", &intent.undoes.as_ref().map(ToString::to_string))
        .token("customer", &customer.end())
        .member("edits", &edits)
        .member("outcome", &entry.state());
    object.end()
}

/// One entry with the documents before and after.
pub(crate) fn whole(entry: &Entry, plan: &Plan) -> String {
    let object = Object::default()
        .token("summary", &summary(entry))
        .token("before", plan.before.text())
        .token("after", plan.after.text());
    object.end()
}

/// How many entries were forgotten.
pub(crate) fn pruned(count: usize) -> String {
    Object::default().member("forgotten", &count).end()
}

/// A value that took the place of another; a side that has no such member is null.
#[derive(Serialize)]
struct Edit<'a> {
    path: &'a str,
    before: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
}

impl<'a> Edit<'a> {
    fn of(edit: &'a Edited) -> Edit<'a> {
        Edit { path: &edit.path, before: edit.before.as_deref(), after: edit.after.as_deref() }
    }
}
