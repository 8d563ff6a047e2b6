//! x
pub mod document;
pub mod field;
