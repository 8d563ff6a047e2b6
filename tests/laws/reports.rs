//! What is shown: every value in its place, nothing that steers a terminal, nothing that reads as something else.

use fusebill::bulk::plan_file::json_line;
use fusebill::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use fusebill::document::Path;
use fusebill::document::compare::same;
use fusebill::error::{Error, ErrorKind};
use fusebill::report::Look;
use fusebill::report::csv::{changes, csv};
use fusebill::report::escape::escaped;
use fusebill::report::failure::failure;
use fusebill::report::table::{Cell, LongValues, Tone, table};
use fusebill::report::value::{distinct_displays, values};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use unicode_width::UnicodeWidthStr;

use crate::comparison::change;
use crate::generate::{Oddity, case, json, message, value};
use crate::law;
use crate::spelling::respell;

/// Text as others write it, with what steers a terminal.
fn foreign() -> impl Strategy<Value = String> {
    let steering = select(vec![
        "\u{1b}[2J",
        "\u{9b}31m",
        "\u{202e}",
        "\u{2067}",
        "\u{200f}",
        "\u{2029}",
        "\r",
        "\u{feff}",
    ]);
    vec(prop_oneof![3 => message(), 1 => steering.prop_map(str::to_string)], 0..4)
        .prop_map(|parts| parts.concat())
}

/// What is not seen: Unicode's Default_Ignorable_Code_Point, White_Space but the space, and the categories Cc, Zl and Zp.
fn steers(c: char) -> bool {
    let ranges = [
        (0x00, 0x1f),
        (0x7f, 0xa0),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x2000, 0x200f),
        (0x2028, 0x202f),
        (0x205f, 0x206f),
        (0xfe00, 0xfe0f),
        (0xfff0, 0xfffb),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
        || "\u{ad}\u{34f}\u{61c}\u{1680}\u{2800}\u{3000}\u{3164}\u{feff}\u{ffa0}".contains(c)
}

/// The text that was escaped.
fn unescaped(shown: &str) -> String {
    let mut out = String::new();
    let mut rest = shown;
    while let Some(c) = rest.chars().next() {
        let code = rest.strip_prefix("\\u{").and_then(|rest| rest.split_once('}'));
        let hidden = code.and_then(|(digits, rest)| {
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?).filter(|c| steers(*c))?, rest))
        });
        let short = [("\\n", '\n'), ("\\r", '\r'), ("\\t", '\t')];
        let short = short.iter().find_map(|(escape, c)| Some((*c, rest.strip_prefix(escape)?)));
        let (c, after) = hidden.or(short).unwrap_or((c, &rest[c.len_utf8()..]));
        out.push(c);
        rest = after;
    }
    out
}

/// The records of a CSV text (RFC 4180) by a reader that knows nothing but quotes, commas and line breaks.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "{text:?} ends in the middle");
    rows
}

fn cells(rows: &[[String; 2]]) -> Vec<Vec<Cell>> {
    rows.iter().map(|row| row.iter().map(|text| Cell::new(text, Tone::Plain)).collect()).collect()
}

