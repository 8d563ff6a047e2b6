//! A run from its first row to its summary: every command that writes many customers ends up here.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::super::session::Session;
use super::progress::Progress;
use super::rows::feed;
use super::worker::{Job, Worker};
use super::worker_pool::WorkerPool;
use crate::account::command;
use crate::api::RateLimiter;
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::cli::Output;
use crate::cli::bulk::PaceArgs;
use crate::error::{Error, Kind, Result};
use crate::export::Export;
use crate::report::bulk::{self as report, Summary};
use crate::store::{About, Run, RunKind, Store};
use crate::terminal::{Input, Notes};

/// How a run is carried out.
pub(super) struct Course<'a> {
    pub(super) pace: &'a PaceArgs,
    pub(super) results: Option<&'a Path>,
    pub(super) session: &'a Session<'a>,
}

/// Carries out the rows of a run that were not reached, and tells what became of all of them.
///
/// # Errors
/// `Partial` if a row did not succeed; `Interrupted` if the run was stopped; what kept it from being carried out.
pub(super) fn carry_out(run: &Run, course: &Course<'_>) -> Result<Kind> {
    let (session, about) = (course.session, &run.about);
    let store = session.store()?;
    let resume = command(&about.profile, &format!("customer bulk resume {}", about.run));
    session.signals.set_hints(vec![format!("`{resume}` settles them and goes on")]);
    let place = course.session.account.place();
    if place.badge().is_some() {
        session.terminal.notes().say(&format!("Writing on {}.", place.sentence()));
    }
    session.signals.rows(true);
    let (rows, mut counts) = store.counts(run)?;
    let worked = work(run, rows, &mut counts, store, course);
    counts.add_many(Outcome::NotReached, rows.saturating_sub(counts.all()));
    // From here on rows may have been written, which an error of another kind would deny.
    let broke = |why: Error| {
        let undo = command(&about.profile, &format!("customer bulk undo {}", about.run));
        let hints = [format!("`{resume}` goes on"), format!("`{undo}` takes it back")];
        let error = why.detail([format!("until then: {}", counts.sentence())]);
        hints.into_iter().fold(Error { kind: Kind::Partial, hints: Vec::new(), ..error }, Error::hint)
    };
    let exported = course.results.map_or(Ok(()), |path| export(run, path, store));
    let stopped = worked.map_err(broke)?;
    exported.map_err(broke)?;
    let place = course.session.account.place();
    let summary = Summary { about, counts: &counts, results: course.results, resume: &resume, place };
    verdict(&summary, stopped, session).map_err(broke)
}

/// Whether the results can be written where the user wants them: what is in them is known only at the end.
///
/// # Errors
/// `Usage` where they cannot.
pub(super) fn place(results: Option<&Path>, input: Option<&Input>) -> Result<()> {
    if let (Some(results), Some(input)) = (results, input) {
        refuse_replacing("--results", results, input)?;
    }
    let tried = results.map_or(Ok(()), Export::try_out);
    tried.map_err(|why| Error { kind: Kind::Usage, ..why }.at("--results"))
}

/// Refuses to put what is written in the place of what is read.
///
/// # Errors
/// `Usage` where it is the same file.
pub(super) fn refuse_replacing(flag: &str, out: &Path, input: &Input) -> Result<()> {
    match input {
        Input::File(file) if Export::replaces(out, file) => {
            let out = out.display();
            Err(Error::usage(format!("{flag} {out} would take the place of the file that is read")))
        }
        _ => Ok(()),
    }
}

/// Why a run ended before its last row, where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Failures(u64),
    Credentials,
}

/// Works on the rows, and records the outcome of each before its worker takes another one.
fn work(
    run: &Run,
    rows: u64,
    counts: &mut Counts,
    store: &Store,
    course: &Course<'_>,
) -> Result<Option<Stopped>> {
    let session = course.session;
    let settings = &course.session.account.settings;
    let limiter = Arc::new(RateLimiter::new(course.pace.rate(settings)));
    let worker = worker(&run.about, &limiter, store, course);
    let pool =
        WorkerPool { workers: course.pace.jobs(settings), limiter: &limiter, signals: &session.signals };
    let limit = course.pace.limit.unwrap_or(u64::MAX);
    let mut progress = Progress::of(rows, counts.all(), &limiter, &session.terminal);
    let mut stopped = None;
    let mut in_a_row = 0;
    let mut told = Reasons::default();
    print(&report::rows_head(session.global.output), session)?;
    let panicked = |job: Job| {
        let error = Error::new(Kind::Unknown, "this program failed in the middle of the row");
        RowResult::failed(job.row, job.customer, &error)
    };
    let result = pool.run(
        |take| feed(store, run, limit, take),
        |job| worker.carry_out(job),
        panicked,
        |result| {
            if let Some(result) = result {
                store.end_row(run, &result)?;
                counts.add(result.outcome);
                print(&report::row(&result, session.global.output), session)?;
                if let Some(error) = result.error.as_ref().filter(|_| !result.outcome.succeeded()) {
                    told.add(result.row, result.customer, &format!("{}: {error}", result.outcome.name()));
                }
                in_a_row = if result.outcome.succeeded() { 0 } else { in_a_row + 1 };
                if result.outcome == Outcome::Credentials {
                    stopped = Some(Stopped::Credentials);
                }
            }
            progress.show(counts, Counts::sentence);
            if in_a_row >= course.pace.max_failures {
                stopped = stopped.or(Some(Stopped::Failures(in_a_row)));
            }
            Ok(if stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        },
    );
    drop(progress);
    told.tell(session.terminal.notes());
    result.map(|()| stopped)
}

/// How many rows that did not succeed are told; the results have all of them.
const TOLD: usize = 5;

/// Why rows did not succeed: the first few, a line each.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    lines: Vec<String>,
    count: usize,
}

