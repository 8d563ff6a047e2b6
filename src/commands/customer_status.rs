//! `fusebill customer activate|hold|unhold|cancel|uncancel`: the charges are shown before anything is sent.

use std::cell::OnceCell;

use super::consent::{consents, not_confirmed};
use super::lookup::check_still_matches;
use super::session::{Context, Session};
use super::write::{ConfirmedAction, Writer, WrittenAction, currency, previewed};
use crate::account::command;
use crate::action::{StatusAction, Transition, opposite, status};
use crate::api::clock;
use crate::cli::{Output, PriceArgs, StatusArgs, Verify, VerifyArgs, WriteArgs};
use crate::document::{Customer, Json, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Refreshed, Span};
use crate::report::action::{self, Price, owed, record};
use crate::report::csv;
use crate::report::json::printed;
use crate::report::outcome::{JsonReport, Outcome};
use crate::store::{CustomerLock, Origin};

pub(super) fn run(
    action: StatusAction,
    args: &StatusArgs,
    price: Option<&PriceArgs>,
    context: &Context,
    json: &mut JsonReport,
) -> Result<ErrorKind> {
    let bounds = Bounds::of(args, price)?;
    let session = &context.open_to_write(args.preview)?;
    let id = session.find(&args.customer)?;
    let lock = session.lock(id, &as_write(args))?;
    let overview = overview(id, session);
    let began = clock::now();
    let before = session.read(id)?;
    json.customer(&before);
    check_still_matches(&args.customer, &before)?;
    json.action(record(action, None, &currency(&before)));
    if let Some(kind) = ends_early(action, &before, session, json)? {
        return Ok(kind);
    }
    let plan = action.plan(before)?;
    let preview =
        action.has_preview().then(|| previewed(action, &plan.before, &session.client)).transpose()?;
    let read = Span { began, ended: clock::now() };
    let currency = currency(&plan.before);
    json.plan(&plan);
    json.action(record(action, preview.as_ref(), &currency));
    let act =
        ConfirmedAction { action, client: &session.client, preview, currency, charged: OnceCell::new() };
    let ready = Ready { act: &act, plan, overview, read, lock };
    ready.send(args, &bounds, session, json)
}

/// The lock needs to know only whether anything is sent.
fn as_write(args: &StatusArgs) -> WriteArgs {
    WriteArgs {
        dry_run: args.preview,
        exit_code: false,
        check: false,
        yes: args.yes,
        proof: VerifyArgs { verify: Verify::Read },
        no_journal: false,
    }
}

/// The balances are shown if they can be read; the action does not depend on them.
fn overview(id: u64, session: &Session<'_>) -> Option<Json> {
    let read = session.client.overview(id);
    read.map_err(|error| session.terminal.notes().warn(&error.headline())).ok()
}

/// Ends the command if the customer has the status already. `Refused` if the API is documented to refuse it.
fn ends_early(
    action: StatusAction,
    before: &Customer,
    session: &Session<'_>,
    json: &JsonReport,
) -> Result<Option<ErrorKind>> {
    let (id, now) = (before.id(), status(before));
    match action.standing(&now) {
        Transition::Possible => Ok(None),
        Transition::Done => {
            let text = format!("No change: customer {id} is {now} already. Nothing was sent.");
            session.terminal.notes().say(&text);
            finish(Outcome::Unchanged, None, session, json)?;
            Ok(Some(ErrorKind::Done))
        }
        Transition::Refused(instead) => {
            let error = Error::new(ErrorKind::Refused, action.refusal(&now))
                .step(format!("{} of customer {id}", action.name()));
            let name = |name: &str| command(&session.account.profile, &format!("customer {name} {id}"));
            Err(instead
                .map_or_else(
                    || suspension_hint(&now),
                    |instead| vec![format!("`{}` leads there", name(instead))],
                )
                .into_iter()
                .fold(error, Error::hint))
        }
    }
}

fn suspension_hint(now: &str) -> Vec<String> {
    let suspended = "the system lifts a suspension when the account is in good standing again";
    (now == "Suspended").then(|| suspended.to_string()).into_iter().collect()
}

/// What the user agreed to on the command line.
struct Bounds {
    expect: Option<rust_decimal::Decimal>,
    max: Option<rust_decimal::Decimal>,
}

