//! `fusebill profile`: the accounts that the user keeps, and what is said of them.

use super::Session;
use crate::cli::ProfileCommand;
use crate::cli::account::SetArgs;
use crate::editor;
use crate::error::{Error, Kind, Result};
use crate::field::nearest;
use crate::profile::setting::{Key, Kind as What, SETTINGS, Setting, Value};
use crate::profile::{Config, KeySource, Profile, Source, Vault, no_such};
use crate::report::account::{self as report, Applied, Listed, Shown};

pub(super) fn run(command: &ProfileCommand, session: &Session) -> Result<Kind> {
    match command {
        ProfileCommand::List => list(session),
        ProfileCommand::Show { name } => show(name.as_deref(), session),
        ProfileCommand::Set(args) => set(args, session),
        ProfileCommand::Remove { name, yes } => remove(name, *yes, session),
    }
}

fn list(session: &Session) -> Result<Kind> {
    let config = Config::load(session.environment)?;
    let current = session.profile()?.name;
    let listed = |name: &str| {
        let profile = Profile::of(name, &config);
        let asks = profile.settings.text(Key::Confirm) == Some("always");
        Ok(Listed {
            current: name == current,
            label: profile.settings.text(Key::Label).map(str::to_string),
            api: api(&profile, session)?.0,
            key: key(&profile, session)?,
            writes: match (profile.settings.is_on(Key::ReadOnly), asks) {
                (true, _) => "refused",
                (false, true) => "asked for",
                (false, false) => "allowed",
            },
            profile: profile.name,
        })
    };
    let all = config.names().into_iter().map(listed).collect::<Result<Vec<_>>>()?;
    session.terminal.print(&report::list(&all, session.global.output, session.terminal.look()))?;
    session.terminal.notes().say(&format!("Profiles are kept in {}", config.path().display()));
    Ok(Kind::Done)
}

fn show(name: Option<&str>, session: &Session) -> Result<Kind> {
    let config = Config::load(session.environment)?;
    let profile = match name {
        Some(name) if !config.has(name) => return Err(no_such(name, &config)),
        Some(name) => Profile::of(name, &config),
        None => session.profile()?,
    };
    let settings = SETTINGS.iter().map(|setting| applied(setting, &profile, session));
    let shown = Shown {
        file: config.path().display().to_string(),
        key: key(&profile, session)?,
        settings: settings.collect::<Result<Vec<_>>>()?,
        profile: profile.name,
    };
    let text = report::show(&shown, session.global.output, session.terminal.look());
    session.terminal.print(&text).map(|()| Kind::Done)
}

/// What a setting comes to, by the order of precedence.
fn applied(setting: &'static Setting, profile: &Profile, session: &Session) -> Result<Applied> {
    let own = profile.settings.get(setting.key).map(ToString::to_string);
    let (value, from) = match setting.key {
        Key::BaseUrl => {
            let (url, from) = api(profile, session)?;
            (Some(url), from)
        }
        Key::Editor => match editor_variable(session)? {
            Some((name, value)) => (Some(value), name.to_string()),
            None => (own.clone(), from(&own)),
        },
        Key::TlsRoots | Key::CaFile if authorities_variable(session).is_some() => {
            let variable = authorities_variable(session).unwrap_or_default();
            (Some(format!("what {variable} names")), variable.to_string())
        }
        Key::Confirm if own.is_none() => (Some("needed".to_string()), Source::BuiltIn.to_string()),
        Key::ReadOnly if own.is_none() => (Some("false".to_string()), Source::BuiltIn.to_string()),
        Key::TlsRoots if own.is_none() => (Some("bundled".to_string()), Source::BuiltIn.to_string()),
        _ => (own.clone(), from(&own)),
    };
    Ok(Applied { setting: setting.name, value, from })
}

fn from(own: &Option<String>) -> String {
    own.as_ref().map_or(String::new(), |_| Source::Profile.to_string())
}

/// The variable that goes before the profile's editor.
fn editor_variable(session: &Session) -> Result<Option<(&'static str, String)>> {
    let name = editor::VARIABLES[0];
    Ok(session
        .environment
        .variable(name)?
        .filter(|value| !value.trim().is_empty())
        .map(|value| (name, value)))
}

/// The variable that goes before the authorities of every profile.
fn authorities_variable(session: &Session) -> Option<&'static str> {
    let is_set = |name: &&str| session.environment.lossy(name).is_some_and(|value| !value.is_empty());
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(is_set)
}

/// Where the API of a profile is, and where that comes from.
fn api(profile: &Profile, session: &Session) -> Result<(String, String)> {
    if profile.is_sandbox() {
        return Ok(("this machine".to_string(), Source::BuiltIn.to_string()));
    }
    let (base, from) = profile.base(session.environment)?;
    Ok((base.to_string(), from.to_string()))
}

