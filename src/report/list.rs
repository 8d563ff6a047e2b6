//! A list of customers in every form of output, printed page by page.

use super::Look;
use super::csv::cell;
use super::rows::{List, Rows};
use super::table::{Cell, Tone};
use super::value::value;
use crate::bulk::MODIFIED;
use crate::cli::Output;
use crate::document::indent::compact;
use crate::document::json::ValueKind;
use crate::document::{Customer, Path, View};
use crate::field::{self, CODES_PATH, FIELDS, FieldKind};

const SHOWN: &[&str] = &["id", "companyName", "firstName", "lastName", "primaryEmail", "reference", "status"];

#[derive(Debug)]
pub(crate) struct Listing {
    rows: Rows,
    columns: Vec<Path>,
    /// JSON has the whole customer, not only these columns.
    is_whole: bool,
}

impl Listing {
    pub(crate) fn new(columns: Option<Vec<Path>>, output: Output, look: Look) -> Listing {
        let is_whole = columns.is_none();
        let columns = columns.unwrap_or_else(|| usual(output));
        Listing { rows: Rows::new(output, look, List::Array, &columns, &columns), columns, is_whole }
    }

    pub(crate) fn take(&mut self, customers: &[Customer]) -> String {
        let (is_whole, columns) = (self.is_whole, &self.columns);
        let json = |one: &Customer| if is_whole { one.text().to_string() } else { projected(one, columns) };
        customers.iter().map(|one| self.rows.add(|| cells(one, columns), || json(one))).collect()
    }

    pub(crate) fn end(self) -> String {
        self.rows.end()
    }
}

/// The columns of an exported file: `id`, and every field that `customer bulk` takes from a cell.
pub(crate) fn exported() -> Vec<Path> {
    let fields = FIELDS.iter().map(|field| field.path).filter(|path| *path != CODES_PATH);
    std::iter::once("id").chain(fields).map(Path::of).collect()
}

/// In CSV `id`, every field that `customer bulk update` takes from a cell, and the time of the last change, so that it
/// refuses customers that changed since.
fn usual(output: Output) -> Vec<Path> {
    if output != Output::Csv {
        return SHOWN.iter().map(|path| Path::of(path)).collect();
    }
    exported().into_iter().chain([Path::of(MODIFIED)]).collect()
}

fn cells(customer: &Customer, columns: &[Path]) -> Vec<Cell> {
    let shown = |path: &Path| {
        let found = customer.get(path);
        let tone = if found.is_none_or(View::is_null) { Tone::Dim } else { Tone::Plain };
        let shown = Cell::new(value(path, found), tone).meaning(cell(found));
        if is_short(path) { shown.whole() } else { shown }
    };
    columns.iter().map(shown).collect()
}

/// Ids, words and timestamps, which are short and would mean nothing if they were cut.
fn is_short(path: &Path) -> bool {
    let path = path.dotted();
    let is_word = |kind| matches!(kind, FieldKind::Choice(_) | FieldKind::Currency | FieldKind::Integer);
    path == "id" || path.ends_with("Timestamp") || field::at(&path).is_some_and(|field| is_word(field.kind))
}

/// The id and the members that the columns name, nested as in the document: a merge patch (RFC 7396) of the customer once
/// its values are edited. A merge patch has no parts of arrays, so an array is whole.
fn projected(customer: &Customer, columns: &[Path]) -> String {
    let mut members = vec![format!("\"id\":{}", customer.id())];
    let columns: Vec<&Path> = columns.iter().filter(|path| path.dotted() != "id").collect();
    collect(None, customer.root(), &columns, &mut members);
    format!("{{{}}}", members.join(","))
}

