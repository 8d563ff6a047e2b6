//! Limits of the system, narrow terminals, strange locales, and arguments of any size.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use fusebill::sandbox::KEY;

use super::{JOHN, behind, is_accounted_for, kinds, under, wrote_john, wrote_nothing};
use crate::terminal::Terminal;
use crate::world::{World, finished};

#[test]
fn an_update_with_few_open_files_works_or_fails_before_the_put() {
    let mut refused = 0;
    for limit in 3..24 {
        let world = World::new();
        let run = under(&world, &format!("ulimit -n {limit}"), &JOHN);
        assert!(!run.stderr.contains("panicked"), "{limit}: {}", run.stderr);
        is_accounted_for(&world);
        if run.code == 0 {
            assert_eq!(world.puts().len(), 1);
            continue;
        }
        refused += 1;
        assert!([1, 2, 7, 127].contains(&run.code), "{limit}: {run:#?}");
        assert_eq!((world.puts().len(), kinds(&world)), (0, Vec::<String>::new()), "{limit}: {run:#?}");
        assert!(run.code == 127 || run.stderr.contains("Nothing was written."), "{limit}: {run:#?}");
    }
    assert!((1..18).contains(&refused), "{refused}");
}

#[test]
fn an_update_works_with_little_stack_or_memory() {
    for limit in ["ulimit -s 2048", "ulimit -v 300000", "ulimit -c 0; ulimit -t 60"] {
        let world = World::new();
        wrote_john(&world, &under(&world, limit, &JOHN));
    }
}

