//! The sandbox's own addresses, by which scripts in any language reach what the handle offers in Rust.
//!
//! They need no key, count against no limit and are not recorded.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::get;

use super::World;
use super::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::lock;

type Shared = State<Arc<World>>;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/faults", get(faults).post(inject).delete(clear))
        .route("/requests", get(requests))
        .fallback(|| async { Answer::empty(404).into_response() })
}

/// The faults that can still hit, one a line.
async fn faults(State(world): Shared) -> Response<Body> {
    let lines: String = lock(&world.faults).pending().map(|fault| format!("{fault}\n")).collect();
    Answer::text(200, lines).into_response()
}

/// Takes in all the faults of the body, or none of them.
async fn inject(State(world): Shared, body: String) -> Response<Body> {
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.map(str::parse).collect::<Result<Vec<Fault>, _>>() {
        Ok(faults) => {
            let mut active = lock(&world.faults);
            faults.into_iter().for_each(|fault| active.add(fault));
            Answer::empty(204).into_response()
        }
        Err(why) => Answer::refusal(400, &why.to_string()).into_response(),
    }
}

async fn clear(State(world): Shared) -> Response<Body> {
    lock(&world.faults).clear();
    Answer::empty(204).into_response()
}

async fn requests(State(world): Shared) -> Response<Body> {
    let requests: Vec<String> =
        lock(&world.records).all().iter().map(super::record::Recorded::to_json).collect();
    Answer::json(200, format!("[{}]", requests.join(",\n"))).into_response()
}
