//! `config.toml`: the profiles that the user keeps, read with the line of every mistake, edited in place.

mod edit;
mod parse;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use toml_edit::{Item, Table, TableLike};

use super::environment::Environment;
use super::setting::{Key, SETTINGS, Setting, Value};
use super::{DEFAULT, SANDBOX};
use crate::error::{Error, Kind, Result};
use crate::files;

/// The file's name.
const FILE: &str = "config.toml";
/// The table in the file that holds the profiles.
const PROFILES: &str = "profiles";
/// The longest name of a profile, in characters.
const NAME_MAX: usize = 40;
/// What Windows puts before a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// How long another process is waited for that changes the file.
const TURN: Duration = Duration::from_secs(10);

/// What a profile says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Key, Value>);

/// The file of profiles.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    text: String,
    profiles: BTreeMap<String, Settings>,
}

impl FromIterator<(Key, Value)> for Settings {
    fn from_iter<T: IntoIterator<Item = (Key, Value)>>(settings: T) -> Settings {
        Settings(settings.into_iter().collect())
    }
}

impl Settings {
    /// What a setting says, where it is there.
    pub fn get(&self, key: Key) -> Option<&Value> {
        self.0.get(&key)
    }

    /// The text of a setting.
    pub fn text(&self, key: Key) -> Option<&str> {
        match self.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The program and arguments of a setting.
    pub fn words(&self, key: Key) -> Option<&[String]> {
        match self.get(key) {
            Some(Value::Words(words)) => Some(words),
            _ => None,
        }
    }

    /// The number of a setting.
    pub fn count(&self, key: Key) -> Option<u32> {
        match self.get(key) {
            Some(Value::Count(count)) => Some(*count),
            _ => None,
        }
    }

    /// Whether a setting is switched on.
    pub fn is_on(&self, key: Key) -> bool {
        self.get(key) == Some(&Value::Switch(true))
    }

    /// Every setting that is there, in the order of the table.
    pub fn all(&self) -> impl Iterator<Item = (&'static Setting, &Value)> {
        SETTINGS.iter().filter_map(|setting| Some((setting, self.get(setting.key)?)))
    }
}

impl Config {
    /// Reads the user's file; none is no profiles.
    ///
    /// # Errors
    /// `Usage` where it cannot be read, or says what no profile says; with the line. Values are never repeated where
    /// they might be a key.
    pub fn load(environment: Environment) -> Result<Config> {
        let path = environment.config_folder()?.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == ErrorKind::NotFound => String::new(),
            Err(why) => {
                return Err(Error::usage(format!("cannot read `{}`", path.display())).because(why));
            }
        };
        Config::parse(path, text)
    }

