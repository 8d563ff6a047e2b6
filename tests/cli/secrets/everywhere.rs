//! Every command with the key from every place.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use fusebill::sandbox::KEY;

use super::{From, Place, SOURCES, is_nowhere, run_is_clean, script};
use crate::terminal::Terminal;
use crate::world::World;

#[test]
fn no_command_shows_the_key_or_leaves_it_behind() {
    for from in SOURCES {
        let place = Place::new(from);
        let rows = place.world.file("rows.csv", "id,suffix\n123,Jr\n1016,Sr\n");
        let editor = script(&place.world, "editor", "sed -i 's/\"Smith\"/\"Smythe\"/' \"$1\"");
        let commands: &[&[&str]] = &[
            &["customer", "get", "123"],
            &["customer", "get", "99"],
            &["customer", "list", "--limit", "2"],
            &["customer", "update", "123", "--first-name", "John", "--dry-run"],
            &["customer", "update", "123", "--first-name", "John"],
            &["customer", "edit", "123", "--yes"],
            &["customer", "undo", "--last", "--yes"],
            &["customer", "history"],
            &["customer", "bulk", "update", &rows, "--yes", "--results", "done.csv"],
            &["customer", "bulk", "plan", &rows, "--out", "the.plan"],
            &["customer", "bulk", "list"],
            &["auth", "status"],
            &["profile", "list"],
            &["profile", "show"],
            &["profile", "show", "default"],
            &["profile", "set", "default", "--label", "X"],
        ];
        let mut undo = Vec::new();
        for command in commands {
            for output in [&["-v"][..], &["-v", "-o", "json"], &["-o", "csv"], &["-o", "ndjson"]] {
                let arguments = [*command, output].concat();
                let run = place.run_with(&[("FUSEBILL_EDITOR", &editor)], &arguments);
                let expected = if arguments.contains(&"99") { 3 } else { 0 };
                assert_eq!(run.code, expected, "{from:?} {arguments:?}: {}", run.stderr);
                place.is_clean(&run);
                undo.extend(run.undo);
            }
        }
        let bulk = undo.iter().find(|undo| undo.contains(" bulk undo ")).expect("a run can be taken back");
        let arguments: Vec<&str> = bulk.split(' ').skip(1).chain(["--yes", "-v"]).collect();
        let run = place.run(&arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        place.is_clean(&run);
        let header = format!("Basic {KEY}");
        let requests = place.world.requests();
        assert!(requests.len() > 10);
        assert!(requests.iter().all(|request| request.header("authorization") == Some(&header)));
        assert!(requests.iter().all(|request| !String::from_utf8_lossy(&request.body).contains(KEY)));
    }
}

#[test]
fn no_failure_shows_the_key_or_leaves_it_behind() {
    for from in SOURCES {
        for fault in [
            "status=400",
            "status=401",
            "status=403",
            "status=500",
            "lost-after",
            "redirect=307,https://other.invalid/",
        ] {
            let place = Place::new(from);
            for method in ["get", "put", "list"] {
                place.world.fault(&format!("{method}*4:{fault}"));
                for output in [&["-v", "--timeout", "0.5"][..], &["-o", "json", "--timeout", "0.5"]] {
                    let command: &[&str] = match method {
                        "list" => &["auth", "status"],
                        _ => &["customer", "update", "123", "--first-name", "John"],
                    };
                    place.is_clean(&place.run(&[command, output].concat()));
                }
            }
        }
    }
}

#[test]
fn logging_in_and_out_leaves_the_key_in_one_file_that_is_its_owners_alone() {
    let world = World::new();
    let url = world.server.base_url();
    let stored = world.home.path().join(".config/fusebill/keys/default");
    for key in [KEY, "MDpXcm9uZ0tleVdyb25nS2V5WHg"] {
        let mut command =
            world.bare_command(&[("FUSEBILL_BASE_URL", &url)], &["auth", "login", "--with-key-stdin", "-v"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        std::io::Write::write_all(&mut stdin, key.as_bytes()).expect("it reads");
        drop(stdin);
        let run = crate::world::Run::of(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code == 0, key == KEY, "{}", run.stderr);
        run_is_clean(&world, key, &run, &[&stored]);
    }
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&stored), mode(stored.parent().expect("a folder"))), (0o600, 0o700));
    for command in [&["auth", "status"][..], &["auth", "logout"], &["auth", "logout"]] {
        let run = world.bare(&[("FUSEBILL_BASE_URL", &url)], &[command, &["-v"]].concat());
        run_is_clean(&world, KEY, &run, &[&stored]);
    }
    run_is_clean(&world, KEY, &world.bare(&[], &["profile", "list"]), &[]);
}

