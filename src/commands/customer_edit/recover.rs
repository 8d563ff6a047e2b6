//! Which text is edited: a new one, or one that an earlier edit left behind.

use super::super::session::Session;
use super::{laid_out, not_kept};
use crate::account::command;
use crate::cli::EditArgs;
use crate::document::Customer;
use crate::document::edit_text::{read, without_notes};
use crate::drafts::{About, Draft, Drafts, VERSION};
use crate::error::{Error, Kind, Result};
use crate::terminal::List;

/// How many texts are offered.
const OFFERED: usize = 8;

/// The text to edit.
///
/// # Errors
/// `NotFound` where a text is to be recovered and there is none; `Cancelled` where the user does not choose.
pub(super) fn open(args: &EditArgs, now: &Customer, session: &Session<'_>) -> Result<Draft> {
    let drafts = Drafts::at(session.environment.state_folder()?.join("edits"));
    let account = &session.account;
    let left = drafts.of(&account.profile, &account.origin, now.id()).map_err(not_kept)?;
    let mut left = with_something_typed(left, session);
    if args.recover {
        if left.is_empty() {
            return Err(Error::new(Kind::NotFound, "no text of this customer was left behind")
                .at(format!("editing customer {}", now.id())));
        }
        return Ok(left.swap_remove(0));
    }
    if let Some(draft) = offered(left, session)? {
        return Ok(draft);
    }
    let about = About {
        v: VERSION,
        profile: account.profile.clone(),
        host: account.origin.clone(),
        customer: now.id(),
        time: session.terminal.now(),
        all: args.all,
        shown: now.text().to_string(),
    };
    drafts.keep(about, &laid_out(now, session, args.all)).map_err(not_kept)
}

/// The texts that hold more than was laid out, or may. The others are forgotten: nobody misses them.
fn with_something_typed(left: Vec<Draft>, session: &Session<'_>) -> Vec<Draft> {
    let (untouched, typed): (Vec<Draft>, Vec<Draft>) = left.into_iter().partition(|draft| {
        let shown = Customer::parse(draft.about.shown.clone());
        let laid_out = shown.map(|shown| laid_out(&shown, session, draft.about.all));
        let is_laid_out = |text: &[u8]| laid_out.is_ok_and(|laid_out| laid_out.as_bytes() == text);
        !draft.may_be_open() && draft.read().is_ok_and(|text| text.is_empty() || is_laid_out(&text))
    });
    untouched.into_iter().for_each(|draft| drop(draft.forget()));
    typed
}

/// Offers what was left behind; none where a new text is to be begun.
fn offered(mut left: Vec<Draft>, session: &Session<'_>) -> Result<Option<Draft>> {
    let Some(latest) = left.first() else { return Ok(None) };
    if !session.terminal.may_ask() {
        let (id, path) = (latest.about.customer, latest.path());
        let again = command(&session.account.profile, &format!("customer edit {id} --recover"));
        let said = format!("an earlier edit left its text in {}; `{again}` goes on with it", path.display());
        session.terminal.notes().warn(&said);
        return Ok(None);
    }
    let offered = left.len().min(OFFERED);
    let mut items: Vec<String> = left.iter().take(offered).map(|draft| described(draft, session)).collect();
    items.push("begin anew, and keep what was left".to_string());
    items.push(match left.len() {
        1 => "begin anew, and delete what was left".to_string(),
        count => format!("begin anew, and delete all {count}"),
    });
    session.terminal.tell("An earlier edit of this customer left its text behind.\n");
    let list = List { prompt: "What now? (Esc leaves)".to_string(), items, first: Some(0), search: false };
    let picked = session.client.not_counting(|| session.terminal.pick(&list))?;
    match picked {
        None => Err(Error::new(Kind::Cancelled, "no text was chosen, and what was left is kept")),
        Some(choice) if choice < offered => Ok(Some(left.swap_remove(choice))),
        Some(choice) => {
            if choice == offered + 1 {
                left.into_iter().try_for_each(Draft::forget).map_err(not_kept)?;
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
    let what = match reading {
        Some(reading) => {
            let (changed, wrong) = (reading.edits.len(), reading.problems.len() + reading.unknown.len());
            let wrong = if wrong == 0 { String::new() } else { format!(", {wrong} to be put right") };
            format!("{changed} changed{wrong}")
        }
        None => "which is not JSON yet".to_string(),
    };
    format!("go on with the text of {when}, {what}")
}
