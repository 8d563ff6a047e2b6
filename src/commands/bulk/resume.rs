//! `fusebill customer bulk resume` and `retry`: rows in flight are resolved, then unreached and failed rows are carried out.

use super::super::customer_history::{ACTION_UNDECIDED, UNDECIDED, resolve_entry};
use super::super::session::{Context, Session};
use super::actions::Pending;
use super::run::write_rows;
use super::{consent, open, open_run};
use crate::account::command;
use crate::bulk::result::{Counts, Outcome, RowResult};
use crate::cli::bulk::ResumeArgs;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Entry, EntryId, EntryOutcome, Run, RunInfo, RunKind, Store};

pub(super) fn run(
    args: &ResumeArgs,
    again: impl Fn(Outcome) -> bool,
    context: &Context,
) -> Result<ErrorKind> {
    let store = context.store()?;
    let run = open_run(&args.run_name, context)?;
    let about = &run.about;
    if args.failures.failures.is_some() && about.kind == RunKind::Undo {
        return Err(Error::usage(format!("--failures: the run {} has no file of rows", about.run))
            .hint("`--results` writes the outcome of every row"));
    }
    if let Some(undo) = store.undone_by(&about.run)? {
        return Err(undone_by(&run, &undo));
    }
    let session = &open(&args.run, args.failures.failures.as_ref(), &[about.source.clone().into()], context)?;
    session.refuse_elsewhere("the run was made", &about.profile, &about.host)?;
    if session.account.asks_always() {
        consent(&format!("Go on with the run {}", about.run), &[], args.run.yes, session)?;
    }
    store.reopen(&run, again)?;
    resolve_in_flight(&run, store, session)?;
    agree(&run, args, store, session)?;
    let (rows, counts) = store.counts(run.id)?;
    if counts.all() >= rows {
        say_complete(&run, &counts, session);
    }
    write_rows(&run, &args.run, args.failures.failures.as_ref(), None, session)
}

/// Rows whose outcome is final, but not a success, need another run.
fn say_complete(run: &Run<'_>, counts: &Counts, session: &Session<'_>) {
    let (notes, RunInfo { run, profile, kind, .. }) = (session.terminal.notes(), &run.about);
    notes.say("No row of this run is left to write.");
    let ended = [Outcome::Differs, Outcome::Undecided].into_iter().filter(|it| counts.of(*it) > 0);
    let ended: Vec<&str> = ended.map(Outcome::name).collect();
    if ended.is_empty() {
        return;
    }
    let list = command(profile, &format!("customer bulk list {run}"));
    notes.say(&format!("Rows are {}: `{list}` shows them.", ended.join(" or ")));
    if *kind != RunKind::Undo {
        let file = command(profile, &format!("customer bulk resume {run} --failures FILE"));
        notes.say(&format!("`{file}` writes them to a file that can be used again."));
    }
}

/// Asks for actions that the user did not agree to: those beyond the `--limit` of the run, and those whose price changed.
fn agree(run: &Run<'_>, args: &ResumeArgs, store: &Store, session: &Session<'_>) -> Result<()> {
    let (yes, most) = (args.run.yes, args.total.max_total);
    let actions = Pending::of(run, args.run.pace.limit, store)?;
    actions.refuse_unbounded(yes, most)?;
    let actions = actions.read(run, &args.run.pace, session)?;
    actions.show(!yes, None, session)?;
    most.map_or(Ok(()), |most| actions.refuse_more(run, most, store))?;
    if let Some(what) = actions.what() {
        let what = format!("Go on with the run {}: {what}{}", run.about.run, actions.charging());
        consent(&what, &[], yes, session).map_err(|error| actions.with_bound(error))?;
    }
    actions.agreed(run, store)
}

/// Resuming would write the rest of a run that was taken back, and count rows as written that no longer are.
fn undone_by(run: &Run<'_>, undo: &EntryId) -> Error {
    let again = command(&run.about.profile, &format!("customer bulk undo {undo}"));
    Error::new(ErrorKind::Conflict, format!("the run {} was taken back by the run {undo}", run.about.run))
        .hint("a new run with the same file carries out all of its rows")
        .hint(format!("`{again}` brings back what this one wrote; then it can go on"))
}

/// A row that cannot be resolved is unknown, and is resolved when the run is resumed next.
fn resolve_in_flight(run: &Run<'_>, store: &Store, session: &Session<'_>) -> Result<()> {
    let mut after = 0;
    while let Some(name) = store.next_in_flight(run, after)? {
        // An entry that was forgotten meanwhile is not found again.
        let Some(entry) = store.entry(&name)? else { continue };
        after = entry.row.as_ref().map_or(u64::MAX, |row| row.row);
        store.note_attempt(run, after, &name)?;
        // A row that was not written is carried out with the rest.
        let Some(result) = resolve_row(after, &entry, store, session)? else { continue };
        let reason = result.error.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let outcome = result.outcome.name();
        session
            .terminal
            .notes()
            .say(&format!("Row {after} was in flight; its outcome is {outcome}{reason}."));
        store.end_row(run, &result)?;
    }
    Ok(())
}

/// None if nothing was written; an action is not sent again even then. An error means that no other row can be resolved either.
fn resolve_row(row: u64, entry: &Entry, store: &Store, session: &Session<'_>) -> Result<Option<RowResult>> {
    let ending = match entry.outcome.filter(|ending| *ending != EntryOutcome::Unknown) {
        Some(recorded) => Ok(recorded),
        None => resolve_entry(entry, store, session),
    };
    let (outcome, reason) = match ending {
        Ok(EntryOutcome::NotWritten) if entry.action.is_some() => {
            (Outcome::Undecided, Some(ACTION_UNDECIDED.to_string()))
        }
        Ok(EntryOutcome::NotWritten) => return Ok(None),
        Ok(EntryOutcome::Written) => (Outcome::Written, None),
        Ok(EntryOutcome::Differs) => {
            (Outcome::Differs, Some("other fields are not as they were sent".to_string()))
        }
        Ok(EntryOutcome::Superseded) => {
            (Outcome::Undecided, Some("later changes set all of its fields".to_string()))
        }
        Ok(EntryOutcome::Gone) => (Outcome::Undecided, Some("the customer no longer exists".to_string())),
        Ok(EntryOutcome::Undecided | EntryOutcome::Unknown) => {
            (Outcome::Undecided, Some(UNDECIDED.to_string()))
        }
        Err(error) if matches!(error.kind, ErrorKind::Credentials | ErrorKind::Interrupted) => {
            return Err(error);
        }
        Err(error) => (Outcome::Unknown, Some(error.headline())),
    };
    Ok(Some(RowResult {
        entry: Some(entry.entry.to_string()),
        attempts: 1,
        error: reason,
        // What a damaged entry changed cannot be told, and the other rows are resolved all the same.
        changes: store.plan(entry).map(|plan| plan.changes).unwrap_or_default(),
        ..RowResult::ended(row, entry.customer, outcome)
    }))
}
