//! Tables: a header, a rule, and columns as wide as their content needs.

use comfy_table::{ColumnConstraint, ContentLineStyle, LineStyle, Table, TableStyle, Width};
use dialoguer::console::{Style, measure_text_width, truncate_str};

use super::Look;
use super::direction::{enclosed, is_isolated, isolated};
use super::escape::escaped;
use super::parts::Part;

/// A cell, with the text for people and the text for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    parts: Vec<Part>,
    exact: Option<String>,
    tone: Tone,
    whole: bool,
    wraps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Bold,
    Old,
    New,
    Dim,
}

/// What happens to values that are too long for the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongValues {
    /// They continue on the next line.
    Wrap,
    /// They are cut, so that a row has one line.
    Cut,
}

/// Columns between two columns of the table.
const GAP: usize = 2;
/// A column is not cut below this width.
const LEAST: usize = 6;

impl Cell {
    pub fn new(text: impl Into<String>, tone: Tone) -> Cell {
        Cell::marked(vec![Part { text: text.into(), changed: false }], tone)
    }

    pub(super) fn marked(parts: Vec<Part>, tone: Tone) -> Cell {
        Cell { parts, exact: None, tone, whole: false, wraps: false }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Cell {
        Cell::new(text, Tone::Plain)
    }

    pub(crate) fn meaning(self, exact: impl Into<String>) -> Cell {
        Cell { exact: Some(exact.into()), ..self }
    }

    /// A name that is typed again, or a date: it is never cut or broken.
    #[must_use]
    pub(crate) fn whole(self) -> Cell {
        Cell { whole: true, ..self }
    }

    /// It continues on the next line, also in a table whose long values are cut.
    #[must_use]
    pub(crate) fn wrapped(self) -> Cell {
        Cell { wraps: true, ..self }
    }

    pub(super) fn exact(&self) -> String {
        self.exact.clone().unwrap_or_else(|| self.parts.iter().map(|part| part.text.as_str()).collect())
    }

    /// The width of its widest line.
    fn width(&self) -> usize {
        self.shown().lines().map(measure_text_width).max().unwrap_or_default()
    }

    fn shown(&self) -> String {
        self.parts.iter().map(|part| escaped(&part.text)).collect()
    }

    fn painted(&self, look: Look, width: usize, long: LongValues) -> comfy_table::Cell {
        let shown = self.shown();
        let long = if self.wraps { LongValues::Wrap } else { long };
        comfy_table::Cell::new(match long {
            LongValues::Cut => {
                self.tone.painted(&isolated(&truncate_str(&shown, width, look.more()), look), look)
            }
            // comfy-table would break the line between the two ends of an isolate.
            LongValues::Wrap if self.width() > width && is_isolated(&shown, look) => {
                self.tone.painted(&isolated_lines(&shown, width), look)
            }
            LongValues::Wrap => marked(&self.parts, self.tone, look),
        })
    }
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Bold => Style::new().bold(),
            Tone::Old => Style::new().red(),
            Tone::New => Style::new().green(),
            Tone::Dim => Style::new().dim(),
        }
    }

    fn painted(self, text: &str, look: Look) -> String {
        look.painted(self.style(), text)
    }
}

/// The text with its changes marked: by style if there is one, else by a line of `^` below, if the text runs from left to
/// right. Output that is piped is plain.
pub(super) fn marked(parts: &[Part], tone: Tone, look: Look) -> String {
    let style = |part: &Part| if part.changed { tone.style().bold().underlined() } else { tone.style() };
    let text: String = parts.iter().map(|part| look.painted(style(part), &escaped(&part.text))).collect();
    if is_isolated(&text, look) {
        return enclosed(&text).into_owned();
    }
    if look.color || look.width.is_none() || !parts.iter().any(|part| part.changed) {
        return text;
    }
    let below = |part: &Part| {
        let mark = if part.changed { "^" } else { " " };
        mark.repeat(measure_text_width(&escaped(&part.text)))
    };
    format!("{text}\n{}", parts.iter().map(below).collect::<String>().trim_end())
}

/// The text broken at spaces into lines of at most `width` columns, each isolated.
fn isolated_lines(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= width => {
                *line += &format!(" {word}");
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.iter().map(|line| enclosed(line)).collect::<Vec<_>>().join("\n")
}

/// A table with a header, fitted to the look; ends with a line break.
pub fn table(header: &[&str], rows: &[Vec<Cell>], look: Look, long: LongValues) -> String {
    let mut table = Table::new();
    let rule = if look.ascii { '-' } else { '─' };
    let lines = ContentLineStyle::none().junction(' ');
    let style = TableStyle::new().header_lines(lines).content_lines(lines);
    table.load_style(style.header_separator(LineStyle::none().fill(rule).junction(' ')));
    if look.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let header: Vec<Cell> = header.iter().map(|title| Cell::new(*title, Tone::Bold)).collect();
    let widths = widths(&header, rows, look);
    let painted = |row: &Vec<Cell>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| cell.painted(look, *width, long));
        cells.collect::<Vec<_>>()
    };
    table.set_header(painted(&header));
    for row in rows {
        table.add_row(painted(row));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let right = u16::from(at + 1 < widths.len());
        column.set_padding((0, right));
        let width = u16::try_from(widths[at]).unwrap_or(u16::MAX).saturating_add(right);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    format!("{}\n", table.trim_fmt())
}

