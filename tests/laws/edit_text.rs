//! The sheet: no layout asks for anything, what is written into it is what flags would ask for, and whatever is typed
//! is taken or refused, never a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fusebill::document::diff::diff;
use fusebill::document::edit_text::{Note, TextDiff, annotate, line_at, read, without_notes, write};
use fusebill::document::indent::indented;
use fusebill::document::merge::{Merge, merge, resolve_conflicts};
use fusebill::document::plan::plan;
use fusebill::document::relaxed::strict;
use fusebill::document::{Action, Customer, Edit, Edits, Json, Path, View};
use fusebill::field::{self, CODES_PATH};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{Asked, Case, Oddity, case, document, path_of};
use crate::law;
use crate::spelling::{Number, Value, respell};

fn head() -> Vec<String> {
    vec!["Customer 7 */ /* \"{".to_string(), "null clears a field".to_string()]
}

/// What a text asks for; a text that cannot be taken fails the law.
fn reading(text: &str, shown: &Customer, all: bool) -> Result<TextDiff, TestCaseError> {
    match read(text, shown, all) {
        Ok(Some(reading)) => Ok(reading),
        Ok(None) => Err(TestCaseError::fail(format!("empty: {text}"))),
        Err(problem) => Err(TestCaseError::fail(format!("{problem:?}: {text}"))),
    }
}

fn asks_for_nothing(text: &str, shown: &Customer, all: bool) -> Result<(), TestCaseError> {
    let found = reading(text, shown, all)?;
    let nothing = found.edits.is_empty()
        && found.unknown.is_empty()
        && found.deleted.is_empty()
        && found.problems.is_empty();
    prop_assert!(nothing, "{:?}\n{}", found, text);
    Ok(())
}

/// The value that a text means. Knows nothing of the core but where values begin and end.
fn meant(view: View<'_>) -> Value {
    use fusebill::document::json::ValueKind;
    match view.kind() {
        ValueKind::Null => Value::Null,
        ValueKind::Bool => Value::Bool(view.raw() == "true"),
        ValueKind::Number => Value::Number(number(view.raw())),
        ValueKind::String => Value::Text(text_of(view.raw())),
        ValueKind::Array => Value::Array(view.children().map(meant).collect()),
        ValueKind::Object => {
            let member = |(key, value): (fusebill::document::json::Key<'_>, View<'_>)| {
                (text_of(key.token()), meant(value))
            };
            Value::Object(view.members().map(member).collect())
        }
    }
}

fn number(raw: &str) -> Number {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let exponent: i64 = exponent.parse().expect("generated exponents are small");
    let digits = mantissa.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    Number::new(mantissa.starts_with('-'), &format!("{whole}{fraction}"), exponent - fraction.len() as i64)
}

/// The UTF-16 units of a JSON string.
fn text_of(raw: &str) -> Vec<u16> {
    let mut out = Vec::new();
    let mut rest = raw[1..raw.len() - 1].chars();
    while let Some(c) = rest.next() {
        match (c, c == '\\') {
            (c, false) => out.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            (_, true) => match rest.next().expect("an escape has a letter") {
                'b' => out.push(8),
                'f' => out.push(12),
                'n' => out.push(10),
                'r' => out.push(13),
                't' => out.push(9),
                'u' => {
                    let hex: String = rest.by_ref().take(4).collect();
                    out.push(u16::from_str_radix(&hex, 16).expect("four digits"));
                }
                plain => out.push(plain as u16),
            },
        }
    }
    out
}

