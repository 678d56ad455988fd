//! The binary's flags, and what they mean as settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use simcam::{Auth, ClipParams, Codec, ScheduledFault, Scheme};

/// Simulated cameras with faults. Prints one URL a line; ends on Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "simcam", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) kind: Kind,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// H.264 over RTSP, interleaved TCP
    Rtsp(Options),
    /// MJPEG and snapshots over HTTP
    Http(Options),
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
    /// drop, truncate-frame, truncate, length, giant-header, garbage, redirect. May be
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
    use simcam::Codec;

    #[test]
    fn flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn reads_a_full_line() {
        let line = "simcam rtsp --listen 127.0.0.1:9000 --size 640x360 --fps 30 --auth digest-sha256 \
                    --fault stall@3:2 --fault close@5 --count 3 --tls";
        let cli = Cli::parse_from(line.split_whitespace());
        let Kind::Rtsp(options) = cli.kind else {
            panic!("not RTSP");
        };
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
        ] {
            assert!(
                Cli::try_parse_from(line.split_whitespace()).is_err(),
                "{line}"
            );
        }
    }
}
