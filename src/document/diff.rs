//! The changes between two documents, by path. Objects are compared member by member; an array is one value.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::compare::same_at;
use super::json::{Json, ValueKind, View};
use super::path::Path;

/// As JSON, a side without the member is left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    pub path: Path,
    /// The value before; none if the member was absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Json>,
    /// The value after; none if the member is absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Json>,
}

/// A member that is `null` is a value: only a member that is left out is none.
fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(input).map(Some)
}

impl Change {
    pub(crate) fn old_value(&self) -> Option<View<'_>> {
        self.before.as_ref().map(Json::root)
    }

    pub(crate) fn new_value(&self) -> Option<View<'_>> {
        self.after.as_ref().map(Json::root)
    }

    /// Whether the change removes a value: there was one, and now there is null, an empty list or no member.
    pub(crate) fn clears(&self) -> bool {
        self.new_value().is_none_or(is_nothing) && !self.old_value().is_none_or(is_nothing)
    }
}

fn is_nothing(value: View<'_>) -> bool {
    value.is_null() || value.is_empty_array()
}

/// The changes between two objects, in the order of the first, then the members that only the second has.
/// Values compare by `same_at`, so another spelling of the same value is no change.
pub fn diff(before: View<'_>, after: View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(None, before, after, &mut changes);
    changes
}

fn walk(at: Option<&Path>, before: View<'_>, after: View<'_>, changes: &mut Vec<Change>) {
    let mut news: HashMap<_, _> = after.members().map(|(key, value)| (key.bytes(), value)).collect();
    for (key, old) in before.members() {
        compare(Path::below(at, key.name()), old, news.remove(&key.bytes()), changes);
    }
    for (key, new) in after.members().filter(|(key, _)| news.contains_key(&key.bytes())) {
        changes.push(Change { path: Path::below(at, key.name()), before: None, after: Some(new.to_json()) });
    }
}

fn compare(path: Path, old: View<'_>, new: Option<View<'_>>, changes: &mut Vec<Change>) {
    match new {
        Some(new) if old.kind() == ValueKind::Object && new.kind() == ValueKind::Object => {
            walk(Some(&path), old, new, changes);
        }
        Some(new) if same_at(&path, old, new) => {}
        new => changes.push(Change { path, before: Some(old.to_json()), after: new.map(View::to_json) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(before: &str, after: &str) -> Vec<String> {
        let (before, after) = (Json::parse(before).unwrap(), Json::parse(after).unwrap());
        let show = |value: &Option<Json>| value.as_ref().map_or("-", Json::text).to_string();
        diff(before.root(), after.root())
            .iter()
            .map(|change| format!("{} {} {}", change.path, show(&change.before), show(&change.after)))
            .collect()
    }

    #[test]
    fn objects_are_walked_and_arrays_are_one_value() {
        let before = r#"{"a":1,"o":{"x":1,"y":{"z":"é"}},"l":[1,2],"gone":0}"#;
        let after = r#"{"new":{"n":1},"l":[1,3],"o":{"y":{"z":"\u00e9"},"x":2.0},"a":1.0}"#;
        assert_eq!(changes(before, after), ["o.x 1 2.0", "l [1,2] [1,3]", "gone 0 -", r#"new - {"n":1}"#]);
    }

    #[test]
    fn keys_with_lone_surrogates_are_distinct() {
        assert_eq!(changes(r#"{"\ud800":1,"\ud801":2}"#, r#"{"\ud801":2,"\ud800":1}"#), [""; 0]);
        assert_eq!(changes(r#"{"\ud800":1,"\ud801":2}"#, r#"{"\ud801":1,"\ud800":1}"#).len(), 1);
    }
}
