//! Changes that another writer made since the customer was read: kept, or resolved by the user if both sides changed a value.

use super::session::Session;
use crate::document::json::Json;
use crate::document::merge::{Conflict, resolve_conflicts};
use crate::document::{Change, Customer, EditError, Path, Plan};
use crate::error::{Error, ErrorKind, Result};
use crate::report::escape::escaped;
use crate::report::value::distinct_displays;
use crate::terminal::{List, Notes};

pub(super) fn report_carried(carried: &[Change], notes: Notes) {
    for change in carried {
        let [old, new] =
            distinct_displays([&change.before, &change.after].map(|json| json.as_ref().map(Json::root)));
        let path = &change.path;
        notes.say(&format!("Kept a change of another client: `{path}` was {old}, is now {new}"));
    }
}

/// None if the user wants to edit again. `Conflict` if no question is possible; `Cancelled` if the user does not choose.
pub(super) fn resolved(
    plan: &Plan,
    theirs: &Customer,
    conflicts: &[Conflict],
    by_hand: bool,
    session: &Session<'_>,
) -> Result<Option<Plan>> {
    if !session.terminal.may_ask() {
        let error = Error::new(ErrorKind::Conflict, "the customer changed meanwhile")
            .step(before_writing(plan))
            .detail(conflicts.iter().map(conflict));
        let again = "run the same command again to see the change against what is there now";
        return Err(if by_hand { error } else { error.hint(again) });
    }
    let mut ours: Vec<&Path> = Vec::new();
    for one in conflicts {
        match session.client.pause_deadline(|| choose(one, by_hand, session))? {
            Choice::Ours => ours.push(&one.path),
            Choice::Theirs => {}
            Choice::Again => return Ok(None),
        }
    }
    resolve_conflicts(plan, theirs, |path| ours.contains(&path))
        .map(Some)
        .map_err(|reason| unmergeable(&reason, plan))
}

enum Choice {
    Ours,
    Theirs,
    Again,
}

fn choose(conflict: &Conflict, by_hand: bool, session: &Session<'_>) -> Result<Choice> {
    let [base, ours, theirs] = three(conflict);
    let path = &conflict.path;
    let notes = session.terminal.notes();
    notes.warn(&format!("another client changed `{path}`:"));
    for (whose, value) in [("it was", &base), ("theirs", &theirs), ("yours ", &ours)] {
        session.terminal.tell_wrapped(&format!("  {whose}: {}\n", escaped(value)));
    }
    // The first one is what Enter takes: it overwrites nothing.
    let mut items =
        vec![format!("keep theirs: {}", escaped(&theirs)), format!("write mine:  {}", escaped(&ours))];
    if by_hand {
        items.push("edit again, with both values in the text".to_string());
    }
    let prompt = "Which value? (Esc leaves)".to_string();
    match session.terminal.pick(&List { prompt, items, first: Some(0), search: false })? {
        Some(0) => Ok(Choice::Theirs),
        Some(1) => Ok(Choice::Ours),
        Some(_) => Ok(Choice::Again),
        None => Err(Error::new(ErrorKind::Cancelled, "the conflict was not decided")),
    }
}

/// Base, ours, theirs.
pub(super) fn three(conflict: &Conflict) -> [String; 3] {
    distinct_displays(
        [&conflict.base, &conflict.ours, &conflict.theirs].map(|json| json.as_ref().map(Json::root)),
    )
}

pub(super) fn conflict(conflict: &Conflict) -> String {
    let [base, ours, theirs] = three(conflict);
    format!("`{}`: was {base}, is now {theirs}, would become {ours}", conflict.path)
}

pub(super) fn before_writing(plan: &Plan) -> String {
    format!("before writing customer {}", plan.before.id())
}

pub(super) fn unmergeable(error: &EditError, plan: &Plan) -> Error {
    Error::usage(error.to_string()).step(before_writing(plan))
}
