//! Replaces the spans of values in a text; every byte outside them stays.

use std::ops::Range;

use super::json::{ValueKind, View, quote};
use super::path::Path;

/// The text of an object with the values at these paths replaced or added; the member of a path without a value is removed.
/// No path may lead into another. A missing member is added at the end of its object. Anything on its path that is missing
/// or no object is replaced by a new object. Removing the member that was added last restores the text.
pub fn splice(whole: &str, root: View<'_>, values: Vec<(&Path, Option<&str>)>) -> String {
    let mut tree = Tree::default();
    for (path, value) in values {
        tree.put(path.names(), value);
    }
    let mut splices = Vec::new();
    tree.splices(root, &mut splices);
    splices.sort_by_key(|(span, _)| (span.start, span.end));
    let mut out = whole.to_string();
    for (span, new) in splices.into_iter().rev() {
        out.replace_range(span, &new);
    }
    out
}

#[derive(Default)]
struct Tree<'a> {
    branches: Vec<(&'a str, Branch<'a>)>,
}

enum Branch<'a> {
    /// The new token; none removes the member.
    Value(Option<&'a str>),
    Inside(Tree<'a>),
}

impl<'a> Tree<'a> {
    fn put(&mut self, names: &'a [String], value: Option<&'a str>) {
        let Some((name, rest)) = names.split_first() else { return };
        if rest.is_empty() {
            return self.branches.push((name, Branch::Value(value)));
        }
        let known = self.branches.iter_mut().find(|(known, _)| known == name);
        match known {
            Some((_, Branch::Inside(tree))) => tree.put(rest, value),
            _ => {
                let mut tree = Tree::default();
                tree.put(rest, value);
                self.branches.push((name, Branch::Inside(tree)));
            }
        }
    }

    fn splices(&self, object: View<'_>, out: &mut Vec<(Range<usize>, String)>) {
        let mut added = Vec::new();
        let mut removed = Vec::new();
        for (name, branch) in &self.branches {
            match (object.member(name), branch) {
                (Some(old), Branch::Inside(tree)) if old.kind() == ValueKind::Object => {
                    tree.splices(old, out);
                }
                (Some(old), Branch::Value(None)) => removed.push(old.span()),
                (Some(old), branch) => out.extend(branch.text().map(|text| (old.span(), text))),
                (None, branch) => added.extend(member(name, branch)),
            }
        }
        let left = remove(object, &removed, out);
        add(object, &added, left, out);
    }

    fn text(&self) -> Option<String> {
        let members: Vec<String> =
            self.branches.iter().filter_map(|(name, branch)| member(name, branch)).collect();
        (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
    }
}

fn remove(object: View<'_>, removed: &[Range<usize>], out: &mut Vec<(Range<usize>, String)>) -> usize {
    let members: Vec<View<'_>> = object.children().collect();
    let mut left = 0;
    for (at, member) in members.iter().enumerate() {
        if !removed.contains(&member.span()) {
            left += 1;
        } else if left > 0 {
            // The kept text ends at the member before, which may be removed too.
            out.push((members[at - 1].span().end..member.span().end, String::new()));
        } else {
            let end = members.get(at + 1).map_or(member.span().end, |next| next.key_start());
            out.push((member.key_start()..end, String::new()));
        }
    }
    left
}

fn add(object: View<'_>, added: &[String], left: usize, out: &mut Vec<(Range<usize>, String)>) {
    if added.is_empty() {
        return;
    }
    let (at, comma) = match object.children().last() {
        Some(last) => (last.span().end, if left > 0 { "," } else { "" }),
        None => (object.span().start + 1, ""),
    };
    out.push((at..at, format!("{comma}{}", added.join(","))));
}

fn member(name: &str, branch: &Branch<'_>) -> Option<String> {
    branch.text().map(|text| format!("{}:{text}", quote(name)))
}

impl Branch<'_> {
    fn text(&self) -> Option<String> {
        match self {
            Branch::Value(value) => value.map(str::to_string),
            Branch::Inside(tree) => tree.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    fn spliced(text: &str, values: &[(&str, &str)]) -> String {
        let values: Vec<(&str, Option<&str>)> =
            values.iter().map(|&(path, value)| (path, Some(value))).collect();
        changed(text, &values)
    }

    fn changed(text: &str, values: &[(&str, Option<&str>)]) -> String {
        let json = Json::parse(text).unwrap();
        let paths: Vec<Path> = values.iter().map(|(path, _)| Path::parse(path).unwrap()).collect();
        let values = paths.iter().zip(values).map(|(path, (_, value))| (path, *value)).collect();
        splice(json.text(), json.root(), values)
    }

    #[test]
    fn members_are_taken_out_with_their_comma() {
        let text = r#"{ "a" : 1 , "b":{"x":1} ,"c":3 }"#;
        let without =
            |names: &[&str]| changed(text, &names.iter().map(|name| (*name, None)).collect::<Vec<_>>());
        assert_eq!(without(&["a"]), r#"{ "b":{"x":1} ,"c":3 }"#);
        assert_eq!(without(&["b"]), r#"{ "a" : 1 ,"c":3 }"#);
        assert_eq!(without(&["c"]), r#"{ "a" : 1 , "b":{"x":1} }"#);
        assert_eq!(without(&["a", "b"]), r#"{ "c":3 }"#);
        assert_eq!(without(&["b", "c"]), r#"{ "a" : 1 }"#);
        assert_eq!(without(&["a", "c"]), r#"{ "b":{"x":1} }"#);
        assert_eq!(without(&["a", "b", "c"]), "{  }");
        assert_eq!(without(&["b.x", "gone", "gone.too"]), r#"{ "a" : 1 , "b":{} ,"c":3 }"#);
    }

    #[test]
    fn a_member_is_added_to_an_object_that_loses_all_members() {
        assert_eq!(changed(r#"{"a":1,"b":2}"#, &[("a", None), ("b", None), ("c", Some("3"))]), r#"{"c":3}"#);
        assert_eq!(changed(r#"{"a":1,"b":2}"#, &[("b", None), ("c", Some("3"))]), r#"{"a":1,"c":3}"#);
    }

    #[test]
    fn bytes_outside_the_values_stay() {
        let text = " { \"a\" : 1E5 , \"o\":{ \"x\" : \"\\u00e9\",\"y\":2 } ,\"z\":[ ] }\n";
        let expected = " { \"a\" : 2 , \"o\":{ \"x\" : \"\\u00e9\",\"y\":null } ,\"z\":[ ] }\n";
        assert_eq!(spliced(text, &[("o.y", "null"), ("a", "2")]), expected);
    }

    #[test]
    fn missing_members_are_added_at_the_end_of_their_object() {
        assert_eq!(spliced("{ }", &[("a", "1"), ("b", "2")]), r#"{"a":1,"b":2 }"#);
        assert_eq!(
            spliced(r#"{"x":0 }"#, &[("a.b", "1"), ("x", "5"), ("a.c", "2")]),
            r#"{"x":5,"a":{"b":1,"c":2} }"#
        );
        assert_eq!(
            spliced(r#"{"o":{},"p":null}"#, &[("o.a", "1"), ("p.q", "2")]),
            r#"{"o":{"a":1},"p":{"q":2}}"#
        );
        assert_eq!(
            spliced(r#"{"o":{"i":{}}}"#, &[("o.i.a", "1"), ("o.b", "2"), ("c", "3")]),
            r#"{"o":{"i":{"a":1},"b":2},"c":3}"#
        );
    }
}
