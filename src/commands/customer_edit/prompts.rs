//! `customer edit --prompt`: fields are chosen from a list and changed one by one, without an editor.

use super::super::session::Session;
use super::{heading, menu, not_kept, pick, text_of};
use crate::document::edit_text::{read, without_notes};
use crate::document::plan::plan;
use crate::document::{Action, Change, Customer, Edit, EditError, Edits, Json, Path, View, check};
use crate::drafts::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::field::{self, FIELDS, Field, FieldKind};
use crate::report::change;
use crate::report::direction::isolated;
use crate::report::escape::escaped;
use crate::report::value::{display, value};
use crate::terminal::{Check, List};

/// Columns of the mark of the chosen item, and between a field and its value.
const BESIDE: usize = 5;
/// Columns of a change, at least.
const LEAST: usize = 24;

const CLEAR: &str = "clear it (null)";

pub(super) struct Prompts<'a> {
    draft: &'a Draft,
    shown: &'a Customer,
    session: &'a Session<'a>,
    current: Customer,
}

impl<'a> Prompts<'a> {
    /// `Usage` if the text has errors, which only an editor can show.
    pub(super) fn of(draft: &'a Draft, shown: &'a Customer, session: &'a Session<'a>) -> Result<Prompts<'a>> {
        let text = String::from_utf8(draft.read().map_err(not_kept)?).unwrap_or_default();
        let reading = read(&without_notes(&text), shown, draft.about.all).ok().flatten();
        let reading = reading.filter(|reading| reading.problems.is_empty() && reading.unknown.is_empty());
        let plan =
            reading.and_then(|reading| plan(shown.clone(), &Edits::check(reading.edits).ok()?, true).ok());
        let current = plan.map(|plan| plan.after).ok_or_else(|| {
            Error::usage("the text that was kept has errors or fields that prompts cannot show")
                .hint("without --prompt it opens in the editor")
        })?;
        Ok(Prompts { draft, shown, session, current })
    }

    /// Every change is written to the text at once, so that none is lost.
    pub(super) fn run(mut self) -> Result<()> {
        let profile = &self.session.account.profile;
        self.session.terminal.tell_wrapped(&format!("{}, profile {profile}\n", heading(self.shown)));
        let mut first = usize::from(self.current.text() == self.shown.text());
        loop {
            match pick(&self.fields(first), self.session)? {
                None => return Err(Error::new(ErrorKind::Cancelled, "you left the list of fields")),
                Some(0) => return Ok(()),
                Some(row) => first = if self.change(&FIELDS[row - 1])? { 0 } else { row },
            }
        }
    }

    fn fields(&self, first: usize) -> List {
        let width = FIELDS.iter().map(|field| field.path.len()).max().unwrap_or_default();
        let look = self.session.terminal.error_look();
        let room = usize::from(look.width.unwrap_or_default()).saturating_sub(BESIDE + width).max(LEAST);
        let mut changed = 0;
        let mut items = vec![String::new()];
        for field in FIELDS {
            let path = Path::of(field.path);
            let [before, now] = [self.shown, &self.current].map(|customer| customer.get(&path));
            let same = display(before) == display(now);
            changed += usize::from(!same);
            let value = if same {
                escaped(&value(&path, now)).into_owned()
            } else {
                let [before, after] = [before, now].map(|view| view.map(View::to_json));
                change::line(&Change { path, before, after }, room, look)
            };
            items.push(format!("{:width$}  {}", field.path, isolated(&value, look)));
        }
        items[0] = match changed {
            0 => "leave: nothing is changed yet".to_string(),
            count => format!("review and write: {count} changed"),
        };
        let prompt = "Which field? (type to search, Esc leaves)".to_string();
        List { prompt, items, first: Some(first), search: true }
    }

    /// False if the user went back.
    fn change(&mut self, field: &'static Field) -> Result<bool> {
        let path = Path::of(field.path);
        let now = self.current.get(&path);
        let action = match field.kind {
            FieldKind::Choice(words) => self.choose(field, words, now)?.map(Action::Set),
            FieldKind::Codes => self.code(now)?,
            _ => self.line(field, now)?.map(Action::Set),
        };
        let Some(action) = action else { return Ok(false) };
        let refused = |error: EditError| Error::usage(error.to_string());
        let edits = Edits::check(vec![Edit { path, action, given: String::new() }]).map_err(refused)?;
        self.current = plan(self.current.clone(), &edits, true).map_err(refused)?.after;
        let text = text_of(&self.current, self.shown, self.session, self.draft.about.all);
        self.draft.write(&text).map_err(not_kept)?;
        Ok(true)
    }

    fn choose(&self, field: &Field, words: &[&str], now: Option<View<'_>>) -> Result<Option<Json>> {
        let mut items: Vec<String> = words.iter().map(ToString::to_string).collect();
        if field.never_null().is_none() {
            items.push(CLEAR.to_string());
        }
        let now_text = now.and_then(View::as_text);
        let now_item = now_text.as_deref().unwrap_or(CLEAR);
        let first = items.iter().position(|item| item == now_item);
        let prompt = format!("{}, now {} (Esc goes back)", field.path, shown(now));
        // A value that is no word has a line too, so that the menu begins where Enter changes nothing.
        items.extend(first.is_none().then(|| "keep the value it has".to_string()));
        let first = Some(first.unwrap_or(items.len() - 1));
        let clears = field.never_null().is_none().then_some(words.len());
        let chosen = |at: usize| match words.get(at) {
            Some(word) => Some(Json::string(word)),
            None => (Some(at) == clears).then(Json::null),
        };
        Ok(pick(&List { first, ..menu(prompt, items) }, self.session)?.and_then(chosen))
    }

    /// A line for a text, a number or a code. An empty line may mean several things, so it is followed by a question.
    fn line(&self, field: &Field, now: Option<View<'_>>) -> Result<Option<Json>> {
        let before = now.filter(|now| !now.is_null());
        let before = before.map(|now| now.text_or_token().into_owned());
        let before = before.unwrap_or_default();
        let plain = escaped(&before) == before;
        let note = if plain { "" } else { " (it has control characters, so the line starts empty)" };
        let about = format!(
            "{} ({}), now {}{note}. Enter takes the line, Esc goes back.",
            field.path,
            field.help,
            shown(now)
        );
        let check = |text: &str| if text == before { Ok(None) } else { judged(field, text) };
        let text = self.ask_line(&about, field.path, if plain { &before } else { "" }, &check)?;
        match text {
            None => Ok(None),
            Some(text) if text.is_empty() => self.empty_line(field),
            Some(text) if text == before => Ok(None),
            Some(text) => check::from_text(field, &text).map(Some).map_err(Error::usage),
        }
    }

    fn empty_line(&self, field: &Field) -> Result<Option<Json>> {
        let mut choices = vec![("keep the value it has", None)];
        match field.never_null() {
            Some(reason) => {
                self.session.terminal.notes().warn(&format!("`{}` cannot be cleared: {reason}", field.path));
            }
            None => choices.push((CLEAR, Some(Json::null()))),
        }
        if field.is_text() {
            choices.push(("set it to empty text", Some(Json::string(""))));
        }
        let items = choices.iter().map(|(item, _)| (*item).to_string()).collect();
        let picked = pick(&menu("The line is empty. What now?", items), self.session)?;
        Ok(picked.and_then(|at| choices.swap_remove(at).1))
    }

    fn code(&self, now: Option<View<'_>>) -> Result<Option<Action>> {
        let part =
            |code: View<'_>, name| code.member(name).and_then(View::as_text).unwrap_or_default().into_owned();
        let codes = now.into_iter().flat_map(View::children);
        let codes: Vec<_> = codes.map(|code| (part(code, "type"), part(code, "code"))).collect();
        let labels = codes.iter().map(|(kind, code)| escaped(&format!("{kind}={code}")).into_owned());
        let mut items: Vec<String> = labels.collect();
        items.push("add a code".to_string());
        let Some(picked) = pick(&menu("Which code? (Esc goes back)", items.clone()), self.session)? else {
            return Ok(None);
        };
        let Some((kind, code)) = codes.get(picked) else {
            let kind = self.ask_line("", "type of the new code (Esc goes back)", "", &short_enough)?;
            let kind = kind.filter(|kind| !kind.trim().is_empty());
            return kind.map_or(Ok(None), |kind| self.new_code(&kind, ""));
        };
        let choices = ["give it another code", "take it out"].map(str::to_string).to_vec();
        match pick(&menu(items.swap_remove(picked), choices), self.session)? {
            None => Ok(None),
            Some(0) => self.new_code(kind, code),
            Some(_) => Ok(Some(Action::RemoveCode { kind: kind.clone() })),
        }
    }

    fn new_code(&self, kind: &str, code: &str) -> Result<Option<Action>> {
        let about = format!("The code of {kind}. Enter takes the line, Esc goes back.");
        let code = self.ask_line(&about, "code", code, &short_enough)?;
        let code = code.filter(|code| !code.trim().is_empty());
        Ok(code.map(|code| Action::SetCode { kind: kind.to_string(), code }))
    }

    fn ask_line(&self, about: &str, prompt: &str, text: &str, check: Check<'_>) -> Result<Option<String>> {
        self.session.client.pause_deadline(|| self.session.terminal.line(about, prompt, text, check))
    }
}

fn shown(view: Option<View<'_>>) -> String {
    escaped(&display(view)).into_owned()
}

/// The text that it returns is a warning. An empty line is checked later.
fn judged(field: &Field, text: &str) -> std::result::Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let checked = check::from_text(field, text).and_then(|value| check::value(field, value));
    checked.map(|checked| checked.warning).map_err(|error| format!("`{}` {error}", field.path))
}

fn short_enough(text: &str) -> std::result::Result<Option<String>, String> {
    match text.encode_utf16().count() {
        count if count > field::CODE_MAX => {
            Err(format!("{count} characters, the limit is {}", field::CODE_MAX))
        }
        _ => Ok(None),
    }
}
