//! Values that the field table refuses, but that may be the stored ones, as in an exported file: their customers are read
//! before the first row is written.

use std::ops::ControlFlow;

use super::super::session::Session;
use super::rows::Checked;
use super::worker_pool::WorkerPool;
use crate::bulk::{doubts, task};
use crate::cli::bulk::PaceArgs;
use crate::document::Edits;
use crate::error::{Error, ErrorKind, Result};
use crate::report::bulk::counted;
use crate::report::row_errors::RowErrors;
use crate::store::{Row, Run, Store};
use crate::terminal::Input;

/// `Usage` with every such value that is not the stored one.
pub(super) fn check_doubtful(
    checked: &Checked,
    file: &Input,
    (store, run): (&Store, &Run<'_>),
    pace: &PaceArgs,
    session: &Session<'_>,
) -> Result<()> {
    if checked.doubtful == 0 {
        return Ok(());
    }
    let rows = counted(checked.doubtful, "customer");
    let notes = session.terminal.notes();
    notes.say(&format!("Reading {rows} whose values are refused unless they are stored already."));
    let pool = WorkerPool::new(pace, session);
    let mut errors = RowErrors::default();
    let jobs = store
        .rows_to_do(run.id)
        .filter_map(|row| row.map(|row| doubtful(&row).map(|edits| (row, edits))).transpose());
    let read = |(row, _): &(Row, Edits)| pool.client(session).get(row.customer.unwrap_or_default());
    pool.run(jobs, read, |done| {
        let Some(((row, edits), customer)) = done else { return Ok(ControlFlow::Continue(())) };
        match customer {
            Ok(customer) => {
                doubts(edits.refused(&customer), &edits, row.line).for_each(|error| errors.add(error));
            }
            // The row itself reports it.
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(if errors.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if errors.count == 0 {
        return Ok(());
    }
    let count = counted(errors.count, "error");
    Err(errors.told(Error::usage(format!("{file} has {count}, so nothing was written"))))
}

fn doubtful(row: &Row) -> Option<Edits> {
    let edits = task::from_json(&row.task, 0)?.edits;
    edits.doubts().next()?;
    Some(edits)
}
