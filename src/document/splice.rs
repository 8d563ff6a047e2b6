//! New values put over the spans of old ones; every byte outside them stays.

use std::ops::Range;

use super::json::{Kind, View, quote};
use super::path::Path;

/// The text of an object with the values at these paths replaced or added.
///
/// No path may stand inside another. A member that is missing is added at the end of its object; an object on the way
/// that is missing, null or anything but an object is written anew around it.
pub fn splice(whole: &str, root: View<'_>, values: Vec<(&Path, &str)>) -> String {
    let mut tree = Tree::default();
    for (path, value) in values {
        tree.put(path.names(), value);
    }
    let mut splices = Vec::new();
    tree.splices(root, &mut splices);
    splices.sort_by_key(|(span, _)| (span.start, span.end));
    apply(whole, &splices)
}

fn apply(whole: &str, splices: &[(Range<usize>, String)]) -> String {
    let mut out =
        String::with_capacity(whole.len() + splices.iter().map(|(_, new)| new.len()).sum::<usize>());
    let mut at = 0;
    for (span, new) in splices {
        out.push_str(&whole[at..span.start]);
        out.push_str(new);
        at = span.end;
    }
    out.push_str(&whole[at..]);
    out
}

/// The new values by name, as deep as their paths go.
#[derive(Default)]
struct Tree<'a> {
    branches: Vec<(&'a str, Branch<'a>)>,
}

enum Branch<'a> {
    Value(&'a str),
    Inside(Tree<'a>),
}

impl<'a> Tree<'a> {
    fn put(&mut self, names: &'a [String], value: &'a str) {
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
        for (name, branch) in &self.branches {
            match (object.member(name), branch) {
                (Some(old), Branch::Inside(tree)) if old.kind() == Kind::Object => tree.splices(old, out),
                (Some(old), branch) => out.push((old.span(), branch.text())),
                (None, branch) => added.push(member(name, branch)),
            }
        }
        if added.is_empty() {
            return;
        }
        let added = added.join(",");
        match object.children().last() {
            Some(last) => out.push((last.span().end..last.span().end, format!(",{added}"))),
            None => {
                let inside = object.span().start + 1;
                out.push((inside..inside, added));
            }
        }
    }

    fn text(&self) -> String {
        let members: Vec<String> = self.branches.iter().map(|(name, branch)| member(name, branch)).collect();
        format!("{{{}}}", members.join(","))
    }
}

fn member(name: &str, branch: &Branch<'_>) -> String {
    format!("{}:{}", quote(name), branch.text())
}

impl Branch<'_> {
    fn text(&self) -> String {
        match self {
            Branch::Value(value) => (*value).to_string(),
            Branch::Inside(tree) => tree.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    fn spliced(text: &str, values: &[(&str, &str)]) -> String {
        let json = Json::parse(text).unwrap();
        let paths: Vec<Path> = values.iter().map(|(path, _)| Path::parse(path).unwrap()).collect();
        let values = paths.iter().zip(values).map(|(path, (_, value))| (path, *value)).collect();
        splice(json.text(), json.root(), values)
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
