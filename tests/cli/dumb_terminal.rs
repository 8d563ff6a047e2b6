//! `TERM=dumb`: no cursor sequences, so questions are plain lines.

use std::process::Command;

use crate::bulk::{fleet, names};
use crate::terminal::{Ended, Terminal};
use crate::world::World;

fn dumb(command: &mut Command) -> Terminal {
    Terminal::sized(command.env("TERM", "dumb"), 80, 24)
}

#[track_caller]
fn is_plain(ended: &Ended) {
    assert!(!ended.shown.contains('\u{1b}'), "{:?}", ended.shown);
    assert!(ended.echo, "what is typed is shown again");
}

#[test]
fn a_menu_is_numbered_and_a_field_is_typed_as_a_line() {
    let world = World::new();
    let mut terminal = dumb(&mut world.command(["customer", "edit", "123", "--prompt"]));
    let fields = terminal.until("number [2]: ");
    assert!(fields.contains("   1  leave: nothing is changed yet"), "{fields}");
    terminal.send("99\n");
    terminal.until("type a number from 1 to ");
    terminal.until("number [2]: ");
    terminal.send("firstn\n");
    let found = terminal.until("number [2]: ");
    assert!(found.contains("3  firstName") && !found.contains("lastName"), "{found}");
    terminal.send("3\n");
    terminal.until("firstName: ");
    terminal.send(&format!("{}\n", "x".repeat(51)));
    terminal.until("the limit is 50");
    terminal.until("firstName: ");
    terminal.send("John\n");
    terminal.until("review and write: 1 changed");
    terminal.until("number [1]: ");
    terminal.send("\n");
    terminal.until("[y/n] ");
    terminal.send("y\n");
    let ended = terminal.finish();
    ended.says(0, &["Written and verified"]);
    is_plain(&ended);
    assert!(world.put_body().contains("\"John\""));
}

#[test]
fn an_empty_line_can_keep_the_value_or_clear_it() {
    for (choice, puts) in [("\n", 0), ("2\n", 1)] {
        let world = World::new();
        let mut terminal = dumb(&mut world.command(["customer", "edit", "123", "--prompt"]));
        terminal.until("number [2]: ");
        terminal.send("3\n");
        terminal.until("firstName: ");
        terminal.send("\n");
        terminal.until("clear it (null)");
        terminal.until("number [1]: ");
        terminal.send(choice);
        terminal.until("Which field?");
        terminal.until(if puts == 0 { "number [3]: " } else { "number [1]: " });
        terminal.send(if puts == 0 { "1\n" } else { "\n" });
        if puts == 1 {
            terminal.until("[y/n] ");
            terminal.send("y\n");
        }
        let ended = terminal.finish();
        assert_eq!((ended.code, world.puts().len()), (0, puts), "{}", ended.shown);
        is_plain(&ended);
    }
}

#[test]
fn esc_and_the_end_of_input_leave_a_menu() {
    for keys in ["\u{1b}", "\u{4}"] {
        let world = World::new();
        let mut terminal = dumb(&mut world.command(["customer", "edit", "123", "--prompt"]));
        terminal.until("number [2]: ");
        terminal.send(keys);
        let ended = terminal.finish();
        ended.says(11, &["you left the list of fields"]);
        assert!(ended.echo && world.puts().is_empty());
    }
}

#[test]
fn esc_in_a_line_goes_back_to_the_fields() {
    let world = World::new();
    let mut terminal = dumb(&mut world.command(["customer", "edit", "123", "--prompt"]));
    terminal.until("number [2]: ");
    terminal.send("3\n");
    terminal.until("firstName: ");
    terminal.send("John\n");
    terminal.until("review and write: 1 changed");
    terminal.until("number [1]: ");
    terminal.send("4\n");
    terminal.until("middleName: ");
    terminal.send("\u{1b}");
    terminal.until("review and write: 1 changed");
    terminal.until("]: ");
    terminal.send("\u{1b}");
    let ended = terminal.finish();
    assert!(world.puts().is_empty());
    is_plain(&ended);
}

#[test]
fn a_key_is_not_shown() {
    let world = World::new();
    let mut command = world.command(["auth", "login"]);
    command.env_remove("FUSEBILL_API_KEY");
    let mut terminal = dumb(&mut command);
    terminal.until("cancels): ");
    terminal.press(&format!("{}\n", fusebill::sandbox::KEY));
    let ended = terminal.finish();
    ended.says(0, &["It is stored for profile default."]);
    assert!(!ended.shown.contains("MDp"), "{}", ended.shown);
    is_plain(&ended);
}

#[test]
fn a_run_reports_its_progress_in_lines() {
    let world = fleet(6);
    let file = world.file("rows.csv", names(6, "Plain"));
    let ended = dumb(&mut world.command(["customer", "bulk", "update", &file, "--yes"])).finish();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    assert!(ended.shown.contains("6 of 6 rows: 6 written"), "{}", ended.shown);
    is_plain(&ended);
}
