//! `fusebill customer edit`: the edits come from a text that the user changes in an editor or at prompts.

mod edit_loop;
mod prompts;
mod recover;

use super::lookup::check_still_matches;
use super::session::{Context, Session};
use crate::account::setting::Key;
use crate::cli::EditArgs;
use crate::document::{Customer, edit_text};
use crate::editor::Editor;
use crate::error::{Error, ErrorKind, Result};
use crate::report::escape::escaped;
use crate::report::outcome::{JsonReport, Outcome};
use crate::store::secure_folder;
use crate::terminal::List;
use edit_loop::EditLoop;

pub(super) fn run(args: &EditArgs, context: &Context, json: &mut JsonReport) -> Result<ErrorKind> {
    let editor = editor(args, context)?;
    let session = &context.open_to_write(args.write.dry_run)?;
    let now = session.read(session.find(&args.customer)?)?;
    check_still_matches(&args.customer, &now)?;
    json.customer(&now);
    let draft = recover::open(args, &now, session)?;
    let mut edit_loop = EditLoop::new(draft, now, editor, args, session)?;
    let kept = edit_loop.kept();
    session.signals.set_hints(kept.to_vec());
    let result = edit_loop.run(json);
    let keeps = match &result {
        Ok((outcome, _)) => *outcome == Outcome::Planned && edit_loop.was_edited(),
        Err(_) => edit_loop.was_edited() || edit_loop.may_be_open,
    };
    // A signal that ended a question may still be printing the hints.
    if result.is_ok() || !keeps {
        session.signals.set_hints(Vec::new());
    }
    if !keeps {
        edit_loop.delete();
        return result.map(|(_, kind)| kind);
    }
    match result {
        Ok((_, kind)) => {
            kept.iter().for_each(|line| session.terminal.notes().say(line));
            Ok(kind)
        }
        Err(error) => Err(kept.into_iter().fold(error, Error::hint)),
    }
}

fn editor(args: &EditArgs, context: &Context) -> Result<Option<Editor>> {
    if !args.prompt {
        let settings = context.profile()?.settings;
        return Editor::of(settings.words(Key::Editor), context.terminal.is_there()).map(Some);
    }
    if context.terminal.may_ask() {
        return Ok(None);
    }
    Err(Error::usage("--prompt cannot ask: there is no terminal, or --no-input is set")
        .hint("`fusebill customer update` changes fields by flags, without a question"))
}

fn heading(customer: &Customer) -> String {
    escaped(&format!("Customer {} {}", customer.id(), customer.name())).into_owned()
}

/// A text to edit: `customer`, below a head that shows the account and `original`.
fn text_of(customer: &Customer, original: &Customer, session: &Session<'_>, all: bool) -> String {
    let mut head = vec![
        format!("{}, {}", heading(original), session.account.label().sentence()),
        "Change values, save and leave. The changes are shown before they are written.".to_string(),
        "A deleted line keeps its value; null clears a field; an empty text cancels.".to_string(),
    ];
    if all {
        head.push("Fields marked read-only cannot be changed.".to_string());
    }
    edit_text::write(customer, &head, all)
}

fn menu(prompt: impl Into<String>, items: Vec<String>) -> List {
    List { prompt: prompt.into(), items, first: Some(0), search: false }
}

/// The time does not count against `--timeout`.
fn pick(list: &List, session: &Session<'_>) -> Result<Option<usize>> {
    session.client.pause_deadline(|| session.terminal.pick(list))
}

/// A text that cannot be stored is not edited, because it could be lost.
fn not_kept(error: anyhow::Error) -> Error {
    Error::new(ErrorKind::Failed, "the text could be lost").source(error).hint(secure_folder::ELSEWHERE)
}
