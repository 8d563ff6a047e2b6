//! The rows of a run: read and checked once, kept in the store, then given one by one.

use std::io::{BufRead, BufReader, Cursor, Read};

use super::super::session::Context;
use super::worker::{Job, Task};
use super::worker_pool::Take;
use crate::bulk::plan_file::{self, Head, NotAPlan, Planned};
use crate::bulk::{Format, Mistake, Row, csv, ndjson, task};
use crate::cli::bulk::RowArgs;
use crate::document::{Action, Edit, Path};
use crate::error::{Error, Kind, Result};
use crate::field::FIELDS;
use crate::report::bulk::counted;
use crate::search::CustomerName;
use crate::store::{self, Duplicate, EntryId, NewRow, Run, RunKind, Store};
use crate::terminal::Input;

/// How many mistakes are shown.
const SHOWN: usize = 100;

/// How many rows the store is given at a time.
const BATCH: usize = 1_000;

/// How much of a file is looked at to tell what it is; its first line is mostly shorter.
const BEGINNING: u64 = 64 * 1024;

/// The rest of an input after its beginning was looked at, from the beginning.
type Source = BufReader<std::io::Chain<Cursor<Vec<u8>>, Box<dyn Read>>>;

fn open(input: &Input, context: &Context) -> Result<(Vec<u8>, Source)> {
    let mut reader = BufReader::new(context.terminal.open(input)?);
    let mut begin = Vec::new();
    let read = reader.by_ref().take(BEGINNING).read_until(b'\n', &mut begin);
    read.map_err(|why| Error::usage(format!("cannot read {input}")).because(why))?;
    let rest: Box<dyn Read> = Box::new(reader);
    Ok((begin.clone(), BufReader::new(Cursor::new(begin).chain(rest))))
}

/// How the rows are written, by the beginning of the file.
///
/// # Errors
/// `Usage` if they are no rows.
fn format(begin: &[u8], args: &RowArgs) -> Result<Format> {
    let text = String::from_utf8_lossy(begin);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        return Ok(Format::Ndjson);
    }
    if text.starts_with('[') {
        return Err(Error::usage(format!("{} is a JSON array, and not a line a customer", args.file))
            .hint("`customer list -o ndjson` prints lines; `jq -c '.[]'` makes them of an array"));
    }
    Ok(Format::Csv(args.spelling(csv::delimiter(text.lines().next().unwrap_or_default()))))
}

/// Rows, or what is wrong with them.
type Rows = Box<dyn Iterator<Item = std::result::Result<Row, Vec<Mistake>>>>;

fn rows(input: Source, format: Format) -> std::result::Result<Rows, Vec<Mistake>> {
    Ok(match format {
        Format::Csv(spelling) => Box::new(csv::Rows::new(input, spelling)?),
        Format::Ndjson => Box::new(ndjson::Rows::new(input)),
    })
}

/// Rows on their way into the store, and the mistakes that are found on it.
struct Keeper<'a> {
    store: &'a Store,
    run: &'a Run,
    batch: Vec<NewRow>,
    mistakes: Mistakes,
    /// What both rows do that name one customer: "is named".
    again: &'static str,
}

