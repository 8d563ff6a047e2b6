//! The rows of a run: copied first, checked as a whole, then given one by one.

use std::io::BufRead;
use std::path::Path as FilePath;

use super::worker::{Job, Task};
use super::worker_pool::Take;
use crate::bulk::plan_file::{self, Head, NotAPlan};
use crate::bulk::{Format, Mistake, Row, csv, ndjson};
use crate::cli::bulk::RowArgs;
use crate::document::{Action, Edit, Path};
use crate::error::{Error, Result};
use crate::field::FIELDS;
use crate::report::bulk::counted;
use crate::runs::{self, Customers, Finished, Kept, seen::Seen};
use crate::search::CustomerName;
use crate::terminal::Input;

/// How many mistakes are shown.
const SHOWN: usize = 100;

/// Copies the input into a folder, so that it stays what it is while it is worked on.
///
/// # Errors
/// `Usage` where it cannot be read; `Failed` where it cannot be copied.
pub(super) fn spool(
    input: &Input,
    folder: &FilePath,
    context: &super::super::session::Context,
) -> Result<()> {
    let reader = context.terminal.open(input)?;
    runs::spool(reader, folder).map_err(not_kept)
}

pub(super) fn not_kept(why: anyhow::Error) -> Error {
    Error::new(crate::error::Kind::Failed, "the run cannot be kept on this machine").because(why)
}

