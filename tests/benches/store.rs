//! What a long history costs: `cargo bench --bench store [-- ENTRIES]`, a million if no number is given.
//!
//! A generator fills the store of one home with that many entries of another customer and a run with as many rows; another home
//! stays empty. The release binary does the same in both, in turns. Printed are the median wall time and the peak memory of
//! each command. Then 16 processes change customers at once while the long history is pruned: printed is the longest change.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fusebill::sandbox::Server;
use rusqlite::{Connection, params};

use common::child;
use common::sandbox::{self, CUSTOMER};

mod common {
    pub mod child;
    pub mod sandbox;
}

/// How often each command is measured in each home.
const ROUNDS: usize = 9;

/// The customers that the empty and the full home change.
const CUSTOMERS: [u64; 2] = [CUSTOMER, 1001];

/// How many processes change customers at once, and how often each.
const PROCESSES: u64 = 16;
const CHANGES: u64 = 100;

fn main() {
    let entries = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let server = sandbox::start(0);
    let homes = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    for (home, customer) in homes.iter().zip(CUSTOMERS) {
        let id = customer.to_string();
        child::run(sandbox::fusebill(&server, home.path()).args([
            "customer",
            "update",
            &id,
            "--first-name",
            "A",
        ]));
    }
    let begun = Instant::now();
    fill(homes[1].path(), entries);
    println!("{entries} entries and rows, {:.0} s to make", begun.elapsed().as_secs_f64());
    commands(&server, &[homes[0].path(), homes[1].path()]);
    pruned(&server, homes[1].path());
    together(&server, homes[1].path());
}

/// Copies the one entry there is, as if other customers had been changed long ago, and makes a run of as many rows.
fn fill(home: &Path, count: u64) {
    let store = Connection::open(home.join(".local/state/fusebill/fusebill.db")).expect("the store opens");
    let columns = "profile, host, command, name, edits, before, after, outcome";
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
    let run = |sql: &str| store.execute(sql, params![count]).expect("the store is filled");
    store.execute_batch("PRAGMA synchronous = OFF; BEGIN").expect("a transaction begins");
    run(&format!(
        "INSERT INTO entries (entry, time, customer, {columns}) {numbers}
         SELECT 'old-' || i, '2020-01-01T00:00:00.000Z', 1000000 + i, {columns} FROM n, (SELECT * FROM entries LIMIT 1)"
    ));
    store
        .execute_batch(
            "INSERT INTO changed SELECT 'firstName', id FROM entries WHERE true ON CONFLICT DO NOTHING",
        )
        .expect("paths");
    store
        .execute_batch(
            "INSERT INTO runs (run, time, kind, profile, host, source, new_fields, reads_again, started)
             SELECT 'old', '2020-01-01T00:00:00.000Z', 'update', profile, host, 'old.csv', 0, 0, 1 FROM entries LIMIT 1",
        )
        .expect("a run is made");
    run(&format!(
        "INSERT INTO rows (run, row, line, customer, task, outcome, changes, attempts) {numbers}
         SELECT 1, i, i + 1, 1000000 + i, '{{}}', 'written', '[]', 1 FROM n"
    ));
    store
        .execute_batch("UPDATE entries SET time = '2020-01-01T00:00:00.000Z'; COMMIT")
        .expect("it is committed");
}

