//! The results of a run's rows, one line each, and their counts. The format is described in docs/bulk.md.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::action::RowAction;
use crate::document::json::on_one_line;
use crate::document::{Change, Json};
use crate::error::{Error, ErrorKind};

/// How a row ended. Its line of JSON is a line of the run's results.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowResult {
    pub row: u64,
    pub customer: u64,
    pub outcome: Outcome,
    #[serde(default)]
    pub changes: Vec<Change>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many times the PUT was sent.
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The status action of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The price of the action that was agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    /// It was written and verified.
    Written,
    /// The customer already was as asked.
    Unchanged,
    /// The customer is not as planned any more; nothing was written.
    Conflict,
    /// The API refused it; nothing was written.
    Refused,
    NotFound,
    /// The API refused the key; nothing was written.
    Credentials,
    /// It failed in another way; nothing was written.
    Failed,
    /// It was written, but other values are stored.
    Differs,
    /// It was sent, and whether it was written is unknown.
    Unknown,
    /// It was sent, and whether it was written cannot be found out any more.
    Undecided,
    /// The run ended before it.
    NotReached,
}

/// Every outcome, in the order in which counts are shown.
pub const OUTCOMES: &[Outcome] = Outcome::VARIANTS;

impl Outcome {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn succeeded(self) -> bool {
        matches!(self, Outcome::Written | Outcome::Unchanged)
    }

    pub(crate) fn is_written(self) -> bool {
        matches!(self, Outcome::Written | Outcome::Differs)
    }

    /// Whether the same row may end differently: nothing was written, or whether it was is unknown.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Outcome::Credentials | Outcome::Failed | Outcome::Unknown | Outcome::NotReached)
    }

    pub(crate) fn may_be_retried(self) -> bool {
        self.is_open() || matches!(self, Outcome::Conflict | Outcome::Refused | Outcome::NotFound)
    }

    pub(crate) fn of(kind: ErrorKind) -> Outcome {
        match kind {
            ErrorKind::Conflict => Outcome::Conflict,
            ErrorKind::Refused => Outcome::Refused,
            ErrorKind::NotFound => Outcome::NotFound,
            ErrorKind::Credentials => Outcome::Credentials,
            ErrorKind::Differs => Outcome::Differs,
            ErrorKind::Unknown => Outcome::Unknown,
            _ => Outcome::Failed,
        }
    }
}

impl RowResult {
    pub fn ended(row: u64, customer: u64, outcome: Outcome) -> RowResult {
        RowResult {
            row,
            customer,
            outcome,
            changes: Vec::new(),
            error: None,
            attempts: 0,
            entry: None,
            action: None,
            total: None,
            currency: None,
        }
    }

    /// With the action of the row.
    #[must_use]
    pub(crate) fn of_action(self, action: Option<&RowAction>) -> RowResult {
        let Some(RowAction { action, total, currency, .. }) = action else { return self };
        let currency = currency.clone().filter(|_| total.is_some());
        RowResult { action: Some(action.to_string()), total: total.clone(), currency, ..self }
    }

    pub(crate) fn failed(row: u64, customer: u64, error: &Error) -> RowResult {
        let message = std::iter::once(error.headline()).chain(error.details.iter().cloned());
        let (outcome, error) = (Outcome::of(error.kind), Some(message.collect::<Vec<_>>().join("; ")));
        RowResult { error, ..RowResult::ended(row, customer, outcome) }
    }

    /// As a row of CSV under `HEADER`.
    pub fn cells(&self) -> Vec<String> {
        let shown = |value: &Option<Json>| {
            value.as_ref().map_or_else(|| "(absent)".to_string(), |value| on_one_line(value.text()))
        };
        let change = |change: &Change| {
            format!("{}: {} -> {}", change.path, shown(&change.before), shown(&change.after))
        };
        vec![
            self.row.to_string(),
            self.customer.to_string(),
            self.outcome.name().to_string(),
            self.changes.iter().map(change).collect::<Vec<_>>().join("\n"),
            self.error.clone().unwrap_or_default(),
            self.attempts.to_string(),
            self.entry.clone().unwrap_or_default(),
            self.action.clone().unwrap_or_default(),
            self.total.as_ref().map(Json::text).unwrap_or_default().to_string(),
            self.currency.clone().unwrap_or_default(),
        ]
    }
}

