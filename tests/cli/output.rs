//! Colour, verbosity, and outputs that cannot be written to.

use std::fs::File;
use std::io::pipe;
use std::process::Stdio;

use fusebill::sandbox::KEY;

use crate::world::{Run, World, finished};

const UPDATE: &[&str] = &["customer", "update", "123", "--first-name", "John"];

/// Standard output that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Standard output on a full disk.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("the device").into()
}

fn into(world: &World, stdout: Stdio, arguments: &[&str]) -> Run {
    let mut command = world.command(arguments);
    let child =
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().expect("it starts");
    Run::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn colour_is_there_when_it_is_asked_for_and_nowhere_else() {
    for (variables, flag, colour) in [
        (&[][..], None, false),
        (&[("NO_COLOR", "1")][..], Some("auto"), false),
        (&[("TERM", "dumb")][..], None, false),
        (&[("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "1")][..], None, false),
        (&[][..], Some("always"), true),
        (&[("NO_COLOR", "1"), ("TERM", "dumb")][..], Some("always"), true),
        (&[][..], Some("never"), false),
    ] {
        let world = World::new();
        let more: &[&str] = &flag.map_or(vec![], |when| vec!["--color", when]);
        let plan = world.run_with(variables, &[UPDATE, more].concat());
        let get = world.run_with(variables, &[&["customer", "get", "123"], more].concat());
        let failure = world.run_with(variables, &[&["customer", "get", "99"], more].concat());
        let found = [plan.stdout, get.stdout, failure.stderr].map(|text| text.contains('\u{1b}'));
        assert_eq!(found, [colour; 3], "{variables:?} {flag:?}");
    }
}

#[test]
fn colour_never_reaches_the_output_for_programs() {
    for form in ["json", "ndjson", "csv"] {
        let world = World::new();
        let colour = ["-o", form, "--color", "always"];
        let update = world.run(&[UPDATE, &colour].concat());
        let get = world.run(&[&["customer", "get", "123"], colour.as_slice()].concat());
        assert!(!update.stdout.contains('\u{1b}') && !get.stdout.contains('\u{1b}'), "{form}");
    }
}

#[test]
fn quiet_leaves_the_data_and_the_failures() {
    let world = World::new();
    let run = world.run(&[UPDATE, &["-q"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("Jon     John"));
    world.update(&["--first-name", "John", "-q"]).is(0, "", "");
    world.run(&["customer", "get", "99", "-q"]).fails(3, &["error: "]);
    world.fault("get:status=503");
    let run = world.run(&["customer", "get", "123", "-q"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "a retry that helped is no error");
}

#[test]
fn verbose_shows_method_address_and_status_and_never_the_key() {
    let world = World::new();
    let run = world.run(&[UPDATE, &["-v"]].concat());
    let base = world.server.base_url();
    let plain: Vec<&str> =
        run.stderr.lines().filter(|line| line.starts_with("> ") || line.starts_with("< 2")).collect();
    assert_eq!(plain[0], format!("> GET {base}/customers/123"));
    assert_eq!(plain[1], "> authorization: Basic [redacted]");
    assert!(plain[2].starts_with("< 200 OK ("), "{plain:?}");
    assert_eq!(plain[3], format!("> PUT {base}/customers"));
    assert!(plain[5].starts_with("< 200 OK ("), "{plain:?}");
    assert!(run.stderr.contains("x-rate-limit-remaining-minute"), "{}", run.stderr);
    assert!(!run.stderr.contains(KEY) && !run.stdout.contains(KEY));
    let failed = World::new();
    failed.fault("put:lost-before");
    failed.run(&[UPDATE, &["-v"]].concat()).says(&["< no answer"]);
}

#[test]
fn a_closed_standard_output_is_no_failure_and_the_change_is_written() {
    for form in ["table", "json", "ndjson", "csv"] {
        let world = World::new();
        let run = into(&world, closed(), &[UPDATE, &["-o", form]].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, "Written and verified: 1 changed.\n"), "{form}");
        assert!(world.stored(123).contains("\"John\""));
        let run = into(&world, closed(), &["customer", "get", "123", "1001", "-o", form]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{form}");
    }
    assert_eq!(into(&World::new(), closed(), &["--help"]).code, 0);
}

#[test]
fn a_table_that_cannot_be_shown_stops_the_change() {
    let world = World::new();
    let before = world.stored(123);
    let run = into(&world, full(), UPDATE);
    assert_eq!(run.code, 1);
    run.says(&["the output cannot be written", "No space left", "Nothing was written."]);
    assert_eq!((world.puts(), world.stored(123)), (vec![], before));
}

#[test]
fn a_change_that_happened_is_never_denied_because_its_report_failed() {
    for form in ["json", "ndjson", "csv"] {
        let world = World::new();
        let run = into(&world, full(), &[UPDATE, &["-o", form]].concat());
        assert!(world.stored(123).contains("\"John\""), "{form}");
        assert_eq!(run.code, 13, "{form}");
        run.says(&["the change was written and verified, but the output cannot be written", "No space left"]);
        assert!(!run.stderr.contains("Nothing was written"), "{}", run.stderr);
        let rehearsed = into(&World::new(), full(), &[UPDATE, &["-o", form, "--dry-run"]].concat());
        assert_eq!(rehearsed.code, 1, "{form}");
        rehearsed.says(&["the output cannot be written", "Nothing was written."]);
    }
}

#[test]
fn a_failure_keeps_its_code_when_its_report_failed() {
    for (fault, code) in [("put:truncate=firstName,2", 9), ("put:refuse=no", 5), ("get:empty=404", 3)] {
        let world = World::new();
        world.fault(fault);
        let run = into(&world, full(), &[UPDATE, &["-o", "json"]].concat());
        assert_eq!(run.code, code, "{}", run.stderr);
        assert_eq!(run.stderr.contains("Nothing was written"), code != 9, "{}", run.stderr);
    }
}

#[test]
fn a_read_that_cannot_be_shown_fails() {
    for form in ["table", "json", "ndjson", "csv"] {
        let run = into(&World::new(), full(), &["customer", "get", "123", "-o", form]);
        assert_eq!(run.code, 1, "{form}");
        run.says(&["the output cannot be written", "No space left"]);
    }
}

#[test]
fn a_closed_standard_error_changes_nothing() {
    let world = World::new();
    let mut command = world.command(UPDATE);
    let status =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(closed()).status().expect("it starts");
    assert_eq!(status.code(), Some(0));
    assert!(world.stored(123).contains("\"John\""));
}

#[test]
fn a_command_without_a_terminal_asks_nothing() {
    let world = World::new();
    let run = world.pipe(&["customer", "update", "123", "--status", "Hold"], b"y\ny\n");
    assert_eq!(run.code, 2, "{}", run.stderr);
    run.says(&["there is no terminal", "--yes"]);
    assert_eq!(world.puts(), [""; 0]);
    assert_eq!(finished(&mut world.command(["--no-input", "customer", "get", "123"])).code, 0);
}

#[test]
fn a_command_fails_if_standard_output_is_full() {
    let world = World::new();
    assert_eq!(world.run(UPDATE).code, 0);
    let rows = world.file("rows.csv", "id,firstName\n123,Joe\n");
    for form in ["table", "json", "ndjson", "csv"] {
        for arguments in [
            &["customer", "get", "123"][..],
            &["customer", "list"],
            &["customer", "history"],
            &["customer", "undo", "--last", "--dry-run"],
            &["customer", "bulk", "plan", &rows],
            &["auth", "status"],
            &["profile", "list"],
            &["profile", "show"],
        ] {
            let run = into(&world, full(), &[arguments, &["-o", form]].concat());
            assert_eq!(run.code, 1, "{arguments:?} {form}: {}", run.stderr);
            run.says(&["error: the output cannot be written"]);
        }
    }
    for arguments in [
        &["profile", "set", "x", "--jobs", "2"][..],
        &["customer", "history", "prune", "--older-than", "0d", "--yes"],
    ] {
        let run = into(&world, full(), &[arguments, &["-o", "json"]].concat());
        assert_eq!(run.code, 13, "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("Nothing was written"), "{}", run.stderr);
    }
}
