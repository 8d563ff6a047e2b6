//! The store of this machine: entries, runs and their rows in one SQLite database (docs/journal.md). One connection behind a
//! mutex serves all threads, because SQLite writes one transaction at a time: four threads made 560 to 1,000 durable commits
//! a second this way, and 270 to 700 with a connection each (measured in turns on a busy machine of two cores).

mod customer_lock;
mod entries;
mod id;
mod prune;
mod query;
mod row_actions;
mod rows;
mod runs;
pub(crate) mod secure_folder;

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};

pub(crate) use customer_lock::CustomerLock;
pub(crate) use entries::RunRow;
pub use entries::{Entry, EntryOutcome, Filter, Origin};
pub(crate) use id::EntryId;
pub(crate) use prune::{PruneFilter, Pruned};
pub(crate) use rows::{Duplicate, Failure, Row};
pub(crate) use runs::{Run, RunInfo, RunKind, RunRecord};

use crate::error::{Error, ErrorKind, Result};
use crate::files::{has_mode, private};

/// "fuse", in bytes 68 to 71 of the file's header.
const APPLICATION_ID: i32 = 0x6675_7365;

/// The schema migrations, in order. `PRAGMA user_version` is the number of applied ones.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// The store of this user on this machine.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    path: PathBuf,
    timeout: Duration,
    connection: Mutex<Option<Connection>>,
}

impl Store {
    /// Creates nothing before the first write. `timeout` bounds each wait for another process.
    pub fn at(folder: PathBuf, timeout: Duration) -> Store {
        let path = folder.join("fusebill.db");
        Store { folder, path, timeout, connection: Mutex::default() }
    }

    /// A temporary store for one command. SQLite spills it to an unnamed file if it grows (sqlite.org/inmemorydb.html).
    pub fn scratch() -> Result<Store> {
        let open = || {
            let connection = Connection::open("")?;
            migrate(&connection, MIGRATIONS)?;
            Ok(connection)
        };
        let connection = open().map_err(|error: rusqlite::Error| {
            Error::new(ErrorKind::Failed, "cannot store the rows in a temporary database").source(error)
        })?;
        let connection = Mutex::new(Some(connection));
        Ok(Store { folder: PathBuf::new(), path: PathBuf::new(), timeout: Duration::ZERO, connection })
    }

    fn is_scratch(&self) -> bool {
        self.path.as_os_str().is_empty()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn try_lock_customer(&self, id: u64) -> Result<Option<CustomerLock>> {
        customer_lock::try_acquire(&self.folder, id)
    }

    pub(crate) fn exposed(&self) -> Option<String> {
        let path = shell_words::quote(&self.path.to_string_lossy()).into_owned();
        has_mode(&self.path, 0o044).then(|| {
            format!("other users of this machine can read the customers in {path}; run `chmod 600 {path}`")
        })
    }

    /// Runs a query; gives the default value if the database does not exist.
    fn read<T: Default>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.with(
            |held| match held {
                Some(connection) => work(connection),
                None => Ok(T::default()),
            },
            false,
        )
    }

