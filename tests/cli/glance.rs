//! What is seen at a glance: what in a value changed, what cannot be seen, and the next thing to type.

use crate::terminal::{Terminal, screen};
use crate::world::World;

const LIST: &str = "a@example.com; b@example.com;c@example.org ; d.e+f@example.com";

fn update(world: &World, arguments: &[&str]) -> crate::world::Run {
    world.run(&[&["customer", "update", "1015"], arguments].concat())
}

#[test]
fn an_address_is_added_or_removed_and_the_rest_keeps_its_bytes() {
    let world = World::new();
    assert_eq!(update(&world, &["--add-primary-email", "new@example.com"]).code, 0);
    let list = format!("{LIST}; new@example.com");
    assert!(world.put_body().contains(&format!("\"primaryEmail\":\"{list}\"")));
    let run = update(
        &world,
        &["--remove-primary-email", "B@example.com", "--remove-primary-email", "new@example.com"],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let list = LIST.replace(" b@example.com;", "");
    assert!(world.puts()[1].contains(&format!("\"primaryEmail\":\"{list}\"")), "{}", world.puts()[1]);
    let run = update(&world, &["--add-secondary-email", "x@example.com"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(world.puts()[2].contains("x@example.com\""));
}

#[test]
fn adding_a_present_or_removing_a_missing_address_is_reported() {
    let world = World::new();
    let run = update(&world, &["--add-primary-email", "a@example.com", "--remove-primary-email", "x@y.org"]);
    assert_eq!(run.code, 0);
    run.says(&["`primaryEmail` holds a@example.com already", "does not hold x@y.org", "No changes"]);
    assert!(world.puts().is_empty());
    let only = world.run(&["customer", "update", "1012", "--remove-primary-email", "only.mail@example.com"]);
    only.fails(2, &["would lose its last address", "--clear primary-email clears it"]);
    update(&world, &["--add-primary-email", "a@x.org;b@x.org"]).fails(2, &["takes one address"]);
    let twice = ["--add-primary-email", "a@x.org", "--primary-email", "b@x.org"];
    update(&world, &twice).fails(2, &["--primary-email and --add-primary-email both set `primaryEmail`"]);
    assert!(world.puts().is_empty());
}

#[test]
fn a_list_that_shrinks_and_text_that_cannot_be_seen_are_warned_of() {
    let world = World::new();
    let run = update(&world, &["--primary-email", "a@example.com", "--dry-run"]);
    run.says(&["will hold 1 address instead of 4, without b@example.com, c@example.org, d.e+f@example.com"]);
    let run = update(
        &world,
        &["--first-name", "Jon\u{200b}", "--last-name", "Smith ", "--title", "Mr", "--dry-run"],
    );
    run.says(&["`firstName` will hold U+200B, which cannot be seen", "`lastName` will end with a blank"]);
    assert!(
        run.stdout.contains("\"Jon\\u{200b}\"\n") && run.stdout.contains("\"Smith \"\n"),
        "{}",
        run.stdout
    );
    let run = update(&world, &["--primary-phone", "null", "--suffix", "“Jr”", "--dry-run"]);
    run.says(&["`primaryPhone` will hold the text \"null\"; --clear sets null", "quotation marks around it"]);
    assert!(run.stdout.contains("555-0150 ext. 9  \"null\"\n"), "{}", run.stdout);
}

#[test]
fn the_next_guess_is_answered_in_json_too() {
    let world = World::new();
    world
        .run(&["customer", "get", "billing@example.com"])
        .fails(2, &["did you mean email:billing@example.com?"]);
    world.run(&["customer", "get", "ACME-7"]).fails(2, &["did you mean reference:ACME-7?", "customer find"]);
    let wrong = ["customer", "update", "123", "--frist-name", "x", "-o", "json"];
    let run = world.run(&wrong);
    let hint = run.json()["error"]["hint"].to_string();
    assert!(hint.contains("--first-name"), "{hint}");
    world.run(&["customer", "list", "--where", "email=x"]).fails(2, &["primary"]);
    world.run(&["customer", "list", "--where", "name=x"]).fails(2, &["company-name", "did you mean"]);
    let run = world.run(&["customer", "list", "--where", "company-name=acme"]);
    run.says(&["No customer matches.", "--where 'company-name=*acme*'"]);
    world
        .run(&["customer", "update", "123", "--clear", "phone"])
        .fails(2, &["primaryPhone", "secondaryPhone"]);
    let file = world.file("patch.json", r#"{"customerReference": null}"#);
    let run = world.run(&["customer", "update", "123", "--patch", &file]);
    assert!(run.code == 2 && !run.stderr.contains("use --patch"), "{}", run.stderr);
}

#[test]
fn on_a_terminal_the_changed_part_is_marked_and_never_cut() {
    let world = World::new();
    let phone =
        ["customer", "update", "123", "--secondary-phone", "613-555-0199", "--color", "never", "--dry-run"];
    let (_, shown) = Terminal::start(world.command(phone)).end();
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let at = lines.iter().position(|line| line.starts_with("secondaryPhone")).expect("the change");
    assert_eq!(lines[at], "secondaryPhone  613-555-0124  613-555-0199");
    assert_eq!(lines[at + 1], "                          ^^            ^^");
    let long = format!("{}X", "REF-".repeat(60));
    let long = ["customer", "update", "4003", "--reference", &long, "--color", "never", "--dry-run"];
    let (_, shown) = Terminal::start(world.command(long)).end();
    assert!(shown.contains("reference\r\n    …"), "{shown}");
}

#[test]
fn notes_are_wrapped_at_words_on_a_terminal_only() {
    let world = World::new();
    let hold = ["customer", "update", "123", "--status", "Hold", "--no-input", "--color", "never"];
    let warning = world.run(&hold).stderr.lines().next().expect("a warning").to_string();
    assert!(warning.len() > 120 && warning.ends_with("is not documented"), "{warning}");
    let shown = Terminal::sized(&world.command(hold), 60, 24).finish().shown;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{shown}");
    assert!(lines.contains(&"  `fusebill customer hold 123`; what this change charges or"), "{shown}");
    let joined = lines.join("").replace("  ", " ");
    assert!(joined.contains(&warning), "{shown}");
}

#[test]
fn a_line_at_a_prompt_takes_the_keys_of_a_shell() {
    const CTRL_U: &str = "\u{15}";
    const CTRL_W: &str = "\u{17}";
    const HOME: &str = "\u{1b}[H";
    let world = World::new();
    let mut terminal = Terminal::sized(&world.command(["customer", "edit", "4003", "--prompt"]), 40, 24);
    terminal.until("Which field");
    terminal.until("companyName");
    terminal.press("reference\r");
    terminal.until("\rreference: …");
    terminal.press(&format!("{CTRL_U}株式会社 one two{CTRL_W}{HOME}x\r"));
    terminal.until("1 changed");
    let lines = screen(terminal.shown(), 40, 24);
    assert!(lines.contains(&"reference: x株式会社 one".to_string()), "{lines:?}");
    terminal.press("\u{1b}");
    terminal.finish().left_the_terminal_right();
}

#[test]
fn right_to_left_values_are_isolated_on_a_terminal_and_nowhere_else() {
    let world = World::new();
    let list = ["customer", "list", "--where", "id=1007", "--color", "never"];
    let (_, shown) = Terminal::start(world.command(list)).end();
    assert!(shown.contains("\u{2068}ליאת\u{2069}"), "{shown:?}");
    for output in ["table", "csv", "json"] {
        let piped = world.run(&[&list[..], &["-o", output]].concat()).stdout;
        assert!(piped.contains("ליאת") && !piped.contains('\u{2068}'), "{piped}");
    }
    let mut csv = Terminal::start(world.command([&list[..], &["-o", "csv"]].concat()));
    csv.until("ליאת");
    assert!(!csv.shown().contains('\u{2068}'));
    csv.finish();
}