fn collect(at: Option<&Path>, object: View<'_>, columns: &[&Path], members: &mut Vec<String>) {
    for (key, value) in object.members() {
        let path = at.map_or_else(|| Path::root(key.name()), |at| at.join(key.name()));
        let named = columns.iter().any(|column| column.covers(&path));
        let above = columns.iter().any(|column| path.covers(column));
        if named || (above && value.kind() == ValueKind::Array) {
            members.push(format!("{}:{}", key.token(), compact(value.raw())));
        } else if above {
            let mut inside = Vec::new();
            collect(Some(&path), value, columns, &mut inside);
            if !inside.is_empty() {
                members.push(format!("{}:{{{}}}", key.token(), inside.join(",")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JO: &str = "{\"firstName\":\"Jo\",\"n\" : 1E5,\"customerReference\":{\"reference1\":null,\"id\":7,\
        \"salesTrackingCodes\":[{\"type\":\"A\",\"code\":\"1\"}]},\"lastName\":\"\\u00e9\",\"id\":7,\"status\":\"Active\"}";

    fn shown(mut listing: Listing, texts: &[&str]) -> String {
        let customers: Vec<Customer> = texts.iter().map(|text| Customer::parse(*text).unwrap()).collect();
        let first = listing.take(&customers);
        first + &listing.end()
    }

    fn paths(names: &[&str]) -> Option<Vec<Path>> {
        Some(names.iter().map(|name| Path::parse(name).unwrap()).collect())
    }

    #[test]
    fn ndjson_is_the_servers_text_or_the_named_members_of_it() {
        let all = shown(Listing::new(None, Output::Ndjson, Look::default()), &[JO]);
        assert_eq!(all, JO.replace(" : ", ":") + "\n");
        let columns =
            paths(&["lastName", "customerReference.reference1", "id", "n", "nothing", "firstName.x"]);
        let expected =
            "{\"id\":7,\"n\":1E5,\"customerReference\":{\"reference1\":null},\"lastName\":\"\\u00e9\"}\n";
        assert_eq!(shown(Listing::new(columns, Output::Ndjson, Look::default()), &[JO]), expected);
        let code = paths(&["customerReference.salesTrackingCodes.0.code"]);
        let expected =
            "{\"id\":7,\"customerReference\":{\"salesTrackingCodes\":[{\"type\":\"A\",\"code\":\"1\"}]}}\n";
        assert_eq!(shown(Listing::new(code, Output::Ndjson, Look::default()), &[JO]), expected);
        assert_eq!(
            shown(Listing::new(paths(&["nothing.at.all"]), Output::Ndjson, Look::default()), &[JO]),
            "{\"id\":7}\n"
        );
    }

    #[test]
    fn json_is_always_an_array() {
        assert_eq!(shown(Listing::new(None, Output::Json, Look::default()), &[]), "[]\n");
        let one = shown(Listing::new(paths(&["n"]), Output::Json, Look::default()), &[JO]);
        assert_eq!(one, "[\n  {\n    \"id\": 7,\n    \"n\": 1E5\n  }\n]\n");
        assert!(
            shown(Listing::new(None, Output::Json, Look::default()), &[JO, JO])
                .contains("\n  },\n  {\n    \"firstName\": \"Jo\",")
        );
    }

    #[test]
    fn csv_has_exactly_one_header() {
        let columns = paths(&["id", "customerReference.reference1", "n"]);
        let header = "id,customerReference.reference1,n\n";
        let mut listing = Listing::new(columns, Output::Csv, Look::default());
        assert_eq!(listing.take(&[]), "");
        assert_eq!(listing.take(&[Customer::parse(JO).unwrap()]), format!("{header}7,,1E5\n"));
        assert_eq!(listing.take(&[Customer::parse(JO).unwrap()]), "7,,1E5\n");
        assert_eq!(listing.end(), "");
        let header = shown(Listing::new(None, Output::Csv, Look::default()), &[]);
        assert!(
            header.starts_with("id,title,firstName,") && !header.contains("salesTrackingCodes"),
            "{header}"
        );
    }

    #[test]
    fn a_table_distinguishes_null_from_absent_values() {
        let table = shown(
            Listing::new(
                paths(&["id", "customerReference.reference1", "suffix"]),
                Output::Table,
                Look::default(),
            ),
            &[JO],
        );
        assert!(table.ends_with("\n7   null                          (absent)\n"), "{table}");
        assert_eq!(shown(Listing::new(None, Output::Table, Look::default()), &[]), "");
    }
}
