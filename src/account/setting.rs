//! The table of a profile's settings. Flags of `profile set`, the file, `profile show` and the docs derive from it.

use crate::api::BaseUrl;
use crate::api::key::has_key;
use crate::field::nearest;
use crate::report::escape::escaped;

/// Which setting it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Key {
    BaseUrl,
    ApiKeyCommand,
    ApiKeyFile,
    Label,
    Color,
    Confirm,
    ReadOnly,
    Editor,
    Jobs,
    Rate,
    TlsRoots,
    CaFile,
}

/// A setting of a profile.
#[derive(Debug)]
pub struct Setting {
    /// Which one.
    pub key: Key,
    /// Its name in the file.
    pub name: &'static str,
    /// The flag of `profile set`, without its dashes.
    pub flag: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// One line of help.
    pub help: &'static str,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A base URL that a key may be sent to.
    Url,
    /// A few words for people.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// True or false.
    Switch,
    /// A program and its arguments, split as a shell does; in the file also a list of words.
    Command,
    /// A file; relative to the folder of the file of profiles, `~/` is the home directory.
    File,
    /// A whole number from 1 to this.
    Count(u32),
}

/// What a setting says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text of any kind.
    Text(String),
    /// A program and its arguments.
    Words(Vec<String>),
    /// True or false.
    Switch(bool),
    /// A number.
    Count(u32),
}

/// The colours a profile may have.
pub const COLORS: &[&str] = &["red", "yellow", "green", "cyan", "blue", "magenta"];
/// The longest label, in characters.
const LABEL_MAX: usize = 40;
/// The most customers that are worked on at once.
const MOST_JOBS: u32 = crate::api::MOST_CONNECTIONS as u32;

/// Every setting.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    Setting { key: Key::BaseUrl, name: "base_url", flag: "base-url", kind: Kind::Url, help: "Where the API is: https, or http to this machine" },
    Setting { key: Key::ApiKeyCommand, name: "api_key_command", flag: "api-key-command", kind: Kind::Command, help: "Program that prints the key, of a password manager for one; run without a shell" },
    Setting { key: Key::ApiKeyFile, name: "api_key_file", flag: "api-key-file", kind: Kind::File, help: "File that holds the key" },
    Setting { key: Key::Label, name: "label", flag: "label", kind: Kind::Text, help: "A word shown in every question and above every change, such as PRODUCTION" },
    Setting { key: Key::Color, name: "color", flag: "label-color", kind: Kind::Choice(COLORS), help: "Colour of the label" },
    Setting { key: Key::Confirm, name: "confirm", flag: "confirm", kind: Kind::Choice(&["always", "needed"]), help: "Ask before every write, or where a change needs it (the default)" },
    Setting { key: Key::ReadOnly, name: "read_only", flag: "read-only", kind: Kind::Switch, help: "Refuse every write" },
    Setting { key: Key::Editor, name: "editor", flag: "editor", kind: Kind::Command, help: "Editor of `customer edit`" },
    Setting { key: Key::Jobs, name: "jobs", flag: "jobs", kind: Kind::Count(MOST_JOBS), help: "Customers that `customer bulk` works on at once" },
    Setting { key: Key::Rate, name: "rate", flag: "rate", kind: Kind::Count(u32::MAX), help: "Requests a minute that `customer bulk` sends at most" },
    Setting { key: Key::TlsRoots, name: "tls_roots", flag: "tls-roots", kind: Kind::Choice(&["bundled", "system"]), help: "Which certificate authorities are trusted" },
    Setting { key: Key::CaFile, name: "ca_file", flag: "ca-file", kind: Kind::File, help: "PEM file of the certificate authorities to trust instead" },
];

/// The setting with that name in the file.
pub fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Why there is no setting of that name, with what was probably meant.
pub fn unknown(name: &str) -> (String, String) {
    if matches!(name, "api_key" | "key" | "apikey" | "token" | "secret" | "password") {
        let hint = "the key is kept apart from the settings: `fusebill auth login`, or api_key_command";
        return (
            format!("`{name}` is no setting, and a key does not belong into this file"),
            hint.to_string(),
        );
    }
    let names = || SETTINGS.iter().map(|setting| setting.name);
    let hint = match nearest(name, names()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the settings are {}", names().collect::<Vec<_>>().join(", ")),
    };
    (format!("`{name}` is no setting"), hint)
}

impl Key {
    /// Whether the setting says how the API is reached.
    pub(crate) fn is_about_reaching(self) -> bool {
        matches!(self, Key::BaseUrl | Key::ApiKeyCommand | Key::ApiKeyFile | Key::TlsRoots | Key::CaFile)
    }
}

