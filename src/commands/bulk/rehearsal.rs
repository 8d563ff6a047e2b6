//! A rehearsal: the first rows of a run are written one by one and shown; a question follows before the others.

use super::super::consent::consents;
use super::super::session::Session;
use super::worker::Job;
use crate::account::command;
use crate::bulk::result::{Counts, Outcome, RowResult};
use crate::cli::bulk::RunArgs;
use crate::error::Result;
use crate::report::bulk::{counted, rehearsed_rows};
use crate::store::Run;

/// How many rows are written before the question.
const REHEARSED: usize = 3;

pub(super) struct Rehearsal {
    /// Rows that ask for a change and have no outcome yet.
    asking: u64,
    /// The rows that ended otherwise than `unchanged`.
    results: Vec<RowResult>,
}

/// The answer to the question, or `Ended` if no row is left to ask about.
pub(super) enum RehearsalEnd {
    Ended,
    Yes,
    No,
}

impl Rehearsal {
    /// None without a question: with `--yes`, without a terminal, in the sandbox, and if few rows ask for a change.
    pub(super) fn of(asking: u64, args: &RunArgs, session: &Session<'_>) -> Option<Rehearsal> {
        let rows = asking.min(args.pace.limit.unwrap_or(u64::MAX));
        let asks = !args.yes && session.terminal.may_ask() && !session.account.is_sandbox();
        (asks && rows > REHEARSED as u64).then(|| Rehearsal { asking, results: Vec::new() })
    }

    /// Whether the question follows this row.
    pub(super) fn is_enough(&mut self, job: &Job, result: &RowResult) -> bool {
        self.asking -= u64::from(!job.task.needs_no_read()).min(self.asking);
        if result.outcome != Outcome::Unchanged {
            self.results.push(result.clone());
        }
        self.results.len() >= REHEARSED
    }

    /// `limit` is how many rows may still be written.
    pub(super) fn go_on(self, run: &Run<'_>, limit: u64, session: &Session<'_>) -> Result<RehearsalEnd> {
        let left = self.asking.min(limit);
        if left == 0 || self.results.len() < REHEARSED || !session.signals.asks_among_rows() {
            return Ok(RehearsalEnd::Ended);
        }
        let names = ["resume", "undo"]
            .map(|name| command(&run.about.profile, &format!("customer bulk {name} {}", run.about.run)));
        let [resume, undo] = &names;
        session.signals.set_hints(vec![format!("`{resume}` goes on"), format!("`{undo}` takes it back")]);
        session.terminal.tell(&rehearsed_rows(&self.results, session.terminal.error_look()));
        let yes =
            session.client.pause_deadline(|| consents(&self.question(left, session), &[], [], session))?;
        session.signals.rows(true);
        session.signals.set_hints(vec![super::run::resolves(resume)]);
        Ok(if yes { RehearsalEnd::Yes } else { RehearsalEnd::No })
    }

    fn question(&self, left: u64, session: &Session<'_>) -> String {
        let mut counts = Counts::default();
        self.results.iter().for_each(|result| counts.add(result.outcome));
        let (others, account) = (counted(left, "other customer"), session.account.label());
        format!("First rows, verified: {}. Write {others} on {}?", counts.sentence(), account.sentence())
    }
}
