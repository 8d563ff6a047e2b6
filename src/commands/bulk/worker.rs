//! One row, carried out the way every single edit is: read, planned, noted, written, verified.

use super::super::conflict::conflict;
use super::super::customer_history::UNDECIDED;
use super::super::lookup::check_still_matches;
use super::super::session::{Session, lock};
use super::super::write::Writer;
use super::act;
use crate::api::Client;
use crate::bulk::UnsettableValue;
use crate::bulk::action::RowAction;
use crate::bulk::base::merged;
use crate::bulk::plan_file::Planned;
use crate::bulk::respelled::{respelled, shown};
use crate::bulk::result::{Outcome, RowResult};
use crate::document::merge::{Conflict, Merge};
use crate::document::plan::plan;
use crate::document::undo::{Undo, undo};
use crate::document::{Change, Customer, EditError, Edits, Json, Path, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::compare::is_unmodified;
use crate::report::outcome::JsonReport;
use crate::search::CustomerName;
use crate::store::{Entry, Origin, Run, RunKind, RunRow, Store};

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) row: u64,
    pub(super) customer: u64,
    pub(super) name: CustomerName,
    /// What the customer must hold.
    pub(super) fixed: Vec<UnsettableValue>,
    /// The customer before an attempt that may have been written and corrected since.
    pub(super) attempted: Option<Customer>,
    pub(super) task: Task,
    /// Whether the user agreed to the status action of the task.
    pub(super) agreed: bool,
}

impl Job {
    pub(super) fn of(row: u64, customer: u64, task: Task) -> Job {
        let name = CustomerName::Id(customer);
        Job { row, customer, name, fixed: Vec::new(), attempted: None, task, agreed: false }
    }

    /// A row with an action asks for more requests at once.
    pub(super) fn client(&self, client: Client) -> Client {
        if let Task::Action(_) = self.task { client.for_actions() } else { client }
    }

    /// Whether a change would be sent, unless it turns out that the customer has the values already.
    pub(super) fn would_write(&self) -> bool {
        match &self.task {
            Task::Edits { edits, .. } => !edits.is_empty(),
            Task::Planned(line) => line.changes_something(),
            Task::Undo(_) => true,
            Task::Action(row) => self.agreed && row.is_ready() && !row.is_done(),
        }
    }

    pub(super) fn refuse_another(&self, now: &Customer) -> Result<()> {
        check_still_matches(&self.name, now)?;
        if self.attempted.as_ref().is_some_and(|before| !is_unmodified(before, now)) {
            return Err(Error::new(ErrorKind::Conflict, UNDECIDED));
        }
        let moved: Vec<&UnsettableValue> = self.fixed.iter().filter(|fixed| !fixed.holds(now)).collect();
        if moved.is_empty() {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Conflict, "the customer is not as the row has it");
        Err(error
            .step(format!("planning customer {}", now.id()))
            .detail(moved.into_iter().map(|fixed| fixed.moved("row", now))))
    }
}

#[derive(Debug, Clone)]
pub(super) enum Task {
    Edits { edits: Edits, base: Vec<(Path, Json)>, guarded: Vec<Path> },
    Planned(Box<Planned>),
    Undo(Box<Entry>),
    Action(Box<RowAction>),
}

impl Task {
    /// The customer of such a task need not be read.
    pub(super) fn needs_no_read(&self) -> bool {
        match self {
            Task::Edits { edits, .. } => edits.is_empty(),
            Task::Planned(line) => line.needs_no_read(),
            Task::Undo(_) | Task::Action(_) => false,
        }
    }
}

/// `Interrupted` if the pool was stopped before the row was written.
pub(super) fn write_row(
    job: &Job,
    run: &Run<'_>,
    client: &Client,
    session: &Session<'_>,
) -> Result<RowResult> {
    let mut result = RowResult::ended(job.row, job.customer, Outcome::Unchanged);
    if job.task.needs_no_read() {
        return Ok(result);
    }
    if let Task::Action(row) = &job.task {
        result = result.of_action(Some(row));
        if let Some(unsent) = act::unsent(job, row) {
            return Ok(unsent.of_action(Some(row)));
        }
    }
    match write(job, run, client, session, &mut result) {
        Ok(outcome) => Ok(RowResult { outcome, ..result }),
        Err(error) if error.kind == ErrorKind::Interrupted => Err(error),
        Err(error) => {
            let modified = job.attempted.is_some() && error.kind == ErrorKind::Conflict;
            let RowResult { outcome, error, .. } = RowResult::failed(job.row, job.customer, &error);
            let outcome = if modified { Outcome::Undecided } else { outcome };
            Ok(RowResult { outcome, error, ..result })
        }
    }
}

