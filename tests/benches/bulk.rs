//! What a row of a bulk update costs: `cargo bench --bench bulk [-- ROWS...]`.
//!
//! The release binary updates so many customers of a sandbox in this process, at the default `--jobs`. Printed are rows a
//! second, CPU of the client a row, and its peak memory; the memory of each size is compared with that of the first.
//! Needs python3, for the child's CPU and memory.

use std::fmt::Write;
use std::process::Command;

use fusebill::sandbox::{KEY, Limits, Options, Server};

/// Runs a command and prints what the system says it took.
const MEASURE: &str = "
import resource, subprocess, sys, time
begun = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
took = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, took, used.ru_utime + used.ru_stime, used.ru_maxrss)
";

struct Measured {
    seconds: f64,
    cpu: f64,
    peak_kib: f64,
}

fn main() {
    let sizes: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let limits = Limits { per_minute: u32::MAX, per_day: u32::MAX, ..Limits::default() };
    let server = Server::start(Options { limits, remembered: 0, ..Options::default() }).expect("a free port");
    let most = sizes.iter().max().copied().unwrap_or_default();
    let seed = server.customer(123).expect("the seed has customer 123");
    (0..most).for_each(|at| {
        server.store(&seed.replace("\"id\":123,", &format!("\"id\":{},", id(at)))).expect("it is stored");
    });
    println!("{:>9} {:>10} {:>12} {:>12} {:>8}", "rows", "rows/s", "CPU µs/row", "peak MiB", "ratio");
    let mut first = None;
    for (round, rows) in sizes.iter().enumerate() {
        let measured = measure(*rows, &server, round);
        let ratio = measured.peak_kib / *first.get_or_insert(measured.peak_kib);
        println!(
            "{rows:>9} {:>10.0} {:>12.0} {:>12.1} {ratio:>8.2}",
            *rows as f64 / measured.seconds,
            measured.cpu * 1e6 / *rows as f64,
            measured.peak_kib / 1024.0
        );
    }
}

fn id(at: u64) -> u64 {
    1_000_000 + at
}

fn measure(rows: u64, server: &Server, round: usize) -> Measured {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut csv = "id,first-name,reference1\n".to_string();
    (0..rows).for_each(|at| {
        let _ = writeln!(csv, "{},Round {round},R-{at}", id(at));
    });
    let file = home.path().join("rows.csv");
    std::fs::write(&file, csv).expect("the home can be written");
    let output = Command::new("python3")
        .args(["-c", MEASURE, env!("CARGO_BIN_EXE_fusebill"), "-q", "customer", "bulk", "update"])
        .arg(&file)
        .args(["--yes", "-o", "ndjson"])
        .env("HOME", home.path())
        .env("FUSEBILL_BASE_URL", server.base_url())
        .env("FUSEBILL_API_KEY", KEY)
        .output()
        .expect("python3 is there");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [code, seconds, cpu, peak_kib] = numbers[..] else {
        panic!("{said}{}", String::from_utf8_lossy(&output.stderr));
    };
    assert!(code == 0.0, "exit code {code}: {}", String::from_utf8_lossy(&output.stderr));
    Measured { seconds, cpu, peak_kib }
}
