//! One API request from its arrival to its answer.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method, Response, Uri};
use axum::routing::get;
use http_body_util::{BodyExt, Limited};
use hyper::Request;

use super::answer::{Answer, Delivery};
use super::door::{Connection, OriginalPath};
use super::quota::too_many;
use super::record::{Recorded, headers};
use super::{World, control, key};
use crate::sandbox::fault::{Hits, Operation};
use crate::sandbox::{clock, customers, list, lock};

/// The largest body that is read; the vendor publishes no limit.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

type Shared = State<Arc<World>>;

/// The vendor's routes and the sandbox's own.
pub(crate) fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route(
            "/v1/customers",
            get(|State(world): Shared, request| exchange(world, Operation::List, request))
                .put(|State(world): Shared, request| exchange(world, Operation::Put, request)),
        )
        .route(
            "/v1/customers/{id}",
            get(|State(world): Shared, Path(id): Path<String>, request| {
                exchange(world, id.parse().map_or(Operation::Nothing, Operation::Get), request)
            }),
        )
        .fallback(|State(world): Shared, request| exchange(world, Operation::Nothing, request))
        .method_not_allowed_fallback(|State(world): Shared, request| {
            exchange(world, Operation::WrongMethod, request)
        })
        .nest("/_sandbox", control::routes())
        .with_state(world)
}

/// An API request, read to its end.
pub(crate) struct Call {
    operation: Operation,
    head: Parts,
    body: Vec<u8>,
}

async fn exchange(world: Arc<World>, operation: Operation, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Some(connection) = head.extensions.get::<Connection>().cloned() else {
        return Answer::refusal(500, "The request has no connection.").into_response();
    };
    let (body, complete) = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => (body.to_bytes().to_vec(), true),
        Err(_) => (Vec::new(), false),
    };
    let call = Call { operation, head, body };
    let number = lock(&world.records).add(recorded(&call, connection.number));
    let answer = if complete {
        let hits = lock(&world.faults).hits(&call.operation);
        world.answer(&call, &hits).await
    } else {
        Answer::refusal(413, "The body is too large, or did not arrive in full.")
    };
    lock(&world.records).answered(number, answer.seen_status());
    answer.deliver(&connection)
}

fn recorded(call: &Call, connection: usize) -> Recorded {
    let uri: &Uri = &call.head.uri;
    let path = call.head.extensions.get::<OriginalPath>().map_or(uri.path(), |path| &path.0);
    Recorded {
        number: 0,
        connection,
        method: call.head.method.to_string(),
        path: path.to_string(),
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
            Operation::Nothing => Ok(nothing_here(&call.head.method, &call.head.uri)),
            Operation::WrongMethod => {
                let text =
                    format!("The requested resource does not support http method '{}'.", call.head.method);
                Ok(Answer::message(405, &text))
            }
        }
    }
}

fn nothing_here(method: &Method, uri: &Uri) -> Answer {
    Answer::message(404, &format!("The sandbox has nothing at {method} {}.", uri.path()))
}
