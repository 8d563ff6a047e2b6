//! `customer edit` on a real pseudo-terminal: an editor that is a script, the questions, and every way out of them.

use std::path::PathBuf;
use std::process::Command;

use crate::terminal::{Ended, Terminal, screen, unwrapped};
use crate::world::{World, is_under_nohup};

const DOWN: &str = "\u{1b}[B";
const ESC: &str = "\u{1b}";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_Z: &str = "\u{1a}";

/// The keys with which a menu is left, and the exit codes.
const WAYS_OUT: [(&str, i32); 2] = [(ESC, 11), (CTRL_C, 130)];

const JOHN: &str = "sed -i 's/\"Jon\"/\"John\"/' \"$file\"";
const NUMBER: &str = "sed -i 's/\"Jon\"/5/' \"$file\"";

/// An editor: on its Nth visit it keeps its arguments and the text, then does what `visit-N` says, if anything.
const EDITOR: &str = r#"#!/bin/sh
visit=1
while [ -e "$HOME/seen-$visit" ]; do visit=$((visit + 1)); done
printf '%s\n' "$@" > "$HOME/arguments-$visit"
for file; do :; done
file=${file%%:*}
cp "$file" "$HOME/seen-$visit"
if [ -e "$HOME/visit-$visit" ]; then . "$HOME/visit-$visit"; fi
"#;

/// The program with an editor of this name that does this on its visits.
fn edit_in(world: &World, editor: &str, visits: &[&str], arguments: &[&str]) -> Command {
    let path = world.file(editor, EDITOR);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&path, mode).expect("the editor can be made a program");
    for (number, visit) in (1..).zip(visits) {
        world.file(&format!("visit-{number}"), visit);
    }
    let mut command = world.command([&["customer", "edit", "123"], arguments].concat());
    command.env("PATH", "/usr/bin:/bin").env("NO_COLOR", "1").env("FUSEBILL_EDITOR", path);
    command
}

fn edit_with(world: &World, visits: &[&str], arguments: &[&str]) -> Terminal {
    Terminal::sized(&edit_in(world, "editor", visits, arguments), 200, 50)
}

fn edit(world: &World, visits: &[&str]) -> Terminal {
    edit_with(world, visits, &[])
}

/// Waits for the question of consent.
#[track_caller]
fn consent(terminal: &mut Terminal) -> String {
    let shown = terminal.until(" to customer 123 ");
    terminal.until("[y/n] ");
    shown
}

/// Waits for a menu with this question, and gives its items.
#[track_caller]
fn menu(terminal: &mut Terminal, question: &str, last: &str) -> String {
    terminal.until(question);
    format!("{}{last}", terminal.until(last))
}

/// Waits for the menu that a text which is not written leads to.
#[track_caller]
fn what_now(terminal: &mut Terminal) -> String {
    menu(terminal, "What now?", "quit and keep the text")
}

/// Waits for the offer of a text that was left behind.
#[track_caller]
fn offer(terminal: &mut Terminal) -> String {
    terminal.until(OFFER);
    menu(terminal, "What now?", "start a new text, delete the old one")
}

/// Backspace, so many times.
fn erased(count: usize) -> String {
    "\u{7f}".repeat(count)
}

/// What an editor found on a visit.
fn seen(world: &World, visit: usize) -> String {
    read(world, &format!("seen-{visit}"))
}

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.home.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The texts that are kept.
fn kept(world: &World) -> Vec<(PathBuf, String)> {
    let folder = world.home.path().join(".local/state/fusebill/edits");
    let Ok(folders) = std::fs::read_dir(folder) else { return Vec::new() };
    folders
        .map(|folder| {
            let path = folder.expect("a folder").path().join("customer-123.jsonc");
            let text = std::fs::read_to_string(&path).expect("the text that is kept");
            (path, text)
        })
        .collect()
}

/// Asserts that nothing was written, and that the one text that is kept is named and says this.
#[track_caller]
fn is_kept(world: &World, ended: &Ended, says: &str) {
    nothing_was_written(world, ended);
    let kept = kept(world);
    let [(path, text)] = kept.as_slice() else { panic!("one text is kept: {kept:?}\n{}", ended.shown) };
    assert!(text.contains(says), "{says:?} is not in:\n{text}");
    let named = format!("your text is kept in {}", path.display());
    ended.says(ended.code, &[&named, "`fusebill customer edit 123 --recover` goes on with it"]);
}

#[track_caller]
fn nothing_was_written(world: &World, ended: &Ended) {
    assert_eq!((world.puts(), world.journal()), (Vec::new(), Vec::new()), "{}", ended.shown);
    assert!(ended.rest.contains("Nothing was written."), "{}", ended.shown);
    ended.left_the_terminal_right();
}

/// Asserts that the stored customer is what was sent, and that this is the document with these replacements.
#[track_caller]
fn is_written(world: &World, before: &str, replaced: &[(&str, &str)], ended: &Ended) {
    ended.says(0, &["Written and verified", "To undo: fusebill customer undo "]);
    is_stored(world, before, replaced, ended);
}

