//! `fusebill customer bulk`: many customers from a file.

mod lookups;

mod plan;
mod progress;
mod resume;
mod rows;
mod run;
mod source;
mod worker;
mod worker_pool;

use super::session::{Context, Session};
use crate::cli::Proof;
use crate::cli::bulk::{ApplyArgs, BulkCommand, BulkUndoArgs, BulkUpdateArgs, RunArgs};
use crate::error::{Error, Kind, Result};
use crate::journal::EntryId;
use crate::report::bulk::{self as report, Listed, counted};
use crate::report::escape::escaped;
use crate::runs::{About, Kind as RunKind, NewRun, Runs, VERSION};
use lookups::look_up;
use rows::{check, check_plan, format, not_kept, spool};
use run::{Course, State, carry_out, place};

pub(super) fn run(command: &BulkCommand, context: &Context) -> Result<Kind> {
    match command {
        BulkCommand::Plan(args) => plan::run(args, context),
        BulkCommand::Apply(args) => apply(args, context),
        BulkCommand::Update(args) if args.dry_run => plan::rehearse(args, context),
        BulkCommand::Update(args) => update(args, context),
        BulkCommand::Resume(args) => resume::run(args, context),
        BulkCommand::Undo(args) => undo(args, context),
        BulkCommand::List => list(context),
    }
}

impl Context {
    /// The runs of this user.
    fn runs(&self) -> Result<Runs> {
        self.environment.state_folder().map(|folder| Runs::at(folder.join("runs")))
    }
}

/// What a run is about, beside what follows from the session.
struct Purpose {
    kind: RunKind,
    source: String,
    rows: u64,
    new_fields: bool,
    verify: Proof,
}

fn begin(context: &Context) -> Result<NewRun> {
    let name = EntryId::new(context.terminal.now(), fastrand::u32(..));
    context.runs()?.begin(name).map_err(not_kept)
}

/// Makes it a run, and carries it out from its first row.
fn carry_out_anew(new: NewRun, purpose: Purpose, args: &RunArgs, session: &Session<'_>) -> Result<Kind> {
    let about = About {
        v: VERSION,
        run: new.name().clone(),
        time: session.terminal.now(),
        kind: purpose.kind,
        profile: session.account.profile.clone(),
        host: session.account.origin.clone(),
        source: purpose.source,
        rows: purpose.rows,
        new_fields: purpose.new_fields,
        reads_again: purpose.verify == Proof::Read,
        counts: None,
    };
    let run = new.keep(about).map_err(not_kept)?;
    let (pace, results) = (&args.pace, args.results.as_deref());
    carry_out(run, State::default(), &Course { pace, results, session })
}

fn update(args: &BulkUpdateArgs, context: &Context) -> Result<Kind> {
    let fresh = begin(context)?;
    let name = args.rows.file.to_string();
    spool(&args.rows.file, fresh.folder(), context)?;
    let format = format(fresh.folder(), &args.rows)?;
    let checked = check(fresh.folder(), &format, &name)?;
    let rows = checked.rows;
    place(args.run.results.as_deref(), Some(&args.rows.file))?;
    let session = &context.open_to_write(false)?;
    look_up(fresh.folder(), &format, (&checked, &name), &args.run.pace, session)?;
    let asked = rows.min(args.run.pace.limit.unwrap_or(u64::MAX));
    let what = format!("change {} as {name} says", counted(asked, "customer"));
    consent(&what, &checked.words(), args.run.yes, session)?;
    let new_fields = args.rows.new_field;
    let purpose = Purpose {
        kind: RunKind::Update(format),
        source: args.rows.file.name(),
        rows,
        new_fields,
        verify: args.proof.verify,
    };
    carry_out_anew(fresh, purpose, &args.run, session)
}

fn apply(args: &ApplyArgs, context: &Context) -> Result<Kind> {
    let fresh = begin(context)?;
    let name = args.plan.to_string();
    spool(&args.plan, fresh.folder(), context)?;
    let (head, rows) = check_plan(fresh.folder(), &name)?;
    place(args.run.results.as_deref(), Some(&args.plan))?;
    let session = &context.open_to_write(false)?;
    refuse_elsewhere("the plan was made", &head.profile, &head.host, session)?;
    let what = format!("carry out {name}, a plan for {}", counted(rows, "customer"));
    consent_always(&what, args.run.yes, session)?;
    let purpose = Purpose {
        kind: RunKind::Apply,
        source: args.plan.name(),
        rows,
        new_fields: true,
        verify: args.proof.verify,
    };
    carry_out_anew(fresh, purpose, &args.run, session)
}

fn undo(args: &BulkUndoArgs, context: &Context) -> Result<Kind> {
    // Held to the end, so that nobody goes on with the run while it is taken back.
    let undone =
        context.runs()?.open(args.name.trim()).map_err(not_kept)?.ok_or_else(|| no_such_run(&args.name))?;
    let about = &undone.about;
    let session = &context.open_to_write(false)?;
    refuse_elsewhere("the run was made", &about.profile, &about.host, session)?;
    let noted = source::noted(&about.run, &session.journal()?)?;
    if noted.rows == 0 {
        return Err(Error::new(
            Kind::NotFound,
            format!("the journal has no change of the run {}", about.run),
        ));
    }
    let what = format!("take back what the run {} wrote to {}", about.run, counted(noted.rows, "customer"));
    place(args.run.results.as_deref(), None)?;
    consent(&what, &[], args.run.yes, session)?;
    let fresh = begin(session)?;
    let purpose = Purpose {
        kind: RunKind::Undo(about.run.clone()),
        source: format!("run {}", about.run),
        rows: noted.rows,
        new_fields: true,
        verify: args.proof.verify,
    };
    carry_out_anew(fresh, purpose, &args.run, session)
}

fn list(context: &Context) -> Result<Kind> {
    let runs = context.runs()?;
    let listed = |about: About| {
        let (counts, cut_off) = (runs.counts(&about).map_err(not_kept)?, about.counts.is_none());
        Ok(Listed { about, counts, cut_off })
    };
    let all = runs.list().map_err(not_kept)?.into_iter().map(listed).collect::<Result<Vec<_>>>()?;
    if all.is_empty() {
        context.terminal.notes().say("This machine has no runs.");
    }
    let local = |moment| context.terminal.local(moment);
    let text = report::list(&all, context.global.output, local, context.terminal.look());
    context.terminal.print(&text).map(|()| Kind::Done)
}

fn no_such_run(name: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no run `{}`", name.trim()))
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
