//! Whether what is stored after a write is what was asked for, and nothing else.

use super::compare::same_or_absent;
use super::customer::Customer;
use super::diff::{Change, diff};
use super::json::{Json, Kind, View};
use super::path::Path;
use super::plan::Plan;
use crate::field;

/// What the stored document says about a write.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Values that are not as they should be; empty when the write holds.
    pub differences: Vec<Difference>,
}

/// A path whose stored value is not the one that was sent.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// Whether a change of it was asked for.
    pub asked: bool,
    /// What was sent.
    pub sent: Option<Json>,
    /// What is stored.
    pub stored: Option<Json>,
}

impl Verdict {
    /// Whether every value asked for is stored and every other one is as it was.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Compares the document that is stored with the one that was sent.
///
/// Every path that was asked for must hold its new value, every other path its old one. What is absent counts as null,
/// as it does in the API. Not counted: read-only fields that the vendor derives by itself
/// ([`field::READ_ONLY`]), and members that the document read did not have at all: the vendor's page shows a PUT
/// response with more fields than the customer that was sent. An object that was made for a field inside it so gets
/// its `id` and `uri`.
pub fn verify(plan: &Plan, stored: &Customer) -> Verdict {
    let asked =
        |path: &Path| plan.changes.iter().any(|change| change.path.covers(path) || path.covers(&change.path));
    let differences = diff(plan.after.root(), stored.root())
        .into_iter()
        .map(|change| (asked(&change.path), change))
        .filter(|(asked, change)| counts(*asked, change))
        .map(|(asked, change)| Difference {
            path: change.path,
            asked,
            sent: change.before,
            stored: change.after,
        })
        .collect();
    Verdict { differences }
}

fn counts(asked: bool, change: &Change) -> bool {
    let (sent, stored) = (change.before.as_ref().map(Json::root), change.after.as_ref().map(Json::root));
    if same_or_absent(&change.path, sent, stored) || both_without_codes(&change.path, sent, stored) {
        return false;
    }
    match field::read_only(&change.path.dotted()) {
        Some(fixed) => sent.is_some() && (asked || !fixed.derived),
        None => sent.is_some() || asked,
    }
}

/// The API stores an empty list where no sales-tracking codes were sent.
fn both_without_codes(path: &Path, sent: Option<View<'_>>, stored: Option<View<'_>>) -> bool {
    let empty = |list: View<'_>| list.kind() == Kind::Array && list.children().next().is_none();
    *path == Path::of(field::CODES_PATH) && sent.is_none_or(View::is_null) && stored.is_some_and(empty)
}

#[cfg(test)]
mod tests {
    use super::super::edit::{Action, Edit, Edits};
    use super::super::plan::plan;
    use super::*;

    const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","primaryPhone":555,
        "customerReference":{"reference1":null,"salesTrackingCodes":null},"monthlyRecurringRevenue":1,"modifiedTimestamp":"a"}"#;

    fn differences(stored: &str) -> Vec<String> {
        let action = Action::Set(Json::string("John"));
        let edit = Edit { path: Path::root("firstName"), action, given: String::new() };
        let plan = plan(Customer::parse(BEFORE).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap();
        let show = |value: &Option<Json>| value.as_ref().map_or("-", Json::text).to_string();
        verify(&plan, &Customer::parse(stored).unwrap())
            .differences
            .iter()
            .map(|d| format!("{} {} {} {}", d.path, d.asked, show(&d.sent), show(&d.stored)))
            .collect()
    }

    #[test]
    fn a_write_holds_whatever_the_vendor_derives_or_adds() {
        let stored = r#"{"id":7,"status":"Active","firstName":"J\u006fhn","lastName":"X","primaryPhone":"555",
            "customerReference":{"salesTrackingCodes":[]},"monthlyRecurringRevenue":2,"modifiedTimestamp":"b","geotabId":"7813"}"#;
        assert_eq!(differences(stored), [""; 0]);
    }

    #[test]
    fn an_object_that_was_made_may_get_an_id() {
        let action = Action::Set(Json::string("web"));
        let edit = Edit { path: Path::of("customerAcquisition.source"), action, given: String::new() };
        let plan = plan(Customer::parse(BEFORE).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap();
        let stored = |made: &str| format!("{},\"customerAcquisition\":{made}}}", &BEFORE[..BEFORE.len() - 1]);
        let holds = |made: &str| verify(&plan, &Customer::parse(stored(made)).unwrap()).holds();
        assert!(holds(r#"{"source":"web","medium":null,"id":7,"uri":"u"}"#));
        assert!(!holds(r#"{"source":"we","id":7}"#) && !holds(r#"{"source":"web","medium":"tv","id":7}"#));
    }

    #[test]
    fn values_not_taken_altered_or_lost_are_told_apart() {
        let stored =
            r#"{"id":7,"status":"Hold","firstName":"Joh","primaryPhone":555,"customerReference":{}}"#;
        assert_eq!(
            differences(stored),
            [r#"status false "Active" "Hold""#, r#"firstName true "John" "Joh""#, r#"lastName false "X" -"#]
        );
    }
}
