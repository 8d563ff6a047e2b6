//! `Context`: the options, terminal, signals and store of a command. `Session`: a context with one account and its client.

use std::ops::Deref;
use std::time::Duration;

#[cfg(feature = "sandbox")]
use super::sandbox;
use crate::account::{Account, Profile, command, environment};
use crate::api::{Client, Network, clock};
use crate::cli::{Global, Output, WriteArgs};
use crate::document::Customer;
use crate::error::{Error, ErrorKind, Result};
use crate::report::json::printed;
use crate::report::outcome::JsonReport;
use crate::signals::{Handler, Signals};
use crate::store::{CustomerLock, EntryId, EntryOutcome, Store};
use crate::terminal::{Notes, Terminal};

/// How long a second Ctrl-C waits for the store, to record that nothing was sent.
const LAST_RECORD: Duration = Duration::from_secs(1);

pub(super) struct Context {
    pub(super) global: Global,
    pub(super) terminal: Terminal,
    pub(super) signals: Signals,
    /// None if there is no home directory.
    store: Option<Store>,
}

pub(super) struct Session<'a> {
    context: &'a Context,
    pub(super) account: Account,
    pub(super) client: Client,
    /// The built-in sandbox; it stops when the session is dropped.
    #[cfg(feature = "sandbox")]
    _sandbox: Option<crate::sandbox::Server>,
}

impl Deref for Session<'_> {
    type Target = Context;

    fn deref(&self) -> &Context {
        self.context
    }
}

impl Context {
    pub(super) fn new(global: Global, may_write: bool) -> Context {
        let notes = Notes { quiet: global.quiet, http: global.verbose };
        let terminal = Terminal::new(global.color, notes, global.no_input, environment::wants_plain());
        let terminal = if global.is_for_programs() { terminal.for_programs() } else { terminal };
        let terminal = if may_write { terminal.for_writes() } else { terminal };
        let store = environment::state_folder().ok().map(|folder| Store::at(folder, global.timeout));
        Context { global, terminal, signals: Signals::default(), store }
    }

    pub(super) fn store(&self) -> Result<&Store> {
        match &self.store {
            Some(store) => Ok(store),
            None => Err(environment::state_folder().err().unwrap_or_else(|| {
                Error::new(ErrorKind::Failed, "there is no home directory").hint("set HOME")
            })),
        }
    }

    pub(super) fn profile(&self) -> Result<Profile> {
        Profile::chosen(self.global.profile.as_deref())
    }

    /// Called before the first request or question: until then, a signal ends the program at once.
    pub(super) fn watch_signals(&self) {
        let (terminal, json) = (self.terminal.clone(), self.global.wants_json());
        let notes = self.terminal.notes();
        let end = move |error: Error| {
            terminal.restore();
            terminal.fail(&error);
            if json {
                terminal.print_if_ready(&printed(&JsonReport::default().failure(&error), Output::Json));
            }
            terminal.restore_modes();
        };
        let warn = move |message: &str| notes.warn(message);
        let folder = environment::state_folder();
        let not_sent = move |entry: &EntryId| {
            let store = folder.as_ref().map(|folder| Store::at(folder.clone(), LAST_RECORD));
            store.is_ok_and(|store| store.end(entry, EntryOutcome::NotWritten, None).is_ok())
        };
        let handler = Handler {
            warn: Box::new(warn),
            end: Box::new(end),
            continued: Box::new(crate::terminal::ask_again),
            not_sent: Box::new(not_sent),
        };
        if self.signals.watch(handler).is_err() {
            notes.warn("cannot handle signals, so Ctrl-C ends the program at once, even during a write");
        }
    }

