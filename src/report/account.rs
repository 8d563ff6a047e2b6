//! Profiles, their settings and the sources of their keys; never a key.

use jiff::Timestamp;
use serde::Serialize;

use super::Look;
use super::escape::escaped;
use super::json::{self, Object, printed};
use super::rows::{List, Rows};
use super::table::{Cell, Tone};
use crate::api::rate_limit::{RateLimits, Window};
use crate::cli::Output;

/// A row of `profile list`.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileRow {
    pub(crate) profile: String,
    pub(crate) current: bool,
    pub(crate) label: Option<String>,
    pub(crate) api: String,
    pub(crate) key: Option<String>,
    pub(crate) writes: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    pub(crate) setting: &'static str,
    pub(crate) value: Option<String>,
    pub(crate) from: String,
}

/// `profile show`.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileDetails {
    pub(crate) profile: String,
    pub(crate) file: String,
    pub(crate) key: Option<String>,
    pub(crate) settings: Vec<Applied>,
}

/// `auth status`.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) profile: String,
    pub(crate) label: Option<String>,
    pub(crate) api: String,
    pub(crate) api_from: String,
    pub(crate) key: String,
    pub(crate) plain_text: bool,
    /// Other users of this machine can read it there.
    pub(crate) exposed: bool,
    pub(crate) limits: RateLimits,
}

pub(crate) fn done(profile: &str, outcome: &str, output: Output) -> String {
    printed(&Object::default().member("outcome", &outcome).member("profile", &profile).end(), output)
}

pub(crate) fn list(profiles: &[ProfileRow], output: Output, look: Look) -> String {
    let titles = ["Profile", "", "Label", "API", "Key", "Writes"];
    let names = ["profile", "current", "label", "api", "key", "writes"];
    let mut rows = Rows::new(output, look, List::Member("profiles"), &titles, &names);
    let text: String = profiles.iter().map(|one| rows.add(|| listed(one), || json::of(one))).collect();
    text + &rows.end()
}

fn listed(one: &ProfileRow) -> Vec<Cell> {
    vec![
        Cell::new(&one.profile, if one.current { Tone::Bold } else { Tone::Plain }).whole(),
        Cell::plain(one.current.to_string()),
        Cell::plain(one.label.as_deref().unwrap_or_default()),
        Cell::plain(&one.api),
        optional(&one.key, "none"),
        Cell::plain(one.writes),
    ]
}

/// A text, or a word for a text that is missing, which programs get as empty.
fn optional(text: &Option<String>, none: &str) -> Cell {
    text.as_ref().map_or_else(|| Cell::new(none, Tone::Dim).meaning(""), Cell::plain)
}

pub(crate) fn show(shown: &ProfileDetails, output: Output, look: Look) -> String {
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
    let mut rows = Rows::new(output, look, List::Array, titles, names).wrapped();
    let text: String = cells.into_iter().map(|cells| rows.add(|| cells, String::new)).collect();
    text + &rows.end()
}

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
    let mut cells = Vec::new();
    let mut add = |name: &str, value: String| cells.push(vec![Cell::plain(name), Cell::plain(value)]);
    add("Profile", status.profile.clone());
    if let Some(label) = &status.label {
        add("Label", label.clone());
    }
    add("API", format!("{} ({})", status.api, status.api_from));
    add("Key", format!("{}{kept}", status.key));
    add("Access", "key accepted".to_string());
    add("This minute", left(&status.limits.minute, &local));
    add("This day", left(&status.limits.day, &local));
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
