//! Every fault at every moment of a write. Whatever goes wrong, the exit code, the JSON, the journal and what the server
//! holds in the end tell the same story; and a cell that changes its exit code is noticed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;

use crate::world::{Run, World, all, without_timestamp};

/// The moments, as the faults that bring them about; `FAULT` is the row's.
const MOMENTS: [&[&str]; 8] = [
    &["get:FAULT"],
    &["get*all:FAULT"],
    &["put:FAULT"],
    &["put*all:FAULT"],
    &["put:lost-after", "get@2:FAULT"],
    &["put:lost-after", "get@2*all:FAULT"],
    &["put:lost-before", "get@2:FAULT"],
    &["put:lost-before", "get@2*all:FAULT"],
];

/// A fault, and the exit code at every moment; -1 where it is not tried: it says nothing there, or takes too long.
struct Row(&'static str, [i32; 8]);

const ROWS: &[Row] = &[
    Row("status=408", [0, 7, 0, 8, 0, 8, 0, 8]),
    Row("status=500", [0, 7, 0, 8, 0, 8, 0, 8]),
    Row("status=503", [0, 7, 0, 8, 0, 8, 0, 8]),
    Row("html", [0, 7, 0, 8, 0, 8, 0, 8]),
    Row("rate-limit=1", [0, -1, 0, -1, 0, -1, 0, -1]),
    Row("reset=epoch rate-limit=1", [0, -1, 0, -1, 0, -1, 0, -1]),
    Row("reset=none rate-limit=1", [0, 7, 0, 7, 0, 8, 0, 8]),
    Row("rate-limit=900", [7, 7, 7, 7, 8, 8, 8, 8]),
    Row("redirect=301", [7, 7, 7, 7, 8, 8, 8, 8]),
    Row("redirect=302", [7, 7, 7, 7, 8, 8, 8, 8]),
    Row("redirect=307", [7, 7, 7, 7, 8, 8, 8, 8]),
    Row("null", [1, 1, 0, 0, 8, 8, 8, 8]),
    Row("no-content", [1, 1, 0, 0, 8, 8, 8, 8]),
    Row("cut", [0, 7, 0, 0, 0, 8, 0, 8]),
    Row("lost-before", [0, 7, 0, 8, 0, 8, 0, 8]),
    Row("lost-after", [0, 7, 0, 0, 0, 8, 0, 8]),
    Row("slow=20ms", [0; 8]),
    Row("hang", [7, 7, 0, 8, 8, 8, 8, 8]),
    Row("not-utf8", [1, 1, 0, 0, 8, 8, 8, 8]),
    Row("huge=10485761", [1, 1, 0, 0, 8, 8, 8, 8]),
    Row("body={}", [1, 1, 0, 0, 8, 8, 8, 8]),
    Row("swap=1001", [1, 1, 0, 0, 8, 8, 8, 8]),
    Row("other-writer=lastName=\"X\"", [0, 0, 0, 0, 9, 9, 8, 8]),
    Row("other-writer=status=\"Hold\"", [0, 0, 0, 0, 9, 9, 8, 8]),
    Row("truncate=firstName,2", [-1, -1, 9, 9, -1, -1, -1, -1]),
    Row("ignore=firstName", [-1, -1, 9, 9, -1, -1, -1, -1]),
];

/// A row at a moment.
struct Cell {
    fault: &'static str,
    moment: usize,
    code: i32,
}

impl Cell {
    fn faults(&self) -> Vec<String> {
        let (_, fault) = self.split();
        MOMENTS[self.moment].iter().map(|spec| spec.replace("FAULT", fault)).collect()
    }

    /// How the server behaves, and the fault.
    fn split(&self) -> (Option<&'static str>, &'static str) {
        match self.fault.split_once(' ') {
            Some((behaviour, fault)) => (Some(behaviour), fault),
            None => (None, self.fault),
        }
    }

    fn world(&self) -> World {
        let world = World::behaving(self.split().0.as_slice());
        self.faults().iter().for_each(|fault| world.fault(fault));
        world
    }

    /// Only a fault that never ends needs a limit to the time.
    fn arguments(&self) -> &'static [&'static str] {
        match self.fault {
            "hang" => &["--first-name", "John", "-o", "json", "--timeout", "2"],
            _ => &["--first-name", "John", "-o", "json"],
        }
    }

    /// Runs it, and gives the exit code where it is not the one in the table.
    fn check(&self) -> Option<String> {
        let world = self.world();
        let before = world.stored(123);
        let run = world.update(self.arguments());
        let end = End { before: &before, puts: &world.puts(), stored: &world.stored(123), run: &run };
        let what = format!("{:?}\n{run:#?}", self.faults());
        end.is_as_claimed(&what);
        end.sent_one_thing(&what);
        end.is_journalled(&world.journal(), &what);
        let reads_for_good = self.moment < 2 && run.code != 0;
        assert!(!reads_for_good || end.puts.is_empty(), "a PUT without a reading: {what}");
        (run.code != self.code)
            .then(|| format!("{} {:?}: {} instead of {}", self.fault, self.faults(), run.code, self.code))
    }
}

