//! `fusebill customer history`: what the journal knows.

use super::session::{Context, Session};
use crate::cli::{HistoryArgs, HistoryCommand, Output};
use crate::document::compare::same_or_absent;
use crate::document::verify::verify;
use crate::document::{Customer, Json, Path, Plan};
use crate::error::{Error, Kind, Result};
use crate::journal::{Ending, Entry, EntryId, Intent};
use crate::report::change;
use crate::report::history;
use crate::report::json::printed;
use crate::report::place::Place;
use crate::search::CustomerName;

pub(super) fn run(args: &HistoryArgs, context: &Context) -> Result<Kind> {
    match &args.command {
        Some(HistoryCommand::Show { entry }) => show(&find(&EntryId::typed(entry), context)?, context),
        Some(HistoryCommand::Prune { older_than }) => prune(*older_than, context),
        None if args.resolve => resolve(args.customer.as_ref(), context),
        None => list(args.customer.as_ref(), context),
    }
}

impl Context {
    /// The entries of the journal that are wanted; lines that cannot be read are told.
    pub(super) fn entries(&self, wanted: impl FnMut(&mut Intent) -> bool) -> Result<(Vec<Entry>, usize)> {
        let journal = self.journal()?;
        let (entries, damaged) = journal.entries(wanted).map_err(unreadable)?;
        for why in &damaged {
            self.terminal
                .notes()
                .warn(&format!("a line of {} is passed over: {why}", journal.path().display()));
        }
        Ok((entries, damaged.len()))
    }
}

/// The entry with this name.
pub(super) fn find(name: &EntryId, context: &Context) -> Result<Entry> {
    let (entries, _) = context.entries(|intent| intent.entry == *name)?;
    entries.into_iter().next().ok_or_else(|| {
        Error::new(Kind::NotFound, format!("the journal has no entry {name}"))
            .hint("`fusebill customer history` lists what this machine changed")
    })
}

/// How many entries are printed at once.
const AT_ONCE: usize = 1_000;

fn list(customer: Option<&CustomerName>, context: &Context) -> Result<Kind> {
    // There may be a million of them.
    let listed = |intent: &mut Intent, is_wanted: bool| {
        intent.forget_documents();
        is_wanted
    };
    let (entries, _) = match customer {
        // A lookup is the one thing here that asks the API, and what it finds is of that account.
        Some(CustomerName::Lookup(lookup)) => {
            let session = context.open()?;
            let id = super::lookup::find(lookup, &session.client)?;
            context
                .entries(|intent| listed(intent, session.account.made(intent) && intent.customer.id == id))?
        }
        Some(CustomerName::Id(id)) => context.entries(|intent| listed(intent, intent.customer.id == *id))?,
        None => context.entries(|intent| listed(intent, true))?,
    };
    if entries.is_empty() {
        context.terminal.notes().say("The journal has no such change.");
    }
    let terminal = &context.terminal;
    let mut rows = history::rows(context.global.output);
    for some in entries.chunks(AT_ONCE) {
        let local = |moment| terminal.local(moment);
        let text: String = some.iter().map(|entry| history::add(&mut rows, entry, local)).collect();
        if !terminal.stream(&text)? {
            return Ok(Kind::Done);
        }
    }
    terminal.print(&rows.end(terminal.look())).map(|()| Kind::Done)
}

fn show(entry: &Entry, context: &Context) -> Result<Kind> {
    let Some(plan) = entry.intent.plan() else {
        return Err(Error::new(Kind::Failed, "what the journal holds of it does not fit together")
            .at(format!("showing entry {}", entry.intent.entry)));
    };
    let text = match context.global.output {
        Output::Table => {
            let place = Place {
                profile: &entry.intent.profile,
                host: &entry.intent.host,
                overrides: &[],
                label: None,
                color: None,
            };
            let when = context.terminal.local(entry.intent.time);
            let look = context.terminal.look();
            format!("{}{}", history::head(entry, &when, look), change::plan(&plan, &place, look))
        }
        output @ (Output::Json | Output::Ndjson) => printed(&history::whole(entry, &plan), output),
        Output::Csv => crate::report::csv::changes(plan.before.id(), entry.state(), &plan.changes),
    };
    context.terminal.print(&text).map(|()| Kind::Done)
}

fn prune(age: std::time::Duration, context: &Context) -> Result<Kind> {
    let failed = |why: anyhow::Error| Error::new(Kind::Failed, "the history cannot be pruned").because(why);
    let oldest = context.terminal.now().checked_sub(age).map_err(|why| failed(why.into()))?;
    let profile = context.profile()?.name;
    let count = context.journal()?.prune(&profile, oldest).map_err(failed)?;
    let (entries, are) = if count == 1 { ("entry", "is") } else { ("entries", "are") };
    context.terminal.notes().say(&format!("{count} {entries} of profile {profile} {are} forgotten."));
    if context.global.wants_json() {
        context.terminal.print(&printed(&history::pruned(count), Output::Json))?;
    }
    Ok(Kind::Done)
}

