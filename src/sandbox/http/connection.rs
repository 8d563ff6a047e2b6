//! Serves one connection. HTTP/1.1 is hyper's, so that a fault can drop the connection at any point.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::sandbox::api::{Api, operation};
use crate::sandbox::control;
use crate::sandbox::fault::Effect;
use crate::sandbox::fault_plan::FaultPlan;
use crate::sandbox::record::{Recorded, normalized};
use crate::sandbox::response::{Delivery, Response};
use crate::sandbox::store::lock;

/// In bytes; the vendor publishes no limit.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
const PIECES: u32 = 8;
/// Long enough for the first half of a cut body to be written before the connection closes.
const FLUSH: Duration = Duration::from_millis(1);

pub(super) async fn serve(stream: TcpStream, number: usize, api: Arc<Api>, mut stopped: watch::Receiver<()>) {
    // Responses are small and written at once; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let hang_up = Arc::new(Notify::new());
    let service = {
        let hang_up = Arc::clone(&hang_up);
        service_fn(move |request| respond(Arc::clone(&api), number, Arc::clone(&hang_up), request))
    };
    let http = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(http);
    let ended = tokio::select! {
        result = http.as_mut() => Some(result),
        () = hang_up.notified() => None,
        _ = stopped.changed() => None,
    };
    // The client reports a failed connection, or a fault closed it.
    if ended.is_none() {
        http.as_mut().graceful_shutdown();
        let _ = http.await;
    }
}

async fn respond(
    api: Arc<Api>,
    connection: usize,
    hang_up: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<hyper::Response<BoxBody<Bytes, io::Error>>, io::Error> {
    let mut response = if names_this_machine(&request) {
        exchange(&api, connection, request).await
    } else {
        Response::error(403, "The sandbox answers only requests to this machine's own address.")
    };
    match response.delivery {
        Delivery::Lost => return Err(io::ErrorKind::ConnectionAborted.into()),
        // The head is written before this is noticed, so it has no `Connection: close`.
        Delivery::ThenClose => hang_up.notify_one(),
        _ => {}
    }
    let mut sent = hyper::Response::new(body(&mut response));
    *sent.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            sent.headers_mut().insert(name, value);
        }
    }
    Ok(sent)
}

/// A web page that rebound its DNS name to 127.0.0.1 sends that name as the Host.
fn names_this_machine<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = Authority::try_from(host.as_bytes()) else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn exchange(api: &Arc<Api>, connection: usize, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.ok().map(|body| body.to_bytes().to_vec());
    if let Some(path) = normalized(head.uri.path()).strip_prefix("/_sandbox/") {
        return control::respond(api, head.method.as_str(), path, body.as_deref());
    }
    let is_complete = body.is_some();
    let request = recorded(&head, body.unwrap_or_default(), connection);
    let number = lock(&api.records).add(request.clone());
    let response = if is_complete {
        respond_with_faults(api, request).await
    } else {
        Response::error(413, "The body is too large, or did not arrive in full.")
    };
    lock(&api.records).set_status(number, response.delivered_status());
    response
}

fn recorded(head: &Parts, body: Vec<u8>, connection: usize) -> Recorded {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Recorded {
        number: 0,
        connection,
        method: head.method.to_string(),
        path: head.uri.path().to_string(),
        query: head.uri.query().map(str::to_string),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body,
        status: None,
    }
}

async fn respond_with_faults(api: &Arc<Api>, request: Recorded) -> Response {
    let operation = operation(&request);
    let faults = FaultPlan::take(&mut lock(&api.faults), &operation);
    for effect in &faults.effects {
        match effect {
            Effect::Latency(time) => sleep(*time).await,
            Effect::Hang => std::future::pending::<()>().await,
            Effect::LostBefore => return Response::lost(),
            Effect::Late(time) => {
                let (time, api) = (*time, Arc::clone(api));
                tokio::spawn(async move {
                    sleep(time).await;
                    api.respond(&request, operation, &faults);
                });
                return Response::lost();
            }
            _ => {}
        }
    }
    api.respond(&request, operation, &faults)
}

/// The headers promise all of the body, whether or not all of it is sent.
fn body(response: &mut Response) -> BoxBody<Bytes, io::Error> {
    let bytes = Bytes::from(std::mem::take(&mut response.body));
    if bytes.is_empty() || !matches!(response.delivery, Delivery::Cut | Delivery::Slow(_)) {
        return Full::new(bytes).map_err(|never| match never {}).boxed();
    }
    response.header("content-length", &bytes.len().to_string());
    let (sender, body) = Channel::new(1);
    tokio::spawn(deliver(bytes, response.delivery, sender));
    body.boxed()
}

async fn deliver(bytes: Bytes, delivery: Delivery, mut sender: Sender<Bytes, io::Error>) {
    if let Delivery::Slow(time) = delivery {
        let count = PIECES as usize;
        for piece in 0..count {
            sleep(time / PIECES).await;
            let (from, to) = (bytes.len() * piece / count, bytes.len() * (piece + 1) / count);
            // The only error is that the client hung up.
            let _ = sender.send_data(bytes.slice(from..to)).await;
        }
        return;
    }
    let _ = sender.send_data(bytes.slice(..bytes.len() / 2)).await;
    sleep(FLUSH).await;
    sender.abort(io::ErrorKind::ConnectionAborted.into());
}
