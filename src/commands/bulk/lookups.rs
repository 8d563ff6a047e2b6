//! Rows that name their customers by reference: each is looked up before the first one is written.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::lookup::find;
use super::super::session::Session;
use super::rows::{Checked, Mistakes, each_to_do};
use super::worker_pool::{Take, WorkerPool};
use crate::api::RateLimiter;
use crate::bulk::{Mistake, task};
use crate::cli::bulk::PaceArgs;
use crate::error::{Error, Kind, Result};
use crate::report::bulk::counted;
use crate::search::{CustomerName, Lookup};
use crate::store::{Run, Store};

/// A row whose customer is to be found.
#[derive(Debug, Clone)]
struct Job {
    row: u64,
    line: u64,
    lookup: Lookup,
}

/// What came of looking it up.
type Found = (Job, Result<u64>);

/// Records which customer each row means, if the rows do not say so themselves.
///
/// # Errors
/// `NotFound` with every row whose customer is none or more than one; `Usage` where two rows mean the same one; what
/// kept the API from being asked.
pub(super) fn look_up(
    (store, run): (&Store, &Run),
    (checked, name): (&Checked, &str),
    pace: &PaceArgs,
    session: &Session<'_>,
) -> Result<()> {
    if !checked.looks_up {
        return Ok(());
    }
    session.terminal.notes().say(&format!("Looking up {}.", counted(checked.rows, "customer")));
    let settings = &session.account.settings;
    let limiter = Arc::new(RateLimiter::new(pace.rate(settings)));
    let pool = WorkerPool { workers: pace.jobs(settings), limiter: &limiter, signals: &session.signals };
    let (mut twice, mut missing) = (Mistakes::default(), Mistakes::default());
    let panicked = |job: Job| (job, Err(Error::new(Kind::Failed, "this program failed in the middle of it")));
    let collect = |found: Option<Found>| {
        let Some((job, result)) = found else { return Ok(ControlFlow::Continue(())) };
        match result {
            Ok(customer) => {
                if let Some(other) = store.set_customer(run, job.row, customer)? {
                    let (first, line) = (other.min(job.line), other.max(job.line));
                    let why = format!("customer {customer} is meant by line {first} already");
                    twice.add(Mistake::of_line(line, why));
                }
            }
            Err(error) if error.kind == Kind::NotFound => missing.add(not_found(&job, &error)),
            Err(error) => return Err(error),
        }
        Ok(ControlFlow::Continue(()))
    };
    let timeout = session.global.timeout;
    let work = |job: &Job| {
        let client = session.client.limited(timeout, session.terminal.notes().hushed(), Arc::clone(&limiter));
        match find(&job.lookup, &client) {
            Err(error) if error.kind == Kind::Interrupted => None,
            result => Some((job.clone(), result)),
        }
    };
    pool.run(|take| feed(store, run, take), work, panicked, collect)?;
    if missing.count > 0 {
        let what = counted(missing.count as u64, "row");
        let message =
            format!("{what} of {name} could not be matched to one customer, so nothing was written");
        return Err(Error::new(Kind::NotFound, message).detail(missing.lines()));
    }
    if twice.count > 0 {
        let message = format!("{name} names a customer twice, so nothing was written");
        return Err(Error::usage(message).detail(twice.lines()));
    }
    Ok(())
}

fn feed(store: &Store, run: &Run, take: Take<'_, Job>) -> Result<()> {
    each_to_do(store, run, |row| {
        let name = task::from_json(&row.task, 0).map(|(name, ..)| name);
        let Some(CustomerName::Lookup(lookup)) = name.filter(|_| row.customer.is_none()) else {
            return Ok(true);
        };
        Ok(take(Job { row: row.row, line: row.line, lookup }))
    })
}

fn not_found(job: &Job, error: &Error) -> Mistake {
    let candidates = error.details.iter().map(|line| format!("; {line}")).collect::<String>();
    let why = format!("{}: {}{candidates}", job.lookup, error.message);
    Mistake::of_column(job.line, "reference", why)
}
