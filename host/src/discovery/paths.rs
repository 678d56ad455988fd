//! Where cameras have their streams when ONVIF does not say it.
//!
//! Data only. Paths of a first channel; a recorder's others are found by counting up. To try
//! them all with a wrong password locks many cameras for half an hour: a caller tries without
//! an account first, and stops at the first refusal of one.

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The stream with the best picture, over RTSP.
    Main,
    /// A smaller stream, over RTSP.
    Small,
    /// MJPEG over HTTP.
    Mjpeg,
    /// One JPEG over HTTP.
    Snapshot,
}

/// A usual path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// The maker; `generic` for what several cheap ones share.
    pub maker: &'static str,
    /// What it leads to.
    pub kind: Kind,
    /// `rtsp`, `rtsps` or `http`.
    pub scheme: &'static str,
    /// The port that the maker sets at first.
    pub port: u16,
    /// With the leading `/`; `{username}` and `{password}` as in `camera.url`.
    pub path: &'static str,
}

impl Usual {
    /// The URL on a host (a name or address; IPv6 without brackets).
    pub fn url(&self, host: &str) -> String {
        let Self {
            scheme, port, path, ..
        } = self;
        if host.contains(':') {
            format!("{scheme}://[{host}]:{port}{path}")
        } else {
            format!("{scheme}://{host}:{port}{path}")
        }
    }
}

/// What makers call themselves in ONVIF, in lower case, and the name here.
const ALSO: [(&str, &str); 28] = [
    ("amcrest", "dahua"), // sells Dahua's
    ("axis", "axis"),
    ("bosch", "bosch"),
    ("dahua", "dahua"),
    ("empiretech", "dahua"),
    ("ezviz", "hikvision"), // a brand of Hikvision
    ("foscam", "foscam"),
    ("general", "dahua"), // Dahua's unbranded ones say this
    ("hanwha", "hanwha"),
    ("hikvision", "hikvision"),
    ("hilook", "hikvision"),
    ("hiwatch", "hikvision"),
    ("imou", "dahua"),
    ("annke", "hikvision"),
    ("lorex", "dahua"),
    ("reolink", "reolink"),
    ("samsung techwin", "hanwha"),
    ("wisenet", "hanwha"),
    ("tapo", "tp-link"),
    ("tp-link", "tp-link"),
    ("tplink", "tp-link"),
    ("vigi", "tp-link"),
    ("ubiquiti", "ubiquiti"),
    ("unifi", "ubiquiti"),
    ("uniview", "uniview"),
    ("unv", "uniview"),
    ("univiewtec", "uniview"),
    ("vivotek", "vivotek"),
];

const fn rtsp(maker: &'static str, kind: Kind, path: &'static str) -> Usual {
    Usual {
        maker,
        kind,
        scheme: "rtsp",
        port: 554,
        path,
    }
}

const fn http(maker: &'static str, kind: Kind, path: &'static str) -> Usual {
    Usual {
        maker,
        kind,
        scheme: "http",
        port: 80,
        path,
    }
}

const fn at(port: u16, usual: Usual) -> Usual {
    Usual { port, ..usual }
}

