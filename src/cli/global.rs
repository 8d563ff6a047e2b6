//! The flags of every command.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::edits::long_name;
use crate::terminal::Color;

/// The heading of the flags of every command.
pub(super) const GLOBAL: &str = "Global options";

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Account to work on, as `fusebill profile list` lists them [env: FUSEBILL_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL, hide_short_help = true)]
    pub profile: Option<String>,
    /// Form of the data on standard output
    #[arg(short, long, global = true, value_enum, value_name = "FORM", default_value_t)]
    #[arg(help_heading = GLOBAL, hide_short_help = true)]
    pub output: Output,
    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help_heading = GLOBAL,
        hide_short_help = true
    )]
    pub color: Color,
    /// Never ask; what needs an answer fails
    #[arg(long, global = true, help_heading = GLOBAL, hide_short_help = true)]
    pub no_input: bool,
    /// Time for all requests and retries together (in bulk, of each row), in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    #[arg(help_heading = GLOBAL, hide_short_help = true)]
    pub timeout: Duration,
    /// Say only errors and warnings beside the data
    #[arg(short, long, global = true, help_heading = GLOBAL, hide_short_help = true)]
    pub quiet: bool,
    /// Log requests and answers on standard error, without the key
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "quiet",
        help_heading = GLOBAL,
        hide_short_help = true
    )]
    pub verbose: bool,
}

impl Global {
    /// Whether an argument may be one of these flags.
    pub(super) fn may_have(argument: &str) -> bool {
        match (long_name(argument), argument.strip_prefix('-')) {
            (Some(long), _) => LONG.contains(&long),
            (None, Some(short)) => short.contains(SHORT),
            (None, None) => false,
        }
    }
}

/// The names of these flags.
const LONG: [&str; 7] = ["profile", "output", "color", "no-input", "timeout", "quiet", "verbose"];
/// The letters of those that have one.
const SHORT: [char; 3] = ['o', 'q', 'v'];

impl Default for Global {
    /// Where none of them is typed.
    fn default() -> Global {
        Global {
            profile: None,
            output: Output::default(),
            color: Color::default(),
            no_input: false,
            timeout: Duration::from_secs(60),
            quiet: false,
            verbose: false,
        }
    }
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

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds above 0 and up to 86400 is needed".to_string())
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    #[test]
    fn the_flags_of_every_command_are_known_by_name_and_are_what_they_are_where_none_is_typed() {
        let mut definition = Global::augment_args(clap::Command::new("fusebill"));
        let (mut long, mut short) = (Vec::new(), Vec::new());
        for flag in definition.get_arguments() {
            long.extend(flag.get_long());
            short.extend(flag.get_short());
        }
        assert_eq!((long, short), (LONG.to_vec(), SHORT.to_vec()));
        let none = definition.try_get_matches_from_mut(["fusebill"]).unwrap();
        let none = Global::from_arg_matches(&none).unwrap();
        assert_eq!(format!("{:?}", Global::default()), format!("{none:?}"));
    }

    #[test]
    fn a_timeout_is_a_positive_number() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "nan", "inf", "1e9", "x", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
