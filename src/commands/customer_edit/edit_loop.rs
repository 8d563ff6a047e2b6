//! The loop of `customer edit`: a text is edited, checked, shown and written, until it is written or given up.

use std::cell::Cell;

use super::super::change::{End, WriteOptions, go};
use super::super::conflict::{settled, tell_carried, three, unmergeable};
use super::super::session::Session;
use super::prompts::Prompts;
use super::{Done, Hand, laid_out, not_kept, not_read};
use crate::account::command;
use crate::cli::EditArgs;
use crate::document::edit_text::{
    Note, Problem, Reading, UnknownField, annotate, line_at, read, without_notes,
};
use crate::document::merge::{Conflict, Merge, merge};
use crate::document::plan::{plan, rewrite};
use crate::document::{Customer, Edits, Plan};
use crate::drafts::Draft;
use crate::editor::Editor;
use crate::error::{Error, Kind, Result};
use crate::report::change::plan as table;
use crate::report::escape::escaped;
use crate::report::outcome::Facts;
use crate::terminal::List;

/// A text, what it is compared with, and the customer that its changes are put upon.
pub(super) struct EditLoop<'a> {
    draft: Draft,
    /// The customer that the text was laid out from; where a conflict was shown, with their value.
    shown: Customer,
    /// The customer as it was read last.
    now: Customer,
    hand: Hand,
    /// The editor returned at once and may have the text open in a window of its own.
    may_be_open: Cell<bool>,
    args: &'a EditArgs,
    session: &'a Session<'a>,
}

/// What to do with a text that was not written.
enum Next {
    Again,
    Quit,
}

