//! A merge patch (RFC 7396) as edits: null clears, an object is merged, any other value is set.

use super::edit::{Action, Edit};
use super::json::{Json, ValueKind, View};
use super::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    #[error("it is {0}, not an object")]
    NotAnObject(ValueKind),
    #[error("the key {0} has half of a surrogate pair")]
    NoName(String),
}

/// Null, which removes a member in RFC 7396, sets null here: to the API they are the same.
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
        let path = Path::below(at, name);
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
