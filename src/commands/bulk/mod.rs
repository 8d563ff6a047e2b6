//! `fusebill customer bulk`: many customers from a file.

mod act;
mod actions;
mod doubts;
mod failures;
mod input;
mod lookups;
mod plan;
mod progress;
mod rehearsal;
mod resume;
mod rows;
mod run;
mod show;
mod worker;
mod worker_pool;

use std::path::{Path, PathBuf};

use super::session::{Context, Session};
use crate::account::command;
use crate::action::opposite;
use crate::bulk::result::Outcome;
use crate::cli::Verify;
use crate::cli::bulk::{ApplyArgs, BulkCommand, BulkUndoArgs, BulkUpdateArgs, RunArgs, RunName};
use crate::error::{Error, ErrorKind, Result};
use crate::export::Export;
use crate::report::action::capital;
use crate::report::bulk::{self as report, counted};
use crate::store::{EntryId, Run, RunInfo, RunKind, Store};
use crate::terminal::Input;
use actions::Pending;
use doubts::check_doubtful;
pub(super) use input::beside;
use lookups::look_up;
use rehearsal::Rehearsal;
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
    let checked = check(rows, run.pace.limit, store, &new, context)?;
    let actions = Pending::of(&new, run.pace.limit, store)?;
    actions.refuse_unbounded(run.yes, args.total.max_total)?;
    let session = &open(run, args.failures.failures.as_ref(), &input::files(rows), context)?;
    refuse_other_base(&checked, session)?;
    look_up(&checked, &rows.file, (store, &new), &run.pace, session)?;
    check_doubtful(&checked, &rows.file, (store, &new), &run.pace, session)?;
    let actions = actions.read(&new, &run.pace, session)?;
    actions.show(!run.yes, args.total.max_total, session)?;
    if let Some(what) = asked(&checked, &actions, &rows.file) {
        let answer = consent(&what, &checked.warnings(), run.yes, session);
        answer.map_err(|error| actions.with_bound(error))?;
    }
    start_agreed(new, (&checked, &actions), run, args.failures.failures.as_ref(), session)
}

/// "Change firstName of 5 customers and send 3 status actions as rows.csv says, charging 129.95 CAD,"; none if nothing is asked for.
fn asked(checked: &Checked, actions: &Pending, file: &Input) -> Option<String> {
    let edits = (checked.asking > 0).then(|| format!("change {}", checked.subject()));
    let what: Vec<String> = edits.into_iter().chain(actions.what()).collect();
    let sentence = format!("{} as {file} says{}", what.join(" and "), actions.charging());
    (!what.is_empty()).then(|| capital(&sentence))
}

fn apply(args: &ApplyArgs, context: &Context) -> Result<ErrorKind> {
    let (store, run) = (context.store()?, &args.run);
    let new = store.begin_run(about(RunKind::Apply, args.plan.name(), true, args.proof.verify, context))?;
    let (head, checked) = check_plan(&args.plan, run.pace.limit, store, &new, context)?;
    let failures = args.failures.failures.as_ref();
    let actions = Pending::of(&new, run.pace.limit, store)?;
    actions.refuse_unbounded(run.yes, args.total.max_total)?;
    let session = &open(run, failures, &input::paths(&args.plan), context)?;
    session.refuse_elsewhere("the plan was made", &head.profile, &head.host)?;
    actions.show(!run.yes, args.total.max_total, session)?;
    if session.account.asks_always() || actions.what().is_some() {
        let with = actions.what().map(|what| format!(" that would {what}{}", actions.charging()));
        let rows = counted(checked.rows.min(run.pace.limit.unwrap_or(u64::MAX)), "customer");
        let what = format!("Carry out {}, a plan for {rows}{}", args.plan, with.unwrap_or_default());
        let answer = consent(&what, &[], run.yes, session);
        answer.map_err(|error| actions.with_bound(error))?;
    }
    start_agreed(new, (&checked, &actions), run, failures, session)
}

/// After the consent to the whole run; a rehearsal asks once more.
fn start_agreed(
    new: Run<'_>,
    (checked, actions): (&Checked, &Pending),
    args: &RunArgs,
    failures: Option<&PathBuf>,
    session: &Session<'_>,
) -> Result<ErrorKind> {
    actions.agreed(&new, session.store()?)?;
    let rehearsal = Rehearsal::of(checked.asking + actions.totals.rows(), actions.last, args, session);
    start(new, args, failures, rehearsal, session)
}

