//! The pure core: a customer as text plus spans, and the edits of it.
//!
//! Data flows [`json`] → [`customer`] → [`edit`] (from flags, a merge [`patch`] or an [`edit_text`]) → [`plan`], which
//! [`splice`]s the new text and [`diff`]s it → [`verify`]. Nothing here prints, reads a file, a clock or the environment.

pub mod addresses;
pub mod check;
pub mod codes;
pub mod compare;
pub mod customer;
pub mod decimal;
pub mod diff;
pub mod edit;
pub mod edit_text;
pub mod expect;
pub(crate) mod hidden;
pub mod indent;
pub mod json;
pub mod merge;
pub mod patch;
pub mod path;
pub mod plan;
pub mod relaxed;
pub mod splice;
pub mod time;
pub mod undo;
pub mod verify;

pub use customer::Customer;
pub use diff::Change;
pub use edit::{Action, Edit, EditError, EditProblem, Edits};
pub use json::{Json, View};
pub use path::Path;
pub use plan::Plan;
