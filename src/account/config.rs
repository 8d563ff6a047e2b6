//! `config.toml`, the file of profiles: parsed with the line of every error, and edited in place.

mod edit;
mod parse;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{Item, Table, TableLike};

use super::environment;
use super::setting::{Key, SETTINGS, Setting, Value};
use super::{DEFAULT, SANDBOX};
use crate::error::{Error, ErrorKind, Result};
use crate::files;

const FILE: &str = "config.toml";
const PROFILES: &str = "profiles";
/// In characters.
const NAME_MAX: usize = 40;
/// Windows programs put it before a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Key, Value>);

impl FromIterator<(Key, Value)> for Settings {
    fn from_iter<T: IntoIterator<Item = (Key, Value)>>(settings: T) -> Settings {
        Settings(settings.into_iter().collect())
    }
}

impl Settings {
    pub fn get(&self, key: Key) -> Option<&Value> {
        self.0.get(&key)
    }

    pub(crate) fn text(&self, key: Key) -> Option<&str> {
        match self.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn words(&self, key: Key) -> Option<&[String]> {
        match self.get(key) {
            Some(Value::Words(words)) => Some(words),
            _ => None,
        }
    }

    pub(crate) fn count(&self, key: Key) -> Option<u32> {
        match self.get(key) {
            Some(Value::Count(count)) => Some(*count),
            _ => None,
        }
    }

    pub(crate) fn is_on(&self, key: Key) -> bool {
        self.get(key) == Some(&Value::Switch(true))
    }

    /// Every setting that is set, in the order of the table.
    pub fn all(&self) -> impl Iterator<Item = (&'static Setting, &Value)> {
        SETTINGS.iter().filter_map(|setting| Some((setting, self.get(setting.key)?)))
    }
}

#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    text: String,
    profiles: BTreeMap<String, Settings>,
}

impl Config {
    /// A missing file has no profiles. No message repeats a value that might be a key.
    pub(crate) fn load() -> Result<Config> {
        let path = environment::config_folder()?.join(FILE);
        let text = read(&path)
            .map_err(|error| Error::usage(format!("cannot read `{}`", path.display())).source(error))?;
        Config::parse(path, text)
    }

