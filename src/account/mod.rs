//! The account that a command works on: its profile, address, key and settings.
//! Every setting is looked up in the same order: flag, environment, profile, built in.

pub mod config;
pub(crate) mod environment;
pub(crate) mod keys;
pub mod setting;

use std::path::PathBuf;
use std::time::Duration;

use crate::api::{ApiKey, BaseUrl, Trust};
use crate::error::{Error, ErrorKind, Result};
use crate::report::account_label::{AccountLabel, Badge};
use crate::store::Entry;
pub(crate) use config::{Config, Settings};
pub(crate) use keys::KeySource;
pub use keys::KeyStore;
use setting::Key;

pub(crate) const DEFAULT: &str = "default";
pub(crate) const SANDBOX: &str = "sandbox";

pub(crate) const VARIABLE: &str = "FUSEBILL_PROFILE";
pub(crate) const URL_VARIABLE: &str = "FUSEBILL_BASE_URL";

/// Where a setting comes from, if no variable sets it.
pub(crate) const FROM_PROFILE: &str = "profile";
pub(crate) const BUILT_IN: &str = "built in";

const VENDOR_URL: &str = "https://secure.fusebill.com/v1";

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) profile: String,
    pub(crate) base: BaseUrl,
    pub(crate) key: ApiKey,
    pub(crate) host: String,
    /// Host and port, or `sandbox`, whose port differs from run to run.
    pub(crate) origin: String,
    pub(crate) overrides: Vec<&'static str>,
    pub(crate) trust: Trust,
    pub(crate) settings: Settings,
}

#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    /// Relative paths in the settings begin here.
    pub(crate) folder: PathBuf,
}

pub(crate) fn command(profile: &str, rest: &str) -> String {
    let meant = environment::lossy(VARIABLE).filter(|name| !name.is_empty());
    if profile == DEFAULT && meant.is_none_or(|name| name == DEFAULT) {
        format!("fusebill {rest}")
    } else {
        format!("fusebill --profile {profile} {rest}")
    }
}

impl Profile {
    /// A wrong name is an error, so that no other account is changed.
    pub(crate) fn chosen(flag: Option<&str>) -> Result<Profile> {
        let config = Config::load()?;
        let (name, source) = Profile::named(flag)?;
        if !config.has(&name) {
            return Err(no_such(&name, &config).step(source));
        }
        Ok(Profile::of(&name, &config))
    }

    /// The profile may not exist. The second part is the flag or the variable that names it.
    pub(crate) fn named(flag: Option<&str>) -> Result<(String, &'static str)> {
        Ok(match (flag, environment::non_empty(VARIABLE)?) {
            (Some(flag), _) => (flag.to_string(), "--profile"),
            (None, Some(variable)) => (variable, VARIABLE),
            (None, None) => (DEFAULT.to_string(), ""),
        })
    }

    /// The file need not have the profile.
    pub(crate) fn of(name: &str, config: &Config) -> Profile {
        let (settings, folder) = (config.settings(name), config.folder().to_path_buf());
        Profile { name: name.to_string(), settings, folder }
    }

    pub(crate) fn badge(&self) -> Option<Badge> {
        let (label, color) = (self.settings.text(Key::Label), self.settings.text(Key::Color));
        AccountLabel { profile: &self.name, host: "", overrides: &[], label, color }.badge()
    }

    pub(crate) fn is_sandbox(&self) -> bool {
        self.name == SANDBOX
    }

    /// The second part is the variable that sets it, [`FROM_PROFILE`] or [`BUILT_IN`].
    pub(crate) fn base(&self) -> Result<(BaseUrl, &'static str)> {
        if let Some(url) = environment::non_empty(URL_VARIABLE)? {
            let base = BaseUrl::parse(&url).map_err(|error| error.step(URL_VARIABLE))?;
            return Ok((base, URL_VARIABLE));
        }
        let from = self.settings.text(Key::BaseUrl).map_or(BUILT_IN, |_| FROM_PROFILE);
        Ok((self.own_base()?, from))
    }

    fn own_base(&self) -> Result<BaseUrl> {
        BaseUrl::parse(self.settings.text(Key::BaseUrl).unwrap_or(VENDOR_URL))
    }

    pub(crate) fn key_source(&self) -> Result<Option<KeySource>> {
        let named = KeySource::of_environment()?;
        Ok(named.or_else(|| self.own_key()))
    }

