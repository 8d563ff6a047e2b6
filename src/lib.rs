//! Changes single fields of customers through the Fusebill (Stax Bill) billing API. The API has only `PUT /v1/customers`
//! with the whole document: it sets every field that the body omits to null.
//!
//! ```text
//! arguments → Request            cli        no I/O
//!           → GET                api        the document, as the text that came
//!           → Plan               document   pure: before, after, changes
//!           → shown, consent     report, terminal
//!           → PUT                api
//!           → verified           document   pure: what is stored against what was sent
//!           → report             report
//! ```
//!
//! One [`document::Plan`] is what is shown, consented to, sent and verified. Only the modules below with an `allow`
//! may do I/O; in all others clippy rejects files, the environment, the clock, sockets and printing (.clippy.toml).

#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::print_stdout, clippy::print_stderr)]

pub mod action;
pub mod bulk;
pub mod cli;
pub mod document;
pub mod error;
pub mod field;
pub mod protocol;
pub mod report;
#[allow(missing_docs)]
pub mod search;

#[allow(clippy::disallowed_methods, clippy::disallowed_types, missing_docs)]
pub mod account;
#[allow(clippy::disallowed_methods, clippy::disallowed_types, missing_docs)]
pub mod api;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod drafts;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod editor;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub(crate) mod export;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod files;
#[cfg(feature = "sandbox")]
#[allow(clippy::disallowed_methods, clippy::disallowed_types, missing_docs)]
pub mod sandbox;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
mod signals;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod store;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
mod terminal;

pub mod commands;

pub use commands::run;
