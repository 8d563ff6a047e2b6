//! TLS over a connection, by rustls.
//!
//! What ureq has for this hands no verifier in and so cannot tell a certificate that is signed by itself from one whose
//! issuer is unknown. The way through its transports is the same as ureq's own.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, OtherError, SignatureScheme,
    StreamOwned,
};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::connect::{Why, time_left};
use super::trust::Roots;
use crate::error::{Error, Kind, Result};

/// How TLS is spoken: with which roots, versions and ciphers.
#[derive(Debug, Clone)]
pub(super) struct Config(Arc<ClientConfig>);

/// A certificate that no authority signed.
#[derive(Debug)]
pub(super) struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate is signed by itself")
    }
}

impl std::error::Error for SelfSigned {}

impl Config {
    /// TLS 1.2 and 1.3 with these roots.
    ///
    /// # Errors
    /// Roots that no verifier can be made of.
    pub(super) fn trusting(roots: Roots) -> Result<Config> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Verifier { roots: roots.verifier(Arc::clone(&provider))?, algorithms };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| Error::new(Kind::Failed, "TLS cannot be set up").because(why))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Config(Arc::new(config)))
    }
}

/// Shakes hands over a connection.
pub(super) fn wrap(
    config: &Config,
    socket: Box<dyn Transport>,
    details: &ConnectionDetails,
) -> std::result::Result<Box<dyn Transport>, Why> {
    let host = details.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name =
        ServerName::try_from(host.to_string()).map_err(|_| Why::Tls(rustls::Error::UnsupportedNameType))?;
    let mut connection = ClientConnection::new(Arc::clone(&config.0), name).map_err(Why::Tls)?;
    let mut socket = TransportAdapter::new(socket, details.current_time.clone());
    socket.set_timeout(time_left(details));
    connection.complete_io(&mut socket).map_err(broken_handshake)?;
    let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
    Ok(Box::new(Encrypted { buffers, stream: StreamOwned::new(connection, socket) }))
}

/// rustls puts its own errors into those of the socket.
fn broken_handshake(why: io::Error) -> Why {
    match why.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => Why::Tls(inner.clone()),
        None => Why::Broke(why.into()),
    }
}

struct Encrypted {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encrypted").field(&self.stream.sock.get_ref()).finish()
    }
}

impl Transport for Encrypted {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(
        &mut self,
        amount: usize,
        timeout: NextTimeout,
    ) -> std::result::Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> std::result::Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// What came beyond an answer would be taken for the next one. It may wait here too, read and decrypted or not, and
    /// not only in the socket that is asked.
    fn is_open(&mut self) -> bool {
        let StreamOwned { conn, sock } = &mut self.stream;
        let decrypted = conn.process_new_packets().map(|state| state.plaintext_bytes_to_read());
        let socket = sock.get_mut();
        decrypted.is_ok_and(|count| count == 0) && socket.buffers().input().is_empty() && socket.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// Asks another verifier, and looks closer where that one does not know the issuer.
#[derive(Debug)]
struct Verifier {
    roots: Arc<dyn ServerCertVerifier>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Whether a certificate would hold if it were its own authority.
    fn is_self_signed(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
        let own = webpki::EndEntityCert::try_from(certificate);
        let (Ok(own), Ok(anchor)) = (own, webpki::anchor_from_trusted_cert(certificate)) else {
            return false;
        };
        let (algorithms, usage) = (self.algorithms.all, webpki::KeyUsage::server_auth());
        own.verify_for_usage(algorithms, &[anchor], &[], now, usage, None, None).is_ok()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        use CertificateError as E;
        let verified =
            self.roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|why| match why {
            // The latter is an issuer that bears the name of a trusted one and has another key.
            rustls::Error::InvalidCertificate(E::UnknownIssuer | E::BadSignature) => {
                if self.is_self_signed(end_entity, now) {
                    E::Other(OtherError(Arc::new(SelfSigned))).into()
                } else {
                    E::UnknownIssuer.into()
                }
            }
            why => why,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.roots.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.roots.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}