/// How the copied rows are written.
///
/// # Errors
/// `Failed` where they cannot be read.
pub(super) fn format(folder: &FilePath, args: &RowArgs) -> Result<Format> {
    let mut input = runs::open_input(folder).map_err(not_kept)?;
    let begin = input.fill_buf().map_err(|why| not_kept(why.into()))?;
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
type Rows = Box<dyn Iterator<Item = std::result::Result<Row, Vec<Mistake>>> + Send>;

fn rows(input: Kept, format: &Format) -> std::result::Result<Rows, Vec<Mistake>> {
    Ok(match format {
        Format::Csv(spelling) => Box::new(csv::Rows::new(input, spelling.clone())?),
        Format::Ndjson => Box::new(ndjson::Rows::new(input)),
    })
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

/// Checks every row before anything is sent, and gives what they ask for as a whole.
///
/// # Errors
/// `Usage` with every mistake, the first [`SHOWN`] of them in full.
pub(super) fn check(folder: &FilePath, format: &Format, name: &str) -> Result<Checked> {
    let input = runs::open_input(folder).map_err(not_kept)?;
    let mut mistakes = Mistakes::default();
    let mut seen = Seen::default();
    let mut checked = Checked::nothing();
    match rows(input, format) {
        Err(header) => header.into_iter().for_each(|mistake| mistakes.add(mistake)),
        Ok(rows) => {
            for row in rows {
                checked.rows += 1;
                match row {
                    Ok(row) => {
                        checked.count(&row);
                        if let CustomerName::Id(id) = row.customer {
                            seen.insert(id, row.line).map_err(|why| not_kept(why.into()))?;
                        }
                    }
                    Err(wrong) => {
                        let named = wrong.iter().find_map(|mistake| Some((mistake.customer?, mistake.line)));
                        if let Some((customer, line)) = named {
                            seen.insert(customer, line).map_err(|why| not_kept(why.into()))?;
                        }
                        wrong.into_iter().for_each(|mistake| mistakes.add(mistake));
                    }
                }
            }
        }
    }
    let twice = |it: runs::seen::Twice| {
        let why = format!("customer {} is named on line {} already", it.customer, it.first);
        mistakes.add(Mistake::of_line(it.line, why));
    };
    seen.twice(twice).map_err(|why| not_kept(why.into()))?;
    if mistakes.count == 0 && checked.rows == 0 {
        mistakes.add(Mistake::of_line(1, "there are no rows"));
    }
    mistakes.refuse(name).map(|()| checked)
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

/// The rows of a checked file.
///
/// # Errors
/// `Failed` where the copy changed since.
pub(super) fn rows_of(input: Kept, format: &Format) -> Result<impl Iterator<Item = Result<Row>>> {
    let changed = |mistakes: Vec<Mistake>| {
        let said = mistakes.iter().map(ToString::to_string);
        Error::new(crate::error::Kind::Failed, "the kept copy of the rows is damaged").detail(said)
    };
    Ok(rows(input, format).map_err(changed)?.map(move |row| row.map_err(changed)))
}

/// Gives the rows of a checked file that have no end yet. `customers` are those that were looked up.
///
/// # Errors
/// `Failed` where the copy changed since.
pub(super) fn feed(
    input: Kept,
    mut customers: Option<Customers>,
    format: &Format,
    finished: &Finished,
    take: Take<'_, Job>,
) -> Result<()> {
    let lost = || Error::new(crate::error::Kind::Failed, "the customers that were looked up cannot be read");
    for row in rows_of(input, format)? {
        let Row { number: row, customer: name, edits, fixed, .. } = row?;
        if finished.contains(row) {
            continue;
        }
        let customer = match (&name, &mut customers) {
            (CustomerName::Id(id), _) => *id,
            (CustomerName::Lookup(_), Some(customers)) => {
                customers.of(row).map_err(|why| lost().because(why))?
            }
            (CustomerName::Lookup(_), None) => return Err(lost()),
        };
        if !take(Job { row, customer, name, fixed, task: Task::Edits(edits) }) {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads a plan file to its end before anything is sent, and gives its head and how many rows it has.
///
/// # Errors
/// `Usage` where it is no plan, or not a whole one.
pub(super) fn check_plan(folder: &FilePath, name: &str) -> Result<(Head, u64)> {
    let input = runs::open_input(folder).map_err(not_kept)?;
    let refused = |why: NotAPlan| Error::usage(format!("{name} cannot be carried out")).because(why);
    let (head, lines) = plan_file::read(input).map_err(refused)?;
    let (mut seen, mut rows) = (Seen::default(), Seen::default());
    let mut mistakes = Mistakes::default();
    let (mut count, mut last) = (0, 0);
    for line in lines {
        let line = line.map_err(refused)?;
        count += 1;
        seen.insert(line.customer.id, count + 1).map_err(|why| not_kept(why.into()))?;
        rows.insert(line.row, count + 1).map_err(|why| not_kept(why.into()))?;
        if let Err(why) = line.plan().and_then(|_| line.name()) {
            mistakes.add(Mistake::of_line(count + 1, why));
        }
        last = last.max(line.row);
    }
    if last > count {
        mistakes.add(Mistake::of_line(1, format!("a row has the number {last}, and there are {count}")));
    }
    let again = |it: runs::seen::Twice| {
        let why = format!("row {} stands on line {} already", it.customer, it.first);
        mistakes.add(Mistake::of_line(it.line, why));
    };
    rows.twice(again).map_err(|why| not_kept(why.into()))?;
    let twice = |it: runs::seen::Twice| {
        let why = format!("customer {} stands on line {} already", it.customer, it.first);
        mistakes.add(Mistake::of_line(it.line, why));
    };
    seen.twice(twice).map_err(|why| not_kept(why.into()))?;
    mistakes.refuse(name).map(|()| (head, count))
}

/// Gives the rows of a checked plan that have no end yet.
///
/// # Errors
/// `Failed` where the copy changed since.
pub(super) fn feed_plan(input: Kept, finished: &Finished, take: Take<'_, Job>) -> Result<()> {
    let damaged = |why: NotAPlan| {
        Error::new(crate::error::Kind::Failed, "the kept copy of the plan is damaged").because(why)
    };
    let (_, lines) = plan_file::read(input).map_err(damaged)?;
    for line in lines {
        let line = line.map_err(damaged)?;
        let (row, customer) = (line.row, line.customer.id);
        let name = line.name().map_err(|why| damaged(NotAPlan::Damaged(Mistake::of_line(row, why))))?;
        let job = Job { name, ..Job::of(row, customer, Task::Planned(Box::new(line))) };
        if !finished.contains(row) && !take(job) {
            return Ok(());
        }
    }
    Ok(())
}
