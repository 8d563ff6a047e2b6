//! Standard input that is the input of a command, so that its questions are asked on the terminal itself.

use std::process::Command;

use crate::terminal::Terminal;
use crate::world::World;

/// `printf INPUT | fusebill …` on a terminal. Ctrl-C does not end the shell, which gives the exit code.
fn piped(world: &World, input: &str, arguments: &[&str]) -> Terminal {
    let program = world.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "trap : INT; printf %s \"$0\" | \"$@\"", input])
        .arg(program.get_program())
        .args(arguments);
    shell.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(world.home.path());
    Terminal::sized(&shell, 80, 24)
}

const PATCH: [&str; 5] = ["customer", "update", "123", "--patch", "-"];
const HOLD: &str = r#"{"status":"Hold"}"#;

#[test]
fn a_piped_patch_is_confirmed_on_the_terminal() {
    for (answer, code, puts) in [("y\r", 0, 1), ("n\r", 11, 0), ("\u{1b}", 11, 0)] {
        let world = World::new();
        let mut terminal = piped(&world, HOLD, &PATCH);
        terminal.until("Write 1 change to customer 123");
        terminal.until("[y/n] ");
        terminal.send(answer);
        let ended = terminal.finish();
        assert_eq!((ended.code, world.puts().len()), (code, puts), "{answer:?} {}", ended.shown);
        ended.left_the_terminal_right();
    }
}

#[test]
fn piped_rows_are_confirmed_on_the_terminal() {
    let world = World::new();
    let rows = "id,status\n123,Hold\n1001,Hold\n";
    let mut terminal = piped(&world, rows, &["customer", "bulk", "update", "-"]);
    terminal.until("[y/n] ");
    terminal.send("y\r");
    let ended = terminal.finish();
    assert_eq!((ended.code, world.puts().len()), (0, 2), "{}", ended.shown);
}

#[test]
fn a_conflict_of_a_piped_patch_is_resolved_on_the_terminal() {
    let world = World::new();
    world.fault("get@2:other-writer=firstName=\"Jim\"");
    let mut terminal = piped(&world, r#"{"firstName":"John","status":"Hold"}"#, &PATCH);
    terminal.until("[y/n] ");
    terminal.send("y\r");
    terminal.until("Which value?");
    terminal.press("\r");
    terminal.until("[y/n] ");
    terminal.send("y\r");
    let ended = terminal.finish();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    ended.left_the_terminal_right();
    let stored = world.stored(123);
    assert!(stored.contains("\"Jim\"") && stored.contains("\"Hold\""), "{stored}");
}

#[test]
fn ctrl_c_at_the_question_of_a_piped_patch_restores_the_terminal() {
    let world = World::new();
    let mut terminal = piped(&world, HOLD, &PATCH);
    terminal.until("[y/n] ");
    terminal.send("\u{3}");
    let ended = terminal.finish();
    assert_eq!((ended.code, world.puts().len()), (130, 0), "{}", ended.shown);
    ended.left_the_terminal_right();
}

#[test]
fn no_question_is_asked_if_the_piped_input_is_not_used_or_input_is_forbidden() {
    let world = World::new();
    let unused = ["customer", "update", "123", "--status", "Hold"];
    let forbidden = [&PATCH[..], &["--no-input"]].concat();
    for arguments in [&unused[..], &forbidden] {
        let ended = piped(&world, HOLD, arguments).finish();
        ended.says(2, &["there is no terminal, or --no-input is set", "add --yes"]);
    }
    assert!(world.puts().is_empty());
}
