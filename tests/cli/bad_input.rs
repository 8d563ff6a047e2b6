//! Input that is wrong: exit 2 (4 for a key), a message that names the flag and the fix, and no connection at all.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use fusebill::field::{FIELDS, FieldKind, READ_ONLY};

use crate::world::{World, finished};

/// Asserts that `customer update 123` with these arguments is refused before anything is sent.
#[track_caller]
fn refused(arguments: &[&str], says: &[&str]) {
    let world = World::new();
    let run = world.update(arguments);
    run.fails(2, says);
    run.says(&["Nothing was written."]);
    world.was_left_alone();
    let json = world.update(&[arguments, &["-o", "json"]].concat());
    assert_eq!((json.code, &json.json()["error"]["kind"]), (2, &"usage".into()), "{arguments:?}");
    world.was_left_alone();
}

#[track_caller]
fn all_refused(table: &[(&[&str], &[&str])]) {
    table.iter().for_each(|(arguments, says)| refused(arguments, says));
}

#[test]
fn flags_that_do_not_exist_or_lack_their_value() {
    all_refused(&[
        (&["--frist-name", "x"], &["--frist-name", "--first-name"]),
        (&["--first-name"], &["a value is required for '--first-name"]),
        (&["extra", "--first-name", "x"], &["unexpected argument 'extra'"]),
        (&["--first-name", "-x"], &["'-x'", "joined to its flag: --FLAG=VALUE"]),
        (&["--parent-id", "-1"], &["'-1'", "joined to its flag: --parent-id=-1"]),
        (&["--first-name", "a", "--first-name", "b"], &["--first-name", "multiple times"]),
        (&["--first-name", "a", "--exit-code"], &["--dry-run"]),
        (&["--first-name", "a", "-q", "-v"], &["--quiet", "--verbose"]),
        (&["--first-name", "a", "--timeout", "0"], &["--timeout", "a number of seconds above 0"]),
        (&["--first-name", "a", "--color", "pink"], &["--color", "auto, always, never"]),
        (&["--first-name", "a", "--no-such"], &["--no-such"]),
    ]);
}

#[test]
fn a_value_that_begins_with_a_dash_is_taken_when_it_is_joined() {
    let world = World::new();
    assert_eq!(world.update(&["--suffix=-x"]).code, 0);
    assert!(world.put_body().contains("\"suffix\":\"-x\""));
}

#[test]
fn an_unknown_output_form_names_the_forms() {
    let world = World::new();
    world.run(&["customer", "get", "123", "-o", "xml"]).fails(2, &["--output", "table, json, ndjson, csv"]);
    world.was_left_alone();
}

#[test]
fn a_malformed_customer_id_is_a_usage_error() {
    let world = World::new();
    for id in ["abc", "0", "1.0", "+1", "", "12 3", "１２３", "99999999999999999999", "123/../456", "123?x=1"]
    {
        for arguments in [vec!["customer", "update", id, "--first-name", "x"], vec!["customer", "get", id]] {
            let run = world.run(&arguments);
            run.fails(2, &["<CUSTOMER>", "whole number such as 123"]);
            assert_eq!(run.stderr.contains("Nothing was written."), arguments[1] == "update");
        }
    }
    world.run(&["customer", "get", "-1"]).fails(2, &["-1"]);
    world.run(&["customer", "get"]).fails(2, &["<CUSTOMER>"]);
    world.was_left_alone();
}

#[test]
fn a_usage_error_in_json_has_the_whole_message() {
    let world = World::new();
    let message = |arguments: &[&str]| world.run(arguments).json()["error"]["message"].clone();
    assert_eq!(
        message(&["customer", "update", "-o", "json"]),
        "the following required arguments were not provided: <CUSTOMER>"
    );
    assert_eq!(
        message(&["customer", "update", "1", "--title", "Sir", "-o", "json"]),
        "invalid value 'Sir' for '--title <WORD>' [possible values: Mr, Mrs, Ms, Miss, Dr]"
    );
    assert_eq!(message(&["--output=json", "customer"]), "no command was given");
    world.was_left_alone();
}

