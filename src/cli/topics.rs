//! `fusebill help`: topics that belong to no single command.

use crate::error::TABLE;

/// What writes the text of a topic.
type Topic = fn() -> String;

/// The topics by name.
pub static TOPICS: &[(&str, Topic)] = &[("exit-codes", exit_codes), ("environment", environment)];

/// The text of a topic.
pub fn topic(name: &str) -> Option<String> {
    TOPICS.iter().find(|(known, _)| *known == name).map(|(_, text)| text())
}

fn exit_codes() -> String {
    let mut text = "Exit codes\n\n".to_string();
    for row in TABLE {
        text.push_str(&format!("{:>5}  {}\n", row.code, row.meaning));
    }
    text.push_str(
        "\nEvery failure says on standard error which step failed, whether anything was written, and what to do.\n\
         With -o json the same is one JSON object on standard output, with `outcome` and `error.kind`.\n",
    );
    text
}

/// The environment variables that are read.
pub static VARIABLES: &[(&str, &str)] = &[
    ("FUSEBILL_API_KEY", "the API key, as Fusebill shows it; goes before that of the profile"),
    ("FUSEBILL_API_KEY_FILE", "a file that holds the key; read where FUSEBILL_API_KEY is not set"),
    ("FUSEBILL_BASE_URL", "where the API is, https or http to this machine; goes before that of the profile"),
    ("FUSEBILL_PROFILE", "the profile where --profile is not given"),
    (
        "FUSEBILL_EDITOR, VISUAL, EDITOR",
        "the editor of `customer edit`; the first that is not blank, else vi (the profile's comes second)",
    ),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "the proxy, and the hosts reached without it; this machine always is",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "the authorities to trust instead of the bundled ones: a PEM file, and folders of them",
    ),
    ("NO_COLOR, TERM=dumb", "no colours unless --color always"),
    ("XDG_CONFIG_HOME", "where config.toml and stored keys are (else ~/.config)"),
    ("XDG_STATE_HOME", "where the journal, kept texts and the sandbox are (else ~/.local/state)"),
];

fn environment() -> String {
    let mut text = "Environment variables\n\n".to_string();
    for (name, meaning) in VARIABLES {
        text.push_str(&format!("  {name}\n      {meaning}\n"));
    }
    text.push_str(
        "\nThe sandbox profile reads none of the FUSEBILL_API_KEY and FUSEBILL_BASE_URL variables.\n",
    );
    text
}