/// [`is_written`] without the undo command, which a change of the status does not offer.
#[track_caller]
fn is_stored(world: &World, before: &str, replaced: &[(&str, &str)], ended: &Ended) {
    ended.says(0, &["Written and verified"]);
    let wanted = replaced.iter().fold(before.to_string(), |text, (from, to)| text.replacen(from, to, 1));
    assert_eq!(world.put_body(), wanted);
    assert_eq!(world.journal()[0]["command"], "customer edit");
    assert_eq!(kept(world), [], "the text is no longer needed");
    ended.left_the_terminal_right();
}

#[test]
fn answering_yes_writes_the_typed_changes_and_nothing_else() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = edit(&world, &[JOHN]);
    let shown = consent(&mut terminal);
    assert!(shown.contains("firstName  Jon     John"), "{shown}");
    assert_eq!((world.lines().len(), kept(&world).len()), (1, 1), "nothing happened yet");
    terminal.send("y\r");
    is_written(&world, &before, &[("\"Jon\"", "\"John\"")], &terminal.finish());
    assert_eq!(world.lines(), ["GET /v1/customers/123", "GET /v1/customers/123", "PUT /v1/customers"]);
    assert_eq!(read(&world, "arguments-1").lines().count(), 1, "no line is told where there is none");
}

#[test]
fn after_no_the_same_text_can_be_edited_again() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = edit(&world, &[JOHN, "sed -i 's/\"Smith\"/\"Smythe\"/' \"$file\""]);
    consent(&mut terminal);
    terminal.send("n\r");
    what_now(&mut terminal);
    terminal.press("\r");
    let shown = consent(&mut terminal);
    assert!(shown.contains("John") && shown.contains("Smythe"), "{shown}");
    assert_eq!(seen(&world, 2), seen(&world, 1).replacen("\"Jon\"", "\"John\"", 1));
    terminal.send("y\r");
    let replaced = [("\"Jon\"", "\"John\""), ("\"Smith\"", "\"Smythe\"")];
    is_written(&world, &before, &replaced, &terminal.finish());
}

#[test]
fn after_no_the_difference_can_be_shown_and_the_text_kept() {
    let world = World::new();
    let mut terminal = edit(&world, &[JOHN]);
    consent(&mut terminal);
    terminal.send("n\r");
    let items = what_now(&mut terminal);
    for item in ["> edit again", "show the difference", "quit and keep the text"] {
        assert!(items.contains(item), "{item} is not in {items}");
    }
    terminal.press(&format!("{DOWN}\r"));
    terminal.until("firstName  Jon     John");
    what_now(&mut terminal);
    terminal.press(&format!("{DOWN}{DOWN}\r"));
    let ended = terminal.finish();
    ended.says(11, &["not confirmed"]);
    is_kept(&world, &ended, "\"firstName\": \"John\"");
}

#[test]
fn an_error_reopens_the_text_on_its_line_with_a_note_above_it() {
    for (editor, target) in
        [("vim", "+LINE\nFILE\n"), ("code", "--goto\nFILE:LINE\n"), ("hx", "FILE:LINE\n"), ("ed", "FILE\n")]
    {
        let world = World::new();
        let before = world.stored(123);
        let command = edit_in(&world, editor, &[NUMBER, "sed -i 's/: 5,/: \"J\",/' \"$file\""], &[]);
        let mut terminal = Terminal::sized(&command, 200, 50);
        terminal.until("`firstName` takes text, not a number");
        let items = what_now(&mut terminal);
        assert!(items.contains("quit and keep the text") && !items.contains("difference"), "{items}");
        terminal.press("\r");
        consent(&mut terminal);
        let text = seen(&world, 2);
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| *line == "  \"firstName\": 5,").expect("what was typed");
        assert_eq!(lines[at - 1], "  //! `firstName` takes text, not a number");
        let told = format!("line {}: `firstName` takes text", at + 1);
        assert!(terminal.shown().contains(&told), "{}", terminal.shown());
        let (path, _) = kept(&world).remove(0);
        let target =
            target.replace("LINE", &(at + 1).to_string()).replace("FILE", &path.display().to_string());
        assert_eq!(read(&world, "arguments-2"), target);
        terminal.send("y\r");
        is_written(&world, &before, &[("\"Jon\"", "\"J\"")], &terminal.finish());
    }
}

#[test]
fn the_valid_changes_beside_an_error_can_be_shown_and_the_text_kept() {
    let world = World::new();
    let visit = format!("{NUMBER}\nsed -i 's/\"Smith\"/\"Smythe\"/' \"$file\"");
    let mut terminal = edit(&world, &[&visit]);
    what_now(&mut terminal);
    terminal.press(&format!("{DOWN}\r"));
    terminal.until("lastName  Smith   Smythe");
    what_now(&mut terminal);
    terminal.press(&format!("{DOWN}{DOWN}\r"));
    let ended = terminal.finish();
    ended.says(11, &["you left the text unwritten"]);
    is_kept(&world, &ended, "\"firstName\": 5");
}

#[test]
fn notes_do_not_pile_up_and_are_no_part_of_the_text() {
    let world = World::new();
    let mut terminal =
        edit(&world, &[NUMBER, "", "sed -i 's/\"firstName\": 5/\"firstName\": \"Jon\"/' \"$file\""]);
    what_now(&mut terminal);
    terminal.press("\r");
    // Nobody can have read it in that time, but something was typed before.
    what_now(&mut terminal);
    terminal.press("\r");
    terminal.finish().says(0, &["No changes"]);
    assert_eq!(seen(&world, 3).matches("//! ").count(), 1, "{}", seen(&world, 3));
    assert_eq!((world.puts().len(), kept(&world).len()), (0, 0));
}

