//! The rows of a run: read and checked once, kept in the store, then given one by one.

use std::collections::BTreeMap;
use std::io::BufReader;

use super::super::session::Context;
use super::input;
use super::worker::{Job, Task};
use crate::bulk::action::RowAction;
use crate::bulk::base::Head as BaseHead;
use crate::bulk::plan_file::{self, Head, PlanFileError, Planned};
use crate::bulk::{self, Row, RowError, task};
use crate::cli::bulk::RowArgs;
use crate::document::{Action, Edit, Path};
use crate::error::{Error, ErrorKind, Result};
use crate::field::FIELDS;
use crate::report::bulk::counted;
use crate::report::row_errors::RowErrors;
use crate::search::CustomerName;
use crate::store::{self, Duplicate, EntryId, Run, RunKind, Store};
use crate::terminal::Input;

const BATCH: usize = 1_000;

struct Checker<'a> {
    store: &'a Store,
    run: &'a Run<'a>,
    batch: Vec<store::Row>,
    errors: RowErrors,
    /// Values that are errors unless they are stored already.
    doubts: RowErrors,
}

impl<'a> Checker<'a> {
    fn new(store: &'a Store, run: &'a Run<'_>) -> Checker<'a> {
        Checker { store, run, batch: Vec::new(), errors: RowErrors::default(), doubts: RowErrors::default() }
    }

    fn add(&mut self, row: store::Row) -> Result<()> {
        let numbers = [Some(row.row), row.customer];
        // SQLite's integers are signed.
        if let Some(number) = numbers.into_iter().flatten().find(|number| i64::try_from(*number).is_err()) {
            let reason = format!("{number} is too large for the number of a row or a customer");
            self.errors.add(RowError::of_line(row.line, reason));
            return Ok(());
        }
        self.batch.push(row);
        if self.batch.len() == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        for Duplicate { row, customer, first, line } in self.store.add_rows(self.run, &self.batch)? {
            let what = customer.map_or_else(|| format!("row {row}"), |id| format!("customer {id}"));
            self.errors.add(RowError::of_line(line, format!("{what} is already on line {first}")));
        }
        self.batch.clear();
        Ok(())
    }

    fn finish(mut self, file: &Input) -> Result<()> {
        self.flush()?;
        if self.errors.count == 0 {
            return Ok(());
        }
        self.errors.append(self.doubts);
        let errors = counted(self.errors.count, "error");
        Err(self.errors.told(Error::usage(format!("{file} has {errors}, so nothing was sent"))))
    }
}

/// Fields that a question names.
const NAMED: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) rows: u64,
    /// The fields that rows change, in the order of the first row with each.
    fields: Vec<String>,
    /// Rows that set each field that affects billing.
    billing: BTreeMap<&'static str, u64>,
    clears: u64,
    /// Rows that are whole customers: what changes is known only when the customers are read.
    whole: u64,
    pub(super) looks_up: bool,
    /// Rows with a value that is refused unless it is stored already.
    pub(super) doubtful: u64,
    /// Cells that are blank and were not when they were exported.
    blanked: u64,
    /// `--limit`: what rows after this one ask for is not counted.
    limit: u64,
    /// Rows that ask for a change.
    pub(super) asking: u64,
    /// The same, with those after the limit.
    pub(super) edited: u64,
    /// Where the file was exported, if its base is used.
    pub(super) exported: Option<BaseHead>,
    /// The names of the file's columns; none in NDJSON.
    pub(super) header: Option<Vec<String>>,
}

impl Checked {
    fn up_to(limit: Option<u64>) -> Checked {
        Checked { limit: limit.unwrap_or(u64::MAX), ..Checked::default() }
    }

    fn count(&mut self, row: &Row) {
        self.looks_up |= matches!(row.customer, CustomerName::Lookup(_));
        self.edited += u64::from(!row.edits.is_empty());
        if row.number > self.limit {
            return;
        }
        self.blanked += row.blanked;
        self.asking += u64::from(!row.edits.is_empty());
        if row.whole {
            self.whole += 1;
            return;
        }
        for edit in row.edits.iter() {
            let path = edit.path.to_string();
            if !self.fields.contains(&path) {
                self.fields.push(path);
            }
        }
        for field in FIELDS.iter().filter(|field| field.affects_billing()) {
            if row.edits.covering(&Path::of(field.path)).is_some() {
                *self.billing.entry(field.path).or_default() += 1;
            }
        }
        let clears = |edit: &Edit| match &edit.action {
            Action::Set(value) => value.root().is_null(),
            action => action.is_explicit_clear(),
        };
        self.clears += u64::from(row.edits.iter().any(clears));
    }

