//! What was asked of the sandbox, and what it answered.

use std::collections::VecDeque;

use hyper::HeaderMap;

use crate::document::json::quote;
use crate::sandbox::KEY;

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
    /// The body as it was sent.
    pub body: Vec<u8>,
    /// The status it was answered with; none while there is no answer, and for ever where none was sent.
    pub status: Option<u16>,
}

impl Recorded {
    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// As one JSON object. A key other than the sandbox's own might be a real one and is not shown.
    pub(crate) fn to_json(&self) -> String {
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

/// The headers of a request as they are recorded.
pub(crate) fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    map.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
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

    /// Takes a request in and gives it its number.
    pub(crate) fn add(&mut self, mut request: Recorded) -> usize {
        self.seen += 1;
        request.number = self.seen;
        if self.kept.len() == self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(request);
        self.seen
    }

    /// Notes what a request was answered with.
    pub(crate) fn answered(&mut self, number: usize, status: Option<u16>) {
        let first = self.seen - self.kept.len() + 1;
        if let Some(request) = number.checked_sub(first).and_then(|at| self.kept.get_mut(at)) {
            request.status = status;
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.kept.iter().cloned().collect()
    }
}