    /// Reads the text of the file at this path, which is not opened.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: PathBuf, text: String) -> Result<Config> {
        // Most machines of a script have no such file.
        if text.is_empty() {
            return Ok(Config { path, text, profiles: BTreeMap::new() });
        }
        match parse::profiles(&text) {
            Ok(profiles) => Ok(Config { path, text, profiles }),
            Err(mistake) => Err(mistake.refused(&path, &text)),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in the file, or will be once it is saved.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The folder that paths in the file are relative to.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The profiles in the file, by name.
    pub fn profiles(&self) -> &BTreeMap<String, Settings> {
        &self.profiles
    }

    /// Whether there is a profile of that name: in the file, or built in.
    pub fn has(&self, name: &str) -> bool {
        self.profiles.contains_key(name) || name == DEFAULT || (name == SANDBOX && cfg!(feature = "sandbox"))
    }

    /// The names of all profiles, those that are built in first.
    pub fn names(&self) -> Vec<&str> {
        let built_in = [DEFAULT, SANDBOX].into_iter().filter(|name| self.has(name));
        let own = self.profiles.keys().map(String::as_str).filter(|name| ![DEFAULT, SANDBOX].contains(name));
        built_in.chain(own).collect()
    }

    /// What the profile of that name says; nothing where it is built in and not in the file.
    pub fn settings(&self, name: &str) -> Settings {
        self.profiles.get(name).cloned().unwrap_or_default()
    }

    /// The file with settings of a profile changed, or taken out where they are none; the rest of the text stays.
    ///
    /// # Errors
    /// `Usage` for a name that no profile can have and a setting that this profile cannot have.
    pub fn with(&self, name: &str, changes: &[(Key, Option<Value>)]) -> Result<Config> {
        check_name(name).map_err(Error::usage)?;
        let made = self.edited(&self.text, |profiles| {
            if profiles.get(name).is_none() {
                profiles.insert(name, Item::Table(Table::new()));
            }
            Some(())
        })?;
        let text = changes.iter().try_fold(made, |text, (key, value)| {
            self.edited(&text, |profiles| {
                let profile = profiles.get_mut(name).and_then(Item::as_table_like_mut)?;
                edit::change(profile, Setting::of(*key).name, value.as_ref());
                Some(())
            })
        })?;
        self.changed(text)
    }

    /// The file without a profile.
    ///
    /// # Errors
    /// As [`Config::with`].
    pub fn without(&self, name: &str) -> Result<Config> {
        let text = self.edited(&self.text, |profiles| {
            profiles.remove(name);
            Some(())
        })?;
        self.changed(text)
    }

    /// The file with another text, which has no lines yet that a user could look at.
    fn changed(&self, text: String) -> Result<Config> {
        let profiles = parse::profiles(&text).map_err(|mistake| {
            let error = Error::usage(mistake.why);
            mistake.hint.into_iter().fold(error, Error::hint)
        })?;
        Ok(Config { path: self.path.clone(), text, profiles })
    }

    /// A text of the file with one edit.
    fn edited(&self, text: &str, edit: impl FnOnce(&mut dyn TableLike) -> Option<()>) -> Result<String> {
        let damaged = || Error::new(Kind::Failed, format!("`{}` cannot be edited", self.path.display()));
        edit::edited(text, edit).ok_or_else(damaged)
    }

    /// Puts this in the place of the file as it was read before; a link stays a link, and the mode stays.
    ///
    /// # Errors
    /// `Conflict` where the file changed meanwhile, or another process is at it for too long; `Failed` where it cannot be written.
    pub fn save(&self, before: &Config) -> Result<()> {
        let failed = |why: std::io::Error| {
            Error::new(Kind::Failed, format!("cannot write `{}`", self.path.display())).because(why)
        };
        files::make_folder(self.folder()).map_err(failed)?;
        let _turn = turn()?;
        let place = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let there = match std::fs::read_to_string(&place) {
            Err(why) if why.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(failed)?,
        };
        if there != before.text {
            let message = format!("`{}` was changed by somebody else meanwhile", self.path.display());
            return Err(Error::new(Kind::Conflict, message).hint("run the same command again"));
        }
        let mode = std::fs::metadata(&place).ok().map(|there| there.permissions());
        files::replace_as(&place, self.text.as_bytes(), mode).map_err(failed)
    }
}

/// What is to be said where others may change the file in this folder.
pub(super) fn exposed(folder: &Path) -> Option<String> {
    let path = folder.join(FILE);
    let said = |what: &str, place: &Path| {
        let place = place.display().to_string();
        let command = format!("chmod go-w {}", shell_words::quote(&place));
        format!(
            "other users of this machine can {what} `{place}`, and with it where the key is sent; `{command}` ends that"
        )
    };
    if files::is_folder_open_to_others(folder) {
        return Some(said("put another config.toml into", folder));
    }
    files::is_writable_by_others(&path).then(|| said("change", &path))
}

/// The turn to change the file, so that nobody writes between the last look at it and the write. Its lock is where this
/// tool keeps what it remembers, and not beside a file that may be in a folder of the user's own.
fn turn() -> Result<Option<File>> {
    let begun = Instant::now();
    let Ok(folder) = Environment.state_folder() else { return Ok(None) };
    // Where there is no place for a lock there are no turns, as with the journal.
    let Ok(()) = files::make_folder(&folder) else { return Ok(None) };
    loop {
        match files::try_hold(&folder.join("config.lock")) {
            Ok(None) if begun.elapsed() < TURN => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                let message = "another fusebill on this machine has been changing the profiles for too long";
                return Err(Error::new(Kind::Conflict, message).hint("run the same command again"));
            }
            Ok(held) => return Ok(held),
            Err(_) => return Ok(None),
        }
    }
}

