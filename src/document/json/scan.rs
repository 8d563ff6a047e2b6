//! Finds where each value of a JSON text begins and ends.

use std::ops::Range;

use super::{JsonError, Kind, MAX_DEPTH, MAX_VALUES, Node};

/// One pass over text that is known to be JSON, with a stack of the containers that are open.
pub(super) struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    open: Vec<usize>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str, start: usize) -> Scan<'a> {
        Scan { text: text.as_bytes(), at: start, nodes: Vec::new(), open: Vec::new() }
    }

    pub(super) fn run(mut self) -> Result<Vec<Node>, JsonError> {
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':'));
            if self.text[self.at] == b']' || self.text[self.at] == b'}' {
                self.close();
            } else {
                self.value()?;
            }
            if self.open.is_empty() {
                return Ok(self.nodes);
            }
        }
    }

    /// A value or, directly inside an object, a key and its value.
    fn value(&mut self) -> Result<(), JsonError> {
        let mut key = self.at..self.at;
        if self.open.last().is_some_and(|&parent| self.nodes[parent].kind == Kind::Object) {
            key = self.string();
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b':'));
        }
        if self.nodes.len() == MAX_VALUES {
            return Err(JsonError::TooMany);
        }
        let start = self.at;
        let kind = match self.text[start] {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => Kind::Number,
        };
        let end = self.nodes.len() + 1;
        match kind {
            Kind::Object | Kind::Array => {
                if self.open.len() == MAX_DEPTH {
                    return Err(JsonError::TooDeep);
                }
                self.at += 1;
                self.open.push(self.nodes.len());
            }
            Kind::String => drop(self.string()),
            _ => self.skip(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}')),
        }
        self.nodes.push(Node { kind, key, span: start..self.at, end });
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(parent) = self.open.pop() {
            self.nodes[parent].span.end = self.at;
            self.nodes[parent].end = self.nodes.len();
        }
    }

    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while self.text[self.at] != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        start..self.at
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        while self.text.get(self.at).is_some_and(|&byte| what(byte)) {
            self.at += 1;
        }
    }
}
