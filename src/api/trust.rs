//! Root certificates: Mozilla's, the machine's, or those of a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts};

use crate::error::{Error, Result};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Compiled in: the same on every machine.
    #[default]
    Bundled,
    System,
    Only(PathBuf),
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` go before `trust`.
pub(super) fn root_certificates(
    trust: &Trust,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<RootCerts> {
    let (file, folders) = (variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"));
    let mut roots = Vec::new();
    if let Some(path) = &file {
        add_file(&mut roots, Path::new(path)).map_err(|error| error.step("SSL_CERT_FILE"))?;
    }
    if let Some(folders) = &folders {
        add_folders(&mut roots, folders).map_err(|error| error.step("SSL_CERT_DIR"))?;
    }
    match trust {
        _ if !roots.is_empty() => {}
        Trust::Bundled => return Ok(RootCerts::WebPki),
        Trust::System => return Ok(RootCerts::PlatformVerifier),
        Trust::Only(path) => add_file(&mut roots, path).map_err(|error| error.step("ca_file"))?,
    }
    Ok(RootCerts::Specific(Arc::new(roots)))
}

/// ureq silently drops certificates that rustls does not accept as roots.
fn is_root(certificate: &CertificateDer<'static>) -> std::result::Result<(), rustls::Error> {
    RootCertStore::empty().add(certificate.clone())
}

/// Other blocks, such as keys, are skipped.
fn add_file(roots: &mut Vec<Certificate<'static>>, path: &Path) -> Result<()> {
    let shown = path.display();
    let hint = "it has to be a PEM file with the certificates of the authorities to trust";
    let text = std::fs::read(path)
        .map_err(|error| Error::usage(format!("cannot read `{shown}`")).source(error).hint(hint))?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        count += 1;
        let not_one = || Error::usage(format!("certificate {count} in `{shown}` is not one")).hint(hint);
        let certificate = certificate.map_err(|error| not_one().source(error))?;
        is_root(&certificate).map_err(|error| not_one().source(error))?;
        roots.push(Certificate::from_der(&certificate).to_owned());
    }
    if count == 0 {
        return Err(Error::usage(format!("there is no certificate in `{shown}`")).hint(hint));
    }
    Ok(())
}

/// Such folders hold other files too, so errors are skipped.
fn add_folders(roots: &mut Vec<Certificate<'static>>, folders: &str) -> Result<()> {
    let before = roots.len();
    for folder in std::env::split_paths(folders).filter(|folder| !folder.as_os_str().is_empty()) {
        let entries = std::fs::read_dir(&folder).map_err(|reason| {
            Error::usage(format!("cannot read the folder `{}`", folder.display())).source(reason)
        })?;
        let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
        for text in files.filter_map(|path| std::fs::read(path).ok()) {
            let certificates = CertificateDer::pem_slice_iter(&text).flatten();
            let certificates = certificates.filter(|certificate| is_root(certificate).is_ok());
            roots.extend(certificates.map(|certificate| Certificate::from_der(&certificate).to_owned()));
        }
    }
    if roots.len() == before {
        return Err(Error::usage(format!("there is no certificate in `{folders}`"))
            .hint("it has to name folders of PEM files, as `openssl rehash` makes them"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::error::ErrorKind;

    fn pem() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["authority.example".to_string()];
        rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem()
    }

    fn file(content: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    fn count(trust: &Trust, variables: &[(&str, &str)]) -> Result<usize> {
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string())
        };
        match root_certificates(trust, variable)? {
            RootCerts::Specific(roots) => Ok(roots.len()),
            _ => Ok(0),
        }
    }

    #[test]
    fn the_environment_goes_before_the_profile_and_the_profile_before_the_bundled_ones() {
        let two = file(&format!("{}# and\n{}", pem(), pem()));
        let profile = Trust::Only(two.path().to_path_buf());
        let one = file(&pem());
        let one = one.path().to_str().unwrap();
        assert_eq!(count(&profile, &[]).unwrap(), 2);
        assert_eq!(count(&profile, &[("SSL_CERT_FILE", one)]).unwrap(), 1);
        assert_eq!(count(&Trust::Only("/no/such/file".into()), &[("SSL_CERT_FILE", one)]).unwrap(), 1);
        let system = root_certificates(&Trust::System, |_| None).unwrap();
        assert!(matches!(system, RootCerts::PlatformVerifier));
        let bundled = root_certificates(&Trust::Bundled, |_| None).unwrap();
        assert!(matches!(bundled, RootCerts::WebPki));
    }

    #[test]
    fn a_ca_file_that_cannot_be_used_is_named_with_the_reason() {
        let private = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for (content, reason) in
            [("", "there is no certificate in"), (&private, "there is no certificate in")]
        {
            let file = file(content);
            let error = count(&Trust::Only(file.path().to_path_buf()), &[]).unwrap_err();
            let path = file.path().display();
            assert_eq!(
                (error.kind, error.headline()),
                (ErrorKind::Usage, format!("ca_file: {reason} `{path}`"))
            );
        }
        let error = count(&Trust::Only("/no/such/file".into()), &[]).unwrap_err();
        assert!(
            error.headline().starts_with("ca_file: cannot read `/no/such/file`: No such file"),
            "{error}"
        );
    }
}
