//! `fusebill customer bulk`: many customers from a file.

mod doubts;
mod failures;
mod input;
mod lookups;
mod plan;
mod progress;
mod resume;
mod rows;
mod run;
mod show;
mod worker;
mod worker_pool;

use std::path::{Path, PathBuf};

use super::session::{Context, Session};
use crate::bulk::result::Outcome;
use crate::cli::Verify;
use crate::cli::bulk::{ApplyArgs, BulkCommand, BulkUndoArgs, BulkUpdateArgs, RunArgs, RunName};
use crate::error::{Error, ErrorKind, Result};
use crate::export::Export;
use crate::report::bulk::{self as report, counted};
use crate::store::{EntryId, Run, RunInfo, RunKind};
use crate::terminal::Input;
use doubts::check_doubtful;
pub(super) use input::beside;
use lookups::look_up;
use rows::{Checked, check, check_plan};
use run::write_rows;

pub(super) fn run(command: &BulkCommand, context: &Context) -> Result<ErrorKind> {
    match command {
        BulkCommand::Plan(args) => plan::run(args, context),
        BulkCommand::Show(args) => show::run(args, context),
        BulkCommand::Apply(args) => apply(args, context),
        BulkCommand::Update(args) if args.dry_run => plan::dry_run(args, context),
        BulkCommand::Update(args) => update(args, context),
        BulkCommand::Resume(args) => resume::run(args, Outcome::is_open, context),
        BulkCommand::Retry(args) => resume::run(args, Outcome::may_be_retried, context),
        BulkCommand::Undo(args) => undo(args, context),
        BulkCommand::List { name: None } => list(context),
        BulkCommand::List { name: Some(name) } => list_rows(&EntryId::typed(name), context),
    }
}

fn update(args: &BulkUpdateArgs, context: &Context) -> Result<ErrorKind> {
    let (store, rows, run) = (context.store()?, &args.rows, &args.run);
    let new = store.begin_run(about(
        RunKind::Update,
        rows.file.name(),
        rows.new_field,
        args.proof.verify,
        context,
    ))?;
    let checked = check(rows, store, &new, context)?;
    let session = &open(run, args.failures.failures.as_ref(), Some(&rows.file), context)?;
    refuse_other_base(&checked, session)?;
    look_up(&checked, &rows.file, (store, &new), &run.pace, session)?;
    check_doubtful(&checked, &rows.file, (store, &new), &run.pace, session)?;
    let limit = run.pace.limit.unwrap_or(u64::MAX);
    let what = format!("Change {} as {} says", checked.subject(limit), rows.file);
    if checked.asking > 0 {
        consent(&what, &checked.warnings(), run.yes, session)?;
    }
    start(new, run, args.failures.failures.as_ref(), session)
}

fn apply(args: &ApplyArgs, context: &Context) -> Result<ErrorKind> {
    let (store, run) = (context.store()?, &args.run);
    let new = store.begin_run(about(RunKind::Apply, args.plan.name(), true, args.proof.verify, context))?;
    let (head, rows) = check_plan(&args.plan, store, &new, context)?;
    let session = &open(run, None, Some(&args.plan), context)?;
    session.refuse_elsewhere("the plan was made", &head.profile, &head.host)?;
    if session.account.asks_always() {
        let what = format!("Carry out {}, a plan for {}", args.plan, counted(rows, "customer"));
        consent(&what, &[], run.yes, session)?;
    }
    start(new, run, None, session)
}

fn undo(args: &BulkUndoArgs, context: &Context) -> Result<ErrorKind> {
    let (store, run) = (context.store()?, &args.run);
    // It is held to the end, so that no other process resumes the run meanwhile.
    let undone = open_run(&args.run_name, context)?;
    let name = &undone.about.run;
    let session = &open(run, None, None, context)?;
    session.refuse_elsewhere("the run was made", &undone.about.profile, &undone.about.host)?;
    let about = about(RunKind::Undo, format!("run {name}"), true, args.proof.verify, context);
    let new = store.begin_run(RunInfo { undoes: Some(name.clone()), ..about })?;
    let rows = store.add_rows_of(name, &new)?;
    if rows == 0 {
        return Err(Error::new(ErrorKind::NotFound, format!("the journal has no change of the run {name}")));
    }
    let what = format!("Take back what the run {name} wrote to {}", counted(rows, "customer"));
    let altered = store.count_altered(&new)?;
    let warning = (altered > 0).then(|| {
        let rows = counted(altered, "row");
        format!(
            "in {rows} the API or another client stored other values than were sent; undo replaces those too"
        )
    });
    consent(&what, warning.as_slice(), run.yes, session)?;
    start(new, run, None, session)
}

