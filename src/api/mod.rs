//! The client of the API: the only user of ureq.
//!
//! It sends three requests: the GET of a customer, the GET of a page of customers, the PUT of a customer. Every way in which
//! they can fail becomes an [`Error`] with a kind. One agent serves all requests, so connections are reused. No redirect is
//! followed, because ureq would follow the redirect of a PUT with a GET and report success.

pub mod answer;
pub mod base_url;
pub(crate) mod clock;
mod connection;
mod customer;
pub mod failure;
pub mod key;
mod list;
pub mod network;
pub mod pages;
pub mod rate_limit;
pub mod rate_limiter;
mod reply;
mod transport_error;
pub mod trust;
mod url;
pub mod wait;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ureq::http::{Method, Request, StatusCode};
use ureq::{Agent, AsSendBody, RequestExt};

pub use base_url::BaseUrl;
use connection::{Addresses, Connections};
use customer::{customer, read};
pub use failure::{Failure, FailureClass};
pub use key::ApiKey;
pub use network::Network;
pub use pages::{Order, Pages};
use rate_limit::Standing;
use rate_limiter::Permit;
pub use rate_limiter::RateLimiter;
pub use reply::Answer;
pub use trust::Trust;

use crate::document::Customer;
use crate::error::{Error, Kind, Result};
use crate::protocol::Span;
use crate::terminal::Notes;
use wait::{ATTEMPTS, Deadline, backoff};

/// The most connections that are kept for later requests; the most requests that are under way at once.
pub const MOST_CONNECTIONS: usize = 64;
const JSON: &str = "application/json";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes, after decompression.
const LARGEST_ANSWER: u64 = 10 * 1024 * 1024;
/// The same for a page of a list, which holds up to a thousand customers.
const LARGEST_PAGE: u64 = 64 * 1024 * 1024;

/// One account of the API.
#[derive(Debug)]
pub struct Client {
    account: Arc<Account>,
    deadline: Mutex<Deadline>,
    notes: Notes,
    read_only: bool,
    limiter: Option<Arc<RateLimiter>>,
    /// What the limiter has granted for the next requests.
    permit: Mutex<Option<Permit>>,
    /// A change that was sent may have taken effect: the reads that settle it wait for the limiter even if the work stops.
    settling: AtomicBool,
    /// The customer that was read last, and when.
    reading: Mutex<(u64, Span)>,
}

/// What all clients of an account share.
#[derive(Debug)]
struct Account {
    agent: Agent,
    base: BaseUrl,
    key: ApiKey,
    network: Network,
}

/// What the API said to a PUT.
#[derive(Debug)]
pub enum Put {
    /// It took the customer and sent back what it stored.
    Stored(Box<Customer>),
    /// It said yes, but not with the customer: null, nothing, a web page.
    Accepted,
}

impl Account {
    fn exchange(
        &self,
        method: Method,
        url: &str,
        body: impl AsSendBody,
        time: Duration,
        largest: u64,
    ) -> std::result::Result<Answer, Failure> {
        let mut request =
            Request::builder().uri(url).header(ACCEPT, JSON).header(AUTHORIZATION, self.key.header());
        if method == Method::PUT {
            request = request.header(CONTENT_TYPE, JSON);
        }
        let request = request.method(method).body(body).map_err(Failure::unsendable)?;
        let response = request.with_agent(&self.agent).configure().timeout_global(Some(time)).run();
        let answer = response
            .map_err(|why| Failure::from_ureq(why, &self.network))
            .and_then(|response| Answer::read(response, largest, &self.network))?;
        Ok(answer.redacted(&self.key))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// A client that opens no connection yet. `timeout` bounds all requests and waits together, from now.
    pub fn new(base: BaseUrl, key: ApiKey, network: &Network, timeout: Duration, notes: Notes) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // ureq would read the proxy variables on its own, in another way, and proxy loopback too.
            .proxy(network.proxy.as_ref().map(|named| named.proxy.clone()))
            .tls_config(network.tls.clone())
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .max_idle_connections(MOST_CONNECTIONS)
            .max_idle_connections_per_host(MOST_CONNECTIONS)
            .user_agent(concat!("fusebill/", env!("CARGO_PKG_VERSION")))
            .build();
        let addresses = Addresses { loopback_only: network.loopback_only };
        let agent = Agent::with_parts(config, Connections::default(), addresses);
        let account = Account { agent, base, key, network: network.clone() };
        Client::of(Arc::new(account), timeout, notes, false, None)
    }

    fn of(
        account: Arc<Account>,
        timeout: Duration,
        notes: Notes,
        read_only: bool,
        limiter: Option<Arc<RateLimiter>>,
    ) -> Client {
        let deadline = Mutex::new(Deadline::after(timeout));
        let (permit, settling) = (Mutex::new(None), AtomicBool::new(false));
        let reading = Mutex::default();
        Client { account, deadline, notes, read_only, limiter, permit, settling, reading }
    }

