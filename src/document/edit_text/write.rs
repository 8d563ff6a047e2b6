//! Writes a customer as the text to edit.

use super::is_written;
use crate::document::customer::Customer;
use crate::document::indent::indented;
use crate::document::json::{ValueKind, View};
use crate::document::path::Path;
use crate::field::{self, FIELDS};

/// The widest line of the list of absent fields, in characters.
const WIDTH: usize = 75;

/// `all` adds the members that are not writable, marked as read-only. The lines of `head` must have no line breaks.
pub fn write(customer: &Customer, head: &[String], all: bool) -> String {
    let mut out: String = head.iter().map(|line| format!("// {line}\n")).collect();
    for line in absent(customer) {
        out.push_str(&format!("// {line}\n"));
    }
    object(None, customer.root(), all, 0, &mut out);
    out.push('\n');
    out
}

fn object(at: Option<&Path>, object: View<'_>, all: bool, level: usize, out: &mut String) {
    let members: Vec<(Path, &str, View<'_>)> = object
        .members()
        .map(|(key, value)| (Path::below(at, key.name()), key.token(), value))
        .filter(|(path, ..)| all || is_written(path))
        .collect();
    let space = "  ".repeat(level + 1);
    out.push('{');
    for (place, (path, key, value)) in members.iter().enumerate() {
        let comma = if place + 1 == members.len() { "" } else { "," };
        out.push_str(&format!("\n{space}{key}: "));
        if value.kind() == ValueKind::Object && value.children().next().is_some() {
            self::object(Some(path), *value, all, level + 1, out);
        } else {
            out.push_str(&indented(value.raw()).replace('\n', &format!("\n{space}")));
        }
        out.push_str(comma);
        out.push_str(&remark(path).map(|remark| format!(" // {remark}")).unwrap_or_default());
    }
    if !members.is_empty() {
        out.push_str(&format!("\n{}", "  ".repeat(level)));
    }
    out.push('}');
}

fn remark(path: &Path) -> Option<String> {
    match field::at(&path.dotted()) {
        Some(field) if !field.choices().is_empty() => Some(field.choices().join(", ")),
        Some(_) => None,
        None => (!is_written(path)).then(|| "read-only".to_string()),
    }
}

fn absent(customer: &Customer) -> Vec<String> {
    let names = FIELDS.iter().filter(|field| customer.get(&Path::of(field.path)).is_none());
    let mut lines: Vec<String> = Vec::new();
    for name in names.map(|field| field.path) {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() + 2 <= WIDTH => line.push_str(&format!(", {name}")),
            Some(line) => {
                line.push(',');
                lines.push(format!("  {name}"));
            }
            None => lines.push(format!("Not there yet, and may be added: {name}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"id":7,"status":"Active","firstName":"Jos\u00e9","n":1E5,"customerReference":
        {"id":7,"reference1":"a","salesTrackingCodes":[{"type":"A","code":"1"}]},"customerAcquisition":null}"#;

    #[test]
    fn each_writable_field_has_its_own_line_and_stored_token() {
        let sheet = write(&Customer::parse(TEXT).unwrap(), &["Customer 7".to_string()], false);
        let body = sheet.split_once("\n{").unwrap().1;
        assert!(sheet.starts_with("// Customer 7\n// Not there yet, and may be added: title, middleName,"));
        let expected = r#"
  "status": "Active", // Draft, Active, Hold, Suspended, Cancelled
  "firstName": "Jos\u00e9",
  "customerReference": {
    "reference1": "a",
    "salesTrackingCodes": [
      {
        "type": "A",
        "code": "1"
      }
    ]
  },
  "customerAcquisition": null
}
"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn everything_else_is_marked() {
        let sheet = write(&Customer::parse(TEXT).unwrap(), &[], true);
        for line in ["  \"id\": 7, // read-only", "  \"n\": 1E5, // read-only", "    \"id\": 7, // read-only"]
        {
            assert!(sheet.lines().any(|there| there == line), "{line} in {sheet}");
        }
    }
}
