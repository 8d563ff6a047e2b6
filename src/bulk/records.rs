//! Records of a CSV file, read strictly (RFC 4180): an error of quoting is reported, never taken for text.
//! The csv crate only writes here. Its reader takes `"a"b` and ` "a"` for text, does not tell a quote that is never
//! closed from one that closes at the end of the file, and counts lines one short after CRLF.

use std::io::{self, BufRead, BufReader, Bytes, Read};
use std::iter::Peekable;

use super::RowError;
use super::cell::Cell;
use super::table::Record;

/// The records of a file without the blank lines: the line that each begins on, counted from 1, and its cells.
/// LF, CRLF, CR and the CR CR LF of Windows scripts end a line. A first line `sep=;` says what is between the cells.
pub struct Records<R: Read> {
    bytes: Peekable<Bytes<BufReader<R>>>,
    delimiter: u8,
    line: u64,
    column: u64,
    /// Nothing is read after an I/O error.
    failed: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, delimiter: u8) -> io::Result<Records<R>> {
        let mut input = BufReader::new(input);
        if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let named = separator(input.fill_buf()?);
        let delimiter = named.unwrap_or(delimiter);
        let mut records =
            Records { bytes: input.bytes().peekable(), delimiter, line: 1, column: 0, failed: false };
        if named.is_some() {
            records.skip_line();
        }
        Ok(records)
    }

    fn record(&mut self) -> Result<(u64, Vec<String>), RowError> {
        let begin = self.line;
        let mut cells = Vec::new();
        loop {
            let line = self.line;
            let cell = if self.peek() == Some(b'"') { self.quoted() } else { self.plain() };
            if cell.is_err() {
                self.skip_line();
            }
            cells.push((line, cell?));
            if self.peek() != Some(self.delimiter) {
                break;
            }
            self.take();
        }
        self.end_line();
        let cells: Result<_, _> = cells.into_iter().map(|(line, cell)| text(line, cell)).collect();
        Ok((begin, cells?))
    }

    fn plain(&mut self) -> Result<Vec<u8>, RowError> {
        let mut cell = Vec::new();
        while let Some(byte) = self.peek().filter(|&byte| !self.ends_cell(byte)) {
            if byte == b'"' && cell.iter().all(u8::is_ascii_whitespace) {
                return Err(self.misquoted("blanks before a quote (\"): remove them"));
            }
            cell.extend(self.take());
        }
        Ok(cell)
    }

    fn quoted(&mut self) -> Result<Vec<u8>, RowError> {
        let never_closed = self.misquoted("a quote (\") is opened and never closed");
        self.take();
        let mut cell = Vec::new();
        loop {
            match self.take() {
                None => return Err(never_closed),
                Some(b'"') if self.peek() == Some(b'"') => cell.extend(self.take()),
                Some(b'"') => break,
                Some(byte) => cell.push(byte),
            }
        }
        if self.peek().is_none_or(|byte| self.ends_cell(byte)) {
            return Ok(cell);
        }
        Err(self.misquoted("text after a closing quote (\"): write a quote inside a cell twice"))
    }

    fn ends_cell(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'\r' | b'\n')
    }

    fn misquoted(&self, reason: &str) -> RowError {
        RowError::of_line(self.line, format!("character {}: {reason}", self.column + 1))
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.take();
        }
        self.end_line();
    }

    fn end_line(&mut self) {
        let mut returns = 0;
        while self.peek() == Some(b'\r') {
            self.take();
            returns += 1;
        }
        if self.peek() == Some(b'\n') {
            self.take();
        } else {
            (self.line, self.column) = (self.line + returns, 0);
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.bytes.peek()?.as_ref().ok().copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.bytes.next();
        match byte {
            b'\n' => (self.line, self.column) = (self.line + 1, 0),
            // A byte 10xxxxxx of UTF-8 continues a character.
            _ => self.column += u64::from(byte & 0xC0 != 0x80),
        }
        Some(byte)
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Record, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed && self.bytes.peek().is_some() {
            let record = self.record();
            if let Some(Err(error)) = self.bytes.next_if(Result::is_err) {
                self.failed = true;
                return Some(Err(RowError::of_line(self.line, error.to_string())));
            }
            // A blank line may also be written as one empty cell in quotes.
            if record.as_ref().is_ok_and(|(_, cells)| *cells == [""]) {
                continue;
            }
            return Some(record.map(|(line, cells)| (line, cells.into_iter().map(Cell::Text).collect())));
        }
        None
    }
}

/// Excel reads and writes `sep=;` as the first line, with or without quotes.
fn separator(begin: &[u8]) -> Option<u8> {
    let begin = begin.strip_prefix(b"\"").unwrap_or(begin);
    let (name, rest) = begin.split_at_checked(4)?;
    let (separator, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let ends = rest.first().is_none_or(|byte| matches!(byte, b'\r' | b'\n'));
    (name.eq_ignore_ascii_case(b"sep=") && ends && b",;\t|".contains(separator)).then_some(*separator)
}

fn text(line: u64, cell: Vec<u8>) -> Result<String, RowError> {
    String::from_utf8(cell).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let breaks = before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        RowError::of_line(line + breaks, "not UTF-8 text; save the file as \"CSV UTF-8\"")
    })
}
