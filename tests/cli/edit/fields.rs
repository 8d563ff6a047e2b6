//! What may be changed in a text, what may not, and what is said of it.

use super::*;

/// Types the sheet with these replacements, without a dry run and with these arguments.
fn typed(world: &World, changes: &[(&str, &str)], arguments: &[&str]) -> Run {
    let all: &[&str] = if arguments.contains(&"--all") { &["--all"] } else { &[] };
    let sheet = sheet_of(world, "123", all);
    let text = changes.iter().fold(sheet, |text, (from, to)| with(&text, from, to));
    edit(world, &types(world, text), arguments)
}

fn gets(world: &World) -> usize {
    assert!(world.requests().iter().all(|request| request.method == "GET"));
    world.requests().len()
}

/// The text is refused; each note with the line that it stands above.
#[track_caller]
fn refused(changes: &[(&str, &str)], arguments: &[&str], expected: &[(&str, &str)]) {
    let world = World::new();
    let before = world.stored(123);
    let run = typed(&world, changes, &[&["--yes"], arguments].concat());
    run.fails(2, &["error: the edited text has errors\n", "\nNothing was written.\n"]);
    let text = kept(&world, &run);
    let found = notes(&text);
    let found: Vec<(&str, &str)> = found.iter().map(|(note, line)| (note.as_str(), line.as_str())).collect();
    assert_eq!(found, expected);
    for (note, line) in expected {
        let at = text.lines().position(|there| there.trim() == *line).expect("it is there") + 1;
        run.says(&[&format!("\n  line {at}: {note}\n")]);
    }
    assert_eq!((world.stored(123), gets(&world)), (before, 2));
    assert!(world.journal().is_empty());
}

#[test]
fn without_yes_the_change_is_shown_and_the_text_kept() {
    let world = World::new();
    let before = world.stored(123);
    let run = edit(&world, JOHN, &[]);
    let message = "error: before writing customer 123: this change needs consent, but there is no terminal, or --no-input is set\n  \
                changes made in the editor or at prompts need confirmation\nNothing was written.\n\
                hint: add --yes to consent on the command line\n";
    let text = kept(&world, &run);
    let message = format!("{message}{}", hints(&text_in(&folders(&world)[0])));
    run.is(2, &name_change("\"John\""), &message);
    assert_eq!(text, sheet(&World::new()).replace("\"Jon\"", "\"John\""));
    only_read(&world, &before);
}

#[test]
fn an_edit_of_a_billing_field_without_consent_names_the_field() {
    let world = World::new();
    let run = typed(&world, &[("\"Active\"", "\"Hold\"")], &["-o", "json"]);
    assert_eq!((run.code, &run.json()["error"]["kind"]), (2, &"usage".into()));
    let message = run.json()["error"]["message"].to_string();
    assert!(message.contains("`status` affects billing"), "{message}");
    let hint = run.json()["error"]["hint"].to_string();
    assert!(hint.contains("--yes") && hint.contains("customer edit 123 --recover"), "{hint}");
    assert_eq!((gets(&world), folders(&world).len()), (2, 1));
}

#[test]
fn null_clears_a_field() {
    let unseen = typed(&World::new(), &[("\"middleName\": \"B\"", "\"middleName\": null")], &[]);
    assert_eq!(unseen.code, 2);
    unseen.says(&["`middleName` will be cleared (null)"]);
    let world = World::new();
    let before = world.stored(123);
    let run = typed(&world, &[("\"middleName\": \"B\"", "\"middleName\": null")], &["--yes"]);
    run.is(0, &table(JON, &[["middleName", "\"B\"", "null"]]), "Written and verified: 1 cleared.\n");
    assert_eq!(world.put_body(), before.replacen("\"middleName\":\"B\"", "\"middleName\":null", 1));
    nothing_is_kept(&world);
    let undo = run.undo.expect("it can be taken back");
    assert_eq!(world.run(&undo.split(' ').skip(1).collect::<Vec<_>>()).code, 0);
    assert_eq!(crate::world::without_timestamp(&world.stored(123)), crate::world::without_timestamp(&before));
}

