//! The topics of `fusebill help`.

use crate::error::TABLE;

type Text = fn() -> String;

pub static TOPICS: &[(&str, Text)] = &[
    ("exit-codes", exit_codes),
    ("environment", environment),
    ("safety", || include_str!("topics/safety.txt").to_string()),
    ("status", || include_str!("topics/status.txt").to_string()),
    ("bulk", || include_str!("topics/bulk.txt").to_string()),
    ("json", || include_str!("topics/json.txt").to_string()),
];

pub(crate) fn topic(name: &str) -> Option<String> {
    TOPICS.iter().find(|(known, _)| *known == name).map(|(_, text)| text())
}

pub(crate) fn names() -> String {
    TOPICS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn exit_codes() -> String {
    let rows: String = TABLE.iter().map(|row| format!("{:>5}  {}\n", row.code, row.meaning)).collect();
    format!("Exit codes\n\n{rows}\n{}", include_str!("topics/exit-codes.txt"))
}

pub static VARIABLES: &[(&str, &str)] = &[
    ("FUSEBILL_API_KEY", "the API key, as Fusebill shows it; overrides the key of the profile"),
    ("FUSEBILL_API_KEY_FILE", "a file that holds the key; read if FUSEBILL_API_KEY is not set"),
    (
        "FUSEBILL_BASE_URL",
        "base URL of the API, https or http to this machine; overrides that of the profile",
    ),
    ("FUSEBILL_PROFILE", "the profile if --profile is not given"),
    (
        "FUSEBILL_EDITOR, VISUAL, EDITOR",
        "the editor of `customer edit`; the first that is not blank, else vi (the profile's comes second)",
    ),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "the proxy, and hosts reached without it; this machine never uses the proxy",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "certificate authorities to trust instead of the bundled ones: a PEM file, and folders",
    ),
    ("NO_COLOR", "no colours unless --color always"),
    (
        "TERM=dumb",
        "the same, and no cursor movement: menus are numbered, a run reports its progress in lines",
    ),
    ("COMPLETE", "set by the scripts of `fusebill completions` when they ask for completions; else ignored"),
    ("XDG_CONFIG_HOME", "where config.toml and stored keys are (else ~/.config)"),
    ("XDG_STATE_HOME", "where the journal, unfinished edits and the sandbox are (else ~/.local/state)"),
];

fn environment() -> String {
    let rows: String =
        VARIABLES.iter().map(|(name, meaning)| format!("  {name}\n      {meaning}\n")).collect();
    format!("Environment variables\n\n{rows}\n{}", include_str!("topics/environment.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_a_topic_can_be_typed() {
        let mut count = 0;
        for (name, text) in TOPICS {
            for line in text().lines().filter(|line| line.trim_start().starts_with("fusebill ")) {
                let command = line.trim_start().split("  ").next().unwrap_or_default();
                let words = shell_words::split(command.split(" > ").next().unwrap_or_default()).unwrap();
                let words: Vec<std::ffi::OsString> = words.into_iter().map(Into::into).collect();
                assert!(crate::cli::parse(&words).is_ok(), "{name}: {line}");
                count += 1;
            }
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn no_line_of_prose_is_broken_on_a_usual_terminal() {
        for name in ["safety", "status", "bulk", "json"] {
            let text = topic(name).unwrap();
            let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            assert_eq!(long, [""; 0]);
        }
    }
}
