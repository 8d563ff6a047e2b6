//! `--set`, `--set-json`, `--clear` with paths, and `--new-field`.

use crate::world::World;

#[test]
fn set_stores_every_value_as_text() {
    let before = World::new().stored(123);
    for (pair, old, new) in [
        ("firstName=John", "\"Jon\"", "\"John\""),
        ("/firstName=John", "\"Jon\"", "\"John\""),
        ("firstName=", "\"Jon\"", "\"\""),
        ("firstName=null", "\"Jon\"", "\"null\""),
        ("firstName=a=b", "\"Jon\"", "\"a=b\""),
        ("firstName={\"a\":1}", "\"Jon\"", "\"{\\\"a\\\":1}\""),
        ("customerReference.reference1=01234", "\"PO-2291\"", "\"01234\""),
        ("/customerReference/reference1=1E5", "\"PO-2291\"", "\"1E5\""),
        ("customerReference.reference2= x ", "\"reference2\":null", "\"reference2\":\" x \""),
    ] {
        let world = World::new();
        let run = world.update(&["--set", pair]);
        assert_eq!(run.code, 0, "{pair}: {}", run.stderr);
        assert_eq!(world.put_body(), before.replacen(old, new, 1), "{pair}");
    }
}

#[test]
fn set_json_sets_the_very_token() {
    let before = World::new().stored(123);
    let old = &before[before.find("[{\"type\"").expect("codes")..=before.find("}]").expect("codes") + 1];
    for (pair, old, new) in [
        (r#"firstName="J\u006fhn""#, "\"Jon\"", r#""J\u006fhn""#),
        ("quickBooksId=7", "\"quickBooksId\":58", "\"quickBooksId\":7"),
        ("/quickBooksId= 8 ", "\"quickBooksId\":58", "\"quickBooksId\":8"),
        ("customerReference.salesTrackingCodes=[]", old, "[]"),
        (
            r#"customerReference.salesTrackingCodes=[{"type":"Region", "code":"EMEA"}]"#,
            old,
            r#"[{"type":"Region", "code":"EMEA"}]"#,
        ),
    ] {
        let world = World::new();
        let run = world.update(&["--set-json", pair, "--yes"]);
        assert_eq!(run.code, 0, "{pair}: {}", run.stderr);
        assert_eq!(world.put_body(), before.replacen(old, new, 1), "{pair}");
    }
}

#[test]
fn another_spelling_of_the_stored_value_is_no_change() {
    for arguments in [
        ["--set-json", r#"firstName="J\u006fn""#],
        ["--set", "customerReference.reference1=PO-2291"],
        ["--set-json", "suffix=null"],
        ["--clear", "customerReference.reference2"],
        ["--set-json", "quickBooksId=58"],
    ] {
        let world = World::new();
        world.update(&arguments).is(
            0,
            "",
            "No changes: customer 123 already has these values. Nothing was written.\n",
        );
        assert_eq!(world.puts(), [""; 0], "{arguments:?}");
    }
    let world = World::new();
    let run = world.run(&["customer", "update", "12000750", "--primary-phone", "9964413586"]);
    run.is(0, "", "No changes: customer 12000750 already has these values. Nothing was written.\n");
}

#[test]
fn a_path_the_customer_does_not_have_is_refused_with_the_nearest_names() {
    for (pair, says) in [
        ("fristName=x", "did you mean `firstName`"),
        ("customerReference.refrence1=x", "customerReference.reference1"),
        ("zzz=x", "--new-field"),
        ("firstName.x=1", "`firstName` is a string, so nothing can be set inside it"),
        ("customerReference.salesTrackingCodes.0.code=x", "is an array, which is one value"),
    ] {
        let world = World::new();
        let before = world.stored(123);
        world.update(&["--set", pair]).fails(2, &["--set", says, "Nothing was written."]);
        assert_eq!(world.lines(), ["GET /v1/customers/123"], "{pair}");
        assert_eq!(world.stored(123), before);
    }
}

#[test]
fn a_pointer_in_another_case_is_refused_before_anything_is_sent() {
    for (pair, says) in [
        ("/FirstName=x", "write `firstName`"),
        ("/customerReference/Reference1=x", "write `customerReference.reference1`"),
        ("customerReference.ID=x", "`customerReference.id` is read-only"),
    ] {
        let world = World::new();
        world.update(&["--set", pair, "--new-field"]).fails(2, &["--set", says, "Nothing was written."]);
        world.was_left_alone();
    }
}

#[test]
fn a_new_field_is_sent_when_it_is_allowed() {
    let world = World::behaving(&["unknown-keys=store"]);
    let before = world.stored(123);
    let run = world.update(&["--new-field", "--set-json", "tier={\"name\":\"gold\",\"n\":1.0}"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let with = format!("{},\"tier\":{{\"name\":\"gold\",\"n\":1.0}}}}", &before[..before.len() - 1]);
    assert_eq!(world.put_body(), with);
    let other_case = World::new();
    other_case.update(&["--new-field", "--set", "/FirstName=x"]).fails(2, &["is spelled `firstName`"]);
    assert_eq!(other_case.puts(), [""; 0]);
}

#[test]
fn a_new_field_that_the_api_drops_is_not_called_written() {
    let world = World::new();
    let run = world.update(&["--new-field", "--set", "tier=gold"]);
    assert_eq!(run.code, 9, "{}", run.stderr);
    run.says(&["`tier`: sent \"gold\", stored (absent)", "the result is not the one that was asked for"]);
}

#[test]
fn a_list_of_fields_is_cleared_at_once() {
    let world = World::new();
    let before = world.stored(123);
    let run = world.update(&["--clear", "last-name, reference1", "--clear", "/customerAcquisition/medium"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "Written and verified: 3 cleared.\n"));
    let mut expected = before;
    for old in ["\"lastName\":\"Smith\"", "\"reference1\":\"PO-2291\"", "\"medium\":\"cpc\""] {
        let (name, _) = old.split_once(':').expect("a member");
        expected = expected.replacen(old, &format!("{name}:null"), 1);
    }
    assert_eq!(world.put_body(), expected);
}

#[test]
fn a_field_has_the_same_names_everywhere() {
    for name in ["reference1", "REFERENCE1", "customerReference.reference1", "CustomerReference.Reference1"] {
        let world = World::new();
        let run = world.update(&["--set", &format!("{name}=x"), "--expect", &format!("{name}=PO-2291")]);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        let run = world.update(&["--clear", name]);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        assert!(world.stored(123).contains("\"reference1\":null"));
        let csv = format!("id,{name}\n123,y\n");
        let run = world.pipe(&["customer", "bulk", "update", "-", "--yes"], csv.as_bytes());
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        let run =
            world.run(&["customer", "list", "--where", &format!("{name}=y"), "--columns", name, "-o", "csv"]);
        assert_eq!(run.stdout, "customerReference.reference1\ny\n", "{name}");
    }
    let world = World::new();
    let run = world.update(&[
        "--set",
        "Title=dr",
        "--expect",
        "Status=active",
        "--expect",
        "first-name=Jon",
        "--dry-run",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}
