//! Bulk runs: the result of each row, the counts of a run, and the list of runs.

use std::path::Path;

use jiff::Timestamp;

use super::Look;
use super::account_label::AccountLabel;
use super::actions;
use super::csv::csv;
use super::history::is_narrow;
use super::json::{Object, printed};
use super::rows::{List, Rows};
use super::table::{Cell, LongValues, Tone, table as draw};
use crate::bulk::action::ActionTotals;
use crate::bulk::plan_file::json_line;
use crate::bulk::result::{Counts, HEADER, OUTCOMES, Outcome, RowResult};
use crate::cli::Output;
use crate::error::ErrorKind;
use crate::report::outcome::Problem;
use crate::store::{RunInfo, RunRecord};

pub(crate) struct Summary<'a> {
    pub(crate) about: &'a RunInfo,
    pub(crate) counts: &'a Counts,
    /// Rows whose status action was sent, or may have been.
    pub(crate) actions: u64,
    /// Whether `bulk undo` would take back fields.
    pub(crate) can_undo: bool,
    /// Of an undo: the status actions of the other run, which it does not take back.
    pub(crate) left: u64,
    pub(crate) results: Option<&'a Path>,
    pub(crate) resume: &'a str,
    /// The command that tries its refused rows again.
    pub(crate) retry: &'a str,
    pub(crate) account: AccountLabel<'a>,
}

impl Summary<'_> {
    pub(crate) fn sentence(&self) -> String {
        let left = match self.left {
            0 => String::new(),
            left => format!(", {} not taken back", counted(left, "status action")),
        };
        self.counts.sentence() + &left
    }
}

/// "1 row", "3 rows".
pub(crate) fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

pub(crate) fn rows_head(output: Output) -> String {
    match output {
        Output::Csv => csv([HEADER]),
        _ => String::new(),
    }
}

pub(crate) fn row(result: &RowResult, output: Output) -> String {
    match output {
        Output::Csv => csv([result.cells()]),
        Output::Ndjson => json_line(result),
        Output::Table | Output::Json => String::new(),
    }
}

pub(crate) fn table(summary: &Summary<'_>, look: Look) -> String {
    let counts = summary.counts;
    let row = |name: &str, count: u64, tone| vec![Cell::new(name, tone), Cell::new(count.to_string(), tone)];
    let mut rows = Vec::new();
    for outcome in OUTCOMES.iter().filter(|outcome| counts.of(**outcome) > 0) {
        let tone = match outcome {
            Outcome::Written => Tone::New,
            Outcome::Unchanged => Tone::Plain,
            Outcome::NotReached => Tone::Dim,
            _ => Tone::Old,
        };
        rows.push(row(outcome.name(), counts.of(*outcome), tone));
    }
    rows.push(row("all", counts.all(), Tone::Bold));
    let title = look.bold(&format!("Run {} ({})", summary.about.run, summary.about.kind.name()));
    let table = draw(&["Outcome", "Rows"], &rows, look, LongValues::Cut);
    format!("{title}  ({})\n{table}", summary.account.list(look))
}

