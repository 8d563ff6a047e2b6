//! The tables of the reference that are no command's: fields, exit codes, variables, settings.

use fusebill::account::setting::{self, SETTINGS, Setting};
use fusebill::cli::topics::VARIABLES;
use fusebill::error::TABLE;
use fusebill::field::{CODE_MAX, Field, FieldKind, MOST_CODES, Over, READ_ONLY, ReadOnly};

use crate::markdown::{code, codes, prose, table};

/// Each with its title.
pub fn all(fields: &[Field]) -> Vec<(&'static str, String)> {
    vec![
        ("Fields", writable(fields)),
        ("Read-only fields", read_only()),
        ("Exit codes", exit_codes()),
        ("Environment variables", environment()),
        ("Settings of a profile", settings()),
    ]
}

fn writable(fields: &[Field]) -> String {
    let row = |field: &Field| {
        vec![
            code(&format!("--{}", field.flag)),
            code(field.path),
            prose(field.help),
            holds(field.kind),
            if field.touches_billing() { "yes" } else { "" }.to_string(),
            cleared(field),
        ]
    };
    let columns = ["flag", "JSON path", "what it is", "what it may hold", "asks", "cleared, it is"];
    let rows: Vec<Vec<String>> = fields.iter().map(row).collect();
    format!(
        "What `customer update`, `customer edit` and `customer bulk` change. Lengths count UTF-16 units. A field that \
         asks is asked for\nbefore it is written, or needs `--yes`, even where a flag named it.\n\n{}",
        table(&columns, &rows)
    )
}

fn holds(kind: FieldKind) -> String {
    match kind {
        FieldKind::Text { max, over: Over::Refused } => format!("text of at most {max}"),
        FieldKind::Text { max, over: Over::Warned } => format!("text; longer than {max} is warned of"),
        FieldKind::Emails { max } => format!("addresses separated by `;`, together at most {max}"),
        FieldKind::Choice(words) => format!("{}; case does not count", codes(words.iter().copied())),
        FieldKind::Currency => "an ISO 4217 code, sent in capitals".to_string(),
        FieldKind::Integer => "a whole number, not negative".to_string(),
        FieldKind::Codes => {
            format!("at most {MOST_CODES} pairs of type and code, each of at most {CODE_MAX}")
        }
    }
}

fn cleared(field: &Field) -> String {
    match (field.never_null(), field.kind) {
        (Some(why), _) => format!("refused: {}", prose(why)),
        (None, FieldKind::Codes) => "an empty list".to_string(),
        (None, _) => "null".to_string(),
    }
}

fn read_only() -> String {
    let row = |field: &ReadOnly| vec![code(field.path), prose(field.why)];
    let rows: Vec<Vec<String>> = READ_ONLY.iter().map(row).collect();
    format!(
        "They are sent back as they were read.\n\n{}",
        table(&["JSON path", "why it is not written"], &rows)
    )
}

fn exit_codes() -> String {
    let rows: Vec<Vec<String>> =
        TABLE.iter().map(|row| vec![row.code.to_string(), code(row.name), prose(row.meaning)]).collect();
    table(&["code", "`error.kind`", "what it means"], &rows)
}

fn environment() -> String {
    let rows: Vec<Vec<String>> =
        VARIABLES.iter().map(|(names, meaning)| vec![codes(names.split(", ")), prose(meaning)]).collect();
    table(&["variable", "what it says"], &rows)
}

fn settings() -> String {
    let takes = |kind: setting::SettingKind| match kind {
        setting::SettingKind::Choice(words) => format!("one of {}", codes(words.iter().copied())),
        setting::SettingKind::Count(u32::MAX) => "a whole number above 0".to_string(),
        kind => kind.takes(),
    };
    let row = |setting: &Setting| {
        vec![
            code(setting.name),
            code(&format!("--{}", setting.flag)),
            prose(setting.help),
            takes(setting.kind),
        ]
    };
    let rows: Vec<Vec<String>> = SETTINGS.iter().map(row).collect();
    format!(
        "In `config.toml`, and as flags of `fusebill profile set` ([accounts.md](accounts.md)).\n\n{}",
        table(&["setting", "flag", "what it says", "what it takes"], &rows)
    )
}
