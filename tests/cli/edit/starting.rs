//! Which editor is started, how, and how it may end.

use std::fs;

use super::*;
use crate::terminal::Terminal;

/// An editor that puts its own name and arguments into the first name.
fn signs(world: &World, name: &str) -> String {
    script(
        world,
        name,
        "for file; do :; done\nsed -i \"s/\\\"Jon\\\"/\\\"$(basename \"$0\") $#\\\"/\" \"$file\"",
    )
}

#[test]
fn the_first_variable_that_is_not_blank_names_the_editor() {
    for (own, visual, editor, expected) in [
        ("one", "two", "three", "one 1"),
        ("", "two", "three", "two 1"),
        (" \t", "two -n", "three", "two 2"),
        ("", "", "three -a 'b c'", "three 3"),
    ] {
        let world = World::new();
        for name in ["one", "two", "three", "vi"] {
            signs(&world, name);
        }
        let path = format!("{}:{TOOLS}", world.home.path().display());
        let variables =
            [("PATH", path.as_str()), ("FUSEBILL_EDITOR", own), ("VISUAL", visual), ("EDITOR", editor)];
        let run = world.run_with(&variables, &["customer", "edit", "123", "--yes"]);
        run.is(0, &name_change(&format!("\"{expected}\"")), WRITTEN_ONE);
        assert_eq!(world.lines(), WRITTEN);
        nothing_is_kept(&world);
    }
}

#[test]
fn vi_is_the_default_editor_only_on_a_terminal() {
    let world = World::new();
    signs(&world, "vi");
    let path = format!("{}:{TOOLS}", world.home.path().display());
    let variables = [("PATH", path.as_str()), ("VISUAL", " "), ("EDITOR", ""), ("TERM", "xterm")];
    let edit = ["customer", "edit", "123", "--dry-run"];
    let run = world.run_with(&variables, &edit);
    run.fails(
        2,
        &["no editor is set, and there is no terminal for vi", "set one of FUSEBILL_EDITOR, VISUAL, EDITOR"],
    );
    world.was_left_alone();
    let mut command = world.command(edit);
    command.envs(variables);
    let ended = Terminal::sized(&command, 80, 24).finish();
    ended.says(0, &["vi 1", "Dry run: 1 changed."]);
}

#[test]
fn a_program_in_a_folder_with_spaces_is_quoted_as_in_a_shell() {
    let world = World::new();
    fs::create_dir(world.home.path().join("my tools")).expect("the home can be written");
    signs(&world, "my tools/an editor");
    let path = world.home.path().join("my tools/an editor").display().to_string();
    for editor in [
        format!("'{path}' --wait"),
        format!("\"{path}\" --wait"),
        format!("{} --wait", path.replace(' ', "\\ ")),
    ] {
        let before = world.stored(123);
        let run = edit(&world, &editor, &["--dry-run"]);
        assert_eq!((run.code, run.stdout), (0, name_change("\"an editor 2\"")), "{}", run.stderr);
        assert_eq!(world.stored(123), before);
    }
}

#[test]
fn quotes_that_do_not_close_are_refused_before_anything_is_read() {
    for name in ["FUSEBILL_EDITOR", "VISUAL", "EDITOR"] {
        let world = World::new();
        let run = world.run_with(&[("PATH", TOOLS), (name, "vi 'x")], &["customer", "edit", "123"]);
        let message = format!(
            "error: {name}: `vi 'x` names no program, or its quotes do not close\nNothing was written.\n"
        );
        run.is(2, "", &message);
        world.was_left_alone();
        nothing_is_kept(&world);
    }
}

#[test]
fn a_missing_editor_leaves_no_text() {
    let (world, before) = (World::new(), World::new().stored(123));
    let run = edit(&world, "no-such-editor -w", &["--yes"]);
    let message = "error: the editor `no-such-editor` cannot be started: No such file or directory (os error 2)\n\
                Nothing was written.\nhint: set one of FUSEBILL_EDITOR, VISUAL, EDITOR to an editor that is installed\n";
    run.is(1, "", message);
    only_read(&world, &before);
    nothing_is_kept(&world);
}

