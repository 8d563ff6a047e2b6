//! `--failures`: the rows that did not succeed, in the form of the input (a table, NDJSON, a plan), each with its reason.

use std::path::Path;

use crate::bulk::action::RowAction;
use crate::bulk::plan_file::{End, Head, Planned, VERSION, json_line};
use crate::bulk::result::Outcome;
use crate::bulk::sheet::{self, Heading};
use crate::bulk::task;
use crate::document::json::quote;
use crate::error::{Error, ErrorKind, Result};
use crate::export::Export;
use crate::report::csv::csv;
use crate::store::{Failure, Run, RunInfo, RunKind, Store};

/// The column, or the member, with the reason. It begins with `#`, so it is not read when the file is used again.
const REASON: &str = "#reason";

/// Rows that ask for nothing are left out, also if the run did not reach them. The file is complete when the run has ended; a
/// run without failures gives one without rows.
pub(super) fn write(run: &Run<'_>, path: &Path, store: &Store) -> Result<u64> {
    if run.about.kind == RunKind::Apply {
        return write_plan(run, store, Export::to(path)?);
    }
    let header = store.first_task(run.id)?.and_then(|task| task::header(&task)).unwrap_or_default();
    let mut out = Export::to(path)?;
    if header.is_empty() {
        return write_lines(run, store, out);
    }
    if !is_workbook(path) {
        out.write(&csv([record(&header, header.clone(), REASON.to_string())]))?;
        let count = each(run, store, |raw, error| out.write(&csv([record(&header, raw, error)])))?;
        return out.finish().map(|()| count);
    }
    let unwritable =
        |error| Error::new(ErrorKind::Failed, format!("{} cannot be written", path.display())).source(error);
    let named = |name: String| Heading { name, field: None, is_key: false };
    let headings = record(&header, header.clone(), REASON.to_string()).into_iter().map(named);
    let mut book = sheet::Writer::new(&headings.collect::<Vec<_>>()).map_err(unwritable)?;
    let count = each(run, store, |raw, error| book.row(&record(&header, raw, error)).map_err(unwritable))?;
    out.write_bytes(&book.finish().map_err(unwritable)?)?;
    out.finish().map(|()| count)
}

fn is_workbook(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"))
}

fn write_lines(run: &Run<'_>, store: &Store, mut out: Export) -> Result<u64> {
    let count = each(run, store, |raw, reason| {
        let members = raw.concat();
        let members = members.trim().trim_start_matches('\u{feff}').trim_start_matches('{');
        out.write(&format!("{{{}:{},{members}\n", quote(REASON), quote(&reason)))
    })?;
    out.finish().map(|()| count)
}

/// The cells of a row, and the reason in place of an earlier one.
fn record(header: &[String], mut cells: Vec<String>, reason: String) -> Vec<String> {
    if let Some(at) = header.iter().position(|name| name.trim() == REASON) {
        cells.remove(at);
    }
    cells.push(reason);
    cells
}

/// A plan of the rows that did not succeed. They are numbered anew, because a plan numbers its own rows.
fn write_plan(run: &Run<'_>, store: &Store, mut out: Export) -> Result<u64> {
    let RunInfo { profile, host, time, source, .. } = run.about.clone();
    out.write(&json_line(&Head { fusebill_plan: VERSION, profile, host, time, source }))?;
    let mut count = 0;
    for failure in store.failures(run.id) {
        let failure = failure?;
        let planned: Planned =
            serde_json::from_str(&failure.task).map_err(|error| damaged(&failure).source(error))?;
        if planned.needs_no_read() {
            continue;
        }
        count += 1;
        let action = failure.action.clone().filter(RowAction::is_ready).or(planned.action);
        out.write(&json_line(&Planned { row: count, action, reason: Some(reason(failure)), ..planned }))?;
    }
    out.write(&json_line(&End { end_of_plan: count }))?;
    out.finish().map(|()| count)
}

fn each(
    run: &Run<'_>,
    store: &Store,
    mut write: impl FnMut(Vec<String>, String) -> Result<()>,
) -> Result<u64> {
    let mut count = 0;
    for failure in store.failures(run.id) {
        let failure = failure?;
        let task = task::from_json(&failure.task, 0).ok_or_else(|| damaged(&failure))?;
        if task.edits.is_empty() && failure.action.is_none() {
            continue;
        }
        write(task.raw, reason(failure))?;
        count += 1;
    }
    Ok(count)
}

fn damaged(failure: &Failure) -> Error {
    Error::new(ErrorKind::Failed, format!("row {} is damaged in the store", failure.row))
}

fn reason(failure: Failure) -> String {
    let outcome = failure.outcome.unwrap_or(Outcome::NotReached).name();
    failure.error.map_or_else(|| outcome.to_string(), |error| format!("{outcome}: {error}"))
}
