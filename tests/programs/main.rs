//! Tests that need programs beside the Rust toolchain: the shells that complete, and what documents use in their examples.
//!
//! A test whose program is missing is ignored and names it, so that `cargo test` passes on a fresh machine. With `CI` set it
//! fails instead: .ci/run installs every program, so a missing one is a missing install step. Spreadsheet programs are too large to
//! install for every run, so their tests are ignored without them there too.

mod docs;
mod shells;
mod spreadsheets;
#[path = "../cli/terminal.rs"]
#[expect(dead_code, reason = "tests/cli uses the rest")]
mod terminal;
#[path = "../cli/world.rs"]
#[expect(dead_code, reason = "tests/cli uses the rest")]
mod world;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Where tests look for programs, whatever `PATH` the test run has.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A test that needs these programs.
fn needs(programs: &[&str], name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !is_installed(program)).collect();
    let trial = Trial::test(name, || {
        test();
        Ok(())
    });
    if missing.is_empty() {
        return trial;
    }
    let in_ci = std::env::var_os("CI").is_some();
    trial.with_kind(format!("{} not installed", missing.join(", "))).with_ignored_flag(!in_ci)
}

/// A test that is ignored without this large program, in .ci/run too.
fn if_installed(program: &str, name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    let trial = needs(&[program], name, test);
    if is_installed(program) { trial } else { trial.with_ignored_flag(true) }
}

fn is_installed(program: &str) -> bool {
    PATH.split(':').any(|folder| Path::new(folder).join(program).exists())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = shells::tests().into_iter().chain(docs::tests()).chain(spreadsheets::tests()).collect();
    libtest_mimic::run(&arguments, tests).exit_code()
}
