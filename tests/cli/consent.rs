//! Questions, asked in a real pseudo-terminal, and what happens where there is none.

use expectrl::process::unix::Signal;

use crate::terminal::{Terminal, unwrapped};
use crate::world::World;

const HOLD: [&str; 5] = ["customer", "update", "123", "--status", "hold"];

fn asked(world: &World) -> Terminal {
    let mut terminal = Terminal::start(world.command(HOLD));
    let shown = terminal.until("Write 1 change to customer 123 ");
    assert!(shown.contains("Active"), "the change is seen first: {shown}");
    terminal.until("[y/n] ");
    terminal
}

#[test]
fn yes_writes_after_reading_the_customer_again() {
    let world = World::new();
    let mut terminal = asked(&world);
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("Written and verified")), (0, true), "{shown}");
    assert_eq!(world.lines(), ["GET /v1/customers/123", "GET /v1/customers/123", "PUT /v1/customers"]);
    assert!(world.stored(123).contains("\"status\":\"Hold\""));
}

#[test]
fn answering_no_writes_nothing() {
    let world = World::new();
    let mut terminal = asked(&world);
    terminal.send("n\r");
    let (code, shown) = terminal.end();
    assert_eq!(code, 11);
    assert!(shown.contains("not confirmed") && shown.contains("Nothing was written."), "{shown}");
    assert_eq!(world.lines(), ["GET /v1/customers/123"]);
}

#[test]
fn neither_answer_is_a_default_and_only_y_or_n_answers() {
    let world = World::new();
    let mut terminal = asked(&world);
    terminal.send("\r\r x\rhistory\ryn\rn\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.matches("type y or n").count()), (11, 5), "{shown}");
    assert_eq!(world.lines().len(), 1);
}

#[test]
fn input_typed_before_the_question_does_not_answer_it() {
    let world = World::new();
    world.fault("get:latency=2s");
    let mut terminal = Terminal::start(world.command(HOLD));
    // As it stands in the terminal where the next lines were pasted with the command.
    terminal.send("y\rfusebill customer history\r");
    terminal.until("[y/n] ");
    terminal.send("history\rn\u{17}no\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("type y or n")), (11, true), "{shown}");
    assert_eq!(world.lines(), ["GET /v1/customers/123"]);
}

#[test]
fn esc_and_the_end_of_input_mean_no() {
    for keys in ["\u{1b}", "\u{4}", "y\u{4}\u{4}\u{4}"] {
        let world = World::new();
        let mut terminal = asked(&world);
        terminal.send(keys);
        terminal.finish().says(11, &["not confirmed", "Nothing was written."]);
        assert_eq!(world.lines(), ["GET /v1/customers/123"]);
    }
}

#[test]
fn the_question_is_shown_again_when_the_shell_continues_the_program() {
    let world = World::new();
    let mut terminal = asked(&world);
    terminal.signal(Signal::SIGCONT);
    terminal.until("Write 1 change to customer 123 ");
    terminal.until("[y/n] ");
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("Written and verified")), (0, true), "{shown}");
}

#[test]
fn ctrl_c_at_the_question_writes_nothing_and_shows_the_cursor_again() {
    let world = World::new();
    let mut terminal = asked(&world);
    terminal.send("\u{3}");
    let (code, shown) = terminal.end();
    assert_eq!(code, 130, "{shown}");
    assert!(shown.contains("\u{1b}[?25h") && shown.contains("Nothing was written."), "{shown:?}");
    assert_eq!(world.lines().len(), 1);
}

#[test]
fn data_for_programs_steers_no_terminal_either() {
    let world = World::new();
    let evil = "\u{9b}2J\u{202e}\u{7f}x";
    let theirs = world.stored(123).replacen("\"Jon\"", &format!("\"{evil}\""), 1);
    world.server.store(&theirs).expect("another writer");
    for form in ["json", "ndjson", "csv"] {
        let arguments = ["customer", "get", "123", "-o", form];
        let (code, shown) = Terminal::start(world.command(arguments)).end();
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("\\u009b2J\\u202e\\u007fx"), "{form}: {shown:?}");
        assert!(!shown.contains(['\u{9b}', '\u{202e}', '\u{7f}']), "{form}: {shown:?}");
        assert!(world.run(&arguments).stdout.contains(evil), "a pipe gets the very text");
    }
}

