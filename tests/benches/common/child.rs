//! A child process, and what it took.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::{ResourceUsage, Wait4};

/// Runs a command to its end; what it prints is thrown away. Given are the time from its start to its end, and what it
/// used with all that it started itself.
///
/// # Panics
/// Where it does not end well; then with what it said.
pub fn run(command: &mut Command) -> (Duration, ResourceUsage) {
    let message = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary file");
    let output = File::options().append(true).open(message.path()).expect("it can be written");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
    let begun = Instant::now();
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let ended = child.wait4().expect("a child that was started can be waited for");
    let wall = begun.elapsed();
    let words = || std::fs::read_to_string(message.path()).unwrap_or_default();
    assert!(ended.status.success(), "{command:?}: {}\n{}", ended.status, words());
    (wall, ended.rusage)
}
