//! `fusebill customer bulk`: many customers from a file.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Subcommand};

use rust_decimal::Decimal;

use super::VerifyArgs;
use crate::account::Settings;
use crate::account::setting::Key;
use crate::action::preview::typed;
use crate::api::MOST_CONNECTIONS;
use crate::bulk::Spelling;
use crate::bulk::cell::{CLEAR, EMPTY};
use crate::terminal::Input;

/// Customers at once if neither a flag nor the profile sets a number.
const USUAL_JOBS: u32 = 4;

#[derive(Debug, Subcommand)]
pub enum BulkCommand {
    /// Read every customer of a file and show what would change
    ///
    /// Changes are counted by field, with samples; `-o csv` has every one. `--out` saves the plan, which `apply` writes. Nothing is
    /// written to the account.
    #[command(after_long_help = include_str!("examples/customer-bulk-plan.txt"))]
    Plan(PlanArgs),
    /// Show what a plan changes
    ///
    /// Changes are counted by field, with samples; `-o csv` has every one. Nothing is sent.
    #[command(after_long_help = include_str!("examples/customer-bulk-show.txt"))]
    Show(ShowArgs),
    /// Write the changes of a plan
    ///
    /// The actions of the plan are confirmed first. On a terminal, three rows are written and shown; a question follows before
    /// the others. A row is refused if one of its
    /// fields changed since the plan was made. A plan is refused on any profile or host but its own.
    #[command(after_long_help = include_str!("examples/customer-bulk-apply.txt"))]
    Apply(ApplyArgs),
    /// Change every customer of a file
    ///
    /// The whole file is checked before the first request. Each row is read, written, verified and recorded as in
    /// `customer update`. On a terminal, three rows are written and shown; a question follows before the others. Blank cells
    /// change nothing. A column `action` has status actions, such as `hold` or `unhold:none`: their charges are shown and
    /// confirmed before the first one is sent.
    #[command(after_long_help = include_str!("examples/customer-bulk-update.txt"))]
    Update(BulkUpdateArgs),
    /// Continue an interrupted run
    ///
    /// Rows that were written are not written again. If the outcome of a row is unknown, its customer is read to find it
    /// out; if it was not written, and the customer was not modified since, it is written now. Rows that failed before
    /// anything was written are tried again.
    #[command(after_long_help = include_str!("examples/customer-bulk-resume.txt"))]
    Resume(ResumeArgs),
    /// Try the rows of a run again that did not succeed
    ///
    /// As `resume`, and also rows that were refused or conflicted, and customers that were not found.
    #[command(after_long_help = include_str!("examples/customer-bulk-retry.txt"))]
    Retry(ResumeArgs),
    /// Take a run back, row by row
    ///
    /// Every field that the run changed gets its old value back, unless it was changed since. `--last` is the latest run that
    /// wrote something and was not undone.
    #[command(after_long_help = include_str!("examples/customer-bulk-undo.txt"))]
    Undo(BulkUndoArgs),
    /// List the runs of this machine, or the rows of one
    #[command(after_long_help = include_str!("examples/customer-bulk-list.txt"))]
    List {
        /// Name of the run whose rows are listed
        #[arg(value_name = "RUN")]
        name: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct RowArgs {
    /// CSV, XLSX or ODS with a header that has `id` or begins with `reference`, or NDJSON of `id` and a merge patch; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Input,
    /// Separator of CSV cells: `,`, `;` or `tab` [default: detected]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = "Rows")]
    pub(crate) delimiter: Option<char>,
    /// The cell that clears a field
    #[arg(long, value_name = "TEXT", default_value = CLEAR, help_heading = "Rows")]
    pub(crate) null_token: String,
    /// The cell that sets a field to empty text
    #[arg(long, value_name = "TEXT", default_value = EMPTY, help_heading = "Rows")]
    pub(crate) empty_token: String,
    /// Ignore a column (repeatable, comma-separated)
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Rows")]
    pub(crate) ignore_column: Vec<String>,
    /// Allow values of this column that a spreadsheet seems to have respelled (repeatable, comma-separated)
    ///
    /// A value that differs from the old one only in leading zeros, in the form of a number or a date, in its encoding, or
    /// in blanks and invisible characters is refused otherwise.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', help_heading = "Rows")]
    pub(crate) allow_respelled: Vec<String>,
    /// The base of an exported file that was renamed: FILE.csv.base, or the exported .xlsx
    #[arg(long, value_name = "FILE", conflicts_with = "no_base", help_heading = "Rows")]
    pub(crate) base: Option<PathBuf>,
    /// Take every cell of an exported file as an edit, also those that were not edited
    #[arg(long, help_heading = "Rows")]
    pub(crate) no_base: bool,
    /// Allow fields in NDJSON that a customer does not have
    #[arg(long, help_heading = "Rows")]
    pub(crate) new_field: bool,
}

#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    #[arg(long, value_name = "COUNT")]
    #[arg(help = format!("Customers at once [default: the profile's, or {USUAL_JOBS}]"))]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MOST_CONNECTIONS as i64))]
    pub(crate) jobs: Option<u32>,
    /// Requests a minute at most, within the account's limit [default: the profile's]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Stop after this many rows
    ///
    /// `resume` continues with the other rows of a run. A plan has only these rows.
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// Stop at this many failures in a row
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_failures: u64,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Confirm everything without asking
    #[arg(short, long, help_heading = "Writing")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Write the results to this file too
    ///
    /// The outcome of every row, and the rows that were not sent. CSV, unless the name ends in .ndjson or .jsonl.
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    #[arg(value_parser = PathBufValueParser::new().try_map(file))]
    pub(crate) results: Option<PathBuf>,
}

/// The bound of a run whose actions charge.
#[derive(Debug, Args)]
pub struct TotalArgs {
    /// Send actions only if together they charge at most this amount; --yes needs it for `activate` and `unhold`
    #[arg(long, value_name = "AMOUNT", value_parser = typed, help_heading = "Writing")]
    pub(crate) max_total: Option<Decimal>,
}

#[derive(Debug, Args)]
pub struct FailureArgs {
    /// Write the rows that did not succeed to this file, with the reason
    ///
    /// It has the form of the input, so that the rows can be mended and used again: CSV, or XLSX if its name ends in .xlsx, or
    /// NDJSON. Of a plan it is a plan.
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    #[arg(value_parser = PathBufValueParser::new().try_map(file))]
    pub(crate) failures: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    /// Save the plan to this file, for `apply`; without it `-o ndjson` prints the plan
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(file))]
    pub(crate) out: Option<PathBuf>,
    /// Also read the customers that become parents
    #[arg(long)]
    pub(crate) check: bool,
    /// Exit with 12 if anything would change
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The plan that `bulk plan --out` saved
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Input,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The plan that `bulk plan` wrote
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Input,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
    #[command(flatten)]
    pub(crate) total: TotalArgs,
    #[command(flatten)]
    pub(crate) proof: VerifyArgs,
}

