//! Verification: whether the stored customer has the plan's new values, and its other values are unchanged.
//! The API may drop, cut or normalise a value and still answer 200, so every stored document is compared with the one
//! sent. [`verify`] says which differences do not count, and why.

use super::compare::same_or_absent;
use super::customer::Customer;
use super::diff::{Change, diff};
use super::json::{Json, ValueKind, View};
use super::path::Path;
use super::plan::Plan;
use crate::field;

/// The differences between the stored document and the one sent.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Empty if the write is verified.
    pub differences: Vec<Difference>,
}

/// A path whose stored value is not the one that was sent.
#[derive(Debug, Clone)]
pub struct Difference {
    pub path: Path,
    /// Whether the plan changes it.
    pub asked: bool,
    pub(crate) sent: Option<Json>,
    pub(crate) stored: Option<Json>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }

    pub(crate) fn has_requested_values(&self) -> bool {
        !self.differences.iter().any(|difference| difference.asked)
    }
}

/// The changes between two reads of a customer, without the fields that the vendor computes.
pub(crate) fn moved(before: &Customer, now: &Customer) -> Vec<Change> {
    let derived = |change: &Change| {
        let dotted = change.path.dotted();
        field::read_only(&dotted).is_some_and(|fixed| fixed.derived) || moves_by_itself(change)
    };
    let same = |change: &Change| same_or_absent(&change.path, change.old_value(), change.new_value());
    let changes = diff(before.root(), now.root()).into_iter();
    changes.filter(|change| !derived(change) && !same(change)).collect()
}

/// Every changed path must hold its new value, every other path its old one. An absent value counts as null, as in the API.
/// Not counted: read-only fields that the vendor derives ([`field::READ_ONLY`]), and members that were not sent: the
/// vendor's page shows a PUT response with more fields than the request.
pub fn verify(plan: &Plan, stored: &Customer) -> Verdict {
    let mut differences = Vec::new();
    for change in diff(plan.after.root(), stored.root()) {
        let asked = plan.changes.iter().any(|asked| asked.path.overlaps(&change.path));
        if counts(plan, asked, &change) {
            let Change { path, before, after } = change;
            differences.push(Difference { path, asked, sent: before, stored: after });
        }
    }
    Verdict { differences }
}

fn counts(plan: &Plan, asked: bool, change: &Change) -> bool {
    let (path, sent, stored) = (&change.path, change.old_value(), change.new_value());
    let both_empty =
        sent.is_none_or(View::is_null) && stored.is_some_and(|stored| holds_no_data(path, stored));
    if both_empty || same_or_absent(path, sent, stored) {
        return false;
    }
    let dotted = path.dotted();
    let taken_out = plan.changes.iter().any(|change| change.path == *path);
    match field::read_only(&dotted) {
        None if !asked && moves_by_itself(change) => false,
        Some(fixed) => sent.is_some() && (asked || !fixed.derived),
        None => sent.is_some() || taken_out || (asked && field::at(&dotted).is_some()),
    }
}

fn moves_by_itself(change: &Change) -> bool {
    let has = |value: Option<View<'_>>| value.is_some_and(|value| !value.is_null());
    has(change.old_value()) && has(change.new_value()) && field::is_version(&change.path.dotted())
}