/// Best first within a maker.
pub const USUAL: &[Usual] = &[
    // Dahua HTTP API for IPC & SDVR, chapters "RTSP", "Snapshot", "MJPEG".
    rtsp("dahua", Kind::Main, "/cam/realmonitor?channel=1&subtype=0"),
    rtsp("dahua", Kind::Small, "/cam/realmonitor?channel=1&subtype=1"),
    http(
        "dahua",
        Kind::Mjpeg,
        "/cgi-bin/mjpg/video.cgi?channel=1&subtype=1",
    ),
    http("dahua", Kind::Snapshot, "/cgi-bin/snapshot.cgi?channel=1"),
    // Hikvision ISAPI, "Streaming": channel 1, stream 1 and 2.
    rtsp("hikvision", Kind::Main, "/Streaming/Channels/101"),
    rtsp("hikvision", Kind::Small, "/Streaming/Channels/102"),
    // Firmware before 5.0, and EZVIZ.
    rtsp("hikvision", Kind::Main, "/h264/ch1/main/av_stream"),
    rtsp("hikvision", Kind::Small, "/h264/ch1/sub/av_stream"),
    http(
        "hikvision",
        Kind::Mjpeg,
        "/ISAPI/Streaming/channels/102/httpPreview",
    ),
    http(
        "hikvision",
        Kind::Snapshot,
        "/ISAPI/Streaming/channels/101/picture",
    ),
    // Reolink support, "Live view with RTSP": the codec in the path must be the one that is set.
    rtsp("reolink", Kind::Main, "/Preview_01_main"),
    rtsp("reolink", Kind::Main, "/h264Preview_01_main"),
    rtsp("reolink", Kind::Main, "/h265Preview_01_main"),
    rtsp("reolink", Kind::Small, "/h264Preview_01_sub"),
    http(
        "reolink",
        Kind::Snapshot,
        "/cgi-bin/api.cgi?cmd=Snap&channel=0&rs=padelvar&user={username}&password={password}",
    ),
    // Axis VAPIX, "Video streaming".
    rtsp("axis", Kind::Main, "/axis-media/media.amp?videocodec=h264"),
    rtsp("axis", Kind::Main, "/axis-media/media.amp"),
    http("axis", Kind::Mjpeg, "/axis-cgi/mjpg/video.cgi"),
    http("axis", Kind::Snapshot, "/axis-cgi/jpg/image.cgi"),
    // Foscam IPCamera CGI user guide; RTSP and HTTP share port 88 (newer models: RTSP on 554).
    at(88, rtsp("foscam", Kind::Main, "/videoMain")),
    rtsp("foscam", Kind::Main, "/videoMain"),
    at(88, rtsp("foscam", Kind::Small, "/videoSub")),
    at(
        88,
        http(
            "foscam",
            Kind::Snapshot,
            "/cgi-bin/CGIProxy.fcgi?cmd=snapPicture2&usr={username}&pwd={password}",
        ),
    ),
    // TP-Link support, "How to view Tapo camera through RTSP": with the camera account.
    rtsp("tp-link", Kind::Main, "/stream1"),
    rtsp("tp-link", Kind::Small, "/stream2"),
    // Uniview support, "RTSP URL": cameras, then recorders.
    rtsp("uniview", Kind::Main, "/media/video1"),
    rtsp("uniview", Kind::Small, "/media/video2"),
    rtsp("uniview", Kind::Main, "/unicast/c1/s0/live"),
    rtsp("uniview", Kind::Small, "/unicast/c1/s1/live"),
    // Hanwha Vision support, "RTSP URLs": profile 1 is MJPEG, 2 is H.264 when new; SUNAPI.
    rtsp("hanwha", Kind::Main, "/profile2/media.smp"),
    rtsp("hanwha", Kind::Small, "/profile1/media.smp"),
    http(
        "hanwha",
        Kind::Mjpeg,
        "/stw-cgi/video.cgi?msubmenu=stream&action=view&Profile=1&CodecType=MJPEG",
    ),
    http(
        "hanwha",
        Kind::Snapshot,
        "/stw-cgi/video.cgi?msubmenu=snapshot&action=view",
    ),
    // Ubiquiti: cameras of their own (not adopted). Behind UniFi Protect each stream has an
    // address with a key (rtsps://CONSOLE:7441/KEY), which only Protect's settings show.
    rtsp("ubiquiti", Kind::Main, "/s0"),
    rtsp("ubiquiti", Kind::Small, "/s1"),
    http("ubiquiti", Kind::Snapshot, "/snap.jpeg"),
    // Vivotek support, "RTSP access name"; URL commands.
    rtsp("vivotek", Kind::Main, "/live.sdp"),
    rtsp("vivotek", Kind::Main, "/live1s1.sdp"),
    rtsp("vivotek", Kind::Small, "/live2.sdp"),
    http("vivotek", Kind::Mjpeg, "/video.mjpg"),
    http("vivotek", Kind::Snapshot, "/cgi-bin/viewer/video.jpg"),
    // Bosch, "RTSP usage with Bosch Video IP Devices".
    rtsp("bosch", Kind::Main, "/rtsp_tunnel?inst=1"),
    rtsp("bosch", Kind::Main, "/?inst=1"),
    rtsp("bosch", Kind::Small, "/rtsp_tunnel?inst=2"),
    http("bosch", Kind::Snapshot, "/snap.jpg"),
    // Seen on cameras without a maker's name, with XM, V380, Yoosee and HiSilicon boards.
    rtsp("generic", Kind::Main, "/live/main"),
    rtsp("generic", Kind::Main, "/onvif1"),
    rtsp("generic", Kind::Main, "/stream1"),
    rtsp("generic", Kind::Main, "/11"),
    rtsp("generic", Kind::Main, "/live/ch00_0"),
    rtsp(
        "generic",
        Kind::Main,
        "/user={username}&password={password}&channel=1&stream=0.sdp",
    ),
    at(8554, rtsp("generic", Kind::Main, "/profile0")),
    rtsp("generic", Kind::Main, "/"),
    rtsp("generic", Kind::Small, "/onvif2"),
    rtsp("generic", Kind::Small, "/12"),
    http("generic", Kind::Mjpeg, "/video.mjpg"),
    http("generic", Kind::Mjpeg, "/mjpg/video.mjpg"),
    at(8080, http("generic", Kind::Mjpeg, "/video")), // telephones with a webcam app
    http("generic", Kind::Snapshot, "/snapshot.jpg"),
    http("generic", Kind::Snapshot, "/image.jpg"),
];

