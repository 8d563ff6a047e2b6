//! The text that a user edits in an editor, and the edits that it asks for.
//! Values compare by meaning, so a change of the layout is no edit.

mod annotate;
mod read;
mod write;

pub use annotate::{Note, annotate, without_notes};
pub use read::{TextDiff, UnknownField, line_at, read};
pub use write::write;

use super::path::Path;
use crate::field;

/// Whether a path is in the text without `all` too: a field of the table, or an object of such fields.
fn is_written(path: &Path) -> bool {
    let dotted = path.dotted();
    field::at(&dotted).is_some() || field::is_object(&dotted)
}
