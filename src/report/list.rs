//! A list of customers in every form of output, page by page: what can be printed at once, and what at the end.

use super::Look;
use super::csv::{cell, csv};
use super::table::{Text, Tone, table, value};
use crate::bulk::MODIFIED;
use crate::document::indent::{compact, indented};
use crate::document::json::ValueKind;
use crate::document::{Customer, Json, Path, View};
use crate::field::{CODES_PATH, FIELDS};

/// What a table shows of each customer unless it is told.
const SHOWN: &[&str] = &["id", "companyName", "firstName", "lastName", "primaryEmail", "reference", "status"];

/// A list on its way out.
#[derive(Debug)]
pub struct Listing(Form);

#[derive(Debug)]
enum Form {
    Table { columns: Vec<Path>, rows: Vec<Vec<Text>> },
    Csv { columns: Vec<Path>, begun: bool },
    Json { columns: Option<Vec<Path>>, rows: Vec<String> },
    Ndjson { columns: Option<Vec<Path>> },
}

impl Listing {
    /// A table of these columns, or of those by which people know customers.
    pub fn table(columns: Option<Vec<Path>>) -> Listing {
        let columns = columns.unwrap_or_else(|| SHOWN.iter().map(|path| Path::of(path)).collect());
        Listing(Form::Table { columns, rows: Vec::new() })
    }

    /// CSV of these columns, or of `id`, every field that `customer bulk update` takes from a cell, and when the customer was
    /// changed last, so that it refuses those that were changed since.
    pub fn csv(columns: Option<Vec<Path>>) -> Listing {
        let paths = || FIELDS.iter().map(|field| field.path).filter(|path| *path != CODES_PATH);
        let all = || std::iter::once("id").chain(paths()).chain([MODIFIED]).map(Path::of).collect();
        let columns = columns.unwrap_or_else(all);
        Listing(Form::Csv { columns, begun: false })
    }

    /// One array of the server's own texts, or of only these members of them and the id.
    pub fn json(columns: Option<Vec<Path>>) -> Listing {
        Listing(Form::Json { columns, rows: Vec::new() })
    }

    /// The same, a line each.
    pub fn ndjson(columns: Option<Vec<Path>>) -> Listing {
        Listing(Form::Ndjson { columns })
    }

    /// Takes customers and gives what can be printed already.
    pub fn take(&mut self, customers: &[Customer]) -> String {
        match &mut self.0 {
            Form::Table { columns, rows } => {
                rows.extend(customers.iter().map(|customer| cells(customer, columns)));
                String::new()
            }
            Form::Csv { columns, begun } => {
                let header = (!std::mem::replace(begun, true)).then(|| header(columns));
                let row = |customer: &Customer| columns.iter().map(|path| cell(customer.get(path))).collect();
                csv(header.into_iter().chain(customers.iter().map(row)).collect::<Vec<Vec<String>>>())
            }
            Form::Json { columns, rows } => {
                rows.extend(customers.iter().map(|customer| laid_out(customer, columns.as_deref())));
                String::new()
            }
            Form::Ndjson { columns } => {
                let line = |customer: &Customer| line(customer, columns.as_deref()) + "\n";
                customers.iter().map(line).collect()
            }
        }
    }

    /// What is left to be printed.
    pub fn end(self, look: Look) -> String {
        match self.0 {
            Form::Table { rows, .. } if rows.is_empty() => String::new(),
            Form::Table { columns, rows } => {
                let header = header(&columns);
                table(&header.iter().map(String::as_str).collect::<Vec<_>>(), &rows, look)
            }
            Form::Json { rows, .. } if rows.is_empty() => "[]\n".to_string(),
            Form::Json { rows, .. } => format!("[\n  {}\n]\n", rows.join(",\n  ")),
            Form::Csv { .. } | Form::Ndjson { .. } => String::new(),
        }
    }
}

fn header(columns: &[Path]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

fn cells(customer: &Customer, columns: &[Path]) -> Vec<Text> {
    let cell = |path: &Path| {
        let found = customer.get(path);
        let tone = if found.is_none_or(View::is_null) { Tone::Dim } else { Tone::Plain };
        Text::new(&value(found), tone)
    };
    columns.iter().map(cell).collect()
}

fn line(customer: &Customer, columns: Option<&[Path]>) -> String {
    columns.map_or_else(|| compact(customer.root()), |columns| projected(customer, columns))
}

fn laid_out(customer: &Customer, columns: Option<&[Path]>) -> String {
    let laid_out = match columns {
        None => indented(customer.root()),
        Some(columns) => indented(Json::known(projected(customer, columns)).root()),
    };
    laid_out.replace('\n', "\n  ")
}

/// The id and, as the document nests them, the members that the columns name: with new values in it, a merge patch
/// (RFC 7396) of that customer. Of an array there are no parts in a merge patch, so it is whole.
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
            members.push(format!("{}:{}", key.token(), compact(value)));
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
        first + &listing.end(Look::default())
    }

    fn paths(names: &[&str]) -> Option<Vec<Path>> {
        Some(names.iter().map(|name| Path::parse(name).unwrap()).collect())
    }

    #[test]
    fn ndjson_is_the_servers_text_or_the_named_members_of_it() {
        let all = shown(Listing::ndjson(None), &[JO]);
        assert_eq!(all, JO.replace(" : ", ":") + "\n");
        let columns =
            paths(&["lastName", "customerReference.reference1", "id", "n", "nothing", "firstName.x"]);
        let expected =
            "{\"id\":7,\"n\":1E5,\"customerReference\":{\"reference1\":null},\"lastName\":\"\\u00e9\"}\n";
        assert_eq!(shown(Listing::ndjson(columns), &[JO]), expected);
        let code = paths(&["customerReference.salesTrackingCodes.0.code"]);
        let expected =
            "{\"id\":7,\"customerReference\":{\"salesTrackingCodes\":[{\"type\":\"A\",\"code\":\"1\"}]}}\n";
        assert_eq!(shown(Listing::ndjson(code), &[JO]), expected);
        assert_eq!(shown(Listing::ndjson(paths(&["nothing.at.all"])), &[JO]), "{\"id\":7}\n");
    }

    #[test]
    fn json_is_always_an_array() {
        assert_eq!(shown(Listing::json(None), &[]), "[]\n");
        let one = shown(Listing::json(paths(&["n"])), &[JO]);
        assert_eq!(one, "[\n  {\n    \"id\": 7,\n    \"n\": 1E5\n  }\n]\n");
        assert!(shown(Listing::json(None), &[JO, JO]).contains("\n  },\n  {\n    \"firstName\": \"Jo\","));
    }

    #[test]
    fn csv_has_one_header_whatever_comes() {
        let columns = paths(&["id", "customerReference.reference1", "n"]);
        let header = "id,customerReference.reference1,n\n";
        let mut listing = Listing::csv(columns);
        assert_eq!(listing.take(&[]), header);
        assert_eq!(listing.take(&[Customer::parse(JO).unwrap()]), "7,,1E5\n");
        assert_eq!(listing.end(Look::default()), "");
        let header = shown(Listing::csv(None), &[]);
        assert!(
            header.starts_with("id,title,firstName,") && !header.contains("salesTrackingCodes"),
            "{header}"
        );
    }

    #[test]
    fn a_table_shows_what_is_null_and_what_is_absent() {
        let table = shown(Listing::table(paths(&["id", "customerReference.reference1", "suffix"])), &[JO]);
        assert!(table.contains("│ 7  ┆ null                         ┆ (absent) │"), "{table}");
        assert_eq!(shown(Listing::table(None), &[]), "");
    }
}