/// Whether a value holds no data: null, no sales-tracking codes, or an object of such values and read-only fields. The API
/// stores these for members that were not sent.
fn holds_no_data(path: &Path, value: View<'_>) -> bool {
    match value.kind() {
        ValueKind::Null => true,
        ValueKind::Array => path.is(field::CODES_PATH) && value.is_empty_array(),
        ValueKind::Object => {
            field::is_object(&path.dotted())
                && value.members().all(|(key, value)| {
                    let path = path.join(key.name());
                    field::read_only(&path.dotted()).is_some() || holds_no_data(&path, value)
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::edit::{Action, Edit, Edits};
    use super::super::plan::plan;
    use super::*;

    const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","primaryPhone":555,
        "customerReference":{"reference1":null,"salesTrackingCodes":null},"monthlyRecurringRevenue":1,"modifiedTimestamp":"a"}"#;

    fn differences(stored: &str) -> Vec<String> {
        differences_after("firstName", "John", stored)
    }

    fn differences_after(path: &str, text: &str, stored: &str) -> Vec<String> {
        let action = Action::Set(Json::string(text));
        let edit = Edit { path: Path::parse(path).unwrap(), action, given: String::new() };
        let plan = plan(Customer::parse(BEFORE).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap();
        let show = |value: &Option<Json>| value.as_ref().map_or("-", Json::text).to_string();
        verify(&plan, &Customer::parse(stored).unwrap())
            .differences
            .iter()
            .map(|d| format!("{} {} {} {}", d.path, d.asked, show(&d.sent), show(&d.stored)))
            .collect()
    }

    #[test]
    fn values_that_the_vendor_derives_or_adds_are_no_difference() {
        let stored = r#"{"id":7,"status":"Active","firstName":"J\u006fhn","lastName":"X","primaryPhone":"555",
            "customerReference":{"salesTrackingCodes":[]},"monthlyRecurringRevenue":2,"modifiedTimestamp":"b","geotabId":"7813"}"#;
        assert_eq!(differences(stored), [""; 0]);
    }

    #[test]
    fn null_and_vendor_members_of_a_created_object_are_no_difference() {
        let stored = |acquisition: &str| {
            let end = format!(r#","customerAcquisition":{acquisition}}}"#);
            format!("{}{end}", BEFORE.trim_end_matches('}'))
        };
        let after =
            |acquisition| differences_after("customerAcquisition.source", "web", &stored(acquisition));
        assert_eq!(after(r#"{"source":"web","medium":null,"id":7,"uri":"https://x"}"#), [""; 0]);
        assert_eq!(after(r#"{"source":"we","id":7}"#), [r#"customerAcquisition.source true "web" "we""#]);
        assert_eq!(after(r#"{"source":"web","medium":"tv"}"#), [r#"customerAcquisition.medium true - "tv""#]);
    }

    #[test]
    fn a_version_that_the_server_moves_is_no_difference_unless_it_is_lost() {
        let before = BEFORE.replacen('{', r#"{"rowVersion":7,"#, 1);
        let plan = super::super::plan::rewrite(
            Customer::parse(before.as_str()).unwrap(),
            vec![(Path::root("firstName"), Some(Json::string("John")))],
        )
        .unwrap();
        let holds = |version: &str| {
            let stored = plan.after.text().replace("\"rowVersion\":7", &format!("\"rowVersion\":{version}"));
            verify(&plan, &Customer::parse(stored).unwrap()).holds()
        };
        assert!(holds("8") && !holds("null"));
        let moved_on = Customer::parse(before.replace("\"rowVersion\":7", "\"rowVersion\":8")).unwrap();
        assert!(moved(&plan.before, &moved_on).is_empty());
    }

    #[test]
    fn unrequested_altered_and_lost_values_are_each_a_difference() {
        let stored =
            r#"{"id":7,"status":"Hold","firstName":"Joh","primaryPhone":555,"customerReference":{}}"#;
        assert_eq!(
            differences(stored),
            [r#"status false "Active" "Hold""#, r#"firstName true "John" "Joh""#, r#"lastName false "X" -"#]
        );
    }

    #[test]
    fn a_verdict_separates_requested_from_unrequested_differences() {
        let verdict = |asked: &[bool]| {
            let difference =
                |&asked: &bool| Difference { path: Path::root("x"), asked, sent: None, stored: None };
            let verdict = Verdict { differences: asked.iter().map(difference).collect() };
            (verdict.holds(), verdict.has_requested_values())
        };
        assert_eq!(verdict(&[]), (true, true));
        assert_eq!(verdict(&[false]), (false, true));
        assert_eq!(verdict(&[false, true]), (false, false));
    }

    #[test]
    fn a_null_or_empty_value_verifies_a_removed_member() {
        let before = r#"{"id":7,"status":"Active","primaryPhone":"5","customerAcquisition":{"source":"web"},
            "customerReference":{"salesTrackingCodes":[{"type":"A","code":"1"}]}}"#;
        let holds = |path: &str, stored: &str| {
            let taken_out = vec![(Path::parse(path).unwrap(), None)];
            let plan = super::super::plan::rewrite(Customer::parse(before).unwrap(), taken_out).unwrap();
            let text = match path.strip_prefix("customerReference.") {
                Some(name) => plan.after.text().replace("{}", &format!(r#"{{"{name}":{stored}}}"#)),
                None => plan.after.text().replacen('{', &format!(r#"{{"{path}":{stored},"#), 1),
            };
            verify(&plan, &Customer::parse(text).unwrap()).holds()
        };
        for nothing in ["null", "{}", r#"{"id":7}"#, r#"{"id":7,"source":null}"#] {
            assert!(holds("customerAcquisition", nothing), "{nothing}");
        }
        for something in [r#"{"source":"tv"}"#, r#"{"id":7,"source":"tv"}"#, "[]", "0", "\"\""] {
            assert!(!holds("customerAcquisition", something), "{something}");
        }
        assert!(holds("customerReference.salesTrackingCodes", "[]"));
        assert!(!holds("customerReference.salesTrackingCodes", r#"[{"type":"B","code":"2"}]"#));
        assert!(
            holds("primaryPhone", "null") && !holds("primaryPhone", "[]") && !holds("primaryPhone", "{}")
        );
    }
}
