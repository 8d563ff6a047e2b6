//! Profiles, and which of several sources each setting comes from.

use std::os::unix::fs::{PermissionsExt, symlink};

use fusebill::sandbox;

use crate::world::World;

/// A world whose environment names neither URL nor key, with this file of profiles.
pub fn configured(profiles: &str) -> World {
    let world = World::new();
    let text = profiles.replace("URL", &world.server.base_url());
    std::fs::create_dir_all(world.home.path().join(".config/fusebill")).expect("a folder is made");
    world.file(".config/fusebill/config.toml", text);
    world
}

impl World {
    /// Runs the program with nothing of this account in its environment but these variables.
    pub fn bare(&self, variables: &[(&str, &str)], arguments: &[&str]) -> crate::world::Run {
        crate::world::finished(self.bare_command(variables, arguments).stdin(std::process::Stdio::null()))
    }

    pub fn bare_command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> std::process::Command {
        let mut command = self.command(arguments);
        command.env_remove("FUSEBILL_BASE_URL").env_remove("FUSEBILL_API_KEY");
        command.envs(variables.iter().copied());
        command
    }

    pub fn config(&self) -> String {
        let path = self.home.path().join(".config/fusebill/config.toml");
        std::fs::read_to_string(path).expect("there are profiles")
    }

    fn authorizations(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        requests.filter_map(|request| request.header("authorization").map(str::to_string)).collect()
    }
}

/// That the harness says in the environment where the account is, and not in the profile.
const BY: &str = ", by FUSEBILL_BASE_URL";

const GET: &[&str] = &["customer", "get", "123"];

#[test]
fn a_profile_sets_the_address_and_the_source_of_the_key() {
    let world = configured(&format!(
        "[profiles.default]\nbase_url = 'URL'\napi_key_command = 'printf %s {key}'\n\
         [profiles.other]\nbase_url = 'URL'\napi_key_command = ['echo', 'Basic {key}']\n\
         [profiles.filed]\nbase_url = 'URL'\napi_key_file = 'the key'\n\
         [profiles.home]\nbase_url = 'URL'\napi_key_file = '~/k'\n",
        key = sandbox::KEY
    ));
    let path = world.file(".config/fusebill/the key", sandbox::KEY);
    let home = world.file("k", format!("\n  {}\r\n", sandbox::KEY));
    for path in [path, home] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o400)).unwrap();
    }
    for arguments in [&[][..], &["--profile", "other"], &["--profile", "filed"], &["--profile", "home"]] {
        let run = world.bare(&[], &[arguments, GET].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    }
    assert_eq!(world.bare(&[("FUSEBILL_PROFILE", "other")], GET).code, 0);
    assert_eq!(world.authorizations(), vec![format!("Basic {}", sandbox::KEY); 5]);
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_profile() {
    let world = configured(
        "[profiles.default]\nbase_url = 'https://nowhere.invalid'\napi_key_command = 'false'\n\
         [profiles.broken]\nbase_url = 'https://nowhere.invalid'\n",
    );
    let url = world.server.base_url();
    let both = [("FUSEBILL_BASE_URL", url.as_str()), ("FUSEBILL_API_KEY", sandbox::KEY)];
    let run = world.bare(&both, GET);
    let message = format!(
        "warning: FUSEBILL_API_KEY is used, and not the key of profile default (api_key_command)\n\
         warning: FUSEBILL_BASE_URL is used, and not the address of profile default: requests go to {url}\n"
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, message.as_str()));
    let named = [both.as_slice(), &[("FUSEBILL_PROFILE", "broken")]].concat();
    let run = world.bare(&named, &["customer", "update", "123", "--first-name", "J", "--dry-run"]);
    assert!(run.stdout.contains("(profile broken, 127.0.0.1, by FUSEBILL_BASE_URL)"), "{}", run.stdout);
    let run = world.bare(&named, &["--profile", "default", "customer", "update", "123", "--first-name", "J"]);
    assert!(
        run.stdout.contains("(profile default, 127.0.0.1, by FUSEBILL_BASE_URL and FUSEBILL_API_KEY)"),
        "{}",
        run.stdout
    );
    assert!(run.undo.is_some_and(|undo| undo.starts_with("fusebill --profile default customer undo")));
}

