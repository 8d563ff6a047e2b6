//! The real binary, from outside: its arguments, what it prints, its exit code, and what it sends.

mod consent;
mod docs;
mod update;
mod world;
