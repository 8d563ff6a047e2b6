//! Values as text: tables, JSON, CSV. Pure functions that return a `String`.

pub(crate) mod account;
pub(crate) mod account_label;
pub(crate) mod bulk;
pub(crate) mod change;
pub mod csv;
pub(crate) mod customer;
pub mod escape;
pub mod failure;
pub(crate) mod history;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod rows;
pub mod table;

use dialoguer::console::Style;

#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    pub color: bool,
    /// Columns to wrap at; none for no wrapping.
    pub width: Option<u16>,
}

impl Look {
    pub(crate) fn bold(self, text: &str) -> String {
        self.painted(Style::new().bold(), text)
    }

    pub(crate) fn alarm(self, text: &str) -> String {
        self.painted(Style::new().bold().red(), text)
    }

    pub(crate) fn painted(self, style: Style, text: &str) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }
}