/// Reads the customers of entries that never got an outcome, and notes what became of each.
fn resolve(customer: Option<&CustomerName>, context: &Context) -> Result<Kind> {
    if !matches!(customer, Some(CustomerName::Lookup(_))) && nothing_is_open(customer, context)? {
        context.terminal.notes().say(ALL_KNOWN);
        return list(customer, context);
    }
    let session = &context.open()?;
    let customer = customer.map(|name| session.find(name)).transpose()?;
    let account = &session.account;
    let ours =
        |intent: &mut Intent| account.made(intent) && customer.is_none_or(|id| id == intent.customer.id);
    let (entries, _) = session.entries(ours)?;
    let open: Vec<&Entry> = entries.iter().filter(|entry| entry.is_open()).collect();
    if open.is_empty() {
        session.terminal.notes().say(ALL_KNOWN);
    }
    let mut unsettled = Vec::new();
    for entry in open {
        unsettled.extend(settle(entry, &entries, session)?);
    }
    if unsettled.is_empty() {
        return list(customer.map(CustomerName::Id).as_ref(), session);
    }
    Err(Error::new(Kind::Unknown, "not every entry could be settled")
        .detail(unsettled)
        .hint("set the fields to what they should be with `fusebill customer update`; then this settles too"))
}

const ALL_KNOWN: &str = "Every change of this account has a known outcome.";

fn unreadable(why: anyhow::Error) -> Error {
    Error::new(Kind::Failed, "the history cannot be read").because(why)
}

/// Whether the profile has nothing to settle, on whatever host, so that no key is needed to say so.
fn nothing_is_open(customer: Option<&CustomerName>, context: &Context) -> Result<bool> {
    let id = customer.and_then(|name| match name {
        CustomerName::Id(id) => Some(*id),
        CustomerName::Lookup(_) => None,
    });
    let open = context.journal()?.open(&context.profile()?.name, id);
    open.map(|open| open.is_empty()).map_err(unreadable)
}

/// Settles one entry; gives why not, where it cannot be.
fn settle(entry: &Entry, all: &[Entry], session: &Session<'_>) -> Result<Option<String>> {
    let name = &entry.intent.entry;
    let step = format!("settling entry {name}");
    let Some(plan) = entry.intent.plan() else {
        return Ok(Some(format!("{name}: what the journal holds of it does not fit together")));
    };
    let journal = session.journal()?;
    // Whoever has the turn may be waiting for the answer just now.
    let turn = journal.turn(plan.before.id()).map_err(|why| {
        Error::new(Kind::Failed, "it cannot be seen who changes it now").at(&step).because(why)
    })?;
    let Some(_turn) = turn else {
        return Ok(Some(format!("{name}: another fusebill on this machine is changing the customer")));
    };
    let stored = match session.client.get(plan.before.id()) {
        Ok(stored) => stored,
        // That one customer is not to be had says nothing about the others.
        Err(why) if matches!(why.kind, Kind::NotFound | Kind::Failed) => {
            return Ok(Some(format!("{name}: {}", why.headline())));
        }
        Err(why) => return Err(why),
    };
    // By the journal's order: names follow the clock, which may have been put back.
    let after = || all.iter().skip_while(|other| other.intent.entry != *name).skip(1);
    let later = || after().any(|later| supersedes(later, entry, &plan));
    let Some(ending) = ending(&plan, &stored).or_else(|| later().then_some(Ending::Superseded)) else {
        return Ok(Some(format!(
            "{name}: the fields it changed hold neither their old values nor the new ones"
        )));
    };
    let ending = match ending {
        // What later changes of this machine made is no difference of this one.
        Ending::Differs if only_later(&plan, &stored, after(), entry) => Ending::Written,
        ending => ending,
    };
    let differs = (ending == Ending::Differs).then_some(&stored);
    journal
        .end(name, ending, differs)
        .map_err(|why| Error::new(Kind::Failed, "the outcome cannot be noted").at(&step).because(why))?;
    session.terminal.notes().say(&format!("{name}: {}", ending.name()));
    Ok(None)
}

/// The paths that a later change of this machine wrote to the same customer.
fn wrote(later: &Entry, earlier: &Entry) -> Vec<Path> {
    let wrote = later.intent.customer.id == earlier.intent.customer.id
        && later.outcome.as_ref().is_some_and(|end| end.outcome == Ending::Written);
    let plan = later.intent.plan().filter(|_| wrote);
    plan.into_iter().flat_map(|plan| plan.replaced).map(|change| change.path).collect()
}

/// Whether a later change of this machine wrote every field that an earlier one was about.
fn supersedes(later: &Entry, earlier: &Entry, plan: &Plan) -> bool {
    let wrote = wrote(later, earlier);
    plan.replaced.iter().all(|change| wrote.iter().any(|path| path.covers(&change.path)))
}

/// Whether all that is stored otherwise than it was sent is what later changes of this machine wrote.
fn only_later<'a>(
    plan: &Plan,
    stored: &Customer,
    after: impl Iterator<Item = &'a Entry>,
    entry: &Entry,
) -> bool {
    let wrote: Vec<Path> = after.flat_map(|later| wrote(later, entry)).collect();
    let verdict = verify(plan, stored);
    let differences = &verdict.differences;
    differences.iter().all(|difference| wrote.iter().any(|path| path.covers(&difference.path)))
}

/// How a change ended, as far as the fields tell that it was about. Others may have changed since.
pub(super) fn ending(plan: &Plan, stored: &Customer) -> Option<Ending> {
    let verdict = verify(plan, stored);
    let as_before = plan.changes.iter().all(|change| {
        same_or_absent(&change.path, stored.get(&change.path), change.before.as_ref().map(Json::root))
    });
    match verdict.has_what_was_asked() {
        true if verdict.holds() => Some(Ending::Written),
        true => Some(Ending::Differs),
        false if as_before => Some(Ending::NotWritten),
        false => None,
    }
}
