//! The file of a bulk command: its format, its rows, and the base that it was exported with.

use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::super::session::Context;
use crate::bulk::base::{Base, BaseError, Head};
use crate::bulk::sheet::{self, Sheet};
use crate::bulk::table::{self, Record};
use crate::bulk::{Row, RowError, ndjson};
use crate::cli::bulk::RowArgs;
use crate::error::{Error, Result};
use crate::terminal::Input;

/// How many bytes of a file are looked at to tell its format; its first line is mostly shorter.
const BEGINNING: u64 = 64 * 1024;

/// ZIP (XLSX, ODS) and OLE (XLS).
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

type Rows = Box<dyn Iterator<Item = std::result::Result<Row, Vec<RowError>>>>;

/// The rows of a file, not yet checked.
pub(super) struct UncheckedRows {
    pub(super) rows: Rows,
    /// The names of its columns; none in NDJSON.
    pub(super) header: Option<Vec<String>>,
    /// Where and when it was exported, if its base is used.
    pub(super) exported: Option<Head>,
    /// Of a workbook: the sheet that is read, if there are others.
    pub(super) note: Option<String>,
}

impl UncheckedRows {
    fn of(rows: Rows) -> UncheckedRows {
        UncheckedRows { rows, header: None, exported: None, note: None }
    }
}

pub(super) fn open(args: &RowArgs, context: &Context) -> Result<UncheckedRows> {
    let unreadable = |error| Error::usage(format!("cannot read {}", args.file)).source(error);
    let mut input = BufReader::new(context.terminal.open(&args.file)?);
    let mut begin = Vec::new();
    input.by_ref().take(BEGINNING).read_until(b'\n', &mut begin).map_err(unreadable)?;
    if WORKBOOKS.iter().any(|magic| begin.starts_with(magic)) {
        input.read_to_end(&mut begin).map_err(unreadable)?;
        return workbook(begin, args, context);
    }
    if let Some((encoding, _)) = Encoding::for_bom(&begin).filter(|(it, _)| [UTF_16LE, UTF_16BE].contains(it))
    {
        input.read_to_end(&mut begin).map_err(unreadable)?;
        let (text, _, is_damaged) = encoding.decode(&begin);
        if is_damaged {
            return Err(Error::usage(format!("{} is not whole UTF-16 text", args.file)));
        }
        let lines = text.split_inclusive('\n').next().unwrap_or_default().len();
        let (first, rest) = text.split_at(lines);
        return text_rows(first.as_bytes().to_vec(), Cursor::new(rest.as_bytes().to_vec()), args, context);
    }
    text_rows(begin, input, args, context)
}

fn text_rows(
    begin: Vec<u8>,
    rest: impl Read + 'static,
    args: &RowArgs,
    context: &Context,
) -> Result<UncheckedRows> {
    let text = String::from_utf8_lossy(&begin);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('[') {
        return Err(Error::usage(format!("{} is a JSON array, not one object a line", args.file))
            .hint("`customer list -o ndjson` prints lines; `jq -c '.[]'` makes them of an array"));
    }
    let is_ndjson = text.starts_with('{');
    let spelling = args.spelling(table::delimiter(text.lines().next().unwrap_or_default()));
    let input = Cursor::new(begin).chain(rest);
    if is_ndjson {
        return Ok(UncheckedRows::of(Box::new(ndjson::Rows::new(BufReader::new(input)))));
    }
    match table::Rows::new(input, spelling) {
        Ok(rows) => with_base(rows, None, args, context),
        Err(header) => Ok(UncheckedRows::of(Box::new(std::iter::once(Err(header))))),
    }
}

fn workbook(bytes: Vec<u8>, args: &RowArgs, context: &Context) -> Result<UncheckedRows> {
    let Sheet { name, records, base, others } = read_sheet(bytes, &args.file)?;
    let records = records.into_iter().map(Ok);
    match table::Rows::of(records, args.spelling(','), true) {
        Ok(rows) => {
            let note = format!("Reading the sheet `{name}`, not `{}`.", others.join("`, `"));
            let opened = with_base(rows, base, args, context)?;
            Ok(UncheckedRows { note: (!others.is_empty()).then_some(note), ..opened })
        }
        Err(header) => Ok(UncheckedRows::of(Box::new(std::iter::once(Err(header))))),
    }
}