impl Bounds {
    /// `--yes` says yes to the action, and a bound says yes to its price.
    fn of(args: &StatusArgs, price: Option<&PriceArgs>) -> Result<Bounds> {
        let Some(price) = price else { return Ok(Bounds { expect: None, max: None }) };
        let bounds = Bounds { expect: price.expect_total, max: price.max_total };
        if args.yes && !args.preview && bounds.expect.is_none() && bounds.max.is_none() {
            return Err(Error::usage("--yes alone does not say how much may be charged")
                .hint("add --expect-total AMOUNT or --max-total AMOUNT; --preview shows the total"));
        }
        Ok(bounds)
    }

    fn check(&self, act: &ConfirmedAction<'_>) -> Result<()> {
        let Some(preview) = &act.preview else { return Ok(()) };
        let price = |amount| Price::of(amount, &act.currency);
        let total = price(preview.total);
        let refused = |message: String| {
            Err(Error::new(ErrorKind::Conflict, message)
                .hint("--preview shows the charges without sending anything"))
        };
        match (self.expect, self.max) {
            (Some(expected), _) if expected != preview.total => {
                refused(format!("it would charge {total}, and --expect-total says {}", price(expected)))
            }
            (_, Some(most)) if preview.total > most => {
                refused(format!("it would charge {total}, more than --max-total {}", price(most)))
            }
            _ => Ok(()),
        }
    }
}

/// An action that can be shown, agreed to and sent.
struct Ready<'a> {
    act: &'a ConfirmedAction<'a>,
    plan: Plan,
    overview: Option<Json>,
    /// When the customer and the preview were read.
    read: Span,
    lock: Option<CustomerLock>,
}

impl Ready<'_> {
    fn send(
        mut self,
        args: &StatusArgs,
        bounds: &Bounds,
        session: &Session<'_>,
        json: &mut JsonReport,
    ) -> Result<ErrorKind> {
        let step = format!("{} of customer {}", self.act.action.name(), self.plan.before.id());
        self.show(!args.yes && !args.preview, session)?;
        bounds.check(self.act).map_err(|error| error.step(&step))?;
        if args.preview {
            session.terminal.notes().say("Preview only: nothing was changed.");
            finish(Outcome::Planned, Some(&self.plan), session, json)?;
            return Ok(ErrorKind::Done);
        }
        if !args.yes {
            self.ask(session).map_err(|error| error.step(&step))?;
        }
        // A question, or output that waited for its reader, gave the lock back.
        if self.lock.is_none() {
            self.renew(args, session).map_err(|error| error.step(&step))?;
        }
        self.post(session, json)
    }

    /// Standard output shows it; in forms for programs the question does.
    fn show(&mut self, asks: bool, session: &Session<'_>) -> Result<()> {
        let (terminal, act) = (&session.terminal, self.act);
        let account = session.account.label();
        let shown = |look| {
            action::shown(
                act.action,
                &self.plan,
                self.overview.as_ref(),
                act.preview.as_ref(),
                &account,
                look,
            )
        };
        if session.global.is_for_programs() {
            if asks && terminal.may_ask() {
                terminal.tell(&shown(terminal.error_look()));
            }
            return Ok(());
        }
        let text = shown(terminal.look());
        if !terminal.can_print_now(&text) {
            // A pager may leave the pipe full for hours; other commands must not wait for the lock meanwhile.
            self.lock = None;
        }
        terminal.print(&text)
    }

    /// The lock is released while the question is open.
    fn ask(&mut self, session: &Session<'_>) -> Result<()> {
        self.lock = None;
        let price = self.act.preview.as_ref().map(|preview| Price::of(preview.total, &self.act.currency));
        let question =
            action::question(self.act.action, &self.plan, price.as_ref(), &session.account.label());
        let details = [question.clone()].into_iter().chain(session.account.always());
        let answer = session.client.pause_deadline(|| consents(&question, &[], details, session));
        let bound = "off a terminal, add --yes and --expect-total AMOUNT, or --max-total AMOUNT";
        let answer = answer.map_err(|error| match error.kind {
            ErrorKind::Usage if price.is_some() => Error { hints: vec![bound.to_string()], ..error },
            _ => error,
        });
        if answer? { Ok(()) } else { Err(not_confirmed()) }
    }

    /// Takes the lock again, and reads the customer and its price again.
    fn renew(&mut self, args: &StatusArgs, session: &Session<'_>) -> Result<()> {
        self.lock = session.lock(self.plan.before.id(), &as_write(args))?;
        let began = clock::now();
        let now = session.client.get(self.plan.before.id())?;
        check_still_matches(&args.customer, &now)?;
        if let Refreshed::Merged(plan) = self.act.rebase(&self.plan, &now)? {
            self.plan = plan;
        }
        self.read = Span { began, ended: clock::now() };
        Ok(())
    }

    fn post(self, session: &Session<'_>, json: &mut JsonReport) -> Result<ErrorKind> {
        let (act, id) = (self.act, self.plan.before.id());
        let writer = Writer {
            client: &session.client,
            store: Some(session.store()?),
            origin: Origin {
                profile: session.account.profile.clone(),
                host: session.account.origin.clone(),
                command: act.action.command(),
                undoes: None,
                row: None,
            },
            reads_again: true,
            preconditions: &|_| Ok(()),
            signals: &session.signals,
            notes: session.terminal.notes(),
        };
        let WrittenAction { plan, stored, entry } = writer.act(self.plan, act, self.read, json)?;
        drop(self.lock);
        let notes = session.terminal.notes();
        done(act, stored.as_ref()).iter().for_each(|line| notes.say(line));
        if entry.is_some() {
            balances(id, act, self.overview.as_ref(), session, json);
        }
        let (back, cost) = opposite(act.action.name());
        if let Some(back) = back {
            let back = command(&session.account.profile, &format!("customer {back} {id}"));
            notes.say_command("The opposite:", &back);
            notes.say(&format!("({cost}.)"));
        }
        let printed = finish(Outcome::Updated, Some(&plan), session, json);
        session.signals.done();
        let Err(error) = printed else { return Ok(ErrorKind::Done) };
        notes.warn(&format!("it was done and verified, but {}", error.headline()));
        Ok(ErrorKind::Unshown)
    }
}

