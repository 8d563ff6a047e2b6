//! What can go wrong between a request and its answer, and what each status code means.

use std::fmt;
use std::io;
use std::time::Duration;

use ureq::Timeout;

use super::Answer;
use super::answer::words;
use super::connect::Unconnected;
use super::resolver::Unresolved;
use super::unconnected::refusal;
use crate::error::{Error, Kind};

/// A request without the answer that was hoped for, by what it says about a write.
#[derive(Debug)]
pub enum Failure {
    /// The request never reached the server: nothing was written.
    NeverSent(Error),
    /// No connection is to be had the way things are set up: nothing was written, and trying again changes nothing.
    Barred(Error),
    /// The gate had no room for the change any more: nothing was sent, and it may be once the customer was read again.
    Late(Error),
    /// The server said no: nothing was written.
    No(Error),
    /// The server said not now (429): nothing was written, and after this pause, where it named one, it may be.
    RateLimited(Box<Error>, Option<Duration>),
    /// The server said to go elsewhere, which is never done. It most likely did nothing, but did not say so.
    Redirected(Error),
    /// The server answered that it failed (408, 5xx). It is done with the request, with or without effect.
    Broke(Error),
    /// The request left and there was no answer, or only that of a gateway that got none (502, 504: RFC 9110 section
    /// 15.6). It may have had its effect, and may yet have it.
    Lost(Error),
}

impl Failure {
    /// As an error of a read, which writes nothing whatever happens.
    pub fn into_error(self) -> Error {
        match self {
            Failure::RateLimited(error, _) => *error,
            Failure::NeverSent(error)
            | Failure::Barred(error)
            | Failure::Late(error)
            | Failure::No(error)
            | Failure::Redirected(error)
            | Failure::Broke(error)
            | Failure::Lost(error) => error,
        }
    }

