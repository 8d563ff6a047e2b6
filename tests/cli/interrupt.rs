//! Ctrl-C at the moments that matter: before a write, during it, and again.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::world::{World, is_under_nohup};

/// A program that is running.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    fn start(world: &World, arguments: &[&str]) -> Running {
        let mut command =
            world.command([&["customer", "update", "123", "--first-name", "John"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("standard error is piped"));
        Running { child, stderr }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs").success());
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("standard error is text");
        line
    }

    /// Exit code, standard output, and the rest of standard error.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut stdout, mut rest) = (String::new(), String::new());
        self.stderr.read_to_string(&mut rest).expect("standard error is text");
        let mut output = self.child.stdout.take().expect("standard output is piped");
        output.read_to_string(&mut stdout).expect("standard output is text");
        (self.child.wait().expect("it ends").code(), stdout, rest)
    }
}

fn until_seen(world: &World, method: &str) {
    while !world.requests().iter().any(|request| request.method == method) {
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_before_the_write_ends_the_program_without_a_put() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        if signal == "HUP" && is_under_nohup() {
            continue;
        }
        let world = World::new();
        world.fault("get:hang");
        let running = Running::start(&world, &["-o", "json"]);
        until_seen(&world, "GET");
        running.signal(signal);
        let (ended, stdout, stderr) = running.end();
        assert_eq!(ended, Some(code), "{stderr}");
        assert!(stderr.contains("interrupted") && stderr.contains("Nothing was written."), "{stderr}");
        let object: serde_json::Value = serde_json::from_str(&stdout).expect("one JSON object");
        assert_eq!(
            (&object["outcome"], &object["error"]["kind"]),
            (&"interrupted".into(), &"interrupted".into())
        );
        assert_eq!((world.puts().len(), world.journal().len()), (0, 0));
    }
}

#[test]
fn a_signal_during_a_wait_for_the_store_stops_before_the_put() {
    for again in [false, true] {
        let world = World::new();
        world.update(&["--title", "dr"]);
        let holder =
            rusqlite::Connection::open(world.store().path()).expect("it is there since the first change");
        holder.execute_batch("BEGIN IMMEDIATE").expect("no other process writes");
        let mut running = Running::start(&world, &[]);
        let mut shown = [0];
        let mut output = running.child.stdout.take().expect("standard output is piped");
        output.read_exact(&mut shown).expect("the plan is shown before its record is written");
        running.signal("INT");
        // A signal that comes before the write begins ends the program at once.
        let stopping = running.line().contains("stopping before the change is sent");
        running.child.stdout = Some(output);
        if again && stopping {
            running.signal("INT");
        } else {
            holder.execute_batch("ROLLBACK").expect("it can be given up");
        }
        let (code, _, stderr) = running.end();
        assert_eq!(code, Some(130), "{stderr}");
        assert!(stderr.contains("Nothing was written."), "{stderr}");
        drop(holder);
        let open = world.journal().iter().filter(|line| line["record"] == "intent").count()
            - world.journal().iter().filter(|line| line["record"] == "outcome").count();
        assert_eq!((world.puts().len(), open), (1, 0));
    }
}

/// Two ends of which the second takes nothing more until the first is read.
fn full() -> (UnixStream, OwnedFd) {
    let (unread, mut full) = UnixStream::pair().expect("two sockets");
    full.set_nonblocking(true).expect("it can be set");
    while full.write(&[b' '; 4096]).is_ok() {}
    full.set_nonblocking(false).expect("it can be set");
    (unread, full.into())
}

#[test]
fn a_signal_while_standard_output_is_blocked_ends_the_program() {
    for arguments in [
        &["customer", "update", "123", "--first-name", "John"][..],
        &["customer", "get", "123", "-o", "json"],
    ] {
        let world = World::new();
        let (unread, full) = full();
        let mut command = world.command(arguments);
        let mut child =
            command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(command);
        let stderr = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let mut running = Running { child, stderr };
        until_seen(&world, "GET");
        running.signal("TERM");
        let mut rest = String::new();
        running.stderr.read_to_string(&mut rest).expect("standard error is text");
        assert_eq!(running.child.wait().expect("it ends").code(), Some(143), "{rest}");
        assert_eq!(rest.contains("Nothing was written."), arguments[1] == "update", "{rest}");
        assert_eq!((world.puts().len(), world.journal().len()), (0, 0));
        drop(unread);
    }
}

