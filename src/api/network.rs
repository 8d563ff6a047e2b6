//! How the API is reached: through which proxy, and which certificates are trusted.

use std::fmt;
use std::net::IpAddr;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Proxy, ProxyProtocol};

use super::base_url::BaseUrl;
use super::trust::{Trust, root_certificates};
use super::url::{Url, host_and_port};
use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(super) tls: TlsConfig,
    pub(super) proxy: Option<NamedProxy>,
    /// Clear text goes to loopback addresses only.
    pub(super) loopback_only: bool,
}

#[derive(Clone)]
pub(super) struct NamedProxy {
    /// With its password.
    pub(super) proxy: Proxy,
    pub(super) authority: String,
    pub(super) variable: String,
}

impl Network {
    /// Loopback is never proxied. A variable or a file that cannot be read is an error, because without it the connection
    /// would not be the one that was asked for.
    pub(crate) fn from_environment(
        base: &BaseUrl,
        trust: &Trust,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Network> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let mut network = Network { tls: TlsConfig::default(), proxy: None, loopback_only: !base.is_https };
        if base.is_https {
            let proxy = if base.is_loopback() { None } else { proxy(base, &set)? };
            let tls = TlsConfig::builder().root_certs(root_certificates(trust, set)?).build();
            network = Network { tls, proxy, ..network };
        }
        Ok(network)
    }

    /// The machine's own roots are read when the first connection is made.
    pub(super) fn has_system_roots(&self) -> bool {
        matches!(self.tls.root_certs(), RootCerts::PlatformVerifier)
    }
}

impl fmt::Debug for NamedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.authority, self.variable)
    }
}

fn proxy(base: &BaseUrl, set: &impl Fn(&str) -> Option<String>) -> Result<Option<NamedProxy>> {
    let named = |name: &str| set(name).map(|value| (name.to_string(), value));
    let either = |name: &str| named(name).or_else(|| named(&name.to_lowercase()));
    let Some((variable, value)) = either("HTTPS_PROXY").or_else(|| either("ALL_PROXY")) else {
        return Ok(None);
    };
    // No message repeats any part of the value, because it may hold a password.
    let refused = |reason: &str| {
        Error::usage(format!("the proxy in {variable} {reason}"))
            .hint(format!("set {variable} to a URL like http://proxy.example.com:3128, or unset it"))
    };
    let (proxy, authority) = read_proxy(value.trim()).map_err(refused)?;
    if let Some((variable, list)) = either("NO_PROXY")
        && is_exempt(base, &list).map_err(|entry| unknown_exemption(&variable, entry))?
    {
        return Ok(None);
    }
    Ok(Some(NamedProxy { proxy, authority, variable }))
}

/// `host:port` alone is an HTTP proxy, as for curl.
fn read_proxy(text: &str) -> std::result::Result<(Proxy, String), &'static str> {
    let text = if text.contains("://") { text.to_string() } else { format!("http://{text}") };
    let url = Url::parse(&text).map_err(|_| "cannot be read")?;
    if !matches!(url.rest, "" | "/") {
        return Err("has a path, a query or a fragment; in a password, / ? and # are %2F %3F and %23");
    }
    let proxy = Proxy::new(&text).map_err(|_| "cannot be read")?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok((proxy, url.authority.to_string())),
        _ => Err("is a SOCKS proxy, which is not supported"),
    }
}

fn unknown_exemption(variable: &str, entry: &str) -> Error {
    Error::usage(format!("the entry `{entry}` of {variable} cannot be read")).hint(
        "an entry is a host, .domain, an IP address, a network such as 10.0.0.0/8, or *; a port may follow",
    )
}

/// By the rules of Go's `httpproxy` package, which are nearly curl's. The error is the entry that cannot be read.
fn is_exempt<'a>(base: &BaseUrl, list: &'a str) -> std::result::Result<bool, &'a str> {
    let host = base.host().trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let mut exempt = false;
    for entry in list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()) {
        exempt |= names(entry, &host, base.port).ok_or(entry)?;
    }
    Ok(exempt)
}

fn names(entry: &str, host: &str, port: u16) -> Option<bool> {
    if entry == "*" {
        return Some(true);
    }
    let address = host.parse::<IpAddr>().ok();
    if let Some((network, bits)) = entry.split_once('/') {
        return is_in_network(address, network.parse().ok()?, bits.parse().ok()?);
    }
    if let Ok(named) = entry.parse::<IpAddr>() {
        return Some(address == Some(named));
    }
    let (name, only_port) =
        host_and_port(entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry))?;
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let matches = match name.parse::<IpAddr>() {
        Ok(named) => address == Some(named),
        Err(_) if name.starts_with('.') => host.ends_with(&name),
        Err(_) => host == name || host.ends_with(&format!(".{name}")),
    };
    Some(matches && only_port.is_none_or(|only| only == port))
}

