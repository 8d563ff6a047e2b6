//! `config.toml` as people write it: read, edited without losing anything, and refused where it cannot be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use fusebill::sandbox::KEY;
use serde_json::Value;

use crate::accounts::configured;
use crate::world::{Run, World};

/// What `profile show` says a setting of a profile is.
fn shown(world: &World, profile: &str, setting: &str) -> Value {
    let run = world.bare(&[], &["profile", "show", profile, "-o", "json"]);
    assert_eq!(run.code, 0, "{}\n{}", run.stderr, world.config());
    let json = run.json();
    let all = json["settings"].as_array().expect("the settings").iter();
    all.filter(|one| one["setting"] == setting).map(|one| one["value"].clone()).next().expect("a setting")
}

fn set(world: &World, arguments: &[&str]) -> Run {
    world.bare(&[], &[&["profile", "set"], arguments].concat())
}

#[track_caller]
fn done(world: &World, arguments: &[&str]) {
    let run = set(world, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}\n{}", run.stderr, world.config());
}

/// The same two profiles in every way that TOML has for it.
const FORMS: &[&str] = &[
    "# head\n\n[profiles.live]\nlabel = \"L\" # loud\njobs = 2\n\n[profiles.test]\nlabel = \"T\"\n# foot\n",
    "# head\n\nprofiles.live.label = \"L\" # loud\nprofiles.live.jobs = 2\nprofiles.test.label = \"T\"\n# foot\n",
    "# head\n\nprofiles = { live = { label = \"L\", jobs = 2 }, test = { label = \"T\" } } # loud\n# foot\n",
    "# head\n\n[profiles]\nlive = { label = \"L\", jobs = 2 } # loud\ntest = { label = \"T\" }\n# foot\n",
    "# head\n\n[profiles]\nlive.label = \"L\" # loud\nlive.jobs = 2\n[profiles.test]\nlabel = \"T\"\n# foot\n",
    "# head\n\n[profiles]\n[profiles.live]\nlabel = \"L\" # loud\njobs = 2\n[profiles.\"test\"]\nlabel = \"T\"\n# foot\n",
];

#[test]
fn every_way_to_write_a_profile_can_be_read_and_edited() {
    for form in FORMS {
        for (bom, crlf) in [(false, false), (false, true), (true, false), (true, true)] {
            let text = if crlf { form.replace('\n', "\r\n") } else { (*form).to_string() };
            let text = if bom { format!("\u{feff}{text}") } else { text };
            let world = configured(&text);
            let whole = |world: &World| {
                let text = world.config();
                assert_eq!(text.starts_with('\u{feff}'), bom, "{text:?}");
                let breaks = (text.matches('\n').count(), text.matches("\r\n").count());
                assert_eq!(breaks.1, if crlf { breaks.0 } else { 0 }, "{text:?}");
                assert!(text.contains("# head") && text.contains("# foot"), "{text}");
            };
            assert_eq!(shown(&world, "live", "label"), "L");

            done(&world, &["live", "--jobs", "3"]);
            assert_eq!(world.config(), text.replacen("jobs = 2", "jobs = 3", 1));
            done(&world, &["live", "--jobs", "2"]);
            assert_eq!(world.config(), text, "what is changed back is as it was");

            done(&world, &["live", "--label-color", "red", "--unset", "jobs"]);
            whole(&world);
            assert_eq!(
                (shown(&world, "live", "label"), shown(&world, "live", "color")),
                ("L".into(), "red".into())
            );
            assert_eq!(
                (shown(&world, "live", "jobs"), shown(&world, "test", "label")),
                (Value::Null, "T".into())
            );
            assert!(world.config().contains("# loud"));

            done(&world, &["new.one", "--label", "N"]);
            whole(&world);
            assert_eq!(
                (shown(&world, "new.one", "label"), shown(&world, "live", "label")),
                ("N".into(), "L".into())
            );

            assert_eq!(world.bare(&[], &["profile", "remove", "live", "--yes"]).code, 0);
            whole(&world);
            let names: Vec<String> = world
                .bare(&[], &["profile", "list", "-o", "csv"])
                .stdout
                .lines()
                .skip(1)
                .map(|line| line.split(',').next().unwrap_or_default().to_string())
                .collect();
            assert_eq!(names, ["default", "sandbox", "new.one", "test"], "{}", world.config());
            assert_eq!(
                (shown(&world, "new.one", "label"), shown(&world, "test", "label")),
                ("N".into(), "T".into())
            );
        }
    }
}

#[test]
fn unrelated_comments_survive_the_removal_of_a_setting_or_profile() {
    let text = "# the head of the file\n\n# about live\n[profiles.live]\n# about the label\nlabel = 'L'\n\
        # about jobs\njobs = 2\n\n# between\n\n# about test\n[profiles.test]\nlabel = 'T'\n\n# foot\n";
    let world = configured(text);
    done(&world, &["live", "--unset", "jobs"]);
    assert_eq!(world.config(), text.replace("# about jobs\njobs = 2\n", ""));
    done(&world, &["live", "--jobs", "2"]);
    assert_eq!(world.bare(&[], &["profile", "remove", "live", "--yes"]).code, 0);
    let left = world.config();
    for kept in ["# the head of the file\n", "# between\n", "# about test\n[profiles.test]\n", "# foot\n"] {
        assert!(left.contains(kept), "{kept:?} is not in:\n{left}");
    }
    assert_eq!(world.bare(&[], &["profile", "remove", "test", "--yes"]).code, 0);
    let left = world.config();
    for kept in ["# the head of the file\n", "# between\n", "# foot\n"] {
        assert!(left.contains(kept), "{kept:?} is not in:\n{left}");
    }
    done(&world, &["again", "--label", "A"]);
    assert_eq!(shown(&world, "again", "label"), "A");
}

