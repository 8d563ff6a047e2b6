//! `customer list --out`: customers as a table to edit, and the base that tells its edited cells.

use std::path::{Path as FilePath, PathBuf};

use super::bulk::beside;
use super::session::Session;
use crate::bulk::base::{self, Head, VERSION};
use crate::bulk::cell::written;
use crate::bulk::columns::MARK;
use crate::bulk::sheet::{self, Heading};
use crate::cli::Output;
use crate::document::{Customer, Path};
use crate::error::{Error, ErrorKind, Result};
use crate::export::{Export, is_device};
use crate::field::{self, FieldKind};
use crate::report::bulk::counted;
use crate::report::csv::csv;
use crate::report::json::{Object, printed};
use crate::report::list::exported;
use crate::store::EntryId;
use crate::terminal::Input;

/// Without it Excel takes the file for one in the code page of the machine.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table that is being exported.
pub(super) struct Table {
    file: PathBuf,
    columns: Vec<Path>,
    /// The columns that can be edited; the base has their tokens.
    fields: Vec<Path>,
    base: base::Writer,
    form: Form,
}

enum Form {
    Csv { table: Export, base: Export, kept: PathBuf },
    Xlsx { book: Box<sheet::Writer>, out: Export },
}

impl Table {
    /// Called before the first request.
    pub(super) fn check_writable(file: &FilePath) -> Result<()> {
        let unusable = |error: Error| Error { kind: ErrorKind::Usage, ..error }.step("--out");
        is_workbook(file)?;
        Export::check_writable(file).map_err(unusable)?;
        if is_device(file) {
            return Err(Error::usage(format!(
                "--out {} is no file, so no base can be kept with it",
                file.display()
            ))
            .hint("`-o csv` prints the customers"));
        }
        base_of(file).map_or(Ok(()), |base| Export::check_writable(&base).map_err(unusable))
    }

    pub(super) fn new(file: &FilePath, columns: Option<Vec<Path>>, session: &Session<'_>) -> Result<Table> {
        let id = Path::root("id");
        let mut columns = columns.unwrap_or_else(exported);
        columns.retain(|path| *path != id);
        columns.insert(0, id);
        let fields: Vec<Path> = columns.iter().filter(|path| editable(path)).cloned().collect();
        let time = session.terminal.now();
        let head = Head {
            fusebill_base: VERSION,
            export: EntryId::new(time, fastrand::u32(..)).to_string(),
            profile: session.account.profile.clone(),
            host: session.account.origin.clone(),
            time,
            fields: fields.clone(),
        };
        let (base, first) = base::Writer::new(&head);
        let names = columns.iter().map(heading).chain([format!("{MARK}{}", head.export)]);
        let form = if is_workbook(file)? {
            let headings: Vec<Heading> = names.map(described).collect();
            let mut book = sheet::Writer::new(&headings).map_err(|error| unwritable(file, error))?;
            book.base(&first).map_err(|error| unwritable(file, error))?;
            Form::Xlsx { book: Box::new(book), out: Export::to(file)? }
        } else {
            let kept = base_of(file).expect("a file has a name");
            let (mut table, mut base) = (Export::to(file)?, Export::to(&kept)?);
            table.write(&format!("{BYTE_ORDER_MARK}{}", csv([names.collect::<Vec<_>>()])))?;
            base.write(&first)?;
            Form::Csv { table, base, kept }
        };
        Ok(Table { file: file.to_path_buf(), columns, fields, base, form })
    }

    pub(super) fn add(&mut self, customers: &[Customer]) -> Result<()> {
        for customer in customers {
            let cells = self.columns.iter().map(|path| written(customer.get(path)));
            let cells: Vec<String> = cells.chain([String::new()]).collect();
            let line = self.base.line(customer, &self.fields);
            match &mut self.form {
                Form::Csv { table, base, .. } => {
                    table.write(&csv([cells]))?;
                    base.write(&line)?;
                }
                Form::Xlsx { book, .. } => {
                    let failed =
                        |error| unwritable(&self.file, error).step(format!("customer {}", customer.id()));
                    book.row(&cells).map_err(failed)?;
                    book.base(&line).map_err(|error| unwritable(&self.file, error))?;
                }
            }
        }
        Ok(())
    }

    /// The base is complete before the table is, so that no table is without its base.
    pub(super) fn finish(self, count: u64, session: &Session<'_>) -> Result<()> {
        let end = self.base.end();
        let kept = match self.form {
            Form::Csv { table, mut base, kept } => {
                base.write(&end)?;
                base.finish()?;
                table.finish()?;
                Some(kept)
            }
            Form::Xlsx { mut book, mut out } => {
                book.base(&end).map_err(|error| unwritable(&self.file, error))?;
                out.write_bytes(&book.finish().map_err(|error| unwritable(&self.file, error))?)?;
                out.finish()?;
                None
            }
        };
        report(&self.file, kept.as_deref(), count, session)
    }
}

fn report(file: &FilePath, base: Option<&FilePath>, count: u64, session: &Session<'_>) -> Result<()> {
    let kept =
        base.map_or_else(|| " and its base".to_string(), |base| format!("; its base is {}", base.display()));
    let customers = counted(count, "customer");
    session.terminal.notes().say(&format!("Exported {customers} to {}{kept}.", file.display()));
    let plan = crate::account::command(
        &session.account.profile,
        &format!("customer bulk plan {}", shell_words::quote(&file.to_string_lossy())),
    );
    session.terminal.notes().say_command("After editing it:", &plan);
    let output = session.global.output;
    if !matches!(output, Output::Json | Output::Ndjson) {
        return Ok(());
    }
    let object = Object::default()
        .member("outcome", &ErrorKind::Done.row().name)
        .member("customers", &count)
        .member("file", &file.display().to_string())
        .member("base", &base.map(|base| base.display().to_string()));
    session.terminal.print(&printed(&object.end(), output))
}

/// The name of a column: one that cannot be edited begins with `#`, so that `customer bulk` does not read it.
fn heading(path: &Path) -> String {
    if editable(path) || *path == Path::root("id") { path.to_string() } else { format!("#{path}") }
}

fn editable(path: &Path) -> bool {
    field::at(&path.dotted()).is_some_and(|field| field.kind != FieldKind::Codes)
}

fn described(name: String) -> Heading {
    Heading { field: field::at(&name), is_key: name == "id", name }
}

fn is_workbook(file: &FilePath) -> Result<bool> {
    let extension = file.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "xlsx" => Ok(true),
        "csv" => Ok(false),
        _ => Err(Error::usage(format!(
            "--out {}: the name of the file must end in .csv or .xlsx",
            file.display()
        ))
        .hint("`-o ndjson` prints whole customers")),
    }
}

fn base_of(file: &FilePath) -> Option<PathBuf> {
    let is_csv = is_workbook(file).is_ok_and(|it| !it);
    beside(&Input::File(file.to_path_buf())).filter(|_| is_csv)
}

fn unwritable(file: &FilePath, reason: impl Into<anyhow::Error>) -> Error {
    Error::new(ErrorKind::Failed, format!("{} cannot be written", file.display())).source(reason)
}
