//! `config.toml`: the profiles that the user keeps, read with the line of every mistake, edited in place.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use toml_edit::{Array, Document, DocumentMut, Item, Table, TableLike};

use super::environment::Environment;
use super::setting::{self, Key, Kind as What, SETTINGS, Setting, Value};
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

/// Something that is wrong with the file.
#[derive(Debug)]
struct Mistake {
    at: Option<Range<usize>>,
    why: String,
    hint: Option<String>,
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

    fn parse(path: PathBuf, text: String) -> Result<Config> {
        match profiles(&text) {
            Ok(profiles) => Ok(Config { path, text, profiles }),
            Err(mistake) => Err(mistake.refused(&path, &text)),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
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
                change(profile, Setting::of(*key).name, value.as_ref());
                Some(())
            })
        })?;
        Config::parse(self.path.clone(), text)
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
        Config::parse(self.path.clone(), text)
    }

    /// A text of the file with one edit.
    fn edited(&self, text: &str, edit: impl FnOnce(&mut dyn TableLike) -> Option<()>) -> Result<String> {
        let damaged = || Error::new(Kind::Failed, format!("`{}` cannot be edited", self.path.display()));
        let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => (BYTE_ORDER_MARK, text),
            None => ("", text),
        };
        let mut document: DocumentMut = text.parse().map_err(|_| damaged())?;
        let profiles = document.entry(PROFILES).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        profiles.as_table_like_mut().and_then(edit).ok_or_else(damaged)?;
        Ok(format!("{mark}{}", merged(text, &document.to_string())))
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
    let command = format!("chmod go-w {}", shell_words::quote(&path.display().to_string()));
    files::is_writable_by_others(&path).then(|| {
        format!(
            "other users of this machine can change `{}`, and with it where the key is sent; `{command}` ends that",
            path.display()
        )
    })
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

/// A text after an edit, with what the library leaves away: line breaks other than `\n`, and the comments above what was
/// taken out that an empty line keeps apart from it.
fn merged(before: &str, after: &str) -> String {
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_string();
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let same = |(old, new): &(&&str, &&str)| bare(old) == bare(new);
    let head = old.iter().zip(&new).take_while(same).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
    let (gone, fresh) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let usual = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let end = |at: usize| match gone.get(at).filter(|_| gone.len() == fresh.len()) {
        Some(old) => &old[bare(old).len()..],
        None if fresh[at].ends_with('\n') => usual,
        None => "",
    };
    let fresh: String = fresh.iter().enumerate().map(|(at, line)| bare(line) + end(at)).collect();
    let apart = if fresh.is_empty() { apart(gone) } else { &[] };
    [&old[..head], apart].concat().concat() + &fresh + &old[old.len() - tail..].concat()
}

/// The comments at the start of lines that an empty line keeps apart from what follows.
fn apart<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let is_comment = |line: &&&str| line.trim().is_empty() || line.trim().starts_with('#');
    let comments = lines.iter().take_while(is_comment).count();
    let end = lines[..comments].iter().rposition(|line| line.trim().is_empty()).map_or(0, |at| at + 1);
    if lines[..end].iter().any(|line| !line.trim().is_empty()) { &lines[..end] } else { &[] }
}

/// What `name` cannot have: the sandbox is reached in its own way.
fn check_place(name: &str, setting: &Setting) -> std::result::Result<(), String> {
    let reach = matches!(
        setting.key,
        Key::BaseUrl | Key::ApiKeyCommand | Key::ApiKeyFile | Key::TlsRoots | Key::CaFile
    );
    if name == SANDBOX && reach {
        return Err(format!("the sandbox is on this machine and takes no `{}`", setting.name));
    }
    Ok(())
}

/// Changes one setting and keeps the comments around it.
fn change(profile: &mut dyn TableLike, name: &str, value: Option<&Value>) {
    let Some(value) = value else {
        profile.remove(name);
        return;
    };
    let mut new = toml(value);
    match profile.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(profile.insert(name, Item::Value(new))),
    }
}

fn toml(value: &Value) -> toml_edit::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Words(words) => words.iter().collect::<Array>().into(),
        Value::Switch(on) => (*on).into(),
        Value::Count(count) => i64::from(*count).into(),
    }
}

fn profiles(text: &str) -> std::result::Result<BTreeMap<String, Settings>, Mistake> {
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

fn settings(profile: &str, table: &dyn TableLike) -> std::result::Result<Settings, Mistake> {
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
            return Err(Mistake::at(at, format!("profile {profile} has both {one} and {other}")));
        }
    }
    Ok(settings)
}

fn value(setting: &Setting, item: &Item) -> std::result::Result<Value, String> {
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

    fn refused(self, path: &Path, text: &str) -> Error {
        let line = self.at.map(|at| 1 + text[..at.start.min(text.len())].matches('\n').count());
        let line = line.map_or(String::new(), |line| format!(", line {line}"));
        let error = Error::usage(format!("`{}`{line}: {}", path.display(), self.why));
        self.hint.into_iter().fold(error, Error::hint)
    }
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