    /// The same client, which sends no change.
    #[must_use]
    pub fn read_only(self) -> Client {
        Client { read_only: true, ..self }
    }

    /// Another client of the same account, on the same connections, whose requests the limiter spaces. It has so much
    /// time from now; waiting for the limiter does not count.
    pub fn limited(&self, timeout: Duration, notes: Notes, limiter: Arc<RateLimiter>) -> Client {
        Client::of(Arc::clone(&self.account), timeout, notes, self.read_only, Some(limiter))
    }

    fn deadline(&self) -> Deadline {
        *lock(&self.deadline)
    }

    /// When the customer was read, if it is the one that was read last.
    pub fn last_reading(&self, id: u64) -> Option<Span> {
        let (read, span) = *lock(&self.reading);
        (read == id).then_some(span)
    }

    /// Whether so long a pause ends before the deadline.
    pub fn has_time_for(&self, pause: Duration) -> bool {
        self.deadline().allows(pause)
    }

    /// Waits that long; false, and at once, if that would miss the deadline.
    pub fn wait(&self, pause: Duration) -> bool {
        self.deadline().sleep(pause)
    }

    /// Runs `wait`, whose time does not count against the deadline.
    pub fn not_counting<T>(&self, wait: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = wait();
        let mut deadline = lock(&self.deadline);
        *deadline = deadline.moved_by(begun.elapsed());
        result
    }

    /// Waits until the limiter allows a read and the change after it. A caller that locks a customer calls this before, so
    /// that it does not hold the lock while it waits.
    ///
    /// # Errors
    /// `Interrupted` if the work was stopped.
    pub fn acquire(&self) -> Result<()> {
        self.release();
        self.permit(2).map_err(Failure::into_error).map(|permit| *lock(&self.permit) = permit)
    }

    /// Gives back what [`acquire`](Client::acquire) waited for.
    pub fn release(&self) {
        *lock(&self.permit) = None;
    }

    fn permit(&self, requests: u32) -> std::result::Result<Option<Permit>, Failure> {
        let Some(limiter) = &self.limiter else { return Ok(None) };
        let settling = self.settling.load(Ordering::SeqCst);
        let permit = self.not_counting(|| limiter.acquire(requests, settling));
        permit.map(Some).ok_or_else(Failure::stopped)
    }

    /// Reads a customer. Connection failures, 408, 429 and 5xx are tried up to four times.
    ///
    /// # Errors
    /// `NotFound`, `Credentials`, `Network`, or `Failed` for an answer that is not that customer.
    pub fn get(&self, id: u64) -> Result<Customer> {
        let step = format!("reading customer {id}");
        let meaning = |answer| read(answer, id);
        let answer = self.read(&format!("/customers/{id}"), LARGEST_ANSWER, meaning);
        lock(&self.reading).0 = id;
        let answer = answer.map_err(|error| self.doubting_the_address(error).at(&step))?;
        customer(&answer.body, id, &self.account.key).map_err(|error| error.at(step))
    }

    /// A wrong base URL answers 404 too.
    fn doubting_the_address(&self, error: Error) -> Error {
        if error.kind != Kind::NotFound || self.account.base.has_vendor_path() {
            return error;
        }
        error.hint(format!("the base URL is {}; the vendor's ends in /v1", self.account.base))
    }

    /// Sends a GET until there is an answer, or no attempt or time is left. `meaning` judges the answer.
    fn read(&self, path: &str, largest: u64, meaning: impl Fn(Answer) -> Result<Answer>) -> Result<Answer> {
        let mut attempt = 1;
        loop {
            let result = self.get_once(path, largest);
            let pause = match &result {
                Ok(answer) if answer.status == 429 => self.asked_pause(answer),
                Ok(answer) if answer.status == 408 || answer.status >= 500 => None,
                Err(failure) if failure.is_transient() => None,
                _ => return result.map_err(Failure::into_error).and_then(meaning),
            };
            let pause = pause.unwrap_or_else(|| backoff(attempt));
            let cause =
                result.as_ref().map_or_else(ToString::to_string, |answer| format!("HTTP {}", answer.status));
            if attempt == ATTEMPTS || !self.pause(pause, &cause, attempt) {
                let gave_up =
                    |error: Error| error.detail([format!("attempt {attempt} of {ATTEMPTS} was the last")]);
                return result.map_err(Failure::into_error).and_then(meaning).map_err(gave_up);
            }
            // What was granted for the change after this read was granted before the pause.
            if lock(&self.permit).is_some() {
                self.acquire()?;
            }
            attempt += 1;
        }
    }

