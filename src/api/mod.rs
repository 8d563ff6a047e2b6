//! The client of the API: the only user of ureq.
//!
//! It knows three requests, the GET of one customer, the GET of a page of them and the PUT of one, and turns every way
//! in which they can go wrong into an [`Error`] with a kind. One agent, so one connection serves all; no redirect is ever
//! followed, because a PUT that is redirected would arrive as a GET and look like success.

pub mod answer;
pub mod base_url;
mod connect;
mod customer;
pub mod failure;
mod gather;
pub mod key;
mod list;
mod method;
pub mod network;
pub mod pace;
pub mod pages;
mod pass;
pub mod rate_limit;
mod reply;
mod resolver;
mod tls;
pub mod trust;
mod unconnected;
pub mod wait;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use ureq::http::{HeaderValue, Request, Response, StatusCode, request};
use ureq::{Agent, Body, RequestExt};

pub use base_url::BaseUrl;
use connect::Dialer;
use customer::{customer, read};
pub use failure::Failure;
pub use key::ApiKey;
use method::Method;
pub use network::Network;
pub use pace::Pacer;
pub use pages::{Order, Pages};
use pass::{Entry, Pass};
use rate_limit::Standing;
pub use reply::Answer;
use resolver::Remembering;
pub use trust::Trust;

use crate::document::Customer;
use crate::error::{Error, Kind, Result};
use crate::terminal::Notes;
use wait::{ATTEMPTS, Deadline, backoff};

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;
/// The buffers of a connection, in bytes: a customer of some 2 kB fits, and larger ones go through in pieces. The longest
/// head has to fit: of one that does not, ureq says that the server hung up.
const INPUT_BUFFER: usize = LONGEST_HEAD + 4 * 1024;
const OUTPUT_BUFFER: usize = 8 * 1024;
/// The most connections that are kept for later requests; the most requests that are under way at once.
pub const MOST_CONNECTIONS: usize = 64;
/// What the bodies are that are sent and asked for, and how they may be packed: values of headers.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One account of the API.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: Arc<BaseUrl>,
    key: Arc<ApiKey>,
    deadline: Mutex<Deadline>,
    notes: Notes,
    pass: Option<Pass>,
    /// A change was sent, so what follows settles it and is never turned away.
    committed: AtomicBool,
    read_only: bool,
}

/// What the API said to a PUT.
#[derive(Debug)]
pub enum Put {
    /// It took the customer and sent back what it stored.
    Stored(Box<Customer>),
    /// It said yes, but not with the customer: null, nothing, a web page.
    Accepted,
}

