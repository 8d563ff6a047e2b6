//! The balances of a customer, the preview of a status action, and the action itself.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ureq::http::Method;

use super::failure::{Attempt, Failure, FailureClass};
use super::rate_limiter::{Permit, RateLimiter};
use super::{ATTEMPTS, Answer, CONNECT_TIMEOUT, Client, LARGEST_ANSWER, RequestLimits, lock};
use crate::action::Post;
use crate::document::Json;
use crate::error::{Error, ErrorKind, Result};

/// The answer of a success to an action.
#[derive(Debug)]
pub(crate) enum Acted {
    Answered(Json),
    /// It is not JSON.
    Accepted,
    /// HTML, so the API may never have seen the request.
    WebPage,
}

impl Client {
    /// The short form of a customer, with its balances.
    pub(crate) fn overview(&self, id: u64) -> Result<Json> {
        let meaning = |answer: Answer| match answer.status {
            200..=299 => self.parsed(answer),
            404 => Err(answer.not_found(id)),
            _ => Err(answer.error()),
        };
        let overview = self.read(&format!("/customers/{id}/overview"), LARGEST_ANSWER, meaning);
        overview.map_err(|error| error.step(format!("reading the balances of customer {id}")))
    }

    /// Sent once: if the API overlooked that it is a preview, a second request would charge a second time. Only after a 429,
    /// which does nothing, it is sent again once the rate limiter of a run lets it pass.
    pub(crate) fn preview(&self, post: &Post) -> Result<Json> {
        let send = || {
            let granted = lock(&self.permit).take();
            let permit = if granted.is_some() { Ok(granted) } else { self.permit(1) };
            permit.and_then(|permit| self.post(post, None, permit)).map_err(Failure::into_error)
        };
        let mut answer = send()?;
        for _ in 1..ATTEMPTS {
            if answer.status != 429 || self.limiter.is_none() {
                break;
            }
            answer = send()?;
        }
        match answer.status {
            200..=299 => self.refuse_web_page(answer).and_then(|answer| self.parsed(answer)),
            408 | 429 | 500.. | 300..=399 => Err(retry_hint(answer.error(), &answer)),
            _ => Err(answer.refusal()),
        }
    }

    fn parsed(&self, answer: Answer) -> Result<Json> {
        let body = answer.body.map_err(Failure::into_error)?;
        Json::parse(body.as_str())
            .map_err(|error| self.unreadable("the API's answer is not JSON", &body).source(error))
    }

    /// Sends an action once.
    ///
    /// Everything but a refusal leaves open whether it was done; so does a redirect, because the server that redirects may
    /// have done it.
    pub(crate) fn act(&self, post: &Post, connect: Duration) -> Attempt<Acted> {
        use FailureClass::{Impossible, Lost, NotSent, RateLimited, Refused};
        if self.read_only {
            return Err(Failure::impossible(Error::usage("the profile is read-only")));
        }
        let granted = lock(&self.permit).take();
        // The preview may be old after a wait for the limit. If the limit is used up, the API answers 429 and does nothing.
        let permit = granted.or_else(|| self.limiter.as_ref().map(RateLimiter::acquire_now));
        let answer = match self.post(post, Some(connect), permit) {
            Err(failure) if matches!(failure.class, NotSent | Impossible) => return Err(failure),
            answer => {
                self.resolving.store(true, Ordering::SeqCst);
                answer?
            }
        };
        let class = match answer.status {
            200..=299 if answer.is_web_page() => return Ok(Acted::WebPage),
            200..=299 => {
                return Ok(match answer.body.map(Json::parse) {
                    Ok(Ok(json)) => Acted::Answered(json),
                    _ => Acted::Accepted,
                });
            }
            429 => RateLimited(None),
            408 | ..200 | 300..=399 | 500.. => Lost(None),
            _ => return Err(Failure::new(Refused, answer.refusal())),
        };
        Err(Failure::new(class, retry_hint(answer.error(), &answer)))
    }

    /// It has two thirds of the time that is left, as a PUT has.
    fn post(&self, post: &Post, connect: Option<Duration>, permit: Option<Permit>) -> Attempt<Answer> {
        let time = self.time_left().map(|left| left * 2 / 3);
        let connect = connect.map(|connect| connect.min(CONNECT_TIMEOUT));
        let limits = RequestLimits { time, connect, answer: LARGEST_ANSWER };
        self.send(Method::POST, &post.path, post.body.as_str(), limits, permit)
    }
}

/// An action never waits for the limit, because its price may change meanwhile.
fn retry_hint(error: Error, answer: &Answer) -> Error {
    if answer.status != 429 || error.kind != ErrorKind::Network {
        return error;
    }
    let when = match answer.requested_wait() {
        Some(wait) => format!("in {} s", wait.as_secs_f64().ceil()),
        None => "when the minute, or the day, of the limit is over".to_string(),
    };
    Error { hints: vec![format!("run the same command again {when}")], ..error }
}
