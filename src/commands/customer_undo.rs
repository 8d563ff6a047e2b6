//! `fusebill customer undo`.

use super::change::{WriteOptions, write_plan};
use super::conflict::conflict;
use super::customer_history::find;
use super::session::{Context, Session};
use crate::account::command;
use crate::action::opposite;
use crate::cli::UndoArgs;
use crate::document::plan::Consent;
use crate::document::undo::{Undo, undo};
use crate::document::verify::verify;
use crate::document::{Customer, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::report::outcome::JsonReport;
use crate::store::{Entry, EntryId, EntryOutcome, RunRow};

pub(super) fn run(args: &UndoArgs, context: &Context, json: &mut JsonReport) -> Result<ErrorKind> {
    let named = args.entry.as_ref().map(|name| find(&EntryId::typed(name), context)).transpose()?;
    if let Some(entry) = &named {
        refuse_other_profile(entry, context)?;
    }
    let session = &context.open_to_write(args.write.dry_run)?;
    let entry = named.map_or_else(|| latest(session), Ok)?;
    let step = format!("undoing entry {}", entry.entry);
    let refused = session.refuse_elsewhere("it was made", &entry.profile, &entry.host);
    refused.map_err(|error| error.step(&step))?;
    refuse_action(&entry).map_err(|error| error.step(&step))?;
    let done = session.store()?.plan(&entry)?;
    let lock = session.lock(entry.customer, &args.write)?;
    let now = session.read(entry.customer)?;
    json.customer(&now);
    let wrote_nothing = entry.outcome == Some(EntryOutcome::NotWritten);
    if wrote_nothing && !verify(&done, &now).holds() {
        let message = "it wrote nothing, so there is nothing to take back";
        return Err(Error::new(ErrorKind::Conflict, message).step(step));
    }
    let stored = session.store()?.stored(&entry)?;
    let mut plan = restored(&done, stored.as_ref(), &now).map_err(|error| error.step(step))?;
    if wrote_nothing {
        // The change may have arrived late, or another user made the same one.
        plan.consent.extend(done.changes.iter().map(|change| Consent::Unclaimed(change.path.clone())));
    }
    let options =
        WriteOptions { undoes: Some(entry.entry), ..WriteOptions::of("customer undo", &args.write) };
    write_plan(plan, lock, &options, session, json)
}

/// A change without a known outcome may be later, so it must be resolved first.
fn latest(session: &Session<'_>) -> Result<Entry> {
    let (store, account) = (session.store()?, &session.account);
    let written = store.last_written(&account.profile, &account.origin)?;
    if let Some(open) = store.next_open(&account.profile, None, written.as_ref())? {
        let history = command(&account.profile, "customer history --resolve");
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("the later change {} has no known outcome", open.entry),
        )
        .step("looking for the last change")
        .hint(format!("`{history}` records its outcome"))
        .hint("`fusebill customer undo ENTRY` takes a certain change back"));
    }
    let entry = written.ok_or_else(|| {
        let (profile, host) = (&account.profile, &account.origin);
        Error::new(ErrorKind::NotFound, format!("the journal has no change on profile {profile} at {host}"))
            .hint("`fusebill customer history` lists what this machine changed")
    })?;
    if let Some(RunRow { run, row }) = entry.row.as_ref().filter(|_| entry.action.is_none()) {
        let undo = command(&account.profile, &format!("customer bulk undo {run}"));
        let notes = session.terminal.notes();
        notes.say(&format!(
            "This takes back row {row} of the run {run} only; `{undo}` takes back the whole run."
        ));
    }
    Ok(entry)
}

/// Comes before the key is read, because the profile in use may have none.
fn refuse_other_profile(entry: &Entry, context: &Context) -> Result<()> {
    let (made_on, meant) = (&entry.profile, context.profile()?.name);
    if *made_on == meant {
        return Ok(());
    }
    let error =
        Error::new(ErrorKind::Conflict, format!("it was made on profile {made_on} at {}", entry.host));
    Err(error
        .step(format!("undoing entry {}", entry.entry))
        .detail([format!("this is profile {meant}")])
        .hint(format!("add --profile {made_on}")))
}

/// A status action moved money: what takes it back is another action, at its own price.
fn refuse_action(entry: &Entry) -> Result<()> {
    let Some(name) = entry.action_name() else { return Ok(()) };
    let (back, cost) = opposite(&name);
    let error = Error::new(
        ErrorKind::Conflict,
        format!("it is the status action `{name}`, which undo does not take back"),
    );
    let customer = entry.customer;
    Err(match back {
        Some(back) => {
            let back = command(&entry.profile, &format!("customer {back} {customer}"));
            error.hint(format!("its opposite is `{back}`: {cost}"))
        }
        None => error.hint(cost),
    })
}

fn restored(done: &Plan, stored: Option<&Customer>, now: &Customer) -> Result<Plan> {
    match undo(done, stored, now).map_err(|error| Error::new(ErrorKind::Failed, error.to_string()))? {
        Undo::Restored(plan) => Ok(*plan),
        Undo::Moved(moved) => Err(Error::new(ErrorKind::Conflict, "what it changed was changed again since")
            .detail(moved.iter().map(conflict))
            .hint("set the fields that you want back with `fusebill customer update`")),
    }
}
