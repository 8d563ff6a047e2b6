//! The command line: its definitions and the requests that they parse into. Parsing opens no file.

pub(crate) mod account;
pub(crate) mod bulk;
pub(crate) mod candidates;
mod completions;
mod edits;
mod global;
mod list;
pub(crate) mod next_guess;
#[cfg(feature = "sandbox")]
mod sandbox;
mod short_help;
mod status;
#[cfg(test)]
mod tests;
pub mod topics;
pub(crate) mod usage_error;

use std::ffi::OsString;
use std::time::Duration;

use clap::builder::StyledStr;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::DateTime;

pub(crate) use account::{AuthCommand, ProfileCommand};
pub(crate) use bulk::BulkCommand;
pub use completions::Shell;
pub use edits::Request;
pub(crate) use edits::{AddressEdit, EditFlags};
pub(crate) use global::{Global, Output};
pub(crate) use list::{FindArgs, ListArgs};
#[cfg(feature = "sandbox")]
pub(crate) use sandbox::{SandboxCommand, ServeArgs};
pub use status::{ActivateArgs, CancelArgs, PlainArgs, UnholdArgs};
pub(crate) use status::{PriceArgs, StatusArgs};

use crate::document::Path;
use crate::field;
use crate::report::Look;
use crate::search::CustomerName;

const FIRST_STEP: &str = "Try it without an account:
  fusebill --profile sandbox customer find smith
  fusebill --profile sandbox customer update 123 --first-name John
  fusebill --profile sandbox customer undo --last";

/// Change customers of the Fusebill (Stax Bill) billing API, and nothing but what you name.
#[derive(Debug, Parser)]
#[command(name = "fusebill", version, propagate_version = true, disable_help_subcommand = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = format!("{FIRST_STEP}\n\nTopics of `fusebill help`: {}", topics::names()))]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub command: Command,
}

// One value a program, so its size is no cost.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show and change customers
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Store, check and remove API keys
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Name accounts and choose their settings
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Run a local copy of the API to try things on
    #[cfg(feature = "sandbox")]
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Print the completion script of a shell
    ///
    /// In bash, zsh and fish the script asks this program while you type, and completes values too; its first lines say
    /// where to install it. In PowerShell and elvish it completes commands and flags.
    #[command(after_long_help = include_str!("examples/completions.txt"))]
    Completions {
        /// The shell that runs the script
        shell: Shell,
    },
    /// Explain a command or a topic
    #[command(after_long_help = include_str!("examples/help.txt"))]
    Help {
        #[arg(help = format!("A command, such as `customer update`, or a topic: {}", topics::names()))]
        words: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// Show customers
    #[command(after_long_help = include_str!("examples/customer-get.txt"))]
    Get(GetArgs),
    /// Find customers by a word of their name, company, e-mail address or reference
    #[command(after_long_help = include_str!("examples/customer-find.txt"))]
    Find(FindArgs),
    /// List the customers that match, or all
    ///
    /// Asks the API for the customers that match every --where, page by page, and checks each customer that it sends;
    /// customers that do not match are left out. Without --where, lists all customers.
    #[command(after_long_help = include_str!("examples/customer-list.txt"))]
    List(ListArgs),
    /// Change fields of one customer
    ///
    /// Reads the customer, shows the change, sends the whole customer back, and compares what is stored with what was
    /// sent. A field that no flag names keeps its value.
    #[command(after_long_help = include_str!("examples/customer-update.txt"))]
    Update(Box<UpdateArgs>),
    /// Change fields in your editor, or at prompts
    ///
    /// Opens the customer as a text in $FUSEBILL_EDITOR, $VISUAL, $EDITOR or vi. Your changes are shown, confirmed and
    /// written as in `customer update`. A line that you delete keeps its value; null clears a field. A text with errors
    /// opens again with each error above its line. The text is kept until its change is written.
    #[command(after_long_help = include_str!("examples/customer-edit.txt"))]
    Edit(EditArgs),
    /// Activate a draft customer; shows its first invoice before
    ///
    /// Starts billing. The invoice is shown and confirmed first; the request is sent once and never repeated. An
    /// activation cannot be taken back. `fusebill help status` tells more.
    #[command(after_long_help = include_str!("examples/customer-activate.txt"))]
    Activate(ActivateArgs),
    /// Put an active customer on hold
    ///
    /// Suspends its subscriptions and stops invoices. What is owed is still collected. `unhold` ends it, and may charge
    /// for the time on hold.
    #[command(after_long_help = include_str!("examples/customer-hold.txt"))]
    Hold(PlainArgs),
    /// End a hold; shows what it charges before
    ///
    /// --charge says what to charge for the time on hold. The invoice is shown and confirmed first; the request is sent
    /// once and never repeated.
    #[command(after_long_help = include_str!("examples/customer-unhold.txt"))]
    Unhold(UnholdArgs),
    /// Cancel a customer and all its subscriptions
    ///
    /// --reverse says what to give back of the current period. The API has no preview of it.
    #[command(after_long_help = include_str!("examples/customer-cancel.txt"))]
    Cancel(CancelArgs),
    /// Take a cancellation back
    ///
    /// The customer becomes active. Whether its subscriptions return is not documented; what was reversed stays reversed.
    #[command(after_long_help = include_str!("examples/customer-uncancel.txt"))]
    Uncancel(PlainArgs),
    /// Change many customers from a file
    #[command(subcommand)]
    Bulk(BulkCommand),
    /// List what this machine changed
    ///
    /// The program writes every change to a journal before it sends it, and the outcome after. The journal is on this
    /// machine only.
    #[command(after_long_help = include_str!("examples/customer-history.txt"))]
    History(HistoryArgs),
    /// Take a change back
    ///
    /// Restores the fields that the entry changed to their old values, and nothing else. Refuses if one of them was
    /// changed since. Undo is a change like any other: it is shown, verified, written to the journal, and can be undone.
    #[command(
        override_usage = "fusebill customer undo [OPTIONS] <ENTRY|--last>",
        after_long_help = include_str!("examples/customer-undo.txt")
    )]
    Undo(UndoArgs),
}

