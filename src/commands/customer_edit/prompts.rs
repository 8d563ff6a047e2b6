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
        let who = escaped(&format!("Customer {} {}", self.shown.id(), self.shown.name())).into_owned();
        let who = format!("{who}, profile {}", self.session.account.profile);
        List { prompt: format!("{who}: which field?"), items, first: Some(first), search: true, pinned: 1 }
    }

    /// Changes one field; false where the user went back.
    fn change(&mut self, field: &'static Field) -> Result<bool> {
        let path = Path::of(field.path);
        let now = self.current.get(&path).map(View::to_json);
        let now = now.as_ref().map(Json::root);
        let new = match field.kind {
            FieldKind::Choice(words) => self.choose(field, words, now)?,
            FieldKind::Codes => self.codes(field, now)?,
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
        let first = words.iter().position(|word| now_text.as_deref() == Some(*word));
        let prompt = format!("{}, now {}", field.path, shown(now));
        let picked = self.pick(&List { prompt, items, first, ..List::default() })?;
        Ok(picked.map(|at| words.get(at).map_or_else(Json::null, |word| Json::string(word))))
    }

    /// A line for a text, a number or a code; what is left empty is asked about, because empty is not cleared.
    fn line(&self, field: &Field, now: Option<View<'_>>) -> Result<Option<Json>> {
        let before = now
            .filter(|now| !now.is_null())
            .map(|now| now.as_text().map_or_else(|| now.raw().to_string(), std::borrow::Cow::into_owned));
        let before = before.unwrap_or_default();
        let plain = !before.chars().any(char::is_control);
        let note = if plain { "" } else { " (it has control characters, so it begins empty)" };
        let prompt = format!("{} ({}), now {}{note}", field.path, field.help, shown(now));
        let judge = |text: &str| judged(field, text);
        let typed = self.ask_line(&prompt, if plain { &before } else { "" }, &judge)?;
        match typed {
            None => Ok(None),
            Some(text) if text.is_empty() => self.nothing(field),
            Some(text) if text == before => Ok(None),
            Some(text) => check::from_text(field, &text).map(Some).map_err(Error::usage),
        }
    }

    fn nothing(&self, field: &Field) -> Result<Option<Json>> {
        let mut choices = vec![(CLEAR, Json::null())];
        if field.is_text() {
            choices.push(("set it to empty text", Json::string("")));
        }
        let items = choices.iter().map(|(item, _)| (*item).to_string()).collect();
        let prompt = format!("{}: nothing was typed. Which nothing is it to be?", field.path);
        let picked = self.pick(&List { prompt, items, ..List::default() })?;
        Ok(picked.map(|at| choices.swap_remove(at).1))
    }

    /// The sales-tracking codes, one type at a time.
    fn codes(&self, field: &Field, now: Option<View<'_>>) -> Result<Option<Json>> {
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
        let first = Some(items.len() - 1).filter(|_| there.is_empty());
        let prompt = format!("{}: which code?", field.path);
        let Some(picked) = self.pick(&List { prompt, items, first, ..List::default() })? else {
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
        match self.pick(&List { prompt, items, ..List::default() })? {
            None => Ok(None),
            Some(0) => {
                let typed = self.ask_line(&format!("code of {kind}"), code, &|text| named("a code", text))?;
                Ok(typed.map(|code| (kind.to_string(), Some(code))))
            }
            Some(_) => Ok(Some((kind.to_string(), None))),
        }
    }

    fn new_code(&self) -> Result<Option<(String, Option<String>)>> {
        let kind = self.ask_line("type of the new code", "", &|text| named("a type", text))?;
        let Some(kind) = kind else { return Ok(None) };
        let code = self.ask_line(&format!("code of {kind}"), "", &|text| named("a code", text))?;
        Ok(code.map(|code| (kind, Some(code))))
    }

    fn pick(&self, list: &List) -> Result<Option<usize>> {
        self.session.client.not_counting(|| self.session.terminal.pick(list))
    }

    fn ask_line(
        &self,
        prompt: &str,
        text: &str,
        judge: crate::terminal::Judge<'_>,
    ) -> Result<Option<String>> {
        self.session.client.not_counting(|| self.session.terminal.line(prompt, text, judge))
    }
}

const CLEAR: &str = "clear it (null)";

fn shown(view: Option<View<'_>>) -> String {
    escaped(&value(view)).into_owned()
}

fn shown_at(customer: &Customer, field: &Field) -> String {
    shown(customer.get(&Path::of(field.path)))
}

/// What a line for a field is worth while it is typed.
fn judged(field: &Field, text: &str) -> std::result::Result<String, String> {
    if text.is_empty() {
        return match field.never_null() {
            Some(why) if !field.is_text() => Err(format!("`{}` cannot be cleared: {why}", field.path)),
            _ => Ok("Enter asks whether it is to be cleared".to_string()),
        };
    }
    let checked = check::from_text(field, text).and_then(|value| check::value(field, value));
    let warning = checked.map_err(|why| format!("`{}` {why}", field.path))?.warning;
    Ok(warning.unwrap_or_else(|| match field.kind {
        FieldKind::Text { max, .. } | FieldKind::Emails { max } => used(text, max),
        FieldKind::Currency => "an ISO 4217 code".to_string(),
        _ => "a whole number".to_string(),
    }))
}

/// What the type or the code of a sales-tracking code is worth while it is typed.
fn named(what: &str, text: &str) -> std::result::Result<String, String> {
    match text.encode_utf16().count() {
        _ if text.trim().is_empty() => Err(format!("{what} is needed")),
        count if count > field::CODE_MAX => {
            Err(format!("{count} characters, the limit is {}", field::CODE_MAX))
        }
        _ => Ok(used(text, field::CODE_MAX)),
    }
}

fn used(text: &str, max: usize) -> String {
    format!("{} of {max} characters", text.encode_utf16().count())
}
