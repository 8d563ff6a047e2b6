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
mod write;

use std::ffi::OsString;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::api::{Client, Network};
use crate::cli::{self, Command, CustomerCommand, Global, Output, WriteArgs};
use crate::document::Customer;
use crate::error::{Error, Kind, Result};
use crate::interrupt::{self, Interrupts, Left};
use crate::journal::{Journal, Turn};
use crate::profile::{self, Account, Environment, KeySource, Profile};
use crate::report::failure::failure;
use crate::report::outcome::Facts;
use crate::terminal::{Color, Notes, Terminal, Verbosity};

/// Runs the program with these arguments, the first of them its own name, and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    interrupt::survive_large_files();
    if let Some(code) = complete::answer(&arguments) {
        return code;
    }
    match cli::parse(&arguments) {
        Ok(cli) => Session::new(cli.global).run(&cli.command),
        Err(error) => not_parsed(error, &arguments),
    }
}

/// One run of the program: its flags, its terminal and what it has found out.
struct Session {
    global: Global,
    environment: Environment,
    terminal: Terminal,
    interrupts: Interrupts,
    facts: Facts,
}

/// An account with the client that reaches it.
struct Connection {
    account: Account,
    client: Client,
    /// The sandbox serves for as long as this lives.
    #[cfg(feature = "sandbox")]
    _sandbox: Option<crate::sandbox::Server>,
}

impl Session {
    fn new(global: Global) -> Session {
        let environment = Environment;
        let verbosity = Verbosity { quiet: global.quiet, http: global.verbose };
        let terminal = Terminal::new(global.color, verbosity, global.no_input, environment.wants_plain());
        let terminal = if global.is_for_programs() { terminal.for_programs() } else { terminal };
        let interrupts = Interrupts::default();
        Session { global, environment, terminal, interrupts, facts: Facts::default() }
    }

    fn run(mut self, command: &Command) -> u8 {
        let result = match command {
            Command::Customer(CustomerCommand::Bulk(command)) => bulk::run(command, &self),
            Command::Customer(CustomerCommand::Get(args)) => customer_get::run(args, &self),
            Command::Customer(CustomerCommand::List(args)) => customer_list::run(args, &self),
            Command::Customer(CustomerCommand::Update(args)) => customer_update::run(args, &mut self),
            Command::Customer(CustomerCommand::Edit(args)) => customer_edit::run(args, &mut self),
            Command::Customer(CustomerCommand::History(args)) => customer_history::run(args, &self),
            Command::Customer(CustomerCommand::Undo(args)) => customer_undo::run(args, &mut self),
            Command::Auth(command) => auth::run(command, &self),
            Command::Profile(command) => profiles::run(command, &self),
            #[cfg(feature = "sandbox")]
            Command::Sandbox(command) => sandbox::run(command, &self),
            Command::Completions { shell } => completions::run(*shell, &self),
            Command::Help { words } => help::run(words, &self),
        };
        self.interrupts.end();
        match result {
            Ok(kind) => kind.code(),
            Err(error) => fail(&error, &self.facts, &self.terminal, self.global.wants_json()),
        }
    }

    /// The journal of this user.
    fn journal(&self) -> Result<Journal> {
        let journal = self.environment.state_folder().map(Journal::at);
        journal.map(|journal| journal.watched(self.interrupts.clone()))
    }

    /// Reads a customer, and says where an earlier change of it never got an outcome.
    fn read(&self, connection: &Connection, id: u64) -> Result<Customer> {
        let profile = &connection.account.profile;
        let open = self.journal().ok().map(|journal| journal.open(profile, Some(id)));
        match open {
            Some(Ok(open)) => open.iter().for_each(|entry| {
                self.terminal.notes().warn(&format!(
                    "the change of entry {entry} has no known outcome: it is still running, or was cut off; \
                     `{}` reads the customer and settles it",
                    profile::command(profile, &format!("customer history {id} --resolve"))
                ));
            }),
            Some(Err(why)) => self.terminal.notes().warn(&format!("{why:#}")),
            None => {}
        }
        connection.client.get(id)
    }

    /// Waits for the turn to change a customer. Without a journal there are no turns.
    fn turn(&self, connection: &Connection, id: u64, args: &WriteArgs) -> Result<Option<Turn>> {
        let journal = self.journal().ok().filter(|_| !args.no_journal && !args.dry_run);
        match journal {
            Some(journal) => {
                let turn = turn(&journal, &connection.client, id, self.terminal.notes());
                let hint = "--no-journal writes without turns and without a record; it cannot be undone then";
                turn.map_err(|error| if error.kind == Kind::Failed { error.hint(hint) } else { error })
            }
            None => Ok(None),
        }
    }

    /// From here on, a signal ends the program in good order.
    fn watch_signals(&self) {
        let (terminal, json) = (self.terminal.clone(), self.global.wants_json());
        let restore = self.terminal.restore();
        self.interrupts.watch(self.terminal.notes(), move |left, parting| {
            restore();
            let error = match left {
                Left::Nothing => Error::new(Kind::Interrupted, "interrupted"),
                Left::Change(what) => Error::new(Kind::Unknown, what),
                Left::Rows(what) => Error::new(Kind::Partial, what),
            };
            let error = parting.into_iter().fold(error, Error::hint);
            fail(&error, &Facts::default(), &terminal, json)
        });
        self.terminal.attended_by(self.interrupts.clone());
    }

