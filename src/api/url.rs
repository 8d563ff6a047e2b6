//! Parses the URL of the API or of a proxy, strictly: parts that other parsers drop or replace are errors.

use std::net::Ipv6Addr;
use std::num::NonZeroU16;

use ureq::http::Uri;

pub(super) struct Url<'a> {
    /// In lower case.
    pub(super) scheme: String,
    /// An IPv6 address without its brackets.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) authority: &'a str,
    pub(super) rest: &'a str,
}

impl<'a> Url<'a> {
    /// The error is the end of a sentence and repeats no part of the URL.
    pub(super) fn parse(text: &'a str) -> Result<Url<'a>, &'static str> {
        if text.contains(char::is_whitespace) {
            return Err("has a space in it");
        }
        // The grammar of RFC 3986, which also refuses the other characters that a URL cannot have.
        text.parse::<Uri>().map_err(|_| "is not a URL")?;
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme such as https://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = host_and_port(authority).ok_or("has an invalid host or port")?;
        Ok(Url { scheme: scheme.to_ascii_lowercase(), host, port, authority, rest })
    }
}

/// The host is without its brackets.
pub(super) fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    if host.is_empty() || !host.chars().all(is_name) {
        return None;
    }
    // `NonZeroU16` takes a sign.
    let number = |port: &str| port.parse().ok().filter(|_| !port.starts_with('+')).map(NonZeroU16::get);
    match port {
        Some(port) => Some((host, Some(number(port)?))),
        None => Some((host, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_host_or_port_is_refused() {
        for port in ["99999", "65536", "0", "x", "+80", "-1", "80:80", ""] {
            assert!(Url::parse(&format!("http://127.0.0.1:{port}/v1")).is_err(), "{port}");
            assert!(Url::parse(&format!("http://[::1]:{port}/v1")).is_err(), "{port}");
        }
        for host in ["", "[::1", "[x]", "[::1]x", "a%20b", "a,b"] {
            assert!(Url::parse(&format!("https://{host}/v1")).is_err(), "{host}");
        }
    }

    #[test]
    fn a_url_splits_into_scheme_host_port_and_path() {
        let url = Url::parse("HTTPS://me:a%40b@[2001:db8::1]:8443/v1?x").ok().unwrap();
        assert_eq!((url.scheme.as_str(), url.host, url.port), ("https", "2001:db8::1", Some(8443)));
        assert_eq!((url.authority, url.rest), ("[2001:db8::1]:8443", "/v1?x"));
    }
}
