//! The only user of `ureq::unversioned`, because ureq's stable API lacks three guarantees: clear text goes to loopback
//! addresses only; an error tells whether a connection was made (if not, nothing was written); a TLS connection with
//! bytes left to read is not reused, so that a second answer is not taken for the answer to the next request.

use std::collections::HashMap;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;
use std::time::Instant;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

/// A connection that could not be made, so nothing was sent.
#[derive(Debug)]
pub(super) struct NotConnected {
    /// Host and port of the API or the proxy.
    pub(super) peer: String,
    /// None if the name has no loopback address, and only such an address is allowed.
    pub(super) source: Option<Error>,
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection to {}", self.peer)
    }
}

impl std::error::Error for NotConnected {}

/// Wraps once: the connection to a proxy is made inside of the one to the API.
fn not_connected(uri: &Uri, source: Option<Error>) -> Error {
    match source {
        Some(Error::Other(inner)) if inner.is::<NotConnected>() => Error::Other(inner),
        source => {
            let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
            let peer = authority.rsplit('@').next().unwrap_or_default().to_string();
            Error::Other(Box::new(NotConnected { peer, source }))
        }
    }
}

/// How long the addresses of a name are used.
const LOOKUP_AGE: std::time::Duration = std::time::Duration::from_secs(60);

/// Resolves names with the system's lookup, within the time limit. ureq asks before every request, and a PUT must not wait for a
/// slow lookup: its reading would be old.
#[derive(Debug)]
pub(super) struct Addresses {
    loopback_only: bool,
    found: Mutex<HashMap<String, (Instant, Vec<SocketAddr>)>>,
}

impl Addresses {
    pub(super) fn new(loopback_only: bool) -> Addresses {
        Addresses { loopback_only, found: Mutex::default() }
    }

    fn lookup(&self, uri: &Uri, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
        let name = uri.scheme().zip(uri.authority());
        let name = name.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let name = name.ok_or(Error::HostNotFound)?;
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = found().get(&name).filter(|(when, _)| when.elapsed() < LOOKUP_AGE) {
            return Ok(known.clone());
        }
        let addresses = lookup_within(name.clone(), timeout)?;
        found().insert(name, (Instant::now(), addresses.clone()));
        Ok(addresses)
    }
}

/// The system's lookup has no time limit, so it runs in a thread that is left behind if it takes too long.
fn lookup_within(name: String, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
    let (sender, receiver) = sync_channel(1);
    let lookup = move || sender.send(name.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    Builder::new().spawn(lookup)?;
    match receiver.recv_timeout(*timeout.after) {
        Ok(found) => Ok(found?),
        Err(_) => Err(Error::Timeout(Timeout::Resolve)),
    }
}

impl Resolver for Addresses {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut found = self.lookup(uri, timeout).map_err(|source| not_connected(uri, Some(source)))?;
        if found.is_empty() {
            return Err(not_connected(uri, Some(Error::HostNotFound)));
        }
        if self.loopback_only {
            found.retain(|address| address.ip().is_loopback());
        }
        let mut addresses = self.empty();
        // ureq tries the first 16 addresses; its array has no room for more.
        found.into_iter().take(16).for_each(|address| addresses.push(address));
        if addresses.is_empty() { Err(not_connected(uri, None)) } else { Ok(addresses) }
    }
}

#[derive(Debug, Default)]
pub(super) struct Connections(DefaultConnector);

impl Connector for Connections {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Box<dyn Transport>>, Error> {
        let connected = self.0.connect(details, chained);
        let transport = connected.map_err(|source| not_connected(details.uri, Some(source)))?;
        Ok(transport.map(|transport| Box::new(Connection(transport)) as Box<dyn Transport>))
    }
}

/// Closed rather than reused if anything is left to read.
#[derive(Debug)]
struct Connection(Box<dyn Transport>);

impl Connection {
    /// Looks at what rustls has buffered: a time limit of zero reads nothing else.
    fn has_unread(&mut self) -> bool {
        let at_once = NextTimeout { after: Duration::from_millis(0), ..NextTimeout::default() };
        !matches!(self.0.await_input(at_once), Err(Error::Timeout(_)))
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open() && !(self.0.is_tls() && self.has_unread())
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(loopback_only: bool, url: &str) -> Result<ResolvedSocketAddrs, Error> {
        let timeout = NextTimeout { after: Duration::from_secs(60), ..NextTimeout::default() };
        Addresses::new(loopback_only).resolve(&url.parse().unwrap(), &Config::default(), timeout)
    }

    #[test]
    fn a_name_is_not_looked_up_again_for_a_while() {
        let addresses = Addresses::new(true);
        let known = vec!["127.0.0.1:9".parse().unwrap(), "192.0.2.1:9".parse().unwrap()];
        addresses.found.lock().unwrap().insert("nowhere.invalid:9".to_string(), (Instant::now(), known));
        let timeout = NextTimeout { after: Duration::from_secs(60), ..NextTimeout::default() };
        let url = "http://nowhere.invalid:9/v1".parse().unwrap();
        let found = addresses.resolve(&url, &Config::default(), timeout).unwrap();
        assert_eq!(
            found.as_ref(),
            ["127.0.0.1:9".parse().unwrap()],
            "clear text still goes to loopback only"
        );
    }

    #[test]
    fn clear_text_goes_to_loopback_addresses_only() {
        for url in ["http://127.0.0.1:8080/v1", "http://[::1]:9/v1", "http://localhost:9/v1"] {
            let addresses = resolve(true, url).unwrap();
            assert!(!addresses.is_empty(), "{url}");
            assert!(addresses.iter().all(|address| address.ip().is_loopback()), "{url}: {addresses:?}");
        }
        for url in ["http://192.0.2.1/v1", "http://[2001:db8::1]/v1", "http://0.0.0.0:9/v1"] {
            let Error::Other(reason) = resolve(true, url).unwrap_err() else { panic!("{url}") };
            assert!(reason.downcast::<NotConnected>().unwrap().source.is_none(), "{url}");
            assert_eq!(resolve(false, url).unwrap().len(), 1);
        }
    }

    #[test]
    fn the_error_names_the_inner_peer_without_its_password() {
        let [proxy, api] =
            ["http://me:secret@p.example:1", "https://api.example/v1"].map(|url| url.parse::<Uri>().unwrap());
        let error = not_connected(&api, Some(not_connected(&proxy, Some(Error::HostNotFound))));
        let Error::Other(inner) = error else { panic!("{error:?}") };
        assert_eq!(inner.to_string(), "no connection to p.example:1");
    }
}
