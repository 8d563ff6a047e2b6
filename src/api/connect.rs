//! Making a connection: to the API itself or to a proxy that tunnels to it, and TLS inside.
//!
//! ureq would do this too, but says in words only what came of it. Here every step fails with its own [`Unconnected`],
//! so a user can be told which end is in the way and why, and nothing that failed here ever carried a request.

use std::fmt;
use std::io::{self, Read, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport, TransportAdapter,
};
use ureq::{Proxy, ProxyProtocol};

use super::gather::Gathering;
use super::network::{Gate, Secure};
use super::tls;

/// The longest answer of a proxy that is read.
const LONGEST_ANSWER: usize = 16 * 1024;

/// One of the two ends that a connection can fail at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peer {
    /// The API, by host and port as its base URL has them.
    Api(String),
    /// The proxy.
    Proxy {
        /// Host and port.
        address: String,
        /// The variable that names it.
        variable: String,
    },
}

/// A connection that could not be made. Nothing was sent over it.
#[derive(Debug)]
pub(super) struct Unconnected {
    /// The end that was being reached.
    pub(super) peer: Peer,
    /// What was in the way.
    pub(super) why: Why,
}

/// What was in the way of a connection.
#[derive(Debug)]
pub(super) enum Why {
    /// There was no connection at all.
    Unreached(ureq::Error),
    /// It ended before there was anything to send over it.
    Broke(ureq::Error),
    /// TLS says no.
    Tls(rustls::Error),
    /// The proxy does not connect to the API.
    Refused {
        /// Its status code.
        status: u16,
        /// What it was asked to connect to.
        target: String,
        /// Whether it was told a user name and a password.
        introduced: bool,
    },
    /// It answered a request to connect with something else than HTTP.
    NotAProxy,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Api(host) => f.write_str(host),
            Peer::Proxy { address, .. } => write!(f, "the proxy {address}"),
        }
    }
}

impl fmt::Display for Unconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection to {}", self.peer)
    }
}

impl std::error::Error for Unconnected {}

/// Makes connections to one base URL.
#[derive(Debug)]
pub(super) struct Dialer {
    secure: Option<Secure>,
}

impl Dialer {
    /// Dials with TLS and by way of the proxy that are given, or in the clear where there are none.
    pub(super) fn new(secure: Option<Secure>) -> Dialer {
        Dialer { secure }
    }

    fn dial(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, Unconnected> {
        let api = Peer::Api(details.uri.authority().map(ToString::to_string).unwrap_or_default());
        match &self.secure {
            None => socket(details).map_err(|why| at(&api, Why::Unreached(why))),
            Some(Secure { tls, gate: None }) => {
                let socket = socket(details).map_err(|why| at(&api, Why::Unreached(why)))?;
                tls::wrap(tls, socket, details).map_err(|why| at(&api, why))
            }
            Some(Secure { tls, gate: Some(gate) }) => {
                let tunnel = tunnel(gate, tls, details).map_err(|why| at(&gate.peer(), why))?;
                tls::wrap(tls, tunnel, details).map_err(|why| at(&api, why))
            }
        }
    }
}

impl Connector for Dialer {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _chained: Option<()>,
    ) -> Result<Option<Box<dyn Transport>>, ureq::Error> {
        let connection = self.dial(details).map_err(|why| ureq::Error::Other(Box::new(why)))?;
        Ok(Some(Box::new(Gathering::of(connection))))
    }
}

fn at(peer: &Peer, why: Why) -> Unconnected {
    Unconnected { peer: peer.clone(), why }
}

/// What is left of the time for connecting.
pub(super) fn time_left(details: &ConnectionDetails) -> NextTimeout {
    let spent = match ((details.current_time)(), details.now) {
        (Instant::Exact(now), Instant::Exact(begun)) => now.saturating_duration_since(begun),
        _ => std::time::Duration::ZERO,
    };
    let after = match details.timeout.after {
        Duration::Exact(limit) => Duration::Exact(limit.saturating_sub(spent)),
        Duration::NotHappening => Duration::NotHappening,
    };
    NextTimeout { after, ..details.timeout }
}

/// The same, but for where to and for how long.
fn to<'a>(
    details: &'a ConnectionDetails,
    uri: &'a Uri,
    addrs: ResolvedSocketAddrs,
    timeout: NextTimeout,
) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri,
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}

