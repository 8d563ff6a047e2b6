//! x
#[allow(missing_docs)]
pub mod document;
pub mod field;