#[test]
fn an_editor_that_returns_at_once_brings_up_a_menu() {
    let world = World::new();
    let mut terminal = edit(&world, &["", JOHN]);
    let warned = terminal.until("What now?");
    assert!(warned.contains("`editor` returned at once") && warned.contains("code --wait"), "{warned}");
    let items = terminal.until("  quit");
    assert!(items.contains("I have saved it") && items.contains("open the editor again"), "{items}");
    terminal.press(&format!("{DOWN}\r"));
    let shown = consent(&mut terminal);
    assert!(shown.contains("John"), "{shown}");
    terminal.send("y\r");
    terminal.finish().says(0, &["Written and verified"]);
}

#[test]
fn a_text_saved_after_the_editor_returned_is_read_on_request() {
    let world = World::new();
    let mut terminal = edit(&world, &[""]);
    menu(&mut terminal, "What now?", "  quit");
    let (path, text) = kept(&world).remove(0);
    std::fs::write(path, text.replacen("\"Jon\"", "\"John\"", 1)).expect("the text can be saved");
    terminal.press("\r");
    let shown = consent(&mut terminal);
    assert!(shown.contains("John"), "{shown}");
    terminal.send("y\r");
    terminal.finish().says(0, &["Written and verified"]);
}

#[test]
fn a_text_that_a_window_may_still_have_open_is_kept() {
    for (keys, code) in WAYS_OUT {
        let world = World::new();
        let mut terminal = edit(&world, &[""]);
        menu(&mut terminal, "What now?", "  quit");
        terminal.press(keys);
        let ended = terminal.finish();
        ended.says(code, &["your text is kept in"]);
        nothing_was_written(&world, &ended);
        assert_eq!(kept(&world).len(), 1);
        let recovered =
            world.run_with(&[("FUSEBILL_EDITOR", "true")], &["customer", "edit", "123", "--recover"]);
        assert_eq!(recovered.code, 0, "{}", recovered.stderr);
    }
}

#[test]
fn an_untouched_text_is_left_without_a_trace() {
    let world = World::new();
    let mut terminal = edit(&world, &[""]);
    menu(&mut terminal, "What now?", "  quit");
    terminal.press("\r");
    terminal.finish().says(0, &["No changes"]);
    assert_eq!(kept(&world), []);
}

const STRANGER: &str = "sed -i 's/^{/{\\n  \"fristName\": \"x\",/' \"$file\"";

#[test]
fn an_unknown_field_is_added_after_a_yes() {
    let world = World::behaving(&["unknown-keys=store"]);
    let mut terminal = edit(&world, &[STRANGER]);
    let shown = unwrapped(&terminal.until("[y/n] "));
    assert!(shown.contains("no field `fristName` (did you mean `firstName`?)"), "{shown}");
    assert!(shown.contains("Add it as a new field?"), "{shown}");
    terminal.send("y\r");
    let shown = consent(&mut terminal);
    assert!(shown.contains("fristName"), "{shown}");
    terminal.send("y\r");
    terminal.finish().says(0, &["Written and verified"]);
    assert!(world.put_body().contains("\"fristName\""));
}

#[test]
fn an_unknown_field_reopens_the_text_after_a_no() {
    let world = World::new();
    let mut terminal = edit(&world, &[STRANGER, "sed -i '/\"fristName\": \"x\"/d' \"$file\""]);
    terminal.until("[y/n] ");
    terminal.send("n\r");
    what_now(&mut terminal);
    terminal.press("\r");
    terminal.finish().says(0, &["No changes"]);
    let text = seen(&world, 2);
    let note = text.lines().position(|line| line.starts_with("  //! the customer has no field `fristName`"));
    let line = text.lines().position(|line| line == "  \"fristName\": \"x\",");
    assert_eq!(note.map(|note| note + 1), line, "{text}");
    assert_eq!((world.puts().len(), kept(&world).len()), (0, 0));
}

/// Another writer puts one text in the place of another.
fn meanwhile(world: &World, from: &str, to: &str) -> String {
    let theirs = world.stored(123).replacen(from, to, 1);
    world.server.store(&theirs).expect("another writer writes");
    theirs
}

#[test]
fn an_edit_shows_and_keeps_a_concurrent_change_to_another_field() {
    let world = World::new();
    let mut terminal = edit(&world, &[JOHN]);
    consent(&mut terminal);
    let theirs = meanwhile(&world, "\"PO-2291\"", "\"PO-1\"");
    terminal.send("y\r");
    let ended = terminal.finish();
    ended.says(
        0,
        &["Kept a change of another client: `customerReference.reference1` was \"PO-2291\", is now \"PO-1\""],
    );
    is_written(&world, &theirs, &[("\"Jon\"", "\"John\"")], &ended);
}

