//! Parses config.toml; errors have the line. Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, Key as Name, TableLike};

use super::edit::spelled;
use super::{PROFILES, Settings, check_name};
use crate::account::setting::{self, Key, Setting, SettingKind, Value};
use crate::account::{DEFAULT, SANDBOX};
use crate::error::Error;

#[derive(Debug)]
pub(super) struct ParseError {
    span: Option<Range<usize>>,
    message: String,
    hint: Option<String>,
}

impl ParseError {
    fn new(span: Option<Range<usize>>, message: impl Into<String>) -> ParseError {
        ParseError { span, message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> ParseError {
        ParseError { hint: Some(hint.into()), ..self }
    }

    /// `path` is the file; none for a text that is not in a file yet.
    pub(super) fn into_error(self, path: Option<&Path>, text: &str) -> Error {
        let line = self.span.map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let line = line.map_or(String::new(), |line| format!(", line {line}"));
        let place = path.map_or(String::new(), |path| format!("`{}`{line}: ", path.display()));
        let error = Error::usage(format!("{place}{}", self.message));
        self.hint.into_iter().fold(error, Error::hint)
    }
}

type Result<T> = std::result::Result<T, ParseError>;

pub(super) fn profiles(text: &str) -> Result<BTreeMap<String, Settings>> {
    let document = Document::parse(text).map_err(|error| ParseError::new(error.span(), error.message()))?;
    let mut profiles = BTreeMap::new();
    for (name, item) in document.iter() {
        let span = document.key(name).and_then(Name::span).or_else(|| item.span());
        if name != PROFILES {
            return Err(outside(name, span));
        }
        let table = item.as_table_like().ok_or_else(|| ParseError::new(span, "`profiles` takes tables"))?;
        for (name, item) in table.iter() {
            let span = span_of(table, name, item);
            check_name(name).map_err(|error| ParseError::new(span.clone(), error))?;
            refuse_same_name(name, &profiles, span.clone())?;
            let profile = item
                .as_table_like()
                .ok_or_else(|| ParseError::new(span, "a profile is a table of settings"))?;
            profiles.insert(name.to_string(), settings(name, profile)?);
        }
    }
    Ok(profiles)
}

fn span_of(table: &dyn TableLike, name: &str, item: &Item) -> Option<Range<usize>> {
    table.key(name).and_then(Name::span).or_else(|| item.span())
}

fn outside(name: &str, span: Option<Range<usize>>) -> ParseError {
    if setting::named(name).is_some() {
        return ParseError::new(span, format!("`{name}` belongs to a profile"))
            .hint(format!("put it below [{PROFILES}.{DEFAULT}], or below another profile"));
    }
    let (message, hint) = setting::unknown(name);
    let error = ParseError::new(span, message);
    if hint.starts_with("the settings") {
        return error.hint(format!("profiles begin with [{PROFILES}.NAME]"));
    }
    error.hint(hint)
}

/// A profile's key is in a file of the same name, and some file systems ignore case.
fn refuse_same_name(
    name: &str,
    profiles: &BTreeMap<String, Settings>,
    span: Option<Range<usize>>,
) -> Result<()> {
    let mut others = profiles.keys().map(String::as_str).chain([DEFAULT, SANDBOX]);
    match others.find(|other| other.eq_ignore_ascii_case(name) && *other != name) {
        Some(other) => Err(ParseError::new(
            span,
            format!("`{name}` and `{other}` differ only in case, and would share one key file"),
        )),
        None => Ok(()),
    }
}

fn settings(profile: &str, table: &dyn TableLike) -> Result<Settings> {
    let mut settings = Settings::default();
    for (name, item) in table.iter() {
        let error = |message: String| ParseError::new(span_of(table, name, item), message);
        let Some(setting) = setting::named(name) else {
            let (message, hint) = setting::unknown(name);
            return Err(error(message).hint(hint));
        };
        if profile == SANDBOX && setting.key.affects_connection() {
            return Err(error(format!("the sandbox is on this machine and takes no `{name}`")));
        }
        let value = value(setting, item).map_err(|reason| error(format!("`{name}` {reason}")))?;
        if settings.0.insert(setting.key, value).is_some() {
            return Err(error(format!(
                "`{name}` is set twice, as `{}` and as `{}`",
                setting.name, setting.flag
            )));
        }
    }
    for (one, other) in [(Key::ApiKeyCommand, Key::ApiKeyFile), (Key::TlsRoots, Key::CaFile)] {
        if settings.get(one).is_some() && settings.get(other).is_some() {
            let (one, other) = (Setting::of(one), Setting::of(other));
            let message = format!("profile {profile} has both {} and {}", one.name, other.name);
            let hint = format!("`fusebill profile set {profile} --unset {}` takes one of them out", one.flag);
            return Err(
                ParseError::new(table.key(spelled(table, other)).and_then(Name::span), message).hint(hint)
            );
        }
    }
    Ok(settings)
}

fn value(setting: &Setting, item: &Item) -> std::result::Result<Value, String> {
    let value = match setting.kind {
        SettingKind::Switch => item.as_bool().map(Value::Switch),
        SettingKind::Count(_) => {
            item.as_integer().map(|count| Value::Count(u32::try_from(count).unwrap_or_default()))
        }
        SettingKind::Command => match item.as_str() {
            Some(text) => return setting.read(text),
            None => words(item).map(Value::Words),
        },
        _ => item.as_str().map(|text| Value::Text(text.to_string())),
    };
    let value = value.ok_or_else(|| setting.kind.refusal())?;
    setting.check(&value).map(|()| value)
}

fn words(item: &Item) -> Option<Vec<String>> {
    item.as_array()?.iter().map(|word| word.as_str().map(str::to_string)).collect()
}
