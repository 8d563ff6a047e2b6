//! Finds where each value of a JSON text begins and ends.

use std::ops::Range;

use super::plain::plain_until;
use super::view::{mark, string_bytes};
use super::{JsonError, Kind, MAX_DEPTH, MAX_VALUES, Node};

/// A value of some 20 bytes with its key is usual; a list of more numbers grows as it goes.
const BYTES_A_VALUE: usize = 20;

/// One pass over text that is known to be JSON, with a stack of the containers that are open.
pub(super) struct Scan<'a> {
    whole: &'a str,
    text: &'a [u8],
    at: usize,
    open: Vec<usize>,
    /// The marks of the keys of one object.
    marks: Vec<u32>,
    found: Found,
}

/// What a scan finds.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Every value in the order of the text.
    pub(super) nodes: Vec<Node>,
    /// Whether two keys of one object may be the same, but for the case of ASCII letters.
    pub(super) alike: bool,
    /// Whether all keys are ASCII, in what they say and not only as they are spelled.
    pub(super) ascii: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(whole: &'a str, start: usize) -> Scan<'a> {
        let nodes = Vec::with_capacity(whole.len() / BYTES_A_VALUE + 1);
        let found = Found { nodes, alike: false, ascii: true };
        Scan { whole, text: whole.as_bytes(), at: start, open: Vec::new(), marks: Vec::new(), found }
    }

    pub(super) fn run(mut self) -> Result<Found, JsonError> {
        loop {
            self.at = self.past(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':'));
            if matches!(self.text[self.at], b']' | b'}') {
                self.close();
            } else {
                self.value()?;
            }
            if self.open.is_empty() {
                return Ok(self.found);
            }
        }
    }

    /// A value or, directly inside an object, a key and its value.
    fn value(&mut self) -> Result<(), JsonError> {
        let (mut key, mut mark) = (self.at..self.at, 0);
        if self.open.last().is_some_and(|&parent| self.found.nodes[parent].kind == Kind::Object) {
            (key, mark) = self.key();
            self.at = self.past(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b':'));
        }
        if self.found.nodes.len() == MAX_VALUES {
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
        let end = self.found.nodes.len() + 1;
        match kind {
            Kind::Object | Kind::Array => {
                if self.open.len() == MAX_DEPTH {
                    return Err(JsonError::TooDeep);
                }
                self.at += 1;
                self.open.push(self.found.nodes.len());
            }
            Kind::String => self.at = self.string(),
            _ => {
                let inside = |byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}');
                self.at = self.past(inside);
            }
        }
        self.found.nodes.push(Node { kind, mark, key, span: start..self.at, end });
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(parent) = self.open.pop() {
            let many = self.found.nodes.len();
            let node = &mut self.found.nodes[parent];
            (node.span.end, node.end) = (self.at, many);
            self.found.alike |= node.kind == Kind::Object && self.has_alike(parent);
        }
    }

    /// Nearly always no two keys are alike, and that is found in far less time than which of them are.
    fn has_alike(&mut self, object: usize) -> bool {
        let nodes = &self.found.nodes;
        self.marks.clear();
        let mut at = object + 1;
        while at < nodes.len() {
            self.marks.push(nodes[at].mark);
            at = nodes[at].end;
        }
        self.marks.sort_unstable();
        self.marks.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn key(&mut self) -> (Range<usize>, u32) {
        let start = self.at;
        let end = plain_until(self.text, start + 1);
        if self.text[end] == b'\\' {
            return self.escaped_key();
        }
        let said = &self.text[start + 1..end];
        self.found.ascii &= said.is_ascii();
        self.at = end + 1;
        (start..self.at, mark(said))
    }

    fn escaped_key(&mut self) -> (Range<usize>, u32) {
        let key = self.at..self.string();
        let bytes = string_bytes(&self.whole[key.clone()]);
        self.found.ascii &= bytes.is_ascii();
        self.at = key.end;
        (key, mark(&bytes))
    }

    /// Where the string ends that begins here.
    fn string(&self) -> usize {
        let mut at = self.at + 1;
        loop {
            at = plain_until(self.text, at);
            match self.text[at] {
                b'"' => return at + 1,
                _ => at += 2,
            }
        }
    }

    /// Where the bytes end that are so, from here on.
    fn past(&self, so: impl Fn(u8) -> bool) -> usize {
        let mut at = self.at;
        while self.text.get(at).is_some_and(|&byte| so(byte)) {
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_every_length_end_where_they_end() {
        for length in 0..40 {
            for (quote, long) in [("", 0), ("\\\"", 2), ("\\\\", 2), ("\u{e9}", 2)] {
                let string = format!("\"{}{quote}{}\"", "a".repeat(length), "b".repeat(40 - length));
                assert_eq!(string.len(), 42 + long);
                let text = format!("[{string},1,{{{string}:{string}}}]");
                let found = Scan::new(&text, 0).run().unwrap();
                let spans: Vec<&str> = found.nodes.iter().map(|node| &text[node.span.clone()]).collect();
                assert_eq!((spans[1], spans[2], spans[4]), (string.as_str(), "1", string.as_str()));
                assert_eq!(&text[found.nodes[4].key.clone()], string);
                assert_eq!(found.ascii, quote.is_ascii());
            }
        }
    }
}
