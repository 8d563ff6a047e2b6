//! From a plan to a verified write: what every command that changes one customer does once it knows what to change.

use std::cell::Cell;

use super::conflict::{settled, tell_carried};
use super::write::Writer;
use super::{Connection, Session};
use crate::cli::{Output, Proof, WriteArgs};
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::Consent;
use crate::document::{Customer, EditError, Plan};
use crate::error::{Error, Kind, Result};
use crate::journal::{EntryId, Journal, Origin, Turn};
use crate::profile::command;
use crate::report::change;
use crate::report::csv;
use crate::report::outcome::{self, Outcome};

/// How a plan is carried out.
pub(super) struct Course<'a> {
    pub(super) args: &'a WriteArgs,
    /// The command, for the journal.
    pub(super) command: &'static str,
    /// The entry that is taken back.
    pub(super) undoes: Option<EntryId>,
    /// Whether a person made the edits, in an editor or at prompts: they took their time, so the customer is read again
    /// before it is written; and what they typed is asked for, and may be edited again.
    pub(super) by_hand: bool,
    /// What must hold for the document that is written, whenever it is read.
    pub(super) check: &'a dyn Fn(&Customer) -> Result<()>,
}

/// How carrying out a plan ended, where it did not fail.
pub(super) enum End {
    /// It was written, shown only, or had nothing to write; with the kind that gives the exit code.
    Ended(Outcome, Kind),
    /// The user said no.
    Declined,
    /// Others changed the same values, and the user wants to edit again, knowing theirs.
    Again(Box<Customer>, Vec<Conflict>),
}

/// Shows a plan, asks where it must, writes it and tells what came of it.
///
/// `turn` is the right to change the customer, taken before it was read. It is given back while a question is open.
pub(super) fn carry_out(
    mut plan: Plan,
    turn: Option<Turn>,
    course: &Course<'_>,
    connection: &Connection,
    session: &mut Session,
) -> Result<Kind> {
    let step = before_writing(&plan);
    match go(&mut plan, turn, course, connection, session)? {
        End::Ended(_, kind) => Ok(kind),
        End::Declined | End::Again(..) => Err(Error::new(Kind::Cancelled, "you said no").at(step)),
    }
}

/// [`carry_out`] for edits made by hand, which may be made again. What becomes of the plan on the way, by what others
/// changed, is left in it.
pub(super) fn go(
    plan: &mut Plan,
    mut turn: Option<Turn>,
    course: &Course<'_>,
    connection: &Connection,
    session: &mut Session,
) -> Result<End> {
    let notes = session.terminal.notes();
    plan.warnings.iter().for_each(|warning| notes.warn(warning));
    // Whether a person has been waited for: the customer is read again then, whatever is still to be asked.
    let mut waited = course.by_hand;
    loop {
        session.facts.plan(plan);
        if plan.is_empty() {
            return unchanged(plan, session);
        }
        let wanted = course.by_hand || !plan.consent.is_empty() || connection.account.asks_always();
        let asks = wanted && !course.args.dry_run && !course.args.yes;
        show(plan, connection, asks, session)?;
        if course.args.dry_run {
            notes.say(&format!("Dry run: {}. Nothing was written.", change::counts(plan)));
            let found = if course.args.exit_code { Kind::Changes } else { Kind::Done };
            finish(plan, Outcome::Planned, session)?;
            return Ok(End::Ended(Outcome::Planned, found));
        }
        if !asks && !waited {
            break;
        }
        drop(turn.take());
        if asks && !consent(plan, course, connection, session)? {
            return Ok(End::Declined);
        }
        turn = session.turn(connection, plan.before.id(), course.args)?;
        let (theirs, conflicts) = match reread(plan, course, connection, session)? {
            Now::Merged(merged) => {
                *plan = merged;
                session.facts.plan(plan);
                break;
            }
            Now::Conflicts(theirs, conflicts) => (theirs, conflicts),
        };
        drop(turn.take());
        match settled(plan, &theirs, &conflicts, course.by_hand, connection, session)? {
            Some(settled) => *plan = settled,
            None => return Ok(End::Again(theirs, conflicts)),
        }
        waited = true;
    }
    if plan.is_empty() {
        return unchanged(plan, session);
    }
    let journal = if course.args.no_journal { None } else { Some(session.journal()?) };
    let entry = write(plan, course, journal.as_ref(), connection, session)?;
    drop(turn);
    notes.say(&format!("Written and verified: {}.", change::counts(plan)));
    if let Some(entry) = entry {
        let undo = command(&connection.account.profile, &format!("customer undo {entry}"));
        notes.say(&format!("To take it back: {undo}"));
    }
    finish(plan, Outcome::Updated, session)?;
    session.interrupts.told();
    Ok(End::Ended(Outcome::Updated, Kind::Done))
}

