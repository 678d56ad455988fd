//! A certificate of the camera's own, as real cameras have.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use crate::auth::hex;
use crate::error::Error;

/// Accepts TLS with a fresh self-signed certificate.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// SHA-256 of the certificate's DER form in lower-case hexadecimal.
    pub(crate) sha256: String,
}

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Certificate(e.to_string());
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(|e| failed(&e))?;
        let certificate = made.cert.der().clone();
        let sha256 = hex(&Sha256::digest(&certificate));
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        // Named, so that no other part of the process must install a provider.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .map_err(|e| failed(&e))?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, sha256 })
    }
}
