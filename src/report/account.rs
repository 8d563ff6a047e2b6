//! Profiles and keys: what they say and where it comes from, never a key itself.

use jiff::Timestamp;
use serde::Serialize;

use super::Look;
use super::escape::escaped;
use super::json::{self, Object, printed};
use super::rows::{List, Rows};
use super::table::{Cell, Tone};
use crate::api::rate_limit::{Standing, Window};
use crate::cli::Output;

/// A profile in the list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) profile: String,
    /// Whether it is the profile in use.
    pub(crate) current: bool,
    pub(crate) label: Option<String>,
    /// The address of its API.
    pub(crate) api: String,
    /// Where its key comes from.
    pub(crate) key: Option<String>,
    /// Whether writes are allowed.
    pub(crate) writes: &'static str,
}

/// A setting with the value that applies.
#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    pub(crate) setting: &'static str,
    pub(crate) value: Option<String>,
    /// Where the value comes from.
    pub(crate) from: String,
}

/// A profile with every setting.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) profile: String,
    /// The path of config.toml.
    pub(crate) file: String,
    /// Where its key comes from.
    pub(crate) key: Option<String>,
    pub(crate) settings: Vec<Applied>,
}

/// What `auth status` found.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) profile: String,
    pub(crate) label: Option<String>,
    /// The address of its API.
    pub(crate) api: String,
    /// Where the address comes from.
    pub(crate) api_from: String,
    /// Where the key comes from.
    pub(crate) key: String,
    /// Whether the key is kept as plain text: in a file or in the environment.
    pub(crate) plain_text: bool,
    /// Whether other users of this machine can read it there.
    pub(crate) exposed: bool,
    pub(crate) limits: Standing,
}

/// What was done to a profile or its key, for programs.
pub(crate) fn done(profile: &str, outcome: &str, output: Output) -> String {
    printed(&Object::default().member("outcome", &outcome).member("profile", &profile).end(), output)
}

/// The profiles of this user.
pub(crate) fn list(profiles: &[Listed], output: Output, look: Look) -> String {
    let titles = ["Profile", "", "Label", "API", "Key", "Writes"];
    let names = ["profile", "current", "label", "api", "key", "writes"];
    let mut rows = Rows::new(output, List::Member("profiles"), &titles, &names);
    let text: String = profiles.iter().map(|one| rows.add(|| listed(one), || json::of(one))).collect();
    text + &rows.end(look)
}

fn listed(one: &Listed) -> Vec<Cell> {
    vec![
        Cell::new(&one.profile, if one.current { Tone::Bold } else { Tone::Plain }),
        Cell::plain(one.current.to_string()),
        Cell::plain(one.label.as_deref().unwrap_or_default()),
        Cell::plain(&one.api),
        optional(&one.key, "none"),
        Cell::plain(one.writes),
    ]
}

/// A text, or else a word that says that there is none. Programs get nothing then.
fn optional(text: &Option<String>, none: &str) -> Cell {
    text.as_ref().map_or_else(|| Cell::new(none, Tone::Dim).meaning(""), Cell::plain)
}

/// One profile, setting by setting.
pub(crate) fn show(shown: &Shown, output: Output, look: Look) -> String {
    let applied = |one: &Applied| {
        vec![Cell::plain(one.setting), optional(&one.value, "not set"), Cell::new(&one.from, Tone::Dim)]
    };
    let cells = shown.settings.iter().map(applied).collect();
    let titles = ["Setting", "Value", "From"];
    let rows = lines(output, &titles, &["setting", "value", "from"], cells, shown, look);
    if output != Output::Table {
        return rows;
    }
    let title = look.bold(&escaped(&format!("Profile {}", shown.profile)));
    let key = shown.key.as_deref().unwrap_or("none");
    format!("{title}\n{rows}{}\n", escaped(&format!("Key: {key}")))
}

/// An object whose members are lines of a table.
fn lines(
    output: Output,
    titles: &[&str],
    names: &[&str],
    cells: Vec<Vec<Cell>>,
    object: &impl Serialize,
    look: Look,
) -> String {
    if matches!(output, Output::Json | Output::Ndjson) {
        return printed(&json::of(object), output);
    }
    let mut rows = Rows::new(output, List::Array, titles, names);
    let text: String = cells.into_iter().map(|cells| rows.add(|| cells, String::new)).collect();
    text + &rows.end(look)
}

/// What `auth status` found, once the API has accepted the key.
pub(crate) fn status(
    status: &Status,
    output: Output,
    local: impl Fn(Timestamp) -> String,
    look: Look,
) -> String {
    let kept = match (status.plain_text, status.exposed) {
        (false, _) => "",
        (true, false) => ", as plain text",
        (true, true) => ", as plain text that other users of this machine can read",
    };
    let label = status.label.as_ref().map(|label| ("Label", label.clone()));
    let facts = [
        Some(("Profile", status.profile.clone())),
        label,
        Some(("API", format!("{} ({})", status.api, status.api_from))),
        Some(("Key", format!("{}{kept}", status.key))),
        Some(("Access", "the API takes the key".to_string())),
        Some(("This minute", left(&status.limits.minute, &local))),
        Some(("This day", left(&status.limits.day, &local))),
    ];
    let cells = |(name, value): (&str, String)| vec![Cell::plain(name), Cell::plain(value)];
    let cells = facts.into_iter().flatten().map(cells).collect();
    lines(output, &["Account", " "], &["account", "value"], cells, status, look)
}

fn left(left: &Window, local: impl Fn(Timestamp) -> String) -> String {
    match (left.remaining, left.limit) {
        (Some(remaining), limit) => {
            let of = limit.map_or(String::new(), |limit| format!(" of {limit}"));
            let resets = left.resets.map_or(String::new(), |at| format!(", until {}", local(at)));
            format!("{remaining}{of} requests left{resets}")
        }
        (None, Some(limit)) => format!("{limit} requests allowed"),
        (None, None) => "the API does not say".to_string(),
    }
}
