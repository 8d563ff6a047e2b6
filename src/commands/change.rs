//! From a plan to a verified write, for every command that changes one customer.

use super::conflict::{before_writing, settled, tell_carried, unmergeable};
use super::refusal::{check_references, refuse_known};
use super::session::Session;
use super::write::{Done, Writer};
use crate::account::command;
use crate::cli::{Output, Proof, WriteArgs};
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::Consent;
use crate::document::{Customer, Plan};
use crate::error::{Error, Kind, Result};
use crate::report::change;
use crate::report::csv;
use crate::report::json::printed;
use crate::report::outcome::{Facts, Outcome};
use crate::store::{CustomerLock, EntryId, Origin, Store};

pub(super) struct WriteOptions<'a> {
    pub(super) args: &'a WriteArgs,
    pub(super) command: &'static str,
    pub(super) undoes: Option<EntryId>,
    /// Edits made in an editor or at prompts take time: the customer is read again before the write, the user is asked for
    /// consent, and may edit again.
    pub(super) by_hand: bool,
    /// Applied to every reading of the customer before it is written.
    pub(super) check: &'a dyn Fn(&Customer) -> Result<()>,
}

impl<'a> WriteOptions<'a> {
    /// For edits that were not made by hand and take nothing back.
    pub(super) fn of(
        command: &'static str,
        args: &'a WriteArgs,
        check: &'a dyn Fn(&Customer) -> Result<()>,
    ) -> WriteOptions<'a> {
        WriteOptions { args, command, undoes: None, by_hand: false, check }
    }
}

pub(super) enum End {
    /// Written, only shown, or without changes; the kind gives the exit code.
    Ended(Outcome, Kind),
    Declined,
    /// Another writer changed the same values, and the user edits again with those values shown.
    Again(Box<Customer>, Vec<Conflict>),
}

/// `lock` was taken before the customer was read. It is released while a question is open.
pub(super) fn carry_out(
    mut plan: Plan,
    lock: Option<CustomerLock>,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    facts: &mut Facts,
) -> Result<Kind> {
    let step = before_writing(&plan);
    match go(&mut plan, lock, options, session, facts)? {
        End::Ended(_, kind) => Ok(kind),
        End::Declined | End::Again(..) => Err(Error::new(Kind::Cancelled, "you said no").at(step)),
    }
}

/// [`carry_out`] for edits made by hand. `plan` ends up with the changes of other writers merged in.
pub(super) fn go(
    plan: &mut Plan,
    mut lock: Option<CustomerLock>,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    facts: &mut Facts,
) -> Result<End> {
    let notes = session.terminal.notes();
    plan.warnings.iter().for_each(|warning| notes.warn(warning));
    // If the user took time to answer, the customer is read again before the write.
    let mut waited = options.by_hand;
    loop {
        facts.plan(plan);
        if plan.is_empty() {
            return unchanged(plan, session, facts);
        }
        let wanted = options.by_hand || !plan.consent.is_empty() || session.account.asks_always();
        let asks = wanted && !options.args.dry_run && !options.args.yes;
        let text = shown(plan, asks, session);
        if !session.terminal.prints_at_once(&text) {
            // Nobody may read the output for hours, and other commands must not wait for it.
            waited |= lock.take().is_some();
        }
        session.terminal.print(&text)?;
        if options.args.dry_run {
            foretell(plan, wanted && !options.args.yes, options, session, facts)?;
            notes.say(&format!("Dry run: {}. Nothing was written.", change::counts(plan)));
            let found = if options.args.exit_code { Kind::Changes } else { Kind::Done };
            finish(plan, Outcome::Planned, session, facts)?;
            return Ok(End::Ended(Outcome::Planned, found));
        }
        if !asks && !waited {
            break;
        }
        drop(lock.take());
        if asks && !consent(plan, options, session)? {
            return Ok(End::Declined);
        }
        lock = session.lock(plan.before.id(), options.args)?;
        let (theirs, conflicts) = match reread(plan, options, session)? {
            Now::Merged(merged) => {
                *plan = merged;
                facts.plan(plan);
                break;
            }
            Now::Conflicts(theirs, conflicts) => (theirs, conflicts),
        };
        drop(lock.take());
        match settled(plan, &theirs, &conflicts, options.by_hand, session)? {
            Some(settled) => *plan = settled,
            None => return Ok(End::Again(theirs, conflicts)),
        }
        waited = true;
    }
    if plan.is_empty() {
        return unchanged(plan, session, facts);
    }
    send(plan, lock, options, session, facts)
}

/// Writes a plan that was consented to, and tells what came of it.
fn send(
    plan: &mut Plan,
    lock: Option<CustomerLock>,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    facts: &mut Facts,
) -> Result<End> {
    let notes = session.terminal.notes();
    let journal = if options.args.no_journal { None } else { Some(session.store()?) };
    let done = write(plan.clone(), options, journal, session, facts)?;
    drop(lock);
    *plan = done.plan;
    if !done.written {
        return unchanged(plan, session, facts);
    }
    notes.say(&format!("Written and verified: {}.", change::counts(plan)));
    if let Some(entry) = done.entry {
        let undo = command(&session.account.profile, &format!("customer undo {entry}"));
        notes.say(&format!("To take it back: {undo}"));
    }
    let printed = finish(plan, Outcome::Updated, session, facts);
    session.signals.done();
    let Err(why) = printed else { return Ok(End::Ended(Outcome::Updated, Kind::Done)) };
    notes.warn(&format!("the change was written and verified, but {}", why.headline()));
    Ok(End::Ended(Outcome::Updated, Kind::Unshown))
}

