//! A row's edits as JSON, as the store keeps them until the row is carried out.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Fixed;
use crate::document::{Action, Edit, Edits, Json, Path};
use crate::search::CustomerName;

/// What a row of a file asks for, beside the id of its customer.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    /// How the row names its customer, if not by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup: Option<String>,
    edits: Vec<StoredEdit>,
    fixed: Vec<StoredFixed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredEdit {
    path: String,
    given: String,
    action: StoredAction,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredAction {
    Set(Box<RawValue>),
    Clear,
    Object,
    SetCode { kind: String, code: String },
    RemoveCode { kind: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredFixed {
    path: String,
    value: Box<RawValue>,
    why: String,
}

/// What a row asks for as JSON.
pub fn to_json(customer: &CustomerName, edits: &Edits, fixed: &[Fixed]) -> String {
    let lookup = match customer {
        CustomerName::Id(_) => None,
        CustomerName::Lookup(lookup) => Some(lookup.to_string()),
    };
    let edits = edits.iter().map(StoredEdit::of).collect();
    let fixed = fixed.iter().map(StoredFixed::of).collect();
    serde_json::to_string(&Stored { lookup, edits, fixed }).expect("texts and tokens are JSON")
}

/// What a row asks for, from its JSON; the customer is named by this id unless it was looked up. None if the JSON is none of
/// [`to_json`].
pub fn from_json(text: &str, id: u64) -> Option<(CustomerName, Edits, Vec<Fixed>)> {
    let stored: Stored = serde_json::from_str(text).ok()?;
    let name = match stored.lookup {
        Some(lookup) => CustomerName::parse(&lookup).ok()?,
        None => CustomerName::Id(id),
    };
    let edits = stored.edits.into_iter().map(StoredEdit::edit).collect::<Option<Vec<_>>>()?;
    let fixed = stored.fixed.into_iter().map(StoredFixed::fixed).collect::<Option<Vec<_>>>()?;
    Some((name, Edits::check(edits).ok()?, fixed))
}

fn raw(value: &Json) -> Box<RawValue> {
    RawValue::from_string(value.text().to_string()).expect("a JSON value is one")
}

impl StoredEdit {
    fn of(edit: &Edit) -> StoredEdit {
        let action = match &edit.action {
            Action::Set(value) => StoredAction::Set(raw(value)),
            Action::Clear => StoredAction::Clear,
            Action::Object => StoredAction::Object,
            Action::SetCode { kind, code } => {
                StoredAction::SetCode { kind: kind.clone(), code: code.clone() }
            }
            Action::RemoveCode { kind } => StoredAction::RemoveCode { kind: kind.clone() },
        };
        StoredEdit { path: edit.path.to_string(), given: edit.given.clone(), action }
    }

    fn edit(self) -> Option<Edit> {
        let action = match self.action {
            StoredAction::Set(value) => Action::Set(Json::parse(value.get()).ok()?),
            StoredAction::Clear => Action::Clear,
            StoredAction::Object => Action::Object,
            StoredAction::SetCode { kind, code } => Action::SetCode { kind, code },
            StoredAction::RemoveCode { kind } => Action::RemoveCode { kind },
        };
        Some(Edit { path: Path::parse(&self.path).ok()?, action, given: self.given })
    }
}

impl StoredFixed {
    fn of(fixed: &Fixed) -> StoredFixed {
        StoredFixed { path: fixed.path.to_string(), value: raw(&fixed.value), why: fixed.why.clone() }
    }

    fn fixed(self) -> Option<Fixed> {
        let (path, value) = (Path::parse(&self.path).ok()?, Json::parse(self.value.get()).ok()?);
        Some(Fixed { path, value, why: self.why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::CODES_PATH;

    #[test]
    fn a_row_comes_back_as_it_was() {
        let edit = |path: Path, action| Edit { path, action, given: "a column".to_string() };
        let code =
            |kind: &str, code: &str| Action::SetCode { kind: kind.to_string(), code: code.to_string() };
        let edits = vec![
            edit(Path::root("firstName"), Action::Set(Json::string("J\u{7}\"on\n"))),
            edit(Path::root("odd.name/~"), Action::Set(Json::parse("[1E5, 10.00]").unwrap())),
            edit(Path::root("lastName"), Action::Clear),
            edit(Path::of("customerReference"), Action::Object),
            edit(Path::of(CODES_PATH), code("Agent", "7")),
            edit(Path::of(CODES_PATH), Action::RemoveCode { kind: "Region".to_string() }),
        ];
        let edits = Edits::check(edits).unwrap();
        let value = Json::parse("\"2026\"").unwrap();
        let fixed = vec![Fixed { path: Path::root("modifiedTimestamp"), value, why: "because".to_string() }];
        for name in [CustomerName::Id(7), CustomerName::parse("reference: a:b ").unwrap()] {
            let text = to_json(&name, &edits, &fixed);
            let (same, again, held) = from_json(&text, 7).unwrap();
            assert_eq!(same, name);
            assert_eq!(to_json(&same, &again, &held), text);
            assert_eq!(format!("{:?}", (again, held)), format!("{:?}", (&edits, &fixed)));
        }
        assert!(from_json("{}", 7).is_none());
    }
}
