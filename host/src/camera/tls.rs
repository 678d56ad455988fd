//! TLS towards cameras. They are usually self-signed, so beside the system's roots a
//! certificate can be pinned by its SHA-256, or checking can be switched off.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::ConfigVerifierExt;
use sha2::{Digest, Sha256};

use super::spec::TlsRule;

/// The client's settings for a rule. The crypto provider must be installed (`main` does it).
pub fn client_config(rule: TlsRule) -> Result<Arc<ClientConfig>, Error> {
    let pin = match rule {
        TlsRule::Verify => return verified(),
        TlsRule::Pin(pin) => Some(pin),
        TlsRule::Off => None,
    };
    let provider = CryptoProvider::get_default()
        .cloned()
        .ok_or_else(|| Error::General("no crypto provider is installed".into()))?;
    let verifier = Arc::new(PinOrAny { pin, provider });
    Ok(Arc::new(
        ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth(),
    ))
}

/// The settings with the system's roots: made once, since the roots of a system are a megabyte.
fn verified() -> Result<Arc<ClientConfig>, Error> {
    static SHARED: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = SHARED.get() {
        return Ok(Arc::clone(config));
    }
    let made = Arc::new(ClientConfig::with_platform_verifier()?);
    Ok(Arc::clone(SHARED.get_or_init(|| made)))
}

/// Accepts one certificate, or any; signatures of the handshake are checked all the same, so
/// that the other side must hold the certificate's key.
#[derive(Debug)]
struct PinOrAny {
    pin: Option<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinOrAny {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen: [u8; 32] = Sha256::digest(end_entity).into();
        match self.pin {
            Some(pin) if pin != seen => {
                let seen = crate::hex::lower(&seen);
                Err(Error::General(format!(
                    "the camera's certificate is not the pinned one; hint: tls = \"pin:{seen}\" if the camera was renewed"
                )))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
