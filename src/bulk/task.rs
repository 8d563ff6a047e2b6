//! The edits of a row as JSON: the store keeps them until the row is carried out.

use serde::{Deserialize, Serialize};

use super::{Row, UnsettableValue};
use crate::document::{Edit, Edits, Json, Path};
use crate::search::CustomerName;

/// What a row asks for, as it is kept until the row is carried out.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) customer: CustomerName,
    pub(crate) edits: Edits,
    pub(crate) fixed: Vec<UnsettableValue>,
    /// [`Row::base`].
    pub(crate) base: Vec<(Path, Json)>,
    /// [`Row::guarded`].
    pub(crate) guarded: Vec<Path>,
    /// [`Row::raw`].
    pub(crate) raw: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept<Edits, UnsettableValue, Base, Paths, Raw> {
    /// The names of the file's columns, in its first row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup: Option<String>,
    edits: Edits,
    fixed: UnsettableValue,
    base: Base,
    guarded: Paths,
    raw: Raw,
}

/// `header`: the names of the file's columns, kept with its first row.
pub(crate) fn to_json(row: &Row, header: Option<&Vec<String>>) -> String {
    let lookup = match &row.customer {
        CustomerName::Id(_) => None,
        CustomerName::Lookup(lookup) => Some(lookup.to_string()),
    };
    let edits: Vec<&Edit> = row.edits.iter().collect();
    let (fixed, base, guarded, raw) = (&row.fixed, &row.base, &row.guarded, &row.raw);
    let header = header.filter(|_| row.number == 1);
    serde_json::to_string(&Kept { header, lookup, edits, fixed, base, guarded, raw })
        .expect("texts and tokens are JSON")
}

/// Reads the JSON of [`to_json`]; `id` names a customer without a lookup. None if the JSON is damaged.
pub(crate) fn from_json(text: &str, id: u64) -> Option<Task> {
    type Values = Vec<(Path, Json)>;
    let kept: Kept<Vec<Edit>, Vec<UnsettableValue>, Values, Vec<Path>, Vec<String>> =
        serde_json::from_str(text).ok()?;
    let customer = match kept.lookup {
        Some(lookup) => CustomerName::parse(&lookup).ok()?,
        None => CustomerName::Id(id),
    };
    let edits = Edits::check_unless_stored(kept.edits).ok()?;
    Some(Task { customer, edits, fixed: kept.fixed, base: kept.base, guarded: kept.guarded, raw: kept.raw })
}

/// The names of the columns, from the JSON of a file's first row; none in NDJSON.
pub(crate) fn header(text: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct First {
        header: Option<Vec<String>>,
    }
    serde_json::from_str::<First>(text).ok()?.header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Action;
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
        let fixed = vec![UnsettableValue {
            path: Path::root("modifiedTimestamp"),
            value,
            reason: "because".to_string(),
        }];
        for customer in [CustomerName::Id(7), CustomerName::parse("reference: a:b ").unwrap()] {
            let row = Row {
                number: 1,
                line: 2,
                customer,
                edits: edits.clone(),
                action: None,
                fixed: fixed.clone(),
                whole: false,
                base: vec![(Path::root("firstName"), Json::parse("1E5").unwrap())],
                guarded: vec![Path::root("odd.name/~")],
                blanked: 0,
                raw: vec!["7".to_string(), "\r\n".to_string()],
            };
            let task = from_json(&to_json(&row, None), 7).unwrap();
            assert_eq!((&task.customer, &task.guarded, &task.raw), (&row.customer, &row.guarded, &row.raw));
            let parts = |edits: &Edits, fixed: &Vec<UnsettableValue>, base: &Vec<(Path, Json)>| {
                format!("{edits:?}{fixed:?}{base:?}")
            };
            assert_eq!(parts(&task.edits, &task.fixed, &task.base), parts(&row.edits, &row.fixed, &row.base));
        }
        assert!(from_json("{}", 7).is_none());
        let names = vec!["id".to_string()];
        let row = crate::bulk::ndjson::Rows::new(b"{\"id\":7}".as_slice()).next().unwrap().unwrap();
        assert_eq!((header(&to_json(&row, Some(&names))), header(&to_json(&row, None))), (Some(names), None));
    }
}
