//! `fusebill customer history`: the changes of this machine and their outcomes.

use super::auth::unshown;
use super::consent::consent;
use super::session::{Context, Session};
use crate::account::Profile;
use crate::action::stored::resolve as resolve_action;
use crate::cli::{HistoryArgs, HistoryCommand, Output, PruneArgs, Since};
use crate::error::{Error, ErrorKind, Result};
use crate::field::nearest_path;
use crate::protocol::resolve::{Resolution, resolve};
use crate::report::account_label::AccountLabel;
use crate::report::bulk::counted;
use crate::report::json::printed;
use crate::report::{action, change, history};
use crate::search::{CustomerName, names};
use crate::store::{Entry, EntryId, EntryOutcome, Filter, PruneFilter, Pruned, Store};

/// How many entries a terminal shows unless `--limit` is given.
const LIMIT: u64 = 20;

/// How long a request whose answer was lost may still be applied.
const LATE_REQUEST_WINDOW: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// How many unresolved entries are listed.
const TOLD: usize = 20;

pub(super) fn run(args: &HistoryArgs, context: &Context) -> Result<ErrorKind> {
    match &args.command {
        Some(HistoryCommand::Show { entry }) => show(&find(&EntryId::typed(entry), context)?, context),
        Some(HistoryCommand::Prune(args)) => prune(args, context),
        None if args.resolve => resolve_all(args, context),
        None => list(args, context),
    }
}

pub(super) fn find(name: &EntryId, context: &Context) -> Result<Entry> {
    context.store()?.entry(name)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("the journal has no entry {name}"))
            .hint("`fusebill customer history` lists what this machine changed")
    })
}

fn list(args: &HistoryArgs, context: &Context) -> Result<ErrorKind> {
    let is_for_a_person = context.global.output == Output::Table && context.terminal.look().width.is_some();
    let profile = if args.all_profiles { None } else { Some(profile_name(context)?) };
    let mut filter = Filter {
        profile,
        path: args.field.clone(),
        since: args.since.as_ref().map(|since| moment(since, context)).transpose()?,
        run: args.run.as_deref().map(EntryId::typed),
        limit: args.limit.or(is_for_a_person.then_some(LIMIT)),
        ..Filter::default()
    };
    match &args.customer {
        // A lookup asks the API, and the customer that it finds is one of that account.
        Some(CustomerName::Lookup(lookup)) => {
            let session = context.open()?;
            filter.customer = Some(super::lookup::find(lookup, &session.client)?);
            filter.host = Some(session.account.origin.clone());
        }
        Some(CustomerName::Id(id)) => filter.customer = Some(*id),
        None => {}
    }
    let count = print(&filter, context)?;
    if count == 0 {
        context.terminal.notes().say("The journal has no such change.");
        let unknown = args.field.as_ref().filter(|path| names::path(&path.dotted()).is_none());
        if let Some(near) = unknown.and_then(|path| nearest_path(&path.dotted())) {
            context.terminal.notes().say(&format!("Did you mean --field {near}?"));
        }
    }
    if args.limit.is_none() && filter.limit == Some(count) {
        context.terminal.notes().say(&format!("These are the newest {count}; --limit shows more."));
    }
    Ok(ErrorKind::Done)
}

/// The profile may have been removed; its entries are still there.
fn profile_name(context: &Context) -> Result<String> {
    Profile::named(context.global.profile.as_deref()).map(|(name, _)| name)
}

fn moment(since: &Since, context: &Context) -> Result<jiff::Timestamp> {
    let moment = match since {
        Since::Age(age) => context.terminal.now().checked_sub(*age).ok(),
        Since::DaysAgo(days) => {
            let today = context.terminal.now().to_zoned(jiff::tz::TimeZone::system());
            let day = today.checked_sub(jiff::Span::new().days(*days)).and_then(|day| day.start_of_day());
            day.ok().map(|day| day.timestamp())
        }
        Since::Moment(moment) => Some(*moment),
        Since::Local(local) => {
            local.to_zoned(jiff::tz::TimeZone::system()).ok().map(|zoned| zoned.timestamp())
        }
    };
    moment.ok_or_else(|| Error::usage("--since: there is no such moment"))
}