#[test]
fn an_editor_that_returns_at_once_gives_a_hint_about_wait_flags() {
    // On a machine that is very busy even `true` takes its time.
    let message = (0..20).find_map(|_| {
        let world = World::new();
        let variables = [("PATH", TOOLS), ("EDITOR", "/usr/bin/env true")];
        let run = world.run_with(&variables, &["customer", "edit", "123", "--yes"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""));
        only_read(&world, &world.stored(123));
        nothing_is_kept(&world);
        run.stderr.contains("returned at once").then_some(run.stderr)
    });
    let expected = "`env` returned at once and the text is unchanged; an editor with its own window needs a flag \
                    to wait, such as `code --wait`\n";
    assert_eq!(message.as_deref(), Some(format!("{expected}{NO_CHANGES}").as_str()));
}

#[test]
fn an_editor_failure_sends_nothing_and_keeps_the_typed_text() {
    for (end, message) in [
        ("exit 1", "exit status: 1"),
        ("kill -9 $$", "signal: 9 (SIGKILL)"),
        ("kill -2 $$", "signal: 2 (SIGINT)"),
    ] {
        let (world, before) = (World::new(), World::new().stored(123));
        let editor = script(&world, "ed", end);
        let run = edit(&world, &editor, &["--yes"]);
        let error = format!(
            "error: the editor `{}` failed: {message}\nNothing was written.\n",
            editor.trim_matches('\'')
        );
        run.is(1, "", &error);
        nothing_is_kept(&world);
        only_read(&world, &before);

        let world = World::new();
        let editor = script(&world, "ed", &format!("{JOHN} \"$1\"\n{end}"));
        let run = edit(&world, &editor, &["--yes"]);
        run.fails(1, &["failed: ", message, "\nNothing was written.\n"]);
        assert!(kept(&world, &run).contains("\"firstName\": \"John\""));
        only_read(&world, &before);
    }
}

#[test]
fn output_of_the_editor_goes_to_standard_error() {
    let world = World::new();
    let editor = script(&world, "chatty", &format!("echo '{{\"outcome\":1}}'\necho loud >&2\n{JOHN} \"$1\""));
    for (format, arguments) in [("json", ["--dry-run"]), ("ndjson", ["--dry-run"]), ("json", ["--yes"])] {
        let run = edit(&world, &editor, &[&["-o", format], &arguments[..]].concat());
        let json = run.json();
        assert_eq!((run.code, &json["changes"][0]["after"]), (0, &"John".into()), "{}", run.stderr);
        run.says(&["{\"outcome\":1}\n", "loud\n"]);
    }
    assert_eq!(world.put_body(), World::new().stored(123).replacen("\"Jon\"", "\"John\"", 1));
}

#[test]
fn a_kept_text_is_private_even_if_the_editor_replaces_the_file() {
    let world = World::new();
    let seen = world.home.path().join("seen");
    let look = format!(
        "stat -c %a \"$1\" \"${{1%/*}}\" \"${{1%/*}}/about.json\" '{}' > '{}'",
        edits(&world).display(),
        seen.display()
    );
    let make = format!(
        "{JOHN} \"$1\"\ncp \"$1\" \"$1.new\"\nchmod 644 \"$1.new\"\nmv \"$1.new\" \"$1\"\necho > \"$1~\""
    );
    let editor = script(&world, "ed", &format!("umask 0\n{look}\n{make}"));
    assert_eq!(edit(&world, &editor, &[]).code, 2);
    assert_eq!(fs::read_to_string(&seen).expect("the editor looked"), "600\n700\n600\n700\n");
    let folder = folders(&world).remove(0);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&text_in(&folder))), (0o700, 0o600));
    let editor = script(&world, "ed", "echo > \"${1%/*}/.swp\"");
    edit(&world, &editor, &["--recover", "--yes"]).is(0, &name_change("\"John\""), WRITTEN_ONE);
    nothing_is_kept(&world);
}

#[test]
fn an_edit_at_prompts_needs_a_terminal() {
    let world = World::new();
    edit(&world, JOHN, &["--prompt"])
        .fails(2, &["--prompt cannot ask: there is no terminal", "customer update"]);
    edit(&world, JOHN, &["--prompt", "--all"]).fails(2, &["--all", "--prompt"]);
    world.was_left_alone();
    nothing_is_kept(&world);
}
