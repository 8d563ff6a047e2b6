//! A local server with the vendor's API, to try commands and to rehearse failures.
//!
//! It does what the vendor documents about reading, listing and editing customers. [`Behaviour`] chooses among the answers
//! that the documents leave open; [`Fault`] makes requests fail.
//!
//! `http` reads a request, `api` answers it: the faults that hit it, then key and quota (`access`), then `customers` or
//! `list` with the documents in `store`. Imports go one way, in the order of the list below.

mod behaviour;
mod response;
mod table;

mod access;
mod fault;
mod record;
mod timestamp;

mod fault_plan;
mod store;

mod control;
mod customers;
mod list;

mod api;
mod http;

pub use access::{KEY, Limits};
pub use behaviour::{Behaviour, Choice};
pub use fault::{Fault, FaultKind};
pub use http::server::{Options, Server};
pub use record::Recorded;
pub use store::{State, reset};
pub use table::seed;
