//! Finds the span of each value of a JSON text.

use std::ops::Range;

use super::{JsonError, MAX_DEPTH, MAX_VALUES, Node, ValueKind};

/// The values of a text that serde_json has accepted, in the order of the text.
/// Because the grammar is known to hold, a separator can be skipped like white space.
pub(super) fn scan(text: &str) -> Result<Vec<Node>, JsonError> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0, nodes: Vec::new() };
    scanner.skip(is_separator);
    scanner.value(0..0, 0)?;
    Ok(scanner.nodes)
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
}

impl Scanner<'_> {
    fn value(&mut self, key: Range<usize>, depth: usize) -> Result<(), JsonError> {
        let (index, start) = (self.nodes.len(), self.at);
        if index == MAX_VALUES {
            return Err(JsonError::TooMany);
        }
        let kind = kind_of(self.text[start]);
        self.nodes.push(Node { kind, key, span: start..start, end: index });
        match kind {
            ValueKind::Array | ValueKind::Object => self.inside(kind, depth + 1)?,
            ValueKind::String => self.string(),
            _ => self.skip(|byte| !is_separator(byte) && !matches!(byte, b']' | b'}')),
        }
        let end = self.nodes.len();
        let node = &mut self.nodes[index];
        (node.span.end, node.end) = (self.at, end);
        Ok(())
    }

    fn inside(&mut self, kind: ValueKind, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.at += 1;
        loop {
            self.skip(is_separator);
            if matches!(self.text[self.at], b']' | b'}') {
                self.at += 1;
                return Ok(());
            }
            let key = if kind == ValueKind::Object { self.key() } else { 0..0 };
            self.value(key, depth)?;
        }
    }

    fn key(&mut self) -> Range<usize> {
        let start = self.at;
        self.string();
        let key = start..self.at;
        self.skip(is_separator);
        key
    }

    fn string(&mut self) {
        self.at += 1;
        while self.text[self.at] != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.text.get(self.at).is_some_and(|&byte| skipped(byte)) {
            self.at += 1;
        }
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')
}

fn kind_of(first: u8) -> ValueKind {
    match first {
        b'{' => ValueKind::Object,
        b'[' => ValueKind::Array,
        b'"' => ValueKind::String,
        b't' | b'f' => ValueKind::Bool,
        b'n' => ValueKind::Null,
        _ => ValueKind::Number,
    }
}