#[test]
fn an_unreadable_config_file_is_named_and_left_unchanged() {
    let world = configured("");
    let path = world.home.path().join(".config/fusebill/config.toml");
    for content in [&b"[profiles.live]\nlabel = '\xff'\n"[..], b"[profiles.live\n", b"\xff\xfe[\0p\0"] {
        fs::write(&path, content).expect("a file");
        for arguments in
            [&["profile", "set", "a", "--jobs", "2"][..], &["profile", "list"], &["customer", "get", "1"]]
        {
            world.bare(&[], arguments).fails(2, &[&format!("`{}`", path.display())]);
            assert_eq!(fs::read(&path).expect("a file"), content);
        }
    }
    fs::remove_file(&path).expect("a file");
    fs::create_dir(&path).expect("a folder");
    for arguments in
        [&["profile", "set", "a", "--jobs", "2"][..], &["profile", "list"], &["customer", "get", "1"]]
    {
        world.bare(&[], arguments).fails(2, &["cannot read", &format!("`{}`", path.display()), "directory"]);
    }
    fs::remove_dir(&path).expect("a folder");
    world.file(".config/fusebill/config.toml", "");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).expect("it is ours");
    // No rights keep the administrator out.
    if fs::File::open(&path).is_err() {
        world.bare(&[], &["profile", "list"]).fails(2, &["cannot read", "ermission"]);
    }
    world.was_left_alone();
}

#[test]
fn a_key_in_the_file_is_not_repeated() {
    for text in [
        format!("api_key = {KEY}\n"),
        format!("[profiles.default]\napi_key = {KEY}\n"),
        format!("[profiles.default]\napi_key = \"{KEY}\n"),
        format!("[profiles.default]\n{KEY}\n"),
        format!("[profiles]\ndefault = \"{KEY}\"\n"),
        format!("profiles = \"{KEY}\"\n"),
        format!("[profiles.default]\nread_only = \"{KEY}\"\njobs = 1\n"),
    ] {
        let world = configured(&text);
        for arguments in
            [&["profile", "list"][..], &["customer", "get", "123"], &["auth", "status", "-o", "json"]]
        {
            let run = world.bare(&[], arguments);
            assert_eq!(run.code, 2, "{text}");
            run.says(&["config.toml`, line "]);
            assert!(!run.stderr.contains(&KEY[..8]) && !run.stdout.contains(&KEY[..8]), "{}", run.stderr);
        }
    }
}

#[test]
fn a_config_file_that_other_users_can_write_gives_a_warning() {
    let world =
        configured(&format!("[profiles.default]\nbase_url = 'URL'\napi_key_command = 'echo {KEY}'\n"));
    let path = world.home.path().join(".config/fusebill/config.toml");
    for (mode, warned) in [(0o600, false), (0o644, false), (0o664, true), (0o606, true), (0o666, true)] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("it is ours");
        let run = world.bare(&[], &["customer", "get", "123"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let warning = format!(
            "warning: other users of this machine can change `{}`, and with it where the key is sent; run `chmod go-w {}`\n",
            path.display(),
            path.display()
        );
        assert_eq!(run.stderr, if warned { warning } else { String::new() }, "{mode:o}");
    }
}

#[test]
fn a_profile_with_a_dot_in_its_name_is_one_profile() {
    let world = configured("[profiles.\"eu.live\"]\nbase_url = 'URL'\nlabel = 'EU'\n");
    let run = world.bare(&[("FUSEBILL_API_KEY", KEY)], &["--profile", "eu.live", "customer", "get", "123"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    done(&world, &["eu.live", "--jobs", "3"]);
    done(&world, &["eu.test", "--jobs", "4"]);
    assert!(world.config().contains("[profiles.\"eu.test\"]"), "{}", world.config());
    assert_eq!(
        (shown(&world, "eu.live", "jobs"), shown(&world, "eu.test", "jobs")),
        ("3".into(), "4".into())
    );
    world.bare(&[], &["--profile", "eu", "customer", "get", "1"]).fails(2, &["there is no profile `eu`"]);
    assert_eq!(world.bare(&[], &["profile", "remove", "eu.live", "--yes"]).code, 0);
    assert_eq!(world.config().trim_start(), "[profiles.\"eu.test\"]\njobs = 4\n");
}

#[test]
fn simultaneous_profile_changes_are_kept_or_reported() {
    for _ in 0..4 {
        let world = configured("[profiles.live]\nlabel = 'L'\n");
        let names: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
        let start = |name: &String| {
            let mut command = world.bare_command(&[], &["profile", "set", name, "--jobs", "3"]);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            (name.clone(), command.spawn().expect("it starts"))
        };
        let running: Vec<_> = names.iter().map(start).collect();
        let mut kept = 0;
        for (name, child) in running {
            let run = Run::of(child.wait_with_output().expect("it ends"));
            let there = world.config().contains(&format!("[profiles.{name}]"));
            match run.code {
                0 => assert!(there, "{name} was lost:\n{}", world.config()),
                _ => run.fails(6, &["another program changed", "run the same command again"]),
            }
            kept += usize::from(run.code == 0);
        }
        assert!(kept > 0 && world.config().contains("label = 'L'"), "{}", world.config());
        let folder = world.home.path().join(".config/fusebill");
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1, "nothing is left beside the file");
    }
}
