//! An answer of the API as it came: status, headers and text, without the key.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use ureq::Body;
use ureq::http::{HeaderMap, HeaderValue, Response};

use super::answer::beginning;
use super::rate_limit::{self, Quota, Standing};
use super::{ApiKey, Failure, Network};

/// How long all workers wait after a 429 that does not tell how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(15);

/// An answer of the API, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body; text, because an answer that is not UTF-8 is a failure.
    pub body: String,
    pub(super) headers: HeaderMap,
}

impl Answer {
    /// `largest` bounds the body, in bytes, after decompression.
    pub(super) fn read(
        mut response: Response<Body>,
        largest: u64,
        network: &Network,
    ) -> Result<Answer, Failure> {
        let bytes = response.body_mut().with_config().limit(largest).read_to_vec();
        let bytes = bytes.map_err(|why| Failure::from_ureq(why, network))?;
        let body = String::from_utf8(bytes).map_err(|_| Failure::not_utf8())?;
        let (parts, _) = response.into_parts();
        Ok(Answer { status: parts.status.as_u16(), body, headers: parts.headers })
    }

    /// The same without the key, which a server that echoes requests has in what it says. A customer stays as it is.
    pub(super) fn redacted(mut self, key: &ApiKey) -> Answer {
        if !(200..300).contains(&self.status) {
            self.body = key.redacted(beginning(&self.body)).into_owned();
        }
        for value in self.headers.values_mut() {
            let text = str::from_utf8(value.as_bytes())
                .map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed);
            if let Cow::Owned(redacted) = key.redacted(&text) {
                *value = HeaderValue::from_str(&redacted).unwrap_or(HeaderValue::from_static("[redacted]"));
            }
        }
        self
    }

    /// How long a 429 asks to wait, if it tells.
    pub(super) fn asked_wait(&self) -> Option<Duration> {
        rate_limit::wait(|name| self.header(name), Timestamp::now())
    }

    /// What it tells about the requests that are left. After a 429 there are none.
    pub(super) fn quota(&self) -> Option<Quota> {
        if self.status == 429 {
            let ends_in = Some(self.asked_wait().unwrap_or(DEFAULT_PAUSE));
            return Some(Quota { ends_in, refused: true, ..Quota::default() });
        }
        rate_limit::quota(|name| self.header(name), Timestamp::now())
    }

    pub(super) fn standing(&self) -> Standing {
        Standing::told(|name| self.header(name), Timestamp::now())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
