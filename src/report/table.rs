//! Tables, and values as their cells.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};

use super::Look;
use super::escape::escaped;
use crate::document::View;

/// A cell of a table and how it stands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    text: String,
    tone: Tone,
}

/// How a cell stands out where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Not at all.
    Plain,
    /// As a heading.
    Bold,
    /// As something that goes away.
    Old,
    /// As something that comes.
    New,
    /// As something that is not there.
    Dim,
}

impl Text {
    /// A cell; the text is escaped.
    pub fn new(text: &str, tone: Tone) -> Text {
        Text { text: escaped(text).into_owned(), tone }
    }

    fn cell(&self) -> Cell {
        let cell = Cell::new(&self.text);
        match self.tone {
            Tone::Plain => cell,
            Tone::Bold => cell.add_attribute(Attribute::Bold),
            Tone::Old => cell.fg(Color::Red),
            Tone::New => cell.fg(Color::Green),
            Tone::Dim => cell.add_attribute(Attribute::Dim),
        }
    }
}

/// A table with a header, fitted to the look; ends with a line break.
pub fn table(header: &[&str], rows: &[Vec<Text>], look: Look) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    if look.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(header.iter().map(|title| Text::new(title, Tone::Bold).cell()));
    for row in rows {
        table.add_row(row.iter().map(Text::cell));
    }
    format!("{}\n", table.trim_fmt())
}

/// A value so that empty, null, absent and the text "null" look different: text in quotes, the rest as its token.
pub fn value(view: Option<View<'_>>) -> String {
    match view {
        None => "(absent)".to_string(),
        Some(view) => match view.as_text() {
            Some(text) => format!("\"{text}\""),
            None => crate::document::indent::compact(view),
        },
    }
}
