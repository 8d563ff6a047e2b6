//! The client of the API, and the only user of ureq. One agent serves all requests, so connections are reused. No
//! redirect is followed, because ureq would follow the redirect of a PUT with a GET and report success.

mod action;
mod answer;
mod base_url;
pub(crate) mod clock;
mod connection;
mod customer;
pub mod error_body;
mod failure;
pub(crate) mod key;
mod network;
pub(crate) mod pages;
pub mod rate_limit;
mod rate_limiter;
mod transport_error;
mod trust;
mod url;
pub(crate) mod wait;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ureq::http::{Method, Request, StatusCode};
use ureq::{Agent, AsSendBody, RequestExt};

pub(crate) use action::Acted;
use answer::Answer;
pub(crate) use base_url::BaseUrl;
use connection::{Addresses, Connections};
pub(crate) use customer::Put;
use failure::{Attempt, timed_out};
pub(crate) use failure::{Failure, FailureClass};
pub use key::ApiKey;
pub(crate) use network::Network;
pub(crate) use pages::{Order, Pages};
use rate_limit::RateLimits;
use rate_limiter::Permit;
pub use rate_limiter::RateLimiter;
pub(crate) use trust::Trust;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::Span;
use crate::terminal::Notes;
use wait::{ATTEMPTS, backoff};

/// The maximum of idle connections, of `--jobs`, and so of concurrent requests.
pub(crate) const MOST_CONNECTIONS: usize = 64;
const JSON: &str = "application/json";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// In bytes, after decompression.
const LARGEST_ANSWER: u64 = 10 * 1024 * 1024;
const LARGEST_PAGE: u64 = 64 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Client {
    account: Arc<Account>,
    /// The time limit that the user gave.
    timeout: Duration,
    deadline: Mutex<Instant>,
    notes: Notes,
    read_only: bool,
    limiter: Option<Arc<RateLimiter>>,
    permit: Mutex<Option<Permit>>,
    /// How many requests a permit is for: a GET and what follows at once.
    at_once: u32,
    /// Set after a PUT that may have been applied: the reads that check it may wait for the limiter even after the run was
    /// stopped, within the row's timeout.
    resolving: AtomicBool,
    /// The last customer that was read, and when.
    reading: Mutex<(u64, Span)>,
}

#[derive(Debug, Clone, Copy)]
struct RequestLimits {
    /// None if no time is left.
    time: Option<Duration>,
    /// Timeout of the DNS lookup, and of the connection. `None`: only [`CONNECT_TIMEOUT`].
    connect: Option<Duration>,
    /// In bytes.
    answer: u64,
}

