//! The requests that the sandbox saw, and the status that each was answered with.

use std::collections::VecDeque;

use super::access::KEY;
use crate::document::json::quote;

/// An API request the sandbox saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Requests are counted from 1.
    pub number: usize,
    /// The TCP connection it came on; connections are counted from 1.
    pub connection: usize,
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// What followed the `?`, as it was sent.
    pub query: Option<String>,
    /// The headers in order, names in lower case; a value that is not UTF-8 has U+FFFD in it.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent; empty if it did not arrive in full.
    pub body: Vec<u8>,
    /// The status it was answered with; none while there is no response, and if none was sent.
    pub status: Option<u16>,
}

impl Recorded {
    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).first().copied()
    }

    pub(crate) fn header_values(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// As one JSON object. A key other than the sandbox's own might be a real one and is not shown.
    fn to_json(&self) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("[{},{}]", quote(name), quote(shown(name, value))))
            .collect();
        format!(
            r#"{{"number":{},"connection":{},"method":{},"path":{},"query":{},"headers":[{}],"body":{},"status":{}}}"#,
            self.number,
            self.connection,
            quote(&self.method),
            quote(&self.path),
            self.query.as_deref().map_or("null".to_string(), quote),
            headers.join(","),
            quote(&String::from_utf8_lossy(&self.body)),
            self.status.map_or("null".to_string(), |status| status.to_string()),
        )
    }
}

fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    let own = value.split_once(' ').is_some_and(|(_, key)| key == KEY);
    if name == "authorization" && !own { "(not the sandbox's key)" } else { value }
}

/// The latest requests.
pub(crate) struct Records {
    kept: VecDeque<Recorded>,
    most: usize,
    seen: usize,
}

impl Records {
    pub(crate) fn new(most: usize) -> Records {
        Records { kept: VecDeque::new(), most: most.max(1), seen: 0 }
    }

    /// Keeps a request and gives it its number.
    pub(crate) fn add(&mut self, mut request: Recorded) -> usize {
        self.seen += 1;
        request.number = self.seen;
        if self.kept.len() == self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(request);
        self.seen
    }

    pub(crate) fn set_status(&mut self, number: usize, status: Option<u16>) {
        if let Some(request) = self.kept.iter_mut().rev().find(|request| request.number == number) {
            request.status = status;
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn to_json(&self) -> String {
        let requests: Vec<String> = self.kept.iter().map(Recorded::to_json).collect();
        format!("[{}]", requests.join(",\n"))
    }
}