#[test]
fn a_usage_error_in_json_keeps_the_tip() {
    let run = World::new().run(&["customer", "update", "1", "--frist-name", "x", "-o", "json"]);
    let hint = run.json()["error"]["hint"].clone();
    assert_eq!(hint, "a similar argument exists: '--first-name'; --help shows what can be typed");
}

#[test]
fn a_usage_error_cannot_steer_the_terminal() {
    let world = World::new();
    for argument in ["a\u{1b}]0;pwn\u{7}b\r", "a\u{1b}[2Jb\n", "a\u{9b}31m\u{202e}b"] {
        for arguments in [
            vec!["customer", "get", argument, "--color", "always"],
            vec!["customer", "update", "1", "--title", argument, "--color=always"],
            vec!["customer", "update", "1", argument, "--suffix", "x"],
            vec!["--color", "always", "customer", argument],
            vec!["profile", "set", "x", "--read-only", argument],
            vec!["profile", "set", argument, "--label", "x"],
            vec!["customer", "bulk", "plan", "x", "--jobs", argument],
        ] {
            let run = world.run(&arguments);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!run.stderr.contains(steers), "{arguments:?}: {:?}", run.stderr);
            assert!(run.stderr.contains("a\\u{"), "{arguments:?}: {:?}", run.stderr);
        }
    }
}

#[test]
fn a_usage_error_is_coloured_as_the_flag_says() {
    let world = World::new();
    let coloured = |arguments: &[&str]| world.run(arguments).stderr.contains('\u{1b}');
    assert!(coloured(&["customer", "get", "--color", "always", "--nope"]));
    assert!(coloured(&["customer", "get", "--nope", "--color=always"]));
    assert!(!coloured(&["customer", "get", "--nope", "--color", "never"]));
    assert!(!coloured(&["customer", "get", "--nope"]));
}

#[test]
fn an_update_without_a_change_is_a_usage_error() {
    all_refused(&[
        (&[], &["no flag names a change", "--first-name John"]),
        (&["--yes"], &["no flag names a change"]),
        (&["--dry-run"], &["no flag names a change"]),
        (&["--expect", "status=Active"], &["no flag names a change"]),
        (&["--new-field"], &["no flag names a change"]),
    ]);
}

#[test]
fn values_of_the_wrong_kind() {
    all_refused(&[
        (&["--title", "Sir"], &["--title", "Mr, Mrs, Ms, Miss, Dr"]),
        (&["--title", ""], &["--title", "Mr, Mrs, Ms, Miss, Dr"]),
        (&["--status", "Gone"], &["--status", "Draft, Active, Hold, Suspended, Cancelled"]),
        (&["--parent-id", "x"], &["--parent-id", "whole number, not `x`"]),
        (&["--parent-id", ""], &["--parent-id", "whole number"]),
        (&["--parent-id=-1"], &["--parent-id", "whole number, not `-1`"]),
        (&["--quickbooks-id", "1.5"], &["--quickbooks-id", "whole number, not `1.5`"]),
        (&["--quickbooks-id", "007"], &["--quickbooks-id", "whole number"]),
        (&["--currency", "XYZ"], &["--currency", "ISO 4217 code such as USD, not `XYZ`"]),
        (&["--currency", ""], &["--currency", "ISO 4217"]),
        (&["--currency", "dollars"], &["--currency", "ISO 4217"]),
        (&["--set", "parentId=5"], &["--set", "`parentId`", "--set-json parentId=…"]),
        (&["--set", "status=Gone"], &["--set", "`status` takes one of Draft"]),
        (&["--set-json", "firstName=5"], &["--set-json", "`firstName` takes text, not a number"]),
        (&["--set-json", "firstName=true"], &["`firstName` takes text, not"]),
        (&["--set-json", "firstName=[]"], &["`firstName` takes text, not an array"]),
        (&["--set-json", "parentId=\"7\""], &["`parentId` takes a whole number, not a string"]),
        (&["--set-json", "customerReference.salesTrackingCodes={}"], &["takes an array"]),
        (&["--set-json", "firstName=\"\\ud800\""], &["half of a surrogate pair"]),
    ]);
}

