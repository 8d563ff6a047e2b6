//! A run from its first row to its summary: every command that writes many customers ends up here.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::super::session::Session;
use super::failures;
use super::progress::Progress;
use super::rows::jobs;
use super::worker;
use super::worker_pool::WorkerPool;
use crate::account::command;
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::cli::Output;
use crate::cli::bulk::RunArgs;
use crate::error::{Error, ErrorKind, Result};
use crate::export::Export;
use crate::report::bulk::{self as report, Summary};
use crate::store::{Run, Store};

/// `Partial` if the run broke off: rows may have been written before.
pub(super) fn write_rows(
    run: &Run<'_>,
    args: &RunArgs,
    failures: Option<&PathBuf>,
    session: &Session<'_>,
) -> Result<ErrorKind> {
    let (store, about) = (session.store()?, &run.about);
    let resume = command(&about.profile, &format!("customer bulk resume {}", about.run));
    let retry = command(&about.profile, &format!("customer bulk retry {}", about.run));
    session.signals.set_hints(vec![format!("`{resume}` resolves them and goes on")]);
    let account = session.account.label();
    if account.badge().is_some() {
        session.terminal.notes().say(&format!("Writing on {}.", account.sentence()));
    }
    session.signals.rows(true);
    let (rows, mut counts) = store.counts(run.id)?;
    let worked = work(run, rows, &mut counts, store, args, session);
    counts.add_many(Outcome::NotReached, rows.saturating_sub(counts.all()));
    let broke = |reason: Error| {
        let undo = command(&about.profile, &format!("customer bulk undo {}", about.run));
        let error = reason.detail([format!("until then: {}", counts.sentence())]);
        Error { kind: ErrorKind::Partial, hints: Vec::new(), ..error }
            .hint(format!("`{resume}` goes on"))
            .hint(format!("`{undo}` takes it back"))
    };
    let results = args.results.as_deref();
    let exported = results.map_or(Ok(()), |path| export(run, path, store));
    let failed = failures.map(|path| failures::write(run, path, store).map(|count| (path, count)));
    let stopped = worked.map_err(broke)?;
    exported.map_err(broke)?;
    if let Some((path, count)) = failed.transpose().map_err(broke)? {
        let rows = report::counted(count, "row");
        session.terminal.notes().say(&format!("{rows} that did not succeed: {}", path.display()));
    }
    let summary = Summary { about, counts: &counts, results, resume: &resume, retry: &retry, account };
    Ok(summarize(&summary, stopped, session))
}

/// Why a run ended before its last row, and the exit code for that.
type Stopped = (ErrorKind, String);

/// The outcome of each row is recorded before its worker takes another one.
fn work(
    run: &Run<'_>,
    rows: u64,
    counts: &mut Counts,
    store: &Store,
    args: &RunArgs,
    session: &Session<'_>,
) -> Result<Option<Stopped>> {
    let output = session.global.output;
    let pool = WorkerPool::new(&args.pace, session);
    let mut progress = Progress::of(rows, counts.all(), &pool.limiter, &session.terminal);
    let (mut stopped, mut failures) = (None, 0);
    session.terminal.print(&report::rows_head(output))?;
    let limit = args.pace.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let result = pool.run(
        jobs(store, run).take(limit),
        |job| worker::write_row(job, run, &pool.client(session), session),
        |done| {
            if let Some((job, result)) = done {
                let result = result.unwrap_or_else(|panicked| {
                    // The change may have been sent.
                    RowResult::failed(job.row, job.customer, &Error { kind: ErrorKind::Unknown, ..panicked })
                });
                store.end_row(run, &result)?;
                counts.add(result.outcome);
                session.terminal.print(&report::row(&result, output))?;
                if let Some(error) = result.error.as_ref().filter(|_| !result.outcome.succeeded()) {
                    let reason = format!("{}: {error}", result.outcome.name());
                    progress.failed(result.row, result.customer, &reason);
                }
                failures = if result.outcome.succeeded() { 0 } else { failures + 1 };
                if result.outcome == Outcome::Credentials {
                    stopped = Some((ErrorKind::Credentials, "the API refused the key".to_string()));
                } else if failures >= args.pace.max_failures {
                    let rows = report::counted(failures, "row");
                    let reason = format!("{rows} in a row did not succeed (--max-failures)");
                    stopped.get_or_insert((ErrorKind::Partial, reason));
                }
            }
            progress.show(counts, Counts::sentence);
            Ok(if stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        },
    );
    progress.end();
    result.map(|()| stopped)
}

fn export(run: &Run<'_>, path: &Path, store: &Store) -> Result<()> {
    let name = path.to_string_lossy();
    let output =
        if name.ends_with(".ndjson") || name.ends_with(".jsonl") { Output::Ndjson } else { Output::Csv };
    let mut export = Export::to(path)?;
    export.write(&report::rows_head(output))?;
    for result in store.results(run.id) {
        export.write(&report::row(&result?, output))?;
    }
    export.finish()
}

fn summarize(summary: &Summary<'_>, stopped: Option<Stopped>, session: &Session<'_>) -> ErrorKind {
    let counts = summary.counts;
    let not_reached = counts.of(Outcome::NotReached);
    let interrupted = session.signals.is_stopping() && not_reached > 0;
    let written = [Outcome::Written, Outcome::Differs, Outcome::Unknown, Outcome::Undecided];
    let may_have_written = written.iter().any(|outcome| counts.of(*outcome) > 0);
    let kind = match &stopped {
        _ if interrupted => ErrorKind::Interrupted,
        Some((kind, _)) if !may_have_written => *kind,
        None if counts.not_succeeded() == not_reached => ErrorKind::Done,
        _ => ErrorKind::Partial,
    };
    let notes = session.terminal.notes();
    let printed = match session.global.output {
        Output::Table => session.terminal.print(&report::table(summary, session.terminal.look())),
        Output::Json => session.terminal.print(&report::json(summary, kind)),
        Output::Csv | Output::Ndjson => Ok(()),
    };
    if let Err(error) = &printed {
        notes.warn(&error.headline());
    }
    let asked = interrupted.then(|| "you asked".to_string());
    if let Some(error) = stopped.map(|(_, error)| error).or(asked) {
        notes.warn(&format!("stopped, because {error}"));
    }
    if session.global.output != Output::Table {
        notes.say(&format!("{}.", counts.sentence()));
    }
    let list = command(&summary.about.profile, &format!("customer bulk list {}", summary.about.run));
    let results = summary.results.map_or(list, |path| path.display().to_string());
    notes.say_command("Outcome of each row:", &results);
    let open = OUTCOMES.iter().filter(|outcome| outcome.is_open() && counts.of(**outcome) > 0);
    let open: Vec<&str> = open.map(|outcome| outcome.name()).collect();
    if !open.is_empty() {
        let reason = format!("To go on with the rows that are {}:", open.join(" or "));
        notes.say_command(&reason, summary.resume);
    }
    if counts.of(Outcome::Written) + counts.of(Outcome::Differs) > 0 {
        let undo = command(&summary.about.profile, &format!("customer bulk undo {}", summary.about.run));
        notes.say_command("To undo:", &undo);
    }
    if kind == ErrorKind::Done && printed.is_err() { ErrorKind::Unshown } else { kind }
}