impl Reasons {
    pub(super) fn add(&mut self, row: u64, customer: u64, why: &str) {
        self.count += 1;
        if self.lines.len() < TOLD {
            self.lines.push(format!("row {row}, customer {customer}: {why}"));
        }
    }

    pub(super) fn tell(&self, notes: Notes) {
        self.lines.iter().for_each(|line| notes.warn(line));
        if self.count > self.lines.len() {
            notes.warn(&format!("and {} more rows did not succeed", self.count - self.lines.len()));
        }
    }
}

fn worker<'a>(
    about: &About,
    limiter: &'a Arc<RateLimiter>,
    store: &'a Store,
    course: &Course<'a>,
) -> Worker<'a> {
    let (session, account) = (course.session, &course.session.account);
    Worker {
        client: &course.session.client,
        limiter,
        timeout: session.global.timeout,
        store,
        profile: &account.profile,
        host: &account.origin,
        command: match about.kind {
            RunKind::Update => "customer bulk update",
            RunKind::Apply => "customer bulk apply",
            RunKind::Undo(_) => "customer bulk undo",
        },
        run: about.run.clone(),
        new_fields: about.new_fields,
        reads_again: about.reads_again,
        signals: &session.signals,
        // Rows are told by their results; a line on every retry of every row would bury them.
        notes: session.terminal.notes().hushed(),
    }
}

/// Writes the outcome of every row to the file that the user wants it in.
fn export(run: &Run, path: &Path, store: &Store) -> Result<()> {
    let name = path.to_string_lossy();
    let output =
        if name.ends_with(".ndjson") || name.ends_with(".jsonl") { Output::Ndjson } else { Output::Csv };
    let mut export = Export::to(path)?;
    export.write(&report::rows_head(output))?;
    store.results(run.id(), |result| export.write(&report::row(&result, output)))?;
    export.finish()
}

fn verdict(summary: &Summary<'_>, stopped: Option<Stopped>, session: &Session<'_>) -> Result<Kind> {
    let counts = summary.counts;
    let not_reached = counts.of(Outcome::NotReached);
    let interrupted = session.signals.is_stopping() && not_reached > 0;
    let kind = if interrupted {
        Kind::Interrupted
    } else if stopped == Some(Stopped::Credentials) {
        Kind::Credentials
    } else if counts.not_succeeded() > not_reached || stopped.is_some() {
        Kind::Partial
    } else {
        Kind::Done
    };
    match session.global.output {
        Output::Table => session.terminal.print(&report::table(summary, session.terminal.look()))?,
        Output::Json => session.terminal.print(&report::json(summary, kind))?,
        Output::Csv | Output::Ndjson => {}
    }
    let notes = session.terminal.notes();
    match stopped {
        Some(Stopped::Failures(count)) => {
            let rows = report::counted(count, "row");
            notes.warn(&format!("stopped, because {rows} in a row did not succeed (--max-failures)"));
        }
        Some(Stopped::Credentials) => notes.warn("stopped, because the API refused the key"),
        None if interrupted => notes.warn("stopped, as you asked"),
        None => {}
    }
    if session.global.output != Output::Table {
        notes.say(&format!("{}.", counts.sentence()));
    }
    let list = command(&summary.about.profile, &format!("customer bulk list {}", summary.about.run));
    let results = summary.results.map_or(list, |path| path.display().to_string());
    notes.say(&format!("What became of each row: {results}"));
    let open = OUTCOMES.iter().filter(|outcome| outcome.is_open() && counts.of(**outcome) > 0);
    let open: Vec<&str> = open.map(|outcome| outcome.name()).collect();
    if !open.is_empty() {
        notes.say(&format!("To go on with the rows that are {}: {}", open.join(" or "), summary.resume));
    }
    if counts.of(Outcome::Written) + counts.of(Outcome::Differs) > 0 {
        let undo = command(&summary.about.profile, &format!("customer bulk undo {}", summary.about.run));
        notes.say(&format!("To take it back: {undo}"));
    }
    Ok(kind)
}

fn print(text: &str, session: &Session<'_>) -> Result<()> {
    if text.is_empty() { Ok(()) } else { session.terminal.print(text) }
}
