//! `fusebill customer bulk plan`, and the rehearsal of an update: every customer is read, nothing is written.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::super::session::{Context, Session};
use super::about;
use super::lookups::look_up;
use super::progress::Progress;
use super::rows::{check, feed};
use super::run::{Reasons, refuse_replacing};
use super::worker::{Job, planned};
use super::worker_pool::{Take, WorkerPool};
use crate::api::RateLimiter;
use crate::api::rate_limit::Limits;
use crate::bulk::plan_file::{End, Head, Planned, VERSION, Who, write_line};
use crate::bulk::result::{Counts, Outcome};
use crate::cli::Output;
use crate::cli::bulk::{BulkUpdateArgs, PaceArgs, PlanArgs, RowArgs};
use crate::error::{Error, Kind, Result};
use crate::export::Export;
use crate::report::bulk::rehearsed;
use crate::search::CustomerName;
use crate::store::{RunKind, Store};

/// Requests that an account is allowed where it does not tell, by the vendor's page "Rate limits".
const USUAL: (u32, u32) = (1_000, 180_000);

pub(super) fn run(args: &PlanArgs, context: &Context) -> Result<Kind> {
    if let Some(out) = &args.out {
        refuse_replacing("--out", out, &args.rows.file)?;
    }
    let mut export = args.out.as_deref().map(Export::to).transpose()?;
    let read = read(&args.rows, &args.pace, context, |text| match &mut export {
        Some(export) => export.write(text),
        None => context.terminal.print(text),
    })?;
    if let Some(export) = export {
        export.finish()?;
    }
    tell(&read, context)?;
    if let Some(out) = &args.out {
        let apply = format!("customer bulk apply {}", shell_words::quote(&out.display().to_string()));
        let apply = crate::account::command(&read.profile, &apply);
        context.terminal.notes().say(&format!("To carry it out: {apply}"));
    }
    Ok(verdict(&read))
}

/// `bulk update --dry-run`.
pub(super) fn rehearse(args: &BulkUpdateArgs, context: &Context) -> Result<Kind> {
    let read = read(&args.rows, &args.run.pace, context, |_| Ok(()))?;
    tell(&read, context)?;
    context.terminal.notes().say("Dry run: nothing was written. `bulk plan` writes down what would change.");
    if matches!(context.global.output, Output::Json | Output::Ndjson) {
        context.terminal.print(&rehearsed(&read.counts, context.global.output))?;
    }
    Ok(verdict(&read))
}

/// What reading every customer found.
struct Read {
    profile: String,
    counts: Counts,
    limits: Limits,
}

/// Plans every row and gives the lines of the plan file to `write`.
fn read(
    args: &RowArgs,
    pace: &PaceArgs,
    context: &Context,
    mut write: impl FnMut(&str) -> Result<()> + Send,
) -> Result<Read> {
    let store = Store::scratch()?;
    let fresh = store.begin_run(about(RunKind::Update, args.file.name(), args.new_field, false, context))?;
    let checked = check(args, &store, fresh.run(), context)?;
    let session = &context.open()?;
    look_up((&store, fresh.run()), (&checked, &args.file.to_string()), pace, session)?;
    checked.words().iter().for_each(|words| session.terminal.notes().warn(words));
    let rows = checked.rows.min(pace.limit.unwrap_or(u64::MAX));
    write(&line(&Head {
        fusebill_plan: VERSION,
        profile: session.account.profile.clone(),
        host: session.account.origin.clone(),
        time: session.terminal.now(),
        source: args.file.name(),
    }))?;
    let settings = &session.account.settings;
    let limiter = Arc::new(RateLimiter::new(pace.rate(settings)));
    session.signals.rows(false);
    let pool = WorkerPool { workers: pace.jobs(settings), limiter: &limiter, signals: &session.signals };
    let mut counts = Counts::default();
    let mut told = Reasons::default();
    let mut progress = Progress::of(rows, 0, &limiter, &session.terminal);
    let fed = |take: Take<'_, Job>| feed(&store, fresh.run(), rows, take);
    let panicked =
        |job: Job| failed(&job, &Error::new(Kind::Failed, "this program failed in the middle of the row"));
    let result = pool.run(
        fed,
        |job| plan_row(job, args.new_field, &store, &limiter, session),
        panicked,
        |planned: Option<Planned>| {
            if let Some(planned) = planned {
                if let Some(why) = &planned.error {
                    told.add(planned.row, planned.customer.id, why);
                }
                counts.add(match (&planned.error, &planned.before) {
                    (Some(_), _) => Outcome::Failed,
                    (None, Some(_)) => Outcome::Written,
                    (None, None) => Outcome::Unchanged,
                });
                write(&line(&planned))?;
            }
            progress.show(&counts, sentence);
            Ok(ControlFlow::Continue(()))
        },
    );
    drop(progress);
    told.tell(session.terminal.notes());
    result?;
    if session.signals.is_stopping() {
        return Err(Error::new(Kind::Interrupted, "the plan was not finished"));
    }
    write(&line(&End { end_of_plan: counts.all() }))?;
    Ok(Read { profile: session.account.profile.clone(), counts, limits: limiter.limits() })
}