/// Both sides changed the first name, and it is asked whose value it is to be.
fn conflicted(world: &World, visits: &[&str]) -> (Terminal, String) {
    let mut terminal = edit(world, &[&[JOHN], visits].concat());
    consent(&mut terminal);
    let theirs = meanwhile(world, "\"Jon\"", "\"Jan\"");
    terminal.send("y\r");
    let shown = terminal.until("Which value?");
    let message =
        ["another client changed `firstName`:", "it was: \"Jon\"", "theirs: \"Jan\"", "yours : \"John\""];
    assert!(message.iter().all(|message| shown.contains(message)), "{shown}");
    let items = terminal.until("edit again, with both values in the text");
    for item in ["> keep theirs: \"Jan\"", "  write mine:  \"John\""] {
        assert!(items.contains(item), "{item} is not in {items}");
    }
    (terminal, theirs)
}

#[test]
fn choosing_our_value_in_an_edit_conflict_asks_for_consent_again() {
    let world = World::new();
    let (mut terminal, theirs) = conflicted(&world, &[]);
    terminal.press(&format!("{DOWN}\r"));
    let shown = consent(&mut terminal);
    assert!(shown.contains("firstName  Jan     John"), "{shown}");
    terminal.send("y\r");
    is_written(&world, &theirs, &[("\"Jan\"", "\"John\"")], &terminal.finish());
}

#[test]
fn choosing_their_value_in_an_edit_conflict_keeps_it() {
    let world = World::new();
    let (mut terminal, theirs) = conflicted(&world, &[]);
    terminal.press("\r");
    terminal.finish().says(0, &["No changes", "Nothing was written."]);
    assert_eq!((world.stored(123), kept(&world)), (theirs, Vec::new()));
}

#[test]
fn a_text_edited_again_after_a_conflict_decides_the_write() {
    for (visit, first_name) in [
        ("", Some("\"John\"")),
        ("sed -i 's/\"firstName\": \"John\"/\"firstName\": \"Jan\"/' \"$file\"", None),
        ("sed -i 's/\"firstName\": \"John\"/\"firstName\": \"Joan\"/' \"$file\"", Some("\"Joan\"")),
    ] {
        let world = World::new();
        let (mut terminal, theirs) = conflicted(&world, &[visit]);
        terminal.press(&format!("{DOWN}{DOWN}\r"));
        match first_name {
            Some(name) => {
                let shown = consent(&mut terminal);
                assert!(shown.contains("Jan") && shown.contains(name.trim_matches('"')), "{shown}");
                terminal.send("y\r");
                is_written(&world, &theirs, &[("\"Jan\"", name)], &terminal.finish());
            }
            None => {
                terminal.finish().says(0, &["No changes", "Nothing was written."]);
                assert_eq!((world.stored(123), kept(&world)), (theirs, Vec::new()));
            }
        }
        let text = seen(&world, 2);
        let both = "  //! another client changed it: was \"Jon\", is now \"Jan\"; yours is \"John\"\n  \
                    \"firstName\": \"John\",";
        assert!(text.contains(both), "{text}");
    }
}

#[test]
fn a_message_of_the_api_is_noted_above_the_line_it_names() {
    let world = World::new();
    let before = world.stored(123);
    world.fault("put:refuse=lastName is not nice");
    let visit = format!("{JOHN}\nsed -i 's/\"Smith\"/\"Smythe\"/' \"$file\"");
    let mut terminal = edit(&world, &[&visit, "sed -i 's/\"Smythe\"/\"Smits\"/' \"$file\""]);
    consent(&mut terminal);
    terminal.send("y\r");
    terminal.until("lastName is not nice");
    what_now(&mut terminal);
    assert_eq!(kept(&world).len(), 1, "the text is there until it is written");
    terminal.press("\r");
    consent(&mut terminal);
    let text = seen(&world, 2);
    let lines: Vec<&str> = text.lines().collect();
    let note = lines.iter().position(|line| line.starts_with("  //! the API: ")).expect("a note");
    assert!(lines[note].contains("lastName is not nice"), "{text}");
    assert_eq!(lines[note + 1], "  \"lastName\": \"Smythe\",");
    terminal.send("y\r");
    let ended = terminal.finish();
    ended.says(0, &["Written and verified: 2 changed."]);
    let wanted = before.replacen("\"Jon\"", "\"John\"", 1).replacen("\"Smith\"", "\"Smits\"", 1);
    assert_eq!((world.puts().len(), world.puts()[1].as_str()), (2, wanted.as_str()));
    assert_eq!(kept(&world), []);
}

/// A text was left behind.
fn left_behind(world: &World) {
    let mut terminal = edit(world, &[JOHN]);
    consent(&mut terminal);
    terminal.send(CTRL_C);
    let ended = terminal.finish();
    ended.says(130, &[]);
    is_kept(world, &ended, "\"John\"");
    std::fs::remove_file(world.home.path().join("seen-1")).expect("the editor was there");
    std::fs::remove_file(world.home.path().join("visit-1")).expect("the editor was told what to do");
}

const OFFER: &str = "An earlier edit of this customer left its text";

#[test]
fn a_kept_text_is_offered_and_can_be_continued() {
    let world = World::new();
    let before = world.stored(123);
    left_behind(&world);
    let mut terminal = edit(&world, &[]);
    let items = offer(&mut terminal);
    assert!(items.contains("> go on with the text of ") && items.contains("1 changed"), "{items}");
    terminal.press("\r");
    consent(&mut terminal);
    assert!(seen(&world, 1).contains("\"John\""));
    terminal.send("y\r");
    is_written(&world, &before, &[("\"Jon\"", "\"John\"")], &terminal.finish());
}

