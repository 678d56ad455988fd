//! The server of one combination.

use std::path::{Path, PathBuf};

use padelvar_tests::cameras::ACCOUNT;
use padelvar_tests::certificate::Certificate;
use padelvar_tests::film::{self, Sound};
use padelvar_tests::{Config, cameras, gst, vlc};
use simcam::{ClipParams, Codec, Handle, RtspConfig, Scheme, Transports};

use crate::combination::{Audio, Auth, CODECS, Combination, Server, Transport};

/// Seconds that a film lasts: the host's start, a recording, its end.
const SECONDS: u32 = 150;

/// The films that servers of other people's play.
pub struct Films {
    folder: tempfile::TempDir,
}

impl Films {
    /// Makes all of them.
    pub async fn make() -> Self {
        let folder = tempfile::TempDir::with_prefix("padelvar-films-").expect("a folder");
        for codec in CODECS {
            for sound in [None, Some(Sound::Aac), Some(Sound::Pcma)] {
                film::write(folder.path(), codec, sound, SECONDS).await;
            }
        }
        Self { folder }
    }

    fn of(&self, combination: Combination) -> PathBuf {
        film::place(self.folder.path(), combination.codec, sound(combination))
    }
}

/// A running server with what a configuration must say of it.
pub struct Camera {
    /// Lines of the camera's section.
    pub lines: String,
    /// The stream's address with the account in it, for plain FFmpeg.
    pub url: String,
    _running: Running,
}

#[expect(dead_code, reason = "they are held until they are dropped")]
enum Running {
    Simcam(Handle),
    Gstreamer(gst::Server),
    Vlc(vlc::Server),
}

/// Starts the server of a combination.
///
/// # Panics
/// Where it does not start.
pub async fn start(combination: Combination, films: &Films) -> Camera {
    let Combination {
        server,
        transport,
        auth,
        ..
    } = combination;
    let film = films.of(combination);
    let (running, url, pin) = match server {
        Server::Simcam => simcam(combination).await,
        Server::Gstreamer => gstreamer(combination, &film).await,
        Server::Vlc => {
            let account = (auth == Auth::Basic).then_some(ACCOUNT);
            let server = vlc::Server::start(&film, account).await;
            let url = server.url.clone();
            (Running::Vlc(server), url, None)
        }
    };
    let (user, password) = ACCOUNT;
    let way = match transport {
        Transport::Udp => "udp",
        Transport::Tcp | Transport::Tls => "tcp",
    };
    let mut lines = vec![
        format!("url = {url:?}"),
        format!("options = {{ transport = {way:?} }}"),
    ];
    let mut open = url.clone();
    if auth != Auth::None {
        lines.push(format!("username = {user:?}\npassword = {password:?}"));
        open = url.replacen("://", &format!("://{user}:{password}@"), 1);
    }
    if let Some(pin) = pin {
        lines.push(format!("tls = \"pin:{pin}\""));
    }
    Camera {
        lines: lines.join("\n"),
        url: open,
        _running: running,
    }
}

/// One terrain for each camera, in their order.
pub fn config(cameras: &[(Combination, Camera)]) -> Config {
    let config = Config::new().level("info");
    cameras
        .iter()
        .fold(config, |config, (combination, camera)| {
            let config = config.camera(&camera.lines);
            match combination.audio {
                Audio::None => config,
                Audio::Aac | Audio::G711 => config.with_sound(),
            }
        })
}

type Started = (Running, String, Option<String>);

async fn simcam(combination: Combination) -> Started {
    let audio = match combination.audio {
        Audio::None => None,
        Audio::Aac => Some("aac"),
        Audio::G711 => Some("pcma"),
    };
    let camera = cameras::rtsp(RtspConfig {
        clip: ClipParams {
            codec: combination.codec,
            ..ClipParams::default()
        },
        audio: audio.map(|kind| kind.parse().expect("a kind of sound")),
        transports: match combination.transport {
            Transport::Udp => Transports::UDP,
            Transport::Tcp | Transport::Tls => Transports::TCP,
        },
        tls: combination.transport == Transport::Tls,
        auth: match combination.auth {
            Auth::None => None,
            Auth::Basic => cameras::account(Scheme::Basic),
            Auth::Digest => cameras::account(Scheme::DigestMd5),
        },
        ..RtspConfig::default()
    })
    .await;
    let pin = camera.certificate_sha256().map(str::to_owned);
    let url = camera.url().to_owned();
    (Running::Simcam(camera), url, pin)
}

async fn gstreamer(combination: Combination, film: &Path) -> Started {
    let (user, password) = ACCOUNT;
    let certificate = Certificate::new();
    let tls = (combination.transport == Transport::Tls).then_some(&certificate);
    let launch = gst::film(film, combination.codec, sound(combination));
    let wanted = gst::Wanted {
        launch: &launch,
        shared: false,
        udp: combination.transport == Transport::Udp,
        account: match combination.auth {
            Auth::None => None,
            Auth::Basic => Some((gst::Scheme::Basic, user, password)),
            Auth::Digest => Some((gst::Scheme::Digest, user, password)),
        },
        tls,
    };
    let server = gst::Server::start(&wanted).await;
    let server = server.expect("GStreamer is installed");
    let pin = tls.map(|certificate| certificate.sha256().to_owned());
    let url = server.url.clone();
    (Running::Gstreamer(server), url, pin)
}

fn sound(combination: Combination) -> Option<Sound> {
    match combination.audio {
        Audio::None => None,
        Audio::Aac => Some(Sound::Aac),
        Audio::G711 => Some(Sound::Pcma),
    }
}

/// Whether a codec is put into the file as it comes.
pub fn is_copied(codec: Codec) -> bool {
    codec != Codec::Jpeg
}
