//! An answer before it is delivered: status, headers, body, and how it reaches the client.

use std::time::Duration;

use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::delivery::{self, Script};
use super::door::Connection;
use crate::document::json::quote;

/// The name of a header, in lower case, and its value.
pub(crate) type Header = (String, String);

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html";

/// What a client is to be told.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
    content_type: Option<&'static str>,
    headers: Vec<Header>,
}

/// How an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// At once and completely.
    Whole,
    /// The headers promise all of the body, half of it comes, the connection ends.
    Cut,
    /// The body comes in pieces over this time.
    Slow(Duration),
    /// Completely; then the connection ends, without having said so.
    ThenClose,
    /// Not at all: the connection ends.
    Lost,
}

impl Answer {
    fn new(status: u16, content_type: Option<&'static str>, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, body: body.into(), delivery: Delivery::Whole, content_type, headers: Vec::new() }
    }

    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(status, Some(JSON), body)
    }

    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(status, Some(TEXT), body)
    }

    pub(crate) fn html(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(status, Some(HTML), body)
    }

    pub(crate) fn empty(status: u16) -> Answer {
        Answer::new(status, None, Vec::new())
    }

    /// The error envelope with one error; every published sample has the key `Api Error`.
    pub(crate) fn refusal(status: u16, text: &str) -> Answer {
        Answer::envelope(status, [("Api Error", text)])
    }

    /// The documented error envelope.
    pub(crate) fn envelope<'a>(status: u16, errors: impl IntoIterator<Item = (&'a str, &'a str)>) -> Answer {
        let errors: Vec<String> = errors
            .into_iter()
            .map(|(key, value)| format!(r#"{{"Key":{},"Value":{}}}"#, quote(key), quote(value)))
            .collect();
        let errors = errors.join(",");
        Answer::json(status, format!(r#"{{"ErrorId":0,"HttpStatusCode":{status},"Errors":[{errors}]}}"#))
    }

    /// The body that ASP.NET Web API has by default for an error.
    pub(crate) fn message(status: u16, text: &str) -> Answer {
        Answer::json(status, format!(r#"{{"Message":{}}}"#, quote(text)))
    }

    /// Whether it says that the request was granted.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Adds a header, unless the answer has one of that name.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(known, _)| known == name) {
            self.headers.push((name.to_string(), value.to_string()));
        }
    }

    /// The status the client gets to see, if any.
    pub(crate) fn seen_status(&self) -> Option<u16> {
        (self.delivery != Delivery::Lost).then_some(self.status)
    }

    /// As a response that reaches the client the way [`Answer::delivery`] says; none where it is lost.
    pub(crate) fn deliver(self, connection: &Connection) -> Option<Response<Script>> {
        let mut response = Response::new(delivery::body(self.body, self.delivery, connection)?);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        Some(response)
    }
}
