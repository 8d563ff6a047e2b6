//! The command line: what may be typed, and what it means. Parsing opens no file and guesses no type.

pub(crate) mod account;
pub(crate) mod bulk;
pub(crate) mod candidates;
mod completions;
mod edits;
mod global;
mod list;
#[cfg(feature = "sandbox")]
mod sandbox;
mod short_help;
#[cfg(test)]
mod tests;
pub mod topics;
pub(crate) mod usage_error;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::StyledStr;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use account::{AuthCommand, ProfileCommand};
pub use bulk::BulkCommand;
pub use completions::Shell;
pub use edits::{EditFlags, Request};
pub use global::{Global, Output};
pub use list::{ListArgs, ListRequest};
#[cfg(feature = "sandbox")]
pub use sandbox::{SandboxCommand, ServeArgs};

use crate::report::Look;
use crate::search::CustomerName;
use crate::terminal::Input;

const FIRST_STEP: &str = "Try it without an account:\n  fusebill --profile sandbox customer get 123";

/// Change customers of the Fusebill (Stax Bill) billing API, and nothing but what you name.
#[derive(Debug, Parser)]
#[command(name = "fusebill", version, propagate_version = true, disable_help_subcommand = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = format!("{FIRST_STEP}\n\nTopics of `fusebill help`: {}", topics::names()))]
pub struct Cli {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show and change customers
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Store, check and remove API keys
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Name accounts and say how they are treated
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// A local Fusebill to try things on
    #[cfg(feature = "sandbox")]
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Print the script that completes what you type
    ///
    /// In bash, zsh and fish it asks this program while you type, and completes values too; its first lines say where it
    /// belongs. In PowerShell and elvish it completes commands and flags.
    #[command(after_long_help = include_str!("examples/completions.txt"))]
    Completions {
        /// The shell that reads it
        shell: Shell,
    },
    /// Explain a command or a topic
    #[command(after_long_help = include_str!("examples/help.txt"))]
    Help {
        /// A command or a topic.
        #[arg(help = format!("A command, such as `customer update`, or a topic: {}", topics::names()))]
        words: Vec<String>,
    },
}

/// What to do with customers.
#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// Show customers
    #[command(after_long_help = include_str!("examples/customer-get.txt"))]
    Get(GetArgs),
    /// Find customers
    ///
    /// Asks the API for the customers of whom every --where holds, page by page, and checks each one that it sends: those
    /// that do not match are left out. Without --where these are all customers.
    #[command(after_long_help = include_str!("examples/customer-list.txt"))]
    List(ListArgs),
    /// Change fields of one customer
    ///
    /// Reads the customer, shows what will change, sends the whole customer back with only that changed, and compares
    /// what is stored with what was sent. What no flag names stays as it is.
    #[command(after_long_help = include_str!("examples/customer-update.txt"))]
    Update(UpdateArgs),
    /// Change fields in your editor, or at prompts
    ///
    /// Opens the customer as a text in $FUSEBILL_EDITOR, $VISUAL, $EDITOR or vi. What you change in it is shown, asked
    /// for and written as `customer update` does it; a line you delete keeps its value, null clears a field. A text that
    /// cannot be taken opens again with what is wrong above the line, and is kept until its change is written.
    #[command(after_long_help = include_str!("examples/customer-edit.txt"))]
    Edit(EditArgs),
    /// Change many customers from a file
    #[command(subcommand)]
    Bulk(BulkCommand),
    /// List what this machine changed
    ///
    /// Every change is noted in a journal before it is sent, and its outcome after. The journal is on this machine only.
    #[command(after_long_help = include_str!("examples/customer-history.txt"))]
    History(HistoryArgs),
    /// Take a change back
    ///
    /// Restores the fields that the entry changed, as they were, and nothing else. Refuses where one of them was changed
    /// since. Undoing is a change like any other: it is shown, verified, noted, and can be undone.
    #[command(after_long_help = include_str!("examples/customer-undo.txt"))]
    Undo(UndoArgs),
}

