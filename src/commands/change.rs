//! From a plan to a verified write: what every command that changes one customer does once it knows what to change.

use super::write::Writer;
use super::{Connection, Session};
use crate::cli::{Output, Proof, WriteArgs};
use crate::document::json::Json;
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::Consent;
use crate::document::{Customer, Plan};
use crate::error::{Error, Kind, Result};
use crate::journal::{EntryId, Journal, Origin, Turn};
use crate::profile::command;
use crate::report::change::{self, Place};
use crate::report::csv;
use crate::report::outcome::{self, Outcome};
use crate::report::table::value;

/// How a plan is carried out.
pub(super) struct Course<'a> {
    pub(super) args: &'a WriteArgs,
    /// The command, for the journal.
    pub(super) command: &'static str,
    /// The entry that is taken back.
    pub(super) undoes: Option<EntryId>,
    /// What must hold for the document that is written, whenever it is read.
    pub(super) check: &'a dyn Fn(&Customer) -> Result<()>,
}

/// Shows a plan, asks where it must, writes it and tells what came of it.
///
/// `turn` is the right to change the customer, taken before it was read. It is given back while a question is open.
pub(super) fn carry_out(
    mut plan: Plan,
    mut turn: Option<Turn>,
    course: &Course<'_>,
    connection: &Connection,
    session: &mut Session,
) -> Result<Kind> {
    let notes = session.terminal.notes();
    session.facts.plan(&plan);
    plan.warnings.iter().for_each(|warning| notes.warn(warning));
    if plan.is_empty() {
        return unchanged(&plan, session);
    }
    let asks = !course.args.dry_run && !course.args.yes && !plan.consent.is_empty();
    show(&plan, connection, asks, session)?;
    if course.args.dry_run {
        notes.say(&format!("Dry run: {}. Nothing was written.", change::counts(&plan)));
        let found = if course.args.exit_code { Kind::Changes } else { Kind::Done };
        return finish(&plan, Outcome::Planned, session).map(|_| found);
    }
    if asks {
        drop(turn.take());
        consent(&plan, connection, session)?;
        turn = session.turn(connection, plan.before.id(), course.args)?;
        plan = reread(&plan, course, connection, session)?;
        session.facts.plan(&plan);
        if plan.is_empty() {
            return unchanged(&plan, session);
        }
    }
    let journal = if course.args.no_journal { None } else { Some(session.journal()?) };
    let entry = write(&plan, course, journal.as_ref(), connection, session)?;
    drop(turn);
    notes.say(&format!("Written and verified: {}.", change::counts(&plan)));
    if let Some(entry) = entry {
        let undo = command(&connection.account.profile, &format!("customer undo {entry}"));
        notes.say(&format!("To take it back: {undo}"));
    }
    finish(&plan, Outcome::Updated, session)
}

fn unchanged(plan: &Plan, session: &Session) -> Result<Kind> {
    session.terminal.notes().say("No changes: the customer already is as asked. Nothing was written.");
    finish(plan, Outcome::Unchanged, session)
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
        },
        reads_again: course.args.verify == Proof::Read,
        interrupts: &session.interrupts,
        notes: session.terminal.notes(),
    };
    writer.write(plan, &mut session.facts)
}

fn show(plan: &Plan, connection: &Connection, asks: bool, session: &Session) -> Result<()> {
    let terminal = &session.terminal;
    let place = place(connection);
    if !session.global.is_for_programs() {
        return terminal.print(&change::plan(plan, &place, terminal.look()));
    }
    if asks && terminal.may_ask() {
        terminal.tell(&change::plan(plan, &place, terminal.error_look()));
    }
    Ok(())
}

fn place(connection: &Connection) -> Place<'_> {
    Place { profile: &connection.account.profile, host: connection.account.base.host() }
}

fn before_writing(plan: &Plan) -> String {
    format!("before writing customer {}", plan.before.id())
}

fn consent(plan: &Plan, connection: &Connection, session: &Session) -> Result<()> {
    let step = before_writing(plan);
    if !session.terminal.may_ask() {
        return Err(Error::usage("this change needs consent, and there is nobody to ask")
            .at(step)
            .detail(plan.consent.iter().map(reason))
            .hint("add --yes to consent on the command line"));
    }
    plan.consent.iter().for_each(|consent| session.terminal.notes().warn(&reason(consent)));
    let question = change::question(plan, &place(connection));
    let answer = connection.client.not_counting(|| session.terminal.confirm(&question));
    if answer.map_err(|error| error.at(&step))? {
        return Ok(());
    }
    Err(Error::new(Kind::Cancelled, "you said no").at(step))
}

fn reason(consent: &Consent) -> String {
    match consent {
        Consent::Billing(path) => format!("`{path}` touches billing"),
        Consent::Clears(path) => format!("`{path}` would lose its value, which no --clear asks for"),
    }
}

/// A person took their time, so the customer is read again, and what others changed meanwhile is kept.
fn reread(plan: &Plan, course: &Course<'_>, connection: &Connection, session: &Session) -> Result<Plan> {
    let now = connection.client.get(plan.before.id())?;
    (course.check)(&now)?;
    let merged = merge(plan, &now).map_err(|why| Error::usage(why.to_string()).at(before_writing(plan)))?;
    match merged {
        Merge::Merged { plan, carried } => {
            for change in &carried {
                let shown = |json: &Option<Json>| value(json.as_ref().map(Json::root));
                let (path, old, new) = (&change.path, shown(&change.before), shown(&change.after));
                session
                    .terminal
                    .notes()
                    .say(&format!("Meanwhile changed by others, and kept: `{path}` {old} → {new}"));
            }
            Ok(*plan)
        }
        Merge::Conflicts(conflicts) => {
            Err(Error::new(Kind::Conflict, "the customer changed while the question was open")
                .at(before_writing(plan))
                .detail(conflicts.iter().map(conflict))
                .hint("run the same command again to see the change against what is there now"))
        }
    }
}

/// A value that two sides changed, with its three values.
pub(super) fn conflict(conflict: &Conflict) -> String {
    let shown = |json: &Option<Json>| value(json.as_ref().map(Json::root));
    let (base, ours, theirs) = (shown(&conflict.base), shown(&conflict.ours), shown(&conflict.theirs));
    format!("`{}`: was {base}, is now {theirs}, would become {ours}", conflict.path)
}

/// Prints the result in the forms that are for programs; the table was shown before the write.
fn finish(plan: &Plan, outcome: Outcome, session: &Session) -> Result<Kind> {
    let text = match session.global.output {
        Output::Table => return Ok(Kind::Done),
        Output::Json => outcome::text(&session.facts.success(outcome)),
        Output::Ndjson => format!("{}\n", session.facts.success(outcome).text()),
        Output::Csv => csv::changes(plan.before.id(), outcome.name(), &plan.changes),
    };
    match session.terminal.print(&text) {
        Err(why) if outcome == Outcome::Updated => {
            session
                .terminal
                .notes()
                .warn(&format!("the change was written and verified, but {}", why.headline()));
            Ok(Kind::Done)
        }
        result => result.map(|()| Kind::Done),
    }
}
