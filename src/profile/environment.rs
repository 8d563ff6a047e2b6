//! The environment of this process: its variables, and the folders that follow from them.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::error::{Error, Kind, Result};

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

    /// A variable that says which account is meant.
    ///
    /// # Errors
    /// `Usage` for one that is empty, because a script forgot to fill it: another account is not taken for it. See
    /// [`Environment::variable`] for the others.
    pub fn said(self, name: &str) -> Result<Option<String>> {
        match self.variable(name)? {
            Some(value) if value.is_empty() => Err(Error::usage(format!("{name} is set, and empty"))
                .hint(format!("unset {name}, or say what is meant"))),
            value => Ok(value),
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
    /// `Failed` where no home directory is known, or it is no path from the root.
    pub fn state_folder(self) -> Result<PathBuf> {
        let strategy = strategy()?;
        rooted(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("fusebill"))
    }

    /// The folder for what the user decides: `$XDG_CONFIG_HOME/fusebill`, or the platform's place for it.
    ///
    /// # Errors
    /// `Failed` where no home directory is known, or it is no path from the root.
    pub fn config_folder(self) -> Result<PathBuf> {
        rooted(strategy()?.config_dir().join("fusebill"))
    }

    /// The path that a user wrote: `~/` is the home directory, and what is relative begins in `folder`.
    pub fn path(self, written: &str, folder: &std::path::Path) -> PathBuf {
        match written.strip_prefix("~/").zip(etcetera::home_dir().ok()) {
            Some((rest, home)) => home.join(rest),
            None => folder.join(written),
        }
    }
}

fn strategy() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().map_err(|why| {
        Error::new(Kind::Failed, "no home directory is known")
            .because(anyhow::Error::from(why))
            .hint("set HOME")
    })
}

/// A folder that is the same wherever the program is started. What it remembers is not scattered over the folders that
/// one happens to be in.
fn rooted(folder: PathBuf) -> Result<PathBuf> {
    if folder.is_absolute() {
        return Ok(folder);
    }
    Err(Error::new(Kind::Failed, "the home directory is no path from the root")
        .hint("set HOME to one that begins with /"))
}
