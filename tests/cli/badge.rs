//! The label of a profile above every kind of question, so that nobody answers for the wrong account.

use std::process::Command;

use fusebill::sandbox::KEY;

use crate::accounts::configured;
use crate::terminal::{Ended, Terminal, screen};
use crate::world::World;

const LABELLED: &str = "[profiles.default]\nbase_url = 'URL'\nlabel = 'PROD'\ncolor = 'red'\n";
const PLAIN: &str = "[profiles.default]\nbase_url = 'URL'\n";
/// PROD as it is painted.
const PAINTED: &str = "\u{1b}[31m\u{1b}[1m\u{1b}[7mPROD\u{1b}[0m";

/// The sizes of terminals, from roomy to one that holds a question and nothing else.
const SIZES: [(u16, u16); 3] = [(80, 24), (40, 10), (20, 6)];
const ESC: &str = "\u{1b}";

fn command(world: &World, arguments: &[&str], color: bool) -> Command {
    let variables = [("FUSEBILL_API_KEY", KEY), ("TERM", "xterm"), ("PATH", "/usr/bin:/bin")];
    let mut command = world.bare_command(&variables, arguments);
    if !color {
        command.env("NO_COLOR", "1");
    }
    command
}

/// The rows that are in sight.
fn in_sight(shown: &str, (columns, rows): (u16, u16)) -> Vec<String> {
    let all = screen(shown, columns.into(), rows.into());
    all[all.len().saturating_sub(rows.into())..].to_vec()
}

/// Keys, each with the text that is waited for before it is pressed.
type Steps<'a> = &'a [(&'a str, &'a str)];

/// The end of each kind of question, by what leads there.
const QUESTIONS: &[(&str, &[&str], Steps<'_>)] = &[
    ("confirm", &["customer", "update", "123", "--status", "hold"], &[("[y/n]", "n\r")]),
    ("bulk", &["customer", "bulk", "update", "rows.csv"], &[("[y/n]", "n\r")]),
    ("list", &["customer", "edit", "123", "--prompt"], &[("Which", ESC)]),
    (
        "line",
        &["customer", "edit", "123", "--prompt"],
        &[("Which", "firstName\r"), ("firstName: Jon", "\r"), ("Which", ESC)],
    ),
    ("menu", &["customer", "edit", "123"], &[("[y/n]", "n\r"), ("quit and", ESC)]),
    ("remove", &["profile", "remove", "default"], &[("[y/n]", "n\r")]),
    ("login", &["auth", "login"], &[("cancels): ", "\r")]),
];

fn world(profiles: &str) -> World {
    let world = configured(profiles);
    world.file("rows.csv", "id,status\n123,hold\n");
    world
}

/// Goes through a question and gives the rows in sight at every step.
fn ask(
    world: &World,
    arguments: &[&str],
    steps: Steps<'_>,
    size: (u16, u16),
    color: bool,
) -> (Vec<Vec<String>>, Ended) {
    let mut command = command(world, arguments, color);
    command.env("FUSEBILL_EDITOR", "sed -i 's/\"Jon\"/\"John\"/'");
    let mut terminal = Terminal::sized(&command, size.0, size.1);
    let mut seen = Vec::new();
    for (until, keys) in steps {
        terminal.until(until);
        seen.push(in_sight(terminal.shown(), size));
        // The question of consent reads lines, with echo.
        let read_by_dialoguer = *until != "[y/n]";
        if read_by_dialoguer { terminal.press(keys) } else { terminal.send(keys) }
    }
    (seen, terminal.finish())
}

#[test]
fn the_label_is_in_sight_at_every_kind_of_question_in_every_size() {
    for size in SIZES {
        for (kind, arguments, steps) in QUESTIONS {
            let world = world(LABELLED);
            let (seen, ended) = ask(&world, arguments, steps, size, false);
            for rows in seen {
                assert!(
                    rows.iter().any(|row| row == "PROD" || row.starts_with("PROD ")),
                    "{kind} {size:?}\n{}",
                    rows.join("\n")
                );
            }
            assert_eq!(ended.code, 11, "{kind} {size:?}\n{}", ended.shown);
            ended.left_the_terminal_right();
            assert_eq!(world.puts(), [""; 0]);
        }
    }
}

#[test]
fn the_label_at_a_question_is_coloured_if_colour_is_on() {
    for (kind, arguments, steps) in QUESTIONS {
        let (_, ended) = ask(&world(LABELLED), arguments, steps, (80, 24), true);
        let painted = ended.shown.matches(PAINTED).count();
        assert!(painted >= steps.len(), "{kind}: {painted}\n{:?}", ended.shown);
    }
}

#[test]
fn a_profile_without_a_label_is_asked_about_as_before() {
    for (kind, arguments, steps) in QUESTIONS {
        let (seen, ended) = ask(&world(PLAIN), arguments, steps, (80, 24), false);
        assert!(seen.iter().flatten().all(|row| row != "default" && !row.contains("PROD")), "{kind}");
        assert_eq!(ended.code, 11, "{kind}\n{}", ended.shown);
        ended.left_the_terminal_right();
    }
}

#[test]
fn the_label_is_in_sight_at_a_conflict() {
    for size in [(80, 24), (40, 12), (20, 6)] {
        let world = world(LABELLED);
        let mut terminal = Terminal::sized(
            &command(&world, &["customer", "update", "123", "--status", "hold"], false),
            size.0,
            size.1,
        );
        terminal.until("[y/n]");
        let theirs = world.stored(123).replacen("\"status\":\"Active\"", "\"status\":\"Cancelled\"", 1);
        world.server.store(&theirs).expect("another writer writes");
        terminal.send("y\r");
        terminal.until("write mine");
        let rows = in_sight(terminal.shown(), size);
        assert!(
            rows.iter().any(|row| row == "PROD" || row.starts_with("PROD ")),
            "{size:?}\n{}",
            rows.join("\n")
        );
        terminal.press(ESC);
        let ended = terminal.finish();
        assert_eq!(ended.code, 11, "{}", ended.shown);
        ended.left_the_terminal_right();
    }
}
