//! What the status of a stored customer says of an action that was sent, or may have been.

use super::{StatusAction, status};
use crate::document::{Customer, Path, Plan};
use crate::protocol::compare::{Effect, is_unmodified};
use crate::protocol::resolve::Resolution;

/// Compares the stored customer with both sides of an action. A status that is reached proves that the action was done,
/// by this request or by another client.
pub fn effect(action: StatusAction, plan: &Plan, stored: &Customer) -> Effect {
    let now = status(stored);
    if action.reaches(&now) {
        return Effect::NewValues;
    }
    match now == status(&plan.before) {
        true if is_unmodified(&plan.before, stored) => Effect::OldValues,
        true => Effect::Modified,
        false => Effect::Other,
    }
}

/// Settles an entry of an action by the status; none if that is too early. A request that was lost may still be on its
/// way, so the old status shows that nothing was done only after some time (`is_old`).
pub fn resolve(plan: &Plan, stored: Option<&Customer>, later: &[Path], is_old: bool) -> Option<Resolution> {
    let Some(stored) = stored else { return Some(Resolution::Gone) };
    if later.iter().any(|path| path.is("status")) {
        return Some(Resolution::Superseded);
    }
    let (before, now) = (status(&plan.before), status(stored));
    // What an un-cancelled customer becomes is not documented.
    if now == status(&plan.after) || before == "Cancelled" && now != before {
        return Some(Resolution::Written);
    }
    if now != before || !is_unmodified(&plan.before, stored) {
        return Some(Resolution::Unknown);
    }
    is_old.then_some(Resolution::NotWritten)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(status: &str, version: u8) -> Customer {
        let text =
            format!(r#"{{"id":7,"status":"{status}","modifiedTimestamp":"2026-01-01T00:00:0{version}"}}"#);
        Customer::parse(text).unwrap()
    }

    #[test]
    fn status_and_version_decide_the_effect_of_an_action() {
        let plan = StatusAction::Hold.plan(customer("Active", 1)).unwrap();
        for (status, version, expected) in [
            ("Hold", 2, Effect::NewValues),
            ("Active", 1, Effect::OldValues),
            ("Active", 2, Effect::Modified),
            ("Cancelled", 2, Effect::Other),
        ] {
            assert_eq!(effect(StatusAction::Hold, &plan, &customer(status, version)), expected, "{status}");
        }
        let plan = StatusAction::Uncancel.plan(customer("Cancelled", 1)).unwrap();
        assert_eq!(effect(StatusAction::Uncancel, &plan, &customer("Hold", 2)), Effect::NewValues);
    }

    #[test]
    fn an_old_status_resolves_only_an_old_entry() {
        let plan = StatusAction::Hold.plan(customer("Active", 1)).unwrap();
        let resolved = |stored: &Customer, is_old| resolve(&plan, Some(stored), &[], is_old);
        assert_eq!(resolved(&customer("Hold", 2), false), Some(Resolution::Written));
        assert_eq!(resolved(&customer("Active", 1), false), None);
        assert_eq!(resolved(&customer("Active", 1), true), Some(Resolution::NotWritten));
        assert_eq!(resolved(&customer("Active", 2), true), Some(Resolution::Unknown));
        let later = [Path::of("status")];
        assert_eq!(resolve(&plan, Some(&customer("Hold", 2)), &later, true), Some(Resolution::Superseded));
        assert_eq!(resolve(&plan, None, &[], true), Some(Resolution::Gone));
    }
}