fn line<T: serde::Serialize>(content: &T) -> String {
    let mut out = Vec::new();
    write_line(&mut out, content).expect("memory is written to");
    String::from_utf8(out).expect("JSON is text")
}

fn plan_row(
    job: &Job,
    new_fields: bool,
    store: &Store,
    limiter: &Arc<RateLimiter>,
    session: &Session<'_>,
) -> Option<Planned> {
    if job.task.asks_nothing() {
        return Some(without_plan(job, None));
    }
    let notes = session.terminal.notes().hushed();
    let client = session.client.limited(session.global.timeout, notes, Arc::clone(limiter));
    let result = client.get(job.customer).and_then(|now| {
        job.refuse_another(&now)?;
        planned(&job.task, now, new_fields, store)
    });
    match result {
        Ok(plan) => Some(Planned { lookup: lookup(job), ..Planned::of(job.row, &plan) }),
        Err(error) if error.kind == Kind::Interrupted => None,
        Err(error) => Some(failed(job, &error)),
    }
}

fn failed(job: &Job, error: &Error) -> Planned {
    without_plan(job, Some(error.headline()))
}

fn without_plan(job: &Job, error: Option<String>) -> Planned {
    let customer = Who { id: job.customer, name: String::new() };
    Planned { row: job.row, customer, lookup: lookup(job), edits: Vec::new(), before: None, error }
}

fn lookup(job: &Job) -> Option<String> {
    match &job.name {
        CustomerName::Lookup(lookup) => Some(lookup.to_string()),
        CustomerName::Id(_) => None,
    }
}

/// What the rows that were read come to.
fn sentence(counts: &Counts) -> String {
    let (change, same) = (counts.of(Outcome::Written), counts.of(Outcome::Unchanged));
    let failed = match counts.of(Outcome::Failed) {
        0 => String::new(),
        failed => format!(", {failed} could not be planned"),
    };
    let are = if same == 1 { "is" } else { "are" };
    format!("{change} would change, {same} {are} as asked already{failed}")
}

/// Says what would change, and what it takes.
fn tell(read: &Read, context: &Context) -> Result<()> {
    let notes = context.terminal.notes();
    notes.say(&format!("{}.", sentence(&read.counts)));
    let change = read.counts.of(Outcome::Written);
    if change == 0 {
        return Ok(());
    }
    let calls = 2 * change;
    let (per_minute, per_day) =
        (read.limits.per_minute.unwrap_or(USUAL.0), read.limits.per_day.unwrap_or(USUAL.1));
    notes.say(&format!(
        "Writing them takes {calls} requests; at the account's {per_minute} a minute, {}{}.",
        duration(calls, per_minute),
        if calls > u64::from(per_day) {
            format!(", and at {per_day} a day, {} days", calls.div_ceil(u64::from(per_day)))
        } else {
            String::new()
        }
    ));
    Ok(())
}

/// How long so many requests take at so many a minute.
fn duration(calls: u64, per_minute: u32) -> String {
    let time = Duration::from_secs(calls * 60 / u64::from(per_minute.max(1)));
    match time.as_secs() {
        0..60 => "less than a minute".to_string(),
        seconds @ 60..5_400 => format!("{} minutes", seconds.div_ceil(60)),
        seconds => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

fn verdict(read: &Read) -> Kind {
    if read.counts.of(Outcome::Failed) > 0 { Kind::Partial } else { Kind::Done }
}
