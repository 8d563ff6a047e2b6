//! Taking a change back: the tokens that were replaced return, where they are still the ones that the change put there.

use super::compare::same_or_absent;
use super::customer::Customer;
use super::diff::{Change, diff};
use super::edit::EditError;
use super::json::{Json, ValueKind, View};
use super::merge::Conflict;
use super::path::Path;
use super::plan::{Consent, Plan, rewrite};
use super::verify::verify;

/// What comes of taking a change back.
#[derive(Debug)]
pub enum Undo {
    /// From the customer as it is now to the one with the old values.
    Restored(Box<Plan>),
    /// Values that the change had set were changed since. `base` is what the change had made of them, `ours` what it
    /// would take to undo it.
    Moved(Vec<Conflict>),
}

/// Takes a change back, and nothing that came after it.
///
/// `stored` is what the API made of the change, where that was not what was sent: what it made of a value that was asked
/// for is this change's too, and is taken back with consent, as it may be somebody else's work after all. Other values
/// that are not as they were may be somebody else's work, and stay. A value that has its old value already is left
/// alone. Members that the vendor added to what the change had made are no change of it.
///
/// # Errors
/// Where a read-only field would change: the change was no edit of this program.
pub fn undo(done: &Plan, stored: Option<&Customer>, now: &Customer) -> Result<Undo, EditError> {
    let verdict = verify(done, now);
    let differs = |path: &Path| {
        verdict.differences.iter().any(|other| other.path.covers(path) || path.covers(&other.path))
    };
    let is_as_stored =
        |path: &Path| stored.is_some_and(|stored| same_or_absent(path, stored.get(path), now.get(path)));
    let mut values: Vec<(Path, Option<Json>)> = Vec::new();
    let (mut moved, mut altered) = (Vec::new(), Vec::new());
    for replaced in &done.replaced {
        let there = now.get(&replaced.path);
        if !differs(&replaced.path) {
            values.extend(old_values(replaced, there));
        } else if same_or_absent(&replaced.path, there, replaced.before.as_ref().map(Json::root)) {
            // It has its old value already.
        } else if is_as_stored(&replaced.path) {
            altered.push(Consent::Altered(replaced.path.clone()));
            values.push((replaced.path.clone(), replaced.before.clone()));
        } else {
            moved.push(Conflict {
                path: replaced.path.clone(),
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

/// The old value of what was replaced. An object that the change had to make, and to which the vendor has added since
/// (its `id`, say), is emptied of what the change put in it rather than taken out.
fn old_values(replaced: &Change, there: Option<View<'_>>) -> Vec<(Path, Option<Json>)> {
    let made = replaced.after.as_ref().map(Json::root).filter(|made| made.kind() == ValueKind::Object);
    let (Some(made), Some(there)) = (made, there) else {
        return vec![(replaced.path.clone(), replaced.before.clone())];
    };
    if diff(made, there).is_empty() {
        return vec![(replaced.path.clone(), replaced.before.clone())];
    }
    let put: Vec<Path> = made.members().map(|(key, _)| replaced.path.join(key.name())).collect();
    put.into_iter().map(|path| (path, None)).collect()
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
    fn the_document_is_what_it_was_byte_for_byte() {
        assert_eq!(undone(done().after.text()).unwrap(), BEFORE);
    }

    #[test]
    fn what_came_after_stays_and_so_does_what_the_vendor_added() {
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
    fn a_value_that_was_changed_since_is_not_overwritten() {
        let now = done().after.text().replace("\"John\"", "\"Jim\"");
        assert_eq!(undone(&now).unwrap_err(), ["firstName"]);
        assert_eq!(
            undone(&now.replace("\"web\"", "\"ads\"")).unwrap_err(),
            ["customerAcquisition", "firstName"]
        );
    }

    #[test]
    fn what_is_undone_already_is_left_alone() {
        assert_eq!(undone(BEFORE).unwrap(), BEFORE);
    }
}