fn done(act: &ConfirmedAction<'_>, stored: Option<&Customer>) -> Vec<String> {
    let now = stored.map_or_else(|| act.action.target().to_string(), status);
    let price = |amount| Price::of(amount, &act.currency);
    let done = format!("Done and verified: the customer is {now}.");
    match (act.charged.get(), &act.preview) {
        (Some(charged), _) => vec![format!("{done} Charged: {}.", price(*charged))],
        (None, Some(preview)) => {
            let said = price(preview.total);
            vec![done, format!("The answer does not say what was charged; the preview said {said}.")]
        }
        (None, None) => vec![done],
    }
}

/// Shows the balances that moved. What was paid at once moves none.
fn balances(
    id: u64,
    act: &ConfirmedAction<'_>,
    before: Option<&Json>,
    session: &Session<'_>,
    json: &mut JsonReport,
) {
    let (Some(before), Some(after)) = (before, overview(id, session)) else { return };
    let notes = session.terminal.notes();
    let old: Vec<_> = action::balances(Some(before)).collect();
    for (name, now) in action::balances(Some(&after)) {
        let then = old.iter().find(|(known, _)| *known == name).map(|(_, then)| then);
        if let Some(then) = then.filter(|then| **then != now) {
            notes.say(&format!("{name} was {then}, is now {now}."));
        }
    }
    let moved = owed(&after).zip(owed(before)).and_then(|(after, before)| after.checked_sub(before));
    let Some((moved, preview)) = moved.zip(act.preview.as_ref()) else { return };
    if act.charged.get().is_none() && !moved.is_zero() && moved != preview.total {
        let price = |amount| Price::of(amount, &act.currency);
        let warning = format!(
            "the balance moved by {}, and the preview said {}: look at the invoices",
            price(moved),
            price(preview.total)
        );
        notes.warn(&warning);
        json.warn(warning);
    }
}

/// Prints the result in the forms that are for programs; the tables were shown before.
fn finish(outcome: Outcome, plan: Option<&Plan>, session: &Session<'_>, json: &JsonReport) -> Result<()> {
    let text = match session.global.output {
        Output::Table => return Ok(()),
        output @ (Output::Json | Output::Ndjson) => printed(&json.success(outcome), output),
        Output::Csv => {
            let changes = plan.map(|plan| plan.changes.as_slice()).unwrap_or_default();
            csv::changes(plan.map_or(0, |plan| plan.before.id()), outcome.name(), changes)
        }
    };
    session.terminal.print(&text)
}
