//! Edits the text of config.toml. Pure.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike};

use super::{BYTE_ORDER_MARK, PROFILES};
use crate::account::setting::{self, Setting, Value};

/// The text after an edit of its profiles; none if the text has no table for them. A byte order mark and the line ends of
/// Windows stay, which toml_edit drops. If some lines end in one way and some in the other, all end with `\n` afterwards.
pub(super) fn edited(text: &str, edit: impl FnOnce(&mut dyn TableLike)) -> Option<String> {
    let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK, text),
        None => ("", text),
    };
    let breaks = text.matches('\n').count();
    let is_windows = breaks > 0 && text.matches("\r\n").count() == breaks;
    let before = if is_windows { text.replace("\r\n", "\n") } else { text.to_string() };
    let mut document: DocumentMut = before.parse().ok()?;
    let profiles = document.entry(PROFILES).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    edit(profiles.as_table_like_mut()?);
    let after = with_free_comments(&before, &document.to_string());
    Some(mark.to_string() + &if is_windows { after.replace('\n', "\r\n") } else { after })
}

/// The name of a setting as the file spells it.
pub(super) fn spelled<'a>(profile: &'a dyn TableLike, setting: &'static Setting) -> &'a str {
    let is_it = |name: &&str| setting::named(name).is_some_and(|found| found.key == setting.key);
    profile.iter().map(|(name, _)| name).find(is_it).unwrap_or(setting.name)
}

/// A comment behind the old value stays.
pub(super) fn change(profile: &mut dyn TableLike, setting: &'static Setting, value: Option<&Value>) {
    let name = &spelled(profile, setting).to_string();
    let Some(value) = value else {
        profile.remove(name);
        return;
    };
    let mut new = toml(value);
    match profile.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(profile.insert(name, Item::Value(new))),
    }
}

fn toml(value: &Value) -> toml_edit::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Words(words) => words.iter().collect::<Array>().into(),
        Value::Switch(on) => (*on).into(),
        Value::Count(count) => i64::from(*count).into(),
    }
}

/// For toml_edit all comments above a table or a setting belong to it. A comment with an empty line below it is about
/// something else, so it stays if the edit only removed lines.
fn with_free_comments(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let gone = old.len().saturating_sub(new.len());
    if gone == 0 || old[head + gone..] != new[head..] {
        return after.to_string();
    }
    let gone = &old[head..head + gone];
    let is_comment = |line: &&&str| line.trim().is_empty() || line.trim().starts_with('#');
    let comments = gone.iter().take_while(is_comment).count();
    let free = gone[..comments].iter().rposition(|line| line.trim().is_empty()).map_or(0, |at| at + 1);
    let free = if gone[..free].concat().trim().is_empty() { &[] } else { &gone[..free] };
    [&new[..head], free, &new[head..]].concat().concat()
}