impl Client {
    /// A client that opens no connection yet. `timeout` bounds all requests and waits together, from now.
    pub fn new(base: BaseUrl, key: ApiKey, network: &Network, timeout: Duration, notes: Notes) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(network.proxy())
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_response_header_size(LONGEST_HEAD)
            .max_idle_connections(MOST_CONNECTIONS)
            .max_idle_connections_per_host(MOST_CONNECTIONS)
            .user_agent(concat!("fusebill/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, Dialer::new(network.secure.clone()), Remembering::default());
        let deadline = Mutex::new(Deadline::after(timeout));
        let (base, key) = (Arc::new(base), Arc::new(key));
        let committed = AtomicBool::new(false);
        let (pass, read_only) = (None, false);
        Client { agent, base, key, deadline, notes, pass, committed, read_only }
    }

    /// The same client, which sends no change, whoever asks it to.
    #[must_use]
    pub fn read_only(self) -> Client {
        Client { read_only: true, ..self }
    }

    /// Another client of the same account, on the same connections, whose requests go through a gate. It has so much
    /// time from now.
    pub fn paced(&self, timeout: Duration, notes: Notes, pacer: Arc<Pacer>) -> Client {
        let (agent, base, key) = (self.agent.clone(), Arc::clone(&self.base), Arc::clone(&self.key));
        let deadline = Mutex::new(Deadline::after(timeout));
        let committed = AtomicBool::new(false);
        let (read_only, pass) = (self.read_only, Some(Pass::new(pacer)));
        Client { agent, base, key, deadline, notes, pass, committed, read_only }
    }

    fn deadline(&self) -> Deadline {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long; false, and at once, where that would miss the deadline.
    pub fn wait(&self, pause: Duration) -> bool {
        self.deadline().sleep(pause)
    }

    /// Does something that waits for a person; the time they take is not counted against the deadline.
    pub fn not_counting<T>(&self, wait: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = wait();
        let mut deadline = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        *deadline = deadline.moved_by(begun.elapsed());
        result
    }

    /// Reads a customer. Connection failures, 408, 429 and 5xx are tried up to four times.
    ///
    /// # Errors
    /// `NotFound`, `Credentials`, `Network`, or `Failed` for an answer that is not that customer.
    pub fn get(&self, id: u64) -> Result<Customer> {
        self.get_as(Method::Get, id)
    }

    /// The same for a customer that is changed next: the PUT goes through the gate with this read.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub fn get_to_change(&self, id: u64) -> Result<Customer> {
        self.get_as(Method::GetToChange, id)
    }

    fn get_as(&self, method: Method, id: u64) -> Result<Customer> {
        let step = format!("reading customer {id}");
        let path = format!("/customers/{id}");
        let meaning = |answer| read(answer, id);
        let answer = self.try_often(method, &path, meaning);
        let answer = answer.map_err(|error| self.doubting_the_address(error).at(&step))?;
        customer(&answer.body, id, &self.key).map_err(|error| error.at(step))
    }

    /// What is not there may be somewhere else.
    fn doubting_the_address(&self, error: Error) -> Error {
        if error.kind != Kind::NotFound || self.base.has_vendor_path() {
            return error;
        }
        error.hint(format!("the base URL is {}; the vendor's ends in /v1", self.base))
    }

    /// Sends a request that writes nothing until there is an answer, which is then taken as it is meant.
    fn try_often(
        &self,
        method: Method,
        path: &str,
        meaning: impl Fn(Answer) -> Result<Answer>,
    ) -> Result<Answer> {
        let mut attempt = 1;
        loop {
            let result = self.send(method, path, None, self.deadline().left());
            let pause = match &result {
                Ok(answer) if answer.status == 429 => {
                    self.asked_pause(answer).unwrap_or_else(|| backoff(attempt))
                }
                Ok(answer) if answer.status == 408 || answer.status >= 500 => backoff(attempt),
                Err(failure) if failure.is_transient() => backoff(attempt),
                _ => return result.map_err(Failure::into_error).and_then(meaning),
            };
            let cause =
                result.as_ref().map_or_else(ToString::to_string, |answer| format!("HTTP {}", answer.status));
            if attempt == ATTEMPTS || !self.pause(pause, &cause, attempt) {
                let gave_up =
                    |error: Error| error.detail([format!("attempt {attempt} of {ATTEMPTS} was the last")]);
                return result.map_err(Failure::into_error).and_then(meaning).map_err(gave_up);
            }
            attempt += 1;
        }
    }

    /// Waits before another attempt and says so, unless that would miss the deadline; then it gives false at once.
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

    /// How long the API asks to wait after a 429; not at all where the gate makes everybody wait for it.
    fn asked_pause(&self, answer: &Answer) -> Option<Duration> {
        if self.pass.is_some() {
            return Some(Duration::ZERO);
        }
        rate_limit::wait(|name| answer.header(name), jiff::Timestamp::now())
    }

    /// Whether the API takes the key, by one read of one customer, and what it says about its limits.
    ///
    /// # Errors
    /// `Credentials` where it does not; `Network` where it cannot be asked.
    pub fn probe(&self) -> Result<Standing> {
        let taken =
            |answer: Answer| match answer.status {
                200..=299 => Ok(answer),
                404 => Err(self
                    .doubting_the_address(Error::new(Kind::NotFound, "there are no customers (HTTP 404)"))),
                _ => Err(answer.error()),
            };
        let answer = self.try_often(Method::List, "/customers?pageSize=1&pageNumber=0", taken)?;
        Ok(answer.standing(jiff::Timestamp::now()))
    }

    /// Sends a whole customer, once.
    ///
    /// It is given two thirds of the time that is left, so that a lost answer leaves time to read what came of it.
    ///
    /// # Errors
    /// See [`Failure`]: the request never left, the API said no, or the answer leaves open what happened.
    pub fn put(&self, customer: &Customer) -> std::result::Result<Put, Failure> {
        if self.read_only {
            return Err(Failure::forbidden());
        }
        let time = self.deadline().left().map(|left| left * 2 / 3);
        let answer = self.send(Method::Put, "/customers", Some(customer.text()), time)?;
        match answer.status {
            200..=299 => Ok(match Customer::parse(answer.body) {
                Ok(stored) if stored.id() == customer.id() => Put::Stored(Box::new(stored)),
                _ => Put::Accepted,
            }),
            ..200 => Err(Failure::Lost(answer.error())),
            429 => Err(Failure::RateLimited(Box::new(answer.error()), self.asked_pause(&answer))),
            300..=399 => Err(Failure::Redirected(answer.error())),
            // Not the API's word but that of a gateway before it, which may have handed the change on.
            502 | 504 => Err(Failure::Lost(answer.error())),
            408 | 500.. => Err(Failure::Broke(answer.error())),
            _ => Err(Failure::No(answer.refusal())),
        }
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        time: Option<Duration>,
    ) -> std::result::Result<Answer, Failure> {
        let time = time.ok_or_else(Failure::out_of_time)?;
        if let Some(pass) = &self.pass {
            let committed = self.committed.load(Ordering::SeqCst);
            match self.not_counting(|| pass.enter(committed, method.purpose())) {
                Entry::In => {}
                Entry::Stopped => return Err(Failure::stopped()),
                Entry::Late => return Err(Failure::late()),
            }
        }
        if method == Method::Put {
            self.committed.store(true, Ordering::SeqCst);
        }
        let url = self.base.join(path);
        let request = Request::builder()
            .uri(&url)
            .method(method.name())
            .header(ACCEPT, JSON)
            .header(ACCEPT_ENCODING, GZIP)
            .header(AUTHORIZATION, self.key.header());
        self.notes.http(format_args!("> {} {url}", method.name()));
        self.notes.http(format_args!("> authorization: Basic [redacted]"));
        let started = Instant::now();
        let result = self.transmit(request, body, time);
        let answer = result.and_then(|response| Answer::read(response, method.largest_answer()));
        let answer = answer.map(|answer| answer.blotted(&self.key));
        if let Some(pass) = &self.pass {
            pass.leave(answer.as_ref().ok().and_then(Answer::quota));
        }
        self.log(&answer, started.elapsed());
        answer
    }

    fn transmit(
        &self,
        request: request::Builder,
        body: Option<&str>,
        time: Duration,
    ) -> std::result::Result<Response<Body>, Failure> {
        let result = match body {
            None => {
                let request = request.body(()).map_err(Failure::unsendable)?;
                request.with_agent(&self.agent).configure().timeout_global(Some(time)).run()
            }
            Some(body) => {
                let request = request.header(CONTENT_TYPE, JSON).body(body);
                let request = request.map_err(Failure::unsendable)?;
                request.with_agent(&self.agent).configure().timeout_global(Some(time)).run()
            }
        };
        result.map_err(Failure::from_ureq)
    }

    fn log(&self, answer: &std::result::Result<Answer, Failure>, took: Duration) {
        if !self.notes.has_http_log() {
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
