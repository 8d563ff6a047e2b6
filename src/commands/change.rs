//! Shows a plan, asks for confirmation, merges changes of other clients, and writes it. Every command that changes one
//! customer uses this.

use super::conflict::{before_writing, report_carried, resolved, unmergeable};
use super::consent::{consents, not_confirmed};
use super::refusal::{check_references, refuse_known};
use super::session::Session;
use super::write::{Done, Writer};
use crate::account::command;
use crate::action::{advised, status};
use crate::cli::{Output, Verify, WriteArgs};
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::Consent;
use crate::document::{Customer, Plan};
use crate::error::{ErrorKind, Result};
use crate::report::change;
use crate::report::csv;
use crate::report::json::printed;
use crate::report::outcome::{JsonReport, Outcome};
use crate::store::{CustomerLock, EntryId, Origin};

pub(super) struct WriteOptions<'a> {
    pub(super) args: &'a WriteArgs,
    pub(super) command: &'static str,
    pub(super) undoes: Option<EntryId>,
    /// Edits made in an editor or at prompts take time: the customer is read again before the write, the user is asked for
    /// consent, and may edit again.
    pub(super) by_hand: bool,
    /// Checks every read of the customer before the write.
    pub(super) check: &'a dyn Fn(&Customer) -> Result<()>,
}

impl<'a> WriteOptions<'a> {
    /// The default: no editor, no undo, no precondition.
    pub(super) fn of(command: &'static str, args: &'a WriteArgs) -> WriteOptions<'a> {
        WriteOptions { args, command, undoes: None, by_hand: false, check: &|_| Ok(()) }
    }
}

pub(super) enum ChangeEnd {
    /// Written, only shown, or without changes; the kind gives the exit code.
    Ended(Outcome, ErrorKind),
    Declined,
    /// Another writer changed the same values, and the user edits again with those values shown.
    Again(Box<Customer>, Vec<Conflict>),
}

/// Writes a plan of flags or of an undo. The caller took `lock` before it read the customer; the lock is released while the
/// program waits for the user.
pub(super) fn write_plan(
    mut plan: Plan,
    lock: Option<CustomerLock>,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    json: &mut JsonReport,
) -> Result<ErrorKind> {
    let step = before_writing(&plan);
    match confirm_and_write(&mut plan, lock, options, session, json)? {
        ChangeEnd::Ended(_, kind) => Ok(kind),
        ChangeEnd::Declined | ChangeEnd::Again(..) => Err(not_confirmed().step(step)),
    }
}

/// Shows, confirms, merges and writes the plan. On return, `plan` includes the changes of other clients.
pub(super) fn confirm_and_write(
    plan: &mut Plan,
    mut lock: Option<CustomerLock>,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    json: &mut JsonReport,
) -> Result<ChangeEnd> {
    plan.warnings.extend(advice(plan, session));
    plan.warnings.iter().for_each(|warning| session.terminal.notes().warn(warning));
    // If the user took time to answer, the customer is read again before the write.
    let mut waited = options.by_hand;
    loop {
        json.plan(plan);
        if plan.is_empty() {
            return unchanged(plan, session, json);
        }
        let wanted = options.by_hand || !plan.consent.is_empty() || session.account.asks_always();
        let asks = wanted && !options.args.yes;
        let text = shown(plan, asks && !options.args.dry_run, session);
        if !session.terminal.can_print_now(&text) {
            // A pager may leave the pipe full for hours; other commands must not wait for the lock meanwhile.
            waited |= lock.take().is_some();
        }
        session.terminal.print(&text)?;
        if options.args.dry_run {
            return dry_run(plan, asks, options, session, json);
        }
        if !asks && !waited {
            break;
        }
        drop(lock.take());
        if asks && !consent(plan, options, session)? {
            return Ok(ChangeEnd::Declined);
        }
        lock = session.lock(plan.before.id(), options.args)?;
        // Other writers may have changed the customer meanwhile. Their changes are kept.
        let theirs = session.client.get(plan.before.id())?;
        (options.check)(&theirs)?;
        let conflicts = match merge(plan, &theirs).map_err(|error| unmergeable(&error, plan))? {
            Merge::Merged { plan: merged, carried } => {
                report_carried(&carried, session.terminal.notes());
                *plan = *merged;
                break;
            }
            Merge::Conflicts(conflicts) => conflicts,
        };
        drop(lock.take());
        match resolved(plan, &theirs, &conflicts, options.by_hand, session)? {
            Some(resolved) => *plan = resolved,
            None => return Ok(ChangeEnd::Again(Box::new(theirs), conflicts)),
        }
        waited = true;
    }
    json.plan(plan);
    if plan.is_empty() {
        return unchanged(plan, session, json);
    }
    written(plan, lock, options, session, json)
}

/// Writes a confirmed plan and prints the result.
fn written(
    plan: &mut Plan,
    lock: Option<CustomerLock>,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    json: &mut JsonReport,
) -> Result<ChangeEnd> {
    let done = write(plan.clone(), options, session, json)?;
    drop(lock);
    *plan = done.plan;
    if !done.written {
        return unchanged(plan, session, json);
    }
    let notes = session.terminal.notes();
    notes.say(&format!("Written and verified: {}.", change::counts(plan)));
    if let Some(entry) = done.entry.filter(|_| plan.new_status().is_none()) {
        let undo = command(&session.account.profile, &format!("customer undo {entry}"));
        notes.say_command("To undo:", &undo);
    }
    let printed = finish(plan, Outcome::Updated, session, json);
    session.signals.done();
    let Err(error) = printed else { return Ok(ChangeEnd::Ended(Outcome::Updated, ErrorKind::Done)) };
    notes.warn(&format!("the change was written and verified, but {}", error.headline()));
    Ok(ChangeEnd::Ended(Outcome::Updated, ErrorKind::Unshown))
}

