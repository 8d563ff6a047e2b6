//! CSV (RFC 4180). Values are exact: not escaped for a terminal or a spreadsheet.

use std::borrow::Cow;

use crate::document::indent::compact;
use crate::document::{Change, Json, View};

/// A table as CSV, the header first.
pub fn csv<R: IntoIterator<Item: AsRef<[u8]>>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("rows have one length, and a Vec takes them");
    }
    let bytes = writer.into_inner().expect("a Vec takes them");
    String::from_utf8(bytes).expect("rows of text are UTF-8")
}

/// A change, with a line for each field.
pub fn changes(customer: u64, outcome: &str, changes: &[Change]) -> String {
    let header = ["customer", "outcome", "field", "before", "after"].map(str::to_string);
    let value = |json: &Option<Json>| cell(json.as_ref().map(Json::root));
    let row = |change: &Change| {
        let (path, before, after) = (change.path.to_string(), value(&change.before), value(&change.after));
        [customer.to_string(), outcome.to_string(), path, before, after]
    };
    csv(std::iter::once(header).chain(changes.iter().map(row)))
}

/// A value as a cell: text without quotes, null as empty, the rest as JSON.
pub(crate) fn cell(view: Option<View<'_>>) -> String {
    let Some(view) = view.filter(|view| !view.is_null()) else { return String::new() };
    view.as_text().map_or_else(|| compact(view.raw()), Cow::into_owned)
}
