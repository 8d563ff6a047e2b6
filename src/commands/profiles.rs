//! `fusebill profile`: lists, shows, changes and removes profiles.

use super::consent::consent;
use super::session::Context;
use crate::account::setting::{Key, SETTINGS, Setting, SettingKind, Value};
use crate::account::{BUILT_IN, Config, FROM_PROFILE, KeySource, KeyStore, Profile, environment, no_such};
use crate::cli::ProfileCommand;
use crate::cli::account::SetArgs;
use crate::editor;
use crate::error::{Error, ErrorKind, Result};
use crate::field::nearest;
use crate::report::account::{self as report, Applied, ProfileDetails, ProfileRow};

pub(super) fn run(command: &ProfileCommand, context: &Context) -> Result<ErrorKind> {
    match command {
        ProfileCommand::List => list(context),
        ProfileCommand::Show { name } => show(name.as_deref(), context),
        ProfileCommand::Set(args) => set(args, context),
        ProfileCommand::Remove { name, yes } => remove(name, *yes, context),
    }
}

fn list(context: &Context) -> Result<ErrorKind> {
    let config = Config::load()?;
    let current = context.profile()?.name;
    let listed = |name: &str| {
        let profile = Profile::of(name, &config);
        let asks = profile.settings.text(Key::Confirm) == Some("always");
        Ok(ProfileRow {
            current: name == current,
            label: profile.settings.text(Key::Label).map(str::to_string),
            api: api(&profile)?.0,
            key: key(&profile)?,
            writes: match (profile.settings.is_on(Key::ReadOnly), asks) {
                (true, _) => "refused",
                (false, true) => "asked for",
                (false, false) => "allowed",
            },
            profile: profile.name,
        })
    };
    let all = config.names().into_iter().map(listed).collect::<Result<Vec<_>>>()?;
    context.terminal.print(&report::list(&all, context.global.output, context.terminal.look()))?;
    context.terminal.notes().say(&format!("Profiles are kept in {}", config.path().display()));
    Ok(ErrorKind::Done)
}

fn show(name: Option<&str>, context: &Context) -> Result<ErrorKind> {
    let config = Config::load()?;
    let profile = match name {
        Some(name) if !config.has(name) => return Err(no_such(name, &config)),
        Some(name) => Profile::of(name, &config),
        None => context.profile()?,
    };
    let settings = SETTINGS.iter().map(|setting| applied(setting, &profile));
    let shown = ProfileDetails {
        file: config.path().display().to_string(),
        key: key(&profile)?,
        settings: settings.collect::<Result<Vec<_>>>()?,
        profile: profile.name,
    };
    let text = report::show(&shown, context.global.output, context.terminal.look());
    context.terminal.print(&text).map(|()| ErrorKind::Done)
}

fn applied(setting: &'static Setting, profile: &Profile) -> Result<Applied> {
    let overriding = match setting.key {
        Key::BaseUrl => Some(api(profile)?),
        Key::Editor => editor_variable()?,
        Key::TlsRoots | Key::CaFile => authorities_variable(),
        _ => None,
    };
    let built_in = match setting.key {
        Key::Confirm => Some("needed"),
        Key::ReadOnly => Some("false"),
        Key::TlsRoots => Some("bundled"),
        _ => None,
    };
    let own = profile.settings.get(setting.key).map(|own| (own.to_string(), FROM_PROFILE.to_string()));
    let built_in = built_in.map(|value| (value.to_string(), BUILT_IN.to_string()));
    let (value, from) = overriding.or(own).or(built_in).unzip();
    Ok(Applied { setting: setting.name, value, from: from.unwrap_or_default() })
}

/// The variable that overrides the profile's editor: its value and name.
fn editor_variable() -> Result<Option<(String, String)>> {
    let name = editor::VARIABLES[0];
    let value = environment::variable(name)?.filter(|value| !value.trim().is_empty());
    Ok(value.map(|value| (value, name.to_string())))
}

fn authorities_variable() -> Option<(String, String)> {
    let is_set = |name: &&str| environment::lossy(name).is_some_and(|value| !value.is_empty());
    let name = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(is_set)?;
    Some((format!("what {name} names"), name.to_string()))
}

