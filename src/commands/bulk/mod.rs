//! `fusebill customer bulk`: many customers from a file.

mod lookups;
mod plan;
mod progress;
mod resume;
mod rows;
mod run;
mod worker;
mod worker_pool;

use super::session::{Context, Session};
use crate::bulk::result::Outcome;
use crate::cli::bulk::{ApplyArgs, BulkCommand, BulkUndoArgs, BulkUpdateArgs, RunArgs, RunName};
use crate::cli::{Output, Proof};
use crate::error::{Error, Kind, Result};
use crate::report::bulk::{self as report, counted};
use crate::report::escape::escaped;
use crate::store::{About, EntryId, NewRun, Run, RunKind};
use lookups::look_up;
use rows::{check, check_plan};
use run::{Course, carry_out, place};

pub(super) fn run(command: &BulkCommand, context: &Context) -> Result<Kind> {
    match command {
        BulkCommand::Plan(args) => plan::run(args, context),
        BulkCommand::Apply(args) => apply(args, context),
        BulkCommand::Update(args) if args.dry_run => plan::rehearse(args, context),
        BulkCommand::Update(args) => update(args, context),
        BulkCommand::Resume(args) => resume::run(args, Outcome::is_open, context),
        BulkCommand::Retry(args) => resume::run(args, Outcome::may_be_retried, context),
        BulkCommand::Undo(args) => undo(args, context),
        BulkCommand::List { name: None } => list(context),
        BulkCommand::List { name: Some(name) } => list_rows(&EntryId::typed(name), context),
    }
}

/// What a run that begins now is about; its account is not known before its rows are checked.
fn about(kind: RunKind, source: String, new_fields: bool, reads_again: bool, context: &Context) -> About {
    let time = context.terminal.now();
    let run = EntryId::new(time, fastrand::u32(..));
    About { run, time, kind, profile: String::new(), host: String::new(), source, new_fields, reads_again }
}

/// Makes it a run, and carries it out from its first row.
fn carry_out_anew(new: NewRun<'_>, args: &RunArgs, session: &Session<'_>) -> Result<Kind> {
    let run = new.start(&session.account.profile, &session.account.origin)?;
    carry_out(&run, &Course { pace: &args.pace, results: args.results.as_deref(), session })
}

fn update(args: &BulkUpdateArgs, context: &Context) -> Result<Kind> {
    let store = context.store()?;
    let rows = &args.rows;
    let reads_again = args.proof.verify == Proof::Read;
    let new =
        store.begin_run(about(RunKind::Update, rows.file.name(), rows.new_field, reads_again, context))?;
    let name = rows.file.to_string();
    let checked = check(rows, store, new.run(), context)?;
    place(args.run.results.as_deref(), Some(&rows.file))?;
    let session = &context.open_to_write(false)?;
    look_up((store, new.run()), (&checked, &name), &args.run.pace, session)?;
    let asked = checked.rows.min(args.run.pace.limit.unwrap_or(u64::MAX));
    let what = format!("change {} as {name} says", counted(asked, "customer"));
    consent(&what, &checked.words(), args.run.yes, session)?;
    carry_out_anew(new, &args.run, session)
}

fn apply(args: &ApplyArgs, context: &Context) -> Result<Kind> {
    let store = context.store()?;
    let reads_again = args.proof.verify == Proof::Read;
    let new = store.begin_run(about(RunKind::Apply, args.plan.name(), true, reads_again, context))?;
    let (head, rows) = check_plan(&args.plan, store, new.run(), context)?;
    place(args.run.results.as_deref(), Some(&args.plan))?;
    let session = &context.open_to_write(false)?;
    refuse_elsewhere("the plan was made", &head.profile, &head.host, session)?;
    let what = format!("carry out {}, a plan for {}", args.plan, counted(rows, "customer"));
    consent_always(&what, args.run.yes, session)?;
    carry_out_anew(new, &args.run, session)
}