    fn get_once(&self, path: &str, largest: u64) -> std::result::Result<Answer, Failure> {
        let granted = lock(&self.permit).take();
        let permit = if granted.is_some() { granted } else { self.permit(1)? };
        let time = self.deadline().left();
        self.send(Method::GET, path, (), time, largest, permit)
    }

    /// Waits before another attempt and says so; false, and at once, if that would miss the deadline.
    pub fn pause(&self, pause: Duration, cause: &str, attempt: u32) -> bool {
        if !self.deadline().allows(pause) {
            return false;
        }
        let seconds = pause.as_secs_f64();
        self.notes.say(&format!(
            "{cause}; trying again in {seconds:.1} s (attempt {attempt} of {ATTEMPTS} failed)"
        ));
        self.wait(pause)
    }

    /// How long to pause after a 429; not at all if the limiter makes the next request wait.
    fn asked_pause(&self, answer: &Answer) -> Option<Duration> {
        if self.limiter.is_some() { Some(Duration::ZERO) } else { answer.asked_wait() }
    }

    /// Tries the key by a read of one customer, and gives what the API tells about its limits.
    ///
    /// # Errors
    /// `Credentials` if the API refuses the key; `Network` if it cannot be asked.
    pub fn probe(&self) -> Result<Standing> {
        let taken =
            |answer: Answer| match answer.status {
                200..=299 => Ok(answer),
                404 => Err(self
                    .doubting_the_address(Error::new(Kind::NotFound, "there are no customers (HTTP 404)"))),
                _ => Err(answer.error()),
            };
        let answer = self.read("/customers?pageSize=1&pageNumber=0", LARGEST_ANSWER, taken)?;
        Ok(answer.standing())
    }

    /// Sends a whole customer, once, and without waiting for the limiter: it was read just before.
    ///
    /// It is given two thirds of the time that is left, so that after a lost answer there is time to read the customer.
    ///
    /// # Errors
    /// See [`FailureClass`].
    pub fn put(&self, customer: &Customer) -> std::result::Result<Put, Failure> {
        if self.read_only {
            return Err(Failure::read_only());
        }
        let result = self.put_once(customer);
        let stored_nothing = |failure: &Failure| {
            use FailureClass::*;
            matches!(failure.class, NotSent | Impossible | Refused | RateLimited(_))
        };
        if !result.as_ref().is_err_and(stored_nothing) {
            self.settling.store(true, Ordering::SeqCst);
        }
        result
    }

    fn put_once(&self, customer: &Customer) -> std::result::Result<Put, Failure> {
        let granted = lock(&self.permit).take();
        let permit = granted.or_else(|| self.limiter.as_ref().map(RateLimiter::acquire_now));
        let time = self.deadline().left().map(|left| left * 2 / 3);
        let answer = self.send(Method::PUT, "/customers", customer.text(), time, LARGEST_ANSWER, permit)?;
        let class = match answer.status {
            200..=299 => {
                return Ok(match Customer::parse(answer.body) {
                    Ok(stored) if stored.id() == customer.id() => Put::Stored(Box::new(stored)),
                    _ => Put::Accepted,
                });
            }
            429 => FailureClass::RateLimited(self.asked_pause(&answer)),
            300..=399 => FailureClass::Redirected,
            // 502 and 504 are the word of a gateway, which may have passed the change on.
            ..200 | 502 | 504 => FailureClass::Lost,
            408 | 500.. => FailureClass::ServerError,
            _ => return Err(Failure::new(FailureClass::Refused, answer.refusal())),
        };
        Err(Failure::new(class, answer.error()))
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: impl AsSendBody,
        time: Option<Duration>,
        largest: u64,
        permit: Option<Permit>,
    ) -> std::result::Result<Answer, Failure> {
        let time = time.ok_or_else(Failure::out_of_time)?;
        let url = self.account.base.join(path);
        self.notes.http(format_args!("> {method} {url}"));
        self.notes.http(format_args!("> authorization: Basic [redacted]"));
        let (started, began) = (Instant::now(), clock::now());
        let read = method == Method::GET;
        let answer = self.account.exchange(method, &url, body, time, largest);
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

    fn log(&self, answer: &std::result::Result<Answer, Failure>, took: Duration) {
        if !self.notes.http {
            return;
        }
        let took = took.as_millis();
        match answer {
            Ok(answer) => {
                let reason =
                    StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
                let (status, reason, size) = (answer.status, reason.unwrap_or(""), answer.body.len());
                self.notes.http(format_args!("< {status} {reason} ({size} bytes, {took} ms)"));
                for (name, value) in &answer.headers {
                    self.notes.http(format_args!("< {name}: {}", String::from_utf8_lossy(value.as_bytes())));
                }
            }
            Err(failure) => self.notes.http(format_args!("< no answer ({took} ms): {failure}")),
        }
    }
}
