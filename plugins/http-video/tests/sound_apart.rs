//! HLS whose sound stands in a playlist of its own, as FFmpeg and MediaMTX write it.

mod common;

use core::time::Duration;
use std::path::PathBuf;

use common::{H264, check, ffmpeg, folder, started, with_audio};
use padelvar_sdk::testing::Harness;
use padelvar_sdk::wit::HttpRequest;
use padelvar_sdk::{FailureClass, Packet};

const SECONDS: u32 = 10;
const PICTURES: usize = 25 * SECONDS as usize;

/// A server of the files of a folder.
struct Server {
    folder: PathBuf,
    harness: Harness,
    /// Files with these words in their names are not there.
    gone: &'static str,
    asked: Vec<String>,
    packets: Vec<Packet>,
}

impl Server {
    fn new(name: &str, segments: &str, audio: bool) -> Self {
        let folder = folder(name);
        let streams = "a:0,agroup:sound,default:yes,name:sound v:0,agroup:sound,name:pictures";
        let arguments = [
            H264,
            &["-f", "hls", "-hls_time", "2", "-hls_list_size", "0"],
            &["-hls_segment_type", segments, "-var_stream_map", streams],
            &["-master_pl_name", "master.m3u8"],
            &["-hls_segment_filename", "%v-%d.bin", "%v.m3u8"],
        ];
        ffmpeg(&folder, SECONDS, &arguments.concat());
        let (harness, id) = started(with_audio("http://cam/master.m3u8", audio));
        let mut server = Self {
            folder,
            harness,
            gone: "-",
            asked: Vec::new(),
            packets: Vec::new(),
        };
        server.give(id, "master.m3u8");
        server
    }

    fn give(&mut self, id: u32, name: &str) {
        let file = std::fs::read(self.folder.join(name)).expect("FFmpeg has written it");
        self.harness.response(id, 200, &[]);
        self.harness.body(id, &file, true);
    }

    fn answer(&mut self, request: &HttpRequest) {
        let name = request.url.strip_prefix("http://cam/").expect("a file");
        self.asked.push(name.to_owned());
        if name.contains(self.gone) {
            self.harness.response(request.id, 404, &[]);
        } else {
            self.give(request.id, name);
        }
    }

    fn play(&mut self) {
        for _ in 0..10 * (SECONDS + 6) {
            for request in self.harness.requests() {
                self.answer(&request);
            }
            self.packets.extend(self.harness.packets());
            self.harness.advance(Duration::from_millis(100));
        }
        self.packets.extend(self.harness.packets());
    }

    fn count(&self, track: u32) -> usize {
        let of_track = self.packets.iter().filter(|packet| packet.track == track);
        of_track.count()
    }
}

/// Distance of a packet's arrival from its time, microseconds.
fn offset(packet: &Packet, rate: i128) -> i128 {
    let timestamp = i128::from(packet.timestamp.expect("a time"));
    i128::from(packet.arrived) - timestamp * 1_000_000 / rate
}

#[test]
fn sound_is_laid_beside_the_pictures() {
    let mut server = Server::new("apart", "fmp4", true);
    server.gone = "nothing";
    server.play();
    assert_eq!(server.count(0), PICTURES);
    // 44,100 samples a second, 1,024 in a frame.
    assert!(
        (425..=435).contains(&server.count(1)),
        "{}",
        server.count(1)
    );
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
    let of = |track| {
        server
            .packets
            .iter()
            .filter(move |packet| packet.track == track)
    };
    let pictures = offset(of(0).next().expect("pictures"), 90_000);
    // The first ones are late by what their files take.
    for sound in of(1).skip(20) {
        let apart = (offset(sound, 44_100) - pictures).abs();
        assert!(apart <= 200_000, "{apart} us");
    }
}

#[test]
fn sound_that_nobody_wants_is_not_asked_for() {
    let mut server = Server::new("apart-unwanted", "fmp4", false);
    server.gone = "nothing";
    server.play();
    assert_eq!((server.count(0), server.count(1)), (PICTURES, 0));
    assert!(server.asked.iter().all(|name| !name.contains("sound")));
}

#[test]
fn pictures_go_on_without_it() {
    // Its playlist, its segments, or what they are.
    for (name, segments, gone) in [
        ("apart-list", "fmp4", "sound.m3u8"),
        ("apart-gone", "fmp4", "sound-"),
        ("apart-ts", "mpegts", "nothing"),
    ] {
        let mut server = Server::new(name, segments, true);
        server.gone = gone;
        server.play();
        assert_eq!((server.count(0), server.count(1)), (PICTURES, 0), "{name}");
        assert_eq!(server.harness.outcome(), Some(&Ok(())), "{name}");
        let logs = server.harness.logs();
        let told = logs
            .iter()
            .filter(|line| line.contains("sound is left out"));
        assert_eq!(told.count(), 1, "{name}: {logs:?}");
        let asked = server.asked.iter().filter(|name| name.contains("sound"));
        assert!(asked.count() <= 12, "{name}: {:?}", server.asked);
    }
}

#[test]
fn pictures_that_fail_end_the_session() {
    let mut server = Server::new("apart-dead", "fmp4", true);
    server.gone = "pictures-3";
    // A single segment is a loss, no more.
    server.play();
    assert_eq!(server.harness.outcome(), Some(&Ok(())));
    let mut server = Server::new("apart-deader", "fmp4", true);
    server.gone = "pictures-";
    server.play();
    let (class, message) = server.harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unreachable, "{message}");
}

#[test]
fn all_that_is_said_is_well_formed() {
    let mut server = Server::new("apart-form", "fmp4", true);
    server.gone = "nothing";
    let mut commands = Vec::new();
    for _ in 0..10 * SECONDS {
        for request in server.harness.requests() {
            server.answer(&request);
        }
        let said = server.harness.take().into_iter();
        commands.extend(said.filter(|it| !matches!(it, padelvar_sdk::Command::Request(_))));
        server.harness.advance(Duration::from_millis(100));
    }
    check(&commands);
}
