//! `fusebill help`: topics that belong to no single command.

use crate::error::TABLE;

/// What writes the text of a topic.
type Topic = fn() -> String;

/// The topics by name.
pub static TOPICS: &[(&str, Topic)] = &[
    ("exit-codes", exit_codes),
    ("environment", environment),
    ("safety", safety),
    ("bulk", bulk),
    ("json", json),
];

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
        "\nEvery failure says on standard error which step failed, whether anything was\n\
         written, and what to do. With -o json the same is one JSON object on standard\n\
         output, with `outcome` and `error.kind`.\n",
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
    ("COMPLETE", "set by the scripts of `fusebill completions` while they ask; otherwise without meaning"),
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

fn safety() -> String {
    "\
What is kept safe, and how

  Nothing is mentioned by accident. What no flag, cell or line names stays as
  it is, byte for byte. Leaving something out, setting it to empty text
  (--suffix '') and clearing it to null (--clear suffix) are three different
  things.

  It is seen first. Every change is shown before it is sent; --dry-run stops
  there. Asked for, or needing --yes, are: a change of status, currency or
  parentId, which touch billing; whatever came from an editor or prompts; and
  every value that would be lost without --clear. The end of input is never
  yes.

  It is the customer you mean. The id of the argument, of what was read and of
  what is sent are the same. A lookup (reference:ACME-7, email:a@example.com)
  that finds none or several stops. The profile's label stands above every
  change and in every question; `read_only = true` in a profile refuses every
  write.

  It is the customer as you think. --expect PATH=VALUE writes only if the
  value is there, --expect-modified TIMESTAMP only if nobody changed the
  customer since. After a question the customer is read again: what others
  changed elsewhere is kept, the same field changed on both sides is a
  conflict.

  It is proved. What the API stored is compared with what was sent, value by
  value; --verify read reads once more. A lost answer is never taken for
  success or failure: the customer is read, and where even that does not tell,
  the exit code is 8 and the journal keeps it open.

  It can be taken back. Every change is in a journal on this machine before it
  is sent:
    fusebill customer history         what was changed, and how it ended
    fusebill customer undo ENTRY      its fields as they were

What nobody can keep safe: the API has no conditional write, so between the
read and the write lies one round trip in which somebody else's change can be
overwritten. Undo restores data, not e-mails, webhooks or syncs already sent.
"
    .to_string()
}

fn bulk() -> String {
    "\
Many customers from a file

A file is CSV with a header, or NDJSON. It is checked as a whole before
anything is sent.

  CSV     The first column is id, or reference to look customers up. The others
          are flags of `customer update` (first-name), JSON names (firstName,
          reference1), paths (customerReference.reference1), or
          sales-tracking-code:TYPE. A blank cell changes nothing; #N/A clears;
          #EMPTY is empty text. modifiedTimestamp guards the row.
  NDJSON  {\"id\": 123, \"firstName\": \"John\", \"suffix\": null}, a merge patch
          (RFC 7396) beside the id.

Look first:
  fusebill customer bulk update phones.csv --dry-run    how much would change
  fusebill customer bulk plan phones.csv --out x.plan   what, in each customer
  fusebill customer bulk apply x.plan                   carries the plan out

Or at once, first with a few:
  fusebill customer bulk update phones.csv --limit 5
  fusebill customer bulk resume RUN

What became of it, and the way back:
  fusebill customer bulk list                           the runs so far
  fusebill customer bulk resume RUN                     goes on where it was cut
  fusebill customer bulk undo RUN                       takes it back

Each row is read, written, verified and noted as a single edit is. The exit
code is 10 where a row did not succeed; the results file says which and why.
"
    .to_string()
}

fn json() -> String {
    "\
Output for scripts

-o json prints one JSON object on standard output, on failure too; messages
for people stay on standard error.

  {
    \"outcome\": \"updated\",       or unchanged, planned, failed, unknown, differs,
                                cancelled, interrupted
    \"customer\": {\"id\": 123, \"name\": \"Jon Smith (Acme Inc.)\"},
    \"changes\": [{\"path\": \"firstName\", \"before\": \"Jon\", \"after\": \"John\"}],
    \"warnings\": [],
    \"differences\": [],          what is stored otherwise than it was sent
    \"entry\": \"20261123-101502317-k3fd\",     what `customer undo` takes
    \"error\": null               or {\"kind\": \"conflict\", \"message\", \"hint\"}
  }

-o ndjson prints the same on one line. `customer get` and `customer list`
print the customers themselves, token by token as the API sent them. -o csv
prints a line a change, a customer or a row.

In a script:
  code=0
  fusebill customer update 123 --title Dr --no-input -o json > r.json || code=$?
  test $code -ne 8 || fusebill customer history --resolve

`fusebill help exit-codes` lists the codes; error.kind is their name.
"
    .to_string()
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
        for text in [safety(), bulk(), json()] {
            let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            assert_eq!(long, [""; 0]);
        }
    }
}
