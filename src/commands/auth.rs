//! `fusebill auth`: stores, checks and removes the key of a profile.

use super::session::Context;
use crate::account::setting::Key;
use crate::account::{KeySource, KeyStore, Profile, keys};
use crate::api::ApiKey;
use crate::cli::AuthCommand;
use crate::error::{Error, ErrorKind, Result};
use crate::report::account::{self as report, Status};
use crate::terminal::Input;

pub(super) fn run(command: &AuthCommand, context: &Context) -> Result<ErrorKind> {
    let profile = context.profile()?;
    if profile.is_sandbox() {
        let hint = "the sandbox has a key of its own, and is used without logging in";
        return Err(Error::usage("the sandbox takes no key").hint(hint));
    }
    match command {
        AuthCommand::Login { with_key_stdin } => login(&profile, *with_key_stdin, context),
        AuthCommand::Status => status(profile, context),
        AuthCommand::Logout => logout(&profile, context),
    }
}

fn login(profile: &Profile, with_key_stdin: bool, context: &Context) -> Result<ErrorKind> {
    context.watch_signals();
    let name = profile.name.clone();
    refuse_other_source(profile)?;
    let vault = KeyStore::in_folder(&profile.folder);
    let (base, _) = profile.base()?;
    context.terminal.show_badge(profile.badge());
    let key = typed(with_key_stdin, &name, base.host(), context)?;
    let account = profile.with_key(key.clone())?;
    context.client(&account)?.probe().map_err(|error| error.step("trying the key"))?;
    let replaced = vault.source(&name).is_some();
    vault.store(&name, &key, &base).map_err(|error| {
        Error::new(ErrorKind::Failed, format!("the key of profile {name} cannot be stored")).source(error)
    })?;
    let notes = context.terminal.notes();
    let place = vault.place(&name);
    notes.say(&format!("The API at {} accepted the key. It is stored for profile {name}.", base.place()));
    if replaced {
        notes.say("It replaces the key that was stored before.");
    }
    notes.say(&format!("It is in {}, as plain text that only you can read.", place.display()));
    if let Some(source) = KeySource::of_environment()? {
        notes.warn(&format!("{} is set and overrides the stored key", source.name()));
    }
    context.done(&name, "stored")
}

/// A stored key would never be used if the profile names another source.
fn refuse_other_source(profile: &Profile) -> Result<()> {
    match profile.own_key() {
        None | Some(KeySource::Stored(_)) => Ok(()),
        Some(source) => {
            let (name, setting) = (&profile.name, source.name());
            let flag = setting.replace('_', "-");
            let hint = format!("`fusebill profile set {name} --unset {flag}` removes it; then log in again");
            Err(Error::usage(format!("profile {name} has its key from {setting}")).hint(hint))
        }
    }
}

fn typed(with_key_stdin: bool, profile: &str, host: &str, context: &Context) -> Result<ApiKey> {
    let refused = |reason: String| {
        Error::new(ErrorKind::Credentials, reason).hint("paste the key exactly as Fusebill shows it")
    };
    if with_key_stdin {
        let pasted = keys::read_text(context.terminal.open(&Input::Stdin)?);
        let pasted = pasted.map_err(|reason| refused("the API key cannot be read".into()).source(reason));
        let key =
            pasted.and_then(|pasted| ApiKey::parse(&pasted).map_err(|reason| refused(reason.to_string())));
        return key.map_err(|error| error.step("standard input"));
    }
    if !context.terminal.may_ask() {
        return Err(Error::usage("cannot ask for the key: there is no terminal, or --no-input is set")
            .hint("--with-key-stdin reads it from standard input"));
    }
    let check = |text: &str| ApiKey::parse(text).map(|_| None).map_err(ToString::to_string);
    let about = format!("API key of profile {profile} ({host}), from Settings, Integrations, API Key.");
    match context.terminal.secret(&about, "key (not shown; empty cancels)", &check)? {
        Some(pasted) => ApiKey::parse(&pasted).map_err(|reason| refused(reason.to_string())),
        None => Err(Error::new(ErrorKind::Cancelled, "no key was typed")),
    }
}

fn status(profile: Profile, context: &Context) -> Result<ErrorKind> {
    let (base, from) = profile.base()?;
    let source = profile.key_source()?;
    let label = profile.settings.text(Key::Label).map(str::to_string);
    let session = &context.open()?;
    let standing = session.client.probe().map_err(|error| {
        let from = source.as_ref().map(|source| format!("source of the key: {}", source.name()));
        error.step(format!("asking {}", base.host())).detail(from)
    })?;
    let status = Status {
        profile: profile.name,
        label,
        api: base.to_string(),
        api_from: from.to_string(),
        key: source.as_ref().map_or(String::new(), KeySource::name),
        plain_text: source.as_ref().is_some_and(KeySource::is_plain_text),
        exposed: source.as_ref().is_some_and(|source| source.exposed().is_some()),
        limits: standing,
    };
    let local = |moment| context.terminal.local(moment);
    let text = report::status(&status, context.global.output, local, context.terminal.look());
    context.terminal.print(&text).map(|()| ErrorKind::Done)
}

fn logout(profile: &Profile, context: &Context) -> Result<ErrorKind> {
    let name = &profile.name;
    let vault = KeyStore::in_folder(&profile.folder);
    let notes = context.terminal.notes();
    let removed = vault.remove(name).map_err(|error| not_removed(name, error))?;
    if removed {
        notes.say(&format!("Removed the stored key of profile {name}. At Fusebill it is still valid."));
    } else {
        notes.say(&format!("No key is stored for profile {name}."));
    }
    if let Some(source) = profile.key_source()? {
        notes.say(&format!("The profile still has a key from {}.", source.name()));
    }
    context.done(name, if removed { "removed" } else { "unchanged" })
}

impl Context {
    pub(super) fn done(&self, profile: &str, outcome: &str) -> Result<ErrorKind> {
        let printed = self.terminal.print(&report::done(profile, outcome, self.global.output));
        printed.map(|()| ErrorKind::Done).map_err(unshown)
    }
}

/// The command did what it was asked for.
pub(super) fn unshown(error: Error) -> Error {
    Error { kind: ErrorKind::Unshown, ..error }
}

pub(super) fn not_removed(profile: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Failed, format!("the stored key of profile {profile} cannot be removed"))
        .source(error)
}
