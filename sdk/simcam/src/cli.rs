//! The binary's flags, and what they mean as settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use simcam::{
    Auth, ClipParams, Codec, Dialect, Network, RtspConfig, ScheduledFault, Scheme, Sound,
    Transports,
};

/// Simulated cameras with faults. Prints one URL a line; ends on Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "simcam", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) kind: Kind,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// H.264, H.265 or MJPEG over RTSP
    Rtsp(RtspOptions),
    /// MJPEG and snapshots over HTTP
    Http(Options),
}

#[derive(Debug, Args)]
pub(crate) struct RtspOptions {
    #[command(flatten)]
    pub(crate) common: Options,
    /// How the picture is encoded
    #[arg(long, value_enum, default_value_t = CodecKind::H264)]
    codec: CodecKind,
    /// A beep every second: aac, aac-16k, aac-stereo, pcma, pcmu, opus, l16
    #[arg(long)]
    audio: Option<Sound>,
    /// Transports that are allowed, with commas between them: tcp, udp, multicast, http (a tunnel)
    #[arg(long, default_value = "tcp")]
    transport: Transports,
    /// Percent of the packets that get lost (UDP)
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = share)]
    loss: f64,
    /// Percent of the packets that others overtake (UDP)
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = share)]
    reorder: f64,
    /// By how many milliseconds those are late (UDP)
    #[arg(long, value_name = "MS", default_value_t = 30)]
    reorder_delay: u16,
    /// Percent of the packets that arrive twice (UDP)
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = share)]
    duplicate: f64,
    /// By up to how many milliseconds packets are late, in their order (UDP)
    #[arg(long, value_name = "MS", default_value_t = 0)]
    jitter: u16,
    /// Seed of what happens to packets by chance (UDP)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder and make of a real camera's answers, which the camera repeats, for instance
    /// `dialects/dahua` for `dialects/dahua_describe.txt` and others
    #[arg(long, value_name = "FOLDER/MAKE")]
    dialect: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CodecKind {
    H264,
    H265,
    Mjpeg,
}

