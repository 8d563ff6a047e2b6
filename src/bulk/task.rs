//! The edits of a row as JSON: the store keeps them until the row is carried out.

use serde::{Deserialize, Serialize};

use super::Fixed;
use crate::document::{Edit, Edits};
use crate::search::CustomerName;

#[derive(Debug, Serialize, Deserialize)]
struct Task<Edits, Fixed> {
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup: Option<String>,
    edits: Edits,
    fixed: Fixed,
}

pub(crate) fn to_json(customer: &CustomerName, edits: &Edits, fixed: &[Fixed]) -> String {
    let lookup = match customer {
        CustomerName::Id(_) => None,
        CustomerName::Lookup(lookup) => Some(lookup.to_string()),
    };
    let edits: Vec<&Edit> = edits.iter().collect();
    serde_json::to_string(&Task { lookup, edits, fixed }).expect("texts and tokens are JSON")
}

/// Reads the JSON of [`to_json`]; `id` names a customer without a lookup. None if the JSON is damaged.
pub(crate) fn from_json(text: &str, id: u64) -> Option<(CustomerName, Edits, Vec<Fixed>)> {
    let task: Task<Vec<Edit>, Vec<Fixed>> = serde_json::from_str(text).ok()?;
    let name = match task.lookup {
        Some(lookup) => CustomerName::parse(&lookup).ok()?,
        None => CustomerName::Id(id),
    };
    Some((name, Edits::check_unless_stored(task.edits).ok()?, task.fixed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Action, Json, Path};
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
            edit(Path::root("extra"), Action::Object),
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