/// The same JSON with comments and space between its tokens, and a comma after last elements.
fn untidy(text: &str, choices: &[Index]) -> String {
    const GAPS: &[&str] = &[
        "",
        "",
        " ",
        "\t",
        "\n",
        "\r\n",
        "// \"x\": 1, */ /*\n",
        "/* { \" // é\n } , ] */",
        "//\r\n",
        "/**/",
        " //! no note\n",
    ];
    let (mut out, mut at, mut turn, mut last) = (String::new(), 0, 0, ' ');
    let bytes = text.as_bytes();
    let mut gap = |out: &mut String| {
        turn += 1;
        out.push_str(GAPS[choices[turn % choices.len()].index(GAPS.len())]);
    };
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => {
                let mut end = at + 1;
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                end + 1
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => at + 1,
            _ => (at..bytes.len()).find(|&end| b"{}[],: \t\r\n".contains(&bytes[end])).unwrap_or(bytes.len()),
        };
        let token = &text[at..end];
        let closes = matches!(token, "}" | "]") && !matches!(last, '{' | '[' | ',');
        if closes && choices[at % choices.len()].index(2) == 0 {
            out.push(',');
        }
        gap(&mut out);
        out.push_str(token);
        if let Some(c) = token.trim().chars().last() {
            last = c;
        }
        at = end;
    }
    gap(&mut out);
    out
}