    fn error(&self) -> &Error {
        match self {
            Failure::RateLimited(error, _) => error,
            Failure::NeverSent(error)
            | Failure::Barred(error)
            | Failure::Late(error)
            | Failure::No(error)
            | Failure::Redirected(error)
            | Failure::Broke(error)
            | Failure::Lost(error) => error,
        }
    }

    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Failure::NeverSent(_) | Failure::Lost(_)) && self.error().kind == Kind::Network
    }

    pub(super) fn out_of_time() -> Failure {
        Failure::NeverSent(timed_out("the time allowed was used up"))
    }

    /// The work is being stopped, and this request would have had to wait.
    pub(super) fn stopped() -> Failure {
        Failure::NeverSent(Error::new(Kind::Interrupted, "it was stopped before it was sent"))
    }

    /// The change would have had to wait, and what it is about would have grown old.
    pub(super) fn late() -> Failure {
        Failure::Late(Error::new(Kind::Network, "the API's limit was used up before the change was sent"))
    }

    /// A change on a profile that allows none.
    pub(super) fn forbidden() -> Failure {
        Failure::NeverSent(Error::usage("the profile is read-only"))
    }

    pub(super) fn unsendable(why: ureq::http::Error) -> Failure {
        Failure::NeverSent(Error::new(Kind::Failed, "the request cannot be formed").because(why))
    }

    pub(super) fn not_utf8() -> Failure {
        Failure::Lost(Error::new(Kind::Failed, "the API's answer is not UTF-8 text"))
    }

    pub(super) fn too_large(limit: u64) -> Failure {
        let message = format!("the API's answer is larger than {limit} bytes");
        Failure::Lost(Error::new(Kind::Failed, message))
    }

    pub(super) fn packed_badly(why: io::Error) -> Failure {
        let why = anyhow::Error::new(why).context("gzip decompression failed");
        Failure::Lost(failed_exchange().because(why))
    }

    pub(super) fn from_ureq(why: ureq::Error) -> Failure {
        use ureq::Error as E;
        match why {
            E::Other(other) => match other.downcast::<Unconnected>() {
                Ok(unconnected) => unconnected.into_failure(),
                Err(other) if other.is::<Unresolved>() => {
                    Failure::NeverSent(unreachable().because(anyhow::Error::from_boxed(other)))
                }
                Err(other) => Failure::Lost(failed_exchange().because(anyhow::Error::from_boxed(other))),
            },
            E::HostNotFound | E::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Failure::NeverSent(unreachable().because(no_connection(why)))
            }
            E::Timeout(_) => Failure::Lost(timed_out("no answer within the time allowed")),
            E::BodyExceedsLimit(limit) => Failure::too_large(limit),
            E::Io(io) => refusal(&io).unwrap_or_else(|| {
                Failure::Lost(Error::new(Kind::Network, "the connection broke").because(io))
            }),
            other => Failure::Lost(failed_exchange().because(other)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

/// Why there is no connection, without ureq's own words around it.
pub(super) fn no_connection(why: ureq::Error) -> anyhow::Error {
    match why {
        ureq::Error::Timeout(_) => anyhow::anyhow!("no connection in time"),
        ureq::Error::HostNotFound => anyhow::anyhow!("no such host"),
        ureq::Error::Io(io) => io.into(),
        ureq::Error::Other(other) => anyhow::Error::from_boxed(other),
        other => other.into(),
    }
}

pub(super) fn unreachable() -> Error {
    Error::new(Kind::Network, "the API cannot be reached")
        .hint("check the network, then run the same command again")
}

fn failed_exchange() -> Error {
    Error::new(Kind::Network, "the exchange with the API failed")
}

fn timed_out(message: &str) -> Error {
    Error::new(Kind::Network, message).hint("--timeout SECONDS allows more time")
}

impl Answer {
    /// What a status other than 2xx means for a read, or for a write whose outcome it leaves open.
    pub(super) fn error(&self) -> Error {
        let status = self.status;
        let error = match status {
            ..200 => Error::new(Kind::Failed, format!("the API did not answer the request (HTTP {status})")),
            300..=399 => return self.redirected(),
            400 => Error::new(Kind::Credentials, "the API does not take the request (HTTP 400)").hint(
                "for a read the one cause the vendor documents is a malformed key: paste it as the web page shows it",
            ),
            401 | 403 => self.credentials(),
            429 => Error::new(Kind::Network, "the API's rate limit is used up (HTTP 429)")
                .hint("run the same command again when its minute, or its day, is over; --timeout allows it to wait"),
            408 | 500.. => Error::new(Kind::Network, format!("the API failed (HTTP {status})"))
                .hint("this usually passes: run the same command again"),
            _ => Error::new(Kind::Failed, format!("the API does not take the request (HTTP {status})")),
        };
        error.detail(self.words())
    }

    /// What a refusal of a write means: a 4xx other than those that leave it open.
    pub(super) fn refusal(&self) -> Error {
        let status = self.status;
        match status {
            401 | 403 => self.credentials().detail(self.words()),
            404 => Error::new(Kind::NotFound, "the API has no such customer (any more) (HTTP 404)")
                .detail(self.words()),
            _ => {
                let words = self.words();
                let silent = words.is_empty().then(|| "it gave no reason".to_string());
                Error::new(Kind::Refused, format!("the API refused the change (HTTP {status})"))
                    .detail(words.into_iter().chain(silent))
            }
        }
    }

    pub(super) fn not_found(&self, id: u64) -> Error {
        Error::new(Kind::NotFound, "there is no such customer (HTTP 404)")
            .detail(self.words())
            .hint(format!("check the id {id}, and that the key belongs to the account the customer is in"))
    }

    fn credentials(&self) -> Error {
        Error::new(Kind::Credentials, format!("the API refused the key (HTTP {})", self.status))
            .hint("`fusebill auth status` tells where the key comes from; it must be one of this environment (live or test)")
    }

    fn redirected(&self) -> Error {
        let target = self.header("location").unwrap_or("nowhere it names");
        Error::new(Kind::Network, format!("the API redirects to {target} (HTTP {})", self.status))
            .hint("redirects are never followed, as the change would be lost on the way; check the base URL")
    }

    pub(super) fn words(&self) -> Vec<String> {
        words(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_its_error_and_only_a_network_that_failed_may_work_again() {
        let error = || Error::new(Kind::Network, "no answer");
        let failures = [
            (Failure::NeverSent(error()), true),
            (Failure::Lost(error()), true),
            (Failure::Barred(error()), false),
            (Failure::No(error()), false),
            (Failure::RateLimited(Box::new(error()), None), false),
            (Failure::Redirected(error()), false),
            (Failure::Broke(error()), false),
            (Failure::stopped(), false),
            (Failure::late(), false),
        ];
        for (failure, again) in failures {
            let shown = failure.to_string();
            assert_eq!(failure.is_transient(), again, "{shown}");
            assert_eq!(failure.into_error().to_string(), shown);
        }
    }
}
