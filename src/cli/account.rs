//! `fusebill profile` and `fusebill auth`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand};

use crate::account::config::check_name;
use crate::account::setting::{Key, SETTINGS, Setting, SettingKind, Value, named};
use crate::api::key::has_key;

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// List the profiles
    #[command(after_long_help = include_str!("examples/profile-list.txt"))]
    List,
    /// Show the settings of a profile, and where each one comes from
    #[command(after_long_help = include_str!("examples/profile-show.txt"))]
    Show {
        /// Name of the profile [default: the one in use]
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Create a profile, or change its settings
    ///
    /// The configuration file is edited in place: comments and other settings stay.
    #[command(after_long_help = include_str!("examples/profile-set.txt"))]
    Set(SetArgs),
    /// Remove a profile and the key that `auth login` stored for it
    #[command(after_long_help = include_str!("examples/profile-remove.txt"))]
    Remove {
        /// Name of the profile
        #[arg(value_name = "NAME", value_parser = profile_name)]
        name: String,
        /// Confirm everything without asking
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// Name of the profile
    #[arg(value_name = "NAME", value_parser = profile_name)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) changes: SettingFlags,
}

/// A setting without a value is removed.
#[derive(Debug)]
pub struct SettingFlags(pub(crate) Vec<(Key, Option<Value>)>);

const UNSET: &str = "unset";

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let names = SETTINGS.iter().map(|setting| PossibleValue::new(setting.flag).alias(setting.name));
        let unset = Arg::new(UNSET)
            .long(UNSET)
            .value_name("SETTING")
            .action(ArgAction::Append)
            .value_delimiter(',')
            .value_parser(PossibleValuesParser::new(names))
            .help("Remove settings (repeatable, comma-separated)")
            .help_heading("Settings");
        SETTINGS.iter().map(flag).fold(command, Command::arg).arg(unset)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.flag).long(setting.flag).help(setting.help).help_heading("Settings");
    // `--color` is a flag of every command.
    let arg = if setting.name.contains('_') { arg.alias(setting.name) } else { arg };
    let arg = arg.value_parser(|text: &str| setting.read(text));
    match setting.kind {
        SettingKind::Choice(words) => {
            arg.value_name("WORD").value_parser(PossibleValuesParser::new(words).map(Value::Text))
        }
        SettingKind::Switch => {
            arg.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true")
        }
        SettingKind::Url => arg.value_name("URL"),
        SettingKind::Text => arg.value_name("TEXT"),
        SettingKind::Command => arg.value_name("COMMAND"),
        SettingKind::File => arg.value_name("FILE"),
        SettingKind::Count(_) => arg.value_name("COUNT"),
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<SettingFlags, clap::Error> {
        let unset: Vec<&String> = matches.get_many(UNSET).into_iter().flatten().collect();
        let mut changes = Vec::new();
        for setting in SETTINGS {
            let value = matches.get_one::<Value>(setting.flag).cloned();
            let is_unset = unset.iter().any(|name| named(name).is_some_and(|named| named.key == setting.key));
            if value.is_some() && is_unset {
                let message = format!("--{} is both set and unset\n", setting.flag);
                return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, message));
            }
            if value.is_some() || is_unset {
                changes.push((setting.key, value));
            }
        }
        Ok(SettingFlags(changes))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = SettingFlags::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub enum AuthCommand {
    /// Store the API key of a profile
    ///
    /// Asks for the key without showing it, tries it with one read, and keeps it in a file that only you can read.
    /// A password manager is better: `fusebill profile set NAME --api-key-command …`.
    #[command(after_long_help = include_str!("examples/auth-login.txt"))]
    Login {
        /// Read the key from standard input instead of asking
        #[arg(long)]
        with_key_stdin: bool,
    },
    /// Show where the key comes from, whether the API accepts it, and what is left of the rate limits
    #[command(after_long_help = include_str!("examples/auth-status.txt"))]
    Status,
    /// Remove the key that `auth login` stored
    #[command(after_long_help = include_str!("examples/auth-logout.txt"))]
    Logout,
}

fn profile_name(text: &str) -> Result<String, String> {
    if has_key(text) {
        return Err("a key is no name; `fusebill auth login` stores a key".to_string());
    }
    check_name(text).map(|()| text.to_string())
}
