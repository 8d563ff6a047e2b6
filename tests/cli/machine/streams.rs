//! Standard streams that are closed or full, and signals that come from elsewhere.

use std::io::{BufRead, BufReader};

use super::{
    JOHN, behind, ended, is_accounted_for, kinds, signal, start, stop, under, until, until_seen, wrote_john,
    wrote_nothing,
};
use crate::world::{World, finished};

#[test]
fn closed_standard_streams_do_not_affect_the_write() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        let world = World::new();
        let run = finished(&mut behind(&world, &format!("exec \"$0\" \"$@\" {closed}"), &JOHN));
        wrote_john(&world, &run);
        assert_eq!(run.stdout.is_empty(), closed.contains(" >&-") || closed.starts_with(">&-"), "{closed}");
    }
}

#[test]
fn a_closed_standard_input_gives_no_consent_and_no_patch() {
    let world = World::new();
    let script = "exec \"$0\" \"$@\" <&-";
    let arguments = ["customer", "update", "123", "--status", "hold"];
    let run = finished(&mut behind(&world, script, &arguments));
    wrote_nothing(&world, &run, 2, &["needs consent", "--yes"]);
    let run = finished(&mut behind(&world, script, &["customer", "update", "123", "--patch", "-"]));
    wrote_nothing(&world, &run, 2, &[]);
    assert_eq!(kinds(&world), [""; 0]);
}

#[test]
fn a_run_with_a_full_output_never_claims_that_nothing_was_written() {
    for form in ["table", "json", "csv", "ndjson"] {
        let world = World::new();
        let file = world.file("rows.csv", "id,middleName\n123,Q\n1016,Q\n1020,Q\n");
        let arguments = ["customer", "bulk", "update", &file, "--yes", "--jobs", "1", "-o", form];
        let run = finished(&mut behind(&world, "exec \"$0\" \"$@\" > /dev/full", &arguments));
        let code = if form == "ndjson" || form == "csv" { 10 } else { 13 };
        assert_eq!(run.code, code, "{form}: {run:#?}");
        run.says(&["the output cannot be written", "No space left on device"]);
        assert!(!run.stderr.contains("Nothing was written"), "{form}: {}", run.stderr);
        is_accounted_for(&world);
    }
}

#[test]
fn an_update_under_nohup_survives_a_hangup() {
    let world = World::new();
    world.fault("get:latency=300ms");
    let child = start(behind(&world, "trap '' HUP; exec \"$0\" \"$@\"", &JOHN));
    until_seen(&world, "GET");
    signal(&child, "HUP");
    wrote_john(&world, &ended(child));
}

#[test]
fn every_signal_during_the_write_waits_for_the_outcome() {
    for name in ["INT", "QUIT", "TERM", "HUP"] {
        if name == "HUP" && crate::world::is_under_nohup() {
            continue;
        }
        let world = World::new();
        world.fault("put:latency=500ms");
        let mut child = start(world.command(JOHN));
        until_seen(&world, "PUT");
        signal(&child, name);
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut message = String::new();
        while !message.contains("waiting for the outcome") {
            assert_ne!(stderr.read_line(&mut message).expect("it is text"), 0, "{name}: {message}");
        }
        std::io::copy(&mut stderr, &mut std::io::sink()).expect("it is read to its end");
        let run = ended(child);
        assert_eq!(
            (run.code, kinds(&world)),
            (0, vec!["intent".to_string(), "written".to_string()]),
            "{name}"
        );
        is_accounted_for(&world);
    }
}

#[test]
fn an_update_stopped_during_its_put_finishes_when_continued() {
    let world = World::new();
    world.fault("put:latency=1s");
    let child = start(world.command(JOHN));
    until_seen(&world, "PUT");
    stop(&child);
    until("the PUT is answered", || world.requests().last().is_some_and(|last| last.status.is_some()));
    assert_eq!(kinds(&world), ["intent"]);
    signal(&child, "CONT");
    wrote_john(&world, &ended(child));
}

#[test]
fn a_closed_pipe_does_not_stop_a_run() {
    let world = World::new();
    let file = world.file("rows.csv", "id,middleName\n123,Q\n1016,Q\n1020,Q\n");
    let arguments = ["customer", "bulk", "update", &file, "--yes", "-o", "ndjson"];
    let run = under(&world, "exec 3>&1; \"$0\" \"$@\" | : ; true", &["--version"]);
    assert_eq!(run.code, 0);
    let run = finished(&mut behind(
        &world,
        "{ \"$0\" \"$@\"; echo $? >&2; } | exec /usr/bin/head -n 1",
        &arguments,
    ));
    assert!(run.stderr.ends_with("0\n"), "{run:#?}");
    assert_eq!((run.stdout.lines().count(), world.puts().len()), (1, 3));
    is_accounted_for(&world);
}