fn api(profile: &Profile) -> Result<(String, String)> {
    if profile.is_sandbox() {
        return Ok(("this machine".to_string(), BUILT_IN.to_string()));
    }
    let (base, from) = profile.base()?;
    Ok((base.to_string(), from.to_string()))
}

fn key(profile: &Profile) -> Result<Option<String>> {
    if profile.is_sandbox() {
        return Ok(Some(BUILT_IN.to_string()));
    }
    Ok(profile.key_source()?.map(|source| source.name()))
}

fn set(args: &SetArgs, context: &Context) -> Result<ErrorKind> {
    let before = Config::load()?;
    let changes = args.changes.0.iter().map(|(key, value)| {
        let value = value.clone().map(|value| absolute(Setting::of(*key), value)).transpose()?;
        Ok((*key, value))
    });
    let after = before.with(&args.name, &changes.collect::<Result<Vec<_>>>()?)?;
    let notes = context.terminal.notes();
    let made = !before.profiles().contains_key(&args.name);
    if !made && after.settings(&args.name) == before.settings(&args.name) {
        notes.say(&format!("No changes: profile {} already has these settings.", args.name));
        return context.done(&args.name, "unchanged");
    }
    after.save(&before)?;
    if made {
        let near = nearest(&args.name, before.profiles().keys().map(String::as_str));
        near.iter().for_each(|near| notes.warn(&format!("this is a new profile; there is also `{near}`")));
    }
    let what = if made { "made" } else { "changed" };
    notes.say(&format!("Profile {} is {what}, in {}", args.name, after.path().display()));
    note_unused_key(&args.name, &after, context);
    if made && Profile::of(&args.name, &after).own_key().is_none() && args.name != crate::account::SANDBOX {
        let login = crate::account::command(&args.name, "auth login");
        notes.say(&format!("It has no key yet: `{login}` stores one."));
    }
    context.done(&args.name, what)
}

fn note_unused_key(name: &str, after: &Config, context: &Context) {
    let own = Profile::of(name, after).own_key();
    let stored = KeyStore::in_folder(after.folder()).source(name);
    if let Some(KeySource::Stored(path)) = stored.filter(|stored| own.as_ref() != Some(stored)) {
        let logout = crate::account::command(name, "auth logout");
        let message = format!("The key in {} is no longer used; `{logout}` removes it.", path.display());
        context.terminal.notes().say(&message);
    }
}

/// A path on the command line is relative to the working directory; one in the file is relative to the file.
fn absolute(setting: &Setting, value: Value) -> Result<Value> {
    match (setting.kind, value) {
        (SettingKind::File, Value::Text(path)) if !path.starts_with("~/") => {
            absolute_path(setting, &path).map(Value::Text)
        }
        (SettingKind::Command, Value::Words(mut words)) => {
            if let Some(program) =
                words.first_mut().filter(|name| name.contains('/') && !name.starts_with("~/"))
            {
                *program = absolute_path(setting, program)?;
            }
            Ok(Value::Words(words))
        }
        (_, value) => Ok(value),
    }
}

fn absolute_path(setting: &Setting, path: &str) -> Result<String> {
    crate::files::absolute(path)
        .map_err(|error| Error::usage(format!("--{} `{path}` is no path", setting.flag)).source(error))
}

fn remove(name: &str, yes: bool, context: &Context) -> Result<ErrorKind> {
    let before = Config::load()?;
    let vault = KeyStore::in_folder(before.folder());
    let (there, stored) = (before.profiles().contains_key(name), vault.source(name).is_some());
    if !there && !stored {
        return Err(match before.has(name) {
            true => Error::usage(format!("profile {name} is built in and cannot be removed")),
            false => no_such(name, &before),
        });
    }
    let what = match (there, stored) {
        (true, false) => format!("profile {name}"),
        (true, true) => format!("profile {name} and its stored key"),
        (false, _) => format!("the stored key of profile {name}"),
    };
    context.terminal.show_badge(Profile::of(name, &before).badge());
    context.watch_signals();
    if !yes {
        consent(&format!("Remove {what}?"), &[], None, context)?;
    }
    if there {
        before.without(name)?.save(&before)?;
    }
    vault.remove(name).map_err(|error| super::auth::not_removed(name, error))?;
    context.terminal.notes().say(&format!("Removed: {what}."));
    context.done(name, "removed")
}