fn commands(server: &Server, homes: &[&Path; 2]) {
    let all = [
        "update ID --first-name ROUND",
        "undo --last",
        "history --limit 20",
        "history ID --limit 20",
        "history --field first-name --limit 20",
        "history --since 1h",
        "history --resolve --limit 20",
        "bulk list",
    ];
    println!("{:<40} {:>10} {:>10} {:>12}", "", "empty ms", "full ms", "full MiB");
    for name in all {
        let mut times = [Vec::new(), Vec::new()];
        let mut peak = 0;
        for round in 0..ROUNDS {
            for at in 0..2 {
                if name.contains("--resolve") {
                    leave_open(homes[at]);
                }
                let filled =
                    name.replace("ID", &CUSTOMERS[at].to_string()).replace("ROUND", &format!("N{round}"));
                let mut command = sandbox::fusebill(server, homes[at]);
                let (wall, used) = child::run(command.arg("customer").args(filled.split(' ')));
                times[at].push(wall);
                peak = peak.max(used.maxrss);
            }
        }
        let [empty, full] = times.map(median);
        println!("{name:<40} {empty:>10.1} {full:>10.1} {:>12.1}", peak as f64 / f64::from(1 << 20));
    }
    let (wall, used) =
        child::run(sandbox::fusebill(server, homes[1]).args(["customer", "history", "-o", "ndjson"]));
    let (wall, peak) = (wall.as_secs_f64() * 1e3, used.maxrss as f64 / f64::from(1 << 20));
    println!("{:<40} {:>10} {wall:>10.1} {peak:>12.1}", "history -o ndjson", "");
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// Makes the latest entry one without an outcome.
fn leave_open(home: &Path) {
    let store = Connection::open(home.join(".local/state/fusebill/fusebill.db")).expect("the store opens");
    let sql = "UPDATE entries SET outcome = NULL WHERE id = (SELECT max(id) FROM entries)";
    store.execute_batch(sql).expect("it is changed");
}

/// Prunes a copy of the long history while nothing else happens.
fn pruned(server: &Server, home: &Path) {
    let copy = tempfile::tempdir().expect("a temporary folder");
    let folder = copy.path().join(".local/state/fusebill");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).expect("a folder is made");
    std::fs::copy(home.join(".local/state/fusebill/fusebill.db"), folder.join("fusebill.db"))
        .expect("it is copied");
    let prune = ["customer", "history", "prune", "--older-than", "1d", "--yes"];
    let (wall, used) = child::run(sandbox::fusebill(server, copy.path()).args(prune));
    let peak = used.maxrss as f64 / f64::from(1 << 20);
    println!("pruned in {:.1} s, {peak:.1} MiB", wall.as_secs_f64());
}

/// Many processes at once, while the long history is pruned.
fn together(server: &Server, home: &Path) {
    let ids: Vec<String> = fusebill::sandbox::seed()
        .filter_map(|text| serde_json::from_str::<serde_json::Value>(text).ok()?["id"].as_u64())
        .map(|id| id.to_string())
        .take(PROCESSES as usize)
        .collect();
    let begun = Instant::now();
    let prune = ["customer", "history", "prune", "--older-than", "1d", "--yes"];
    let mut pruning =
        sandbox::fusebill(server, home).args(prune).stderr(Stdio::null()).spawn().expect("it starts");
    let times: Vec<Vec<Duration>> = std::thread::scope(|scope| {
        let changing =
            |id| scope.spawn(move || (0..CHANGES).map(|at| change(server, home, id, at)).collect());
        let threads: Vec<_> = ids.iter().map(|id| changing(id.as_str())).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread ends")).collect()
    });
    let changed = begun.elapsed().as_secs_f64();
    assert!(pruning.wait().expect("it ends").success());
    let all: Vec<Duration> = times.into_iter().flatten().collect();
    let longest = all.iter().max().copied().unwrap_or_default().as_secs_f64() * 1e3;
    let (count, median) = (all.len(), median(all));
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{count} changes by {PROCESSES} processes in {changed:.1} s, median {median:.0} ms, longest {longest:.0} ms"
    );
    println!("the prune took {took:.1} s");
    let mut listed = sandbox::fusebill(server, home);
    let listed =
        listed.args(["customer", "history", "-o", "ndjson", "--since", "1h"]).output().expect("it starts");
    let written = String::from_utf8_lossy(&listed.stdout).matches("\"outcome\":\"written\"").count() as u64;
    assert!(written >= PROCESSES * CHANGES, "{written} are on record");
}

fn change(server: &Server, home: &Path, id: &str, at: u64) -> Duration {
    let mut command: Command = sandbox::fusebill(server, home);
    let (wall, _) = child::run(command.args(["customer", "update", id, "--middle-name", &format!("N{at}")]));
    wall
}
