//! The sandbox in this process that everything is measured against, and the program that is measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use fusebill::sandbox::{KEY, Limits, Options, Server};

/// The customer that is changed.
pub const CUSTOMER: u64 = 123;

/// A sandbox that refuses nobody for asking too often, and lets every request wait so many milliseconds.
pub fn start(latency: u64) -> Server {
    let limits = Limits { per_minute: u32::MAX, per_day: u32::MAX, ..Limits::default() };
    let server = Server::start(Options { limits, remembered: 1, ..Options::default() }).expect("a free port");
    if latency > 0 {
        server.inject(format!("any*all:latency={latency}ms").parse().expect("it is a fault"));
    }
    server
}

/// The release binary as it is once it is installed: a copy, in this home. What the linker wrote bit by bit stays in memory
/// bit by bit, and takes more page faults than what was copied, as every other program here was.
pub fn installed(home: &Path) -> PathBuf {
    let copy = home.join("fusebill");
    if !copy.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_fusebill"), &copy).expect("the home takes the program");
    }
    copy
}

/// The installed program with nothing in its environment but its home and the account of the sandbox.
pub fn fusebill(server: &Server, home: &Path) -> Command {
    let mut command = Command::new(installed(home));
    command
        .env_clear()
        .env("HOME", home)
        .env("FUSEBILL_BASE_URL", server.base_url())
        .env("FUSEBILL_API_KEY", KEY);
    command
}
