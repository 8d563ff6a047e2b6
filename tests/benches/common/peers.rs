//! The other tools of a benchmark: which of them are on this machine.

use std::process::Command;

/// A script in `tests/benches/peers/`.
pub fn script(name: &str) -> String {
    format!("{}/tests/benches/peers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A command that knows where programs are and nothing else, such as a proxy.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// The Python that has `requests`; the interpreter itself, as what is called `python3` may be a script that looks for it.
pub fn python() -> Option<String> {
    let output =
        command("python3").args(["-c", "import requests, sys; print(sys.executable)"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}
