//! What a user is told of a connection that could not be made, and what to do about each cause.

use std::io;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, InvalidMessage, OtherError};

use super::connect::{Peer, Unconnected, Why};
use super::failure::{Failure, no_connection, unreachable};
use super::tls::SelfSigned;
use crate::error::{Error, Kind};

impl Unconnected {
    /// As a failure of the request that was to go over the connection.
    pub(super) fn into_failure(self) -> Failure {
        let peer = self.peer;
        match self.why {
            Why::Unreached(why) => Failure::NeverSent(unreached(&peer).because(no_connection(why))),
            Why::Broke(ureq::Error::Timeout(_)) => {
                let error = network(format!("{peer} took the connection and said nothing in time"));
                Failure::NeverSent(about(&peer, error.hint(
                    "it may be busy, or speak no TLS: check the host and the port, then run the same command again",
                )))
            }
            Why::Broke(why) => {
                let error = network(format!("the connection to {peer} broke before anything was sent"));
                Failure::NeverSent(about(&peer, error.because(no_connection(why)).hint(
                    "a firewall or a proxy that does not let TLS through does this; else run the same command again",
                )))
            }
            Why::Tls(why) => Failure::Barred(about(&peer, tls(&peer, why))),
            Why::Refused { status, target, introduced } => {
                let error = about(&peer, refused(&peer, status, &target, introduced));
                let may_pass = matches!(status, 408 | 429 | 500..);
                if may_pass { Failure::NeverSent(error) } else { Failure::Barred(error) }
            }
            Why::NotAProxy => {
                let error = network(format!("{peer} does not answer as a proxy does"));
                Failure::Barred(about(&peer, error))
            }
        }
    }
}

fn network(message: String) -> Error {
    Error::new(Kind::Network, message)
}

/// Adds where the proxy was named, if it is one.
fn about(peer: &Peer, error: Error) -> Error {
    match peer {
        Peer::Api(_) => error,
        Peer::Proxy { variable, .. } => error.hint(format!("the proxy is the one in {variable}")),
    }
}

fn unreached(peer: &Peer) -> Error {
    match peer {
        Peer::Api(_) => unreachable(),
        Peer::Proxy { variable, .. } => network(format!("{peer} cannot be reached"))
            .hint(format!("check {variable}, or unset it where the API is reached without a proxy")),
    }
}

fn refused(peer: &Peer, status: u16, target: &str, introduced: bool) -> Error {
    let address = match peer {
        Peer::Api(address) | Peer::Proxy { address, .. } => address,
    };
    match (status, introduced) {
        (407, false) => network(format!("{peer} asks for a user name and a password (HTTP 407)"))
            .hint(format!("put them into its URL, percent-encoded: http://USER:PASSWORD@{address}")),
        (407, true) => network(format!("{peer} does not take the user name and the password (HTTP 407)"))
            .hint("they stand in its URL, where characters such as @ : / % have to be percent-encoded"),
        (408 | 429 | 500.., _) => network(format!("{peer} could not connect to {target} (HTTP {status})"))
            .hint("this often passes: run the same command again"),
        _ => network(format!("{peer} refuses to connect to {target} (HTTP {status})"))
            .hint("ask whoever runs the proxy to allow it, or name the host in NO_PROXY to go without"),
    }
}

fn tls(peer: &Peer, why: rustls::Error) -> Error {
    use rustls::Error as E;
    match why {
        E::InvalidCertificate(why) => certificate(peer, why),
        E::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            let error = network(format!("{peer} does not speak TLS"));
            match peer {
                Peer::Api(_) => error.hint("check the host and the port of the base URL"),
                Peer::Proxy { address, .. } => {
                    error.hint(format!("most proxies are spoken to without it: http://{address}"))
                }
            }
        }
        E::AlertReceived(_) | E::PeerIncompatible(_) => {
            network(format!("{peer} and this program agree on no way to speak TLS")).because(why).hint(
                "TLS 1.2 and 1.3 are spoken, without a client certificate; check the host of the base URL",
            )
        }
        why => network(format!("TLS with {peer} failed")).because(why),
    }
}

