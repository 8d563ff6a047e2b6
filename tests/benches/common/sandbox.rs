//! The sandbox in this process that everything is measured against, and the program that is measured.

use std::path::Path;
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

/// The release binary with nothing in its environment but a home and the account of the sandbox.
pub fn fusebill(server: &Server, home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusebill"));
    command
        .env_clear()
        .env("HOME", home)
        .env("FUSEBILL_BASE_URL", server.base_url())
        .env("FUSEBILL_API_KEY", KEY);
    command
}
