//! The simulated cameras of the suite.

use simcam::{
    Auth, ClipParams, Codec, Error, Handle, HttpCamera, HttpConfig, RtspCamera, RtspConfig, Scheme,
    StartAt,
};

use crate::camera::{CameraSpec, Credentials, Grants, Remembered, TlsRule};
use crate::config::CameraUrl;

/// The account of cameras that have one.
pub const ACCOUNT: (&str, &str) = ("admin", "court-7!");

/// What can be played to an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// H.264 over RTSP.
    Rtsp,
    /// MJPEG over HTTP.
    Mjpeg,
    /// A JPEG a request over HTTP.
    Snapshot,
}

impl Kind {
    /// Those of a scheme.
    pub fn of_scheme(scheme: &str) -> &'static [Self] {
        match scheme {
            "rtsp" => &[Self::Rtsp],
            "http" => &[Self::Mjpeg, Self::Snapshot],
            _ => &[],
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rtsp => "rtsp",
            Self::Mjpeg => "mjpeg",
            Self::Snapshot => "snapshot",
        }
    }
}

/// Pictures a second.
pub const FPS: u32 = 10;

/// Small: encoding it takes a moment.
fn clip(codec: Codec) -> ClipParams {
    ClipParams {
        width: 320,
        height: 180,
        fps: FPS,
        gop: FPS,
        seconds: 4,
        codec,
        ..ClipParams::default()
    }
}

/// A camera that plays.
pub struct Camera {
    /// The simulation.
    pub handle: Handle,
    kind: Kind,
}

impl Camera {
    /// A camera, with an account that is proved in this way, or open.
    pub async fn start(kind: Kind, scheme: Option<Scheme>) -> Result<Self, String> {
        Self::rtsp_with(kind, scheme, None).await
    }

    /// The same; the first RTP timestamp is this.
    pub async fn rtsp_with(
        kind: Kind,
        scheme: Option<Scheme>,
        rtp_timestamp: Option<u32>,
    ) -> Result<Self, String> {
        let auth = scheme.map(|scheme| Auth::new(scheme, ACCOUNT.0, ACCOUNT.1));
        let started: Result<Handle, Error> = match kind {
            Kind::Rtsp => {
                RtspCamera::start(RtspConfig {
                    auth,
                    clip: clip(Codec::H264),
                    start_at: StartAt::NextKeyframe,
                    rtp_timestamp,
                    ..RtspConfig::default()
                })
                .await
            }
            Kind::Mjpeg | Kind::Snapshot => {
                HttpCamera::start(HttpConfig {
                    auth,
                    clip: clip(Codec::Jpeg),
                    ..HttpConfig::default()
                })
                .await
            }
        };
        let handle = started.map_err(|error| format!("no simulated camera: {error}"))?;
        Ok(Self { handle, kind })
    }

    /// The stream's address.
    pub fn url(&self) -> String {
        match self.kind {
            Kind::Snapshot => self.handle.snapshot_url().unwrap_or_default(),
            _ => self.handle.url().to_owned(),
        }
    }

    /// How an adapter reaches it.
    pub fn spec(&self, password: Option<&str>, options: &[(String, String)]) -> CameraSpec {
        let url = self.url();
        let (parsed, _) = CameraUrl::parse(&url).expect("a simulated camera has a good URL");
        CameraSpec {
            scheme: parsed.scheme().to_owned(),
            adapter: None,
            credentials: password.map(|password| Credentials {
                username: ACCOUNT.0.to_owned(),
                password: password.to_owned(),
            }),
            tls: TlsRule::Off,
            grants: Grants::new(parsed.host(), parsed.port(), &[]),
            url,
            options: options.to_vec(),
            audio: false,
            crashes: None,
            remembered: Remembered::default(),
        }
    }

    /// Requests that were answered with this status.
    pub fn answered(&self, status: u16) -> usize {
        let clients = self.handle.sent();
        let requests = clients.iter().flat_map(|client| &client.requests);
        requests.filter(|request| request.status == status).count()
    }
}