fn certificate(peer: &Peer, why: CertificateError) -> Error {
    use CertificateError as E;
    let whose = format!("the certificate of {peer}");
    match why {
        E::UnknownIssuer => network(format!("{whose} is from an authority that is not trusted"))
            .hint(
                "a proxy that inspects TLS causes this; to trust its authority, set SSL_CERT_FILE, or `ca_file` in the \
                 profile, to the authority's PEM file",
            )
            .hint("`tls_roots = \"system\"` in the profile trusts the authorities of this machine"),
        E::NotValidForNameContext { expected, presented } => {
            let asked = name(&expected);
            let names: Vec<&str> = presented.iter().map(|shown| plain(shown)).collect();
            let names = if names.is_empty() { "no name at all".to_string() } else { names.join(", ") };
            network(format!("{whose} is for another name"))
                .detail([format!("asked for: {asked}"), format!("it is for: {names}")])
                .hint("check the host of the base URL; nobody can say that this server is the one you mean")
        }
        E::NotValidForName => network(format!("{whose} is for another name")),
        E::ExpiredContext { time, not_after } => {
            network(format!("{whose} expired on {}", moment(not_after))).hint(format!(
                "whoever runs the server has to renew it, unless this machine's clock is wrong: it says {}",
                moment(time)
            ))
        }
        E::Expired => network(format!("{whose} expired")),
        E::NotValidYetContext { time, not_before } => {
            network(format!("{whose} is not valid before {}", moment(not_before)))
                .hint(format!("check this machine's clock, which says {}", moment(time)))
        }
        E::NotValidYet => {
            network(format!("{whose} is not valid yet")).hint("check this machine's clock")
        }
        E::Other(OtherError(inner)) if inner.is::<SelfSigned>() => {
            network(format!("{whose} is signed by itself, so nobody vouches for it")).hint(
                "if it is the server you mean, trust this one certificate: set SSL_CERT_FILE, or `ca_file` in the \
                 profile, to its PEM file",
            )
        }
        E::Other(OtherError(inner)) if is_authority(inner.as_ref()) => {
            network(format!("{whose} is that of an authority, which no server may show as its own")).hint(
                "give the server a certificate of its own; `openssl req -x509` makes one with \
                 -addext basicConstraints=critical,CA:FALSE",
            )
        }
        why => network(format!("{whose} cannot be accepted")).because(rustls::Error::from(why)),
    }
}

/// What it means that a server says no after the handshake, which TLS 1.3 lets it do: it took no request then.
pub(super) fn refusal(why: &io::Error) -> Option<Failure> {
    use rustls::AlertDescription::CertificateRequired;
    match why.get_ref()?.downcast_ref()? {
        rustls::Error::AlertReceived(CertificateRequired) => {
            let message = "the API asks for a client certificate, and this program has none to show";
            Some(Failure::Barred(network(message.to_string()).hint("check the host of the base URL")))
        }
        _ => None,
    }
}

fn is_authority(why: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn name(name: &ServerName<'_>) -> String {
    name.to_str().into_owned()
}

/// A name as rustls hands it on, `DnsName("example.com")`, without what it is wrapped in.
fn plain(shown: &str) -> &str {
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(shown);
    inner.trim_matches('"')
}

fn moment(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let timestamp = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    timestamp.map_or_else(|| "a day beyond reckoning".to_string(), |timestamp| timestamp.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> Peer {
        Peer::Proxy { address: "p.example:3128".to_string(), variable: "https_proxy".to_string() }
    }

    fn failure(peer: Peer, why: Why) -> Failure {
        Unconnected { peer, why }.into_failure()
    }

    #[test]
    fn what_a_setting_causes_is_not_tried_again_and_what_may_pass_is() {
        let refused = |status| Why::Refused { status, target: "a:443".to_string(), introduced: false };
        for status in [302, 400, 403, 404, 407] {
            assert!(!failure(proxy(), refused(status)).is_transient(), "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(failure(proxy(), refused(status)).is_transient(), "{status}");
        }
        assert!(failure(proxy(), Why::Unreached(ureq::Error::HostNotFound)).is_transient());
        assert!(!failure(proxy(), Why::NotAProxy).is_transient());
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        assert!(!failure(Peer::Api("a".to_string()), Why::Tls(expired)).is_transient());
    }

    #[test]
    fn a_proxy_is_told_from_the_api_and_named_by_its_variable() {
        let error = failure(proxy(), Why::Unreached(ureq::Error::HostNotFound)).into_error();
        assert_eq!(error.headline(), "the proxy p.example:3128 cannot be reached: no such host");
        assert!(error.hints[0].contains("https_proxy"));
    }

    #[test]
    fn names_are_shown_as_they_are_typed() {
        assert_eq!(plain("DnsName(\"*.example.com\")"), "*.example.com");
        assert_eq!(plain("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain("DirectoryName"), "DirectoryName");
        assert_eq!(moment(UnixTime::since_unix_epoch(std::time::Duration::ZERO)), "1970-01-01T00:00:00Z");
        assert_eq!(name(&ServerName::try_from("127.0.0.1").unwrap()), "127.0.0.1");
    }
}
