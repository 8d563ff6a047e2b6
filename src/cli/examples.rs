//! What `--help` of each command shows as examples. Every line of them is parsed in a test.

/// The examples of a command, by its words after `fusebill`.
pub(super) fn of(command: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(name, _)| *name == command).map(|(_, text)| *text)
}

/// Every command that does something, and how it is typed.
static EXAMPLES: &[(&str, &str)] = &[
    (
        "customer get",
        "\
Examples:
  fusebill customer get 123
  fusebill customer get reference:ACME-7
  fusebill customer get 123 456 -o csv
  fusebill customer get email:billing@example.com -o json",
    ),
    (
        "customer list",
        "\
Patterns:
  company-name='Acme*'          text; * stands for anything, in any case
  reference='[empty]'           null, missing or empty
  status=Active,Draft           one of several words
  parent-id=2002                a whole number
  created-timestamp=2024-01-31  that day, in UTC
  created-timestamp=2024-01-01..2024-02-01  a range without its end
  monthlyRecurringRevenue=50..180           amounts from 50 and below 180

A FIELD is a flag of `customer update`, a JSON path or the last part of one, or
the API's name of a filter.

Examples:
  fusebill customer list --where status=Active --where 'company-name=Acme*'
  fusebill customer list --where created-timestamp=2024-01-01.. --sort last-name
  fusebill customer list --where 'primary-email=*@x.org*' --columns id,currency
  fusebill customer list --where status=hold -o csv > hold.csv
  fusebill customer list --where 'reference=[empty]' --columns id -o ndjson",
    ),
    (
        "customer update",
        "\
Examples:
  fusebill customer update 123 --first-name John
  fusebill customer update 123 --clear secondary-phone,reference2
  fusebill customer update 123 --dry-run --primary-email 'a@x.org; b@x.org'
  fusebill customer update reference:ACME-7 --sales-tracking-code Region=NA
  fusebill customer update 123 --expect status=Active --set middleName=4711
  echo '{\"lastName\": \"Doe\"}' | fusebill customer update 123 --patch -",
    ),
    (
        "customer edit",
        "\
Examples:
  fusebill customer edit 123
  fusebill customer edit 123 --prompt
  fusebill customer edit 123 --recover
  EDITOR='code --wait' fusebill customer edit 123 --dry-run
  FUSEBILL_EDITOR='sed -i s/Jon/John/' fusebill customer edit 123 --yes",
    ),
    (
        "customer bulk plan",
        "\
Examples:
  fusebill customer bulk plan phones.csv --out phones.plan
  fusebill customer bulk plan phones.csv | less",
    ),
    (
        "customer bulk apply",
        "\
Examples:
  fusebill customer bulk apply phones.plan
  fusebill customer bulk apply phones.plan --limit 5 --results first.csv",
    ),
    (
        "customer bulk update",
        "\
Examples:
  fusebill customer bulk update phones.csv
  fusebill customer bulk update phones.csv --dry-run
  fusebill customer bulk update phones.csv --limit 5 --yes
  fusebill customer list -o ndjson --columns suffix > all.ndjson
  fusebill customer bulk update all.ndjson --yes",
    ),
    (
        "customer bulk resume",
        "\
Examples:
  fusebill customer bulk resume 20261123-101502317-k3fd
  fusebill customer bulk resume 20261123-101502317-k3fd --results all.csv",
    ),
    (
        "customer bulk undo",
        "\
Examples:
  fusebill customer bulk undo 20261123-101502317-k3fd",
    ),
    (
        "customer bulk list",
        "\
Examples:
  fusebill customer bulk list
  fusebill customer bulk list -o ndjson",
    ),
    (
        "customer history",
        "\
Examples:
  fusebill customer history
  fusebill customer history 123 -o json
  fusebill customer history --resolve
  fusebill customer history show 20261123-101502317-k3fd
  fusebill customer history prune --older-than 90d",
    ),
    (
        "customer history show",
        "\
Examples:
  fusebill customer history show 20261123-101502317-k3fd
  fusebill customer history show 20261123-101502317-k3fd -o csv",
    ),
    (
        "customer history prune",
        "\
Examples:
  fusebill customer history prune --older-than 90d",
    ),
    (
        "customer undo",
        "\
Examples:
  fusebill customer undo 20261123-101502317-k3fd
  fusebill customer undo --last --dry-run",
    ),
    (
        "auth login",
        "\
Examples:
  fusebill auth login
  fusebill --profile live auth login
  pass show fusebill | fusebill auth login --with-key-stdin",
    ),
    (
        "auth status",
        "\
Examples:
  fusebill auth status
  fusebill --profile live auth status -o json",
    ),
    (
        "auth logout",
        "\
Examples:
  fusebill --profile live auth logout",
    ),
    (
        "profile list",
        "\
Examples:
  fusebill profile list
  fusebill profile list -o csv",
    ),
    (
        "profile show",
        "\
Examples:
  fusebill profile show
  fusebill profile show live -o json",
    ),
    (
        "profile set",
        "\
Examples:
  fusebill profile set live --label LIVE --label-color red --confirm always
  fusebill profile set live --api-key-command 'pass show fusebill/live'
  fusebill profile set audit --read-only
  fusebill profile set live --unset label-color,confirm",
    ),
    (
        "profile remove",
        "\
Examples:
  fusebill profile remove audit
  fusebill profile remove audit --yes",
    ),
    (
        "sandbox serve",
        "\
Examples:
  fusebill sandbox serve
  fusebill sandbox serve --port 0 --memory --fault put:status=500
  fusebill sandbox serve --per-minute 50 --behaviour filter-case=match",
    ),
    (
        "sandbox reset",
        "\
Examples:
  fusebill sandbox reset",
    ),
    (
        "sandbox path",
        "\
Examples:
  fusebill sandbox path",
    ),
    (
        "completions",
        "\
Examples:
  source <(fusebill completions bash)
  fusebill completions bash > fusebill.bash && source fusebill.bash
  fusebill completions zsh > ~/.zfunc/_fusebill
  fusebill completions fish > ~/.config/fish/completions/fusebill.fish
  fusebill completions powershell > fusebill.ps1",
    ),
    (
        "help",
        "\
Examples:
  fusebill help customer update
  fusebill help safety",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{command, parse};

    /// The words of every command that does something.
    fn doing(command: &clap::Command, at: &str, all: &mut Vec<String>) {
        for command in command.get_subcommands() {
            let path = format!("{at} {}", command.get_name()).trim_start().to_string();
            doing(command, &path, all);
            if !command.is_subcommand_required_set() {
                all.push(path);
            }
        }
    }

    #[test]
    fn every_command_has_examples_and_none_is_left_over() {
        let mut all = Vec::new();
        doing(&command(), "", &mut all);
        assert!(all.iter().all(|name| of(name).is_some()), "{all:?}");
        let known = |name: &str| all.iter().any(|command| command == name) || cfg!(not(feature = "sandbox"));
        assert!(EXAMPLES.iter().all(|(name, _)| known(name)));
    }

    #[test]
    fn no_line_is_broken_on_a_usual_terminal() {
        let lines = EXAMPLES.iter().flat_map(|(_, text)| text.lines());
        let long: Vec<&str> = lines.filter(|line| line.chars().count() > 80).collect();
        assert_eq!(long, [""; 0]);
    }

    #[test]
    fn every_example_can_be_typed() {
        let lines = EXAMPLES.iter().flat_map(|(name, text)| text.lines().map(move |line| (name, line)));
        let mut count = 0;
        for (name, line) in lines.filter(|(_, line)| line.contains("fusebill ")) {
            for part in line.split('|').map(str::trim).filter(|part| part.contains("fusebill ")) {
                let words = shell_words::split(part).unwrap();
                let words = words
                    .into_iter()
                    .skip_while(|word| word != "fusebill")
                    .take_while(|word| word != ">" && word != "&&");
                let words: Vec<std::ffi::OsString> = words.map(Into::into).collect();
                let parsed = parse(&words);
                let skipped = cfg!(not(feature = "sandbox")) && name.starts_with("sandbox");
                assert!(parsed.is_ok() || skipped || words.is_empty(), "{name}: {line}: {parsed:?}");
                count += 1;
            }
        }
        assert!(count > 40, "{count}");
    }
}
