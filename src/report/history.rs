//! The history: entries of the store in every form of output.

use jiff::Timestamp;

use super::Look;
use super::escape::escaped;
use super::json::{self, Object};
use super::rows::{List, Rows};
use super::table::{Cell, Tone, values};
use crate::cli::Output;
use crate::document::{Change, Json, Plan};
use crate::store::{Ending, Entry, Forgotten};

pub(crate) fn rows(output: Output, look: Look) -> Rows {
    let titles =
        ["Entry", "When", "Profile", "", "", "Customer", "", "", "Changed", "", "Outcome", "Undone by"];
    let names = [
        "entry",
        "time",
        "profile",
        "host",
        "command",
        "",
        "customer",
        "name",
        "",
        "fields",
        "outcome",
        "undone_by",
    ];
    Rows::new(output, look, List::Member("entries"), &titles, &names)
}

pub(crate) fn add(rows: &mut Rows, entry: &Entry, local: impl Fn(Timestamp) -> String) -> String {
    rows.add(|| cells(entry, local), || summary(entry))
}

fn cells(entry: &Entry, local: impl Fn(Timestamp) -> String) -> Vec<Cell> {
    let tone = match entry.outcome {
        Some(Ending::Written) => Tone::Plain,
        Some(Ending::NotWritten | Ending::Superseded | Ending::Gone) => Tone::Dim,
        Some(Ending::Differs | Ending::Unknown | Ending::Undecided) | None => Tone::Old,
    };
    vec![
        Cell::new(entry.entry.to_string(), Tone::Bold),
        Cell::plain(local(entry.time)).meaning(entry.time.to_string()),
        Cell::plain(&entry.profile),
        Cell::plain(&entry.host),
        Cell::plain(&entry.command),
        Cell::plain(who(entry)),
        Cell::plain(entry.customer.to_string()),
        Cell::plain(&entry.name),
        Cell::plain(entry.edits.iter().map(changed).collect::<Vec<_>>().join("; ")),
        Cell::plain(fields(entry)),
        Cell::new(entry.state(), tone),
        Cell::plain(entry.undone_by.as_ref().map(ToString::to_string).unwrap_or_default()),
    ]
}

/// "firstName: "Jon" → "John"".
fn changed(edit: &Change) -> String {
    let [before, after] = values([edit.old_value(), edit.new_value()]);
    format!("{}: {before} → {after}", edit.path)
}

fn who(entry: &Entry) -> String {
    format!("{} {}", entry.customer, entry.name).trim().to_string()
}

fn fields(entry: &Entry) -> String {
    let paths: Vec<String> = entry.edits.iter().map(|edit| edit.path.to_string()).collect();
    paths.join(", ")
}

pub(crate) fn line(entry: &Entry) -> String {
    format!("{}: {} ({})", who(entry), fields(entry), entry.state())
}

pub(crate) fn head(entry: &Entry, when: &str, look: Look) -> String {
    let name = look.bold(&format!("Entry {}", escaped(&entry.entry.to_string())));
    let said = |what: &str, other: &Option<_>| other.as_ref().map(|other| format!(", {what} {other}"));
    let row = entry.row.as_ref().map(|row| format!(", row {} of run {}", row.row, row.run));
    let more = [row, said("undoes", &entry.undoes), said("undone by", &entry.undone_by)];
    let more: String = more.into_iter().flatten().collect();
    let line = format!("{when}, {}{more}: {}", entry.command, entry.state());
    format!("{name}\n{}\n", escaped(&line))
}

/// An entry as JSON; the members are described in docs/json.md.
fn summary(entry: &Entry) -> String {
    let text = |name: &Option<_>| name.as_ref().map(ToString::to_string);
    let customer = Object::default().member("id", &entry.customer).member("name", &entry.name);
    let object = Object::default()
        .member("entry", &entry.entry.to_string())
        .member("time", &entry.time)
        .member("profile", &entry.profile)
        .member("host", &entry.host)
        .member("command", &entry.command)
        .member("undoes", &text(&entry.undoes))
        .member("undone_by", &text(&entry.undone_by))
        .member("run", &entry.row.as_ref().map(|row| row.run.to_string()))
        .member("row", &entry.row.as_ref().map(|row| row.row))
        .token("customer", &customer.end())
        .token("edits", &json::array(entry.edits.iter().map(edited)))
        .member("outcome", &entry.state())
        .token("action", entry.action.as_ref().map_or("null", Json::text));
    object.end()
}

pub(crate) fn whole(entry: &Entry, plan: &Plan) -> String {
    let object = Object::default()
        .token("summary", &summary(entry))
        .token("before", plan.before.text())
        .token("after", plan.after.text());
    object.end()
}

pub(crate) fn pruned(forgotten: Forgotten) -> String {
    let object = Object::default()
        .member("forgotten", &forgotten.entries)
        .member("runs", &forgotten.runs)
        .member("unsettled", &forgotten.unsettled);
    object.end()
}

fn edited(edit: &Change) -> String {
    let object = Object::default().member("path", &edit.path);
    object.member("before", &edit.before).member("after", &edit.after).end()
}