#[test]
fn a_known_field_and_a_known_object_that_were_not_there_can_be_added() {
    let world = World::new();
    let before = world.stored(123);
    let start = before.find("\"customerAcquisition\":").expect("it is there");
    let end = start + before[start..].find("},").expect("it ends") + 2;
    let without = format!("{}{}", &before[..start], &before[end..]).replacen("\"suffix\":null,", "", 1);
    world.server.store(&without).expect("it is stored");
    let sheet = sheet(&world);
    assert!(
        sheet.contains("// Not there yet, and may be added: suffix, customerAcquisition.adContent,"),
        "{sheet}"
    );
    let text = with(
        &sheet,
        "{\n  \"firstName\"",
        "{\n  \"suffix\": \"Jr.\",\n  \"customerAcquisition\": {\"medium\": \"ad\", \"source\": null},\n  \"firstName\"",
    );
    let run = edit(&world, &types(&world, text), &["--yes"]);
    let rows =
        [["customerAcquisition", "(absent)", "{\"medium\":\"ad\"}"], ["suffix", "(absent)", "\"Jr.\""]];
    run.is(0, &table(JON, &rows), "Written and verified: 2 changed.\n");
    let added = ",\"customerAcquisition\":{\"medium\":\"ad\"},\"suffix\":\"Jr.\"}";
    assert_eq!(world.put_body(), format!("{}{added}", &without[..without.len() - 1]));
    nothing_is_kept(&world);
}

#[test]
fn an_unknown_field_is_added_only_with_new_field() {
    let line = "  \"loyaltyTier\": \"gold\",\n";
    let change = [("{\n  \"firstName\"", "{\n  \"loyaltyTier\": \"gold\",\n  \"firstName\"")];
    let reason = "the customer has no field `loyaltyTier`; --new-field adds it";
    refused(&change, &[], &[(reason, line.trim())]);
    let world = World::behaving(&["unknown-keys=store"]);
    let before = world.stored(123);
    let run = typed(&world, &change, &["--yes", "--new-field"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, WRITTEN_ONE));
    assert_eq!(world.put_body(), format!("{},\"loyaltyTier\":\"gold\"}}", &before[..before.len() - 1]));
    nothing_is_kept(&world);
}

#[test]
fn a_misspelled_field_is_refused_with_the_name_that_was_meant() {
    let change = |name: &str| format!("{{\n  \"{name}\": \"x\",\n  \"firstName\"");
    let near = "the customer has no field `fristName` (did you mean `firstName`?); --new-field adds it";
    refused(&[("{\n  \"firstName\"", &change("fristName"))], &[], &[(near, "\"fristName\": \"x\",")]);
    for name in ["FirstName", "FIRSTNAME"] {
        let line = format!("\"{name}\": \"x\",");
        let spelled = format!("`{name}` is spelled `firstName`");
        let message = [(spelled.as_str(), line.as_str())];
        refused(&[("{\n  \"firstName\"", &change(name))], &["--new-field"], &message);
    }
}

#[test]
fn a_read_only_field_cannot_be_changed_in_the_text() {
    let typed_in = |text: &str| format!("{{\n  {text},\n  \"firstName\"");
    for (line, reason) in [
        ("\"id\": 124", "`id` is read-only: it identifies the customer"),
        ("\"modifiedTimestamp\": null", "`modifiedTimestamp` is read-only: the vendor computes it"),
        ("\"monthlyRecurringRevenue\": 1", "`monthlyRecurringRevenue` is read-only: the vendor computes it"),
    ] {
        let message = [(reason, &*format!("{line},"))];
        refused(&[("{\n  \"firstName\"", &typed_in(line))], &[], &message);
    }
    let all = ["--all"];
    let moved = (
        "`monthlyRecurringRevenue` is read-only: the vendor computes it",
        "\"monthlyRecurringRevenue\": 0, // read-only",
    );
    let linked = (
        "`salesforceId` is read-only: it is set by linking the accounts, which has an endpoint of its own",
        "\"salesforceId\": \"x\", // read-only",
    );
    refused(&[("250.00", "0"), ("\"0014000000AbCdEAAV\"", "\"x\"")], &all, &[moved, linked]);
    let id = ("`id` is read-only: it identifies the customer", "\"id\": 9, // read-only");
    refused(&[("\n  \"id\": 123", "\n  \"id\": 9")], &all, &[id]);
}

