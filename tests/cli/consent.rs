//! The question before a change that touches billing, on a real terminal.

use expectrl::process::unix::WaitStatus;
use expectrl::{Eof, Expect, Session};
use std::time::Duration;

use crate::world::World;

const QUESTION: &str =
    "Write to Customer 123 Jon Smith (Acme Inc.) on profile default (127.0.0.1): 1 changed?";

/// Runs the change of a status on a terminal, answers, and gives the exit code and what was on the screen.
fn answer(world: &World, meanwhile: impl FnOnce(&World), keys: &str) -> (i32, String) {
    let mut session =
        Session::spawn(world.command(["customer", "update", "123", "--status", "Hold"])).expect("it starts");
    session.set_expect_timeout(Some(Duration::from_secs(30)));
    session.expect(QUESTION).expect("the question is asked");
    meanwhile(world);
    session.send(keys).expect("it reads");
    let rest = session.expect(Eof).expect("it ends");
    let screen = String::from_utf8_lossy(rest.as_bytes()).into_owned();
    match session.get_process().wait().expect("it ended") {
        WaitStatus::Exited(_, code) => (code, screen),
        other => panic!("{other:?}: {screen}"),
    }
}

#[test]
fn no_cancels_and_nothing_is_written() {
    let world = World::new();
    let before = world.stored(123);
    let (code, screen) = answer(&world, |_| {}, "n\r");
    assert_eq!(code, 11, "{screen}");
    assert!(screen.contains("you said no") && screen.contains("Nothing was written."), "{screen}");
    assert_eq!((world.puts(), world.stored(123)), (vec![], before));
}

#[test]
fn yes_reads_again_and_writes() {
    let world = World::new();
    let (code, screen) = answer(&world, |_| {}, "y\r");
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Written and verified: 1 changed."), "{screen}");
    assert_eq!(world.lines(), ["GET /v1/customers/123", "GET /v1/customers/123", "PUT /v1/customers"]);
}

#[test]
fn a_line_without_an_answer_is_no_answer() {
    let world = World::new();
    let (code, screen) = answer(&world, |_| {}, "\r\rn\r");
    assert_eq!((code, world.puts()), (11, vec![]), "{screen}");
}

#[test]
fn a_customer_who_changed_while_the_question_was_open_is_not_written() {
    let world = World::new();
    let change = |world: &World| {
        let other = world.stored(123).replace("\"Smith\"", "\"Other\"");
        world.server.store(&other).expect("a customer");
    };
    let (code, screen) = answer(&world, change, "y\r");
    assert_eq!(code, 6, "{screen}");
    assert!(
        screen.contains("changed while the question was open") && screen.contains("`lastName` changed"),
        "{screen}"
    );
    assert_eq!(world.puts(), [""; 0]);
    assert!(world.stored(123).contains("\"Other\""));
}
