//! Changing the text without an editor: a field from a list, its value from a menu or a line, until done.

use super::super::session::Session;
use super::{head, not_kept};
use crate::document::codes::{self, CodeEdit};
use crate::document::edit_text::{self, read, without_notes};
use crate::document::plan::plan;
use crate::document::{Action, Customer, Edit, Edits, Json, Path, View, check};
use crate::drafts::Draft;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::field::{self, FIELDS, Field, FieldKind};
use crate::report::escape::escaped;
use crate::report::table::value;
use crate::terminal::List;

/// A customer whose fields are changed one after the other.
pub(super) struct Prompts<'a> {
    draft: &'a Draft,
    shown: &'a Customer,
    session: &'a Session<'a>,
    /// The customer with what was changed so far.
    current: Customer,
}

impl<'a> Prompts<'a> {
    /// Goes on from what the text says now.
    ///
    /// # Errors
    /// `Usage` where the text has something in it that only an editor can mend.
    pub(super) fn of(draft: &'a Draft, shown: &'a Customer, session: &'a Session<'a>) -> Result<Prompts<'a>> {
        let text = String::from_utf8(draft.read().map_err(not_kept)?).unwrap_or_default();
        let reading = read(&without_notes(&text), shown, draft.about.all).ok().flatten();
        let reading = reading.filter(|reading| reading.problems.is_empty() && reading.unknown.is_empty());
        let plan =
            reading.and_then(|reading| plan(shown.clone(), &Edits::check(reading.edits).ok()?, true).ok());
        let current = plan.map(|plan| plan.after).ok_or_else(|| {
            Error::usage("the text that was kept has something in it that prompts cannot show")
                .hint("without --prompt it opens in the editor")
        })?;
        Ok(Prompts { draft, shown, session, current })
    }

    /// Lets fields be changed until the user is done. Every change is in the text at once.
    ///
    /// # Errors
    /// `Cancelled` where the user leaves the list.
    pub(super) fn run(mut self) -> Result<()> {
        let who = escaped(&format!("Customer {} {}", self.shown.id(), self.shown.name())).into_owned();
        let who = format!("{who}, profile {}\n", self.session.account.profile);
        self.session.terminal.tell(&who);
        let mut first = usize::from(self.current.text() == self.shown.text());
        loop {
            match self.pick(&self.fields(first))? {
                None => return Err(Error::new(ErrorKind::Cancelled, "you left the list of fields")),
                Some(0) => return Ok(()),
                Some(row) => {
                    let field = &FIELDS[row - 1];
                    first = if self.change(field)? { 0 } else { row };
                }
            }
        }
    }

    fn fields(&self, first: usize) -> List {
        let width = FIELDS.iter().map(|field| field.path.len()).max().unwrap_or_default();
        let mut changed = 0;
        let mut items: Vec<String> = Vec::new();
        for field in FIELDS {
            let (before, now) = (shown_at(self.shown, field), shown_at(&self.current, field));
            let same = before == now;
            changed += usize::from(!same);
            let value = if same { now } else { format!("{before} → {now}") };
            items.push(format!("{:width$}  {value}", field.path));
        }
        let done = match changed {
            0 => "leave: nothing is changed yet".to_string(),
            count => format!("review and write: {count} changed"),
        };
        items.insert(0, done);
        let prompt = "Which field? (type to search, Esc leaves)".to_string();
        List { prompt, items, first: Some(first), search: true }
    }

    /// Changes one field; false where the user went back.
    fn change(&mut self, field: &'static Field) -> Result<bool> {
        let path = Path::of(field.path);
        let now = self.current.get(&path).map(View::to_json);
        let now = now.as_ref().map(Json::root);
        let new = match field.kind {
            FieldKind::Choice(words) => self.choose(field, words, now)?,
            FieldKind::Codes => self.codes(now)?,
            _ => self.line(field, now)?,
        };
        let Some(new) = new else { return Ok(false) };
        let edit = Edit { path, action: Action::Set(new), given: String::new() };
        let refused = |why: crate::document::EditError| Error::usage(why.to_string());
        let edits = Edits::check(vec![edit]).map_err(refused)?;
        self.current = plan(self.current.clone(), &edits, true).map_err(refused)?.after;
        let all = self.draft.about.all;
        let text = edit_text::write(&self.current, &head(self.shown, self.session, all), all);
        self.draft.write(&text).map_err(not_kept)?;
        Ok(true)
    }

    fn choose(&self, field: &Field, words: &[&str], now: Option<View<'_>>) -> Result<Option<Json>> {
        let mut items: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
        if field.never_null().is_none() {
            items.push(CLEAR.to_string());
        }
        let now_text = now.and_then(View::as_text);
        let first = match now_text {
            Some(now) => words.iter().position(|word| now == *word),
            None => items.iter().position(|item| item == CLEAR),
        };
        let prompt = format!("{}, now {} (Esc goes back)", field.path, shown(now));
        let picked = self.pick(&List { prompt, items, first, search: false })?;
        Ok(picked.map(|at| words.get(at).map_or_else(Json::null, |word| Json::string(word))))
    }

    /// A line for a text, a number or a code; what is left empty is asked about, because empty is not cleared.
    fn line(&self, field: &Field, now: Option<View<'_>>) -> Result<Option<Json>> {
        let before = now
            .filter(|now| !now.is_null())
            .map(|now| now.as_text().map_or_else(|| now.raw().to_string(), std::borrow::Cow::into_owned));
        let before = before.unwrap_or_default();
        let plain = escaped(&before) == before;
        let note =
            if plain { "" } else { " (it has characters that steer a terminal, so the line begins empty)" };
        let about = format!("{} ({}), now {}{note}", field.path, field.help, shown(now));
        let about = format!("{about}. Enter takes the line; one that is empty or unchanged can go back.");
        let text = if plain { &before } else { "" };
        let text = self.ask_line(&about, field.path, text, &|text| judged(field, text))?;
        match text {
            text if text.is_empty() => self.nothing(field),
            text if text == before => Ok(None),
            text => check::from_text(field, &text).map(Some).map_err(Error::usage),
        }
    }

    fn nothing(&self, field: &Field) -> Result<Option<Json>> {
        let mut choices = vec![("keep the value it has", None)];
        match field.never_null() {
            Some(why) => {
                self.session.terminal.notes().warn(&format!("`{}` cannot be cleared: {why}", field.path));
            }
            None => choices.push((CLEAR, Some(Json::null()))),
        }
        if field.is_text() {
            choices.push(("set it to empty text", Some(Json::string(""))));
        }
        let items = choices.iter().map(|(item, _)| (*item).to_string()).collect();
        let prompt = "The line is empty. What now?".to_string();
        let picked = self.pick(&List { prompt, items, first: Some(0), search: false })?;
        Ok(picked.and_then(|at| choices.swap_remove(at).1))
    }

    /// The sales-tracking codes, one type at a time.
    fn codes(&self, now: Option<View<'_>>) -> Result<Option<Json>> {
        let part =
            |code: View<'_>, name| code.member(name).and_then(View::as_text).unwrap_or_default().into_owned();
        let there: Vec<(String, String)> = now
            .into_iter()
            .flat_map(View::children)
            .map(|code| (part(code, "type"), part(code, "code")))
            .collect();
        let mut items: Vec<String> =
            there.iter().map(|(kind, code)| escaped(&format!("{kind}={code}")).into_owned()).collect();
        items.push("add a code".to_string());
        let prompt = "Which code? (Esc goes back)".to_string();
        let Some(picked) = self.pick(&List { prompt, items, first: Some(0), search: false })? else {
            return Ok(None);
        };
        let Some((kind, code)) = (match there.get(picked) {
            Some((kind, code)) => self.code_of(kind, code)?,
            None => self.new_code()?,
        }) else {
            return Ok(None);
        };
        let edited = codes::edit(now, &[CodeEdit { kind: &kind, code: code.as_deref() }]);
        edited.map(|edited| Some(edited.list)).map_err(Error::usage)
    }

    fn code_of(&self, kind: &str, code: &str) -> Result<Option<(String, Option<String>)>> {
        let prompt = escaped(&format!("{kind}={code}")).into_owned();
        let items = ["give it another code", "take it out"].map(str::to_string).to_vec();
        match self.pick(&List { prompt, items, first: Some(0), search: false })? {
            None => Ok(None),
            Some(0) => self.ask_code(kind, code),
            Some(_) => Ok(Some((kind.to_string(), None))),
        }
    }

    fn new_code(&self) -> Result<Option<(String, Option<String>)>> {
        match self.ask_line("An empty line goes back.", "type of the new code", "", &short_enough)? {
            kind if kind.trim().is_empty() => Ok(None),
            kind => self.ask_code(&kind, ""),
        }
    }

    fn ask_code(&self, kind: &str, code: &str) -> Result<Option<(String, Option<String>)>> {
        let about = format!("The code of {kind}. An empty line goes back.");
        match self.ask_line(&about, "code", code, &short_enough)? {
            code if code.trim().is_empty() => Ok(None),
            code => Ok(Some((kind.to_string(), Some(code)))),
        }
    }

    fn pick(&self, list: &List) -> Result<Option<usize>> {
        self.session.client.not_counting(|| self.session.terminal.pick(list))
    }

    fn ask_line(
        &self,
        about: &str,
        prompt: &str,
        text: &str,
        check: crate::terminal::Check<'_>,
    ) -> Result<String> {
        self.session.client.not_counting(|| self.session.terminal.line(about, prompt, text, check))
    }
}

const CLEAR: &str = "clear it (null)";

fn shown(view: Option<View<'_>>) -> String {
    escaped(&value(view)).into_owned()
}

fn shown_at(customer: &Customer, field: &Field) -> String {
    shown(customer.get(&Path::of(field.path)))
}

/// Judges a line for a field: a warning about it, or what is wrong with it. An empty line is asked about.
fn judged(field: &Field, text: &str) -> std::result::Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let checked = check::from_text(field, text).and_then(|value| check::value(field, value));
    checked.map(|checked| checked.warning).map_err(|why| format!("`{}` {why}", field.path))
}

/// Judges the type or the code of a sales-tracking code.
fn short_enough(text: &str) -> std::result::Result<Option<String>, String> {
    match text.encode_utf16().count() {
        count if count > field::CODE_MAX => {
            Err(format!("{count} characters, the limit is {}", field::CODE_MAX))
        }
        _ => Ok(None),
    }
}
