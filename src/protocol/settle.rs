//! What became of a write that has no outcome, by what is stored now.

use super::compare::is_unmodified;
use crate::document::verify::{Difference, moved, verify};
use crate::document::{Customer, Path, Plan};

/// How an entry without an outcome is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// What was asked for is stored.
    Written,
    /// What was asked for is stored, and other values are not as they were.
    Differs,
    /// Nothing was written since the entry began. A request that is still under way may yet be applied.
    NotWritten,
    /// It cannot be told, and later entries of this machine wrote all of its values.
    Superseded,
    /// It cannot be told: the values are the old ones or others', and the customer was modified since.
    Unknown,
    /// The customer is not there any more.
    Gone,
}

/// Settles an entry by the customer as it is now; none if the API has no such customer.
///
/// `later` are the paths that later entries of this machine wrote. What is stored there is theirs: it is no difference of
/// this entry, and does not prove that this entry was written.
pub fn settle(plan: &Plan, stored: Option<&Customer>, later: &[Path]) -> Settled {
    let Some(stored) = stored else { return Settled::Gone };
    let is_later = |path: &Path| later.iter().any(|wrote| wrote.covers(path));
    if plan.replaced.iter().all(|change| is_later(&change.path)) {
        return Settled::Superseded;
    }
    let verdict = verify(plan, stored);
    if verdict.has_what_was_asked() {
        let is_theirs = |difference: &Difference| is_later(&difference.path);
        return if verdict.differences.iter().all(is_theirs) { Settled::Written } else { Settled::Differs };
    }
    // Old values alone prove nothing: the change may have been stored and taken back since.
    if moved(&plan.before, stored).is_empty() && is_unmodified(&plan.before, stored) {
        return Settled::NotWritten;
    }
    Settled::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::plan::plan;
    use crate::document::{Action, Edit, Edits, Json};

    const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","modifiedTimestamp":"2026-01-01T00:00:01"}"#;

    #[test]
    fn an_entry_is_settled_by_what_is_stored() {
        let action = Action::Set(Json::string("John"));
        let edit = Edit { path: Path::root("firstName"), action, given: String::new() };
        let plan = plan(Customer::parse(BEFORE).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap();
        let settled = |changes: &[(&str, &str)], later: &[Path]| {
            let text = changes.iter().fold(BEFORE.to_string(), |text, (from, to)| text.replace(from, to));
            settle(&plan, Some(&Customer::parse(text).unwrap()), later)
        };
        let (asked, moved, other) = (("Jon", "John"), ("00:01", "00:02"), ("X", "Y"));
        assert_eq!(settled(&[asked, moved], &[]), Settled::Written);
        assert_eq!(settled(&[asked, moved, other], &[]), Settled::Differs);
        assert_eq!(settled(&[asked, moved, other], &[Path::root("lastName")]), Settled::Written);
        assert_eq!(settled(&[], &[]), Settled::NotWritten);
        assert_eq!(settled(&[moved], &[]), Settled::Unknown);
        assert_eq!(settled(&[("Jon", "Jim"), moved], &[]), Settled::Unknown);
        // A later entry made the same change, so that its value proves nothing of this one.
        let same = [Path::root("firstName")];
        assert_eq!(settled(&[asked, moved], &same), Settled::Superseded);
        assert_eq!(settled(&[("Jon", "Jim"), moved], &same), Settled::Superseded);
        assert_eq!(settle(&plan, None, &same), Settled::Gone);
    }
}
