//! The history: entries of the store in every form of output.

use jiff::Timestamp;

use super::Look;
use super::change::line as line_of;
use super::escape::escaped;
use super::json::{self, Object};
use super::rows::{List, Rows};
use super::table::{Cell, Tone};
use super::wrap::wrapped;
use crate::cli::Output;
use crate::document::{Change, Json, Plan};
use crate::store::{Entry, EntryOutcome, Pruned};

/// A terminal from this width on has room for the time of each entry or run.
const WIDE: u16 = 100;
/// Columns of a change in a list, at most.
const LINE: usize = 64;

pub(crate) fn rows(output: Output, look: Look, all_profiles: bool) -> Rows {
    // The name of an entry begins with its time, so a narrow terminal needs no other column for it.
    let [entry, when] = if is_narrow(look) { ["Entry (by time, UTC)", ""] } else { ["Entry", "When"] };
    let titles = [
        entry,
        when,
        if all_profiles { "Profile" } else { "" },
        "",
        "",
        "Customer",
        "",
        "",
        "Changed",
        "",
        "Outcome",
        "",
    ];
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

/// Whether the terminal has no room for the time beside a name that begins with it.
pub(super) fn is_narrow(look: Look) -> bool {
    look.width.is_some_and(|width| width < WIDE)
}

pub(crate) fn add(rows: &mut Rows, entry: &Entry, local: impl Fn(Timestamp) -> String) -> String {
    let look = rows.look();
    rows.add(|| cells(entry, local, look), || summary(entry))
}

fn cells(entry: &Entry, local: impl Fn(Timestamp) -> String, look: Look) -> Vec<Cell> {
    let tone = match entry.outcome {
        Some(EntryOutcome::Written) => Tone::Plain,
        Some(EntryOutcome::NotWritten | EntryOutcome::Superseded | EntryOutcome::Gone) => Tone::Dim,
        Some(EntryOutcome::Differs | EntryOutcome::Unknown | EntryOutcome::Undecided) | None => Tone::Old,
    };
    let state = if entry.undone_by.is_some() { "undone" } else { entry.state() };
    vec![
        Cell::new(entry.entry.to_string(), Tone::Bold).whole(),
        Cell::plain(local(entry.time)).meaning(entry.time.to_string()).whole(),
        Cell::plain(&entry.profile),
        Cell::plain(&entry.host),
        Cell::plain(&entry.command),
        Cell::plain(who(entry)),
        Cell::plain(entry.customer.to_string()),
        Cell::plain(&entry.name),
        Cell::plain(
            entry
                .edits
                .iter()
                .map(|edit| format!("{}: {}", edit.path, line_of(edit, LINE, look)))
                .collect::<Vec<_>>()
                .join("; "),
        ),
        Cell::plain(fields(entry)),
        Cell::new(state, tone).meaning(entry.state()).whole(),
        Cell::plain(entry.undone_by.as_ref().map(ToString::to_string).unwrap_or_default()),
    ]
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
    let message = |what: &str, other: &Option<_>| other.as_ref().map(|other| format!(", {what} {other}"));
    let row = entry.row.as_ref().map(|row| format!(", row {} of run {}", row.row, row.run));
    let more = [row, message("undoes", &entry.undoes), message("undone by", &entry.undone_by)];
    let more: String = more.into_iter().flatten().collect();
    let line = format!("{when}, {}{more}: {}", entry.command, entry.state());
    format!("{name}\n{}\n", wrapped(&escaped(&line), look.width))
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

pub(crate) fn pruned(pruned: Pruned) -> String {
    let object = Object::default()
        .member("deleted", &pruned.entries)
        .member("runs", &pruned.runs)
        .member("unresolved", &pruned.unresolved);
    object.end()
}

fn edited(edit: &Change) -> String {
    let object = Object::default().member("path", &edit.path);
    object.member("before", &edit.before).member("after", &edit.after).end()
}
