//! One request from its arrival to its answer.

use std::time::SystemTime;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request};

use super::answer::{Answer, Delivery};
use super::quota::too_many;
use super::record::{Recorded, headers};
use super::{World, control, key};
use crate::sandbox::fault::{Hits, Operation};
use crate::sandbox::{clock, customers, list, lock};

/// The largest body that is read; the vendor publishes no limit.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// An API request, read to its end.
struct Call {
    operation: Operation,
    head: Parts,
    body: Vec<u8>,
}

/// Reads a request to its end and answers it: one of the API, or one to the sandbox's own addresses.
pub(crate) async fn exchange(world: &World, connection: usize, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map(|body| body.to_bytes().to_vec());
    let path = plain(head.uri.path());
    if let Some(place) = path.strip_prefix("/_sandbox/") {
        return control::answer(world, &head.method, place, body.ok());
    }
    let operation = operation(&head.method, &path);
    let (body, complete) = body.map_or_else(|_| (Vec::new(), false), |body| (body, true));
    let call = Call { operation, head, body };
    let number = lock(&world.records).add(recorded(&call, connection));
    let answer = if complete {
        let hits = lock(&world.faults).hits(&call.operation);
        world.answer(&call, &hits).await
    } else {
        Answer::refusal(413, "The body is too large, or did not arrive in full.")
    };
    lock(&world.records).answered(number, answer.seen_status());
    answer
}

/// The path without regard to case and to a slash at its end: the vendor's own documents write both ways.
fn plain(path: &str) -> String {
    path.trim_end_matches('/').to_ascii_lowercase()
}

/// What a method means at a path. HEAD is a GET whose answer goes without its body, which hyper sees to.
fn operation(method: &Method, path: &str) -> Operation {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match path.strip_prefix("/v1/customers") {
        Some("") if reads => Operation::List,
        Some("") if *method == Method::PUT => Operation::Put,
        Some("") => Operation::WrongMethod { allowed: "GET,HEAD,PUT" },
        Some(rest) => match rest.strip_prefix('/').filter(|id| !id.contains('/')) {
            Some(id) if reads => id.parse().map_or(Operation::Nothing, Operation::Get),
            Some(_) => Operation::WrongMethod { allowed: "GET,HEAD" },
            None => Operation::Nothing,
        },
        None => Operation::Nothing,
    }
}

fn recorded(call: &Call, connection: usize) -> Recorded {
    let uri = &call.head.uri;
    Recorded {
        number: 0,
        connection,
        method: call.head.method.to_string(),
        path: uri.path().to_string(),
        query: uri.query().map(str::to_string),
        headers: headers(&call.head.headers),
        body: call.body.clone(),
        status: None,
    }
}

impl World {
    /// The answer with all that the faults make of it.
    async fn answer(&self, call: &Call, hits: &Hits) -> Answer {
        hits.wait().await;
        if hits.lost_before() {
            let mut answer = Answer::empty(200);
            answer.delivery = Delivery::Lost;
            return answer;
        }
        let now = SystemTime::now();
        let mut answer = match hits.instead(now, &self.behaviour) {
            Some(answer) => answer,
            None => self.act(call, hits, now).unwrap_or_else(|why| Answer::refusal(500, &format!("{why:#}"))),
        };
        hits.change(&mut answer, &self.store);
        for (name, value) in lock(&self.quota).headers(now, self.behaviour.reset) {
            answer.header(&name, &value);
        }
        answer
    }

    /// What the vendor's server would do.
    fn act(&self, call: &Call, hits: &Hits, now: SystemTime) -> anyhow::Result<Answer> {
        if let Err(refused) = key::check(&call.head.headers, &self.behaviour) {
            return Ok(refused);
        }
        if let Err(window) = lock(&self.quota).take(now) {
            return Ok(too_many(window, &self.behaviour));
        }
        match call.operation {
            Operation::Get(id) => {
                if hits.other_writer() {
                    self.store.write(|table| hits.write_between(table, id, &clock::short(now)))?;
                }
                self.store.read(|table| customers::read(table, id, &self.behaviour))
            }
            Operation::Put => self.store.write(|table| {
                let edit = customers::Edit { body: &call.body, behaviour: &self.behaviour, now, hits };
                edit.apply(table)
            }),
            Operation::List => {
                let query = call.head.uri.query().unwrap_or_default();
                self.store.read(|table| list::list(table, query, &self.behaviour))
            }
            Operation::Nothing => {
                let (method, path) = (&call.head.method, call.head.uri.path());
                Ok(Answer::message(404, &format!("The sandbox has nothing at {method} {path}.")))
            }
            Operation::WrongMethod { allowed } => {
                let text =
                    format!("The requested resource does not support http method '{}'.", call.head.method);
                let mut answer = Answer::message(405, &text);
                answer.header("allow", allowed);
                Ok(answer)
            }
        }
    }
}