impl<'a> Keeper<'a> {
    fn new(store: &'a Store, run: &'a Run, again: &'static str) -> Keeper<'a> {
        Keeper { store, run, batch: Vec::new(), mistakes: Mistakes::default(), again }
    }

    fn keep(&mut self, row: NewRow) -> Result<()> {
        let numbers = [Some(row.row), row.customer];
        if let Some(number) = numbers.into_iter().flatten().find(|number| i64::try_from(*number).is_err()) {
            self.mistakes
                .add(Mistake::of_line(row.line, format!("{number} is no number of a row or a customer")));
            return Ok(());
        }
        self.batch.push(row);
        if self.batch.len() == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        for Duplicate { row, customer, first, line } in self.store.add_rows(self.run, &self.batch)? {
            let what = customer.map_or_else(|| format!("row {row}"), |id| format!("customer {id}"));
            self.mistakes
                .add(Mistake::of_line(line, format!("{what} {} on line {first} already", self.again)));
        }
        self.batch.clear();
        Ok(())
    }

    /// # Errors
    /// `Usage` if there are mistakes.
    fn finish(mut self, name: &str) -> Result<()> {
        self.flush()?;
        self.mistakes.refuse(name)
    }
}

/// What a file asks for as a whole.
#[derive(Debug)]
pub(super) struct Checked {
    /// How many rows there are.
    pub(super) rows: u64,
    /// The fields that touch billing, and in how many rows each of them is set.
    billing: Vec<(Path, u64)>,
    /// Rows that clear a field.
    clears: u64,
    /// Rows that are whole customers. What changes in them is known only when the customers are read.
    whole: u64,
    /// Whether customers have to be looked up.
    pub(super) looks_up: bool,
}

impl Checked {
    /// Of no rows.
    fn nothing() -> Checked {
        let billing = FIELDS.iter().filter(|field| field.touches_billing());
        let billing = billing.map(|field| (Path::of(field.path), 0)).collect();
        Checked { rows: 0, billing, clears: 0, whole: 0, looks_up: false }
    }

    fn count(&mut self, row: &Row) {
        self.looks_up |= matches!(row.customer, CustomerName::Lookup(_));
        if row.whole {
            self.whole += 1;
            return;
        }
        let billing = self.billing.iter_mut().filter(|(path, _)| row.edits.covering(path).is_some());
        billing.for_each(|(_, rows)| *rows += 1);
        let clears = |edit: &Edit| match &edit.action {
            Action::Set(value) => value.root().is_null(),
            action => action.spells_clearing(),
        };
        self.clears += u64::from(row.edits.iter().any(clears));
    }

    /// What is more than a plain change, a sentence each.
    pub(super) fn words(&self) -> Vec<String> {
        let billing = self.billing.iter().filter(|(_, rows)| *rows > 0);
        let billing = billing.map(|(path, rows)| {
            format!("`{path}`, which touches billing, is set in {}", counted(*rows, "row"))
        });
        let clears =
            (self.clears > 0).then(|| format!("fields are cleared in {}", counted(self.clears, "row")));
        let whole = (self.whole > 0).then(|| {
            let rows = counted(self.whole, "row");
            format!("what changes is not known yet in {rows} with a whole customer; `bulk plan` tells it")
        });
        billing.chain(clears).chain(whole).collect()
    }
}

/// Reads and checks every row of a file before anything is sent, and keeps it in the store.
///
/// # Errors
/// `Usage` with every mistake, the first [`SHOWN`] of them in full.
pub(super) fn check(args: &RowArgs, store: &Store, run: &Run, context: &Context) -> Result<Checked> {
    let (begin, input) = open(&args.file, context)?;
    let mut keeper = Keeper::new(store, run, "is named");
    let mut checked = Checked::nothing();
    match rows(input, format(&begin, args)?) {
        Err(header) => header.into_iter().for_each(|mistake| keeper.mistakes.add(mistake)),
        Ok(rows) => {
            for row in rows {
                checked.rows += 1;
                match row {
                    Ok(row) => {
                        checked.count(&row);
                        keeper.keep(kept(&row))?;
                    }
                    Err(wrong) => {
                        let named = wrong.iter().find_map(|mistake| Some((mistake.customer?, mistake.line)));
                        if let Some((customer, line)) = named {
                            let (row, task) = (checked.rows, String::new());
                            keeper.keep(NewRow { row, line, customer: Some(customer), task })?;
                        }
                        wrong.into_iter().for_each(|mistake| keeper.mistakes.add(mistake));
                    }
                }
            }
        }
    }
    if keeper.mistakes.count == 0 && checked.rows == 0 {
        keeper.mistakes.add(Mistake::of_line(1, "there are no rows"));
    }
    keeper.finish(&args.file.to_string())?;
    Ok(checked)
}

fn kept(row: &Row) -> NewRow {
    let customer = match &row.customer {
        CustomerName::Id(id) => Some(*id),
        CustomerName::Lookup(_) => None,
    };
    let task = task::to_json(&row.customer, &row.edits, &row.fixed);
    NewRow { row: row.number, line: row.line, customer, task }
}

/// What is wrong with rows.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    shown: Vec<Mistake>,
    pub(super) count: usize,
}