impl<'a> EditLoop<'a> {
    pub(super) fn new(
        draft: Draft,
        now: Customer,
        hand: Hand,
        args: &'a EditArgs,
        session: &'a Session<'a>,
    ) -> Result<EditLoop<'a>> {
        let shown = Customer::parse(draft.about.shown.clone()).map_err(|why| {
            let said = format!("what {} was laid out from is damaged", draft.path().display());
            Error::new(Kind::Failed, said).because(anyhow::Error::from(why))
        })?;
        Ok(EditLoop { draft, shown, now, hand, may_be_open: Cell::new(false), args, session })
    }

    /// Edits until it ended one way or another.
    pub(super) fn work(&mut self, facts: &mut Facts) -> Result<Done> {
        let mut line = None;
        loop {
            line = match self.round(line, facts)? {
                Round::Done(done) => return Ok(done),
                Round::Again(line) => line,
            };
        }
    }

    /// Whether the text holds anything but what was laid out. One that cannot be read may.
    pub(super) fn was_typed_in(&self) -> bool {
        self.draft
            .read()
            .map_or(true, |text| !text.iter().all(u8::is_ascii_whitespace) && !self.is_laid_out(&text))
    }

    /// Whether somebody may still save to the text.
    pub(super) fn may_be_open(&self) -> bool {
        self.may_be_open.get()
    }

    fn is_laid_out(&self, text: &[u8]) -> bool {
        laid_out(&self.shown, self.session, self.draft.about.all).as_bytes() == text
    }

    /// Where the text is, and how to go on with it.
    pub(super) fn kept(&self) -> [String; 2] {
        let id = self.draft.about.customer;
        let again = command(&self.session.account.profile, &format!("customer edit {id} --recover"));
        [
            format!("your text is kept in {}", self.draft.path().display()),
            format!("`{again}` goes on with it"),
        ]
    }

    pub(super) fn forget(self) {
        if let Err(why) = self.draft.forget() {
            self.session.terminal.notes().warn(&format!("the text is no longer needed, but {why:#}"));
        }
    }

    /// One visit to the text, and what came of it.
    fn round(&mut self, line: Option<usize>, facts: &mut Facts) -> Result<Round> {
        self.visit(line)?;
        let text = match String::from_utf8(self.draft.read().map_err(not_read)?) {
            Ok(text) => without_notes(&text),
            Err(why) => return self.not_text(&why),
        };
        let reading = match read(&text, &self.shown, self.draft.about.all) {
            Ok(Some(reading)) => reading,
            Ok(None) => return self.emptied(),
            Err(problem) => return self.mend(&text, &[problem], None),
        };
        if !reading.problems.is_empty() {
            let rest = self.planned(&reading, false).ok();
            let unknown = reading.unknown.iter().filter(|_| !self.args.new_field);
            let unknown = unknown.map(|unknown| Problem { line: unknown.line, why: not_a_field(unknown) });
            let problems: Vec<Problem> = reading.problems.iter().cloned().chain(unknown).collect();
            return self.mend(&text, &problems, rest.as_ref());
        }
        if let Some(problems) = self.unwanted(&reading)? {
            return self.mend(&text, &problems, None);
        }
        tell_deleted(&reading, self.session);
        let plan = self.planned(&reading, true)?;
        match self.upon_now(&plan)? {
            Upon::Now(plan) => self.write(*plan, &text, facts),
            Upon::Again(conflicts) => self.note_conflicts(&text, &conflicts),
        }
    }

    fn visit(&self, line: Option<usize>) -> Result<()> {
        match &self.hand {
            Hand::Editor(editor) => self.visit_editor(editor, line),
            Hand::Prompts => Prompts::of(&self.draft, &self.shown, self.session)?.run(),
        }
    }

    fn visit_editor(&self, editor: &Editor, line: Option<usize>) -> Result<()> {
        let path = self.draft.path();
        loop {
            let lent = self.session.signals.lend_terminal();
            let visit = self.session.client.not_counting(|| editor.visit(&path, line))?;
            drop(lent);
            let untouched = self.draft.read().is_ok_and(|text| self.is_laid_out(&text));
            if !visit.at_once || !untouched || editor.stays_in_the_terminal() {
                return Ok(());
            }
            let said = format!(
                "`{}` returned at once and the text is as it was; an editor with a window of its own needs a flag to \
                 wait, such as `code --wait`",
                editor.name()
            );
            if !self.session.terminal.may_ask() {
                self.session.terminal.notes().say(&said);
                return Ok(());
            }
            self.session.terminal.notes().warn(&said);
            self.may_be_open.set(true);
            self.draft.keep_open().map_err(not_kept)?;
            let items = ["read the text, I have saved it by now", "open the editor again", "quit"];
            match self.ask("What now? (Esc leaves)", &items)? {
                Some(0) => return Ok(()),
                Some(1) => {}
                _ => return Err(Error::new(Kind::Cancelled, "you quit without a change")),
            }
        }
    }

    fn ask(&self, prompt: &str, items: &[&str]) -> Result<Option<usize>> {
        let items = items.iter().map(|item| (*item).to_string()).collect();
        let list = List { prompt: prompt.to_string(), items, first: Some(0), search: false };
        self.session.client.not_counting(|| self.session.terminal.pick(&list))
    }

    fn emptied(&self) -> Result<Round> {
        // Nothing is left to keep, and nothing is to be offered the next time.
        self.draft.write("").map_err(not_kept)?;
        Err(Error::new(Kind::Cancelled, "the text is empty, so nothing is changed"))
    }

    /// Bytes that are no text cannot be noted upon, so the file is opened as it is.
    fn not_text(&self, why: &std::string::FromUtf8Error) -> Result<Round> {
        let at = why.utf8_error().valid_up_to();
        let line = 1 + why.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
        let error =
            Error::usage("the edited text cannot be taken").detail([format!("line {line}: not UTF-8 text")]);
        self.again_or_quit(error, None).map(|()| Round::Again(Some(line)))
    }

    /// Notes what is wrong in the text and lets it be edited again.
    fn mend(&self, text: &str, problems: &[Problem], rest: Option<&Plan>) -> Result<Round> {
        let note = |problem: &Problem| Note { line: problem.line, text: escaped(&problem.why).into_owned() };
        let notes: Vec<Note> = problems.iter().map(note).collect();
        let lines = self.annotate(text, &notes)?;
        let said = lines.iter().zip(problems).map(|(line, problem)| format!("line {line}: {}", problem.why));
        let error = Error::usage("the edited text cannot be taken").detail(said);
        self.again_or_quit(error, rest).map(|()| Round::Again(lines.iter().min().copied()))
    }

    fn annotate(&self, text: &str, notes: &[Note]) -> Result<Vec<usize>> {
        let (noted, lines) = annotate(text, notes);
        self.draft.write(&noted).map_err(not_kept)?;
        Ok(lines)
    }

    /// Tells what is wrong and asks whether to edit again.
    ///
    /// # Errors
    /// What is wrong, where there is nobody to ask; `Cancelled` where they quit.
    fn again_or_quit(&self, error: Error, plan: Option<&Plan>) -> Result<()> {
        if !self.session.terminal.may_ask() {
            return Err(error);
        }
        if error.kind == Kind::Usage {
            self.session.terminal.notes().warn(&format!("{} yet", error.message));
            error
                .details
                .iter()
                .for_each(|line| self.session.terminal.tell(&format!("  {}\n", escaped(line))));
        } else {
            self.session.terminal.fail(&error);
        }
        match self.next(plan)? {
            Next::Again => Ok(()),
            Next::Quit => Err(Error::new(Kind::Cancelled, "you left the text unwritten")),
        }
    }

    fn next(&self, plan: Option<&Plan>) -> Result<Next> {
        let plan = plan.filter(|plan| !plan.is_empty());
        let mut items = vec!["edit again", "quit and keep the text"];
        if plan.is_some() {
            items.insert(1, "show the difference");
        }
        loop {
            match (self.ask("What now? (Esc leaves)", &items)?, plan) {
                (Some(0), _) => return Ok(Next::Again),
                (Some(1), Some(plan)) => {
                    let place = self.session.account.place();
                    self.session.terminal.tell(&table(plan, &place, self.session.terminal.error_look()));
                }
                _ => return Ok(Next::Quit),
            }
        }
    }

    /// The members that nobody knows and the user does not want, as problems of their lines; none where all are wanted.
    fn unwanted(&self, reading: &Reading) -> Result<Option<Vec<Problem>>> {
        if self.args.new_field || reading.unknown.is_empty() {
            return Ok(None);
        }
        let mut unwanted = Vec::new();
        for unknown in &reading.unknown {
            let why = not_a_field(unknown);
            let question = format!("{why}. Add it as a new field?").replacen("the", "The", 1);
            let wanted = self.session.terminal.may_ask()
                && self.session.client.not_counting(|| self.session.terminal.confirm(&question))?;
            if !wanted {
                unwanted.push(Problem { line: unknown.line, why: format!("{why}; --new-field adds it") });
            }
        }
        Ok((!unwanted.is_empty()).then_some(unwanted))
    }

    /// What the text asks for, upon the customer that it was laid out from.
    fn planned(&self, reading: &Reading, with_unknown: bool) -> Result<Plan> {
        let unknown = reading.unknown.iter().filter(|_| with_unknown).map(|unknown| &unknown.edit);
        let list = reading.edits.iter().chain(unknown).cloned().collect();
        let edits = Edits::check(list).map_err(|why| Error::usage(why.to_string()))?;
        plan(self.shown.clone(), &edits, true).map_err(|why| Error::usage(why.to_string()))
    }

    /// The plan upon the customer as it was read last.
    fn upon_now(&self, ours: &Plan) -> Result<Upon> {
        match merge(ours, &self.now).map_err(|why| unmergeable(&why, ours))? {
            Merge::Merged { plan, carried } => {
                tell_carried(&carried, self.session.terminal.notes());
                Ok(Upon::Now(plan))
            }
            Merge::Conflicts(conflicts) => {
                let plan = settled(ours, &self.now, &conflicts, true, self.session)?;
                Ok(plan.map_or(Upon::Again(conflicts), |plan| Upon::Now(Box::new(plan))))
            }
        }
    }

    /// Puts both values of each conflict above its line. From here on the text is compared with theirs there, so what
    /// it says is what is wanted.
    fn note_conflicts(&mut self, text: &str, conflicts: &[Conflict]) -> Result<Round> {
        let note = |one: &Conflict| {
            let [base, ours, theirs] = three(one);
            let said =
                format!("changed by others meanwhile: it was {base} and is {theirs} now; yours is {ours}");
            Note { line: line_at(text, &one.path), text: escaped(&said).into_owned() }
        };
        let notes: Vec<Note> = conflicts.iter().map(note).collect();
        let lines = self.annotate(text, &notes)?;
        let theirs = conflicts.iter().map(|one| (one.path.clone(), one.theirs.clone())).collect();
        self.shown = rewrite(self.shown.clone(), theirs).map_err(|why| Error::usage(why.to_string()))?.after;
        self.draft.rebase(self.shown.text()).map_err(not_kept)?;
        Ok(Round::Again(lines.iter().min().copied()))
    }

    fn write(&mut self, mut plan: Plan, text: &str, facts: &mut Facts) -> Result<Round> {
        let nothing_to_check = |_: &Customer| Ok(());
        let options = WriteOptions {
            by_hand: true,
            ..WriteOptions::of("customer edit", &self.args.write, &nothing_to_check)
        };
        match go(&mut plan, None, &options, self.session, facts) {
            Ok(End::Ended(outcome, kind)) => Ok(Round::Done(Done { outcome, kind })),
            Ok(End::Declined) => match self.next(Some(&plan))? {
                Next::Again => Ok(Round::Again(None)),
                Next::Quit => Err(Error::new(Kind::Cancelled, "you said no")),
            },
            Ok(End::Again(theirs, conflicts)) => {
                self.now = *theirs;
                self.note_conflicts(text, &conflicts)
            }
            Err(error) if error.kind == Kind::Refused => self.refused(error, &plan, text),
            Err(error) => Err(error),
        }
    }

    /// The API's own words above the lines that they name, or the first one that changed.
    fn refused(&self, error: Error, plan: &Plan, text: &str) -> Result<Round> {
        let line = |words: &str| {
            let named = plan.changes.iter().find(|change| words.contains(change.path.last()));
            named.or(plan.changes.first()).map_or(1, |change| line_at(text, &change.path))
        };
        let words =
            if error.details.is_empty() { vec![error.message.clone()] } else { error.details.clone() };
        let note = |words: &String| Note { line: line(words), text: format!("the API: {}", escaped(words)) };
        let notes: Vec<Note> = words.iter().map(note).collect();
        let lines = self.annotate(text, &notes)?;
        self.again_or_quit(error, Some(plan)).map(|()| Round::Again(lines.iter().min().copied()))
    }
}

/// What came of putting a plan upon the customer as it was read last.
enum Upon {
    Now(Box<Plan>),
    /// The user wants to edit again, knowing what both sides changed.
    Again(Vec<Conflict>),
}

/// What came of one visit to the text.
enum Round {
    Done(Done),
    /// It is to be edited again, beginning on this line.
    Again(Option<usize>),
}

fn not_a_field(unknown: &UnknownField) -> String {
    let near = match unknown.nearest.first() {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => String::new(),
    };
    format!("the customer has no field `{}`{near}", unknown.edit.path)
}

fn tell_deleted(reading: &Reading, session: &Session<'_>) {
    if reading.deleted.is_empty() {
        return;
    }
    let names: Vec<String> = reading.deleted.iter().map(|path| format!("`{path}`")).collect();
    let said = format!("Deleted in the text, and kept as it is: {} (null clears a field).", names.join(", "));
    session.terminal.notes().say(&said);
}
