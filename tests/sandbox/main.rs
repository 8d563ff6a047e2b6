//! The sandbox over real HTTP.
// Helpers outside a test function are tests too.
#![allow(clippy::unwrap_used)]

mod actions;
mod behaviours;
mod client;
mod control;
mod faults;
mod lists;
mod manual;
mod requests;
mod search;
mod state;
mod updates;
mod vendor_requests;