    /// Opens the way to the account that is meant. No request is sent yet.
    fn connect(&self) -> Result<Connection> {
        let connection = self.connect_unattended()?;
        // A journal or a file of rows takes long to read.
        self.interrupts.attend();
        Ok(connection)
    }

    /// The same for a command that is done soon.
    fn connect_unattended(&self) -> Result<Connection> {
        self.watch_signals();
        let profile = self.profile()?;
        // A program is run for the key, a file is read that may be a pipe, or another sandbox is waited for. What the
        // environment has is there.
        let key = KeySource::of_environment(self.environment);
        if profile.is_sandbox() || !matches!(key, Ok(Some(KeySource::Variable))) {
            self.interrupts.attend();
        }
        #[cfg(feature = "sandbox")]
        if profile.is_sandbox() {
            let (account, server) = sandbox::account(profile, self.environment)?;
            return Ok(Connection { client: self.client(&account)?, account, _sandbox: Some(server) });
        }
        let journal = self.journal().ok().and_then(|journal| journal.exposed());
        let warnings = profile.warnings(self.environment)?.into_iter().chain(journal);
        warnings.for_each(|warning| self.terminal.notes().warn(&warning));
        let account = profile.account(self.environment, self.global.timeout)?;
        Ok(Connection {
            client: self.client(&account)?,
            account,
            #[cfg(feature = "sandbox")]
            _sandbox: None,
        })
    }

    /// [`Session::connect`] for a command that changes customers, unless it only shows what would change.
    ///
    /// # Errors
    /// `Usage` where the profile is read-only.
    fn connect_to_write(&self, dry_run: bool) -> Result<Connection> {
        self.connect().and_then(|connection| may_write(connection, dry_run))
    }

    /// The profile that is meant.
    fn profile(&self) -> Result<Profile> {
        Profile::chosen(self.global.profile.as_deref(), self.environment)
    }

    /// The way to an account. From here on every question shows which one it is.
    fn client(&self, account: &Account) -> Result<Client> {
        let variable = |name: &str| self.environment.lossy(name);
        if account.base.is_https() {
            // Files are read to know whom to trust, and what comes over a network is waited for.
            self.interrupts.attend();
        }
        let network = Network::from_environment(&account.base, &account.trust, variable)?;
        let (base, key) = (account.base.clone(), account.key.clone());
        self.terminal.show_badge(account.place().badge());
        let (notes, interrupts) = (self.terminal.notes(), self.interrupts.clone());
        let client = Client::new(base, key, &network, self.global.timeout, notes, interrupts);
        Ok(if account.is_read_only() { client.read_only() } else { client })
    }
}

fn may_write(connection: Connection, dry_run: bool) -> Result<Connection> {
    if connection.account.is_read_only() && !dry_run {
        return Err(read_only(&connection.account.profile));
    }
    Ok(connection)
}

fn read_only(profile: &str) -> Error {
    Error::usage(format!("profile {profile} is read-only")).hint(format!(
        "it says `read_only = true`; `fusebill profile set {profile} --read-only=false` allows writes"
    ))
}

/// Waits for the turn to change a customer, so that no other process of this user writes between the read and the
/// write. Room at the gate comes first: a wait for the API's limit is long, and keeps nobody from the customer this way.
fn turn(journal: &Journal, client: &Client, id: u64, notes: Notes) -> Result<Option<Turn>> {
    let mut said = false;
    loop {
        client.reserve()?;
        match journal.turn(id) {
            Ok(None) => client.release(),
            Ok(turn) => return Ok(turn),
            Err(why) => {
                return Err(Error::new(
                    Kind::Failed,
                    "others on this machine cannot be kept waiting, so nothing is sent",
                )
                .at(format!("before reading customer {id}"))
                .because(why));
            }
        }
        let waited = client.wait(Duration::from_millis(10));
        if !said {
            notes.say("Waiting for another fusebill on this machine that changes a customer.");
            said = true;
        }
        if !waited {
            return Err(Error::new(
                Kind::Conflict,
                "another fusebill on this machine did not finish in time",
            )
            .at(format!("before reading customer {id}"))
            .hint("run the same command again, or allow it to wait with --timeout"));
        }
    }
}

/// Tells a failure, and gives its exit code.
fn fail(error: &Error, facts: &Facts, terminal: &Terminal, json: bool) -> u8 {
    terminal.tell(&failure(error, terminal.error_look()));
    if json {
        // Standard error has the failure already; that standard output fails too adds nothing to it.
        let _ = terminal.print(&crate::report::outcome::text(&facts.failure(error)));
    }
    error.kind.code()
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

impl Global {
    /// Whether the output is meant for a program, so that tables go to standard error.
    fn is_for_programs(&self) -> bool {
        self.output != Output::Table
    }
}
