//! How many instructions the release binary executes: `cargo bench --bench instructions`.
//!
//! valgrind counts them for one whole `customer update` against a sandbox in this process, and for `--version`. Of three
//! runs the smallest counts, and it is compared with `instructions.txt` beside this file: what is above it by more than
//! the tolerance fails. Needs valgrind.
//!
//! Counts do not depend on how busy a machine is, but on its C library, its processor and the compiler. So this is no
//! part of .ci/run: it is run on one machine, before and after a change.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use fusebill::sandbox::Server;

use common::sandbox::{self, CUSTOMER};

mod common {
    pub mod sandbox;
}

/// By how much a count may be above the accepted one. Runs of one binary differ by less than 0.01 %; the rest is room for
/// another patch of the C library.
const TOLERANCE: f64 = 0.01;

const RUNS: usize = 3;

/// Where this is set, the counts are accepted.
const UPDATE: &str = "FUSEBILL_UPDATE";

const ACCEPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/benches/instructions.txt");

fn main() -> ExitCode {
    if !Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("valgrind is not on this machine, and nothing else here counts instructions");
        return ExitCode::FAILURE;
    }
    let server = sandbox::start(0);
    let counts = [
        (
            "update",
            smallest(|home| {
                // The first one makes the folders of the journal.
                let first = update(&server, home, "first").output().expect("the program starts");
                assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
                counted(home, &update(&server, home, "second"))
            }),
        ),
        ("version", smallest(|home| counted(home, &version(&server, home)))),
    ];
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(ACCEPTED, text(&counts)).expect("the counts can be written");
        return ExitCode::SUCCESS;
    }
    let accepted = std::fs::read_to_string(ACCEPTED).unwrap_or_default();
    let above = counts.iter().filter(|(name, count)| is_above(name, *count, &accepted)).count();
    if above > 0 {
        eprintln!("{UPDATE}=1 cargo bench --bench instructions accepts what was counted");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn update(server: &Server, home: &Path, value: &str) -> Command {
    let mut command = sandbox::fusebill(server, home);
    command.args(["customer", "update", &CUSTOMER.to_string(), "--yes", "--first-name", value]);
    command
}

fn version(server: &Server, home: &Path) -> Command {
    let mut command = sandbox::fusebill(server, home);
    command.arg("--version");
    command
}

/// The smallest count of a few runs, each in a home of its own.
fn smallest(count: impl Fn(&Path) -> u64) -> u64 {
    let one = |_| {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        count(home.path())
    };
    let counts: Vec<u64> = (0..RUNS).map(one).collect();
    println!("counted {counts:?}");
    counts.into_iter().min().expect("there are runs")
}

/// Runs a command under valgrind, in the environment it has.
fn counted(home: &Path, command: &Command) -> u64 {
    let counts = home.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind", &format!("--callgrind-out-file={}", counts.display())])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        valgrind.env("PATH", path);
    }
    let output = valgrind.output().expect("valgrind starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(counts).expect("valgrind wrote what it counted");
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).expect("there is a total")
}

/// Says how a count stands to the accepted one, and whether it is too far above.
fn is_above(name: &str, count: u64, accepted: &str) -> bool {
    let found = accepted.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    let Some(before) = found else {
        println!("{name:<8} {count:>12}, and none is accepted");
        return true;
    };
    let change = count as f64 / before as f64 - 1.0;
    println!("{name:<8} {count:>12}, accepted {before:>12}: {:+.2} %", change * 100.0);
    change > TOLERANCE
}

fn text(counts: &[(&str, u64)]) -> String {
    let mut text =
        "Instructions that are accepted; written by FUSEBILL_UPDATE=1 cargo bench --bench instructions.\n\n"
            .to_string();
    for (name, count) in counts {
        let _ = writeln!(text, "{name} {count}");
        println!("{name:<8} {count:>12}, accepted");
    }
    text
}
