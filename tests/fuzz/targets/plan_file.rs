//! The plan file. The input: the text of one; or a customer and a merge patch, which make one.
//!
//! Held: what is read and written again is read the same; the plan of a row for its own customer holds its edits' values and
//! nothing else new; a file that is cut anywhere, or lacks a line, is not carried out; a plan that was written comes back
//! byte for byte, but for white space that a line cannot have.

#![no_main]

use fusebill::bulk::plan_file::{End, Head, PlanFileError, Planned, VERSION, json_line, read};
use fusebill::document::merge::Merge;
use fusebill::document::plan::{Plan, plan};
use fusebill::document::{Customer, Edits, Json, patch};
use fusebill_fuzz::customers::{differing, same};
use fusebill_fuzz::{parts, plain};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    whole(data);
    if let Some(parts) = parts(data, 2)
        && let Some(plan) = a_plan(parts[0], parts[1])
    {
        comes_back(&plan);
    }
});

fn a_plan(customer: &str, changes: &str) -> Option<Plan> {
    let edits = patch::edits(&Json::parse(changes).ok()?, "--patch").ok()?;
    plan(Customer::parse(customer).ok()?, &Edits::check(edits).ok()?, true).ok()
}

fn all(file: &[u8]) -> Result<(Head, Vec<Planned>), PlanFileError> {
    let (head, lines) = read(file)?;
    Ok((head, lines.collect::<Result<_, _>>()?))
}

fn written(head: &Head, rows: &[Planned]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(json_line(head).into_bytes());
    rows.iter().for_each(|row| out.extend(json_line(row).into_bytes()));
    out.extend(json_line(&End { end_of_plan: rows.len() as u64 }).into_bytes());
    out
}

fn whole(file: &[u8]) {
    let Ok((head, rows)) = all(file) else { return };
    let out = written(&head, &rows);
    let (again, same) = all(&out).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again, head);
    assert_eq!(written(&again, &same), out, "it is read another way than it was written");
    let lines = file.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(lines, rows.len() + 2, "not every line is a row");
    broken(&out);
}

/// A file without its end, or without one of its rows, is no plan.
fn broken(file: &[u8]) {
    // Every byte of a short file, some of a long one; the last line break is no part of the end.
    let step = file.len() / 64 + 1;
    for cut in (0..file.len() - 1).step_by(step) {
        assert!(all(&file[..cut]).is_err(), "cut at {cut} it is taken");
    }
    let lines: Vec<&[u8]> = file.split_inclusive(|&byte| byte == b'\n').collect();
    for left_out in 0..lines.len() {
        let rest = [&lines[..left_out], &lines[left_out + 1..]].concat().concat();
        assert!(all(&rest).is_err(), "without line {} it is taken", left_out + 1);
    }
    let doubled = [file, lines[lines.len() - 1]].concat();
    assert!(all(&doubled).is_err(), "with two ends it is taken");
}

fn comes_back(plan: &Plan) {
    let text = |text: &str| text.to_string();
    let (profile, host, source) = (text("p\n"), text("h"), text("\"f\".csv"));
    let head = Head { fusebill_plan: VERSION, profile, host, time: Timestamp::UNIX_EPOCH, source };
    let file = written(&head, &[Planned::of(1, plan)]);
    assert_eq!(file.iter().filter(|&&byte| byte == b'\n').count(), 3, "a row is one line");
    let (again, rows) = all(&file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again, head);
    rows[0].check().unwrap_or_else(|error| panic!("{error}"));
    let merged = rows[0].merge(&plan.before).unwrap_or_else(|error| panic!("{error}"));
    let Merge::Merged { plan: again, .. } = merged else { panic!("a conflict with its own base") };
    fits_together(&rows[0], &again);
    let read = |plan: &Plan| plain::strict(plan.after.text()).expect("JSON");
    assert!(read(&again).means(&read(plan)));
    // Line breaks between the tokens of a value become spaces, so that a row is one line; several new members come in the
    // order of their paths.
    if plan.replaced.iter().filter(|change| change.before.is_none()).count() < 2 {
        let bytes = |plan: &Plan| plan.after.text().replace(['\n', '\r'], " ");
        assert_eq!(bytes(&again), bytes(plan));
    }
    whole(&file);
}

fn fits_together(row: &Planned, plan: &Plan) {
    assert_eq!(plan.after.id(), row.id);
    let read = |text: &str| plain::strict(text).expect("JSON");
    let (before, after) = (read(plan.before.text()), read(plan.after.text()));
    for (path, token) in &row.edits.0 {
        // A list of codes may be shown with what the vendor adds.
        let value = read(token.text());
        assert!(same(path.names(), after.at(path.names()), Some(&value)), "{path} is not as the line says");
    }
    for path in differing(&before, &after) {
        let is_asked = |asked: &[String]| asked.starts_with(&path) || path.starts_with(asked);
        assert!(
            row.edits.0.iter().any(|(asked, _)| is_asked(asked.names())),
            "{path:?} changes without an edit"
        );
    }
}
