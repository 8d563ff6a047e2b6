//! Certificates that are made when a test runs.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a server shows for itself, and the key to it.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: PrivateKeyDer<'static>,
    pub pem: String,
}

/// An authority of one test.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

/// A certificate to be, for these names.
fn named(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    CertificateParams::new(names).expect("names that a certificate can have")
}

fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "an authority of the tests");
    params
}

impl Identity {
    fn of(certificate: &rcgen::Certificate, key: &KeyPair) -> Identity {
        Identity {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS #8"),
            pem: certificate.pem(),
        }
    }

    /// Signed by itself.
    pub fn self_signed(names: &[&str]) -> Identity {
        let key = key();
        Identity::of(&named(names).self_signed(&key).expect("a certificate"), &key)
    }

    /// An authority's own certificate, used as that of a server.
    pub fn of_an_authority(names: &[&str]) -> Identity {
        let key = key();
        Identity::of(&authority(named(names)).self_signed(&key).expect("a certificate"), &key)
    }
}

impl Authority {
    pub fn new() -> Authority {
        let params = authority(named(&[]));
        Authority(CertifiedIssuer::self_signed(params, key()).expect("an authority"))
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = key();
        Identity::of(&params.signed_by(&key, &self.0).expect("a certificate"), &key)
    }

    /// A certificate for these names.
    pub fn vouches_for(&self, names: &[&str]) -> Identity {
        self.issue(&named(names))
    }

    /// One that ended with the year 2019.
    pub fn vouched_for(&self, names: &[&str]) -> Identity {
        let mut params = named(names);
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        self.issue(&params)
    }

    /// One that begins with the year 2999.
    pub fn will_vouch_for(&self, names: &[&str]) -> Identity {
        let mut params = named(names);
        (params.not_before, params.not_after) = (date_time_ymd(2999, 1, 1), date_time_ymd(3000, 1, 1));
        self.issue(&params)
    }
}
