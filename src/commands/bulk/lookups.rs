//! Rows that name their customers by reference: each is looked up before the first one is written.

use std::ops::ControlFlow;

use super::super::lookup::find;
use super::super::session::Session;
use super::rows::Checked;
use super::worker_pool::WorkerPool;
use crate::bulk::{RowError, task};
use crate::cli::bulk::PaceArgs;
use crate::error::{Error, ErrorKind, Result};
use crate::report::bulk::counted;
use crate::report::row_errors::RowErrors;
use crate::search::{CustomerName, Lookup};
use crate::store::{Row, Run, Store};
use crate::terminal::Input;

/// Every row that matches no customer or several is reported at once; two rows with the same customer are a `Usage` error.
pub(super) fn look_up(
    checked: &Checked,
    file: &Input,
    (store, run): (&Store, &Run<'_>),
    pace: &PaceArgs,
    session: &Session<'_>,
) -> Result<()> {
    if !checked.looks_up {
        return Ok(());
    }
    session.terminal.notes().say(&format!("Looking up {}.", counted(checked.rows, "customer")));
    let pool = WorkerPool::new(pace, session);
    let (mut duplicates, mut missing) = (RowErrors::default(), RowErrors::default());
    let jobs = store
        .rows_to_do(run.id)
        .filter_map(|row| row.map(|row| lookup(&row).map(|lookup| (row, lookup))).transpose());
    let find = |(_, lookup): &(Row, Lookup)| find(lookup, &pool.client(session));
    pool.run(jobs, find, |done| {
        let Some(((row, lookup), found)) = done else { return Ok(ControlFlow::Continue(())) };
        match found {
            Ok(customer) => {
                if let Some(other) = store.set_customer(run, row.row, customer)? {
                    let (first, line) = (other.min(row.line), other.max(row.line));
                    let reason = format!("customer {customer} is already on line {first}");
                    duplicates.add(RowError::of_line(line, reason));
                }
            }
            Err(error) if error.kind == ErrorKind::NotFound => {
                let candidates = error.details.iter().map(|line| format!("; {line}")).collect::<String>();
                let reason = format!("{lookup}: {}{candidates}", error.message);
                missing.add(RowError::of_column(row.line, "reference", reason));
            }
            Err(error) => return Err(error),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if missing.count > 0 {
        let rows = counted(missing.count, "row");
        let message =
            format!("{rows} of {file} could not be matched to one customer, so nothing was written");
        return Err(missing.told(Error::new(ErrorKind::NotFound, message)));
    }
    if duplicates.count > 0 {
        let message = format!("{file} names a customer twice, so nothing was written");
        return Err(duplicates.told(Error::usage(message)));
    }
    Ok(())
}

fn lookup(row: &Row) -> Option<Lookup> {
    match task::from_json(&row.task, 0)?.customer {
        CustomerName::Lookup(lookup) if row.customer.is_none() => Some(lookup),
        _ => None,
    }
}
