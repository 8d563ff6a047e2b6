//! A document and values put into it. The input: a JSON text, then path and value by turns.
//!
//! Held: exactly the JSON of RFC 8259 is read, but for duplicate keys and what nests too deep; every value is the one that
//! a plain reading finds, with its token at its span; a value that is put at a path reads back, every byte outside its
//! span stays, putting it again changes nothing, and putting the old one back restores the text; several at once come
//! to what they come to one by one.

#![no_main]

use fusebill::document::json::{JsonError, MAX_DEPTH, ValueKind};
use fusebill::document::splice::splice;
use fusebill::document::{Json, Path, View};
use fusebill_fuzz::{Plain, parts, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data, 1) else { return };
    let (read, expected) = (Json::parse(parts[0]), plain::strict(parts[0]));
    let json = match (read, expected) {
        (Ok(json), Some(expected)) => {
            assert!(!expected.has_duplicates(), "a key twice was read");
            assert!(expected.depth() <= MAX_DEPTH, "too deep a text was read");
            assert_eq!(json.text(), parts[0]);
            is_read_as(json.root(), &expected, parts[0]);
            json
        }
        (Err(JsonError::DuplicateKey { line, .. }), Some(expected)) => {
            assert!(expected.has_duplicates(), "no key is there twice");
            assert!((1..=fusebill_fuzz::lines(parts[0])).contains(&line));
            return;
        }
        (Err(JsonError::TooDeep), expected) => {
            return assert!(
                expected.is_none_or(|expected| expected.depth() > MAX_DEPTH),
                "it is not that deep"
            );
        }
        (Err(JsonError::Syntax { line, .. }), None) => {
            return assert!(line <= fusebill_fuzz::lines(parts[0]), "line {line}");
        }
        (read, expected) => panic!("read as {read:?}, expected {expected:?}"),
    };
    if json.root().kind() == ValueKind::Object {
        let values: Vec<(Path, Json)> = parts[1..].chunks_exact(2).filter_map(put).collect();
        values.iter().for_each(|(path, value)| one_value(&json, path, value));
        all_values(&json, values);
    }
});

fn put(pair: &[&str]) -> Option<(Path, Json)> {
    Some((Path::parse(pair[0]).ok()?, Json::parse(pair[1].trim()).ok()?))
}

/// Every value is the expected one, and stands where its span says.
fn is_read_as(view: View<'_>, expected: &Plain, text: &str) {
    assert_eq!(&text[view.span()], view.raw());
    match expected {
        Plain::Object(members) => {
            assert_eq!(view.kind(), ValueKind::Object);
            assert_eq!(view.members().count(), members.len());
            for ((key, value), (name, expected)) in view.members().zip(members) {
                let text_of_key = String::from_utf16(name).ok();
                assert_eq!(key.text().as_deref(), text_of_key.as_deref());
                assert_eq!(plain::strict(key.token()), Some(Plain::Text(name.clone())));
                is_read_as(value, expected, text);
            }
        }
        Plain::Array(list) => {
            assert_eq!(view.kind(), ValueKind::Array);
            assert_eq!(view.children().count(), list.len());
            view.children().zip(list).for_each(|(value, expected)| is_read_as(value, expected, text));
        }
        scalar => {
            assert_eq!(plain::strict(view.raw()).as_ref(), Some(scalar));
            if let Plain::Text(units) = scalar {
                assert_eq!(view.as_text().as_deref(), String::from_utf16(units).ok().as_deref());
            }
        }
    }
}

fn one_value(json: &Json, path: &Path, value: &Json) {
    let text = json.text();
    let out = splice(text, json.root(), vec![(path, Some(value.text()))]);
    let (reached, there) = reached(json.root(), path);
    match there {
        Some(old) => {
            let (before, after) = (&text[..old.span().start], &text[old.span().end..]);
            assert_eq!(out, format!("{before}{}{after}", value.text()), "bytes outside the span changed");
        }
        None => {
            let (deepest, added) = reached;
            let member: String = (1..added.len()).rev().fold(value.text().to_string(), |inner, at| {
                format!("{{{}:{inner}}}", fusebill::document::json::quote(&added[at]))
            });
            let same_before = text.bytes().zip(out.bytes()).take_while(|(old, new)| old == new).count();
            assert!(same_before >= deepest.span().start, "bytes before the object changed");
            assert!(out.ends_with(&text[deepest.span().end..]), "bytes after the object changed");
            assert!(out.contains(&member), "{member} is not in {out}");
        }
    }
    let Ok(again) = Json::parse(out.as_str()) else {
        return assert!(plain::strict(&out).is_none_or(|it| it.depth() > MAX_DEPTH), "no JSON: {out}");
    };
    let mut expected = plain::strict(text).expect("it was read");
    expected.put(path.names(), plain::strict(value.text()).expect("it was read"));
    assert_eq!(plain::strict(&out), Some(expected), "{path} in {text}");
    let same = splice(&out, again.root(), vec![(path, Some(value.text()))]);
    assert_eq!(same, out, "putting the same value again changed something");
    let (outermost, old) = outermost(json.root(), path);
    let back = splice(&out, again.root(), vec![(&outermost, old.map(View::raw))]);
    assert_eq!(back, text, "the old value of {outermost} did not restore the text");
}

/// The innermost object on the path and the names from there on; and the value at the path, where there is one.
fn reached<'a>(root: View<'a>, path: &Path) -> ((View<'a>, Vec<String>), Option<View<'a>>) {
    let mut view = root;
    for (at, name) in path.names().iter().enumerate() {
        match view.member(name) {
            Some(inner) => view = inner,
            None if view.kind() == ValueKind::Object => return ((view, path.names()[at..].to_vec()), None),
            None => return ((view, [vec![String::new()], path.names()[at..].to_vec()].concat()), None),
        }
    }
    ((root, Vec::new()), Some(view))
}

/// The outermost value that putting one at the path touches as a whole, as it was.
fn outermost<'a>(root: View<'a>, path: &Path) -> (Path, Option<View<'a>>) {
    let mut view = root;
    for count in 1..=path.names().len() {
        let outer = path.outermost(count).expect("a part of the path");
        match view.member(outer.last()) {
            Some(inner) if inner.kind() == ValueKind::Object && count < path.names().len() => view = inner,
            old => return (outer, old),
        }
    }
    unreachable!("a path has names")
}

fn all_values(json: &Json, values: Vec<(Path, Json)>) {
    let apart = |(at, one): (usize, &(Path, Json))| {
        values
            .iter()
            .enumerate()
            .all(|(other, two)| at == other || !(one.0.covers(&two.0) || two.0.covers(&one.0)))
    };
    let values: Vec<&(Path, Json)> =
        values.iter().enumerate().filter(|it| apart(*it)).map(|(_, value)| value).collect();
    let pairs = values.iter().map(|(path, value)| (path, Some(value.text()))).collect();
    let out = splice(json.text(), json.root(), pairs);
    let mut expected = plain::strict(json.text()).expect("it was read");
    for (path, value) in &values {
        expected.put(path.names(), plain::strict(value.text()).expect("it was read"));
    }
    if let Some(out) = plain::strict(&out) {
        assert!(out.means(&expected), "{out:?} is not {expected:?}");
    } else {
        assert!(expected.depth() > MAX_DEPTH, "no JSON: {out}");
    }
}