    /// "firstName, lastName and 2 more fields of 5 customers".
    pub(super) fn subject(&self) -> String {
        let customers = counted(self.asking, "customer");
        let named: Vec<&str> = self.fields.iter().take(NAMED).map(String::as_str).collect();
        match self.fields.len() - named.len() {
            _ if named.is_empty() || self.whole > 0 => customers,
            0 => format!("{} of {customers}", named.join(", ")),
            more => format!("{} and {} of {customers}", named.join(", "), counted(more as u64, "more field")),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let billing = self.billing.iter().map(|(path, rows)| {
            format!("`{path}`, which affects billing, is set in {}", counted(*rows, "row"))
        });
        let clears =
            (self.clears > 0).then(|| format!("fields are cleared in {}", counted(self.clears, "row")));
        let whole = (self.whole > 0).then(|| {
            let rows = counted(self.whole, "row");
            format!("the changes of {rows} with a whole customer are not known yet; `bulk plan` shows them")
        });
        let blanked = (self.blanked > 0).then(|| {
            let cells = counted(self.blanked, "cell");
            format!("{cells} blank now but not when exported: a blank cell changes nothing, #CLEAR clears")
        });
        billing.chain(clears).chain(blanked).chain(whole).collect()
    }
}

/// Checks the whole file before anything is sent, so that an error in any row keeps every row from being written.
pub(super) fn check(
    args: &RowArgs,
    limit: Option<u64>,
    store: &Store,
    run: &Run<'_>,
    context: &Context,
) -> Result<Checked> {
    let mut checker = Checker::new(store, run);
    let opened = input::open(args, context)?;
    opened.note.iter().for_each(|note| context.terminal.notes().say(note));
    let mut checked = Checked { exported: opened.exported, header: opened.header, ..Checked::up_to(limit) };
    for row in opened.rows {
        checked.rows += 1;
        check_row(row, &mut checked, &mut checker)?;
    }
    if checker.errors.count == 0 && checked.rows == 0 {
        checker.errors.add(RowError::of_line(1, "there are no rows"));
    }
    checker.finish(&args.file)?;
    Ok(checked)
}

fn unchecked(row: u64, line: u64, task: String) -> store::Row {
    store::Row { row, line, customer: None, task, attempt: None, action: None, agreed: false }
}

fn check_row(
    row: std::result::Result<Row, Vec<RowError>>,
    checked: &mut Checked,
    checker: &mut Checker<'_>,
) -> Result<()> {
    match row {
        Ok(row) => {
            checked.count(&row);
            let doubts = checker.doubts.count;
            bulk::doubts(row.edits.doubts(), &row.edits, row.line)
                .for_each(|doubt| checker.doubts.add(doubt));
            checked.doubtful += u64::from(checker.doubts.count > doubts);
            let task = task::to_json(&row, checked.header.as_ref());
            let customer = row.customer.id();
            let action = row.action.map(RowAction::unread);
            checker.add(store::Row { customer, action, ..unchecked(row.number, row.line, task) })
        }
        Err(wrong) => {
            // It is stored all the same, so that a later row with the same customer is an error too.
            let named = wrong.iter().find_map(|error| Some((error.customer?, error.line)));
            wrong.into_iter().for_each(|error| checker.errors.add(error));
            let Some((customer, line)) = named else { return Ok(()) };
            let row = unchecked(checked.rows, line, String::new());
            checker.add(store::Row { customer: Some(customer), ..row })
        }
    }
}

/// Reads the plan to its end before anything is sent, so that nothing of an incomplete plan is written.
pub(super) fn check_plan(
    plan: &Input,
    limit: Option<u64>,
    store: &Store,
    run: &Run<'_>,
    context: &Context,
) -> Result<(Head, Checked)> {
    let refused = |error: PlanFileError| Error::usage(format!("{plan} cannot be applied")).source(error);
    let (head, lines) = plan_file::read(BufReader::new(context.terminal.open(plan)?)).map_err(refused)?;
    let mut checker = Checker::new(store, run);
    let (mut checked, mut last) = (Checked::up_to(limit), 0);
    for line in lines {
        let planned = line.map_err(refused)?;
        checked.rows += 1;
        checked.asking += u64::from(planned.changes_something() && planned.row <= checked.limit);
        let line = checked.rows + 1;
        if let Err(error) = planned.check().and_then(|()| planned.customer()) {
            checker.errors.add(RowError::of_line(line, error));
        }
        last = last.max(planned.row);
        let task = serde_json::to_string(&planned).expect("texts and tokens are JSON");
        let action = planned.action.clone().filter(|_| planned.error.is_none());
        let customer = Some(planned.id);
        checker.add(store::Row { customer, action, ..unchecked(planned.row, line, task) })?;
    }
    if last > checked.rows {
        let error = format!("a row has the number {last}, but there are {} rows", checked.rows);
        checker.errors.add(RowError::of_line(1, error));
    }
    checker.finish(plan)?;
    Ok((head, checked))
}

pub(super) fn jobs<'a>(
    store: &'a Store,
    run: &'a Run<'_>,
) -> impl Iterator<Item = Result<Job>> + Send + use<'a> {
    let kind = run.about.kind;
    store.rows_to_do(run.id).map(move |row| job(&row?, store, kind))
}

pub(super) fn job(row: &store::Row, store: &Store, kind: RunKind) -> Result<Job> {
    let damaged = || Error::new(ErrorKind::Failed, format!("row {} is damaged in the store", row.row));
    let id = row.customer.ok_or_else(damaged)?;
    let attempt = row.attempt.as_ref().map(|name| store.entry(name)).transpose()?.flatten();
    let attempted = attempt.map(|entry| store.plan(&entry)).transpose()?.map(|plan| plan.before);
    let of = |task: Task| Job { attempted, agreed: row.agreed, ..Job::of(row.row, id, task) };
    let action = row.action.clone().map(|action| Task::Action(Box::new(action)));
    match kind {
        RunKind::Update => {
            let task = task::from_json(&row.task, id).ok_or_else(damaged)?;
            let edits = Task::Edits { edits: task.edits, base: task.base, guarded: task.guarded };
            Ok(Job { name: task.customer, fixed: task.fixed, ..of(action.unwrap_or(edits)) })
        }
        RunKind::Apply => {
            let planned: Planned =
                serde_json::from_str(&row.task).map_err(|error| damaged().source(error))?;
            let name = planned.customer().map_err(|_| damaged())?;
            Ok(Job { name, ..of(action.unwrap_or(Task::Planned(Box::new(planned)))) })
        }
        RunKind::Undo => {
            let entry = store.entry(&EntryId::typed(&row.task))?.ok_or_else(damaged)?;
            Ok(of(Task::Undo(Box::new(entry))))
        }
    }
}
