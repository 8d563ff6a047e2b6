//! Exported tables: read again they ask for nothing, whatever the values and the order; an edited cell changes its field only, and
//! takes back nothing that others wrote meanwhile.

use std::borrow::Cow;
use std::io::Cursor;

use fusebill::bulk::base::{Base, Head, VERSION, Writer, merged};
use fusebill::bulk::cell::written;
use fusebill::bulk::{Row, RowError, Spelling, table};
use fusebill::document::diff::diff;
use fusebill::document::merge::Merge;
use fusebill::document::{Action, Customer, Edit, Edits, Json, Path};
use fusebill::field::{CODES_PATH, FIELDS, FieldKind};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{Document, Oddity, case, document, message};
use crate::law;

fn fields() -> Vec<Path> {
    let editable = FIELDS.iter().filter(|field| field.path != CODES_PATH);
    editable.map(|field| Path::of(field.path)).collect()
}

fn base(customers: &[Customer]) -> Base {
    let [profile, host, export] = ["p", "h", "e"].map(str::to_string);
    let time = Timestamp::UNIX_EPOCH;
    let head = Head { fusebill_base: VERSION, export, profile, host, time, fields: fields() };
    let (mut writer, mut text) = Writer::new(&head);
    for customer in customers {
        text += &writer.line(customer, &fields());
    }
    text += &writer.end();
    Base::read(Box::new(Cursor::new(text.into_bytes()))).unwrap_or_else(|error| panic!("{error}"))
}

/// The cells of an exported table: the header, then a row for each customer.
fn exported(customers: &[Customer]) -> Vec<Vec<String>> {
    let header = std::iter::once("id".to_string()).chain(fields().iter().map(Path::to_string)).collect();
    let row = |customer: &Customer| {
        let cells = fields().into_iter().map(|path| written(customer.get(&path)));
        std::iter::once(customer.id().to_string()).chain(cells).collect()
    };
    std::iter::once(header).chain(customers.iter().map(row)).collect()
}

fn read(cells: &[Vec<String>], base: Option<Base>) -> Result<Vec<Row>, Vec<RowError>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    cells.iter().for_each(|row| writer.write_record(row).expect("memory is written to"));
    let text = writer.into_inner().expect("memory is written to");
    let rows = table::Rows::new(Cursor::new(text), Spelling::default())?;
    match base {
        Some(base) => rows.with_base(base).collect(),
        None => rows.collect(),
    }
}

fn failed(reason: &[RowError]) -> TestCaseError {
    TestCaseError::fail(format!("{reason:?}"))
}

fn shuffled<T>(mut list: Vec<T>, order: &[Index]) -> Vec<T> {
    for at in order {
        let one = list.remove(at.index(list.len()));
        list.push(one);
    }
    list
}

proptest! {
    #![proptest_config(law(400))]

    #[test]
    fn an_exported_table_gives_no_edits_in_any_order(
        documents in vec(document(Oddity::Wild), 1..4),
        rows in vec(any::<Index>(), 0..6),
        columns in vec(any::<Index>(), 0..30),
    ) {
        let mut customers: Vec<Customer> = documents.iter().map(Document::parsed).collect();
        customers.sort_by_key(Customer::id);
        customers.dedup_by_key(|customer| customer.id());
        let mut cells = exported(&customers);
        let header = cells.remove(0);
        let cells = shuffled(cells, &rows);
        let cells: Vec<Vec<String>> =
            std::iter::once(header).chain(cells).map(|row| shuffled(row, &columns)).collect();
        let read = read(&cells, Some(base(&customers))).map_err(|error| failed(&error))?;
        prop_assert_eq!(read.len(), customers.len());
        for row in read {
            prop_assert_eq!(row.edits.iter().count(), 0, "{:?}", row.edits);
        }
    }

    #[test]
    fn the_exported_text_of_a_value_reads_back_as_that_value(text in prop_oneof![message(), ".{0,8}", "[#A-Z/!0-9.,E+ ]{0,8}"]) {
        let token = Json::string(&text);
        let header = vec!["id".to_string(), "reference1".to_string()];
        let cells = vec![header, vec!["7".to_string(), written(Some(token.root()))]];
        let rows = read(&cells, None).map_err(|error| failed(&error))?;
        let actions: Vec<String> = rows[0].edits.iter().map(|edit| format!("{:?}", edit.action)).collect();
        prop_assert_eq!(actions, [format!("{:?}", Action::Set(token))]);
    }

    #[test]
    fn an_edited_cell_reverts_no_change_of_another_client(
        case in case(Oddity::Wild),
        at in any::<Index>(),
        text in "[a-z]{1,6}",
    ) {
        let (before, now) = (case.document.parsed(), case.plan().after);
        let texts = FIELDS.iter().filter(|field| matches!(field.kind, FieldKind::Text { .. })).collect::<Vec<_>>();
        let path = Path::of(at.get(&texts).path);
        let action = Action::Set(Json::string(&text));
        let edits = Edits::check(vec![Edit { path: path.clone(), action, given: String::new() }]).expect("a text");
        let old = before.get(&path).map_or_else(Json::null, |value| Json::parse(value.raw()).expect("a token"));
        let touched = diff(before.root(), now.root()).iter().any(|change| {
            change.path.covers(&path) || path.covers(&change.path)
        });
        // An object that is neither null nor an object has no room for the field.
        let Ok(merge) = merged(&now, &edits, &[(path.clone(), old)], false) else { return Ok(()) };
        match merge {
            Merge::Merged { plan, .. } => {
                prop_assert!(plan.changes.iter().all(|change| change.path.covers(&path) || path.covers(&change.path)));
                let held = plan.after.get(&path).and_then(|value| value.as_text().map(Cow::into_owned));
                prop_assert_eq!(held, Some(text));
            }
            Merge::Conflicts(_) => prop_assert!(touched, "a conflict with nobody"),
        }
    }

    #[test]
    fn a_field_changed_by_another_client_is_a_conflict(case in case(Oddity::Tame), mine in "[a-z]{1,6}", theirs in "[A-Z]{1,6}") {
        let before = case.document.parsed();
        let path = Path::root("lastName");
        let edit = |text: &str| {
            let action = Action::Set(Json::string(text));
            Edits::check(vec![Edit { path: path.clone(), action, given: String::new() }]).expect("a text")
        };
        let plan = |edits: &Edits| fusebill::document::plan::plan(before.clone(), edits, false).expect("a plan");
        let old = before.get(&path).map_or_else(Json::null, |value| Json::parse(value.raw()).expect("a token"));
        let changed = plan(&edit(&theirs));
        prop_assume!(!changed.is_empty() && !plan(&edit(&mine)).is_empty());
        let merge = merged(&changed.after, &edit(&mine), &[(path.clone(), old)], false).expect("it merges");
        prop_assert!(matches!(merge, Merge::Conflicts(_)));
    }
}
