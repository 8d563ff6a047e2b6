//! A merge patch (RFC 7396) as edits: a null clears, an object is merged, anything else is the new value.

use std::fmt;

use super::edit::{Action, Edit};
use super::json::{Json, ValueKind, View};
use super::path::Path;

/// Why a merge patch is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchError {
    /// It is no object, and would take the place of the whole customer.
    NotAnObject(ValueKind),
    /// It has a key with half of a surrogate pair, which no path can name.
    NoName(String),
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatchError::NotAnObject(kind) => write!(f, "it is {kind}, not an object"),
            PatchError::NoName(key) => write!(f, "the key {key} has half of a surrogate pair"),
        }
    }
}

impl std::error::Error for PatchError {}

/// The edits that a merge patch asks for.
///
/// A null becomes an edit to null: the API reads a member that is left out as null, so "remove" and "null" are the
/// same there.
///
/// # Errors
/// See [`PatchError`].
pub fn edits(patch: &Json, given: &str) -> Result<Vec<Edit>, PatchError> {
    if patch.root().kind() != ValueKind::Object {
        return Err(PatchError::NotAnObject(patch.root().kind()));
    }
    let mut edits = Vec::new();
    walk(None, patch.root(), given, &mut edits)?;
    Ok(edits)
}

fn walk(at: Option<&Path>, patch: View<'_>, given: &str, edits: &mut Vec<Edit>) -> Result<(), PatchError> {
    for (key, value) in patch.members() {
        let name = key.text().ok_or_else(|| PatchError::NoName(key.token().to_string()))?;
        let path = at.map_or_else(|| Path::root(name.as_ref()), |path| path.join(name.as_ref()));
        let action = match value.kind() {
            ValueKind::Object if value.children().next().is_some() => {
                walk(Some(&path), value, given, edits)?;
                continue;
            }
            ValueKind::Object => Action::Object,
            _ => Action::Set(value.to_json()),
        };
        edits.push(Edit { path, action, given: given.to_string() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_merged_and_everything_else_is_set() {
        let patch = Json::parse(r#"{"a":null,"o":{"x":[1],"e":{}},"a.b":2}"#).unwrap();
        let shown: Vec<String> = edits(&patch, "--patch")
            .unwrap()
            .iter()
            .map(|edit| match &edit.action {
                Action::Set(value) => format!("{} {}", edit.path, value.text()),
                other => format!("{} {other:?}", edit.path),
            })
            .collect();
        assert_eq!(shown, ["a null", "o.x [1]", "o.e Object", "/a.b 2"]);
    }

    #[test]
    fn a_patch_is_an_object() {
        let refused = |text: &str| edits(&Json::parse(text).unwrap(), "--patch").unwrap_err();
        assert_eq!(refused("[]"), PatchError::NotAnObject(ValueKind::Array));
        assert_eq!(refused(r#"{"a":{"\ud800":1}}"#), PatchError::NoName(r#""\ud800""#.to_string()));
    }
}
