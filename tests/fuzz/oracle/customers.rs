//! What counts as the same in a customer, by the field table's promises: stated anew here, path by path.

use fusebill::field::{self, FieldKind};

use crate::plain::{Plain, units};

/// Whether two values at a path are the same to the API: a text field may be shown as a number, words are found in
/// another case, codes are told by their type and code, and what is absent is null.
pub fn same(path: &[String], one: Option<&Plain>, other: Option<&Plain>) -> bool {
    let (one, other) = (one.unwrap_or(&Plain::Null), other.unwrap_or(&Plain::Null));
    if one.means(other) {
        return true;
    }
    let dotted = path.join(".");
    let Some(field) = field::at(&dotted).filter(|_| !path.iter().any(|name| name.contains('.'))) else {
        return false;
    };
    match (field.kind, one, other) {
        (FieldKind::Text { .. } | FieldKind::Emails { .. }, Plain::Number(token), Plain::Text(text))
        | (FieldKind::Text { .. } | FieldKind::Emails { .. }, Plain::Text(text), Plain::Number(token)) => {
            units(token) == *text
        }
        (FieldKind::Choice(_) | FieldKind::Currency, Plain::Text(one), Plain::Text(other)) => {
            let lower = |units: &[u16]| String::from_utf16_lossy(units).to_ascii_lowercase();
            lower(one) == lower(other)
        }
        (FieldKind::Codes, Plain::Array(list), Plain::Null)
        | (FieldKind::Codes, Plain::Null, Plain::Array(list)) => list.is_empty(),
        (FieldKind::Codes, Plain::Array(one), Plain::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_code(one, other))
        }
        _ => false,
    }
}

/// Codes are told by type and code; the vendor adds members, but what both have is the same.
fn same_code(one: &Plain, other: &Plain) -> bool {
    let both = |name: &str| one.member(&units(name)).is_some() && other.member(&units(name)).is_some();
    let Plain::Object(members) = one else { return one.means(other) };
    let shared = |(key, value): &(Vec<u16>, Plain)| other.member(key).is_none_or(|it| value.means(it));
    one.means(other) || (both("type") && both("code") && members.iter().all(shared))
}

/// Whether two documents are the same, member by member.
pub fn alike(one: &Plain, other: &Plain) -> bool {
    inside(&mut Vec::new(), Some(one), Some(other))
}

fn inside(path: &mut Vec<String>, one: Option<&Plain>, other: Option<&Plain>) -> bool {
    match (one, other) {
        (Some(Plain::Object(members)), Some(Plain::Object(others))) => {
            let keys = members.iter().chain(others).map(|(key, _)| key);
            keys.into_iter().all(|key| {
                path.push(String::from_utf16_lossy(key));
                let member = |side: Option<&Plain>| side.and_then(|side| side.member(key)).cloned();
                let alike = inside(path, member(one).as_ref(), member(other).as_ref());
                path.pop();
                alike
            })
        }
        _ => same(path, one, other),
    }
}

/// The paths at which two documents differ, objects taken apart. Half of a surrogate pair in a name reads as U+FFFD.
pub fn differing(one: &Plain, other: &Plain) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    walk(&mut Vec::new(), Some(one), Some(other), &mut paths);
    paths
}

fn walk(path: &mut Vec<String>, one: Option<&Plain>, other: Option<&Plain>, out: &mut Vec<Vec<String>>) {
    let (Some(Plain::Object(members)), Some(Plain::Object(others))) = (one, other) else {
        if !same(path, one, other) {
            out.push(path.clone());
        }
        return;
    };
    let mut keys: Vec<&Vec<u16>> = members.iter().chain(others).map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        path.push(String::from_utf16_lossy(key));
        let member = |side: Option<&Plain>| side.and_then(|side| side.member(key)).cloned();
        walk(path, member(one).as_ref(), member(other).as_ref(), out);
        path.pop();
    }
}

/// RFC 7396 section 2.
pub fn merge_patch(target: Plain, patch: &Plain) -> Plain {
    let Plain::Object(changes) = patch else { return patch.clone() };
    let mut members = if let Plain::Object(members) = target { members } else { Vec::new() };
    for (name, value) in changes {
        let place = members.iter().position(|(key, _)| key == name);
        match (place, value) {
            (Some(at), Plain::Null) => drop(members.remove(at)),
            (None, Plain::Null) => {}
            (Some(at), value) => members[at].1 = merge_patch(members[at].1.clone(), value),
            (None, value) => members.push((name.clone(), merge_patch(Plain::Null, value))),
        }
    }
    Plain::Object(members)
}

/// A document without null members, lists of no codes, and objects that hold nothing else: to the API these are absent.
pub fn bare(value: &Plain) -> Plain {
    let Plain::Object(members) = value else { return value.clone() };
    let kept = members.iter().map(|(key, value)| (key.clone(), bare(value)));
    let no_codes = |key: &[u16], value: &Plain| {
        *key == units("salesTrackingCodes") && *value == Plain::Array(Vec::new())
    };
    let is_absent = |key: &[u16], value: &Plain| {
        *value == Plain::Null || *value == Plain::Object(Vec::new()) || no_codes(key, value)
    };
    Plain::Object(kept.filter(|(key, value)| !is_absent(key, value)).collect())
}
