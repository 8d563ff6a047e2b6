//! A run from its first row to its summary: every command that writes many customers ends up here.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::super::session::Session;
use super::failures;
use super::progress::Progress;
use super::rehearsal::{Rehearsal, RehearsalEnd};
use super::rows::jobs;
use super::worker::{self, Job};
use super::worker_pool::WorkerPool;
use crate::account::command;
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::cli::Output;
use crate::cli::bulk::RunArgs;
use crate::error::{Error, ErrorKind, Result};
use crate::export::Export;
use crate::report::bulk::{self as report, Summary};
use crate::store::{EntryId, Run, Store};

/// `Partial` if the run broke off: rows may have been written before.
pub(super) fn write_rows(
    run: &Run<'_>,
    args: &RunArgs,
    failures: Option<&PathBuf>,
    rehearsal: Option<Rehearsal>,
    session: &Session<'_>,
) -> Result<ErrorKind> {
    let (store, about) = (session.store()?, &run.about);
    let resume = command(&about.profile, &format!("customer bulk resume {}", about.run));
    let retry = command(&about.profile, &format!("customer bulk retry {}", about.run));
    session.signals.set_hints(vec![resolves(&resume)]);
    let account = session.account.label();
    let (rows, mut counts) = store.counts(run.id)?;
    if account.badge().is_some() && counts.all() < rows {
        session.terminal.notes().say(&format!("Writing on {}.", account.sentence()));
    }
    session.signals.rows(true);
    let pool = WorkerPool::new(&args.pace, session);
    let worked = write_left(&Writing { run, rows, store, args, session }, &mut counts, rehearsal, &pool);
    counts.add_many(Outcome::NotReached, rows.saturating_sub(counts.all()));
    let broke = |reason: Error| {
        let undo = command(&about.profile, &format!("customer bulk undo {}", about.run));
        let error = reason.detail([format!("until then: {}", counts.sentence())]);
        let error = Error { kind: ErrorKind::Partial, hints: Vec::new(), ..error };
        let is_left = OUTCOMES.iter().any(|outcome| outcome.is_open() && counts.of(*outcome) > 0);
        let error = if is_left { error.hint(format!("`{resume}` goes on")) } else { error };
        let can_undo = store.can_undo(&about.run).unwrap_or_default();
        if can_undo { error.hint(format!("`{undo}` takes it back")) } else { error }
    };
    let results = args.results.as_deref();
    let exported = results.map_or(Ok(()), |path| export(run, path, store));
    let failed = failures.map_or(Ok(()), |path| export_failures(run, path, store, session));
    let stopped = worked.map_err(broke)?;
    let results = results.filter(|_| exported.is_ok());
    let mut done = ErrorKind::Done;
    for error in [exported, failed].into_iter().filter_map(Result::err) {
        if counts.not_succeeded() > 0 {
            return Err(broke(error));
        }
        session.terminal.notes().warn(&format!("{}; {}", succeeded(&counts), error.headline()));
        done = ErrorKind::Unshown;
    }
    let actions = count_actions(&about.run, store)?;
    let left = about.undoes.as_ref().map_or(Ok(0), |undone| count_actions(undone, store))?;
    let (counts, resume, retry) = (&counts, &resume, &retry);
    let can_undo = store.can_undo(&about.run)?;
    let summary = Summary { about, counts, actions, can_undo, left, results, resume, retry, account };
    let all_reached = counts.of(Outcome::NotReached) == 0 || args.pace.limit.is_some();
    Ok(summarize(&summary, stopped, all_reached.then_some(done), session))
}

/// "all 2 rows were written and verified".
fn succeeded(counts: &Counts) -> String {
    match (counts.all(), counts.of(Outcome::Written)) {
        (1, 1) => "the row was written and verified".to_string(),
        (rows, written) if rows == written => format!("all {rows} rows were written and verified"),
        _ => format!("every row succeeded ({})", counts.sentence()),
    }
}

/// The hint if a signal ends the program while rows are in flight.
pub(super) fn resolves(resume: &str) -> String {
    format!("`{resume}` resolves them and goes on")
}

fn count_actions(run: &EntryId, store: &Store) -> Result<u64> {
    Ok(store.actions_of(run)?.iter().map(|(_, rows)| rows).sum())
}

/// Why a run ended before its last row, and the exit code for that.
type Stopped = (ErrorKind, String);

