//! How the API is reached: by way of which proxy, trusting which roots.

use ureq::Proxy;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};

use super::base_url::BaseUrl;
use crate::error::{Error, Result};

/// The way to one base URL.
#[derive(Debug)]
pub struct Network {
    pub(super) proxy: Option<Proxy>,
    pub(super) system_roots: bool,
}

impl Network {
    /// Reads `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` (in either case), `SSL_CERT_FILE` and `SSL_CERT_DIR`, as given by
    /// `variable`. This machine is never reached by way of a proxy.
    ///
    /// # Errors
    /// A proxy variable that cannot be read: going on without it would take another way than the one asked for.
    pub fn from_environment(base: &BaseUrl, variable: impl Fn(&str) -> Option<String>) -> Result<Network> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let system_roots = set("SSL_CERT_FILE").is_some() || set("SSL_CERT_DIR").is_some();
        let proxy = if base.is_loopback() { None } else { proxy(base, set)? };
        Ok(Network { proxy, system_roots })
    }

    pub(super) fn tls(&self) -> TlsConfig {
        let roots = if self.system_roots { RootCerts::PlatformVerifier } else { RootCerts::WebPki };
        TlsConfig::builder().root_certs(roots).build()
    }
}

fn proxy(base: &BaseUrl, set: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>> {
    let either =
        |name: &str| set(name).or_else(|| set(&name.to_lowercase())).map(|value| (name.to_string(), value));
    let Some((name, value)) = either("HTTPS_PROXY").or_else(|| either("ALL_PROXY")) else {
        return Ok(None);
    };
    // The value may hold a password, so no message repeats it.
    let unreadable = || {
        Error::usage(format!("the proxy in {name} cannot be read"))
            .hint(format!("set {name} to a URL like http://proxy.example.com:3128, or unset it"))
    };
    let proxy = Proxy::new(value.trim()).map_err(|_| unreadable())?;
    let exempt = match either("NO_PROXY") {
        Some((_, list)) => exempt(base, &list).ok_or_else(unreadable)?,
        None => false,
    };
    Ok((!exempt).then_some(proxy))
}

fn exempt(base: &BaseUrl, list: &str) -> Option<bool> {
    let uri: Uri = base.join("").parse().ok()?;
    let mut builder = Proxy::builder(ureq::ProxyProtocol::Http).host("proxy");
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
        let network = Network::from_environment(&BaseUrl::parse(base).unwrap(), variable)?;
        Ok(network.proxy.map(|proxy| proxy.host().to_string()))
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