/// Another writer puts one text in the place of another while the question is open; the answer is yes.
fn yes_after(world: &World, from: &str, to: &str) -> (Terminal, String) {
    let mut terminal = asked(world);
    let theirs = world.stored(123).replacen(from, to, 1);
    world.server.store(&theirs).expect("another writer writes");
    terminal.send("y\r");
    (terminal, theirs)
}

fn answered_after(world: &World, from: &str, to: &str) -> (i32, String, String) {
    let (terminal, theirs) = yes_after(world, from, to);
    let (code, shown) = terminal.end();
    (code, shown, theirs)
}

#[test]
fn a_concurrent_change_to_another_field_is_shown_and_kept() {
    let world = World::new();
    let (code, shown, theirs) = answered_after(&world, "\"PO-2291\"", "\"PO-1\"");
    assert_eq!(code, 0, "{shown}");
    assert!(
        unwrapped(&shown).contains(
            "Kept a change of another client: `customerReference.reference1` was \"PO-2291\", is now \"PO-1\""
        ),
        "{shown}"
    );
    assert_eq!(world.put_body(), theirs.replacen("\"Active\"", "\"Hold\"", 1));
}

/// The same field was changed meanwhile, and the user is asked whose value it is to be.
fn conflicted(world: &World) -> (Terminal, String) {
    let (mut terminal, theirs) = yes_after(world, "\"status\":\"Active\"", "\"status\":\"Cancelled\"");
    let shown = terminal.until("Which value?");
    let message = [
        "another client changed `status`:",
        "it was: \"Active\"",
        "theirs: \"Cancelled\"",
        "yours : \"Hold\"",
    ];
    assert!(message.iter().all(|message| shown.contains(message)), "{shown}");
    terminal.until("  write mine:  \"Hold\"");
    (terminal, theirs)
}

#[test]
fn choosing_our_value_in_a_conflict_asks_for_consent_again() {
    let world = World::new();
    let (mut terminal, theirs) = conflicted(&world);
    terminal.press("\u{1b}[B\r");
    let shown = terminal.until("[y/n] ");
    assert!(shown.contains("Cancelled") && shown.contains("Hold"), "the new change: {shown}");
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("Written and verified")), (0, true), "{shown}");
    assert_eq!(world.put_body(), theirs.replacen("\"Cancelled\"", "\"Hold\"", 1));
}

