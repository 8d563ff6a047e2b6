//! The flags of every command.

use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use crate::terminal::Color;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Account to work on, as `fusebill profile list` lists them [env: FUSEBILL_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Format of the data on standard output
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: Output,
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// Never ask; a command that needs an answer fails
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Time for all requests and retries together (in bulk, of each row), in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// Print only errors and warnings beside the data
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log requests and answers on standard error, without the key
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print help; -h is short
    #[arg(short, long, global = true, action = ArgAction::Help)]
    pub(crate) help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, global = true, action = ArgAction::Version)]
    pub(crate) version: Option<bool>,
}

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

impl Global {
    /// Whether a program reads the output, so that tables go to standard error.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.output != Output::Table
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.output == Output::Json
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds above 0 and up to 86400 is needed".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_positive_number() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "nan", "inf", "1e9", "x", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
