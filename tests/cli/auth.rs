//! Keys: stored, checked and removed, and never seen.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use fusebill::sandbox::{KEY, Limits, Options};

use crate::accounts::configured;
use crate::terminal::Terminal;
use crate::world::{Run, World};

impl World {
    fn login(&self, typed: &str) -> Run {
        let url = self.server.base_url();
        let mut command =
            self.bare_command(&[("FUSEBILL_BASE_URL", &url)], &["auth", "login", "--with-key-stdin"]);
        let input = self.file("typed", typed);
        crate::world::finished(command.stdin(std::fs::File::open(input).expect("the file is there")))
    }

    fn stored_key(&self) -> PathBuf {
        self.home.path().join(".config/fusebill/keys/default")
    }
}

#[test]
fn a_key_is_tried_stored_used_and_removed() {
    let world = World::new();
    let run = world.login(&format!("  Basic {KEY}\r\n"));
    let place = world.stored_key();
    run.is(
        0,
        "",
        &format!(
            "The API at 127.0.0.1 accepted the key. It is stored for profile default.\n\
             It is in {}, as plain text that only you can read.\n",
            place.display()
        ),
    );
    let queries: Vec<Option<String>> = world.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(queries, [Some("pageSize=1&pageNumber=0".to_string())]);
    assert_eq!(std::fs::read_to_string(&place).unwrap(), format!("{KEY}\n{}\n", world.server.base_url()));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place), mode(place.parent().unwrap())), (0o600, 0o700));
    let url = world.server.base_url();
    let here = [("FUSEBILL_BASE_URL", url.as_str())];
    let get = ["customer", "get", "123"];
    world.bare(&here, &get).says(&[]);
    assert_eq!(world.bare(&here, &get).code, 0);
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = world.bare(&here, &get);
    let command = format!("run `chmod 600 {}`", place.display());
    run.says(&["warning: other users of this machine can read the key in", &command]);
    assert_eq!(
        world.bare(&here, &["auth", "logout"]).stderr,
        "Removed the stored key of profile default. At Fusebill it is still valid.\n"
    );
    assert!(!place.exists());
    world.bare(&here, &["auth", "logout"]).is(0, "", "No key is stored for profile default.\n");
    let run = world.bare(&here, &get);
    run.fails(4, &["there is no API key for profile default", "`fusebill auth login` stores one"]);
}

#[test]
fn a_key_that_the_api_refuses_is_not_stored() {
    let world = World::new();
    let wrong = KEY.replace(&KEY[4..8], "AAAA");
    let run = world.login(&wrong);
    run.fails(4, &["trying the key: the API refused the key (HTTP 401)"]);
    assert!(!world.stored_key().exists() && !run.stderr.contains(&wrong));
    world.fault("list*9:status=503");
    world.login(KEY).fails(7, &["trying the key: "]);
    assert!(!world.stored_key().exists());
}

#[test]
fn only_a_list_of_customers_accepts_a_key() {
    let world = World::new();
    assert_eq!(world.login(KEY).code, 0);
    let before = format!("MDpzZWNyZXQ=\n{}\n", world.server.base_url());
    std::fs::write(world.stored_key(), &before).unwrap();
    for answer in ["html=200", r#"body={"error":"x"}"#, "body=[1]", "body=null", "empty=200"] {
        world.fault(&format!("list:{answer}"));
        world.login(KEY).fails(1, &["error: trying the key: "]);
        assert_eq!(std::fs::read_to_string(world.stored_key()).unwrap(), before, "{answer}");
        world.fault(&format!("list:{answer}"));
        world.run(&["auth", "status"]).fails(1, &["error: asking 127.0.0.1: "]);
    }
}

