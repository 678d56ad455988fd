//! A camera that speaks RTSP 1.0 (RFC 2326).

mod audio;
mod dialect;
mod group;
mod jpeg;
mod media;
mod nal;
mod rtcp;
mod rtp;
mod sdp;
mod session;
mod stream;
mod timeline;
mod track;
mod transport;
mod tunnel;
mod udp;
mod unasked;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::Auth;
use crate::camera::{Handle, Service, Shared, Socket};
use crate::clip::{Clip, ClipParams, Codec};
use crate::error::Error;
use crate::fault::{Fault, Network};
use crate::sound::{Sound, SoundClip};

pub use dialect::Dialect;
use track::Track;
pub use transport::Transports;

/// How NAL units become RTP packets (RFC 6184 6, RFC 7798 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packetization {
    /// Mode 0: every NAL unit is one packet, whatever its size (at most 64 KB).
    SingleNal,
    /// Mode 1: large NAL units as fragments (FU-A, with H.265 FU) of at most 1400 bytes.
    NonInterleaved {
        /// Whether parameter sets travel together in a STAP-A, with H.265 in an AP.
        stap_a: bool,
    },
}

/// Where a client finds SPS and PPS, and the VPS of H.265.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterSets {
    /// Only in the SDP.
    Sdp,
    /// Only in the stream, before every keyframe.
    InBand,
    /// In both.
    Both,
}

/// The first frame that a new client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// The next frame, whatever it is.
    NextFrame,
    /// The next keyframe.
    NextKeyframe,
    /// The newest keyframe and what followed it, at once, then live.
    CachedGop,
}

/// Settings of an [`RtspCamera`].
#[derive(Debug, Clone)]
pub struct RtspConfig {
    /// Default: `127.0.0.1`, any free port.
    pub listen: SocketAddr,
    /// RTSPS with a self-signed certificate of its own.
    pub tls: bool,
    /// The account; `None`: everybody may watch.
    pub auth: Option<Auth>,
    /// The FFmpeg binary that encodes the clip.
    pub ffmpeg: PathBuf,
    /// The picture. JPEGs must have sides that are multiples of 8, of at most 2040 pixels.
    pub clip: ClipParams,
    /// Path and query of the stream, beginning with a slash.
    pub path: String,
    /// Default: mode 1 without STAP-A.
    pub packetization: Packetization,
    /// Default: both.
    pub parameter_sets: ParameterSets,
    /// Default: the next frame.
    pub start_at: StartAt,
    /// A client that asks nothing for so long is dropped. Default 60 s, the
    /// standard's; whole seconds are announced, and a fraction counts.
    pub session_timeout: Duration,
    /// Whether `GET_PARAMETER` is understood; some makes only know `OPTIONS`.
    pub get_parameter: bool,
    /// RTP timestamp of every client's first frame; random when `None`. See
    /// [`RtspConfig::near_wrap`].
    pub rtp_timestamp: Option<u32>,
    /// Time between RTCP sender reports; the first goes out with the first
    /// frame.
    pub sender_reports: Duration,
    /// Default: only TCP, interleaved.
    pub transports: Transports,
    /// The network to clients over UDP. Default: a good one. [`Fault::Network`] changes it later.
    pub network: Network,
    /// The words of a real camera. Its description decides on the codec, the path and the sound.
    pub dialect: Option<Dialect>,
    /// A beep at every whole second of the camera's clock, as a track of its own (`trackID=2`).
    /// Losses by [`Fault::LossRate`] and [`Fault::DropNext`] do not touch it.
    pub audio: Option<Sound>,
    /// Whether there is silence: G.711, announced before the video, and sent to
    /// whoever plays, asked for or not, as some makes do. It cannot be set up, and there is none over UDP.
    pub sound: bool,
}

impl Default for RtspConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: false,
            auth: None,
            ffmpeg: "ffmpeg".into(),
            clip: ClipParams::default(),
            path: "/stream1".into(),
            packetization: Packetization::NonInterleaved { stap_a: false },
            parameter_sets: ParameterSets::Both,
            start_at: StartAt::NextFrame,
            session_timeout: Duration::from_mins(1),
            get_parameter: true,
            rtp_timestamp: None,
            sender_reports: Duration::from_secs(5),
            transports: Transports::TCP,
            network: Network::default(),
            dialect: None,
            audio: None,
            sound: false,
        }
    }
}