#[derive(Debug, Args)]
pub struct GetArgs {
    /// Fusebill ids of the customers, or reference:TEXT or email:ADDRESS
    #[arg(required = true, value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customers: Vec<CustomerName>,
}

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Fusebill id of the customer, or reference:TEXT or email:ADDRESS
    #[arg(value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customer: CustomerName,
    #[command(flatten)]
    pub edits: EditFlags,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

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
    /// Continue with the text that the last edit left behind
    #[arg(long, conflicts_with = "all", help_heading = "Editing")]
    pub(crate) recover: bool,
    /// Add fields that the customer does not have without asking
    #[arg(long, help_heading = "Editing")]
    pub(crate) new_field: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Writing")]
pub(crate) struct WriteArgs {
    /// Show what would change and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: exit with 12 when there would be changes
    #[arg(long, requires = "dry_run")]
    pub(crate) exit_code: bool,
    /// With --dry-run: also read the customer that becomes the parent
    #[arg(long, requires = "dry_run")]
    pub(crate) check: bool,
    /// Confirm everything without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) proof: VerifyArgs,
    /// Write without a journal entry; the change cannot be undone
    #[arg(long)]
    pub(crate) no_journal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Verify writes by the API's `answer` to the PUT or by another `read`
    #[arg(long, value_enum, value_name = "BY", default_value_t, hide_possible_values = true)]
    #[arg(help_heading = "Writing")]
    pub(crate) verify: Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Verify {
    /// The stored customer in the answer to the PUT; another read if the answer has none
    #[default]
    Answer,
    /// The customer, read again after the PUT
    Read,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct HistoryArgs {
    /// Only changes of this customer: a Fusebill id, or reference:TEXT or email:ADDRESS, which is looked up
    #[arg(value_name = "CUSTOMER", value_parser = CustomerName::parse)]
    pub(crate) customer: Option<CustomerName>,
    /// Read the customers of unfinished entries and record the outcomes
    #[arg(long)]
    pub(crate) resolve: bool,
    /// Show this many of the newest [default: 20 on a terminal, else all]
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// Only changes since then: today, yesterday, an age such as 36h, 90d or 12w, or a date
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only changes of this field: a flag's name or a path
    #[arg(long, value_name = "FIELD", value_parser = field_path)]
    pub(crate) field: Option<Path>,
    /// Only changes of this run, as `bulk list` names it
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Changes of every profile, removed ones too
    #[arg(long)]
    pub(crate) all_profiles: bool,
    #[command(subcommand)]
    pub(crate) command: Option<HistoryCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Show one entry with everything it changed
    #[command(after_long_help = include_str!("examples/customer-history-show.txt"))]
    Show {
        /// Name of the entry, as `customer history` lists it
        entry: String,
    },
    /// Delete old entries and runs of a profile; they can no longer be undone
    ///
    /// --profile may name a removed profile. Entries whose outcome is not known are kept.
    #[command(after_long_help = include_str!("examples/customer-history-prune.txt"))]
    Prune(PruneArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Age, such as 90d, 12w or 36h
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Duration,
    /// Delete those of every profile, removed ones too
    #[arg(long)]
    pub(crate) all_profiles: bool,
    /// Delete entries whose outcome is not known too
    #[arg(long)]
    pub(crate) unresolved: bool,
    /// Confirm without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Since {
    Age(Duration),
    /// The beginning of a day of this machine's time zone, so many days ago.
    DaysAgo(i64),
    Moment(Timestamp),
    /// In the time zone of this machine.
    Local(DateTime),
}

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

fn since(text: &str) -> Result<Since, String> {
    const FORMS: &str =
        "today, yesterday, an age such as 36h, 90d or 12w, or a date such as 2026-11-30 or 2026-11-30T09:14";
    match text {
        "today" => return Ok(Since::DaysAgo(0)),
        "yesterday" => return Ok(Since::DaysAgo(1)),
        _ => {}
    }
    let age = age(text).map(Since::Age);
    let moment = age.or_else(|_| text.parse().map(Since::Moment));
    moment.or_else(|_| text.parse().map(Since::Local)).map_err(|_: jiff::Error| format!("{FORMS} is needed"))
}

fn field_path(text: &str) -> Result<Path, String> {
    match field::by_flag(text) {
        Some(field) => Ok(Path::of(field.path)),
        None => Path::parse(text).map_err(|error| error.to_string()),
    }
}

fn age(text: &str) -> Result<Duration, String> {
    const UNITS: [(char, u64); 3] = [('h', 1), ('d', 24), ('w', 7 * 24)];
    let hours = UNITS.iter().find_map(|(unit, hours)| {
        let count: u32 = text.strip_suffix(*unit)?.parse().ok()?;
        Some(u64::from(count) * hours)
    });
    let hours = hours.ok_or("an age is a whole number and h, d or w: 36h, 90d, 12w")?;
    Ok(Duration::from_secs(hours * 3600))
}

/// The definitions of all commands, with their short help.
pub fn command() -> clap::Command {
    short_help::add(Cli::command())
}

/// Parses a command line. Help and version are errors here, as in clap.
pub fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut matches = command().try_get_matches_from(arguments)?;
    Cli::from_arg_matches_mut(&mut matches)
}

const WRITERS: &[&str] = &[
    "activate", "hold", "unhold", "cancel", "uncancel", "update", "edit", "undo", "apply", "resume", "retry",
    "set", "remove", "login", "logout", "prune",
];

/// The command line may have errors in it.
pub(crate) fn may_write(arguments: &[OsString]) -> bool {
    let is_help = arguments.get(1).is_some_and(|argument| argument == "help");
    !is_help && arguments.iter().any(|argument| WRITERS.iter().any(|name| argument == name))
}

pub(crate) fn styled(text: &StyledStr, look: Look) -> String {
    if look.color { text.ansi().to_string() } else { text.to_string() }
}
