//! HLS as FFmpeg writes it, from a server that is scripted.

mod common;

use core::time::Duration;
use std::fmt::Write as _;

use common::{H264, check, ffmpeg, folder, with_audio};
use padelvar_sdk::testing::Harness;
use padelvar_sdk::wit::HttpRequest;
use padelvar_sdk::{Camera, FailureClass, Packet};

/// Seconds in a segment.
const SEGMENT: u32 = 2;

/// A server that gives segments `0.ts`, `1.ts` and so on below `/live/`.
struct Server {
    harness: Harness,
    /// The beginning of a fragmented MP4, where the segments are such.
    map: Option<Vec<u8>>,
    map_readings: u32,
    segments: Vec<Vec<u8>>,
    /// The first segment in the playlist, and the one behind the last.
    window: (usize, usize),
    ended: bool,
    /// Lines before some segments.
    tags: Vec<(usize, &'static str)>,
    /// Segments that are not there.
    gone: Vec<usize>,
    /// Segments that were asked for.
    asked: Vec<usize>,
    /// Playlists that were asked for.
    readings: u32,
    packets: Vec<Packet>,
}

impl Server {
    fn new(name: &str, camera: Camera, count: u32, codec: &[&str], mp4: bool) -> Self {
        let folder = folder(name);
        let time = SEGMENT.to_string();
        let format = ["-f", "hls", "-hls_time", &time, "-hls_list_size", "0"];
        let mut files = vec!["-hls_segment_filename", "%d.ts", "list.m3u8"];
        if mp4 {
            files.splice(0..0, ["-hls_segment_type", "fmp4"]);
        }
        ffmpeg(&folder, SEGMENT * count, &[codec, &format, &files].concat());
        let read = |n| std::fs::read(folder.join(format!("{n}.ts"))).expect("a segment");
        let segments = (0..count).map(read).collect();
        let mut harness = Harness::new(camera, http_video::run);
        harness.start();
        let map = mp4.then(|| std::fs::read(folder.join("init.mp4")).expect("a beginning"));
        Self {
            harness,
            map,
            map_readings: 0,
            segments,
            window: (0, count as usize),
            ended: false,
            tags: Vec::new(),
            gone: Vec::new(),
            asked: Vec::new(),
            readings: 0,
            packets: Vec::new(),
        }
    }

    fn live(name: &str, count: u32) -> Self {
        let camera = with_audio("http://cam/live/list.m3u8", true);
        Self::new(name, camera, count, H264, false)
    }

    fn live_mp4(name: &str, count: u32, codec: &[&str]) -> Self {
        let camera = with_audio("http://cam/live/list.m3u8", true);
        Self::new(name, camera, count, codec, true)
    }