fn undo(args: &BulkUndoArgs, context: &Context) -> Result<ErrorKind> {
    let (store, run) = (context.store()?, &args.run);
    // It is held to the end, so that no other process resumes the run meanwhile.
    let undone = match args.run_name.last {
        true => open_last_to_undo(context)?,
        false => open_run(&args.run_name, context)?,
    };
    let name = &undone.about.run;
    let session = &open(run, None, &[], context)?;
    session.refuse_elsewhere("the run was made", &undone.about.profile, &undone.about.host)?;
    let about = about(RunKind::Undo, format!("run {name}"), true, args.proof.verify, context);
    let new = store.begin_run(RunInfo { undoes: Some(name.clone()), ..about })?;
    let rows = store.add_rows_of(name, &new)?;
    let not_undone = |action: &(String, u64)| not_undone(action, &undone.about.profile);
    let actions: Vec<String> = store.actions_of(name)?.iter().map(not_undone).collect();
    if rows == 0 && !actions.is_empty() {
        let message = format!("the run {name} sent status actions, which undo does not take back");
        return Err(Error::new(ErrorKind::Conflict, message).detail(actions));
    }
    let notes = session.terminal.notes();
    actions.iter().for_each(|line| notes.warn(&format!("not taken back: {line}")));
    if rows == 0 {
        return Err(nothing_to_undo(&undone, store)?);
    }
    let limit = run.pace.limit.filter(|limit| *limit < rows);
    let some = limit.map(|limit| format!("{limit} of ")).unwrap_or_default();
    let what = format!("Take back what the run {name} wrote to {some}{}", counted(rows, "customer"));
    let altered = store.count_altered(&new, store.last_row_to_do(&new, run.pace.limit)?)?;
    let warning = (altered > 0).then(|| {
        let rows = counted(altered, "row");
        format!(
            "in {rows} the API or another client stored other values than were sent; undo replaces those too"
        )
    });
    consent(&what, warning.as_slice(), run.yes, session)?;
    start(new, run, None, None, session)
}

/// `--last` of an undo: the latest run that wrote something and was not undone.
fn open_last_to_undo(context: &Context) -> Result<Run<'_>> {
    let (store, profile) = (context.store()?, context.profile()?.name);
    let Some(name) = store.last_run_to_undo(&profile)? else {
        let message = format!("no run on profile {profile} wrote anything that is left to undo");
        return Err(Error::new(ErrorKind::NotFound, message)
            .hint("`fusebill customer bulk list` lists the runs of this machine"));
    };
    if let Some(last) = store.last_run(&profile)?.filter(|last| *last != name) {
        let notes = context.terminal.notes();
        notes.say(&format!("The run {last} has nothing to take back; the latest that has is {name}."));
    }
    store.open_run(&name)?.ok_or_else(|| no_such_run(&name))
}

fn nothing_to_undo(run: &Run<'_>, store: &Store) -> Result<Error> {
    let (name, (_, counts)) = (&run.about.run, store.counts(run.id)?);
    let list = command(&run.about.profile, &format!("customer bulk list {name}"));
    let message = match counts.of(Outcome::Written) + counts.of(Outcome::Differs) {
        0 => format!("the run {name} wrote nothing, so there is nothing to take back"),
        _ => format!("the journal no longer has the changes of the run {name}"),
    };
    Ok(Error::new(ErrorKind::NotFound, message).hint(format!("`{list}` shows the outcome of each row")))
}

/// "`hold` (2 rows): its opposite is `fusebill customer unhold --charge none CUSTOMER`; it charges nothing".
fn not_undone((action, rows): &(String, u64), profile: &str) -> String {
    let (back, cost) = opposite(action);
    let back = back.map(|back| command(profile, &format!("customer {back} CUSTOMER")));
    let back = back.map(|back| format!("its opposite is `{back}`; ")).unwrap_or_default();
    format!("`{action}` ({}): {back}{cost}", counted(*rows, "row"))
}

fn refuse_other_base(checked: &Checked, session: &Session<'_>) -> Result<()> {
    let Some(head) = &checked.exported else { return Ok(()) };
    session.refuse_elsewhere("the file was exported", &head.profile, &head.host)?;
    let when = session.terminal.local(head.time);
    let rows = counted(checked.rows, "row");
    let edited = checked.edited;
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
    inputs: &[PathBuf],
    context: &'a Context,
) -> Result<Session<'a>> {
    let files = [("--results", args.results.as_ref()), ("--failures", failures)];
    for (flag, file) in files.into_iter().filter_map(|(flag, file)| Some((flag, file?))) {
        refuse_replacing(flag, file, inputs)?;
        let unusable = |error| Error { kind: ErrorKind::Usage, ..error };
        Export::check_writable(file).map_err(|error| unusable(error).step(flag))?;
    }
    if args.results.as_ref().zip(failures).is_some_and(|(one, other)| is_one_file(one, other)) {
        return Err(Error::usage("--results and --failures name one file"));
    }
    context.open_to_write(false)
}

fn start(
    mut run: Run<'_>,
    args: &RunArgs,
    failures: Option<&PathBuf>,
    rehearsal: Option<Rehearsal>,
    session: &Session<'_>,
) -> Result<ErrorKind> {
    run.start(&session.account.profile, &session.account.origin)?;
    write_rows(&run, args, failures, rehearsal, session)
}

fn refuse_replacing(flag: &str, out: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Some(input) = inputs.iter().find(|input| Export::replaces(out, input)) else { return Ok(()) };
    let (out, input) = (out.display(), input.display());
    Err(Error::usage(format!("{flag} {out} would replace {input}, which is read")))
}

/// Neither file need exist.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let absolute = |path| std::path::absolute(path).ok();
    absolute(one) == absolute(other) || Export::replaces(one, other)
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
    session.client.pause_deadline(|| super::consent::consent(&question, warnings, always, session))
}