fn write(
    job: &Job,
    run: &Run<'_>,
    client: &Client,
    session: &Session<'_>,
    result: &mut RowResult,
) -> Result<Outcome> {
    let (store, about, account) = (session.store()?, &run.about, &session.account);
    // Each row has a result; a line on every retry of every row would hide them.
    let notes = session.terminal.notes().with_quiet();
    // A row that waited too long for another process has failed, and is tried again when the run is resumed.
    let lock = lock(store, client, job.customer, notes).map_err(|error| match error.kind {
        ErrorKind::Conflict => Error { kind: ErrorKind::Failed, ..error },
        _ => error,
    })?;
    let before = client.get(job.customer)?;
    job.refuse_another(&before)?;
    let writer = Writer {
        client,
        store: Some(store),
        origin: Origin {
            profile: account.profile.clone(),
            host: account.origin.clone(),
            command: match about.kind {
                RunKind::Update => "customer bulk update",
                RunKind::Apply => "customer bulk apply",
                RunKind::Undo => "customer bulk undo",
            },
            undoes: match &job.task {
                Task::Undo(entry) => Some(entry.entry.clone()),
                Task::Edits { .. } | Task::Planned(_) | Task::Action(_) => None,
            },
            row: Some(RunRow { run: about.run.clone(), row: job.row }),
        },
        reads_again: about.reads_again,
        preconditions: &|now: &Customer| job.refuse_another(now),
        signals: &session.signals,
        notes,
    };
    if let Task::Action(row) = &job.task {
        return act::send(row, before, &writer, result);
    }
    let plan = planned(&job.task, before, about.new_fields, store)?;
    if plan.is_empty() {
        return Ok(Outcome::Unchanged);
    }
    result.changes = plan.changes.clone();
    let mut json = JsonReport::default();
    let done = writer.write(plan, &mut json);
    drop(lock);
    result.attempts = json.attempts;
    result.entry = json.entry;
    let done = done?;
    result.changes = done.plan.changes;
    Ok(if done.written { Outcome::Written } else { Outcome::Unchanged })
}

pub(super) fn planned(task: &Task, now: Customer, new_fields: bool, store: &Store) -> Result<Plan> {
    let id = now.id();
    let step = format!("planning customer {id}");
    let unplanned = |reason: String| Error::new(ErrorKind::Failed, reason).step(&step);
    let refused = |reason: EditError| unplanned(reason.without_flag());
    let moved = |message: &str, conflicts: &[Conflict]| {
        Error::new(ErrorKind::Conflict, message).step(&step).detail(conflicts.iter().map(conflict))
    };
    match task {
        Task::Edits { edits, base, guarded } => {
            let plan = if base.is_empty() {
                plan(now, edits, new_fields).map_err(refused)?
            } else {
                match merged(&now, edits, base, new_fields).map_err(refused)? {
                    Merge::Merged { plan, .. } => *plan,
                    Merge::Conflicts(conflicts) => {
                        return Err(moved("fields of it changed since the export", &conflicts));
                    }
                }
            };
            refuse_respelled(&plan, guarded).map_err(|error| error.step(&step))?;
            Ok(plan)
        }
        Task::Planned(line) => {
            if let Some(reason) = &line.error {
                return Err(unplanned(format!("it was not planned: {reason}")));
            }
            match line.merge(&now).map_err(unplanned)? {
                Merge::Merged { plan, .. } => Ok(*plan),
                Merge::Conflicts(conflicts) => Err(moved("fields of it changed since the plan", &conflicts)),
            }
        }
        Task::Action(row) => Err(unplanned(format!("`{}` is not a change of fields", row.action))),
        Task::Undo(entry) => {
            let (done, stored) = (store.plan(entry)?, store.stored(entry)?);
            match undo(&done, stored.as_ref(), &now).map_err(refused)? {
                Undo::Restored(plan) => Ok(*plan),
                Undo::Moved(conflicts) => Err(moved("fields of it were changed again since", &conflicts)),
            }
        }
    }
}

fn refuse_respelled(plan: &Plan, guarded: &[Path]) -> Result<()> {
    let how = |change: &Change| {
        let old = change.old_value().filter(|old| !old.is_null())?.text_or_token();
        let new = change.new_value().filter(|new| !new.is_null())?.text_or_token();
        let how = respelled(&old, &new)?;
        Some(format!("`{}`: {}", change.path, shown(&old, &new, how)))
    };
    let found: Vec<String> =
        plan.changes.iter().filter(|change| guarded.contains(&change.path)).filter_map(how).collect();
    if found.is_empty() {
        return Ok(());
    }
    let message = "a value differs from the stored one only as a spreadsheet respells it";
    Err(Error::new(ErrorKind::Refused, message).detail(found))
}
