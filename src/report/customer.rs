//! Customers as they are: a table with sections, the server's own JSON, CSV.

use std::collections::{HashMap, HashSet};

use super::Look;
use super::csv::{cell, csv};
use super::escape::escaped;
use super::table::{Text, Tone, table, value};
use crate::document::indent::{compact, indented};
use crate::document::json::ValueKind;
use crate::document::{Customer, Path, View};
use crate::field::{self, Section};

/// A table of every value, grouped as the field table groups them.
pub fn sections(customer: &Customer, look: Look) -> String {
    let mut leaves = leaves(customer);
    leaves.sort_by_key(|(path, _)| (field::section(&path.dotted()), path.dotted() != "id"));
    let mut rows = Vec::new();
    let mut last: Option<Section> = None;
    for (path, view) in &leaves {
        let section = field::section(&path.dotted());
        if last != Some(section) {
            rows.push(vec![Text::new(section.heading(), Tone::Bold), Text::new("", Tone::Plain)]);
            last = Some(section);
        }
        let tone = if view.is_null() { Tone::Dim } else { Tone::Plain };
        rows.push(vec![Text::new(&format!("  {path}"), Tone::Plain), Text::new(&value(Some(*view)), tone)]);
    }
    let title = look.bold(&escaped(&format!("Customer {} {}", customer.id(), customer.name())));
    format!("{}\n{}", title.trim_end(), table(&["Field", "Value"], &rows, look))
}

/// The server's own text, only indented; several customers as one array.
pub fn json(customers: &[Customer]) -> String {
    match customers {
        [one] => format!("{}\n", indented(one.root())),
        several => {
            let each = several.iter().map(|customer| indented(customer.root()).replace('\n', "\n  "));
            format!("[\n  {}\n]\n", each.collect::<Vec<_>>().join(",\n  "))
        }
    }
}

/// The server's own text on one line.
pub fn ndjson(customer: &Customer) -> String {
    format!("{}\n", compact(customer.root()))
}

/// A row a customer, a column a path; `id` first, then in the order of the documents.
pub fn rows(customers: &[Customer]) -> String {
    let mut columns = vec![Path::root("id")];
    let mut known = HashSet::from([Path::root("id")]);
    for customer in customers {
        for (path, _) in leaves(customer) {
            if known.insert(path.clone()) {
                columns.push(path);
            }
        }
    }
    let header = columns.iter().map(ToString::to_string).collect();
    let row = |customer: &Customer| {
        let leaves: HashMap<Path, View<'_>> = leaves(customer).into_iter().collect();
        let value = |path| leaves.get(path).copied().or_else(|| customer.get(path));
        columns.iter().map(|path| cell(value(path))).collect()
    };
    csv(std::iter::once(header).chain(customers.iter().map(row)).collect::<Vec<Vec<String>>>())
}

/// Every value that is no object, with its path; an empty object counts as a value.
fn leaves(customer: &Customer) -> Vec<(Path, View<'_>)> {
    let mut leaves = Vec::new();
    collect(None, customer.root(), &mut leaves);
    leaves
}

fn collect<'a>(at: Option<&Path>, object: View<'a>, leaves: &mut Vec<(Path, View<'a>)>) {
    for (key, value) in object.members() {
        let path = at.map_or_else(|| Path::root(key.name()), |path| path.join(key.name()));
        if value.kind() == ValueKind::Object && value.children().next().is_some() {
            collect(Some(&path), value, leaves);
        } else {
            leaves.push((path, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(text: &str) -> Customer {
        Customer::parse(text).unwrap()
    }

    #[test]
    fn json_is_the_servers_own_text_indented() {
        let one = customer(r#"{"id":7,"status":"Active","n":1E5,"t":"a\u000ab","o":{}}"#);
        let expected = "{\n  \"id\": 7,\n  \"status\": \"Active\",\n  \"n\": 1E5,\n  \"t\": \"a\\u000ab\",\n  \"o\": {}\n}\n";
        assert_eq!(json(std::slice::from_ref(&one)), expected);
        assert!(json(&[one.clone(), one]).starts_with("[\n  {\n    \"id\": 7,\n"));
    }

    #[test]
    fn csv_has_the_columns_of_all_and_nothing_for_null() {
        let text = rows(&[
            customer(r#"{"status":"Active","id":7,"o":{"x":"a,\"b\""}}"#),
            customer(r#"{"id":8,"status":"Hold","l":[1, 2],"n":null}"#),
        ]);
        assert_eq!(text, "id,status,o.x,l,n\n7,Active,\"a,\"\"b\"\"\",,\n8,Hold,,\"[1,2]\",\n");
    }
}