fn unchanged(plan: &Plan, session: &Session<'_>, facts: &Facts) -> Result<End> {
    let id = plan.before.id();
    let said = format!("No changes: customer {id} already has these values. Nothing was written.");
    session.terminal.notes().say(&said);
    finish(plan, Outcome::Unchanged, session, facts)?;
    Ok(End::Ended(Outcome::Unchanged, Kind::Done))
}

fn write(
    plan: Plan,
    options: &WriteOptions<'_>,
    journal: Option<&Store>,
    session: &Session<'_>,
    facts: &mut Facts,
) -> Result<Done> {
    let writer = Writer {
        client: &session.client,
        store: journal,
        origin: Origin {
            profile: session.account.profile.clone(),
            host: session.account.origin.clone(),
            command: options.command,
            undoes: options.undoes.clone(),
            row: None,
        },
        reads_again: options.args.proof.verify == Proof::Read,
        preconditions: options.check,
        signals: &session.signals,
        notes: session.terminal.notes(),
    };
    writer.write(plan, facts)
}

/// What standard output shows of a plan before it is written. In forms for programs that is nothing, and the question
/// shows the plan.
fn shown(plan: &Plan, asks: bool, session: &Session<'_>) -> String {
    let terminal = &session.terminal;
    let place = session.account.place();
    if !session.global.is_for_programs() {
        return change::plan(plan, &place, terminal.look());
    }
    if asks && terminal.may_ask() {
        terminal.tell(&change::plan(plan, &place, terminal.error_look()));
    }
    String::new()
}

/// Says what the real command would ask for, and refuses what it would be refused.
fn foretell(
    plan: &Plan,
    asks: bool,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    facts: &mut Facts,
) -> Result<()> {
    refuse_known(plan)?;
    if options.args.check {
        let found = check_references(plan, &session.client)?;
        found.iter().for_each(|id| {
            session.terminal.notes().say(&format!("Checked: the new parent, customer {id}, exists."));
        });
    }
    if !asks {
        return Ok(());
    }
    let mut reasons: Vec<String> =
        plan.consent.iter().map(|consent| reason(consent, options.by_hand)).collect();
    reasons.extend(session.account.always());
    for reason in reasons {
        let warning = format!("{reason}: the change will need consent, or --yes");
        session.terminal.notes().warn(&warning);
        facts.warn(warning);
    }
    Ok(())
}

fn consent(plan: &Plan, options: &WriteOptions<'_>, session: &Session<'_>) -> Result<bool> {
    let step = before_writing(plan);
    if !session.terminal.may_ask() {
        let by_hand =
            options.by_hand.then(|| "what was edited by hand is written only when it was seen".to_string());
        return Err(Error::usage(
            "this change needs consent, but there is no terminal, or --no-input is set",
        )
        .at(step)
        .detail(by_hand)
        .detail(plan.consent.iter().map(|consent| reason(consent, options.by_hand)))
        .detail(session.account.always())
        .hint("add --yes to consent on the command line"));
    }
    plan.consent.iter().for_each(|consent| session.terminal.notes().warn(&reason(consent, options.by_hand)));
    let question = change::question(plan, &session.account.place());
    let answer = session.client.not_counting(|| session.terminal.confirm(&question));
    answer.map_err(|error| error.at(step))
}

fn reason(consent: &Consent, by_hand: bool) -> String {
    match consent {
        Consent::Billing(path) => format!("`{path}` touches billing"),
        Consent::Altered(path) => {
            format!("`{path}` was stored otherwise than it was sent, by the API or another client")
        }
        Consent::Unclaimed(path) => format!(
            "`{path}` is as the entry asked, which is said to have written nothing: it arrived late, or another \
             client did the same"
        ),
        Consent::Clears(path) if by_hand => format!("`{path}` will be cleared (null)"),
        Consent::Clears(path) => format!("`{path}` would lose its value, which no --clear asks for"),
    }
}

enum Now {
    Merged(Plan),
    /// What is there now, and what both sides changed.
    Conflicts(Box<Customer>, Vec<Conflict>),
}

/// Other writers may have changed the customer while the user edited. Their changes are kept.
fn reread(plan: &Plan, options: &WriteOptions<'_>, session: &Session<'_>) -> Result<Now> {
    let now = session.client.get(plan.before.id())?;
    (options.check)(&now)?;
    match merge(plan, &now).map_err(|why| unmergeable(&why, plan))? {
        Merge::Merged { plan, carried } => {
            tell_carried(&carried, session.terminal.notes());
            Ok(Now::Merged(*plan))
        }
        Merge::Conflicts(conflicts) => Ok(Now::Conflicts(Box::new(now), conflicts)),
    }
}

/// Prints the result in the forms that are for programs; the table was shown before the write.
fn finish(plan: &Plan, outcome: Outcome, session: &Session<'_>, facts: &Facts) -> Result<()> {
    let text = match session.global.output {
        Output::Table => return Ok(()),
        output @ (Output::Json | Output::Ndjson) => printed(&facts.success(outcome), output),
        Output::Csv => csv::changes(plan.before.id(), outcome.name(), &plan.changes),
    };
    session.terminal.print(&text)
}
