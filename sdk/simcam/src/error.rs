//! What can go wrong before a simulated camera runs.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a clip could not be made or a camera could not be started.
///
/// A running camera has no errors of its own: what a client does wrong is
/// answered to that client, and what the camera does wrong is a
/// [`Fault`](crate::Fault).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number in the clip's parameters is outside its limits.
    #[error("clip cannot be made: {0}")]
    Params(String),
    /// The FFmpeg binary could not be started.
    #[error("cannot start {} to encode the simulated picture: {source}; install FFmpeg or give its path", path.display())]
    FfmpegMissing {
        /// What was tried.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// FFmpeg ran and did not do its work.
    #[error("{} did not encode the simulated picture: {reason}", path.display())]
    FfmpegFailed {
        /// The binary.
        path: PathBuf,
        /// Exit status and the end of its stderr.
        reason: String,
    },
    /// FFmpeg's output is not the stream that was asked for.
    #[error("the encoder's output is not usable: {0}")]
    Stream(String),
    /// The clip and the camera's settings do not fit each other.
    #[error("camera settings do not fit: {0}")]
    Config(String),
    /// The address could not be listened on.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The self-signed certificate could not be made.
    #[error("cannot make a self-signed certificate: {0}")]
    Certificate(String),
}