    /// Opens the account of the profile. Sends no request.
    pub(super) fn open(&self) -> Result<Session<'_>> {
        self.watch_signals();
        let profile = self.profile()?;
        #[cfg(feature = "sandbox")]
        if profile.is_sandbox() {
            let (account, server) = sandbox::open(profile)?;
            return Ok(Session {
                client: self.client(&account)?,
                account,
                context: self,
                _sandbox: Some(server),
            });
        }
        let store = self.store.as_ref().and_then(Store::exposed);
        let warnings = profile.warnings()?.into_iter().chain(store);
        warnings.for_each(|warning| self.terminal.notes().warn(&warning));
        // The key command and the requests share one time limit.
        let begun = clock::now();
        let account = profile.account(self.global.timeout)?;
        Ok(Session {
            client: self.client(&account)?.spent(clock::now().saturating_sub(begun)),
            account,
            context: self,
            #[cfg(feature = "sandbox")]
            _sandbox: None,
        })
    }

    /// Opens the account; fails with `Usage` if the profile is read-only, unless it is a dry run.
    pub(super) fn open_to_write(&self, dry_run: bool) -> Result<Session<'_>> {
        let session = self.open()?;
        if !session.account.is_read_only() || dry_run {
            return Ok(session);
        }
        let profile = &session.account.profile;
        Err(Error::usage(format!("profile {profile} is read-only")).hint(format!(
            "it says `read_only = true`; `fusebill profile set {profile} --read-only=false` allows writes"
        )))
    }

    /// Creates the client. From here on every question shows the account.
    pub(super) fn client(&self, account: &Account) -> Result<Client> {
        let network = Network::from_environment(&account.base, &account.trust, environment::lossy)?;
        let (base, key) = (account.base.clone(), account.key.clone());
        self.terminal.show_badge(account.label().badge());
        let client = Client::new(base, key, &network, self.global.timeout, self.terminal.notes());
        Ok(if account.is_read_only() { client.read_only() } else { client })
    }
}

impl Session<'_> {
    /// Fails with `Conflict` if the session's account is not this profile and host. `what` begins the message.
    pub(super) fn refuse_elsewhere(&self, what: &str, profile: &str, host: &str) -> Result<()> {
        let account = &self.account;
        if profile == account.profile && host == account.origin {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Conflict, format!("{what} on profile {profile} at {host}"))
            .detail([format!("this is profile {} at {}", account.profile, account.origin)]);
        Err(if profile == account.profile { error } else { error.hint(format!("add --profile {profile}")) })
    }

    /// Reads the customer. Warns if the journal has entries of it without a known outcome.
    pub(super) fn read(&self, id: u64) -> Result<Customer> {
        if let Err(error) = self.warn_of_open(id) {
            self.terminal.notes().warn(&error.headline());
        }
        self.client.get(id)
    }

    fn warn_of_open(&self, id: u64) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let profile = &self.account.profile;
        let Some(first) = store.next_open(profile, Some(id), None)? else { return Ok(()) };
        let reason = match first.outcome {
            Some(_) => "",
            None => ": its command is still running, or was killed",
        };
        let is_only = store.next_open(profile, Some(id), Some(&first))?.is_none();
        let others = if is_only { "" } else { ", and others of this customer" };
        self.terminal.notes().warn(&format!(
            "the change of entry {} has no known outcome{reason}{others}; `{}` reads the customer and records the outcome",
            first.entry,
            command(profile, &format!("customer history {id} --resolve"))
        ));
        Ok(())
    }

    /// Takes the customer lock; `None` with `--no-journal` or `--dry-run`.
    pub(super) fn lock(&self, id: u64, args: &WriteArgs) -> Result<Option<CustomerLock>> {
        if args.no_journal || args.dry_run {
            return Ok(None);
        }
        let lock = lock(self.store()?, &self.client, id, self.terminal.notes());
        let hint =
            "--no-journal writes without a lock and without a record; then the change cannot be undone";
        lock.map(Some).map_err(|error| if error.kind == ErrorKind::Failed { error.hint(hint) } else { error })
    }
}

/// Takes a rate-limiter permit, then the customer lock. In this order, because a wait for the API's limit can last a minute
/// and must not block other processes.
pub(super) fn lock(store: &Store, client: &Client, id: u64, notes: Notes) -> Result<CustomerLock> {
    let mut message = false;
    loop {
        client.acquire()?;
        let step = format!("before reading customer {id}");
        if let Some(lock) = store.try_lock_customer(id).map_err(|error| error.step(&step))? {
            return Ok(lock);
        }
        client.release();
        if !message {
            notes.say(&format!(
                "Waiting: another fusebill process on this machine is changing customer {id}."
            ));
            message = true;
        }
        if !client.wait(Duration::from_millis(10)) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "another fusebill process still holds the lock, so nothing was sent",
            )
            .step(step)
            .hint("run the same command again, or allow it to wait longer with --timeout"));
        }
    }
}