/// Returns the number of entries.
fn print(filter: &Filter, context: &Context) -> Result<u64> {
    let terminal = &context.terminal;
    let (mut rows, mut count) =
        (history::rows(context.global.output, terminal.look(), filter.profile.is_none()), 0);
    for entry in context.store()?.history(filter) {
        terminal.print(&history::add(&mut rows, &entry?, |moment| terminal.local(moment)))?;
        count += 1;
    }
    terminal.print(&rows.end())?;
    Ok(count)
}

fn show(entry: &Entry, context: &Context) -> Result<ErrorKind> {
    let plan = context.store()?.plan(entry)?;
    let text = match context.global.output {
        Output::Table => {
            let (profile, host) = (&entry.profile, &entry.host);
            let account = AccountLabel { profile, host, ..AccountLabel::default() };
            let when = context.terminal.local(entry.time);
            let look = context.terminal.look();
            let charges = entry.action.as_ref().and_then(|action| action::recorded(action, look));
            let changes = change::plan(&plan, &account, look);
            format!("{}{changes}{}", history::head(entry, &when, look), charges.unwrap_or_default())
        }
        output @ (Output::Json | Output::Ndjson) => printed(&history::whole(entry, &plan), output),
        Output::Csv => crate::report::csv::changes(plan.before.id(), entry.state(), &plan.changes),
    };
    context.terminal.print(&text).map(|()| ErrorKind::Done)
}

fn prune(args: &PruneArgs, context: &Context) -> Result<ErrorKind> {
    context.watch_signals();
    let before = context
        .terminal
        .now()
        .checked_sub(args.older_than)
        .map_err(|error| Error::usage("--older-than: there is no such moment").source(error))?;
    let profile = if args.all_profiles { None } else { Some(profile_name(context)?) };
    let whose = profile.as_ref().map_or_else(|| "all profiles".to_string(), |name| format!("profile {name}"));
    let what = PruneFilter { profile, before, unresolved: args.unresolved };
    let store = context.store()?;
    let found = store.to_prune(&what)?;
    let notes = context.terminal.notes();
    if found.unresolved > 0 {
        let entries = counted(found.unresolved, "entry without a known outcome");
        notes.say(&format!(
            "Kept: {entries}; --resolve records their outcomes, --unresolved deletes them too."
        ));
    }
    let nothing = found.entries == 0 && found.runs == 0;
    if !nothing && !args.yes {
        let until = context.terminal.local(before);
        let question = format!("Delete {} of {whose} before {until}, for good?", pruned(found));
        consent(&question, &[], None, context)?;
    }
    // An earlier command may have left deleted entries in the log.
    let done = store.prune(&what)?;
    notes.say(&format!("Deleted: {} of {whose}.", pruned(done)));
    if context.global.wants_json() {
        context.terminal.print(&printed(&history::pruned(done), Output::Json)).map_err(unshown)?;
    }
    Ok(ErrorKind::Done)
}

fn pruned(what: Pruned) -> String {
    let entries = if what.entries == 1 { "1 entry".to_string() } else { format!("{} entries", what.entries) };
    format!("{entries} and {}", counted(what.runs, "run"))
}