#[test]
fn a_new_edit_can_keep_or_delete_the_earlier_text() {
    for (keys, left) in [(format!("{DOWN}\r"), 1), (format!("{DOWN}{DOWN}\r"), 0)] {
        let world = World::new();
        left_behind(&world);
        let mut terminal = edit(&world, &["sed -i 's/\"Smith\"/\"Smythe\"/' \"$file\""]);
        offer(&mut terminal);
        terminal.press(&keys);
        let shown = consent(&mut terminal);
        assert!(shown.contains("Smythe") && !shown.contains("John"), "{shown}");
        assert!(seen(&world, 1).contains("\"Jon\""));
        terminal.send("y\r");
        terminal.finish().says(0, &["Written and verified: 1 changed."]);
        assert_eq!(kept(&world).len(), left);
    }
}

#[test]
fn the_offer_of_a_text_is_left_without_losing_it() {
    for (keys, code) in WAYS_OUT {
        let world = World::new();
        left_behind(&world);
        let mut terminal = edit(&world, &[]);
        offer(&mut terminal);
        terminal.press(keys);
        let ended = terminal.finish();
        ended.says(code, &[]);
        nothing_was_written(&world, &ended);
        assert_eq!(kept(&world).len(), 1);
        assert!(!world.home.path().join("seen-1").exists(), "no editor was opened");
    }
}

#[test]
fn consent_can_be_left_by_every_key_that_leaves() {
    let world = World::new();
    let mut terminal = edit(&world, &[JOHN]);
    consent(&mut terminal);
    terminal.send(CTRL_C);
    let ended = terminal.finish();
    ended.says(130, &["interrupted"]);
    is_kept(&world, &ended, "\"John\"");

    for keys in [ESC, CTRL_D] {
        let world = World::new();
        let mut terminal = edit(&world, &[JOHN]);
        consent(&mut terminal);
        terminal.send(keys);
        what_now(&mut terminal);
        terminal.press(ESC);
        let ended = terminal.finish();
        ended.says(11, &["not confirmed"]);
        is_kept(&world, &ended, "\"John\"");
    }
}

#[test]
fn a_menu_can_be_left_by_every_key_that_leaves() {
    for (keys, code) in WAYS_OUT {
        let world = World::new();
        let mut terminal = edit(&world, &[NUMBER]);
        what_now(&mut terminal);
        terminal.press(keys);
        let ended = terminal.finish();
        ended.says(code, &[]);
        is_kept(&world, &ended, "\"firstName\": 5");
    }
}

#[test]
fn a_conflict_can_be_left_by_every_key_that_leaves() {
    for (keys, code) in WAYS_OUT {
        let world = World::new();
        let (mut terminal, theirs) = conflicted(&world, &[]);
        terminal.press(keys);
        let ended = terminal.finish();
        ended.says(code, &[]);
        is_kept(&world, &ended, "\"John\"");
        assert_eq!(world.stored(123), theirs);
    }
}

#[test]
fn a_new_field_can_be_left_undecided_by_ctrl_c() {
    let world = World::new();
    let mut terminal = edit(&world, &[STRANGER]);
    terminal.until("[y/n] ");
    terminal.send(CTRL_C);
    let ended = terminal.finish();
    ended.says(130, &[]);
    is_kept(&world, &ended, "fristName");
}

/// `customer edit --prompt` at its list of fields.
fn prompted(world: &World) -> Terminal {
    let mut terminal = edit_with(world, &[], &["--prompt"]);
    fields(&mut terminal);
    terminal
}

#[track_caller]
fn fields(terminal: &mut Terminal) -> String {
    menu(terminal, "Which field?", "customerAcquisition.source")
}

/// Searches a field and chooses it.
#[track_caller]
fn choose(terminal: &mut Terminal, field: &str, question: &str) -> String {
    terminal.press(&format!("{field}\r"));
    terminal.until(question)
}

/// Chooses "review and write", which stands first once something is changed, and waits for consent.
#[track_caller]
fn review(terminal: &mut Terminal) -> String {
    let items = fields(terminal);
    assert!(items.contains("> review and write: "), "{items}");
    terminal.press("\r");
    consent(terminal)
}

#[test]
fn a_field_is_searched_and_its_text_is_judged_when_it_is_typed() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = prompted(&world);
    terminal.press("firstn");
    terminal.until("firstn|");
    let found = terminal.until("Jon");
    assert!(found.contains("> firstName ") && !found.contains("lastName"), "{found}");
    terminal.press("\r");
    let about = terminal.until("Esc goes back.");
    assert!(about.contains("firstName (First name), now \"Jon\""), "{about}");
    terminal.until("firstName: Jon");
    terminal.press(&format!("{}{}\r", erased(3), "x".repeat(51)));
    terminal.until("`firstName` is 51 characters long, the limit is 50");
    terminal.until(&format!("firstName: {}", "x".repeat(51)));
    terminal.press(&format!("{}noh!\r", erased(51)));
    let shown = review(&mut terminal);
    assert!(shown.contains("  noh!"), "{shown}");
    terminal.send("y\r");
    is_written(&world, &before, &[("\"Jon\"", "\"noh!\"")], &terminal.finish());
    assert!(!world.home.path().join("seen-1").exists(), "no editor was opened");
}