    /// Parses the text of the file at this path, without opening it.
    pub fn parse(path: PathBuf, text: String) -> Result<Config> {
        match parse::profiles(&text) {
            Ok(profiles) => Ok(Config { path, text, profiles }),
            Err(error) => Err(error.into_error(Some(&path), &text)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file, or what it will be once it is saved.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    pub fn profiles(&self) -> &BTreeMap<String, Settings> {
        &self.profiles
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.profiles.contains_key(name) || name == DEFAULT || (name == SANDBOX && cfg!(feature = "sandbox"))
    }

    /// The built-in profiles come first.
    pub(crate) fn names(&self) -> Vec<&str> {
        let built_in = [DEFAULT, SANDBOX].into_iter().filter(|name| self.has(name));
        let own = self.profiles.keys().map(String::as_str).filter(|name| ![DEFAULT, SANDBOX].contains(name));
        built_in.chain(own).collect()
    }

    /// The settings of a profile; empty if the file does not have it.
    pub fn settings(&self, name: &str) -> Settings {
        self.profiles.get(name).cloned().unwrap_or_default()
    }

    /// The file with settings of a profile set or removed; the rest of the text stays.
    pub fn with(&self, name: &str, changes: &[(Key, Option<Value>)]) -> Result<Config> {
        check_name(name).map_err(Error::usage)?;
        let mut text = self.edited(&self.text, |profiles| {
            // `entry` would insert nothing into an inline table.
            if profiles.get(name).is_none() {
                profiles.insert(name, Item::Table(Table::new()));
            }
        })?;
        for (key, value) in changes {
            text = self.edited(&text, |profiles| {
                if let Some(profile) = profiles.get_mut(name).and_then(Item::as_table_like_mut) {
                    edit::change(profile, Setting::of(*key), value.as_ref());
                }
            })?;
        }
        self.changed(text)
    }

    pub fn without(&self, name: &str) -> Result<Config> {
        self.changed(self.edited(&self.text, |profiles| drop(profiles.remove(name)))?)
    }

    /// Errors have no line, because the user has not seen this text.
    fn changed(&self, text: String) -> Result<Config> {
        let profiles = parse::profiles(&text).map_err(|error| error.into_error(None, &text))?;
        Ok(Config { path: self.path.clone(), text, profiles })
    }

    fn edited(&self, text: &str, edit: impl FnOnce(&mut dyn TableLike)) -> Result<String> {
        edit::edited(text, edit).ok_or_else(|| {
            Error::new(ErrorKind::Failed, format!("`{}` cannot be edited", self.path.display()))
        })
    }

    /// Fails if the file is not `before` any more. A link stays a link, and the mode stays.
    pub(crate) fn save(&self, before: &Config) -> Result<()> {
        let failed = |error: io::Error| {
            Error::new(ErrorKind::Failed, format!("cannot write `{}`", self.path.display())).source(error)
        };
        files::make_folder(self.folder()).map_err(failed)?;
        let _lock = lock();
        let target = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        if read(&target).map_err(failed)? != before.text {
            let message = format!("another program changed `{}` meanwhile", self.path.display());
            return Err(Error::new(ErrorKind::Conflict, message).hint("run the same command again"));
        }
        let mode = std::fs::metadata(&target).ok().map(|file| file.permissions());
        files::replace_as(&target, self.text.as_bytes(), mode).map_err(failed)
    }
}

fn read(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

pub(super) fn exposed(folder: &Path) -> Option<String> {
    let path = folder.join(FILE);
    let warning = |verb: &str, path: &Path| {
        let path = path.display().to_string();
        let command = format!("chmod go-w {}", shell_words::quote(&path));
        format!(
            "other users of this machine can {verb} `{path}`, and with it where the key is sent; run `{command}`"
        )
    };
    if files::is_folder_open_to_others(folder) {
        return Some(warning("put another config.toml into", folder));
    }
    files::has_mode(&path, 0o022).then(|| warning("change", &path))
}

/// The lock is in the state folder, because config.toml may be under version control. No state folder, no lock.
fn lock() -> Option<File> {
    let folder = environment::state_folder().ok()?;
    files::make_folder(&folder).ok()?;
    files::hold(&folder.join("config.lock")).ok()
}

/// A profile's key is in a file of the same name.
pub(crate) fn check_name(name: &str) -> std::result::Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= NAME_MAX && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!(
        "`{name}` cannot name a profile: use at most {NAME_MAX} letters, digits, `-`, `_` and `.`, a letter or digit first"
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
        assert_eq!(jobs("[profiles.a]\njobs = 2\nlabel = 'x'"), "[profiles.a]\njobs = 3\nlabel = 'x'\n");
        assert_eq!(jobs("[profiles.a]\njobs = 2"), "[profiles.a]\njobs = 3\n");
        assert_eq!(jobs("[profiles.a]\n[profiles.b]# b"), "[profiles.a]\njobs = 3\n[profiles.b]# b\n");
    }

    #[test]
    fn a_profile_is_added_to_an_inline_table() {
        let after =
            config("profiles = { a = { jobs = 2 } }\n").with("b", &[(Key::Jobs, Some(Value::Count(3)))]);
        assert_eq!(after.unwrap().text, "profiles = { a = { jobs = 2 } , b = { jobs = 3 } }\n");
    }

    #[test]
    fn line_ends_of_both_kinds_become_one_and_values_stay() {
        let text = "# a\r\n[profiles.a]\napi_key_command = ['sh', \"\"\"x\ny\"\"\"]\r\njobs = 2\n";
        let before = config(text);
        let after = before.with("a", &[(Key::Jobs, Some(Value::Count(3)))]).unwrap();
        assert_eq!(after.text, text.replace("\r\n", "\n").replace("= 2", "= 3"));
        let words = |config: &Config| config.settings("a").words(Key::ApiKeyCommand).map(<[String]>::to_vec);
        assert_eq!(words(&after), words(&before));
    }

    #[test]
    fn config_errors_name_their_line_and_no_values() {
        for (text, says) in [
            (
                "[profiles.a]\ncolour = 'red'",
                "`c.toml`, line 2: `colour` is not a setting; did you mean `color`?",
            ),
            (
                "[profiles.a]\n\napi_key = 'MDpzZWNyZXQ'",
                "line 3: `api_key` is not a setting, and a key does not belong",
            ),
            (
                "api_key_file = 'x'",
                "line 1: `api_key_file` belongs to a profile; put it below [profiles.default]",
            ),
            ("x = 1", "line 1: `x` is not a setting; profiles begin with [profiles.NAME]"),
            ("[profiles.a]\njobs = 'four'", "line 2: `jobs` takes a whole number from 1 to 64"),
            ("[profiles.a]\njobs = -1", "line 2: `jobs` takes a whole number from 1 to 64"),
            (
                "[profiles.a]\nconfirm = 'Always'",
                "line 2: `confirm` takes one of always, needed, not `Always`",
            ),
            ("[profiles.a]\nread_only = 'true'", "line 2: `read_only` takes true or false"),
            ("[profiles.a]\nbase_url = 'http://example.com'", "line 2: `base_url` is refused: the base URL"),
            ("[profiles.a]\neditor = ['vi', 3]", "line 2: `editor` takes a program"),
            ("[profiles.'a b']", "line 1: `a b` cannot name a profile"),
            ("[profiles]\na = 'MDpzZWNyZXQ'", "line 2: a profile is a table of settings"),
            ("[profiles.a]\nlabel = ", "line 2: "),
            ("[profiles.sandbox]\nbase_url = 'https://x.example'", "line 2: the sandbox is on this machine"),
            (
                "[profiles.a]\napi_key_command = 'x'\napi_key_file = 'y'",
                "line 3: profile a has both api_key_command and api_key_file",
            ),
        ] {
            let message = refused(text);
            assert!(message.contains(says), "{text}\n{message}");
            assert!(!message.contains("MDpz"), "{message}");
        }
    }
}
