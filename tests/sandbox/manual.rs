//! Compares docs/sandbox.md with the code.

use fusebill::sandbox::{Behaviour, Fault, KEY};

static MANUAL: &str = include_str!("../../docs/sandbox.md");

/// The rows of the table whose first heading is this.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let start = format!("| {heading} |");
    let table = MANUAL.lines().skip_while(|line| !line.starts_with(&start)).skip(2);
    let cells = |line: &str| {
        let line = line.replace("\\|", "\u{0}");
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
    };
    table.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn the_table_of_faults_matches_the_code() {
    let kinds: Vec<Vec<String>> = Fault::kinds()
        .iter()
        .map(|kind| vec![format!("`{}{}`", kind.name, kind.value), kind.help.to_string()])
        .collect();
    assert_eq!(rows("Kind"), kinds);
}

#[test]
fn the_table_of_behaviours_matches_the_code() {
    let choices: Vec<Vec<String>> = Behaviour::choices()
        .iter()
        .map(|choice| {
            let values: Vec<String> = choice.values.iter().map(|value| format!("`{value}`")).collect();
            vec![format!("`{}`", choice.name), values.join(", "), choice.help.to_string()]
        })
        .collect();
    assert_eq!(rows("Name"), choices);
}

#[test]
fn the_key_matches_the_code() {
    assert!(MANUAL.contains(KEY));
}