/// The usual paths for a device by its own words (maker and model): those of its maker, then
/// what several share. A maker that is not known gets the latter only.
pub fn usual_of(words: &str) -> Vec<&'static Usual> {
    let words = words.to_lowercase();
    let maker = ALSO
        .iter()
        .find(|(word, _)| is_in(&words, word))
        .map(|(_, maker)| *maker);
    let of = |maker: &'static str| USUAL.iter().filter(move |usual| usual.maker == maker);
    maker.into_iter().chain(["generic"]).flat_map(of).collect()
}

/// Whether a word stands in a text as a word, or at the beginning of one.
fn is_in(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CameraUrl;

    #[test]
    fn each_is_a_url_that_the_configuration_takes() {
        for usual in USUAL {
            for host in ["10.0.0.1", "fd00::1", "cam.local"] {
                let url = usual.url(host);
                let (parsed, account) = CameraUrl::parse(&url).unwrap();
                assert_eq!((parsed.host(), parsed.port()), (host, usual.port), "{url}");
                assert_eq!(account, (None, None));
            }
            let is_rtsp = matches!(usual.kind, Kind::Main | Kind::Small);
            assert_eq!(usual.scheme.starts_with("rtsp"), is_rtsp, "{usual:?}");
            let maker_is_known = ALSO.iter().any(|(_, maker)| *maker == usual.maker);
            assert!(maker_is_known || usual.maker == "generic", "{usual:?}");
        }
    }

    #[test]
    fn none_stands_twice_and_each_maker_has_a_main_one() {
        for (at, usual) in USUAL.iter().enumerate() {
            assert!(!USUAL[at + 1..].contains(usual), "{usual:?}");
        }
        for (_, maker) in ALSO {
            assert!(
                USUAL
                    .iter()
                    .any(|usual| usual.maker == maker && usual.kind == Kind::Main),
                "{maker}"
            );
        }
    }

    #[test]
    fn makers_by_their_words() {
        let first = |words: &str| usual_of(words)[0].maker;
        assert_eq!(first("HIKVISION DS-2CD2143"), "hikvision");
        assert_eq!(first("Amcrest IP8M"), "dahua");
        assert_eq!(first("AXIS Communications"), "axis");
        assert_eq!(first("Hanwha Vision XNO"), "hanwha");
        assert_eq!(first("TP-Link Tapo C200"), "tp-link");
        assert_eq!(first("No Name"), "generic");
        assert_eq!(first("Praxis"), "generic");
        assert_eq!(first(""), "generic");
        assert!(
            usual_of("reolink")
                .iter()
                .any(|usual| usual.maker == "generic")
        );
    }
}
