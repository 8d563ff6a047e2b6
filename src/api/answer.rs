//! An answer of the API: status, headers and body, without the key.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ureq::Body;
use ureq::http::header::DATE;
use ureq::http::{HeaderMap, HeaderValue, Response};

use super::rate_limit::{self, Quota, RateLimits};
use super::{ApiKey, Failure, Network, error_body};
use crate::error::{Error, ErrorKind};

/// The pause of all workers after a 429 that does not tell how long to wait.
const DEFAULT_PAUSE: Duration = Duration::from_secs(15);

/// The status comes before the body, so it keeps its meaning if the body is cut, too long, badly packed or not UTF-8.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Result<String, Failure>,
    /// How far the server's clock is ahead of this machine's.
    pub(super) ahead: SignedDuration,
}

impl Answer {
    /// `largest` bounds the body, in bytes, after decompression.
    pub(super) fn read(mut response: Response<Body>, largest: u64, network: &Network) -> Answer {
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let ahead = rate_limit::clock_offset(date, Timestamp::now());
        let bytes = response.body_mut().with_config().limit(largest).read_to_vec();
        let not_utf8 = |_| Failure::lost(Error::new(ErrorKind::Failed, "the API's answer is not UTF-8 text"));
        let body = bytes
            .map_err(|error| Failure::from_ureq(error, network))
            .and_then(|bytes| String::from_utf8(bytes).map_err(not_utf8));
        let (parts, _) = response.into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body, ahead }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn is_web_page(&self) -> bool {
        self.is_success() && self.body.as_ref().is_ok_and(|body| error_body::is_web_page(body))
    }

    /// Without the key, which a server that echoes requests repeats. The body of a success stays exact.
    pub(super) fn redacted(mut self, key: &ApiKey) -> Answer {
        if !self.is_success() {
            self.body = self.body.map(|body| key.redacted(error_body::beginning(&body)).into_owned());
        }
        for value in self.headers.values_mut() {
            if let Cow::Owned(redacted) = key.redacted(&String::from_utf8_lossy(value.as_bytes())) {
                *value = HeaderValue::from_str(&redacted).unwrap_or(HeaderValue::from_static("[redacted]"));
            }
        }
        self
    }

    pub(super) fn words(&self) -> Vec<String> {
        match &self.body {
            Ok(body) => error_body::words(body),
            Err(failure) => vec![format!("its reason cannot be read: {failure}")],
        }
    }

    pub(super) fn requested_wait(&self) -> Option<Duration> {
        rate_limit::wait(|name| self.header(name), self.server_time())
    }

    /// How long a 503 asks to wait, if it tells (RFC 9110 section 15.6.4). Its rate-limit headers are those of every answer.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        rate_limit::retry_after(self.header("retry-after")?, self.server_time())
    }

    /// How many requests are left. After a 429 there are none.
    pub(super) fn quota(&self) -> Option<Quota> {
        if self.status == 429 {
            let ends_in = Some(self.requested_wait().unwrap_or(DEFAULT_PAUSE));
            return Some(Quota { ends_in, refused: true, ..Quota::default() });
        }
        rate_limit::quota(|name| self.header(name), self.server_time())
    }

    fn server_time(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.ahead).unwrap_or(now)
    }

    /// Their moments are by this machine's clock.
    pub(super) fn rate_limits(&self) -> RateLimits {
        RateLimits::of(|name| self.header(name), self.server_time()).earlier(self.ahead)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
