//! The real binary, from outside: its arguments, what it prints, its exit code, and what it sends.

mod bad_input;
mod bulk;
mod consent;
mod crash;
mod docs;
mod edit;
mod edit_terminal;
mod exit_codes;
mod expect;
mod fields;
mod get;
mod help;
mod history;
mod interrupt;
mod list;
mod matrix;
mod output;
mod patch;
mod safety;
mod sandbox_command;
mod set;
mod terminal;
mod update;
mod world;
