//! One connection: HTTP/1.1 by hyper, so that a fault can drop it at any point.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

use super::body::ScriptedBody;
use crate::sandbox::api::{Api, normalized, operation};
use crate::sandbox::control;
use crate::sandbox::fault::Operation;
use crate::sandbox::record::Recorded;
use crate::sandbox::response::Response;
use crate::sandbox::store::lock;

/// The largest body that is read; the vendor publishes no limit.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The reason for the end of a connection without a response.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault of the sandbox dropped the connection")
    }
}

impl std::error::Error for Dropped {}

/// Serves a connection until the client, a fault or the end of the sandbox closes it. Connections are counted from 1.
pub(super) async fn serve(
    stream: TcpStream,
    number: usize,
    api: Arc<Api>,
    mut stopped: watch::Receiver<bool>,
) {
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
        () = stop(&mut stopped) => None,
    };
    // A failed connection is the client's to report, or was a fault.
    if ended.is_none() {
        http.as_mut().graceful_shutdown();
        let _ = http.await;
    }
}

/// Waits until the sandbox is to stop.
pub(super) async fn stop(stopped: &mut watch::Receiver<bool>) {
    // The only error is that the server's handle was dropped, which stops it too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn respond(
    api: Arc<Api>,
    connection: usize,
    hang_up: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<hyper::Response<ScriptedBody>, Dropped> {
    let response = if names_this_machine(&request) {
        exchange(&api, connection, request).await
    } else {
        Response::error(403, "The sandbox answers only requests to this machine's own address.")
    };
    let body = ScriptedBody::new(response.body, response.delivery, &hang_up).ok_or(Dropped)?;
    let mut sent = hyper::Response::new(body);
    *sent.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            sent.headers_mut().insert(name, value);
        }
    }
    Ok(sent)
}

/// Whether the Host header is this machine's own, which a web page that rebound its DNS name to 127.0.0.1 cannot send.
fn names_this_machine<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(Ok(host)), None) = (hosts.next().map(|host| host.to_str()), hosts.next()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Reads a request to its end and answers it: one to the API, or one to the sandbox's own addresses.
async fn exchange(api: &Arc<Api>, connection: usize, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.ok().map(|body| body.to_bytes().to_vec());
    if let Some(place) = normalized(head.uri.path()).strip_prefix("/_sandbox/") {
        return control::respond(&api.faults, &api.records, head.method.as_str(), place, body.as_deref());
    }
    let is_complete = body.is_some();
    let request = recorded(&head, body.unwrap_or_default(), connection);
    let number = lock(&api.records).add(request.clone());
    let response = if is_complete {
        respond_with_faults(api, request).await
    } else {
        Response::error(413, "The body is too large, or did not arrive in full.")
    };
    lock(&api.records).set_status(number, response.seen_status());
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
    let operation: Operation = operation(&request);
    let faults = lock(&api.faults).plan(&operation);
    wait(faults.latency()).await;
    if faults.hangs() {
        std::future::pending::<()>().await;
    }
    if faults.lost_before() {
        return Response::lost();
    }
    if let Some(time) = faults.late() {
        let api = Arc::clone(api);
        tokio::spawn(async move {
            wait(time).await;
            api.respond(&request, operation, &faults);
        });
        return Response::lost();
    }
    api.respond(&request, operation, &faults)
}

async fn wait(time: Duration) {
    // The timer is up to a millisecond late, even for no time at all.
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
