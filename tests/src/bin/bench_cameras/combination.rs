//! What the matrix is made of.

use simcam::Codec;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// This repository's simulated camera.
    Simcam,
    /// GStreamer's RTSP server.
    Gstreamer,
    /// VLC's.
    Vlc,
}

/// How it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Interleaved with RTSP.
    Tcp,
    /// Datagrams.
    Udp,
    /// Interleaved, within TLS.
    Tls,
}

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    /// Nothing.
    None,
    /// AAC-LC.
    Aac,
    /// G.711, A-law.
    G711,
}

/// Who may watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody.
    None,
    /// Basic.
    Basic,
    /// Digest with MD5.
    Digest,
}

/// One cell's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// Who sends.
    pub server: Server,
    /// How it travels.
    pub transport: Transport,
    /// What is seen.
    pub codec: Codec,
    /// What is heard.
    pub audio: Audio,
    /// Who may watch.
    pub auth: Auth,
}

/// In the order of the table.
pub const SERVERS: [Server; 3] = [Server::Simcam, Server::Gstreamer, Server::Vlc];
/// In the order of the table.
pub const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Udp, Transport::Tls];
/// In the order of the table.
pub const CODECS: [Codec; 3] = [Codec::H264, Codec::H265, Codec::Jpeg];
/// In the order of the table.
pub const AUDIOS: [Audio; 3] = [Audio::None, Audio::Aac, Audio::G711];
/// In the order of the table.
pub const AUTHS: [Auth; 3] = [Auth::None, Auth::Basic, Auth::Digest];

/// All of them, those that a server cannot do too.
pub fn all() -> Vec<Combination> {
    let mut all = Vec::new();
    for server in SERVERS {
        for transport in TRANSPORTS {
            for codec in CODECS {
                for audio in AUDIOS {
                    for auth in AUTHS {
                        all.push(Combination {
                            server,
                            transport,
                            codec,
                            audio,
                            auth,
                        });
                    }
                }
            }
        }
    }
    all
}

impl Combination {
    /// Whether the server can do it at all. VLC's answers 461 to everything but UDP, knows no
    /// TLS, and only Basic (`modules/stream_out/rtsp.c`, `src/network/httpd.c`; tried with 3.0).
    pub fn is_possible(self) -> bool {
        self.server != Server::Vlc || self.transport == Transport::Udp && self.auth != Auth::Digest
    }

    /// For instance `VLC UDP H.264 AAC Basic`.
    pub fn name(self) -> String {
        let Self {
            server,
            transport,
            codec,
            audio,
            auth,
        } = self;
        let names = [server.name(), transport.name(), codec_name(codec)];
        let names = names.join(" ");
        format!("{names} {} {}", audio.name(), auth.name())
    }
}

impl Server {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simcam => "simcam",
            Self::Gstreamer => "GStreamer",
            Self::Vlc => "VLC",
        }
    }
}

impl Transport {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Tls => "RTSPS",
        }
    }
}

impl Audio {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "silent",
            Self::Aac => "AAC",
            Self::G711 => "G.711",
        }
    }
}

impl Auth {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "open",
            Self::Basic => "Basic",
            Self::Digest => "Digest",
        }
    }
}

/// A codec's name for people.
pub fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "H.264",
        Codec::H265 => "H.265",
        Codec::Jpeg => "MJPEG",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_once_and_what_vlc_cannot_is_left_out() {
        let all = all();
        let names: HashSet<String> = all.iter().map(|one| one.name()).collect();
        assert_eq!((all.len(), names.len()), (243, 243));
        let possible = all.iter().filter(|one| one.is_possible()).count();
        assert_eq!(possible, 81 + 81 + 18);
    }
}