#[test]
fn fields_that_the_table_does_not_know_cannot_be_changed_here() {
    let world = World::new();
    let sheet = sheet_of(&world, "1016", &["--all"]);
    for (from, to, path) in [
        ("\"gold\"", "\"silver\"", "loyaltyTier"),
        ("\"blue\"", "\"red\"", "preferences.colour"),
        ("\"colour\"", "\"hue\": 1, \"colour\"", "preferences.hue"),
    ] {
        let typed = types(&world, with(&sheet, from, to));
        let run = edit_of(&world, "1016", &typed, &["--all", "--yes", "--new-field"]);
        let reason = format!("the editor cannot set `{path}`; `customer update --set-json` can");
        run.fails(2, &[&reason]);
    }
    assert!(world.puts().is_empty());
    assert_eq!(folders(&world).len(), 3);
}

#[test]
fn unchanged_read_only_fields_in_the_text_are_accepted() {
    for arguments in [&["--yes"][..], &["--yes", "--all"]] {
        let world = World::new();
        let before = world.stored(123);
        let text = match arguments.len() {
            1 => (
                "{\n  \"firstName\": \"Jon\"",
                "{\n  \"id\": 123, \"monthlyRecurringRevenue\": 250,\n  \"firstName\": \"John\"",
            ),
            _ => ("\"Jon\"", "\"John\""),
        };
        typed(&world, &[text], arguments).is(0, &name_change("\"John\""), WRITTEN_ONE);
        assert_eq!(world.put_body(), before.replacen("\"Jon\"", "\"John\"", 1));
    }
}

#[test]
fn an_invalid_value_is_noted_above_its_line() {
    let long = format!("\"{}\"", "x".repeat(51));
    let long_line = format!("\"firstName\": {long},");
    for (from, to, reason, line) in [
        ("\"Jon\"", long.as_str(), "`firstName` is 51 characters long, the limit is 50", long_line.as_str()),
        ("\"Smith\"", "5", "`lastName` takes text, not a number", "\"lastName\": 5,"),
        ("\"Smith\"", "{\"a\": 1}", "`lastName` takes text, not an object", "\"lastName\": {\"a\": 1},"),
        (
            "\"Active\"",
            "\"Actve\"",
            "`status` takes one of Draft, Active, Hold, Suspended, Cancelled, not `Actve`",
            "\"status\": \"Actve\", // Draft, Active, Hold, Suspended, Cancelled",
        ),
        (
            "\"Active\"",
            "null",
            "`status` cannot be null: the API refuses a customer without a status",
            "\"status\": null, // Draft, Active, Hold, Suspended, Cancelled",
        ),
        (
            "\"USD\"",
            "null",
            "`currency` cannot be null: the API would set the account's default currency",
            "\"currency\": null,",
        ),
        ("\"Jon\",", "\"Jon\"", "not JSON: expected `,` or `}`", "\"middleName\": \"B\","),
        (
            "\"Jon\",",
            "\"Jon,",
            "not JSON: a text in quotes does not end on its line",
            "\"firstName\": \"Jon,",
        ),
        (
            "\"middleName\"",
            "\"firstName\"",
            "the key \"firstName\" occurs twice in one object",
            "\"firstName\": \"B\",",
        ),
        (
            "\"ACME-7\",",
            "\"ACME-7\", /* open",
            "this comment has no end (`*/`)",
            "\"reference\": \"ACME-7\", /* open",
        ),
    ] {
        refused(&[(from, to)], &[], &[(reason, line)]);
    }
    let whole = "`customerAcquisition` holds several fields: set or clear them one by one";
    let world = World::new();
    let run = edit(
        &world,
        "sed -i '/\"customerAcquisition\"/,/^  },/c\\  \"customerAcquisition\": null,'",
        &["--yes"],
    );
    run.fails(2, &[whole]);
    assert_eq!(
        notes(&kept(&world, &run)),
        [(whole.to_string(), "\"customerAcquisition\": null,".to_string())]
    );
}

