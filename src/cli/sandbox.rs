//! `fusebill sandbox`: a local Fusebill to try things on.

use clap::{Args, Subcommand};

use crate::sandbox::Limits;

/// What to do with the sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serve the sandbox to any client until Ctrl-C
    ///
    /// The first line of output is the base URL to send requests to. `--profile sandbox` works on the same customers.
    #[command(after_long_help = include_str!("examples/sandbox-serve.txt"))]
    Serve(ServeArgs),
    /// Put the sandbox's customers back as they were at first
    #[command(after_long_help = include_str!("examples/sandbox-reset.txt"))]
    Reset,
    /// Print where the sandbox keeps its customers
    #[command(after_long_help = include_str!("examples/sandbox-path.txt"))]
    Path,
}

/// `sandbox serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8123)]
    pub(crate) port: u16,
    /// Keep customers in memory, beginning with the seed, instead of in the state file
    #[arg(long)]
    pub(crate) memory: bool,
    /// Make requests fail, such as `put:status=500` (repeatable)
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
    /// Choose what the server does where the vendor says nothing (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) behaviour: Vec<String>,
    /// Requests allowed per minute
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().per_minute)]
    pub(crate) per_minute: u32,
    /// Requests allowed per day
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().per_day)]
    pub(crate) per_day: u32,
}