/// `customer get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Fusebill ids of the customers, or reference:TEXT or email:ADDRESS
    #[arg(required = true, value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customers: Vec<CustomerName>,
}

/// `customer update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Fusebill id of the customer, or reference:TEXT or email:ADDRESS
    #[arg(value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customer: CustomerName,
    /// What to change.
    #[command(flatten)]
    pub edits: EditFlags,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `customer edit`.
#[derive(Debug, Args)]
pub struct EditArgs {
    /// Fusebill id of the customer, or reference:TEXT or email:ADDRESS
    #[arg(value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customer: CustomerName,
    /// Choose fields from a list instead of opening an editor
    #[arg(long, help_heading = "Editing")]
    pub(crate) prompt: bool,
    /// Show the read-only fields too; they stay read-only
    #[arg(long, conflicts_with = "prompt", help_heading = "Editing")]
    pub(crate) all: bool,
    /// Go on with the text that the last edit left behind
    #[arg(long, conflicts_with = "all", help_heading = "Editing")]
    pub(crate) recover: bool,
    /// Add fields that the customer does not have without asking
    #[arg(long, help_heading = "Editing")]
    pub(crate) new_field: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// How a change is written, for every command that writes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing")]
pub struct WriteArgs {
    /// Show what would change and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: exit with 12 when there would be changes
    #[arg(long, requires = "dry_run")]
    pub(crate) exit_code: bool,
    /// Consent to everything that would be asked
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Prove the write by the API's `answer`, or by another `read`
    #[arg(long, value_enum, value_name = "BY", default_value_t, hide_possible_values = true)]
    pub(crate) verify: Proof,
    /// Write without a record; it cannot be undone then
    #[arg(long)]
    pub(crate) no_journal: bool,
}

/// What proves a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Proof {
    /// The answer to the PUT, which is the customer as it is stored; read again where it is something else
    #[default]
    Answer,
    /// The customer, read again after the PUT
    Read,
}

/// `customer history`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct HistoryArgs {
    /// Only changes of this customer: a Fusebill id, or reference:TEXT or email:ADDRESS, which is looked up
    #[arg(value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customer: Option<CustomerName>,
    /// Read the customers of unfinished entries and note how those ended
    #[arg(long)]
    pub(crate) resolve: bool,
    #[command(subcommand)]
    pub(crate) command: Option<HistoryCommand>,
}

/// What to do with the journal beside listing it.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Show one entry with everything it changed
    #[command(after_long_help = include_str!("examples/customer-history-show.txt"))]
    Show {
        /// Name of the entry, as `customer history` lists it
        entry: String,
    },
    /// Forget entries of this profile that ended long ago; they cannot be undone then
    #[command(after_long_help = include_str!("examples/customer-history-prune.txt"))]
    Prune {
        /// Age, such as 90d, 12w or 36h
        #[arg(long, value_name = "AGE", value_parser = age)]
        older_than: Duration,
    },
}

/// `customer undo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Name of the entry, as `customer history` lists it
    #[arg(required_unless_present = "last")]
    pub(crate) entry: Option<String>,
    /// Take back the latest change of this profile
    #[arg(long, conflicts_with = "entry")]
    pub(crate) last: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "an age is a whole number and h, d or w: 36h, 90d, 12w".to_string();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 24 * 7,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(count) * hours * 3600))
}

/// The command line as it is parsed, and as help shows it.
pub fn command() -> clap::Command {
    short_help::add(Cli::command())
}

/// Reads a command line.
///
/// # Errors
/// If it cannot be parsed. Help and version are errors here too.
pub fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut matches = command().try_get_matches_from(arguments)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// Text that clap rendered, for a terminal with this look.
pub(crate) fn styled(text: &StyledStr, look: Look) -> String {
    if look.color { text.ansi().to_string() } else { text.to_string() }
}

/// `-` is standard input, anything else a file.
fn input(text: &str) -> Result<Input, std::convert::Infallible> {
    Ok(if text == "-" { Input::Stdin } else { Input::File(PathBuf::from(text)) })
}
