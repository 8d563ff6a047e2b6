//! `--patch`: RFC 7396 merge patches from a file and from standard input.

use crate::world::World;

const PATCH: &[&str] = &["customer", "update", "123", "--patch", "-"];

/// The PUT that a patch of customer 123 leads to.
fn put(patch: &str, more: &[&str]) -> String {
    let world = World::new();
    let run = world.pipe(&[PATCH, more].concat(), patch.as_bytes());
    assert_eq!(run.code, 0, "{patch}: {}", run.stderr);
    world.put_body()
}

#[test]
fn a_patch_from_a_file_or_standard_input_changes_only_its_members() {
    let world = World::new();
    let before = world.stored(123);
    let expected = before
        .replace("\"firstName\":\"Jon\"", "\"firstName\":\"J\\u006fhn\"")
        .replace("\"reference1\":\"PO-2291\"", "\"reference1\":\"PO-1\"");
    let patch = r#"{ "customerReference": { "reference1": "PO-1" }, "firstName": "J\u006fhn" }"#;
    let file = world.file("patch.json", patch);
    let run = world.update(&["--patch", &file]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "Written and verified: 2 changed.\n"));
    assert_eq!(world.put_body(), expected);
    assert_eq!(put(patch, &[]), expected);
}

#[test]
fn values_keep_their_spelling_and_the_rest_its_bytes() {
    let before = World::new().stored(123);
    for (patch, old, new) in [
        (r#"{"lastName":"O\/Brien \u00e9"}"#, "\"Smith\"", r#""O\/Brien \u00e9""#),
        (r#"{"suffix":""}"#, "\"suffix\":null", "\"suffix\":\"\""),
        (r#"{"quickBooksId":7}"#, "\"quickBooksId\":58", "\"quickBooksId\":7"),
        (r#"{"title":"dr"}"#, "\"title\":\"Mr\"", "\"title\":\"Dr\""),
        (r#"{"customerAcquisition":{"medium":"tv"}}"#, "\"medium\":\"cpc\"", "\"medium\":\"tv\""),
    ] {
        assert_eq!(put(patch, &[]), before.replacen(old, new, 1), "{patch}");
    }
}

#[test]
fn a_null_clears_once_it_is_consented_to() {
    let patch = r#"{"lastName":null,"customerReference":{"reference3":null}}"#;
    let before = World::new().stored(123);
    let cleared = before.replace("\"Smith\"", "null").replace("\"net 30\"", "null");
    assert_eq!(put(patch, &["--yes"]), cleared);
    let world = World::new();
    let run = world.pipe(PATCH, patch.as_bytes());
    assert_eq!(run.code, 2);
    run.says(&[
        "`lastName` would be cleared (null), and no --clear names it",
        "`customerReference.reference3`",
        "--yes",
        "Nothing was written.",
    ]);
    assert_eq!((world.puts(), world.stored(123)), (vec![], before));
}

#[test]
fn a_null_for_a_stored_null_is_no_change() {
    let world = World::new();
    let run = world.pipe(PATCH, br#"{"suffix":null,"customerReference":{"reference2":null}}"#);
    run.is(0, "", "No changes: customer 123 already has these values. Nothing was written.\n");
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_nested_object_that_is_null_empty_or_missing_is_made() {
    let patch = br#"{"customerAcquisition":{"source":"web"}}"#;
    for (held, sent) in [
        (r#","customerAcquisition":null"#, r#","customerAcquisition":{"source":"web"}"#),
        (r#","customerAcquisition":{}"#, r#","customerAcquisition":{"source":"web"}"#),
        (r#","customerAcquisition":{"source":null}"#, r#","customerAcquisition":{"source":"web"}"#),
        ("", r#","customerAcquisition":{"source":"web"}"#),
    ] {
        let world = World::new();
        let document = |nested: &str| format!(r#"{{"id":7002,"status":"Active","currency":"USD"{nested}}}"#);
        world.server.store(&document(held)).expect("a customer");
        let run = world.pipe(&["customer", "update", "7002", "--patch", "-"], patch);
        assert_eq!(run.code, 0, "{held}: {}", run.stderr);
        assert_eq!(world.put_body(), document(sent), "{held}");
    }
}

#[test]
fn a_nested_object_that_is_missing_is_made_for_a_flag_too() {
    for (flag, made) in [
        (["--reference1", "x"], r#","customerReference":{"reference1":"x"}}"#),
        (["--medium", "tv"], r#","customerAcquisition":{"medium":"tv"}}"#),
        (
            ["--sales-tracking-code", "Region=NA"],
            r#","customerReference":{"salesTrackingCodes":[{"type":"Region","code":"NA"}]}}"#,
        ),
    ] {
        let world = World::new();
        world.server.store(r#"{"id":7002,"status":"Active","currency":"USD"}"#).expect("a customer");
        let run = world.run(&[&["customer", "update", "7002"], flag.as_slice()].concat());
        assert_eq!(run.code, 0, "{flag:?}: {}", run.stderr);
        assert_eq!(world.put_body(), format!(r#"{{"id":7002,"status":"Active","currency":"USD"{made}"#));
    }
}

#[test]
fn an_empty_object_in_a_patch_changes_no_object() {
    let world = World::new();
    let run = world.pipe(PATCH, br#"{"customerReference":{},"customerAcquisition":{}}"#);
    run.is(0, "", "No changes: customer 123 already has these values. Nothing was written.\n");
    assert_eq!(world.puts(), [""; 0]);
}

#[test]
fn a_patch_and_flags_go_into_one_put() {
    let before = World::new().stored(123);
    let expected = before.replace("\"Jon\"", "\"John\"").replace("\"suffix\":null", "\"suffix\":\"Jr.\"");
    assert_eq!(put(r#"{"firstName":"John"}"#, &["--suffix", "Jr."]), expected);
}

#[test]
fn a_file_with_a_byte_order_mark_is_the_same_patch() {
    let before = World::new().stored(123);
    assert_eq!(put("\u{feff}{\"firstName\":\"John\"}\r\n", &[]), before.replace("\"Jon\"", "\"John\""));
}

#[test]
fn a_patch_cannot_change_read_only_fields() {
    for (patch, path) in [
        (r#"{"id":5}"#, "the patch is of customer 5, not of 123"),
        (r#"{"customerReference":{"id":5}}"#, "`customerReference.id` is read-only"),
        (r#"{"modifiedTimestamp":null}"#, "`modifiedTimestamp` is read-only"),
        (r#"{"salesforceId":"x"}"#, "`salesforceId` is read-only"),
    ] {
        let world = World::new();
        world.pipe(PATCH, patch.as_bytes()).fails(2, &["--patch", path, "Nothing was written."]);
        assert_eq!(world.puts(), [""; 0]);
    }
}

#[test]
fn null_for_a_whole_object_is_refused_for_the_fields_inside_it() {
    let world = World::new();
    let run = world.pipe(&[PATCH, &["--yes"]].concat(), br#"{"customerReference":null}"#);
    run.fails(2, &["`customerReference` holds several fields", "one by one", "Nothing was written."]);
    world.was_left_alone();
}

#[test]
fn a_whole_customer_that_was_read_is_a_patch() {
    let world = World::new();
    let stored = world.stored(123);
    let edited = stored.replace("\"Jon\"", "\"John\"");
    let run = world.pipe(PATCH, edited.as_bytes());
    assert_eq!((run.code, run.stderr.as_str()), (0, "Written and verified: 1 changed.\n"));
    assert_eq!(world.put_body(), edited);
    // The write moved the timestamp.
    let run = world.pipe(PATCH, edited.replace("John", "Jim").as_bytes());
    run.fails(6, &["the customer is not as the patch has it", "it was changed since the patch was made"]);
    assert_eq!(put(r#"{"id":123,"firstName":"John"}"#, &[]), edited);
}

#[test]
fn another_read_only_value_in_a_patch_is_refused() {
    let world = World::new();
    for (patch, says) in [
        (r#"{"id":124,"firstName":"J"}"#, "--patch: the patch is of customer 124, not of 123"),
        (r#"{"uri":"x","firstName":"J"}"#, "--patch: `uri` is read-only"),
    ] {
        world.pipe(PATCH, patch.as_bytes()).fails(2, &[says]);
    }
    assert_eq!(world.puts(), [""; 0]);
}
