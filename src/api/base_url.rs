//! The address of the API: over TLS anywhere, in clear text to this machine only.

use std::fmt;
use std::net::IpAddr;

use super::url::Url;
use crate::error::{Error, Result};

const VENDOR_PATH: &str = "/v1";

/// The root of the API, such as `https://secure.fusebill.com/v1`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    text: String,
    /// An IPv6 address is in brackets.
    host: String,
    pub(super) port: u16,
    pub(super) is_https: bool,
}

impl BaseUrl {
    /// Refuses anything but `https://`, or `http://` to a loopback address; and a user name, a query or a fragment.
    pub(crate) fn parse(text: &str) -> Result<BaseUrl> {
        let refuse = |reason: &str| {
            Error::usage(format!("the base URL `{}` {reason}", without_secrets(text)))
                .hint("a base URL looks like https://secure.fusebill.com/v1")
        };
        if text.contains(['?', '#', '@']) {
            return Err(refuse("has a user name, a query or a fragment in it"));
        }
        let text = text.trim_end_matches('/').to_string();
        let url = Url::parse(&text).map_err(&refuse)?;
        let is_https = url.scheme == "https";
        match url.scheme.as_str() {
            "https" => {}
            "http" if is_loopback(url.host) => {}
            "http" => return Err(refuse("is not https: the key would cross the network readable by anyone")),
            _ => return Err(refuse("is neither https:// nor http:// to this machine")),
        }
        let port = url.port.unwrap_or(if is_https { 443 } else { 80 });
        let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.to_string() };
        Ok(BaseUrl { text, host, port, is_https })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// [`origin`](BaseUrl::origin), or for this machine the host alone.
    pub(crate) fn place(&self) -> String {
        if self.is_loopback() { self.host.clone() } else { self.origin() }
    }

    /// Host and port, and a path other than the vendor's.
    pub(crate) fn origin(&self) -> String {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.strip_suffix(VENDOR_PATH).unwrap_or(rest).to_string()
    }

    pub(super) fn has_vendor_path(&self) -> bool {
        self.text.ends_with(VENDOR_PATH)
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A password may hold any character, so everything before the last `@` is left out first.
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

/// The address that `localhost` resolves to is checked when a connection is made.
fn is_loopback(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
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
        assert_eq!(url.to_string(), "http://127.0.0.1:8080/v1");
        assert!(url.is_loopback() && !url.is_https);
        assert!(BaseUrl::parse("HTTPS://secure.fusebill.com").unwrap().is_https);
        let url6 = BaseUrl::parse("http://[::1]:9/v1").unwrap();
        assert_eq!((url6.host(), url6.place().as_str()), ("[::1]", "[::1]"));
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
