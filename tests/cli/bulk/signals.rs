//! Ctrl-C in the middle of the rows.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::{bulk, fleet, latest, lines, names, puts_by_customer};
use crate::world::World;

/// A run of the program that a test looks on at.
pub(super) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    pub(super) fn start(world: &World, arguments: &[&str]) -> Running {
        let mut command = world.command([&["customer", "bulk"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("standard error is piped"));
        Running { child, stderr }
    }

    pub(super) fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().expect("kill runs").success());
    }

    /// Reads standard error up to a line that says this.
    pub(super) fn until_said(&mut self, what: &str) {
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert_ne!(self.stderr.read_line(&mut line).expect("it is text"), 0, "{what:?} is never said");
        }
    }

    pub(super) fn end(mut self) -> (Option<i32>, String, String) {
        let (mut stdout, mut rest) = (String::new(), String::new());
        self.stderr.read_to_string(&mut rest).expect("standard error is text");
        let mut output = self.child.stdout.take().expect("standard output is piped");
        output.read_to_string(&mut stdout).expect("standard output is text");
        (self.child.wait().expect("it ends").code(), stdout, rest)
    }
}

pub(super) fn until_puts(world: &World, count: usize) {
    while world.requests().iter().filter(|request| request.method == "PUT").count() < count {
        std::thread::yield_now();
    }
}

#[test]
fn rows_in_flight_are_finished_and_resume_does_the_rest() {
    let world = fleet(40);
    let file = world.file("rows.csv", names(40, "Ctrl"));
    world.fault("put@9*4:latency=1s");
    let mut running = Running::start(&world, &["update", &file, "--yes", "-o", "ndjson"]);
    until_puts(&world, 12);
    running.interrupt();
    running.until_said("finishing the rows in flight");
    let (code, stdout, stderr) = running.end();
    let run = latest(&world);
    assert_eq!(code, Some(130), "{stderr}");
    for message in ["12 written, 28 not-reached", &format!("fusebill customer bulk resume {run}")] {
        assert!(stderr.contains(message), "{message} is not in {stderr}");
    }
    assert_eq!((lines(&stdout).len(), world.puts().len()), (12, 12));
    let resumed = bulk(&world, &["resume", &run, "-o", "ndjson"]);
    assert_eq!((resumed.code, lines(&resumed.stdout).len()), (0, 28), "{}", resumed.stderr);
    resumed.says(&["40 written."]);
    assert!(puts_by_customer(&world).values().all(|puts| puts.len() == 1));
}

#[test]
fn a_second_ctrl_c_abandons_rows_in_flight_and_resume_resolves_them() {
    let world = fleet(10);
    let file = world.file("rows.csv", names(10, "Ctrl"));
    world.fault("put@3*4:hang");
    let mut running = Running::start(&world, &["update", &file, "--yes"]);
    until_puts(&world, 6);
    running.interrupt();
    running.until_said("finishing the rows in flight");
    running.interrupt();
    let (code, _, stderr) = running.end();
    let run = latest(&world);
    assert_eq!((code, stderr.contains("was sent")), (Some(10), false), "{stderr}");
    for message in
        ["stopped waiting", "Rows may have been written.", &format!("fusebill customer bulk resume {run}")]
    {
        assert!(stderr.contains(message), "{message} is not in {stderr}");
    }
    let resumed = bulk(&world, &["resume", &run, "-o", "json"]);
    assert_eq!((resumed.code, &resumed.json()["rows"]["written"]), (0, &10.into()), "{}", resumed.stderr);
    for puts in puts_by_customer(&world).values() {
        assert_eq!(puts.iter().filter(|put| put.0 == Some(200)).count(), 1);
    }
}

#[test]
fn an_interrupted_run_that_waits_for_the_limit_sends_nothing_more() {
    let world = fleet(10);
    let file = world.file("rows.csv", names(10, "Wait"));
    // Half a minute more or less is told as the same.
    world.fault("any@5:rate-limit=3630");
    let mut running = Running::start(&world, &["update", &file, "--yes", "--jobs", "1", "-o", "ndjson"]);
    running.until_said("2 of 10 rows: waiting 61 min for the API's limit");
    assert_eq!(world.requests().len(), 5);
    running.interrupt();
    running.until_said("finishing the rows in flight");
    let (code, stdout, stderr) = running.end();
    assert_eq!((code, world.requests().len(), lines(&stdout).len()), (Some(130), 5, 2), "{stderr}");
    let resumed = bulk(&world, &["resume", &latest(&world)]);
    assert_eq!((resumed.code, puts_by_customer(&world).len()), (0, 10), "{}", resumed.stderr);
}

#[test]
fn a_second_ctrl_c_ends_a_plan_without_mentioning_writes() {
    let world = fleet(6);
    let file = world.file("rows.csv", names(6, "Plan"));
    world.fault("get@3*4:hang");
    let mut running = Running::start(&world, &["plan", &file]);
    while world.requests().len() < 3 {
        std::thread::yield_now();
    }
    running.interrupt();
    running.until_said("finishing the rows in flight");
    running.interrupt();
    let (code, _, stderr) = running.end();
    assert_eq!((code, stderr.contains("written")), (Some(130), false), "{stderr}");
}

#[test]
fn one_ctrl_c_ends_a_run_whose_only_put_was_rate_limited() {
    let world = fleet(3);
    let file = world.file("rows.csv", names(3, "Wait"));
    world.fault("put:rate-limit=3600");
    let mut running = Running::start(&world, &["update", &file, "--yes", "--jobs", "1"]);
    until_puts(&world, 1);
    running.interrupt();
    running.until_said("finishing the rows in flight");
    let (code, stdout, stderr) = running.end();
    assert_eq!((code, world.puts().len()), (Some(130), 1), "{stderr}");
    assert!(
        stdout.contains("not-reached  3") && !stderr.contains("may have been written"),
        "{stdout}{stderr}"
    );
    let journal = world.journal();
    assert_eq!(journal.last().expect("an entry")["outcome"], "not-written");
}
