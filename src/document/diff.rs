//! What differs between two documents, by path. Objects are compared member by member; an array is one value.

use std::borrow::Cow;
use std::collections::HashMap;

use super::compare::same_at;
use super::json::{Json, Key, Kind, View};
use super::path::Path;

/// A path whose value differs.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// The value before; none where there was no such member.
    pub before: Option<Json>,
    /// The value after; none where there is no such member.
    pub after: Option<Json>,
}

impl Change {
    /// Whether the change takes a value away: there was one and now there is null, an empty list or nothing.
    pub fn clears(&self) -> bool {
        let nothing = |value: &Option<Json>| value.as_ref().is_none_or(|json| is_nothing(json.root()));
        nothing(&self.after) && !nothing(&self.before)
    }
}

fn is_nothing(value: View<'_>) -> bool {
    value.is_null() || (value.kind() == Kind::Array && value.children().next().is_none())
}

/// What differs between two objects, in the order of the first, then what only the second has.
///
/// Values are compared by [`same_at`], so another spelling of the same value is no change.
pub fn diff(before: View<'_>, after: View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(None, before, after, &mut changes);
    changes
}

fn walk(at: Option<&Path>, before: View<'_>, after: View<'_>, changes: &mut Vec<Change>) {
    let (mut olds, mut news) = (before.members(), after.members());
    // Two documents of one customer have their members in one order.
    let (mut old, mut new) = (olds.next(), news.next());
    while let (Some((key, was)), Some((other, is))) = (old, new)
        && key.has_token_of(other)
    {
        compare(at, key, was, Some(is), changes);
        (old, new) = (olds.next(), news.next());
    }
    if old.is_none() && new.is_none() {
        return;
    }
    let mut others = Partners::of(new.into_iter().chain(news));
    for (key, old) in old.into_iter().chain(olds) {
        compare(at, key, old, others.take(key), changes);
    }
    for (key, new) in others.left() {
        changes.push(Change { path: inside(at, key), before: None, after: Some(new.to_json()) });
    }
}

/// Compares a member with the one that has taken its place, if any has.
fn compare(at: Option<&Path>, key: Key<'_>, old: View<'_>, new: Option<View<'_>>, changes: &mut Vec<Change>) {
    if new.is_some_and(|new| new.has_token_of(old)) {
        return;
    }
    let path = inside(at, key);
    match new {
        Some(new) if old.kind() == Kind::Object && new.kind() == Kind::Object => {
            walk(Some(&path), old, new, changes);
        }
        Some(new) if same_at(&path, old, new) => {}
        new => changes.push(Change { path, before: Some(old.to_json()), after: new.map(View::to_json) }),
    }
}

fn inside(at: Option<&Path>, key: Key<'_>) -> Path {
    at.map_or_else(|| Path::root(key.name()), |path| path.join(key.name()))
}

/// Members of an object, each to be taken once by its key.
///
/// A member is looked for where the last one was found; an index by name is made only where one of them is not there.
struct Partners<'a> {
    members: Vec<(Key<'a>, Option<View<'a>>)>,
    next: usize,
    places: Option<HashMap<Cow<'a, [u8]>, usize>>,
}

impl<'a> Partners<'a> {
    fn of(members: impl Iterator<Item = (Key<'a>, View<'a>)>) -> Partners<'a> {
        let members = members.map(|(key, value)| (key, Some(value))).collect();
        Partners { members, next: 0, places: None }
    }

    fn take(&mut self, key: Key<'_>) -> Option<View<'a>> {
        let place = match self.members.get(self.next) {
            Some((next, _)) if next.has_token_of(key) => self.next,
            _ => self.place(key)?,
        };
        self.next = place + 1;
        self.members[place].1.take()
    }

    fn place(&mut self, key: Key<'_>) -> Option<usize> {
        let members = &self.members;
        let index = || members.iter().enumerate().map(|(place, (key, _))| (key.bytes(), place)).collect();
        self.places.get_or_insert_with(index).get(&*key.bytes()).copied()
    }

    /// Those that nobody took, in their order.
    fn left(self) -> impl Iterator<Item = (Key<'a>, View<'a>)> {
        self.members.into_iter().filter_map(|(key, value)| Some((key, value?)))
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
    fn keys_that_have_no_text_are_still_told_apart() {
        assert_eq!(changes(r#"{"\ud800":1,"\ud801":2}"#, r#"{"\ud801":2,"\ud800":1}"#), [""; 0]);
        assert_eq!(changes(r#"{"\ud800":1,"\ud801":2}"#, r#"{"\ud801":1,"\ud800":1}"#).len(), 1);
    }
}
