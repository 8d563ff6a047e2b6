//! A local server with the vendor's API, to try commands and to rehearse failures. [`Behaviour`] chooses among the
//! answers that the vendor's documents leave open; [`Fault`] makes requests fail.
//! Imports go one way, in the order of the list below.

mod behaviour;
mod ledger;
mod money;
mod response;
mod table;

mod access;
mod fault;
mod record;
mod timestamp;

mod fault_plan;
mod store;

mod actions;
mod customers;
mod list;

mod api;

mod control;
mod http;

pub use access::{KEY, Limits};
pub use behaviour::{Behaviour, Choice};
pub use fault::{Fault, FaultKind};
pub use http::server::{Options, Server};
pub use ledger::Movement;
pub use record::Recorded;
pub use store::{State, reset};
pub use table::seed;
