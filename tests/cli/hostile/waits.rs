//! What a server says about its limits, and how long it asks to wait.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::server::{Says, Server, with};
use super::{Case, SKIP, steers_nothing, try_within};
use crate::world::{Run, World};

const USED_UP: &str = "rate limit is used up (HTTP 429)";

fn too_many(headers: &str) -> Says {
    with("429 Too Many Requests", headers, "")
}

const fn refused(name: &'static str, says: fn(&str) -> Says) -> Case {
    Case { name, says, because: USED_UP, codes: [7, SKIP, 7, SKIP] }
}

#[test]
fn no_retry_after_extends_the_time_limit() {
    let cases = [
        refused("Retry-After that is negative", |_| too_many("Retry-After: -1\r\n")),
        refused("Retry-After of the largest number", |_| too_many("Retry-After: 18446744073709551615\r\n")),
        refused("Retry-After beyond all numbers", |_| too_many("Retry-After: 99999999999999999999999\r\n")),
        refused("Retry-After with a fraction", |_| too_many("Retry-After: 0.5\r\n")),
        refused("Retry-After that is no number", |_| too_many("Retry-After: tomorrow\r\n")),
        refused("Retry-After in the past", |_| too_many("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n")),
        refused("Retry-After in the far future", |_| {
            too_many("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n")
        }),
        refused("Retry-After that is empty", |_| too_many("Retry-After: \r\n")),
        refused("Retry-After twice", |_| too_many("Retry-After: 5\r\nRetry-After: 99999\r\n")),
        refused("a reset of the largest number", |_| {
            too_many("X-Rate-Limit-Reset-Minute: 9223372036854775807\r\n")
        }),
        refused("a reset of the smallest number", |_| {
            too_many("X-Rate-Limit-Reset-Minute: -9223372036854775808\r\n")
        }),
        refused("a reset at the end of time", |_| {
            too_many("X-Rate-Limit-Reset-Minute: 9999-12-31T23:59:59Z\r\n")
        }),
        refused("a reset at the beginning of time", |_| {
            too_many("X-Rate-Limit-Reset-Minute: -009999-01-01T00:00:00Z\r\n")
        }),
        refused("a reset that is no time", |_| {
            too_many("X-Rate-Limit-Reset-Minute: 2026-02-30T25:61:61\r\n")
        }),
    ];
    try_within(2, &cases);
}

/// Everything that an answer says about limits, as absurd as can be.
const ABSURD: &[&str] = &[
    "X-Rate-Limit-Limit-Minute: 0\r\nX-Rate-Limit-Remaining-Minute: 4294967295\r\nX-Rate-Limit-Reset-Minute: -1\r\n",
    "X-Rate-Limit-Limit-Minute: 4294967295\r\nX-Rate-Limit-Remaining-Minute: 4294967295\r\n\
     X-Rate-Limit-Reset-Minute: 9223372036854775807\r\nRetry-After: 18446744073709551615\r\n",
    "X-Rate-Limit-Limit-Day: -1\r\nX-Rate-Limit-Remaining-Day: 1e9\r\nX-Rate-Limit-Reset-Day: 9999-12-31T23:59:59Z\r\n",
    "X-Rate-Limit-Remaining-Minute: 99999999999999999999\r\nX-Rate-Limit-Remaining-Day: \r\n",
];

#[test]
fn impossible_rate_limit_headers_change_nothing() {
    let cases = [
        Case { name: "0", says: |body| with("200 OK", ABSURD[0], body), because: "", codes: [0, 0, 9, 0] },
        Case { name: "1", says: |body| with("200 OK", ABSURD[1], body), because: "", codes: [0, 0, 9, 0] },
        Case { name: "2", says: |body| with("200 OK", ABSURD[2], body), because: "", codes: [0, 0, 9, 0] },
        Case { name: "3", says: |body| with("200 OK", ABSURD[3], body), because: "", codes: [0, 0, 9, 0] },
    ];
    try_within(5, &cases);
    for headers in ABSURD {
        let world = World::new();
        let server = Server::new([world.stored(123)], |_, _| with("200 OK", headers, "[]"));
        let run = world.run_with(&[("FUSEBILL_BASE_URL", server.base())], &["auth", "status"]);
        assert_eq!(run.code, 0, "{headers} {run:#?}");
        steers_nothing(&run.stdout);
    }
}