fn unchanged(plan: &Plan, session: &Session) -> Result<End> {
    session.terminal.notes().say("No changes: the customer already is as asked. Nothing was written.");
    finish(plan, Outcome::Unchanged, session)?;
    Ok(End::Ended(Outcome::Unchanged, Kind::Done))
}

fn write(
    plan: &Plan,
    course: &Course<'_>,
    journal: Option<&Journal>,
    connection: &Connection,
    session: &mut Session,
) -> Result<Option<EntryId>> {
    let writer = Writer {
        client: &connection.client,
        journal,
        origin: Origin {
            profile: connection.account.profile.clone(),
            host: connection.account.origin.clone(),
            command: course.command,
            undoes: course.undoes.clone(),
            row: None,
        },
        reads_again: course.args.verify == Proof::Read,
        interrupts: &session.interrupts,
        notes: session.terminal.notes(),
        attempts: Cell::new(0),
    };
    writer.write(plan, &mut session.facts)
}

fn show(plan: &Plan, connection: &Connection, asks: bool, session: &Session) -> Result<()> {
    let terminal = &session.terminal;
    let place = connection.account.place();
    if !session.global.is_for_programs() {
        return terminal.print(&change::plan(plan, &place, terminal.look()));
    }
    if asks && terminal.may_ask() {
        terminal.tell(&change::plan(plan, &place, terminal.error_look()));
    }
    Ok(())
}

pub(super) fn before_writing(plan: &Plan) -> String {
    format!("before writing customer {}", plan.before.id())
}

/// Whether the user consents.
fn consent(plan: &Plan, course: &Course<'_>, connection: &Connection, session: &Session) -> Result<bool> {
    let step = before_writing(plan);
    if !session.terminal.may_ask() {
        let by_hand =
            course.by_hand.then(|| "what was edited by hand is written only when it was seen".to_string());
        return Err(Error::usage("this change needs consent, and there is nobody to ask")
            .at(step)
            .detail(by_hand)
            .detail(plan.consent.iter().map(|consent| reason(consent, course.by_hand)))
            .detail(connection.account.always())
            .hint("add --yes to consent on the command line"));
    }
    plan.consent.iter().for_each(|consent| session.terminal.notes().warn(&reason(consent, course.by_hand)));
    let question = change::question(plan, &connection.account.place());
    let answer = connection.client.not_counting(|| session.terminal.confirm(&question));
    answer.map_err(|error| error.at(step))
}

fn reason(consent: &Consent, by_hand: bool) -> String {
    match consent {
        Consent::Billing(path) => format!("`{path}` touches billing"),
        Consent::Altered(path) => {
            format!("`{path}` was stored otherwise than it was sent, by the API or by somebody else")
        }
        Consent::Unclaimed(path) => format!(
            "`{path}` is as the entry asked, which is said to have written nothing: it arrived late, or somebody else \
             did the same"
        ),
        Consent::Clears(path) if by_hand => format!("`{path}` will be cleared (null)"),
        Consent::Clears(path) => format!("`{path}` would lose its value, which no --clear asks for"),
    }
}

/// What came of reading the customer again.
enum Now {
    /// Our changes upon what is there now.
    Merged(Plan),
    /// What is there now, and what both sides changed.
    Conflicts(Box<Customer>, Vec<Conflict>),
}

/// A person took their time, so the customer is read again, and what others changed meanwhile is kept.
fn reread(plan: &Plan, course: &Course<'_>, connection: &Connection, session: &Session) -> Result<Now> {
    let now = connection.client.get(plan.before.id())?;
    (course.check)(&now)?;
    match merge(plan, &now).map_err(|why| unmergeable(&why, plan))? {
        Merge::Merged { plan, carried } => {
            tell_carried(&carried, session);
            Ok(Now::Merged(*plan))
        }
        Merge::Conflicts(conflicts) => Ok(Now::Conflicts(Box::new(now), conflicts)),
    }
}

pub(super) fn unmergeable(why: &EditError, plan: &Plan) -> Error {
    Error::usage(why.to_string()).at(before_writing(plan))
}

/// Prints the result in the forms that are for programs; the table was shown before the write.
fn finish(plan: &Plan, outcome: Outcome, session: &Session) -> Result<()> {
    let text = match session.global.output {
        Output::Table => return Ok(()),
        Output::Json => outcome::text(&session.facts.success(outcome)),
        Output::Ndjson => format!("{}\n", session.facts.success(outcome).text()),
        Output::Csv => csv::changes(plan.before.id(), outcome.name(), &plan.changes),
    };
    match session.terminal.print(&text) {
        Err(why) if outcome == Outcome::Updated => {
            let said = format!("the change was written and verified, but {}", why.headline());
            session.terminal.notes().warn(&said);
            Ok(())
        }
        result => result,
    }
}