proptest! {
    #![proptest_config(law(2_000))]

    #[test]
    fn escaped_text_has_no_control_characters_and_reads_back(text in foreign()) {
        let shown = escaped(&text);
        prop_assert!(!shown.contains(steers), "{:?}", shown);
        prop_assert_eq!(escaped(&shown), shown.as_ref());
        // A text that spells an escape itself is shown as it is, so only others read back.
        if !text.contains('\\') {
            prop_assert_eq!(unescaped(&shown), text);
        }
    }

    #[test]
    fn a_table_has_a_line_for_each_row_and_every_text_in_its_column(rows in vec([foreign(), foreign()], 1..4)) {
        let shown = table(&["Field", "Value"], &cells(&rows), Look::default(), LongValues::Cut);
        let lines: Vec<&str> = shown.lines().collect();
        prop_assert_eq!(lines.len(), rows.len() + 2, "{}", shown);
        let width = rows.iter().map(|row| escaped(&row[0]).width()).max().unwrap_or_default().max("Field".len());
        for (line, row) in lines[2..].iter().zip(&rows) {
            let (left, right) = (escaped(&row[0]), escaped(&row[1]));
            let expected = format!("{left}{}  {right}", " ".repeat(width - left.width()));
            prop_assert_eq!(line.trim_end(), expected.trim_end(), "{}", shown);
        }
    }

    #[test]
    fn a_table_keeps_within_the_terminal(rows in vec(["[a-z]{0,30}", "[a-zé株 ]{0,90}"], 1..4), width in 40_u16..120) {
        let shown = table(&["Field", "Value"], &cells(&rows), Look { width: Some(width), ..Look::default() }, LongValues::Wrap);
        let widest = shown.lines().map(UnicodeWidthStr::width).max();
        prop_assert!(widest <= Some(usize::from(width)), "{:?} {}", widest, shown);
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let all = rows.iter().flatten().map(|text| letters(text)).sum::<usize>() + letters("FieldValue");
        prop_assert_eq!(letters(&shown), all, "{}", shown);
    }

    #[test]
    fn values_that_differ_never_look_the_same(value in value(Oddity::Wild), at in any::<Index>(), seeds in any::<[u64; 2]>()) {
        let mut other = value.clone();
        change(&mut other, at);
        let (one, other) = (json(&respell(&value, seeds[0])), json(&respell(&other, seeds[1])));
        prop_assert!(!same(one.root(), other.root()));
        let views = [Some(one.root()), Some(other.root()), None];
        for [before, after, absent] in [values(&Path::root("x"), views), distinct_displays(views)] {
            prop_assert_ne!(escaped(&before), escaped(&after));
            prop_assert!(before != absent && after != absent);
        }
    }

    #[test]
    fn csv_reads_back_as_it_was(rows in vec([foreign(), foreign(), foreign()], 0..5)) {
        prop_assert_eq!(records(&csv(&rows)), rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>());
    }

    #[test]
    fn a_message_has_a_line_for_each_thing_it_says(text in foreign(), details in vec(foreign(), 0..3), hints in vec(foreign(), 0..3)) {
        let error = Error::new(ErrorKind::Failed, text.clone()).step("reading").detail(details.clone());
        let error = hints.iter().fold(error, |error, hint| error.hint(hint.clone()));
        let message = failure(&error, Look::default(), true);
        prop_assert!(!message.chars().any(|c| c != '\n' && steers(c)), "{:?}", message);
        prop_assert_eq!(message.lines().count(), 1 + details.len() + 1 + hints.len(), "{}", message);
        let written = ErrorKind::Failed.written().to_string();
        let texts = [&text].into_iter().chain(&details).chain([&written]).chain(&hints);
        for (line, text) in message.lines().zip(texts) {
            prop_assert!(line.contains(&*escaped(text)), "{:?} {:?}", line, text);
        }
    }

    #[test]
    fn counts_are_those_of_the_rows(ended in vec(select(OUTCOMES), 0..30)) {
        let mut counts = Counts::default();
        ended.iter().for_each(|outcome| counts.add(*outcome));
        prop_assert_eq!(counts.all(), ended.len() as u64);
        let missed = ended.iter().filter(|outcome| !matches!(outcome, Outcome::Written | Outcome::Unchanged));
        prop_assert_eq!(counts.not_succeeded(), missed.count() as u64);
        for outcome in OUTCOMES {
            prop_assert_eq!(counts.of(*outcome), ended.iter().filter(|it| *it == outcome).count() as u64);
        }
    }
}

proptest! {
    #![proptest_config(law(600))]

    #[test]
    fn a_change_in_csv_is_a_record_for_each_field(case in case(Oddity::Tame)) {
        let plan = case.plan();
        let read = records(&changes(plan.before.id(), "planned", &plan.changes));
        prop_assert_eq!(read.len(), plan.changes.len() + 1);
        for (record, change) in read[1..].iter().zip(&plan.changes) {
            prop_assert_eq!(&record[..3], [plan.before.id().to_string(), "planned".into(), change.path.to_string()]);
        }
    }

    #[test]
    fn a_result_reads_back_from_its_line(case in case(Oddity::Wild), row in 1_u64..1_000_000, outcome in select(OUTCOMES)) {
        let plan = case.plan();
        let changes = plan.changes.clone();
        let result = RowResult { attempts: 1, changes, ..RowResult::ended(row, plan.before.id(), outcome) };
        let line = json_line(&result);
        prop_assert_eq!(line.matches('\n').count(), 1);
        let again: RowResult = serde_json::from_str(&line).expect("its own line");
        prop_assert_eq!(again.cells(), result.cells());
        prop_assert_eq!(again.changes.len(), plan.changes.len());
        prop_assert_eq!((again.row, again.customer, again.outcome), (row, plan.before.id(), outcome));
    }
}