#[test]
fn nonblocking_standard_output_waits_for_its_reader() {
    let world = World::new();
    let (mut unread, mut full) = UnixStream::pair().expect("two sockets");
    full.set_nonblocking(true).expect("it can be set");
    while full.write(&[b' '; 4096]).is_ok() {}
    let mut command = world.command(["customer", "get", "123", "-o", "json"]);
    let out = OwnedFd::from(full);
    let mut child =
        command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(command);
    while !world.requests().iter().any(|request| request.status.is_some()) {
        std::thread::yield_now();
    }
    let mut shown = String::new();
    unread.read_to_string(&mut shown).expect("it is text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let customer: serde_json::Value = serde_json::from_str(shown.trim()).expect("one JSON object");
    assert_eq!(customer["id"], 123);
}

/// What a program ends with that gets a signal while it waits, and what it said to a standard error that is read only when
/// `then` holds.
fn unread(world: &World, method: &str, flags: &[&str], then: impl Fn() -> bool) -> (Option<i32>, String) {
    let (mut unread, full) = full();
    let mut command = world.command([&["customer", "update", "123", "--first-name", "John"], flags].concat());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(full).spawn().expect("it starts");
    drop(command);
    until_seen(world, method);
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    while !then() {
        std::thread::yield_now();
    }
    let mut message = String::new();
    unread.read_to_string(&mut message).expect("it is text");
    (child.wait().expect("it ends").code(), message)
}

#[test]
fn an_interrupted_program_ends_once_its_standard_error_is_read() {
    let world = World::new();
    world.fault("get:hang");
    let (code, message) = unread(&world, "GET", &[], || true);
    assert_eq!(code, Some(130), "{message}");
    assert!(message.contains("Nothing was written."), "{message}");
    assert_eq!((world.puts().len(), world.journal().len()), (0, 0));
}

#[test]
fn blocked_standard_error_does_not_delay_recording_the_outcome() {
    let world = World::new();
    world.fault("put:latency=2s");
    let noted = || world.journal().last().is_some_and(|record| record["outcome"] == "written");
    let (code, message) = unread(&world, "PUT", &["--verify", "read"], noted);
    assert_eq!(code, Some(0), "{message}");
    assert!(
        message.contains("waiting for the outcome") && message.contains("Written and verified"),
        "{message}"
    );
}

#[test]
fn a_signal_during_the_write_waits_for_the_outcome_and_reports_it() {
    let world = World::new();
    world.fault("put:latency=2s");
    let mut running = Running::start(&world, &[]);
    until_seen(&world, "PUT");
    running.signal("INT");
    let mut message = String::new();
    while !message.contains("waiting for the outcome") {
        message = running.line();
        assert_ne!(message, "", "it says that it waits");
    }
    let (code, _, rest) = running.end();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("Written and verified"), "{rest}");
    assert!(world.stored(123).contains("\"John\""));
    assert_eq!(world.journal().last().expect("an outcome")["outcome"], "written");
}

#[test]
fn a_second_signal_during_the_put_leaves_an_unknown_outcome() {
    let world = World::new();
    world.fault("put:hang");
    let mut running = Running::start(&world, &["-o", "json"]);
    until_seen(&world, "PUT");
    let while_it_runs = world.run(&["customer", "history", "--resolve"]);
    while_it_runs.fails(8, &["another fusebill on this machine is changing the customer"]);
    running.signal("INT");
    let message = running.line();
    assert!(message.contains("waiting for the outcome"), "{message}");
    running.signal("INT");
    let (code, stdout, rest) = running.end();
    assert_eq!(code, Some(8), "{rest}");
    let says = [
        "stopped waiting for the change: it may have been written",
        "`fusebill customer history 123 --resolve` reads the customer",
    ];
    assert!(says.iter().all(|says| rest.contains(says)) && !rest.contains("Nothing was written."), "{rest}");
    let object: serde_json::Value = serde_json::from_str(&stdout).expect("one JSON object");
    assert_eq!((&object["outcome"], &object["error"]["kind"]), (&"unknown".into(), &"unknown".into()));
    assert_eq!(world.journal().len(), 1, "an intent without an outcome");
    let resolved = world.run(&["customer", "history", "--resolve"]);
    assert!(resolved.stderr.contains("not-written"), "{}", resolved.stderr);
}

#[test]
fn a_second_signal_before_the_put_records_not_written() {
    let world = World::new();
    ["put:rate-limit=1", "get@2:hang"].iter().for_each(|fault| world.fault(fault));
    let mut running = Running::start(&world, &[]);
    while world.requests().iter().filter(|request| request.method == "GET").count() < 2 {
        std::thread::yield_now();
    }
    running.signal("INT");
    let mut message = String::new();
    while !message.contains("stopping before the change is sent") {
        message = running.line();
        assert_ne!(message, "", "it says that it stops");
    }
    running.signal("INT");
    let (code, _, rest) = running.end();
    assert_eq!(code, Some(130), "{rest}");
    assert!(rest.contains("Nothing was written.") && !rest.contains("--resolve"), "{rest}");
    assert_eq!(world.journal().last().expect("an outcome")["outcome"], "not-written");
}
