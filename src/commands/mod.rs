//! The shell around the pure core: one file a verb, each a short pipeline; here, what they share.

mod auth;
mod bulk;
mod change;
mod complete;
mod completions;
mod conflict;
mod customer_edit;
mod customer_get;
mod customer_history;
mod customer_list;
mod customer_undo;
mod customer_update;
mod help;
mod lookup;
mod profiles;
#[cfg(feature = "sandbox")]
mod sandbox;
mod session;
mod write;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{self, Command, CustomerCommand};
use crate::error::{Error, Kind, Result};
use crate::profile::Environment;
use crate::report::failure::failure;
use crate::report::outcome::Facts;
use crate::signals;
use crate::terminal::{Color, Terminal, Verbosity};
use session::{Context, fail};

/// Runs the program with these arguments, the first of them its own name, and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    signals::survive_large_files();
    if let Some(code) = complete::answer(&arguments) {
        return code;
    }
    match cli::parse(&arguments) {
        Ok(cli) => finish(&cli.command, &Context::new(cli.global)),
        Err(error) => not_parsed(error, &arguments),
    }
}

/// Runs a command to its end, and gives the exit code.
fn finish(command: &Command, context: &Context) -> u8 {
    let mut facts = Facts::default();
    let result = carry_out(command, context, &mut facts);
    context.signals.done();
    match result {
        Ok(kind) => kind.code(),
        Err(error) => fail(&error, &facts, &context.terminal, context.global.wants_json()),
    }
}

/// `facts` is what a failure still tells of the customer in JSON.
fn carry_out(command: &Command, context: &Context, facts: &mut Facts) -> Result<Kind> {
    match command {
        Command::Customer(CustomerCommand::Bulk(command)) => bulk::run(command, context),
        Command::Customer(CustomerCommand::Get(args)) => customer_get::run(args, context),
        Command::Customer(CustomerCommand::List(args)) => customer_list::run(args, context),
        Command::Customer(CustomerCommand::Update(args)) => customer_update::run(args, context, facts),
        Command::Customer(CustomerCommand::Edit(args)) => customer_edit::run(args, context, facts),
        Command::Customer(CustomerCommand::History(args)) => customer_history::run(args, context),
        Command::Customer(CustomerCommand::Undo(args)) => customer_undo::run(args, context, facts),
        Command::Auth(command) => auth::run(command, context),
        Command::Profile(command) => profiles::run(command, context),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(command) => sandbox::run(command, context),
        Command::Completions { shell } => completions::run(*shell, context),
        Command::Help { words } => help::run(words, context),
    }
}

/// Help and version go to standard output; what cannot be parsed is a usage error.
fn not_parsed(mut error: clap::Error, arguments: &[OsString]) -> u8 {
    let terminal = Terminal::new(Color::Auto, Verbosity::default(), true, Environment.wants_plain());
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let look = if asked_for { terminal.look() } else { terminal.error_look() };
    join_values(&mut error);
    let rendered = error.render();
    let text = if look.color { rendered.ansi().to_string() } else { rendered.to_string() };
    if asked_for {
        return terminal.print(&text).map_or_else(|error| error.kind.code(), |()| Kind::Done.code());
    }
    let message = said(&error, arguments);
    if error.kind() == ErrorKind::InvalidUtf8 {
        terminal.tell(&failure(&Error::usage(&message), look));
    } else {
        terminal.tell(&format!("{text}{}\n", Kind::Usage.written()));
    }
    if names_json(arguments) {
        let error = Error::usage(message).hint("--help shows what can be typed");
        let _ = terminal.print(&crate::report::outcome::text(&Facts::default().failure(&error)));
    }
    Kind::Usage.code()
}

/// Clap's tip for a value that begins with a dash is right for arguments and wrong for flags, which all the values
/// here that can begin with one belong to.
fn join_values(error: &mut clap::Error) {
    let tip = error.get(ContextKind::Suggested).map(ToString::to_string).unwrap_or_default();
    let unknown = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    if error.kind() == ErrorKind::UnknownArgument && tip.contains("as a value, use '-- ") {
        if unknown.starts_with("--") {
            error.remove(ContextKind::Suggested);
            return;
        }
        let tip = "a value that begins with '-' is joined to its flag: --FLAG=VALUE".to_string();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

/// What a usage error says on one line.
fn said(error: &clap::Error, arguments: &[OsString]) -> String {
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given".to_string(),
        ErrorKind::InvalidUtf8 => {
            let place = arguments.iter().position(|argument| argument.to_str().is_none()).unwrap_or_default();
            let text = arguments.get(place).map(|argument| argument.to_string_lossy()).unwrap_or_default();
            format!("argument {place}, `{text}`, is not UTF-8 text")
        }
        _ => {
            let text = error.to_string();
            let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
            lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_string()
        }
    }
}

/// Whether arguments that cannot be parsed ask for JSON all the same.
fn names_json(arguments: &[OsString]) -> bool {
    let arguments: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let pair = |pair: &[&str]| matches!(pair, ["-o" | "--output", "json"]);
    arguments.windows(2).any(pair)
        || arguments.iter().any(|argument| matches!(*argument, "-ojson" | "-o=json" | "--output=json"))
}
