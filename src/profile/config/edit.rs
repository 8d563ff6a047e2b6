//! A text of profiles with one thing changed: comments, line breaks and everything else stay as they are. Pure.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike};

use super::{BYTE_ORDER_MARK, PROFILES};
use crate::profile::setting::Value;

/// The text after an edit of its profiles; none where it cannot be made.
pub(super) fn edited(text: &str, edit: impl FnOnce(&mut dyn TableLike) -> Option<()>) -> Option<String> {
    let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK, text),
        None => ("", text),
    };
    let mut document: DocumentMut = text.parse().ok()?;
    let profiles = document.entry(PROFILES).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    profiles.as_table_like_mut().and_then(edit)?;
    Some(format!("{mark}{}", merged(text, &document.to_string())))
}

/// Changes one setting and keeps the comments around it.
pub(super) fn change(profile: &mut dyn TableLike, name: &str, value: Option<&Value>) {
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

/// A text after an edit, with what the library leaves away: line breaks other than `\n`, and the comments above what was
/// taken out that an empty line keeps apart from it.
fn merged(before: &str, after: &str) -> String {
    let usual = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let is_cut = !before.is_empty() && !before.ends_with('\n');
    // What comes after a last line without a break would go on in it.
    let before = &if is_cut { format!("{before}{usual}") } else { before.to_string() };
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_string();
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let same = |(old, new): &(&&str, &&str)| bare(old) == bare(new);
    let head = old.iter().zip(&new).take_while(same).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
    let (gone, fresh) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let end = |at: usize| match gone.get(at).filter(|_| gone.len() == fresh.len()) {
        Some(old) => &old[bare(old).len()..],
        None if fresh[at].ends_with('\n') => usual,
        None => "",
    };
    let fresh: String = fresh.iter().enumerate().map(|(at, line)| bare(line) + end(at)).collect();
    let apart = if fresh.is_empty() { apart(gone) } else { &[] };
    let mut text = [&old[..head], apart].concat().concat() + &fresh + &old[old.len() - tail..].concat();
    let last = |lines: &[&str]| lines.last().map(|line| bare(line));
    if is_cut && (old.len() == new.len() || last(&old) == last(&new)) {
        text.truncate(bare(&text).len());
    }
    text
}

/// The comments at the start of lines that an empty line keeps apart from what follows.
fn apart<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let is_comment = |line: &&&str| line.trim().is_empty() || line.trim().starts_with('#');
    let comments = lines.iter().take_while(is_comment).count();
    let end = lines[..comments].iter().rposition(|line| line.trim().is_empty()).map_or(0, |at| at + 1);
    if lines[..end].iter().any(|line| !line.trim().is_empty()) { &lines[..end] } else { &[] }
}
