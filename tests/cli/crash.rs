//! The program is killed at any moment: what it was about to do is on record before it does it, and can be resolved and
//! taken back. And several at once do not undo each other's work without saying so.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Run, World, without_timestamp};

/// How long anything may take that takes next to no time.
const PATIENCE: Duration = Duration::from_secs(20);

const JOHN: [&str; 7] = ["customer", "update", "123", "--first-name", "John", "-o", "json"];

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Turns until it is so, and tells whether it became so in time.
fn until(patience: Duration, so: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !so() {
        if begin.elapsed() > patience {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

fn start(world: &World, arguments: &[&str]) -> Child {
    let mut command = world.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn kill(mut child: Child) {
    child.kill().expect("a process that was not waited for can be killed");
    child.wait().expect("the process ends");
}

/// Starts the change, and kills it once the server has seen this many requests.
fn killed_at(faults: &[&str], seen: usize) -> Killed {
    let world = World::new();
    let before = world.stored(123);
    faults.iter().for_each(|fault| world.fault(fault));
    let child = start(&world, &JOHN);
    assert!(until(PATIENCE, || world.requests().len() >= seen), "{faults:?}: {:?}", world.lines());
    kill(child);
    Killed { world, before }
}

/// Starts the change, and kills it after some time, or when it has ended.
fn killed_after(time: Duration) -> Killed {
    let world = World::new();
    let before = world.stored(123);
    let child = start(&world, &JOHN);
    until(time, || false);
    kill(child);
    Killed { world, before }
}

/// What a killed process left behind.
struct Killed {
    world: World,
    before: String,
}

impl Killed {
    /// Checks all that is promised, and gives how it was resolved.
    fn check(&self) -> Option<&'static str> {
        self.wait_for_the_server();
        let left = self.world.journal();
        self.has_every_image(&left);
        self.resolve();
        let Some(entry) = intents(&left).next().map(|intent| intent["entry"].clone()) else {
            assert_eq!(self.world.stored(123), self.before);
            return None;
        };
        let entry = entry.as_str().expect("an entry has a name");
        let outcome = self.outcome();
        let stored = without_timestamp(&self.world.stored(123));
        let asked = without_timestamp(&self.before.replacen("\"Jon\"", "\"John\"", 1));
        match outcome.as_str() {
            "written" => {
                assert_eq!(stored, asked);
                self.undo(entry);
                Some("written")
            }
            "not-written" => {
                assert_eq!(stored, without_timestamp(&self.before));
                Some("not-written")
            }
            other => panic!("{other}"),
        }
    }

    /// A PUT that was sent may still be on its way into the server; only one that hangs never gets an answer.
    fn wait_for_the_server(&self) {
        // The server works on one thread: when it answers this, it has read what was on its way before.
        for _ in 0..2 {
            let mut stream = TcpStream::connect(self.world.server.address()).expect("the server listens");
            let request = b"GET /_sandbox/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
            stream.write_all(request).expect("the server reads");
            stream.read_to_end(&mut Vec::new()).expect("the server answers");
        }
        let hangs = Duration::from_millis(200);
        until(hangs, || self.world.requests().iter().all(|request| request.status.is_some()));
    }

    /// No PUT left without a record of the document before it and of what was sent.
    fn has_every_image(&self, left: &[Value]) {
        // A PUT that was cut off while it left arrives without a body, and the server refuses it.
        for put in self.world.puts().iter().filter(|put| !put.is_empty()) {
            let recorded = |intent: &Value| intent["before"] == self.before && intent["after"] == **put;
            assert!(intents(left).any(recorded), "no image of {put} in {left:?}");
        }
    }

    fn resolve(&self) {
        let run = self.world.run(&["customer", "history", "123", "--resolve", "-o", "json"]);
        assert_eq!(run.code, 0, "{run:#?}");
    }

    fn outcome(&self) -> String {
        let journal = self.world.journal();
        let last = journal.iter().rfind(|line| line["record"] == "outcome");
        last.and_then(|line| line["outcome"].as_str()).expect("it is resolved").to_string()
    }

    fn undo(&self, entry: &str) {
        let run = self.world.run(&["customer", "undo", entry]);
        assert_eq!(run.code, 0, "{run:#?}");
        assert_eq!(without_timestamp(&self.world.stored(123)), without_timestamp(&self.before));
    }
}

fn intents(journal: &[Value]) -> impl Iterator<Item = &Value> {
    journal.iter().filter(|line| line["record"] == "intent")
}

#[test]
fn a_kill_during_the_get_writes_nothing() {
    for _ in 0..40 {
        assert_eq!(killed_at(&["get:hang"], 1).check(), None);
    }
}

#[test]
fn a_kill_after_the_get_can_be_resolved() {
    for _ in 0..60 {
        killed_at(&[], 1).check();
    }
}

#[test]
fn a_kill_during_the_put_can_be_resolved_and_undone() {
    for _ in 0..60 {
        assert!(killed_at(&[], 2).check().is_some());
    }
}

#[test]
fn a_kill_while_the_put_hangs_is_resolved_as_not_written() {
    for _ in 0..20 {
        assert_eq!(killed_at(&["put:hang"], 2).check(), Some("not-written"));
    }
}

#[test]
fn a_kill_while_the_put_is_delayed_can_be_resolved_and_undone() {
    for _ in 0..20 {
        assert!(killed_at(&["put:latency=20ms"], 2).check().is_some());
    }
}

#[test]
fn a_kill_during_the_get_after_a_lost_answer_is_resolved_correctly() {
    for _ in 0..20 {
        assert_eq!(killed_at(&["put:lost-after", "get@2:hang"], 3).check(), Some("written"));
        assert_eq!(killed_at(&["put:lost-before", "get@2:hang"], 3).check(), Some("not-written"));
    }
}

#[test]
fn a_kill_at_any_moment_leaves_a_record_of_every_sent_change() {
    let begin = Instant::now();
    assert_eq!(World::new().run(&JOHN).code, 0);
    let whole = u64::try_from(begin.elapsed().as_micros()).expect("it does not take an age");
    let mut random = Random(123);
    for _ in 0..150 {
        killed_after(Duration::from_micros(random.below(whole * 5 / 4))).check();
    }
}

/// A copy of the files is what a power cut leaves of them: at the moment a PUT is seen, its record must be in there.
#[test]
fn files_copied_during_a_put_have_its_intent() {
    for _ in 0..10 {
        let world = World::new();
        world.fault("put:hang");
        let child = start(&world, &JOHN);
        assert!(until(PATIENCE, || world.requests().len() >= 2), "{:?}", world.lines());
        let copy = World::new();
        let folders = [&world, &copy].map(|world| world.home.path().join(".local/state/fusebill"));
        std::fs::create_dir_all(&folders[1]).expect("a folder is made");
        for name in ["fusebill.db", "fusebill.db-wal"] {
            std::fs::copy(folders[0].join(name), folders[1].join(name)).expect("the file is there");
        }
        kill(child);
        let survived = copy.journal();
        assert_eq!((survived.len(), &survived[0]["record"]), (1, &Value::from("intent")));
        assert!(world.puts().iter().all(|put| put.is_empty() || survived[0]["after"] == **put));
    }
}

/// Eight fields, and the value that each of eight processes gives its own.
const FIELDS: [[&str; 2]; 8] = [
    ["--first-name", "firstName"],
    ["--middle-name", "middleName"],
    ["--last-name", "lastName"],
    ["--company-name", "companyName"],
    ["--suffix", "suffix"],
    ["--reference", "reference"],
    ["--primary-phone", "primaryPhone"],
    ["--secondary-phone", "secondaryPhone"],
];

/// Changes each field in a process of its own, all at the same time.
fn eight_at_once(world: &World) -> [Run; 8] {
    let begin = |[option, _]: [&str; 2]| start(world, &["customer", "update", "123", option, "8"]);
    let children = FIELDS.map(begin);
    children.map(|child| Run::of(child.wait_with_output().expect("the program ends")))
}

#[test]
fn eight_simultaneous_changes_are_each_recorded_and_the_last_is_stored() {
    let world = World::new();
    let runs = eight_at_once(&world);
    assert!(runs.iter().all(|run| run.code == 0), "{runs:#?}");
    let (journal, puts, stored) = (world.journal(), world.puts(), without_timestamp(&world.stored(123)));
    assert_eq!((journal.len(), intents(&journal).count(), puts.len()), (16, 8, 8));
    for put in &puts {
        assert!(intents(&journal).any(|intent| intent["after"] == *put), "no record of {put}");
    }
    assert!(puts.iter().any(|put| without_timestamp(put) == stored), "{stored}");
    let written =
        |[_, field]: &[&str; 2]| intents(&journal).any(|intent| intent["edits"][0]["path"] == *field);
    assert!(FIELDS.iter().all(written), "{journal:#?}");
}

#[test]
fn eight_simultaneous_changes_lose_none_that_reports_success() {
    let world = World::new();
    let runs = eight_at_once(&world);
    let stored: Value = serde_json::from_str(&world.stored(123)).expect("a customer is JSON");
    let lost = FIELDS.iter().zip(&runs).filter(|([_, field], run)| run.code == 0 && stored[*field] != "8");
    let lost: Vec<&str> = lost.map(|([_, field], _)| *field).collect();
    assert!(lost.is_empty(), "{lost:?} of {:?}", world.lines());
}
