//! The loop of `customer edit`: the text is edited, checked, shown and written, until it is written or the user quits.

use std::ops::ControlFlow;

use super::super::change::{ChangeEnd, WriteOptions, confirm_and_write};
use super::super::conflict::{report_carried, resolved, three, unmergeable};
use super::super::session::Session;
use super::prompts::Prompts;
use super::{menu, not_kept, pick, text_of};
use crate::account::command;
use crate::cli::EditArgs;
use crate::document::edit_text::{Note, TextDiff, UnknownField, annotate, line_at, read, without_notes};
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::{plan, rewrite};
use crate::document::{Customer, Edits, Plan};
use crate::drafts::Draft;
use crate::editor::Editor;
use crate::error::{Error, ErrorKind, Result};
use crate::report::change::plan as table;
use crate::report::escape::escaped;
use crate::report::outcome::{JsonReport, Outcome};

pub(super) struct EditLoop<'a> {
    draft: Draft,
    /// What the text is compared with. After a conflict was shown, it has the other side's value.
    shown: Customer,
    now: Customer,
    /// None: prompts.
    editor: Option<Editor>,
    /// The editor returned at once, so it may have the text open in its own window.
    pub(super) may_be_open: bool,
    args: &'a EditArgs,
    session: &'a Session<'a>,
}

/// The end of the loop, or the line that the text is edited at again.
type Round = ControlFlow<(Outcome, ErrorKind), Option<usize>>;