impl RtspOptions {
    /// The settings of the camera with this number.
    pub(crate) fn config(&self, number: u16) -> std::io::Result<RtspConfig> {
        let codec = match self.codec {
            CodecKind::H264 => Codec::H264,
            CodecKind::H265 => Codec::H265,
            CodecKind::Mjpeg => Codec::Jpeg,
        };
        let dialect = self.dialect.as_ref().map(|path| {
            let make = path.file_name().unwrap_or_default().to_string_lossy();
            Dialect::read(path.parent().unwrap_or(Path::new("")), &make)
        });
        Ok(RtspConfig {
            listen: self.common.address(number),
            tls: self.common.tls,
            auth: self.common.auth(),
            ffmpeg: self.common.ffmpeg.clone(),
            clip: self.common.clip(codec),
            transports: self.transport,
            network: Network {
                loss: self.loss / 100.0,
                reorder: self.reorder / 100.0,
                delay: Duration::from_millis(self.reorder_delay.into()),
                duplicate: self.duplicate / 100.0,
                jitter: Duration::from_millis(self.jitter.into()),
                seed: self.seed,
            },
            audio: self.audio,
            dialect: dialect.transpose()?,
            ..RtspConfig::default()
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Address to listen on; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Size of the picture in pixels, `WIDTHxHEIGHT`
    #[arg(long, default_value = "1280x720", value_parser = size)]
    size: (u32, u32),
    /// Frames a second
    #[arg(long, default_value_t = 25)]
    fps: u32,
    /// Frames from keyframe to keyframe (RTSP); default: one second
    #[arg(long)]
    gop: Option<u32>,
    /// Kilobits a second, reached with noise; default: a clean, cheap picture
    #[arg(long, value_name = "KBPS")]
    bitrate: Option<u32>,
    /// Length of the picture's loop
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// How clients prove the password
    #[arg(long, value_enum, default_value_t = AuthKind::None)]
    auth: AuthKind,
    /// The account's user
    #[arg(long, default_value = "admin")]
    user: String,
    /// The account's password
    #[arg(long, default_value = "padel")]
    password: String,
    /// RTSPS or HTTPS with a self-signed certificate
    #[arg(long)]
    pub(crate) tls: bool,
    /// What goes wrong and when, seconds after the start: close, stall, refuse,
    /// outage, slow-bytes, password, jump, clock-rate, reorder, noise, rubbish, loss,
    /// network, drop, truncate-frame, truncate, length, giant-header, garbage, redirect. May be
    /// given several times
    #[arg(long = "fault", value_name = "KIND@SECONDS[:ARG]")]
    pub(crate) faults: Vec<ScheduledFault>,
    /// Number of cameras, on consecutive ports
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) count: u16,
    /// The FFmpeg binary that encodes the picture
    #[arg(long, default_value = "ffmpeg")]
    pub(crate) ffmpeg: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuthKind {
    None,
    Basic,
    Digest,
    DigestSha256,
}

impl Options {
    pub(crate) fn clip(&self, codec: Codec) -> ClipParams {
        ClipParams {
            width: self.size.0,
            height: self.size.1,
            fps: self.fps,
            gop: self.gop.unwrap_or(self.fps),
            seconds: self.seconds,
            bitrate_kbps: self.bitrate,
            codec,
            ..ClipParams::default()
        }
    }

    pub(crate) fn auth(&self) -> Option<Auth> {
        let scheme = match self.auth {
            AuthKind::None => return None,
            AuthKind::Basic => Scheme::Basic,
            AuthKind::Digest => Scheme::DigestMd5,
            AuthKind::DigestSha256 => Scheme::DigestSha256,
        };
        Some(Auth::new(scheme, &self.user, &self.password))
    }

    /// Where the camera with this number listens.
    pub(crate) fn address(&self, number: u16) -> SocketAddr {
        let mut addr = self.listen;
        if addr.port() != 0 {
            // A port beyond the last one is refused by the system.
            addr.set_port(addr.port().saturating_add(number));
        }
        addr
    }
}

fn share(text: &str) -> Result<f64, String> {
    let percent = text.parse().ok().filter(|p| (0.0..=100.0).contains(p));
    percent.ok_or_else(|| "a share is 0 to 100 percent".to_owned())
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parts.ok_or_else(|| "a size is WIDTHxHEIGHT, for instance 1280x720".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Cli, Kind};
    use clap::{CommandFactory, Parser};
    use simcam::{Codec, Network, Sound};
    use std::time::Duration;

    #[test]
    fn flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn reads_a_full_line() {
        let line = "simcam rtsp --listen 127.0.0.1:9000 --size 640x360 --fps 30 --auth digest-sha256 \
                    --fault stall@3:2 --fault close@5 --count 3 --tls --codec h265 --audio pcma --transport tcp,udp --loss 2 \
                    --reorder 1 --reorder-delay 40 --jitter 5";
        let cli = Cli::parse_from(line.split_whitespace());
        let Kind::Rtsp(rtsp) = cli.kind else {
            panic!("not RTSP");
        };
        let config = rtsp.config(1).expect("no file is read");
        assert_eq!(
            (config.clip.codec, config.audio),
            (Codec::H265, Some(Sound::Pcma))
        );
        assert_eq!(config.listen.port(), 9001);
        assert!(config.transports.udp && !config.transports.http_tunnel);
        let network = Network {
            loss: 0.02,
            reorder: 0.01,
            delay: Duration::from_millis(40),
            jitter: Duration::from_millis(5),
            ..Network::default()
        };
        assert_eq!(config.network, network);
        let options = rtsp.common;
        let clip = options.clip(Codec::H264);
        assert_eq!((clip.width, clip.height, clip.gop), (640, 360, 30));
        assert_eq!(options.faults.len(), 2);
        assert_eq!(options.address(2).port(), 9002);
        assert!(options.auth().is_some() && options.tls);
    }

    #[test]
    fn refuses_nonsense() {
        for line in [
            "simcam",
            "simcam rtsp --size 1",
            "simcam http --fault x@1",
            "simcam http --count 0",
            "simcam rtsp --loss 101",
            "simcam rtsp --audio mp3",
            "simcam rtsp --transport quic",
            "simcam http --audio aac",
        ] {
            assert!(
                Cli::try_parse_from(line.split_whitespace()).is_err(),
                "{line}"
            );
        }
    }
}
