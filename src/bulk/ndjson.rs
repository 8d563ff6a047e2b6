//! Rows of NDJSON: each line is an object with the customer's `id` and a merge patch (RFC 7396) of the rest.
//! A line with a `modifiedTimestamp` is a whole customer, as `customer list` prints it. Its timestamp and its other
//! read-only members must equal the stored ones; then the customer was not changed since it was read. The member `action` names
//! a status action. Members whose name begins with `#` are not read.

use std::io::{self, BufRead};

use super::{ACTION, MODIFIED, Row, RowError, UnsettableValue, checked, refuse_edits_beside_action};
use crate::action::StatusAction;
use crate::document::json::ValueKind;
use crate::document::{Action, Edit, Edits, Json, customer, patch};
use crate::search::CustomerName;

pub struct Rows<R> {
    input: R,
    line: u64,
    number: u64,
}

impl<R: BufRead> Rows<R> {
    pub fn new(input: R) -> Rows<R> {
        Rows { input, line: 0, number: 0 }
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Row, Vec<RowError>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line += 1;
            let text = match line(&mut self.input) {
                Ok(None) => return None,
                Ok(Some(bytes)) => bytes,
                Err(error) => return Some(Err(vec![RowError::of_line(self.line, error.to_string())])),
            };
            let Ok(text) = String::from_utf8(text) else {
                self.number += 1;
                return Some(Err(vec![RowError::of_line(self.line, "not UTF-8 text")]));
            };
            let text = if self.line == 1 { text.trim_start_matches('\u{feff}') } else { &text };
            if text.trim().is_empty() {
                continue;
            }
            self.number += 1;
            return Some(row(text, self.number, self.line));
        }
    }
}

pub(crate) fn line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    if input.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(bytes))
}

fn row(text: &str, number: u64, line: u64) -> Result<Row, Vec<RowError>> {
    let wrong = |reason: String| vec![RowError::of_line(line, reason)];
    let json = Json::parse(text).map_err(|reason| {
        let reason = reason.to_string();
        wrong(reason.replacen(" at line 1 column", " at column", 1))
    })?;
    if json.root().kind() != ValueKind::Object {
        return Err(wrong(format!("a row is an object, not {}", json.root().kind())));
    }
    let customer = json.root().member("id").and_then(customer::id_of).ok_or_else(|| {
        wrong("a row names its customer: \"id\" and a whole number such as 123".to_string())
    })?;
    let action =
        action(&json).map_err(|reason| vec![RowError::of_column(line, ACTION, reason).about(customer)])?;
    let edits = patch::edits(&json, "").map_err(|reason| wrong(reason.to_string()))?;
    let list: Vec<Edit> = edits
        .into_iter()
        .filter(|edit| edit.path.dotted() != "id" && !is_apart(&edit.path.names()[0]))
        .collect();
    if action.is_some() {
        refuse_edits_beside_action(&list)
            .map_err(|reason| vec![RowError::of_column(line, ACTION, reason).about(customer)])?;
    }
    let (list, fixed) =
        if json.root().member(MODIFIED).is_some() { split_fixed(list) } else { (list, Vec::new()) };
    let edits = checked(list, line, |_, path| path.to_string())
        .map_err(|errors| errors.into_iter().map(|error| error.about(customer)).collect::<Vec<_>>())?;
    let (whole, raw) = (!fixed.is_empty(), vec![text.to_string()]);
    let (base, guarded) = (Vec::new(), Vec::new());
    Ok(Row {
        number,
        line,
        customer: CustomerName::Id(customer),
        edits,
        action,
        fixed,
        whole,
        base,
        guarded,
        raw,
        blanked: 0,
    })
}

fn is_apart(name: &str) -> bool {
    name == ACTION || name.starts_with('#')
}

fn action(json: &Json) -> Result<Option<StatusAction>, String> {
    let Some(value) = json.root().member(ACTION).filter(|value| !value.is_null()) else { return Ok(None) };
    let word = value.as_text().ok_or_else(|| format!("takes text, not {}", value.kind()))?;
    if word.trim().is_empty() {
        return Ok(None);
    }
    StatusAction::spelled(&word).map(Some).map_err(|reason| reason.to_string())
}