#[test]
fn a_run_with_an_endless_retry_after_can_be_interrupted() {
    for headers in
        ["Retry-After: 18446744073709551615\r\n", "X-Rate-Limit-Reset-Minute: 9999-12-31T23:59:59Z\r\n"]
    {
        let world = World::new();
        let (told, asked) = channel();
        let told = Mutex::new(told);
        let server = Server::new([world.stored(123)], move |_, _| {
            told.lock().expect("one at a time").send(()).expect("the test waits");
            too_many(headers)
        });
        let rows = world.file("rows.csv", "id,firstName\n123,John\n");
        let mut command = world.command(["customer", "bulk", "update", &rows, "--yes", "--timeout", "1"]);
        command.env("FUSEBILL_BASE_URL", server.base());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        asked.recv().expect("the program asks");
        let id = child.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().expect("a signal is sent");
        let run = Run::of(child.wait_with_output().expect("the program ends"));
        assert!(!run.stderr.contains("panicked"), "{headers} {run:#?}");
        assert_eq!((run.code, server.state().count("PUT")), (130, 0), "{headers} {run:#?}");
    }
}

/// `Retry-After` is two seconds from now, so a second at least is left of it. The server's clock is this much ahead.
fn soon(status: &str, minutes: i64) -> Says {
    let now = jiff::Timestamp::now() + SignedDuration::from_mins(minutes);
    let [now, then] = [now, now + Duration::from_secs(2)].map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT"));
    with(status, &format!("Date: {now}\r\nRetry-After: {then}\r\n"), "")
}

#[test]
fn a_retry_after_that_is_a_date_is_waited_for() {
    for (status, method, minutes) in [
        ("429 Too Many Requests", "PUT", 0),
        ("429 Too Many Requests", "GET", 0),
        ("503 Service Unavailable", "GET", 0),
        ("503 Service Unavailable", "PUT", 0),
        ("429 Too Many Requests", "PUT", 10),
        ("429 Too Many Requests", "GET", -10),
        ("503 Service Unavailable", "PUT", -10),
    ] {
        let world = World::new();
        let times = std::sync::Arc::new(Mutex::new(Vec::new()));
        let asked = std::sync::Arc::clone(&times);
        let server = Server::new([world.stored(123)], move |state, request| {
            asked.lock().expect("one at a time").push(Instant::now());
            let first = request.method == method && state.count(method) == 1;
            if first { soon(status, minutes) } else { state.honestly(request) }
        });
        let arguments = ["customer", "update", "123", "--first-name", "John", "--timeout", "60"];
        let run = world.run_with(&[("FUSEBILL_BASE_URL", server.base())], &arguments);
        assert_eq!(run.code, 0, "{status} {method} {run:#?}");
        run.says(&["trying again in"]);
        let times = times.lock().expect("the server is idle");
        let at = usize::from(method == "PUT");
        assert!(times[at + 1] - times[at] >= Duration::from_secs(1), "{status} {method} {run:#?}");
    }
}

#[test]
fn a_retry_after_beyond_the_time_limit_ends_the_command_at_once() {
    let world = World::new();
    let server = Server::new([world.stored(123)], move |state, request| {
        if request.method == "GET" {
            return state.honestly(request);
        }
        with("429 Too Many Requests", "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT\r\n", "")
    });
    let run = world.run_with(
        &[("FUSEBILL_BASE_URL", server.base())],
        &["customer", "update", "123", "--first-name", "John"],
    );
    assert_eq!((run.code, server.state().count("PUT")), (7, 1), "{run:#?}");
}

#[test]
fn the_time_of_the_key_command_is_part_of_the_time_limit() {
    let world = World::new();
    let server =
        Server::new([world.stored(123)], |_, _| with("429 Too Many Requests", "Retry-After: 3\r\n", ""));
    let folder = world.home.path().join(".config/fusebill");
    std::fs::create_dir_all(&folder).expect("the home can be written");
    let key = fusebill::sandbox::KEY;
    let text = format!(
        "[profiles.default]\nbase_url = '{}'\napi_key_command = ['sh', '-c', 'sleep 2; echo {key}']\n",
        server.base()
    );
    std::fs::write(folder.join("config.toml"), text).expect("the home can be written");
    let mut command = world.command(["customer", "get", "123", "--timeout", "4"]);
    command.env_remove("FUSEBILL_BASE_URL").env_remove("FUSEBILL_API_KEY").env("PATH", "/usr/bin:/bin");
    let run = crate::world::finished(command.stdin(Stdio::null()));
    assert_eq!(run.code, 7, "{run:#?}");
    assert!(server.state().count("GET") <= 1, "after the key command, 3 s are not left: {run:#?}");
}
