//! A rehearsal: the first rows of a run are written one by one and shown; a question follows before the others.

use super::super::consent::consents;
use super::super::session::Session;
use super::worker::Job;
use crate::account::command;
use crate::bulk::result::{Counts, Outcome, RowResult};
use crate::cli::bulk::RunArgs;
use crate::error::Result;
use crate::report::bulk::{counted, rehearsed_rows};
use crate::store::{Run, Store};

/// How many rows are written before the question.
const REHEARSED: usize = 3;

pub(super) struct Rehearsal {
    /// Rows that would be written and have no outcome yet.
    asking: u64,
    /// The last row whose action the user agreed to.
    agreed_to: u64,
    /// The rows that ended otherwise than `unchanged`.
    results: Vec<RowResult>,
}

/// How the run goes on after the first rows.
pub(super) enum RehearsalEnd {
    /// A signal stops the run.
    Stopped,
    /// The user said yes, or the rows that are left change nothing.
    GoesOn,
    No,
}

impl Rehearsal {
    /// None without a question: with `--yes`, without a terminal, in the sandbox, and if few rows ask for a change.
    pub(super) fn of(
        asking: u64,
        agreed_to: u64,
        args: &RunArgs,
        session: &Session<'_>,
    ) -> Option<Rehearsal> {
        let asks = !args.yes && session.terminal.may_ask() && !session.account.is_sandbox();
        (asks && asking > REHEARSED as u64).then(|| Rehearsal { asking, agreed_to, results: Vec::new() })
    }

    /// Whether the question follows this row.
    pub(super) fn is_enough(&mut self, job: &Job, result: &RowResult) -> bool {
        self.asking -= u64::from(job.would_write()).min(self.asking);
        if result.outcome != Outcome::Unchanged {
            self.results.push(result.clone());
        }
        self.results.len() >= REHEARSED
    }

    pub(super) fn go_on(self, run: &Run<'_>, store: &Store, session: &Session<'_>) -> Result<RehearsalEnd> {
        if session.signals.is_stopping() {
            return Ok(RehearsalEnd::Stopped);
        }
        if self.asking == 0 || self.results.len() < REHEARSED {
            return Ok(RehearsalEnd::GoesOn);
        }
        // Until there is an answer nothing is agreed to: Ctrl-C ends the program here, and `resume` asks again.
        store.disagree(run)?;
        if !session.signals.asks_among_rows() {
            return Ok(RehearsalEnd::Stopped);
        }
        let names = ["resume", "list", "undo"]
            .map(|name| command(&run.about.profile, &format!("customer bulk {name} {}", run.about.run)));
        let [resume, list, undo] = &names;
        let wrote = |result: &RowResult| result.outcome.is_written() && result.action.is_none();
        let undone = self.results.iter().any(wrote).then(|| format!("`{undo}` takes it back"));
        let hints = [format!("`{resume}` goes on"), format!("`{list}` shows the outcome of each row")];
        session.signals.set_hints(hints.into_iter().chain(undone).collect());
        session.terminal.tell(&rehearsed_rows(&self.results, session.terminal.error_look()));
        let yes = session.client.pause_deadline(|| consents(&self.question(session), &[], [], session))?;
        session.signals.rows(true);
        session.signals.set_hints(vec![super::run::resolves(resume)]);
        if !yes {
            return Ok(RehearsalEnd::No);
        }
        store.agree(run, self.agreed_to).map(|()| RehearsalEnd::GoesOn)
    }

    fn question(&self, session: &Session<'_>) -> String {
        let mut counts = Counts::default();
        self.results.iter().for_each(|result| counts.add(result.outcome));
        let (others, account) = (counted(self.asking, "other customer"), session.account.label());
        let are_verified = counts.of(Outcome::Written) == counts.all();
        let first = if are_verified { "First rows, verified" } else { "First rows" };
        format!("{first}: {}. Write {others} on {}?", counts.sentence(), account.sentence())
    }
}