/// None if the network has fewer bits than `leading`.
fn is_in_network(address: Option<IpAddr>, network: IpAddr, leading: u32) -> Option<bool> {
    let (network, length) = bits(network);
    let shares =
        |(bits, of_address): (u128, u32)| of_address == length && (bits ^ network).leading_zeros() >= leading;
    (leading <= length).then(|| address.map(bits).is_some_and(shares))
}

/// The address from the highest bit on, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy_host(base: &str, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string())
        };
        let network = Network::from_environment(&BaseUrl::parse(base).unwrap(), &Trust::default(), variable)?;
        Ok(network.proxy.map(|named| named.proxy.host().to_string()))
    }

    const VENDOR: &str = "https://secure.fusebill.com/v1";

    #[test]
    fn the_proxy_variables_are_honoured() {
        let proxy = ("HTTPS_PROXY", "http://proxy.example.com:3128");
        let expected = Some("proxy.example.com".to_string());
        assert_eq!(proxy_host(VENDOR, &[proxy]).unwrap(), expected);
        assert_eq!(proxy_host(VENDOR, &[("all_proxy", proxy.1)]).unwrap(), expected);
        assert_eq!(proxy_host(VENDOR, &[("https_proxy", "proxy.example.com:3128")]).unwrap(), expected);
        assert_eq!(proxy_host(VENDOR, &[("HTTPS_PROXY", "")]).unwrap(), None);
        assert_eq!(proxy_host(VENDOR, &[proxy, ("NO_PROXY", "x.example, .fusebill.com")]).unwrap(), None);
        assert_eq!(proxy_host(VENDOR, &[proxy, ("no_proxy", "example.org")]).unwrap(), expected);
    }

    #[test]
    fn exemptions_are_read_as_curl_and_go_read_them() {
        let exempt = |base: &str, list: &str| {
            is_exempt(&BaseUrl::parse(base).unwrap(), list).map_err(ToString::to_string)
        };
        for list in [
            "*",
            "secure.fusebill.com",
            "SECURE.Fusebill.com.",
            "fusebill.com",
            ".fusebill.com",
            "*.fusebill.com",
            "a.example b.example,secure.fusebill.com",
            "secure.fusebill.com:443",
        ] {
            assert_eq!(exempt(VENDOR, list), Ok(true), "{list}");
        }
        for list in
            ["bill.com", ".secure.fusebill.com", "secure.fusebill.com:8443", "10.0.0.0/8", "fd00::1", ""]
        {
            assert_eq!(exempt(VENDOR, list), Ok(false), "{list}");
        }
        for list in ["fd00::1", "[fd00::1]", "[fd00::1]:443", "fd00:0::1", "fd00::/8", "FD00::/128,::/0"] {
            assert_eq!(exempt("https://[fd00::1]/v1", list), Ok(true), "{list}");
        }
        for list in ["10.1.2.3", "10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "10.1.2.3:443"] {
            assert_eq!(exempt("https://10.1.2.3/v1", list), Ok(true), "{list}");
        }
        for list in ["10.1.2.4", "11.0.0.0/8", "fd00::/8", "10.1.2.3:80"] {
            assert_eq!(exempt("https://10.1.2.3/v1", list), Ok(false), "{list}");
        }
        for entry in ["10.0.0.0/33", "10.0.0/8", "fuse*", "host:99999", "[::1", "a/b"] {
            assert_eq!(exempt(VENDOR, &format!("x.example,{entry}")), Err(entry.to_string()));
        }
        let variables = [("HTTPS_PROXY", "http://p.example:1"), ("no_proxy", "fuse*")];
        let error = proxy_host(VENDOR, &variables).unwrap_err();
        assert_eq!(error.headline(), "the entry `fuse*` of no_proxy cannot be read");
    }

    #[test]
    fn a_proxy_that_is_not_understood_is_refused_and_shown_nowhere() {
        for (value, reason) in [
            ("socks5://me:secret@p.example:1080", "is a SOCKS proxy"),
            ("gopher://me:secret@p.example", "cannot be read"),
            ("http://secret:99999", "cannot be read"),
            ("http://p.example:secret", "cannot be read"),
            ("http://localhost:9#secret@p.example:3128", "has a path, a query or a fragment"),
            ("http://localhost:9/secret@p.example:3128", "has a path, a query or a fragment"),
            ("http://localhost:9?secret@p.example:3128", "has a path, a query or a fragment"),
            ("http://me:se cret@p.example", "cannot be read"),
        ] {
            let error = proxy_host(VENDOR, &[("all_proxy", value)]).unwrap_err();
            assert!(error.headline().contains(&format!("the proxy in all_proxy {reason}")), "{error:?}");
            assert!(
                !format!("{error:?}").contains("cret") && !format!("{error:?}").contains(":9"),
                "{error:?}"
            );
        }
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
    fn loopback_is_never_proxied() {
        for base in ["http://127.0.0.1:1/v1", "https://127.0.0.1:1/v1", "https://localhost/v1"] {
            assert_eq!(proxy_host(base, &[("ALL_PROXY", "http://p.example:1")]).unwrap(), None, "{base}");
        }
    }
}
