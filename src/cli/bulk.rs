//! `fusebill customer bulk`: many customers from a file.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::{Proof, input};
use crate::api::MOST_CONNECTIONS;
use crate::bulk::Spelling;
use crate::profile::Settings;
use crate::profile::setting::Key;
use crate::terminal::Input;

/// Customers that are worked on at once if neither a flag nor the profile sets a number.
const USUAL_JOBS: u32 = 4;

/// What to do with many customers.
#[derive(Debug, Subcommand)]
pub enum BulkCommand {
    /// Read every customer of a file and write down what would change
    ///
    /// The plan is NDJSON to look at, and to carry out with `apply`: it holds what is to change in each customer and the
    /// customer as it was. Nothing is written to the account.
    #[command(after_long_help = include_str!("examples/customer-bulk-plan.txt"))]
    Plan(PlanArgs),
    /// Carry out a plan
    ///
    /// No question is asked, unless the profile says `confirm = "always"`: the plan was looked at. A row is refused where
    /// one of the fields that it touches changed since, and the plan as a whole on any other profile or host than its own.
    #[command(after_long_help = include_str!("examples/customer-bulk-apply.txt"))]
    Apply(ApplyArgs),
    /// Change every customer of a file
    ///
    /// The whole file is checked before the first request. Each row goes the way of `customer update`: read, written,
    /// verified, noted. Blank cells change nothing.
    #[command(after_long_help = include_str!("examples/customer-bulk-update.txt"))]
    Update(BulkUpdateArgs),
    /// Go on with a run that was cut off
    ///
    /// Rows that were written are not written again; rows that were in flight, or whose outcome is unknown, are settled by
    /// reading their customers. Rows that failed before anything was written are tried again.
    #[command(after_long_help = include_str!("examples/customer-bulk-resume.txt"))]
    Resume(ResumeArgs),
    /// Take a run back, row by row
    ///
    /// Every field that the run changed gets its old value, where nobody changed it since.
    #[command(after_long_help = include_str!("examples/customer-bulk-undo.txt"))]
    Undo(BulkUndoArgs),
    /// List the runs of this machine
    #[command(after_long_help = include_str!("examples/customer-bulk-list.txt"))]
    List,
}

/// The file with the rows.
#[derive(Debug, Args)]
pub struct RowArgs {
    /// CSV with a header that begins with `id` or `reference`, or NDJSON of `id` and a merge patch; - reads standard input
    #[arg(value_name = "FILE", value_parser = input)]
    pub(crate) file: Input,
    /// What parts the cells of CSV: `,`, `;` or `tab`; found out by itself where it is not given
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = "Rows")]
    pub(crate) delimiter: Option<char>,
    /// The cell that clears a field
    #[arg(long, value_name = "TEXT", default_value = "#N/A", help_heading = "Rows")]
    pub(crate) null_token: String,
    /// The cell that sets a field to empty text
    #[arg(long, value_name = "TEXT", default_value = "#EMPTY", help_heading = "Rows")]
    pub(crate) empty_token: String,
    /// Pass a column over (repeatable, comma-separated)
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Rows")]
    pub(crate) ignore_column: Vec<String>,
    /// Allow fields in NDJSON that a customer does not have
    #[arg(long, help_heading = "Rows")]
    pub(crate) new_field: bool,
}

/// How fast, and how far.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// Customers worked on at once.
    #[arg(long, value_name = "COUNT")]
    #[arg(help = format!("Customers worked on at once [default: the profile's `jobs`, or {USUAL_JOBS}]"))]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MOST_CONNECTIONS as i64))]
    pub(crate) jobs: Option<u32>,
    /// Requests a minute at most
    ///
    /// Without it, the profile may say how many (`rate`). What the account allows is kept in any case.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Only so many rows now
    ///
    /// For a rehearsal: `resume` goes on with the rest of a run. A plan has only these rows.
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// Stop after so many failures in a row
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_failures: u64,
}

/// What proves the writes of a run.
#[derive(Debug, Args)]
pub struct ProofArgs {
    /// Prove writes by `answer` or by `read`
    ///
    /// By the API's answer to it, which is the customer as it is stored, or by reading the customer again.
    #[arg(long, value_enum, value_name = "BY", default_value_t, hide_possible_values = true)]
    #[arg(help_heading = "Writing")]
    pub(crate) verify: Proof,
}

/// How rows are written.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Consent to everything that would be asked
    #[arg(short, long, help_heading = "Writing")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Write the results to this file too
    ///
    /// What became of every row, the ones that were not reached too. They are CSV, unless the name ends in .ndjson or .jsonl.
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    #[arg(value_parser = PathBufValueParser::new().try_map(file))]
    pub(crate) results: Option<PathBuf>,
}

/// `customer bulk plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    /// Write the plan to this file instead of standard output
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(file))]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

/// `customer bulk apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The plan that `bulk plan` wrote
    #[arg(value_name = "PLAN", value_parser = input)]
    pub(crate) plan: Input,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) proof: ProofArgs,
}

/// `customer bulk update`.
#[derive(Debug, Args)]
pub struct BulkUpdateArgs {
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    /// Read the customers, count what would change, and stop
    #[arg(long, help_heading = "Writing")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) proof: ProofArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// `customer bulk resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Name of the run, as `bulk list` lists it
    #[arg(value_name = "RUN")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// `customer bulk undo`.
#[derive(Debug, Args)]
pub struct BulkUndoArgs {
    /// Name of the run, as `bulk list` lists it
    #[arg(value_name = "RUN")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) proof: ProofArgs,
}

impl PaceArgs {
    /// How many customers are worked on at once on this profile.
    pub fn jobs(&self, settings: &Settings) -> usize {
        self.jobs.or_else(|| settings.count(Key::Jobs)).unwrap_or(USUAL_JOBS) as usize
    }

    /// How many requests a minute are sent at most on this profile.
    pub fn rate(&self, settings: &Settings) -> Option<u32> {
        self.rate.or_else(|| settings.count(Key::Rate))
    }
}

impl RowArgs {
    /// What stands for what, should the file be CSV.
    pub fn spelling(&self, delimiter: char) -> Spelling {
        Spelling {
            delimiter: self.delimiter.unwrap_or(delimiter),
            null: self.null_token.clone(),
            empty: self.empty_token.clone(),
            ignored: self.ignore_column.clone(),
        }
    }
}

/// `-` is elsewhere what standard output is called, and nobody wants a file of that name.
fn file(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str() == "-" {
        return Err("standard output is not named here; `./-` is a file of that name".to_string());
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
    use crate::profile::setting::Value;

    #[test]
    fn a_dash_is_no_file() {
        assert!(file("-".into()).is_err_and(|why| why.contains("`./-`")));
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
