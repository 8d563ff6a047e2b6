//! x
pub mod document;
pub mod field;
#[cfg(feature = "sandbox")]
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod sandbox;