#[test]
fn a_status_is_chosen_from_a_menu_and_its_billing_effect_is_shown() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = prompted(&world);
    choose(&mut terminal, "status", "status, now \"Active\"");
    let words = terminal.until("  Cancelled");
    assert!(words.contains("> Active") && words.contains("  Suspended"), "{words}");
    assert!(!words.contains("clear it"), "the status cannot be null: {words}");
    terminal.press(&format!("{DOWN}\r"));
    let shown = review(&mut terminal);
    assert!(shown.contains("`status` affects billing"), "{shown}");
    terminal.send("y\r");
    let ended = terminal.finish();
    is_stored(&world, &before, &[("\"Active\"", "\"Hold\"")], &ended);
    assert!(!ended.shown.contains("To undo"), "{}", ended.shown);
}

#[test]
fn cleared_and_empty_are_two_choices() {
    for (keys, value) in [(format!("{DOWN}\r"), "null"), (format!("{DOWN}{DOWN}\r"), "\"\"")] {
        let world = World::new();
        let before = world.stored(123);
        let mut terminal = prompted(&world);
        choose(&mut terminal, "secondaryPhone", "secondaryPhone: 613-555-0124");
        terminal.press(&format!("{}\r", erased(12)));
        let choices = menu(&mut terminal, "The line is empty", "set it to empty text");
        assert!(
            choices.contains("> keep the value it has") && choices.contains("clear it (null)"),
            "{choices}"
        );
        terminal.press(&keys);
        review(&mut terminal);
        terminal.send("y\r");
        is_written(&world, &before, &[("\"613-555-0124\"", value)], &terminal.finish());
    }
}

#[test]
fn sales_tracking_codes_are_added_changed_and_taken_out() {
    let world = World::new();
    let mut terminal = prompted(&world);
    choose(&mut terminal, "salesTracking", "Which code?");
    let codes = terminal.until("add a code");
    for item in ["> Region=NA", "  Sales Rep=SR-01"] {
        assert!(codes.contains(item), "{item} is not in {codes}");
    }
    terminal.press("\r");
    terminal.until("take it out");
    terminal.press("\r");
    terminal.until("code: NA");
    terminal.press(&format!("{}EMEA\r", erased(2)));
    fields(&mut terminal);
    choose(&mut terminal, "salesTracking", "add a code");
    terminal.press(&format!("{DOWN}\r"));
    terminal.until("take it out");
    terminal.press(&format!("{DOWN}\r"));
    fields(&mut terminal);
    choose(&mut terminal, "salesTracking", "add a code");
    terminal.press(&format!("{DOWN}\r"));
    terminal.until("type of the new code (Esc goes back): ");
    terminal.press("Sales Tracking Code 3\r");
    terminal.until("The code of Sales Tracking Code 3.");
    terminal.press("DIRECT\r");
    review(&mut terminal);
    terminal.send("y\r");
    let ended = terminal.finish();
    ended.says(0, &["Written and verified"]);
    let stored: serde_json::Value = serde_json::from_str(&world.stored(123)).expect("JSON is stored");
    let codes = stored["customerReference"]["salesTrackingCodes"].as_array().expect("codes are stored");
    let pair = |code: &serde_json::Value| format!("{}={}", code["type"], code["code"]);
    let codes: Vec<String> = codes.iter().map(pair).collect();
    assert_eq!(codes, ["\"Region\"=\"EMEA\"", "\"Sales Tracking Code 3\"=\"DIRECT\""]);
}

#[test]
fn a_number_takes_digits_only() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = prompted(&world);
    choose(&mut terminal, "parentId", "parentId: ");
    terminal.press("12x\r");
    terminal.until("`parentId` ");
    terminal.until("parentId: 12x");
    terminal.press(&format!("{}000749\r", erased(1)));
    let shown = review(&mut terminal);
    assert!(shown.contains("12000749") && shown.contains("`parentId` affects billing"), "{shown}");
    terminal.send("y\r");
    is_written(&world, &before, &[("\"parentId\":null", "\"parentId\":12000749")], &terminal.finish());
}

/// The first name is changed at prompts, and the list is shown again.
fn changed_at_prompts(world: &World) -> Terminal {
    let mut terminal = prompted(world);
    choose(&mut terminal, "firstName", "firstName: Jon");
    terminal.press(&format!("{}John\r", erased(3)));
    let items = fields(&mut terminal);
    assert!(items.contains("> review and write: 1 changed"), "{items}");
    assert!(items.contains("Jon → John"), "{items}");
    terminal
}