#[test]
fn every_error_of_a_text_is_noted_at_once() {
    refused(
        &[("\"Jon\"", "7"), ("\"Mr\"", "\"Lord\""), ("\"net 30\"", "[]"), ("\"Active\"", "null")],
        &[],
        &[
            ("`firstName` takes text, not a number", "\"firstName\": 7,"),
            (
                "`title` takes one of Mr, Mrs, Ms, Miss, Dr, not `Lord`",
                "\"title\": \"Lord\", // Mr, Mrs, Ms, Miss, Dr",
            ),
            (
                "`status` cannot be null: the API refuses a customer without a status",
                "\"status\": null, // Draft, Active, Hold, Suspended, Cancelled",
            ),
            ("`customerReference.reference3` takes text, not an array", "\"reference3\": [],"),
        ],
    );
}

#[test]
fn a_text_that_is_no_object_is_refused() {
    for (text, reason) in [
        ("[1]", "a customer is an object in braces, not an array"),
        ("null", "a customer is an object in braces, not null"),
        ("{} {}", "not JSON: trailing characters"),
        ("{\"firstName\": “Jon”}", "not JSON: a text needs straight quotes (\"), not typographic ones"),
        ("name: Jon", "not JSON: expected a value: text in quotes, a number, true, false or null"),
    ] {
        let world = World::new();
        let run = edit(&world, &types(&world, text), &["--yes"]);
        run.fails(2, &[&format!("  line 2: {reason}\n")]);
        assert_eq!(kept(&world, &run), format!("//! {reason}\n{text}"));
        only_read(&world, &world.stored(123));
    }
}

#[test]
fn bytes_that_are_no_text_are_kept_as_they_are() {
    let world = World::new();
    let bytes = b"{\n\"firstName\": \"\xff\xfe\"}\n";
    let run = edit(&world, &types(&world, bytes), &["--yes"]);
    run.fails(2, &["error: the edited text has errors\n  line 2: not UTF-8 text\nNothing was written.\n"]);
    let path = text_in(&folders(&world)[0]);
    assert!(run.stderr.ends_with(&hints(&path)));
    assert_eq!(fs::read(path).expect("the text"), bytes);
    only_read(&world, &world.stored(123));
}

#[test]
fn notes_of_an_earlier_time_are_taken_out_before_new_ones_are_made() {
    let world = World::new();
    edit(&world, "sed -i 's/\"Jon\"/7/'", &["--yes"]).fails(2, &["`firstName` takes text"]);
    let run = edit(&world, "sed -i 's/: 7/: \"John\"/;s/\"Mr\"/8/'", &["--recover", "--yes"]);
    run.fails(2, &["`title` takes"]);
    let text = kept(&world, &run);
    assert_eq!(notes(&text).len(), 1, "{text}");
    assert_eq!(notes(&text)[0].1, "\"title\": 8, // Mr, Mrs, Ms, Miss, Dr");
    edit(&world, "sed -i 's/: 8/: \"Mr\"/'", &["--recover", "--yes"]).is(
        0,
        &name_change("\"John\""),
        WRITTEN_ONE,
    );
    nothing_is_kept(&world);
}

#[test]
fn a_changed_sales_tracking_code_drops_the_members_of_the_old_one() {
    let world = World::new();
    let before = world.stored(123);
    let run = typed(&world, &[("\"code\": \"NA\"", "\"code\": \"EMEA\"")], &["--yes"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, WRITTEN_ONE));
    let stale = ",\"name\":\"North America\",\"id\":9002,\"uri\":\"https://secure.fusebill.com/v1/SalesTrackingCodes/9002\"";
    let start = before.find("[{\"type\"").expect("the codes");
    let end = start + before[start..].find(']').expect("they end") + 1;
    let sent = world.put_body();
    let length = sent.len() - (before.len() - end);
    assert_eq!((&sent[..start], &sent[length..]), (&before[..start], &before[end..]));
    let codes = before[start..end].replacen(stale, "", 1).replacen("\"NA\"", "\"EMEA\"", 1);
    assert_eq!(crate::world::compact(&sent[start..length]), codes);
    nothing_is_kept(&world);
}