impl RtspConfig {
    /// The RTP timestamp that passes its 32-bit end so many seconds after a
    /// client's first frame.
    pub fn near_wrap(seconds: u32) -> u32 {
        seconds.wrapping_mul(90_000).wrapping_neg()
    }
}

/// A simulated RTSP camera with H.264, H.265 or JPEG.
#[derive(Debug, Clone, Copy)]
pub struct RtspCamera;

impl RtspCamera {
    /// Makes the clip and starts the camera.
    pub async fn start(mut config: RtspConfig) -> Result<Handle, Error> {
        if config.transports.multicast && !config.listen.is_ipv4() {
            let text = "multicast needs an IPv4 address to listen on";
            return Err(Error::Config(text.into()));
        }
        let sections = announced(&mut config)?;
        let (width, height) = (config.clip.width, config.clip.height);
        let is_jpeg = config.clip.codec == Codec::Jpeg;
        if is_jpeg && !jpeg::fits(width, height) {
            let text = format!("JPEGs of {width}x{height} over RTP: multiples of 8, at most 2040");
            return Err(Error::Config(text));
        }
        if !config.path.starts_with('/') || config.path.contains(char::is_whitespace) {
            let path = &config.path;
            return Err(Error::Config(format!("path `{path}` is not one of a URL")));
        }
        let clip = Clip::encode(&config.ffmpeg, &config.clip).await?;
        let single = config.packetization == Packetization::SingleNal;
        if single && !is_jpeg && clip.largest_unit() > rtp::MAX_SINGLE_NAL {
            let largest = clip.largest_unit();
            let text = format!("mode 0 and a NAL unit of {largest} bytes; take more slices");
            return Err(Error::Config(text));
        }
        if config.sound && config.audio.is_some() {
            let text = "`sound` is one that cannot be set up; with `audio` there is another";
            return Err(Error::Config(text.into()));
        }
        let tracks = match (sections, config.audio) {
            (Some(sections), _) => track::announced(&config.ffmpeg, &sections).await?,
            (None, Some(sound)) => {
                let clip = SoundClip::encode(&config.ffmpeg, sound).await?;
                track::own(config.clip.codec, Some(clip))
            }
            (None, None) => track::own(config.clip.codec, None),
        };
        let shared = Shared::new(clip, config.auth.clone());
        shared.faults.inject(Fault::Network(config.network));
        let (listen, tls, path) = (config.listen, config.tls, config.path.clone());
        let scheme = if tls { "rtsps" } else { "rtsp" };
        let service = Rtsp {
            shared: shared.clone(),
            config: Arc::new(config),
            tracks: tracks.into(),
            tunnels: Arc::default(),
            groups: Arc::default(),
        };
        let url = |addr| format!("{scheme}://{addr}{path}");
        Handle::start(shared, service, listen, tls, url).await
    }
}

/// What the dialect's description has, after the settings were made to fit it.
fn announced(config: &mut RtspConfig) -> Result<Option<Vec<dialect::Section>>, Error> {
    let Some(dialect) = &config.dialect else {
        return Ok(None);
    };
    let Some(description) = dialect.description() else {
        return Ok(None);
    };
    let sections = dialect::sections(description);
    let Some(codec) = dialect::of(&sections) else {
        let text = "the dialect's description has no video that can be shown";
        return Err(Error::Config(text.into()));
    };
    config.clip.codec = codec;
    config.path = dialect.path().unwrap_or_else(|| config.path.clone());
    if config.parameter_sets == ParameterSets::Sdp {
        // Those in the description are of another camera's pictures.
        config.parameter_sets = ParameterSets::InBand;
    }
    Ok(Some(sections))
}

struct Rtsp {
    shared: Arc<Shared>,
    config: Arc<RtspConfig>,
    tracks: Arc<[Track]>,
    tunnels: Arc<tunnel::Tunnels>,
    groups: Arc<group::Groups>,
}

impl Service for Rtsp {
    async fn serve(&self, socket: Socket, addr: SocketAddr, client: crate::camera::Client) {
        let (shared, config) = (self.shared.clone(), self.config.clone());
        let tracks = (self.tracks.clone(), self.groups.clone());
        let session = session::Session::new(shared, config, tracks, addr, client);
        session.run(socket, &self.tunnels).await;
    }
}
