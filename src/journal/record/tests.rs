use super::*;
use crate::document::plan::plan;
use crate::document::{Action, Edit, Edits, Json};

fn intent() -> Intent {
    let text = "{\"id\":7 ,\"status\":\"Active\",\"firstName\":\"J\\u00f6\\ud800\",\"n\":1E5}\n";
    let action = Action::Set(Json::parse("\"x\"").unwrap());
    let edit = Edit { path: Path::root("firstName"), action, given: String::new() };
    let plan = plan(Customer::parse(text).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap();
    let origin = Origin {
        profile: "p".into(),
        host: "h:1".into(),
        command: "customer update",
        undoes: None,
        row: None,
    };
    let now: Timestamp = "2026-11-23T09:14:38.1234Z".parse().unwrap();
    Intent::of(&plan, EntryId::new(now, 0xffff_ffff), now, &origin)
}

#[test]
fn an_intent_reads_back_byte_for_byte() {
    let intent = intent();
    let line = Record::Intent(Box::new(intent.clone())).line(&[]);
    assert_eq!(line.matches('\n').count(), 1);
    let Ok(Record::Intent(read)) = Record::parse(line.trim_end()) else { panic!("{line}") };
    assert_eq!((&read.before, &read.after), (&intent.before, &intent.after));
    assert_eq!(read.entry.to_string(), "20261123-091438123-zzzz");
    assert_eq!(read.edits[0].before.as_ref().unwrap().get(), "\"J\\u00f6\\ud800\"");
    assert_eq!(read.plan().unwrap().changes.len(), 1);
}

#[test]
fn null_and_nothing_there_read_back_as_two_things() {
    let line = r#"{"path":"suffix","before":null}"#;
    let edited: Edited = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_string(&edited).unwrap(), line);
    let change = edited.change().unwrap();
    assert_eq!(
        (change.before.map(|json| json.text().to_string()), change.after.is_none()),
        (Some("null".into()), true)
    );
}

#[test]
fn the_open_entries_are_carried_from_line_to_line() {
    let intent = Record::Intent(Box::new(intent()));
    let open_now = intent.open_after(Vec::new());
    assert_eq!(open(&intent.line(&open_now)).unwrap(), open_now);
    let ended = |outcome| {
        let time = "2026-11-23T09:14:39Z".parse().unwrap();
        Record::Outcome(Outcome { entry: intent.entry().clone(), time, outcome, stored: None })
    };
    assert_eq!(ended(Ending::Written).open_after(open_now.clone()), []);
    assert_eq!(ended(Ending::Unknown).open_after(open_now.clone()), open_now);
    let line = ended(Ending::NotWritten).line(&[]);
    assert!(line.contains("\"outcome\":\"not-written\""), "{line}");
    assert!(Record::parse(&line).is_ok());
}

#[test]
fn a_line_of_a_later_version_and_a_damaged_line_are_told_apart() {
    assert_eq!(Record::parse(r#"{"v":2,"record":"intent"}"#).unwrap_err(), LineError::Newer(2));
    for line in ["", "{", "{\"v\":1,\"record\":\"intent\"}", "{\"v\":1,\"record\":\"other\"}", "null"] {
        assert!(matches!(Record::parse(line), Err(LineError::Damaged(_))), "{line}");
    }
}
