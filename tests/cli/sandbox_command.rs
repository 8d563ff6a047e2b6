//! `fusebill sandbox`, and the profile of the same name.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::world::{Run, World};

const GET: &[&str] = &["--profile", "sandbox", "customer", "get", "123"];

/// `sandbox serve`, running.
struct Served {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Served {
    fn new(world: &World, arguments: &[&str]) -> Served {
        let mut command = world.command([&["sandbox", "serve", "--port", "0"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut url = String::new();
        stdout.read_line(&mut url).expect("a line");
        Served { child, stdout, url: url.trim_end().to_string() }
    }

    fn run(&self, world: &World, arguments: &[&str]) -> Run {
        world.run_with(&[("FUSEBILL_BASE_URL", &self.url)], arguments)
    }

    /// Sends it a signal, and gives how it ended.
    fn end(mut self, signal: &str) -> Run {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(kill.expect("kill is there").success());
        let mut rest = String::new();
        self.stdout.read_line(&mut rest).expect("the end");
        let mut run = Run::of(self.child.wait_with_output().expect("it ends"));
        run.stdout = rest;
        run
    }
}

#[test]
fn serve_prints_its_address_first_serves_another_process_and_ends_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let world = World::new();
        let served = Served::new(&world, &["--memory"]);
        assert!(served.url.starts_with("http://127.0.0.1:") && served.url.ends_with("/v1"), "{}", served.url);
        let run = served.run(&world, &["customer", "update", "123", "--first-name", "John"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let read = served.run(&world, &["customer", "get", "123", "-o", "json"]);
        assert_eq!(read.json()["firstName"], "John");
        let end = served.end(signal);
        assert_eq!((end.code, end.stdout.as_str()), (0, ""), "{signal}: {}", end.stderr);
        end.says(&["The key is ", "Ctrl-C stops the server.", "Stopped."]);
        world.was_left_alone();
    }
}

#[test]
fn memory_begins_with_the_seed_and_leaves_no_file() {
    let world = World::new();
    let served = Served::new(&world, &["--memory"]);
    assert_eq!(served.run(&world, &["customer", "get", "123"]).code, 0);
    assert_eq!(served.end("-TERM").code, 0);
    assert_eq!(fs::read_dir(world.home.path()).expect("a home").count(), 0);
}

#[test]
fn serve_and_the_profile_work_on_the_same_customers() {
    let world = World::new();
    let served = Served::new(&world, &[]);
    assert_eq!(served.run(&world, &["customer", "update", "123", "--first-name", "John"]).code, 0);
    assert_eq!(world.run(&[GET, &["-o", "json"]].concat()).json()["firstName"], "John");
    assert_eq!(served.end("-INT").code, 0);
}

#[test]
fn faults_and_behaviours_are_given_on_the_command_line() {
    let world = World::new();
    let given = [
        "--memory",
        "--fault",
        "put:refuse=Not now.",
        "--fault",
        "get@2:empty=404",
        "--behaviour",
        "not-found=empty",
    ];
    let served = Served::new(&world, &given);
    let run = served.run(&world, &["customer", "update", "123", "--first-name", "John"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    run.says(&["Not now."]);
    assert_eq!(served.run(&world, &["customer", "get", "123"]).code, 3);
    assert_eq!(served.run(&world, &["customer", "get", "123"]).code, 0);
    let missing = served.run(&world, &["customer", "get", "99", "-o", "json"]).json();
    assert_eq!(missing["error"]["message"], "reading customer 99: there is no such customer (HTTP 404)");
    assert_eq!(served.end("-TERM").code, 0);
}

#[test]
fn limits_are_given_on_the_command_line() {
    let world = World::new();
    let served = Served::new(&world, &["--memory", "--per-minute", "1"]);
    assert_eq!(served.run(&world, &["customer", "get", "123"]).code, 0);
    let run = served.run(&world, &["customer", "get", "123", "--timeout", "0.2"]);
    run.fails(7, &["rate limit is used up (HTTP 429)"]);
    assert_eq!(served.end("-TERM").code, 0);
}

#[test]
fn a_bad_flag_of_serve_is_a_usage_error() {
    let world = World::new();
    for (arguments, says) in [
        (["--fault", "statsu"], &["--fault statsu", "[METHOD]", "put:status=500"][..]),
        (["--fault", "put:statsu=500"], &["--fault put:statsu=500", "there is no fault `statsu`", "latency"]),
        (["--fault", "delete:cut"], &["--fault", "get, put, list, post, preview, overview, any"]),
        (["--behaviour", "reset"], &["--behaviour reset", "NAME=VALUE"]),
        (["--behaviour", "reset=never"], &["--behaviour reset=never", "iso, epoch, none"]),
        (["--behaviour", "rest=iso"], &["--behaviour rest=iso", "nested-omitted"]),
        (["--port", "99999"], &["--port", "99999"]),
        (["--per-minute", "-1"], &["-1"]),
    ] {
        world.run(&[&["sandbox", "serve", "--memory"], arguments.as_slice()].concat()).fails(2, says);
    }
}

#[test]
fn a_port_in_use_is_reported() {
    let world = World::new();
    let port = world.server.address().port().to_string();
    let run = world.run(&["sandbox", "serve", "--memory", "--port", &port]);
    run.fails(1, &["starting the sandbox", &format!("127.0.0.1:{port}"), "in use"]);
}

#[test]
fn path_prints_the_file_and_reset_restores_the_seed() {
    let world = World::new();
    let path = world.run(&["sandbox", "path"]);
    let expected = world.home.path().join(".local/state/fusebill/sandbox/customers.ndjson");
    path.is(0, &format!("{}\n", expected.display()), "");
    let first = world.run(&[GET, &["-o", "json"]].concat());
    assert!(expected.exists());
    let changed = world.run(&["--profile", "sandbox", "customer", "update", "123", "--first-name", "John"]);
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    assert!(changed.stdout.contains("(profile sandbox, 127.0.0.1)"), "{}", changed.stdout);
    assert_eq!(world.run(&[GET, &["-o", "json"]].concat()).json()["firstName"], "John");
    let reset = world.run(&["sandbox", "reset"]);
    reset.is(0, &format!("{}\n", expected.display()), "The sandbox's customers are as they were at first.\n");
    assert_eq!(world.run(&[GET, &["-o", "json"]].concat()).stdout, first.stdout);
    let json = world.run(&["sandbox", "path", "-o", "json"]).json();
    assert_eq!(json, serde_json::json!({"path": expected.display().to_string()}));
}

#[test]
fn the_state_folder_follows_its_variable() {
    let world = World::new();
    let state = world.home.path().join("elsewhere");
    let run = world.run_with(&[("XDG_STATE_HOME", &state.display().to_string())], &["sandbox", "path"]);
    assert_eq!(run.stdout, format!("{}\n", state.join("fusebill/sandbox/customers.ndjson").display()));
}

#[test]
fn the_state_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    assert_eq!(world.run(GET).code, 0);
    let folder = world.home.path().join(".local/state/fusebill/sandbox");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("customers.ndjson"))), (0o700, 0o600));
}

#[test]
fn edits_of_several_processes_at_once_are_all_kept() {
    let world = World::new();
    let edits = [
        ("123", "--first-name", "firstName"),
        ("1001", "--last-name", "lastName"),
        ("1002", "--middle-name", "middleName"),
        ("2001", "--suffix", "suffix"),
        ("3001", "--primary-phone", "primaryPhone"),
        ("4001", "--reference", "reference"),
    ];
    let start = |(id, flag, _): &(&str, &str, &str)| {
        let mut command = world.command(["--profile", "sandbox", "customer", "update", id, flag, "At once"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let children: Vec<Child> = edits.iter().map(start).collect();
    for child in children {
        let run = Run::of(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    for (id, _, name) in edits {
        let read = world.run(&["--profile", "sandbox", "customer", "get", id, "-o", "json"]);
        assert_eq!(read.json()[name], "At once", "{id}");
    }
}

#[test]
fn a_damaged_state_is_explained_and_reset_mends_it() {
    for damage in
        ["", "not the header\n", "{\"fusebillSandbox\":1}\n{\"id\":123,\n", "{\"fusebillSandbox\":1}\n{}\n"]
    {
        let world = World::new();
        assert_eq!(world.run(GET).code, 0);
        let path = world.run(&["sandbox", "path"]).stdout;
        fs::write(path.trim_end(), damage).expect("it can be written");
        let run = world.run(GET);
        run.fails(1, &["starting the sandbox", path.trim_end(), "is damaged", "`fusebill sandbox reset`"]);
        assert_eq!(
            fs::read_to_string(path.trim_end()).expect("a file"),
            damage,
            "it is left for whoever wants it back"
        );
        assert_eq!(world.run(&["sandbox", "reset"]).code, 0);
        assert_eq!(world.run(GET).code, 0);
    }
}

#[test]
fn a_state_folder_that_cannot_be_made_is_explained() {
    let world = World::new();
    let file = world.file("occupied", "");
    let run = world.run_with(&[("XDG_STATE_HOME", &file)], GET);
    run.fails(1, &["starting the sandbox", "cannot be made", &file, "set XDG_STATE_HOME to"]);
}
