//! Customers: a table with sections, the server's own JSON, CSV.

use std::collections::{HashMap, HashSet};

use super::Look;
use super::csv::cell;
use super::escape::escaped;
use super::json::printed;
use super::rows::{List, Rows};
use super::table::{Cell, LongValues, Tone, table};
use super::value::value;
use super::wrap::wrapped;
use crate::cli::Output;
use crate::document::json::ValueKind;
use crate::document::{Customer, Path, View};
use crate::field;

pub(crate) fn sections(customer: &Customer, look: Look) -> String {
    let section = |path: &Path| field::section(&path.dotted());
    let mut leaves = leaves(customer);
    leaves.sort_by_key(|(path, _)| (section(path), path.dotted() != "id"));
    let mut rows = Vec::new();
    let mut last = None;
    for (path, view) in &leaves {
        let heading = section(path).heading();
        if last.replace(heading) != Some(heading) {
            rows.push(vec![Cell::new(heading, Tone::Bold), Cell::plain("")]);
        }
        let tone = if view.is_null() { Tone::Dim } else { Tone::Plain };
        rows.push(vec![Cell::plain(format!("  {path}")).whole(), Cell::new(value(path, Some(*view)), tone)]);
    }
    let title = look.bold(&escaped(&format!("Customer {} {}", customer.id(), customer.name())));
    let title = wrapped(title.trim_end(), look.width);
    format!("{title}\n{}", table(&["Field", "Value"], &rows, look, LongValues::Wrap))
}

/// Customers for programs: the server's own text, several in an array; in CSV a row for each and a column for each path.
pub(crate) fn whole(customers: &[Customer], output: Output) -> String {
    if let ([one], Output::Json) = (customers, output) {
        return printed(one.text(), output);
    }
    let columns = if output == Output::Csv { columns(customers) } else { Vec::new() };
    let mut rows = Rows::new(output, Look::default(), List::Array, &columns, &columns);
    let mut add = |one: &Customer| rows.add(|| cells(one, &columns), || one.text().to_string());
    let text: String = customers.iter().map(&mut add).collect();
    text + &rows.end()
}

fn columns(customers: &[Customer]) -> Vec<Path> {
    let mut columns = vec![Path::root("id")];
    let mut known = HashSet::from([Path::root("id")]);
    for (path, _) in customers.iter().flat_map(leaves) {
        if known.insert(path.clone()) {
            columns.push(path);
        }
    }
    columns
}

fn cells(customer: &Customer, columns: &[Path]) -> Vec<Cell> {
    let leaves: HashMap<Path, View<'_>> = leaves(customer).into_iter().collect();
    let value = |path| leaves.get(path).copied().or_else(|| customer.get(path));
    columns.iter().map(|path| Cell::plain(cell(value(path)))).collect()
}

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
        assert_eq!(whole(std::slice::from_ref(&one), Output::Json), expected);
        assert!(whole(&[one.clone(), one], Output::Json).starts_with("[\n  {\n    \"id\": 7,\n"));
    }

    #[test]
    fn csv_has_the_columns_of_every_customer_and_an_empty_cell_for_null() {
        let customers = [
            customer(r#"{"status":"Active","id":7,"o":{"x":"a,\"b\""}}"#),
            customer(r#"{"id":8,"status":"Hold","l":[1, 2],"n":null}"#),
        ];
        let text = whole(&customers, Output::Csv);
        assert_eq!(text, "id,status,o.x,l,n\n7,Active,\"a,\"\"b\"\"\",,\n8,Hold,,\"[1,2]\",\n");
    }
}
