//! The table of a profile's settings. Flags of `profile set`, the file, `profile show` and the docs derive from it.

use crate::api::BaseUrl;
use crate::api::key::has_key;
use crate::field::nearest;
use crate::report::escape::escaped;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

#[derive(Debug)]
pub struct Setting {
    pub key: Key,
    pub name: &'static str,
    /// Without its dashes.
    pub flag: &'static str,
    pub kind: SettingKind,
    pub help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// A base URL that a key may be sent to.
    Url,
    /// A few words for people.
    Text,
    Choice(&'static [&'static str]),
    Switch,
    /// A program and its arguments, split as a shell does; in the file also a list of words.
    Command,
    /// A file; relative to the folder of config.toml, `~/` is the home directory.
    File,
    /// A whole number from 1 to this.
    Count(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Words(Vec<String>),
    Switch(bool),
    Count(u32),
}

pub(crate) const COLORS: &[&str] = &["red", "yellow", "green", "cyan", "blue", "magenta"];
/// In characters.
const LABEL_MAX: usize = 40;
const NOT_A_KEY: &str = "is a key, not the place of one; `fusebill auth login` stores a key";
const MOST_JOBS: u32 = crate::api::MOST_CONNECTIONS as u32;

#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    Setting { key: Key::BaseUrl, name: "base_url", flag: "base-url", kind: SettingKind::Url, help: "Where the API is: https, or http to this machine" },
    Setting { key: Key::ApiKeyCommand, name: "api_key_command", flag: "api-key-command", kind: SettingKind::Command, help: "Program that prints the key, of a password manager for one; run without a shell" },
    Setting { key: Key::ApiKeyFile, name: "api_key_file", flag: "api-key-file", kind: SettingKind::File, help: "File that holds the key" },
    Setting { key: Key::Label, name: "label", flag: "label", kind: SettingKind::Text, help: "A word shown in every question and above every change, such as PRODUCTION" },
    Setting { key: Key::Color, name: "color", flag: "label-color", kind: SettingKind::Choice(COLORS), help: "Colour of the label" },
    Setting { key: Key::Confirm, name: "confirm", flag: "confirm", kind: SettingKind::Choice(&["always", "needed"]), help: "Ask before every write, or where a change needs it (the default)" },
    Setting { key: Key::ReadOnly, name: "read_only", flag: "read-only", kind: SettingKind::Switch, help: "Refuse every write" },
    Setting { key: Key::Editor, name: "editor", flag: "editor", kind: SettingKind::Command, help: "Editor of `customer edit`" },
    Setting { key: Key::Jobs, name: "jobs", flag: "jobs", kind: SettingKind::Count(MOST_JOBS), help: "Customers that `customer bulk` works on at once" },
    Setting { key: Key::Rate, name: "rate", flag: "rate", kind: SettingKind::Count(u32::MAX), help: "Requests a minute that `customer bulk` sends at most" },
    Setting { key: Key::TlsRoots, name: "tls_roots", flag: "tls-roots", kind: SettingKind::Choice(&["bundled", "system"]), help: "Which certificate authorities are trusted" },
    Setting { key: Key::CaFile, name: "ca_file", flag: "ca-file", kind: SettingKind::File, help: "PEM file of the certificate authorities to trust instead" },
];

/// By its name or its flag, with dashes or underscores.
pub(crate) fn named(name: &str) -> Option<&'static Setting> {
    let dashed = name.replace('_', "-");
    SETTINGS.iter().find(|setting| setting.name == name || setting.flag == dashed)
}

pub(super) fn unknown(name: &str) -> (String, String) {
    if matches!(name, "api_key" | "key" | "apikey" | "token" | "secret" | "password") {
        let hint = "`fusebill auth login` stores a key, and api_key_command reads it from a password manager";
        return (
            format!("`{name}` is not a setting, and a key does not belong into this file"),
            hint.to_string(),
        );
    }
    let names = || SETTINGS.iter().map(|setting| setting.name);
    let hint = match nearest(name, names()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the settings are {}", names().collect::<Vec<_>>().join(", ")),
    };
    (format!("`{name}` is not a setting"), hint)
}