    fn playlist(&self) -> String {
        let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:{SEGMENT}\n");
        let _ = writeln!(text, "#EXT-X-MEDIA-SEQUENCE:{}", self.window.0);
        if self.map.is_some() {
            text.push_str("#EXT-X-MAP:URI=\"init.mp4\"\n");
        }
        for at in self.window.0..self.window.1 {
            for (_, line) in self.tags.iter().filter(|(before, _)| *before == at) {
                let _ = writeln!(text, "{line}");
            }
            let _ = writeln!(text, "#EXTINF:{SEGMENT}.0,\n{at}.ts");
        }
        if self.ended {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        text
    }

    /// Answers what was asked.
    fn serve(&mut self) {
        loop {
            let requests = self.harness.requests();
            if requests.is_empty() {
                break;
            }
            for request in requests {
                self.answer(&request);
            }
        }
        self.packets.extend(self.harness.packets());
    }

    fn answer(&mut self, request: &HttpRequest) {
        let path = request
            .url
            .strip_prefix("http://cam/live/")
            .expect("a path below");
        let id = request.id;
        if path == "list.m3u8" {
            self.readings += 1;
            self.harness.response(
                id,
                200,
                &[("content-type", "application/vnd.apple.mpegurl")],
            );
            let text = self.playlist();
            self.harness.body(id, text.as_bytes(), true);
            return;
        }
        if path == "init.mp4" {
            self.map_readings += 1;
            let map = self.map.clone().expect("an MP4");
            self.harness.response(id, 200, &[]);
            self.harness.body(id, &map, true);
            return;
        }
        let number = path.strip_suffix(".ts").map(str::parse);
        let at: usize = number.expect("a segment").expect("a number");
        assert!(!self.asked.contains(&at), "segment {at} a second time");
        self.asked.push(at);
        if self.gone.contains(&at) {
            self.harness.response(id, 404, &[]);
            return;
        }
        self.harness
            .response(id, 200, &[("content-type", "video/mp2t")]);
        for piece in self.segments[at].clone().chunks(10_000) {
            self.harness.body(id, piece, false);
        }
        self.harness.body(id, &[], true);
    }

    /// Lets time pass; the window moves on with it where `moving`.
    fn run(&mut self, seconds: u32, moving: bool) {
        for step in 0..seconds * 10 {
            self.serve();
            self.harness.advance(Duration::from_millis(100));
            if moving && step % (10 * SEGMENT) == 10 * SEGMENT - 1 {
                self.window = (self.window.0 + 1, self.window.1 + 1);
            }
        }
        self.serve();
    }

    fn video(&self) -> Vec<&Packet> {
        self.packets
            .iter()
            .filter(|packet| packet.track == 0)
            .collect()
    }

    fn failure(&self) -> (FailureClass, String) {
        let (class, text) = self.harness.failure().expect("a failure");
        (class, text.to_owned())
    }
}

/// That pictures come at the camera's pace: timestamps and arrivals have one distance.
fn assert_even(pictures: &[&Packet]) {
    let offset = |packet: &Packet| {
        let timestamp = packet.timestamp.unwrap_or_default();
        i128::from(packet.arrived) - i128::from(timestamp) * 100 / 9
    };
    let first = offset(pictures[0]);
    for picture in pictures {
        // Reordered ones are shown up to three pictures' time after their decoding.
        let apart = (offset(picture) - first).abs();
        assert!(apart <= 130_000, "{apart} us at {:?}", picture.timestamp);
    }
}

#[test]
fn live_from_three_segments_before_the_end_at_an_even_pace() {
    let mut server = Server::live("live", 12);
    server.window = (0, 5);
    server.run(10, true);
    assert_eq!(server.asked[..4], [2, 3, 4, 5]);
    let video = server.video();
    // The first second is there after a second, not at once.
    assert!((245..=256).contains(&video.len()), "{}", video.len());
    assert_even(&video);
    assert!(video.iter().all(|packet| packet.lost_before == 0));
    assert!(
        server.packets.iter().any(|packet| packet.track == 1),
        "sound"
    );
    // A reading a target duration, at most two.
    assert!(
        (5..=11).contains(&server.readings),
        "{} readings",
        server.readings
    );
    assert_eq!(server.harness.outcome(), None);
    server.harness.stop();
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
}

#[test]
fn a_recording_is_played_from_its_start_to_its_end() {
    let mut server = Server::live("whole", 5);
    server.ended = true;
    server.run(9, false);
    assert_eq!(server.harness.outcome(), None);
    server.run(2, false);
    assert_eq!(server.asked, [0, 1, 2, 3, 4]);
    assert_eq!(server.video().len(), 250);
    assert_even(&server.video());
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
}

#[test]
fn fragmented_mp4() {
    let h265 = [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=none:keyint=25",
        "-tag:v",
        "hvc1",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
    ];
    for (name, codec, known) in [("mp4", H264, "h264"), ("mp5", &h265, "h265")] {
        let mut server = Server::live_mp4(name, 5, codec);
        server.ended = true;
        server.gone = vec![3];
        server.serve();
        let tracks = server.harness.tracks().pop().expect("tracks");
        assert_eq!(tracks[0].codec, known);
        assert_eq!(
            (tracks[1].codec.as_str(), tracks[1].clock_rate),
            ("aac", 44_100)
        );
        server.run(11, false);
        assert_eq!((server.asked.len(), server.map_readings), (5, 1));
        let video = server.video();
        assert_eq!(video.len(), 200);
        assert!(video[0].keyframe && video[25].keyframe);
        assert_eq!(
            video.iter().map(|packet| packet.lost_before).sum::<u32>(),
            1
        );
        assert_even(&video);
        let sound = server
            .packets
            .iter()
            .filter(|packet| packet.track == 1)
            .count();
        assert!((335..=350).contains(&sound), "{sound}");
        assert_eq!(server.harness.outcome(), Some(&Ok(())));
    }
}

#[test]
fn no_more_is_fetched_than_is_played_soon() {
    let mut server = Server::live("ahead", 8);
    server.ended = true;
    server.run(3, false);
    assert!(server.asked.len() <= 4, "{:?}", server.asked);
}

#[test]
fn segments_that_are_missing_are_losses() {
    let mut server = Server::live("gaps", 8);
    server.ended = true;
    server.gone = vec![2, 5];
    server.tags = vec![(3, "#EXT-X-GAP")];
    server.run(18, false);
    assert_eq!(server.asked, [0, 1, 2, 4, 5, 6, 7]);
    let video = server.video();
    assert_eq!(video.len(), 5 * 50);
    let losses: Vec<u32> = video
        .iter()
        .map(|packet| packet.lost_before)
        .filter(|lost| *lost > 0)
        .collect();
    assert_eq!(losses, [2, 1]);
    // The time in between passes.
    assert_even(&video);
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
}

#[test]
fn a_discontinuity_goes_on_without_a_jump() {
    let mut server = Server::live("cut", 6);
    server.ended = true;
    // The third segment once more, from the past; then what was before.
    server.segments[3] = server.segments[0].clone();
    server.tags = vec![(3, "#EXT-X-DISCONTINUITY"), (4, "#EXT-X-DISCONTINUITY")];
    server.run(14, false);
    let video = server.video();
    assert_eq!(video.len(), 300);
    assert_even(&video);
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
}

#[test]
fn a_stall_is_made_up_for() {
    let mut server = Server::live("stall", 14);
    server.window = (0, 5);
    server.run(4, true);
    // Nothing new for eight seconds: what is there is played.
    server.run(7, false);
    assert_eq!(server.harness.outcome(), None);
    server.window = (4, 11);
    server.run(6, true);
    assert_eq!(server.harness.outcome(), None);
    let last = server.video().len();
    assert!(last >= 16 * 25, "{last} pictures in 17 s");
    server.run(25, false);
    assert_eq!(server.failure().0, FailureClass::Unreachable);
}

#[test]
fn variants_redirects_and_logging_in() {
    for (option, uri) in [("highest", "high/a.m3u8"), ("lowest", "low/a.m3u8")] {
        let mut camera = with_audio("http://cam/live/master.m3u8", false);
        camera.options = vec![("variant".to_owned(), option.to_owned())];
        let (mut harness, id) = common::started(camera);
        harness.response(id, 302, &[("location", "/other/master.m3u8")]);
        let id = harness.requests()[0].id;
        harness.response(id, 200, &[]);
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/a.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=2\nhigh/a.m3u8\n";
        harness.body(id, text.as_bytes(), true);
        let request = harness.requests().remove(0);
        assert_eq!(request.url, format!("http://cam/other/{uri}"));
        harness.response(request.id, 200, &[]);
        harness.body(request.id, b"#EXTM3U\n#EXTINF:2,\ns.ts?t=1\n", true);
        let request = harness.requests().remove(0);
        assert!(request.url.ends_with("/s.ts?t=1") && request.url.starts_with("http://cam/other/"));
        harness.response(
            request.id,
            401,
            &[("www-authenticate", "Basic realm=\"x\"")],
        );
        let request = harness.requests().remove(0);
        assert!(
            request
                .headers
                .iter()
                .any(|header| header.name == "Authorization")
        );
        harness.response(
            request.id,
            401,
            &[("www-authenticate", "Basic realm=\"x\"")],
        );
        assert_eq!(harness.failure().unwrap().0, FailureClass::Auth);
    }
    let mut camera = with_audio("http://cam/live/master.m3u8", false);
    camera.options = vec![("variant".to_owned(), "best".to_owned())];
    let mut harness = Harness::new(camera, http_video::run);
    harness.start();
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unsupported);
}

#[test]
fn the_login_is_remembered_from_segment_to_segment() {
    let mut server = Server::live("login", 4);
    server.ended = true;
    let logged_in = |request: &HttpRequest| {
        let mut headers = request.headers.iter();
        headers.any(|header| header.name == "Authorization")
    };
    let (mut refused, mut rounds) = (0, 0);
    while server.harness.outcome().is_none() && rounds < 200 {
        rounds += 1;
        for request in server.harness.requests() {
            if logged_in(&request) {
                server.answer(&request);
            } else {
                refused += 1;
                let challenge = [("www-authenticate", "Digest realm=\"x\", nonce=\"1\"")];
                server.harness.response(request.id, 401, &challenge);
            }
        }
        server.harness.advance(Duration::from_millis(100));
    }
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
    // Once for the playlist and once for the segments.
    assert_eq!((server.asked.len(), refused), (4, 2));
}

#[test]
fn what_cannot_be_read_is_told() {
    for (text, word) in [
        ("#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n1.ts\n", "encrypted"),
        (
            "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"mp4a.40.2\"\na.m3u8\n",
            "neither",
        ),
    ] {
        let (mut harness, id) = common::started(with_audio("http://cam/x.m3u8", false));
        harness.response(id, 200, &[]);
        harness.body(id, format!("#EXTM3U\n{text}").as_bytes(), true);
        let (class, message) = harness.failure().unwrap();
        assert_eq!(class, FailureClass::Unsupported);
        assert!(message.contains(word), "{message}");
    }
    // A segment that is none.
    let mut server = Server::live("notts", 3);
    server.segments = vec![b"\0\0\0\x18ftypiso5....".to_vec(); 3];
    server.serve();
    assert_eq!(server.failure().0, FailureClass::Unsupported);
}

#[test]
fn a_server_that_fails() {
    let mut server = Server::live("dead", 6);
    server.gone = vec![3, 4, 5];
    server.run(8, false);
    assert_eq!(server.failure().0, FailureClass::Unreachable);

    // A playlist that never ends.
    let (mut harness, id) = common::started(with_audio("http://cam/x.m3u8", false));
    harness.response(id, 200, &[]);
    harness.body(id, b"#EXTM3U\n", false);
    for _ in 0..5 {
        harness.body(id, &vec![b'#'; 250_000], false);
    }
    assert_eq!(harness.failure().unwrap().0, FailureClass::Protocol);

    // An empty one, for ever.
    let mut server = Server::live("empty", 1);
    server.window = (0, 0);
    server.run(12, false);
    assert_eq!(server.failure().0, FailureClass::Unreachable);
    assert!(server.readings <= 14, "{} readings", server.readings);
}

#[test]
fn all_that_is_said_is_well_formed() {
    let mut server = Server::live("form", 3);
    server.ended = true;
    let mut commands = Vec::new();
    for _ in 0..70 {
        for request in server.harness.requests() {
            server.answer(&request);
        }
        commands.extend(
            server
                .harness
                .take()
                .into_iter()
                .filter(|command| !matches!(command, padelvar_sdk::Command::Request(_))),
        );
        server.harness.advance(Duration::from_millis(100));
    }
    check(&commands);
}
