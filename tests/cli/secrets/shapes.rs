//! Keys of every shape, from every place.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::Stdio;

use fusebill::sandbox::KEY;

use super::{From, Place, SOURCES, TOOLS, run_is_clean};
use crate::world::{Run, finished};

const EMPTY: &str = "the API key is empty";
const SPACE: &str = "a space or a line break inside";
const PRINT: &str = "a character that no key has (not printable ASCII)";

/// A part of every key here, which nothing may show.
const CORE: &str = "U2VjcmV0Q29yZQ";

/// Runs `auth status`-like reads with this as the key; none where no process can be given such a variable.
fn run(from: From, key: &[u8]) -> Option<(Place, Run)> {
    if from == From::Variable && (key.contains(&0) || key.len() > 100_000) {
        return None;
    }
    let place = Place::holding(from, key);
    let mut command = place.world.bare_command(&[("PATH", TOOLS)], &["customer", "get", "123", "-v"]);
    match from {
        From::Variable => command.env("FUSEBILL_API_KEY", OsString::from_vec(key.to_vec())),
        From::VariableFile => command.env("FUSEBILL_API_KEY_FILE", "the key"),
        _ => &mut command,
    };
    let run = finished(command.stdin(Stdio::null()));
    Some((place, run))
}

/// The same by `auth login`.
fn login(key: &[u8]) -> (Place, Run) {
    let place = Place::new(From::Variable);
    let run = {
        let input = super::private(&place.world, "typed", key);
        let mut command = place.world.bare_command(&[], &["auth", "login", "--with-key-stdin", "-v"]);
        finished(command.stdin(std::fs::File::open(&input).expect("a file")))
    };
    std::fs::remove_file(place.world.home.path().join("typed")).expect("a file");
    (place, run)
}