impl Key {
    pub(crate) fn affects_connection(self) -> bool {
        matches!(self, Key::BaseUrl | Key::ApiKeyCommand | Key::ApiKeyFile | Key::TlsRoots | Key::CaFile)
    }
}

impl Setting {
    pub fn of(key: Key) -> &'static Setting {
        SETTINGS.iter().find(|setting| setting.key == key).expect("every key is in the table")
    }

    /// Parses a value. The error repeats the text, because no setting is a secret.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let value = match self.kind {
            SettingKind::Switch => text.parse().ok().map(Value::Switch),
            SettingKind::Count(_) => text.parse().ok().map(Value::Count),
            SettingKind::Command => match shell_words::split(text) {
                Ok(words) => Some(Value::Words(words)),
                Err(_) => return Err(format!("the quotes in `{text}` do not close")),
            },
            _ => Some(Value::Text(text.to_string())),
        };
        let value = value.ok_or_else(|| self.kind.refusal())?;
        self.check(&value).map(|()| value)
    }

    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        match (self.kind, value) {
            (SettingKind::Command, Value::Words(words)) if words.first().is_some_and(|word| is_key(word)) => {
                Err(NOT_A_KEY.to_string())
            }
            (SettingKind::Command, Value::Words(words)) if words.first().is_none_or(String::is_empty) => {
                Err("names no program".to_string())
            }
            (SettingKind::Command, Value::Words(_)) | (SettingKind::Switch, Value::Switch(_)) => Ok(()),
            (SettingKind::Count(most), Value::Count(count)) if (1..=most).contains(count) => Ok(()),
            (kind, Value::Text(text)) => kind.check_text(text),
            (kind, _) => Err(kind.refusal()),
        }
    }
}

impl SettingKind {
    fn check_text(self, text: &str) -> Result<(), String> {
        match self {
            SettingKind::Url => {
                BaseUrl::parse(text).map(drop).map_err(|error| format!("is refused: {}", error.message))
            }
            SettingKind::Text
                if text.trim().is_empty() || text.chars().count() > LABEL_MAX || escaped(text) != text =>
            {
                Err(format!("takes a word or a few, at most {LABEL_MAX} characters"))
            }
            SettingKind::Choice(words) if !words.contains(&text) => {
                Err(format!("{}, not `{text}`", self.refusal()))
            }
            SettingKind::File if text.trim().is_empty() => Err("names no file".to_string()),
            // A file with CRLF line ends would give another path back.
            SettingKind::File if text.contains(char::is_control) => {
                Err("has a line break or another control character in it".to_string())
            }
            SettingKind::File if is_key(text) => Err(NOT_A_KEY.to_string()),
            SettingKind::Text | SettingKind::Choice(_) | SettingKind::File => Ok(()),
            SettingKind::Switch | SettingKind::Command | SettingKind::Count(_) => Err(self.refusal()),
        }
    }

    pub(super) fn refusal(self) -> String {
        format!("takes {}", self.takes())
    }

    /// The values that it takes, for messages and docs.
    pub fn takes(self) -> String {
        match self {
            SettingKind::Url => "a URL".to_string(),
            SettingKind::Text => "text".to_string(),
            SettingKind::Choice(words) => format!("one of {}", words.join(", ")),
            SettingKind::Switch => "true or false".to_string(),
            SettingKind::Command => "a program with its arguments".to_string(),
            SettingKind::File => "the path of a file".to_string(),
            SettingKind::Count(most) => format!("a whole number from 1 to {most}"),
        }
    }
}

fn is_key(name: &str) -> bool {
    has_key(name) && !name.contains('/')
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
            for name in [setting.name, setting.flag, &setting.flag.replace('-', "_")] {
                assert_eq!(named(name).map(|found| found.key), Some(setting.key));
            }
        }
    }

    #[test]
    fn a_setting_parses_its_type_and_refuses_other_values() {
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
    fn a_printed_setting_parses_to_the_same_value() {
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
