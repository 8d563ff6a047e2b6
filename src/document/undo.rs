//! Undo: restores the replaced tokens, if the customer still has the values that the change wrote.
//! An undo is a new plan for the stored customer, so it is shown, sent and verified like any other edit.

use super::compare::same_or_absent;
use super::customer::Customer;
use super::diff::{Change, diff};
use super::edit::EditError;
use super::json::{Json, ValueKind, View};
use super::merge::Conflict;
use super::path::Path;
use super::plan::{Consent, Plan, rewrite};
use super::verify::verify;

#[derive(Debug)]
pub enum Undo {
    Restored(Box<Plan>),
    /// Values that were changed again since. `base` is the value that the change wrote, `ours` the one before it.
    Moved(Vec<Conflict>),
}

/// `stored` is the customer after the change, if it differed from the one sent. A value that the API altered is undone too,
/// but with consent, because another writer may have altered it. Any other value that is not the one written is a
/// conflict. Members that the vendor added stay.
/// Fails if a read-only field would change: then this program did not make the change.
pub fn undo(done: &Plan, stored: Option<&Customer>, now: &Customer) -> Result<Undo, EditError> {
    let verdict = verify(done, now);
    let (mut values, mut moved, mut altered) = (Vec::new(), Vec::new(), Vec::new());
    for replaced in &done.replaced {
        let (path, there) = (&replaced.path, now.get(&replaced.path));
        let is_as_sent = !verdict.differences.iter().any(|difference| difference.path.overlaps(path));
        let is_as_stored = stored.is_some_and(|stored| same_or_absent(path, stored.get(path), there));
        if is_as_sent {
            values.extend(old_values(replaced, there));
        } else if same_or_absent(path, there, replaced.old_value()) {
            // It has its old value already.
        } else if is_as_stored {
            altered.push(Consent::Altered(path.clone()));
            values.push((path.clone(), replaced.before.clone()));
        } else {
            moved.push(Conflict {
                path: path.clone(),
                base: replaced.after.clone(),
                ours: replaced.before.clone(),
                theirs: there.map(View::to_json),
            });
        }
    }
    if !moved.is_empty() {
        return Ok(Undo::Moved(moved));
    }
    let mut plan = rewrite(now.clone(), values)?;
    plan.consent.extend(altered);
    Ok(Undo::Restored(Box::new(plan)))
}

/// The values that undo a replacement. If the vendor added members to the object that the change wrote (`id`), only the
/// members that the change made or took out are set back.
fn old_values(replaced: &Change, there: Option<View<'_>>) -> Vec<(Path, Option<Json>)> {
    let whole = || vec![(replaced.path.clone(), replaced.before.clone())];
    let made = replaced.new_value().filter(|made| made.kind() == ValueKind::Object);
    let (Some(made), Some(there)) = (made, there) else { return whole() };
    let old = replaced.old_value().filter(|old| !old.is_null());
    if diff(made, there).is_empty() || old.is_some_and(|old| old.kind() != ValueKind::Object) {
        return whole();
    }
    let old_members = old.into_iter().flat_map(View::members);
    let taken_out = old_members.filter(|(key, _)| made.member(&key.name()).is_none());
    let names = made.members().chain(taken_out).map(|(key, _)| key.name());
    names
        .map(|name| {
            let before = old.and_then(|old| old.member(&name)).map(View::to_json);
            (replaced.path.join(name), before)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::edit::{Action, Edit, Edits};
    use super::super::plan::plan;
    use super::*;

    const BEFORE: &str =
        r#"{ "id":7,"status":"Active", "firstName":"J\u006fn","primaryPhone":555 ,"suffix":null}"#;

    fn done() -> Plan {
        let set = |path: &str, text: &str| Edit {
            path: Path::parse(path).unwrap(),
            action: Action::Set(Json::string(text)),
            given: String::new(),
        };
        let edits = vec![
            set("firstName", "John"),
            set("primaryPhone", "7"),
            set("customerAcquisition.source", "web"),
        ];
        plan(Customer::parse(BEFORE).unwrap(), &Edits::check(edits).unwrap(), false).unwrap()
    }

    fn undone(now: &str) -> Result<String, Vec<String>> {
        match undo(&done(), None, &Customer::parse(now).unwrap()).unwrap() {
            Undo::Restored(plan) => Ok(plan.after.text().to_string()),
            Undo::Moved(moved) => Err(moved.iter().map(|conflict| conflict.path.to_string()).collect()),
        }
    }

    #[test]
    fn undo_restores_the_document_byte_for_byte() {
        assert_eq!(undone(done().after.text()).unwrap(), BEFORE);
    }

    #[test]
    fn undo_keeps_later_changes_and_members_that_the_vendor_added() {
        let now = done()
            .after
            .text()
            .replace("\"suffix\":null", "\"suffix\":\"Jr\"")
            .replace(r#"{"source":"web"}"#, r#"{"source":"web","medium":null,"id":7}"#);
        let expected =
            now.replace("\"source\":\"web\",", "").replace("John", "J\\u006fn").replace("\"7\"", "555");
        assert_eq!(undone(&now).unwrap(), expected);
    }

    #[test]
    fn an_object_that_took_the_place_of_another_is_set_back_although_the_vendor_added_to_it() {
        let before = r#"{"id":7,"status":"Active","extra":{"a":"1","b":"2"}}"#;
        let made = Json::parse(r#"{"a":"x","c":"3"}"#).unwrap();
        let done =
            rewrite(Customer::parse(before).unwrap(), vec![(Path::root("extra"), Some(made))]).unwrap();
        let now = done.after.text().replace(r#""c":"3""#, r#""c":"3","d":9"#);
        let Undo::Restored(plan) = undo(&done, None, &Customer::parse(now).unwrap()).unwrap() else {
            panic!("nothing else changed")
        };
        assert_eq!(plan.after.text(), r#"{"id":7,"status":"Active","extra":{"a":"1","d":9,"b":"2"}}"#);
    }

    #[test]
    fn a_value_that_was_changed_since_is_not_overwritten() {
        let now = done().after.text().replace("\"John\"", "\"Jim\"");
        assert_eq!(undone(&now).unwrap_err(), ["firstName"]);
        assert_eq!(
            undone(&now.replace("\"web\"", "\"ads\"")).unwrap_err(),
            ["customerAcquisition", "firstName"]
        );
    }

    #[test]
    fn a_second_undo_changes_nothing() {
        assert_eq!(undone(BEFORE).unwrap(), BEFORE);
    }
}
