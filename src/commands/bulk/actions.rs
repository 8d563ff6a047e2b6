//! The status actions of a file before they are sent: customers and previews are read, their totals are shown and bounded.

use std::ops::ControlFlow;

use rust_decimal::Decimal;

use super::super::session::Session;
use super::super::write::{currency, previewed};
use super::progress::Progress;
use super::rows::job;
use super::worker::{Job, Task};
use super::worker_pool::WorkerPool;
use crate::action::{StatusAction, Transition, status};
use crate::api::Client;
use crate::bulk::action::{ActionTotals, RowAction, Unbounded};
use crate::bulk::result::{Counts, Outcome};
use crate::cli::bulk::PaceArgs;
use crate::document::Customer;
use crate::error::{Error, ErrorKind, Result};
use crate::report::actions::table;
use crate::report::bulk::counted;
use crate::store::{Run, Store};

/// The actions of a run that the user did not agree to yet, up to `--limit`.
pub(super) struct Pending {
    pub(super) totals: ActionTotals,
    /// The last row that the command reaches.
    pub(super) last: u64,
    rows: u64,
    has_previews: bool,
}

impl Pending {
    /// Reads the rows, and sends no request.
    pub(super) fn of(run: &Run<'_>, limit: Option<u64>, store: &Store) -> Result<Pending> {
        let last = store.last_row_to_do(run, limit)?;
        let (mut totals, mut rows, mut has_previews) = (ActionTotals::default(), 0, false);
        for row in store.rows_to_agree(run.id, last) {
            let row = row?;
            let Some(action) = &row.action else { continue };
            rows += 1;
            has_previews |= action.action.has_preview();
            totals.add(row.row, row.customer.unwrap_or_default(), action);
        }
        Ok(Pending { totals, last, rows, has_previews })
    }

    /// `--yes` says yes to the actions, and a bound says yes to their price.
    pub(super) fn refuse_unbounded(&self, yes: bool, most: Option<Decimal>) -> Result<()> {
        if !yes || !self.has_previews || most.is_some() {
            return Ok(());
        }
        Err(Error::usage("--yes alone does not say how much may be charged").hint(
            "add --max-total AMOUNT, the most that all rows together may charge; `bulk plan` shows the total",
        ))
    }

    /// Reads the customers, and the previews where the vendor has one. Sends only requests for previews.
    pub(super) fn read(self, run: &Run<'_>, pace: &PaceArgs, session: &Session<'_>) -> Result<Pending> {
        if self.rows == 0 {
            return Ok(self);
        }
        let store = session.store()?;
        let rows = counted(self.rows, "customer");
        session.terminal.notes().say(&format!("Reading {rows} with an action, and what it would charge."));
        let pool = WorkerPool::new(pace, session);
        let (mut totals, mut counts) = (ActionTotals::default(), Counts::default());
        let mut progress = Progress::of(self.rows, 0, &pool.limiter, &session.terminal);
        let jobs = store.rows_to_agree(run.id, self.last).map(|row| job(&row?, store, run.about.kind));
        let look = |job: &Job| match &job.task {
            Task::Action(row) => read_action(job, row.action, &pool.client(session)).map(|(_, read)| read),
            _ => Err(Error::new(ErrorKind::Failed, format!("row {} has no action", job.row))),
        };
        let read = pool.run(jobs, look, |done| {
            if let Some((job, read)) = done {
                let action = read.or_else(|error| unsendable(&job, error))?;
                store.set_action(run, job.row, &action)?;
                totals.add(job.row, job.customer, &action);
                counts.add(Outcome::Written);
            }
            progress.show(&counts, |_| "read".to_string());
            Ok(ControlFlow::Continue(()))
        });
        progress.end();
        read.map(|()| Pending { totals, ..self })
    }

    /// Shows the totals. `Conflict` if they exceed `--max-total`.
    pub(super) fn show(&self, asks: bool, most: Option<Decimal>, session: &Session<'_>) -> Result<()> {
        if self.totals.is_empty() {
            return Ok(());
        }
        let terminal = &session.terminal;
        if asks || !terminal.notes().quiet {
            terminal.tell(&table(&self.totals, terminal.error_look()));
        }
        self.warnings().iter().for_each(|warning| terminal.notes().warn(warning));
        most.map_or(Ok(()), |most| within(&self.totals, most))
    }

    /// `Conflict` if `--max-total` is less than what the run may still charge, with the actions that were agreed to before.
    pub(super) fn refuse_more(&self, run: &Run<'_>, most: Decimal, store: &Store) -> Result<()> {
        let mut totals = ActionTotals::default();
        for row in store.rows_to_act(run.id, self.last) {
            let row = row?;
            let Some(action) = &row.action else { continue };
            totals.add(row.row, row.customer.unwrap_or_default(), action);
        }
        within(&totals, most)
    }

    fn warnings(&self) -> Vec<String> {
        let (first, count) = &self.totals.refused;
        let more = count - first.len() as u64;
        let more = (more > 0).then(|| format!("and {} more that cannot be sent", counted(more, "row")));
        first.iter().cloned().chain(more).collect()
    }

    /// "send 3 status actions"; none if no row would be sent.
    pub(super) fn what(&self) -> Option<String> {
        let rows = self.totals.rows();
        (rows > 0).then(|| format!("send {}", counted(rows, "status action")))
    }

    /// ", charging 129.95 CAD,".
    pub(super) fn charging(&self) -> String {
        self.totals.sentence().map(|sum| format!(", charging {sum},")).unwrap_or_default()
    }

    /// A question that cannot be asked names the bound too.
    pub(super) fn with_bound(&self, error: Error) -> Error {
        match error.kind {
            ErrorKind::Usage if self.totals.has_price() => {
                let hint = "off a terminal, add --yes and --max-total AMOUNT";
                Error { hints: vec![hint.to_string()], ..error }
            }
            _ => error,
        }
    }

    /// Records that the user agreed.
    pub(super) fn agreed(&self, run: &Run<'_>, store: &Store) -> Result<()> {
        if self.rows == 0 { Ok(()) } else { store.agree(run, self.last) }
    }
}

fn within(totals: &ActionTotals, most: Decimal) -> Result<()> {
    totals.within(most).map_err(|error| match error {
        Unbounded::Exceeds(..) => Error::new(ErrorKind::Conflict, error.to_string())
            .hint("`bulk plan` shows the charge of every row"),
        Unbounded::Currencies(_) => Error::usage(error.to_string()).hint("make one file for each currency"),
    })
}

/// A row whose action cannot be sent does not keep the others from it; a refused key, or Ctrl-C, does.
fn unsendable(job: &Job, error: Error) -> Result<RowAction> {
    match (&job.task, error.kind) {
        (_, ErrorKind::Credentials | ErrorKind::Interrupted) => Err(error),
        (Task::Action(row), _) => Ok(RowAction::refused(row.action, &error)),
        _ => Err(error),
    }
}

/// Reads the customer, and the price of its action.
pub(super) fn read_action(job: &Job, action: StatusAction, client: &Client) -> Result<(Customer, RowAction)> {
    let now = client.get(job.customer)?;
    job.refuse_another(&now)?;
    let status = status(&now);
    let total = match action.standing(&status) {
        Transition::Refused(_) => return Err(Error::new(ErrorKind::Refused, action.refusal(&status))),
        Transition::Possible if action.has_preview() => Some(previewed(action, &now, client)?.total),
        Transition::Possible | Transition::Done => None,
    };
    let read = RowAction::read(action, status, total, currency(&now));
    Ok((now, read))
}