/// Whether a profile may have this name, which is also that of a file.
///
/// # Errors
/// What names may be, in words.
pub fn check_name(name: &str) -> std::result::Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= NAME_MAX && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name of a profile: at most {NAME_MAX} letters, digits, `-`, `_` and `.`, a letter or digit first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# My accounts\n[profiles.live]\nlabel = 'LIVE'   # careful\njobs = 2\n\n# The test account\n\
        [profiles.test]\napi_key_command = 'pass show \"my key\"'\n";

    fn config(text: &str) -> Config {
        Config::parse(PathBuf::from("c.toml"), text.to_string()).unwrap()
    }

    fn refused(text: &str) -> String {
        let error = Config::parse(PathBuf::from("c.toml"), text.to_string()).unwrap_err();
        [vec![error.headline()], error.hints].concat().join("; ")
    }

    #[test]
    fn profiles_are_read_by_name() {
        let config = config(TEXT);
        assert_eq!(config.settings("live").text(Key::Label), Some("LIVE"));
        assert_eq!(config.settings("test").words(Key::ApiKeyCommand).unwrap(), ["pass", "show", "my key"]);
        assert_eq!(config.settings("default"), Settings::default());
        assert!(config.names().ends_with(&["live", "test"]) && !config.has("other"));
    }

    #[test]
    fn an_edit_keeps_every_comment() {
        let change = |key: Key, text: &str| (key, Some(Setting::of(key).read(text).unwrap()));
        let config = config(TEXT);
        let changed = config.with("live", &[change(Key::Label, "PROD"), (Key::Jobs, None)]).unwrap();
        assert_eq!(changed.text, TEXT.replace("'LIVE'", "\"PROD\"").replace("jobs = 2\n", ""));
        let added =
            changed.with("new-1", &[change(Key::ReadOnly, "true"), change(Key::Editor, "code --wait")]);
        let expected = format!(
            "{}\n[profiles.new-1]\nread_only = true\neditor = [\"code\", \"--wait\"]\n",
            changed.text
        );
        assert_eq!(added.unwrap().text, expected);
        assert_eq!(config.without("live").unwrap().text.matches('#').count(), 1);
        assert!(
            config.with("../x", &[]).is_err() && config.with("sandbox", &[change(Key::CaFile, "x")]).is_err()
        );
    }

    #[test]
    fn a_setting_after_a_last_line_without_a_break_does_not_go_on_in_it() {
        let jobs = |text: &str| config(text).with("a", &[(Key::Jobs, Some(Value::Count(3)))]).unwrap().text;
        assert_eq!(jobs("[profiles.a]# one"), "[profiles.a]# one\njobs = 3\n");
        assert_eq!(jobs("[profiles.a]\r\nlabel = 'x'"), "[profiles.a]\r\nlabel = 'x'\r\njobs = 3\r\n");
        assert_eq!(jobs("[profiles.a]\njobs = 2\nlabel = 'x'"), "[profiles.a]\njobs = 3\nlabel = 'x'");
        assert_eq!(jobs("[profiles.a]\njobs = 2"), "[profiles.a]\njobs = 3");
        assert_eq!(jobs("[profiles.a]\n[profiles.b]# b"), "[profiles.a]\njobs = 3\n[profiles.b]# b");
    }

    #[test]
    fn mistakes_are_named_with_their_line_and_without_values() {
        for (text, says) in [
            (
                "[profiles.a]\ncolour = 'red'",
                "`c.toml`, line 2: `colour` is no setting; did you mean `color`?",
            ),
            (
                "[profiles.a]\n\napi_key = 'MDpzZWNyZXQ'",
                "line 3: `api_key` is no setting, and a key does not belong",
            ),
            (
                "api_key_file = 'x'",
                "line 1: `api_key_file` belongs to a profile; put it below [profiles.default]",
            ),
            ("x = 1", "line 1: `x` is no setting; profiles begin with [profiles.NAME]"),
            ("[profiles.a]\njobs = 'four'", "line 2: `jobs` takes a whole number from 1 to 64"),
            ("[profiles.a]\njobs = -1", "line 2: `jobs` takes a whole number from 1 to 64"),
            (
                "[profiles.a]\nconfirm = 'Always'",
                "line 2: `confirm` takes one of always, needed, not `Always`",
            ),
            ("[profiles.a]\nread_only = 'true'", "line 2: `read_only` takes true or false"),
            ("[profiles.a]\nbase_url = 'http://example.com'", "line 2: `base_url` is refused: the base URL"),
            ("[profiles.a]\neditor = ['vi', 3]", "line 2: `editor` takes a program"),
            ("[profiles.'a b']", "line 1: `a b` is no name of a profile"),
            ("[profiles]\na = 'MDpzZWNyZXQ'", "line 2: a profile is a table of settings"),
            ("[profiles.a]\nlabel = ", "line 2: "),
            ("[profiles.sandbox]\nbase_url = 'https://x.example'", "line 2: the sandbox is on this machine"),
            (
                "[profiles.a]\napi_key_command = 'x'\napi_key_file = 'y'",
                "line 3: profile a has both api_key_command and api_key_file",
            ),
        ] {
            let said = refused(text);
            assert!(said.contains(says), "{text}\n{said}");
            assert!(!said.contains("MDpz"), "{said}");
        }
    }
}
