//! The process is killed in the middle, again and again: what it was at is resolved, and nothing is written twice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::signals::until_puts;
use super::{bulk, fleet, held, latest, lines, names, puts_by_customer, same};
use crate::world::World;

/// How long anything may take that takes next to no time.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn start(world: &World, arguments: &[&str]) -> Child {
    let mut command = world.command([&["customer", "bulk"], arguments].concat());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

/// Kills a process once the server has seen this many requests; false where it ended before.
pub(super) fn killed_at(world: &World, mut child: Child, seen: usize) -> bool {
    let begun = Instant::now();
    let mut ended = None;
    while world.requests().len() < seen && ended.is_none() {
        assert!(begun.elapsed() < PATIENCE, "{} of {seen} requests", world.requests().len());
        std::thread::yield_now();
        ended = child.try_wait().expect("a process can be asked");
    }
    if ended.is_none() {
        child.kill().expect("a process that was not waited for can be killed");
        child.wait().expect("the process ends");
    }
    // The server works on one thread: when it answers this, it has read what was on its way before.
    for _ in 0..2 {
        let mut stream = TcpStream::connect(world.server.address()).expect("the server listens");
        let request = b"GET /_sandbox/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request).expect("the server reads");
        stream.read_to_end(&mut Vec::new()).expect("the server answers");
    }
    ended.is_none()
}

/// Numbers that look random and are the same every time.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit).expect("it fits")
    }
}

/// Carries a command out with a process that is killed and resumed until it is done; how often it was killed.
pub(super) fn killed_until_done(world: &World, arguments: &[&str], random: &mut Random) -> usize {
    let seen = world.requests().len();
    let child = start(world, arguments);
    if !killed_at(world, child, seen + 1 + random.below(12)) {
        return 0;
    }
    let run = latest(world);
    for kills in 1.. {
        let seen = world.requests().len();
        let child = start(world, &["resume", &run, "--jobs", "4"]);
        if !killed_at(world, child, seen + 1 + random.below(12)) {
            return kills;
        }
    }
    unreachable!("it ends some time")
}

/// The results of a run, after one more resume that has nothing to do but to tell them.
fn told(world: &World, run: &str) -> Vec<Value> {
    let seen = world.requests().len();
    let file = world.home.path().join("told.ndjson").display().to_string();
    let resumed = bulk(world, &["resume", run, "--results", &file]);
    assert_eq!((resumed.code, world.requests().len()), (0, seen), "{}", resumed.stderr);
    lines(&std::fs::read_to_string(file).expect("the results are written"))
}

#[test]
fn a_run_killed_and_resumed_writes_each_row_once_and_can_be_undone() {
    const ROWS: u64 = 24;
    let mut kills = 0;
    let mut random = Random(7);
    for _ in 0..8 {
        let world = fleet(ROWS);
        let before = held(&world, ROWS);
        let file = world.file("rows.csv", names(ROWS, "Killed"));
        kills += killed_until_done(&world, &["update", &file, "--yes", "--jobs", "4"], &mut random);
        let run = latest(&world);
        let told_once = told(&world, &run);
        let mut rows: Vec<u64> = told_once.iter().filter_map(|line| line["row"].as_u64()).collect();
        rows.sort_unstable();
        assert_eq!(rows, (1..=ROWS).collect::<Vec<_>>());
        assert!(told_once.iter().all(|line| line["outcome"] == "written"), "{told_once:#?}");
        let puts = puts_by_customer(&world);
        assert_eq!(puts.len() as u64, ROWS);
        for (id, puts) in &puts {
            let effective = puts.iter().filter(|(status, _)| *status == Some(200)).count();
            assert_eq!(effective, 1, "customer {id}: {:?}", puts.iter().map(|put| put.0).collect::<Vec<_>>());
            assert!(world.stored(*id).contains("\"firstName\":\"Killed\""));
        }
        kills += killed_until_done(&world, &["undo", &run, "--yes", "--jobs", "4"], &mut random);
        same(&held(&world, ROWS), &before);
    }
    assert!(kills > 60, "killed {kills} times");
}

