//! Profiles and keys: what they say and where it comes from, never a key itself.

use serde::Serialize;

use super::csv::csv;
use super::outcome::text;
use super::table::{Text, Tone, table};
use super::{Look, known};
use crate::api::rate_limit::{Standing, Window};
use crate::cli::Output;
use jiff::Timestamp;

/// A profile in the list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub profile: String,
    /// Whether it is the one that is meant.
    pub current: bool,
    /// Its label.
    pub label: Option<String>,
    /// Where its API is.
    pub api: String,
    /// Where its key comes from.
    pub key: Option<String>,
    /// What keeps writes away.
    pub writes: &'static str,
}

/// A setting as it applies.
#[derive(Debug, Serialize)]
pub struct Applied {
    /// Its name.
    pub setting: &'static str,
    /// What it says; none where nothing does.
    pub value: Option<String>,
    /// Where that comes from.
    pub from: String,
}

/// A profile as it applies.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its name.
    pub profile: String,
    /// The file of profiles.
    pub file: String,
    /// Where its key comes from.
    pub key: Option<String>,
    /// Every setting.
    pub settings: Vec<Applied>,
}

/// How an account stands.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The profile's name.
    pub profile: String,
    /// Its label.
    pub label: Option<String>,
    /// Where its API is.
    pub api: String,
    /// Where that comes from.
    pub api_from: String,
    /// Where the key comes from.
    pub key: String,
    /// Whether it stands somewhere as it is: in a file, or in the environment.
    pub plain_text: bool,
    /// Whether others on this machine can read it there.
    pub exposed: bool,
    /// What the API said of its limits.
    pub limits: Limits,
}

/// What an account may send, and what is left of it.
#[derive(Debug, Serialize)]
pub struct Limits {
    minute: Left,
    day: Left,
}

#[derive(Debug, Serialize)]
struct Left {
    limit: Option<u32>,
    remaining: Option<u32>,
    resets: Option<Timestamp>,
}

impl From<Standing> for Limits {
    fn from(standing: Standing) -> Limits {
        let left =
            |window: Window| Left { limit: window.limit, remaining: window.remaining, resets: window.resets };
        Limits { minute: left(standing.minute), day: left(standing.day) }
    }
}

/// What was done to a profile or its key, as one object.
pub fn done(profile: &str, outcome: &str, output: Output) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        outcome: &'a str,
        profile: &'a str,
    }
    let object = known(&Object { outcome, profile });
    match output {
        Output::Json => text(&object),
        Output::Ndjson => format!("{}\n", object.text()),
        Output::Table | Output::Csv => String::new(),
    }
}

/// The profiles of this user.
pub fn list(profiles: &[Listed], output: Output, look: Look) -> String {
    #[derive(Serialize)]
    struct All<'a> {
        profiles: &'a [Listed],
    }
    let or = |text: &Option<String>, instead: &str| text.clone().unwrap_or_else(|| instead.to_string());
    match output {
        Output::Table => {
            let row = |one: &Listed| {
                let tone = if one.current { Tone::Bold } else { Tone::Plain };
                vec![
                    Text::new(&one.profile, tone),
                    Text::new(&or(&one.label, ""), Tone::Plain),
                    Text::new(&one.api, Tone::Plain),
                    Text::new(&or(&one.key, "none"), if one.key.is_some() { Tone::Plain } else { Tone::Dim }),
                    Text::new(one.writes, Tone::Plain),
                ]
            };
            let rows: Vec<Vec<Text>> = profiles.iter().map(row).collect();
            table(&["Profile", "Label", "API", "Key", "Writes"], &rows, look)
        }
        Output::Json => text(&known(&All { profiles })),
        Output::Ndjson => profiles.iter().map(|one| format!("{}\n", known(one).text())).collect(),
        Output::Csv => {
            let header = ["profile", "current", "label", "api", "key", "writes"].map(str::to_string).to_vec();
            let row = |one: &Listed| {
                vec![
                    one.profile.clone(),
                    one.current.to_string(),
                    or(&one.label, ""),
                    one.api.clone(),
                    or(&one.key, ""),
                    one.writes.to_string(),
                ]
            };
            csv(std::iter::once(header).chain(profiles.iter().map(row)))
        }
    }
}

/// One profile, setting by setting.
pub fn show(shown: &Shown, output: Output, look: Look) -> String {
    match output {
        Output::Table => {
            let row = |one: &Applied| {
                let tone = if one.value.is_some() { Tone::Plain } else { Tone::Dim };
                vec![
                    Text::new(one.setting, Tone::Plain),
                    Text::new(one.value.as_deref().unwrap_or("not set"), tone),
                    Text::new(&one.from, Tone::Dim),
                ]
            };
            let rows: Vec<Vec<Text>> = shown.settings.iter().map(row).collect();
            let title = look.bold(&super::escape::escaped(&format!("Profile {}", shown.profile)));
            let key = shown.key.as_deref().unwrap_or("none");
            let lines = super::escape::escaped(&format!("Key: {key}")).into_owned();
            format!("{title}\n{}{lines}\n", table(&["Setting", "Value", "From"], &rows, look))
        }
        Output::Json => text(&known(shown)),
        Output::Ndjson => format!("{}\n", known(shown).text()),
        Output::Csv => {
            let header = ["setting", "value", "from"].map(str::to_string).to_vec();
            let row = |one: &Applied| {
                vec![one.setting.to_string(), one.value.clone().unwrap_or_default(), one.from.clone()]
            };
            csv(std::iter::once(header).chain(shown.settings.iter().map(row)))
        }
    }
}

/// How an account stands, once the API has taken its key.
pub fn status(status: &Status, output: Output, local: impl Fn(Timestamp) -> String, look: Look) -> String {
    let rows = || lines(status, &local);
    match output {
        Output::Table => {
            let row = |(name, value): (&str, String)| {
                vec![Text::new(name, Tone::Plain), Text::new(&value, Tone::Plain)]
            };
            table(&["Account", ""], &rows().into_iter().map(row).collect::<Vec<_>>(), look)
        }
        Output::Json => text(&known(status)),
        Output::Ndjson => format!("{}\n", known(status).text()),
        Output::Csv => {
            let header = ["account", "value"].map(str::to_string);
            let row = |(name, value): (&str, String)| [name.to_string(), value];
            csv(std::iter::once(header).chain(rows().into_iter().map(row)))
        }
    }
}

fn lines(status: &Status, local: impl Fn(Timestamp) -> String) -> Vec<(&'static str, String)> {
    let kept = match (status.plain_text, status.exposed) {
        (false, _) => "",
        (true, false) => ", as plain text",
        (true, true) => ", as plain text that other users of this machine can read",
    };
    let left = |left: &Left| match (left.remaining, left.limit) {
        (Some(remaining), limit) => {
            let of = limit.map_or(String::new(), |limit| format!(" of {limit}"));
            let resets = left.resets.map_or(String::new(), |at| format!(", until {}", local(at)));
            format!("{remaining}{of} requests left{resets}")
        }
        (None, Some(limit)) => format!("{limit} requests allowed"),
        (None, None) => "the API does not say".to_string(),
    };
    let label = status.label.as_ref().map(|label| ("Label", label.clone()));
    [("Profile", status.profile.clone())]
        .into_iter()
        .chain(label)
        .chain([
            ("API", format!("{} ({})", status.api, status.api_from)),
            ("Key", format!("{}{kept}", status.key)),
            ("Access", "the API takes the key".to_string()),
            ("This minute", left(&status.limits.minute)),
            ("This day", left(&status.limits.day)),
        ])
        .collect()
}