fn key(profile: &Profile, session: &Session) -> Result<Option<String>> {
    if profile.is_sandbox() {
        return Ok(Some(Source::BuiltIn.to_string()));
    }
    Ok(profile.key_source(session.environment)?.map(|source| source.name()))
}

fn set(args: &SetArgs, session: &Session) -> Result<Kind> {
    let before = Config::load(session.environment)?;
    let changes = args.changes.0.iter().map(|(key, value)| {
        let value = value.clone().map(|value| absolute(Setting::of(*key), value)).transpose()?;
        Ok((*key, value))
    });
    let after = before.with(&args.name, &changes.collect::<Result<Vec<_>>>()?)?;
    let notes = session.terminal.notes();
    let made = !before.profiles().contains_key(&args.name);
    if !made && after.settings(&args.name) == before.settings(&args.name) {
        notes.say(&format!("No changes: profile {} already is as asked.", args.name));
        return session.done(&args.name, "unchanged");
    }
    after.save(&before)?;
    if made {
        let near = nearest(&args.name, before.profiles().keys().map(String::as_str));
        near.iter().for_each(|near| notes.warn(&format!("this is a new profile; there is also `{near}`")));
    }
    let what = if made { "made" } else { "changed" };
    notes.say(&format!("Profile {} is {what}, in {}", args.name, after.path().display()));
    tell_left_over(&args.name, &after, session);
    if made
        && Profile::of(&args.name, &after).own_key(session.environment).is_none()
        && args.name != crate::profile::SANDBOX
    {
        let login = crate::profile::command(&args.name, "auth login");
        notes.say(&format!("It has no key yet: `{login}` stores one."));
    }
    session.done(&args.name, what)
}

/// A stored key that is no longer used is said to be there still.
fn tell_left_over(name: &str, after: &Config, session: &Session) {
    let own = Profile::of(name, after).own_key(session.environment);
    let stored = Vault::in_folder(after.folder()).source(name);
    if let Some(KeySource::Stored(path)) = stored.filter(|stored| own.as_ref() != Some(stored)) {
        let logout = crate::profile::command(name, "auth logout");
        let path = path.display();
        session
            .terminal
            .notes()
            .say(&format!("The key stored in {path} is not used any more; `{logout}` removes it."));
    }
}

/// A file that is named on the command line is relative to the folder one is in, not to that of the profiles.
fn absolute(setting: &Setting, value: Value) -> Result<Value> {
    match (setting.kind, value) {
        (What::File, Value::Text(path)) if !path.starts_with("~/") => {
            from_here(setting, &path).map(Value::Text)
        }
        (What::Command, Value::Words(mut words)) => {
            if let Some(program) =
                words.first_mut().filter(|name| name.contains('/') && !name.starts_with("~/"))
            {
                *program = from_here(setting, program)?;
            }
            Ok(Value::Words(words))
        }
        (_, value) => Ok(value),
    }
}

fn from_here(setting: &Setting, path: &str) -> Result<String> {
    crate::files::absolute(path)
        .map_err(|why| Error::usage(format!("--{} `{path}` is no path", setting.flag)).because(why))
}

fn remove(name: &str, yes: bool, session: &Session) -> Result<Kind> {
    let before = Config::load(session.environment)?;
    let vault = Vault::in_folder(before.folder());
    let (there, stored) = (before.profiles().contains_key(name), vault.source(name).is_some());
    if !there && !stored {
        return Err(match before.has(name) {
            true => Error::usage(format!("profile {name} is built in, and nothing is kept for it")),
            false => no_such(name, &before),
        });
    }
    let what = match (there, stored) {
        (true, false) => format!("profile {name}"),
        (true, true) => format!("profile {name} and its stored key"),
        (false, _) => format!("the stored key of profile {name}"),
    };
    if !yes && !session.terminal.may_ask() {
        return Err(Error::usage("this needs consent, and there is nobody to ask")
            .detail([format!("it would remove {what}")])
            .hint("add --yes to consent on the command line"));
    }
    session.terminal.show_badge(Profile::of(name, &before).badge());
    if !yes && !session.terminal.confirm(&format!("Remove {what}?"))? {
        return Err(Error::new(Kind::Cancelled, "you said no"));
    }
    if there {
        before.without(name)?.save(&before)?;
    }
    vault.remove(name).map_err(|why| super::auth::not_removed(name, why))?;
    let said = format!("Removed: {what}.");
    session.terminal.notes().say(&said);
    session.done(name, "removed")
}
