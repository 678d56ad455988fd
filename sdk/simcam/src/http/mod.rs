//! A camera that shows itself over HTTP: MJPEG as `multipart/x-mixed-replace`
//! and single JPEGs.

mod connection;
mod multipart;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::auth::Auth;
use crate::camera::{Client, Handle, Service, Shared, Socket};
use crate::clip::{Clip, ClipParams, Codec};
use crate::error::Error;

/// Path of the MJPEG stream.
pub(crate) const STREAM_PATH: &str = "/stream.mjpeg";
/// Path of the single JPEG.
pub(crate) const SNAPSHOT_PATH: &str = "/snapshot.jpg";

/// How the parts of the stream are told apart, and what the header says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// What stands after `boundary=` in the `Content-Type`, quotes included.
    pub header: String,
    /// The whole line before each part.
    pub delimiter: String,
}

impl Boundary {
    fn new(header: &str, delimiter: &str) -> Self {
        let (header, delimiter) = (header.to_owned(), delimiter.to_owned());
        Self { header, delimiter }
    }

    /// As RFC 2046 5.1.1 wants it.
    pub fn plain() -> Self {
        Self::new("simcamframe", "--simcamframe")
    }

    /// The dashes already stand in the header, and only once in the stream: a
    /// widespread mistake.
    pub fn dashes_in_header() -> Self {
        Self::new("--simcamframe", "--simcamframe")
    }

    /// The header's value is in quotes, as RFC 2046 allows.
    pub fn quoted() -> Self {
        Self::new("\"simcam frame\"", "--simcam frame")
    }

    /// The stream uses another boundary than the header says.
    pub fn differs() -> Self {
        Self::new("announced", "--used")
    }

    /// The stream's lines lack the dashes.
    pub fn no_dashes() -> Self {
        Self::new("simcamframe", "simcamframe")
    }
}

/// How the stream's end would be told (RFC 9112 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// HTTP/1.1 until the connection closes.
    Close,
    /// HTTP/1.0 until the connection closes.
    Http10,
    /// HTTP/1.1 in chunks. Their borders are not those of the parts.
    Chunked,
}

/// Settings of an [`HttpCamera`].
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Default: `127.0.0.1`, any free port.
    pub listen: SocketAddr,
    /// HTTPS with a self-signed certificate of its own.
    pub tls: bool,
    /// The account; `None`: everybody may watch.
    pub auth: Option<Auth>,
    /// The FFmpeg binary that encodes the clip.
    pub ffmpeg: PathBuf,
    /// The picture; its codec must be JPEG.
    pub clip: ClipParams,
    /// Whether the parts, and snapshots, say their length.
    pub content_length: bool,
    /// Default: [`Boundary::plain`].
    pub boundary: Boundary,
    /// Default: [`Transfer::Close`].
    pub transfer: Transfer,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: false,
            auth: None,
            ffmpeg: "ffmpeg".into(),
            clip: ClipParams {
                codec: Codec::Jpeg,
                ..ClipParams::default()
            },
            content_length: true,
            boundary: Boundary::plain(),
            transfer: Transfer::Close,
        }
    }
}

/// A simulated HTTP camera: `/stream.mjpeg` and `/snapshot.jpg`.
#[derive(Debug, Clone, Copy)]
pub struct HttpCamera;

impl HttpCamera {
    /// Makes the clip and starts the camera. The handle's URL is that of the
    /// stream; see [`Handle::snapshot_url`].
    pub async fn start(config: HttpConfig) -> Result<Handle, Error> {
        if config.clip.codec != Codec::Jpeg {
            return Err(Error::Config("an HTTP camera only has JPEG".into()));
        }
        let Boundary { header, delimiter } = &config.boundary;
        if [header, delimiter]
            .iter()
            .any(|t| t.is_empty() || t.contains(['\r', '\n']))
        {
            return Err(Error::Config("a boundary is one line".into()));
        }
        let clip = Clip::encode(&config.ffmpeg, &config.clip).await?;
        let shared = Shared::new(clip, config.auth.clone());
        let (listen, tls) = (config.listen, config.tls);
        let scheme = if tls { "https" } else { "http" };
        let service = Http {
            shared: shared.clone(),
            config: Arc::new(config),
        };
        let url = |addr| format!("{scheme}://{addr}{STREAM_PATH}");
        Handle::start(shared, service, listen, tls, url).await
    }
}

impl Handle {
    /// The single JPEG of an [`HttpCamera`], without credentials. An
    /// [`RtspCamera`](crate::RtspCamera) has none.
    pub fn snapshot_url(&self) -> Option<String> {
        let base = self.url().strip_suffix(STREAM_PATH)?;
        Some(format!("{base}{SNAPSHOT_PATH}"))
    }
}

struct Http {
    shared: Arc<Shared>,
    config: Arc<HttpConfig>,
}

impl Service for Http {
    async fn serve(&self, socket: Socket, _: SocketAddr, client: Client) {
        let (shared, config) = (self.shared.clone(), self.config.clone());
        connection::Connection::new(shared, config, client)
            .run(socket)
            .await;
    }
}