#[test]
fn a_bad_address_list_is_a_usage_error() {
    let empty = "has an empty address in its list";
    for (list, says) in [
        ("a@example.com\nBcc: b@example.com", "which has a control character in it"),
        ("a@example.com\u{7}", "which has a control character in it"),
        ("a@example.com;", empty),
        ("a@example.com;;b@example.com", empty),
        (" ", empty),
    ] {
        for flag in ["--primary-email", "--secondary-email"] {
            refused(&[flag, list], &[flag, says]);
        }
    }
}

#[test]
fn texts_longer_than_their_limit_in_utf_16_units() {
    for field in FIELDS {
        let (FieldKind::Text { max, .. } | FieldKind::Emails { max }) = field.kind else { continue };
        let flag = format!("--{}", field.flag);
        if field.path == "companyName" {
            continue;
        }
        let is = format!("`{}` is {} characters long, the limit is {max}", field.path, max + 1);
        refused(&[&flag, &"x".repeat(max + 1)], &[&flag, &is]);
        let wide = "😀".repeat(max / 2 + 1);
        let is = format!("is {} UTF-16 units long, the limit is {max}", wide.encode_utf16().count());
        refused(&[&flag, &wide], &[&flag, &is]);
        refused(&["--set", &format!("{}={wide}", field.path)], &["--set", &is]);
    }
}

