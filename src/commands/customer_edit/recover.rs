//! The text to edit: a new one, or one that an earlier edit left.

use super::super::session::Session;
use super::{menu, not_kept, pick, text_of};
use crate::account::{command, environment};
use crate::cli::EditArgs;
use crate::document::Customer;
use crate::document::edit_text::{read, without_notes};
use crate::drafts::{Draft, DraftInfo, VERSION};
use crate::error::{Error, ErrorKind, Result};

const OFFERED: usize = 8;

pub(super) fn open(args: &EditArgs, now: &Customer, session: &Session<'_>) -> Result<Draft> {
    let folder = environment::state_folder()?.join("edits");
    let account = &session.account;
    let left = Draft::left(&folder, &account.profile, &account.origin, now.id()).map_err(not_kept)?;
    let (untouched, mut left): (Vec<Draft>, Vec<Draft>) =
        left.into_iter().partition(|draft| is_untouched(draft, session));
    untouched.into_iter().for_each(|draft| drop(draft.delete()));
    if args.recover {
        if left.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, "no text of this customer was left behind")
                .step(format!("editing customer {}", now.id())));
        }
        return Ok(left.swap_remove(0));
    }
    if let Some(draft) = offer(left, session)? {
        return Ok(draft);
    }
    let about = DraftInfo {
        v: VERSION,
        profile: account.profile.clone(),
        host: account.origin.clone(),
        customer: now.id(),
        time: session.terminal.now(),
        all: args.all,
        shown: now.text().to_string(),
    };
    Draft::keep(&folder, about, &text_of(now, now, session, args.all)).map_err(not_kept)
}

fn is_untouched(draft: &Draft, session: &Session<'_>) -> bool {
    let original = Customer::parse(draft.about.shown.clone());
    let original = original.map(|shown| text_of(&shown, &shown, session, draft.about.all));
    let is_original = |text: &[u8]| original.is_ok_and(|original| original.as_bytes() == text);
    !draft.may_be_open() && draft.read().is_ok_and(|text| text.is_empty() || is_original(&text))
}

/// None if a new text is to be started.
fn offer(mut left: Vec<Draft>, session: &Session<'_>) -> Result<Option<Draft>> {
    let Some(latest) = left.first() else { return Ok(None) };
    if !session.terminal.may_ask() {
        let (id, path) = (latest.about.customer, latest.path());
        let again = command(&session.account.profile, &format!("customer edit {id} --recover"));
        let message =
            format!("an earlier edit left its text in {}; `{again}` goes on with it", path.display());
        session.terminal.notes().warn(&message);
        return Ok(None);
    }
    let offered = left.len().min(OFFERED);
    let mut items: Vec<String> = left.iter().take(offered).map(|draft| described(draft, session)).collect();
    let old =
        if left.len() == 1 { "the old one".to_string() } else { format!("all {} old ones", left.len()) };
    items.extend(["keep", "delete"].map(|verb| format!("start a new text, {verb} {old}")));
    session.terminal.tell_wrapped("An earlier edit of this customer left its text behind.\n");
    match pick(&menu("What now? (Esc leaves)", items), session)? {
        None => Err(Error::new(ErrorKind::Cancelled, "no text was chosen; the earlier texts are kept")),
        Some(choice) if choice < offered => Ok(Some(left.swap_remove(choice))),
        Some(choice) => {
            if choice == offered + 1 {
                left.into_iter().try_for_each(Draft::delete).map_err(not_kept)?;
            }
            Ok(None)
        }
    }
}

fn described(draft: &Draft, session: &Session<'_>) -> String {
    let when = session.terminal.local(draft.about.time);
    let text = String::from_utf8(draft.read().unwrap_or_default()).ok();
    let shown = Customer::parse(draft.about.shown.clone()).ok();
    let reading = text
        .zip(shown)
        .and_then(|(text, shown)| read(&without_notes(&text), &shown, draft.about.all).ok().flatten());
    let changes = match reading {
        Some(reading) => {
            let (changed, errors) = (reading.edits.len(), reading.problems.len() + reading.unknown.len());
            let errors = if errors == 0 { String::new() } else { format!(", {errors} with errors") };
            format!("{changed} changed{errors}")
        }
        None => "not valid JSON".to_string(),
    };
    format!("go on with the text of {when}, {changes}")
}