/// The vendor's page advises its own methods to change a status.
fn advice(plan: &Plan, session: &Session<'_>) -> Option<String> {
    let (before, after) = (status(&plan.before), plan.new_status()?);
    let id = plan.before.id();
    let own = advised(&before, &after)
        .map(|name| command(&session.account.profile, &format!("customer {name} {id}")));
    let own = own.map_or_else(|| "its own methods".to_string(), |own| format!("`{own}`"));
    Some(format!(
        "to change a status the vendor advises {own}; what this change charges or stops is not documented"
    ))
}

fn unchanged(plan: &Plan, session: &Session<'_>, json: &JsonReport) -> Result<ChangeEnd> {
    let id = plan.before.id();
    let message = format!("No changes: customer {id} already has these values. Nothing was written.");
    session.terminal.notes().say(&message);
    finish(plan, Outcome::Unchanged, session, json)?;
    Ok(ChangeEnd::Ended(Outcome::Unchanged, ErrorKind::Done))
}

fn write(
    plan: Plan,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    json: &mut JsonReport,
) -> Result<Done> {
    let writer = Writer {
        client: &session.client,
        store: if options.args.no_journal { None } else { Some(session.store()?) },
        origin: Origin {
            profile: session.account.profile.clone(),
            host: session.account.origin.clone(),
            command: options.command,
            undoes: options.undoes.clone(),
            row: None,
        },
        reads_again: options.args.proof.verify == Verify::Read,
        preconditions: options.check,
        signals: &session.signals,
        notes: session.terminal.notes(),
    };
    writer.write(plan, json)
}

/// The text for standard output that shows the plan. It is empty for JSON, NDJSON and CSV. If the command asks, the plan goes
/// to standard error too, above the question, if standard output is a file.
fn shown(plan: &Plan, asks: bool, session: &Session<'_>) -> String {
    let terminal = &session.terminal;
    let account = session.account.label();
    let is_seen = !session.global.is_for_programs() && terminal.shows_output();
    if asks && terminal.may_ask() && !is_seen {
        terminal.tell(&change::plan(plan, &account, terminal.error_look()));
    }
    if session.global.is_for_programs() {
        return String::new();
    }
    change::plan(plan, &account, terminal.look())
}

/// `--dry-run`: fails if the API is known to refuse the plan, else reports the confirmation that the write will need.
fn dry_run(
    plan: &Plan,
    asks: bool,
    options: &WriteOptions<'_>,
    session: &Session<'_>,
    json: &mut JsonReport,
) -> Result<ChangeEnd> {
    refuse_known(plan)?;
    if options.args.check {
        let found = check_references(plan, &session.client)?;
        found.iter().for_each(|id| {
            session.terminal.notes().say(&format!("Checked: the new parent, customer {id}, exists."));
        });
    }
    let reasons = reasons(plan, options).into_iter().chain(session.account.always());
    for reason in reasons.filter(|_| asks) {
        let warning = format!("{reason}: the write will ask for confirmation, or needs --yes");
        session.terminal.notes().warn(&warning);
        json.warn(warning);
    }
    session.terminal.notes().say(&format!("Dry run: {}. Nothing was written.", change::counts(plan)));
    finish(plan, Outcome::Planned, session, json)?;
    Ok(ChangeEnd::Ended(
        Outcome::Planned,
        if options.args.exit_code { ErrorKind::Changes } else { ErrorKind::Done },
    ))
}

fn consent(plan: &Plan, options: &WriteOptions<'_>, session: &Session<'_>) -> Result<bool> {
    let reasons = reasons(plan, options);
    let seen = "changes made in the editor or at prompts need confirmation".to_string();
    let by_hand = options.by_hand.then_some(seen).into_iter();
    let details = by_hand.chain(reasons.clone()).chain(session.account.always());
    let question = change::question(plan, &session.account.label());
    let answer = session.client.pause_deadline(|| consents(&question, &reasons, details, session));
    answer.map_err(|error| error.step(before_writing(plan)))
}

fn reasons(plan: &Plan, options: &WriteOptions<'_>) -> Vec<String> {
    let reason = |consent: &Consent| match consent {
        Consent::Billing(path) => format!("`{path}` affects billing"),
        Consent::Altered(path) => {
            format!(
                "the stored value of `{path}` is not the one that was sent; the API or another client changed it"
            )
        }
        Consent::Unclaimed(path) => format!(
            "`{path}` has the value of this entry, although the journal records that the entry wrote nothing: the PUT was \
             applied late, or another client set the same value"
        ),
        Consent::Clears(path) if options.by_hand => format!("`{path}` will be cleared (null)"),
        Consent::Clears(path) => format!("`{path}` would be cleared (null), and no --clear names it"),
    };
    plan.consent.iter().map(reason).collect()
}

/// Prints the result as JSON, NDJSON or CSV. The table was printed before the write.
fn finish(plan: &Plan, outcome: Outcome, session: &Session<'_>, json: &JsonReport) -> Result<()> {
    let text = match session.global.output {
        Output::Table => return Ok(()),
        output @ (Output::Json | Output::Ndjson) => printed(&json.success(outcome), output),
        Output::Csv => csv::changes(plan.before.id(), outcome.name(), &plan.changes),
    };
    session.terminal.print(&text)
}