fn split_fixed(list: Vec<Edit>) -> (Vec<Edit>, Vec<UnsettableValue>) {
    let mut fixed = Vec::new();
    let writable = |edit: Edit| match (Edits::check(vec![edit.clone()]), &edit.action) {
        (Err(error), Action::Set(value)) => {
            let reason = error.without_flag();
            fixed.push(UnsettableValue { path: edit.path, value: value.clone(), reason });
            None
        }
        _ => Some(edit),
    };
    (list.into_iter().filter_map(writable).collect(), fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<String> {
        let shown =
            |errors: Vec<RowError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        Rows::new(text)
            .map(|row| match row {
                Ok(row) => {
                    let paths: Vec<String> = row.edits.iter().map(|edit| edit.path.to_string()).collect();
                    format!("{}@{} {}: {}", row.number, row.line, row.customer, paths.join(", "))
                }
                Err(errors) => shown(errors),
            })
            .collect()
    }

    #[test]
    fn a_line_is_a_customer_and_a_merge_patch() {
        let text = "\u{feff}{\"id\":7,\"firstName\":\"J\",\"customerReference\":{\"reference1\":null}}\r\n\n {\"id\":8}";
        assert_eq!(read(text.as_bytes()), ["1@1 7: firstName, customerReference.reference1", "2@3 8: "]);
    }

    #[test]
    fn every_ndjson_error_has_its_line_and_field() {
        let text =
            b"[]\n{\"id\":\"7\"}\n{\"id\":7,\"firstName\":5,\"uri\":\"x\"}\n{\"id\":7,}\n\xff\n{\"id\":9}";
        let read = read(text);
        assert_eq!(read[0], "line 1: a row is an object, not an array");
        assert!(read[1].starts_with("line 2: a row names its customer"), "{read:?}");
        assert_eq!(
            read[2],
            "line 3, column `firstName`: `firstName` takes text, not a number | \
             line 3, column `uri`: `uri` is read-only: it identifies the customer"
        );
        assert!(read[3].starts_with("line 4: not JSON: ") && read[3].contains(" at column "), "{read:?}");
        assert_eq!((read[4].as_str(), read[5].as_str()), ("line 5: not UTF-8 text", "6@6 9: "));
    }

    #[test]
    fn a_line_names_an_action() {
        let row = |text: &str| Rows::new(text.as_bytes()).next().unwrap();
        let action = |text: &str| row(text).unwrap().action.map(|action| action.to_string());
        assert_eq!(action(r#"{"id":7,"action":"Cancel:full"}"#).unwrap(), "cancel:full");
        assert!(action(r#"{"id":7,"action":null,"firstName":"J"}"#).is_none());
        assert!(action(r#"{"id":7,"action":" "}"#).is_none());
        let refused = |text: &str| row(text).unwrap_err()[0].to_string();
        assert_eq!(
            refused(r#"{"id":7,"action":"hold","firstName":"J"}"#),
            "line 1, column `action`: a row has an action or changes fields, not both; it sets `firstName`"
        );
        assert_eq!(refused(r#"{"id":7,"action":5}"#), "line 1, column `action`: takes text, not a number");
    }

    #[test]
    fn a_whole_customer_as_it_was_printed_is_a_row() {
        let row = |text: &str| Rows::new(text.as_bytes()).next().unwrap();
        let whole =
            row(r#"{"id":7,"firstName":"J","uri":"x","modifiedTimestamp":"2026-01-02T03:04:05"}"#).unwrap();
        let fixed: Vec<String> =
            whole.fixed.iter().map(|it| format!("{} {}", it.path, it.value.text())).collect();
        assert_eq!(fixed, [r#"uri "x""#, r#"modifiedTimestamp "2026-01-02T03:04:05""#]);
        assert_eq!((whole.whole, whole.edits.iter().count()), (true, 1));
        assert!(
            row(r#"{"id":7,"uri":"x"}"#).is_err(),
            "only with the moment it was changed is it a whole one"
        );
        assert!(row(r#"{"id":0,"firstName":"J"}"#).is_err());
        assert!(!row(r#"{"id":7,"firstName":"J"}"#).unwrap().whole);
    }
}
