//! Asking on the terminal: a question is a value that takes keys and shows itself; this draws it and puts the terminal
//! right again, however the question ends.
//!
//! dialoguer's own questions know neither Esc nor Ctrl-D nor Ctrl-Z everywhere, leave the cursor hidden on Ctrl-C, and
//! count on lines that do not wrap; its `console` gives the keys.

use std::io::{self, ErrorKind};

use dialoguer::console::{Key, Term, measure_text_width, truncate_str};

use crate::error::{Error, Kind, Result};

/// Ctrl-D, the end of input.
const END: Key = Key::Char('\u{4}');
/// Ctrl-Z.
const SUSPEND: Key = Key::Char('\u{1a}');

/// A question alone needs these rows.
const LEAST_ROWS: usize = 6;

/// Something that is asked.
pub(super) trait Question {
    /// What it is answered with.
    type Answer;

    /// Whether only keys count that were pressed while it stood: whoever typed before cannot have seen what it is about.
    const FRESH: bool = false;

    /// Takes a key, and gives the answer where that was the last one.
    fn press(&mut self, key: &Key) -> Option<Self::Answer>;

    /// How it looks now.
    fn view(&self, size: Size) -> View;
}

/// The room that a question has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// A question as it is drawn.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Its lines, none wider than the terminal.
    pub(super) lines: Vec<String>,
    /// Where the cursor is shown, as line and column; not at all where something is chosen and not typed.
    pub(super) cursor: Option<(usize, usize)>,
}

/// Asks until there is an answer; none where the user pressed Esc or Ctrl-D.
///
/// # Errors
/// `Interrupted` on Ctrl-C; `Cancelled` where the terminal goes away.
///
/// The badge stands above the question.
pub(super) fn ask<Q: Question>(question: &mut Q, badge: Option<String>) -> Result<Option<Q::Answer>> {
    let mut canvas =
        Canvas { term: Term::stderr(), badge, widths: Vec::new(), line: 0, raw: Raw::begin(Q::FRESH) };
    let answer = canvas.ask(question);
    // Nothing can be done about a terminal that takes no more.
    let _ = canvas.clear();
    let _ = canvas.term.show_cursor();
    answer.map_err(|why| match why.kind() {
        ErrorKind::Interrupted => Error::new(Kind::Interrupted, "interrupted"),
        _ => Error::new(Kind::Cancelled, "the question got no answer").because(why),
    })
}

/// Where a question is drawn, and what of it stands there now.
struct Canvas {
    term: Term,
    /// A line above every question.
    badge: Option<String>,
    /// The columns that each line takes.
    widths: Vec<usize>,
    /// The line that the cursor is on.
    line: usize,
    raw: Raw,
}

/// The terminal gives every key at once and echoes none while this lives. `console` alone would switch this on and off
/// with every key, and what is typed in between would be echoed or taken for an edit of the line.
struct Raw {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Raw {
    /// `fresh` throws away what was typed before.
    #[cfg(unix)]
    fn begin(fresh: bool) -> Raw {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut raw = before.clone();
            raw.make_raw();
            raw.output_modes = before.output_modes;
            let typed = if fresh { OptionalActions::Flush } else { OptionalActions::Drain };
            let _ = tcsetattr(io::stdin(), typed, &raw);
        }
        Raw { before }
    }

    #[cfg(unix)]
    fn end(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Drain, &before);
        }
    }

    #[cfg(not(unix))]
    fn begin(_fresh: bool) -> Raw {
        Raw {}
    }

    #[cfg(not(unix))]
    fn end(&mut self) {}
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.end();
    }
}

impl Canvas {
    fn ask<Q: Question>(&mut self, question: &mut Q) -> io::Result<Option<Q::Answer>> {
        loop {
            let view = self.under_badge(|size| question.view(size));
            self.draw(&view)?;
            match self.term.read_key_raw()? {
                Key::CtrlC => return Err(ErrorKind::Interrupted.into()),
                Key::Escape | END => return Ok(None),
                SUSPEND => self.suspend(Q::FRESH)?,
                key => {
                    if let Some(answer) = question.press(&key) {
                        return Ok(Some(answer));
                    }
                }
            }
        }
    }

