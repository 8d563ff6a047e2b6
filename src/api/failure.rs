//! Requests that failed, and what each status code means.

use std::fmt;
use std::time::Duration;

use super::{Answer, Client, error_body};
use crate::error::{Error, ErrorKind};

pub(super) type Attempt<T> = Result<T, Failure>;

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) class: FailureClass,
    pub(crate) error: Box<Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// The request was not sent: nothing was written. Another attempt may succeed.
    NotSent,
    /// The request was not sent, and another attempt would end the same way.
    Impossible,
    /// The API refused it: nothing was written.
    Refused,
    /// The API answered 429: nothing was written. It may have told how long to wait.
    RateLimited(Option<Duration>),
    /// The API answered with a redirect, which is never followed. It most likely wrote nothing, but did not say so.
    Redirected,
    /// The request was sent, and its answer was lost or says that the server failed (408, 5xx: RFC 9110 section 15.6). It
    /// may have applied the request, or may apply it later. A 503 may say how long to wait.
    Lost(Option<Duration>),
}

impl Failure {
    pub(super) fn new(class: FailureClass, error: Error) -> Failure {
        Failure { class, error: Box::new(error) }
    }

    pub(super) fn impossible(error: Error) -> Failure {
        Failure::new(FailureClass::Impossible, error)
    }

    pub(super) fn lost(error: Error) -> Failure {
        Failure::new(FailureClass::Lost(None), error)
    }

    pub(crate) fn into_error(self) -> Error {
        *self.error
    }

    pub(super) fn is_transient(&self) -> bool {
        matches!(self.class, FailureClass::NotSent | FailureClass::Lost(_))
            && self.error.kind == ErrorKind::Network
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

pub(super) fn timed_out(message: &str) -> Error {
    Error::new(ErrorKind::Network, message).hint("--timeout SECONDS allows more time")
}

impl Answer {
    /// The error of a read, or of a write that may have taken effect.
    pub(super) fn error(&self) -> Error {
        let status = self.status;
        let error = match status {
            ..200 => Error::new(ErrorKind::Failed, format!("the API did not answer the request (HTTP {status})")),
            300..=399 => return self.redirected(),
            400 => Error::new(ErrorKind::Credentials, "the API does not take the request (HTTP 400)").hint(
                "for a read the one cause the vendor documents is a malformed key: paste it as the web page shows it",
            ),
            401 | 403 => self.credentials(),
            429 => Error::new(ErrorKind::Network, "the API's rate limit is used up (HTTP 429)")
                .hint(self.retry_hint()),
            408 | 500.. => Error::new(ErrorKind::Network, format!("the API failed (HTTP {status})"))
                .hint("this usually passes: run the same command again"),
            _ => Error::new(ErrorKind::Failed, format!("the API does not take the request (HTTP {status})")),
        };
        error.detail(self.words())
    }

    pub(super) fn refusal(&self) -> Error {
        let status = self.status;
        let mut words = self.words();
        let error = match status {
            401 | 403 => self.credentials(),
            404 => Error::new(ErrorKind::NotFound, "the API has no such customer (any more) (HTTP 404)"),
            _ => {
                if words.is_empty() {
                    words.push("it gave no reason".to_string());
                }
                Error::new(ErrorKind::Refused, format!("the API refused the change (HTTP {status})"))
            }
        };
        error.detail(words)
    }

    pub(super) fn not_found(&self, id: u64) -> Error {
        Error::new(ErrorKind::NotFound, "there is no such customer (HTTP 404)")
            .detail(self.words())
            .hint(format!("check the id {id}, and that the key belongs to the customer's account"))
    }

    fn credentials(&self) -> Error {
        Error::new(ErrorKind::Credentials, format!("the API refused the key (HTTP {})", self.status))
            .hint("`fusebill auth status` tells where the key comes from; it must be one of this environment (live or test)")
    }

    fn redirected(&self) -> Error {
        let target = self.header("location").unwrap_or("an address that it does not name");
        Error::new(ErrorKind::Network, format!("the API redirects to {target} (HTTP {})", self.status)).hint(
            "redirects are never followed, because a change would be lost on the way; check the base URL",
        )
    }

    fn retry_hint(&self) -> String {
        let when = match self.requested_wait() {
            Some(wait) => format!("in {} s", wait.as_secs_f64().ceil()),
            None => "when the minute, or the day, of the limit is over".to_string(),
        };
        format!("run the same command again {when}; --timeout allows it to wait")
    }
}

impl Client {
    /// Adds a hint if the base URL is not the vendor's: a wrong path answers 404 or a web page.
    pub(super) fn hint_at_base_url(&self, error: Error) -> Error {
        let base = &self.account.base;
        if base.has_vendor_path() {
            return error;
        }
        error.hint(format!("the base URL is {base}; the vendor's ends in /v1"))
    }

    /// A success of the API is never HTML.
    pub(super) fn refuse_web_page(&self, answer: Answer) -> Result<Answer, Error> {
        if !answer.is_web_page() {
            return Ok(answer);
        }
        let body = answer.body.map_err(Failure::into_error)?;
        let page = self.account.key.redacted(error_body::beginning(&body));
        let error = Error::new(ErrorKind::Failed, "the answer is a web page, not the API's")
            .detail(error_body::words(&page))
            .hint(error_body::WEB_PAGE_SOURCES);
        Err(self.hint_at_base_url(error))
    }

    /// An error that quotes the beginning of the body, with the key redacted.
    pub(super) fn unreadable(&self, message: &str, body: &str) -> Error {
        let body = self.account.key.redacted(error_body::beginning(body));
        let words = error_body::words(&body).into_iter().map(|words| format!("the API said: {words}"));
        Error::new(ErrorKind::Failed, message).detail(words.take(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_network_that_failed_may_work_again() {
        use FailureClass::*;
        let classes = [
            (NotSent, true),
            (Lost(None), true),
            (Impossible, false),
            (Refused, false),
            (RateLimited(None), false),
            (Redirected, false),
        ];
        for (class, again) in classes {
            let failure = Failure::new(class, Error::new(ErrorKind::Network, "no answer"));
            assert_eq!(failure.is_transient(), again, "{class:?}");
            assert_eq!(failure.to_string(), failure.into_error().to_string());
        }
        let error = Error::new(ErrorKind::Failed, "the API's answer is not UTF-8 text");
        assert!(!Failure::lost(error).is_transient());
    }
}
