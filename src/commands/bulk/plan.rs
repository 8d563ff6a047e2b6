//! `fusebill customer bulk plan` and `update --dry-run`: every customer is read, nothing is written.

use std::ops::ControlFlow;
use std::time::Duration;

use super::super::refusal::{check_references, refuse_known};
use super::super::session::Context;
use super::actions::read_action;
use super::doubts::check_doubtful;
use super::lookups::look_up;
use super::progress::{Progress, rounded};
use super::rows::{check, jobs};
use super::worker::{Job, Task, planned};
use super::worker_pool::WorkerPool;
use super::{about, input, refuse_other_base, refuse_replacing};
use crate::account::command;
use crate::api::Client;
use crate::api::rate_limit::Limits;
use crate::bulk::action::ActionTotals;
use crate::bulk::plan_file::{End, Head, Planned, VERSION, json_line};
use crate::bulk::result::{Counts, Outcome, RowResult};
use crate::cli::bulk::{BulkUpdateArgs, PaceArgs, PlanArgs, RowArgs};
use crate::cli::{Output, Verify};
use crate::error::{Error, ErrorKind, Result};
use crate::export::Export;
use crate::report::bulk::planned_json;
use crate::report::plan::{Overview, csv_head, csv_rows};
use crate::search::CustomerName;
use crate::store::{RunKind, Store};

/// Requests a minute and a day that an account is allowed unless its answers tell, by the vendor's page "Rate limits".
const USUAL: (u32, u32) = (1_000, 180_000);

pub(super) fn run(args: &PlanArgs, context: &Context) -> Result<ErrorKind> {
    if let Some(out) = &args.out {
        refuse_replacing("--out", out, &input::files(&args.rows))?;
    }
    let mut export = args.out.as_deref().map(Export::to).transpose()?;
    let (terminal, output) = (&context.terminal, context.global.output);
    if output == Output::Csv {
        terminal.print(&csv_head())?;
    }
    let mut overview = Overview::default();
    let (counts, limits) = read(&args.rows, &args.pace, args.check, context, |line| {
        let text = line.text();
        export.as_mut().map_or(Ok(()), |export| export.write(&text))?;
        if let Line::Row(planned) = &line {
            overview.add(planned);
        }
        match (output, &line) {
            (Output::Ndjson, _) if args.out.is_none() => terminal.print(&text),
            (Output::Csv, Line::Row(planned)) => terminal.print(&csv_rows(planned)),
            _ => Ok(()),
        }
    })?;
    export.map_or(Ok(()), Export::finish)?;
    match output {
        Output::Table => terminal.print(&overview.table(terminal.look()))?,
        Output::Json => terminal.print(&planned_json(&counts, &overview.actions, output))?,
        Output::Csv | Output::Ndjson => {}
    }
    tell(&counts, &overview.actions, limits, context);
    if let Some(out) = &args.out {
        let out = shell_words::quote(&out.to_string_lossy()).into_owned();
        let apply = command(&context.profile()?.name, &format!("customer bulk apply {out}"));
        context.terminal.notes().say_command("To apply it:", &apply);
    }
    Ok(plan_exit_kind(&counts, args.exit_code))
}

/// A line of a plan file.
enum Line<'a> {
    Head(Head),
    Row(&'a Planned),
    End(End),
}

impl Line<'_> {
    fn text(&self) -> String {
        match self {
            Line::Head(head) => json_line(head),
            Line::Row(planned) => json_line(planned),
            Line::End(end) => json_line(end),
        }
    }
}

/// `--exit-code` tells a plan that changes something from one that does not.
fn plan_exit_kind(counts: &Counts, exit_code: bool) -> ErrorKind {
    match kind(counts) {
        ErrorKind::Done if exit_code && counts.of(Outcome::Written) > 0 => ErrorKind::Changes,
        kind => kind,
    }
}

pub(super) fn dry_run(args: &BulkUpdateArgs, context: &Context) -> Result<ErrorKind> {
    let mut overview = Overview::default();
    let (counts, limits) = read(&args.rows, &args.run.pace, args.check, context, |line| {
        if let Line::Row(planned) = &line {
            overview.add(planned);
        }
        Ok(())
    })?;
    if context.global.output == Output::Table {
        context.terminal.print(&overview.table(context.terminal.look()))?;
    }
    tell(&counts, &overview.actions, limits, context);
    context.terminal.notes().say("Dry run: nothing was written. `bulk plan` saves what would change.");
    if matches!(context.global.output, Output::Json | Output::Ndjson) {
        let text = planned_json(&counts, &overview.actions, context.global.output);
        context.terminal.print(&text)?;
    }
    Ok(plan_exit_kind(&counts, args.exit_code))
}

