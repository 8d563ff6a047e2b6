//! The profiles that a text says, or the line on which it says what no profile says. Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Array, Document, Item, TableLike};

use super::{PROFILES, Settings, check_name};
use crate::error::Error;
use crate::profile::setting::{self, Key, Kind as What, Setting, Value};
use crate::profile::{DEFAULT, SANDBOX};

/// Something that is wrong with the file.
#[derive(Debug)]
pub(super) struct Mistake {
    at: Option<Range<usize>>,
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

/// The profiles in a text, by name.
///
/// # Errors
/// See [`Mistake`].
pub(super) fn profiles(text: &str) -> Result<BTreeMap<String, Settings>, Mistake> {
    let document = Document::parse(text).map_err(|why| Mistake {
        at: why.span(),
        why: why.message().to_string(),
        hint: None,
    })?;
    let mut profiles = BTreeMap::new();
    for (name, item) in document.iter() {
        let at = || document.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
        if name != PROFILES {
            let (why, hint) = outside(name);
            return Err(Mistake { at: at(), why, hint: Some(hint) });
        }
        let table = item.as_table_like().ok_or_else(|| Mistake::at(at(), "`profiles` takes tables"))?;
        for (name, item) in table.iter() {
            let at = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
            check_name(name).map_err(|why| Mistake::at(at.clone(), why))?;
            let others = profiles.keys().map(String::as_str).chain([DEFAULT, SANDBOX]);
            if let Some(other) =
                others.into_iter().find(|other| other.eq_ignore_ascii_case(name) && *other != name)
            {
                let why =
                    format!("`{name}` and `{other}` differ in case only, and would share the file of a key");
                return Err(Mistake::at(at, why));
            }
            let profile =
                item.as_table_like().ok_or_else(|| Mistake::at(at, "a profile is a table of settings"))?;
            profiles.insert(name.to_string(), settings(name, profile)?);
        }
    }
    Ok(profiles)
}

/// Why something stands outside of every profile.
fn outside(name: &str) -> (String, String) {
    match setting::named(name) {
        Some(_) => (
            format!("`{name}` belongs to a profile"),
            format!("put it below [{PROFILES}.{DEFAULT}], or below another profile"),
        ),
        None => {
            let (why, hint) = setting::unknown(name);
            (
                why,
                if hint.starts_with("the settings") {
                    "profiles begin with [profiles.NAME]".into()
                } else {
                    hint
                },
            )
        }
    }
}

fn settings(profile: &str, table: &dyn TableLike) -> Result<Settings, Mistake> {
    let mut settings = Settings::default();
    for (name, item) in table.iter() {
        let at = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
        let Some(setting) = setting::named(name) else {
            let (why, hint) = setting::unknown(name);
            return Err(Mistake { at, why, hint: Some(hint) });
        };
        let wrong = |why: String| Mistake::at(at.clone(), format!("`{name}` {why}"));
        check_place(profile, setting).map_err(|why| Mistake::at(at.clone(), why))?;
        settings.0.insert(setting.key, value(setting, item).map_err(wrong)?);
    }
    for (one, other) in [(Key::ApiKeyCommand, Key::ApiKeyFile), (Key::TlsRoots, Key::CaFile)] {
        if settings.get(one).is_some() && settings.get(other).is_some() {
            let (one, other) = (Setting::of(one).name, Setting::of(other).name);
            let at = table.key(other).and_then(toml_edit::Key::span);
            let why = format!("profile {profile} has both {one} and {other}");
            let flag = one.replace('_', "-");
            let hint = format!("`fusebill profile set {profile} --unset {flag}` takes one of them out");
            return Err(Mistake { at, why, hint: Some(hint) });
        }
    }
    Ok(settings)
}

fn value(setting: &Setting, item: &Item) -> Result<Value, String> {
    let words = |list: &Array| {
        list.iter().map(|word| word.as_str().map(str::to_string)).collect::<Option<Vec<String>>>()
    };
    let value = match setting.kind {
        What::Switch => item.as_bool().map(Value::Switch),
        What::Count(_) => {
            item.as_integer().map(|count| Value::Count(u32::try_from(count).unwrap_or_default()))
        }
        What::Command => match item.as_str() {
            Some(text) => return setting.read(text),
            None => item.as_array().and_then(words).map(Value::Words),
        },
        What::Url | What::Text | What::Choice(_) | What::File => {
            item.as_str().map(|text| Value::Text(text.to_string()))
        }
    };
    let value = value.ok_or_else(|| format!("takes {}", setting.kind.takes()))?;
    setting.check(&value).map(|()| value)
}

impl Mistake {
    fn at(at: Option<Range<usize>>, why: impl Into<String>) -> Mistake {
        Mistake { at, why: why.into(), hint: None }
    }

    pub(super) fn refused(self, path: &Path, text: &str) -> Error {
        let line = self.at.map(|at| 1 + text[..at.start.min(text.len())].matches('\n').count());
        let line = line.map_or(String::new(), |line| format!(", line {line}"));
        let error = Error::usage(format!("`{}`{line}: {}", path.display(), self.why));
        self.hint.into_iter().fold(error, Error::hint)
    }
}

/// What `name` cannot have: the sandbox is reached in its own way.
fn check_place(name: &str, setting: &Setting) -> Result<(), String> {
    let reach = matches!(
        setting.key,
        Key::BaseUrl | Key::ApiKeyCommand | Key::ApiKeyFile | Key::TlsRoots | Key::CaFile
    );
    if name == SANDBOX && reach {
        return Err(format!("the sandbox is on this machine and takes no `{}`", setting.name));
    }
    Ok(())
}
