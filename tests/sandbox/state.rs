//! The state file: its format, sharing it, a damaged one.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fusebill::sandbox::{Options, Server, State, reset, seed};

use crate::client::{Ask, at, with};

fn start(path: &Path) -> anyhow::Result<Server> {
    Server::start(Options { state: State::File(path.to_path_buf()), ..Options::default() })
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/sandbox.ndjson");
    (folder, path)
}

#[test]
fn a_missing_file_is_seeded_and_outlives_the_sandbox() {
    let (_folder, path) = folder();
    let server = start(&path).unwrap();
    assert_eq!(server.list("pageSize=1000").ids().len(), seed().count());
    assert_eq!(server.put(&with(&server.document(123), "firstName", "\"\\u004aohn\"")).status, 200);
    let left = server.document(123);
    drop(server);
    assert_eq!(start(&path).unwrap().document(123), left);
    assert_eq!(at(&left, "firstName"), "\"\\u004aohn\"");
}

#[test]
fn the_file_is_a_header_then_customers_then_ledgers() {
    let (_folder, path) = folder();
    let server = start(&path).unwrap();
    server.store("{\"id\": 5,\n \"firstName\":\"a\\nb\"}").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], r#"{"fusebillSandbox":1}"#);
    assert_eq!(lines[1], "{\"id\": 5,  \"firstName\":\"a\\nb\"}");
    let ledgers = lines.iter().position(|line| line.starts_with("{\"ledgerOf\":"));
    assert_eq!(ledgers, Some(seed().count() + 2));
    assert!(text.ends_with('\n'));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let server = start(&path).unwrap();
    server.put("{\"id\":123,\"status\":\"Active\"}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_file_name("sandbox.ndjson.lock")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn a_damaged_state_file_names_reset_and_a_reset_repairs_it() {
    let (_folder, path) = folder();
    let server = start(&path).unwrap();
    for damaged in [
        "",
        "{\"fusebillSandbox\":9}\n",
        "{\"fusebillSandbox\":1}\n{\"id\":1\n",
        "{\"fusebillSandbox\":1}\n{}\n",
    ] {
        std::fs::write(&path, damaged).unwrap();
        let reason = format!("{:#}", start(&path).err().unwrap());
        assert!(reason.contains("is damaged") && reason.contains("`fusebill sandbox reset`"), "{reason}");
        let reply = server.get(123);
        assert_eq!(reply.status, 500);
        assert!(reply.text().contains("`fusebill sandbox reset`"), "{}", reply.text());
    }
    reset(&path).unwrap();
    assert_eq!(at(&server.document(123), "firstName"), "\"Jon\"");
}

#[test]
fn sandboxes_that_share_a_file_lose_no_write() {
    let (_folder, path) = folder();
    let servers: Vec<Server> = (0..3).map(|_| start(&path).unwrap()).collect();
    let ids = [123, 1001, 1002, 1003, 1005, 1019];
    std::thread::scope(|scope| {
        for (at, id) in ids.into_iter().enumerate() {
            let server = &servers[at % servers.len()];
            scope.spawn(move || {
                for round in 0..5 {
                    let edited = with(&server.document(id), "middleName", &format!("\"{round}\""));
                    assert_eq!(server.put(&edited).status, 200);
                }
            });
        }
    });
    for (id, server) in ids.into_iter().zip(servers.iter().cycle().skip(1)) {
        assert_eq!(at(&server.document(id), "middleName"), "\"4\"", "{id}");
    }
}

/// Starts a second process that serves the state below this folder, and gives its address.
fn process(state: &Path) -> (std::process::Child, String, impl BufRead) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fusebill"))
        .args(["sandbox", "serve", "--port", "0"])
        .env("XDG_STATE_HOME", state)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    assert_ne!(output.read_line(&mut line).unwrap(), 0);
    let address = line.trim().trim_start_matches("http://").trim_end_matches("/v1").to_string();
    (child, address, output)
}

#[cfg(unix)]
#[test]
fn processes_share_a_file_and_sigterm_stops_one_cleanly() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fusebill/sandbox/customers.ndjson");
    let server = start(&path).unwrap();
    let (mut child, address, mut output) = process(folder.path());
    let body = r#"{"id":123,"status":"Hold"}"#;
    let request = crate::client::request("PUT", "/v1/customers", body);
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(&request).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    assert_eq!(at(&server.document(123), "status"), "\"Hold\"");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}