#[test]
fn the_longest_text_is_taken() {
    let world = World::new();
    let (text, half) = ("é".repeat(50), "😀".repeat(25));
    let run = world.update(&["--first-name", &text, "--last-name", &half]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(world.stored(123).contains(&text) && world.stored(123).contains(&half));
}

#[test]
fn a_bad_tracking_code_flag_is_a_usage_error() {
    all_refused(&[
        (&["--sales-tracking-code", "x"], &["--sales-tracking-code takes TYPE=CODE, not `x`"]),
        (&["--sales-tracking-code", "=x"], &["--sales-tracking-code", "needs a type"]),
        (&["--sales-tracking-code", "Region= "], &["--sales-tracking-code", "needs a code"]),
        (&["--remove-sales-tracking-code", " "], &["--remove-sales-tracking-code", "needs a type"]),
        (
            &["--sales-tracking-code", "A=1", "--sales-tracking-code", "a=2"],
            &["--sales-tracking-code sets", "twice"],
        ),
        (
            &["--sales-tracking-code", "A=1", "--remove-sales-tracking-code", "a"],
            &["--sales-tracking-code", "--remove-sales-tracking-code", "both set"],
        ),
        (
            &["--sales-tracking-code", "A=1", "--clear", "sales-tracking-code"],
            &["--clear sales-tracking-code"],
        ),
    ]);
}

#[test]
fn a_malformed_path_is_a_usage_error() {
    for (flag, form, value) in [
        ("--set", "PATH=TEXT", "=1"),
        ("--set-json", "PATH=JSON", "=1"),
        ("--expect", "PATH=VALUE", "=1"),
        ("--clear", "", ""),
    ] {
        let with = |path: &str| format!("{path}{value}");
        let update = |argument: &str, says: &[&str]| refused(&["--suffix", "x", flag, argument], says);
        update(&with("a..b"), &[flag, "`a..b` is not a path", "empty name between its dots"]);
        update(&with(".a"), &[flag, "is not a path"]);
        update(&with("/a~2"), &[flag, "is not a path", "`~0`"]);
        if value.is_empty() {
            update("first-name,,last-name", &[flag, "the path is empty"]);
        } else {
            update("firstName", &[&format!("{flag} takes {form}, not `firstName`")]);
            update("=1", &[flag, "the path is empty"]);
        }
    }
}

#[test]
fn a_flag_with_invalid_json_is_a_usage_error() {
    all_refused(&[
        (
            &["--set-json", "firstName=John"],
            &["--set-json `firstName=John`", "not JSON", "'firstName=\"John\"'", "--set"],
        ),
        (&["--set-json", "firstName="], &["--set-json", "not JSON"]),
        (&["--set-json", "x=01"], &["--set-json", "not JSON"]),
        (&["--set-json", "x=NaN"], &["--set-json", "not JSON"]),
        (&["--set-json", "x={\"a\":1,}"], &["--set-json", "not JSON"]),
        (&["--set-json", "x=1 2"], &["--set-json", "not JSON"]),
        (&["--set-json", "x={\"a\":1,\"a\":2}"], &["--set-json", "the key \"a\" occurs twice"]),
    ]);
    let run = World::new().update(&["--set-json", "x={\"a\":1,\"a\":2}"]);
    assert!(!run.stderr.contains("text is written with its quotes"), "it is no text: {}", run.stderr);
}

#[test]
fn a_merge_patch_that_cannot_be_used() {
    let world = World::new();
    let home = world.home.path().display().to_string();
    let file = |name: &str, content: &[u8]| world.file(name, content);
    let patches: [(String, &[&str]); 9] = [
        (format!("{home}/missing.json"), &["cannot read", "missing.json", "No such file"]),
        (home.clone(), &["cannot read", "Is a directory"]),
        (file("empty", b""), &["cannot be read", "not JSON"]),
        (file("text", b"firstName: John"), &["cannot be read", "not JSON", "line 1"]),
        (file("comma", b"{\"firstName\": \"John\",\n}"), &["not JSON", "line 2"]),
        (file("array", b"[{\"firstName\": \"John\"}]"), &["is an array, not an object", "looks like {"]),
        (file("none", b"{}"), &["sets no field"]),
        (
            file("twice", b"{\"firstName\": \"a\", \"first\\u004eame\": \"b\"}"),
            &["occurs twice in one object"],
        ),
        (file("latin1", b"{\n\"firstName\": \"Jos\xe9\"}"), &["is not UTF-8 text (line 2)"]),
    ];
    for (patch, says) in patches {
        let run = world.update(&["--patch", &patch]);
        run.fails(2, says);
        run.says(&["--patch", "Nothing was written."]);
    }
    world
        .pipe(&["customer", "update", "123", "--patch", "-"], b"")
        .fails(2, &["--patch", "standard input", "not JSON"]);
    world.was_left_alone();
}

#[test]
fn one_field_from_two_sources() {
    let world = World::new();
    let patch = world.file("patch.json", r#"{"firstName":"p"}"#);
    let sources: [(&[&str], &str); 8] = [
        (&["--first-name", "a"], "--first-name"),
        (&["--set", "firstName=b"], "--set"),
        (&["--set", "/firstName=c"], "--set"),
        (&["--set-json", "firstName=\"d\""], "--set-json"),
        (&["--set-json", "/firstName=\"e\""], "--set-json"),
        (&["--clear", "first-name"], "--clear first-name"),
        (&["--clear", "/firstName"], "--clear /firstName"),
        (&["--patch", &patch], "--patch"),
    ];
    for (at, (one, one_name)) in sources.iter().enumerate() {
        for (other, other_name) in &sources[at + 1..] {
            let run = world.update(&[*one, *other].concat());
            run.fails(2, &["`firstName`", one_name, other_name, "Nothing was written."]);
            let message = run.stderr.contains("both set") || run.stderr.contains("twice");
            assert!(message, "{one:?} {other:?}: {}", run.stderr);
        }
    }
    world.was_left_alone();
}

#[test]
fn a_value_and_something_inside_it() {
    all_refused(&[
        (
            &["--set-json", "extra={}", "--set", "extra.more=x"],
            &["--set-json and --set both set", "`extra.more`"],
        ),
        (
            &["--set-json", "customerReference={}", "--reference1", "x"],
            &["--set-json", "`customerReference` holds several fields", "one by one"],
        ),
        (&["--clear", "customerAcquisition"], &["--clear customerAcquisition", "holds several fields"]),
        (&["--clear", "first-name,first-name"], &["--clear first-name sets `firstName` twice"]),
    ]);
}

#[test]
fn every_read_only_field_in_every_form() {
    for field in READ_ONLY {
        let says = format!("`{}` is read-only: {}", field.path, field.reason);
        let world = World::new();
        for arguments in [
            ["--set".to_string(), format!("{}=x", field.path)],
            ["--set-json".to_string(), format!("/{}=1", field.path.replace('.', "/"))],
            ["--clear".to_string(), field.path.to_string()],
        ] {
            let [flag, value] = &arguments;
            world.update(&[flag, value]).fails(2, &[flag, &says, "Nothing was written."]);
            world.update(&["--new-field", flag, value]).fails(2, &[flag, &says]);
        }
        world.was_left_alone();
    }
}

#[test]
fn a_profile_that_does_not_exist() {
    let world = World::new();
    let says = ["there is no profile `live`", "the profiles are default, sandbox"];
    let by_flag = world.run(&["--profile", "live", "customer", "get", "123"]);
    by_flag.fails(2, &says);
    by_flag.says(&["--profile"]);
    let by_variable = world.run_with(&[("FUSEBILL_PROFILE", "live")], &["customer", "get", "123"]);
    by_variable.fails(2, &says);
    by_variable.says(&["FUSEBILL_PROFILE"]);
    world.run(&["--profile", "", "customer", "get", "123"]).fails(2, &["--profile: there is no profile ``"]);
    world.was_left_alone();
}

#[test]
fn the_flag_for_the_profile_wins_over_the_variable() {
    let world = World::new();
    let run =
        world.run_with(&[("FUSEBILL_PROFILE", "live")], &["--profile", "default", "customer", "get", "123"]);
    assert_eq!((run.code, world.lines().len()), (0, 1), "{}", run.stderr);
}

#[test]
fn base_urls_that_no_key_may_be_sent_to() {
    let world = World::new();
    let port = world.server.address().port();
    for (url, says) in [
        ("http://fusebill.invalid/v1".to_string(), "the key would cross the network readable by anyone"),
        ("http://0.0.0.0/v1".to_string(), "not https"),
        (format!("http://127.0.0.1:{port}@fusebill.invalid/v1"), "has a user name"),
        (format!("http://me:secret@127.0.0.1:{port}/v1"), "has a user name"),
        (format!("ftp://127.0.0.1:{port}/v1"), "neither https:// nor http:// to this machine"),
        (format!("ws://127.0.0.1:{port}/v1"), "neither https://"),
        (format!("127.0.0.1:{port}/v1"), "base URL"),
        (format!("http://127.0.0.1:{port}/v1?x=1"), "a query"),
        (format!("http://127.0.0.1:{port}/v1#x"), "a fragment"),
        ("https://".to_string(), "base URL"),
        (" ".to_string(), "a space in it"),
    ] {
        let run = world.run_with(&[("FUSEBILL_BASE_URL", &url)], &["customer", "get", "123"]);
        run.fails(2, &["FUSEBILL_BASE_URL", says, "https://secure.fusebill.com/v1"]);
    }
    world.was_left_alone();
}

#[test]
fn a_malformed_api_key_is_refused_with_the_reason() {
    let world = World::new();
    for (key, says) in [
        ("", "the API key is empty"),
        (" \n", "the API key is empty"),
        ("Basic ", "the API key is empty"),
        ("s3cr et", "a space or a line break inside"),
        ("s3cr\net", "a space or a line break inside"),
        ("s3crét", "not printable ASCII"),
        ("s3cr\u{7f}et", "not printable ASCII"),
    ] {
        let run = world.run_with(&[("FUSEBILL_API_KEY", key)], &["customer", "get", "123"]);
        let hint = if says.ends_with("is empty") { "unset it" } else { "paste the key" };
        run.fails(4, &["FUSEBILL_API_KEY", says, hint]);
        assert!(!run.stderr.contains("s3cr"), "{}", run.stderr);
        let file = world.file("key", key);
        let run = finished(
            world
                .command(["customer", "get", "123"])
                .env_remove("FUSEBILL_API_KEY")
                .env("FUSEBILL_API_KEY_FILE", file),
        );
        run.fails(4, &["FUSEBILL_API_KEY_FILE", says]);
        assert!(!run.stderr.contains("s3cr"), "{}", run.stderr);
    }
    world.was_left_alone();
}

#[test]
fn no_key_at_all() {
    let world = World::new();
    let command = || {
        let mut command = world.command(["customer", "update", "123", "--first-name", "John"]);
        command.env_remove("FUSEBILL_API_KEY").stdin(Stdio::null());
        command
    };
    finished(&mut command()).fails(4, &["there is no API key", "FUSEBILL_API_KEY_FILE", "--profile sandbox"]);
    let missing = world.home.path().join("nokey");
    finished(command().env("FUSEBILL_API_KEY_FILE", missing))
        .fails(4, &["FUSEBILL_API_KEY_FILE", "cannot read", "nokey"]);
    let latin1 = world.file("latin1", b"MD\xe9pr");
    finished(command().env("FUSEBILL_API_KEY_FILE", latin1)).fails(4, &["FUSEBILL_API_KEY_FILE"]);
    world.was_left_alone();
}

#[test]
fn a_key_file_works_and_the_variable_wins_over_it() {
    let world = World::new();
    let good = world.file("key", format!(" Basic {}\r\n", fusebill::sandbox::KEY));
    let run = finished(
        world
            .command(["customer", "get", "123"])
            .env_remove("FUSEBILL_API_KEY")
            .env("FUSEBILL_API_KEY_FILE", &good),
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = finished(world.command(["customer", "get", "123"]).env("FUSEBILL_API_KEY_FILE", "/missing"));
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn arguments_that_are_not_utf_8_are_named() {
    let world = World::new();
    let argument = |bytes: &[u8]| OsStr::from_bytes(bytes).to_os_string();
    for bad in [&b"J\xf6rg"[..], b"\xff", b"\xed\xa0\x80"] {
        let arguments: Vec<OsString> =
            [&b"customer"[..], b"update", b"123", b"--first-name", bad].map(argument).to_vec();
        let run = finished(&mut world.command(&arguments));
        run.fails(2, &["argument 5, `", "is not UTF-8 text", "Nothing was written."]);
    }
    world.was_left_alone();
}

#[test]
fn variables_that_are_not_utf_8_are_named_and_not_repeated() {
    let world = World::new();
    for name in ["FUSEBILL_API_KEY", "FUSEBILL_BASE_URL", "FUSEBILL_PROFILE"] {
        let run =
            finished(world.command(["customer", "get", "123"]).env(name, OsStr::from_bytes(b"s3cr\xff")));
        run.fails(2, &[name, "is not UTF-8 text"]);
        assert!(!run.stderr.contains("s3cr"), "{}", run.stderr);
    }
    world.was_left_alone();
}

#[test]
fn an_unreadable_proxy_variable_is_a_usage_error() {
    let world = World::new();
    for value in [&b"http://me:s3cr@\xff.invalid:1"[..], b"gopher://me:s3cr@p.invalid", b"\xff"] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let mut command = world.command(["customer", "get", "123", "--timeout", "5"]);
            command
                .env("FUSEBILL_BASE_URL", "https://fusebill.invalid/v1")
                .env(name, OsStr::from_bytes(value));
            let run = finished(&mut command);
            run.fails(2, &[&format!("the proxy in {name} cannot be read"), "http://proxy.example.com:3128"]);
            assert!(!run.stderr.contains("s3cr"), "{}", run.stderr);
        }
    }
    world.was_left_alone();
}