fn refuse_other_base(checked: &Checked, session: &Session<'_>) -> Result<()> {
    let Some(head) = &checked.exported else { return Ok(()) };
    session.refuse_elsewhere("the file was exported", &head.profile, &head.host)?;
    let when = session.terminal.local(head.time);
    let rows = counted(checked.rows, "row");
    let edited = checked.asking;
    session.terminal.notes().say(&format!("Exported {when}: {edited} of {rows} edited since."));
    Ok(())
}

/// The run has no account until it starts.
fn about(kind: RunKind, source: String, new_fields: bool, verify: Verify, context: &Context) -> RunInfo {
    let time = context.terminal.now();
    let run = EntryId::new(time, fastrand::u32(..));
    let reads_again = verify == Verify::Read;
    let (undoes, profile, host) = (None, String::new(), String::new());
    RunInfo { run, time, kind, undoes, profile, host, source, new_fields, reads_again }
}

/// The files of the results are tried first, because they are written only at the end of the run.
fn open<'a>(
    args: &RunArgs,
    failures: Option<&PathBuf>,
    input: Option<&Input>,
    context: &'a Context,
) -> Result<Session<'a>> {
    let files = [("--results", args.results.as_ref()), ("--failures", failures)];
    for (flag, file) in files.into_iter().filter_map(|(flag, file)| Some((flag, file?))) {
        input.map_or(Ok(()), |input| refuse_replacing(flag, file, input))?;
        let unusable = |error| Error { kind: ErrorKind::Usage, ..error };
        Export::try_out(file).map_err(|error| unusable(error).step(flag))?;
    }
    if args.results.is_some() && args.results.as_ref() == failures {
        return Err(Error::usage("--results and --failures name one file"));
    }
    context.open_to_write(false)
}

fn start(
    mut run: Run<'_>,
    args: &RunArgs,
    failures: Option<&PathBuf>,
    session: &Session<'_>,
) -> Result<ErrorKind> {
    run.start(&session.account.profile, &session.account.origin)?;
    write_rows(&run, args, failures, session)
}

fn refuse_replacing(flag: &str, out: &Path, input: &Input) -> Result<()> {
    match input {
        Input::File(file) if Export::replaces(out, file) => {
            Err(Error::usage(format!("{flag} {} would replace the file that is read", out.display())))
        }
        _ => Ok(()),
    }
}

fn list(context: &Context) -> Result<ErrorKind> {
    let all = context.store()?.runs()?;
    if all.is_empty() {
        context.terminal.notes().say("This machine has no runs.");
    }
    let local = |moment| context.terminal.local(moment);
    let text = report::list(&all, context.global.output, local, context.terminal.look());
    context.terminal.print(&text).map(|()| ErrorKind::Done)
}

fn list_rows(name: &EntryId, context: &Context) -> Result<ErrorKind> {
    let store = context.store()?;
    let (id, _) = store.find_run(name)?.ok_or_else(|| no_such_run(name))?;
    let terminal = &context.terminal;
    let mut rows = report::rows(context.global.output, terminal.look());
    for result in store.results(id) {
        terminal.print(&report::add(&mut rows, &result?))?;
    }
    terminal.print(&rows.end()).map(|()| ErrorKind::Done)
}

fn open_run<'a>(name: &RunName, context: &'a Context) -> Result<Run<'a>> {
    let store = context.store()?;
    let name = match &name.name {
        Some(name) => EntryId::typed(name),
        None => {
            let profile = context.profile()?.name;
            let last = store.last_run(&profile)?;
            last.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, format!("there is no run on profile {profile}"))
            })?
        }
    };
    store.open_run(&name)?.ok_or_else(|| no_such_run(&name))
}

fn no_such_run(name: &EntryId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no run `{name}`"))
        .hint("`fusebill customer bulk list` lists the runs of this machine")
}

fn consent(what: &str, warnings: &[String], yes: bool, session: &Session<'_>) -> Result<()> {
    if yes {
        return Ok(());
    }
    let question = format!("{what} on {}?", session.account.label().sentence());
    let always = session.account.always();
    session.client.not_counting(|| super::consent::consent(&question, warnings, always, session))
}
