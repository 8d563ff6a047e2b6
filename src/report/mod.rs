//! Values as text: tables, JSON, CSV. Pure: everything is given, and what comes out is a `String`.

pub mod account;
pub mod bulk;
pub mod change;
pub mod csv;
pub mod customer;
pub mod escape;
pub mod failure;
pub mod history;
pub mod list;
pub mod outcome;
pub mod place;
pub mod table;

use serde::Serialize;

use crate::document::Json;

/// A value that is made of texts, numbers and JSON tokens, as JSON.
fn known(value: &impl Serialize) -> Json {
    Json::known(serde_json::to_string(value).expect("texts, numbers and tokens are JSON"))
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Whether to colour.
    pub color: bool,
    /// Columns to keep within; none where nothing is to be wrapped.
    pub width: Option<u16>,
}

impl Look {
    /// The text in bold, where there is colour.
    pub fn bold(self, text: &str) -> String {
        dialoguer::console::Style::new().bold().force_styling(self.color).apply_to(text).to_string()
    }

    /// The text dimmed, where there is colour.
    pub fn dim(self, text: &str) -> String {
        dialoguer::console::Style::new().dim().force_styling(self.color).apply_to(text).to_string()
    }

    /// The text in bold red, where there is colour.
    pub fn alarm(self, text: &str) -> String {
        dialoguer::console::Style::new().bold().red().force_styling(self.color).apply_to(text).to_string()
    }
}
