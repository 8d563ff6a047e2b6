//! One row, carried out the way every single edit is: read, planned, noted, written, verified.

use std::cell::Cell;

use super::super::conflict::conflict;
use super::super::lookup::still_named;
use super::super::session::{Session, lock};
use super::super::write::Writer;
use super::worker_pool::WorkerPool;
use crate::bulk::Fixed;
use crate::bulk::plan_file::Planned;
use crate::bulk::result::{Outcome, RowResult};
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::{plan, rewrite};
use crate::document::undo::{Undo, undo};
use crate::document::{Customer, EditError, Edits, Plan};
use crate::error::{Error, Kind, Result};
use crate::report::outcome::Facts;
use crate::search::CustomerName;
use crate::store::{Entry, Origin, Run, RunKind, RunRow, Store};

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) row: u64,
    pub(super) customer: u64,
    pub(super) name: CustomerName,
    /// What the customer must hold.
    pub(super) fixed: Vec<Fixed>,
    pub(super) task: Task,
}

impl Job {
    pub(super) fn of(row: u64, customer: u64, task: Task) -> Job {
        Job { row, customer, name: CustomerName::Id(customer), fixed: Vec::new(), task }
    }

    pub(super) fn refuse_another(&self, now: &Customer) -> Result<()> {
        still_named(&self.name, now)?;
        let moved: Vec<&Fixed> = self.fixed.iter().filter(|fixed| !fixed.holds(now)).collect();
        if moved.is_empty() {
            return Ok(());
        }
        let error = Error::new(Kind::Conflict, "the customer is not as the row has it");
        Err(error
            .at(format!("planning customer {}", now.id()))
            .detail(moved.into_iter().map(|fixed| fixed.moved(now))))
    }
}

#[derive(Debug, Clone)]
pub(super) enum Task {
    Edits(Edits),
    Planned(Box<Planned>),
    Undo(Box<Entry>),
}

impl Task {
    /// The customer of such a task need not be read.
    pub(super) fn asks_nothing(&self) -> bool {
        match self {
            Task::Edits(edits) => edits.is_empty(),
            Task::Planned(line) => line.edits.is_empty() && line.before.is_none() && line.error.is_none(),
            Task::Undo(_) => false,
        }
    }
}

pub(super) struct Worker<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) pool: &'a WorkerPool<'a>,
    pub(super) store: &'a Store,
    pub(super) session: &'a Session<'a>,
}

impl Worker<'_> {
    /// `Interrupted` if the pool was stopped before the row was written.
    pub(super) fn carry_out(&self, job: &Job) -> Result<RowResult> {
        let mut result = RowResult::ended(job.row, job.customer, Outcome::Unchanged);
        if job.task.asks_nothing() {
            return Ok(result);
        }
        match self.write(job, &mut result) {
            Ok(outcome) => Ok(RowResult { outcome, ..result }),
            Err(error) if error.kind == Kind::Interrupted => Err(error),
            Err(error) => {
                let RowResult { outcome, error, .. } = RowResult::failed(job.row, job.customer, &error);
                Ok(RowResult { outcome, error, ..result })
            }
        }
    }

    fn write(&self, job: &Job, result: &mut RowResult) -> Result<Outcome> {
        let (about, account) = (&self.run.about, &self.session.account);
        let client = &self.pool.client(self.session);
        // Each row has a result; a line on every retry of every row would hide them.
        let notes = self.session.terminal.notes().hushed();
        // A row that waited too long for another process has failed, and is tried again when the run is resumed.
        let lock = lock(self.store, client, job.customer, notes).map_err(|error| match error.kind {
            Kind::Conflict => Error { kind: Kind::Failed, ..error },
            _ => error,
        })?;
        let before = client.get(job.customer)?;
        job.refuse_another(&before)?;
        let plan = planned(&job.task, before, about.new_fields, self.store)?;
        if plan.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        result.changes = plan.changes.clone();
        let writer = Writer {
            client,
            store: Some(self.store),
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
                    Task::Edits(_) | Task::Planned(_) => None,
                },
                row: Some(RunRow { run: about.run.clone(), row: job.row }),
            },
            reads_again: about.reads_again,
            preconditions: &|now: &Customer| job.refuse_another(now),
            signals: &self.session.signals,
            notes,
            attempts: Cell::new(0),
        };
        let mut facts = Facts::default();
        let done = writer.write(plan, &mut facts);
        drop(lock);
        result.attempts = writer.attempts.get();
        result.entry = facts.entry_name().map(str::to_string);
        let done = done?;
        result.changes = done.plan.changes;
        Ok(if done.written { Outcome::Written } else { Outcome::Unchanged })
    }
}

pub(super) fn planned(task: &Task, now: Customer, new_fields: bool, store: &Store) -> Result<Plan> {
    let id = now.id();
    let step = format!("planning customer {id}");
    let unplanned = |why: String| Error::new(Kind::Failed, why).at(&step);
    let refused = |why: EditError| unplanned(why.without_flag());
    let moved = |message: &str, conflicts: &[Conflict]| {
        Error::new(Kind::Conflict, message).at(&step).detail(conflicts.iter().map(conflict))
    };
    match task {
        Task::Edits(edits) => plan(now, edits, new_fields).map_err(refused),
        Task::Planned(line) => {
            if let Some(why) = &line.error {
                return Err(unplanned(format!("it was not planned: {why}")));
            }
            let Some(ours) = line.plan().map_err(unplanned)? else {
                return rewrite(now, Vec::new()).map_err(refused);
            };
            match merge(&ours, &now).map_err(refused)? {
                Merge::Merged { plan, .. } => Ok(*plan),
                Merge::Conflicts(conflicts) => Err(moved("fields of it changed since the plan", &conflicts)),
            }
        }
        Task::Undo(entry) => {
            let (done, stored) = (store.plan(entry)?, store.stored(entry)?);
            match undo(&done, stored.as_ref(), &now).map_err(refused)? {
                Undo::Restored(plan) => Ok(*plan),
                Undo::Moved(conflicts) => Err(moved("fields of it were changed again since", &conflicts)),
            }
        }
    }
}
