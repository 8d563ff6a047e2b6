//! Lists of e-mail addresses in one text, separated by `;` or `,`. Adding and removing keeps every other byte.

use super::path::Path;
use crate::field::{self, FieldKind};

/// An edit of one address of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListEdit<'a> {
    Add(&'a str),
    Remove(&'a str),
}

/// The list after the edits, and a note for each edit that changes nothing. Fails if no address is left, because clearing
/// has a flag of its own.
pub fn edit(list: &str, edits: &[ListEdit<'_>]) -> Result<(String, Vec<String>), String> {
    let (mut list, mut notes) = (list.to_string(), Vec::new());
    for edit in edits {
        match *edit {
            ListEdit::Add(address) if holds(&list, address) => notes.push(format!("holds {address} already")),
            ListEdit::Add(address) => list = added(&list, address),
            ListEdit::Remove(address) if !holds(&list, address) => {
                notes.push(format!("does not hold {address}, so there is nothing to remove"));
            }
            ListEdit::Remove(address) => list = removed(&list, address),
        }
    }
    let removes = edits.iter().any(|edit| matches!(edit, ListEdit::Remove(_)));
    if removes && notes.len() < edits.len() && members(&list).next().is_none() {
        return Err("would lose its last address".to_string());
    }
    Ok((list, notes))
}

/// Why a new list may not be what was meant: it has fewer addresses, and one of the old ones is left out.
pub(super) fn shrinks(path: &Path, old: &str, new: &str) -> Option<String> {
    let field = field::at(&path.dotted())?;
    let (before, after) = (members(old).count(), members(new).count());
    if !matches!(field.kind, FieldKind::Emails { .. }) || after == 0 || after >= before {
        return None;
    }
    let lost: Vec<&str> = members(old).filter(|address| !holds(new, address)).collect();
    let addresses = if after == 1 { "address" } else { "addresses" };
    (!lost.is_empty())
        .then(|| format!("hold {after} {addresses} instead of {before}, without {}", lost.join(", ")))
}

fn members(list: &str) -> impl Iterator<Item = &str> {
    list.split([';', ',']).map(str::trim).filter(|address| !address.is_empty())
}

fn holds(list: &str, address: &str) -> bool {
    members(list).any(|member| is_same(member, address))
}

fn is_same(member: &str, address: &str) -> bool {
    member.trim().to_lowercase() == address.trim().to_lowercase()
}

fn added(list: &str, address: &str) -> String {
    match list.trim_end().chars().last() {
        None => address.to_string(),
        Some(';' | ',') => format!("{list}{address}"),
        Some(_) => format!("{list}; {address}"),
    }
}

/// Without every member that is this address. A member goes with the separator before it, the first with the one after it.
fn removed(list: &str, address: &str) -> String {
    let is_it = |piece: &str| is_same(piece.trim_start_matches([';', ',']), address);
    let kept: String = pieces(list).filter(|piece| !is_it(piece)).collect();
    let lost_its_first = pieces(list).next().is_some_and(is_it);
    if lost_its_first { kept.trim_start_matches([';', ',']).trim_start().to_string() } else { kept }
}

/// The members, each with the separator before it.
fn pieces(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let skip = first.len_utf8();
        let length = rest[skip..].find([';', ',']).map_or(rest.len(), |at| skip + at);
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::ListEdit::{Add, Remove};
    use super::*;

    const LIST: &str = "a@example.com; b@example.com;c@example.org ; d@example.com";

    fn after(edits: &[ListEdit<'_>]) -> String {
        edit(LIST, edits).unwrap().0
    }

    #[test]
    fn the_rest_of_the_list_keeps_its_bytes() {
        assert_eq!(after(&[Add("e@x.org")]), format!("{LIST}; e@x.org"));
        assert_eq!(after(&[Remove("A@Example.com")]), "b@example.com;c@example.org ; d@example.com");
        assert_eq!(after(&[Remove("b@example.com")]), "a@example.com;c@example.org ; d@example.com");
        assert_eq!(after(&[Remove("d@example.com")]), "a@example.com; b@example.com;c@example.org ");
        assert_eq!(edit("", &[Add("x@y.org")]).unwrap().0, "x@y.org");
        assert_eq!(edit("x@y.org;", &[Add("z@y.org")]).unwrap().0, "x@y.org;z@y.org");
        assert_eq!(edit(" x@y.org, z@y.org", &[Remove("z@y.org")]).unwrap().0, " x@y.org");
        assert_eq!(edit("x@y.org; z@y.org; x@y.org", &[Remove("x@y.org")]).unwrap().0, "z@y.org");
    }

    #[test]
    fn an_address_edit_without_effect_is_noted_and_the_last_address_stays() {
        let (list, notes) = edit(LIST, &[Add("B@example.com"), Remove("x@y.org")]).unwrap();
        assert_eq!(list, LIST);
        assert_eq!(
            notes,
            ["holds B@example.com already", "does not hold x@y.org, so there is nothing to remove"]
        );
        assert!(edit("x@y.org", &[Remove("x@y.org")]).is_err());
        assert_eq!(edit("x@y.org", &[Remove("x@y.org"), Add("z@y.org")]).unwrap().0, "z@y.org");
        assert_eq!(edit("", &[Remove("x@y.org")]).unwrap().1.len(), 1);
    }

    #[test]
    fn a_shorter_address_list_names_the_lost_addresses() {
        let told = |old: &str, new: &str| shrinks(&Path::root("primaryEmail"), old, new);
        assert_eq!(
            told("a@x.org; b@x.org", "a@x.org").as_deref(),
            Some("hold 1 address instead of 2, without b@x.org")
        );
        assert_eq!(told("a@x.org; b@x.org", "a@x.org;c@x.org"), None);
        assert_eq!(told("a@x.org; b@x.org", ""), None);
        assert_eq!(told("a@x.org; A@x.org", "a@x.org"), None);
        assert_eq!(shrinks(&Path::root("companyName"), "a;b", "a"), None);
    }
}