/// A sheet in another layout that means the same.
fn other_layout(sheet: &str, seed: u64, choices: &[Index], marks: (bool, bool)) -> String {
    let json = Json::parse(strict(sheet).expect("a sheet has no open comment")).expect("a sheet is JSON");
    let text = untidy(&respell(&meant(json.root()), seed), choices);
    let text = if marks.0 { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    if marks.1 { format!("\u{feff}{text}") } else { text }
}

proptest! {
    #![proptest_config(law(1000))]

    #[test]
    fn an_edit_text_read_back_unchanged_gives_no_edits(document in document(Oddity::Wild), all: bool) {
        let shown = document.parsed();
        asks_for_nothing(&write(&shown, &head(), all), &shown, all)?;
    }

    #[test]
    fn no_layout_order_or_spelling_gives_an_edit(
        document in document(Oddity::Wild),
        all: bool,
        seed: u64,
        choices in vec(any::<Index>(), 1..40),
        marks: (bool, bool),
    ) {
        let shown = document.parsed();
        let sheet = write(&shown, &head(), all);
        asks_for_nothing(&other_layout(&sheet, seed, &choices, marks), &shown, all)?;
    }

    #[test]
    fn the_sheet_has_every_token_as_the_server_sent_it(document in document(Oddity::Wild)) {
        let shown = document.parsed();
        let sheet = strict(&write(&shown, &head(), true)).unwrap();
        let json = Json::parse(sheet).unwrap();
        prop_assert_eq!(indented(json.text()), indented(shown.text()));
    }

    #[test]
    fn every_value_is_found_on_its_line(document in document(Oddity::Tame)) {
        let shown = document.parsed();
        let sheet = write(&shown, &head(), true);
        for path in document.paths(|path, _| !path.is_empty()) {
            let path = path_of(&path);
            let line = sheet.lines().nth(line_at(&sheet, &path) - 1).unwrap();
            let key = line.trim_start();
            prop_assert!(key.starts_with('"'), "{}: {}", path, line);
        }
    }
}

/// Whether it can be typed into a sheet of everything: its own place is there, or the object around it is.
fn typed(case: &Case) -> Option<(String, Vec<&Asked>)> {
    let sheet = write(&case.document.parsed(), &head(), true);
    let json = Json::parse(strict(&sheet).ok()?).ok()?;
    let mut value = meant(json.root());
    let mut taken = Vec::new();
    for asked in &case.asked {
        // Null where nothing is asks for nothing, and a sheet cannot say it of what nobody knows.
        let around = &asked.path[..asked.path.len() - 1];
        let is_open = matches!(value.at(around), Some(Value::Object(_)));
        if asked.is_field() && is_open {
            value.put(&asked.path, asked.value.clone());
            taken.push(asked);
        }
    }
    Some((respell(&value, 7), taken))
}

fn by_flags(taken: &[&Asked]) -> Edits {
    Edits::check(taken.iter().map(|asked| asked.edit()).collect()).expect("a part of what is allowed")
}

fn all_edits(reading: &TextDiff) -> Edits {
    let strangers = reading.unknown.iter().map(|stranger| &stranger.edit);
    Edits::check(reading.edits.iter().chain(strangers).cloned().collect()).expect("they can be planned")
}

proptest! {
    #![proptest_config(law(2000))]

    #[test]
    fn typed_values_give_the_same_customer_as_flags(
        case in case(Oddity::Tame),
        choices in vec(any::<Index>(), 1..20),
    ) {
        let shown = case.document.parsed();
        let (text, taken) = typed(&case).unwrap();
        let found = reading(&untidy(&text, &choices), &shown, true)?;
        prop_assert!(found.problems.is_empty() && found.unknown.is_empty(), "{:?}", found);
        let read = plan(shown.clone(), &all_edits(&found), true).unwrap();
        let flagged = plan(shown, &by_flags(&taken), true).unwrap();
        // The codes of a changed type lose what describes the old one, which a flag for the whole list does not do.
        let codes = taken.iter().any(|asked| asked.path.join(".") == CODES_PATH);
        if !codes {
            prop_assert!(diff(read.after.root(), flagged.after.root()).is_empty());
            prop_assert_eq!(read.changes.len(), flagged.changes.len());
        }
        for change in &read.replaced {
            prop_assert!(taken.iter().any(|asked| path_of(&asked.path).covers(&change.path)
                || change.path.covers(&path_of(&asked.path))), "{}", change.path);
        }
    }

    #[test]
    fn one_value_typed_over_another_gives_the_very_bytes_that_a_flag_gives(
        case in case(Oddity::Tame),
        all: bool,
    ) {
        let shown = case.document.parsed();
        let sheet = write(&shown, &head(), all);
        let strict_sheet = strict(&sheet).unwrap();
        let json = Json::parse(strict_sheet).unwrap();
        for asked in case.asked.iter().filter(|asked| asked.is_field() && asked.path.join(".") != CODES_PATH) {
            let at = asked.path.iter().try_fold(json.root(), |view, name| view.member(name));
            let Some(at) = at else { continue };
            let written = if asked.given.is_some() { asked.written.as_str() } else { "null" };
            let mut text = sheet.clone();
            text.replace_range(at.span(), written);
            let found = reading(&text, &shown, all)?;
            prop_assert!(found.problems.is_empty() && found.deleted.is_empty(), "{:?}\n{}", found, text);
            let read = plan(shown.clone(), &all_edits(&found), true).unwrap();
            let exact = Edit {
                path: path_of(&asked.path),
                action: Action::Set(Json::parse(written.to_string()).unwrap()),
                given: String::new(),
            };
            let flagged = plan(shown.clone(), &Edits::check(vec![exact]).unwrap(), true).unwrap();
            prop_assert_eq!(read.after.text(), flagged.after.text());
        }
    }

    #[test]
    fn a_deleted_value_is_reported_and_never_an_edit(
        document in document(Oddity::Tame),
        all: bool,
        gone in vec(any::<Index>(), 1..6),
    ) {
        let shown = document.parsed();
        let json = Json::parse(strict(&write(&shown, &head(), all)).unwrap()).unwrap();
        let mut value = meant(json.root());
        let is_laid_out = |path: &[String], _: &Value| !path.is_empty() && value.at(path).is_some();
        let paths = document.paths(is_laid_out);
        prop_assume!(!paths.is_empty());
        let gone: Vec<&Vec<String>> = gone.iter().map(|index| &paths[index.index(paths.len())]).collect();
        gone.iter().for_each(|path| value.remove(path));
        let found = reading(&respell(&value, 3), &shown, all)?;
        prop_assert!(found.edits.is_empty() && found.unknown.is_empty() && found.problems.is_empty(), "{:?}", found);
        for path in &gone {
            let path = path_of(path);
            prop_assert!(found.deleted.iter().any(|deleted| deleted.covers(&path)), "{}", path);
        }
        let all_gone = |deleted: &Path| gone.iter().any(|path| path_of(path) == *deleted);
        prop_assert!(found.deleted.iter().all(all_gone), "{:?} {:?}", found.deleted, gone);
    }
}

/// Text of what JSON, comments and notes are made of.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "/",
            "*",
            "//",
            "/*",
            "*/",
            "//! ",
            "\n",
            "\r\n",
            "\r",
            " ",
            "null",
            "1",
            "-1.50e3",
            "\"a\"",
            "\"status\"",
            "\"customerReference\"",
            "\"\\ud800\"",
            "\u{feff}",
            "é",
        ])
        .prop_map(str::to_string),
        any::<char>().prop_map(String::from),
    ];
    vec(scrap, 0..30).prop_map(|scraps| scraps.concat())
}

