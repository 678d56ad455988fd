//! The certificate that a camera shows, to pin it.

use rustls::pki_types::ServerName;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connection::{CONNECT_TIMEOUT, dial};
use super::spec::{CameraSpec, TlsRule};
use super::tls::client_config;

/// The SHA-256 of the certificate that a camera shows on this host and port, whoever signed it.
/// The address must be granted, as any other. The error is for people.
pub async fn certificate(spec: &CameraSpec, host: &str, port: u16) -> Result<[u8; 32], String> {
    spec.grants
        .check(host, port)
        .map_err(|refusal| refusal.to_string())?;
    let config = client_config(TlsRule::Off).map_err(|error| error.to_string())?;
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name for TLS"))?;
    let shaken = async {
        let stream = dial(host, port, &spec.grants)
            .await
            .map_err(|error| error.message)?;
        let connector = TlsConnector::from(config);
        let connected = connector.connect(name, stream).await;
        connected.map_err(|error| format!("TLS with {host}:{port}: {error}"))
    };
    let stream = timeout(CONNECT_TIMEOUT, shaken)
        .await
        .map_err(|_| format!("{host}:{port} does not answer"))??;
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().and_then(<[_]>::first);
    let shown = shown.ok_or_else(|| format!("{host}:{port} shows no certificate"))?;
    Ok(Sha256::digest(shown).into())
}
