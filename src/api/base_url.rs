//! Where requests may go: over TLS anywhere, in the clear to this machine only.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};

use ureq::http::Uri;

use crate::error::{Error, Result};

/// The path of the vendor's base URL, which is not worth a word.
const VENDOR_PATH: &str = "/v1";

/// The root of the API, such as `https://secure.fusebill.com/v1`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
    loopback: bool,
    https: bool,
}

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    /// Anything but `https://`, or `http://` to a loopback address; a user name, a query or a fragment in it.
    pub fn parse(text: &str) -> Result<BaseUrl> {
        let refuse = |why: &str| {
            Error::usage(format!("the base URL `{}` {why}", without_secrets(text)))
                .hint("a base URL looks like https://secure.fusebill.com/v1")
        };
        let trimmed = text.trim_end_matches('/');
        if text.contains(['?', '#', '@']) || text.contains(char::is_whitespace) {
            return Err(refuse("has a user name, a query, a fragment or a space in it"));
        }
        let uri: Uri = trimmed.parse().map_err(|_| refuse("is no URL"))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| refuse("names no host"))?;
        let loopback = is_loopback(host);
        let https = uri.scheme_str() == Some("https");
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if loopback => {}
            Some("http") => {
                return Err(refuse("is not https: the key would cross the network readable by anyone"));
            }
            _ => return Err(refuse("is neither https:// nor http:// to this machine")),
        }
        Ok(BaseUrl { text: trimmed.to_string(), host: host.to_string(), loopback, https })
    }

    /// The address of a resource below it; `path` begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The host, for people.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host and, where one is given, the port.
    pub fn authority(&self) -> &str {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// What tells it from other addresses, for people: the host; not on this machine also its port and a path of its own.
    pub fn place(&self) -> String {
        if self.loopback { self.host.clone() } else { self.origin() }
    }

    /// What tells it from other addresses: host and port, and a path other than the vendor's.
    pub fn origin(&self) -> String {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.strip_suffix(VENDOR_PATH).unwrap_or(rest).to_string()
    }

    /// Whether its path is that of the vendor's.
    pub fn has_vendor_path(&self) -> bool {
        self.text.ends_with(VENDOR_PATH)
    }

    /// Whether TLS is spoken there.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether it is this machine, which no proxy stands before.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A URL without the places where people put passwords and keys.
fn without_secrets(url: &str) -> String {
    let (kept, cut) = match url.find(['?', '#']) {
        Some(end) => (&url[..end], "…"),
        None => (url, ""),
    };
    let (scheme, rest) = kept.split_once("://").map_or(("", kept), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        Some((_, host)) if scheme.is_empty() => format!("…@{host}{cut}"),
        Some((_, host)) => format!("{scheme}://…@{host}{cut}"),
        None => format!("{kept}{cut}"),
    }
}

/// A literal loopback address, or `localhost` where every address it resolves to is one.
fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return address.is_loopback();
    }
    host.eq_ignore_ascii_case("localhost")
        && (host, 0)
            .to_socket_addrs()
            .is_ok_and(|addresses| addresses.into_iter().all(|address| address.ip().is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_goes_anywhere_and_clear_text_to_this_machine() {
        for text in [
            "https://secure.fusebill.com/v1",
            "https://stg-secure.fusebill.com/v1/",
            "http://127.0.0.1:8080/v1",
            "http://[::1]:9/v1",
            "HTTPS://secure.fusebill.com",
        ] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
        let url = BaseUrl::parse("http://127.0.0.1:8080/v1/").unwrap();
        assert_eq!(url.join("/customers"), "http://127.0.0.1:8080/v1/customers");
        assert!(url.is_loopback() && !url.is_https());
        assert!(BaseUrl::parse("HTTPS://secure.fusebill.com").unwrap().is_https());
        assert_eq!((url.host(), url.authority()), ("127.0.0.1", "127.0.0.1:8080"));
        assert_eq!((url.place().as_str(), url.origin().as_str()), ("127.0.0.1", "127.0.0.1:8080"));
        let url = BaseUrl::parse("https://gateway.example:8443/test/v1").unwrap();
        assert_eq!((url.place(), url.origin()), (url.origin(), "gateway.example:8443/test".to_string()));
    }

    #[test]
    fn a_key_never_leaves_in_the_clear_or_to_a_disguised_host() {
        for text in [
            "http://secure.fusebill.com/v1",
            "http://127.0.0.1.example.com/v1",
            "http://127.0.0.1@example.com/v1",
            "http://0x7f000001.example/v1",
            "http://0.0.0.0/v1",
            "http://localhost.example.com/v1",
            "http://[::2]/v1",
            "https://user:pass@secure.fusebill.com/v1",
            "https://secure.fusebill.com/v1?x=1",
            "https://secure.fusebill.com/v1#x",
            "ftp://127.0.0.1/v1",
            "file:///etc/passwd",
            "secure.fusebill.com/v1",
            "https://",
            "https:// secure.fusebill.com",
            "",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }
}