#[test]
fn a_key_of_the_profile_goes_to_no_other_address() {
    for key in ["api_key_command = 'touch asked'", "api_key_file = 'the key'"] {
        let world =
            configured(&format!("[profiles.default]\nbase_url = 'https://nowhere.invalid/v1'\n{key}\n"));
        world.file(".config/fusebill/the key", sandbox::KEY);
        let url = world.server.base_url();
        let run = world.bare(&[("FUSEBILL_BASE_URL", &url)], GET);
        let name = key.split(' ').next().expect("a name");
        run.fails(
            4,
            &[
                &format!("the key of {name} is for the profile's address, so it is not sent"),
                "the profile's: https://nowhere.invalid/v1",
                &format!("asked for: {url}, by FUSEBILL_BASE_URL"),
                "set FUSEBILL_API_KEY to a key for that address",
            ],
        );
        world.was_left_alone();
        assert!(!world.home.path().join("asked").exists(), "the command does not run");
    }
}

#[test]
fn a_variable_that_overrides_the_profile_is_shown_with_the_change() {
    let world = configured("[profiles.live]\nlabel = 'PROD'\n");
    let update = ["--profile", "live", "customer", "update", "123", "--first-name", "J", "--dry-run"];
    let run = world.run(&update);
    let head = "(profile live, PROD, 127.0.0.1, by FUSEBILL_BASE_URL)";
    assert!(run.stdout.lines().next().is_some_and(|line| line.ends_with(head)), "{}", run.stdout);
    let url = world.server.base_url();
    run.says(&[&format!(
        "warning: FUSEBILL_BASE_URL is used, and not the address of profile live: requests go to {url}"
    )]);
}

#[test]
fn a_variable_that_a_script_forgot_to_fill_is_no_other_account() {
    let world = World::new();
    for name in ["FUSEBILL_PROFILE", "FUSEBILL_BASE_URL"] {
        let run = world.run_with(&[(name, "")], GET);
        run.fails(2, &[&format!("error: {name} is set, and empty"), &format!("unset {name}")]);
    }
    world.was_left_alone();
}

#[test]
fn an_address_that_may_be_wrong_is_doubted() {
    let world = World::new();
    let url = world.server.base_url().replace("/v1", "/v2");
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &url)], GET);
    run.fails(3, &[&format!("the base URL is {url}; the vendor's ends in /v1")]);
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &url)], &["auth", "status"]);
    run.fails(3, &["the vendor's ends in /v1"]);
}

#[test]
fn names_that_differ_in_case_only_are_refused() {
    let world = configured("[profiles.live]\njobs = 2\n");
    let run = world.bare(&[], &["profile", "set", "Live", "--jobs", "3"]);
    run.fails(2, &["`Live` and `live` differ only in case", "Nothing was written."]);
    let run = world.bare(&[], &["profile", "set", "liev"]);
    run.says(&["warning: this is a new profile; there is also `live`"]);
}