fn socket(details: &ConnectionDetails) -> Result<Box<dyn Transport>, ureq::Error> {
    let connected = Connector::<()>::connect(&TcpConnector::default(), details, None)?;
    connected.map(|socket| Box::new(socket) as Box<dyn Transport>).ok_or(ureq::Error::ConnectionFailed)
}

/// A connection to the API by way of the proxy (RFC 9110, 9.3.6), over which nothing was said yet.
fn tunnel(gate: &Gate, tls: &tls::Config, details: &ConnectionDetails) -> Result<Box<dyn Transport>, Why> {
    let uri = gate.proxy.uri();
    let addresses = details.resolver.resolve(uri, details.config, time_left(details));
    let to_proxy = to(details, uri, addresses.map_err(Why::Unreached)?, details.timeout);
    let mut socket = socket(&to_proxy).map_err(Why::Unreached)?;
    if gate.proxy.protocol() == ProxyProtocol::Https {
        socket = tls::wrap(tls, socket, &to_proxy)?;
    }
    let target = target(details.uri);
    let mut stream = TransportAdapter::new(socket, details.current_time.clone());
    stream.set_timeout(time_left(details));
    stream.write_all(request(&gate.proxy, &target).as_bytes()).map_err(broke)?;
    match status(&mut stream)? {
        200..=299 => Ok(Box::new(Tunnel(stream.into_inner()))),
        status => {
            let introduced = gate.proxy.username().is_some() || gate.proxy.password().is_some();
            Err(Why::Refused { status, target, introduced })
        }
    }
}

fn broke(why: io::Error) -> Why {
    Why::Broke(why.into())
}

/// Host and port of the API.
fn target(uri: &Uri) -> String {
    format!("{}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(443))
}

fn request(proxy: &Proxy, target: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let introduction = match (proxy.username(), proxy.password()) {
        (None, None) => String::new(),
        (name, password) => {
            let credentials = format!("{}:{}", name.unwrap_or_default(), password.unwrap_or_default());
            format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(credentials))
        }
    };
    format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: fusebill/{version}\r\n{introduction}\r\n"
    )
}

/// Reads the head of the proxy's answer and not a byte more: what follows belongs to the tunnel.
fn status(stream: &mut impl Read) -> Result<u16, Why> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).map_err(broke)? {
            0 if head.is_empty() => return Err(broke(io::ErrorKind::UnexpectedEof.into())),
            0 => return Err(Why::NotAProxy),
            _ if head.len() == LONGEST_ANSWER => return Err(Why::NotAProxy),
            _ => head.push(byte[0]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    let status = words.next().filter(|word| is_http && word.len() == 3).and_then(|word| word.parse().ok());
    status.ok_or(Why::NotAProxy)
}

/// The connection that a proxy made. There may be TLS on the way to the proxy, but not yet to the API.
#[derive(Debug)]
struct Tunnel(Box<dyn Transport>);

impl Transport for Tunnel {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_proxy_is_read_and_the_tunnel_left_alone() {
        let mut answer: &[u8] = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n\x16\x03";
        assert!(matches!(status(&mut answer), Ok(200)));
        assert_eq!(answer, b"\x16\x03");
        assert!(matches!(status(&mut b"HTTP/1.0 407\r\n\r\n".as_slice()), Ok(407)));
    }

    #[test]
    fn what_does_not_answer_as_a_proxy_is_none() {
        let long = "HTTP/1.1 200 OK\r\nx: ".to_string() + &"y".repeat(LONGEST_ANSWER);
        for answer in ["HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 x\r\n\r\n", "\r\n\r\n", &long] {
            assert!(matches!(status(&mut answer.as_bytes()), Err(Why::NotAProxy)), "{answer}");
        }
        assert!(matches!(status(&mut [].as_slice()), Err(Why::Broke(_))));
    }

    #[test]
    fn a_proxy_is_told_who_asks_where_its_url_says_so() {
        let asked = |url| request(&Proxy::new(url).unwrap(), "api.example.com:443");
        assert!(!asked("http://p.example:1").contains("Authorization"));
        // RFC 7617, 2: the example of the scheme.
        let named = asked("http://Aladdin:open%20sesame@p.example:1");
        assert!(named.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{named}");
        assert!(named.starts_with("CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n"));
    }

    #[test]
    fn the_port_of_the_api_is_that_of_https_where_none_is_named() {
        let of = |url: &str| target(&url.parse().unwrap());
        assert_eq!(of("https://api.example.com/v1"), "api.example.com:443");
        assert_eq!(of("https://[2001:db8::1]:8443/v1"), "[2001:db8::1]:8443");
    }
}