/// A text with some of its characters replaced by other text.
fn mutated(text: &str, places: &[(Index, String)]) -> String {
    let mut chars: Vec<String> = text.chars().map(String::from).collect();
    for (at, new) in places {
        let at = at.index(chars.len());
        chars[at].clone_from(new);
    }
    chars.concat()
}

proptest! {
    #![proptest_config(law(3000))]

    #[test]
    fn no_text_is_too_odd_to_be_read(text in scraps(), all: bool, document in document(Oddity::Wild)) {
        let shown = document.parsed();
        let told = catch_unwind(AssertUnwindSafe(|| {
            drop(read(&text, &shown, all));
            line_at(&text, &Path::root("status"));
        }));
        prop_assert!(told.is_ok(), "{text:?}");
    }

    #[test]
    fn a_damaged_edit_text_is_refused_or_gives_edits_that_can_be_planned(
        document in document(Oddity::Wild),
        all: bool,
        places in vec((any::<Index>(), scraps()), 1..4),
    ) {
        let shown = document.parsed();
        let text = mutated(&write(&shown, &head(), all), &places);
        let lines = text.split('\n').count();
        match read(&text, &shown, all) {
            Err(problem) => prop_assert!((1..=lines).contains(&problem.line), "{:?} {}", problem, text),
            Ok(None) => {}
            Ok(Some(found)) => {
                for edit in &found.edits {
                    let edits = Edits::check(vec![edit.clone()]).unwrap();
                    prop_assert!(plan(shown.clone(), &edits, false).is_ok(), "{:?}", edit);
                }
                prop_assert!(found.problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
                prop_assert!(found.problems.is_sorted_by_key(|problem| problem.line));
            }
        }
    }

    #[test]
    fn taking_comments_out_keeps_the_length_and_the_lines(text in scraps()) {
        let Ok(bare) = strict(&text) else { return Ok(()) };
        prop_assert_eq!(bare.len(), text.len());
        for (at, (old, new)) in text.bytes().zip(bare.bytes()).enumerate() {
            prop_assert!(old == new || new == b' ', "{} in {:?}", at, text);
            prop_assert!(!matches!(old, b'\n' | b'\r') || old == new, "{} in {:?}", at, text);
        }
        prop_assert_eq!(strict(&bare).ok(), Some(bare.clone()));
    }

    #[test]
    fn strict_json_comes_back_unchanged(document in document(Oddity::Wild)) {
        let text = &document.spelled.text;
        prop_assert_eq!(strict(text), Ok(text.clone()));
    }

    #[test]
    fn every_note_is_above_its_line_and_leaves_no_trace(
        text in prop_oneof![scraps(), document(Oddity::Wild).prop_map(|it| write(&it.parsed(), &head(), true))],
        notes in vec((0_usize..40, "[a-z\n\r\\*/]{0,8}"), 0..6),
    ) {
        prop_assume!(without_notes(&text) == text);
        let notes: Vec<Note> = notes.into_iter().map(|(line, text)| Note { line, text }).collect();
        let (noted, lines) = annotate(&text, &notes);
        prop_assert_eq!(without_notes(&noted), text.clone());
        prop_assert_eq!(lines.len(), notes.len());
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        let after: Vec<&str> = noted.split_inclusive('\n').collect();
        for (note, line) in notes.iter().zip(lines) {
            let about = all.get(note.line.clamp(1, all.len().max(1)) - 1).copied().unwrap_or("");
            prop_assert_eq!(after.get(line - 1).copied().unwrap_or(""), about);
            prop_assert!(after[line - 2].trim_start_matches([' ', '\t']).starts_with("//! "));
        }
    }

    #[test]
    fn an_unedited_text_with_notes_gives_no_edits(
        document in document(Oddity::Wild),
        all: bool,
        notes in vec((0_usize..60, "[a-z*/ ]{0,8}"), 1..6),
    ) {
        let shown = document.parsed();
        let notes: Vec<Note> = notes.into_iter().map(|(line, text)| Note { line, text }).collect();
        let (noted, _) = annotate(&write(&shown, &head(), all), &notes);
        asks_for_nothing(&noted, &shown, all)?;
    }
}

/// What others make of a customer: another value at some of the paths of our plan, and elsewhere.
fn theirs(case: &Case, at: &[Index], own: bool) -> Option<Customer> {
    let before = case.document.parsed();
    let mut value = case.document.value.clone();
    if own {
        for change in &case.plan().replaced {
            let names: Vec<String> = change.path.names().to_vec();
            if at[0].index(2) == 0 && value.at(&names).is_some() {
                value.put(&names, Value::text("theirs"));
            }
        }
    }
    let paths = case
        .document
        .paths(|path, _| path.len() == 1 && field::at(&path[0]).is_some_and(field::Field::is_text));
    for index in at.iter().filter(|_| !paths.is_empty()) {
        value.put(&paths[index.index(paths.len())], Value::text("elsewhere"));
    }
    Customer::parse(respell(&value, 11)).ok().filter(|theirs| theirs.id() == before.id())
}

fn overlap(one: &Path, other: &Path) -> bool {
    one.covers(other) || other.covers(one)
}

fn raw(customer: &Customer, path: &Path) -> Option<String> {
    customer.get(path).map(|view| view.raw().to_string())
}

proptest! {
    #![proptest_config(law(2000))]

    #[test]
    fn a_resolved_conflict_takes_the_chosen_side_and_nothing_else(
        case in case(Oddity::Wild),
        at in vec(any::<Index>(), 1..4),
        keep in option::of(any::<u64>()),
    ) {
        let ours = case.plan();
        let Some(theirs) = theirs(&case, &at, true) else { return Ok(()) };
        let conflicts = match merge(&ours, &theirs) {
            Ok(Merge::Conflicts(conflicts)) => conflicts,
            _ => Vec::new(),
        };
        let mine = |path: &Path| {
            let place = conflicts.iter().position(|conflict| conflict.path == *path);
            place.is_some_and(|place| keep.is_some_and(|keep| keep >> (place % 64) & 1 == 0))
        };
        let Ok(resolved) = resolve_conflicts(&ours, &theirs, mine) else { return Ok(()) };
        prop_assert_eq!(resolved.before.text(), theirs.text());
        for change in &resolved.changes {
            prop_assert!(ours.replaced.iter().any(|one| overlap(&one.path, &change.path)), "{}", change.path);
        }
        for conflict in &conflicts {
            let value = raw(&resolved.after, &conflict.path);
            if !mine(&conflict.path) {
                prop_assert_eq!(value, raw(&theirs, &conflict.path), "{}", conflict.path);
            } else if conflict.base.as_ref().is_some_and(|base| !base.root().is_null()) {
                let ours = conflict.ours.as_ref().map(|ours| ours.root().raw().to_string());
                prop_assert_eq!(value, ours, "{}", conflict.path);
            }
        }
    }
}