    fn size(&self) -> Size {
        let (rows, columns) = self.term.size();
        Size { rows: usize::from(rows), columns: usize::from(columns).max(1) }
    }

    /// A view with the badge above it, or in its first line where there is no room for both.
    fn under_badge(&self, view: impl FnOnce(Size) -> View) -> View {
        let size = self.size();
        let Some(badge) = &self.badge else { return view(size) };
        let least = size.rows <= LEAST_ROWS;
        let mut view = view(Size { rows: if least { size.rows } else { size.rows - 1 }, ..size });
        let typed_there = view.cursor.is_some_and(|(line, _)| line == 0);
        if least && view.lines.len() >= size.rows && !typed_there {
            let first = view.lines.first().map_or("", String::as_str);
            view.lines[0] = truncate_str(&format!("{badge} {first}"), size.columns, "…").into_owned();
            return view;
        }
        view.lines.insert(0, truncate_str(badge, size.columns, "…").into_owned());
        view.cursor = view.cursor.map(|(line, column)| (line + 1, column));
        view
    }

    fn draw(&mut self, view: &View) -> io::Result<()> {
        self.clear()?;
        self.term.write_str(&view.lines.join("\r\n"))?;
        self.widths = view.lines.iter().map(|line| measure_text_width(line)).collect();
        self.line = self.widths.len().saturating_sub(1);
        match view.cursor {
            None => self.term.hide_cursor()?,
            Some((line, column)) => {
                self.term.move_cursor_up(self.line - line)?;
                self.term.write_str("\r")?;
                self.term.move_cursor_right(column)?;
                self.term.show_cursor()?;
                self.line = line;
            }
        }
        self.term.flush()
    }

    /// Takes what was drawn away. Lines that were drawn on a wider terminal take several rows on a narrower one.
    fn clear(&mut self) -> io::Result<()> {
        let columns = self.size().columns;
        let rows = |width: &usize| width.div_ceil(columns).max(1);
        let above: usize = self.widths.iter().take(self.line).map(rows).sum();
        self.widths.clear();
        self.line = 0;
        self.term.move_cursor_up(above)?;
        self.term.write_str("\r")?;
        self.term.clear_to_end_of_screen()
    }

    #[cfg(unix)]
    fn suspend(&mut self, fresh: bool) -> io::Result<()> {
        self.clear()?;
        self.term.show_cursor()?;
        self.raw.end();
        let continued = signal_hook::low_level::raise(signal_hook::consts::SIGTSTP);
        self.raw = Raw::begin(fresh);
        continued
    }

    #[cfg(not(unix))]
    fn suspend(&mut self, _fresh: bool) -> io::Result<()> {
        Ok(())
    }
}

/// A text in lines that fit, at most so many; a text that takes more ends in an ellipsis.
pub(super) fn capped(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines = wrapped(text, columns);
    if lines.len() > most.max(1) {
        lines.truncate(most.max(1));
        if let Some(last) = lines.last_mut() {
            *last = format!("{}…", truncate_str(last.trim_end(), columns.saturating_sub(1), ""));
        }
    }
    lines
}

/// A text in lines that are no wider than so many columns, broken between words where that is possible.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let last = lines.len() - 1;
        if measure_text_width(&lines[last]) + measure_text_width(word.trim_end()) <= columns {
            lines[last].push_str(word);
            continue;
        }
        let kept = lines[last].trim_end().len();
        lines[last].truncate(kept);
        let mut line = String::new();
        for c in word.chars() {
            if measure_text_width(&line) + measure_text_width(c.encode_utf8(&mut [0; 4])) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        lines.push(line);
    }
    lines.retain(|line| !line.is_empty());
    // The space after a word that just fits would be one column too many.
    for line in lines.iter_mut().filter(|line| measure_text_width(line) > columns) {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_or_where_it_must() {
        assert_eq!(wrapped("one two three ", 7), ["one two", "three "]);
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("株式会社 abcdefghij k", 6), ["株式会", "社", "abcdef", "ghij k"]);
        assert_eq!(wrapped("", 8), [""; 0]);
        assert_eq!(capped("one two three", 4, 2), ["one", "two…"]);
        assert_eq!(capped("one two", 8, 1), ["one two"]);
    }
}
