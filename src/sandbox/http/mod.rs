//! The HTTP of the sandbox. Only this folder uses hyper and tokio.

mod body;
mod connection;
pub(crate) mod server;
