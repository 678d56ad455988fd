//! HLS in one file, whose segments are ranges of bytes, as FFmpeg writes it.

mod common;

use core::time::Duration;

use common::{H264, ffmpeg, folder, started, with_audio};
use padelvar_sdk::testing::{Harness, render};
use padelvar_sdk::wit::HttpRequest;
use padelvar_sdk::{FailureClass, Packet};

const SECONDS: u32 = 6;

/// What a server does with a range.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ranges {
    Known,
    /// Some simple servers give the whole file.
    Ignored,
    /// Another one than was asked for.
    Wrong,
    /// It ends before.
    Short,
}

struct Server {
    list: Vec<u8>,
    file: Vec<u8>,
    ranges: Ranges,
    /// The `Range` headers of what was asked for.
    asked: Vec<String>,
}

impl Server {
    fn new(name: &str, segments: &str, ranges: Ranges) -> Self {
        let folder = folder(name);
        let format = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0"];
        let kind = ["-hls_flags", "single_file", "-hls_segment_type", segments];
        let files = ["-hls_segment_filename", "all.bin", "list.m3u8"];
        ffmpeg(&folder, SECONDS, &[H264, &format, &kind, &files].concat());
        let read = |name| std::fs::read(folder.join(name)).expect("FFmpeg has written it");
        Self {
            list: read("list.m3u8"),
            file: read("all.bin"),
            ranges,
            asked: Vec::new(),
        }
    }

    fn answer(&mut self, harness: &mut Harness, request: &HttpRequest) {
        let mut headers = request.headers.iter();
        let range = headers.find(|header| header.name == "Range");
        let range = render(&range.expect("a range").value);
        let (first, last) = range
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
            .expect("a range of bytes");
        let (first, last): (usize, usize) = (
            first.parse().expect("a number"),
            last.parse().expect("a number"),
        );
        self.asked.push(range);
        let told = format!("bytes {first}-{last}/*");
        let other = format!("bytes {}-{last}/*", first + 1);
        let (status, told, bytes) = match self.ranges {
            Ranges::Known => (206, told, &self.file[first..=last]),
            Ranges::Short => (206, told, &self.file[first..last]),
            Ranges::Wrong => (206, other, &self.file[first..=last]),
            Ranges::Ignored => (200, String::new(), &self.file[..]),
        };
        harness.response(request.id, status, &[("content-range", &told)]);
        for piece in bytes.chunks(3_000) {
            harness.body(request.id, piece, false);
        }
        harness.body(request.id, &[], true);
    }

    /// Plays the whole of it.
    fn play(&mut self) -> (Harness, Vec<Packet>) {
        let (mut harness, id) = started(with_audio("http://cam/list.m3u8", true));
        harness.response(id, 200, &[]);
        harness.body(id, &self.list, true);
        let mut packets = Vec::new();
        for _ in 0..10 * (SECONDS + 10) {
            for request in harness.requests() {
                self.answer(&mut harness, &request);
            }
            packets.extend(harness.packets());
            harness.advance(Duration::from_millis(100));
        }
        packets.extend(harness.packets());
        (harness, packets)
    }
}

#[test]
fn every_picture_of_one_file() {
    for (segments, beginnings) in [("mpegts", 0), ("fmp4", 1)] {
        for ranges in [Ranges::Known, Ranges::Ignored] {
            let name = format!("single-{segments}-{ranges:?}");
            let mut server = Server::new(&name, segments, ranges);
            let (harness, packets) = server.play();
            assert_eq!(server.asked.len(), 3 + beginnings, "{name}");
            let pictures = packets.iter().filter(|packet| packet.track == 0);
            assert_eq!(pictures.count(), 25 * SECONDS as usize, "{name}");
            assert!(packets.iter().any(|packet| packet.track == 1));
            assert!(packets.iter().all(|packet| packet.lost_before == 0));
            assert_eq!(harness.outcome(), Some(&Ok(())), "{name}");
        }
    }
}

#[test]
fn other_bytes_than_were_asked_for_are_no_segment() {
    for ranges in [Ranges::Wrong, Ranges::Short] {
        let name = format!("single-{ranges:?}");
        let mut server = Server::new(&name, "mpegts", ranges);
        let (harness, _) = server.play();
        let (class, message) = harness.failure().expect("a failure");
        assert_eq!(class, FailureClass::Protocol, "{message}");
        assert!(message.starts_with("a segment: "), "{message}");
    }
}

#[test]
fn a_range_far_within_a_whole_file_is_not_waited_for() {
    let (mut harness, id) = started(with_audio("http://cam/list.m3u8", true));
    harness.response(id, 200, &[]);
    let list = b"#EXTM3U\n#EXT-X-BYTERANGE:9@99999999999\nall.ts\n#EXT-X-ENDLIST\n";
    harness.body(id, list, true);
    let id = harness.requests()[0].id;
    harness.response(id, 200, &[]);
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unsupported);
    assert!(message.contains("no parts"), "{message}");
}
