//! Values as text: tables, JSON, CSV. Pure functions that return a `String`.

pub(crate) mod account;
pub(crate) mod account_label;
pub(crate) mod action;
pub(crate) mod actions;
pub(crate) mod bulk;
pub(crate) mod change;
pub mod csv;
pub(crate) mod customer;
pub(crate) mod direction;
pub mod escape;
pub mod failure;
pub(crate) mod history;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod outcome;
mod parts;
pub(crate) mod plan;
pub(crate) mod row_errors;
pub(crate) mod rows;
pub mod table;
pub mod value;
pub(crate) mod wrap;

use dialoguer::console::Style;

#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    pub color: bool,
    /// Columns of the terminal; none if nothing is cut.
    pub width: Option<u16>,
    /// Only ASCII, except in values.
    pub ascii: bool,
}

impl Look {
    pub(crate) fn bold(self, text: &str) -> String {
        self.painted(Style::new().bold(), text)
    }

    pub(crate) fn alarm(self, text: &str) -> String {
        self.painted(Style::new().bold().red(), text)
    }

    /// The sign of what was cut.
    pub(crate) fn more(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    pub(crate) fn arrow(self) -> &'static str {
        if self.ascii { "->" } else { "→" }
    }

    pub(crate) fn painted(self, style: Style, text: &str) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }
}