    /// Runs `work` in a transaction; returns after it is durable on disk.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with(
            |held| {
                let transaction = self.begin_to_write(held.ok_or(rusqlite::Error::InvalidQuery)?)?;
                let done = work(&transaction)?;
                transaction.commit()?;
                Ok(done)
            },
            true,
        )
    }

    fn begin_to_write<'a>(&self, connection: &'a Connection) -> rusqlite::Result<Transaction<'a>> {
        connection.busy_timeout(Duration::ZERO)?;
        // IMMEDIATE: a transaction that begins with a read gets SQLITE_BUSY at its first write, without a wait.
        let begin = || Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
        let begun = self.retry(begin);
        connection.busy_timeout(self.timeout)?;
        begun
    }

    /// Retries every 1 to 3 ms while the database is busy. SQLite's busy handler sleeps up to 100 ms, so a process that came
    /// later often gets the lock first.
    fn retry<T>(&self, attempt: impl Fn() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let deadline = Instant::now() + self.timeout;
        loop {
            match attempt() {
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(fastrand::u64(1..=3)));
                }
                done => return done,
            }
        }
    }

    fn with<T>(
        &self,
        work: impl FnOnce(Option<&mut Connection>) -> rusqlite::Result<T>,
        create: bool,
    ) -> Result<T> {
        let mut held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() && (create || self.path.exists()) {
            *held = Some(self.open()?);
        }
        work(held.as_mut()).map_err(|error| self.failed(held.as_ref(), error))
    }

    fn open(&self) -> Result<Connection> {
        secure_folder::make(&self.folder)?;
        for suffix in ["", "-wal", "-shm", "-journal"] {
            secure_folder::check(&self.beside(suffix))?;
        }
        // SQLite gives its other files the mode of this one.
        let made = private(OpenOptions::new().create(true).append(true)).open(&self.path);
        match made {
            Err(reason) if is_read_only(&reason) && self.path.exists() => self.open_read_only(),
            made => {
                made.map_err(|reason| self.unopened(reason))?;
                match self.connect(true) {
                    Err(error) if lacks_shared_memory(&error) => self.connect(false),
                    connected => connected,
                }
            }
        }
    }

    /// WAL lets others read while one writes, but needs memory that processes share. File systems without it get a rollback
    /// journal: readers wait for writers then.
    fn connect(&self, shares_memory: bool) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.path, flags).map_err(|error| self.failed(None, error))?;
        let prepare = || {
            connection.busy_timeout(self.timeout)?;
            if !shares_memory {
                leave_wal(&connection)?;
            }
            // EXTRA is FULL, and syncs the folder too, for a rollback journal. Freed pages and temporary files must not show
            // customers.
            connection.execute_batch(
                "PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;",
            )
        };
        prepare().map_err(|error| self.failed(Some(&connection), error))?;
        if self.version(&connection)? == MIGRATIONS.len() {
            return Ok(connection);
        }
        // If two processes set WAL at the same time, one gets SQLITE_BUSY.
        let set_up = || {
            // auto_vacuum has to be set before the first table is made.
            connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
            if shares_memory {
                connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            }
            migrate(&connection, MIGRATIONS)
        };
        self.retry(set_up).map_err(|error| self.failed(Some(&connection), error))?;
        Ok(connection)
    }

    /// Opens a read-only file as `immutable`, without locks, because no process of this user can write to it. Not if there is
    /// a WAL or a rollback journal: SQLite must apply it, or fail.
    fn open_read_only(&self) -> Result<Connection> {
        let mut name =
            self.path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        if !["-wal", "-journal"].iter().any(|suffix| self.beside(suffix).exists()) {
            name.push_str("?immutable=1");
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(format!("file:{name}"), flags)
            .map_err(|error| self.failed(None, error))?;
        self.version(&connection)?;
        Ok(connection)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!("fusebill.db{suffix}"))
    }

    fn version(&self, connection: &Connection) -> Result<usize> {
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let tables =
            || connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        // The tables first: another process may create them, and set both numbers, between two of these reads.
        let read = || Ok((tables()?, pragma("application_id")?, pragma("user_version")?));
        let (tables, application, version) =
            read().map_err(|error: rusqlite::Error| self.failed(Some(connection), error))?;
        // If a process died during set-up, the database has no table and no application id.
        if application != APPLICATION_ID && tables > 0 {
            return Err(self.foreign());
        }
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        if version > MIGRATIONS.len() {
            let message =
                format!("the store {} was written by a newer version of fusebill", self.path.display());
            return Err(Error::new(ErrorKind::Failed, message)
                .detail([format!("it has version {version}; this program knows {}", MIGRATIONS.len())])
                .hint("use the newer version"));
        }
        Ok(version)
    }

    fn foreign(&self) -> Error {
        Error::new(ErrorKind::Failed, format!("{} is not a store of fusebill", self.path.display()))
            .hint("move the file away; the next command creates a new store, without the earlier changes")
    }

    fn unopened(&self, reason: impl Into<anyhow::Error>) -> Error {
        Error::new(ErrorKind::Failed, format!("the store {} cannot be opened", self.path.display()))
            .source(reason)
            .hint(secure_folder::ELSEWHERE)
    }

    fn busy(&self) -> Error {
        let waited = self.timeout.as_secs();
        Error::new(
            ErrorKind::Failed,
            format!(
                "another fusebill has been writing to the store {} for {waited} seconds",
                self.path.display()
            ),
        )
        .hint("run the same command again, or allow a longer wait with --timeout")
    }

    /// Turns an SQLite error into a message. A damaged file is never replaced.
    fn failed(&self, connection: Option<&Connection>, reason: rusqlite::Error) -> Error {
        match reason.sqlite_error_code() {
            _ if is_busy(&reason) => self.busy(),
            Some(ErrorCode::NotADatabase) => self.foreign(),
            Some(ErrorCode::DatabaseCorrupt) => self.damaged(connection, reason),
            _ => {
                let message = format!("the store {} cannot be used", self.path.display());
                let error = Error::new(ErrorKind::Failed, message).source(reason);
                if error.source.as_ref().is_some_and(is_about_writing) {
                    return error.hint(secure_folder::ELSEWHERE);
                }
                error
            }
        }
    }

    fn damaged(&self, connection: Option<&Connection>, error: rusqlite::Error) -> Error {
        let path = shell_words::quote(&self.path.to_string_lossy()).into_owned();
        Error::new(ErrorKind::Failed, format!("the store {} is damaged", self.path.display()))
            .source(error)
            .detail(connection.map(examine).unwrap_or_default())
            .hint(format!("copy it, then `sqlite3 {path} .recover | sqlite3 recovered.db` saves what can be read"))
            .hint("move the damaged file away; a new store is made then, which knows nothing of earlier changes")
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn is_about_writing(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(
        code,
        Some(ErrorCode::ReadOnly | ErrorCode::DiskFull | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
    )
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

fn examine(connection: &Connection) -> Vec<String> {
    let check = || {
        let mut lines = connection.prepare("PRAGMA integrity_check(3)")?;
        let lines = lines.query_map([], |row| row.get::<_, String>(0))?;
        lines.collect::<rusqlite::Result<Vec<String>>>()
    };
    check().unwrap_or_default().iter().flat_map(|text| text.lines()).map(str::to_string).collect()
}

/// A database in WAL mode can be read without shared memory if one connection has it to itself.
fn leave_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA locking_mode = NORMAL")?;
    // The lock is released after the next read.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn lacks_shared_memory(error: &Error) -> bool {
    let reason = error.source.as_ref().and_then(|reason| reason.downcast_ref::<rusqlite::Error>());
    let Some(reason) = reason.and_then(rusqlite::Error::sqlite_error) else { return false };
    let codes = [ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMMAP, ffi::SQLITE_IOERR_SHMLOCK];
    reason.code == ErrorCode::CannotOpen || codes.contains(&reason.extended_code)
}

/// Applies the missing migrations in one transaction.
fn migrate(connection: &Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let applied = || {
        let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for (migration, next) in migrations.iter().zip(1_usize..).skip(version) {
            connection.execute_batch(migration)?;
            connection.pragma_update(None, "user_version", next)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.execute_batch("COMMIT")
    };
    applied().inspect_err(|_| {
        let _ = connection.execute_batch("ROLLBACK");
    })
}

#[cfg(test)]
mod tests;
