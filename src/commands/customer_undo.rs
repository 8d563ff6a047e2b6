//! `fusebill customer undo`.

use super::change::{WriteOptions, carry_out};
use super::conflict::conflict;
use super::customer_history::{ending, find};
use super::session::{Context, Session};
use crate::cli::UndoArgs;
use crate::document::plan::Consent;
use crate::document::undo::{Undo, undo};
use crate::document::{Customer, Plan};
use crate::error::{Error, Kind, Result};
use crate::journal::{Ending, Entry, EntryId};
use crate::report::outcome::Facts;

pub(super) fn run(args: &UndoArgs, context: &Context, facts: &mut Facts) -> Result<Kind> {
    let named = args.entry.as_ref().map(|name| find(&EntryId::typed(name), context)).transpose()?;
    if let Some(entry) = &named {
        refuse_other_profile(entry, context)?;
    }
    let session = &context.open_to_write(args.write.dry_run)?;
    let entry = named.map_or_else(|| latest(session), Ok)?;
    let name = entry.intent.entry.clone();
    let step = format!("undoing entry {name}");
    refuse_elsewhere(&entry, session).map_err(|error| error.at(&step))?;
    let done = entry.intent.plan().ok_or_else(|| {
        Error::new(Kind::Failed, "what the journal holds of it does not fit together").at(&step)
    })?;
    let turn = session.turn(entry.intent.customer.id, &args.write)?;
    let now = session.read(entry.intent.customer.id)?;
    facts.customer(&now);
    let stored = entry.stored();
    let wrote_nothing = entry.outcome.as_ref().is_some_and(|end| end.outcome == Ending::NotWritten);
    if wrote_nothing && ending(&done, &now) != Some(Ending::Written) {
        let message = "it wrote nothing, so there is nothing to take back";
        return Err(Error::new(Kind::Conflict, message).at(step));
    }
    let mut plan = restored(&done, stored.as_ref(), &now).map_err(|error| error.at(step))?;
    if wrote_nothing {
        // It may have arrived late, or somebody else may have done the same.
        plan.consent.extend(done.changes.iter().map(|change| Consent::Unclaimed(change.path.clone())));
    }
    let nothing_to_check = |_: &Customer| Ok(());
    let options = WriteOptions::of("customer undo", &args.write, &nothing_to_check);
    carry_out(plan, turn, &WriteOptions { undoes: Some(name), ..options }, session, facts)
}

/// The latest change of this account that wrote something, or may have.
fn latest(session: &Session<'_>) -> Result<Entry> {
    let account = &session.account;
    let wrote = |entry: &Entry| {
        let idle = |ending| matches!(ending, Ending::NotWritten | Ending::Superseded);
        entry.outcome.as_ref().is_none_or(|end| !idle(end.outcome))
    };
    // It is nearly always at the end of the journal, and all of a long one is much to hold.
    let at_the_end = session.journal()?.latest().unwrap_or_default().into_iter();
    if let Some(entry) = at_the_end.filter(|entry| account.made(&entry.intent)).find(wrote) {
        return Ok(entry);
    }
    let (entries, _) = session.entries(|intent| account.made(intent))?;
    entries.into_iter().rfind(wrote).ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            format!("the journal has no change on profile {} at {}", account.profile, account.origin),
        )
        .hint("`fusebill customer history` lists what this machine changed")
    })
}

/// Refuses before a key is looked for that may not be there.
fn refuse_other_profile(entry: &Entry, context: &Context) -> Result<()> {
    let (made_on, meant) = (&entry.intent.profile, context.profile()?.name);
    if *made_on == meant {
        return Ok(());
    }
    let error =
        Error::new(Kind::Conflict, format!("it was made on profile {made_on} at {}", entry.intent.host));
    Err(error
        .at(format!("undoing entry {}", entry.intent.entry))
        .detail([format!("this is profile {meant}")])
        .hint(format!("add --profile {made_on}")))
}

fn refuse_elsewhere(entry: &Entry, session: &Session<'_>) -> Result<()> {
    let (intent, account) = (&entry.intent, &session.account);
    if account.made(intent) {
        return Ok(());
    }
    let (profile, host) = (&intent.profile, &intent.host);
    Err(Error::new(Kind::Conflict, format!("it was made on profile {profile} at {host}"))
        .detail([format!("this is profile {} at {}", account.profile, account.origin)]))
}

fn restored(done: &Plan, stored: Option<&Customer>, now: &Customer) -> Result<Plan> {
    match undo(done, stored, now).map_err(|why| Error::new(Kind::Failed, why.to_string()))? {
        Undo::Restored(plan) => Ok(*plan),
        Undo::Moved(moved) => Err(Error::new(Kind::Conflict, "what it changed was changed again since")
            .detail(moved.iter().map(conflict))
            .hint("set the fields that you want back with `fusebill customer update`")),
    }
}
