//! Finding the API's address once, and not anew for every request.
//!
//! ureq looks a name up before each request, in a thread of its own because of the time limit, and also where the
//! connection is there already. An address that was just found serves the next requests too.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Timeout;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long an address is taken for good.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// A name that could not be looked up, so nothing was sent anywhere.
#[derive(Debug)]
pub(super) struct Unresolved(io::Error);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Unresolved {}

/// What was found for one host and port.
#[derive(Debug)]
struct Found {
    name: String,
    addresses: Vec<SocketAddr>,
    until: Instant,
}

/// A resolver that remembers the last name; a client talks to one host, or to one proxy.
#[derive(Debug, Default)]
pub(super) struct Remembering {
    inner: DefaultResolver,
    last: Mutex<Option<Found>>,
}

impl Remembering {
    fn known(&self, name: &str) -> Option<Vec<SocketAddr>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let found = last.as_ref().filter(|found| found.name == name && Instant::now() < found.until);
        found.map(|found| found.addresses.clone())
    }

    fn addresses(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut result = self.empty();
        addresses.iter().for_each(|address| result.push(*address));
        result
    }
}

impl Resolver for Remembering {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let name = uri.scheme().zip(uri.authority());
        let name = name.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let Some(name) = name else { return self.inner.resolve(uri, config, timeout) };
        if let Some(address) = literal(&name) {
            return Ok(self.addresses(&[address]));
        }
        if let Some(known) = self.known(&name) {
            return Ok(self.addresses(&known));
        }
        // ureq looks up in a thread of its own, and would panic where the system has none to give.
        std::thread::Builder::new().spawn(|| {}).map_err(|why| unresolved(ureq::Error::Io(why)))?;
        let resolved = self.inner.resolve(uri, config, timeout).map_err(unresolved)?;
        let found = Found { name, addresses: resolved.to_vec(), until: Instant::now() + GOOD_FOR };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(resolved)
    }
}

/// An error of input and output, and a time limit of whatever it is, as those of looking up.
fn unresolved(why: ureq::Error) -> ureq::Error {
    match why {
        ureq::Error::Io(why) => ureq::Error::Other(Box::new(Unresolved(why))),
        ureq::Error::Timeout(_) => ureq::Error::Timeout(Timeout::Resolve),
        why => why,
    }
}

/// The address of a host that is written as one.
fn literal(name: &str) -> Option<SocketAddr> {
    let (host, port) = name.rsplit_once(':')?;
    let host: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some(SocketAddr::new(host, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_lookup_and_a_name_does() {
        assert_eq!(literal("127.0.0.1:80"), Some("127.0.0.1:80".parse().unwrap()));
        assert_eq!(literal("[::1]:443"), Some("[::1]:443".parse().unwrap()));
        assert_eq!((literal("localhost:80"), literal("10.0.0.1")), (None, None));
    }

    #[test]
    fn a_name_is_remembered_for_its_port_only() {
        let resolver = Remembering::default();
        let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
        let until = Instant::now() + GOOD_FOR;
        let found = Found { name: "api.example.com:443".to_string(), addresses: vec![address], until };
        *resolver.last.lock().unwrap() = Some(found);
        assert_eq!(resolver.known("api.example.com:443"), Some(vec![address]));
        assert_eq!(resolver.known("api.example.com:80"), None);
    }
}
