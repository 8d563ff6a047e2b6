//! `fusebill sandbox`.

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use crate::sandbox::Limits;

#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serve the sandbox to any client until Ctrl-C
    ///
    /// The first line of output is the base URL to send requests to. `--profile sandbox` works on the same customers.
    #[command(after_long_help = include_str!("examples/sandbox-serve.txt"))]
    Serve(ServeArgs),
    /// Restore the original customers of the sandbox
    #[command(after_long_help = include_str!("examples/sandbox-reset.txt"))]
    Reset,
    /// Print where the sandbox keeps its customers
    #[command(after_long_help = include_str!("examples/sandbox-path.txt"))]
    Path,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8123)]
    pub(crate) port: u16,
    /// Keep customers in memory, starting with the original ones, instead of in the state file
    #[arg(long)]
    pub(crate) memory: bool,
    /// Make requests fail, such as `put:status=500` (repeatable)
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
    /// Choose how the server behaves in cases that the vendor does not document (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) behaviour: Vec<String>,
    /// Requests allowed per minute
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().per_minute)]
    pub(crate) per_minute: u32,
    /// Requests allowed per day
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().per_day)]
    pub(crate) per_day: u32,
    /// Run the server's clock this far ahead of this machine's, such as `10m`; `-10m` is behind
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(crate) clock: Option<SignedDuration>,
}
