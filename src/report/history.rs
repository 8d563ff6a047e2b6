//! The journal's entries as a table, JSON and CSV.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::csv::csv as rows_as_csv;
use super::table::{Text, Tone, table as draw};
use super::{Look, known};
use crate::document::{Json, Plan};
use crate::journal::record::Edited;
use crate::journal::{Ending, Entry};

/// A row an entry, the oldest first.
pub fn table(entries: &[Entry], local: impl Fn(Timestamp) -> String, look: Look) -> String {
    let row = |entry: &Entry| {
        let intent = &entry.intent;
        let who = format!("{} {}", intent.customer.id, intent.customer.name);
        let tone = match entry.outcome.as_ref().map(|outcome| outcome.outcome) {
            Some(Ending::Written) => Tone::Plain,
            Some(Ending::NotWritten | Ending::Superseded) => Tone::Dim,
            _ => Tone::Old,
        };
        vec![
            Text::new(&intent.entry.to_string(), Tone::Bold),
            Text::new(&local(intent.time), Tone::Plain),
            Text::new(&intent.profile, Tone::Plain),
            Text::new(who.trim(), Tone::Plain),
            Text::new(&fields(entry), Tone::Plain),
            Text::new(entry.state(), tone),
        ]
    };
    let rows: Vec<Vec<Text>> = entries.iter().map(row).collect();
    draw(&["Entry", "When", "Profile", "Customer", "Changed", "Outcome"], &rows, look)
}

fn fields(entry: &Entry) -> String {
    let paths: Vec<&str> = entry.intent.edits.iter().map(|edit| edit.path.as_str()).collect();
    paths.join(", ")
}

/// An entry in a few words: who, which fields, how it ended.
pub fn line(entry: &Entry) -> String {
    let who = format!("{} {}", entry.intent.customer.id, entry.intent.customer.name);
    format!("{}: {} ({})", who.trim(), fields(entry), entry.state())
}

/// The lines above the changes of one entry.
pub fn head(entry: &Entry, when: &str, look: Look) -> String {
    let intent = &entry.intent;
    let name = look.bold(&format!("Entry {}", super::escape::escaped(&intent.entry.to_string())));
    let undoes = intent.undoes.as_ref().map(|undone| format!(", undoes {undone}")).unwrap_or_default();
    let line = format!("{when}, {}{undoes}: {}", intent.command, entry.state());
    format!("{name}\n{}\n", super::escape::escaped(&line))
}

/// Every entry in one object.
pub fn json(entries: &[Entry]) -> Json {
    let entries = entries.iter().map(Summary::of).collect();
    known(&List { entries })
}

/// One entry.
pub fn object(entry: &Entry) -> Json {
    known(&Summary::of(entry))
}

/// One entry with the documents before and after.
pub fn whole(entry: &Entry, plan: &Plan) -> Json {
    let document = |text: &str| RawValue::from_string(text.trim().to_string()).expect("a customer is JSON");
    known(&Whole {
        summary: Summary::of(entry),
        before: document(plan.before.text()),
        after: document(plan.after.text()),
    })
}

/// How many entries were forgotten.
pub fn pruned(count: usize) -> Json {
    known(&Pruned { forgotten: count })
}

/// A row an entry.
pub fn csv(entries: &[Entry]) -> String {
    let header = ["entry", "time", "profile", "host", "command", "customer", "name", "fields", "outcome"];
    let row = |entry: &Entry| {
        let intent = &entry.intent;
        vec![
            intent.entry.to_string(),
            intent.time.to_string(),
            intent.profile.clone(),
            intent.host.clone(),
            intent.command.clone(),
            intent.customer.id.to_string(),
            intent.customer.name.clone(),
            fields(entry),
            entry.state().to_string(),
        ]
    };
    let header = header.map(str::to_string).to_vec();
    rows_as_csv(std::iter::once(header).chain(entries.iter().map(row)))
}

/// The members, in the order in which they are printed. Described in docs/json.md.
#[derive(Serialize)]
struct List<'a> {
    entries: Vec<Summary<'a>>,
}

#[derive(Serialize)]
struct Summary<'a> {
    entry: String,
    time: Timestamp,
    profile: &'a str,
    host: &'a str,
    command: &'a str,
    undoes: Option<String>,
    customer: Who<'a>,
    edits: Vec<Edit<'a>>,
    outcome: &'a str,
}

#[derive(Serialize)]
struct Who<'a> {
    id: u64,
    name: &'a str,
}

#[derive(Serialize)]
struct Edit<'a> {
    path: &'a str,
    before: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Whole<'a> {
    summary: Summary<'a>,
    before: Box<RawValue>,
    after: Box<RawValue>,
}

#[derive(Serialize)]
struct Pruned {
    forgotten: usize,
}

impl<'a> Summary<'a> {
    fn of(entry: &'a Entry) -> Summary<'a> {
        let intent = &entry.intent;
        Summary {
            entry: intent.entry.to_string(),
            time: intent.time,
            profile: &intent.profile,
            host: &intent.host,
            command: &intent.command,
            undoes: intent.undoes.as_ref().map(ToString::to_string),
            customer: Who { id: intent.customer.id, name: &intent.customer.name },
            edits: intent.edits.iter().map(Edit::of).collect(),
            outcome: entry.state(),
        }
    }
}

impl<'a> Edit<'a> {
    fn of(edit: &'a Edited) -> Edit<'a> {
        Edit { path: &edit.path, before: edit.before.as_deref(), after: edit.after.as_deref() }
    }
}
