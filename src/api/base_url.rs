//! Where requests may go: over TLS anywhere, in clear text to this machine only.

use std::fmt;
use std::net::IpAddr;

use super::url::Url;
use crate::error::{Error, Result};

/// The path of the vendor's base URL.
const VENDOR_PATH: &str = "/v1";

/// The root of the API, such as `https://secure.fusebill.com/v1`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
    port: u16,
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
        if text.contains(['?', '#', '@']) {
            return Err(refuse("has a user name, a query or a fragment in it"));
        }
        let url = Url::parse(trimmed).map_err(&refuse)?;
        let (loopback, https) = (is_loopback(url.host), url.scheme == "https");
        match url.scheme.as_str() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(refuse("is not https: the key would cross the network readable by anyone")),
            _ => return Err(refuse("is neither https:// nor http:// to this machine")),
        }
        let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.to_string() };
        let port = url.port.unwrap_or(if https { 443 } else { 80 });
        Ok(BaseUrl { text: trimmed.to_string(), host, port, loopback, https })
    }

    /// The address of a resource below it; `path` begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The host; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
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

/// A URL without the places where people put passwords and keys. A password may hold any character, so what stands before
/// the last `@` is left out first.
fn without_secrets(url: &str) -> String {
    let (before, rest) = match url.rsplit_once('@') {
        Some((before, rest)) => {
            (before.split_once("://").map_or("…@".into(), |(scheme, _)| format!("{scheme}://…@")), rest)
        }
        None => (String::new(), url),
    };
    match rest.find(['?', '#']) {
        Some(end) => format!("{before}{}…", &rest[..end]),
        None => format!("{before}{rest}"),
    }
}

/// A loopback address, or `localhost`: what that resolves to is checked when a connection is made.
fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
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
            "http://127.0.0.1:99999/v1",
            "https://secure.fusebill.com:/v1",
            "",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_shows_no_password() {
        for text in [
            "https://me:hunter2@host/v1",
            "https://me:hun#hunter2@host/v1",
            "https://me:hun?hunter2@host/v1",
            "https://0:hunter2@host",
            "me:hunter2@host",
            "https://host/v1?key=hunter2",
            "https://host:99999/v1#hunter2",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(error.message.contains("host") && !format!("{error:?}").contains("hun"), "{error:?}");
        }
    }
}
