//! How the API is reached: by way of which proxy, trusting which authorities.

use std::fmt;

use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use super::base_url::BaseUrl;
use super::connect::Peer;
use super::tls;
use super::trust::{Roots, Trust};
use crate::error::{Error, Result};

/// The way to one base URL.
#[derive(Debug)]
pub struct Network {
    /// None where the way is in the clear, which never leaves this machine.
    pub(super) secure: Option<Secure>,
}

/// A way with TLS.
#[derive(Debug, Clone)]
pub(super) struct Secure {
    /// With whom TLS is spoken.
    pub(super) tls: tls::Config,
    /// The proxy that stands in between.
    pub(super) gate: Option<Gate>,
}

/// A proxy and where it was named.
#[derive(Clone)]
pub(super) struct Gate {
    /// The proxy, with its password.
    pub(super) proxy: Proxy,
    variable: String,
}

impl Network {
    /// Reads `SSL_CERT_FILE` and `SSL_CERT_DIR`, which go before `trust`, and `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
    /// (in either case), as given by `variable`. This machine is never reached by way of a proxy.
    ///
    /// # Errors
    /// A proxy variable that cannot be read: going on without it would take another way than the one asked for. A file
    /// of authorities that cannot be read, for the same reason.
    pub fn from_environment(
        base: &BaseUrl,
        trust: &Trust,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Network> {
        if !base.is_https() {
            return Ok(Network { secure: None });
        }
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let gate = if base.is_loopback() { None } else { gate(base, set)? };
        let tls = tls::Config::trusting(Roots::find(trust, set)?)?;
        Ok(Network { secure: Some(Secure { tls, gate }) })
    }

    /// The proxy, so that ureq does not look up the name of the API, which only the proxy may know.
    pub(super) fn proxy(&self) -> Option<Proxy> {
        let gate = self.secure.as_ref()?.gate.as_ref()?;
        Some(gate.proxy.clone())
    }
}

impl Gate {
    /// The proxy as an end of a connection, without its password.
    pub(super) fn peer(&self) -> Peer {
        let address = format!("{}:{}", self.proxy.host(), self.proxy.port());
        Peer::Proxy { address, variable: self.variable.clone() }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer().fmt(f)
    }
}

fn gate(base: &BaseUrl, set: impl Fn(&str) -> Option<String>) -> Result<Option<Gate>> {
    let named = |name: &str| set(name).map(|value| (name.to_string(), value));
    let either = |name: &str| named(name).or_else(|| named(&name.to_lowercase()));
    let Some((variable, value)) = either("HTTPS_PROXY").or_else(|| either("ALL_PROXY")) else {
        return Ok(None);
    };
    // The value may hold a password, so no message repeats it.
    let refused = |why: &str| {
        Error::usage(format!("the proxy in {variable} {why}"))
            .hint(format!("set {variable} to a URL like http://proxy.example.com:3128, or unset it"))
    };
    let proxy = Proxy::new(value.trim()).map_err(|_| refused("cannot be read"))?;
    if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err(refused("is a SOCKS proxy, which is not supported"));
    }
    let exempt = match either("NO_PROXY") {
        Some((_, list)) => exempt(base, &list).ok_or_else(|| refused("cannot be read"))?,
        None => false,
    };
    Ok((!exempt).then_some(Gate { proxy, variable }))
}

fn exempt(base: &BaseUrl, list: &str) -> Option<bool> {
    let uri: Uri = base.join("").parse().ok()?;
    let mut builder = Proxy::builder(ProxyProtocol::Http).host("proxy");
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        builder = builder.no_proxy(entry);
    }
    Some(builder.build().ok()?.is_no_proxy(&uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy_host(base: &str, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string())
        };
        let network = Network::from_environment(&BaseUrl::parse(base).unwrap(), &Trust::default(), variable)?;
        Ok(network.proxy().map(|proxy| proxy.host().to_string()))
    }

    const VENDOR: &str = "https://secure.fusebill.com/v1";

    #[test]
    fn the_proxy_variables_are_honoured() {
        let proxy = ("HTTPS_PROXY", "http://proxy.example.com:3128");
        let expected = Some("proxy.example.com".to_string());
        assert_eq!(proxy_host(VENDOR, &[proxy]).unwrap(), expected);
        assert_eq!(proxy_host(VENDOR, &[("all_proxy", proxy.1)]).unwrap(), expected);
        assert_eq!(proxy_host(VENDOR, &[("HTTPS_PROXY", "")]).unwrap(), None);
        assert_eq!(proxy_host(VENDOR, &[proxy, ("NO_PROXY", "x.example, .fusebill.com")]).unwrap(), None);
        assert_eq!(proxy_host(VENDOR, &[proxy, ("no_proxy", "example.org")]).unwrap(), expected);
    }

    #[test]
    fn a_socks_proxy_is_refused_and_not_passed_by() {
        let error = proxy_host(VENDOR, &[("all_proxy", "socks5://me:secret@p.example:1080")]).unwrap_err();
        assert!(error.headline().contains("all_proxy is a SOCKS proxy"), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"));
    }

    #[test]
    fn the_password_of_a_proxy_is_never_printed() {
        let variable =
            |name: &str| (name == "HTTPS_PROXY").then(|| "http://me:hunter2@p.example:3128".to_string());
        let network =
            Network::from_environment(&BaseUrl::parse(VENDOR).unwrap(), &Trust::default(), variable).unwrap();
        let shown = format!("{network:?}");
        assert!(shown.contains("p.example:3128") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn this_machine_is_never_reached_by_way_of_a_proxy() {
        assert_eq!(
            proxy_host("http://127.0.0.1:1/v1", &[("ALL_PROXY", "http://p.example:1")]).unwrap(),
            None
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_read_is_an_error_without_its_password() {
        let error = proxy_host(VENDOR, &[("HTTPS_PROXY", "gopher://me:secret@p.example")]).unwrap_err();
        assert!(error.headline().contains("HTTPS_PROXY") && !format!("{error:?}").contains("secret"));
    }
}
