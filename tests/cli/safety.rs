//! The key stays where it belongs, and requests go nowhere but where they were meant to go.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use fusebill::sandbox::KEY;

use crate::world::{Run, World};

/// A listener that nobody should reach.
pub struct Bystander(TcpListener);

impl Bystander {
    pub fn new() -> Bystander {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it does not block");
        Bystander(listener)
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1/customers/123", self.0.local_addr().expect("it is bound"))
    }

    #[track_caller]
    pub fn was_left_alone(&self) {
        assert!(self.0.accept().is_err(), "somebody connected");
    }
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[track_caller]
pub fn key_is_nowhere(world: &World, run: &Run, key: &str) {
    assert!(!run.stdout.contains(key) && !run.stderr.contains(key), "{run:?}");
    for file in files(world.home.path()) {
        let content = fs::read(&file).expect("a file");
        assert!(!content.windows(key.len()).any(|part| part == key.as_bytes()), "{}", file.display());
    }
}

#[test]
fn the_sandbox_profile_contacts_only_the_sandbox() {
    let world = World::new();
    let url = world.server.base_url();
    let proxy = format!("http://{}", world.server.address());
    let variables = [
        ("FUSEBILL_BASE_URL", url.as_str()),
        ("HTTPS_PROXY", &proxy),
        ("HTTP_PROXY", &proxy),
        ("http_proxy", &proxy),
        ("ALL_PROXY", &proxy),
        ("all_proxy", &proxy),
        ("FUSEBILL_PROFILE", "default"),
    ];
    for arguments in [
        vec!["--profile", "sandbox", "customer", "get", "123"],
        vec!["--profile", "sandbox", "customer", "update", "123", "--first-name", "John"],
    ] {
        let run = world.run_with(&variables, &arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let run = world.run_with(&variables, &["customer", "get", "123", "--profile=sandbox", "-o", "json"]);
    assert_eq!(run.json()["firstName"], "John", "the sandbox keeps what was written");
    world.was_left_alone();
}

#[test]
fn the_sandbox_needs_no_key_and_no_readable_settings() {
    let world = World::new();
    for (name, value) in
        [("FUSEBILL_API_KEY", ""), ("FUSEBILL_BASE_URL", "ftp://x"), ("HTTPS_PROXY", "gopher://x")]
    {
        let run =
            world.run_with(&[(name, value), ("FUSEBILL_PROFILE", "sandbox")], &["customer", "get", "123"]);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
    }
    world.was_left_alone();
}

#[test]
fn loopback_is_never_reached_by_way_of_a_proxy() {
    let (world, proxy) = (World::new(), Bystander::new());
    let address = proxy.url();
    let run =
        world.run_with(&[("ALL_PROXY", &address), ("HTTP_PROXY", &address)], &["customer", "get", "123"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    proxy.was_left_alone();
}

#[test]
fn the_key_is_sent_unchanged_and_shown_nowhere() {
    let world = World::new();
    for arguments in [
        vec!["customer", "get", "123", "-v"],
        vec!["customer", "update", "123", "--first-name", "John", "-v"],
        vec!["customer", "update", "123", "--first-name", "Jane", "-v", "-o", "json"],
        vec!["customer", "get", "99", "-v", "-o", "json"],
        vec!["--profile", "sandbox", "customer", "get", "123", "-v"],
    ] {
        key_is_nowhere(&world, &world.run(&arguments), KEY);
    }
    let header = format!("Basic {KEY}");
    let requests = world.requests();
    assert!(requests.len() >= 5);
    assert!(requests.iter().all(|request| request.header("authorization") == Some(&header)));
}

#[test]
fn a_key_that_is_refused_is_shown_nowhere() {
    let world = World::new();
    for (key, code) in [("MDpXcm9uZ0tleVdyb25nS2V5", 4), ("n0tBase64!!", 4), ("s3cr3t key", 4)] {
        let run =
            world.run_with(&[("FUSEBILL_API_KEY", key)], &["customer", "get", "123", "-v", "-o", "json"]);
        assert_eq!(run.code, code, "{}", run.stderr);
        key_is_nowhere(&world, &run, key);
    }
}

#[test]
fn the_key_is_not_on_the_command_line_of_the_process() {
    let world = World::new();
    let mut command = world.command(["customer", "update", "123", "--patch", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // A pipe takes far less, so the program reads by now and waits for the rest.
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(&vec![b' '; 1 << 20]).expect("it reads");
    let line = fs::read_to_string(format!("/proc/{}/cmdline", child.id())).expect("the process lives");
    assert!(line.contains("--patch") && !line.contains(KEY), "{line}");
    stdin.write_all(br#"{"firstName":"John"}"#).expect("it reads");
    drop(stdin);
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn no_redirect_is_followed_and_its_target_is_named() {
    for method in ["get", "put"] {
        for code in [301, 302, 303, 307, 308] {
            let (world, other) = (World::new(), Bystander::new());
            let before = world.stored(123);
            world.fault(&format!("{method}:redirect={code},{}", other.url()));
            let run = world.update(&["--first-name", "John"]);
            assert_eq!(run.code, 7, "{}", run.stderr);
            run.says(&[
                &format!("redirects to {} (HTTP {code})", other.url()),
                "never followed",
                "Nothing was written.",
            ]);
            other.was_left_alone();
            assert_eq!(world.stored(123), before, "{method} {code}");
            let expected: &[&str] = match method {
                "get" => &["GET /v1/customers/123"],
                _ => &["GET /v1/customers/123", "PUT /v1/customers", "GET /v1/customers/123"],
            };
            assert_eq!(world.lines(), expected, "{code}");
        }
    }
}

#[test]
fn a_key_never_goes_over_http_to_another_host() {
    let (world, proxy) = (World::new(), Bystander::new());
    for url in [
        "http://fusebill.invalid/v1",
        "HTTP://10.255.255.1/v1",
        "http://127.0.0.1.fusebill.invalid/v1",
        "http://[::2]/v1",
    ] {
        let variables = [("FUSEBILL_BASE_URL", url), ("ALL_PROXY", &proxy.url())];
        let run = world.run_with(&variables, &["customer", "get", "123"]);
        run.fails(2, &["FUSEBILL_BASE_URL", "not https"]);
    }
    proxy.was_left_alone();
    world.was_left_alone();
}

#[test]
fn every_put_carries_the_id_and_the_status_that_were_read() {
    let world = World::new();
    for id in [123_u64, 1016, 1020, 9_007_199_254_740_993] {
        let run = world.run(&["customer", "update", &id.to_string(), "--middle-name", "Quincy"]);
        assert_eq!(run.code, 0, "{id}: {}", run.stderr);
        let put: serde_json::Value = serde_json::from_str(world.puts().last().expect("a PUT")).expect("JSON");
        assert_eq!(put["id"], id);
        assert!(put["status"].is_string());
    }
}
