//! One connection: HTTP/1.1 by hyper, so that a fault can drop it at any point.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

use super::World;
use super::answer::Answer;
use super::delivery::Script;
use super::exchange::exchange;
use super::server::ended;

/// What a request is told about its connection.
#[derive(Clone)]
pub(crate) struct Connection {
    /// Connections are counted from 1.
    pub(crate) number: usize,
    /// Closes the connection once nothing is left to be sent.
    pub(crate) hang_up: Arc<Notify>,
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox dropped the connection, as a fault said")
    }
}

impl std::error::Error for Dropped {}

/// Serves a connection until the client, a fault or the end of the sandbox closes it.
pub(crate) async fn serve(
    stream: TcpStream,
    number: usize,
    world: Arc<World>,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and written at once; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let connection = Connection { number, hang_up: Arc::new(Notify::new()) };
    let hang_up = Arc::clone(&connection.hang_up);
    let service = service_fn(move |request| enter(Arc::clone(&world), connection.clone(), request));
    let http = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(http);
    let ended = tokio::select! {
        result = http.as_mut() => Some(result),
        () = hang_up.notified() => None,
        () = ended(&mut stopped) => None,
    };
    // A failed connection is the client's to report, or was a fault.
    if ended.is_none() {
        http.as_mut().graceful_shutdown();
        let _ = http.await;
    }
}

async fn enter(
    world: Arc<World>,
    connection: Connection,
    request: Request<Incoming>,
) -> Result<Response<Script>, Dropped> {
    let answer = if names_this_machine(&request) {
        exchange(&world, connection.number, request).await
    } else {
        Answer::refusal(403, "The sandbox answers only requests to this machine's own address.")
    };
    answer.deliver(&connection).ok_or(Dropped)
}

/// Whether the Host header is this machine's own, which a web page that rebound its DNS name to 127.0.0.1 cannot say.
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
