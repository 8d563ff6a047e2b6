//! The progress bar of a run.

use std::process::Command;

use expectrl::process::unix::Signal;

use super::{bulk, fleet, names};
use crate::terminal::{Terminal, screen};

#[test]
fn the_bar_steps_aside_for_other_output_and_goes_at_the_end() {
    let world = fleet(6);
    let file = world.file("rows.csv", names(6, "Ctrl"));
    world.fault("put@3*1:latency=3s");
    let update = ["customer", "bulk", "update", &file, "--yes", "--jobs", "1", "-o", "ndjson"];
    let mut command = world.command(update);
    let mut terminal = Terminal::sized(command.env("TERM", "xterm"), 60, 24);
    // The third row takes its time, so the bar tells of the two before it.
    terminal.until("] 2 of 6 rows: 2 written, ");
    terminal.signal(Signal::SIGINT);
    let ended = terminal.finish();
    ended.says(130, &["3 written, 3 not-reached"]);
    let lines = screen(&ended.shown, 60, 24);
    assert!(!lines.iter().any(|line| line.contains("of 6 rows")), "{lines:?}");
    let begins = |text: &str| lines.iter().filter(|line| line.starts_with(text)).count();
    assert_eq!((begins("{\"row\":"), begins("warning: finishing the rows in flight")), (3, 1), "{lines:?}");
}

#[test]
fn no_progress_bar_is_drawn_by_a_run_in_the_background() {
    let world = fleet(6);
    let file = world.file("rows.csv", names(6, "Behind"));
    world.fault("put@3*1:latency=1s");
    let mut run = world.command(["customer", "bulk", "update", &file, "--yes", "--jobs", "1"]);
    run.env("TERM", "xterm");
    // With -m the shell gives what runs in the background a group of its own, as it does for a person.
    for (script, drawn) in [("\"$@\" & wait $!", false), ("\"$@\"", true)] {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-mc", script, "sh"]).arg(run.get_program()).args(run.get_args()).env_clear();
        shell.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ended = Terminal::sized(&shell, 60, 24).finish();
        ended.says(0, &["Outcome of each row"]);
        assert_eq!(ended.shown.contains("of 6 rows"), drawn, "{}", ended.shown);
    }
}

#[test]
fn the_last_line_without_a_terminal_counts_every_row() {
    let world = fleet(23);
    let file = world.file("rows.csv", names(23, "Lines"));
    let run = bulk(&world, &["plan", &file]);
    run.says(&["21 of 23 rows", "23 of 23 rows"]);
    let run = bulk(&world, &["update", &file, "--yes"]);
    run.says(&["23 of 23 rows: 23 written\n"]);
}

#[test]
fn a_narrow_list_of_runs_shows_the_whole_outcome() {
    let world = fleet(30);
    let file =
        world.file("a-file-of-rows-with-a-very-long-name-for-a-narrow-terminal.csv", names(30, "Narrow"));
    assert_eq!(bulk(&world, &["update", &file, "--yes", "--limit", "3"]).code, 0);
    let list = world.command(["customer", "bulk", "list"]);
    let ended = Terminal::sized(&list, 80, 24).finish();
    let lines = screen(&ended.shown, 80, 24);
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
    for word in ["written,", "not-reached", "(resume", "continues)"] {
        assert!(words.contains(&word), "{word} is not in {lines:#?}");
    }
}