#[test]
fn a_key_that_is_typed_is_in_no_file_but_the_stored_one_and_never_on_the_screen() {
    let world = World::new();
    let url = world.server.base_url();
    let stored = world.home.path().join(".config/fusebill/keys/default");
    for (key, code) in [("MDpXcm9uZ0tleVdyb25nS2V5WHg", 4), (KEY, 0)] {
        let variables = [("FUSEBILL_BASE_URL", url.as_str()), ("TERM", "xterm")];
        let command = world.bare_command(&variables, &["auth", "login", "-v"]);
        let mut terminal = Terminal::sized(&command, 60, 12);
        terminal.until("cancels): ");
        terminal.press(&format!("{key}\r"));
        let ended = terminal.finish();
        assert_eq!(ended.code, code, "{}", ended.shown);
        ended.left_the_terminal_right();
        is_nowhere(&world, &key[..8], &[&ended.shown], &[&stored]);
        assert_eq!(stored.exists(), code == 0);
    }
}

/// A program that notes the arguments of every process it can see, and its own environment.
fn spy(world: &World, name: &str, then: &str) -> String {
    let body = format!(
        "for process in /proc/[0-9]*; do tr '\\0' ' ' < $process/cmdline; echo; done > \"$HOME/seen-{name}\" 2>&1\n\
         tr '\\0' '\\n' < /proc/$$/environ > \"$HOME/environment-{name}\"\n{then}"
    );
    script(world, name, &body)
}

#[test]
fn no_process_has_the_key_in_its_arguments_and_no_child_is_given_it() {
    for from in SOURCES {
        let place = Place::new(from);
        let world = &place.world;
        let editor = spy(world, "spying-editor", "sed -i 's/\"Jon\"/\"John\"/' \"$1\"");
        let mut but = place.but();
        let environment = world.home.path().join("environment-spying-editor");
        if from == From::Command {
            let program = spy(world, "spying-program", "cat \"$HOME/the key\"");
            let text = world.config().replace("['cat', 'the key']", &format!("['{program}']"));
            world.file(".config/fusebill/config.toml", text);
        }
        if from == From::Variable {
            // A program is given the environment of the one that starts it.
            but.push(&environment);
        }
        let run = place.run_with(&[("FUSEBILL_EDITOR", &editor)], &["customer", "edit", "123", "--yes"]);
        assert_eq!(run.code, 0, "{from:?}: {}", run.stderr);
        let seen = fs::read_to_string(world.home.path().join("seen-spying-editor")).expect("it looked");
        assert!(seen.contains("customer edit 123 --yes"), "{seen}");
        assert_eq!(world.home.path().join("seen-spying-program").exists(), from == From::Command);
        run_is_clean(world, KEY, &run, &but);
    }
}

#[test]
fn an_output_that_is_closed_shows_no_key() {
    for arguments in [&["customer", "get", "123", "-v"][..], &["profile", "show"], &["auth", "status", "-v"]]
    {
        let world = World::new();
        let mut command = world.command(arguments);
        command
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("text");
        let code = child.wait().expect("it ends").code();
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(code, Some(0), "{stderr}");
        is_nowhere(&world, KEY, &[&stderr], &[]);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a disk that is full");
        let mut command = world.command(arguments);
        let output = command.env("RUST_BACKTRACE", "full").stdin(Stdio::null()).stdout(full).output();
        let output = output.expect("it starts");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        is_nowhere(&world, KEY, &[&stderr], &[]);
    }
}
