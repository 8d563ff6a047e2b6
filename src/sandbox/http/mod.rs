//! The HTTP of the sandbox. Only this folder uses hyper and tokio.

mod connection;
pub(crate) mod server;
