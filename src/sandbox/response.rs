//! A response before it is sent: status, headers, body, delivery.

use std::time::Duration;

use crate::document::json::quote;

/// The name is in lower case.
pub(crate) type Header = (String, String);

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// The headers promise all of the body, half of it is sent, the connection closes.
    Cut,
    /// The body is sent in pieces over this time.
    Slow(Duration),
    /// All of it is sent; then the connection closes without a `Connection: close`.
    ThenClose,
    Lost,
}

impl Response {
    fn of_type(content_type: &str, status: u16, body: impl Into<Vec<u8>>) -> Response {
        let headers = vec![("content-type".to_string(), content_type.to_string())];
        Response { status, headers, body: body.into(), delivery: Delivery::Whole }
    }

    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Response {
        Response::of_type(JSON, status, body)
    }

    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Response {
        Response::of_type(TEXT, status, body)
    }

    pub(crate) fn html(status: u16, body: impl Into<Vec<u8>>) -> Response {
        Response::of_type(HTML, status, body)
    }

    pub(crate) fn empty(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Vec::new(), delivery: Delivery::Whole }
    }

    pub(crate) fn lost() -> Response {
        Response { delivery: Delivery::Lost, ..Response::empty(200) }
    }

    /// Every published sample has the key `Api Error`.
    pub(crate) fn error(status: u16, text: &str) -> Response {
        Response::errors(status, [("Api Error", text)])
    }

    pub(crate) fn errors<'a>(status: u16, errors: impl IntoIterator<Item = (&'a str, &'a str)>) -> Response {
        let errors: Vec<String> = errors
            .into_iter()
            .map(|(key, value)| format!(r#"{{"Key":{},"Value":{}}}"#, quote(key), quote(value)))
            .collect();
        let errors = errors.join(",");
        Response::json(status, format!(r#"{{"ErrorId":0,"HttpStatusCode":{status},"Errors":[{errors}]}}"#))
    }

    /// The default error body of ASP.NET Web API.
    pub(crate) fn message(status: u16, text: &str) -> Response {
        Response::json(status, format!(r#"{{"Message":{}}}"#, quote(text)))
    }

    /// A wrong method; the header is RFC 9110's, 10.2.1.
    pub(crate) fn allowing(mut self, methods: &str) -> Response {
        self.header("allow", methods);
        self
    }

    /// Keeps this response's delivery.
    pub(crate) fn replace(&mut self, new: Response) {
        *self = Response { delivery: self.delivery, ..new };
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Keeps a header of that name.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(known, _)| known == name) {
            self.headers.push((name.to_string(), value.to_string()));
        }
    }

    pub(crate) fn delivered_status(&self) -> Option<u16> {
        (self.delivery != Delivery::Lost).then_some(self.status)
    }
}
