//! A sheet that somebody edited. The input: a customer, a text to find in its sheet, a text to put there; where the text to
//! find is empty, the third part is the whole sheet.
//!
//! Held: an untouched sheet asks for nothing; comments and trailing commas are taken exactly where a plain reading takes
//! them; what is asked for, applied to the customer, gives the values of the text, and what the text does not have stays;
//! every problem stands on a line of the text; notes can be taken out again.

#![no_main]

use fusebill::document::edit_text::{Note, TextDiff, annotate, line_at, read, without_notes, write};
use fusebill::document::json::MAX_DEPTH;
use fusebill::document::plan::plan;
use fusebill::document::relaxed::strict;
use fusebill::document::{Customer, Edits, Path};
use fusebill_fuzz::customers::{alike, bare};
use fusebill_fuzz::{Plain, lines, parts, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 3) else { return };
    let Ok(customer) = Customer::parse(parts[0]) else { return };
    for all in [false, true] {
        let sheet = write(&customer, &["head".to_string()], all);
        untouched(&sheet, &customer, all);
        let text =
            if parts[1].is_empty() { parts[2].to_string() } else { sheet.replacen(parts[1], parts[2], 1) };
        edited(&text, &customer, all);
    }
});

fn untouched(sheet: &str, customer: &Customer, all: bool) {
    for text in [sheet.to_string(), sheet.replace('\n', "\r\n")] {
        let found = read(&text, customer, all).expect("a sheet can be read").expect("it is not empty");
        assert!(asks_for_nothing(&found), "{found:?} of {text}");
    }
}

fn asks_for_nothing(found: &TextDiff) -> bool {
    found.edits.is_empty()
        && found.unknown.is_empty()
        && found.deleted.is_empty()
        && found.problems.is_empty()
}

fn edited(text: &str, customer: &Customer, all: bool) {
    let expected = plain::relaxed(text);
    let is_readable = expected
        .as_ref()
        .is_some_and(|it| matches!(it, Plain::Object(_)) && !it.has_duplicates() && it.depth() <= MAX_DEPTH);
    if let Ok(bare) = strict(text) {
        assert_eq!(bare.len(), text.len());
        assert_eq!(plain::strict(&bare), expected, "without its comments it says something else");
    }
    let in_text = 1..=lines(text);
    match read(text, customer, all) {
        Err(problem) => {
            assert!(!is_readable, "{problem:?} of {text}");
            assert!(in_text.contains(&problem.line), "{problem:?}");
            notes(text, problem.line);
        }
        Ok(None) => assert!(expected.is_none() && strict(text).is_ok_and(|bare| bare.trim().is_empty())),
        Ok(Some(found)) => {
            assert!(is_readable, "read {text}");
            assert!(found.problems.iter().all(|problem| in_text.contains(&problem.line)));
            assert!(found.unknown.iter().all(|stranger| in_text.contains(&stranger.line)));
            assert!(found.edits.iter().all(|edit| in_text.contains(&line_at(text, &edit.path))));
            found.problems.iter().for_each(|problem| notes(text, problem.line));
            if found.problems.is_empty() {
                applied(&found, &expected.expect("it is readable"), customer);
            }
        }
    }
}

/// The edits give what the text says, and keep what it does not say.
fn applied(found: &TextDiff, text: &Plain, customer: &Customer) {
    let strangers = found.unknown.iter().map(|stranger| &stranger.edit);
    let edits = Edits::check(found.edits.iter().chain(strangers).cloned().collect());
    let edits = edits.unwrap_or_else(|error| panic!("{error}"));
    let planned = match plan(customer.clone(), &edits, true) {
        Ok(planned) => planned,
        // Each of them can be planned; together they may have names that differ by case.
        Err(error) => return assert!(found.unknown.len() > 1, "{error}"),
    };
    let before = plain::strict(customer.text()).expect("JSON");
    let after = plain::strict(planned.after.text()).expect("JSON");
    let expected = bare(&laid_over(&before, text));
    assert!(alike(&bare(&after), &expected), "{} is not {}", after.spelled(), expected.spelled());
    for path in &found.deleted {
        assert!(text.at(path.names()).is_none(), "{path} is there");
        assert!(edits.covering(path).is_none(), "{path} was deleted and is changed");
        let raw = |customer: &Customer, path: &Path| customer.get(path).map(|view| view.raw().to_string());
        assert_eq!(raw(&planned.after, path), raw(customer, path));
    }
}

fn laid_over(before: &Plain, text: &Plain) -> Plain {
    let (Plain::Object(old), Plain::Object(new)) = (before, text) else { return text.clone() };
    let mut members: Vec<_> = old.clone();
    for (name, value) in new {
        match members.iter_mut().find(|(key, _)| key == name) {
            Some((_, there)) => *there = laid_over(there, value),
            None => members.push((name.clone(), value.clone())),
        }
    }
    Plain::Object(members)
}

fn notes(text: &str, line: usize) {
    if without_notes(text) != text {
        return;
    }
    let (noted, places) = annotate(text, &[Note { line, text: "a\nnote".to_string() }]);
    assert_eq!(without_notes(&noted), text);
    let last = text.split_inclusive('\n').count().max(1);
    assert_eq!(places, [line.min(last) + 1]);
}
