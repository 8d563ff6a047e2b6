//! A local stand-in for the vendor's server, to try things on and to rehearse what goes wrong.
//!
//! It does what the vendor documents about reading, listing and editing customers. Where the documents are silent the
//! answer is chosen by name ([`Behaviour`]); what goes wrong on real networks happens on demand ([`Fault`]).
//!
//! A request comes in at `http` (connection, guard, record, faults, key, quota), which asks `customers` or `list` about
//! the documents that `store` holds, and delivers their answer as the faults say.

mod behaviour;
mod clock;
mod customers;
mod fault;
mod http;
mod list;
mod store;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use behaviour::{Behaviour, Choice};
pub use fault::{Fault, FaultKind};
pub use http::record::Recorded;
pub use http::server::Server;
pub use store::file::reset;
pub use store::seed::seed;

/// The one API key the sandbox accepts.
///
/// It is shaped like the vendor's, the base64 form of `0:` and 64 letters and digits, which say that it is no real one.
pub const KEY: &str =
    "MDpGdXNlYmlsbFNhbmRib3hLZXlOb3RBUmVhbE9uZUZ1c2ViaWxsU2FuZGJveEtleU5vdEFSZWFsT25lMDAwMDAw";

/// How a sandbox is started. The default holds the seed in memory, on a free port, and has no faults.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where the customers are kept.
    pub state: State,
    /// The faults it starts with.
    pub faults: Vec<Fault>,
    /// What it does where the vendor's documents are silent.
    pub behaviour: Behaviour,
    /// How many requests it answers before it says 429.
    pub limits: Limits,
    /// How many of the latest requests it remembers.
    pub remembered: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            state: State::Memory,
            faults: Vec::new(),
            behaviour: Behaviour::default(),
            limits: Limits::default(),
            remembered: 20_000,
        }
    }
}

/// Where the customers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In memory: every start begins with the seed.
    Memory,
    /// In this file, shared with every sandbox that uses it; seeded where it is missing.
    File(PathBuf),
}

/// Requests that are answered before the sandbox says 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests a day.
    pub per_day: u32,
    /// How long its minute is.
    pub minute: Duration,
}

impl Default for Limits {
    /// The limits of a live account, from the vendor's page "Rate limits".
    fn default() -> Limits {
        Limits { per_minute: 1_000, per_day: 180_000, minute: Duration::from_secs(60) }
    }
}

/// Locks what no panic can leave half done: every holder writes it in one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
