//! Compares a customer that was just read with the plan of a write.

use crate::document::compare::same;
use crate::document::edit::EditError;
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::time::timestamp;
use crate::document::verify::{moved, verify};
use crate::document::{Change, Customer, Path, Plan, View};
use crate::error::Error;

/// Checks a customer after every read; fails if the PUT must not be based on it (`--expect`, a row's timestamp).
pub(crate) type Preconditions<'a> = &'a dyn Fn(&Customer) -> Result<(), Error>;

/// What a read of the customer shows about an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Every new value is stored, and every other value is unchanged.
    NewValues,
    /// Every new value is stored, and other values changed too.
    NewValuesAndOthers,
    /// Nothing was written since the plan was made, and the preconditions hold.
    OldValues,
    /// The old values are stored, but the customer may have been written since the plan, or a precondition fails.
    Modified,
    /// Neither the old values nor the new ones.
    Other,
    /// The customer could not be read, or no longer exists.
    Unreadable,
}

/// Compares the stored customer with the plan's before and after.
pub fn effect(plan: &Plan, stored: &Customer, preconditions: Preconditions<'_>) -> Effect {
    let verdict = verify(plan, stored);
    if verdict.holds() {
        return Effect::NewValues;
    }
    if moved(&plan.before, stored).is_empty() {
        let untouched = is_unmodified(&plan.before, stored) && preconditions(stored).is_ok();
        return if untouched { Effect::OldValues } else { Effect::Modified };
    }
    if verdict.has_requested_values() { Effect::NewValuesAndOthers } else { Effect::Other }
}

/// Whether `modifiedTimestamp` is the same in both documents; false if it is absent or null.
pub(crate) fn is_unmodified(before: &Customer, now: &Customer) -> bool {
    let path = Path::of("modifiedTimestamp");
    match (before.get(&path), now.get(&path)) {
        (Some(before), Some(now)) => !before.is_null() && (same(before, now) || same_moment(before, now)),
        _ => false,
    }
}

fn same_moment(one: View<'_>, other: View<'_>) -> bool {
    let moment = |view: View<'_>| view.as_text().and_then(|text| timestamp(&text));
    moment(one).is_some_and(|one| moment(other) == Some(one))
}

/// The result of basing an unsent plan on a new reading.
#[derive(Debug)]
pub enum Refresh {
    /// The stored text is byte for byte the plan's before.
    Same,
    /// The plan's changes, merged into the stored customer.
    Merged {
        plan: Box<Plan>,
        /// The other client's changes, which the merge keeps.
        carried: Vec<Change>,
    },
    /// Every change is stored already.
    Nothing,
    /// Both sides changed the same values.
    Conflicts(Vec<Conflict>),
    /// A precondition does not hold any more.
    Unmet(Error),
    /// The stored customer no longer has the object that a changed value belongs in.
    Unmergeable(EditError),
}

/// Rebases an unsent plan on the stored customer.
pub fn refresh(plan: &Plan, now: &Customer, preconditions: Preconditions<'_>) -> Refresh {
    if let Err(reason) = preconditions(now) {
        return Refresh::Unmet(reason);
    }
    if now.text() == plan.before.text() {
        return Refresh::Same;
    }
    match merge(plan, now) {
        Ok(Merge::Merged { plan, .. }) if plan.is_empty() => Refresh::Nothing,
        Ok(Merge::Merged { plan, carried }) => Refresh::Merged { plan, carried },
        Ok(Merge::Conflicts(conflicts)) => Refresh::Conflicts(conflicts),
        Err(reason) => Refresh::Unmergeable(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::plan::plan;
    use crate::document::{Action, Edit, Edits, Json};
    use crate::error::ErrorKind;

    const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","monthlyRecurringRevenue":1,"modifiedTimestamp":"2026-01-01T00:00:01"}"#;

    fn customer(changes: &[(&str, &str)]) -> Customer {
        let replaced = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        Customer::parse(changes.iter().fold(BEFORE.to_string(), replaced)).unwrap()
    }

    fn john() -> Plan {
        let action = Action::Set(Json::string("John"));
        let edit = Edit { path: Path::root("firstName"), action, given: String::new() };
        plan(customer(&[]), &Edits::check(vec![edit]).unwrap(), false).unwrap()
    }

    fn always(_: &Customer) -> Result<(), Error> {
        Ok(())
    }

    fn never(_: &Customer) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Conflict, "no"))
    }

    const ASKED: (&str, &str) = ("Jon", "John");
    const MOVED: (&str, &str) = ("00:01", "00:02");

    #[test]
    fn an_effect_is_read_off_the_stored_customer() {
        for (changes, expected) in [
            (&[ASKED, MOVED][..], Effect::NewValues),
            (&[ASKED, MOVED, ("X", "Y")], Effect::NewValuesAndOthers),
            (&[], Effect::OldValues),
            (&[("00:01\"", "00:01.000Z\"")], Effect::OldValues),
            (&[("Revenue\":1", "Revenue\":2")], Effect::OldValues),
            (&[MOVED], Effect::Modified),
            (&[("\"2026-01-01T00:00:01\"", "null")], Effect::Modified),
            (&[("X", "Y")], Effect::Other),
            (&[("Jon", "Jim"), MOVED], Effect::Other),
        ] {
            assert_eq!(effect(&john(), &customer(changes), &always), expected, "{changes:?}");
        }
    }

    #[test]
    fn old_values_that_fail_the_preconditions_count_as_modified() {
        assert_eq!(effect(&john(), &customer(&[]), &never), Effect::Modified);
        assert_eq!(effect(&john(), &customer(&[ASKED]), &never), Effect::NewValues);
    }

    #[test]
    fn old_values_without_a_timestamp_count_as_modified() {
        let end = (r#","modifiedTimestamp":"2026-01-01T00:00:01""#, "");
        let plan = Plan { before: customer(&[end]), ..john() };
        assert_eq!(effect(&plan, &customer(&[end]), &always), Effect::Modified);
    }

    #[test]
    fn a_plan_is_refreshed_against_the_stored_customer() {
        let fresh = |changes: &[(&str, &str)]| refresh(&john(), &customer(changes), &always);
        assert!(matches!(fresh(&[]), Refresh::Same));
        assert!(matches!(fresh(&[ASKED, MOVED]), Refresh::Nothing));
        assert!(matches!(fresh(&[("Jon", "Jim")]), Refresh::Conflicts(_)));
        assert!(matches!(refresh(&john(), &customer(&[]), &never), Refresh::Unmet(_)));
        let Refresh::Merged { plan, carried } = fresh(&[("X", "Y"), MOVED]) else { panic!("it merges") };
        assert_eq!(plan.after.text(), customer(&[ASKED, ("X", "Y"), MOVED]).text());
        assert_eq!(carried.len(), 1);
    }
}