/// If one entry cannot be resolved, the others still are.
fn resolve_all(args: &HistoryArgs, context: &Context) -> Result<ErrorKind> {
    let store = context.store()?;
    let profile = profile_name(context)?;
    let id = match &args.customer {
        Some(CustomerName::Id(id)) => Some(*id),
        Some(CustomerName::Lookup(_)) | None => None,
    };
    // This needs no key.
    if store.next_open(&profile, id, None)?.is_none() {
        context.terminal.notes().say("This account has no change to resolve.");
        return list(args, context);
    }
    let session = &context.open()?;
    let customer = args.customer.as_ref().map(|name| session.find(name)).transpose()?;
    let (mut unresolved, mut more, mut last) = (Vec::new(), 0_u64, None);
    while let Some(entry) = store.next_open(&profile, customer, last.as_ref())? {
        let reason = match resolve_entry(&entry, store, session) {
            Ok(EntryOutcome::Undecided) => Some(UNDECIDED.to_string()),
            Ok(outcome) => {
                session.terminal.notes().say(&format!("{}: {}", entry.entry, outcome.name()));
                None
            }
            Err(error) if matches!(error.kind, ErrorKind::Credentials | ErrorKind::Interrupted) => {
                return Err(error);
            }
            Err(error) => Some(error.headline()),
        };
        match reason {
            Some(reason) if unresolved.len() < TOLD => unresolved.push(format!("{}: {reason}", entry.entry)),
            reason => more += u64::from(reason.is_some()),
        }
        last = Some(entry);
    }
    if unresolved.is_empty() {
        return list(args, context);
    }
    unresolved.extend((more > 0).then(|| format!("and {more} more")));
    Err(Error::new(ErrorKind::Unknown, "not every entry could be resolved").detail(unresolved).hint(
        "an entry whose request may still be on its way can be resolved later; otherwise compare the customer with \
         `fusebill customer history show ENTRY`",
    ))
}

pub(super) const UNDECIDED: &str =
    "the customer was modified since, so it cannot be told whether this change was written";

/// A row of a run with an action that was sent, and whose status did not change.
pub(super) const ACTION_UNDECIDED: &str =
    "it was sent once and the status did not change; it is not sent again, because it could charge twice";

/// Whether no request of an entry can be on its way any more. Servers and proxies give a request up within minutes.
fn is_old(entry: &Entry, session: &Session<'_>) -> bool {
    let age = session.terminal.now().duration_since(entry.time);
    age > LATE_REQUEST_WINDOW
}

/// The error is the reason why there is no outcome yet.
pub(super) fn resolve_entry(entry: &Entry, store: &Store, session: &Session<'_>) -> Result<EntryOutcome> {
    let open = |error: String| Error::new(ErrorKind::Unknown, error);
    if !session.account.made(entry) {
        return Err(open(format!("it was made at {}; this is {}", entry.host, session.account.origin)));
    }
    // A process with the lock may still be waiting for the answer to its PUT.
    let Some(_lock) = store.try_lock_customer(entry.customer)? else {
        return Err(open("another fusebill on this machine is changing the customer".to_string()));
    };
    // Until then that process may have recorded its plan again, or the outcome.
    let entry = &find(&entry.entry, session)?;
    if let Some(recorded) = entry.outcome.filter(|outcome| *outcome != EntryOutcome::Unknown) {
        return Ok(recorded);
    }
    let plan = store.plan(entry)?;
    let stored = match session.client.get(entry.customer) {
        Err(error) if error.kind == ErrorKind::NotFound => None,
        stored => Some(stored?),
    };
    let later = store.paths_written_later(entry)?;
    let resolution = match entry.action {
        Some(_) => resolve_action(&plan, stored.as_ref(), &later, is_old(entry, session)).ok_or_else(|| {
            open("the status is as it was, and the request may still be on its way: resolve it in 10 minutes".to_string())
        })?,
        None => resolve(&plan, stored.as_ref(), &later),
    };
    let outcome = match resolution {
        Resolution::Written => EntryOutcome::Written,
        Resolution::Differs => EntryOutcome::Differs,
        Resolution::NotWritten => EntryOutcome::NotWritten,
        Resolution::Gone => EntryOutcome::Gone,
        Resolution::Superseded => EntryOutcome::Superseded,
        Resolution::Unknown => EntryOutcome::Undecided,
    };
    store.resolve(&entry.entry, outcome, stored.as_ref().filter(|_| outcome == EntryOutcome::Differs))?;
    Ok(outcome)
}