#[test]
fn choosing_their_value_in_a_conflict_writes_nothing() {
    let world = World::new();
    let (mut terminal, theirs) = conflicted(&world);
    terminal.press("\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("No changes")), (0, true), "{shown}");
    assert_eq!(world.stored(123), theirs);
}

#[test]
fn a_change_made_while_a_conflict_is_open_is_kept_too() {
    let world = World::new();
    let edits = ["--first-name", "John"];
    let mut terminal = Terminal::start(world.command([&HOLD[..], &edits].concat()));
    terminal.until("[y/n] ");
    let meanwhile = |from: &str, to: &str| {
        let theirs = world.stored(123).replacen(from, to, 1);
        assert_ne!(theirs, world.stored(123));
        world.server.store(&theirs).expect("another writer writes");
    };
    meanwhile("\"status\":\"Active\"", "\"status\":\"Draft\"");
    terminal.send("y\r");
    terminal.until("  write mine");
    meanwhile("\"lastName\":\"Smith\"", "\"lastName\":\"Colleague\"");
    // What is left needs no consent any more, and is written without another question.
    terminal.press("\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("Written and verified: 1 changed.")), (0, true), "{shown}");
    let stored = world.stored(123);
    for member in ["\"status\":\"Draft\"", "\"firstName\":\"John\"", "\"lastName\":\"Colleague\""] {
        assert!(stored.contains(member), "{member} is not in {stored}");
    }
}

#[test]
fn an_undecided_conflict_writes_nothing() {
    for (key, expected) in [("\u{1b}", 11), ("q", 11), ("\u{3}", 130)] {
        let world = World::new();
        let (mut terminal, theirs) = conflicted(&world);
        terminal.press(key);
        let (code, shown) = terminal.end();
        assert_eq!((code, shown.contains("Nothing was written.")), (expected, true), "{shown}");
        assert!(shown.contains("\u{1b}[?25h"), "the cursor is shown again: {shown:?}");
        assert_eq!(world.stored(123), theirs);
    }
}

#[test]
fn a_change_that_another_client_already_made_sends_no_put() {
    let world = World::new();
    let (code, shown, theirs) = answered_after(&world, "\"status\":\"Active\"", "\"status\":\"Hold\"");
    assert_eq!((code, shown.contains("No changes")), (0, true), "{shown}");
    assert_eq!(world.stored(123), theirs);
    assert!(world.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn the_question_is_not_asked_of_a_machine() {
    let world = World::new();
    for extra in [&[][..], &["--no-input"], &["-o", "json"]] {
        let run = world.run(&[&HOLD[..], extra].concat());
        assert_eq!(run.code, 2);
        run.says(&[
            "before writing customer 123: ",
            "`status` affects billing",
            "--yes",
            "Nothing was written.",
        ]);
        assert!(!run.stderr.contains('─'), "what is shown to nobody: {}", run.stderr);
    }
    let yes = world.pipe(&HOLD, b"y\ny\ny\n");
    assert_eq!(yes.code, 2, "an answer on standard input is no consent");
    assert!(world.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn the_flag_no_input_asks_nothing_on_a_terminal() {
    let world = World::new();
    let terminal = Terminal::start(world.command([&HOLD[..], &["--no-input"]].concat()));
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("--yes")), (2, true), "{shown}");
}

#[test]
fn a_table_beside_json_output_is_shown_only_before_a_question() {
    for (extra, shown_first) in [("--quiet", true), ("--yes", false)] {
        let world = World::new();
        let mut terminal = Terminal::start(world.command([&HOLD[..], &["-o", "json", extra]].concat()));
        if shown_first {
            assert!(terminal.until("to customer 123 ").contains("Field"));
            terminal.until("[y/n] ");
            terminal.send("n\r");
        }
        let (code, shown) = terminal.end();
        assert_eq!((code, shown.contains('─')), (if shown_first { 11 } else { 0 }, false), "{shown}");
    }
}

#[test]
fn yes_on_the_command_line_is_consent() {
    let world = World::new();
    assert_eq!(world.run(&[&HOLD[..], &["--yes"]].concat()).code, 0);
    assert!(world.stored(123).contains("\"status\":\"Hold\""));
}

#[test]
fn a_null_that_no_clear_asks_for_needs_consent() {
    let world = World::new();
    let patch = world.file("patch.json", "{\"secondaryPhone\":null}");
    let run = world.run(&["customer", "update", "123", "--patch", &patch]);
    assert_eq!(run.code, 2);
    run.says(&["`secondaryPhone` would be cleared (null), and no --clear names it", "--yes"]);
    assert_eq!(world.run(&["customer", "update", "123", "--clear", "secondary-phone"]).code, 0);
}

#[test]
fn a_dry_run_with_check_reads_the_customer_that_becomes_the_parent() {
    let world = World::new();
    let dry = |parent: &str| world.update(&["--parent-id", parent, "--dry-run", "--check"]);
    let gone = dry("999999");
    assert_eq!(gone.code, 5, "{gone:#?}");
    gone.says(&["its new parent, customer 999999, does not exist", "Nothing was written."]);
    let there = dry("1016");
    assert_eq!(there.code, 0, "{there:#?}");
    there.says(&["Checked: the new parent, customer 1016, exists."]);
    let rows = world.file("rows.csv", "id,parentId\n123,999999\n1020,1016\n");
    for command in [&["plan", "--check"][..], &["update", "--dry-run", "--check"]] {
        let planned = world.run(&[&["customer", "bulk", command[0], &rows], &command[1..]].concat());
        assert_eq!(planned.code, 10, "{planned:#?}");
        planned.says(&["customer 999999, does not exist", "1 would change", "1 could not be planned"]);
    }
    assert_eq!(world.puts(), Vec::<String>::new());
    let connections = world.server.connections();
    for refused in [&["update", "123", "--title", "dr", "--check"][..], &["bulk", "update", &rows, "--check"]]
    {
        world.run(&[&["customer"], refused].concat()).fails(2, &["--dry-run"]);
    }
    assert_eq!(world.server.connections(), connections);
}
