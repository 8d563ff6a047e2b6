//! Rows as CSV (RFC 4180). Values are exact: nothing is escaped for a terminal or a spreadsheet.

use crate::document::{Change, Json, View};

/// A table as CSV, the header first.
pub fn csv<R: IntoIterator<Item: AsRef<[u8]>>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("rows are of one length, and memory takes them");
    }
    let bytes = writer.into_inner().expect("memory takes them");
    String::from_utf8(bytes).expect("rows of text are UTF-8")
}

/// A change, a line a field.
pub fn changes(customer: u64, outcome: &str, changes: &[Change]) -> String {
    let header = ["customer", "outcome", "field", "before", "after"].map(str::to_string);
    let shown = |json: &Option<Json>| cell(json.as_ref().map(Json::root));
    let row = |change: &Change| {
        let (before, after) = (shown(&change.before), shown(&change.after));
        [customer.to_string(), outcome.to_string(), change.path.to_string(), before, after]
    };
    csv(std::iter::once(header).chain(changes.iter().map(row)))
}

/// A value as a cell: text as it is, null as nothing, the rest as its token.
pub fn cell(view: Option<View<'_>>) -> String {
    match view {
        None => String::new(),
        Some(view) if view.is_null() => String::new(),
        Some(view) => view
            .as_text()
            .map_or_else(|| crate::document::indent::compact(view), std::borrow::Cow::into_owned),
    }
}
