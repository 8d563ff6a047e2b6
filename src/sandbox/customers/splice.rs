//! Changes to a document that leave every other byte of it alone.

use std::ops::Range;

use crate::document::json::{Json, ValueKind, View, quote};
use crate::document::path::Path;

/// Changes to one document, collected and then made at once.
pub(crate) struct Splice<'a> {
    document: &'a Json,
    changes: Vec<(Range<usize>, String)>,
    /// Where objects end that have been given their first member.
    begun: Vec<usize>,
}

impl<'a> Splice<'a> {
    pub(crate) fn new(document: &'a Json) -> Splice<'a> {
        Splice { document, changes: Vec::new(), begun: Vec::new() }
    }

    /// Puts a token in place of a value.
    pub(crate) fn replace(&mut self, value: View<'_>, token: &str) {
        if value.raw() != token {
            self.changes.push((value.span(), token.to_string()));
        }
    }

    /// Adds a member at the end of an object.
    pub(crate) fn insert(&mut self, object: View<'_>, name: &str, token: &str) {
        let last = object.children().last().map(|last| last.span().end);
        let at = last.unwrap_or(object.span().start + 1);
        let comma = if last.is_some() || self.begun.contains(&at) { "," } else { "" };
        self.begun.push(at);
        self.changes.push((at..at, format!("{comma}{}:{token}", quote(name))));
    }

    /// Whether there is anything to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The document with the changes made.
    pub(crate) fn finish(mut self) -> Json {
        // The sort is stable: what is added at one place stays in the order it was added.
        self.changes.sort_by_key(|(span, _)| span.start);
        let text = self.document.text();
        let mut out = String::with_capacity(text.len() + 64);
        let mut done = 0;
        for (span, token) in &self.changes {
            out.push_str(&text[done..span.start]);
            out.push_str(token);
            done = span.end;
        }
        out.push_str(&text[done..]);
        Json::known(out)
    }
}

/// The value at a path, if the document has one there.
pub(crate) fn find<'a>(document: &'a Json, path: &Path) -> Option<View<'a>> {
    path.names().iter().try_fold(document.root(), |view, name| view.member(name))
}

/// The document with this token at a path. A member that is missing is added; where there is no object to hold it,
/// the document stays as it is.
pub(crate) fn set(document: &Json, path: &Path, token: &str) -> Json {
    let mut splice = Splice::new(document);
    let above = &path.names()[..path.names().len() - 1];
    let object = above.iter().try_fold(document.root(), |view, name| view.member(name));
    match object.filter(|view| view.kind() == ValueKind::Object) {
        None => {}
        Some(object) => match object.member(path.last()) {
            Some(value) => splice.replace(value, token),
            None => splice.insert(object, path.last(), token),
        },
    }
    splice.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_byte_stays() {
        let document = Json::parse("{ \"a\" : 1E5 ,\n \"b\":{ }, \"c\":[ 250.00 ] }").unwrap();
        let root = document.root();
        let mut splice = Splice::new(&document);
        splice.insert(root, "d", "0.10");
        splice.insert(root.member("b").unwrap(), "x", "1");
        splice.insert(root.member("b").unwrap(), "y", "2");
        splice.replace(root.member("a").unwrap(), "\"\\u00e9\"");
        let after = splice.finish();
        assert_eq!(
            after.text(),
            "{ \"a\" : \"\\u00e9\" ,\n \"b\":{\"x\":1,\"y\":2 }, \"c\":[ 250.00 ],\"d\":0.10 }"
        );
    }

    #[test]
    fn a_path_without_an_object_to_hold_it_changes_nothing() {
        let document = Json::parse(r#"{"a":1,"b":{}}"#).unwrap();
        let set = |path: &str| set(&document, &Path::parse(path).unwrap(), "2").text().to_string();
        assert_eq!(set("a.x"), document.text());
        assert_eq!(set("c.x"), document.text());
        assert_eq!(set("b.x"), r#"{"a":1,"b":{"x":2}}"#);
        assert_eq!(set("a"), r#"{"a":2,"b":{}}"#);
    }
}
