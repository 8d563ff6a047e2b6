//! Messages for connections that could not be made or that broke, with what to do about each cause.

use std::fmt;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, InvalidMessage, OtherError};

use super::connection::NotConnected;
use super::failure::{Failure, FailureClass, timed_out};
use super::network::{NamedProxy, Network};
use crate::error::{Error, ErrorKind};

struct Peer<'a> {
    address: &'a str,
    proxy: Option<&'a NamedProxy>,
}

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.proxy.is_some() { "the proxy " } else { "" })?;
        f.write_str(self.address)
    }
}

impl Failure {
    pub(super) fn from_ureq(error: ureq::Error, network: &Network) -> Failure {
        use ureq::Error as E;
        let broken = "the exchange with the API failed";
        match error {
            E::Other(other) => match other.downcast::<NotConnected>() {
                Ok(error) => not_connected(&error, network),
                Err(other) => Failure::lost(network_error(broken).source(anyhow::Error::from_boxed(other))),
            },
            E::Timeout(_) => Failure::lost(timed_out("no answer within the time allowed")),
            E::BodyExceedsLimit(limit) => {
                let message = format!("the API's answer is larger than {limit} bytes");
                Failure::lost(Error::new(ErrorKind::Failed, message))
            }
            E::Io(io) => match tls_error(&io) {
                // TLS 1.3 lets a server refuse after the handshake, before it reads a request.
                Some(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired)) => {
                    Failure::impossible(wants_certificate("the API"))
                }
                _ => Failure::lost(network_error("the connection broke").source(io)),
            },
            other => Failure::lost(network_error(broken).source(other)),
        }
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn network_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Network, message)
}

fn not_connected(reason: &NotConnected, network: &Network) -> Failure {
    let proxy = network.proxy.as_ref();
    let peer = Peer { address: &reason.peer, proxy: proxy.filter(|proxy| proxy.authority == reason.peer) };
    let (class, mut error) = match &reason.source {
        Some(source) => cause(source, &peer, network),
        None => {
            let message =
                format!("{peer} is not this machine, and without https the key would be readable by anyone");
            let hint = "a base URL looks like https://secure.fusebill.com/v1";
            (FailureClass::Impossible, Error::usage(message).hint(hint))
        }
    };
    if let Some(NamedProxy { variable, .. }) = proxy {
        error = error.hint(format!("the proxy is the one in {variable}"));
    }
    Failure::new(class, error)
}

fn cause(error: &ureq::Error, peer: &Peer<'_>, network: &Network) -> (FailureClass, Error) {
    use FailureClass::{Impossible, NotSent};
    use ureq::Error as E;
    match (error, &network.proxy) {
        (E::Io(io), _) => match tls_error(io) {
            Some(error) => (Impossible, tls(peer, error.clone())),
            None => (NotSent, no_socket(peer, io)),
        },
        (E::Timeout(_), _) => {
            let hint = "a server that speaks no TLS may say nothing: check the port";
            (NotSent, unreachable(peer, "no connection in time").hint(hint))
        }
        (E::HostNotFound, _) => (NotSent, unreachable(peer, "no such host")),
        (E::ConnectProxyFailed(reason), Some(proxy)) => {
            (Impossible, proxy_refused(proxy, peer.address, reason))
        }
        (E::Protocol(_) | E::LargeResponseHeader(..), Some(proxy)) => {
            let message = format!("the proxy {} does not answer as a proxy does", proxy.authority);
            (Impossible, network_error(message))
        }
        (E::Rustls(error), _) if network.has_system_roots() => (
            Impossible,
            Error::usage("the certificate authorities of this machine cannot be read")
                .source(error.clone())
                .hint("install them (the package `ca-certificates`), or set SSL_CERT_FILE to a file of them"),
        ),
        (E::Rustls(error), _) => (Impossible, tls(peer, error.clone())),
        (other, _) => (Impossible, unreachable(peer, &other.to_string())),
    }
}

