//! The commands: one file each, a short pipeline around the pure core.

mod auth;
mod bulk;
mod change;
mod complete;
mod conflict;
mod consent;
mod customer_edit;
mod customer_export;
mod customer_find;
mod customer_get;
mod customer_history;
mod customer_list;
mod customer_status;
mod customer_undo;
mod customer_update;
mod help;
mod lookup;
mod profiles;
mod refusal;
#[cfg(feature = "sandbox")]
mod sandbox;
mod session;
mod write;

use std::ffi::OsString;

use crate::account::{self, Profile, environment};
use crate::action::StatusAction;
use crate::cli::next_guess::typed_profile;
use crate::cli::usage_error::{color, usage_error};
use crate::cli::{self, Command, CustomerCommand, Output};
use crate::error::{Error, ErrorKind, Result};
use crate::report::failure::shown;
use crate::report::json::printed;
use crate::report::outcome::JsonReport;
use crate::signals;
use crate::terminal::{Notes, Terminal};
use session::Context;

/// Runs the program with these arguments, the first of them its own name, and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    signals::survive_large_files();
    signals::forbid_core_dumps();
    if let Some(code) = complete::answer(&arguments) {
        return code;
    }
    let may_write = cli::may_write(&arguments);
    match cli::parse(&arguments) {
        Ok(cli) => finish(&cli.command, &Context::new(cli.global, may_write)),
        Err(error) => not_parsed(error, &arguments, may_write),
    }
}

fn finish(command: &Command, context: &Context) -> u8 {
    let mut json = JsonReport::default();
    let result = dispatch(command, context, &mut json);
    context.signals.done();
    match result {
        Ok(kind) => kind.code(),
        Err(error) => {
            let error = naming_profile(error, command, context);
            context.terminal.fail(&error);
            if context.global.wants_json() {
                // Standard error has the failure already.
                let _ = context.terminal.print(&printed(&json.failure(&error), Output::Json));
            }
            error.kind.code()
        }
    }
}

/// The commands in its hints and details name the profile that was used, so that they can be copied. `profile` commands use none.
fn naming_profile(mut error: Error, command: &Command, context: &Context) -> Error {
    let Ok((profile, _)) = Profile::named(context.global.profile.as_deref()) else { return error };
    if matches!(command, Command::Profile(_)) {
        return error;
    }
    for line in error.hints.iter_mut().chain(&mut error.details) {
        *line = on_profile(line, &profile);
    }
    error
}

fn on_profile(text: &str, profile: &str) -> String {
    let mut named = text.to_string();
    for group in ["customer ", "auth "] {
        let command = account::command(profile, group);
        named = named.replace(&format!("`fusebill {group}"), &format!("`{command}"));
    }
    named
}

/// `json` are what the JSON of a failure says about the customer.
fn dispatch(command: &Command, context: &Context, json: &mut JsonReport) -> Result<ErrorKind> {
    match command {
        Command::Customer(CustomerCommand::Bulk(command)) => bulk::run(command, context),
        Command::Customer(CustomerCommand::Get(args)) => customer_get::run(args, context),
        Command::Customer(CustomerCommand::Find(args)) => customer_find::run(args, context),
        Command::Customer(CustomerCommand::List(args)) => customer_list::run(args, context),
        Command::Customer(CustomerCommand::Update(args)) => customer_update::run(args, context, json),
        Command::Customer(CustomerCommand::Edit(args)) => customer_edit::run(args, context, json),
        Command::Customer(CustomerCommand::Activate(args)) => {
            customer_status::run(args.action(), &args.common, Some(&args.price), context, json)
        }
        Command::Customer(CustomerCommand::Hold(args)) => {
            customer_status::run(StatusAction::Hold, &args.common, None, context, json)
        }
        Command::Customer(CustomerCommand::Unhold(args)) => {
            customer_status::run(args.action(), &args.common, Some(&args.price), context, json)
        }
        Command::Customer(CustomerCommand::Cancel(args)) => {
            customer_status::run(args.action(), &args.common, None, context, json)
        }
        Command::Customer(CustomerCommand::Uncancel(args)) => {
            customer_status::run(StatusAction::Uncancel, &args.common, None, context, json)
        }
        Command::Customer(CustomerCommand::History(args)) => customer_history::run(args, context),
        Command::Customer(CustomerCommand::Undo(args)) => customer_undo::run(args, context, json),
        Command::Auth(command) => auth::run(command, context),
        Command::Profile(command) => profiles::run(command, context),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(command) => sandbox::run(command, context),
        Command::Completions { shell } => context.terminal.print(&shell.script()).map(|()| ErrorKind::Done),
        Command::Help { words } => help::run(words, context),
    }
}

fn not_parsed(error: clap::Error, arguments: &[OsString], may_write: bool) -> u8 {
    let terminal = Terminal::new(color(arguments), Notes::default(), true, environment::wants_plain());
    if !error.use_stderr() {
        let help = cli::styled(&error.render(), terminal.look());
        return terminal.print(&help).map_or_else(|error| error.kind.code(), |()| ErrorKind::Done.code());
    }
    let (text, json) = usage_error(error, arguments, terminal.error_look(), may_write);
    // What was typed may hold a key or control characters.
    let profile = Profile::named(typed_profile(arguments))
        .map_or(account::DEFAULT.to_string(), |(name, _)| shown(&name));
    terminal.tell_wrapped(&on_profile(&text, &profile));
    if let Some(mut error) = json {
        error.message = on_profile(&error.message, &profile);
        error.hints = error.hints.iter().map(|hint| on_profile(hint, &profile)).collect();
        let _ = terminal.print(&printed(&JsonReport::default().failure(&error), Output::Json));
    }
    ErrorKind::Usage.code()
}