/// The state that all clients of an account share.
#[derive(Debug)]
struct Account {
    agent: Agent,
    base: BaseUrl,
    key: ApiKey,
    network: Network,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// `timeout` bounds all requests and waits together, from now.
    pub(crate) fn new(
        base: BaseUrl,
        key: ApiKey,
        network: &Network,
        timeout: Duration,
        notes: Notes,
    ) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // ureq would read the proxy variables by other rules, and send loopback requests through the proxy.
            .proxy(network.proxy.as_ref().map(|named| named.proxy.clone()))
            .tls_config(network.tls.clone())
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .max_idle_connections(MOST_CONNECTIONS)
            .max_idle_connections_per_host(MOST_CONNECTIONS)
            .user_agent(concat!("fusebill/", env!("CARGO_PKG_VERSION")))
            .build();
        let addresses = Addresses::new(network.loopback_only);
        let agent = Agent::with_parts(config, Connections::default(), addresses);
        let account = Account { agent, base, key, network: network.clone() };
        Client::of(Arc::new(account), timeout, notes)
    }

    fn of(account: Arc<Account>, timeout: Duration, notes: Notes) -> Client {
        Client {
            account,
            timeout,
            deadline: Mutex::new(Instant::now() + timeout),
            notes,
            read_only: false,
            limiter: None,
            permit: Mutex::default(),
            at_once: 2,
            resolving: AtomicBool::default(),
            reading: Mutex::default(),
        }
    }

    #[must_use]
    pub(crate) fn read_only(self) -> Client {
        Client { read_only: true, ..self }
    }

    /// A client for one bulk row: same connections, its own deadline, and a rate limiter. Waits for the limiter do not count
    /// against `timeout`.
    pub(crate) fn limited(&self, timeout: Duration, notes: Notes, limiter: Arc<RateLimiter>) -> Client {
        let client = Client::of(Arc::clone(&self.account), timeout, notes);
        Client { read_only: self.read_only, limiter: Some(limiter), ..client }
    }

    /// Takes off the time limit what the command took before its first request.
    #[must_use]
    pub(crate) fn spent(self, time: Duration) -> Client {
        *lock(&self.deadline) = Instant::now() + self.timeout.saturating_sub(time);
        self
    }

    fn time_left(&self) -> Option<Duration> {
        lock(&self.deadline).checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// When this customer was read; `None` if it was not the last read.
    pub(crate) fn last_reading(&self, id: u64) -> Option<Span> {
        let (read, span) = *lock(&self.reading);
        (read == id).then_some(span)
    }

    pub(crate) fn has_time_for(&self, pause: Duration) -> bool {
        self.time_left().is_some_and(|left| left > pause)
    }

    /// Sleeps; returns false without sleeping if the pause would end after the deadline.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let fits = self.has_time_for(pause);
        if fits {
            std::thread::sleep(pause);
        }
        fits
    }

    /// Runs `wait`, and extends the deadline by the time it took.
    pub(crate) fn pause_deadline<T>(&self, wait: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = wait();
        *lock(&self.deadline) += begun.elapsed();
        result
    }

    /// A permit is for a GET, a preview and the POST of an action.
    #[must_use]
    pub(crate) fn for_actions(self) -> Client {
        Client { at_once: 3, ..self }
    }

    /// Waits for a permit for one GET and the PUT after it. Call it before taking the customer lock, not while holding it.
    pub(crate) fn acquire(&self) -> Result<()> {
        self.release();
        *lock(&self.permit) = self.permit(self.at_once).map_err(Failure::into_error)?;
        Ok(())
    }

    pub(crate) fn release(&self) {
        *lock(&self.permit) = None;
    }

    fn permit(&self, requests: u32) -> Attempt<Option<Permit>> {
        let Some(limiter) = &self.limiter else { return Ok(None) };
        let resolving = self.resolving.load(Ordering::SeqCst);
        let grace = self.time_left().filter(|_| resolving).unwrap_or_default();
        let permit = self.pause_deadline(|| limiter.acquire(requests, grace));
        let stopped =
            || Error::new(ErrorKind::Interrupted, "the run was stopped before the request was sent");
        permit.map(Some).ok_or_else(|| Failure::impossible(stopped()))
    }

    /// Only a list of customers shows that the API accepted the key: a proxy or a wrong address answers 200 too.
    pub(crate) fn probe(&self) -> Result<RateLimits> {
        self.read("/customers?pageSize=1&pageNumber=0", LARGEST_ANSWER, |answer| match answer.status {
            200..=299 => {
                let limits = answer.rate_limits();
                self.customers(answer).map(|_| limits)
            }
            404 => {
                let error = Error::new(ErrorKind::NotFound, "there are no customers (HTTP 404)");
                Err(self.hint_at_base_url(error))
            }
            _ => Err(answer.error()),
        })
    }

    fn read<T>(&self, path: &str, largest: u64, meaning: impl Fn(Answer) -> Result<T>) -> Result<T> {
        let mut attempt = 1;
        loop {
            let result = self.get_once(path, largest);
            let pause = match &result {
                Ok(answer) if answer.status == 429 => self.requested_pause(answer),
                Ok(answer) if answer.status == 503 => answer.retry_after(),
                Ok(answer) if answer.status == 408 || answer.status >= 500 => None,
                Err(failure) if failure.is_transient() => None,
                _ => {
                    let answer = result.map_err(Failure::into_error)?;
                    return self.refuse_web_page(answer).and_then(meaning);
                }
            };
            let pause = pause.unwrap_or_else(|| backoff(attempt));
            let cause =
                result.as_ref().map_or_else(ToString::to_string, |answer| format!("HTTP {}", answer.status));
            if attempt == ATTEMPTS || !self.pause(pause, &cause, attempt) {
                let gave_up = self.gave_up(attempt);
                let result = result.map_err(Failure::into_error).and_then(meaning);
                return result.map_err(|error| error.detail([gave_up]));
            }
            // The permit is for this read and the PUT after it, and is older than the pause: take a new one.
            if lock(&self.permit).is_some() {
                self.acquire()?;
            }
            attempt += 1;
        }
    }

    fn gave_up(&self, attempt: u32) -> String {
        let limit = format!("the time limit of {} s", self.timeout.as_secs_f64());
        match self.time_left() {
            None => format!("{limit} was used up in attempt {attempt}"),
            Some(_) if attempt < ATTEMPTS => {
                format!("{limit} leaves no time to try again after attempt {attempt} of {ATTEMPTS}")
            }
            Some(_) => format!("attempt {attempt} of {ATTEMPTS} was the last"),
        }
    }

    fn get_once(&self, path: &str, largest: u64) -> Attempt<Answer> {
        let granted = lock(&self.permit).take();
        let permit = if granted.is_some() { granted } else { self.permit(1)? };
        let limits = RequestLimits { time: self.time_left(), connect: None, answer: largest };
        let answer = self.send(Method::GET, path, (), limits, permit)?;
        let is_success = answer.is_success();
        match answer.body {
            Err(failure) if is_success => Err(failure),
            body => Ok(Answer { body, ..answer }),
        }
    }

    /// Prints why, then sleeps; returns false without sleeping if the pause would end after the deadline.
    pub(crate) fn pause(&self, pause: Duration, cause: &str, attempt: u32) -> bool {
        if !self.has_time_for(pause) {
            return false;
        }
        let seconds = pause.as_secs_f64();
        self.notes.say(&format!(
            "{cause}; trying again in {seconds:.1} s (attempt {attempt} of {ATTEMPTS} failed)"
        ));
        self.wait(pause)
    }

    /// The pause after a 429; zero with a rate limiter, which delays the next request itself.
    fn requested_pause(&self, answer: &Answer) -> Option<Duration> {
        if self.limiter.is_some() { Some(Duration::ZERO) } else { answer.requested_wait() }
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: impl AsSendBody,
        limits: RequestLimits,
        permit: Option<Permit>,
    ) -> Attempt<Answer> {
        if limits.time.is_none() {
            return Err(Failure::new(FailureClass::NotSent, timed_out("the time allowed was used up")));
        }
        let url = format!("{}{path}", self.account.base);
        self.notes.http(format_args!("> {method} {url}"));
        self.notes.http(format_args!("> authorization: Basic [redacted]"));
        let (started, began) = (Instant::now(), clock::now());
        let read = method == Method::GET;
        let answer = self.account.exchange(method, &url, body, limits);
        if read {
            *lock(&self.reading) = (0, Span { began, ended: clock::now() });
        }
        if let Some(mut permit) = permit {
            permit.answered(answer.as_ref().ok().and_then(Answer::quota));
            *lock(&self.permit) = Some(permit).filter(|permit| !permit.is_used_up());
        }
        self.log(&answer, started.elapsed());
        answer
    }

    fn log(&self, answer: &Attempt<Answer>, took: Duration) {
        let took = took.as_millis();
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return self.notes.http(format_args!("< no answer ({took} ms): {failure}")),
        };
        let status = answer.status;
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let reason = reason.unwrap_or_default();
        let body = answer.body.as_ref();
        let size = body.map_or_else(ToString::to_string, |body| format!("{} bytes", body.len()));
        self.notes.http(format_args!("< {status} {reason} ({size}, {took} ms)"));
        for (name, value) in &answer.headers {
            self.notes.http(format_args!("< {name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
    }
}

impl Account {
    fn exchange(
        &self,
        method: Method,
        url: &str,
        body: impl AsSendBody,
        limits: RequestLimits,
    ) -> Attempt<Answer> {
        let key = self.key.header();
        let mut request =
            Request::builder().uri(url).header(ACCEPT, JSON).header(AUTHORIZATION, key.as_str());
        if method != Method::GET {
            request = request.header(CONTENT_TYPE, JSON);
        }
        let request = request.method(method).body(body).map_err(|error| {
            Failure::impossible(Error::new(ErrorKind::Failed, "the request cannot be formed").source(error))
        })?;
        let mut request = request.with_agent(&self.agent).configure().timeout_global(limits.time);
        if limits.connect.is_some() {
            request = request.timeout_resolve(limits.connect).timeout_connect(limits.connect);
        }
        let response = request.run().map_err(|error| Failure::from_ureq(error, &self.network))?;
        Ok(Answer::read(response, limits.answer, &self.network).redacted(&self.key))
    }
}
