//! Compares a customer that was just read with the plan of a write.

use crate::document::compare::same;
use crate::document::edit::EditError;
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::time::timestamp;
use crate::document::verify::{moved, verify};
use crate::document::{Change, Customer, Path, Plan, View};
use crate::error::Error;

/// Checks the customer that a PUT is based on, after every reading.
pub(crate) type Preconditions<'a> = &'a dyn Fn(&Customer) -> Result<(), Error>;

/// The effect of an attempt, from a reading of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Every new value is stored, and every other value is unchanged.
    AsAsked,
    /// Every new value is stored, and other values changed too.
    AsAskedAndMore,
    /// Nothing was written since the plan was made, and the preconditions hold.
    AsBefore,
    /// The values are the old ones, but the customer may have been written in between, or a precondition failed.
    Modified,
    /// Neither the old values nor the new ones.
    Other,
    /// The customer could not be read, or does not exist any more.
    Unreadable,
}

/// Compares the stored customer with both sides of a plan that may have been sent.
pub fn effect(plan: &Plan, stored: &Customer, preconditions: Preconditions<'_>) -> Effect {
    let verdict = verify(plan, stored);
    if verdict.holds() {
        return Effect::AsAsked;
    }
    if moved(&plan.before, stored).is_empty() {
        let untouched = is_unmodified(&plan.before, stored) && preconditions(stored).is_ok();
        return if untouched { Effect::AsBefore } else { Effect::Modified };
    }
    if verdict.has_what_was_asked() { Effect::AsAskedAndMore } else { Effect::Other }
}

/// Whether the customer was not written between two readings; false without a timestamp, which alone shows it.
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
    /// The plan was made from this very text.
    Same,
    /// Our changes on what is stored now.
    Merged {
        /// From the stored customer to the one to send.
        plan: Box<Plan>,
        /// Their changes, which stay.
        carried: Vec<Change>,
    },
    /// Every change is stored already.
    Nothing,
    /// Both sides changed the same values.
    Conflicts(Vec<Conflict>),
    /// A precondition does not hold any more.
    Unmet(Error),
    /// The stored customer has no place for our changes any more.
    Unmergeable(EditError),
}

/// Bases a plan on the customer as it is now.
pub fn refresh(plan: &Plan, now: &Customer, preconditions: Preconditions<'_>) -> Refresh {
    if let Err(why) = preconditions(now) {
        return Refresh::Unmet(why);
    }
    if now.text() == plan.before.text() {
        return Refresh::Same;
    }
    match merge(plan, now) {
        Ok(Merge::Merged { plan, .. }) if plan.is_empty() => Refresh::Nothing,
        Ok(Merge::Merged { plan, carried }) => Refresh::Merged { plan, carried },
        Ok(Merge::Conflicts(conflicts)) => Refresh::Conflicts(conflicts),
        Err(why) => Refresh::Unmergeable(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::plan::plan;
    use crate::document::{Action, Edit, Edits, Json};
    use crate::error::Kind;

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
        Err(Error::new(Kind::Conflict, "no"))
    }

    const ASKED: (&str, &str) = ("Jon", "John");
    const MOVED: (&str, &str) = ("00:01", "00:02");

    #[test]
    fn an_effect_is_read_off_the_stored_customer() {
        for (changes, expected) in [
            (&[ASKED, MOVED][..], Effect::AsAsked),
            (&[ASKED, MOVED, ("X", "Y")], Effect::AsAskedAndMore),
            (&[], Effect::AsBefore),
            (&[("00:01\"", "00:01.000Z\"")], Effect::AsBefore),
            (&[("Revenue\":1", "Revenue\":2")], Effect::AsBefore),
            (&[MOVED], Effect::Modified),
            (&[("\"2026-01-01T00:00:01\"", "null")], Effect::Modified),
            (&[("X", "Y")], Effect::Other),
            (&[("Jon", "Jim"), MOVED], Effect::Other),
        ] {
            assert_eq!(effect(&john(), &customer(changes), &always), expected, "{changes:?}");
        }
    }

    #[test]
    fn what_no_longer_meets_the_preconditions_is_not_as_before() {
        assert_eq!(effect(&john(), &customer(&[]), &never), Effect::Modified);
        assert_eq!(effect(&john(), &customer(&[ASKED]), &never), Effect::AsAsked);
    }

    #[test]
    fn without_a_timestamp_nothing_is_as_before() {
        let end = (r#","modifiedTimestamp":"2026-01-01T00:00:01""#, "");
        let plan = Plan { before: customer(&[end]), ..john() };
        assert_eq!(effect(&plan, &customer(&[end]), &always), Effect::Modified);
    }

    #[test]
    fn a_plan_is_based_on_what_is_stored_now() {
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
