//! `fusebill customer update`: one edit from flags to a verified write.

use super::{Connection, Session, write};
use crate::cli::{Output, Request, UpdateArgs};
use crate::document::diff::diff;
use crate::document::expect::{EXPECT, unmet};
use crate::document::plan::{Consent, plan};
use crate::document::{Customer, EditError, Edits, Json, Plan, patch};
use crate::error::{Error, Kind, Result};
use crate::field;
use crate::report::change::{self, Place};
use crate::report::csv;
use crate::report::outcome::{self, Outcome};
use crate::terminal::Input;

pub(super) fn run(args: &UpdateArgs, session: &mut Session) -> Result<Kind> {
    let mut request = args.request()?;
    let edits = edits(&mut request, session)?;
    let connection = session.connect()?;
    let before = connection.client.get(request.customer)?;
    session.facts.customer(&before);
    refuse_unmet(&before, &request)?;
    let plan = plan(before, &edits, request.new_fields).map_err(refused_edit)?;
    session.facts.plan(&plan);
    plan.warnings.iter().for_each(|warning| session.terminal.notes().warn(warning));
    if plan.is_empty() {
        session.terminal.notes().say("No changes: the customer already is as asked. Nothing was written.");
        return finish(&plan, Outcome::Unchanged, session);
    }
    let asks = !args.dry_run && !args.yes && !plan.consent.is_empty();
    show(&plan, &connection, asks, session)?;
    if args.dry_run {
        session.terminal.notes().say(&format!("Dry run: {}. Nothing was written.", change::counts(&plan)));
        let found = if args.exit_code { Kind::Changes } else { Kind::Done };
        return finish(&plan, Outcome::Planned, session).map(|_| found);
    }
    if asks {
        consent(&plan, &connection, session)?;
    }
    write::write(&plan, &connection.client, &mut session.facts, session.terminal.notes())?;
    session.terminal.notes().say(&format!("Written and verified: {}.", change::counts(&plan)));
    finish(&plan, Outcome::Updated, session)
}

/// The flags' edits and those of the merge patch, checked. Everything that can be wrong before a request is found here.
fn edits(request: &mut Request, session: &Session) -> Result<Edits> {
    let mut list = std::mem::take(&mut request.edits);
    if let Some(input) = &request.patch {
        let text = session.terminal.read(input).map_err(|why| why.at("--patch"))?;
        list.extend(read_patch(input, &text)?);
    }
    let edits = Edits::check(list).map_err(refused_edit)?;
    if edits.is_empty() {
        return Err(Error::usage("--patch: the merge patch names nothing to change"));
    }
    Ok(edits)
}

fn read_patch(input: &Input, text: &str) -> Result<Vec<crate::document::Edit>> {
    // A file that an editor marked as UTF-8 is still the same JSON (RFC 8259 section 8.1).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = Json::parse(text).map_err(|why| {
        Error::usage(format!("--patch: the merge patch in {input} cannot be read")).because(why)
    })?;
    patch::edits(&json, "--patch").ok_or_else(|| {
        Error::usage(format!("--patch: the merge patch in {input} is {}, not an object", json.root().kind()))
            .hint("a merge patch looks like {\"firstName\": \"John\", \"suffix\": null}")
    })
}

/// An edit that cannot be made, with what was probably meant.
fn refused_edit(why: EditError) -> Error {
    let error = Error::usage(why.to_string());
    match why {
        EditError::Unknown { given, nearest, .. } => {
            let near: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
            let error = if near.is_empty() {
                error
            } else {
                error.hint(format!("did you mean {}?", near.join(" or ")))
            };
            match given.as_str() {
                EXPECT => error,
                _ => error.hint("--new-field allows a field that the customer does not have"),
            }
        }
        EditError::OtherCase { has, .. } => error.hint(format!("write `{has}`")),
        EditError::Invalid { given, path, .. } if given == "--set" && is_number(&path.dotted()) => {
            error.hint(format!("--set always sets text; use --set-json {path}=… or the field's own flag"))
        }
        _ => error,
    }
}

fn is_number(path: &str) -> bool {
    field::at(path).is_some_and(|field| field.kind == field::Kind::Integer)
}

fn refuse_unmet(before: &Customer, request: &Request) -> Result<()> {
    let unmet = unmet(before, &request.expectations).map_err(refused_edit)?;
    if unmet.is_empty() {
        return Ok(());
    }
    let lines = unmet
        .iter()
        .map(|unmet| format!("{}: expected {}, found {}", unmet.path, unmet.expected, unmet.found));
    Err(Error::new(Kind::Conflict, "the customer is not as --expect says")
        .at(format!("checking customer {}", before.id()))
        .detail(lines)
        .hint(format!("look at it with `fusebill customer get {}` and decide again", before.id())))
}

fn show(plan: &Plan, connection: &Connection, asks: bool, session: &Session) -> Result<()> {
    let terminal = &session.terminal;
    let place = place(connection);
    if !session.global.is_for_programs() {
        terminal.print(&change::plan(plan, &place, terminal.look()))
    } else {
        if asks && terminal.may_ask() {
            terminal.tell(&change::plan(plan, &place, terminal.error_look()));
        }
        Ok(())
    }
}

fn place(connection: &Connection) -> Place<'_> {
    Place { profile: &connection.account.profile, host: connection.account.base.host() }
}

fn consent(plan: &Plan, connection: &Connection, session: &Session) -> Result<()> {
    let step = format!("before writing customer {}", plan.before.id());
    if !session.terminal.may_ask() {
        return Err(Error::usage("this change needs consent, and there is nobody to ask")
            .at(step)
            .detail(plan.consent.iter().map(reason))
            .hint("add --yes to consent on the command line"));
    }
    plan.consent.iter().for_each(|consent| session.terminal.notes().warn(&reason(consent)));
    let question = change::question(plan, &place(connection));
    let answer = connection.client.not_counting(|| session.terminal.confirm(&question));
    if !answer.map_err(|error| error.at(&step))? {
        return Err(Error::new(Kind::Cancelled, "you said no").at(step));
    }
    refuse_moved(plan, connection)
}

fn reason(consent: &Consent) -> String {
    match consent {
        Consent::Billing(path) => format!("`{path}` touches billing"),
        Consent::Clears(path) => format!("`{path}` would lose its value, which no --clear asks for"),
    }
}

/// A person took their time, so the customer is read again: what they saw must still be what is there.
fn refuse_moved(plan: &Plan, connection: &Connection) -> Result<()> {
    let id = plan.before.id();
    let now = connection.client.get(id)?;
    let derived = |path: &str| field::read_only(path).is_some_and(|fixed| fixed.derived);
    let moved: Vec<String> = diff(plan.before.root(), now.root())
        .into_iter()
        .filter(|change| !derived(&change.path.dotted()))
        .map(|change| format!("`{}` changed", change.path))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, "the customer changed while the question was open")
        .at(format!("before writing customer {id}"))
        .detail(moved)
        .hint("run the same command again to see the change against what is there now"))
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