#[test]
fn a_relative_key_command_is_resolved_beside_the_config_file() {
    use std::os::unix::fs::PermissionsExt;
    let world = configured("[profiles.default]\nbase_url = 'URL'\napi_key_command = 'bin/pass'\n");
    for (folder, text) in
        [(".config/fusebill/bin", format!("echo {}", sandbox::KEY)), ("bin", "echo no; exit 1".into())]
    {
        std::fs::create_dir_all(world.home.path().join(folder)).unwrap();
        let path = world.file(&format!("{folder}/pass"), format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(world.bare(&[], GET).code, 0);
}

#[test]
fn a_bad_setting_is_refused_with_its_line_before_any_request() {
    let world = configured("[profiles.default]\nbase_url = 'URL'\n\ncolour = 'red'\n");
    let run = world.run(GET);
    run.fails(2, &["config.toml`, line 4: `colour` is not a setting", "hint: did you mean `color`?"]);
    let world = configured(&format!("[profiles.default]\napi_key = '{}'\n", sandbox::KEY));
    let run = world.run(GET);
    run.fails(
        2,
        &["line 2: `api_key` is not a setting, and a key does not belong into this file", "auth login"],
    );
    assert!(!run.stderr.contains(sandbox::KEY));
    world.was_left_alone();
}

#[test]
fn a_profile_that_is_not_there_never_falls_back_to_another() {
    let world = configured("[profiles.live]\nbase_url = 'URL'\n");
    let run = world.run(&["--profile", "lives", "customer", "get", "123"]);
    run.fails(2, &["--profile: there is no profile `lives`", "did you mean `live`?", "profile set lives"]);
    let run = world.run_with(&[("FUSEBILL_PROFILE", "x")], GET);
    run.fails(2, &["FUSEBILL_PROFILE: there is no profile `x`", "the profiles are default, sandbox, live"]);
    world.was_left_alone();
}

#[test]
fn profiles_are_made_changed_shown_and_removed() {
    let world = configured("# mine\n[profiles.live] # the real one\nlabel = 'LIVE' # loud\n");
    let run = world
        .bare(&[], &["profile", "set", "live", "--label", "PROD", "--label-color", "red", "--read-only"]);
    run.is(
        0,
        "",
        &format!(
            "Profile live is changed, in {}\n",
            world.home.path().join(".config/fusebill/config.toml").display()
        ),
    );
    assert_eq!(
        world.config(),
        "# mine\n[profiles.live] # the real one\nlabel = \"PROD\" # loud\ncolor = \"red\"\nread_only = true\n"
    );
    let run = world.bare(&[], &["profile", "set", "live", "--label", "PROD"]);
    run.is(0, "", "No changes: profile live already has these settings.\n");
    let run = world.bare(&[], &["profile", "set", "test", "--ca-file", "ca.pem", "--jobs", "8"]);
    run.says(&[
        "Profile test is made",
        "It has no key yet: `fusebill --profile test auth login` stores one.",
    ]);
    let ca = std::fs::canonicalize(world.home.path()).unwrap().join("ca.pem");
    assert!(
        world.config().ends_with(&format!("\n[profiles.test]\njobs = 8\nca_file = \"{}\"\n", ca.display()))
    );
    let run =
        world.bare(&[], &["profile", "set", "live", "--unset", "label-color,label", "--read-only=false"]);
    assert_eq!(run.code, 0);
    assert!(world.config().starts_with("# mine\n[profiles.live] # the real one\nread_only = false\n"));
    let list = world.bare(&[], &["profile", "list", "-o", "csv"]);
    assert_eq!(
        list.stdout,
        "profile,current,label,api,key,writes\n\
         default,true,,https://secure.fusebill.com/v1,,allowed\n\
         sandbox,false,,this machine,built in,allowed\n\
         live,false,,https://secure.fusebill.com/v1,,allowed\n\
         test,false,,https://secure.fusebill.com/v1,,allowed\n"
    );
    world
        .bare(&[], &["profile", "remove", "live"])
        .fails(2, &["this change needs consent", "Remove profile live?", "add --yes"]);
    world.bare(&[], &["profile", "remove", "live", "--yes"]).is(0, "", "Removed: profile live.\n");
    assert!(!world.config().contains("live"));
    world.bare(&[], &["profile", "remove", "live", "--yes"]).fails(2, &["there is no profile `live`"]);
    world.bare(&[], &["profile", "remove", "default", "--yes"]).fails(2, &["profile default is built in"]);
    world.was_left_alone();
}

#[test]
fn profile_show_lists_each_setting_with_its_source() {
    let world = configured("[profiles.live]\nbase_url = 'URL'\neditor = 'vi -n'\nconfirm = 'always'\n");
    let shown = world.bare(
        &[("FUSEBILL_EDITOR", "nano"), ("FUSEBILL_API_KEY", sandbox::KEY)],
        &["profile", "show", "live", "-o", "json"],
    );
    let json = shown.json();
    let setting = |name: &str| {
        let all = json["settings"].as_array().unwrap();
        let one = all.iter().find(|one| one["setting"] == name).unwrap();
        format!("{} {}", one["value"], one["from"])
    };
    assert_eq!(setting("base_url"), format!("\"{}\" \"profile\"", world.server.base_url()));
    assert_eq!(setting("editor"), "\"nano\" \"FUSEBILL_EDITOR\"");
    assert_eq!(setting("confirm"), "\"always\" \"profile\"");
    assert_eq!(setting("tls_roots"), "\"bundled\" \"built in\"");
    assert_eq!(setting("label"), "null \"\"");
    assert_eq!((json["profile"].as_str(), json["key"].as_str()), (Some("live"), Some("FUSEBILL_API_KEY")));
    assert!(!shown.stdout.contains(sandbox::KEY));
    let table = world.bare(&[], &["profile", "show", "live"]).stdout;
    assert!(table.starts_with("Profile live\n") && table.ends_with("Key: none\n"), "{table}");
    world.bare(&[], &["profile", "show", "nobody"]).fails(2, &["there is no profile `nobody`"]);
}

#[test]
fn the_file_stays_a_link_with_its_mode() {
    let world = World::new();
    let folder = world.home.path().join(".config/fusebill");
    std::fs::create_dir_all(&folder).unwrap();
    let real = world.file("dotfiles.toml", "[profiles.a]\njobs = 2\n");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&real, folder.join("config.toml")).unwrap();
    assert_eq!(world.bare(&[], &["profile", "set", "a", "--jobs", "3"]).code, 0);
    assert!(folder.join("config.toml").symlink_metadata().unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "[profiles.a]\njobs = 3\n");
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn flags_of_profile_set_are_checked_like_the_file() {
    let world = World::new();
    for (arguments, says) in [
        (&["x y"][..], "`x y` cannot name a profile"),
        (&["a", "--base-url", "http://example.com"], "is not https"),
        (&["a", "--jobs", "0"], "takes a whole number from 1 to 64"),
        (&["a", "--label-color", "pink"], "red, yellow, green"),
        (&["a", "--api-key-command", "pass 'x"], "do not close"),
        (&["a", "--label", "x", "--unset", "label"], "--label is both set and unset"),
        (&["sandbox", "--base-url", "https://x.example"], "the sandbox is on this machine"),
        (&["a", "--api-key-file", "k", "--api-key-command", "c"], "both api_key_command and api_key_file"),
    ] {
        let run = world.bare(&[], &[&["profile", "set"], arguments].concat());
        run.fails(2, &[says]);
    }
    assert!(!world.home.path().join(".config/fusebill/config.toml").exists());
}

#[test]
fn a_read_only_profile_refuses_every_write_before_anything_is_sent() {
    let world = configured("[profiles.default]\nread_only = true\n");
    let rows = world.file("rows.csv", "id,suffix\n123,Jr\n");
    for arguments in [
        &["customer", "update", "123", "--first-name", "J", "--yes"][..],
        &["customer", "edit", "123", "--yes"],
        &["customer", "undo", "--last", "--yes"],
        &["customer", "bulk", "update", &rows, "--yes"],
    ] {
        let run = world.run_with(&[("FUSEBILL_EDITOR", "true")], arguments);
        run.fails(2, &["error: profile default is read-only", "Nothing was written."]);
        run.says(&["fusebill profile set default --read-only=false"]);
    }
    world.was_left_alone();
    let run = world.run(&["customer", "update", "123", "--first-name", "J", "--dry-run"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(world.run(&["customer", "bulk", "update", &rows, "--dry-run"]).code, 0);
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_profile_that_always_asks_needs_consent_for_a_plain_flag() {
    let world = configured("[profiles.default]\nconfirm = 'always'\nlabel = 'PROD'\n");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!(run.code, 2);
    let head = format!("Customer 123 Jon Smith (Acme Inc.)  (profile default, PROD, 127.0.0.1{BY})\n");
    assert!(run.stdout.starts_with(&head), "{}", run.stdout);
    run.says(&["this change needs consent", "profile default says `confirm = \"always\"`", "add --yes"]);
    let rows = world.file("rows.csv", "id,suffix\n123,Jr\n");
    let plan = world.home.path().join("p").display().to_string();
    assert_eq!(world.run(&["customer", "bulk", "plan", &rows, "--out", &plan]).code, 0);
    let run = world.run(&["customer", "bulk", "apply", &plan]);
    run.fails(
        2,
        &["Carry out", "a plan for 1 customer on profile default, PROD (127.0.0.1, by FUSEBILL_BASE_URL)"],
    );
    assert_eq!(world.puts(), [""; 0]);
    assert_eq!(world.run(&["customer", "bulk", "apply", &plan, "--yes"]).code, 0);
    assert_eq!(world.update(&["--first-name", "John", "--yes"]).code, 0);
    assert_eq!(world.puts().len(), 2);
}

#[test]
fn the_label_is_in_colour_above_the_change() {
    let world = configured("[profiles.default]\nlabel = 'PROD'\ncolor = 'red'\n");
    let run =
        world.run(&["--color", "always", "customer", "update", "123", "--first-name", "J", "--dry-run"]);
    let head = run.stdout.lines().next().unwrap().to_string();
    assert!(
        head.ends_with(&format!(
            "(profile default, \u{1b}[31m\u{1b}[1m\u{1b}[7mPROD\u{1b}[0m, 127.0.0.1{BY})"
        )),
        "{head:?}"
    );
}

#[test]
fn the_sandbox_can_have_a_label_and_be_read_only_too() {
    let world = configured("[profiles.sandbox]\nlabel = 'PLAY'\nread_only = true\n");
    let update = ["--profile", "sandbox", "customer", "update", "123", "--first-name", "J"];
    world.bare(&[], &update).fails(2, &["profile sandbox is read-only"]);
    let run = world.bare(&[], &[&update[..], &["--dry-run"]].concat());
    assert!(run.stdout.contains("(profile sandbox, PLAY, 127.0.0.1)"), "{}", run.stdout);
}

#[test]
fn the_editor_of_the_profile_is_used_unless_fusebill_editor_is_set() {
    let world = configured("[profiles.default]\neditor = ['sed', '-i', 's/\"Jon\"/\"Joe\"/']\n");
    let edit = ["customer", "edit", "123", "--dry-run"];
    let run = world.run_with(&[("VISUAL", "false"), ("EDITOR", "false")], &edit);
    assert!(run.code == 0 && run.stdout.contains("Jon     Joe"), "{}", run.stderr);
    let run = world.run_with(&[("FUSEBILL_EDITOR", "sed -i s/Smith/Smythe/")], &edit);
    assert!(run.code == 0 && run.stdout.contains("Smith   Smythe"), "{}", run.stderr);
}

#[test]
fn a_setting_has_the_same_names_in_the_file_and_as_a_flag() {
    let world = configured("[profiles.live]\nread-only = true\nlabel_color = 'red'\n");
    let set = |arguments: &[&str]| world.run(&[&["profile", "set", "live"], arguments].concat());
    let file =
        || std::fs::read_to_string(world.home.path().join(".config/fusebill/config.toml")).expect("a file");
    assert_eq!(set(&["--read_only=false", "--label-color", "green", "--api_key_file", "/k"]).code, 0);
    assert_eq!(
        file(),
        "[profiles.live]\nread-only = false\nlabel_color = \"green\"\napi_key_file = \"/k\"\n"
    );
    assert_eq!(set(&["--unset", "read_only,label-color,api_key_file"]).code, 0);
    assert_eq!(file(), "[profiles.live]\n");
    let twice = configured("[profiles.live]\nread-only = true\nread_only = true\n");
    twice.run(&["profile", "list"]).fails(2, &["line 3: `read_only` is set twice"]);
}

#[test]
fn commands_in_hints_name_the_profile_that_was_used() {
    let live = "--profile live ";
    let world = configured("[profiles.live]\nbase_url = 'URL'\n");
    let key = ("FUSEBILL_API_KEY", sandbox::KEY);
    let hint = |arguments: &[&str], command: &str| {
        let named = command.replace("fusebill ", &format!("fusebill {live}"));
        world.bare(&[key], &[&["--profile", "live"], arguments].concat()).says(&[&named]);
        world.bare(&[key, ("FUSEBILL_PROFILE", "live")], arguments).says(&[&named]);
        world.run(arguments).says(&[command]);
    };
    hint(&["customer", "undo", "nosuch"], "`fusebill customer history`");
    hint(&["customer", "get", "123abc"], "`fusebill customer find 123abc`");
    hint(&["customer", "get", "jon.smith@example.com"], "`fusebill customer find jon.smith@example.com`");
    hint(&["customer", "get", "email:nobody@example.com"], "`fusebill customer list --where");
    world.fault("any*all:status=401");
    hint(&["customer", "get", "123"], "`fusebill auth status`");
    let run = world.bare(&[key], &["--profile", "live", "customer", "get", "123", "-o", "json"]);
    assert!(run.stdout.contains("`fusebill --profile live auth status`"), "{run:#?}");
}
