//! The members of an object that was sent, whose keys the vendor reads without regard to case.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::document::json::View;

/// The members of one object that was sent.
pub(crate) struct Members<'a> {
    members: Vec<(Cow<'a, str>, View<'a>)>,
}

impl<'a> Members<'a> {
    pub(crate) fn of(object: View<'a>) -> Members<'a> {
        Members { members: object.members().map(|(key, value)| (key.name(), value)).collect() }
    }

    /// The member of this name; the last one, where it was sent twice in different case.
    pub(crate) fn get(&self, name: &str) -> Option<View<'a>> {
        self.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All members in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, View<'a>)> {
        self.members.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// A key that was sent twice in different case.
    pub(crate) fn twice(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.iter().map(|(key, _)| key).find(|key| !seen.insert(key.to_ascii_lowercase()))
    }
}