#[test]
fn rows_of_a_run_killed_during_hanging_puts_are_resolved_by_a_get() {
    const ROWS: u64 = 12;
    for (fault, stored) in [("put@3*all:hang", 2), ("put@3*4:hang", 2), ("put@5*all:latency=60m", 4)] {
        let world = fleet(ROWS);
        let file = world.file("rows.csv", names(ROWS, "Hung"));
        world.fault(fault);
        let child = start(&world, &["update", &file, "--yes", "--jobs", "4"]);
        let begun = Instant::now();
        while world.requests().iter().filter(|request| request.status.is_none()).count() < 4 {
            assert!(begun.elapsed() < PATIENCE, "{fault}: {:?}", world.lines());
            std::thread::yield_now();
        }
        let seen = world.requests().len();
        assert!(killed_at(&world, child, seen));
        assert_eq!(
            world.requests().iter().filter(|it| it.method == "PUT" && it.status.is_some()).count(),
            stored
        );
        take_faults_back(&world);
        let resumed = bulk(&world, &["resume", &latest(&world), "-o", "ndjson"]);
        assert_eq!(resumed.code, 0, "{}", resumed.stderr);
        resumed.says(&["12 written"]);
        for (id, puts) in puts_by_customer(&world) {
            assert_eq!(puts.iter().filter(|put| put.0 == Some(200)).count(), 1, "{fault}: customer {id}");
        }
    }
}

pub fn take_faults_back(world: &World) {
    let mut stream = TcpStream::connect(world.server.address()).expect("the server listens");
    let request = b"DELETE /_sandbox/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    stream.write_all(request).expect("the server reads");
    stream.read_to_end(&mut Vec::new()).expect("the server answers");
}

#[test]
fn a_run_of_another_process_can_be_neither_resumed_nor_undone() {
    let world = fleet(3);
    let file = world.file("rows.csv", names(3, "Busy"));
    world.fault("put:hang");
    let mut child = start(&world, &["update", &file, "--yes", "--jobs", "1"]);
    let begun = Instant::now();
    while world.requests().len() < 2 {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    let run = latest(&world);
    let listed = bulk(&world, &["list"]).stdout;
    assert!(listed.contains("1 unknown, 2 not-reached (running)\n"), "{listed}");
    bulk(&world, &["resume", &run]).fails(6, &["another process is running or undoing the run"]);
    bulk(&world, &["undo", &run, "--yes"]).fails(6, &["another process is running or undoing the run"]);
    assert_eq!(world.requests().len(), 2);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let resumed = bulk(&world, &["resume", &run]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(puts_by_customer(&world).len(), 3);
}

#[test]
fn bulk_list_shows_the_rows_in_flight_of_a_killed_run_as_unknown() {
    let world = fleet(3);
    let file = world.file("rows.csv", names(3, "Killed"));
    world.fault("put@2:hang");
    let child = start(&world, &["update", &file, "--yes", "--jobs", "1"]);
    until_puts(&world, 2);
    let seen = world.requests().len();
    assert!(killed_at(&world, child, seen));
    let run = latest(&world);
    let row = |at: usize| bulk(&world, &["list", &run, "-o", "json"]).json()["rows"][at].clone();
    let counts = || bulk(&world, &["list", "-o", "json"]).json()["runs"][0]["outcomes"].clone();
    let in_flight = row(1);
    assert_eq!((&in_flight["outcome"], &in_flight["error"]), (&"unknown".into(), &"in flight".into()));
    assert_eq!((&in_flight["attempts"], &in_flight["entry"]), (&1.into(), &world.entry().into()));
    assert_eq!((&row(2)["outcome"], counts()), (&"not-reached".into(), json!({"written": 1, "unknown": 1})));
    take_faults_back(&world);
    // The PUT arrives after all.
    let sent = world.puts().pop().expect("a PUT was sent");
    world.server.store(&sent).expect("the sandbox takes a customer");
    let id = in_flight["customer"].to_string();
    let resolved = world.run(&["customer", "history", &id, "--resolve"]);
    assert_eq!(resolved.code, 0, "{}", resolved.stderr);
    assert_eq!((&row(1)["outcome"], counts()), (&"written".into(), json!({"written": 2})));
    let resumed = bulk(&world, &["resume", &run]);
    assert_eq!((resumed.code, puts_by_customer(&world).len()), (0, 3), "{}", resumed.stderr);
}