fn read(
    args: &RowArgs,
    pace: &PaceArgs,
    check_parents: bool,
    context: &Context,
    mut write: impl FnMut(Line<'_>) -> Result<()> + Send,
) -> Result<(Counts, Limits)> {
    let store = Store::scratch()?;
    let about = about(RunKind::Update, args.file.name(), args.new_field, Verify::default(), context);
    let run = store.begin_run(about)?;
    let checked = check(args, pace.limit, &store, &run, context)?;
    let session = &context.open()?;
    refuse_other_base(&checked, session)?;
    look_up(&checked, &args.file, (&store, &run), pace, session)?;
    check_doubtful(&checked, &args.file, (&store, &run), pace, session)?;
    checked.warnings().iter().for_each(|warning| session.terminal.notes().warn(warning));
    write(Line::Head(Head {
        fusebill_plan: VERSION,
        profile: session.account.profile.clone(),
        host: session.account.origin.clone(),
        time: session.terminal.now(),
        source: args.file.name(),
    }))?;
    session.signals.rows(false);
    let pool = WorkerPool::new(pace, session);
    let limit = pace.limit.unwrap_or(u64::MAX);
    let mut counts = Counts::default();
    let mut progress = Progress::of(checked.rows.min(limit), 0, &pool.limiter, &session.terminal);
    let jobs = jobs(&store, &run).take(usize::try_from(limit).unwrap_or(usize::MAX));
    let result = pool.run(
        jobs,
        |job| plan_row(job, args.new_field, check_parents, &store, &pool.client(session)),
        |done| {
            if let Some((job, result)) = done {
                let planned = result.unwrap_or_else(|error| {
                    progress.failed(job.row, job.customer, &error.headline());
                    let error = RowResult::failed(job.row, job.customer, &error).error;
                    Planned { error, ..unplanned(&job) }
                });
                counts.add(planned.outcome());
                write(Line::Row(&planned))?;
            }
            progress.show(&counts, sentence);
            Ok(ControlFlow::Continue(()))
        },
    );
    progress.end();
    result?;
    if session.signals.is_stopping() {
        return Err(Error::new(ErrorKind::Interrupted, "the plan was not finished"));
    }
    write(Line::End(End { end_of_plan: counts.all() }))?;
    Ok((counts, pool.limiter.limits()))
}

fn plan_row(
    job: &Job,
    new_fields: bool,
    check_parents: bool,
    store: &Store,
    client: &Client,
) -> Result<Planned> {
    if job.task.needs_no_read() {
        return Ok(unplanned(job));
    }
    if let Task::Action(row) = &job.task {
        let (now, action) = read_action(job, row.action, client)?;
        return Ok(Planned { name: now.name(), action: Some(action), ..unplanned(job) });
    }
    let now = client.get(job.customer)?;
    job.refuse_another(&now)?;
    let plan = planned(&job.task, now, new_fields, store)?;
    refuse_known(&plan)?;
    if check_parents {
        check_references(&plan, client)?;
    }
    Ok(Planned { lookup: unplanned(job).lookup, ..Planned::of(job.row, &plan) })
}

fn unplanned(job: &Job) -> Planned {
    let lookup = match &job.name {
        CustomerName::Lookup(lookup) => Some(lookup.to_string()),
        CustomerName::Id(_) => None,
    };
    Planned { lookup, ..Planned::nothing(job.row, job.customer) }
}

pub(super) fn sentence(counts: &Counts) -> String {
    let failed = match counts.of(Outcome::Failed) {
        0 => String::new(),
        failed => format!(", {failed} could not be planned"),
    };
    format!(
        "{} would change, {} unchanged{failed}",
        counts.of(Outcome::Written),
        counts.of(Outcome::Unchanged)
    )
}

fn tell(counts: &Counts, actions: &ActionTotals, limits: Limits, context: &Context) {
    let notes = context.terminal.notes();
    notes.say(&format!("{}.", sentence(counts)));
    let requests = 2 * counts.of(Outcome::Written).saturating_sub(actions.rows()) + actions.requests();
    if requests == 0 {
        return;
    }
    let per_minute = limits.per_minute.unwrap_or(USUAL.0).max(1);
    let per_day = u64::from(limits.per_day.unwrap_or(USUAL.1).max(1));
    let time = rounded(Duration::from_secs(requests * 60 / u64::from(per_minute)));
    let days = if requests > per_day {
        format!(", and at {per_day} a day, {} days", requests.div_ceil(per_day))
    } else {
        String::new()
    };
    notes.say(&format!(
        "Writing them takes {requests} requests; at the account's {per_minute} a minute, {time}{days}."
    ));
}

pub(super) fn kind(counts: &Counts) -> ErrorKind {
    if counts.of(Outcome::Failed) > 0 { ErrorKind::Partial } else { ErrorKind::Done }
}