    pub(crate) fn own_key(&self) -> Option<KeySource> {
        if let Some(words) = self.settings.words(Key::ApiKeyCommand) {
            let mut words = words.to_vec();
            if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
                *program = environment::path(program, &self.folder).display().to_string();
            }
            return Some(KeySource::Command(words));
        }
        if let Some(path) = self.settings.text(Key::ApiKeyFile) {
            return Some(KeySource::File(environment::path(path, &self.folder)));
        }
        KeyStore::in_folder(&self.folder).source(&self.name)
    }

    fn trust(&self) -> Trust {
        match (self.settings.text(Key::CaFile), self.settings.text(Key::TlsRoots)) {
            (Some(path), _) => Trust::Only(environment::path(path, &self.folder)),
            (None, Some("system")) => Trust::System,
            _ => Trust::Bundled,
        }
    }

    pub(crate) fn with_key(&self, key: ApiKey) -> Result<Account> {
        let (base, _) = self.base()?;
        Ok(Account {
            profile: self.name.clone(),
            host: base.place(),
            origin: base.origin(),
            overrides: self.overrides()?,
            base,
            key,
            trust: self.trust(),
            settings: self.settings.clone(),
        })
    }

    /// Empty if the profile has neither settings nor a key.
    fn overrides(&self) -> Result<Vec<&'static str>> {
        let own_key = self.own_key();
        if self.settings == Settings::default() && own_key.is_none() {
            return Ok(Vec::new());
        }
        let mut overrides = Vec::new();
        if self.base()?.0 != self.own_base()? {
            overrides.push(URL_VARIABLE);
        }
        match KeySource::of_environment()?.filter(|_| own_key.is_some()) {
            Some(KeySource::Variable) => overrides.push(keys::VARIABLE),
            Some(_) => overrides.push(keys::FILE_VARIABLE),
            None => {}
        }
        Ok(overrides)
    }

    pub(crate) fn warnings(&self) -> Result<Vec<String>> {
        let source = self.key_source()?;
        let mut warnings = Vec::new();
        if let Some(used) = &source
            && let Some(own) = self.own_key().filter(|own| own != used)
        {
            let (used, own) = (used.name(), own.name());
            warnings.push(format!("{used} is used, and not the key of profile {} ({own})", self.name));
        }
        if self.overrides()?.contains(&URL_VARIABLE) {
            let (base, _) = self.base()?;
            let name = &self.name;
            warnings.push(format!(
                "{URL_VARIABLE} is used, and not the address of profile {name}: requests go to {base}"
            ));
        }
        warnings.extend(source.and_then(|source| source.exposed()));
        warnings.extend(config::exposed(&self.folder));
        Ok(warnings)
    }

    /// `limit` bounds the program that prints the key.
    pub(crate) fn account(&self, limit: Duration) -> Result<Account> {
        let (base, _) = self.base()?;
        let source = self.key_source()?.ok_or_else(|| no_key(&self.name))?;
        self.refuse_elsewhere(&source, &base)?;
        let key = source.read(limit, &base).map_err(|error| match source {
            KeySource::Stored(_) => {
                error.hint(format!("`{}` stores one for this address", command(&self.name, "auth login")))
            }
            _ => error,
        });
        self.with_key(key?)
    }

    /// A key of the profile is sent to the profile's address only. A stored key has an address of its own.
    fn refuse_elsewhere(&self, source: &KeySource, base: &BaseUrl) -> Result<()> {
        let of_profile = matches!(source, KeySource::Command(_) | KeySource::File(_));
        let own = self.own_base()?;
        if !of_profile || *base == own {
            return Ok(());
        }
        let message = format!("the key of {} is for the profile's address, so it is not sent", source.name());
        Err(Error::new(ErrorKind::Credentials, message)
            .detail([format!("the profile's: {own}"), format!("asked for: {base}, by {URL_VARIABLE}")])
            .hint(format!("unset {URL_VARIABLE}, or set {} to a key for that address", keys::VARIABLE)))
    }
}

impl Account {
    pub(crate) fn label(&self) -> AccountLabel<'_> {
        AccountLabel {
            profile: &self.profile,
            host: &self.host,
            overrides: &self.overrides,
            label: self.settings.text(Key::Label),
            color: self.settings.text(Key::Color),
        }
    }

    pub(crate) fn made(&self, entry: &Entry) -> bool {
        entry.profile == self.profile && entry.host == self.origin
    }

    pub(crate) fn is_sandbox(&self) -> bool {
        self.profile == SANDBOX
    }

    pub(crate) fn asks_always(&self) -> bool {
        self.settings.text(Key::Confirm) == Some("always")
    }

    pub(crate) fn always(&self) -> Option<String> {
        self.asks_always().then(|| format!("profile {} says `confirm = \"always\"`", self.profile))
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.settings.is_on(Key::ReadOnly)
    }
}

fn no_key(profile: &str) -> Error {
    let error = Error::new(ErrorKind::Credentials, format!("there is no API key for profile {profile}"))
        .hint(format!("`{}` stores one", command(profile, "auth login")))
        .hint(format!("or set {}, or {} to a file that holds it", keys::VARIABLE, keys::FILE_VARIABLE));
    if cfg!(feature = "sandbox") {
        return error.hint("to try the tool without an account: --profile sandbox");
    }
    error
}

pub(crate) fn no_such(name: &str, config: &Config) -> Error {
    if name == SANDBOX {
        return Error::usage("this build has no sandbox").hint("build it with the feature `sandbox`");
    }
    let names = config.names();
    let error = Error::usage(format!("there is no profile `{name}`"));
    let error = match crate::field::nearest(name, names.iter().copied()).first() {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("the profiles are {}", names.join(", "))),
    };
    error.hint(format!("`fusebill profile set {name}` makes one of that name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Client, Network};
    use crate::terminal::Notes;

    #[test]
    fn account_client_and_key_hide_the_key_in_debug_output() {
        let settings = Settings::default();
        let profile = Profile { name: "live".into(), settings, folder: PathBuf::from("/") };
        let key = ApiKey::parse("MDpzZWNyZXQ=").unwrap();
        let account = profile.with_key(key).unwrap();
        let network = Network::from_environment(&account.base, &account.trust, |_| None).unwrap();
        let (base, key) = (account.base.clone(), account.key.clone());
        let client = Client::new(base, key, &network, Duration::from_secs(1), Notes::default());
        for shown in [
            format!("{account:?} {account:#?}"),
            format!("{client:?} {client:#?}"),
            format!("{profile:?} {:?}", account.key),
        ] {
            assert!(!shown.contains("MDpzZWNy"), "{shown}");
        }
    }
}
