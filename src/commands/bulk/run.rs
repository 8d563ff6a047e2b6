//! A run from its first row to its summary: every command that writes many customers ends up here.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::session::Session;
use super::progress::Progress;
use super::rows::not_kept;
use super::source::Source;
use super::worker::{Job, Worker};
use super::worker_pool::WorkerPool;
use crate::account::command;
use crate::api::RateLimiter;
use crate::bulk::result::{Counts, OUTCOMES, Outcome, RowResult};
use crate::cli::Output;
use crate::cli::bulk::PaceArgs;
use crate::error::{Error, Kind, Result};
use crate::journal::Journal;
use crate::report::bulk::{self as report, Summary};
use crate::runs::{About, Export, Finished, Kind as RunKind, Run};
use crate::terminal::{Input, Notes};

/// How a run is carried out.
pub(super) struct Course<'a> {
    pub(super) pace: &'a PaceArgs,
    pub(super) results: Option<&'a Path>,
    pub(super) session: &'a Session<'a>,
}

/// What is known of a run so far.
#[derive(Default)]
pub(super) struct State {
    counts: Counts,
    pub(super) finished: Finished,
}

impl State {
    /// Of a run that was cut off.
    ///
    /// # Errors
    /// Where its results cannot be read.
    pub(super) fn of(run: &Run) -> Result<State> {
        let mut state = State::default();
        run.each_result(|result| state.note(&result)).map_err(not_kept)?;
        Ok(state)
    }

    /// Whether no row is left.
    pub(super) fn is_complete(&self, run: &Run) -> bool {
        self.counts.all() >= run.about.rows
    }

    /// Notes what became of a row.
    pub(super) fn note(&mut self, result: &RowResult) {
        self.counts.add(result.outcome);
        self.finished.insert(result.row);
    }
}

/// Carries out the rows of a run that have no end yet, and tells what became of all of them.
///
/// # Errors
/// `Partial` where a row did not succeed; `Interrupted` where the run was stopped; what kept it from being carried out.
pub(super) fn carry_out(mut run: Run, mut state: State, course: &Course<'_>) -> Result<Kind> {
    let session = course.session;
    let about = run.about.clone();
    let resume = command(&about.profile, &format!("customer bulk resume {}", about.run));
    session.signals.set_hints(vec![format!("`{resume}` settles them and goes on")]);
    let place = course.session.account.place();
    if place.badge().is_some() {
        session.terminal.notes().say(&format!("Writing on {}.", place.sentence()));
    }
    session.signals.rows(true);
    let journal = session.journal()?;
    run.begin().map_err(not_kept)?;
    let worked = work(&mut run, &mut state, &journal, course);
    let mut counts = state.counts.clone();
    counts.add_many(Outcome::NotReached, about.rows.saturating_sub(counts.all()));
    // From here on rows may have been written, which an error of another kind would deny.
    let broke = |why: Error| {
        let undo = command(&about.profile, &format!("customer bulk undo {}", about.run));
        let hints = [format!("`{resume}` goes on"), format!("`{undo}` takes it back")];
        let error = why.detail([format!("until then: {}", counts.sentence())]);
        hints.into_iter().fold(Error { kind: Kind::Partial, hints: Vec::new(), ..error }, Error::hint)
    };
    let ended = run.end(counts.clone()).map_err(not_kept);
    let unfinished = (counts.of(Outcome::NotReached) > 0).then_some(&state.finished);
    let exported = export(&run, unfinished, &journal, course);
    let stopped = worked.map_err(broke)?;
    ended.map_err(broke)?;
    let results = exported.map_err(broke)?;
    let summary = Summary {
        about: &about,
        counts: &counts,
        results: &results,
        resume: &resume,
        place: course.session.account.place(),
    };
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
    tried.map_err(|why| Error::usage("the results have no place to go").because(why))
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

/// Works on the rows, and notes the end of each before the next one's is looked at.
fn work(run: &mut Run, state: &mut State, journal: &Journal, course: &Course<'_>) -> Result<Option<Stopped>> {
    let session = course.session;
    let about = run.about.clone();
    let settings = &course.session.account.settings;
    let limiter = Arc::new(RateLimiter::new(course.pace.rate(settings)));
    let worker = worker(&about, &limiter, journal, course);
    let pool =
        WorkerPool { workers: course.pace.jobs(settings), limiter: &limiter, signals: &session.signals };
    journal.written_by(pool.workers);
    let (source, finished) = (Source::of(run, journal)?, state.finished.clone());
    let limit = course.pace.limit.unwrap_or(u64::MAX);
    let mut progress = Progress::of(about.rows, state.counts.all(), &limiter, &session.terminal);
    let mut stopped = None;
    let mut in_a_row = 0;
    let mut told = Reasons::default();
    print(&report::rows_head(session.global.output), session)?;
    let panicked = |job: Job| {
        let error = Error::new(Kind::Unknown, "this program failed in the middle of the row");
        RowResult::failed(job.row, job.customer, &error)
    };
    let result = pool.run(
        |take| source.feed(&finished, limit, take),
        |job| worker.carry_out(job),
        panicked,
        |result| {
            if let Some(result) = result {
                let line = run.note_result(&result).map_err(not_kept)?;
                state.note(&result);
                match session.global.output {
                    Output::Ndjson => print(&line, session)?,
                    output => print(&report::row(&result, output), session)?,
                }
                if let Some(error) = result.error.as_ref().filter(|_| !result.outcome.succeeded()) {
                    told.add(result.row, result.customer, &format!("{}: {error}", result.outcome.name()));
                }
                in_a_row = if result.outcome.succeeded() { 0 } else { in_a_row + 1 };
                if result.outcome == Outcome::Credentials {
                    stopped = Some(Stopped::Credentials);
                }
            }
            progress.show(&state.counts, Counts::sentence);
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
    journal: &'a Journal,
    course: &Course<'a>,
) -> Worker<'a> {
    let (session, account) = (course.session, &course.session.account);
    Worker {
        client: &course.session.client,
        limiter,
        timeout: session.global.timeout,
        journal,
        profile: &account.profile,
        host: &account.origin,
        command: match about.kind {
            RunKind::Update(_) => "customer bulk update",
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

/// Writes what became of every row to the file that the user wants it in. Where rows were not reached, `unfinished`
/// tells which others have an end, and the rows are read once more for them.
fn export(
    run: &Run,
    unfinished: Option<&Finished>,
    journal: &Journal,
    course: &Course<'_>,
) -> Result<PathBuf> {
    let path = course.results.map_or_else(|| run.folder().join("results.csv"), Path::to_path_buf);
    let name = path.to_string_lossy();
    let output =
        if name.ends_with(".ndjson") || name.ends_with(".jsonl") { Output::Ndjson } else { Output::Csv };
    let mut export = Export::to(&path).map_err(not_kept)?;
    let mut wrong = Ok(());
    let mut write = |text: String| {
        if wrong.is_ok() {
            wrong = export.write(&text);
        }
    };
    write(report::rows_head(output));
    run.each_result(|result| write(report::row(&result, output))).map_err(not_kept)?;
    if let Some(finished) = unfinished {
        Source::of(run, journal)?.feed(finished, u64::MAX, &mut |job: Job| {
            write(report::row(&RowResult::not_reached(job.row, job.customer), output));
            true
        })?;
    }
    wrong.and_then(|()| export.finish()).map_err(not_kept)?;
    Ok(path)
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
    notes.say(&format!("What became of each row: {}", summary.results.display()));
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