#[test]
fn login_refuses_a_malformed_key_with_the_reason_before_any_request() {
    let world = World::new();
    for (typed, reason) in [
        ("", "the API key is empty"),
        (" \n", "the API key is empty"),
        ("Basic \n", "the API key is empty"),
        ("MDpz ZWNy", "the API key has a space or a line break inside"),
        ("MDpz\nZWNy", "the API key has a space or a line break inside"),
        ("Basic Basic MDpz", "the API key has a space or a line break inside"),
        ("Bearer MDpz", "the API key has a space or a line break inside"),
        ("MDp\u{7}z", "the API key has a character that no key has (not printable ASCII)"),
        ("MDpz\u{e9}", "the API key has a character that no key has (not printable ASCII)"),
        ("\u{feff}MDpz", "the API key has a character that no key has (not printable ASCII)"),
    ] {
        let run = world.login(typed);
        run.fails(
            4,
            &[&format!("error: standard input: {reason}\n"), "paste the key exactly as Fusebill shows it"],
        );
        assert!(!run.stderr.contains("MDp"), "{}", run.stderr);
    }
    world.was_left_alone();
}

#[test]
fn a_key_is_typed_without_being_shown() {
    let world = World::new();
    let url = world.server.base_url();
    let command = world.bare_command(&[("FUSEBILL_BASE_URL", &url), ("TERM", "xterm")], &["auth", "login"]);
    let mut terminal = Terminal::sized(&command, 80, 24);
    terminal.until("cancels): ");
    terminal.press("a b\r");
    terminal.until("has a space or a line break inside");
    terminal.until("cancels): ");
    terminal.press(&format!("{KEY}\r"));
    let ended = terminal.finish();
    ended.says(0, &["accepted the key. It is stored for profile default."]);
    ended.left_the_terminal_right();
    assert!(!ended.shown.contains(&KEY[..8]));
    assert!(world.stored_key().exists());
}

#[test]
fn leaving_the_question_for_a_key_stores_none() {
    let world = World::new();
    let url = world.server.base_url();
    for (key, code) in [("\r", 11), ("\u{4}", 11), ("\u{1a}\u{15}\r", 11), ("\u{3}", 130)] {
        let command =
            world.bare_command(&[("FUSEBILL_BASE_URL", &url), ("TERM", "xterm")], &["auth", "login"]);
        let mut terminal = Terminal::sized(&command, 80, 24);
        terminal.until("cancels): ");
        terminal.press(key);
        let ended = terminal.finish();
        assert_eq!(ended.code, code, "{key:?} {}", ended.shown);
        ended.left_the_terminal_right();
    }
    assert!(!world.stored_key().exists());
    world.was_left_alone();
}

#[test]
fn without_a_terminal_a_key_is_not_asked_for() {
    let world = World::new();
    let run = world.bare(&[], &["auth", "login"]);
    run.fails(2, &["cannot ask for the key", "--with-key-stdin"]);
    world.bare(&[], &["--profile", "sandbox", "auth", "login"]).fails(2, &["the sandbox takes no key"]);
    let world = configured("[profiles.live]\nbase_url = 'URL'\napi_key_command = 'x'\n");
    let run = world.bare(&[], &["--profile", "live", "auth", "login", "--with-key-stdin"]);
    run.fails(
        2,
        &["profile live has its key from api_key_command", "profile set live --unset api-key-command"],
    );
}

#[test]
fn a_failing_key_command_is_reported_without_its_secrets() {
    let world = configured(
        "[profiles.default]\nbase_url = 'URL'\napi_key_command = 'sh -c \"echo locked >&2; exit 1\"'\n\
         [profiles.slow]\nbase_url = 'URL'\napi_key_command = ['sleep', '600']\n\
         [profiles.gone]\nbase_url = 'URL'\napi_key_command = '/no/such/program --secret hunter2'\n\
         [profiles.chatty]\nbase_url = 'URL'\napi_key_command = ['printf', 'key: MDpz\\n']\n",
    );
    let get = |profile: &str| {
        world.bare(&[], &["--profile", profile, "--timeout", "0.2", "customer", "get", "123"])
    };
    get("default").fails(4, &["locked\n", "api_key_command: the program `sh` failed: exit status: 1"]);
    get("slow").fails(4, &["the program `sleep` did not end within 0.2 s", "--timeout"]);
    let gone = get("gone");
    gone.fails(4, &["the program `/no/such/program` cannot be started"]);
    assert!(!gone.stderr.contains("hunter2"));
    let chatty = get("chatty");
    chatty.fails(
        4,
        &["a space or a line break inside", "must print the key as Fusebill shows it, and nothing else"],
    );
    assert!(!chatty.stderr.contains("MDp"));
    world.was_left_alone();
}