/// As wide as the content, or narrower so that the table fits: the widest column gives way first.
fn widths(header: &[Cell], rows: &[Vec<Cell>], look: Look) -> Vec<usize> {
    let all = || std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    let column = |at: usize| all().filter_map(move |row| row.get(at));
    let mut widths: Vec<usize> =
        (0..header.len()).map(|at| column(at).map(Cell::width).max().unwrap_or_default()).collect();
    let Some(room) = look.width else { return widths };
    let room = usize::from(room).saturating_sub(GAP * header.len().saturating_sub(1));
    let gives: Vec<bool> = (0..header.len()).map(|at| !column(at).any(|cell| cell.whole)).collect();
    while widths.iter().sum::<usize>() > room {
        let widest =
            (0..widths.len()).filter(|at| gives[*at] && widths[*at] > LEAST).max_by_key(|at| widths[*at]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    widths
}

/// Whether the table fits without a cut or a wrap.
pub(super) fn fits(header: &[&str], rows: &[Vec<Cell>], look: Look) -> bool {
    let header: Vec<Cell> = header.iter().map(|title| Cell::plain(*title)).collect();
    let widths = widths(&header, rows, Look { width: None, ..look });
    let all = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    look.width.is_none_or(|width| all <= usize::from(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[[&str; 2]]) -> Vec<Vec<Cell>> {
        rows.iter().map(|row| row.iter().map(|text| Cell::plain(*text)).collect()).collect()
    }

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let shown = table(
            &["A", "B"],
            &rows(&[["株式会社", "|"], ["e\u{301}", "|"], ["plain", "|"]]),
            Look::default(),
            LongValues::Cut,
        );
        let at: Vec<usize> =
            shown.lines().skip(2).map(|line| measure_text_width(line.split('|').next().unwrap())).collect();
        assert_eq!(at, [10, 10, 10], "{shown}");
    }

    #[test]
    fn right_to_left_text_is_isolated_in_each_line_and_keeps_the_columns_straight() {
        let text = "שלום עולם ".repeat(4);
        let look = Look { width: Some(30), ..Look::default() };
        for long in [LongValues::Cut, LongValues::Wrap] {
            let shown = table(&["Name", "Id"], &rows(&[[text.trim_end(), "1"], ["plain", "2"]]), look, long);
            for line in shown.lines() {
                assert!(measure_text_width(line) <= 30, "{shown}");
                assert_eq!(line.matches('\u{2068}').count(), line.matches('\u{2069}').count(), "{shown}");
            }
            let at: Vec<usize> = ["1", "2"]
                .iter()
                .filter_map(|id| shown.lines().find_map(|line| line.strip_suffix(id)).map(measure_text_width))
                .collect();
            assert!(at.len() == 2 && at[0] == at[1], "{at:?} {shown}");
        }
    }

    #[test]
    fn a_table_keeps_within_the_terminal() {
        let rows = [vec![Cell::plain("landingPage"), Cell::new("long words ".repeat(30), Tone::New)]];
        let look = Look { width: Some(40), ..Look::default() };
        for long in [LongValues::Cut, LongValues::Wrap] {
            let shown = table(&["Field", "Value"], &rows, look, long);
            assert!(shown.lines().all(|line| measure_text_width(line) <= 40), "{shown}");
            assert_eq!(
                (shown.contains('…'), shown.lines().count() == 3),
                (long == LongValues::Cut, long == LongValues::Cut)
            );
        }
        assert!(
            table(&["F", "V"], &rows, Look { color: true, ..Look::default() }, LongValues::Cut)
                .contains('\u{1b}')
        );
    }

    #[test]
    fn names_and_dates_are_never_cut() {
        let row = |text: &str| vec![Cell::plain(text).whole(), Cell::plain("a long value")];
        let look = Look { width: Some(20), ..Look::default() };
        let shown = table(&["Entry", "Changed"], &[row("20261130-144912003-nn6j")], look, LongValues::Cut);
        assert!(shown.ends_with("\n20261130-144912003-nn6j  a lon…\n"), "{shown}");
    }

    #[test]
    fn a_table_without_a_terminal_is_uncut_and_can_be_ascii() {
        let look = Look { ascii: true, ..Look::default() };
        let shown = table(&["F", "Value"], &rows(&[["x", &"y".repeat(300)]]), look, LongValues::Cut);
        assert_eq!(shown, format!("F  Value\n-- {}\nx  {}\n", "-".repeat(300), "y".repeat(300)));
    }
}
