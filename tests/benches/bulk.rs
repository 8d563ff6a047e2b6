//! What a row of a bulk update costs: `cargo bench --bench bulk [-- ROWS... [--peer-all]]`.
//!
//! The release binary updates so many customers of a sandbox in this process, at the default `--jobs`. Printed are rows a
//! second, CPU of the client a row, and its peak memory; the memory of each size is compared with that of the first. A
//! Python script with as many threads does the same for the first size, and with `--peer-all` for every size. Then a run
//! against 50 ms a request, beside what that latency allows.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fusebill::sandbox::{KEY, Server};

use common::child;
use common::exchange::Exchange;
use common::fleet::{id, server};
use common::peers;
use common::sandbox::{self, CUSTOMER};

mod common {
    pub mod child;
    pub mod exchange;
    pub mod fleet;
    pub mod peers;
    pub mod sandbox;
}

/// What `--jobs` is where nobody says it.
const JOBS: u64 = 4;

/// How long a request waits in the second part, in milliseconds.
const LATENCY: u64 = 50;

/// How many rows there are then.
const SLOW_ROWS: u64 = 1000;

/// A row is one GET and one PUT, whose answer is verified.
const REQUESTS: u64 = 2;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, command @ ..] = &arguments[..]
        && first == MEASURE
    {
        return measure(command);
    }
    let sizes: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let peer_all = arguments.iter().any(|argument| argument == "--peer-all");
    let python = peers::python();
    if python.is_none() {
        println!("left out, as there is no python3 with requests: Python requests");
    }
    fast(&sizes, python.as_deref(), peer_all);
    slow(python.as_deref());
}

/// Rows as fast as they go, in files of several sizes.
fn fast(sizes: &[u64], python: Option<&str>, peer_all: bool) {
    let server = server(0, sizes.iter().max().copied().unwrap_or_default());
    println!("0 ms a request, {JOBS} at once");
    println!(
        "{:<16} {:>9} {:>9} {:>12} {:>10} {:>8}",
        "", "rows", "rows/s", "CPU µs/row", "peak MiB", "to first"
    );
    let mut first = [None; 2];
    for (round, rows) in sizes.iter().enumerate() {
        let file = Rows::new(*rows);
        let print = |name: &str, used: &Used, first: &mut Option<f64>| {
            let peak = used.peak as f64 / f64::from(1 << 20);
            println!(
                "{name:<16} {rows:>9} {:>9.0} {:>12.0} {peak:>10.1} {:>8.2}",
                *rows as f64 / used.wall.as_secs_f64(),
                used.cpu.as_secs_f64() * 1e6 / *rows as f64,
                peak / *first.get_or_insert(peak)
            );
        };
        print("fusebill", &measured(&ours(&server, &file.write("ours"), None)), &mut first[0]);
        if let Some(python) = python.filter(|_| peer_all || round == 0) {
            let peer = theirs(&server, python, &file.write("theirs"), JOBS);
            print("Python requests", &measured(&peer), &mut first[1]);
        }
    }
}

/// Rows against a server that lets every request wait, and how much of what that allows is reached.
fn slow(python: Option<&str>) {
    let server = server(LATENCY, SLOW_ROWS);
    let mut exchange = Exchange::with(&server);
    let same = server.customer(CUSTOMER).expect("the seed has customer 123");
    let trips = (0..10).map(|_| exchange.take(&same)).sum::<Duration>().as_secs_f64() * 1e3 / 10.0;
    println!(
        "\n{LATENCY} ms a request, {SLOW_ROWS} rows; two requests over an open connection take {trips:.1} ms"
    );
    println!(
        "{:<16} {:>6} {:>8} {:>12} {:>14} {:>14}",
        "", "jobs", "rows/s", "connections", "% of 2 x 50 ms", "% of measured"
    );
    let file = Rows::new(SLOW_ROWS);
    for jobs in [JOBS, 8] {
        let run = |name: &str, command: &Command| {
            let before = server.connections();
            let used = measured(command);
            let rate = SLOW_ROWS as f64 / used.wall.as_secs_f64();
            let of = |milliseconds: f64| rate * milliseconds / (jobs as f64 * 10.0);
            println!(
                "{name:<16} {jobs:>6} {rate:>8.1} {:>12} {:>14.1} {:>14.1}",
                server.connections() - before,
                of((REQUESTS * LATENCY) as f64),
                of(trips)
            );
        };
        run("fusebill", &ours(&server, &file.write(&format!("ours {jobs}")), (jobs != JOBS).then_some(jobs)));
        if let Some(python) = python {
            run("Python requests", &theirs(&server, python, &file.write(&format!("theirs {jobs}")), jobs));
        }
    }
}

/// Rows for so many customers, in a home of their own.
struct Rows {
    home: tempfile::TempDir,
    many: u64,
}

impl Rows {
    fn new(many: u64) -> Rows {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        Rows { home, many }
    }

    /// Writes them down with a first name that no other file has, so that every row is a change.
    fn write(&self, name: &str) -> PathBuf {
        let mut csv = "id,first-name,reference1\n".to_string();
        for at in 0..self.many {
            let _ = writeln!(csv, "{},{name} {},R-{at}", id(at), self.many);
        }
        let file = self.home.path().join("rows.csv");
        std::fs::write(&file, csv).expect("the home can be written");
        file
    }
}

fn ours(server: &Server, file: &Path, jobs: Option<u64>) -> Command {
    let mut command = sandbox::fusebill(server, file.parent().expect("it is in the home"));
    command.args(["-q", "customer", "bulk", "update"]).arg(file).args(["--yes", "-o", "ndjson"]);
    if let Some(jobs) = jobs {
        command.args(["--jobs", &jobs.to_string()]);
    }
    command
}

fn theirs(server: &Server, python: &str, file: &Path, jobs: u64) -> Command {
    let mut command = peers::command(python);
    command.args([&peers::script("bulk.py"), &server.base_url(), KEY]).arg(file).arg(jobs.to_string());
    command
}

/// As the first argument: this process is only there to measure a command.
const MEASURE: &str = "--measure";

/// What a command took; its peak in bytes.
struct Used {
    wall: Duration,
    cpu: Duration,
    peak: u64,
}

/// Runs a command from a small process. Linux counts what the parent of a process holds as the peak of its child, and
/// here that would be all customers of the sandbox.
fn measured(command: &Command) -> Used {
    let output = Command::new(std::env::current_exe().expect("a program knows its file"))
        .arg(MEASURE)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .expect("this program starts again");
    let message = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = message.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [wall, cpu, peak] = numbers[..] else {
        panic!("{message}{}", String::from_utf8_lossy(&output.stderr));
    };
    Used { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), peak }
}

fn measure(command: &[String]) {
    let (wall, used) = child::run(Command::new(&command[0]).args(&command[1..]));
    println!("{} {} {}", wall.as_micros(), (used.utime + used.stime).as_micros(), used.maxrss);
}