#[test]
fn an_unchanged_line_keeps_the_field_and_esc_keeps_the_text() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = changed_at_prompts(&world);
    choose(&mut terminal, "lastName", "lastName: Smith");
    terminal.press("\r");
    let items = fields(&mut terminal);
    assert!(items.contains("> lastName") && items.contains("1 changed"), "{items}");
    choose(&mut terminal, "lastName", "lastName: Smith");
    terminal.press("ythe");
    terminal.until("lastName: Smithythe");
    terminal.press(ESC);
    let items = fields(&mut terminal);
    assert!(items.contains("> lastName") && items.contains("1 changed"), "{items}");
    choose(&mut terminal, "title", "title, now");
    terminal.press(ESC);
    let items = fields(&mut terminal);
    assert!(items.contains("> title") && items.contains("1 changed"), "{items}");
    terminal.press(ESC);
    let ended = terminal.finish();
    ended.says(11, &["you left the list of fields"]);
    is_kept(&world, &ended, "\"John\"");

    let mut terminal = edit_with(&world, &[], &["--prompt", "--recover"]);
    let items = fields(&mut terminal);
    assert!(items.contains("> review and write: 1 changed"), "{items}");
    terminal.press("\r");
    consent(&mut terminal);
    terminal.send("y\r");
    is_written(&world, &before, &[("\"Jon\"", "\"John\"")], &terminal.finish());
}

#[test]
fn answering_no_returns_to_the_list_with_the_changes() {
    let world = World::new();
    let before = world.stored(123);
    let mut terminal = changed_at_prompts(&world);
    terminal.press("\r");
    consent(&mut terminal);
    terminal.send("n\r");
    what_now(&mut terminal);
    terminal.press("\r");
    let items = fields(&mut terminal);
    assert!(items.contains("review and write: 1 changed"), "{items}");
    choose(&mut terminal, "lastName", "lastName: Smith");
    terminal.press(&format!("{}ythe\r", erased(3)));
    let shown = review(&mut terminal);
    assert!(shown.contains("John") && shown.contains("Smythe"), "{shown}");
    terminal.send("y\r");
    let replaced = [("\"Jon\"", "\"John\""), ("\"Smith\"", "\"Smythe\"")];
    is_written(&world, &before, &replaced, &terminal.finish());
}

#[test]
fn the_list_of_fields_can_be_left_by_every_key_that_leaves() {
    for (keys, code) in WAYS_OUT {
        let world = World::new();
        let mut terminal = changed_at_prompts(&world);
        terminal.press(keys);
        let ended = terminal.finish();
        ended.says(code, &[]);
        is_kept(&world, &ended, "\"John\"");
    }
}

#[test]
fn ctrl_c_ends_the_program_at_a_line_and_at_every_menu() {
    for (field, question) in
        [("lastName", "lastName: Smith"), ("title", "title, now"), ("salesTr", "Which code?")]
    {
        let world = World::new();
        let mut terminal = changed_at_prompts(&world);
        choose(&mut terminal, field, question);
        terminal.press(CTRL_C);
        let ended = terminal.finish();
        ended.says(130, &["interrupted"]);
        is_kept(&world, &ended, "\"John\"");
    }
}

#[test]
fn ctrl_z_without_job_control_leaves_a_question_usable() {
    let world = World::new();
    let mut terminal = edit(&world, &[JOHN]);
    consent(&mut terminal);
    terminal.send(CTRL_Z);
    terminal.send("n\r");
    what_now(&mut terminal);
    terminal.press(CTRL_Z);
    terminal.press(ESC);
    let ended = terminal.finish();
    ended.says(11, &["not confirmed"]);
    is_kept(&world, &ended, "\"John\"");

    let world = World::new();
    let mut terminal = prompted(&world);
    terminal.press(CTRL_Z);
    choose(&mut terminal, "firstName", "firstName: Jon");
    terminal.press(&format!("{CTRL_Z}{}John{CTRL_Z}\r", erased(3)));
    let items = fields(&mut terminal);
    assert!(items.contains("Jon → John"), "{items}");
    terminal.press(ESC);
    terminal.finish().says(11, &[]);
}

/// Waits until no thread of the program has anything to do, so that a signal was dealt with.
const DEALT_WITH: &str = "\
idle() { ! cat /proc/$PPID/task/*/stat | grep -qv ') S '; }
until idle && idle; do :; done
";

#[test]
fn ctrl_c_in_the_editor_is_meant_for_the_editor() {
    let world = World::new();
    let before = world.stored(123);
    let visit = format!("trap '' INT\nkill -INT 0\nkill -QUIT $PPID\n{DEALT_WITH}{JOHN}");
    let mut terminal = edit(&world, &[&visit]);
    consent(&mut terminal);
    terminal.send("y\r");
    is_written(&world, &before, &[("\"Jon\"", "\"John\"")], &terminal.finish());
}

#[test]
fn a_signal_that_ends_the_program_while_the_editor_is_open_leaves_the_text() {
    for (name, code) in [("TERM", 143), ("HUP", 129)] {
        if name == "HUP" && is_under_nohup() {
            continue;
        }
        let world = World::new();
        // The editor is open for as long as the program is there; one that stays behind would hold the terminal.
        let stays = "while [ \"$(cut -d' ' -f4 /proc/$$/stat)\" = $PPID ]; do :; done";
        let visit = format!("{JOHN}\nkill -{name} $PPID\n{stays}");
        let ended = edit(&world, &[&visit]).finish();
        ended.says(code, &["interrupted"]);
        is_kept(&world, &ended, "\"John\"");
    }
}

