//! The environment of this process: its variables, and the folders that follow from them.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::error::{Error, ErrorKind, Result};

/// The error does not repeat a value that is not UTF-8.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::usage(format!("{name} is not UTF-8 text"))),
    }
}

/// For variables that choose the account. An empty one is an error: a script that forgot to fill it must not write to
/// another account.
pub(crate) fn non_empty(name: &str) -> Result<Option<String>> {
    match variable(name)? {
        Some(value) if value.is_empty() => Err(Error::usage(format!("{name} is set, and empty"))
            .hint(format!("unset {name}, or set it to a value"))),
        value => Ok(value),
    }
}

/// Bytes that are not UTF-8 become U+FFFD, which no URL has.
pub(crate) fn lossy(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// `NO_COLOR` (no-color.org) or `TERM=dumb`.
pub(crate) fn wants_plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || has_dumb_terminal()
}

/// `TERM=dumb`: no colours and no cursor movement.
pub(crate) fn has_dumb_terminal() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the locale is known and not UTF-8 (POSIX, "Internationalization Variables").
pub(crate) fn wants_ascii() -> bool {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find(|name| set(name)).map(|name| lossy(name));
    let locale = locale.flatten().unwrap_or_else(|| "UTF-8".to_string()).to_lowercase();
    !locale.contains("utf-8") && !locale.contains("utf8")
}

/// `$XDG_STATE_HOME/fusebill`, or the platform's equivalent.
pub(crate) fn state_folder() -> Result<PathBuf> {
    let strategy = strategy()?;
    require_absolute(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("fusebill"))
}

/// `$XDG_CONFIG_HOME/fusebill`, or the platform's equivalent.
pub(crate) fn config_folder() -> Result<PathBuf> {
    require_absolute(strategy()?.config_dir().join("fusebill"))
}

/// `~/` is the home directory, and a relative path begins in `folder`.
pub(crate) fn path(written: &str, folder: &std::path::Path) -> PathBuf {
    match written.strip_prefix("~/").zip(etcetera::home_dir().ok()) {
        Some((rest, home)) => home.join(rest),
        None => folder.join(written),
    }
}

fn strategy() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().map_err(|error| {
        Error::new(ErrorKind::Failed, "no home directory is known")
            .source(anyhow::Error::from(error))
            .hint("set HOME")
    })
}

/// Refuses a relative folder, because each working directory would have another journal.
fn require_absolute(folder: PathBuf) -> Result<PathBuf> {
    if folder.is_absolute() {
        return Ok(folder);
    }
    Err(Error::new(ErrorKind::Failed, "the home directory is not an absolute path")
        .hint("set HOME to a path that begins with /"))
}
