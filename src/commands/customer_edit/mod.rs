//! `fusebill customer edit`: the edits come from a text that a person changes, as often as it takes.

mod desk;
mod prompts;
mod recover;

use super::Session;
use super::lookup::still_named;
use crate::cli::EditArgs;
use crate::document::sheet;
use crate::editor::Editor;
use crate::error::{Error, Kind, Result};
use crate::profile::setting::Key;
use crate::report::escape::escaped;
use crate::report::outcome::Outcome;
use desk::Desk;

/// Where the text is changed.
enum Hand {
    Editor(Editor),
    Prompts,
}

/// How an edit ended, where it did not fail.
struct Done {
    outcome: Outcome,
    kind: Kind,
}

pub(super) fn run(args: &EditArgs, session: &mut Session) -> Result<Kind> {
    let hand = hand(args, session)?;
    let connection = session.connect_to_write(args.write.dry_run)?;
    let now = session.read(&connection, session.find(&args.customer, &connection)?)?;
    still_named(&args.customer, &now)?;
    session.facts.customer(&now);
    let draft = recover::open(args, &now, &connection, session)?;
    let mut desk = Desk::new(draft, now, hand, args, &connection)?;
    session.interrupts.on_parting(desk.kept().to_vec());
    let result = desk.work(session);
    // A signal that ended a question may still be telling where the text is.
    if result.is_ok() || !(desk.was_typed_in() || desk.may_be_open()) {
        session.interrupts.on_parting(Vec::new());
    }
    match result {
        Ok(Done { outcome: Outcome::Planned, kind }) if desk.was_typed_in() => {
            desk.kept().iter().for_each(|line| session.terminal.notes().say(line));
            Ok(kind)
        }
        Ok(Done { kind, .. }) => {
            desk.forget(session);
            Ok(kind)
        }
        Err(error) if desk.was_typed_in() || desk.may_be_open() => {
            Err(desk.kept().into_iter().fold(error, Error::hint))
        }
        Err(error) => {
            desk.forget(session);
            Err(error)
        }
    }
}

fn hand(args: &EditArgs, session: &Session) -> Result<Hand> {
    if !args.prompt {
        let settings = session.profile()?.settings;
        return Editor::of(session.environment, settings.words(Key::Editor), session.terminal.is_there())
            .map(Hand::Editor);
    }
    if session.terminal.may_ask() {
        return Ok(Hand::Prompts);
    }
    Err(Error::usage("--prompt asks, and there is nobody to ask")
        .hint("`fusebill customer update` changes fields by flags, without a question"))
}

/// The lines at the top of a text.
fn head(customer: &crate::document::Customer, connection: &super::Connection, all: bool) -> Vec<String> {
    let who = escaped(&format!("Customer {} {}", customer.id(), customer.name())).into_owned();
    let mut lines = vec![
        format!("{who}, {}", connection.account.place().sentence()),
        "Change values, save and leave. What changes is shown before it is written.".to_string(),
        "A deleted line keeps its value; null clears a field; no text at all cancels.".to_string(),
    ];
    if all {
        lines.push("What is marked read-only cannot be changed.".to_string());
    }
    lines
}

/// The text of a customer that nobody has changed yet.
fn laid_out(customer: &crate::document::Customer, connection: &super::Connection, all: bool) -> String {
    sheet::write(customer, &head(customer, connection, all), all)
}

/// A text that cannot be kept cannot be edited.
fn not_kept(why: anyhow::Error) -> Error {
    Error::new(Kind::Failed, "the text could be lost")
        .because(why)
        .hint("make room, or set XDG_STATE_HOME to a folder that can be written")
}

/// A text that was edited and cannot be read is left where it is.
fn not_read(why: anyhow::Error) -> Error {
    Error::new(Kind::Failed, "what was edited cannot be read").because(why)
}