pub(crate) const HEADER: [&str; 10] =
    ["row", "customer", "outcome", "changes", "error", "attempts", "entry", "action", "total", "currency"];

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts(BTreeMap<Outcome, u64>);

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        self.add_many(outcome, 1);
    }

    pub(crate) fn add_many(&mut self, outcome: Outcome, count: u64) {
        if count > 0 {
            *self.0.entry(outcome).or_default() += count;
        }
    }

    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or_default()
    }

    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }

    /// The rows whose outcome is neither `written` nor `unchanged`.
    pub fn not_succeeded(&self) -> u64 {
        self.0.iter().filter(|(outcome, _)| !outcome.succeeded()).map(|(_, count)| count).sum()
    }

    /// "12 written, 3 unchanged, 1 failed".
    pub(crate) fn sentence(&self) -> String {
        let parts: Vec<String> =
            self.0.iter().map(|(outcome, count)| format!("{count} {}", outcome.name())).collect();
        if parts.is_empty() { "no rows".to_string() } else { parts.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::plan_file::json_line;

    #[test]
    fn counts_add_up_and_read_as_a_sentence() {
        let mut counts = Counts::default();
        assert_eq!(counts.sentence(), "no rows");
        [Outcome::Failed, Outcome::Written, Outcome::Written]
            .into_iter()
            .for_each(|outcome| counts.add(outcome));
        counts.add_many(Outcome::NotReached, 5);
        assert_eq!(counts.sentence(), "2 written, 1 failed, 5 not-reached");
        assert_eq!((counts.all(), counts.not_succeeded()), (8, 6));
    }

    #[test]
    fn a_row_reads_back_from_its_line() {
        let error = Error::new(ErrorKind::Unknown, "lost").detail(["twice".to_string()]);
        let line = json_line(&RowResult::failed(3, 7, &error));
        assert_eq!(
            line,
            "{\"row\":3,\"customer\":7,\"outcome\":\"unknown\",\"changes\":[],\"error\":\"lost; twice\",\"attempts\":0}\n"
        );
        let again: RowResult = serde_json::from_str(&line).unwrap();
        assert_eq!(again.cells(), ["3", "7", "unknown", "", "lost; twice", "0", "", "", "", ""]);
    }

    #[test]
    fn a_row_that_failed_says_how() {
        let outcome = |kind| RowResult::failed(1, 7, &Error::new(kind, "no")).outcome.name();
        let kinds = [
            (ErrorKind::Conflict, "conflict"),
            (ErrorKind::Refused, "refused"),
            (ErrorKind::NotFound, "not-found"),
            (ErrorKind::Credentials, "credentials"),
            (ErrorKind::Differs, "differs"),
            (ErrorKind::Unknown, "unknown"),
            (ErrorKind::Failed, "failed"),
        ];
        for (kind, name) in kinds {
            assert_eq!(outcome(kind), name);
        }
    }

    #[test]
    fn adding_zero_rows_leaves_the_counts_at_their_default() {
        let mut counts = Counts::default();
        counts.add_many(Outcome::Failed, 0);
        assert_eq!(counts, Counts::default());
    }

    #[test]
    fn a_change_of_a_row_stays_on_one_line_and_null_is_not_absent() {
        let after = Some(Json::parse("[1,\n2]").unwrap());
        let change = |before| Change { path: crate::document::Path::root("a"), before, after: after.clone() };
        let changes = vec![change(None), change(Some(Json::null()))];
        let result = RowResult { changes, ..RowResult::ended(1, 7, Outcome::Written) };
        let again: RowResult = serde_json::from_str(&json_line(&result)).unwrap();
        assert_eq!(json_line(&result).matches('\n').count(), 1);
        assert_eq!(again.cells()[3], "a: (absent) -> [1, 2]\na: null -> [1, 2]");
    }
}