impl<'a> EditLoop<'a> {
    pub(super) fn new(
        draft: Draft,
        now: Customer,
        editor: Option<Editor>,
        args: &'a EditArgs,
        session: &'a Session<'a>,
    ) -> Result<EditLoop<'a>> {
        let shown = Customer::parse(draft.about.shown.clone()).map_err(|error| {
            let message = format!("the customer stored beside {} is damaged", draft.path().display());
            Error::new(ErrorKind::Failed, message).source(anyhow::Error::from(error))
        })?;
        Ok(EditLoop { draft, shown, now, editor, may_be_open: false, args, session })
    }

    pub(super) fn run(&mut self, json: &mut JsonReport) -> Result<(Outcome, ErrorKind)> {
        let mut line = None;
        loop {
            match self.round(line, json)? {
                ControlFlow::Break(end) => return Ok(end),
                ControlFlow::Continue(next) => line = next,
            }
        }
    }

    /// A text that cannot be read may have been changed.
    pub(super) fn was_edited(&self) -> bool {
        self.draft
            .read()
            .map_or(true, |text| !text.iter().all(u8::is_ascii_whitespace) && !self.is_untouched(&text))
    }

    fn is_untouched(&self, text: &[u8]) -> bool {
        text_of(&self.shown, &self.shown, self.session, self.draft.about.all).as_bytes() == text
    }

    /// The path of the text, and the command that goes on with it.
    pub(super) fn kept(&self) -> [String; 2] {
        let id = self.draft.about.customer;
        let again = command(&self.session.account.profile, &format!("customer edit {id} --recover"));
        [
            format!("your text is kept in {}", self.draft.path().display()),
            format!("`{again}` goes on with it"),
        ]
    }

    pub(super) fn delete(self) {
        if let Err(error) = self.draft.delete() {
            self.session.terminal.notes().warn(&format!("the text is no longer needed, but {error:#}"));
        }
    }

    fn round(&mut self, line: Option<usize>, json: &mut JsonReport) -> Result<Round> {
        match self.editor.clone() {
            Some(editor) => self.visit(&editor, line)?,
            None => Prompts::of(&self.draft, &self.shown, self.session)?.run()?,
        }
        let unreadable =
            |error| Error::new(ErrorKind::Failed, "the edited text cannot be read").source(error);
        let text = match String::from_utf8(self.draft.read().map_err(unreadable)?) {
            Ok(text) => without_notes(&text),
            Err(error) => return self.not_text(&error),
        };
        let reading = match read(&text, &self.shown, self.draft.about.all) {
            Ok(Some(reading)) => reading,
            Ok(None) => {
                // An empty text is not offered the next time.
                self.draft.write("").map_err(not_kept)?;
                return Err(Error::new(ErrorKind::Cancelled, "the text is empty, so nothing is changed"));
            }
            Err(problem) => return self.mend(&text, &[problem], None),
        };
        let problems = self.problems(&reading)?;
        if !problems.is_empty() {
            return self.mend(&text, &problems, self.plan(&reading, false).ok().as_ref());
        }
        if !reading.deleted.is_empty() {
            let names: Vec<String> = reading.deleted.iter().map(|path| format!("`{path}`")).collect();
            let names = names.join(", ");
            let message =
                format!("Deleted in the text, so the value is kept: {names} (null clears a field).");
            self.session.terminal.notes().say(&message);
        }
        let ours = self.plan(&reading, true)?;
        let plan = match merge(&ours, &self.now).map_err(|error| unmergeable(&error, &ours))? {
            Merge::Merged { plan, carried } => {
                report_carried(&carried, self.session.terminal.notes());
                *plan
            }
            Merge::Conflicts(conflicts) => {
                match resolved(&ours, &self.now, &conflicts, true, self.session)? {
                    Some(plan) => plan,
                    None => return self.note_conflicts(&text, &conflicts),
                }
            }
        };
        self.write(plan, &text, json)
    }

    fn visit(&mut self, editor: &Editor, line: Option<usize>) -> Result<()> {
        let path = self.draft.path();
        loop {
            let editor_guard = self.session.signals.give_terminal_to_editor();
            let _modes = self.session.terminal.guard_modes();
            let at_once =
                self.session.client.pause_deadline(|| editor.visit(&path, line, |id| editor_guard.to(id)));
            drop(editor_guard);
            let at_once = at_once?;
            let untouched = self.draft.read().is_ok_and(|text| self.is_untouched(&text));
            if !at_once || !untouched || editor.runs_in_terminal() {
                return Ok(());
            }
            let message = format!(
                "`{}` returned at once and the text is unchanged; an editor with its own window needs a flag to wait, \
                 such as `code --wait`",
                editor.name()
            );
            if !self.session.terminal.may_ask() {
                self.session.terminal.notes().say(&message);
                return Ok(());
            }
            self.session.terminal.notes().warn(&message);
            self.may_be_open = true;
            self.draft.keep_open().map_err(not_kept)?;
            match self.ask(&["read the text, I have saved it", "open the editor again", "quit"])? {
                Some(0) => return Ok(()),
                Some(1) => {}
                _ => return Err(Error::new(ErrorKind::Cancelled, "you quit without a change")),
            }
        }
    }

    fn ask(&self, items: &[&str]) -> Result<Option<usize>> {
        let items = items.iter().map(ToString::to_string).collect();
        pick(&menu("What now? (Esc leaves)", items), self.session)
    }

    /// Notes cannot be added to a file that is not text, so it is opened unchanged.
    fn not_text(&self, reason: &std::string::FromUtf8Error) -> Result<Round> {
        let valid = &reason.as_bytes()[..reason.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
        self.show_errors(&[format!("line {line}: not UTF-8 text")], None)?;
        Ok(Round::Continue(Some(line)))
    }

    fn mend(&self, text: &str, problems: &[Note], rest: Option<&Plan>) -> Result<Round> {
        let lines = self.annotate(text, problems)?;
        let message =
            lines.iter().zip(problems).map(|(line, problem)| format!("line {line}: {}", problem.text));
        self.show_errors(&message.collect::<Vec<_>>(), rest)?;
        Ok(Round::Continue(lines.into_iter().min()))
    }

    /// Puts notes above lines of the text, and gives the lines that they then precede.
    fn annotate(&self, text: &str, notes: &[Note]) -> Result<Vec<usize>> {
        let note = |note: &Note| Note { line: note.line, text: escaped(&note.text).into_owned() };
        let (noted, lines) = annotate(text, &notes.iter().map(note).collect::<Vec<_>>());
        self.draft.write(&noted).map_err(not_kept)?;
        Ok(lines)
    }

    fn show_errors(&self, lines: &[String], rest: Option<&Plan>) -> Result<()> {
        let (terminal, message) = (&self.session.terminal, "the edited text has errors");
        if !terminal.may_ask() {
            return Err(Error::usage(message).detail(lines.iter().cloned()));
        }
        terminal.notes().warn(message);
        lines.iter().for_each(|line| terminal.tell_wrapped(&format!("  {}\n", escaped(line))));
        self.again_or_quit(rest, "you left the text unwritten")
    }

    /// Offers the difference that `plan` makes. `Cancelled` if the user quits.
    fn again_or_quit(&self, plan: Option<&Plan>, quit: &str) -> Result<()> {
        let plan = plan.filter(|plan| !plan.is_empty());
        let mut items = vec!["edit again", "quit and keep the text"];
        if plan.is_some() {
            items.insert(1, "show the difference");
        }
        loop {
            match (self.ask(&items)?, plan) {
                (Some(0), _) => return Ok(()),
                (Some(1), Some(plan)) => {
                    let (terminal, account) = (&self.session.terminal, self.session.account.label());
                    terminal.tell(&table(plan, &account, terminal.error_look()));
                }
                _ => return Err(Error::new(ErrorKind::Cancelled, quit)),
            }
        }
    }

    /// If there is no other error, the user is asked whether unknown fields are new ones.
    fn problems(&self, reading: &TextDiff) -> Result<Vec<Note>> {
        let mut problems = reading.problems.clone();
        let asks = problems.is_empty() && self.session.terminal.may_ask();
        for unknown in reading.unknown.iter().filter(|_| !self.args.new_field) {
            let reason = not_a_field(unknown);
            let question = format!("{reason}. Add it as a new field?").replacen("the", "The", 1);
            let added =
                asks && self.session.client.pause_deadline(|| self.session.terminal.confirm(&question))?;
            if !added {
                problems.push(Note { line: unknown.line, text: format!("{reason}; --new-field adds it") });
            }
        }
        Ok(problems)
    }

    fn plan(&self, reading: &TextDiff, with_unknown: bool) -> Result<Plan> {
        let unknown = reading.unknown.iter().filter(|_| with_unknown).map(|unknown| &unknown.edit);
        let list = reading.edits.iter().chain(unknown).cloned().collect();
        Edits::check(list)
            .and_then(|edits| plan(self.shown.clone(), &edits, true))
            .map_err(|error| Error::usage(error.to_string()))
    }

    /// From now on the text is compared with the other side's values, so a line that stays unchanged overwrites them.
    fn note_conflicts(&mut self, text: &str, conflicts: &[Conflict]) -> Result<Round> {
        let note = |one: &Conflict| {
            let [base, ours, theirs] = three(one);
            let message = format!("another client changed it: was {base}, is now {theirs}; yours is {ours}");
            Note { line: line_at(text, &one.path), text: message }
        };
        let lines = self.annotate(text, &conflicts.iter().map(note).collect::<Vec<_>>())?;
        let theirs = conflicts.iter().map(|one| (one.path.clone(), one.theirs.clone())).collect();
        self.shown =
            rewrite(self.shown.clone(), theirs).map_err(|error| Error::usage(error.to_string()))?.after;
        self.draft.rebase(self.shown.text()).map_err(not_kept)?;
        Ok(Round::Continue(lines.into_iter().min()))
    }

    fn write(&mut self, mut plan: Plan, text: &str, json: &mut JsonReport) -> Result<Round> {
        let options = WriteOptions { by_hand: true, ..WriteOptions::of("customer edit", &self.args.write) };
        match confirm_and_write(&mut plan, None, &options, self.session, json) {
            Ok(ChangeEnd::Ended(outcome, kind)) => Ok(Round::Break((outcome, kind))),
            Ok(ChangeEnd::Declined) => {
                self.again_or_quit(Some(&plan), "not confirmed").map(|()| Round::Continue(None))
            }
            Ok(ChangeEnd::Again(theirs, conflicts)) => {
                self.now = *theirs;
                self.note_conflicts(text, &conflicts)
            }
            Err(error) if error.kind == ErrorKind::Refused => self.refused(error, &plan, text),
            Err(error) => Err(error),
        }
    }

    /// Puts the API's messages above the lines that they name, or above the first one that changed.
    fn refused(&self, error: Error, plan: &Plan, text: &str) -> Result<Round> {
        let note = |message: &String| {
            let named = plan.changes.iter().find(|change| message.contains(change.path.last()));
            let line = named.or(plan.changes.first()).map_or(1, |change| line_at(text, &change.path));
            Note { line, text: format!("the API: {message}") }
        };
        let message = std::slice::from_ref(&error.message);
        let messages = if error.details.is_empty() { message } else { &error.details };
        let lines = self.annotate(text, &messages.iter().map(note).collect::<Vec<_>>())?;
        if !self.session.terminal.may_ask() {
            return Err(error);
        }
        self.session.terminal.fail(&error);
        self.again_or_quit(Some(plan), "you left the text unwritten")?;
        Ok(Round::Continue(lines.into_iter().min()))
    }
}

fn not_a_field(unknown: &UnknownField) -> String {
    let near = unknown.nearest.first().map(|near| format!(" (did you mean `{near}`?)"));
    format!("the customer has no field `{}`{}", unknown.edit.path, near.unwrap_or_default())
}
