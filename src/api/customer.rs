//! Reading and writing one customer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ureq::http::Method;

use super::failure::{Attempt, Failure, FailureClass};
use super::rate_limiter::RateLimiter;
use super::{Answer, CONNECT_TIMEOUT, Client, LARGEST_ANSWER, RequestLimits, clock, lock};
use crate::document::Customer;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::Span;

#[derive(Debug)]
pub(crate) enum Put {
    Stored(Box<Customer>),
    /// Something else: null, nothing.
    Accepted,
    /// HTML, so the API may never have seen the request.
    WebPage,
}

impl Client {
    /// Connection failures, 408, 429 and 5xx are tried up to four times.
    pub(crate) fn get(&self, id: u64) -> Result<Customer> {
        let meaning = |answer: Answer| match answer.status {
            200..=299 => self.customer(answer, id),
            404 => Err(self.hint_at_base_url(answer.not_found(id))),
            _ => Err(answer.error()),
        };
        let customer = self.read(&format!("/customers/{id}"), LARGEST_ANSWER, meaning);
        let mut reading = lock(&self.reading);
        *reading = (id, Span { ended: clock::now(), ..reading.1 });
        customer.map_err(|error| error.step(format!("reading customer {id}")))
    }

    fn customer(&self, answer: Answer, id: u64) -> Result<Customer> {
        let body = answer.body.map_err(Failure::into_error)?;
        let customer = Customer::parse(body.as_str()).map_err(|error| {
            self.unreadable("the API's answer is not a customer that can be edited safely", &body)
                .source(error)
        })?;
        if customer.id() != id {
            let got = customer.id();
            let message = format!("the API answered with customer {got} when asked for {id}");
            return Err(Error::new(ErrorKind::Failed, message));
        }
        Ok(customer)
    }

    /// Sends a whole customer, once, and without waiting for the limiter: it was read just before.
    ///
    /// It has two thirds of the time that is left, so that after a lost answer there is time to read the customer. If there
    /// is no connection after `connect`, it is not sent, because the reading that it is based on is old by then.
    pub(crate) fn put(&self, customer: &Customer, connect: Duration) -> Attempt<Put> {
        use FailureClass::{Impossible, NotSent, RateLimited, Refused};
        if self.read_only {
            return Err(Failure::impossible(Error::usage("the profile is read-only")));
        }
        let result = self.put_once(customer, connect);
        let may_be_stored =
            !matches!(result, Err(Failure { class: NotSent | Impossible | Refused | RateLimited(_), .. }));
        if may_be_stored {
            self.resolving.store(true, Ordering::SeqCst);
        }
        result
    }

    fn put_once(&self, customer: &Customer, connect: Duration) -> Attempt<Put> {
        let granted = lock(&self.permit).take();
        let permit = granted.or_else(|| self.limiter.as_ref().map(RateLimiter::acquire_now));
        let all = self.time_left().map(|left| left * 2 / 3);
        let connect = Some(connect.min(CONNECT_TIMEOUT));
        let limits = RequestLimits { time: all, connect, answer: LARGEST_ANSWER };
        let answer = self.send(Method::PUT, "/customers", customer.text(), limits, permit)?;
        let class = match answer.status {
            200..=299 if answer.is_web_page() => return Ok(Put::WebPage),
            200..=299 => {
                return Ok(match answer.body.map(Customer::parse) {
                    Ok(Ok(stored)) if stored.id() == customer.id() => Put::Stored(Box::new(stored)),
                    _ => Put::Accepted,
                });
            }
            429 => FailureClass::RateLimited(self.requested_pause(&answer)),
            300..=399 => FailureClass::Redirected,
            503 => FailureClass::Lost(answer.retry_after()),
            ..200 | 408 | 500.. => FailureClass::Lost(None),
            _ => return Err(Failure::new(FailureClass::Refused, answer.refusal())),
        };
        Err(Failure::new(class, answer.error()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;
    use crate::api::{ApiKey, BaseUrl, Network, Trust};
    use crate::terminal::Notes;

    fn client(base: &str) -> Client {
        let base = BaseUrl::parse(base).unwrap();
        let network = Network::from_environment(&base, &Trust::default(), |_| None).unwrap();
        let key = ApiKey::parse("MDpzZWNyZXQ=").unwrap();
        Client::new(base, key, &network, Duration::from_secs(60), Notes { quiet: true, http: false })
    }

    #[test]
    fn a_put_that_gets_no_connection_in_time_is_not_sent() {
        // It accepts connections and never answers the TLS handshake.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = client(&format!("https://{}/v1", silent.local_addr().unwrap()));
        let customer = Customer::parse(r#"{"id":7,"status":"Active"}"#).unwrap();
        let begun = Instant::now();
        let failure = client.put(&customer, Duration::from_millis(200)).unwrap_err();
        assert_eq!(failure.class, FailureClass::NotSent, "{failure}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_read_waits_as_long_as_a_503_asks() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = client(&format!("http://{}/v1", listener.local_addr().unwrap()));
        let serving = std::thread::spawn(move || {
            let customer = r#"{"id":7,"status":"Active"}"#;
            for head in ["503 Busy\r\nRetry-After: 1", "200 OK"] {
                let mut socket = listener.accept().unwrap().0;
                assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
                let length = customer.len();
                write!(
                    socket,
                    "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{customer}"
                )
                .unwrap();
            }
        });
        let begun = Instant::now();
        assert_eq!(client.get(7).unwrap().id(), 7);
        assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
        serving.join().unwrap();
    }
}
