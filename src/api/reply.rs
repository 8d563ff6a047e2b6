//! An answer of the API as it came: status, headers and text, without the key.

use std::borrow::Cow;
use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use ureq::Body;
use ureq::http::header::CONTENT_ENCODING;
use ureq::http::{HeaderMap, HeaderValue, Response};

use super::answer::beginning;
use super::rate_limit::{self, Quota, Standing};
use super::{ApiKey, Failure};

/// How long everybody waits after a 429 that does not say how long.
const UNTOLD_PAUSE: Duration = Duration::from_secs(15);

/// The most room that is made for a body before it is there, in bytes.
const MOST_ROOM: u64 = 16 * 1024;

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
    pub(super) fn read(mut response: Response<Body>, largest: u64) -> Result<Answer, Failure> {
        let body = response.body_mut();
        let mut bytes = Vec::with_capacity(room_for(body.content_length()));
        let read = body.with_config().limit(largest).reader().read_to_end(&mut bytes);
        read.map_err(|why| Failure::from_ureq(why.into()))?;
        let (parts, _) = response.into_parts();
        let bytes = if is_gzip(&parts.headers) { unpacked(&bytes, largest)? } else { bytes };
        let body = String::from_utf8(bytes).map_err(|_| Failure::not_utf8())?;
        Ok(Answer { status: parts.status.as_u16(), body, headers: parts.headers })
    }

    /// The same without the key, which a server that echoes requests has in what it says. A customer stays as it is.
    pub(super) fn blotted(mut self, key: &ApiKey) -> Answer {
        if !(200..300).contains(&self.status) {
            self.body = key.blotted(beginning(&self.body)).into_owned();
        }
        for value in self.headers.values_mut() {
            let text = str::from_utf8(value.as_bytes())
                .map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed);
            if let Cow::Owned(blotted) = key.blotted(&text) {
                *value = HeaderValue::from_str(&blotted).unwrap_or(HeaderValue::from_static("[redacted]"));
            }
        }
        self
    }

    /// What it says about the requests that are left. After a 429 there are none, for everybody.
    pub(super) fn quota(&self) -> Option<Quota> {
        let now = jiff::Timestamp::now();
        if self.status == 429 {
            let ends_in = rate_limit::wait(|name| self.header(name), now).unwrap_or(UNTOLD_PAUSE);
            return Some(Quota { ends_in: Some(ends_in), refused: true, ..Quota::default() });
        }
        rate_limit::quota(|name| self.header(name), now)
    }

    pub(super) fn standing(&self, now: jiff::Timestamp) -> Standing {
        Standing::told(|name| self.header(name), now)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Room for a body that is said to be so long; for what is only said there is no more than a large customer takes.
fn room_for(length: Option<u64>) -> usize {
    length.unwrap_or_default().min(MOST_ROOM) as usize
}

/// Whether a body is packed as the client said that it may be (RFC 9110 section 8.4.1.3).
fn is_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    coding.is_some_and(|coding| ["gzip", "x-gzip"].iter().any(|gzip| coding.eq_ignore_ascii_case(gzip)))
}

/// What was packed. The unpacking has its 45 kB on the stack where something is packed, and not for every answer.
#[cold]
#[inline(never)]
fn unpacked(bytes: &[u8], largest: u64) -> Result<Vec<u8>, Failure> {
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(largest + 1).read_to_end(&mut unpacked);
    match read.map_err(Failure::packed_badly)? {
        length if length as u64 > largest => Err(Failure::too_large(largest)),
        _ => Ok(unpacked),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    /// What a client that reads at most a hundred bytes makes of a body.
    fn read(coding: &str, body: Vec<u8>) -> Result<String, String> {
        let body = Body::builder().data(body);
        let response = Response::builder().header(CONTENT_ENCODING, coding).body(body).unwrap();
        Answer::read(response, 100).map(|answer| answer.body).map_err(|why| why.to_string())
    }

    #[test]
    fn what_is_packed_is_unpacked_in_all_of_its_parts() {
        let parts = [packed("ab"), packed(""), packed("cd")].concat();
        for coding in ["gzip", "x-gzip", "GZIP"] {
            assert_eq!(read(coding, parts.clone()), Ok("abcd".to_string()), "{coding}");
        }
        assert_eq!(read("identity", b"abcd".to_vec()), Ok("abcd".to_string()));
    }

    #[test]
    fn the_limit_is_that_of_what_was_packed() {
        let why = "the API's answer is larger than 100 bytes".to_string();
        let text = |length| "a".repeat(length);
        assert_eq!(read("gzip", packed(&text(100))), Ok(text(100)));
        assert_eq!(read("gzip", packed(&text(101))), Err(why.clone()));
        assert_eq!(read("identity", text(101).into_bytes()), Err(why));
    }
}