fn undo(args: &BulkUndoArgs, context: &Context) -> Result<Kind> {
    let store = context.store()?;
    // Held to the end, so that no other process goes on with the run while it is taken back.
    let undone = open_run(&args.run_name, context)?;
    let name = &undone.about.run;
    let session = &context.open_to_write(false)?;
    refuse_elsewhere("the run was made", &undone.about.profile, &undone.about.host, session)?;
    place(args.run.results.as_deref(), None)?;
    let reads_again = args.proof.verify == Proof::Read;
    let new = store.begin_run(about(
        RunKind::Undo(name.clone()),
        format!("run {name}"),
        true,
        reads_again,
        context,
    ))?;
    let rows = store.add_rows_of(name, new.run())?;
    if rows == 0 {
        return Err(Error::new(Kind::NotFound, format!("the journal has no change of the run {name}")));
    }
    let what = format!("take back what the run {name} wrote to {}", counted(rows, "customer"));
    consent(&what, &[], args.run.yes, session)?;
    carry_out_anew(new, &args.run, session)
}

fn list(context: &Context) -> Result<Kind> {
    let all = context.store()?.runs()?;
    if all.is_empty() {
        context.terminal.notes().say("This machine has no runs.");
    }
    let local = |moment| context.terminal.local(moment);
    let text = report::list(&all, context.global.output, local, context.terminal.look());
    context.terminal.print(&text).map(|()| Kind::Done)
}

/// How many rows are printed at once, and stand in one table.
const AT_ONCE: u64 = 1_000;

/// What became of each row of a run.
fn list_rows(name: &EntryId, context: &Context) -> Result<Kind> {
    let store = context.store()?;
    let id = store.run_id(name)?.ok_or_else(|| no_such_run(name))?;
    let (terminal, output) = (&context.terminal, context.global.output);
    let (mut rows, mut text) = (report::rows(output), String::new());
    store.results(id, |result| {
        text += &report::add(&mut rows, &result);
        if result.row % AT_ONCE == 0 {
            if output == Output::Table {
                text += &std::mem::replace(&mut rows, report::rows(output)).end(terminal.look());
            }
            terminal.print(&std::mem::take(&mut text))?;
        }
        Ok(())
    })?;
    terminal.print(&(text + &rows.end(terminal.look()))).map(|()| Kind::Done)
}

/// The run that is meant, which this process carries out from now on.
///
/// # Errors
/// `NotFound` if there is none; `Conflict` if another process carries it out.
fn open_run(name: &RunName, context: &Context) -> Result<Run> {
    let store = context.store()?;
    let name = match &name.name {
        Some(name) => EntryId::typed(name),
        None => {
            let profile = context.profile()?.name;
            let last = store.last_run(&profile)?;
            last.ok_or_else(|| Error::new(Kind::NotFound, format!("there is no run on profile {profile}")))?
                .run
        }
    };
    store.open_run(&name)?.ok_or_else(|| no_such_run(&name))
}

fn no_such_run(name: &EntryId) -> Error {
    Error::new(Kind::NotFound, format!("there is no run `{name}`"))
        .hint("`fusebill customer bulk list` lists the runs of this machine")
}

/// What is made for one account is not carried out on another.
fn refuse_elsewhere(what: &str, profile: &str, host: &str, session: &Session<'_>) -> Result<()> {
    let account = &session.account;
    if profile == account.profile && host == account.origin {
        return Ok(());
    }
    let error = Error::new(Kind::Conflict, format!("{what} on profile {profile} at {host}"))
        .detail([format!("this is profile {} at {}", account.profile, account.origin)]);
    Err(if profile == account.profile { error } else { error.hint(format!("add --profile {profile}")) })
}

/// Asks where the profile wants to be asked before every write.
fn consent_always(what: &str, yes: bool, session: &Session<'_>) -> Result<()> {
    if session.account.asks_always() { consent(what, &[], yes, session) } else { Ok(()) }
}

/// Asks before many customers are changed. `words` say what is more than a plain change.
fn consent(what: &str, words: &[String], yes: bool, session: &Session<'_>) -> Result<()> {
    if yes {
        return Ok(());
    }
    let place = session.account.place().sentence();
    if !session.terminal.may_ask() {
        return Err(Error::usage("this needs consent, and there is nobody to ask")
            .detail([format!("it would {what}, on {place}")])
            .detail(words.iter().cloned())
            .detail(session.account.always())
            .hint("add --yes to consent on the command line"));
    }
    words.iter().for_each(|words| session.terminal.notes().warn(words));
    let what = escaped(what);
    let mut question = format!("{what} on {place}?");
    question[..1].make_ascii_uppercase();
    if session.client.not_counting(|| session.terminal.confirm(&question))? {
        return Ok(());
    }
    Err(Error::new(Kind::Cancelled, "you said no"))
}