#[test]
fn codes_that_cannot_be_are_noted_above_their_list() {
    let list = "\"salesTrackingCodes\": [";
    for (from, to, reason) in [
        ("\"Region\"", "\"sales rep\"", "has two codes of one type"),
        ("\"NA\"", "5", "has an element without a `code` text"),
        ("\"type\": \"Region\"", "\"kind\": \"Region\"", "has an element without a `type` text"),
    ] {
        refused(&[(from, to)], &[], &[(&format!("`customerReference.salesTrackingCodes` {reason}"), list)]);
    }
}

#[test]
fn a_code_without_its_vendor_members_is_unchanged() {
    let world = World::new();
    let name = "        \"name\": \"Inside sales\",\n";
    typed(&world, &[(name, "")], &["--yes"]).is(0, "", NO_CHANGES);
    gets(&world);
    nothing_is_kept(&world);
}

#[test]
fn a_code_that_is_taken_out_of_the_list_is_taken_away() {
    let world = World::new();
    let before = world.stored(123);
    let sheet = sheet(&world);
    let start = sheet.find("      {\n        \"type\": \"Region\"").expect("it is laid out");
    let end = start + sheet[start..].find("},\n").expect("it ends") + 3;
    let run = edit(&world, &types(&world, format!("{}{}", &sheet[..start], &sheet[end..])), &["--yes"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, WRITTEN_ONE));
    let region = &before[before.find("{\"type\":\"Region\"").expect("it is there")..];
    let region = &region[..region.find("},").expect("it ends") + 2];
    assert_eq!(
        crate::world::compact(&world.put_body()),
        crate::world::compact(&before.replacen(region, "", 1))
    );
    nothing_is_kept(&world);
}

#[test]
fn a_number_in_a_text_field_stays_one_until_it_is_changed() {
    let world = World::new();
    let numeric = world.stored(123).replacen("\"+1 (613) 555-0123\"", "5551234", 1);
    world.server.store(&numeric).expect("it is stored");
    let sheet = sheet(&world);
    for same in ["\"5551234\"", "5551234.0"] {
        edit(&world, &types(&world, with(&sheet, "5551234", same)), &["--yes"]).is(0, "", NO_CHANGES);
        edit(&world, &types(&world, with(&sheet, "5551234", same)), &["--yes"]).is(0, "", NO_CHANGES);
    }
    edit(&world, JOHN, &["--yes"]).is(0, &name_change("\"John\""), WRITTEN_ONE);
    assert_eq!(world.put_body(), numeric.replacen("\"Jon\"", "\"John\"", 1));
    let run = edit(&world, &types(&world, with(&sheet, "5551234", "5551235")), &["--yes"]);
    assert_eq!(
        (run.code, run.stdout.contains("\nprimaryPhone  5551234  5551235\n")),
        (0, true),
        "{}",
        run.stdout
    );
}

#[test]
fn a_name_that_looks_like_code_does_not_break_the_head() {
    for name in
        ["a\\nb", "*/ {", "// \\\"", "\\u001b[2J\\u0007", "\\u2028\\u202e", "\\r{\\\"status\\\":null}"]
    {
        let world = World::new();
        let odd = world.stored(123).replacen("\"Jon\"", &format!("\"{name}\""), 1);
        world.server.store(&odd).expect("it is stored");
        let text = sheet(&world);
        assert!(text.starts_with("// Customer 123 ") && text.lines().nth(3) == Some("{"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        let run = edit(&world, &types(&world, with(&text, "\"Smith\"", "\"Smyth\"")), &["--yes"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, WRITTEN_ONE), "{name}");
        assert_eq!(world.put_body(), odd.replacen("\"Smith\"", "\"Smyth\"", 1));
        nothing_is_kept(&world);
    }
}
