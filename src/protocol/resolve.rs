//! Resolves an entry without an outcome by comparing its plan with the stored customer.

use super::compare::is_unmodified;
use crate::document::verify::{Difference, moved, verify};
use crate::document::{Customer, Path, Plan};

/// How an entry without an outcome is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The new values are stored.
    Written,
    /// The new values are stored, and other values changed too.
    Differs,
    /// The customer is unmodified since the intent. The server may still apply a late request.
    NotWritten,
    /// Later entries of this machine wrote all of this entry's paths, so the stored values prove nothing about it.
    Superseded,
    /// The new values are not stored, and the customer was modified since: no proof either way.
    Unknown,
    /// The customer does not exist any more.
    Gone,
}

/// Resolves an entry. `stored` is `None` if the API has no such customer. `later` are the paths whose stored value may
/// come from a later entry of this machine (`Store::paths_written_later`): such a value is no difference and proves no write.
pub fn resolve(plan: &Plan, stored: Option<&Customer>, later: &[Path]) -> Resolution {
    let Some(stored) = stored else { return Resolution::Gone };
    let is_later = |path: &Path| later.iter().any(|wrote| wrote.covers(path));
    if plan.replaced.iter().all(|change| is_later(&change.path)) {
        return Resolution::Superseded;
    }
    let verdict = verify(plan, stored);
    if verdict.has_requested_values() {
        let is_theirs = |difference: &Difference| is_later(&difference.path);
        return if verdict.differences.iter().all(is_theirs) {
            Resolution::Written
        } else {
            Resolution::Differs
        };
    }
    // Old values alone prove nothing: the change may have been stored and reverted since.
    if moved(&plan.before, stored).is_empty() && is_unmodified(&plan.before, stored) {
        return Resolution::NotWritten;
    }
    Resolution::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::plan::plan;
    use crate::document::{Action, Edit, Edits, Json};

    const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","modifiedTimestamp":"2026-01-01T00:00:01"}"#;

    #[test]
    fn an_entry_is_resolved_by_the_stored_customer() {
        let action = Action::Set(Json::string("John"));
        let edit = Edit { path: Path::root("firstName"), action, given: String::new() };
        let plan = plan(Customer::parse(BEFORE).unwrap(), &Edits::check(vec![edit]).unwrap(), false).unwrap();
        let resolved = |changes: &[(&str, &str)], later: &[Path]| {
            let text = changes.iter().fold(BEFORE.to_string(), |text, (from, to)| text.replace(from, to));
            resolve(&plan, Some(&Customer::parse(text).unwrap()), later)
        };
        let (asked, moved, other) = (("Jon", "John"), ("00:01", "00:02"), ("X", "Y"));
        assert_eq!(resolved(&[asked, moved], &[]), Resolution::Written);
        assert_eq!(resolved(&[asked, moved, other], &[]), Resolution::Differs);
        assert_eq!(resolved(&[asked, moved, other], &[Path::root("lastName")]), Resolution::Written);
        assert_eq!(resolved(&[], &[]), Resolution::NotWritten);
        assert_eq!(resolved(&[moved], &[]), Resolution::Unknown);
        assert_eq!(resolved(&[("Jon", "Jim"), moved], &[]), Resolution::Unknown);
        // A later entry made the same change, so that its value proves nothing of this one.
        let same = [Path::root("firstName")];
        assert_eq!(resolved(&[asked, moved], &same), Resolution::Superseded);
        assert_eq!(resolved(&[("Jon", "Jim"), moved], &same), Resolution::Superseded);
        assert_eq!(resolve(&plan, None, &same), Resolution::Gone);
    }
}
