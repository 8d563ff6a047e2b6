//! What is read out of a text, however it is laid out.

use super::*;

#[test]
fn the_edit_text_names_its_customer_and_has_the_writable_fields() {
    let world = World::new();
    let text = sheet(&world);
    let head = "// Customer 123 Jon Smith (Acme Inc.), profile default (127.0.0.1)\n\
                // Change values, save and leave. The changes are shown before they are written.\n\
                // A deleted line keeps its value; null clears a field; an empty text cancels.\n{\n  \"firstName\": \"Jon\",\n";
    assert!(text.starts_with(head), "{text}");
    assert!(text.ends_with("  \"quickBooksId\": 58\n}\n"), "{text}");
    assert!(!text.contains("modifiedTimestamp") && !text.contains("read-only"));
    assert_eq!(world.lines(), [GET]);
    let all = sheet_of(&world, "123", &["--all"]);
    for line in [
        "// Fields marked read-only cannot be changed.",
        "  \"monthlyRecurringRevenue\": 250.00, // read-only",
    ] {
        assert!(all.lines().any(|there| there == line), "{line} in {all}");
    }
    nothing_is_kept(&world);
}

/// The same text in other clothes.
fn layouts(sheet: &str) -> Vec<(&'static str, String)> {
    let bare: String = sheet
        .lines()
        .filter(|line| !line.starts_with("//"))
        .map(|line| format!("{}\n", line.split(" // ").next().unwrap_or(line)))
        .collect();
    let value: serde_json::Value = serde_json::from_str(&bare).expect("a sheet without comments is JSON");
    let commas = bare.replace("\n}", ",\n}").replace("\n  }", ",\n  }").replace("\n    ]", ",\n    ]");
    vec![
        ("reindented and sorted", serde_json::to_string_pretty(&value).expect("JSON")),
        ("on one line", value.to_string()),
        ("tabs", sheet.replace("  ", "\t")),
        ("CRLF", sheet.replace('\n', "\r\n")),
        ("BOM", format!("\u{feff}{sheet}")),
        ("BOM and CRLF", format!("\u{feff}{}", sheet.replace('\n', "\r\n"))),
        ("no final newline", sheet.trim_end().to_string()),
        ("many final newlines", format!("{sheet}\n\n \n")),
        ("trailing spaces", sheet.replace('\n', " \t\n")),
        ("comments", format!("/* mine\n{{ \" */{}// end", sheet.replace(": ", ": /* \"why\": */ "))),
        ("notes", sheet.replace("\n  \"", "\n  //! \"x\": 1,\n  \"")),
        ("no comments", bare),
        ("trailing commas", commas),
        ("escapes", sheet.replace("\"USD\"", "\"\\u0055S\\u0044\"").replace("pricing", "\\u0070ricing")),
        ("another spelling of a number", sheet.replace("9002,", "9.002e3,").replace("58\n", "58.0\n")),
    ]
}

#[test]
fn a_text_with_another_layout_changes_nothing_and_is_not_kept() {
    let world = World::new();
    let before = world.stored(123);
    let sheet = sheet(&world);
    for (name, text) in layouts(&sheet) {
        let run = edit(&world, &types(&world, text), &["--yes"]);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", NO_CHANGES), "{name}");
        nothing_is_kept(&world);
    }
    assert!(world.requests().iter().all(|request| request.method == "GET"));
    assert_eq!(world.stored(123), before);
    assert!(world.journal().is_empty());
}

#[test]
fn in_every_layout_one_changed_value_is_one_changed_value_of_the_document() {
    let sheet = sheet(&World::new());
    for (name, text) in layouts(&sheet) {
        let world = World::new();
        let before = world.stored(123);
        let run = edit(&world, &types(&world, with(&text, "\"Jon\"", "\"J\\u00f6n\"")), &["--yes"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, WRITTEN_ONE), "{name}");
        assert_eq!(run.stdout, name_change("\"Jön\""), "{name}");
        assert_eq!(world.put_body(), before.replacen("\"Jon\"", "\"J\\u00f6n\"", 1), "{name}");
        assert_eq!(world.lines(), WRITTEN);
        assert_eq!((world.journal().len(), run.undo.is_some()), (2, true));
        nothing_is_kept(&world);
    }
}

#[test]
fn a_deleted_line_keeps_its_value_and_is_reported() {
    let world = World::new();
    let before = world.stored(123);
    let text = with(&sheet(&world), "  \"middleName\": \"B\",\n", "");
    let text = with(&text, "    \"medium\": \"cpc\",\n", "");
    let deleted = "Deleted in the text, so the value is kept: `customerAcquisition.medium`, `middleName` (null clears a field).\n";
    edit(&world, &types(&world, &text), &["--yes"]).is(0, "", &format!("{deleted}{NO_CHANGES}"));
    nothing_is_kept(&world);
    let text = with(&text, "\"Jon\"", "\"John\"");
    let run = edit(&world, &types(&world, text), &["--yes"]);
    run.is(0, &name_change("\"John\""), &format!("{deleted}{WRITTEN_ONE}"));
    assert_eq!(world.put_body(), before.replacen("\"Jon\"", "\"John\"", 1));
}

#[test]
fn objects_that_are_deleted_keep_all_they_hold() {
    let world = World::new();
    let before = world.stored(123);
    let editor = "sed -i '/\"customerReference\"/,/^  },/d; s/\"Jon\"/\"John\"/'";
    let run = edit(&world, editor, &["--yes"]);
    let deleted = "Deleted in the text, so the value is kept: `customerReference` (null clears a field).\n";
    run.is(0, &name_change("\"John\""), &format!("{deleted}{WRITTEN_ONE}"));
    assert_eq!(world.put_body(), before.replacen("\"Jon\"", "\"John\"", 1));
    let run = edit(&world, &types(&world, "{}"), &["--yes"]);
    assert_eq!(run.code, 0);
    run.says(&["`firstName`", "`status`", "`customerReference`", "`customerAcquisition`", NO_CHANGES]);
    assert_eq!(world.puts().len(), 1);
    nothing_is_kept(&world);
}

#[test]
fn an_empty_text_cancels_and_leaves_nothing() {
    let cleared = "error: the text is empty, so nothing is changed\nNothing was written.\n";
    for (name, body) in [
        ("empty", ": > \"$1\""),
        ("blank", "printf ' \\n\\t\\r\\n' > \"$1\""),
        ("comments only", "printf '// a\\n/* b */\\n//! c' > \"$1\""),
        ("a mark only", "printf '\\357\\273\\277' > \"$1\""),
        ("gone", "rm \"$1\""),
    ] {
        let world = World::new();
        let before = world.stored(123);
        let editor = script(&world, "ed", body);
        let variables = [("PATH", TOOLS), ("EDITOR", editor.as_str())];
        let run = world.run_with(&variables, &["customer", "edit", "123", "--yes"]);
        // Not a word about an editor that returned at once: the text is not as it was.
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (11, "", cleared), "{name}");
        only_read(&world, &before);
        nothing_is_kept(&world);
    }
}
