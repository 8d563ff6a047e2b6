//! The sheet: a customer as the text that a person edits, and what the edited text asks for.
//!
//! [`write`](self::write()) lays a customer out; [`read`](self::read()) compares what came back with the customer
//! that was laid out, value by value, so that no change of the layout is a change of the customer; [`fn@annotate`] puts
//! what is wrong above the lines that it is about.

mod annotate;
mod read;
mod write;

pub use annotate::{Note, annotate, without_notes};
pub use read::{Problem, Reading, UnknownField, line_at, read};
pub use write::write;

use super::path::Path;
use crate::field;

/// Whether the sheet holds what stands at this path even where not everything is asked for: a field of the table, or
/// an object with such fields.
fn is_written(path: &Path) -> bool {
    let dotted = path.dotted();
    field::at(&dotted).is_some() || field::is_object(&dotted)
}
