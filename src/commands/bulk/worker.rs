//! One row, carried out the way every single edit is: read, planned, noted, written, verified.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::super::conflict::conflict;
use super::super::lookup::still_named;
use super::super::session::lock;
use super::super::write::Writer;
use crate::api::{Client, RateLimiter};
use crate::bulk::Fixed;
use crate::bulk::plan_file::Planned;
use crate::bulk::result::{Outcome, RowResult, edited};
use crate::document::merge::{Merge, merge};
use crate::document::plan::plan;
use crate::document::undo::{Undo, undo};
use crate::document::{Customer, Edits, Plan};
use crate::error::{Error, Kind, Result};
use crate::report::outcome::Facts;
use crate::search::CustomerName;
use crate::signals::Signals;
use crate::store::{Edited, Entry, EntryId, Origin, RunRow, Store};
use crate::terminal::Notes;

/// What is to be done with one customer.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// The row's number in its source.
    pub(super) row: u64,
    /// The vendor's id of the customer.
    pub(super) customer: u64,
    /// How the row names it.
    pub(super) name: CustomerName,
    /// What the customer must hold.
    pub(super) fixed: Vec<Fixed>,
    pub(super) task: Task,
}

impl Job {
    /// One whose source names customers by their ids.
    pub(super) fn of(row: u64, customer: u64, task: Task) -> Job {
        Job { row, customer, name: CustomerName::Id(customer), fixed: Vec::new(), task }
    }

    /// Refuses a customer that is not the one the row is about, or no longer as the row has it.
    ///
    /// # Errors
    /// `Conflict`.
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

/// Where the change comes from.
#[derive(Debug, Clone)]
pub(super) enum Task {
    /// A row of a file.
    Edits(Edits),
    /// A line of a plan file.
    Planned(Box<Planned>),
    /// An entry of the journal, to be taken back.
    Undo(Box<Entry>),
}

impl Task {
    /// Whether nothing is asked for, so that the customer need not be read.
    pub(super) fn asks_nothing(&self) -> bool {
        match self {
            Task::Edits(edits) => edits.is_empty(),
            Task::Planned(line) => line.edits.is_empty() && line.before.is_none() && line.error.is_none(),
            Task::Undo(_) => false,
        }
    }
}

/// What every row of a run has in common.
pub(super) struct Worker<'a> {
    pub(super) client: &'a Client,
    pub(super) limiter: &'a Arc<RateLimiter>,
    /// How long one row may take with the network.
    pub(super) timeout: Duration,
    pub(super) store: &'a Store,
    pub(super) profile: &'a str,
    pub(super) host: &'a str,
    pub(super) command: &'static str,
    pub(super) run: EntryId,
    pub(super) new_fields: bool,
    pub(super) reads_again: bool,
    pub(super) signals: &'a Signals,
    pub(super) notes: Notes,
}

impl Worker<'_> {
    /// Carries a row out; none where the work was stopped before anything was written.
    pub(super) fn carry_out(&self, job: &Job) -> Option<RowResult> {
        let (row, customer) = (job.row, job.customer);
        if job.task.asks_nothing() {
            return Some(RowResult::unasked(row, customer));
        }
        let client = self.client.limited(self.timeout, self.notes, Arc::clone(self.limiter));
        let mut facts = Facts::default();
        let attempts = Cell::new(0);
        let mut wanted = Vec::new();
        let result = self.write(job, &client, &mut facts, &attempts, &mut wanted);
        let ended = match result {
            Ok(outcome) => RowResult { changes: wanted, ..RowResult::ended(row, customer, outcome) },
            Err(error) if error.kind == Kind::Interrupted => return None,
            Err(error) => RowResult { changes: wanted, ..RowResult::failed(row, customer, &error) },
        };
        let entry = facts.entry_name().map(str::to_string);
        Some(RowResult { attempts: attempts.get(), entry, ..ended })
    }

    fn write(
        &self,
        job: &Job,
        client: &Client,
        facts: &mut Facts,
        attempts: &Cell<u32>,
        wanted: &mut Vec<Edited>,
    ) -> Result<Outcome> {
        let undoes = match &job.task {
            Task::Undo(entry) => Some(entry.entry.clone()),
            _ => None,
        };
        // A row that waited for another process in vain has failed, and is tried again when the run is resumed.
        let lock = lock(self.store, client, job.customer, self.notes).map_err(|error| match error.kind {
            Kind::Conflict => Error { kind: Kind::Failed, ..error },
            _ => error,
        })?;
        let before = client.get(job.customer)?;
        job.refuse_another(&before)?;
        let plan = planned(&job.task, before, self.new_fields, self.store)?;
        if plan.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        *wanted = edited(&plan.changes);
        let writer = Writer {
            client,
            store: Some(self.store),
            origin: Origin {
                profile: self.profile.to_string(),
                host: self.host.to_string(),
                command: self.command,
                undoes,
                row: Some(RunRow { run: self.run.clone(), row: job.row }),
            },
            reads_again: self.reads_again,
            preconditions: &|now: &Customer| job.refuse_another(now),
            signals: self.signals,
            notes: self.notes,
            attempts: Cell::new(0),
        };
        let done = writer.write(plan, facts);
        attempts.set(writer.attempts.get());
        drop(lock);
        let done = done?;
        *wanted = edited(&done.plan.changes);
        Ok(if done.written { Outcome::Written } else { Outcome::Unchanged })
    }
}

/// What a task comes to for the customer as it is now.
pub(super) fn planned(task: &Task, now: Customer, new_fields: bool, store: &Store) -> Result<Plan> {
    let id = now.id();
    let step = format!("planning customer {id}");
    let unplanned = |why: String| Error::new(Kind::Failed, why).at(&step);
    let moved = |message: &str, conflicts: &[crate::document::merge::Conflict]| {
        Error::new(Kind::Conflict, message).at(&step).detail(conflicts.iter().map(conflict))
    };
    match task {
        Task::Edits(edits) => plan(now, edits, new_fields).map_err(|why| unplanned(why.without_flag())),
        Task::Planned(line) => {
            if let Some(why) = &line.error {
                return Err(unplanned(format!("it was not planned: {why}")));
            }
            let Some(ours) = line.plan().map_err(unplanned)? else {
                return crate::document::plan::rewrite(now, Vec::new())
                    .map_err(|why| unplanned(why.without_flag()));
            };
            match merge(&ours, &now).map_err(|why| unplanned(why.without_flag()))? {
                Merge::Merged { plan, .. } => Ok(*plan),
                Merge::Conflicts(conflicts) => Err(moved("fields of it changed since the plan", &conflicts)),
            }
        }
        Task::Undo(entry) => {
            let (done, stored) = (store.plan(entry)?, store.stored(entry)?);
            match undo(&done, stored.as_ref(), &now).map_err(|why| unplanned(why.without_flag()))? {
                Undo::Restored(plan) => Ok(*plan),
                Undo::Moved(conflicts) => Err(moved("fields of it were changed again since", &conflicts)),
            }
        }
    }
}