/// The rows that are left. A rehearsal writes a few, then asks before the others.
fn write_left(
    writing: &Writing<'_>,
    counts: &mut Counts,
    rehearsal: Option<Rehearsal>,
    pool: &WorkerPool<'_>,
) -> Result<Option<Stopped>> {
    let session = writing.session;
    session.terminal.print(&report::rows_head(session.global.output))?;
    let limit = writing.args.pace.limit.unwrap_or(u64::MAX);
    let Some(mut rehearsal) = rehearsal else { return writing.work(limit, counts, pool, |_, _| false) };
    let before = counts.all();
    let stopped = writing
        .work(limit, counts, &pool.with_one_worker(), |job, result| rehearsal.is_enough(job, result))?;
    let left = limit.saturating_sub(counts.all() - before);
    if stopped.is_some() {
        return Ok(stopped);
    }
    match rehearsal.go_on(writing.run, writing.store, session)? {
        RehearsalEnd::Stopped => Ok(None),
        RehearsalEnd::No => Ok(Some((ErrorKind::Cancelled, "the other rows were not confirmed".to_string()))),
        RehearsalEnd::GoesOn => writing.work(left, counts, pool, |_, _| false),
    }
}

/// What is the same for every pass over the rows of a run.
struct Writing<'a> {
    run: &'a Run<'a>,
    rows: u64,
    store: &'a Store,
    args: &'a RunArgs,
    session: &'a Session<'a>,
}

impl Writing<'_> {
    /// The outcome of each row is recorded before its worker takes another one. `is_enough` ends the pass after a row.
    fn work(
        &self,
        limit: u64,
        counts: &mut Counts,
        pool: &WorkerPool<'_>,
        mut is_enough: impl FnMut(&Job, &RowResult) -> bool + Send,
    ) -> Result<Option<Stopped>> {
        let Writing { run, store, args, session, .. } = *self;
        let output = session.global.output;
        let mut progress = Progress::of(self.rows, counts.all(), &pool.limiter, &session.terminal);
        let (mut stopped, mut failures, mut enough) = (None, 0, false);
        let result = pool.run(
            jobs(store, run).take(usize::try_from(limit).unwrap_or(usize::MAX)),
            |job| worker::write_row(job, run, &job.client(pool.client(session)), session),
            |done| {
                if let Some((job, result)) = done {
                    let result = result.unwrap_or_else(|panicked| {
                        // The change may have been sent.
                        let unknown = Error { kind: ErrorKind::Unknown, ..panicked };
                        RowResult::failed(job.row, job.customer, &unknown)
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
                    enough |= is_enough(&job, &result);
                }
                progress.show(counts, Counts::sentence);
                let ends = enough || stopped.is_some();
                Ok(if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            },
        );
        progress.end();
        result.map(|()| stopped)
    }
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

fn export_failures(run: &Run<'_>, path: &Path, store: &Store, session: &Session<'_>) -> Result<()> {
    let rows = report::counted(failures::write(run, path, store)?, "row");
    session.terminal.notes().say(&format!("{rows} that did not succeed: {}", path.display()));
    Ok(())
}

/// `done` is the kind of a run whose rows all succeeded; none if rows were left although they were asked for.
fn summarize(
    summary: &Summary<'_>,
    stopped: Option<Stopped>,
    done: Option<ErrorKind>,
    session: &Session<'_>,
) -> ErrorKind {
    let counts = summary.counts;
    let not_reached = counts.of(Outcome::NotReached);
    let interrupted = session.signals.is_stopping() && not_reached > 0;
    let written = [Outcome::Written, Outcome::Differs, Outcome::Unknown, Outcome::Undecided];
    let may_have_written = written.iter().any(|outcome| counts.of(*outcome) > 0);
    let kind = match &stopped {
        _ if interrupted => ErrorKind::Interrupted,
        Some((kind, _)) if !may_have_written => *kind,
        None if counts.not_succeeded() == not_reached && summary.left == 0 => {
            done.unwrap_or(ErrorKind::Partial)
        }
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
        notes.say(&format!("{}.", summary.sentence()));
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
    if summary.actions > 0 {
        notes.say("Status actions cannot be undone; `bulk undo` names the opposite of each.");
    }
    if summary.can_undo && counts.of(Outcome::Written) + counts.of(Outcome::Differs) > 0 {
        let undo = command(&summary.about.profile, &format!("customer bulk undo {}", summary.about.run));
        notes.say_command("To undo:", &undo);
    }
    if kind == ErrorKind::Done && printed.is_err() { ErrorKind::Unshown } else { kind }
}
