//! The one table of what a profile may say. Flags of `profile set`, the file, `profile show` and the docs follow it.

use crate::api::BaseUrl;
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

const fn setting(
    key: Key,
    name: &'static str,
    flag: &'static str,
    kind: Kind,
    help: &'static str,
) -> Setting {
    Setting { key, name, flag, kind, help }
}

/// Every setting.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    setting(Key::BaseUrl, "base_url", "base-url", Kind::Url, "Where the API is: https, or http to this machine"),
    setting(Key::ApiKeyCommand, "api_key_command", "api-key-command", Kind::Command, "Program that prints the key, of a password manager for one; run without a shell"),
    setting(Key::ApiKeyFile, "api_key_file", "api-key-file", Kind::File, "File that holds the key"),
    setting(Key::Label, "label", "label", Kind::Text, "A word shown in every question and above every change, such as PRODUCTION"),
    setting(Key::Color, "color", "label-color", Kind::Choice(COLORS), "Colour of the label"),
    setting(Key::Confirm, "confirm", "confirm", Kind::Choice(&["always", "needed"]), "Ask before every write, or where a change needs it (the default)"),
    setting(Key::ReadOnly, "read_only", "read-only", Kind::Switch, "Refuse every write"),
    setting(Key::Editor, "editor", "editor", Kind::Command, "Editor of `customer edit`"),
    setting(Key::Jobs, "jobs", "jobs", Kind::Count(MOST_JOBS), "Customers that `customer bulk` works on at once"),
    setting(Key::Rate, "rate", "rate", Kind::Count(u32::MAX), "Requests a minute that `customer bulk` sends at most"),
    setting(Key::TlsRoots, "tls_roots", "tls-roots", Kind::Choice(&["bundled", "system"]), "Which certificate authorities are trusted"),
    setting(Key::CaFile, "ca_file", "ca-file", Kind::File, "PEM file of the certificate authorities to trust instead"),
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

impl Setting {
    /// The one with this key.
    pub fn of(key: Key) -> &'static Setting {
        SETTINGS.iter().find(|setting| setting.key == key).expect("every key is in the table")
    }

    /// What a text means as this setting.
    ///
    /// # Errors
    /// What is wrong with it. No setting is a secret, so it may be repeated.
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

fn not_a_count(most: u32) -> String {
    format!("takes a whole number from 1 to {most}")
}

impl Kind {
    /// What stands for the value in help and messages.
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
