//! The file of profiles. The input: its text, then profile, setting and value of an edit, which may be left out.
//!
//! Held: what is taken is what TOML says, profile by profile and setting by setting, and every mistake is told; a setting
//! that is set reads back, every other one stays, and so does every line of the file but those of the old value; what is
//! taken out is gone, and alone.

#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use fusebill::account::config::Config;
use fusebill::account::setting::{Key, SETTINGS, Value};
use fusebill_fuzz::parts;
use libfuzzer_sys::fuzz_target;
use toml_edit::{DocumentMut, Item};

/// Every setting of every profile, as text.
type Said = BTreeMap<(String, &'static str), String>;

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 1) else { return };
    let Ok(config) = Config::parse(PathBuf::from("config.toml"), parts[0].to_string()) else { return };
    assert_eq!(config.text(), parts[0]);
    assert_eq!(message(&config), by_toml(parts[0]));
    let profile = parts.get(1).copied().unwrap_or("live");
    let name = parts.get(2).copied().unwrap_or("label");
    let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else { return };
    if let Ok(value) = setting.read(parts.get(3).copied().unwrap_or("A label")) {
        is_set(&config, profile, setting.key, &value);
    }
    is_unset(&config, profile, setting.key);
    is_removed(&config, profile);
});

fn message(config: &Config) -> Said {
    let settings = config.profiles().iter().flat_map(|(profile, settings)| {
        settings.all().map(|(setting, value)| ((profile.clone(), setting.name), shown(value)))
    });
    settings.collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("text {text}"),
        Value::Words(words) => format!("words {words:?}"),
        Value::Switch(on) => format!("switch {on}"),
        Value::Count(count) => format!("count {count}"),
    }
}

/// The same by the TOML library's own tree. A command that is one text is split as a shell does.
fn by_toml(text: &str) -> Said {
    let document: DocumentMut = text.trim_start_matches('\u{feff}').parse().expect("what was taken is TOML");
    let mut message = Said::new();
    let tables = |item: &Item| -> Vec<(String, Item)> {
        let table = item.as_table_like().expect("a table");
        table.iter().map(|(name, item)| (name.to_string(), item.clone())).collect()
    };
    for (name, profiles) in document.iter() {
        assert_eq!(name, "profiles");
        for (profile, settings) in tables(profiles) {
            for (name, item) in tables(&settings) {
                let setting = SETTINGS.iter().find(|setting| setting.name == name).expect("a setting");
                let is_command = setting.kind == fusebill::account::setting::SettingKind::Command;
                let value = match (item.as_str(), item.as_bool(), item.as_integer(), item.as_array()) {
                    (Some(text), ..) if is_command => shown(&setting.read(text).expect("a command")),
                    (Some(text), ..) => format!("text {text}"),
                    (_, Some(on), ..) => format!("switch {on}"),
                    (_, _, Some(count), _) => format!("count {count}"),
                    (_, _, _, Some(list)) => {
                        let words: Vec<&str> =
                            list.iter().map(|word| word.as_str().expect("a word")).collect();
                        format!("words {words:?}")
                    }
                    _ => panic!("{name} is of no type"),
                };
                message.insert((profile.clone(), setting.name), value);
            }
        }
    }
    message
}

fn is_set(config: &Config, profile: &str, key: Key, value: &Value) {
    // TOML writes a line break in a value as one of the file, and the file keeps its own kind.
    if config.text().contains("\r\n") && value.to_string().contains('\n') {
        return;
    }
    let Ok(changed) = config.with(profile, &[(key, Some(value.clone()))]) else { return };
    assert_eq!(changed.settings(profile).get(key), Some(value), "it does not read back");
    let name = fusebill::account::setting::Setting::of(key).name;
    let mut expected = message(config);
    expected.insert((profile.to_string(), name), shown(value));
    assert_eq!(message(&changed), expected, "another setting changed");
    assert_eq!(by_toml(changed.text()), expected);
    keeps_lines(config, &changed);
    let again =
        changed.with(profile, &[(key, Some(value.clone()))]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.text(), changed.text(), "setting it twice changes twice");
}

/// The lines that are gone are those of one value, and every comment line outside of values is there, in its order.
fn keeps_lines(before: &Config, after: &Config) {
    let lines = |config: &Config| -> Vec<String> {
        config.text().split_inclusive('\n').map(str::to_string).collect()
    };
    let is_several =
        before.text().contains("\"\"\"") || before.text().contains("'''") || before.text().contains('[');
    let (old, new) = (lines(before), lines(after));
    let changed: Vec<_> = old.iter().zip(&new).filter(|(old, new)| old != new).collect();
    if let ([(old, new)], true) = (changed.as_slice(), old.len() == new.len())
        && let Some((_, remark)) =
            old.split_once('#').filter(|(_, remark)| !remark.contains(['#', '"', '\'']))
    {
        assert!(new.ends_with(&format!("#{remark}")), "{old:?} became {new:?}");
    }
    let comments = old.iter().filter(|line| line.trim_start().starts_with('#'));
    let mut rest = new.iter();
    for comment in comments {
        let kept = rest.any(|line| line.trim_end() == comment.trim_end());
        // Inside a text or an array of several lines it may be a part of the old value.
        assert!(
            kept || (is_several && in_value(before.text())),
            "{comment:?} is gone from {:?}",
            after.text()
        );
        if !kept {
            return;
        }
    }
}

/// Whether a value in the text spans lines, so that a line with a `#` may be a part of it.
fn in_value(text: &str) -> bool {
    let quotes = text.contains("\"\"\"") || text.contains("'''");
    quotes
        || text
            .lines()
            .any(|line| line.trim_start().starts_with(|c: char| c != '[' && c != '#') && line.contains('['))
}

fn is_unset(config: &Config, profile: &str, key: Key) {
    let Ok(changed) = config.with(profile, &[(key, None)]) else { return };
    let name = fusebill::account::setting::Setting::of(key).name;
    let mut expected = message(config);
    expected.remove(&(profile.to_string(), name));
    assert_eq!(message(&changed), expected);
    assert_eq!(by_toml(changed.text()), expected);
}

fn is_removed(config: &Config, profile: &str) {
    let Ok(changed) = config.without(profile) else { return };
    let mut expected = message(config);
    expected.retain(|(of, _), _| of != profile);
    assert_eq!(message(&changed), expected);
    assert!(!changed.profiles().contains_key(profile));
    assert_eq!(
        changed.profiles().len() + usize::from(config.profiles().contains_key(profile)),
        config.profiles().len()
    );
}
