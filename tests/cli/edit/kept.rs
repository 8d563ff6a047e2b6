//! What was typed is kept until it is written, and can be gone on with.

use std::process::Stdio;

use super::*;
use crate::world::{finished, is_under_nohup, without_timestamp};

const PHONE: &str = "sed -i 's/555-0124/555-9999/'";

fn outcomes(world: &World) -> Vec<String> {
    let outcome = |line: &serde_json::Value| line["outcome"].as_str().map(str::to_string);
    world.journal().iter().filter_map(outcome).collect()
}

/// The document as it is to be after the name was changed.
fn john(before: &str) -> String {
    before.replacen("\"Jon\"", "\"John\"", 1)
}

#[test]
fn a_refusal_of_the_api_is_noted_above_the_field_it_names() {
    for (words, line) in [
        ("The first name is taken", "\"firstName\": \"John\","),
        ("middleName must not be C", "\"middleName\": \"C\","),
        ("customer is */ locked\u{1b}[2J", "\"firstName\": \"John\","),
    ] {
        let world = World::new();
        let before = world.stored(123);
        world.fault(&format!("put:refuse={words}"));
        let editor = "sed -i 's/\"Jon\"/\"John\"/;s/: \"B\"/: \"C\"/'";
        let run = edit(&world, editor, &["--yes"]);
        assert_eq!(run.code, 5, "{}", run.stderr);
        let shown = words.replace('\u{1b}', "\\u{1b}");
        run.says(&["writing customer 123", &shown, "\nNothing was written.\n"]);
        let text = kept(&world, &run);
        let found = notes(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert!(found[0].0.starts_with("the API: ") && found[0].0.ends_with(&shown), "{found:?}");
        assert_eq!(found[0].1, line);
        assert_eq!(
            (world.lines(), world.stored(123)),
            (WRITTEN.map(str::to_string).to_vec(), before.clone())
        );
        assert_eq!(outcomes(&world), ["not-written"]);
        let run = edit(&world, "true", &["--recover", "--yes"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, "Written and verified: 2 changed.\n"));
        assert_eq!(world.puts()[1], john(&before).replacen("\"B\"", "\"C\"", 1));
        nothing_is_kept(&world);
    }
}

#[test]
fn a_text_refused_by_a_rule_of_the_api_is_kept_and_noted() {
    let world = World::new();
    let run = edit(&world, "sed -i 's/\"USD\"/\"CAD\"/'", &["--yes"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    let found = notes(&kept(&world, &run));
    assert!(!found.is_empty() && found.iter().all(|(_, line)| line == "\"currency\": \"CAD\","), "{found:?}");
    assert_eq!(outcomes(&world), ["not-written"]);
}

#[test]
fn the_text_is_kept_unless_it_is_known_to_be_written() {
    let cases: &[(&[&str], i32, Option<&str>, bool)] = &[
        // The faults, the exit code, how the journal has it, and whether it is stored.
        (&["put:lost-after"], 0, Some("written"), true),
        (&["put:lost-before"], 0, Some("written"), true),
        (&["put:cut"], 0, Some("written"), true),
        (&["put:null"], 0, Some("written"), true),
        (&["put:no-content"], 0, Some("written"), true),
        (&["put:status=500"], 0, Some("written"), true),
        (&["put:rate-limit=0"], 0, Some("written"), true),
        (&["put:message=403"], 4, Some("not-written"), false),
        (&["put:text=409"], 5, Some("not-written"), false),
        (&["put:lost-after", "get@3*all:status=404"], 8, Some("unknown"), true),
        (&["put:ignore=firstName"], 9, Some("differs"), false),
        (&["put:truncate=firstName,2"], 9, Some("differs"), false),
        (&["get:status=404"], 3, None, false),
        (&["get@2:status=404"], 3, None, false),
        (&["get@2:status=401"], 4, None, false),
        (&["get@2:swap=1016"], 1, None, false),
        (&["put:redirect=302"], 7, Some("not-written"), false),
    ];
    for (faults, code, outcome, stored) in cases {
        let world = World::new();
        let before = world.stored(123);
        faults.iter().for_each(|fault| world.fault(fault));
        let run = edit(&world, JOHN, &["--yes"]);
        assert_eq!(run.code, *code, "{faults:?}: {}", run.stderr);
        assert_eq!(
            outcomes(&world),
            outcome.iter().map(|it| (*it).to_string()).collect::<Vec<_>>(),
            "{faults:?}"
        );
        assert_eq!(
            without_timestamp(&world.stored(123)) == without_timestamp(&john(&before)),
            *stored,
            "{faults:?}"
        );
        if *code == 0 || faults[0].starts_with("get:") {
            nothing_is_kept(&world);
            continue;
        }
        assert!(kept(&world, &run).contains("\"firstName\": \"John\""));
        assert!(world.puts().iter().all(|put| *put == john(&before)));
    }
}

#[test]
fn a_server_that_keeps_failing_is_given_up_with_the_text_kept() {
    for (fault, code) in
        [("put*all:rate-limit=99999", 7), ("put*all:status=503", 8), ("put*all:lost-before", 8)]
    {
        let world = World::new();
        let before = world.stored(123);
        world.fault(fault);
        let run = edit(&world, JOHN, &["--yes", "--timeout", "2"]);
        assert_eq!(run.code, code, "{fault}: {}", run.stderr);
        assert!(kept(&world, &run).contains("\"John\""));
        assert_eq!(world.stored(123), before);
        drop(world.server);
    }
}

#[test]
fn an_edit_keeps_a_concurrent_change_to_another_field() {
    let world = World::new();
    let before = world.stored(123);
    world.fault("get@2:other-writer=reference=\"theirs\"");
    let message = "Kept a change of another client: `reference` was \"ACME-7\", is now \"theirs\"\n";
    let run = edit(&world, JOHN, &["--yes"]);
    run.is(0, &name_change("\"John\""), &format!("{message}{WRITTEN_ONE}"));
    let theirs = before.replacen("\"ACME-7\"", "\"theirs\"", 1);
    assert_eq!(without_timestamp(&world.put_body()), without_timestamp(&john(&theirs)));
    nothing_is_kept(&world);
}

#[test]
fn the_same_field_changed_by_another_writer_is_a_conflict_and_the_text_is_kept() {
    for format in [&[][..], &["-o", "json"]] {
        let world = World::new();
        world.fault("get@2:other-writer=firstName=\"Jim\"");
        let run = edit(&world, JOHN, &[&["--yes"], format].concat());
        assert_eq!((run.code, world.puts().len()), (6, 0), "{}", run.stderr);
        assert!(world.stored(123).contains("\"firstName\":\"Jim\"") && world.journal().is_empty());
        let message = "`firstName`: was \"Jon\", is now \"Jim\", would become \"John\"";
        if format.is_empty() {
            run.says(&["the customer changed meanwhile", message, "\nNothing was written.\n"]);
            assert!(kept(&world, &run).contains("\"John\""));
        } else {
            assert_eq!(run.json()["error"]["kind"], "conflict");
            assert!(run.json()["error"]["message"].as_str().expect("a message").contains(message));
            assert_eq!(folders(&world).len(), 1);
        }
        // It stays a conflict until the text says what they say.
        assert_eq!(edit(&world, "true", &["--recover", "--yes"]).code, 6);
        assert_eq!(folders(&world).len(), 1);
        let run = edit(&world, "sed -i 's/\"John\"/\"Jim\"/'", &["--recover", "--yes"]);
        run.is(0, "", NO_CHANGES);
        nothing_is_kept(&world);
    }
}

#[test]
fn a_change_that_another_client_already_made_sends_no_put() {
    let world = World::new();
    world.fault("get@2:other-writer=firstName=\"John\"");
    let run = edit(&world, JOHN, &["--yes"]);
    assert_eq!((run.code, run.stderr.as_str(), world.puts().len()), (0, NO_CHANGES, 0));
    nothing_is_kept(&world);
}

#[test]
fn recover_merges_the_kept_text_with_later_changes() {
    let world = World::new();
    assert_eq!(edit(&world, JOHN, &[]).code, 2);
    let theirs = world.stored(123).replacen("\"PO-2291\"", "\"PO-1\"", 1).replacen("\"B\"", "null", 1);
    world.server.store(&theirs).expect("another writer writes");
    let run = edit(&world, PHONE, &["--recover", "--yes"]);
    let message = "Kept a change of another client: `middleName` was \"B\", is now null\n\
                Kept a change of another client: `customerReference.reference1` was \"PO-2291\", is now \"PO-1\"\n\
                Written and verified: 2 changed.\n";
    assert_eq!((run.code, run.stderr.as_str()), (0, message));
    assert_eq!(world.put_body(), john(&theirs).replacen("555-0124", "555-9999", 1));
    nothing_is_kept(&world);
}

#[test]
fn recover_without_a_kept_text_of_the_customer_exits_with_3() {
    let world = World::new();
    let message =
        "error: editing customer 123: no text of this customer was left behind\nNothing was written.\n";
    edit(&world, JOHN, &["--recover", "--yes"]).is(3, "", message);
    nothing_is_kept(&world);
    // One of another customer, of another server, of another profile.
    assert_eq!(edit_of(&world, "1016", "sed -i 's/\"Una\"/\"Ina\"/'", &[]).code, 2);
    let other = World::new();
    let variables = [("PATH", TOOLS), ("EDITOR", JOHN), ("FUSEBILL_BASE_URL", &other.server.base_url())];
    assert_eq!(world.run_with(&variables, &["customer", "edit", "123"]).code, 2);
    let run = world.run_with(&variables, &["customer", "edit", "123", "--profile", "sandbox"]);
    run.says(&["hint: `fusebill --profile sandbox customer edit 123 --recover` goes on with it\n"]);
    assert_eq!(run.code, 2);
    assert_eq!(folders(&world).len(), 3);
    edit(&world, JOHN, &["--recover", "--yes"]).is(3, "", message);
    edit_of(&world, "12", JOHN, &["--recover"]).fails(3, &[]);
    let run = edit(&world, "true", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, NO_CHANGES), "they are not warned about either");
    let left: Vec<String> =
        folders(&world).iter().map(|it| fs::read_to_string(text_in(it)).expect("a text")).collect();
    assert_eq!((left.len(), left.iter().filter(|text| text.contains("\"John\"")).count()), (3, 2));
}

#[test]
fn a_second_edit_warns_about_the_text_that_is_kept_and_leaves_it() {
    let world = World::new();
    assert_eq!(edit(&world, JOHN, &[]).code, 2);
    let first = text_in(&folders(&world)[0]);
    let warning = format!(
        "warning: an earlier edit left its text in {}; `fusebill customer edit 123 --recover` goes on with it\n",
        first.display()
    );
    let before = world.stored(123);
    let run = edit(&world, PHONE, &["--yes"]);
    assert_eq!((run.code, run.stderr), (0, format!("{warning}{WRITTEN_ONE}")));
    assert_eq!(world.put_body(), before.replacen("555-0124", "555-9999", 1));
    assert_eq!(folders(&world).len(), 1);
    let run = edit(&world, "true", &["--recover", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(world.stored(123).contains("\"John\"") && world.stored(123).contains("555-9999"));
    nothing_is_kept(&world);
}

#[test]
fn the_latest_of_several_texts_is_recovered_first() {
    let world = World::new();
    for name in ["One", "Two"] {
        assert_eq!(edit(&world, &format!("sed -i 's/\"Jon\"/\"{name}\"/'"), &[]).code, 2);
    }
    let mut found = Vec::new();
    for _ in 0..2 {
        assert_eq!(edit(&world, "sed -i 's/\"Two\"/\"2\"/'", &["--recover", "--dry-run"]).code, 0);
        found.push(edit(&world, ": > ", &["--recover"]).code);
        let run = edit(&world, "true", &["--recover", "--dry-run", "-o", "json"]);
        found.push(run.code);
        assert_eq!(run.json()["changes"][0]["after"], "2");
    }
    assert_eq!(folders(&world).len(), 2, "{found:?}");
}

#[test]
fn a_dry_run_keeps_the_text() {
    for (arguments, code) in
        [(&["--dry-run"][..], 0), (&["--dry-run", "--exit-code"], 12), (&["--dry-run", "--yes"], 0)]
    {
        let (world, before) = (World::new(), World::new().stored(123));
        let run = edit(&world, JOHN, arguments);
        let path = text_in(&folders(&world)[0]);
        let message = format!(
            "Dry run: 1 changed. Nothing was written.\nyour text is kept in {}\n\
             `fusebill customer edit 123 --recover` goes on with it\n",
            path.display()
        );
        run.is(code, &name_change("\"John\""), &message);
        only_read(&world, &before);
        let run = edit(&world, "true", &["--recover", "--yes"]);
        run.is(0, &name_change("\"John\""), WRITTEN_ONE);
        assert_eq!(world.put_body(), john(&before));
        nothing_is_kept(&world);
    }
    let world = World::new();
    edit(&world, "sed -i 's/  / /g'", &["--dry-run", "--exit-code"]).is(0, "", NO_CHANGES);
    nothing_is_kept(&world);
}

#[test]
fn exactly_one_object_is_printed_however_it_ends() {
    for (editor, arguments, code, outcome) in [
        (JOHN, &["--yes"][..], 0, "updated"),
        (JOHN, &["--dry-run", "--exit-code"], 12, "planned"),
        (JOHN, &[], 2, "failed"),
        ("true", &["--yes"], 0, "unchanged"),
        ("sed -i d", &["--yes"], 11, "cancelled"),
        ("false", &["--yes"], 1, "failed"),
        ("sed -i 's/{/[/'", &["--yes"], 2, "failed"),
        ("true", &["--recover"], 3, "failed"),
        ("'", &[], 2, "failed"),
    ] {
        let world = World::new();
        let run = edit(&world, editor, &[&["-o", "json"], arguments].concat());
        let json = run.json();
        assert_eq!((run.code, &json["outcome"]), (code, &outcome.into()), "{editor}: {}", run.stderr);
        assert_eq!(json["error"].is_null(), matches!(code, 0 | 12));
        assert_eq!(json["customer"]["id"].as_u64(), (editor != "'").then_some(123));
        assert_eq!(json["entry"].is_string(), outcome == "updated");
    }
}

#[test]
fn the_text_outlives_a_program_that_was_killed() {
    let world = World::new();
    let before = world.stored(123);
    // The editor ends the program that started it, as an unkind hand would.
    let editor = script(&world, "ed", &format!("{JOHN} \"$1\"\nkill -9 $PPID"));
    let run = edit(&world, &editor, &["--yes"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (-1, "", ""));
    only_read(&world, &before);
    assert_eq!(folders(&world).len(), 1);
    edit(&world, "true", &["--recover", "--yes"]).is(0, &name_change("\"John\""), WRITTEN_ONE);
    assert_eq!(world.put_body(), john(&before));
    nothing_is_kept(&world);
    // Where nothing was typed, nothing is offered later.
    let editor = script(&world, "ed", "kill -9 $PPID");
    assert_eq!(edit(&world, &editor, &["--yes"]).code, -1);
    edit(&world, "true", &["--recover"]).fails(3, &["no text of this customer"]);
    nothing_is_kept(&world);
}

#[test]
fn a_signal_that_ends_the_program_keeps_the_text_and_shows_its_path() {
    for signal in ["TERM", "HUP"] {
        if signal == "HUP" && is_under_nohup() {
            continue;
        }
        let world = World::new();
        let before = world.stored(123);
        // The editor stays open until the program is gone; it must not hold the test's pipes meanwhile.
        let wait = "exec > /dev/null 2>&1\nwhile kill -0 $PPID; do :; done";
        let editor = script(&world, "ed", &format!("{JOHN} \"$1\"\nkill -{signal} $PPID\n{wait}"));
        let run = edit(&world, &editor, &["--yes"]);
        assert!(run.code > 0, "{}", run.stderr);
        run.says(&["\nNothing was written.\n"]);
        assert!(kept(&world, &run).contains("\"John\""));
        only_read(&world, &before);
    }
}

#[test]
fn simultaneous_edits_keep_separate_texts() {
    let world = World::new();
    // While the first editor is open, a second edit finds no text to go on with, and writes its own.
    let program = env!("CARGO_BIN_EXE_fusebill");
    let log = world.home.path().join("log");
    let body = format!(
        "{PHONE} \"$1\"\nexport FUSEBILL_EDITOR=\"{JOHN}\"\n\
         {{ '{program}' customer edit 123 --recover --yes; echo $?; '{program}' customer edit 123 --yes; echo $?; }} \
         > '{}' 2>&1 < /dev/null",
        log.display()
    );
    let before = world.stored(123);
    let editor = script(&world, "outer", &body);
    let run = edit(&world, &editor, &["--yes"]);
    let message = fs::read_to_string(log).expect("the inner edits ran");
    assert!(
        message.contains("no text of this customer was left behind\nNothing was written.\n3\n"),
        "{message}"
    );
    assert!(message.ends_with("\n0\n") && !message.contains("earlier edit"), "{message}");
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&["Kept a change of another client: `firstName` was \"Jon\", is now \"John\"", WRITTEN_ONE]);
    let puts = world.puts();
    assert_eq!(puts[0], john(&before));
    assert_eq!(
        without_timestamp(&puts[1]),
        without_timestamp(&john(&before).replacen("555-0124", "555-9999", 1))
    );
    nothing_is_kept(&world);
}

#[test]
fn files_of_the_editor_are_kept_and_removed_with_the_text() {
    let world = World::new();
    let beside =
        "echo x > \"$1~\"; echo y > \"${1%/*}/.x.swp\"; mkdir \"${1%/*}/undo\"; echo > \"${1%/*}/undo/1\"";
    let editor = script(&world, "ed", &format!("{JOHN} \"$1\"\n{beside}"));
    assert_eq!(edit(&world, &editor, &["--dry-run"]).code, 0);
    assert!(folders(&world)[0].join("undo/1").exists());
    assert_eq!(edit(&world, "true", &["--recover", "--yes"]).code, 0);
    nothing_is_kept(&world);
}

#[test]
fn a_text_that_cannot_be_read_is_kept() {
    let world = World::new();
    let editor = script(&world, "ed", "mv \"$1\" \"$1.mine\"; mkdir \"$1\"; echo typed > \"$1/text\"");
    let run = edit(&world, &editor, &["--yes"]);
    run.fails(1, &["cannot be read", "your text is kept in"]);
    let typed = text_in(&folders(&world)[0]).join("text");
    assert_eq!(fs::read_to_string(&typed).expect("it is there"), "typed\n");
    assert_eq!(edit(&world, "true", &["--yes"]).code, 0);
    assert!(typed.exists());
}

#[test]
fn no_editor_starts_if_the_text_cannot_be_kept() {
    let world = World::new();
    let state = world.file("state", "a file, no folder");
    let trace = world.home.path().join("trace");
    let editor = script(&world, "ed", &format!("echo > '{}'", trace.display()));
    let variables = [("PATH", TOOLS), ("EDITOR", editor.as_str()), ("XDG_STATE_HOME", &state)];
    let run = world.run_with(&variables, &["customer", "edit", "123", "--yes"]);
    run.fails(1, &["the text could be lost", "XDG_STATE_HOME", "\nNothing was written.\n"]);
    assert!(!trace.exists());
    assert_eq!(world.lines(), [GET]);
}

#[test]
fn the_sandbox_profile_is_edited_without_the_network() {
    let world = World::new();
    let mut command = world.command(["--profile", "sandbox", "customer", "edit", "123", "--yes"]);
    command.env("PATH", TOOLS).env("EDITOR", JOHN).stdin(Stdio::null());
    let run = finished(&mut command);
    assert_eq!((run.code, run.stderr.as_str()), (0, WRITTEN_ONE));
    world.was_left_alone();
    nothing_is_kept(&world);
}
