//! How many requests the round trip of a table costs: `cargo bench --bench round_trip`.
//!
//! 5,000 customers are exported, 50 cells are edited, and the file is written back. A Python script that has no base reads and
//! writes every row of the same file.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use fusebill::sandbox::{KEY, Server};

use common::child;
use common::fleet::{id, server};
use common::peers;
use common::sandbox;

mod common {
    pub mod child;
    pub mod fleet;
    pub mod peers;
    pub mod sandbox;
}

const EXPORTED: u64 = 5_000;
const EDITED: u64 = 50;

/// The peer's `--jobs`.
const JOBS: &str = "4";

fn main() {
    let server = server(0, EXPORTED);
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let table = home.path().join("customers.csv");
    println!("{EXPORTED} customers exported, {EDITED} cells edited");
    println!("{:<16} {:>12} {:>12}", "requests", "export", "write back");
    let export = counted(&server, ours(&server, home.path()).args(["list", "--out"]).arg(&table));
    edit(&table);
    let update = counted(&server, ours(&server, home.path()).args(["bulk", "update", "--yes"]).arg(&table));
    println!("{:<16} {export:>12} {update:>12}", "fusebill");
    let Some(python) = peers::python() else {
        return println!("left out, as there is no python3 with requests: Python requests");
    };
    let mut peer = peers::command(&python);
    peer.args([&peers::script("bulk.py"), &server.base_url(), KEY]).arg(every_row(home.path())).arg(JOBS);
    println!("{:<16} {:>12} {:>12}", "Python requests", "", counted(&server, &mut peer));
}

fn ours(server: &Server, home: &Path) -> Command {
    let mut command = sandbox::fusebill(server, home);
    command.args(["-q", "customer"]);
    command
}

/// How many requests a command sends.
fn counted(server: &Server, command: &mut Command) -> usize {
    let seen = || server.requests().last().map_or(0, |request| request.number);
    let before = seen();
    child::run(command);
    seen() - before
}

/// Gives the first customers another first name, which is `Jon` in the export.
fn edit(table: &Path) {
    let text = std::fs::read_to_string(table).expect("the export can be read");
    let is_edited = |line: &&str| (0..EDITED).any(|at| line.starts_with(&format!("{},", id(at))));
    let edited = text.lines().filter(is_edited).count() as u64;
    assert_eq!(edited, EDITED, "each has a row");
    let line =
        |line: &str| if is_edited(&line) { line.replacen(",Jon,", ",John,", 1) } else { line.to_string() };
    let lines: Vec<String> = text.lines().map(line).collect();
    std::fs::write(table, lines.join("\n") + "\n").expect("the export can be written");
}

/// The same customers for a tool that cannot tell an edited row.
fn every_row(home: &Path) -> std::path::PathBuf {
    let mut csv = "id,first-name,reference1\n".to_string();
    for at in 0..EXPORTED {
        let _ = writeln!(csv, "{},{},", id(at), if at < EDITED { "John" } else { "Jon" });
    }
    let file = home.join("every.csv");
    std::fs::write(&file, csv).expect("the home can be written");
    file
}