/// What a rehearsal wrote: a line for each change.
pub(crate) fn rehearsed_rows(results: &[RowResult], look: Look) -> String {
    let written = results.iter().filter(|result| !result.changes.is_empty() && result.outcome.is_written());
    let rows: Vec<Vec<Cell>> = written
        .flat_map(|result| {
            let first = [result.customer.to_string(), result.outcome.name().to_string()].map(Cell::plain);
            let changes = result.changes.iter().map(super::change::row).chain(charge(result));
            changes.map(move |cells| first.iter().cloned().chain(cells).collect())
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    draw(&["Customer", "Outcome", "Field", "Before", "After"], &rows, look, LongValues::Wrap)
}

/// The price of the row's status action.
fn charge(result: &RowResult) -> Option<Vec<Cell>> {
    let (total, currency) = (result.total.as_ref()?, result.currency.as_deref().unwrap_or_default());
    let price = format!("{} {currency}", total.text());
    Some(vec![Cell::plain("total"), Cell::plain(""), Cell::plain(price)])
}

/// The command for the rows that did not succeed. `resume` leaves conflicts, refusals and missing customers alone.
fn next(summary: &Summary<'_>) -> Option<String> {
    let any = |wanted: fn(Outcome) -> bool| {
        OUTCOMES.iter().any(|outcome| wanted(*outcome) && summary.counts.of(*outcome) > 0)
    };
    if any(Outcome::is_open) {
        Some(format!("`{}` continues the run", summary.resume))
    } else if any(Outcome::may_be_retried) {
        Some(format!("`{}` tries the rows again that did not succeed", summary.retry))
    } else {
        None
    }
}

pub(crate) fn json(summary: &Summary<'_>, kind: ErrorKind) -> String {
    let error = (kind != ErrorKind::Done).then(|| Problem {
        kind: kind.row().name,
        message: summary.sentence(),
        hint: next(summary),
        errors: Vec::new(),
    });
    let object = Object::default()
        .member("outcome", &kind.row().name)
        .member("run", &summary.about.run.to_string())
        .member("command", &summary.about.kind.name())
        .member("rows", summary.counts)
        .member("results", &summary.results.map(|path| path.display().to_string()))
        .member("error", &error);
    printed(&object.end(), Output::Json)
}

pub(crate) fn planned_json(counts: &Counts, actions: &ActionTotals, output: Output) -> String {
    let object = Object::default()
        .member("outcome", &"planned")
        .member("rows", &counts.all())
        .member("would_change", &counts.of(Outcome::Written))
        .member("unchanged", &counts.of(Outcome::Unchanged))
        .member("failed", &counts.of(Outcome::Failed))
        .token("actions", &actions::json(actions));
    printed(&object.end(), output)
}

/// "3 written, 27 not-reached (resume continues)".
fn sentence(run: &RunRecord) -> String {
    let mut counts = run.counts.clone();
    let left = run.rows.saturating_sub(counts.all());
    counts.add_many(Outcome::NotReached, left);
    let state = match () {
        () if run.is_undone => " (undone)",
        () if run.is_running => " (running)",
        () if left > 0 => " (resume continues)",
        () => "",
    };
    counts.sentence() + state
}

pub(crate) fn list(
    runs: &[RunRecord],
    output: Output,
    local: impl Fn(Timestamp) -> String,
    look: Look,
) -> String {
    let [run, when] = if is_narrow(look) { ["Run (by time, UTC)", ""] } else { ["Run", "When"] };
    let titles = [run, when, "Profile", "", "What", "From", "Rows", "Outcome"];
    let names = ["run", "time", "profile", "host", "command", "source", "rows", "outcome"];
    let mut rows = Rows::new(output, look, List::Member("runs"), &titles, &names);
    let text: String = runs.iter().map(|run| rows.add(|| cells(run, &local), || object(run))).collect();
    text + &rows.end()
}

fn cells(run: &RunRecord, local: impl Fn(Timestamp) -> String) -> Vec<Cell> {
    let RunRecord { about, rows, .. } = run;
    vec![
        Cell::new(about.run.to_string(), Tone::Bold).whole(),
        Cell::plain(local(about.time)).meaning(about.time.to_string()).whole(),
        Cell::plain(&about.profile),
        Cell::plain(&about.host),
        Cell::plain(about.kind.name()),
        Cell::plain(&about.source),
        Cell::plain(rows.to_string()),
        Cell::plain(sentence(run)).wrapped(),
    ]
}

fn object(RunRecord { about, rows, counts, .. }: &RunRecord) -> String {
    let object = Object::default()
        .member("run", &about.run.to_string())
        .member("time", &about.time)
        .member("profile", &about.profile)
        .member("host", &about.host)
        .member("command", &about.kind.name())
        .member("source", &about.source)
        .member("rows", rows)
        .member("outcomes", counts);
    object.end()
}

pub(crate) fn rows(output: Output, look: Look) -> Rows {
    Rows::new(output, look, List::Member("rows"), &HEADER, &HEADER)
}

pub(crate) fn add(rows: &mut Rows, result: &RowResult) -> String {
    rows.add(|| result.cells().into_iter().map(Cell::plain).collect(), || super::json::of(result))
}
