//! `fusebill customer bulk resume`: what was in flight is settled, what was not reached is carried out.

use std::collections::HashMap;

use super::super::customer_history::ending;
use super::super::session::Context;
use super::rows::not_kept;
use super::run::{Course, State, carry_out, place};
use super::{consent_always, no_such_run, refuse_elsewhere};
use crate::account::command;
use crate::bulk::result::{Outcome, RowResult, edited};
use crate::cli::bulk::ResumeArgs;
use crate::error::{Error, Kind, Result};
use crate::journal::{Ending, Entry, EntryId, Journal, Record};
use crate::runs::Run;

pub(super) fn run(args: &ResumeArgs, context: &Context) -> Result<Kind> {
    let runs = context.runs()?;
    let mut run = runs.open(args.name.trim()).map_err(not_kept)?.ok_or_else(|| no_such_run(&args.name))?;
    if let Some(undo) = runs.taken_back(&run.about.run).map_err(not_kept)? {
        return Err(taken_back(&run, &undo));
    }
    let session = &context.open_to_write(false)?;
    refuse_elsewhere("the run was made", &run.about.profile, &run.about.host, session)?;
    consent_always(&format!("go on with the run {}", run.about.run), args.run.yes, session)?;
    place(args.run.results.as_deref(), None)?;
    run.begin().map_err(not_kept)?;
    run.reopen(|result| result.outcome.is_open()).map_err(not_kept)?;
    let mut state = State::of(&run)?;
    let journal = session.journal()?;
    for (row, entry) in in_flight(&run, &state, &journal)? {
        let Some(result) = settle(row, &entry, &session.client, &journal)? else { continue };
        session
            .terminal
            .notes()
            .say(&format!("Row {row} was in flight, and is {} now.", result.outcome.name()));
        run.note_result(&result).map_err(not_kept)?;
        state.note(&result);
    }
    if state.is_complete(&run) {
        session.terminal.notes().say("Every row of this run has its end already.");
    }
    let results = args.run.results.as_deref();
    carry_out(run, state, &Course { pace: &args.run.pace, results, session })
}

/// To go on would write the rest of what was taken back, and count what is not there any more.
fn taken_back(run: &Run, undo: &EntryId) -> Error {
    let again = command(&run.about.profile, &format!("customer bulk undo {undo}"));
    Error::new(Kind::Conflict, format!("the run {} was taken back by the run {undo}", run.about.run))
        .hint("a new run with the same file carries all of its rows out")
        .hint(format!("`{again}` brings back what this one wrote, and then it can go on"))
}

/// The last entry of every row that was noted but has no end.
fn in_flight(run: &Run, state: &State, journal: &Journal) -> Result<Vec<(u64, Entry)>> {
    let mut open: HashMap<EntryId, (u64, Entry)> = HashMap::new();
    let read = journal.each(|record| match record {
        Record::Intent(intent) => {
            let row = intent.row.as_ref().filter(|row| row.run == run.about.run).map(|row| row.row);
            if let Some(row) = row.filter(|row| !state.finished.contains(*row)) {
                open.retain(|_, (other, _)| *other != row);
                open.insert(intent.entry.clone(), (row, Entry { intent: *intent, outcome: None }));
            }
        }
        Record::Outcome(outcome) => {
            if let Some((_, entry)) = open.get_mut(&outcome.entry) {
                entry.outcome = Some(outcome);
            }
        }
    });
    read.map_err(not_kept)?;
    let mut open: Vec<(u64, Entry)> = open.into_values().collect();
    open.sort_unstable_by_key(|(row, _)| *row);
    Ok(open)
}

/// What became of a row that was noted; none where nothing was written, so that it is carried out anew.
fn settle(
    row: u64,
    entry: &Entry,
    client: &crate::api::Client,
    journal: &Journal,
) -> Result<Option<RowResult>> {
    let name = entry.intent.entry.to_string();
    let plan = entry.intent.plan().ok_or_else(|| {
        Error::new(Kind::Failed, "what the journal holds of it does not fit together")
            .at(format!("settling entry {name}"))
    })?;
    let ended = |outcome: Outcome, error: Option<&str>| RowResult {
        entry: Some(name.clone()),
        attempts: 1,
        error: error.map(str::to_string),
        changes: edited(&plan.changes),
        ..RowResult::ended(row, plan.before.id(), outcome)
    };
    let noted = entry.outcome.as_ref().map(|outcome| outcome.outcome);
    let found = match noted.filter(|ending| *ending != Ending::Unknown) {
        Some(noted) => Some(noted),
        None => {
            let stored = match client.get(plan.before.id()) {
                Err(error) if error.kind == Kind::NotFound => {
                    return Ok(Some(ended(Outcome::Unknown, Some("there is no such customer any more"))));
                }
                stored => stored?,
            };
            let found = ending(&plan, &stored);
            if let Some(found) = found {
                let differs = (found == Ending::Differs).then_some(&stored);
                journal.end(&entry.intent.entry, found, differs).map_err(not_kept)?;
            }
            found
        }
    };
    Ok(match found {
        Some(Ending::Written) => Some(ended(Outcome::Written, None)),
        Some(Ending::NotWritten) => None,
        Some(Ending::Differs) => {
            Some(ended(Outcome::Differs, Some("other fields are not as they were sent")))
        }
        Some(Ending::Superseded) => {
            Some(ended(Outcome::Unknown, Some("a later change set all of its fields anew")))
        }
        Some(Ending::Unknown) | None => {
            let why = "its fields hold neither their old values nor the new ones";
            Some(ended(Outcome::Unknown, Some(why)))
        }
    })
}
