//! A merge patch (RFC 7396) as edits: a null clears, an object is merged, anything else is the new value.

use super::edit::{Action, Edit};
use super::json::{Json, Kind, View};
use super::path::Path;

/// The edits that a merge patch asks for; none where it is not an object.
///
/// A null becomes an edit to null: the API reads a member that is left out as null, so "remove" and "null" are the
/// same there. An RFC 7396 patch that is not an object would replace the whole customer and is not taken.
pub fn edits(patch: &Json, given: &str) -> Option<Vec<Edit>> {
    if patch.root().kind() != Kind::Object {
        return None;
    }
    let mut edits = Vec::new();
    walk(None, patch.root(), given, &mut edits);
    Some(edits)
}

fn walk(at: Option<&Path>, patch: View<'_>, given: &str, edits: &mut Vec<Edit>) {
    for (key, value) in patch.members() {
        let path = at.map_or_else(|| Path::root(key.name()), |path| path.join(key.name()));
        let action = match value.kind() {
            Kind::Object if value.children().next().is_some() => {
                walk(Some(&path), value, given, edits);
                continue;
            }
            Kind::Object => Action::Object,
            _ => Action::Set(value.to_json()),
        };
        edits.push(Edit { path, action, given: given.to_string() });
    }
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
        assert!(edits(&Json::parse("[]").unwrap(), "--patch").is_none());
    }
}