impl Setting {
    /// The one with this key.
    pub fn of(key: Key) -> &'static Setting {
        SETTINGS.iter().find(|setting| setting.key == key).expect("every key is in the table")
    }

    /// The value that a text has for this setting.
    ///
    /// # Errors
    /// What is wrong with it. No setting is a secret, so the text is repeated.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let value = match self.kind {
            Kind::Switch => match text {
                "true" => Value::Switch(true),
                "false" => Value::Switch(false),
                _ => return Err(format!("takes true or false, not `{text}`")),
            },
            Kind::Count(most) => match text.parse() {
                Ok(count) => Value::Count(count),
                Err(_) => return Err(not_a_count(most)),
            },
            Kind::Command => match shell_words::split(text) {
                Ok(words) => Value::Words(words),
                Err(_) => return Err(format!("the quotes in `{text}` do not close")),
            },
            Kind::Url | Kind::Text | Kind::Choice(_) | Kind::File => Value::Text(text.to_string()),
        };
        self.check(&value).map(|()| value)
    }

    /// Whether a value is one of this setting.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match (self.kind, value) {
            (Kind::Url, Value::Text(url)) => {
                BaseUrl::parse(url).map(drop).map_err(|why| format!("is refused: {}", why.message))
            }
            (Kind::Text, Value::Text(text)) => check_label(text),
            (Kind::Choice(words), Value::Text(word)) if words.contains(&word.as_str()) => Ok(()),
            (Kind::Choice(words), Value::Text(word)) => {
                Err(format!("takes one of {}, not `{word}`", words.join(", ")))
            }
            (Kind::File, Value::Text(path)) if path.trim().is_empty() => Err("names no file".to_string()),
            // A file with CRLF line ends would give another path back.
            (Kind::File, Value::Text(path)) if path.contains(char::is_control) => {
                Err("is no path: it has a line break or another control character in it".to_string())
            }
            (Kind::File | Kind::Command, _) if is_key(value) => {
                Err("is a key, not the place of one; `fusebill auth login` stores a key".to_string())
            }
            (Kind::Command, Value::Words(words)) if words.first().is_none_or(String::is_empty) => {
                Err("names no program".to_string())
            }
            (Kind::Count(most), Value::Count(count)) if !(1..=most).contains(count) => Err(not_a_count(most)),
            (Kind::File, Value::Text(_))
            | (Kind::Command, Value::Words(_))
            | (Kind::Switch, Value::Switch(_))
            | (Kind::Count(_), Value::Count(_)) => Ok(()),
            _ => Err(format!("takes {}", self.kind.takes())),
        }
    }
}

fn check_label(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > LABEL_MAX || escaped(text) != text {
        return Err(format!("takes a word or a few, at most {LABEL_MAX} characters"));
    }
    Ok(())
}

/// Whether a key was put where a file or a program is named.
fn is_key(value: &Value) -> bool {
    match value {
        Value::Text(name) => has_key(name) && !name.contains('/'),
        Value::Words(words) => words.first().is_some_and(|name| has_key(name) && !name.contains('/')),
        Value::Switch(_) | Value::Count(_) => false,
    }
}

fn not_a_count(most: u32) -> String {
    format!("takes a whole number from 1 to {most}")
}

impl Kind {
    /// The kind of value, in help and messages.
    pub fn takes(self) -> String {
        match self {
            Kind::Url => "a URL".to_string(),
            Kind::Text => "text".to_string(),
            Kind::Choice(words) => format!("one of {}", words.join(", ")),
            Kind::Switch => "true or false".to_string(),
            Kind::Command => "a program with its arguments".to_string(),
            Kind::File => "the path of a file".to_string(),
            Kind::Count(most) => format!("a whole number from 1 to {most}"),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Words(words) => f.write_str(&shell_words::join(words)),
            Value::Switch(on) => on.fmt(f),
            Value::Count(count) => count.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_table_once() {
        for setting in SETTINGS {
            assert_eq!(SETTINGS.iter().filter(|other| other.key == setting.key).count(), 1);
            assert_eq!(Setting::of(setting.key).name, setting.name);
            // `--color` says when to colour, for every command.
            let flag =
                if setting.key == Key::Color { "label-color" } else { &setting.name.replace('_', "-") };
            assert_eq!(setting.flag, flag);
            assert_eq!(named(setting.name).map(|found| found.key), Some(setting.key));
        }
    }

    #[test]
    fn values_are_read_as_what_they_are() {
        const KEY: &str = "MDphQjNkRTZnSGFCM2RFNmdIYUIzZEU2Z0g=";
        let read = |name: &str, text: &str| named(name).unwrap().read(text);
        assert_eq!(read("read_only", "true"), Ok(Value::Switch(true)));
        assert_eq!(read("jobs", "64"), Ok(Value::Count(64)));
        let words = ["pass", "show", "my key"].map(str::to_string).to_vec();
        assert_eq!(read("api_key_command", "pass show 'my key'"), Ok(Value::Words(words)));
        for (name, text) in [
            ("read_only", "yes"),
            ("jobs", "0"),
            ("jobs", "65"),
            ("jobs", "four"),
            ("api_key_command", "pass 'x"),
            ("api_key_command", "  "),
            ("base_url", "http://secure.fusebill.com/v1"),
            ("label", " "),
            ("label", "a\nb"),
            ("color", "pink"),
            ("ca_file", ""),
            ("ca_file", "/etc/ca\n.pem"),
            ("api_key_file", KEY),
            ("api_key_command", KEY),
        ] {
            assert!(read(name, text).is_err(), "{name} {text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let setting = Setting::of(Key::Editor);
        let value = setting.read("'/opt/my editor' --wait \"it's\"").unwrap();
        assert_eq!(setting.read(&value.to_string()), Ok(value));
    }

    #[test]
    fn a_key_in_the_file_is_sent_elsewhere() {
        assert!(unknown("api_key").1.contains("auth login"));
        assert_eq!(unknown("colour").1, "did you mean `color`?");
        assert!(unknown("zzz").1.contains("base_url, "));
    }
}
