//! Tables, and values as their cells.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Color, ColumnConstraint, ContentArrangement, Table};

use super::Look;
use super::escape::escaped;
use crate::document::View;
use crate::document::indent::compact;
use crate::document::json::ValueKind;

/// A cell, with the text for people and the text for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    exact: Option<String>,
    tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Bold,
    Old,
    New,
    Dim,
}

impl Cell {
    pub fn new(text: impl Into<String>, tone: Tone) -> Cell {
        Cell { text: text.into(), exact: None, tone }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Cell {
        Cell::new(text, Tone::Plain)
    }

    pub(crate) fn meaning(self, exact: impl Into<String>) -> Cell {
        Cell { exact: Some(exact.into()), ..self }
    }

    pub(super) fn exact(&self) -> &str {
        self.exact.as_deref().unwrap_or(&self.text)
    }

    fn painted(&self) -> comfy_table::Cell {
        let cell = comfy_table::Cell::new(escaped(&self.text));
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
pub fn table(header: &[&str], rows: &[Vec<Cell>], look: Look) -> String {
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
    table.set_header(header.iter().map(|title| Cell::new(*title, Tone::Bold).painted()));
    for row in rows {
        table.add_row(row.iter().map(Cell::painted));
    }
    keep_first_column(&mut table, look);
    format!("{}\n", table.trim_fmt())
}

/// Users copy the first column, so it wraps only if it would take most of the line.
fn keep_first_column(table: &mut Table, look: Look) {
    let widest = table.column_max_content_widths().first().copied().unwrap_or_default();
    if look.width.is_some_and(|width| widest + 12 < width)
        && let Some(column) = table.column_mut(0)
    {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
}

/// A value so that empty, null, absent and the text "null" look different: text in quotes, the rest as JSON.
pub(crate) fn value(view: Option<View<'_>>) -> String {
    let Some(view) = view else { return "(absent)".to_string() };
    match view.as_text() {
        Some(text) => format!("\"{text}\""),
        None => codes(view).unwrap_or_else(|| compact(view.raw())),
    }
}

/// Values of one field as `value` shows them; all in full if two different ones would look the same.
pub fn values<const N: usize>(views: [Option<View<'_>>; N]) -> [String; N] {
    let full = |view: Option<View<'_>>| view.map_or_else(|| value(None), |view| compact(view.raw()));
    let short = views.map(value);
    let alike =
        |one: usize, other: usize| short[one] == short[other] && full(views[one]) != full(views[other]);
    if (0..N).any(|one| (0..one).any(|other| alike(one, other))) { views.map(full) } else { short }
}

/// Sales-tracking codes as `TYPE=CODE`, which their flag takes; none for any other value.
fn codes(list: View<'_>) -> Option<String> {
    if list.kind() != ValueKind::Array || list.children().next().is_none() {
        return None;
    }
    let part = |code: View<'_>, name: &str| Some(code.member(name)?.as_text()?.into_owned());
    let pair = |code| Some(format!("{}={}", part(code, "type")?, part(code, "code")?));
    list.children().map(pair).collect::<Option<Vec<String>>>().map(|pairs| pairs.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Json;

    #[test]
    fn values_that_are_different_look_different() {
        let shown = |text: &str| value(Some(Json::parse(text).unwrap().root()));
        let all = [
            shown("null"),
            shown("\"null\""),
            shown("\"\""),
            value(None),
            shown("[]"),
            shown("\"[]\""),
            shown("{}"),
        ];
        assert_eq!(all, ["null", "\"null\"", "\"\"", "(absent)", "[]", "\"[]\"", "{}"]);
        assert_eq!(
            (shown("1E5"), shown("\"\\u00e9\""), shown("\"\\ud800\"")),
            ("1E5".into(), "\"é\"".into(), "\"\\ud800\"".into())
        );
    }

    #[test]
    fn two_values_that_differ_never_look_the_same() {
        let code =
            |name: &str| Json::parse(format!(r#"[{{"type":"A","code":"1","name":"{name}"}}]"#)).unwrap();
        let (one, other) = (code("x"), code("y"));
        let shown = values([Some(one.root()), Some(other.root()), None]);
        assert_eq!(
            shown[1..],
            [r#"[{"type":"A","code":"1","name":"y"}]"#.to_string(), "(absent)".to_string()]
        );
        assert_eq!(values([Some(one.root()), None]), ["A=1", "(absent)"]);
    }

    #[test]
    fn tracking_codes_read_as_their_flag_takes_them() {
        let list =
            Json::parse(r#"[{"type":"Region","code":"NA","id":1},{"type":"Rep","code":"7"}]"#).unwrap();
        assert_eq!(value(Some(list.root())), "Region=NA; Rep=7");
        assert_eq!(value(Some(Json::parse("[{\"type\":1}, 2]").unwrap().root())), "[{\"type\":1},2]");
    }

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let rows = [["株式会社", "x"], ["e\u{301}", "😀"], ["plain", "y"]];
        let rows: Vec<Vec<Cell>> =
            rows.iter().map(|row| row.iter().map(|text| Cell::plain(*text)).collect()).collect();
        let shown = table(&["A", "B"], &rows, Look::default());
        let widths: Vec<usize> = shown.lines().map(unicode_width::UnicodeWidthStr::width).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{shown}");
    }

    #[test]
    fn a_table_keeps_within_the_terminal() {
        let rows = [vec![Cell::plain("landingPage"), Cell::new("long words ".repeat(30), Tone::New)]];
        let shown = table(&["Field", "Value"], &rows, Look { color: false, width: Some(40) });
        assert!(shown.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 40), "{shown}");
        assert!(!shown.contains('\u{1b}'));
        assert!(table(&["F", "V"], &rows, Look { color: true, width: None }).contains('\u{1b}'));
    }
}