impl Mistakes {
    pub(super) fn add(&mut self, mistake: Mistake) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(mistake);
        }
    }

    /// A line each, in the order of the file.
    pub(super) fn lines(mut self) -> Vec<String> {
        self.shown.sort_by_key(|mistake| mistake.line);
        let more = self.count - self.shown.len();
        let more = (more > 0).then(|| format!("and {more} more"));
        self.shown.iter().map(ToString::to_string).chain(more).collect()
    }

    /// # Errors
    /// `Usage` where there are mistakes.
    fn refuse(self, name: &str) -> Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let mistakes = if self.count == 1 { "a mistake" } else { "mistakes" };
        Err(Error::usage(format!("{name} has {mistakes} in it, so nothing was sent")).detail(self.lines()))
    }
}

/// Reads and checks a plan file to its end before anything is sent, keeps its rows in the store, and gives its head and their
/// number.
///
/// # Errors
/// `Usage` if it is no plan, or not a whole one.
pub(super) fn check_plan(plan: &Input, store: &Store, run: &Run, context: &Context) -> Result<(Head, u64)> {
    let (_, input) = open(plan, context)?;
    let refused = |why: NotAPlan| Error::usage(format!("{plan} cannot be carried out")).because(why);
    let (head, lines) = plan_file::read(input).map_err(refused)?;
    let mut keeper = Keeper::new(store, run, "stands");
    let (mut count, mut last) = (0, 0);
    for line in lines {
        let planned = line.map_err(refused)?;
        count += 1;
        if let Err(why) = planned.plan().and_then(|_| planned.name()) {
            keeper.mistakes.add(Mistake::of_line(count + 1, why));
        }
        last = last.max(planned.row);
        let task = serde_json::to_string(&planned).expect("texts and tokens are JSON");
        keeper.keep(NewRow {
            row: planned.row,
            line: count + 1,
            customer: Some(planned.customer.id),
            task,
        })?;
    }
    if last > count {
        let why = format!("a row has the number {last}, and there are {count}");
        keeper.mistakes.add(Mistake::of_line(1, why));
    }
    keeper.finish(&plan.to_string())?;
    Ok((head, count))
}

/// Gives the rows of a run that were not reached, at most so many.
///
/// # Errors
/// `Failed` if the store cannot be read, or what it holds does not fit together.
pub(super) fn feed(store: &Store, run: &Run, limit: u64, take: Take<'_, Job>) -> Result<()> {
    let mut left = limit;
    each_to_do(store, run, |row| {
        let wanted = left > 0;
        left = left.saturating_sub(1);
        Ok(wanted && take(job(&row, store, &run.about.kind)?))
    })
}

/// Gives every row that was not reached to `each`, until that says no.
pub(super) fn each_to_do(
    store: &Store,
    run: &Run,
    mut each: impl FnMut(store::Row) -> Result<bool>,
) -> Result<()> {
    let mut after = 0;
    loop {
        let page = store.rows_to_do(run, after)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.row;
        for row in page {
            if !each(row)? {
                return Ok(());
            }
        }
    }
}

fn job(row: &store::Row, store: &Store, kind: &RunKind) -> Result<Job> {
    let damaged =
        || Error::new(Kind::Failed, format!("what the store holds of row {} cannot be read", row.row));
    let id = row.customer.ok_or_else(damaged)?;
    match kind {
        RunKind::Update => {
            let (name, edits, fixed) = task::from_json(&row.task, id).ok_or_else(damaged)?;
            Ok(Job { name, fixed, ..Job::of(row.row, id, Task::Edits(edits)) })
        }
        RunKind::Apply => {
            let planned: Planned = serde_json::from_str(&row.task).map_err(|why| damaged().because(why))?;
            let name = planned.name().map_err(|_| damaged())?;
            Ok(Job { name, ..Job::of(row.row, id, Task::Planned(Box::new(planned))) })
        }
        RunKind::Undo(_) => {
            let entry = store.entry(&EntryId::typed(&row.task))?.ok_or_else(damaged)?;
            Ok(Job::of(row.row, id, Task::Undo(Box::new(entry))))
        }
    }
}
