//! Which account is meant: its name, where it is reached, and with which key.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::api::{ApiKey, BaseUrl};
use crate::error::{Error, Kind, Result};

/// The account that is meant where nothing else is said.
pub const DEFAULT: &str = "default";
/// The profile that is built in and never leaves this machine.
pub const SANDBOX: &str = "sandbox";

const VENDOR_URL: &str = "https://secure.fusebill.com/v1";

/// An account of the API.
#[derive(Debug)]
pub struct Account {
    /// The profile's name.
    pub profile: String,
    /// Where it is reached.
    pub base: BaseUrl,
    /// The key to it.
    pub key: ApiKey,
    /// What the journal knows it by: host and port, or `sandbox`, whose port is another each time.
    pub origin: String,
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Environment {
    /// A variable; none where it is not set.
    ///
    /// # Errors
    /// `Usage` where it is not UTF-8. The message does not repeat the value.
    pub fn variable(self, name: &str) -> Result<Option<String>> {
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(Error::usage(format!("{name} is not UTF-8 text"))),
        }
    }

    /// A variable whose value need not be text: what is not UTF-8 in it becomes U+FFFD, which no URL takes.
    pub fn lossy(self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// Whether the environment asks for plain output: `NO_COLOR` (no-color.org) or `TERM=dumb`.
    pub fn wants_plain(self) -> bool {
        std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
    }

    /// The folder for what this tool remembers: `$XDG_STATE_HOME/fusebill`, or the platform's place for it.
    ///
    /// # Errors
    /// `Failed` where no home directory is known.
    pub fn state_folder(self) -> Result<PathBuf> {
        let no_home = |why| {
            Error::new(Kind::Failed, "no home directory is known")
                .because(anyhow::Error::from(why))
                .hint("set HOME")
        };
        let strategy = etcetera::choose_base_strategy().map_err(no_home)?;
        Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("fusebill"))
    }
}

/// A command to type that works on this profile.
pub fn command(profile: &str, rest: &str) -> String {
    if profile == DEFAULT {
        format!("fusebill {rest}")
    } else {
        format!("fusebill --profile {profile} {rest}")
    }
}

/// The name of the profile that is meant: the flag, else `FUSEBILL_PROFILE`, else [`DEFAULT`].
///
/// # Errors
/// `Usage` for a name that no profile has. A wrong name never falls back to another account.
pub fn name(flag: Option<&str>, environment: Environment) -> Result<String> {
    let variable = environment.variable("FUSEBILL_PROFILE")?.filter(|name| !name.is_empty());
    let (name, source) = match (flag, variable) {
        (Some(flag), _) => (flag.to_string(), "--profile"),
        (None, Some(variable)) => (variable, "FUSEBILL_PROFILE"),
        (None, None) => return Ok(DEFAULT.to_string()),
    };
    match name.as_str() {
        DEFAULT => Ok(name),
        SANDBOX if cfg!(feature = "sandbox") => Ok(name),
        SANDBOX => Err(Error::usage("this build has no sandbox").hint("build it with the feature `sandbox`")),
        _ => Err(Error::usage(format!("{source}: there is no profile `{name}`"))
            .hint(format!("the profiles are `{DEFAULT}` and `{SANDBOX}`"))),
    }
}

/// The account that the environment describes: `FUSEBILL_BASE_URL`, else the vendor's, with the key of
/// `FUSEBILL_API_KEY` or of the file that `FUSEBILL_API_KEY_FILE` names.
///
/// # Errors
/// `Usage` for a base URL that no key may be sent to; `Credentials` where there is no usable key.
pub fn account(profile: String, environment: Environment) -> Result<Account> {
    let url = environment.variable("FUSEBILL_BASE_URL")?.filter(|url| !url.is_empty());
    let base = match url {
        Some(url) => BaseUrl::parse(&url).map_err(|error| error.at("FUSEBILL_BASE_URL"))?,
        None => BaseUrl::parse(VENDOR_URL)?,
    };
    let origin = base.authority().to_string();
    Ok(Account { profile, base, key: key(environment)?, origin })
}

fn key(environment: Environment) -> Result<ApiKey> {
    let refused = |source: &str, why: String| {
        Error::new(Kind::Credentials, why).at(source).hint("paste the key exactly as Fusebill shows it")
    };
    if let Some(pasted) = environment.variable("FUSEBILL_API_KEY")? {
        return ApiKey::parse(&pasted).map_err(|why| refused("FUSEBILL_API_KEY", why.to_string()));
    }
    if let Some(path) = environment.variable("FUSEBILL_API_KEY_FILE")? {
        let pasted = std::fs::read_to_string(&path)
            .map_err(|why| refused("FUSEBILL_API_KEY_FILE", format!("cannot read `{path}`")).because(why))?;
        return ApiKey::parse(&pasted).map_err(|why| refused("FUSEBILL_API_KEY_FILE", why.to_string()));
    }
    Err(Error::new(Kind::Credentials, "there is no API key")
        .hint("set FUSEBILL_API_KEY, or FUSEBILL_API_KEY_FILE to a file that holds it")
        .hint("to try the tool without an account: --profile sandbox"))
}