#[derive(Debug, Args)]
pub struct BulkUpdateArgs {
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    /// Read the customers, show what would change, and stop
    #[arg(long, help_heading = "Writing")]
    pub(crate) dry_run: bool,
    /// With --dry-run: also read the customers that become parents
    #[arg(long, requires = "dry_run", help_heading = "Writing")]
    pub(crate) check: bool,
    /// With --dry-run: exit with 12 if anything would change
    #[arg(long, requires = "dry_run", help_heading = "Writing")]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) proof: VerifyArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) total: TotalArgs,
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
}

#[derive(Debug, Args)]
pub struct RunName {
    /// Name of the run, as `bulk list` lists it
    #[arg(value_name = "RUN", required_unless_present = "last")]
    pub(crate) name: Option<String>,
    /// The latest run of this profile
    #[arg(long, conflicts_with = "name")]
    pub(crate) last: bool,
}

#[derive(Debug, Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub(crate) run_name: RunName,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) total: TotalArgs,
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
}

#[derive(Debug, Args)]
pub struct BulkUndoArgs {
    #[command(flatten)]
    pub(crate) run_name: RunName,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) proof: VerifyArgs,
}

impl PaceArgs {
    pub(crate) fn jobs(&self, settings: &Settings) -> usize {
        self.jobs.or_else(|| settings.count(Key::Jobs)).unwrap_or(USUAL_JOBS) as usize
    }

    pub(crate) fn rate(&self, settings: &Settings) -> Option<u32> {
        self.rate.or_else(|| settings.count(Key::Rate))
    }
}

impl RowArgs {
    pub(crate) fn spelling(&self, delimiter: char) -> Spelling {
        Spelling {
            delimiter: self.delimiter.unwrap_or(delimiter),
            null: self.null_token.trim().to_string(),
            empty: self.empty_token.trim().to_string(),
            ignored: self.ignore_column.clone(),
            allowed: self.allow_respelled.clone(),
        }
    }
}

/// `-` is refused, because elsewhere it means standard output.
pub(super) fn file(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str() == "-" {
        return Err("a file is needed here, not standard output; `./-` is a file of that name".to_string());
    }
    Ok(path)
}

fn delimiter(text: &str) -> Result<char, String> {
    match text {
        "," => Ok(','),
        ";" => Ok(';'),
        "tab" | "\t" | "\\t" => Ok('\t'),
        _ => Err("`,`, `;` or `tab` is needed".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::setting::Value;

    #[test]
    fn a_dash_is_no_file() {
        assert!(file("-".into()).is_err_and(|error| error.contains("`./-`")));
        assert_eq!(file("./-".into()), Ok("./-".into()));
    }

    #[test]
    fn a_pace_on_the_command_line_goes_before_that_of_the_profile() {
        let none = PaceArgs { jobs: None, rate: None, limit: None, max_failures: 1 };
        let given = PaceArgs { jobs: Some(2), rate: Some(5), ..none };
        let says: Settings =
            [(Key::Jobs, Value::Count(8)), (Key::Rate, Value::Count(60))].into_iter().collect();
        let pace = |pace: &PaceArgs, settings: &Settings| (pace.jobs(settings), pace.rate(settings));
        assert_eq!(pace(&none, &Settings::default()), (4, None));
        assert_eq!(pace(&none, &says), (8, Some(60)));
        assert_eq!(pace(&given, &says), (2, Some(5)));
    }
}