#[test]
fn a_signal_ends_the_editor_too_and_restores_the_modes_that_it_set() {
    let world = World::new();
    let visit = format!(
        "{JOHN}\nstty raw -echo < /dev/tty\ntrap 'echo ended > \"$HOME/ended\"; exit' TERM\nkill -TERM $PPID\n\
         while :; do sleep 0.05; done"
    );
    let edit = edit_in(&world, "editor", &[&visit], &[]);
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "\"$@\"; code=$?; stty -a | tr ' ;' '\\n\\n' | grep -x -e -echo -e -icanon; exit $code",
        "sh",
    ]);
    shell.arg(edit.get_program()).args(edit.get_args()).env_clear();
    shell.envs(edit.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = edit.get_current_dir() {
        shell.current_dir(folder);
    }
    let ended = Terminal::sized(&shell, 200, 50).finish();
    ended.says(143, &["interrupted"]);
    assert!(!ended.shown.contains("-echo") && !ended.shown.contains("-icanon"), "{}", ended.shown);
    assert_eq!(read(&world, "ended"), "ended\n");
    is_kept(&world, &ended, "\"John\"");
}

#[test]
fn a_signal_at_a_question_leaves_the_text_and_the_terminal_right() {
    use expectrl::process::unix::Signal;
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        if signal == Signal::SIGHUP && is_under_nohup() {
            continue;
        }
        let world = World::new();
        let mut terminal = changed_at_prompts(&world);
        choose(&mut terminal, "title", "title, now");
        terminal.press("");
        terminal.signal(signal);
        let ended = terminal.finish();
        // The signal also ends the reading of keys, which then looks like Ctrl-C: whichever is first tells the code.
        ended.says(if ended.code == 130 { 130 } else { code }, &["interrupted"]);
        is_kept(&world, &ended, "\"John\"");
    }
}

#[test]
fn an_editor_that_fails_keeps_the_typed_text() {
    let world = World::new();
    let ended = edit(&world, &[&format!("{JOHN}\nexit 1")]).finish();
    ended.says(1, &["the editor", "failed: "]);
    is_kept(&world, &ended, "\"John\"");
}

#[test]
fn an_emptied_text_cancels_and_is_not_offered_again() {
    let world = World::new();
    let ended = edit(&world, &[": > \"$file\""]).finish();
    ended.says(11, &["the text is empty, so nothing is changed"]);
    nothing_was_written(&world, &ended);
    assert_eq!(kept(&world), []);
}

/// Asserts that no line of a table is wider than the terminal. Menus are seen on the screen.
#[track_caller]
fn keeps_within(shown: &str, columns: usize) {
    use unicode_width::UnicodeWidthStr;
    let rules = shown.lines().map(str::trim_end).filter(|line| line.contains('─'));
    for line in rules {
        assert!(line.width() <= columns, "wider than {columns}: {line:?}");
    }
}

/// A text without space, as what was broken over lines compares.
fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn every_question_keeps_within_a_narrow_terminal_and_is_readable() {
    for (columns, rows) in [(40, 15), (24, 24)] {
        let world = World::new();
        let command = edit_in(&world, "editor", &[JOHN], &[]);
        let mut terminal = Terminal::sized(&command, columns, rows);
        terminal.until("[y/n] ");
        let (width, height) = (usize::from(columns), usize::from(rows));
        let screen = |terminal: &Terminal| screen(terminal.shown(), width, height);
        let shown = words(&screen(&terminal).join(""));
        let asked =
            "Write 1 change to customer 123 Jon Smith (Acme Inc.) on profile default (127.0.0.1)? [y/n]";
        assert!(shown.ends_with(&words(asked)), "{shown}");
        meanwhile(&world, "\"Jon\"", "\"Jan\"");
        terminal.send("y\r");
        terminal.until("edit again, with");
        terminal.until("\r\n");
        terminal.press(&format!("{DOWN}{DOWN}{DOWN}"));
        for item in ["> write mine", "> edit again", "> keep theirs"] {
            terminal.until(item);
        }
        terminal.until("edit again, with");
        let lines = screen(&terminal);
        let drawn = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(
            (drawn("Which va"), drawn("keep theirs: \"Jan\""), drawn("edit again")),
            (1, 1, 1),
            "{lines:?}"
        );
        terminal.press(CTRL_C);
        let ended = terminal.finish();
        ended.says(130, &[]);
        keeps_within(&ended.shown, width);

        let mut terminal = Terminal::sized(&edit_in(&world, "editor", &[], &["--prompt"]), columns, rows);
        terminal.until("go on with");
        terminal.until("start a new text, d");
        terminal.press("\r");
        terminal.until("Which field");
        terminal.until("companyName");
        terminal.press("primaryEmail\r");
        terminal.until("primaryEmail: ");
        terminal.press("; x@example.com\r");
        terminal.until("2 changed");
        terminal.press(CTRL_C);
        let ended = terminal.finish();
        ended.says(130, &[]);
        ended.left_the_terminal_right();
    }
}

#[test]
fn a_terminal_that_is_resized_while_a_question_is_open_takes_the_answer() {
    let world = World::new();
    let mut terminal = edit(&world, &[JOHN]);
    consent(&mut terminal);
    terminal.resize(40, 15);
    terminal.send("n\r");
    what_now(&mut terminal);
    terminal.resize(30, 10);
    terminal.press(DOWN);
    terminal.until("> show the difference");
    terminal.press(DOWN);
    terminal.until("> quit and keep the text");
    terminal.press("\r");
    let ended = terminal.finish();
    ended.says(11, &["not confirmed"]);
    is_kept(&world, &ended, "\"John\"");
}