#[test]
fn a_tiny_stack_or_memory_never_sends_an_unrecorded_change() {
    // A build for debugging needs more than a release does, so where it ends is not the same for both.
    for limit in ["ulimit -s 128", "ulimit -s 256", "ulimit -v 10000", "ulimit -v 40000"] {
        let world = World::new();
        let run = under(&world, limit, &JOHN);
        is_accounted_for(&world);
        assert_eq!(run.code == 0, world.puts().len() == 1, "{limit}: {run:#?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_crashes_leaves_no_core_dump_with_the_key() {
    let world = World::new();
    world.fault("get:hang");
    let script = "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\"";
    let mut program = behind(&world, script, &JOHN).spawn().expect("it starts");
    while world.requests().is_empty() {
        std::thread::yield_now();
    }
    let crash = ["-s", "ABRT", &program.id().to_string()].map(str::to_string);
    assert!(Command::new("kill").args(crash).status().expect("kill runs").success());
    let end = program.wait().expect("it ends");
    assert_eq!((end.signal(), end.core_dumped()), (Some(6), false));
}

/// No thread has this much room for its stack.
const NO_THREADS: &str = "export RUST_MIN_STACK=8000000000; ulimit -v 1000000";

#[test]
fn an_update_without_threads_is_written_with_a_signal_warning() {
    let world = World::new();
    wrote_john(&world, &under(&world, NO_THREADS, &JOHN));
    let world = World::new();
    world.fault("get:latency=500ms");
    let run = under(&world, NO_THREADS, &JOHN);
    wrote_john(&world, &run);
    run.says(&["warning: cannot handle signals"]);
}

#[test]
fn commands_that_need_threads_send_nothing_without_them() {
    let world = World::new();
    let file = world.file("rows.csv", "id,firstName\n123,John\n");
    let run = under(&world, NO_THREADS, &["customer", "bulk", "update", &file, "--yes"]);
    assert_eq!(run.code, 10, "{run:#?}");
    run.says(&["the system has no thread for the work", "until then: 1 not-reached"]);
    world.was_left_alone();
    let port = world.server.address().port();
    let named = format!("export FUSEBILL_BASE_URL=http://localhost:{port}/v1; {NO_THREADS}");
    wrote_nothing(&world, &under(&world, &named, &JOHN), 7, &["Resource temporarily unavailable"]);
    assert_eq!(kinds(&world), [""; 0]);
    let run = under(&world, NO_THREADS, &["--profile", "sandbox", "customer", "get", "123"]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

#[test]
fn a_key_command_without_threads_fails_before_any_request() {
    let world = World::new();
    world.file("key.sh", format!("echo {KEY}"));
    assert_eq!(world.run(&["profile", "set", "default", "--api-key-command", "/bin/sh key.sh"]).code, 0);
    let url = world.server.base_url();
    assert_eq!(world.run(&["profile", "set", "default", "--base-url", &url]).code, 0);
    let run = under(&world, &format!("unset FUSEBILL_API_KEY; {NO_THREADS}"), &JOHN);
    wrote_nothing(&world, &run, 4, &["api_key_command", "Resource temporarily unavailable"]);
}

#[test]
fn arguments_of_any_size_are_checked_and_refused() {
    let world = World::new();
    let long = "x".repeat(125_000);
    wrote_nothing(&world, &world.update(&["--first-name", &long]), 2, &["--first-name", "the limit is 50"]);
    let patch = format!("{{\"firstName\":\"{}\"}}", "x".repeat(1 << 20));
    let run = world.pipe(&["customer", "update", "123", "--patch", "-"], patch.as_bytes());
    wrote_nothing(&world, &run, 2, &["firstName", "the limit is 50"]);
    assert!(run.stderr.len() < 10_000, "the value is not repeated: {} bytes", run.stderr.len());
    let flags: Vec<String> = (0..2_000).map(|at| format!("--set=x{at}=1")).collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    wrote_nothing(&world, &world.update(&flags), 2, &["x0"]);
    let same: Vec<&str> = std::iter::repeat_n("--first-name=John", 2_000).collect();
    wrote_nothing(&world, &world.update(&same), 2, &["--first-name"]);
}

#[test]
fn non_utf_8_input_is_refused_or_ignored() {
    let bad = OsStr::from_bytes(b"\xff\xfe");
    for name in ["LANG", "LC_ALL", "TZ", "TERM", "COLUMNS", "NO_COLOR", "XDG_STATE_HOME", "EDITOR", "PATH"] {
        let world = World::new();
        wrote_john(&world, &finished(world.command(JOHN).env(name, bad)));
    }
    for name in ["FUSEBILL_PROFILE", "FUSEBILL_BASE_URL", "FUSEBILL_API_KEY"] {
        let world = World::new();
        let run = finished(world.command(JOHN).env(name, bad));
        wrote_nothing(&world, &run, 2, &[name, "not UTF-8"]);
        world.was_left_alone();
    }
    let world = World::new();
    let mut arguments: Vec<&OsStr> = JOHN.iter().map(OsStr::new).collect();
    arguments[4] = bad;
    wrote_nothing(&world, &finished(&mut world.command(arguments)), 2, &["is not UTF-8 text"]);
    let home = world.home.path().join(bad);
    let run = finished(world.command(JOHN).env("HOME", &home));
    assert_eq!((run.code, home.join(".local/state/fusebill/fusebill.db").exists()), (0, true), "{run:#?}");
}

#[test]
fn locale_time_zone_and_terminal_do_not_change_request_or_output() {
    let name = "Zoë 山田 \u{1f600}";
    let update = ["customer", "update", "123", "--last-name", name, "--color", "never"];
    let world = World::new();
    let plain = world.run(&update);
    let body = world.put_body();
    assert!(plain.code == 0 && body.contains(name), "{plain:#?}");
    for (variable, value) in [
        ("LC_ALL", "C"),
        ("LC_ALL", "POSIX"),
        ("LANG", "xx_YY.nonsense"),
        ("TZ", "Not/AZone"),
        ("TZ", ":/etc/passwd"),
        ("TZ", "../../../../dev/null"),
        ("TZ", ""),
        ("TERM", "dumb"),
        ("TERM", ""),
        ("COLUMNS", "1"),
        ("COLUMNS", "-1"),
        ("NO_COLOR", "1"),
    ] {
        let world = World::new();
        let run = world.run_with(&[(variable, value)], &update);
        assert_eq!(
            (run.code, run.stdout.replace('─', "-"), &run.stderr),
            (0, plain.stdout.replace('─', "-"), &plain.stderr),
            "{variable}={value}"
        );
        assert_eq!(world.put_body(), body);
        let history = world.run_with(&[(variable, value)], &["customer", "history"]);
        assert_eq!((history.code, history.stderr.as_str()), (0, ""), "{variable}={value}");
        assert!(history.stdout.contains("written"), "{}", history.stdout);
    }
}

#[test]
fn on_a_terminal_of_twenty_columns_everything_is_shown_and_asked() {
    let world = World::new();
    let mut command = world.command(["customer", "update", "123", "--status", "hold"]);
    command.env("TERM", "xterm");
    let mut terminal = Terminal::sized(&command, 20, 10);
    terminal.until("y/n");
    assert!(terminal.shown().contains("status"), "{}", terminal.shown());
    terminal.send("y\r");
    let ended = terminal.finish();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    ended.left_the_terminal_right();
    assert!(world.put_body().contains("\"Hold\""));
    assert_eq!(kinds(&world), ["intent", "written"]);
}

#[test]
fn an_empty_environment_fails_for_lack_of_a_key() {
    let world = World::new();
    let run = finished(&mut behind(&world, "exec /usr/bin/env -i HOME=\"$HOME\" \"$0\" \"$@\"", &JOHN));
    wrote_nothing(&world, &run, 4, &["no API key"]);
    world.was_left_alone();
}
