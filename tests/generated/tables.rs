//! The tables of the reference that are no command's: fields, exit codes, variables, settings.

use fusebill::account::setting::{self, SETTINGS, Setting};
use fusebill::cli::topics::VARIABLES;
use fusebill::error::{ExitCode, TABLE};
use fusebill::field::{CODE_MAX, Field, FieldKind, MOST_CODES, OverLimit, READ_ONLY};
use fusebill::sandbox::{Behaviour, Choice, Fault, FaultKind};

use crate::markdown::{code, codes, list, prose, table};

/// Each with its title.
pub fn all(fields: &[Field]) -> Vec<(&'static str, String)> {
    vec![
        ("Fields", writable(fields)),
        ("Read-only fields", read_only()),
        ("Exit codes", exit_codes()),
        ("Environment variables", environment()),
        ("Settings of a profile", settings()),
        ("Faults of the sandbox", faults()),
        ("Behaviours of the sandbox", behaviours()),
    ]
}

fn writable(fields: &[Field]) -> String {
    let row = |field: &Field| {
        let value = format!("{}{}", holds(field.kind), cleared(field));
        vec![code(&format!("--{}", field.flag)), code(field.path), prose(field.help), value]
    };
    let rows: Vec<Vec<String>> = fields.iter().map(row).collect();
    format!(
        "What `customer update`, `customer edit` and `customer bulk` change. Lengths count UTF-16 units; words match in any \
         case. A field\nthat asks needs `--yes` without a terminal, even if a flag names it. A cleared field is null, \
         unless the table says otherwise.\n\n{}",
        table(&["flag", "JSON path", "what it is", "value"], &rows)
    )
}

fn holds(kind: FieldKind) -> String {
    match kind {
        FieldKind::Text { max, over: OverLimit::Refused } => format!("text, at most {max}"),
        FieldKind::Text { max, over: OverLimit::Warned } => format!("text; a warning above {max}"),
        FieldKind::Emails { max } => format!("text, at most {max}"),
        FieldKind::Choice(words) => codes(words.iter().copied()),
        FieldKind::Currency => "an ISO 4217 code, sent in capitals".to_string(),
        FieldKind::Integer => "a whole number, not negative".to_string(),
        FieldKind::Codes => {
            format!("at most {MOST_CODES} pairs of type and code, each of at most {CODE_MAX}")
        }
    }
}

/// What a field becomes that is cleared, unless it is null.
fn cleared(field: &Field) -> String {
    match (field.never_null(), field.kind) {
        (Some(reason), _) => format!("; cannot be cleared: {}", prose(reason)),
        (None, FieldKind::Codes) => "; cleared, an empty list".to_string(),
        (None, _) => String::new(),
    }
}

fn read_only() -> String {
    let mut whys: Vec<&str> = Vec::new();
    for field in READ_ONLY {
        if !whys.contains(&field.reason) {
            whys.push(field.reason);
        }
    }
    let row = |reason: &&str| {
        let paths = READ_ONLY.iter().filter(|field| field.reason == *reason).map(|field| field.path);
        vec![prose(reason), codes(paths)]
    };
    let rows: Vec<Vec<String>> = whys.iter().map(row).collect();
    format!(
        "They are sent back as they were read.\n\n{}",
        table(&["why it is read-only", "JSON paths"], &rows)
    )
}

fn exit_codes() -> String {
    let row = |row: &ExitCode| format!("{}, {}: {}", row.code, code(row.name), prose(row.meaning));
    format!("With the `error.kind` of JSON.\n\n{}", list(TABLE.iter().map(row)))
}

fn environment() -> String {
    let row = |(names, meaning): &(&str, &str)| format!("{}: {}", codes(names.split(", ")), prose(meaning));
    list(VARIABLES.iter().map(row))
}

fn settings() -> String {
    let takes = |kind: setting::SettingKind| match kind {
        setting::SettingKind::Choice(words) => codes(words.iter().copied()),
        setting::SettingKind::Count(u32::MAX) => "a whole number above 0".to_string(),
        kind => kind.takes(),
    };
    let row = |setting: &Setting| {
        format!("{} ({}): {}", code(setting.name), takes(setting.kind), prose(setting.help))
    };
    format!(
        "In `config.toml` ([accounts.md](accounts.md)). The flag of `fusebill profile set` has dashes: `--base-url`; that of \
         `color` is\n`--label-color`.\n\n{}",
        list(SETTINGS.iter().map(row))
    )
}

fn faults() -> String {
    let row =
        |kind: &FaultKind| format!("{}: {}", code(&format!("{}{}", kind.name, kind.value)), prose(kind.help));
    format!(
        "KIND of `sandbox serve --fault [METHOD][@N][*TIMES]:KIND` ([sandbox.md](sandbox.md)).\n\n{}",
        list(Fault::kinds().iter().map(row))
    )
}

fn behaviours() -> String {
    let row = |choice: &Choice| {
        format!("{} ({}): {}", code(choice.name), codes(choice.values.iter().copied()), prose(choice.help))
    };
    format!(
        "The vendor's documents leave these questions open, or answer them twice. `sandbox serve --behaviour NAME=VALUE` \
         chooses an\nanswer, to try a program against each. The first value is the default.\n\n{}",
        list(Behaviour::choices().iter().map(row))
    )
}
