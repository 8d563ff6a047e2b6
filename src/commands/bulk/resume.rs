//! `fusebill customer bulk resume` and `retry`: what was in flight is settled, what was not reached or did not succeed is carried
//! out.

use super::super::customer_history::record;
use super::super::session::{Context, Session};
use super::run::{Course, carry_out, place};
use super::{consent_always, open_run, refuse_elsewhere};
use crate::account::command;
use crate::bulk::result::{Outcome, RowResult, edited};
use crate::cli::bulk::ResumeArgs;
use crate::error::{Error, Kind, Result};
use crate::report::bulk::counted;
use crate::store::{Ending, Entry, EntryId, Run, Store};

/// Goes on with a run, and carries the rows out again whose outcome is one of these.
pub(super) fn run(args: &ResumeArgs, again: impl Fn(Outcome) -> bool, context: &Context) -> Result<Kind> {
    let store = context.store()?;
    let run = open_run(&args.run_name, context)?;
    if let Some(undo) = store.taken_back(&run.about.run)? {
        return Err(taken_back(&run, &undo));
    }
    let session = &context.open_to_write(false)?;
    refuse_elsewhere("the run was made", &run.about.profile, &run.about.host, session)?;
    consent_always(&format!("go on with the run {}", run.about.run), args.run.yes, session)?;
    place(args.run.results.as_deref(), None)?;
    store.reopen(&run, again)?;
    settle_in_flight(&run, store, session)?;
    let (rows, counts) = store.counts(&run)?;
    if counts.all() >= rows {
        session.terminal.notes().say("This run is complete.");
    }
    carry_out(&run, &Course { pace: &args.run.pace, results: args.run.results.as_deref(), session })
}

/// To go on would write the rest of what was taken back, and count what is not there any more.
fn taken_back(run: &Run, undo: &EntryId) -> Error {
    let again = command(&run.about.profile, &format!("customer bulk undo {undo}"));
    Error::new(Kind::Conflict, format!("the run {} was taken back by the run {undo}", run.about.run))
        .hint("a new run with the same file carries all of its rows out")
        .hint(format!("`{again}` brings back what this one wrote, and then it can go on"))
}

/// Finds out what became of the rows that were recorded but have no outcome. A customer that cannot be read keeps none of the
/// others from it: its row is unknown, and is settled when the run goes on next.
fn settle_in_flight(run: &Run, store: &Store, session: &Session<'_>) -> Result<()> {
    let (mut after, mut unread) = (0, 0);
    while let Some(entry) =
        store.next_in_flight(run, after)?.map(|name| store.entry(&name)).transpose()?.flatten()
    {
        after = entry.row.as_ref().map_or(u64::MAX, |row| row.row);
        let Some(result) = settle(after, &entry, store, session)? else { continue };
        unread += u64::from(result.attempts == 0);
        let outcome = result.outcome.name();
        session.terminal.notes().say(&format!("Row {after} was in flight, and is {outcome} now."));
        store.end_row(run, &result)?;
    }
    if unread > 0 {
        let rows = counted(unread, "row");
        session
            .terminal
            .notes()
            .warn(&format!("{rows} in flight could not be settled, because the customers cannot be read"));
    }
    Ok(())
}

/// What became of a row that was recorded; none if nothing was written, so that it is carried out anew.
///
/// # Errors
/// What keeps every other row from being settled too.
fn settle(row: u64, entry: &Entry, store: &Store, session: &Session<'_>) -> Result<Option<RowResult>> {
    let plan = store.plan(entry)?;
    let ended = |outcome: Outcome, error: Option<&str>| RowResult {
        entry: Some(entry.entry.to_string()),
        attempts: 1,
        error: error.map(str::to_string),
        changes: edited(&plan.changes),
        ..RowResult::ended(row, entry.customer, outcome)
    };
    let found = match entry.outcome.filter(|ending| *ending != Ending::Unknown) {
        Some(recorded) => recorded,
        None => {
            let stored = match session.client.get(entry.customer) {
                Err(error) if error.kind == Kind::NotFound => None,
                Err(error) if matches!(error.kind, Kind::Credentials | Kind::Interrupted) => {
                    return Err(error);
                }
                Err(error) => {
                    let why = format!("the customer cannot be read: {}", error.headline());
                    return Ok(Some(RowResult { attempts: 0, ..ended(Outcome::Unknown, Some(&why)) }));
                }
                Ok(stored) => Some(stored),
            };
            record(entry, &plan, stored.as_ref(), store)?
        }
    };
    Ok(match found {
        Ending::Written => Some(ended(Outcome::Written, None)),
        Ending::NotWritten => None,
        Ending::Differs => Some(ended(Outcome::Differs, Some("other fields are not as they were sent"))),
        Ending::Superseded => {
            Some(ended(Outcome::Unknown, Some("a later change set all of its fields anew")))
        }
        Ending::Gone => Some(ended(Outcome::Unknown, Some(GONE))),
        Ending::Unknown | Ending::Undecided => {
            let why = "the customer was modified since, so it cannot be told whether this change was written";
            Some(ended(Outcome::Unknown, Some(why)))
        }
    })
}

const GONE: &str = "there is no such customer any more";