fn read_sheet(bytes: Vec<u8>, file: &Input) -> Result<Sheet> {
    sheet::read(bytes)
        .map_err(|error| Error::usage(format!("{file} cannot be read as a spreadsheet")).source(error))
}

/// Finds the base: the one that `--base` names, the one inside the workbook, or `FILE.base`.
fn with_base<I>(
    rows: table::Rows<I>,
    inside: Option<String>,
    args: &RowArgs,
    context: &Context,
) -> Result<UncheckedRows>
where
    I: Iterator<Item = std::result::Result<Record, RowError>> + 'static,
{
    let header = Some(rows.names().to_vec());
    let export = rows.export().map(str::to_string);
    if args.no_base {
        return Ok(UncheckedRows { header, ..UncheckedRows::of(Box::new(rows)) });
    }
    let beside = beside(&args.file).filter(|path| path.exists());
    let found = match (&args.base, inside, beside) {
        (Some(path), ..) => Some(read_base(path, context)?),
        (None, Some(text), _) => {
            Some((args.file.to_string(), Base::read(Box::new(Cursor::new(text.into_bytes())))))
        }
        (None, None, Some(path)) => Some(read_base(&path, context)?),
        (None, None, None) => None,
    };
    let Some((name, base)) = found else {
        if export.is_some() {
            return Err(no_base(&args.file));
        }
        return Ok(UncheckedRows { header, ..UncheckedRows::of(Box::new(rows)) });
    };
    let base = base.map_err(|error| refused(&name, error))?;
    if export.is_some_and(|export| export != base.head.export) {
        return Err(Error::usage(format!("the base {name} belongs to another export than {}", args.file))
            .hint(
                "--base FILE names the base that was kept with it; --no-base takes every cell as an edit",
            ));
    }
    if !rows.has_ids() {
        return Err(Error::usage(format!("{} was exported, and its base finds customers by id", args.file))
            .hint("put the column `id` back; --no-base takes every cell as an edit"));
    }
    let exported = Some(base.head.clone());
    Ok(UncheckedRows { header, exported, ..UncheckedRows::of(Box::new(rows.with_base(base))) })
}

fn read_base(path: &Path, context: &Context) -> Result<(String, std::result::Result<Base, BaseError>)> {
    let input = Input::File(path.to_path_buf());
    let unreadable = |error| Error::usage(format!("cannot read the base {input}")).source(error);
    let mut file = context.terminal.open_file(path)?;
    let mut magic = [0; 4];
    let is_workbook = file.read_exact(&mut magic).is_ok() && WORKBOOKS.contains(&magic.as_slice());
    file.rewind().map_err(unreadable)?;
    if !is_workbook {
        return Ok((input.to_string(), Base::read(Box::new(file))));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let base = read_sheet(bytes, &input)?.base.ok_or(BaseError::NoHead);
    Ok((input.to_string(), base.and_then(|text| Base::read(Box::new(Cursor::new(text.into_bytes()))))))
}

/// The files that a command reads, so that none of its output replaces one.
pub(super) fn files(args: &RowArgs) -> Vec<PathBuf> {
    [paths(&args.file), args.base.iter().cloned().chain(beside(&args.file)).collect()].concat()
}

pub(super) fn paths(input: &Input) -> Vec<PathBuf> {
    match input {
        Input::File(path) => vec![path.clone()],
        _ => Vec::new(),
    }
}

/// `customers.csv.base` of `customers.csv`.
pub(in crate::commands) fn beside(file: &Input) -> Option<PathBuf> {
    let Input::File(path) = file else { return None };
    let mut name = path.file_name()?.to_os_string();
    name.push(".base");
    Some(path.with_file_name(name))
}

fn no_base(file: &Input) -> Error {
    let message = format!("{file} was exported, but the base that was kept with it is missing");
    Error::usage(message)
        .hint("--base FILE names the base of a renamed file: FILE.csv.base, or the exported .xlsx")
        .hint("--no-base takes every cell as an edit, also those that colleagues changed since the export")
}

fn refused(name: &str, error: BaseError) -> Error {
    Error::usage(format!("the base {name} cannot be used"))
        .source(error)
        .hint("--no-base takes every cell as an edit, also those that colleagues changed since the export")
}