#[test]
fn auth_status_shows_the_key_source_and_the_remaining_limits() {
    let limits = Limits { per_minute: 50, per_day: 5000, ..Limits::default() };
    let world = World::with(Options { limits, ..Options::default() });
    let run = world.run(&["auth", "status"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for part in
        ["FUSEBILL_API_KEY, as plain text", "key accepted", "49 of 50 requests left, until", "4999 of 5000"]
    {
        assert!(run.stdout.contains(part), "{part} in {}", run.stdout);
    }
    let json = world.run(&["auth", "status", "-o", "json"]).json();
    assert_eq!((json["key"].as_str(), json["plain_text"].as_bool()), (Some("FUSEBILL_API_KEY"), Some(true)));
    assert_eq!(json["limits"]["minute"]["remaining"], 48);
    assert!(json["limits"]["day"]["resets"].as_str().is_some_and(|text| text.ends_with('Z')));
    let csv = world.run(&["auth", "status", "-o", "csv"]).stdout;
    assert!(
        csv.starts_with("account,value\nProfile,default\nAPI,") && csv.contains("\nThis minute,\"47 of 50"),
        "{csv}"
    );
    let run = world.run_with(&[("FUSEBILL_API_KEY", "MDpub25l")], &["auth", "status"]);
    run.fails(4, &["asking 127.0.0.1", "the API does not take", "source of the key: FUSEBILL_API_KEY"]);
}

#[test]
fn a_program_s_key_is_no_plain_text() {
    let world = configured(&format!(
        "[profiles.default]\nbase_url = 'URL'\nlabel = 'L'\napi_key_command = 'echo {KEY}'\n"
    ));
    let json = world.bare(&[], &["auth", "status", "-o", "json"]).json();
    assert_eq!((json["key"].as_str(), json["plain_text"].as_bool()), (Some("api_key_command"), Some(false)));
    assert_eq!((json["label"].as_str(), json["api_from"].as_str()), (Some("L"), Some("profile")));
}

#[test]
fn a_stored_key_is_used_only_if_the_variable_is_unset() {
    let world = World::new();
    assert_eq!(world.login(KEY).code, 0);
    let run = world.run(&["auth", "status"]);
    run.says(&["warning: FUSEBILL_API_KEY is used, and not the key of profile default (the key that `auth login` stored"]);
    let url = world.server.base_url();
    let run =
        world.bare(&[("FUSEBILL_BASE_URL", &url), ("FUSEBILL_API_KEY", "")], &["customer", "get", "123"]);
    run.fails(4, &["FUSEBILL_API_KEY: the API key is empty"]);
}

#[test]
fn a_stored_key_is_sent_only_to_the_address_it_was_tried_on() {
    let world = World::new();
    assert_eq!(world.login(KEY).code, 0);
    assert_eq!(world.login(KEY).stderr.lines().nth(1), Some("It replaces the key that was stored before."));
    let other = World::new();
    let url = other.server.base_url();
    let run = world.bare(&[("FUSEBILL_BASE_URL", &url)], &["customer", "get", "123"]);
    run.fails(
        4,
        &["the stored key is for another address, so it is not sent", "`fusebill auth login` stores one"],
    );
    assert!(!run.stderr.contains(KEY));
    other.was_left_alone();
}

#[test]
fn removing_a_profile_removes_its_key() {
    let world = configured("[profiles.live]\nbase_url = 'URL'\n");
    let mut login = world.bare_command(&[], &["--profile", "live", "auth", "login", "--with-key-stdin"]);
    let input = world.file("typed", KEY);
    assert_eq!(
        crate::world::finished(login.stdin(std::fs::File::open(input).expect("the file is there"))).code,
        0
    );
    let stored = world.home.path().join(".config/fusebill/keys/live");
    assert!(stored.exists());
    let run = world.bare(&[], &["profile", "remove", "live", "--yes"]);
    run.is(0, "", "Removed: profile live and its stored key.\n");
    assert!(!stored.exists());
}