#[test]
fn space_around_a_key_and_one_scheme_before_it_are_dropped() {
    for before in ["", " ", "\n", "\t \r\n", "Basic ", "basic ", "BASIC\t", " Basic   ", "\nBasic \n"] {
        for after in ["", "\n", " \r\n\t"] {
            let key = format!("{before}{KEY}{after}");
            for from in SOURCES {
                let (place, run) = run(from, key.as_bytes()).expect("it can be given");
                assert_eq!(run.code, 0, "{from:?} {before:?} {after:?}: {}", run.stderr);
                place.is_clean(&run);
                let sent = place.world.requests();
                assert_eq!(sent[0].header("authorization"), Some(format!("Basic {KEY}").as_str()));
            }
        }
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_refused_and_not_repeated() {
    let cases: &[(&[u8], &str)] = &[
        (b"", EMPTY),
        (b" \r\n\t", EMPTY),
        (b"Basic", EMPTY),
        (b"basic \n", EMPTY),
        (b"U2VjcmV0Q29yZQ U2VjcmV0Q29yZQ", SPACE),
        (b"U2VjcmV0Q29yZQ\nU2VjcmV0Q29yZQ", SPACE),
        (b"U2VjcmV0Q29yZQ\r\nX-Evil: 1", SPACE),
        (b"U2VjcmV0Q29yZQ\tx", SPACE),
        (b"Basic Basic U2VjcmV0Q29yZQ", SPACE),
        (b"Bearer U2VjcmV0Q29yZQ", SPACE),
        (b"Authorization: Basic U2VjcmV0Q29yZQ", SPACE),
        (b"U2VjcmV0Q29yZQ\x00", PRINT),
        (b"\x00U2VjcmV0Q29yZQ", PRINT),
        (b"U2VjcmV0Q29yZQ\x1b[31m", PRINT),
        (b"U2VjcmV0Q29yZQ\x07", PRINT),
        (b"U2VjcmV0Q29yZQ\x7f", PRINT),
        ("U2VjcmV0Q29yZQé".as_bytes(), PRINT),
        ("\u{feff}U2VjcmV0Q29yZQ".as_bytes(), PRINT),
        ("U2VjcmV0Q29yZQ\u{200b}".as_bytes(), PRINT),
        ("U2Vj\u{a0}U2VjcmV0Q29yZQ".as_bytes(), PRINT),
        ("“U2VjcmV0Q29yZQ”".as_bytes(), PRINT),
    ];
    for (key, reason) in cases {
        let runs = SOURCES.into_iter().filter_map(|from| run(from, key)).chain([login(key)]);
        for (place, run) in runs {
            run.fails(4, &[reason]);
            run_is_clean(&place.world, CORE, &run, &place.but());
            place.world.was_left_alone();
        }
    }
}

#[test]
fn a_key_that_is_no_text_is_refused_and_not_repeated() {
    for key in [&b"U2VjcmV0Q29yZQ\xff"[..], b"\xff\xfeU2VjcmV0Q29yZQ", b"\xc3U2VjcmV0Q29yZQ"] {
        let runs = SOURCES.into_iter().filter_map(|from| run(from, key)).chain([login(key)]);
        for (place, run) in runs {
            assert!([2, 4].contains(&run.code), "{}", run.stderr);
            run.says(&["UTF-8"]);
            run_is_clean(&place.world, CORE, &run, &place.but());
            place.world.was_left_alone();
        }
    }
}

#[test]
fn a_key_that_is_far_too_long_is_refused_before_anything_is_sent() {
    for length in [9_000, 70_000, 1 << 20] {
        let key = CORE.repeat(length / CORE.len());
        let runs =
            SOURCES.into_iter().filter_map(|from| run(from, key.as_bytes())).chain([login(key.as_bytes())]);
        for (place, run) in runs {
            assert_eq!(run.code, 4, "{length}: {}", run.stderr);
            assert!(
                run.stderr.contains("too long") || run.stderr.contains("more than a key"),
                "{}",
                run.stderr
            );
            run_is_clean(&place.world, CORE, &run, &place.but());
            place.world.was_left_alone();
        }
    }
}

#[test]
fn a_key_that_a_header_can_carry_is_sent_unchanged() {
    for key in ["\"U2VjcmV0Q29yZQ==\"", "'U2VjcmV0Q29yZQ'", "U2Vj\\U2VjcmV0Q29yZQ", "U2VjcmV0Q29yZQ:x,;%41"] {
        let runs =
            SOURCES.into_iter().filter_map(|from| run(from, key.as_bytes())).chain([login(key.as_bytes())]);
        for (place, run) in runs {
            assert_ne!(run.code, 0);
            run_is_clean(&place.world, CORE, &run, &place.but());
            let sent = place.world.requests();
            assert_eq!(sent[0].header("authorization"), Some(format!("Basic {key}").as_str()));
        }
    }
}

#[test]
fn a_key_in_the_wrong_variable_is_not_repeated() {
    let world = crate::world::World::new();
    let urls = [
        format!("https://me:{KEY}@secure.fusebill.com/v1"),
        format!("https://{KEY}@secure.fusebill.com/v1"),
        format!("https://secure.fusebill.com/v1?key={KEY}"),
        format!("https://secure.fusebill.com/v1#{KEY}"),
        format!("me:{KEY}@secure.fusebill.com"),
    ];
    for url in &urls {
        for arguments in [&["customer", "get", "123", "-v", "-o", "json"][..], &["profile", "list"]] {
            let run = world.run_with(&[("FUSEBILL_BASE_URL", url)], arguments);
            assert_eq!(run.code, 2, "{}", run.stderr);
            run.says(&["FUSEBILL_BASE_URL: the base URL `", "has a user name, a query"]);
            run_is_clean(&world, KEY, &run, &[]);
        }
    }
    for key in [KEY.to_string(), format!("Basic {KEY}")] {
        let run = world.bare(&[("FUSEBILL_API_KEY_FILE", &key)], &["customer", "get", "123", "-v"]);
        run.fails(4, &["FUSEBILL_API_KEY_FILE: it names no file, and looks like a key itself"]);
        run_is_clean(&world, KEY, &run, &[]);
    }
    let run = world.bare(&[("FUSEBILL_API_KEY_FILE", "no/such/file")], &["customer", "get", "123"]);
    run.fails(4, &["cannot read `no/such/file`"]);
    world.was_left_alone();
}

#[test]
fn a_key_in_the_wrong_place_of_a_command_line_is_not_repeated() {
    let world = crate::world::World::new();
    let url = format!("https://0:{KEY}@host.invalid/v1");
    let joined = format!("--api-key={KEY}");
    let lines: &[&[&str]] = &[
        &[KEY],
        &["auth", "login", KEY],
        &["auth", "login", "--with-key-stdin", KEY],
        &["auth", "login", &joined],
        &["auth", "status", "--timeout", KEY],
        &["profile", "set", "z", "--base-url", &url],
        &["profile", "set", "z", "--api-key-file", KEY],
        &["profile", "set", "z", "--api-key-command", KEY],
        &["profile", "set", "z", "--color", KEY],
        &["profile", "set", KEY],
        &["profile", "remove", KEY],
        &["profile", "show", KEY],
        &["customer", "get", KEY],
        &["customer", "get", "123", "--profile", KEY],
        &["customer", "list", "--where", KEY],
        &["customer", "update", "123", "--title", KEY],
        &["customer", "update", "123", "--set", KEY],
        &["help", KEY],
    ];
    for line in lines {
        for form in [&[][..], &["-o", "json"], &["--color", "always"]] {
            let run = world.run(&[*line, form].concat());
            assert_eq!(run.code, 2, "{line:?}: {}", run.stderr);
            run_is_clean(&world, KEY, &run, &[]);
        }
    }
    world.was_left_alone();
}

#[test]
fn a_key_in_the_wrong_place_of_the_configuration_is_not_repeated() {
    for setting in ["api_key_file", "api_key_command", "base_url", "label", "color", "ca_file", "jobs"] {
        let world = crate::accounts::configured(&format!("[profiles.default]\n{setting} = '{KEY}'\n"));
        let file = world.home.path().join(".config/fusebill/config.toml");
        for form in ["table", "json"] {
            let run = world.bare(&[], &["customer", "get", "123", "-o", form]);
            assert_eq!(run.code, 2, "{setting}: {}", run.stderr);
            run_is_clean(&world, KEY, &run, &[&file]);
        }
    }
}
