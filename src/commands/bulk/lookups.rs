//! Rows that name their customers by reference: each is looked up before the first one is written.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::super::lookup::find;
use super::super::session::Session;
use super::rows::{Checked, Mistakes, not_kept, rows_of};
use super::worker_pool::{Take, WorkerPool};
use crate::api::RateLimiter;
use crate::bulk::{Format, Mistake};
use crate::cli::bulk::PaceArgs;
use crate::error::{Error, Kind, Result};
use crate::report::bulk::counted;
use crate::runs::seen::Seen;
use crate::runs::{self, Customers};
use crate::search::{CustomerName, Lookup};

/// A row whose customer is to be found.
#[derive(Debug, Clone)]
struct Job {
    row: u64,
    line: u64,
    lookup: Lookup,
}

/// What came of looking it up.
type Found = (Job, Result<u64>);

/// Notes in the folder which customer each row means, where the rows do not say so themselves.
///
/// # Errors
/// `NotFound` with every row whose customer is none or more than one; `Usage` where two rows mean the same one; what
/// kept the API from being asked.
pub(super) fn look_up(
    folder: &Path,
    format: &Format,
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
    let mut customers = Customers::create(folder).map_err(|why| not_kept(why.into()))?;
    let (mut seen, mut missing) = (Seen::default(), Mistakes::default());
    let input = runs::open_input(folder).map_err(not_kept)?;
    let panicked = |job: Job| (job, Err(Error::new(Kind::Failed, "this program failed in the middle of it")));
    let collect = |found: Option<Found>| {
        let Some((job, result)) = found else { return Ok(ControlFlow::Continue(())) };
        match result {
            Ok(customer) => {
                let kept = customers.note(job.row, customer).and_then(|()| seen.insert(customer, job.line));
                kept.map_err(|why| not_kept(why.into()))?;
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
    pool.run(|take| feed(input, format, take), work, panicked, collect)?;
    if missing.count > 0 {
        let what = counted(missing.count as u64, "row");
        let message =
            format!("{what} of {name} could not be matched to one customer, so nothing was written");
        return Err(Error::new(Kind::NotFound, message).detail(missing.lines()));
    }
    let twice = |it: runs::seen::Twice| {
        let why = format!("customer {} is meant by line {} already", it.customer, it.first);
        missing.add(Mistake::of_line(it.line, why));
    };
    seen.twice(twice).map_err(|why| not_kept(why.into()))?;
    if missing.count > 0 {
        let message = format!("{name} names a customer twice, so nothing was written");
        return Err(Error::usage(message).detail(missing.lines()));
    }
    customers.keep().map_err(|why| not_kept(why.into()))
}

fn feed(input: runs::Kept, format: &Format, take: Take<'_, Job>) -> Result<()> {
    for row in rows_of(input, format)? {
        let row = row?;
        if let CustomerName::Lookup(lookup) = row.customer
            && !take(Job { row: row.number, line: row.line, lookup })
        {
            return Ok(());
        }
    }
    Ok(())
}

fn not_found(job: &Job, error: &Error) -> Mistake {
    let candidates = error.details.iter().map(|line| format!("; {line}")).collect::<String>();
    let why = format!("{}: {}{candidates}", job.lookup, error.message);
    Mistake::of_column(job.line, "reference", why)
}
