//! A local stand-in for the vendor's server, to try things on and to rehearse failures.
//!
//! It does what the vendor documents about reading, listing and editing customers. If the documents are silent, the
//! behaviour is chosen by name ([`Behaviour`]); failures of real networks happen on demand ([`Fault`]).
//!
//! `http` reads a request, `api` answers it: the faults that hit it, then key, quota and content type (`access`), then
//! `customers` or `list` with the documents that `store` holds. Imports go one way, in the order of the list below.

mod behaviour;
mod loose_json;
mod response;
mod timestamp;

mod access;
mod fault;
mod record;
mod table;

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