fn unreachable(peer: &Peer<'_>, reason: &str) -> Error {
    let error = match peer.proxy {
        None => network_error("the API cannot be reached")
            .hint("check the network, then run the same command again"),
        Some(NamedProxy { variable, .. }) => network_error(format!("{peer} cannot be reached"))
            .hint(format!("check {variable}, or unset it if the API is reached without a proxy")),
    };
    error.source(anyhow::anyhow!("{reason}"))
}

fn no_socket(peer: &Peer<'_>, error: &io::Error) -> Error {
    use io::ErrorKind as K;
    match error.kind() {
        K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe => {
            network_error(format!("the connection to {peer} broke before anything was sent"))
                .source(anyhow::anyhow!("{error}"))
                .hint("a firewall or a proxy that blocks TLS causes this; else run the same command again")
        }
        _ => unreachable(peer, &error.to_string()),
    }
}

/// ureq tells the status of a proxy's refusal in words only, so the hints cover every status.
fn proxy_refused(proxy: &NamedProxy, target: &str, reason: &str) -> Error {
    let NamedProxy { authority, .. } = proxy;
    let login = if proxy.proxy.username().is_some() {
        "401 and 407 mean that it does not take the user name and the password in its URL; @ : / ? # and % in them have \
         to be percent-encoded"
            .to_string()
    } else {
        format!(
            "401 and 407 mean that it asks for a user name and a password: put them into its URL, percent-encoded: \
             http://USER:PASSWORD@{authority}"
        )
    };
    network_error(format!("the proxy {authority} does not connect to {target}"))
        .source(anyhow::anyhow!("{reason}"))
        .hint(login)
        .hint(
            "403 means that it does not allow this host: ask its operators to allow it, or name the host in NO_PROXY to \
             connect directly",
        )
        .hint("5xx often passes: run the same command again")
}

fn wants_certificate(peer: &str) -> Error {
    network_error(format!("{peer} asks for a client certificate, and this program has none"))
        .hint("check the host of the base URL")
}

fn tls(peer: &Peer<'_>, reason: rustls::Error) -> Error {
    use rustls::{AlertDescription as Alert, Error as E};
    match reason {
        E::InvalidCertificate(reason) => certificate(peer, reason),
        E::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            let error = network_error(format!("{peer} does not speak TLS"));
            match peer.proxy {
                None => error.hint("check the host and the port of the base URL"),
                Some(_) => {
                    error.hint(format!("most proxies take http: http://{}", peer.address))
                }
            }
        }
        E::AlertReceived(Alert::CertificateRequired) => wants_certificate(&peer.to_string()),
        // In TLS 1.2 there is no alert of its own for a client without a certificate (RFC 5246 section 7.4.6).
        E::AlertReceived(alert) => network_error(format!("{peer} ended the TLS handshake"))
            .source(anyhow::anyhow!("{}", in_words(&alert)))
            .hint(
                "it may speak neither TLS 1.2 nor 1.3, or ask for a client certificate, which this program does not have; \
                 check the host of the base URL",
            ),
        E::PeerIncompatible(reason) => network_error(format!("the TLS handshake with {peer} failed"))
            .source(anyhow::anyhow!("{}", in_words(&reason)))
            .hint("this program speaks TLS 1.2 and 1.3; check the host of the base URL"),
        reason => network_error(format!("TLS with {peer} failed")).source(reason),
    }
}

