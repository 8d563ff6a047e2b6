//! Records the latest API requests and the status of each response.

use std::collections::VecDeque;

use serde::{Serialize, Serializer};

use super::access::KEY;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Counted from 1.
    pub number: usize,
    /// The TCP connection that it came on, counted from 1.
    pub connection: usize,
    /// The method, in upper case.
    pub method: String,
    pub path: String,
    /// The text after the `?`, as it was sent.
    pub query: Option<String>,
    /// The headers in order, names in lower case; a value that is not UTF-8 has U+FFFD in it.
    #[serde(serialize_with = "shown_headers")]
    pub headers: Vec<(String, String)>,
    /// The body as it was sent; empty if it did not arrive in full.
    #[serde(serialize_with = "as_text")]
    pub body: Vec<u8>,
    /// The status of the response; none until it is sent, and if it was lost.
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
}

/// A key other than the sandbox's own might be a real one and is not shown.
fn shown_headers<S: Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(headers.iter().map(|(name, value)| {
        let is_own = value.split_once(' ').is_some_and(|(_, key)| key == KEY);
        (name, if name == "authorization" && !is_own { "(not the sandbox's key)" } else { value })
    }))
}

fn as_text<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}

/// The path in lower case without a slash at its end: the vendor's documents write both forms.
pub(crate) fn normalized(path: &str) -> String {
    path.trim_end_matches('/').to_ascii_lowercase()
}

pub(crate) struct Records {
    kept: VecDeque<Recorded>,
    most: usize,
    seen: usize,
}

impl Records {
    pub(crate) fn new(most: usize) -> Records {
        Records { kept: VecDeque::new(), most: most.max(1), seen: 0 }
    }

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
        let requests: Vec<String> =
            self.kept.iter().filter_map(|request| serde_json::to_string(request).ok()).collect();
        format!("[{}]", requests.join(",\n"))
    }
}
