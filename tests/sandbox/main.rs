//! The sandbox over real HTTP.

mod behaviours;
mod client;
mod control;
mod faults;
mod lists;
mod manual;
mod requests;
mod state;
mod updates;