/// How a run ended: what it says, and what is so.
struct End<'a> {
    before: &'a str,
    puts: &'a [String],
    stored: &'a str,
    run: &'a Run,
}

impl End<'_> {
    /// What the exit code claims is what the server holds, byte for byte but for the fields of the other writer.
    fn is_as_claimed(&self, what: &str) {
        let after = self.before.replacen("\"Jon\"", "\"John\"", 1);
        let stored = without_the_other_writer(self.stored);
        match self.run.code {
            0 => assert_eq!(stored, without_timestamp(&after), "{what}"),
            1..=7 => assert_eq!(stored, without_timestamp(self.before), "{what}"),
            8 => assert!(!self.run.stderr.contains("Nothing was written"), "{what}"),
            9 => assert_ne!(without_timestamp(self.stored), without_timestamp(&after), "{what}"),
            code => panic!("{code}: {what}"),
        }
        let outcome = ["updated", "unknown", "differs", "failed"][self.story()];
        let object = self.run.json();
        assert_eq!(object["outcome"], outcome, "{what}");
        assert_eq!(object["error"].is_null(), self.run.code == 0, "{what}");
    }

    /// Every PUT is the first one again, and the first is the document as it was read with one value in it.
    fn sent_one_thing(&self, what: &str) {
        assert!(self.puts.len() <= 4, "{what}");
        let asked = without_timestamp(&self.before.replacen("\"Jon\"", "\"John\"", 1));
        for put in self.puts {
            assert_eq!(*put, self.puts[0], "{what}");
            assert_eq!(without_the_other_writer(put), asked, "{what}");
        }
    }

    /// The journal tells of every PUT, of nothing else, and ends as the exit code does.
    fn is_journalled(&self, journal: &[serde_json::Value], what: &str) {
        let entry = &self.run.json()["entry"];
        let Some(put) = self.puts.first() else {
            assert!(journal.is_empty() && entry.is_null(), "{journal:?} {what}");
            return;
        };
        let [intent, outcome] = journal else { panic!("an intent and an outcome: {journal:?} {what}") };
        assert_eq!((&intent["record"], &outcome["record"]), (&"intent".into(), &"outcome".into()), "{what}");
        assert_eq!((&intent["entry"], &outcome["entry"]), (entry, entry), "{what}");
        assert_eq!(intent["after"], put.as_str(), "{what}");
        let read = intent["before"].as_str().expect("the document that was read is a text");
        assert_eq!(without_the_other_writer(read), without_timestamp(self.before), "{what}");
        let ending = ["written", "unknown", "differs", "not-written"][self.story()];
        assert_eq!(outcome["outcome"], ending, "{what}");
    }

    /// Written, unknown, otherwise, or not at all.
    fn story(&self) -> usize {
        match self.run.code {
            0 => 0,
            8 => 1,
            9 => 2,
            _ => 3,
        }
    }
}

fn without_the_other_writer(customer: &str) -> String {
    let name = customer.replacen("\"lastName\":\"X\"", "\"lastName\":\"Smith\"", 1);
    without_timestamp(&name.replacen("\"status\":\"Hold\"", "\"status\":\"Active\"", 1))
}

fn cells() -> impl Iterator<Item = Cell> {
    let row = |Row(fault, codes): &'static Row| {
        codes.iter().enumerate().map(move |(moment, &code)| Cell { fault, moment, code })
    };
    ROWS.iter().flat_map(row).filter(|cell| cell.code != -1)
}

#[test]
fn every_claim_is_true_under_every_fault_at_every_step() {
    let surprises = all(cells(), |cell| cell.check());
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// Answers one request with this document, on an address where nobody listens any more when the answer comes.
fn answers_once_and_is_gone(listener: TcpListener, document: &str) -> std::net::TcpStream {
    let (mut stream, _) = listener.accept().expect("the program connects");
    drop(listener);
    let mut request = BufReader::new(stream.try_clone().expect("a socket can be cloned")).lines();
    request.find(|line| line.as_ref().is_ok_and(String::is_empty));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        document.len()
    );
    stream.write_all((head + document).as_bytes()).expect("the program reads the answer");
    stream
}

#[test]
fn a_put_to_a_closed_server_is_recorded_as_not_written() {
    let world = World::new();
    let before = world.stored(123);
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    let mut command = world.command(["customer", "update", "123", "--first-name", "John", "-o", "json"]);
    command.env("FUSEBILL_BASE_URL", base).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    // Held, so that nobody else is given the port.
    let _port = answers_once_and_is_gone(listener, &before);
    let run = Run::of(child.wait_with_output().expect("the program ends"));
    assert_eq!((run.code, &run.json()["outcome"]), (7, &"failed".into()), "{run:#?}");
    run.says(&["the API cannot be reached", "attempt 3 of 4 failed", "Nothing was written."]);
    let journal = world.journal();
    assert_eq!(journal[0]["before"], before.as_str());
    assert_eq!((journal.len(), &journal[1]["outcome"]), (2, &"not-written".into()));
}
