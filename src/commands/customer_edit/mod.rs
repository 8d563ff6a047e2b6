//! `fusebill customer edit`: the edits come from a text that a person changes, as often as it takes.

mod edit_loop;
mod prompts;
mod recover;

use super::lookup::still_named;
use super::session::{Context, Session};
use crate::account::setting::Key;
use crate::cli::EditArgs;
use crate::document::edit_text;
use crate::editor::Editor;
use crate::error::{Error, Kind, Result};
use crate::report::escape::escaped;
use crate::report::outcome::{Facts, Outcome};
use edit_loop::EditLoop;

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

pub(super) fn run(args: &EditArgs, context: &Context, facts: &mut Facts) -> Result<Kind> {
    let hand = hand(args, context)?;
    let session = &context.open_to_write(args.write.dry_run)?;
    let now = session.read(session.find(&args.customer)?)?;
    still_named(&args.customer, &now)?;
    facts.customer(&now);
    let draft = recover::open(args, &now, session)?;
    let mut edit_loop = EditLoop::new(draft, now, hand, args, session)?;
    session.signals.set_hints(edit_loop.kept().to_vec());
    let result = edit_loop.work(facts);
    // A signal that ended a question may still be telling where the text is.
    if result.is_ok() || !(edit_loop.was_typed_in() || edit_loop.may_be_open()) {
        session.signals.set_hints(Vec::new());
    }
    match result {
        Ok(Done { outcome: Outcome::Planned, kind }) if edit_loop.was_typed_in() => {
            edit_loop.kept().iter().for_each(|line| session.terminal.notes().say(line));
            Ok(kind)
        }
        Ok(Done { kind, .. }) => {
            edit_loop.forget();
            Ok(kind)
        }
        Err(error) if edit_loop.was_typed_in() || edit_loop.may_be_open() => {
            Err(edit_loop.kept().into_iter().fold(error, Error::hint))
        }
        Err(error) => {
            edit_loop.forget();
            Err(error)
        }
    }
}

fn hand(args: &EditArgs, context: &Context) -> Result<Hand> {
    if !args.prompt {
        let settings = context.profile()?.settings;
        return Editor::of(context.environment, settings.words(Key::Editor), context.terminal.is_there())
            .map(Hand::Editor);
    }
    if context.terminal.may_ask() {
        return Ok(Hand::Prompts);
    }
    Err(Error::usage("--prompt asks, and there is nobody to ask")
        .hint("`fusebill customer update` changes fields by flags, without a question"))
}

/// The lines at the top of a text.
fn head(customer: &crate::document::Customer, session: &Session<'_>, all: bool) -> Vec<String> {
    let who = escaped(&format!("Customer {} {}", customer.id(), customer.name())).into_owned();
    let mut lines = vec![
        format!("{who}, {}", session.account.place().sentence()),
        "Change values, save and leave. What changes is shown before it is written.".to_string(),
        "A deleted line keeps its value; null clears a field; no text at all cancels.".to_string(),
    ];
    if all {
        lines.push("What is marked read-only cannot be changed.".to_string());
    }
    lines
}

/// The text of a customer that nobody has changed yet.
fn laid_out(customer: &crate::document::Customer, session: &Session<'_>, all: bool) -> String {
    edit_text::write(customer, &head(customer, session, all), all)
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
