//! The command line: what may be typed, and what it means. Parsing opens no file and guesses no type.

mod edits;
pub mod topics;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use edits::{EditFlags, Request};

use crate::terminal::{Color, Input};

/// Change customers of the Fusebill (Stax Bill) billing API, and nothing but what you name.
#[derive(Debug, Parser)]
#[command(name = "fusebill", version, propagate_version = true, disable_help_subcommand = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Try it without an account:\n  fusebill --profile sandbox customer get 123\n\n\
    `fusebill help exit-codes` lists what the exit codes mean.")]
pub struct Cli {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Account to work on: `default` (FUSEBILL_API_KEY) or `sandbox` [env: FUSEBILL_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub profile: Option<String>,
    /// Form of the data on standard output
    #[arg(short, long, global = true, value_enum, value_name = "FORM", default_value_t)]
    #[arg(help_heading = "Global options")]
    pub output: Output,
    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help_heading = "Global options"
    )]
    pub color: Color,
    /// Never ask; what needs an answer fails
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_input: bool,
    /// Time for all requests and retries together, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    #[arg(help_heading = "Global options")]
    pub timeout: Duration,
    /// Say only errors and warnings beside the data
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Log requests and answers on standard error, without the key
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Global options")]
    pub verbose: bool,
}

/// The form of the data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// A table to read
    #[default]
    Table,
    /// JSON; the server's own tokens, indented
    Json,
    /// JSON, a line for each
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show and change customers
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// A local Fusebill to try things on
    #[cfg(feature = "sandbox")]
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Explain a command or a topic: exit-codes, environment
    Help {
        /// A command, such as `customer update`, or a topic
        words: Vec<String>,
    },
}

/// What to do with customers.
#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// Show customers
    Get(GetArgs),
    /// Change fields of one customer
    ///
    /// Reads the customer, shows what will change, sends the whole customer back with only that changed, and compares
    /// what is stored with what was sent. What no flag names stays as it is.
    #[command(after_long_help = UPDATE_EXAMPLES)]
    Update(Box<UpdateArgs>),
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  fusebill customer update 123 --first-name John
  fusebill customer update 123 --clear secondary-phone,reference2
  fusebill customer update 123 --primary-email 'a@example.com; b@example.com' --dry-run
  fusebill customer update 123 --set customerReference.reference1=4711 --expect status=Active
  echo '{\"lastName\": \"Doe\"}' | fusebill customer update 123 --patch -";

/// `customer get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Fusebill ids of the customers
    #[arg(required = true, value_name = "CUSTOMER", value_parser = customer_id)]
    pub customers: Vec<u64>,
}

/// `customer update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Fusebill id of the customer
    #[arg(value_name = "CUSTOMER", value_parser = customer_id)]
    pub customer: u64,
    /// What to change.
    #[command(flatten)]
    pub edits: EditFlags,
    /// Show what would change and stop
    #[arg(long, help_heading = "Writing")]
    pub dry_run: bool,
    /// With --dry-run: exit with 12 when there would be changes
    #[arg(long, requires = "dry_run", help_heading = "Writing")]
    pub exit_code: bool,
    /// Consent to everything that would be asked
    #[arg(short, long, help_heading = "Writing")]
    pub yes: bool,
}

/// What to do with the sandbox.
#[cfg(feature = "sandbox")]
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serve the sandbox to any client until Ctrl-C
    ///
    /// The first line of output is the base URL to send requests to. `--profile sandbox` works on the same customers.
    Serve(ServeArgs),
    /// Put the sandbox's customers back as they were at first
    Reset,
    /// Print where the sandbox keeps its customers
    Path,
}

/// `sandbox serve`.
#[cfg(feature = "sandbox")]
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8123)]
    pub port: u16,
    /// Keep customers in memory, beginning with the seed, instead of in the state file
    #[arg(long)]
    pub memory: bool,
    /// Make requests fail, such as `put:status=500` (repeatable)
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<String>,
    /// Choose what the server does where the vendor says nothing (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub behaviour: Vec<String>,
    /// Requests allowed per minute
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub per_minute: u32,
    /// Requests allowed per day
    #[arg(long, value_name = "COUNT", default_value_t = 180_000)]
    pub per_day: u32,
}

fn customer_id(text: &str) -> Result<u64, String> {
    let id: Option<u64> = text.parse().ok().filter(|id| *id > 0 && text.bytes().all(|b| b.is_ascii_digit()));
    id.ok_or_else(|| "a customer is named by its Fusebill id, a whole number such as 123".to_string())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds above 0 and up to 86400 is needed".to_string())
}

impl Global {
    /// Whether the output is the one JSON object for scripts.
    pub fn wants_json(&self) -> bool {
        self.output == Output::Json
    }
}

impl UpdateArgs {
    /// What the flags ask for.
    ///
    /// # Errors
    /// See [`EditFlags::request`].
    pub fn request(&self) -> crate::error::Result<Request> {
        self.edits.request(self.customer)
    }
}

/// `-` is standard input, anything else a file.
fn input(text: &str) -> Result<Input, std::convert::Infallible> {
    Ok(if text == "-" { Input::Stdin } else { Input::File(PathBuf::from(text)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_id_is_digits_only() {
        assert_eq!(customer_id("123"), Ok(123));
        for text in ["", "0", "-1", "+1", "1.0", "abc", "123 ", "99999999999999999999"] {
            assert!(customer_id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_is_a_positive_number() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "nan", "inf", "1e9", "x", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