/// The name of an enum's variant in words; rustls shows many of its errors as Rust names such as `CaUsedAsEndEntity`.
fn in_words(variant: &impl fmt::Debug) -> String {
    let name = format!("{variant:?}");
    let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn certificate(peer: &Peer<'_>, error: CertificateError) -> Error {
    use CertificateError as E;
    let whose = format!("the certificate of {peer}");
    match error {
        // A bad signature comes from an issuer with the name of a trusted one and another key.
        E::UnknownIssuer | E::BadSignature => {
            network_error(format!("{whose} is from an authority that is not trusted"))
                .hint(
                    "a proxy that inspects TLS causes this; to trust its authority, set SSL_CERT_FILE, or `ca_file` in \
                     the profile, to the authority's PEM file",
                )
                .hint("if the certificate is signed by itself, that file may hold the certificate alone")
                .hint("`tls_roots = \"system\"` in the profile trusts the authorities of this machine")
        }
        E::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|shown| plain(shown)).collect();
            let names = if names.is_empty() { "no name at all".to_string() } else { names.join(", ") };
            network_error(format!("{whose} is for another name"))
                .detail([format!("asked for: {}", expected.to_str()), format!("it is for: {names}")])
                .hint("check the host of the base URL; this may be another server than the one you mean")
        }
        E::ExpiredContext { time, not_after } => {
            network_error(format!("{whose} expired on {}", moment(not_after))).hint(format!(
                "the server's operators have to renew it, unless this machine's clock is wrong: it says {}",
                moment(time)
            ))
        }
        E::NotValidYetContext { time, not_before } => {
            network_error(format!("{whose} is not valid before {}", moment(not_before)))
                .hint(format!("check this machine's clock, which says {}", moment(time)))
        }
        E::Other(OtherError(inner)) => network_error(format!("{whose} cannot be accepted"))
            .source(anyhow::anyhow!("{}", in_words(&inner)))
            .hint(
                "if it is an authority's own certificate, it cannot be a server's too; `openssl req -x509` makes one for \
                 a server with -addext basicConstraints=critical,CA:FALSE",
            ),
        error => network_error(format!("{whose} cannot be accepted"))
            .source(anyhow::anyhow!("{}", in_words(&error)))
            .hint("the server's operators have to replace it"),
    }
}

/// rustls prints `DnsName("example.com")`.
fn plain(shown: &str) -> &str {
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(shown);
    inner.trim_matches('"')
}

fn moment(time: UnixTime) -> String {
    let timestamp = i64::try_from(time.as_secs()).map(jiff::Timestamp::from_second);
    match timestamp {
        Ok(Ok(timestamp)) => timestamp.to_string(),
        _ => "an unknown day".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BaseUrl, Trust};

    fn network() -> Network {
        let base = BaseUrl::parse("https://api.example/v1").unwrap();
        let variable = |name: &str| (name == "https_proxy").then(|| "http://p.example:3128".to_string());
        Network::from_environment(&base, &Trust::default(), variable).unwrap()
    }

    fn failure(peer: &str, source: impl Into<Option<ureq::Error>>) -> Failure {
        not_connected(&NotConnected { peer: peer.to_string(), source: source.into() }, &network())
    }

    #[test]
    fn configuration_errors_are_permanent_and_network_errors_transient() {
        let refused = ureq::Error::ConnectProxyFailed("proxy server responded 407/407".to_string());
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let tls = ureq::Error::Io(io::Error::new(io::ErrorKind::InvalidData, expired));
        for source in [Some(refused), Some(tls), None] {
            assert_eq!(failure("api.example", source).class, FailureClass::Impossible);
        }
        let broken = ureq::Error::Io(io::ErrorKind::ConnectionReset.into());
        for source in [ureq::Error::HostNotFound, ureq::Error::Timeout(ureq::Timeout::Connect), broken] {
            assert!(failure("api.example", source).is_transient());
        }
    }

    #[test]
    fn a_proxy_error_names_the_proxy_and_its_variable() {
        let error = failure("p.example:3128", ureq::Error::HostNotFound).into_error();
        assert_eq!(error.headline(), "the proxy p.example:3128 cannot be reached: no such host");
        assert!(error.hints[0].contains("https_proxy"));
        let error = failure("api.example", ureq::Error::HostNotFound).into_error();
        assert_eq!(error.headline(), "the API cannot be reached: no such host");
    }

    #[test]
    fn names_are_shown_as_they_are_typed() {
        assert_eq!(plain("DnsName(\"*.example.com\")"), "*.example.com");
        assert_eq!(plain("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain("DirectoryName"), "DirectoryName");
        assert_eq!(in_words(&CertificateError::BadEncoding), "bad encoding");
        assert_eq!(moment(UnixTime::since_unix_epoch(std::time::Duration::ZERO)), "1970-01-01T00:00:00Z");
    }
}
